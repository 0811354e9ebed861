"""Hidden wheels told by the vehicle's height: for scenes with a ground plane.

A box with its lower edge on the road says how tall the vehicle is; its upper edge and that height say where it stands.
The model remembers one height, in metres, and takes each observation for one of these (`Wheels`):

- `CUT_OFF`: the picture's upper edge has the head, its lower edge the wheels, or one of its sides part of a box that
  nobody covers. Nothing is learned.
- `NOT_ITS_BOX`: taller than any vehicle of its class, so there are two in one box. Nothing is learned.
- `SEEN`: about as tall as known. The box ends at the wheels.
- `HIDDEN`: lower than known. The wheels are where a vehicle of the known height has its upper edge in that row.
- `BY_CLASS`: the same, covered now and seen free too seldom to be known: it is at least as tall as its class.

The height is learned while the lower edge is free, and believed while it is not. A taller box is learned soon, as it
comes out of hiding, but not of one or two pictures: a pole behind the head makes it tall for as long. An equal one is
learned with time and with the way made: vehicles are no poles, and their height changes a little on the way. A lower
one is learned only where no other vehicle covers it, and only as far as the vehicle moved: it is farther off than it
seemed, or turns and shows its flank. Another class begins anew.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from common.margins import margin
from edge.road.hidden_wheels import GroundContact, Wheels
from edge.road.vehicles import VehicleBuild
from edge.tracks.track import Observation
from zones.boxes import PictureEdge
from zones.upright import Uprights

_QUEUES = "tuned on simulated queues, November 2026 (decision 13 has the figures)"


@dataclass(frozen=True)
class HeightMargins:
    """Shares are of the vehicle's height, unless they say of what."""

    covered_share: float = margin(
        0.25, "share of the lower edge", "with more of it in boxes of nearer vehicles the wheels may be hidden",
        source=_QUEUES, most=1.0,
    )  # fmt: skip
    known_after: float = margin(
        6, "observations", "so many with a free lower edge, and the height is its own rather than its class's",
        source=_QUEUES,
    )  # fmt: skip
    as_tall_share: float = margin(
        0.045, "share", "a box lower than its vehicle by less ends at the wheels", source=_QUEUES, most=1.0
    )
    same_share: float = margin(
        0.04, "share", "heights that differ by less are the same, and what differs is a box's trembling",
        source=_QUEUES, most=1.0,
    )  # fmt: skip
    not_hidden_share: float = margin(
        0.08, "share", "a free lower edge that lost less is no hidden one: the vehicle is farther off than it seemed",
        source=_QUEUES, most=1.0,
    )  # fmt: skip
    learn_s: float = margin(
        1.5, "s", "an equal height is learned over this time; slower than a box leans to one side", source=_QUEUES,
        least=0.01,
    )  # fmt: skip
    grow_s: float = margin(
        0.6, "s", "a greater height is learned over this time: sooner, as it comes out of hiding", source=_QUEUES,
        least=0.01,
    )  # fmt: skip
    grown_for: float = margin(
        3, "observations", "so many in a row must be taller, and the lowest of them is learned: of one or two in which "
        "a pole or a neighbour belonged to the box nothing is, since what was learned too tall is not unlearned",
        source="a scooter that rides past a pole in the scripted minute, November 2026; as the excursion of a track",
        least=1,
    )  # fmt: skip
    most_share: float = margin(0.6, "share", "no single box decides more of the height", source=_QUEUES, most=1.0)
    longest_step_s: float = margin(
        0.3, "s", "no box counts for more time than this, however long nothing was seen before it", source=_QUEUES
    )
    step_share: float = margin(
        0.04, "share of the distance", "the way is told in steps of this: a shorter one is the trembling of a box",
        source=_QUEUES, least=1e-3,
    )  # fmt: skip
    learn_by_way: float = margin(
        6.0, "share by share of the distance", "so much of the height is learned on the way: a quarter with a step",
        source=_QUEUES,
    )  # fmt: skip
    doubt_share: float = margin(
        0.08, "share", "hidden wheels may be so far up or down from where they are thought to be; red counts from the "
        "one, what was passed from the other",
        source=_QUEUES, most=1.0,
    )  # fmt: skip
    by_class_doubt_share: float = margin(
        0.2, "share", "the same where only the class's height is known: riders differ by so much", source=_QUEUES,
        most=1.0,
    )  # fmt: skip


