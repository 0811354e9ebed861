"""One signal head in one picture: colour and brightness of its lenses (over time: `edge.signals.history`).

A lens counts as lit when it stands out from its own head, in the colour of its place and in brightness. Comparing
within the head is what lets the same numbers serve a dim red at dusk, an over-exposed white core with a red rim, and a
red bus that hides the whole head (every lens red: nothing stands out, so the state is unknown). A colour that the
housing has too is paint, not light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from edge.signals.history import LampReading
from edge.types import Image
from evidence.acts import LampState
from zones.schema import Lamp, SignalHead

_ORDER: tuple[Literal["red", "yellow", "green"], ...] = ("red", "yellow", "green")
_FULL_SCALE = 255
_TUNED = "tuned on the drawn heads of tests/edge/test_lamps.py and the clips (decision 10); no better source"


@dataclass(frozen=True)
class LampMargins:
    """From when on a lens is lit, and what only looks like light. Shares of 1 are of the full scale of 255 levels."""

    lit: float = margin(
        0.17,
        "share of full scale",
        "a lens that stands out by so much is lit; a dim red in the clips has 120 of 255",
        source=_TUNED,
        most=1.0,
        least=0.01,
    )
    dark: float = margin(
        0.11,
        "share of full scale",
        "below this nothing stands out and the head is off; between this and `lit` nobody can tell, so it is unknown",
        source=_TUNED,
        most=1.0,
        least=0.01,
    )
    rival_share: float = margin(
        0.6,
        "share of the strongest lens",
        "two lenses that both stand out are unknown, not the stronger of them",
        source=_TUNED,
        most=1.0,
    )
    brightness_weight: float = margin(
        0.6,
        "share",
        "brightness counts beside colour but less: a lamp's core is white and has lost its colour",
        source=_TUNED,
    )
    brightest_share: float = margin(
        0.2,
        "share of pixels",
        "the brightest part of a lens box speaks for it: the box is larger than the lit disc",
        source="geometry of a lens and its drawn box; the value is tuned on the clips",
        most=1.0,
    )
    brightest_least: int = margin(
        4,
        "pixels",
        "so many speak for a lens at least: in a small lens a fifth would be single noisy pixels",
        source=_TUNED,
        least=1,
    )
    least_pixels: int = margin(
        6,
        "pixels",
        "a lens of which less lies in the picture cannot be read",
        source="first lamp reader; nobody wrote down why six",
        least=1,
    )
    least_colour: float = margin(
        6.0,
        "grey levels",
        "brightness without so much of the lens' colour is a flash, the sun or a lorry's side",
        source="first lamp reader; nobody wrote down why six",
        most=255.0,
    )
    brightness_alone: float = margin(
        90.0,
        "grey levels",
        "a head of one lens has none to compare with: it must be brighter than this",
        source="first lamp reader; no clip has such a head and nobody wrote down why 90",
        most=255.0,
    )
    amber_least: float = margin(
        2.0,
        "ratio",
        "in the yellow lens' place red must be so much stronger than yellow to contradict it: amber leans to red",
        source="tuned on amber lamps of the clips and of heads of other countries (`giaolo evaluate models`)",
        least=1.0,
    )
    paint_percentile: float = margin(
        30.0,
        "percent of the housing's pixels",
        "most of them must have a colour for it to be paint: a lit lens glows on those beside it",
        source="drawn painted heads of tests/edge/test_lamps.py; no better source",
        most=100.0,
    )
    paint_least: float = margin(
        6.0,
        "grey levels",
        "less colour on the housing is grey, not paint",
        source="the number of `least_colour` was taken; no better source",
        most=255.0,
    )
    paint_everywhere: float = margin(
        0.6,
        "share of the lens' own colour",
        "a housing that has so much of it all around is painted in it",
        source="drawn painted heads of tests/edge/test_lamps.py; the number of `rival_share` was taken",
        most=1.0,
    )
    paint_near: float = margin(
        0.75,
        "share of the lens' own colour",
        "the same right around this lens, where its own light falls too",
        source="lit lenses in the footage have 0.45 around them, once 0.64",
        most=1.0,
    )
    yellow_unequal: float = margin(
        0.75,
        "share",
        "yellow is red and green alike: so much of their difference is taken from it",
        source="keeps red and green lenses from passing for yellow ones in the clips; tuned, no better source",
    )
    sure_lead: float = margin(
        2.0,
        "times `lit`",
        "a lead over the next lens from which on the reading is told with full confidence",
        source="a scale for people; the states do not depend on it",
        least=0.01,
    )


def lenses_of(head: SignalHead) -> list[Lamp]:
    """The drawn lenses, else the whole box in thirds: red on top, or on the left."""
    if head.lamps:
        return list(head.lamps)
    if head.box is None:
        return []
    x1, y1, x2, y2 = head.box
    step_x, step_y = ((x2 - x1) / 3, 0.0) if head.orientation == "horizontal" else (0.0, (y2 - y1) / 3)
    width, height = (step_x, y2 - y1) if step_x else (x2 - x1, step_y)
    return [
        Lamp(
            colour=colour,
            box=(x1 + i * step_x, y1 + i * step_y, x1 + i * step_x + width, y1 + i * step_y + height),
        )
        for i, colour in enumerate(_ORDER)
    ]


class HeadReader:
    """Reads one head out of whole pictures `[H, W, 3]` BGR."""

    def __init__(self, head: SignalHead, margins: LampMargins | None = None) -> None:
        self.head = head
        self._margins = margins or LampMargins()
        self._lenses = lenses_of(head)
        self._corners = [_corners(*_whole(lens.box)) for lens in self._lenses]

    def read(self, image: Image) -> LampReading:
        height, width = image.shape[:2]
        crops, housing = [], []
        for lens, corners in zip(self._lenses, self._corners, strict=True):
            x1, y1, x2, y2 = _whole(lens.box)
            crop = image[max(y1, 0) : min(y2, height), max(x1, 0) : min(x2, width)].reshape(-1, 3)
            if len(crop) < self._margins.least_pixels:
                return LampReading(LampState.UNKNOWN, 0.0)
            crops.append(crop.astype(np.float32))
            housing.append(crops[-1][corners] if len(crop) == len(corners) else crops[-1][:0])
        if not crops:
            return LampReading(LampState.UNKNOWN, 0.0)
        return lamp_state([lens.colour for lens in self._lenses], crops, housing, margins=self._margins)


def _whole(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = (round(v) for v in box)
    return x1, y1, x2, y2


def _corners(x1: int, y1: int, x2: int, y2: int) -> NDArray[np.bool_]:
    """`[N]` of the pixels of a lens box, row by row: outside the round lens, on the housing."""
    x = (np.arange(x1, x2) + 0.5 - (x1 + x2) / 2) / max((x2 - x1) / 2, 0.5)
    y = (np.arange(y1, y2) + 0.5 - (y1 + y2) / 2) / max((y2 - y1) / 2, 0.5)
    corners: NDArray[np.bool_] = (np.hypot(x[None, :], y[:, None]) > 1.0).reshape(-1)
    return corners


def lamp_state(
    colours: Sequence[str],
    crops: Sequence[NDArray[np.float32]],
    housing: Sequence[NDArray[np.float32]] = (),
    *,
    margins: LampMargins,
) -> LampReading:
    """State of a head from the pixels `[N, 3]` BGR of each lens, and those of the housing around each where they are
    known. Pure; see the module for the idea."""
    m = margins
    around = list(housing) or [crop[:0] for crop in crops]
    everywhere = np.concatenate(around)
    bright = np.array([_brightest(crop.max(axis=1), m) for crop in crops])
    strength = []
    for index, colour in enumerate(colours):
        own = _brightest(_chroma(colour, crops[index], m), m)
        others = [_brightest(_chroma(colour, crop, m), m) for i, crop in enumerate(crops) if i != index]
        beside = float(np.median(np.delete(bright, index))) if others else m.brightness_alone
        stands_out = own - max(0.0, float(np.median(others)) if others else 0.0)
        # Light without any of its colour is a flash, the sun or a lorry's side, not this lens.
        brighter = max(0.0, float(bright[index]) - beside) if own > m.least_colour else 0.0
        strength.append((stands_out + m.brightness_weight * brighter) / _FULL_SCALE)
    painted = [
        s >= m.dark and _painted(c, crop, near, everywhere, m)
        for s, c, crop, near in zip(strength, colours, crops, around, strict=True)
    ]
    strength = [0.0 if paint else s for s, paint in zip(strength, painted, strict=True)]
    order = np.argsort(strength)[::-1]
    best = float(strength[order[0]])
    rival = max(float(strength[order[1]]), 0.0) if len(order) > 1 else 0.0
    if best < m.lit and any(painted):
        return LampReading(LampState.UNKNOWN, 0.0)
    if best < m.dark:
        return LampReading(LampState.OFF, float(np.clip(1 - max(best, 0.0) / m.dark, 0.0, 1.0)))
    if best < m.lit or rival > m.rival_share * best:
        return LampReading(LampState.UNKNOWN, 0.0)
    lit = int(order[0])
    if _contradicted(colours[lit], crops[lit], around[lit], everywhere, m):
        return LampReading(LampState.UNKNOWN, 0.0)
    confidence = float(np.clip((best - rival) / (m.sure_lead * m.lit), 0.0, 1.0))
    return LampReading(LampState(colours[lit]), confidence)


def _painted(
    colour: str,
    crop: NDArray[np.float32],
    near: NDArray[np.float32],
    everywhere: NDArray[np.float32],
    m: LampMargins,
) -> bool:
    """Whether the housing has nearly as much of the colour as the lens: sun on paint then looks like a lit lens.

    `near`: the housing's pixels around this lens; `everywhere`: around all of them.
    """
    own = _brightest(_chroma(colour, crop, m), m)
    for pixels, share in ((everywhere, m.paint_everywhere), (near, m.paint_near)):
        if len(pixels):
            paint = float(np.percentile(_chroma(colour, pixels, m), m.paint_percentile))
            if paint > m.paint_least and paint > share * own:
                return True
    return False


def _contradicted(
    colour: str,
    crop: NDArray[np.float32],
    near: NDArray[np.float32],
    everywhere: NDArray[np.float32],
    m: LampMargins,
) -> bool:
    """Another lens' light in this one's place: the head hangs upside down, or the picture moved by a lens."""
    own = max(0.0, _brightest(_chroma(colour, crop, m), m))
    for other in _ORDER:
        against = _brightest(_chroma(other, crop, m), m)
        against /= m.amber_least if (colour, other) == ("yellow", "red") else 1.0
        if other != colour and against > own and not _painted(other, crop, near, everywhere, m):
            return True
    return False


def _chroma(colour: str, pixels: NDArray[np.float32], m: LampMargins) -> NDArray[np.float32]:
    """How much of a signal colour each pixel has, -255..255. Signal green is bluish, so blue does not count there."""
    blue, green, red = pixels[:, 0], pixels[:, 1], pixels[:, 2]
    if colour == "red":
        return red - np.maximum(green, blue)
    if colour == "green":
        return green - red
    yellow: NDArray[np.float32] = (red + green) / 2 - np.maximum(blue, m.yellow_unequal * np.abs(red - green))
    return yellow


def _brightest(values: NDArray[np.float32], m: LampMargins) -> float:
    count = max(m.brightest_least, int(len(values) * m.brightest_share))
    if count >= len(values):
        return float(values.mean())
    return float(np.partition(values, -count)[-count:].mean())
