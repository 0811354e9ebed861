"""How a controller's clock stands to the box's, learnt from its own statements. Pure.

No statement comes before it was made, so the least of *received less said* over a while is the difference of the clocks
and the shortest way together (one-way delay, as in RFC 2679). What came by a longer way is dated right all the same.
"""

from __future__ import annotations

from collections import deque

from edge.signals.controller_margins import ControllerMargins

_SAMPLES = 1024


class ControllerClock:
    """`take` the times of each statement; `to_box` puts the controller's time on the box's clock."""

    def __init__(self, margins: ControllerMargins) -> None:
        self._m = margins
        self._samples: deque[tuple[float, float]] = deque(maxlen=_SAMPLES)
        self._begun_s: float | None = None
        self._count = 0
        self._late_since_s: float | None = None

    def take(self, said_s: float, received_s: float) -> bool:
        """True: one of the clocks was set; nothing that was dated before is right."""
        m, took_s, known_s = self._m, received_s - said_s, self.offset_s
        stepped = False
        if known_s is not None and took_s < known_s - m.step_s:
            stepped = True
        elif known_s is not None and took_s > known_s + m.step_s:
            # late on its way, or the clock was set back: told apart by whether others still come in time
            self._late_since_s = received_s if self._late_since_s is None else self._late_since_s
            stepped = received_s - self._late_since_s >= m.relearn_s
            if not stepped:
                return False
        if stepped:
            self._samples.clear()
            self._count = 0
            self._begun_s = None
        self._late_since_s = None
        self._begun_s = received_s if self._begun_s is None else self._begun_s
        self._count += 1
        while self._samples and received_s - self._samples[0][0] > m.window_s:
            self._samples.popleft()
        self._samples.append((received_s, took_s))
        return stepped

    @property
    def offset_s(self) -> float | None:
        """Box's clock less controller's, with the shortest way; None as long as no time was stated."""
        return min((took_s for _, took_s in self._samples), default=None)

    @property
    def settled(self) -> bool:
        """Whether enough was heard to know it: the first statements may have waited on their way."""
        if self._begun_s is None or not self._samples:
            return False
        return self._count >= self._m.learn_statements and self._samples[-1][0] - self._begun_s >= self._m.learn_s

    def to_box(self, said_s: float) -> tuple[float, float]:
        """A moment by the box's clock, at the earliest and at the latest. They differ where all that was heard of late
        took longer than before: by a longer way, or because a clock was set by less than is told apart.

        Raises `ValueError` before any time was taken.
        """
        offset_s = self.offset_s
        if offset_s is None:
            raise ValueError("no time was taken yet")
        since_s = self._samples[-1][0] - self._m.stale_s
        return said_s + offset_s, said_s + min(took_s for at_s, took_s in self._samples if at_s >= since_s)
