"""All heads of a scene: what each shows is read every frame, or reported, and kept over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from edge.picture import BgrPicture, Image, Picture
from edge.signals.controller import LampFeed, key_of
from edge.signals.controller_margins import ControllerMargins
from edge.signals.history import LampHistory
from edge.signals.lamp_margins import LampMargins
from edge.signals.margins import LampHistoryMargins, SignalPlanMargins
from edge.signals.pixels import HeadReader
from edge.signals.plan import HeadPlan
from edge.signals.reading import LampReading
from edge.signals.together import Together
from evidence.acts import LampState
from evidence.packet import Reason
from evidence.wire import HeadHealth
from zones.schema import SignalHead

_TELL_EVERY_S = 1.0
"""States of heads change slowly: they are summed up so often for health."""


@dataclass(frozen=True)
class RedSeen:
    """A head that was seen red in the picture; `since_s`: from when on."""

    head: SignalHead
    since_s: float | None


class Signals:
    """All heads of a scene: reads them each frame, keeps their histories.

    Parameters
    ----------
    feed: what a signal controller says; None: there is none, and a head that only it could tell is unknown.
    plans: what is known of the heads from before a cut of the stream, by id; left out at the start.
    """

    def __init__(
        self,
        heads: Sequence[SignalHead],
        *,
        feed: LampFeed | None = None,
        lamp_margins: LampMargins | None = None,
        history_margins: LampHistoryMargins | None = None,
        plan_margins: SignalPlanMargins | None = None,
        controller_margins: ControllerMargins | None = None,
        plans: Mapping[str, HeadPlan] | None = None,
    ) -> None:
        self._readers = [HeadReader(head, lamp_margins) for head in heads]
        self._feed = feed
        told = controller_margins or ControllerMargins()
        self._together = {
            head.id: Together(told.differ_s) for head in heads if head.source == "pixels" and key_of(head) is not None
        }
        over_time = history_margins or LampHistoryMargins()
        self.plans: Mapping[str, HeadPlan] = plans or {head.id: HeadPlan(head, plan_margins) for head in heads}
        self.histories: Mapping[str, LampHistory] = {
            head.id: LampHistory(head, over_time, self.plans[head.id]) for head in heads
        }
        self._alike = [(a.id, b.id) for a, b in combinations(heads, 2) if _alike(a, b)]
        self._last_s: float | None = None
        self._told_s = -1e9
        self.told: tuple[HeadHealth, ...] = ()
        """How the heads are, as of a moment ago; may be read by another thread."""

    def observe(
        self,
        frame: int,
        t_s: float,
        picture: Picture | Image,
        at: datetime | None = None,
        lie: NDArray[np.float64] | None = None,
    ) -> None:
        """`picture`, or its pixels `[H, W, 3]` BGR, taken at `at` by the box's clock. `lie` `[2, 3]`: a point of it to
        where that lies in the scene, in full pixels, while the mast swings."""
        picture = BgrPicture(picture) if isinstance(picture, np.ndarray) else picture
        for reader in self._readers:
            head = reader.head
            if head.source == "pixels":
                reading = reader.read(picture, lie)
                if self._feed is not None and (both := self._together.get(head.id)) is not None:
                    reading = both.reading(t_s, reading, self._feed.said(head, reading.state, at))
            elif self._feed is not None:
                reading = self._feed.state(head, t_s, at)
            else:
                reading = LampReading(LampState.UNKNOWN, 0.0, "no_feed")
            self.histories[head.id].add(frame, t_s, reading)
        self._compare(t_s)
        if t_s - self._told_s >= _TELL_EVERY_S or t_s < self._told_s:
            self._told_s = t_s
            self.told = tuple(plan.health(t_s) for plan in self.plans.values())

    def reds(self, heads: Iterable[str], t_s: float) -> list[RedSeen]:
        """Those of `heads` that were seen red in the picture at `t_s`."""
        seen = [self.histories[name] for name in heads]
        return [
            RedSeen(each.head, each.since(t_s))
            for each in seen
            if each.head.source == "pixels" and each.at(t_s) == LampState.RED
        ]

    def doubts(self, heads: Iterable[str], t_s: float, now_s: float) -> tuple[list[str], dict[str, Reason]]:
        """Flags and reasons of an act at `t_s` that rests on the red of `heads`: how long yellow was before it, and
        what is wrong with a head."""
        flags: list[str] = []
        reasons: dict[str, Reason] = {}
        for name in heads:
            plan, history = self.plans[name], self.histories[name]
            if history.at(t_s) != LampState.RED:
                continue
            onset = history.onset(t_s)
            if onset is not None:
                if onset.yellow_s is not None:
                    reasons["yellow_before_red_s"] = onset.yellow_s
                if onset.yellow_most_s is not None:
                    reasons["yellow_at_most_s"] = onset.yellow_most_s
                flags += ["yellow_too_short"] if plan.short(onset) else []
            flags += ["yellow_changed"] if plan.yellow_changed else []
            together = self._together.get(name) if self._feed is not None else None
            flags += ["controller_silent"] if together is not None and together.alone(t_s) else []
            told = self._feed.doubt_s if self._feed is not None and history.head.source == "controller" else None
            if told is not None:
                reasons["controller_doubt_s"] = round(told, 3)
            doubt: str | None = plan.doubt(now_s)
            if doubt is None and not history.confirmed(t_s):
                doubt = "not_confirmed_by_controller"
            if doubt is not None:
                flags.append("signal_in_doubt")
                reasons["signal_doubt"] = doubt
        return list(dict.fromkeys(flags)), reasons

    def _compare(self, t_s: float) -> None:
        """Heads that say to the same vehicles go and stop."""
        step_s, self._last_s = (t_s - self._last_s if self._last_s is not None else 0.0), t_s
        for a, b in self._alike:
            if {self.histories[a].at(t_s), self.histories[b].at(t_s)} == {LampState.RED, LampState.GREEN}:
                for name in (a, b):
                    self.plans[name].saw("contradicts", t_s, min(step_s, _TELL_EVERY_S))


def _alike(a: SignalHead, b: SignalHead) -> bool:
    """Whether two heads speak to the same vehicles, of one line, lane, class and movement."""
    lanes = not a.lanes or not b.lanes or set(a.lanes) & set(b.lanes)
    same = set(a.governs) & set(b.governs) and set(a.movements) & set(b.movements) and set(a.classes) & set(b.classes)
    return bool(lanes and same) and a.arrow is None and b.arrow is None
