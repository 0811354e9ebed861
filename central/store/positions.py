"""Where cameras stand. Packets do not say it, those sealed already least of all: the centre keeps it for all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.orm import Session

from central.store.packet_tables import CameraPositionRow
from evidence.errors import GiaoLoError

Camera = tuple[str, str]
"""Node and camera, as packets name them."""


class PositionError(GiaoLoError):
    """That is no place on the map."""


def set_position(session: Session, node: str, camera: str, lat: float, lon: float, *, now: datetime) -> None:
    """Where a camera stands (degrees, WGS 84), set or put right. Raises `PositionError`."""
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise PositionError(
            f"{lat}, {lon} is no place", where=f"{node}/{camera}", remedy="latitude, then longitude, in degrees"
        )
    session.merge(CameraPositionRow(node_id=node, camera_id=camera, lat=lat, lon=lon, set_at=now))
    session.flush()


_OF_CAMERAS = select(
    CameraPositionRow.node_id, CameraPositionRow.camera_id, CameraPositionRow.lat, CameraPositionRow.lon
).where(
    tuple_(CameraPositionRow.node_id, CameraPositionRow.camera_id).in_(bindparam("cameras", expanding=True))
)  # fmt: skip


def positions_of(session: Session, cameras: Collection[Camera]) -> Mapping[Camera, tuple[float, float]]:
    """Latitude and longitude of those that are known."""
    if not cameras:
        return {}
    rows = session.execute(_OF_CAMERAS, {"cameras": sorted(set(cameras))})
    return {(node, camera): (lat, lon) for node, camera, lat, lon in rows}


def all_positions(session: Session) -> Sequence[CameraPositionRow]:
    return session.scalars(
        select(CameraPositionRow).order_by(CameraPositionRow.node_id, CameraPositionRow.camera_id)
    ).all()
