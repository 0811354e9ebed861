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

from common.margins import margin
from edge.picture import BgrPicture, Image, Picture

T = TypeVar("T")
_Floats = NDArray[np.float32]
_WIDTH, _HEIGHT = 96, 54
"""A picture is compared at this size; the numbers below were measured at it."""
_AROUND = 9
"""Side of the window that a pixel's structure is compared with, at that size."""
_SHOWN = "drawn streets, weathers, lorries and shakes of tests/edge/test_cut.py and all footage; no better source"


@dataclass(frozen=True)
class CutMargins:
    """When two pictures in a row are not of one moment. Shares are of the picture's blocks that have structure."""

    noise: float = margin(
        4.0, "grey levels", "a picture's structure is noise below so much contrast", source=_SHOWN,
        least=0.1, most=255.0,
    )  # fmt: skip
    structure: float = margin(
        9.0, "grey levels squared", "a block has structure from so much contrast on", source=_SHOWN,
    )  # fmt: skip
    alike: float = margin(
        0.5, "correlation", "a block whose structure is less alike shows something else", source=_SHOWN, most=1.0,
    )  # fmt: skip
    other_view: float = margin(
        0.6, "share of blocks", "so many changed: another view",
        source="between two views 0.89 and more changed on all footage, within one 0.43 between two pictures", most=1.0,
    )  # fmt: skip
    same_view: float = margin(
        0.15, "share of blocks", "the same view at another moment: at least so many", source=_SHOWN, most=1.0,
    )  # fmt: skip
    above_usual: float = margin(
        2.2, "times the most before",
        "within one view the traffic of another moment changes less: so much over what the pictures before changed",
        source=_SHOWN, least=1.0,
    )  # fmt: skip
    memory: int = margin(
        12, "pictures", "so many before are remembered: a second at 12 a second", source=_SHOWN, least=1
    )
    least_memory: int = margin(
        4, "pictures", "with fewer nobody knows what is usual here", source=_SHOWN, least=1,
    )  # fmt: skip
    spread: float = margin(
        0.35, "share of the picture", "over so much the changed blocks lie, the outer tenths left out",
        source="one light or one lorry fills less, traffic of another moment 0.4 to 0.7", most=1.0,
    )  # fmt: skip
    outer: float = margin(
        0.1, "share of the changed blocks", "left out on each side: one stray block spreads nothing", source=_SHOWN,
        most=0.5,
    )  # fmt: skip
    calm: float = margin(
        0.5, "share of the change", "after a cut the pictures change no more than this", source=_SHOWN, most=1.0,
    )  # fmt: skip
    stays: float = margin(
        0.7, "share of the change", "so much of it is still there when it is calm: a flash passes", source=_SHOWN,
        most=1.0,
    )  # fmt: skip
    moved: float = margin(
        0.6, "share of the change", "so much is left when the picture is moved back: a shake can be undone",
        source=_SHOWN, most=1.0,
    )  # fmt: skip
    after: int = margin(
        3, "pictures", "so many after it show whether it was one; they are held back", source=_SHOWN, least=2,
    )  # fmt: skip
    least_blocks: int = margin(
        12, "blocks of 144", "with structure, for another view to be told: fewer tell nothing", source=_SHOWN, least=1,
    )  # fmt: skip
    many_blocks: int = margin(
        40, "blocks of 144", "with structure, for the same view at another moment to be told", source=_SHOWN, least=1,
    )  # fmt: skip
    least_shift: float = margin(
        0.02, "pixels of 96", "a smaller shift is none", source="first cut watch; nobody wrote down why so much",
    )  # fmt: skip
    most_shift: float = margin(
        6.0, "pixels of 96", "so far a shaken picture is moved back: further is another view", source=_SHOWN,
    )  # fmt: skip
    gap_steps: float = margin(
        2.5, "usual steps", "after a longer pause pictures are missing: time does not go on, so that is no cut",
        source=_SHOWN,
    )  # fmt: skip


