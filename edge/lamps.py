"""What a signal head shows: colour and brightness of its lenses, frame by frame, then a steady state over time.

A lens counts as lit when it stands out from its own head, in the colour of its place and in brightness. Comparing
within the head is what lets the same numbers serve a dim red at dusk, an over-exposed white core with a red rim, and a
red bus that hides the whole head (every lens red: nothing stands out, so the state is unknown).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.types import Image
from evidence.acts import LampState
from evidence.packet import LampSpan
from zones.schema import Lamp, SignalHead

_BRIGHTEST_SHARE = 0.2
"""Share of a lens box that speaks for it: the box is larger than the lit disc."""
_LIT = 0.17
_DARK = 0.11
_RIVAL_SHARE = 0.6
_BRIGHTNESS_WEIGHT = 0.6
_LEAST_PIXELS = 6
_ORDER: tuple[Literal["red", "yellow", "green"], ...] = ("red", "yellow", "green")


@dataclass(frozen=True)
class LampReading:
    """One frame of one head. `confidence` 0..1: how clearly the state stood out."""

    state: LampState
    confidence: float


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

    def read(self, image: Image) -> LampReading:
        height, width = image.shape[:2]
        crops = []
        for lens in self._lenses:
            x1, y1, x2, y2 = (round(v) for v in lens.box)
            crop = image[max(y1, 0) : min(y2, height), max(x1, 0) : min(x2, width)].reshape(-1, 3)
            if len(crop) < _LEAST_PIXELS:
                return LampReading(LampState.UNKNOWN, 0.0)
            crops.append(crop.astype(np.float32))
        if not crops:
            return LampReading(LampState.UNKNOWN, 0.0)
        return judge([lens.colour for lens in self._lenses], crops)


def judge(colours: Sequence[str], crops: Sequence[NDArray[np.float32]]) -> LampReading:
    """State of a head from the pixels `[N, 3]` BGR of each lens. Pure; see the module for the idea."""
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
    order = np.argsort(strength)[::-1]
    best = float(strength[order[0]])
    rival = max(float(strength[order[1]]), 0.0) if len(order) > 1 else 0.0
    if best < _DARK:
        return LampReading(LampState.OFF, float(np.clip(1 - max(best, 0.0) / _DARK, 0.0, 1.0)))
    if best < _LIT or rival > _RIVAL_SHARE * best:
        return LampReading(LampState.UNKNOWN, 0.0)
    lit = int(order[0])
    if _contradicted(colours[lit], crops[lit]):
        return LampReading(LampState.UNKNOWN, 0.0)
    confidence = float(np.clip((best - rival) / (2 * _LIT), 0.0, 1.0))
    return LampReading(LampState(colours[lit]), confidence)


def _contradicted(colour: str, crop: NDArray[np.float32]) -> bool:
    """Red light in the place of the green lens, or green in that of the red one: the head is drawn upside down."""
    against = {"red": "green", "green": "red"}.get(colour)
    if against is None:
        return False
    return _brightest(_chroma(against, crop)) > max(0.0, _brightest(_chroma(colour, crop)))


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


@dataclass(frozen=True)
class LampSettings:
    """`hold_s`: how long a new colour must be seen before it is believed (its onset is then dated back to its first
    frame); `dark_hold_s` the same for off and unknown, longer because LED lamps flicker in video."""

    hold_s: float = 0.25
    dark_hold_s: float = 0.45
    hold_frames: int = 2
    keep_s: float = 90.0
    gap_s: float = 1.5


@dataclass
class _Run:
    state: LampState
    from_frame: int
    from_s: float
    to_frame: int
    to_s: float
    confidence: float
    count: int = 1

    def extend(self, frame: int, t_s: float, confidence: float) -> None:
        self.to_frame, self.to_s = frame, t_s
        self.confidence += (confidence - self.confidence) / (self.count + 1)
        self.count += 1


@dataclass
class LampHistory:
    """The steady states of one head over time; `add` once a frame in order of time."""

    head: SignalHead
    settings: LampSettings = field(default_factory=LampSettings)
    _runs: list[_Run] = field(default_factory=list)
    _new: _Run | None = None
    _last: tuple[int, float] = (0, 0.0)

    def add(self, frame: int, t_s: float, reading: LampReading) -> None:
        runs = self._runs
        seen_frame, seen_s = self._last
        self._last = (frame, t_s)
        if runs and t_s - seen_s > self.settings.gap_s:
            runs.append(_Run(LampState.UNKNOWN, seen_frame, seen_s + 1e-3, frame, t_s, 0.0))
            self._new = None
            runs.append(_Run(reading.state, frame, t_s, frame, t_s, reading.confidence))
            return
        if not runs:
            runs.append(_Run(reading.state, frame, t_s, frame, t_s, reading.confidence))
            return
        if reading.state == runs[-1].state:
            self._new = None
            runs[-1].extend(frame, t_s, reading.confidence)
            return
        if self._new is None or self._new.state != reading.state:
            # A flicker between two others does not make its neighbour any younger.
            self._new = _Run(reading.state, frame, t_s, frame, t_s, reading.confidence)
        else:
            self._new.extend(frame, t_s, reading.confidence)
        dark = reading.state in (LampState.OFF, LampState.UNKNOWN)
        hold_s = self.settings.dark_hold_s if dark else self.settings.hold_s
        if self._new.count >= self.settings.hold_frames and t_s - self._new.from_s >= hold_s - 1e-6:
            runs.append(self._new)
            self._new = None
        while len(runs) > 1 and t_s - runs[0].to_s > self.settings.keep_s:
            runs.pop(0)

    def at(self, t_s: float) -> LampState:
        """State at a stream time; unknown before the first frame. What came last is taken to last."""
        for run in reversed(self._runs):
            if run.from_s <= t_s + 1e-6:
                return run.state
        return LampState.UNKNOWN

    def since(self, t_s: float) -> float | None:
        """When the state at `t_s` began; None before the first frame."""
        for run in reversed(self._runs):
            if run.from_s <= t_s + 1e-6:
                return run.from_s
        return None

    @property
    def starts(self) -> list[float]:
        """When each state held began, oldest first."""
        return [run.from_s for run in self._runs]

    def onset_seen(self, t_s: float) -> bool:
        """Whether the change into the state at `t_s` was seen, or the state was there when we began to look."""
        began = [run for run in self._runs if run.from_s <= t_s + 1e-6]
        return len(began) > 1 and began[-2].state != LampState.UNKNOWN

    def spans(self, from_s: float, to_s: float) -> list[LampSpan]:
        """The states between two times, for the packet."""
        ends = [r.from_s for r in self._runs[1:]]
        out: list[LampSpan] = []
        for index, run in enumerate(self._runs):
            end_s = ends[index] if index < len(ends) else run.to_s
            if end_s < from_s or run.from_s > to_s:
                continue
            out.append(
                LampSpan(
                    state=run.state, from_frame=run.from_frame, to_frame=run.to_frame,
                    from_s=round(run.from_s, 4), to_s=round(max(run.to_s, run.from_s), 4),
                    confidence=round(min(max(run.confidence, 0.0), 1.0), 4),
                )
            )  # fmt: skip
        return out


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
