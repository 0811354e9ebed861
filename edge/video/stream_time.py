"""One line of time for a stream: what the camera writes on its packets, held against when they arrive.

A camera's times are its own: recorders stamp single pictures hours off, a clock set by SNTP steps in mid-stream, some
count nonsense. Arrival by the node's monotonic clock cannot step and is never before the picture was taken. So a time
that fits neither its neighbours nor its arrival is replaced when it stands alone; when three in a row say so, a new
line begins that goes on by arrival; a camera that does so again and again is no longer asked.

Of a file nothing is known but its own times: a gap that stays is a gap, a step back is closed up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, TypeVar

from edge.video.arrivals import Arrivals
from edge.video.margins import ArrivalMargins, StreamTimeMargins

T = TypeVar("T")


@dataclass(frozen=True)
class Stamped(Generic[T]):
    """A packet on the line.

    `ticks`: its presentation time on the line, in the stream's time base. `shift`: what was taken from the camera's own
    time; None when that time was not used. `begins`: a step: a new line begins with this packet. `sure`: False while
    nobody can tell whether the packets come late or the camera's time is wrong.
    """

    item: T
    ticks: int
    shift: int | None
    arrival_s: float
    begins: bool = False
    whole: bool = False
    sure: bool = True


@dataclass
class TimeCounts:
    """Over all connections: `steps` that stayed, `restamped` lone packets."""

    steps: int = 0
    restamped: int = 0


@dataclass(frozen=True)
class _Raw(Generic[T]):
    item: T
    pts: int
    arrival_s: float


@dataclass
class _Garbage:
    """A camera whose times are not used: since when they would have been good again, and from what."""

    since_s: float
    pts: int
    last_pts: int
    last_s: float


def _on_one_line(held: list[_Raw[T]], base: float, *, back_s: float, ordinary_s: float | None, reorders: bool) -> bool:
    """Whether packets lie on one line of their own. `ordinary_s`: so far ahead of its arrival one may be; None: a file,
    whose arrivals say nothing."""
    for before, after in pairwise(held):
        forward_s = (after.pts - before.pts) * base
        if forward_s < -back_s or (forward_s == 0 and not reorders):
            return False
        if ordinary_s is not None and forward_s > after.arrival_s - before.arrival_s + ordinary_s:
            return False
    return True


def _crawls(progress: deque[tuple[float, int]], base: float, late_for_s: float, margins: StreamTimeMargins) -> bool:
    """Late, and the camera's time hardly moves though packets come: it stands still or counts too slowly.

    `progress`: arrival and newest tick of the last packets.
    """
    if late_for_s < margins.crawl_after_s or len(progress) < margins.crawl_packets:
        return False
    (from_s, from_ticks), (to_s, to_ticks) = progress[0], progress[-1]
    gone_s = to_s - from_s
    return gone_s >= margins.crawl_after_s and (to_ticks - from_ticks) * base < margins.crawl_rate * gone_s


@dataclass
class StreamTime(Generic[T]):
    """Feed packets in decode order; those whose place on the line is known come out, at most two later.

    Parameters
    ----------
    base: seconds a tick of the stream's time base.
    step_s: usual time between pictures.
    live: arrivals mean something (a camera); False: a file.
    """

    base: float
    step_s: float
    live: bool
    reorders: bool = True
    """Pictures may be shown in another order than sent (B pictures)."""
    counts: TimeCounts = field(default_factory=TimeCounts)
    margins: StreamTimeMargins = field(default_factory=StreamTimeMargins)
    arrival_margins: ArrivalMargins = field(default_factory=ArrivalMargins)
    _shift: int = 0
    _newest: int | None = None
    _behind: int = 0
    _held: list[_Raw[T]] = field(default_factory=list)
    _arrivals: Arrivals | None = None
    _steps: deque[float] = field(default_factory=deque)
    _garbage: _Garbage | None = None
    _progress: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._steps = deque(self._steps, maxlen=self.margins.give_up_steps)

    def feed(self, item: T, pts: int, arrival_s: float) -> list[Stamped[T]]:
        """`pts`: the camera's time in ticks; `arrival_s`: monotonic. In decode order."""
        raw = _Raw(item, pts, arrival_s)
        if self._newest is None:
            self._start_line(raw, pts, backlog=True)
            return [Stamped(item, pts, 0, arrival_s)]
        if self._garbage is not None:
            return [self._by_arrival(raw, self._garbage)]
        if not self._fits(raw):
            self._held.append(raw)
            return self._step() if len(self._held) >= self.margins.stays else []
        out = self._slips(pts - self._shift)
        out.append(self._accept(raw))
        arrivals = self._arrivals
        if self.live and arrivals is not None and arrivals.late_since_s is not None:
            late_for_s = arrival_s - arrivals.late_since_s
            too_late = arrival_s - self._seconds(out[-1].ticks) - arrivals.delay_s > self.margins.too_late_s
            if (
                (too_late and late_for_s >= self.margins.late_stays_s)
                or late_for_s >= self.margins.late_agreed_s
                or _crawls(self._progress, self.base, late_for_s, self.margins)
            ):
                del out[-1]
                self._held = [raw]
                out += self._step()
        return out

    def flush(self) -> list[Stamped[T]]:
        """The connection or file ends: what was held back comes out, one step apart."""
        return self._slips(None)

    @property
    def _ordinary_s(self) -> float:
        """So far apart two packets may always lie."""
        return max(self.margins.ordinary_s, self.margins.usual_steps * self.step_s)

    @property
    def _back_s(self) -> float:
        """So far back a picture may be shown that comes later."""
        return max(self.margins.back_s, self.margins.back_steps * self.step_s) if self.reorders else 0.0

    def _one_line(self, held: list[_Raw[T]]) -> bool:
        ordinary_s = self._ordinary_s if self.live else None
        return _on_one_line(held, self.base, back_s=self._back_s, ordinary_s=ordinary_s, reorders=self.reorders)

    def _seconds(self, ticks: int) -> float:
        return ticks * self.base

    def _ticks(self, seconds: float) -> int:
        return max(1, round(seconds / self.base))

    def _start_line(self, raw: _Raw[T], ticks: int, *, backlog: bool) -> None:
        """`backlog`: packets may have waited for this moment and come at once."""
        self._shift = raw.pts - ticks
        self._newest, self._behind = ticks, 0
        delay_s = raw.arrival_s - self._seconds(ticks)
        self._arrivals = Arrivals.begin(raw.arrival_s, delay_s, backlog=backlog, margins=self.arrival_margins)
        self._progress = deque([(raw.arrival_s, ticks)])

    def _fits(self, raw: _Raw[T]) -> bool:
        assert self._newest is not None
        ticks = raw.pts - self._shift
        forward_s = self._seconds(ticks - self._newest)
        if forward_s < -self._back_s or (forward_s <= 0 and self._behind >= self.margins.stuck):
            return False
        if not self.live:
            return forward_s <= max(self.margins.file_gap_s, self.margins.usual_steps * self.step_s)
        arrivals = self._arrivals
        assert arrivals is not None
        early_s = arrivals.floor_s - (raw.arrival_s - self._seconds(ticks))
        if early_s <= self.margins.early_s:
            return True
        return not arrivals.settled and forward_s <= self._ordinary_s

    def _accept(self, raw: _Raw[T], *, begins: bool = False, whole: bool = False) -> Stamped[T]:
        assert self._newest is not None
        assert self._arrivals is not None
        ticks = raw.pts - self._shift
        self._behind = 0 if ticks > self._newest else self._behind + 1
        self._newest = max(self._newest, ticks)
        sure = True
        if self.live:
            self._arrivals.note(raw.arrival_s, raw.arrival_s - self._seconds(self._newest))
            sure = self._arrivals.sure
            self._progress.append((raw.arrival_s, self._newest))
            while self._progress[0][0] < raw.arrival_s - self.margins.late_stays_s:
                self._progress.popleft()
        return Stamped(raw.item, ticks, self._shift, raw.arrival_s, begins, whole, sure)

    def _slips(self, next_ticks: int | None) -> list[Stamped[T]]:
        """Held packets stood alone: spread between their neighbours, but not before the time in which they came."""
        if not self._held:
            return []
        assert self._newest is not None
        held, self._held = self._held, []
        room = self._ticks(self.step_s) * (len(held) + 1) if next_ticks is None else next_ticks - self._newest
        # a packet stamped between its neighbours tells nothing of them: their doubt is its own
        sure = self._arrivals is None or not self.live or self._arrivals.sure
        out = []
        for place, raw in enumerate(held, 1):
            between = room * place // (len(held) + 1)
            if self.live and self._arrivals is not None and self._seconds(room) > self._ordinary_s:
                # the next one comes long after: a packet that has come was taken by then
                by_now = round((raw.arrival_s - self._arrivals.delay_s) / self.base) - self._newest
                between = min(between, by_now)
            ticks = self._newest + max(place, between)
            out.append(Stamped(raw.item, ticks, None, raw.arrival_s, sure=sure))
        if next_ticks is None:
            self._newest = out[-1].ticks
        self.counts.restamped += len(held)
        return out

    def _step(self) -> list[Stamped[T]]:
        """The packets held say that the camera's time is another now."""
        assert self._newest is not None
        held, self._held = self._held, []
        if not self.live and self._one_line(held) and held[0].pts - self._shift > self._newest:
            return [self._accept(raw) for raw in held]  # a recording with a gap in it
        if not self._one_line(held):
            held, self._held = held[-1:], held[:-1]
            early = self._slips(None)
        else:
            early = []
        first = held[0]
        ticks, whole, backlog = self._newest + self._ticks(self.step_s), False, True
        if self.live and self._arrivals is not None:
            whole = self._arrivals.young
            backlog = first.arrival_s - self._arrivals.seen_s > max(
                self.margins.stall_s, self.margins.usual_steps * self.step_s
            )
            ticks = max(ticks, round((first.arrival_s - self._arrivals.delay_s) / self.base))
        self._start_line(first, ticks, backlog=backlog)
        self.counts.steps += 1
        out = [*early, *(self._accept(r, begins=r is first, whole=whole) for r in held)]
        self._steps.append(first.arrival_s if self.live else self._seconds(self._newest))
        if (
            len(self._steps) == self.margins.give_up_steps
            and self._steps[-1] - self._steps[0] <= self.margins.give_up_within_s
        ):
            last = held[-1]
            self._garbage = _Garbage(last.arrival_s, last.pts, last.pts, last.arrival_s)
        return out

    def _by_arrival(self, raw: _Raw[T], garbage: _Garbage) -> Stamped[T]:
        """The camera's times are not used, until they have been good for half a minute."""
        assert self._newest is not None
        assert self._arrivals is not None
        gone_s = raw.arrival_s - garbage.last_s
        forward_s = self._seconds(raw.pts - garbage.last_pts)
        since_s = raw.arrival_s - garbage.since_s
        whole_s = self._seconds(raw.pts - garbage.pts)
        fits = forward_s > 0 and (not self.live or abs(forward_s - gone_s) <= self.margins.early_s)
        if not fits or (self.live and abs(whole_s - since_s) > self.margins.early_s):
            garbage = _Garbage(raw.arrival_s, raw.pts, raw.pts, raw.arrival_s)
        self._garbage = _Garbage(garbage.since_s, garbage.pts, raw.pts, raw.arrival_s)
        target = self._newest + self._ticks(self.step_s)
        if self.live:
            ahead_s = self._seconds(self._newest) - (raw.arrival_s - self._arrivals.delay_s)
            least_s = 1e-3 if ahead_s > self.margins.early_s else self.step_s / 2
            target = max(self._newest + self._ticks(least_s), self._newest - round(ahead_s / self.base))
        if (since_s if self.live else whole_s) >= self.margins.good_again_s and fits:
            self._garbage = None
            self._steps.clear()
            self.counts.steps += 1
            self._start_line(raw, target, backlog=False)
            return self._accept(raw, begins=True)
        self._newest = target
        self.counts.restamped += 1
        return Stamped(raw.item, target, None, raw.arrival_s, sure=False)
