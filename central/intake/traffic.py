"""What boxes say of their cameras' traffic: an alarm while it is not as on other days, taken back when it is.

Who has said that he saw an alarm is not told again while the same state lasts; the question of a box that holds acts
stays on the page of the switches all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from central.store.alarms import follow_camera
from central.store.packet_tables import NodeRow
from evidence.wire import CameraHealth, Health, TrafficHealth, TrafficState

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
        follow_camera(
            session, node.id, camera.id, _ALARMS.values(), _ALARMS.get(camera.traffic.state),
            _text(camera, camera.traffic), now, new=told.get(camera.id) != camera.traffic.state,
        )  # fmt: skip


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
