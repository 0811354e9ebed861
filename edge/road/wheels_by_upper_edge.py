"""Hidden wheels told by the upper edge alone: for scenes without a ground plane.

The model remembers the last box that it believed whole: its upper edge, its sides, its height. What the upper edge and
the sides did since then is a motion, and the motion says what to make of the lower edge:

- `FIRST`: nothing is remembered. The box is believed.
- `ASIDE`: both sides went the same way, more across the picture than into it. A vehicle that turns shows its flank, and
  its height tells nothing: the box is believed. What is narrow, a motorcycle, does not lose so much of its height by
  turning: if it did, its wheels are hidden and it keeps its height.
- `AWAY`: the upper edge rose. The box is believed, unless it lost more height than width: then its wheels are hidden,
  and most of what was known of its height is kept.
- `NEARER`: upper and lower edge came down. The box is believed.
- `COVERED`: the upper edge came down and the lower edge did not. It is hidden from both sides; it stands where it was.
- `STANDS`: the upper edge stayed. A taller box is believed bit by bit. A lower one hides its wheels: they are where
  they were. One that became narrower from both sides drives away, seen from low down: believed.

A box that leapt in one step is a neighbour's, and one at the picture's upper edge is cut off: see `Wheels`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from common.margins import margin
from edge.road.hidden_wheels import GroundContact, Wheels
from edge.road.vehicles import VehicleBuild
from edge.tracks.track import Observation

_QUEUES = "tuned on simulated queues, November 2026 (tools/simulate); no better source"


class Motion(Enum):
    """What a vehicle did since its box was last believed whole; see the module."""

    FIRST = "first"
    ASIDE = "aside"
    AWAY = "away"
    NEARER = "nearer"
    COVERED = "covered"
    STANDS = "stands"


@dataclass(frozen=True)
class UpperEdgeMargins:
    """Shares are of the vehicle's own box."""

    still_share: float = margin(
        0.05, "box heights", "the upper edge of a standing vehicle's box wanders by less", source=_QUEUES, most=1.0
    )
    hidden_share: float = margin(
        0.1, "box heights", "a box that is lower by more than it ought to be ends above its wheels", source=_QUEUES,
        most=1.0,
    )  # fmt: skip
    settle_share: float = margin(
        0.25, "share", "so much of a greater height is believed at each observation, as it may be a box's trembling",
        source=_QUEUES, most=1.0,
    )  # fmt: skip
    shrink_share: float = margin(
        0.93, "share", "no box shrinks below it while its upper edge rises one step; narrower, it is hidden at a side",
        source=_QUEUES, most=1.0,
    )  # fmt: skip
    narrower_share: float = margin(
        0.02, "box widths", "both sides that come in by more make a smaller vehicle, not one hidden at the side",
        source=_QUEUES, most=1.0,
    )  # fmt: skip
    fade_share: float = margin(
        0.03, "share", "so much of what was known of the height is given up at each step of one that drives on with "
        "hidden wheels, so that a mistake does not last", source=_QUEUES, most=1.0,
    )  # fmt: skip
    leap_within_s: float = margin(
        0.35, "s", "after a longer gap a vehicle may have come far by itself: two pictures at six a second",
        source=_QUEUES,
    )  # fmt: skip
    leap_aside_share: float = margin(
        0.35, "box widths", "a box that went farther aside in one step, and farther up or down too, is a neighbour's",
        source=_QUEUES,
    )  # fmt: skip
    leap_up_share: float = margin(
        0.175, "box heights", "the same up or down: half as much, as neighbours in a queue stand side by side",
        source=_QUEUES,
    )  # fmt: skip
    upper_edge_px: float = margin(
        2.0, "px", "a box whose upper edge is so near that of the picture is cut off by it and moves no longer; only "
        "what touches it, as the upper edge is all that this model has", source=_QUEUES,
    )  # fmt: skip
    aside_share: float = margin(
        0.15, "box widths", "both sides that went the same way by more went aside", source=_QUEUES
    )
    aside_by_up: float = margin(
        2.5, "ratio", "and by so many times what the upper edge rose or fell: more across the picture than into it",
        source=_QUEUES,
    )  # fmt: skip
    narrow: float = margin(
        0.65, "width by height", "narrower is a motorcycle or a bicycle, which keeps its height when it turns",
        source=_QUEUES,
    )  # fmt: skip
    turned_share: float = margin(
        0.75, "share", "a narrow one that kept less of its height lost it to another vehicle, not by turning",
        source=_QUEUES, most=1.0,
    )  # fmt: skip


