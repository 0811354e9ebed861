"""Ways on the road in metres: what the rules of turns and of areas measure them by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from edge.road.trajectory import Trajectory
from evidence.acts import VehicleClass

Floats = NDArray[np.float64]
TWO_WHEELS = frozenset({VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE})
"""What its rider can push."""


def places(path: Trajectory, smooth: int) -> Floats | None:
    """`[N, 2]` on the road, metres, each the middle of `smooth` pictures; None without a ground plane, or beyond its
    horizon."""
    metres = path.ground.to_metres(path.contacts) if path.ground is not None else None
    if metres is None or not np.isfinite(metres).all():
        return None
    # one or two pictures in which the neighbour's box was taken are no way that anybody drove
    smoothed: Floats = median_filter(metres, size=(smooth, 1), mode="nearest")
    return smoothed


def far_from(way: Floats, place: Floats) -> Floats:
    """`[N]` metres."""
    far: Floats = np.hypot(*(way - place).T)
    return far


def leaving(way: Floats, far_m: float) -> Floats:
    """The last piece of the way that is so long, or all of it."""
    back = np.flatnonzero(far_from(way, way[-1]) >= far_m)
    step: Floats = way[-1] - way[int(back[-1]) if len(back) else 0]
    return step


def paces_of(t_s: Floats, way: Floats, pace_s: float) -> Floats:
    """The paces along a way `[N, 2]` at times `[N]`, over `pace_s` each, a second; empty if it is shorter."""
    ends = np.flatnonzero(t_s - t_s[0] >= pace_s - 1e-6)
    if not len(ends):
        return np.zeros(0)
    begins = np.searchsorted(t_s, t_s[ends] - pace_s + 1e-6, side="right") - 1
    pace: Floats = np.hypot(*(way[ends] - way[begins]).T) / (t_s[ends] - t_s[begins])
    return pace


def between_deg(one: Floats, other: Floats) -> float:
    """Degrees between two ways, 0 to 180."""
    length = float(np.hypot(*one) * np.hypot(*other))
    return float(np.degrees(np.arccos(np.clip(one @ other / length, -1.0, 1.0)))) if length > 0 else 0.0
