"""A head that is seen in the picture and told by its controller: the controller can only take away, never add. Pure.

The picture is the evidence, so what it shows stands; where the controller says something else for longer than a change
takes, nobody knows which of them is wrong, and the head is unknown. From when on they differed is known too
(`LampReading.stated_s`), and nothing before the end of that is believed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from edge.signals.reading import LampReading
from evidence.acts import LampState

_REMEMBERED = 64
"""Silences: an act is told some seconds after it was, and a controller seldom falls silent more often."""


class Together:
    """One head; `reading` once a picture, in order of time."""

    def __init__(self, differ_s: float) -> None:
        self._differ_s = differ_s
        self._last_s = -1e12
        self._since_s: float | None = None
        self._agreed_s = -1e12
        self._alone: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)
        """From when to when the picture stood alone, the controller saying nothing."""

    def alone(self, t_s: float) -> bool:
        """Whether the controller said nothing of the head at the stream time `t_s`."""
        return any(from_s <= t_s <= to_s for from_s, to_s in self._alone)

    @property
    def differs_s(self) -> float | None:
        """Since when they differ, stream time; None while they do not."""
        return self._since_s

    def reading(self, t_s: float, seen: LampReading, agrees: bool | None) -> LampReading:
        """`agrees`: whether the controller said what is seen; None: it says nothing, and the picture stands alone."""
        if agrees is None:
            goes_on = bool(self._alone) and self._alone[-1][1] == self._last_s
            from_s = self._alone.pop()[0] if goes_on else t_s
            self._alone.append((from_s, t_s))
        self._last_s = t_s
        if agrees is None or seen.state == LampState.UNKNOWN:
            # what cannot be seen is neither confirmed nor contradicted: a difference goes on where it was
            return seen if self._since_s is None else replace(seen, stated_s=self._agreed_s)
        if agrees:
            self._since_s, self._agreed_s = None, t_s
            return replace(seen, stated_s=t_s)
        self._since_s = t_s if self._since_s is None else self._since_s
        if t_s - self._since_s > self._differ_s:
            return LampReading(LampState.UNKNOWN, 0.0, "differs", stated_s=self._agreed_s)
        return replace(seen, stated_s=self._agreed_s)
