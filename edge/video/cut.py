"""A cut in the picture while times go on: a spliced recording, a recorder that jumps, a camera turned to another view.

Everything that was followed ends in such a moment, and what is seen next is not the same. The picture is compared
with the one before it in small blocks by their structure, freed from brightness and contrast: lamps, flashes and the
camera's exposure leave it as it is. A cut changes much at once and all over the picture, then it is calm again and
stays changed; headlights come in one place, a lorry that passes close changes as much over many pictures, a shake can
be undone by moving the picture, a flash passes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import Image

T = TypeVar("T")
_Floats = NDArray[np.float32]
_WIDTH, _HEIGHT = 96, 54
_AROUND = 9
_NOISE = 4.0
"""Grey levels of contrast below which a picture's structure is noise."""
_ALIKE = 0.5
"""Correlation of a block's structure below which it shows something else."""
_OTHER_VIEW = 0.6
"""Share of blocks: between two views 0.89 and more changed on all footage, 0.43 within one between two pictures."""
_SAME_VIEW = 0.15
_ABOVE_USUAL = 2.2
"""Within one view the traffic of another moment changes less: so many times the most of the pictures before."""
_MEMORY, _LEAST_MEMORY = 12, 4
_SPREAD = 0.35
"""Share of the picture over which the changed blocks lie, its outer tenths left out: one light or one lorry fills less,
traffic of another moment 0.4 to 0.7."""
_CALM, _STAYS, _MOVED = 0.5, 0.7, 0.6
_AFTER = 3
"""Pictures after it that show whether it was one."""
_LEAST_BLOCKS, _MANY_BLOCKS = 12, 40
_MOST_SHIFT = 6.0
_GAP_STEPS = 2.5


@dataclass(frozen=True)
class _Look:
    """A picture made small: grey `[54, 96]`, its structure, its contrast squared."""

    grey: _Floats
    structure: _Floats
    contrast: _Floats

    @classmethod
    def of_grey(cls, grey: _Floats) -> _Look:
        fine = grey - cv2.blur(grey, (_AROUND, _AROUND))
        contrast = cv2.blur(fine * fine, (_AROUND, _AROUND))
        return cls(grey, (fine / np.sqrt(contrast + _NOISE**2)).astype(np.float32), contrast.astype(np.float32))

    @classmethod
    def of(cls, image: Image) -> _Look:
        """`image`: `[H, W, 3]` BGR. Thinned first: a whole picture is not needed for blocks."""
        step = max(1, image.shape[1] // (3 * _WIDTH))
        grey = cv2.cvtColor(np.ascontiguousarray(image[::step, ::step]), cv2.COLOR_BGR2GRAY)
        return cls.of_grey(cv2.resize(grey, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32))


@dataclass(frozen=True)
class Change:
    """Between two pictures: `share` of `blocks` (those with structure) differs, over `spread` of the picture."""

    share: float
    blocks: int
    spread: float


def change(before: _Look, after: _Look) -> Change:
    """What changed, whatever the light."""

    def blocks(values: _Floats) -> _Floats:
        return cv2.resize(values, (16, 9), interpolation=cv2.INTER_AREA).astype(np.float32)

    a, b = before.structure, after.structure
    active = np.maximum(blocks(before.contrast), blocks(after.contrast)) > 9.0
    alike = blocks(a * b) / np.sqrt(blocks(a * a) * blocks(b * b) + 1e-4)
    changed = (alike < _ALIKE) & active
    y, x = np.nonzero(changed)
    spread = 0.0
    if len(x) > 1:
        wide, high = (float(np.quantile(v, 0.9) - np.quantile(v, 0.1)) + 1 for v in (x, y))
        spread = wide * high / changed.size
    count = int(active.sum())
    return Change(int(changed.sum()) / max(count, 1), count, spread)


def _moved_back(before: _Look, after: _Look) -> _Look:
    """`after` moved onto `before`, if it is the same picture shifted."""
    window = cv2.createHanningWindow((_WIDTH, _HEIGHT), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(before.grey, after.grey, window)
    if not 0.02 < max(abs(dx), abs(dy)) <= _MOST_SHIFT:
        return after
    matrix = np.array([[1, 0, -dx], [0, 1, -dy]], dtype=np.float32)
    grey = cv2.warpAffine(after.grey, matrix, (_WIDTH, _HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return _Look.of_grey(grey.astype(np.float32))


class CutWatch(Generic[T]):
    """Feed pictures in order; they come out again, at most three later, with whether a cut lies before them."""

    def __init__(self) -> None:
        self._last: _Look | None = None
        self._last_s = 0.0
        self._steps: deque[float] = deque(maxlen=25)
        self._usual: deque[float] = deque(maxlen=_MEMORY)
        self._held: list[tuple[T, _Look]] = []
        self._before: _Look | None = None
        self._share = 0.0

    def feed(self, item: T, image: Image, t_s: float) -> list[tuple[T, bool]]:
        look = _Look.of(image)
        last, self._last = self._last, look
        step_s, self._last_s = t_s - self._last_s, t_s
        if last is None:
            return [(item, False)]
        usual_s = float(np.median(self._steps)) if self._steps else step_s
        self._steps.append(step_s)
        now = change(last, look)
        share = now.share
        if self._held:
            self._held.append((item, look))
            return self._decide(share)
        most, known = max(self._usual, default=0.0), len(self._usual)
        self._usual.append(share)
        if step_s > _GAP_STEPS * usual_s:
            return [(item, False)]  # pictures are missing: time does not go on
        other = share >= _OTHER_VIEW and now.blocks >= _LEAST_BLOCKS and known >= 1
        enough = now.blocks >= _MANY_BLOCKS and now.spread >= _SPREAD and known >= _LEAST_MEMORY
        same = enough and share >= max(_SAME_VIEW, _ABOVE_USUAL * most)
        if not other and not same:
            return [(item, False)]
        self._held, self._before, self._share = [(item, look)], last, share
        return []

    def flush(self) -> list[tuple[T, bool]]:
        """The stream ends: what was held comes out, and the next picture has none before it."""
        held, self._held, self._last = self._held, [], None
        self._usual.clear()
        self._steps.clear()
        return [(item, False) for item, _ in held]

    def _decide(self, share: float) -> list[tuple[T, bool]]:
        held = self._held
        calm = share <= _CALM * self._share
        if calm and len(held) <= _AFTER:
            return []
        cut = calm and self._stays([look for _, look in held])
        if cut:
            self._usual.clear()
        self._held = []
        return [(item, cut and index == 0) for index, (item, _) in enumerate(held)]

    def _stays(self, looks: list[_Look]) -> bool:
        """Whether the picture is still another, and not the old one moved."""
        before = self._before
        assert before is not None
        if change(before, looks[-2]).share < _STAYS * self._share:
            return False
        moved = min(change(before, _moved_back(before, look)).share for look in (looks[0], looks[-2]))
        return moved >= _MOVED * self._share
