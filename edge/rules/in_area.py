"""Where and how a vehicle drove in an area of the road: shared by the acts that areas make.

On the road in metres where the scene has a ground plane. Without one only what `sizes` says is known, in the vehicle's
own size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.one_vehicle import not_one_vehicle
from edge.rules.refusal import Refusal
from edge.rules.shared import SharedMargins
from edge.rules.ways import Floats, paces_of, places
from zones.geometry import longer_side
from zones.road import RoadArea

Bools = NDArray[np.bool_]
_CHOSEN = "chosen with the rule, November 2026; not measured"


@dataclass(frozen=True)
class InAreaMargins:
    """What it takes to have been in an area without a break."""

    least_points: int = margin(
        4, "pictures", "seen so often inside without a break: fewer are a wild box", source=_CHOSEN, least=2
    )
    max_gap_s: float = margin(
        0.8,
        "s",
        "a longer hole ends the stretch: nobody saw where the vehicle was in it; within so long nobody leaves an area "
        "that he is deep in and comes back into it",
        source="the simulated street: at 0.5 (the solid line's) one that rode 14 m on the pavement was missed for a "
        "hole of 0.56 s",
    )
    pace_s: float = margin(
        1.0,
        "s",
        "its pace is the way of so long: over shorter times it is mostly what boxes tremble",
        source=_CHOSEN,
        least=0.2,
    )


@dataclass(frozen=True)
class AreaWay:
    """A vehicle's way with respect to one area. `[N]`, one entry an observation.

    `places` `[N, 2]`: on the road in metres, or in the picture in pixels; `unit`: so long is one metre, or one vehicle
    size, of these. `depth`: how far inside the area's edge, negative outside. `axis`: unit vector along its
    longer side.
    """

    places: Floats
    inside: Bools
    depth: Floats
    axis: Floats
    on_road: bool
    unit: float

    def way(self, first: int, last: int) -> float:
        """From one observation straight to another, in metres or sizes."""
        return float(np.hypot(*(self.places[last] - self.places[first]))) / self.unit

    def along(self, first: int, last: int) -> float:
        """The part of it along the area, in metres or sizes."""
        return abs(float((self.places[last] - self.places[first]) @ self.axis)) / self.unit


def area_way(path: Trajectory, area: RoadArea, shared: SharedMargins) -> AreaWay | None:
    """The vehicle's way and the area; None if it was never in it, or the area is no shape on the road."""
    if not path.in_area[area.id].any():
        return None
    way, polygon = places(path, shared.one_vehicle.excursion), np.asarray(area.polygon, dtype=np.float64)
    on_road = way is not None and path.ground is not None
    if way is None or path.ground is None:
        way = path.contacts
    else:
        polygon = path.ground.to_metres(polygon)
    if not np.isfinite(polygon).all():
        return None  # drawn beyond the horizon
    shape = shapely.Polygon(polygon)
    if not shape.is_valid or shape.is_empty:
        return None
    points = shapely.points(way)
    inside: Bools = np.asarray(shapely.intersects(shape, points), dtype=np.bool_)
    edge: Floats = np.asarray(shapely.distance(shape.boundary, points), dtype=np.float64)
    unit = 1.0 if on_road else max(float(np.median(path.size_px[path.in_area[area.id]])), 1.0)
    return AreaWay(way, inside, np.where(inside, edge, -edge) / unit, longer_side(shape)[0], on_road, unit)


def stretches(mask: Bools, t_s: Floats, margins: InAreaMargins) -> list[tuple[int, int]]:
    """First and last observation of every stretch of `mask` without a break and seen often enough."""
    inside = np.flatnonzero(mask)
    if not len(inside):
        return []
    breaks = np.flatnonzero((np.diff(inside) > 1) | (np.diff(t_s[inside]) > margins.max_gap_s + 1e-6)) + 1
    found = [(int(part[0]), int(part[-1])) for part in np.split(inside, breaks)]
    return [(first, last) for first, last in found if last - first + 1 >= margins.least_points]


def paces(path: Trajectory, seen: AreaWay, first: int, last: int, margins: InAreaMargins) -> Floats:
    """The paces between two observations, metres or sizes a second, over `pace_s` each; empty if seen shorter."""
    return paces_of(path.t_s[first : last + 1], seen.places[first : last + 1] / seen.unit, margins.pace_s)


def not_one_throughout(path: Trajectory, first: int, last: int, shared: SharedMargins) -> Refusal | None:
    """By how much it was not one vehicle that drove between two observations; None: it was one."""
    size = float(np.median(path.size_px[first : last + 1]))
    return not_one_vehicle(path, float(path.t_s[first]), float(path.t_s[last]), size, shared.one_vehicle)


def inside_briefly(path: Trajectory, area: RoadArea, margins: InAreaMargins) -> Refusal:
    """Of a vehicle that was in the area, never for as many pictures, or as far within it, as counts."""
    inside = path.in_area[area.id]
    t_s = float(path.t_s[np.argmax(inside)])
    return Refusal("inside_briefly", t_s, int(np.count_nonzero(inside)), margins.least_points, "pictures")


def moment_when(path: Trajectory, seen: AreaWay, first: int, last: int, way: float) -> int:
    """The first observation that is so far from `first`; the last if none is."""
    far = np.hypot(*(seen.places[first : last + 1] - seen.places[first]).T) / seen.unit
    there = np.flatnonzero(far >= way)
    return first + int(there[0]) if len(there) else last
