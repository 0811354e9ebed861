"""Stream time to wall clock, and how far that can be trusted.

Three clocks meet here. Pictures arrive by the node's monotonic clock, which never steps; the node's wall clock is held
against it, so that a step of NTP, of a person or of a box without a battery is seen at once; the camera's own clock, if
it tells it, counts where it agrees.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from edge.video.kernel_clock import kernel_clock_synchronised
from edge.video.margins import ClockMargins
from edge.video.node_clock import NodeClock
from evidence.packet import Clock

_KEPT = 64
"""Segments and doubts remembered: an act is sealed long before so many have come."""


@dataclass
class _Segment:
    """A stretch of stream time on one line: monotonic = arrival + t_s, and camera's wall = sender + t_s."""

    number: int
    start_s: float
    arrival_s: float | None = None
    sender_s: float | None = None
    seen_s: float = 0.0
    late_s: float | None = None
    late_from_s: float = 0.0


@dataclass(frozen=True)
class _Doubt:
    from_s: float
    to_s: float
    flag: str


class StreamClock:
    """Thread-safe map from `t_s` to UTC.

    By arrival the least delay seen counts: a frame can come late, never early. The camera's own sender reports (RTCP)
    are used if they agree with the node's clock; if not, the node's clock is used and the doubt recorded.

    Parameters
    ----------
    file: the source is a recording.
    start_at: UTC of the recording's first frame; None: the time of processing stands in, and the packet says so.
    system_synchronised: whether the node's clock is disciplined, None if unknown.
    """

    def __init__(
        self,
        *,
        file: bool,
        start_at: datetime | None = None,
        system_synchronised: Callable[[], bool | None] | None = None,
        margins: ClockMargins | None = None,
    ) -> None:
        self.margins = margins or ClockMargins()
        self._file = file
        self._start_at = start_at
        self._synchronised = system_synchronised or kernel_clock_synchronised
        self._lock = threading.Lock()
        self._segments: list[_Segment] = []
        self._node = NodeClock(self.margins)
        self._doubts: list[_Doubt] = []
        self._unsure_from_s: float | None = None
        self.clock_steps = 0

    def start_segment(self, t_s: float) -> None:
        """A new connection whose first frame has stream time `t_s`."""
        with self._lock:
            self._begin(t_s)
            self._unsure_from_s = None

    def stream_step(self, t_s: float, *, whole: bool = False) -> None:
        """The camera's time stepped at `t_s`: it goes on by arrival. `whole`: all since the last start is in doubt."""
        with self._lock:
            from_s = self._segments[-1].start_s if whole and self._segments else t_s
            if self._unsure_from_s is not None:
                from_s = min(from_s, self._unsure_from_s)
            self._unsure_from_s = None
            for flag in ("clock_unsure", "stream_time_step"):
                self._doubt(from_s, t_s + self.margins.stream_settles_s, flag)
            before = self._segments[-1] if self._segments else None
            after = self._begin(t_s)
            if self._file and before is not None:
                after.arrival_s = before.arrival_s

    def picture_cut(self, t_s: float) -> None:
        """The picture is another from `t_s` on, though time goes on: what was followed before is not followed on."""
        with self._lock:
            self._doubt(t_s, t_s, "picture_cut")
            before = self._segments[-1]
            if t_s <= before.start_s:
                return  # a new stretch has begun since
            after = self._begin(t_s)
            after.arrival_s, after.sender_s, after.seen_s = before.arrival_s, before.sender_s, before.seen_s

    def observe_arrival(
        self, t_s: float, wall_at: datetime, monotonic_s: float | None = None, *, sure: bool = True
    ) -> None:
        """The packet with stream time `t_s` arrived at `wall_at` by the node's clock, `monotonic_s` by its monotonic.

        `sure`: False while it is open whether packets come late or the camera's time is wrong. Without a monotonic
        clock what comes later and stays so is taken for a step of the wall clock.
        """
        wall_s = wall_at.timestamp()
        arrived_s = wall_s if monotonic_s is None else monotonic_s
        with self._lock:
            if not self._file:
                self._note_wall(t_s, wall_s - arrived_s)
                if sure:
                    self._unsure_from_s = None
                elif self._unsure_from_s is None:
                    self._unsure_from_s = t_s
            segment = self._segments[-1]
            offset = arrived_s - t_s
            if segment.arrival_s is None:
                segment.arrival_s = offset
            elif not self._file:
                if monotonic_s is None:
                    segment = self._stepped(segment, t_s, offset)
                assert segment.arrival_s is not None
                segment.arrival_s = min(offset, segment.arrival_s + self.margins.drift * max(t_s - segment.seen_s, 0.0))
            segment.seen_s = max(segment.seen_s, t_s)

    def observe_sender(self, t_s: float, wall_s: float) -> None:
        """The camera says that `t_s` was at `wall_s` (seconds since 1970, RTCP sender report)."""
        with self._lock:
            self._segments[-1].sender_s = wall_s - t_s

    def wall_at(self, t_s: float) -> datetime:
        """UTC of stream time `t_s`."""
        with self._lock:
            if self._file and self._start_at is not None:
                return self._start_at.astimezone(UTC) + timedelta(seconds=t_s)
            segment = self._at(t_s)
            offset = self._arrival(segment, t_s)
            if segment.sender_s is not None and abs(segment.sender_s - offset) <= self.margins.used_offset_s:
                offset = segment.sender_s
            return datetime.fromtimestamp(offset + t_s, UTC)

    def monotonic_at(self, t_s: float) -> float:
        """When the picture of `t_s` arrived at the earliest, by the monotonic clock given."""
        with self._lock:
            return (self._at(t_s).arrival_s or 0.0) + t_s

    def segment_at(self, t_s: float) -> int:
        """Which stretch of the stream `t_s` lies in: a number that grows with each connection, step and cut."""
        with self._lock:
            return self._at(t_s).number

    def state(self, t_s: float, from_s: float | None = None, to_s: float | None = None) -> tuple[Clock, list[str]]:
        """What the packet says of the clock at `t_s`, and the flags that follow for an act seen `from_s` to `to_s`."""
        from_s, to_s = t_s if from_s is None else min(from_s, t_s), t_s if to_s is None else max(to_s, t_s)
        with self._lock:
            raised = [d.flag for d in self._doubts if d.from_s <= to_s and d.to_s >= from_s]
        if self._file:
            return _told_of_file(raised, start_given=self._start_at is not None)
        with self._lock:
            segment = self._at(t_s)
            era = self._node.at(t_s)
            synchronised = bool(era.synchronised) if era is not None else bool(self._synchronised())
            difference = None
            if segment.sender_s is not None and segment.arrival_s is not None:
                difference = round(segment.sender_s - self._arrival(segment, t_s), 3)
            late = self._unsure_from_s is not None and self._unsure_from_s <= to_s
        return _told(raised, difference, self.margins, synchronised=synchronised, late=late)

    def _begin(self, t_s: float) -> _Segment:
        number = self._segments[-1].number + 1 if self._segments else 0
        segment = _Segment(number, t_s, seen_s=t_s)
        self._segments.append(segment)
        del self._segments[:-_KEPT]
        return segment

    def _doubt(self, from_s: float, to_s: float, flag: str) -> None:
        self._doubts.append(_Doubt(from_s, to_s, flag))
        del self._doubts[: -4 * _KEPT]

    def _note_wall(self, t_s: float, ahead_s: float) -> None:
        moved_from_s = self._node.note(t_s, ahead_s, self._synchronised())
        if moved_from_s is not None:
            self.clock_steps += 1
            self._doubt(moved_from_s, t_s + self.margins.clock_settles_s, "clock_unsure")

    def _stepped(self, segment: _Segment, t_s: float, offset: float) -> _Segment:
        """Without a monotonic clock: packets that come otherwise than before, and stay so, tell of a step."""
        assert segment.arrival_s is not None
        early = (
            offset < segment.arrival_s - self.margins.max_offset_s
            and segment.seen_s - segment.start_s >= self.margins.settled_s
        )
        late = offset > segment.arrival_s + self.margins.clock_step_s
        if not late:
            segment.late_s = None
        elif segment.late_s is None:
            segment.late_s, segment.late_from_s = offset, t_s
        else:
            segment.late_s = min(segment.late_s, offset)
        stays = segment.late_s is not None and t_s - segment.late_from_s >= self.margins.late_stays_s
        if not early and not stays:
            self._unsure_from_s = segment.late_from_s if late else None
            return segment
        self._unsure_from_s = None
        start_s, arrival_s = (t_s, offset) if segment.late_s is None else (segment.late_from_s, segment.late_s)
        self.clock_steps += 1
        self._doubt(segment.start_s, t_s + self.margins.clock_settles_s, "clock_unsure")
        after = self._begin(start_s)
        after.number, after.arrival_s, after.seen_s = segment.number, arrival_s, segment.seen_s
        return after

    def _arrival(self, segment: _Segment, t_s: float) -> float:
        """Wall minus stream time by arrival at the node."""
        if segment.arrival_s is None:
            raise ValueError("no frame has arrived yet")
        era = self._node.at(t_s)
        return segment.arrival_s + (era.ahead_s if era is not None else 0.0)

    def _at(self, t_s: float) -> _Segment:
        if not self._segments:
            raise ValueError("no frame has arrived yet")
        return next((s for s in reversed(self._segments) if s.start_s <= t_s), self._segments[0])


