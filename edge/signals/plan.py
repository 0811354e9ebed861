"""What is known of one signal beyond its last states: whether it works, how long its colours last, what is wrong.

It lives longer than the history of a stream: a camera that reconnects, and a cut of the picture, begin a new history
over the same plan. It is not written to disk: a box that starts anew learns anew, and what it cannot know by then is
flagged (`Onset.seen`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from edge.signals.margins import SignalPlanMargins
from edge.signals.onset import Known
from edge.signals.reading import LampReading
from edge.signals.runs import Onset, Run
from evidence.acts import LampState
from evidence.wire import HeadHealth, HeadStateName
from zones.schema import SignalHead

_RED, _YELLOW, _GREEN, _OFF = LampState.RED, LampState.YELLOW, LampState.GREEN, LampState.OFF
_KEPT = 9
"""Whole phases of a colour that are kept: a median of nine cycles follows the hours of the day."""
_MOMENTS = 4096
"""Pictures of a fault that are kept: more than `memory_s` has at 15 a second."""
Wrong = Literal["two_at_once", "misplaced", "contradicts", "no_onset", "differs"]


@dataclass
class _Seen:
    """Moments of one thing that was wrong, and how long each was."""

    moments: deque[tuple[float, float]]

    def add(self, t_s: float, step_s: float) -> None:
        self.moments.append((t_s, step_s))

    def within(self, from_s: float) -> float:
        """Seconds of it since then."""
        while self.moments and self.moments[0][0] < from_s:
            self.moments.popleft()
        return sum(step_s for _, step_s in self.moments)


class HeadPlan:
    """The plan of one head; `look` once a picture, `began` when a colour is believed."""

    def __init__(self, head: SignalHead, margins: SignalPlanMargins | None = None) -> None:
        self.head, self.margins = head, margins or SignalPlanMargins()
        lenses = {lamp.colour for lamp in head.lamps} or {"red", "yellow", "green"}
        self._ordered = bool(lenses - {"red"})
        self._lenses = {LampState(colour) for colour in lenses}
        self._watched_s: float | None = None
        self._went_s: float | None = None
        self._last_s: dict[LampState, float] = {}
        """When each colour was last held."""
        self._same: tuple[str, float] = ("", 0.0)
        """Dark, flashing or not to be read, and since when."""
        self._misplaced: tuple[float, float] | None = None
        """The last stretch of another colour in red's place: when it was last seen, and how long it was in all."""
        self._wrong: dict[Wrong, _Seen] = {}
        self._lasted: dict[LampState, deque[float]] = {colour: deque(maxlen=_KEPT) for colour in (_RED, _GREEN)}
        self._yellows: list[float] = []
        """The first of them, by which the usual one is told."""
        self._recent: deque[Onset] = deque(maxlen=self.margins.recent_yellows)
        """How the newest reds came whose yellow was measured."""

    @property
    def known(self) -> Known:
        """What a colour that begins is held against."""
        misplaced = self._misplaced
        moved = misplaced is not None and misplaced[1] >= self.margins.misplaced_s
        return Known(
            watched_s=self._watched_s or 0.0,
            went_s=self._went_s,
            ordered=self._ordered,
            yellow_seen=bool(self._yellows),
            red_s=self.usual_s(_RED),
            misplaced_s=misplaced[0] if moved and misplaced is not None else None,
        )

    def look(
        self, t_s: float, step_s: float, reading: LampReading, shown: LampState, *, flashing: bool, doubted: bool
    ) -> None:
        """A picture: what it said by itself, and what is held of the head; `doubted`: a red that is not believed."""
        if self._watched_s is None:
            self._watched_s = t_s
        if shown not in (_OFF, LampState.UNKNOWN):
            self._last_s[shown] = t_s
        if shown in (_GREEN, _YELLOW):
            self._went_s = t_s
        if doubted:
            self.saw("no_onset", t_s, step_s)
        nothing = shown == LampState.UNKNOWN and not doubted
        told = reading.unclear in ("no_feed", "flashing")
        kind = (
            reading.unclear
            if told
            else "flashing"
            if flashing
            else "dark"
            if shown == _OFF
            else "unread"
            if nothing
            else ""
        )
        if kind != self._same[0]:
            self._same = (kind, t_s)
        if reading.unclear in ("two_at_once", "differs"):
            self.saw(reading.unclear, t_s, step_s)
        if reading.unclear == "other_colour" and reading.place == "red":
            self.saw("misplaced", t_s, step_s)
            last_s, lasted_s = self._misplaced or (t_s, 0.0)
            again = t_s - last_s <= self.margins.dark_yellow_s
            self._misplaced = (t_s, lasted_s + step_s if again else step_s)

    def saw(self, what: Wrong, t_s: float, step_s: float) -> None:
        """Something was wrong for `step_s`."""
        self._wrong.setdefault(what, _Seen(deque(maxlen=_MOMENTS))).add(t_s, step_s)

    def began(self, run: Run, before: Sequence[Run]) -> None:
        """A colour is believed from now on, after the runs `before`: what came before it was a whole phase."""
        onset = run.onset
        assert onset is not None
        last = next((each for each in reversed(before) if each.proper), None)
        if not onset.seen or last is None:
            return
        if last.state in self._lasted and last.onset is not None and last.onset.seen:
            self._lasted[last.state].append(run.from_s - last.from_s)
        if run.state == _RED and onset.yellow_most_s is not None:
            self._recent.append(onset)
            if onset.yellow_s is not None and len(self._yellows) < self.margins.learnt_yellows:
                self._yellows.append(onset.yellow_s)

    def usual_s(self, colour: LampState) -> float | None:
        """How long a colour usually lasts, the median of its last whole phases; None as long as too few were seen."""
        lasted = self._lasted.get(colour, ())
        return round(median(lasted), 2) if len(lasted) >= self.margins.learnt_phases else None

    @property
    def yellow_s(self) -> float | None:
        """How long the newest yellow was, as it was seen."""
        return next((onset.yellow_s for onset in reversed(self._recent) if onset.yellow_s is not None), None)

    def short(self, onset: Onset) -> bool:
        """Whether yellow before this red was surely shorter than it must be, or not there at all."""
        m = self.margins
        return onset.yellow_most_s is not None and onset.yellow_most_s < m.yellow_least_s - m.timing_s

    @property
    def yellow_changed(self) -> bool:
        """Whether yellow is no longer what it was when it was learnt, by more than the pictures leave open."""
        m = self.margins
        if len(self._yellows) < m.learnt_yellows or len(self._recent) < m.recent_yellows:
            return False
        usual_s = median(self._yellows)
        least_s = [o.yellow_s - (o.yellow_most_s - o.yellow_s) for o in self._recent if o.yellow_s and o.yellow_most_s]
        most_s = [o.yellow_most_s for o in self._recent if o.yellow_s and o.yellow_most_s]
        if len(most_s) < m.recent_yellows:
            return False
        return median(most_s) < usual_s - m.yellow_changed_s or median(least_s) > usual_s + m.yellow_changed_s

    def state(self, now_s: float) -> HeadStateName:
        """How the head is, the worst first."""
        m, from_s = self.margins, now_s - self.margins.memory_s
        kind, since_s = self._same
        if kind == "no_feed" and now_s - since_s >= m.no_feed_s:
            return "no_feed"
        if kind and now_s - since_s >= m.silent_s:
            return "dark" if kind == "dark" else "flashing" if kind == "flashing" else "unread"
        limits: tuple[tuple[Wrong, float], ...] = (
            ("differs", m.differs_s),
            ("misplaced", m.moved_s), ("two_at_once", m.two_at_once_s), ("contradicts", m.contradict_s),
            ("no_onset", m.no_onset_s),
        )  # fmt: skip
        for what, least_s in limits:
            if self._within(what, from_s) >= least_s:
                return what
        recent = list(self._recent)
        if len(recent) > 1 and all(self.short(onset) for onset in recent[-2:]):
            return "yellow_short"
        if self.yellow_changed:
            return "yellow_changed"
        if self._unusual:
            return "cycle_unusual"
        return self._missing(now_s) or ("good" if recent else "watching")

    def doubt(self, now_s: float) -> HeadStateName | None:
        """The state, if acts by this head must say it."""
        state = self.state(now_s)
        return state if state in ("differs", "misplaced", "two_at_once", "contradicts", "cycle_unusual") else None

    def health(self, now_s: float) -> HeadHealth:
        return HeadHealth(
            id=self.head.id,
            state=self.state(now_s),
            yellow_s=self.yellow_s,
            red_s=self.usual_s(_RED),
            green_s=self.usual_s(_GREEN),
        )

    def _within(self, what: Wrong, from_s: float) -> float:
        seen = self._wrong.get(what)
        return seen.within(from_s) if seen is not None else 0.0

    @property
    def _unusual(self) -> bool:
        """Whether two whole phases in a row are far from those before them."""
        m = self.margins
        for lasted in self._lasted.values():
            before = list(lasted)[:-2]
            if len(before) >= m.learnt_phases:
                usual_s = median(before)
                ratios = [max(s / usual_s, usual_s / max(s, 1e-3)) for s in list(lasted)[-2:]]
                if min(ratios) > m.unusual_ratio:
                    return True
        return False

    def _missing(self, now_s: float) -> HeadStateName | None:
        """A colour that was not held for long, of the lenses that it has."""
        colours: tuple[tuple[LampState, HeadStateName], ...] = ((_RED, "never_red"), (_GREEN, "never_green"))
        for colour, name in colours:
            since_s = self._last_s.get(colour, self._watched_s if self._watched_s is not None else now_s)
            if colour in self._lenses and now_s - since_s >= self.margins.never_s:
                return name
        return None
