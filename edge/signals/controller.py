"""What a signal controller itself says of its heads: its statements put in order, dated by the box's clock, and aged.

A controller's clock is not the box's. The times that it states itself put its statements in order and say how far apart
they are; when that was by the box's clock says the least that they took to come (`ControllerClock`). What a controller
said is held for one moment only: red begins when its statement is dated at the latest, and lasts until the last
statement of red is dated at the earliest. Between that and the next statement nobody knows. Pure; times are handed in.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

from edge.signals.controller_clock import ControllerClock
from edge.signals.controller_margins import ControllerMargins
from edge.signals.reading import LampReading
from edge.signals.statements import Dated, Spoken, Statement, comes_after
from evidence.acts import LampState
from evidence.packet import MAX_READINGS, ControllerTimeline, ControllerWord, FeedWay
from zones.schema import SignalHead

FeedState = Literal["waiting", "learning", "good", "silent"]
"""It has said nothing yet; its clock is being learnt; it speaks; it is silent."""
_KEYS = 512
"""Heads and phases of one controller: NTCIP 1202 knows 255 phases."""


class LampFeed(Protocol):
    """A signal controller's own report, for heads that name a phase or a name of it."""

    @property
    def doubt_s(self) -> float | None:
        """How far the moment of a change may lie beside the picture's, at most, seconds; None: not at all."""
        ...

    def state(self, head: SignalHead, t_s: float, at: datetime | None) -> LampReading:
        """What it says of the picture at stream time `t_s`, taken at `at` by the box's clock."""
        ...

    def said(self, head: SignalHead, state: LampState, at: datetime | None) -> bool | None:
        """Whether it said so just then, as near as clocks and ways allow; None: it says nothing."""
        ...

    def told(self, head: SignalHead, first: datetime, last: datetime) -> ControllerTimeline | None:
        """Its words between two moments, for the packet; None where there are none."""
        ...


@dataclass(frozen=True)
class FeedReport:
    """How a feed is. `age_s`: since its last statement; `offset_s`: box's clock less controller's, with the way; None
    where it states no time. `clock_off`: by more than clocks that are kept differ. `ignored`: statements that came
    late, twice or out of order. `refused`: messages that are none. `error`: why nothing can be heard; "": it can."""

    id: str
    way: FeedWay
    state: FeedState
    age_s: float | None = None
    offset_s: float | None = None
    clock_off: bool = False
    ignored: int = 0
    refused: int = 0
    error: str = ""


def key_of(head: SignalHead) -> str | None:
    """Under which name the controller tells this head; None: it has no word in it."""
    if head.phase is not None:
        return f"phase {head.phase}"
    return f"head {head.controller_head}" if head.controller_head is not None else None


