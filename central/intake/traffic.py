"""What boxes say of their cameras' traffic: an alarm while it is not as on other days, taken back when it is.

Who has said that he saw an alarm is not told again while the same state lasts; the question of a box that holds acts
stays on the page of the switches all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.store.alarms import raise_alarm
from central.store.packet_tables import AlarmRow, NodeRow
from evidence.wire import CameraHealth, Health, TrafficHealth, TrafficState

_BY_ITSELF = "giaolo"
_ALARMS: Mapping[TrafficState, str] = {
    "acts_jump": "traffic_acts_jump",
    "few_vehicles": "traffic_few_vehicles",
    "plates_unread": "traffic_plates_unread",
}


def watch_traffic(
    session: Session, node: NodeRow, before: Mapping[str, Any] | None, health: Health, now: datetime
) -> None:
    """Raise, bring up to date and take back. `before`: what the node's last heartbeat said."""
    told = {str(c.get("id")): (c.get("traffic") or {}).get("state") for c in (before or {}).get("cameras", [])}
    for camera in health.cameras:
        if camera.traffic is None:
            continue
        kind = _ALARMS.get(camera.traffic.state)
        open_ = _open(session, node.id, camera.id)
        for row in open_:
            if row.kind != kind:
                row.acknowledged_at, row.acknowledged_by = now, _BY_ITSELF
        same = [row for row in open_ if row.kind == kind]
        if kind is not None and same:
            same[0].text = _text(camera, camera.traffic)
        elif kind is not None and told.get(camera.id) != camera.traffic.state:
            raise_alarm(session, kind, node.id, None, _text(camera, camera.traffic), now, beside=True)


def _open(session: Session, node: str, camera: str) -> list[AlarmRow]:
    mine = select(AlarmRow).where(
        AlarmRow.kind.in_(sorted(_ALARMS.values())),
        AlarmRow.node_id == node,
        AlarmRow.text.startswith(f"{camera}: ", autoescape=True),
        AlarmRow.acknowledged_at.is_(None),
    )
    return list(session.scalars(mine))


def _text(camera: CameraHealth, traffic: TrafficHealth) -> str:
    if traffic.held_at is not None:
        return (
            f"{camera.id}: {traffic.act} {traffic.acts} times among {traffic.vehicles} vehicles, otherwise "
            f"{traffic.usual_acts} among {traffic.usual_vehicles} on {traffic.days} days; acts held since "
            f"{traffic.held_at}, answer at /desk/switches; "
            f"what was told from {traffic.counted_from} on may be wrong too"
        )
    return (
        f"{camera.id}: {traffic.vehicles_per_hour} vehicles an hour, otherwise {traffic.usual_vehicles_per_hour}; "
        f"plates read {traffic.plates_read}, otherwise {traffic.usual_plates_read}"
    )
