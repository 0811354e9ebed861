"""One signal head in one picture: colour and brightness of its lenses (over time: `edge.signals.history`).

A lens counts as lit when it stands out from its own head, in the colour of its place and in brightness. Comparing
within the head is what lets the same numbers serve a dim red at dusk, an over-exposed white core with a red rim, and a
red bus that hides the whole head (every lens red: nothing stands out, so the state is unknown). A colour that the
housing has too is paint, not light.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edge.picture import BgrPicture, Image, Picture
from edge.signals.lamp_margins import LampMargins
from edge.signals.reading import LampReading
from evidence.acts import LampState
from zones.schema import Lamp, SignalHead

Levels = NDArray[np.number[Any]]
"""Grey levels, and differences of some. As whole numbers they are put in order in a fifth of the time; what is told of
them is the same."""
_ORDER: tuple[Literal["red", "yellow", "green"], ...] = ("red", "yellow", "green")
_FULL_SCALE = 255
_EXACT = 2**24 // (_FULL_SCALE + 1)
"""So many grey levels float32 adds up without rounding."""
_DARKEST_PERCENTILE = 10.0
"""The darkest tenth of a head is its housing, or the glass of lenses that are out."""


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
    """Reads one head out of pictures, of which only its own part is made."""

    def __init__(self, head: SignalHead, margins: LampMargins | None = None) -> None:
        self.head = head
        self._margins = margins or LampMargins()
        self._lenses = lenses_of(head)
        self._corners = [_corners(*_whole(lens.box)) for lens in self._lenses]

    def read(self, picture: Picture | Image, lie: NDArray[np.float64] | None = None) -> LampReading:
        """`picture`, or its pixels `[H, W, 3]` BGR. `lie` `[2, 3]`: a point of it to where that lies in the scene."""
        picture = BgrPicture(picture) if isinstance(picture, np.ndarray) else picture
        shift = (0, 0) if lie is None or not self._lenses else self._shift(lie)
        boxes = [self._inside(lens, picture, shift) for lens in self._lenses]
        if any((x2 - x1) * (y2 - y1) < self._margins.least_pixels for x1, y1, x2, y2 in boxes):
            return LampReading(LampState.UNKNOWN, 0.0, "outside")
        crops, housing = [], []
        if boxes:
            left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
            head = picture.part(left, top, max(box[2] for box in boxes), max(box[3] for box in boxes))
        for (x1, y1, x2, y2), corners in zip(boxes, self._corners, strict=True):
            crop = head[y1 - top : y2 - top, x1 - left : x2 - left].reshape(-1, 3).astype(np.int16)
            crops.append(crop)
            housing.append(crop[corners] if len(crop) == len(corners) else crop[:0])
        if not crops:
            return LampReading(LampState.UNKNOWN, 0.0)
        return lamp_state([lens.colour for lens in self._lenses], crops, housing, margins=self._margins)

    def _shift(self, lie: NDArray[np.float64]) -> tuple[int, int]:
        """By how many whole pixels the head lies beside where it is drawn."""
        drawn = np.mean([np.reshape(lens.box, (2, 2)).mean(axis=0) for lens in self._lenses], axis=0)
        x, y = np.linalg.solve(lie[:, :2], drawn - lie[:, 2]) - drawn
        return round(float(x)), round(float(y))

    @staticmethod
    def _inside(lens: Lamp, picture: Picture, shift: tuple[int, int]) -> tuple[int, int, int, int]:
        """What of a lens' box lies in the picture; of a box beside it nothing."""
        x1, y1, x2, y2 = (v + shift[i % 2] for i, v in enumerate(_whole(lens.box)))
        left, top = max(x1, 0), max(y1, 0)
        return left, top, max(min(x2, picture.width), left), max(min(y2, picture.height), top)


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
    colours: Sequence[Literal["red", "yellow", "green"]],
    crops: Sequence[Levels],
    housing: Sequence[Levels] = (),
    *,
    margins: LampMargins,
) -> LampReading:
    """State of a head from the pixels `[N, 3]` BGR of each lens, and those of the housing around each where they are
    known. Pure; see the module for the idea."""
    m = margins
    lenses = [_planes(crop) for crop in crops]
    around = [_planes(near) for near in housing] or [lens[:, :0] for lens in lenses]
    everywhere = np.concatenate(around, axis=1)
    bright = np.array([_brightest(lens.max(axis=0), m) for lens in lenses])
    shine = _Shine(lenses, m)
    strength, light, owns = [], [], []
    for index, colour in enumerate(colours):
        own = shine.of(colour, index)
        others = [shine.of(colour, i) for i in range(len(lenses)) if i != index]
        beside = float(np.median(np.delete(bright, index))) if others else m.brightness_alone
        stands_out = own - max(0.0, float(np.median(others)) if others else 0.0)
        # Light without any of its colour is a flash, the sun or a lorry's side, not this lens.
        brighter = max(0.0, float(bright[index]) - beside) if own > m.least_colour else 0.0
        light.append(float(bright[index]) - beside)
        owns.append(own)
        strength.append((stands_out + m.brightness_weight * brighter) / _FULL_SCALE)
    painted = [
        s >= m.dark and _painted(c, shine.of(c, index), near, everywhere, m)
        for index, (s, c, near) in enumerate(zip(strength, colours, around, strict=True))
    ]
    strength = [0.0 if paint else s for s, paint in zip(strength, painted, strict=True)]
    order = np.argsort(strength)[::-1]
    best = float(strength[order[0]])
    rival = max(float(strength[order[1]]), 0.0) if len(order) > 1 else 0.0
    if best < m.lit and any(painted):
        return LampReading(LampState.UNKNOWN, 0.0, "paint")
    shining = int(np.argmax(light))
    if best < m.dark and light[shining] >= m.lit * _FULL_SCALE:
        other = _contradicted(colours[shining], shining, shine, around[shining], everywhere, m)
        return LampReading(LampState.UNKNOWN, 0.0, "other_colour" if other else "colourless", colours[shining])
    if best < m.dark and _darkest(lenses) >= m.covered_least:
        return LampReading(LampState.UNKNOWN, 0.0, "covered")
    if best < m.dark:
        return LampReading(LampState.OFF, float(np.clip(1 - max(best, 0.0) / m.dark, 0.0, 1.0)))
    if best < m.lit or rival > m.rival_share * best:
        return LampReading(LampState.UNKNOWN, 0.0, "two_at_once" if rival >= m.lit else "")
    lit = int(order[0])
    if owns[lit] < m.colour_share * bright[lit]:
        return LampReading(LampState.UNKNOWN, 0.0, "colourless", colours[lit])
    if _contradicted(colours[lit], lit, shine, around[lit], everywhere, m):
        return LampReading(LampState.UNKNOWN, 0.0, "other_colour", colours[lit])
    if colours[lit] == "red" and _pale(lenses, lit, m):
        return LampReading(LampState.UNKNOWN, 0.0)
    confidence = float(np.clip((best - rival) / (m.sure_lead * m.lit), 0.0, 1.0))
    return LampReading(LampState(colours[lit]), confidence)


