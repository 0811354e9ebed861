"""How the times of two streams of one camera stand to each other: measured by what both show, and followed. Pure.

Each stream has a line of time of its own: encoders take their time, and a stream that is opened later begins later. A
camera's word on it is not asked. A main picture is held against the small ones of about its time; where something
moves only one of them shows the same moment.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from edge.substream.margins import SubstreamMargins


class Offset:
    """`shift_s`: to be added to a time of the small stream to be on the main one's line.

    Parameters
    ----------
    guess_s: what it is about, until it is measured.
    """

    def __init__(self, guess_s: float, margins: SubstreamMargins) -> None:
        self._m = margins
        self.shift_s = guess_s
        self.known = False
        """Whether it was measured; else it is a guess."""
        self.line = 0
        """Grows where a stream begins anew: what is known of one line says nothing of another."""
        self._measured: deque[float] = deque(maxlen=margins.followed)

    @property
    def reach_s(self) -> float:
        """So far around the place that it gives a picture is to be sought."""
        return self._m.reach_s if self.known else self._m.far_s

    @property
    def residual_s(self) -> float | None:
        """By how much single measurements lie off it, in the middle; None before there are any."""
        if not self.known:
            return None
        return float(np.median(np.abs(np.array(self._measured) - self.shift_s)))

    def measured(self, shift_s: float) -> bool:
        """One more measurement. Returns whether the line of time leaps: what was followed before is not followed on."""
        m = self._m
        self._measured.append(shift_s)
        latest = list(self._measured)[-m.agree :]
        agreed = len(latest) == m.agree and max(latest) - min(latest) <= m.near_s
        if not self.known:
            if not agreed:
                return False
            return self._leap(latest)
        middle = float(np.median(self._measured))
        if agreed and abs(float(np.median(latest)) - self.shift_s) > m.reach_s / 2:
            return self._leap(latest)
        self.shift_s += float(np.clip(middle - self.shift_s, -m.slew_s, m.slew_s))
        return False

    def lost(self) -> None:
        """A stream began anew: where it was is a guess."""
        self.known = False
        self.line += 1
        self._measured.clear()

    def _leap(self, latest: list[float]) -> bool:
        before, self.shift_s = self.shift_s, float(np.median(latest))
        self.known = True
        self._measured.clear()
        self._measured.extend(latest)
        return abs(self.shift_s - before) > self._m.near_s