@dataclass(frozen=True)
class _Look:
    """A picture made small: grey `[54, 96]`, its structure, its contrast squared."""

    grey: _Floats
    structure: _Floats
    contrast: _Floats

    @classmethod
    def of_grey(cls, grey: _Floats, m: CutMargins) -> _Look:
        fine = grey - cv2.blur(grey, (_AROUND, _AROUND))
        contrast = cv2.blur(fine * fine, (_AROUND, _AROUND))
        return cls(grey, (fine / np.sqrt(contrast + m.noise**2)).astype(np.float32), contrast.astype(np.float32))

    @classmethod
    def of(cls, picture: Picture, m: CutMargins) -> _Look:
        """Thinned first: a whole picture is not needed for blocks."""
        grey = picture.sparse_light(max(1, picture.width // (3 * _WIDTH)))
        return cls.of_grey(cv2.resize(grey, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32), m)


@dataclass(frozen=True)
class Change:
    """Between two pictures: `share` of `blocks` (those with structure) differs, over `spread` of the picture."""

    share: float
    blocks: int
    spread: float


def change(before: _Look, after: _Look, m: CutMargins) -> Change:
    """What changed, whatever the light."""

    def blocks(values: _Floats) -> _Floats:
        return cv2.resize(values, (16, 9), interpolation=cv2.INTER_AREA).astype(np.float32)

    a, b = before.structure, after.structure
    active = np.maximum(blocks(before.contrast), blocks(after.contrast)) > m.structure
    alike = blocks(a * b) / np.sqrt(blocks(a * a) * blocks(b * b) + 1e-4)
    changed = (alike < m.alike) & active
    y, x = np.nonzero(changed)
    spread = 0.0
    if len(x) > 1:
        wide, high = (quantile(v, 1 - m.outer) - quantile(v, m.outer) + 1 for v in (x, y))
        spread = wide * high / changed.size
    count = int(active.sum())
    return Change(int(changed.sum()) / max(count, 1), count, spread)


def quantile(values: NDArray[np.int64], share: float) -> float:
    """As `numpy.quantile` of some whole numbers, which takes ten times as long to get going: this is asked of every
    picture that is decoded."""
    in_order = np.sort(values)
    at = (len(in_order) - 1) * share
    below = int(at)
    first, then = int(in_order[below]), int(in_order[min(below + 1, len(in_order) - 1)])
    beyond = at - below
    way = then - first
    return first + way * beyond if beyond < 0.5 else then - way * (1 - beyond)


def _moved_back(before: _Look, after: _Look, m: CutMargins) -> _Look:
    """`after` moved onto `before`, if it is the same picture shifted."""
    window = cv2.createHanningWindow((_WIDTH, _HEIGHT), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(before.grey, after.grey, window)
    if not m.least_shift < max(abs(dx), abs(dy)) <= m.most_shift:
        return after
    matrix = np.array([[1, 0, -dx], [0, 1, -dy]], dtype=np.float32)
    grey = cv2.warpAffine(after.grey, matrix, (_WIDTH, _HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return _Look.of_grey(grey.astype(np.float32), m)


class CutWatch(Generic[T]):
    """Feed pictures in order; they come out again, at most three later, with whether a cut lies before them."""

    def __init__(self, margins: CutMargins | None = None) -> None:
        self._margins = margins or CutMargins()
        self._last: _Look | None = None
        self._last_s = 0.0
        self._steps: deque[float] = deque(maxlen=25)
        self._usual: deque[float] = deque(maxlen=self._margins.memory)
        self._held: list[tuple[T, _Look]] = []
        self._before: _Look | None = None
        self._share = 0.0

    def feed(self, item: T, picture: Picture | Image, t_s: float) -> list[tuple[T, bool]]:
        m = self._margins
        look = _Look.of(BgrPicture(picture) if isinstance(picture, np.ndarray) else picture, m)
        last, self._last = self._last, look
        step_s, self._last_s = t_s - self._last_s, t_s
        if last is None:
            return [(item, False)]
        usual_s = float(np.median(self._steps)) if self._steps else step_s
        self._steps.append(step_s)
        now = change(last, look, m)
        share = now.share
        if self._held:
            self._held.append((item, look))
            return self._decide(share)
        most, known = max(self._usual, default=0.0), len(self._usual)
        self._usual.append(share)
        if step_s > m.gap_steps * usual_s:
            return [(item, False)]  # pictures are missing: time does not go on
        other = share >= m.other_view and now.blocks >= m.least_blocks and known >= 1
        enough = now.blocks >= m.many_blocks and now.spread >= m.spread and known >= m.least_memory
        same = enough and share >= max(m.same_view, m.above_usual * most)
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
        calm = share <= self._margins.calm * self._share
        if calm and len(held) <= self._margins.after:
            return []
        cut = calm and self._stays([look for _, look in held])
        if cut:
            self._usual.clear()
        self._held = []
        return [(item, cut and index == 0) for index, (item, _) in enumerate(held)]

    def _stays(self, looks: list[_Look]) -> bool:
        """Whether the picture is still another, and not the old one moved."""
        before, m = self._before, self._margins
        assert before is not None
        if change(before, looks[-2], m).share < m.stays * self._share:
            return False
        moved = min(change(before, _moved_back(before, look, m), m).share for look in (looks[0], looks[-2]))
        return moved >= m.moved * self._share
