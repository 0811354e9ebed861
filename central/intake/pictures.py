"""What boxes say of their cameras' pictures: an alarm while one cannot carry an accusation, taken back when it can.

Who has said that he saw an alarm is not told again while the same state lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.store.alarms import raise_alarm
from central.store.packet_tables import AlarmRow, NodeRow
from evidence.wire import CameraHealth, Health, PictureState

_BY_ITSELF = "giaolo"
_ALARMS: Mapping[PictureState, str] = {
    "moved": "camera_moved",
    "other_view": "camera_other_view",
    "unsure": "camera_unsure",
    "frozen": "camera_frozen",
    "black": "camera_black",
    "white": "camera_white",
    "covered": "camera_covered",
    "blurred": "camera_blurred",
    "grey": "camera_grey",
}


def watch_pictures(
    session: Session, node: NodeRow, before: Mapping[str, Any] | None, health: Health, now: datetime
) -> None:
    """Raise, bring up to date and take back. `before`: what the node's last heartbeat said."""
    told = {str(c.get("id")): c.get("picture") for c in (before or {}).get("cameras", [])}
    for camera in health.cameras:
        if camera.picture is None:
            continue
        kind = _ALARMS.get(camera.picture)
        open_ = _open(session, node.id, camera.id)
        for row in open_:
            if row.kind != kind:
                row.acknowledged_at, row.acknowledged_by = now, _BY_ITSELF
        if kind is None:
            continue
        same = [row for row in open_ if row.kind == kind]
        if same:
            same[0].text = _text(camera)
        elif told.get(camera.id) != camera.picture:
            raise_alarm(session, kind, node.id, None, _text(camera), now, beside=True)


def _open(session: Session, node: str, camera: str) -> list[AlarmRow]:
    mine = select(AlarmRow).where(
        AlarmRow.kind.in_(sorted(_ALARMS.values())),
        AlarmRow.node_id == node,
        AlarmRow.text.startswith(f"{camera}: ", autoescape=True),
        AlarmRow.acknowledged_at.is_(None),
    )
    return list(session.scalars(mine))


def _text(camera: CameraHealth) -> str:
    since = f" since {camera.picture_since}" if camera.picture_since else ""
    far = f", {camera.picture_off_px:.0f} px off" if camera.picture_off_px else ""
    return f"{camera.id}: picture {camera.picture}{since}{far}; acts held since the box's start: {camera.acts_held}"
