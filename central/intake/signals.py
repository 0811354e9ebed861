"""What boxes say of signal heads: an alarm while something is wrong with one, taken back when it is right again.

Who has said that he saw an alarm is not told again while the same heads are in the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.store.alarms import BY_ITSELF, raise_alarm
from central.store.packet_tables import AlarmRow, NodeRow
from evidence.wire import Health

_KIND = "signal_fault"
_NO_FAULT = ("watching", "good")


def watch_signals(
    session: Session, node: NodeRow, before: Mapping[str, Any] | None, health: Health, now: datetime
) -> None:
    """Raise, bring up to date, take back. `before`: what the node's last heartbeat said."""
    wrong = {(c.id, head.id): head.state for c in health.cameras for head in c.heads if head.state not in _NO_FAULT}
    told = {
        (camera.get("id"), head.get("id")): head.get("state")
        for camera in (before or {}).get("cameras", [])
        for head in camera.get("heads", [])
    }
    mine = select(AlarmRow).where(
        AlarmRow.kind == _KIND, AlarmRow.node_id == node.id, AlarmRow.acknowledged_at.is_(None)
    )
    opened = session.scalars(mine).all()
    text = "; ".join(f"{camera} {head}: {state}" for (camera, head), state in sorted(wrong.items()))
    for row in opened:
        if wrong:
            row.text = text[:2000]
        else:
            row.acknowledged_at, row.acknowledged_by = now, BY_ITSELF
    if not opened and any(told.get(key) != state for key, state in wrong.items()):
        raise_alarm(session, _KIND, node.id, None, text, now)
