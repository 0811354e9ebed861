"""Before an act is told: was the picture that it was seen in the one that the scene describes, and is it still?

Each act is held against its own pictures, and waits for a check that comes after it. So nothing slips through between
the last good check and the moment at which a move is noticed. What is held is no accusation; it is counted, written
into the camera's record and told in health.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from common.margins import margin
from edge.types import ActEvent, Still
from edge.watch.place import PlaceWatch
from edge.watch.position import Sample, Shifts
from edge.watch.reference import Reference
from edge.watch.sight import Sight

UNSURE_FLAG = "camera_position_unsure"
"""Nobody could tell whether the camera still looks where the scene says."""


_FEW = 6
"""Of fewer pictures the middle says nothing of a swing."""


@dataclass(frozen=True)
class GateMargins:
    """How long an act waits, and what it is allowed."""

    wait_s: float = margin(
        22.0, "s", "an act waits so long for an answer, then it is decided by its own pictures",
        source="longer than a close look (12 s), or until a clear picture is said to be another (20 s); film: 45 s",
    )  # fmt: skip
    around_s: float = margin(
        1.5, "s", "where an act's own pictures lie off, those of so long before and after it show whether a gust swung "
        "the mast: their middle counts", source="three swings at 1 Hz, six at 2 Hz; pictures are kept five a second",
    )  # fmt: skip
    wind_s: float = margin(
        60.0, "s", "a swing seen so shortly before still counts: gusts come and go", source="not measured",
    )  # fmt: skip


PicturesBetween = Callable[[float, float], Sequence[Still]]
"""What was kept of a stretch of stream time, decoded."""


@dataclass
class _Waiting:
    """`own`: where its own pictures lie, those that were recognised; `around`: and those of the moments around it, if
    it was asked; both beside `origin` of `by`. `unseen`: why its pictures cannot carry it; "": they can. `older`: than
    the picture by which the camera's place is known, which is not known to be of the street, or does not know it."""

    event: ActEvent
    offered_s: float
    by: Reference | None
    origin: Shifts
    own: list[Sample]
    around: list[Sample]
    unseen: str
    older: bool = False


class ActGate:
    """One camera's acts on their way out."""

    def __init__(
        self,
        place: PlaceWatch,
        sight: Sight,
        margins: GateMargins,
        on_held: Callable[[ActEvent, str], None],
    ) -> None:
        self._place, self._sight, self._m, self._on_held = place, sight, margins, on_held
        self._waiting: list[_Waiting] = []
        self._swings: list[tuple[float, float]] = []

    @property
    def asks(self) -> bool:
        """Whether an act waits for the next look at the picture."""
        return bool(self._waiting)

    def offer(self, event: ActEvent, now_s: float, between: PicturesBetween) -> None:
        own = self._measured(list(event.stills.values()))
        around: list[Sample] = []
        if self._off(own) > 1.0 and self._place.state not in ("moved", "other_view"):
            around = self._measured(between(event.t_s - self._m.around_s, event.t_s + self._m.around_s))
        by = self._place.reference
        origin = np.zeros((0, 2)) if by is None else by.origin
        self._waiting.append(_Waiting(event, now_s, by, origin, own, around, self._sight.against(event)))

    def _by_what_is_known_now(self, act: _Waiting) -> None:
        """What was learnt since an act was offered counts for it too.

        The camera's true place was found (it swung or sank when it was first looked at): its pictures lie so much
        farther off. Or another picture is the reference now, because nothing was recognised by the one before: that
        the camera is in its place by that one says nothing of what was seen earlier.
        """
        by = self._place.reference
        if by is not None and act.by is not by:
            if own := self._measured(list(act.event.stills.values())):
                act.own, act.around, act.older = own, [], self._place.unproven
            elif not act.own:
                act.older = True
        elif by is not None and act.origin is not by.origin:
            back = act.origin - by.origin
            act.own = [Sample(sample.t_s, sample.shifts + back) for sample in act.own]
            act.around = [Sample(sample.t_s, sample.shifts + back) for sample in act.around]
        if by is not None:
            act.by, act.origin = by, by.origin

    def _measured(self, stills: Sequence[Still]) -> list[Sample]:
        samples = (self._place.measured(still.image, still.t_s) for still in stills)
        return [sample for sample in samples if sample is not None]

    def _off(self, samples: Sequence[Sample]) -> float:
        return max((self._place.off(sample)[0] for sample in samples), default=0.0)

    def ripe(self, now_s: float, *, over: bool = False) -> list[ActEvent]:
        """The acts that are decided now, without those that are held. `over`: the stream ends, nothing waits."""
        place = self._place
        if place.verdict_s > -1e8:
            self._swings = [(t, s) for t, s in self._swings if 0 <= now_s - t <= self._m.wind_s]
            if (place.verdict_s, place.swing) not in self._swings:
                self._swings.append((place.verdict_s, place.swing))
        told, waiting = [], []
        for each in self._waiting:
            self._by_what_is_known_now(each)
            answer = self._answer(each, over=over or now_s - each.offered_s >= self._m.wait_s)
            if answer is None:
                waiting.append(each)
            elif answer:
                self._on_held(each.event, answer)
            else:
                told.append(self._flagged(each))
        self._waiting = waiting
        return told

    def _answer(self, act: _Waiting, *, over: bool) -> str | None:
        """None: not yet. "": it may be told. Else why it is held."""
        place = self._place
        if act.unseen:
            return act.unseen
        if place.state in ("moved", "other_view"):
            return place.state
        worst = self._off(act.own)
        if worst > 1.0:
            if not over and (place.good_s < act.offered_s or place.open):
                return None
            swing = max((s for _, s in self._swings), default=0.0)
            settled = place.good_s >= act.offered_s or (over and place.state in ("in_place", "shaking"))
            swung = worst <= 1.0 + swing or self._about_its_place(act.around)
            return "" if settled and swung else "moved"
        if place.state == "unsure" or over:
            return ""
        return "" if place.good_s >= act.offered_s and not place.open else None

    def _about_its_place(self, around: Sequence[Sample]) -> bool:
        if len(around) < _FEW:
            return False
        middle = np.asarray(np.mean([sample.shifts for sample in around], axis=0), np.float64)
        return self._place.off(Sample(0.0, middle))[0] <= 1.0

    def _flagged(self, act: _Waiting) -> ActEvent:
        in_place = self._place.state in ("in_place", "shaking") and self._place.good_s >= act.offered_s
        if not act.older and (act.own or in_place):
            return act.event
        return replace(act.event, flags=[*act.event.flags, UNSURE_FLAG])
