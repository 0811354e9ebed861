"""Can anything be seen in a picture: black, white, covered, blurred, or without colour (a camera's night mode).

Measured on the small picture, each beside what the reference shows of the same view: a street at night is dark and has
flat parts, but it is not black, and its edges are as sharp as by day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from common.margins import margin
from edge.types import Image
from edge.watch.registration import Floats
from zones.schema import Scene

Fault = Literal["black", "white", "covered", "blurred", "grey"]
_SEEN = "drawn day, dusk and night, and all footage, each as it is and blurred or greyed"
_BLOCKS = (9, 16)


@dataclass(frozen=True)
class AppearanceMargins:
    """When a picture shows too little."""

    black: float = margin(
        40.0, "grey levels", "the brightest hundredth of a black picture is darker: at night it is 120 and more",
        source=_SEEN, most=255.0,
    )  # fmt: skip
    white: float = margin(
        200.0, "grey levels", "the darkest twentieth of one that is white is brighter; by day it is 100 at most",
        source=_SEEN, most=255.0,
    )  # fmt: skip
    flat: float = margin(3.0, "grey levels", "a block whose levels scatter less shows nothing", source=_SEEN)
    covered: float = margin(
        0.85, "share of the blocks", "so many show nothing: something is before the lens. Of a road seen from above up "
        "to 0.74 do", source=_SEEN, most=1.0,
    )  # fmt: skip
    sharp: float = margin(
        0.45, "share of the reference's sharpness", "below it the lens is dirty, wet or out of focus. By night it is "
        "0.9 and more, blurred by two small pixels 0.2 to 0.4; single pictures of a film that is much compressed have "
        "less than 0.5", source=_SEEN, most=1.0,
    )  # fmt: skip
    colour: float = margin(
        4.0, "levels between channels", "in a picture without colour the most coloured two hundredth has less; a grey "
        "road has 8", source=_SEEN,
    )  # fmt: skip
    lens_colour: float = margin(
        24.0, "levels between channels", "a lens box with more shows a colour, whatever the rest does", source=_SEEN,
    )  # fmt: skip
    lasts_s: float = margin(
        3.0, "s", "a picture is said to be so, or good again, after so long: lightning and a bird are shorter",
        source="not measured",
    )  # fmt: skip
    every_s: float = margin(5.0, "s", "it is looked at so often", source="as for the place of the picture", least=0.5)
    closely_s: float = margin(0.5, "s", "and so often while it changes", source="six looks before anything is said")


@dataclass(frozen=True)
class Seen:
    """Of one picture: brightness of its brightest hundredth and darkest twentieth, share of flat blocks, sharpness
    (fine beside coarser edges), and colour."""

    bright: float
    dark: float
    flat: float
    sharp: float
    coloured: bool


def seen(image: Image, grey: Floats, scene: Scene, m: AppearanceMargins) -> Seen:
    """`image [H, W, 3]` BGR, `grey [h, w]` the same made small."""
    dark, bright = (float(v) for v in np.percentile(grey[::3, ::3], (5, 99)))
    return Seen(bright, dark, flat_share(grey, m), sharpness(grey), _coloured(image, scene, m))


def sharpness(grey: Floats) -> float:
    """Strength of the finest edges beside that of coarser ones."""
    fine = cv2.GaussianBlur(grey, (0, 0), 1.0)
    coarse = cv2.GaussianBlur(grey, (0, 0), 3.0)
    # every second pixel tells as much, in a quarter of the time
    finest, coarser = (float(np.percentile(cv2.absdiff(a, b)[::2, ::2], 97)) for a, b in ((grey, fine), (fine, coarse)))
    return finest / (coarser + 0.5)


def flat_share(grey: Floats, m: AppearanceMargins) -> float:
    """Share of the blocks in which nothing can be seen."""
    rows, columns = _BLOCKS
    height, width = grey.shape[0] // rows, grey.shape[1] // columns
    blocks = grey[: height * rows, : width * columns].reshape(rows, height, columns, width)
    return float((blocks.std(axis=(1, 3)) < m.flat).mean())


@dataclass(frozen=True)
class Usual:
    """Of the reference: share of flat blocks, and sharpness."""

    flat: float
    sharp: float

    @classmethod
    def of(cls, grey: Floats, m: AppearanceMargins) -> Usual:
        return cls(flat_share(grey, m), sharpness(grey))


def fault(now: Seen, usual: Usual | None, m: AppearanceMargins) -> Fault | None:
    """What is wrong with a picture. `usual`: of a reference of the same view; None: there is none worth comparing."""
    if now.bright < m.black:
        return "black"
    if now.dark > m.white:
        return "white"
    if usual is not None:
        if now.flat >= max(m.covered, (1 + usual.flat) / 2):
            return "covered"
        if now.sharp < m.sharp * usual.sharp:
            return "blurred"
    return None if now.coloured else "grey"


def _coloured(image: Image, scene: Scene, m: AppearanceMargins) -> bool:
    sparse = image[::8, ::8].astype(np.int16)
    if float(np.percentile(np.ptp(sparse, axis=2), 99.5)) >= m.colour:
        return True
    for head in scene.signals:
        for x1, y1, x2, y2 in [lamp.box for lamp in head.lamps] or ([head.box] if head.box else []):
            box = image[max(0, int(y1)) : int(y2) + 1, max(0, int(x1)) : int(x2) + 1].astype(np.int16)
            if box.size and int(np.ptp(box, axis=2).max()) >= m.lens_colour:
                return True
    return False


class AppearanceWatch:
    """One camera's pictures over time: a fault counts when it lasts, and so does its end."""

    def __init__(self, margins: AppearanceMargins) -> None:
        self._m = margins
        self.fault: Fault | None = None
        self.begin_anew()

    def begin_anew(self) -> None:
        self._other_since_s: float | None = None
        self._next_s = -1e9
        self._last_s = -1e9

    @property
    def open(self) -> bool:
        """Whether it is changing: the next looks decide."""
        return self._other_since_s is not None

    def due(self, t_s: float, *, asked: bool) -> bool:
        return t_s >= self._next_s or (asked and t_s - self._last_s >= self._m.closely_s)

    def feed(self, now: Fault | None, t_s: float) -> None:
        self._last_s = t_s
        if now == self.fault:
            self._other_since_s = None
        elif self._other_since_s is None:
            self._other_since_s = t_s
        elif t_s - self._other_since_s >= self._m.lasts_s:
            self.fault, self._other_since_s = now, None
        self._next_s = t_s + (self._m.closely_s if self.open else self._m.every_s)