class _Shine:
    """How much of each signal colour each lens of a head has, -255..255; worked out once, when it is asked for."""

    def __init__(self, lenses: Sequence[Levels], m: LampMargins) -> None:
        self._lenses, self._m = lenses, m
        self._known: dict[tuple[str, int], float] = {}

    def of(self, colour: str, index: int) -> float:
        key = colour, index
        if key not in self._known:
            self._known[key] = _brightest(_chroma(colour, self._lenses[index], self._m), self._m)
        return self._known[key]


def _painted(
    colour: str,
    own: float,
    near: Levels,
    everywhere: Levels,
    m: LampMargins,
) -> bool:
    """Whether the housing has nearly as much of the colour as the lens: sun on paint then looks like a lit lens.

    `own`: how much the lens has; `near`: the housing's pixels around this lens; `everywhere`: around all of them.
    """
    for pixels, share in ((everywhere, m.paint_everywhere), (near, m.paint_near)):
        if pixels.size:
            paint = _percentile(_chroma(colour, pixels, m), m.paint_percentile)
            if paint > m.paint_least and paint > share * own:
                return True
    return False


def _contradicted(
    colour: str,
    index: int,
    shine: _Shine,
    near: Levels,
    everywhere: Levels,
    m: LampMargins,
) -> bool:
    """Another lens' light in this one's place: the head hangs upside down, or the picture moved by a lens."""
    own = max(0.0, shine.of(colour, index))
    for other in _ORDER:
        against = shine.of(other, index)
        against /= m.amber_least if (colour, other) == ("yellow", "red") else 1.0
        if other != colour and against > own and not _painted(other, shine.of(other, index), near, everywhere, m):
            return True
    return False