class WheelsByHeight:
    """The model of one vehicle; see the module. `edge`: where the picture cuts boxes off: what is left at a side may be
    a wheel and no head above it."""

    def __init__(self, uprights: Uprights, edge: PictureEdge, margins: HeightMargins = HeightMargins()) -> None:
        self._uprights, self._edge, self._margins = uprights, edge, margins
        self._build: VehicleBuild | None = None
        self._height_m = 0.0
        self._free = 0
        self._t_s = 0.0
        self._column = 0.0
        self._depth_m = 1.0
        self._lately_m: deque[float] = deque(maxlen=max(1, round(margins.grown_for)))

    def of(self, o: Observation, build: VehicleBuild) -> GroundContact:
        """The ground contact, with the height learned of this observation."""
        x1, top, x2, bottom = o.box
        covered = o.covered > self._margins.covered_share
        beside = x1 <= self._edge.left or x2 >= self._edge.right
        if top <= self._edge.top or bottom >= self._edge.bottom or (beside and not covered):
            return GroundContact(bottom, bottom, bottom, Wheels.CUT_OFF)
        column = (x1 + x2) / 2
        seen_m = self._uprights.height(column, bottom, top, build.deep_m)
        if self._build is not build:
            self._begin(o, build, seen_m)
        elif seen_m > build.tallest_m:
            return GroundContact(bottom, bottom, bottom, Wheels.NOT_ITS_BOX)
        else:
            self._learn(o, build, seen_m, covered)
        self._free += not covered
        by_class = covered and self._free < self._margins.known_after
        if by_class:
            self._height_m = max(self._height_m, build.tall_m)
        if seen_m >= (1.0 - self._margins.as_tall_share) * self._height_m:
            # as tall as was known of it; but when that was less than its class is, its wheels may never have been seen
            lowest = max(bottom, self._uprights.foot(column, top, build.tall_m, build.deep_m)) if covered else bottom
            return GroundContact(bottom, bottom, lowest, Wheels.SEEN)
        row = self._uprights.foot(column, top, self._height_m, build.deep_m)
        doubt = self._margins.by_class_doubt_share if by_class else self._margins.doubt_share
        highest = max(bottom, row - doubt * (row - top))
        tall_m = max((1.0 + doubt) * self._height_m, build.tall_m)
        lowest = max(row, self._uprights.foot(column, top, tall_m, build.deep_m))
        return GroundContact(row, highest, lowest, Wheels.BY_CLASS if by_class else Wheels.HIDDEN)

    def _begin(self, o: Observation, build: VehicleBuild, seen_m: float) -> None:
        self._build, self._height_m, self._free, self._t_s = build, seen_m, 0, o.t_s
        self._column = (o.box[0] + o.box[2]) / 2
        self._depth_m = self._uprights.depth(self._column, o.box[3])
        self._lately_m.clear()
        self._lately_m.append(seen_m)

    def _learn(self, o: Observation, build: VehicleBuild, seen_m: float, covered: bool) -> None:
        m = self._margins
        dt_s, self._t_s = min(o.t_s - self._t_s, m.longest_step_s), o.t_s
        moved, aside = self._moved(o, build)
        self._lately_m.append(seen_m)
        ratio = seen_m / max(self._height_m, 1e-6)
        share = 0.0
        if ratio > 1.0 + m.same_share:
            seen_m = min(self._lately_m)
            grown = len(self._lately_m) == self._lately_m.maxlen and seen_m > self._height_m
            share = dt_s / m.grow_s if grown else 0.0
        elif ratio > 1.0 - m.same_share:
            share = dt_s / m.learn_s + m.learn_by_way * moved
        elif not covered and (ratio > 1.0 - m.not_hidden_share or (aside and not build.keeps_height_in_turning)):
            share = m.learn_by_way * moved
        self._height_m += min(share, m.most_share) * (seen_m - self._height_m)

    def _moved(self, o: Observation, build: VehicleBuild) -> tuple[float, bool]:
        """How far the vehicle came since the last step, as a share of its distance, and whether mostly aside; nothing
        before it is a whole step."""
        column = (o.box[0] + o.box[2]) / 2
        row = self._uprights.foot(column, o.box[1], self._height_m, build.deep_m)
        depth_m = self._uprights.depth(column, row)
        away, aside = abs(depth_m / self._depth_m - 1.0), abs(column - self._column) / self._uprights.focal_px
        if max(away, aside) < self._margins.step_share:
            return 0.0, False
        self._column, self._depth_m = column, depth_m
        return max(away, aside), aside > away
