"""What boxes say of their cameras' pictures: an alarm while one cannot carry an accusation, taken back when it can.

Who has said that he saw an alarm is not told again while the same state lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from central.store.alarms import follow_camera
from central.store.packet_tables import NodeRow
from evidence.wire import CameraHealth, Health, PictureState

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
        follow_camera(
            session, node.id, camera.id, _ALARMS.values(), _ALARMS.get(camera.picture), _text(camera), now,
            new=told.get(camera.id) != camera.picture,
        )  # fmt: skip


def _text(camera: CameraHealth) -> str:
    since = f" since {camera.picture_since}" if camera.picture_since else ""
    far = f", {camera.picture_off_px:.0f} px off" if camera.picture_off_px else ""
    return f"{camera.id}: picture {camera.picture}{since}{far}; acts held since the box's start: {camera.acts_held}"