def _darkest(lenses: Sequence[Levels]) -> float:
    """Brightness of the darkest part of the head, in grey levels."""
    return _percentile(np.concatenate(lenses, axis=1).max(axis=0), _DARKEST_PERCENTILE)


def _pale(lenses: Sequence[Levels], lit: int, m: LampMargins) -> bool:
    """Whether the red lens is bright but nowhere red, less the haze over the whole head: the sun on its glass."""
    if lenses[lit].shape[1] < m.pale_least_px**2:
        return False
    haze = _percentile(np.concatenate(lenses, axis=1).min(axis=0), _DARKEST_PERCENTILE)
    lens = lenses[lit].astype(np.float32)
    above = np.maximum(lens.max(axis=0) - haze, 1.0)
    bright = above > above.max() / 2
    share = _chroma("red", lens, m)[bright] / above[bright]
    return _percentile(share, m.pale_percentile) < m.pale_share


def _chroma(colour: str, pixels: Levels, m: LampMargins) -> Levels:
    """How much of a signal colour each pixel of `[3, N]` has, -255..255; blue is no part of green, which is bluish."""
    if colour == "yellow":
        pixels = pixels.astype(np.float32)
    blue, green, red = pixels[0], pixels[1], pixels[2]
    chroma: Levels
    if colour == "red":
        chroma = red - np.maximum(green, blue)
    elif colour == "green":
        chroma = green - red
    else:
        chroma = (red + green) / 2 - np.maximum(blue, m.yellow_unequal * np.abs(red - green))
    return chroma


def _planes(pixels: Levels) -> Levels:
    """`[3, N]` of `[N, 3]`: colours apart lie together, and a question to all pixels costs a twentieth."""
    return np.ascontiguousarray(pixels.T)


def _percentile(values: Levels, percent: float) -> float:
    """As `numpy.percentile` has it, which takes ten times as long to get going."""
    in_order = _in_order(values)
    at = (len(in_order) - 1) * percent / 100.0
    below = int(at)
    first, then = float(in_order[below]), float(in_order[min(below + 1, len(in_order) - 1)])
    return first + (then - first) * (at - below)


def _brightest(values: Levels, m: LampMargins) -> float:
    count = max(m.brightest_least, int(len(values) * m.brightest_share))
    return _mean(values if count >= len(values) else _in_order(values)[-count:])


def _in_order(values: Levels) -> Levels:
    return np.sort(values, kind="stable" if values.dtype == np.int16 else None)


def _mean(values: Levels) -> float:
    """Of few enough whole numbers float32 adds up every one, in whatever order: their sum, rounded once."""
    if values.dtype != np.int16:
        return float(values.mean())
    if len(values) > _EXACT:
        return float(values.astype(np.float32).mean())
    return float(np.float32(int(values.sum()) / len(values)))