class ControllerFeed:
    """One controller. `take` what it says, from any thread; ask what it said of a picture, from another."""

    def __init__(self, id: str, way: FeedWay, margins: ControllerMargins | None = None) -> None:
        self.id, self.way, self.margins = id, way, margins or ControllerMargins()
        self.error = ""
        """Why nothing can be heard; set by whoever listens."""
        self.refused = 0
        self._lock = threading.Lock()
        self._clock = ControllerClock(self.margins)
        self._keys: dict[str, Spoken] = {}
        self._ignored = 0
        self._last_s: float | None = None

    def take(self, statements: Sequence[Statement]) -> int:
        """What it says, in the order in which it came. How many counted."""
        with self._lock:
            return sum(self._taken(each) for each in statements)

    def _taken(self, one: Statement) -> bool:
        if self._last_s is not None and one.received_s < self._last_s - self.margins.step_s:
            self._begin_anew()  # the box's own clock was set back
            self._last_s = None
        self._last_s = max(one.received_s, self._last_s or one.received_s)
        if one.said_s is not None and self._clock.take(one.said_s, one.received_s):
            self._begin_anew()
        key = self._keys.get(one.key)
        if key is None:
            if len(self._keys) >= _KEYS:
                self._ignored += 1
                return False
            key = self._keys[one.key] = Spoken()
        last = key.held[-1] if key.held else None
        if last is not None and not comes_after(one, last.said):
            same = one.said_s == last.said.said_s and one.said_s is not None
            if same and last.shows != (one.state, one.unclear):  # two colours at one moment
                both = Statement(one.key, LampState.UNKNOWN, one.received_s, one.said_s, one.asked_s, "two_at_once")
                key.held[-1] = Dated(both, last.earliest_s, last.latest_s)
                key.words.append(one)
            self._ignored += 1
            return False
        dated = self._dated(one, last)
        key.held.append(dated)
        key.note(one)
        while dated.latest_s - key.held[0].latest_s > self.margins.keep_s:
            key.held.popleft()
        return True

    def _dated(self, one: Statement, last: Dated | None) -> Dated:
        m = self.margins
        latest_s = one.received_s
        earliest_s = one.received_s - m.untimed_s if one.asked_s is None else min(one.asked_s, one.received_s)
        if one.said_s is not None:
            first_s, last_s = self._clock.to_box(one.said_s)
            latest_s = min(last_s, one.received_s)
            earliest_s = min(first_s, one.received_s) - m.transit_s
        if last is not None:  # the clock that is learnt moves a little; order stays
            latest_s = max(latest_s, last.latest_s)
        return Dated(one, earliest_s, latest_s)

    def _begin_anew(self) -> None:
        """What was held is dated by a clock that is not that of now."""
        for key in self._keys.values():
            key.held.clear()

    def reading(self, key: str, at_s: float) -> tuple[LampReading, float]:
        """What it said of a picture that is dated `at_s` by the box's clock, and until when it is known to have said so
        (same clock). Unknown where it is silent, has not been learnt, or nobody knows."""
        m = self.margins
        with self._lock:
            held = list(self._keys[key].held) if key in self._keys else []
            ready = self._clock.settled or not held or held[-1].said.said_s is None
        until = [each for each in held if each.latest_s <= at_s]
        if not until or not ready or at_s - until[-1].latest_s > m.stale_s:
            return LampReading(LampState.UNKNOWN, 0.0, "no_feed"), -1e12
        begun = [each for each in until if each.latest_s <= at_s - m.picture_late_s]
        if not begun or at_s - m.picture_late_s - begun[-1].latest_s > m.stale_s:
            return LampReading(LampState.UNKNOWN, 0.0, "no_feed"), -1e12
        now = certain = begun[-1]
        for each in held[held.index(now) + 1 :]:
            if each.shows != now.shows or each.latest_s - certain.latest_s > m.stale_s:
                break
            certain = each
        state, unclear = now.shows
        confidence = 0.0 if state == LampState.UNKNOWN else 1.0
        return LampReading(state, confidence, unclear), certain.earliest_s - m.picture_early_s

    def said(self, key: str, state: LampState, at_s: float) -> bool | None:
        """Whether it said so about then; None: it says nothing, or does not know itself."""
        m = self.margins
        with self._lock:
            held = list(self._keys[key].held) if key in self._keys else []
            ready = self._clock.settled or not held or held[-1].said.said_s is None
        until = [each for each in held if each.earliest_s - m.picture_early_s <= at_s]
        if not until or not ready or at_s - until[-1].latest_s > m.stale_s:
            return None
        begun = [i for i, each in enumerate(until) if each.latest_s <= at_s - m.picture_late_s]
        around = until[begun[-1] if begun else 0 :]
        if any(each.shows == (LampState.UNKNOWN, "") for each in around):
            return None
        return any(each.said.state == state for each in around)

    def timeline(self, key: str, first: datetime, last: datetime) -> ControllerTimeline | None:
        """Its words from `first` to `last`, and the one before them."""
        with self._lock:
            words = list(self._keys[key].words) if key in self._keys else []
            offset_s = self._clock.offset_s
        before = [w for w in words if w.received_s < first.timestamp()][-1:]
        chosen = [*before, *(w for w in words if first.timestamp() <= w.received_s <= last.timestamp() + 5.0)]
        if not chosen:
            return None
        return ControllerTimeline(
            controller=self.id,
            way=self.way,
            told_as=key,
            offset_s=None if offset_s is None else round(offset_s, 3),
            doubt_s=round(self.doubt_s, 3),
            words=[
                ControllerWord(
                    state=w.state,
                    said_at=None if w.said_s is None else _instant(w.said_s),
                    received_at=_instant(w.received_s),
                )
                for w in chosen[-MAX_READINGS:]
            ],
        )

    @property
    def doubt_s(self) -> float:
        """How far the moment of a change may lie beside the picture's, at most, seconds."""
        m = self.margins
        way_s = m.transit_s if self.way == "ntcip" or self._clock.offset_s is not None else m.untimed_s
        return m.picture_late_s + m.picture_early_s + way_s

    def report(self, now_s: float) -> FeedReport:
        with self._lock:
            last_s, clock = self._last_s, self._clock
            offset_s, settled = clock.offset_s, clock.settled
            ignored = self._ignored
        age_s = None if last_s is None else max(round(now_s - last_s, 2), 0.0)
        state: FeedState = "waiting"
        if age_s is not None:
            fresh = age_s <= self.margins.stale_s
            state = "silent" if not fresh else "good" if settled or offset_s is None else "learning"
        off = offset_s is not None and settled and abs(offset_s) > self.margins.clock_off_s
        shown = None if offset_s is None else round(offset_s, 2)
        return FeedReport(self.id, self.way, state, age_s, shown, off, ignored, self.refused, self.error)


class CameraFeed:
    """The feed of one controller as a camera's pictures ask it."""

    def __init__(self, feed: ControllerFeed) -> None:
        self._feed = feed

    @property
    def doubt_s(self) -> float:
        return self._feed.doubt_s

    def state(self, head: SignalHead, t_s: float, at: datetime | None) -> LampReading:
        key = key_of(head)
        if key is None or at is None:
            return LampReading(LampState.UNKNOWN, 0.0, "no_feed", stated_s=-1e12)
        at_s = at.timestamp()
        reading, certain_s = self._feed.reading(key, at_s)
        return LampReading(
            reading.state, reading.confidence, reading.unclear, stated_s=min(t_s + (certain_s - at_s), t_s)
        )

    def said(self, head: SignalHead, state: LampState, at: datetime | None) -> bool | None:
        key = key_of(head)
        return None if key is None or at is None else self._feed.said(key, state, at.timestamp())

    def told(self, head: SignalHead, first: datetime, last: datetime) -> ControllerTimeline | None:
        key = key_of(head)
        return None if key is None else self._feed.timeline(key, first, last)


def _instant(at_s: float) -> datetime:
    return datetime.fromtimestamp(round(at_s, 3), UTC)
