"""Where cameras stand. Packets do not say it, those sealed already least of all: the centre keeps it for all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, tuple_
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


def positions_of(session: Session, cameras: Collection[Camera]) -> Mapping[Camera, tuple[float, float]]:
    """Latitude and longitude of those that are known."""
    if not cameras:
        return {}
    keys = tuple_(CameraPositionRow.node_id, CameraPositionRow.camera_id)
    rows = session.scalars(select(CameraPositionRow).where(keys.in_(sorted(set(cameras)))))
    return {(row.node_id, row.camera_id): (row.lat, row.lon) for row in rows}


def all_positions(session: Session) -> Sequence[CameraPositionRow]:
    return session.scalars(
        select(CameraPositionRow).order_by(CameraPositionRow.node_id, CameraPositionRow.camera_id)
    ).all()
