"""How fast a camera's pictures are judged, and how long ago the last one was."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_OVER_S = 10.0
_LEAST_S = 2.0
"""Over less nothing is said of a pace."""


class Pace:
    """Told of each picture by one thread, asked by others. `monotonic`: seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._judged: deque[float] = deque(maxlen=100)

    def judged(self) -> None:
        """A picture goes to the pipeline now."""
        self._judged.append(self._monotonic())

    @property
    def age_s(self) -> float | None:
        """Since the last one; None before the first."""
        last = list(self._judged)[-1:]
        return round(self._monotonic() - last[0], 2) if last else None

    @property
    def fps(self) -> float | None:
        """Pictures a second over the last ten seconds; None before there is anything to say."""
        now = self._monotonic()
        judged = [at for at in list(self._judged) if now - at <= _OVER_S]
        return round(len(judged) / (now - judged[0]), 2) if len(judged) > 1 and now - judged[0] > _LEAST_S else None