def _told_of_file(raised: list[str], *, start_given: bool) -> tuple[Clock, list[str]]:
    """What a packet says of the clock of a recording, and its flags."""
    flags = [f for f in raised if f != "clock_unsure"]
    if start_given:
        note = "start time of the recording given by the configuration"
        return Clock(source="file", synchronised=False, note=note), _once(["clock_from_file", *flags])
    note = "no start time given for the recording: time of processing"
    return Clock(source="file", synchronised=False, note=note), _once(["clock_unsure", *flags])


def _told(
    raised: list[str], difference: float | None, margins: ClockMargins, *, synchronised: bool, late: bool
) -> tuple[Clock, list[str]]:
    """What a packet says of the clocks of camera and node, and its flags. `difference`: camera less node, in seconds;
    None where the camera tells no time."""
    notes = [] if synchronised else ["the node's clock is not known to be synchronised"]
    if late:
        notes.append("pictures come late, or the camera's time is wrong")
    if "stream_time_step" in raised:
        notes.append("the camera's time stepped")
    elif "clock_unsure" in raised:
        notes.append("the node's clock was set")
        synchronised = False
    flags = ["clock_unsure"] if not synchronised or late or "clock_unsure" in raised else []
    flags += raised
    if difference is None or margins.used_offset_s < abs(difference) <= margins.max_offset_s:
        notes.append("wall time by arrival at the node")
        return Clock(source="system", synchronised=synchronised, note="; ".join(notes)), _once(flags)
    if abs(difference) <= margins.used_offset_s:
        clock = Clock(source="camera", synchronised=synchronised, offset_s=difference, note="; ".join(notes))
        return clock, _once(flags)
    notes.append(f"camera clock is off by {difference:+.3f} s: wall time by arrival at the node")
    clock = Clock(source="system", synchronised=synchronised, note="; ".join(notes))
    return clock, _once([*flags, "camera_clock_off"])


def _once(flags: list[str]) -> list[str]:
    return list(dict.fromkeys(flags))
