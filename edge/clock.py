"""Stream time to wall clock, and how far that can be trusted."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from evidence.packet import Clock

MAX_OFFSET_S = 1.0
"""A clock that is off by more makes an act doubtful (promise 3)."""
_DRIFT = 1e-4  # cheap crystals drift by up to 100 ppm
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


@dataclass
class _Segment:
    """One connection: wall = offset + t_s, by arrival and, if the camera tells it, by the sender's clock."""

    start_s: float
    arrival_s: float | None = None
    sender_s: float | None = None
    seen_s: float = 0.0


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
    ) -> None:
        self._file = file
        self._start_at = start_at
        self._synchronised = system_synchronised or kernel_clock_synchronised
        self._lock = threading.Lock()
        self._segments: list[_Segment] = []

    def start_segment(self, t_s: float) -> None:
        """A new connection whose first frame has stream time `t_s`."""
        with self._lock:
            self._segments.append(_Segment(t_s, seen_s=t_s))
            del self._segments[:-64]

    def observe_arrival(self, t_s: float, wall_at: datetime) -> None:
        """The packet with stream time `t_s` arrived at `wall_at` (node's clock)."""
        offset = wall_at.timestamp() - t_s
        with self._lock:
            segment = self._segments[-1]
            if segment.arrival_s is None:
                segment.arrival_s = offset
            elif not self._file:
                segment.arrival_s = min(offset, segment.arrival_s + _DRIFT * max(t_s - segment.seen_s, 0.0))
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
            offset = segment.arrival_s
            if offset is None:
                raise ValueError("no frame has arrived yet")
            if segment.sender_s is not None and abs(segment.sender_s - offset) <= MAX_OFFSET_S:
                offset = segment.sender_s
            return datetime.fromtimestamp(offset + t_s, UTC)

    def state(self, t_s: float) -> tuple[Clock, list[str]]:
        """What the packet says of the clock at `t_s`, and the flags that follow from it."""
        if self._file:
            if self._start_at is not None:
                note = "start time of the recording given by the configuration"
                return Clock(source="file", synchronised=False, note=note), ["clock_from_file"]
            note = "no start time given for the recording: time of processing"
            return Clock(source="file", synchronised=False, note=note), ["clock_unsure"]
        synchronised = self._synchronised()
        with self._lock:
            segment = self._at(t_s)
            difference = None
            if segment.sender_s is not None and segment.arrival_s is not None:
                difference = round(segment.sender_s - segment.arrival_s, 3)
        flags = [] if synchronised else ["clock_unsure"]
        notes = [] if synchronised else ["the node's clock is not known to be synchronised"]
        if difference is None:
            notes.append("wall time by arrival at the node")
            return Clock(source="system", synchronised=bool(synchronised), note="; ".join(notes)), flags
        if abs(difference) <= MAX_OFFSET_S:
            clock = Clock(source="camera", synchronised=bool(synchronised), offset_s=difference, note="; ".join(notes))
            return clock, flags
        notes.append(f"camera clock is off by {difference:+.3f} s: wall time by arrival at the node")
        clock = Clock(source="system", synchronised=bool(synchronised), note="; ".join(notes))
        return clock, [*flags, "camera_clock_off"]

    def _at(self, t_s: float) -> _Segment:
        if not self._segments:
            raise ValueError("no frame has arrived yet")
        return next((s for s in reversed(self._segments) if s.start_s <= t_s), self._segments[0])


class _Timex(ctypes.Structure):
    """Enough of `struct timex` for `adjtimex` with `modes = 0`; the rest is room."""

    _fields_ = (("modes", ctypes.c_uint), ("room", ctypes.c_byte * 508))


def kernel_clock_synchronised() -> bool | None:
    """Whether the kernel's clock is disciplined by NTP, PTP or GNSS; None if the kernel does not say."""
    try:
        result = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(_Timex()))
    except (OSError, AttributeError):
        return None
    return None if result < 0 else result != _TIME_ERROR
