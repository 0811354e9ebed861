"""A head that is seen in the picture and told by its controller: the controller can only take away, never add. Pure.

The picture is the evidence, so what it shows stands; where the controller says something else for longer than a change
takes, nobody knows which of them is wrong, and the head is unknown. From when on they differed is known too
(`LampReading.stated_s`), and nothing before the end of that is believed.
"""

from __future__ import annotations

from dataclasses import replace

from edge.signals.reading import LampReading
from evidence.acts import LampState


class Together:
    """One head; `reading` once a picture, in order of time."""

    def __init__(self, differ_s: float) -> None:
        self._differ_s = differ_s
        self._since_s: float | None = None
        self._agreed_s = -1e12

    @property
    def differs_s(self) -> float | None:
        """Since when they differ, stream time; None while they do not."""
        return self._since_s

    def reading(self, t_s: float, seen: LampReading, agrees: bool | None) -> LampReading:
        """`agrees`: whether the controller said what is seen; None: it says nothing, and the picture stands alone."""
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
