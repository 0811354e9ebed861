"""Where a vehicle's wheels are when somebody stands before it.

The rules ask where a box touches the road. When the next in the queue hides a waiting motorcycle's wheels, the box ends
higher up, as if it had driven on: past the stop line, if it stood at it. What tells the two apart is the upper edge,
which stays where it is when only the foot is hidden. So as long as that stands still, so does the foot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from edge.road.vehicles import VehicleBuild
from edge.tracks.tracking import Observation
from zones.upright import Uprights

_STILL_SHARE = 0.05
"""The upper edge of a standing vehicle's box wanders by less than this share of the box's height."""
_HIDDEN_SHARE = 0.1
_SETTLE = 0.25
_SHRINK = 0.93
"""No box shrinks by more on the way that its upper edge makes in one step; narrower, it is hidden at the side."""
_NARROWER = 0.02
"""Both sides come in by more: smaller, not hidden at the side."""
_FADE = 0.03
"""How much of what was known of the height is given up at each step of one who drives on with a hidden foot."""


_LEAP_WITHIN_S = 0.35
_LEAP_SHARE = 0.35
_EDGE_PX = 2.0
"""At the upper edge of the picture the box is cut off and its upper edge no longer moves."""
_ASIDE_SHARE = 0.15
_ASIDE_BY_UP = 2.5
"""What goes more across the picture than into it turns its flank: its height tells nothing."""
_NARROW = 0.65
_TURNED_SHARE = 0.75
"""But what is so narrow, a motorcycle, does not lose more of its height by turning; it is hidden."""


class Row(NamedTuple):
    """Rows of the picture: where the wheels are, and the farthest up where they can be."""

    foot: float
    highest: float


@dataclass
class Foot:
    """The lower edge of one vehicle's box, corrected; `of` each observation in order.

    Since the upper edge last moved: where it is, where the sides are, how tall the box was when most of it was seen.
    """

    _last: Observation | None = None
    _leapt: bool = False
    _top_px: float = 0.0
    _left_px: float = 0.0
    _right_px: float = 0.0
    _height_px: float = 0.0

    def of(self, o: Observation, build: VehicleBuild) -> Row:
        return Row(self._foot(o), o.box[3])

    def _foot(self, o: Observation) -> float:
        x1, top, x2, bottom = o.box
        if self._leaps(o):
            return bottom
        foot = self._top_px + self._height_px
        wander = _STILL_SHARE * max(bottom - top, self._height_px)
        risen = self._top_px - top
        left, right = x1 - self._left_px, x2 - self._right_px
        # one side that moves alone is hidden or comes out of hiding
        aside = min(abs(left), abs(right)) if left * right > 0 else 0.0
        if top <= _EDGE_PX or not self._height_px:
            return self._believe(o)
        if aside > max(_ASIDE_SHARE * (x2 - x1), _ASIDE_BY_UP * abs(risen)):
            return self._aside(o)
        if risen > wander:
            return self._drive_on(o)
        down = -risen > wander
        if down and bottom > foot:
            return self._believe(o)
        if bottom > foot:
            # a taller box may be a jitter: believe it bit by bit
            self._height_px += _SETTLE * (bottom - foot)
        expected = self._expected(x2 - x1)
        if down or bottom - top < (1.0 - _HIDDEN_SHARE) * expected:
            return self._top_px + expected  # lower at the top and higher at the foot is hidden on both sides
        if min(left, -right) > _NARROWER * (x2 - x1):
            return self._believe(o)  # seen from low down, the upper edge of what drives away stays where it is
        return bottom

    def _leaps(self, o: Observation) -> bool:
        """Whether this box is somebody else's for once: far off in one step. If the next is there too, it is his."""
        x1, top, x2, _ = o.box
        last, self._last = self._last, o
        if last is None or self._leapt or o.t_s - last.t_s > _LEAP_WITHIN_S:
            self._leapt = False
            return False
        a = last.box
        aside, risen = abs(x1 + x2 - a[0] - a[2]) / 2, abs(top - a[1])
        self._leapt = aside > _LEAP_SHARE * (a[2] - a[0]) and risen > _LEAP_SHARE / 2 * (a[3] - a[1])
        return self._leapt

    def _aside(self, o: Observation) -> float:
        _, top, _, bottom = o.box
        narrow = self._right_px - self._left_px < _NARROW * self._height_px
        if not narrow or bottom - top >= _TURNED_SHARE * self._height_px:
            return self._believe(o)
        height = self._height_px
        self._believe(o)
        self._height_px = height
        return top + height

    def _believe(self, o: Observation) -> float:
        """All of the box is taken to be seen."""
        x1, top, x2, bottom = o.box
        self._top_px, self._left_px, self._right_px, self._height_px = top, x1, x2, bottom - top
        return bottom

    def _expected(self, width: float) -> float:
        """Away from the camera a box shrinks evenly, so its width tells how tall it ought to be now."""
        before = max(self._right_px - self._left_px, 1.0)
        return self._height_px * min(1.0, max(_SHRINK, width / before))

    def _drive_on(self, o: Observation) -> float:
        height, expected = o.box[3] - o.box[1], self._expected(o.box[2] - o.box[0])
        foot = self._believe(o)
        if height < (1.0 - _HIDDEN_SHARE) * expected:
            self._height_px = expected + _FADE * (height - expected)
            foot = o.box[1] + self._height_px
        return foot