class WheelsByUpperEdge:
    """The model of one vehicle; see the module."""

    def __init__(self, margins: UpperEdgeMargins = UpperEdgeMargins()) -> None:
        self._margins = margins
        self._last: Observation | None = None
        self._leapt = False
        self._top_px = self._left_px = self._right_px = self._height_px = 0.0

    def of(self, o: Observation, build: VehicleBuild) -> GroundContact:
        """The ground contact; how the class is built has no say here."""
        bottom = o.box[3]
        if self._leaps(o):
            return GroundContact(bottom, bottom, bottom, Wheels.NOT_ITS_BOX)
        if o.box[1] <= self._margins.upper_edge_px:
            return self._contact(self._believe(o), bottom, Wheels.CUT_OFF)
        row = self._row(o, self._motion(o))
        return self._contact(row, bottom, Wheels.SEEN if row == bottom else Wheels.HIDDEN)

    @staticmethod
    def _contact(row: float, bottom: float, wheels: Wheels) -> GroundContact:
        """Hidden wheels may be as high as the box ends, and as much lower than they are thought to be."""
        return GroundContact(row, bottom, max(row, 2 * row - bottom), wheels)

    def _leaps(self, o: Observation) -> bool:
        """Whether this box is another vehicle's for once: far off in one step. If the next is there too, it moved."""
        x1, top, x2, _ = o.box
        last, self._last = self._last, o
        if last is None or self._leapt or o.t_s - last.t_s > self._margins.leap_within_s:
            self._leapt = False
            return False
        a = last.box
        aside, risen = abs(x1 + x2 - a[0] - a[2]) / 2, abs(top - a[1])
        far_aside = aside > self._margins.leap_aside_share * (a[2] - a[0])
        self._leapt = far_aside and risen > self._margins.leap_up_share * (a[3] - a[1])
        return self._leapt

    def _motion(self, o: Observation) -> Motion:
        if not self._height_px:
            return Motion.FIRST
        x1, top, x2, bottom = o.box
        risen = self._top_px - top
        left, right = x1 - self._left_px, x2 - self._right_px
        # one side that moves alone is hidden or comes out of hiding
        aside = min(abs(left), abs(right)) if left * right > 0 else 0.0
        if aside > max(self._margins.aside_share * (x2 - x1), self._margins.aside_by_up * abs(risen)):
            return Motion.ASIDE
        wander = self._margins.still_share * max(bottom - top, self._height_px)
        if risen > wander:
            return Motion.AWAY
        if -risen > wander:
            return Motion.NEARER if bottom > self._top_px + self._height_px else Motion.COVERED
        return Motion.STANDS

    def _row(self, o: Observation, motion: Motion) -> float:
        if motion == Motion.ASIDE:
            return self._aside(o)
        if motion == Motion.AWAY:
            return self._away(o)
        if motion == Motion.STANDS:
            return self._standing(o)
        if motion == Motion.COVERED:
            return self._top_px + self._expected(o.box[2] - o.box[0])
        return self._believe(o)

    def _aside(self, o: Observation) -> float:
        _, top, _, bottom = o.box
        narrow = self._right_px - self._left_px < self._margins.narrow * self._height_px
        if not narrow or bottom - top >= self._margins.turned_share * self._height_px:
            return self._believe(o)
        height = self._height_px
        self._believe(o)
        self._height_px = height
        return top + height

    def _away(self, o: Observation) -> float:
        height, expected = o.box[3] - o.box[1], self._expected(o.box[2] - o.box[0])
        row = self._believe(o)
        if height < (1.0 - self._margins.hidden_share) * expected:
            self._height_px = expected + self._margins.fade_share * (height - expected)
            row = o.box[1] + self._height_px
        return row

    def _standing(self, o: Observation) -> float:
        x1, top, x2, bottom = o.box
        row = self._top_px + self._height_px
        if bottom > row:
            self._height_px += self._margins.settle_share * (bottom - row)
        expected = self._expected(x2 - x1)
        if bottom - top < (1.0 - self._margins.hidden_share) * expected:
            return self._top_px + expected
        if min(x1 - self._left_px, self._right_px - x2) > self._margins.narrower_share * (x2 - x1):
            return self._believe(o)  # seen from low down, the upper edge of what drives away stays where it is
        return bottom

    def _believe(self, o: Observation) -> float:
        """All of the box is taken to be seen, and remembered."""
        x1, top, x2, bottom = o.box
        self._top_px, self._left_px, self._right_px, self._height_px = top, x1, x2, bottom - top
        return bottom

    def _expected(self, width: float) -> float:
        """Away from the camera a box shrinks evenly, so its width tells how tall it ought to be now."""
        before = max(self._right_px - self._left_px, 1.0)
        return self._height_px * min(1.0, max(self._margins.shrink_share, width / before))
