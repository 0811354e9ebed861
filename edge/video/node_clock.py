"""The node's wall clock held against its monotonic one: a step of NTP, or of a person, is seen at once."""

from __future__ import annotations

from dataclasses import dataclass

from edge.video.margins import ClockMargins

_KEPT = 64


@dataclass
class Era:
    """The node's clock between two steps: wall = monotonic + ahead. `synchronised` when that was measured."""

    start_s: float
    ahead_s: float
    synchronised: bool | None


class NodeClock:
    """How far the wall clock was ahead of the monotonic one, over stream time. Not thread-safe: its owner locks."""

    def __init__(self, margins: ClockMargins) -> None:
        self._margins = margins
        self._eras: list[Era] = []

    def note(self, t_s: float, ahead_s: float, synchronised: bool | None) -> float | None:
        """Measured at `t_s`: a new era when it moved, or when the kernel's word about it changed.

        Returns the stream time from which on dates are in doubt, if the clock was set; else None.
        """
        m = self._margins
        era = self._eras[-1] if self._eras else None
        if era is not None and abs(ahead_s - era.ahead_s) <= m.anchor_s and synchronised == era.synchronised:
            return None
        moved_from_s = None
        if era is not None:
            recent = [e for i, e in enumerate(self._eras) if self._ends(i) >= t_s - m.clock_settles_s]
            moved = [e for e in recent if abs(ahead_s - e.ahead_s) > m.clock_step_s]
            if abs(ahead_s - era.ahead_s) > m.anchor_s and moved:
                moved_from_s = moved[0].start_s
        self._eras.append(Era(t_s, ahead_s, synchronised))
        del self._eras[:-_KEPT]
        return moved_from_s

    def at(self, t_s: float) -> Era | None:
        """The era of a stream time; None before anything was measured."""
        if not self._eras:
            return None
        return next((e for e in reversed(self._eras) if e.start_s <= t_s), self._eras[0])

    def _ends(self, index: int) -> float:
        return self._eras[index + 1].start_s if index + 1 < len(self._eras) else float("inf")
