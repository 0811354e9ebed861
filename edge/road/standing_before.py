"""Whether something stands before a vehicle that stands, in its way: then it may be held, by a queue or a jam.

In front of whom it is follows from where it came from. A vehicle hides what stands before it, so what stood there is
remembered for a while.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.ahead import anything_ahead
from edge.road.vehicles import BUILDS
from evidence.acts import VehicleClass
from zones.geometry import GroundMap

Box = tuple[float, float, float, float]
Point = tuple[float, float]
Axis = tuple[float, float]
_CHOSEN = "chosen for the simulated street, November 2026 (docs/simulation.md); not measured alone"


@dataclass(frozen=True)
class BeforeMargins:
    """What stands in a vehicle's way. Places are the middles of lower edges."""

    before_m: float = margin(
        8.0,
        "m",
        "beyond its own length: what stands so near before it keeps it from driving on",
        source="room in which the simulation's drivers set off (tools/simulate/truths/standing.py)",
    )
    aside_m: float = margin(1.5, "m", "and no farther aside than half of two cars", source="common widths")
    before_boxes: float = margin(3.0, "box sizes", "`before_m` in the picture, without a ground plane", source=_CHOSEN)
    aside_boxes: float = margin(0.8, "box sizes", "`aside_m` in the picture", source=_CHOSEN)
    itself_share: float = margin(
        0.5, "lengths or box sizes", "what is nearer is the vehicle itself, under another track", source=_CHOSEN
    )
    held_s: float = margin(
        1.0, "s", "what stands there for so long keeps it; what drives through does not", source=_CHOSEN
    )
    remembered_s: float = margin(
        5.0, "s", "what stood there and is hidden now may stand there for so long", source=_CHOSEN
    )


@dataclass
class _Seen:
    """A vehicle anywhere: where it is, since when it stands there, when it was seen, where it was seen first."""

    first: Point
    foot: Point
    since_s: float
    last_s: float


class Around:
    """All vehicles of one camera, to ask who stands before whom. `add` each observation in order of time."""

    def __init__(self, ground: GroundMap | None, margins: BeforeMargins) -> None:
        self._ground, self._margins = ground, margins
        self._seen: dict[int, _Seen] = {}

    def add(self, track: int, t_s: float, box: Box, limit_px: float) -> None:
        """`limit_px`: a vehicle that stands is seen no farther away."""
        foot, known = foot_of(box), self._seen.get(track)
        if known is None:
            old_s = t_s - self._margins.remembered_s
            self._seen = {name: seen for name, seen in self._seen.items() if seen.last_s >= old_s}
            self._seen[track] = _Seen(foot, foot, t_s, t_s)
            return
        known.last_s = t_s
        if _apart(foot, known.foot) > limit_px:
            known.foot, known.since_s = foot, t_s

    def clear(self) -> None:
        self._seen = {}

    def came_from(self, track: int, box: Box) -> Point | None:
        """Where it was first seen; None if that is too near to say which way it looks."""
        seen = self._seen.get(track)
        return seen.first if seen is not None and _apart(seen.first, foot_of(box)) > size_px_of(box) else None

    def before(
        self,
        track: int,
        t_s: float,
        box: Box,
        came_from: Point | None,
        cls: VehicleClass,
        along: Axis | None = None,
    ) -> bool:
        """Whether something stands in the way of a vehicle that stands.

        If nobody saw it come, at either end of it: `along` says which way vehicles stand there, a unit vector on the
        road where there is a ground plane, else in the picture. Without that, on any side of it.
        """
        margins = self._margins
        stood = [
            seen.foot
            for name, seen in self._seen.items()
            if name != track
            and seen.last_s - seen.since_s >= margins.held_s
            and t_s - seen.last_s <= margins.remembered_s
        ]
        if not stood:
            return False
        foot, length = foot_of(box), size_px_of(box)
        points = np.array([foot, came_from or foot, *stood])
        far, aside = margins.before_boxes * length, margins.aside_boxes * length
        on_road = None if self._ground is None else self._ground.to_metres(points)
        if on_road is not None and np.isfinite(on_road).all():
            points, length, aside = on_road, BUILDS[cls].length_m, margins.aside_m
            far = margins.before_m + length
        steps = points[2:] - points[0]
        near = margins.itself_share * length
        if came_from is not None:
            way = points[0] - points[1]
            ahead, either_way = way / max(float(np.hypot(*way)), 1e-9), False
        else:
            told = along is not None and (on_road is None) == (self._ground is None)
            ahead, either_way = (np.array(along), True) if told else (None, False)
        return anything_ahead(steps, ahead, near=near, far=far, aside=aside, either_way=either_way)


def foot_of(box: Box) -> Point:
    """The middle of its lower edge."""
    return (box[0] + box[2]) / 2, box[3]


def size_px_of(box: Box) -> float:
    """Geometric mean of width and height."""
    return float(np.sqrt((box[2] - box[0]) * (box[3] - box[1])))


def _apart(one: Point, other: Point) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))
