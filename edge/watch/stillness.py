"""Is it always the same picture: a camera or recorder that hangs sends its last one on and on.

No real picture repeats to the last grey level, not at night either: sensors are noisy. Over all footage no two pictures
in a row were the same.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.picture import Image, Picture

_FIRST_ROW, _ROW_STEP = 8, 32
"""Every thirty-second row is compared: whatever moves crosses some, and noise is everywhere."""


@dataclass(frozen=True)
class StillnessMargins:
    frozen_s: float = margin(
        5.0, "s", "the same picture for so long: frozen", source="asked for (field trial, November 2026)", least=1.0,
    )  # fmt: skip
    stood_s: float = margin(
        1.5, "s", "an act with the same picture for so long within it is held: who seems to stand may be driving",
        source="shorter than any act of standing lasts; lost packets repeat pictures for less", least=0.2,
    )  # fmt: skip
    remembered_s: float = margin(
        600.0, "s", "such stretches are remembered: acts of standing last minutes", source="parking takes five minutes",
    )  # fmt: skip


class StillnessWatch:
    """One camera's pictures in order."""

    def __init__(self, margins: StillnessMargins) -> None:
        self._m = margins
        self._stretches: deque[tuple[float, float]] = deque()
        self.begin_anew()

    def begin_anew(self) -> None:
        self._rows: Image | None = None
        self._since_s = self._now_s = 0.0
        self._stretches.clear()

    def feed(self, picture: Picture, t_s: float) -> None:
        rows = picture.light_rows(_FIRST_ROW, _ROW_STEP)
        same = self._rows is not None and rows.shape == self._rows.shape and np.array_equal(rows, self._rows)
        if not same:
            if self._now_s - self._since_s >= self._m.stood_s:
                self._stretches.append((self._since_s, self._now_s))
            self._rows, self._since_s = rows, t_s
        self._now_s = t_s
        while self._stretches and t_s - self._stretches[0][1] > self._m.remembered_s:
            self._stretches.popleft()

    @property
    def frozen(self) -> bool:
        return self._now_s - self._since_s >= self._m.frozen_s

    def within(self, from_s: float, to_s: float) -> bool:
        """Whether the picture stood still for a while between two stream times."""
        stretches = list(self._stretches)
        if self._now_s - self._since_s >= self._m.stood_s:
            stretches.append((self._since_s, self._now_s))
        return any(begin < to_s and from_s < end for begin, end in stretches)
