"""For how long a vehicle has stood where it stands: kept by place, so that it counts on when a track breaks.

A track forgets after a minute, and ends when a bus hides the vehicle. What stands on at the same place, looks as large
and is of the same class is the same vehicle, if it was not out of sight for long. Only in areas that are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from common.margins import margin
from edge.road.standing_before import Around, Axis, BeforeMargins, foot_of, size_px_of
from edge.tracks.track import Observation
from evidence.acts import ActCode, VehicleClass
from zones.boxes import iou
from zones.geometry import GroundMap, longer_side

Floats = NDArray[np.float64]
_CHOSEN = "chosen with the acts of standing where it is banned, November 2026; not measured"


@dataclass(frozen=True)
class StayMargins(BeforeMargins):
    """What it is to stand on at one place."""

    still_boxes: float = margin(
        0.25,
        "box sizes",
        "its lower edge stays within so much of where it came to a stand, however long",
        source=_CHOSEN,
    )
    same_overlap: float = margin(
        0.6, "intersection over union", "and its box over the first one by so much", source=_CHOSEN, most=1.0
    )
    part_share: float = margin(
        0.85,
        "share of its area",
        "a box that lies so far within the first one is a part of the vehicle that something leaves to be seen: it "
        "says neither that it stands nor that it left",
        source=_CHOSEN,
        most=1.0,
    )
    covered: float = margin(
        0.1, "share of the lower edge", "nor does one whose lower edge is hidden by more", most=1.0,
        source="as in standing past the line (`StandsPastLineMargins.covered`)",
    )  # fmt: skip
    begun_s: float = margin(2.0, "s", "what stands more shortly is still on its way", source=_CHOSEN)
    away_s: float = margin(
        1.5,
        "s",
        "seen elsewhere for so long it has left: a box may jump to a neighbour for some pictures",
        source=_CHOSEN,
    )
    narrow: float = margin(
        3.0,
        "times",
        "in an area so much longer than wide vehicles stand along it, also one that nobody saw come",
        source="a kerb of two cars: 12 m long, 4 m wide; not measured",
        least=1.0,
    )
    unseen_s: float = margin(
        30.0,
        "s",
        "hidden for longer it is not taken for the same vehicle: a bus at its stop leaves within that, and another car "
        "takes a free place",
        source=_CHOSEN,
    )


@dataclass(frozen=True)
class Stay:
    """A vehicle at one place, from `first_s` to `last_s`, stream times at which it was seen there.

    `areas`: those in which it stands. `moved_px`, `limit_px`: how far its lower edge was seen from where it came to a
    stand, and how far it may be; `_m`: on the road, None without a ground plane. `unseen_s`: the longest time in which
    it was not seen. `arrival_seen`: whether it was seen to come. `told`: acts that were told of this stay already.
    """

    number: int
    areas: frozenset[str]
    first_s: float
    last_s: float
    moved_px: float
    limit_px: float
    moved_m: float | None
    limit_m: float | None
    unseen_s: float
    arrival_seen: bool
    free_s: float
    told: frozenset[ActCode]

    @property
    def lasted_s(self) -> float:
        return self.last_s - self.first_s


@dataclass
class _Place:
    number: int
    cls: VehicleClass
    areas: frozenset[str]
    box: tuple[float, float, float, float]
    first_s: float
    last_s: float
    arrival_seen: bool
    farthest: tuple[float, float]
    came_from: tuple[float, float] | None = None
    """Where it was first seen, if that is far enough to say which way it looks."""
    unseen_s: float = 0.0
    blocked_s: float = -np.inf
    free_s: float = 0.0
    moved_px: float = 0.0
    elsewhere_s: float | None = None
    told: set[ActCode] = field(default_factory=set)

    @property
    def size_px(self) -> float:
        return size_px_of(self.box)


class Stays:
    """The places of one camera. `add` each observation in order of time."""

    def __init__(self, areas: Mapping[str, Floats], ground: GroundMap | None, margins: StayMargins) -> None:
        """`areas`: their polygons in the picture, `[K, 2]` pixels."""
        self.areas = tuple(areas)
        self._along = {name: _along(polygon, ground, margins) for name, polygon in areas.items()}
        self._ground, self._margins = ground, margins
        self._places: dict[int, _Place] = {}
        self._of: dict[int, int | None] = {}
        self._left: dict[int, _Place] = {}
        self._around = Around(ground, self._margins)
        self._next = 1

    @property
    def open(self) -> frozenset[int]:
        """Numbers of the stays of which somebody may still want a picture."""
        return frozenset(self._places) | {place.number for place in self._left.values()}

    def add(self, track: int, cls: VehicleClass, seen: Observation, inside: frozenset[str]) -> None:
        """`inside`: the areas in which it touches the road now."""
        for old in list(self._places.values()):
            if seen.t_s - old.last_s > self._margins.unseen_s:
                self._close(old.number)
        self._around.add(track, seen.t_s, seen.box, self._limit(seen.box))
        arrival_seen = track in self._of
        number = self._of.setdefault(track, None)
        mine = self._places.get(number) if number is not None else None
        if mine is None or mine.last_s - mine.first_s < self._margins.begun_s:
            found = self._taken_up(cls, seen)
            if found is not None and found is not mine:
                if mine is not None:
                    self._places.pop(mine.number)
                self._of = {t: None if n == found.number else n for t, n in self._of.items()}
                self._of[track], mine = found.number, found
        if mine is not None and self._stands_on(mine, seen, track):
            return
        if mine is not None:
            self._close(mine.number, track)
        self._begin(track, cls, seen, inside, arrival_seen)

    def of(self, track: int) -> tuple[Stay, ...]:
        """The stay that it left last, and the one in which it is."""
        number = self._of.get(track)
        places = [self._left.get(track), self._places.get(number) if number is not None else None]
        return tuple(self._told(place) for place in places if place is not None and self._begun(place))

    def count_anew(self, track: int) -> None:
        """What it stood so far does not count: the ban did not hold."""
        number = self._of.get(track)
        place = self._places.pop(number) if number is not None else None
        self._left.pop(track, None)
        if place is not None:
            self._put(track, _Place(self._new(), place.cls, place.areas, place.box, place.last_s, place.last_s, False,
                                    foot_of(place.box), place.came_from))  # fmt: skip

    def tell(self, track: int, act: ActCode) -> None:
        """An act was told of it."""
        number = self._of.get(track)
        for place in (self._left.get(track), self._places.get(number) if number is not None else None):
            if place is not None:
                place.told.add(act)

    def forget(self, track: int) -> None:
        """The track has ended; its place waits for the next one."""
        self._left.pop(track, None)
        number = self._of.pop(track, None)
        if number is not None and not self._begun(self._places[number]):
            self._places.pop(number)

    def clear(self) -> None:
        """The stream was cut."""
        self._places, self._of, self._left = {}, {}, {}
        self._around.clear()

    def _new(self) -> int:
        self._next += 1
        return self._next - 1

    def _begun(self, place: _Place) -> bool:
        return place.last_s - place.first_s >= self._margins.begun_s

    def _begin(
        self, track: int, cls: VehicleClass, seen: Observation, inside: frozenset[str], arrival_seen: bool
    ) -> None:
        self._of[track] = None
        if inside and seen.covered <= self._margins.covered:
            place = _Place(self._new(), cls, inside, seen.box, seen.t_s, seen.t_s, arrival_seen, foot_of(seen.box),
                           self._around.came_from(track, seen.box))  # fmt: skip
            self._put(track, place)

    def _put(self, track: int, place: _Place) -> None:
        self._places[place.number] = place
        self._of[track] = place.number

    def _close(self, number: int, track: int | None = None) -> None:
        place = self._places.pop(number)
        owners = [t for t, n in self._of.items() if n == number] if track is None else [track]
        for owner in owners:
            self._of[owner] = None
            if self._begun(place):
                self._left[owner] = place

    def _taken_up(self, cls: VehicleClass, seen: Observation) -> _Place | None:
        """A place at which nobody is seen now and where this vehicle stands as the last one did."""
        for place in self._places.values():
            if place.cls == cls and place.last_s < seen.t_s and self._begun(place) and self._there(place, seen.box):
                return place
        return None

    def _there(self, place: _Place, box: tuple[float, float, float, float]) -> bool:
        overlap = float(iou(np.array([place.box]), np.array([box]))[0, 0])
        return overlap >= self._margins.same_overlap and self._off(place, box) <= self._limit_px(place)

    def _stands_on(self, place: _Place, seen: Observation, track: int) -> bool:
        """Takes note of what was seen; False once it has left."""
        begun = self._begun(place)
        if self._there(place, seen.box) and seen.covered <= self._margins.covered:
            unseen_s = seen.t_s - place.last_s
            place.unseen_s = max(place.unseen_s, unseen_s)
            place.last_s, place.elsewhere_s = seen.t_s, None
            hidden = unseen_s > self._margins.remembered_s
            along = self._along.get(min(place.areas)) if len(place.areas) == 1 else None
            if hidden or self._around.before(track, seen.t_s, place.box, place.came_from, place.cls, along):
                place.blocked_s = seen.t_s
            place.free_s = max(place.free_s, seen.t_s - max(place.blocked_s, place.first_s))
            off = self._off(place, seen.box)
            if off > place.moved_px:
                place.moved_px, place.farthest = off, foot_of(seen.box)
            return True
        if begun and (
            seen.covered > self._margins.covered or _share_within(seen.box, place.box) >= self._margins.part_share
        ):
            return True
        place.elsewhere_s = seen.t_s if place.elsewhere_s is None else place.elsewhere_s
        return begun and seen.t_s - place.elsewhere_s < self._margins.away_s

    def _off(self, place: _Place, box: tuple[float, float, float, float]) -> float:
        (x, y), (x0, y0) = foot_of(box), foot_of(place.box)
        return float(np.hypot(x - x0, y - y0))

    def _limit_px(self, place: _Place) -> float:
        return self._limit(place.box)

    def _limit(self, box: tuple[float, float, float, float]) -> float:
        return self._margins.still_boxes * size_px_of(box)

    def _told(self, place: _Place) -> Stay:
        moved_m = limit_m = None
        if self._ground is not None:
            (x, y), limit = foot_of(place.box), self._limit_px(place)
            road = self._ground.to_metres(np.array([(x, y), place.farthest, (x + limit, y), (x, y + limit)]))
            if np.isfinite(road).all():
                moved_m = float(np.hypot(*(road[1] - road[0])))
                limit_m = float(np.hypot(*(road[2:] - road[0]).T).max())
        return Stay(
            place.number, place.areas, place.first_s, place.last_s, place.moved_px, self._limit_px(place), moved_m,
            limit_m, place.unseen_s, place.arrival_seen, place.free_s, frozenset(place.told),
        )  # fmt: skip


def _along(polygon: Floats, ground: GroundMap | None, margins: StayMargins) -> Axis | None:
    """Which way vehicles stand in an area: along it, if it is long and narrow."""
    places = polygon if ground is None else ground.to_metres(polygon)
    shape = shapely.Polygon(places) if np.isfinite(places).all() else shapely.Polygon()
    if not shape.is_valid or shape.is_empty:
        return None
    side, ratio = longer_side(shape)
    return (float(side[0]), float(side[1])) if ratio >= margins.narrow else None


def _share_within(box: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Of a box's area, what lies within another."""
    wide = min(box[2], other[2]) - max(box[0], other[0])
    high = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(wide, 0.0) * max(high, 0.0) / max(area, 1e-9)
