"""What a signal head shows: colour and brightness of its lenses, frame by frame (over time: `edge.signals.history`).

A lens counts as lit when it stands out from its own head, in the colour of its place and in brightness. Comparing
within the head is what lets the same numbers serve a dim red at dusk, an over-exposed white core with a red rim, and a
red bus that hides the whole head (every lens red: nothing stands out, so the state is unknown). A colour that the
housing has too is paint, not light.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.signals.history import LampHistory as LampHistory
from edge.signals.history import LampReading as LampReading
from edge.signals.history import LampSettings as LampSettings
from edge.types import Image
from evidence.acts import LampState
from zones.schema import Lamp, SignalHead

_BRIGHTEST_SHARE = 0.2
"""Share of a lens box that speaks for it: the box is larger than the lit disc."""
_LIT = 0.17
_DARK = 0.11
_RIVAL_SHARE = 0.6
_BRIGHTNESS_WEIGHT = 0.6
_LEAST_PIXELS = 6
_AMBER_LEAST = 2.0
"""In the place of the yellow lens red must be so much stronger than yellow to contradict it: amber leans to red."""
_PAINT_PERCENTILE = 30
"""Most of the housing's pixels must have a colour for it to be painted so: a lit lens glows on those beside it."""
_PAINT_NEAR = 0.75
"""Share of the lens' own colour that the pixels around it may have; lit lenses in the footage: 0.45, once 0.64."""
_ORDER: tuple[Literal["red", "yellow", "green"], ...] = ("red", "yellow", "green")


class LampFeed(Protocol):
    """A signal controller's own report, for heads with `source: controller`."""

    def state(self, head_id: str, t_s: float) -> LampReading: ...


class ReportedLamps:
    """A feed that holds the last report of each head; a report older than `stale_s` is unknown."""

    def __init__(self, *, stale_s: float = 2.0) -> None:
        self._stale_s = stale_s
        self._last: dict[str, tuple[float, LampState]] = {}

    def report(self, head_id: str, state: LampState, t_s: float) -> None:
        self._last[head_id] = (t_s, state)

    def state(self, head_id: str, t_s: float) -> LampReading:
        reported_s, state = self._last.get(head_id, (-1e9, LampState.UNKNOWN))
        if t_s - reported_s > self._stale_s:
            return LampReading(LampState.UNKNOWN, 0.0)
        return LampReading(state, 1.0)


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

    def __init__(self, head: SignalHead) -> None:
        self.head = head
        self._lenses = lenses_of(head)
        self._corners = [_corners(*_whole(lens.box)) for lens in self._lenses]

    def read(self, image: Image) -> LampReading:
        height, width = image.shape[:2]
        crops, housing = [], []
        for lens, corners in zip(self._lenses, self._corners, strict=True):
            x1, y1, x2, y2 = _whole(lens.box)
            crop = image[max(y1, 0) : min(y2, height), max(x1, 0) : min(x2, width)].reshape(-1, 3)
            if len(crop) < _LEAST_PIXELS:
                return LampReading(LampState.UNKNOWN, 0.0)
            crops.append(crop.astype(np.float32))
            housing.append(crops[-1][corners] if len(crop) == len(corners) else crops[-1][:0])
        if not crops:
            return LampReading(LampState.UNKNOWN, 0.0)
        return judge([lens.colour for lens in self._lenses], crops, housing)