_COVERED = 0.25
_KNOWN_AFTER = 6
"""So many observations with a free foot, and its height is its own rather than its class's."""
_AS_TALL = 0.045
"""A box lower than its vehicle by less than this share ends at the wheels."""
_SAME_SHARE = 0.04
_NOT_HIDDEN_SHARE = 0.08
_LEARN_S = 1.5
_GROW_S = 0.6
_MOST = 0.6
_DOUBT = 0.08
_GUESS_DOUBT = 0.2
"""So far up, as a share of the vehicle's height, hidden wheels may be from where they are thought to be."""
_STEP = 0.04
_PER_STEP = 6.0


@dataclass
class TallFoot:
    """The same with a ground plane: how tall the vehicle is tells where it stands when only its upper part is seen.

    The height is learned while the lower edge is free, and believed while it is not. It changes a little on the way, as
    vehicles are no poles; so it is learned anew as far as the vehicle moves. Where others cover the foot from the
    beginning, the vehicle is taken to be as tall as its class.
    """

    uprights: Uprights
    upper_edge_px: float = _EDGE_PX
    """At or above this row a box is cut off by the picture's upper edge."""
    sides_px: tuple[float, float] = (-math.inf, math.inf)
    """At or beyond these columns a box is cut off at its side: what is left may be a wheel and no head above it."""
    _build: VehicleBuild | None = None
    _height_m: float = 0.0
    _free: int = 0
    _t_s: float = 0.0
    _column: float = 0.0
    _depth_m: float = 1.0

    def of(self, o: Observation, build: VehicleBuild) -> Row:
        x1, top, x2, bottom = o.box
        covered = o.covered > _COVERED
        beside = x1 <= self.sides_px[0] or x2 >= self.sides_px[1]
        if top <= self.upper_edge_px or (beside and not covered):
            return Row(bottom, bottom)
        column = (x1 + x2) / 2
        seen_m = self.uprights.height(column, bottom, top, build.deep_m)
        if self._build is not build:
            self._build, self._height_m, self._free, self._t_s = build, seen_m, 0, o.t_s
            self._column, self._depth_m = column, self.uprights.depth(column, bottom)
        elif seen_m > build.tallest_m:
            return Row(bottom, bottom)  # two in one box
        else:
            self._learn(o, build, seen_m, covered)
        self._free += not covered
        guessed = covered and self._free < _KNOWN_AFTER
        if guessed:
            self._height_m = max(self._height_m, build.tall_m)
        if seen_m >= (1.0 - _AS_TALL) * self._height_m:
            return Row(bottom, bottom)
        foot = self.uprights.foot(column, top, self._height_m, build.deep_m)
        doubt = _GUESS_DOUBT if guessed else _DOUBT
        return Row(foot, max(bottom, foot - doubt * (foot - top)))

    def _learn(self, o: Observation, build: VehicleBuild, seen_m: float, covered: bool) -> None:
        dt_s, self._t_s = min(o.t_s - self._t_s, 0.3), o.t_s
        moved, aside = self._moved(o, build)
        ratio = seen_m / max(self._height_m, 1e-6)
        share = 0.0
        if ratio > 1.0 + _SAME_SHARE:
            share = dt_s / _GROW_S
        elif ratio > 1.0 - _SAME_SHARE:
            share = dt_s / _LEARN_S + _PER_STEP * moved
        elif not covered and (ratio > 1.0 - _NOT_HIDDEN_SHARE or (aside and not build.keeps_height_in_turning)):
            share = _PER_STEP * moved  # farther off, or showing its flank
        self._height_m += min(share, _MOST) * (seen_m - self._height_m)

    def _moved(self, o: Observation, build: VehicleBuild) -> tuple[float, bool]:
        """How far the vehicle came since the last step, as a share of its distance, and whether mostly aside; nothing
        before it is a whole step."""
        column = (o.box[0] + o.box[2]) / 2
        foot = self.uprights.foot(column, o.box[1], self._height_m, build.deep_m)
        depth_m = self.uprights.depth(column, foot)
        away, aside = abs(depth_m / self._depth_m - 1.0), abs(column - self._column) / self.uprights.focal_px
        if max(away, aside) < _STEP:
            return 0.0, False
        self._column, self._depth_m = column, depth_m
        return max(away, aside), aside > away