def _whole(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = (round(v) for v in box)
    return x1, y1, x2, y2


def _corners(x1: int, y1: int, x2: int, y2: int) -> NDArray[np.bool_]:
    """`[N]` of the pixels of a lens box, row by row: outside the round lens, on the housing."""
    x = (np.arange(x1, x2) + 0.5 - (x1 + x2) / 2) / max((x2 - x1) / 2, 0.5)
    y = (np.arange(y1, y2) + 0.5 - (y1 + y2) / 2) / max((y2 - y1) / 2, 0.5)
    corners: NDArray[np.bool_] = (np.hypot(x[None, :], y[:, None]) > 1.0).reshape(-1)
    return corners


def judge(
    colours: Sequence[str], crops: Sequence[NDArray[np.float32]], housing: Sequence[NDArray[np.float32]] = ()
) -> LampReading:
    """State of a head from the pixels `[N, 3]` BGR of each lens, and those of the housing around each where they are
    known. Pure; see the module for the idea."""
    around = list(housing) or [crop[:0] for crop in crops]
    everywhere = np.concatenate(around)
    bright = np.array([_brightest(crop.max(axis=1)) for crop in crops])
    strength = []
    for index, colour in enumerate(colours):
        own = _brightest(_chroma(colour, crops[index]))
        others = [_brightest(_chroma(colour, crop)) for i, crop in enumerate(crops) if i != index]
        beside = float(np.median(np.delete(bright, index))) if others else 90.0
        stands_out = own - max(0.0, float(np.median(others)) if others else 0.0)
        # Light without any of its colour is a flash, the sun or a lorry's side, not this lens.
        brighter = max(0.0, float(bright[index]) - beside) if own > 6 else 0.0
        strength.append((stands_out + _BRIGHTNESS_WEIGHT * brighter) / 255)
    painted = [
        s >= _DARK and _painted(c, crop, near, everywhere)
        for s, c, crop, near in zip(strength, colours, crops, around, strict=True)
    ]
    strength = [0.0 if paint else s for s, paint in zip(strength, painted, strict=True)]
    order = np.argsort(strength)[::-1]
    best = float(strength[order[0]])
    rival = max(float(strength[order[1]]), 0.0) if len(order) > 1 else 0.0
    if best < _LIT and any(painted):
        return LampReading(LampState.UNKNOWN, 0.0)
    if best < _DARK:
        return LampReading(LampState.OFF, float(np.clip(1 - max(best, 0.0) / _DARK, 0.0, 1.0)))
    if best < _LIT or rival > _RIVAL_SHARE * best:
        return LampReading(LampState.UNKNOWN, 0.0)
    lit = int(order[0])
    if _contradicted(colours[lit], crops[lit], around[lit], everywhere):
        return LampReading(LampState.UNKNOWN, 0.0)
    confidence = float(np.clip((best - rival) / (2 * _LIT), 0.0, 1.0))
    return LampReading(LampState(colours[lit]), confidence)


def _painted(
    colour: str, crop: NDArray[np.float32], near: NDArray[np.float32], everywhere: NDArray[np.float32]
) -> bool:
    """Whether the housing has nearly as much of the colour as the lens: sun on paint then looks like a lit lens.

    `near`: the housing's pixels around this lens; `everywhere`: around all of them.
    """
    own = _brightest(_chroma(colour, crop))
    for pixels, share in ((everywhere, _RIVAL_SHARE), (near, _PAINT_NEAR)):
        if len(pixels):
            paint = float(np.percentile(_chroma(colour, pixels), _PAINT_PERCENTILE))
            if paint > 6 and paint > share * own:
                return True
    return False


def _contradicted(
    colour: str, crop: NDArray[np.float32], near: NDArray[np.float32], everywhere: NDArray[np.float32]
) -> bool:
    """Another lens' light in this one's place: the head hangs upside down, or the picture moved by a lens."""
    own = max(0.0, _brightest(_chroma(colour, crop)))
    for other in _ORDER:
        against = _brightest(_chroma(other, crop)) / (_AMBER_LEAST if (colour, other) == ("yellow", "red") else 1.0)
        if other != colour and against > own and not _painted(other, crop, near, everywhere):
            return True
    return False


def _chroma(colour: str, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of a signal colour each pixel has, -255..255. Signal green is bluish, so blue does not count there."""
    blue, green, red = pixels[:, 0], pixels[:, 1], pixels[:, 2]
    if colour == "red":
        return red - np.maximum(green, blue)
    if colour == "green":
        return green - red
    yellow: NDArray[np.float32] = (red + green) / 2 - np.maximum(blue, 0.75 * np.abs(red - green))
    return yellow


def _brightest(values: NDArray[np.float32]) -> float:
    count = max(4, int(len(values) * _BRIGHTEST_SHARE))
    if count >= len(values):
        return float(values.mean())
    return float(np.partition(values, -count)[-count:].mean())


class Signals:
    """All heads of a scene: reads them each frame, keeps their histories."""

    def __init__(
        self, heads: Sequence[SignalHead], *, feed: LampFeed | None = None, settings: LampSettings | None = None
    ) -> None:
        self._readers = [HeadReader(head) for head in heads]
        self._feed = feed
        self.histories: Mapping[str, LampHistory] = {
            head.id: LampHistory(head, settings or LampSettings()) for head in heads
        }

    def observe(self, frame: int, t_s: float, image: Image) -> None:
        for reader in self._readers:
            head = reader.head
            if head.source == "pixels":
                reading = reader.read(image)
            elif self._feed is not None:
                reading = self._feed.state(head.id, t_s)
            else:
                reading = LampReading(LampState.UNKNOWN, 0.0)
            self.histories[head.id].add(frame, t_s, reading)
