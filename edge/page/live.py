"""The newest picture of one camera, with what was seen in it, for as long as somebody looks.

The camera's thread only asks whether anybody does and leaves a picture behind; whoever looks pays for the rest.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import cv2

from edge.types import ActEvent, Frame, Image, SeenPicture
from evidence.acts import ActCode, VehicleClass

LOOKED_FOR_S = 5.0
"""So long after somebody last looked pictures are still left behind."""
_ACTS = 30
_LEAST_STEP_S = 0.2
"""Pictures are drawn for the page five times a second at most, however many look."""
_WIDEST_PX = 1280
_QUALITY = 78


@dataclass(frozen=True)
class ActTold:
    """An act as the page lists it. It holds no plate: only whether one was read; None while it is being read."""

    act: ActCode
    cls: VehicleClass
    at: datetime
    flags: tuple[str, ...]
    plate_read: bool | None


_Act = tuple[ActCode, int, float]


def _act(event: ActEvent) -> _Act:
    """Which act of the camera it is, without holding it."""
    return event.act, event.track_id, event.t_s


@dataclass(frozen=True)
class Picture:
    """`jpeg`: at most 1280 pixels wide; `seen`, in pixels of the whole picture, is of that very one."""

    jpeg: bytes
    frame: Frame
    seen: SeenPicture


class LiveView:
    """Written by the camera's thread, read by the page's. `monotonic`: seconds, for tests."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until = -1e9
        self._newest: tuple[Frame, SeenPicture] | None = None
        self._whole: Frame | None = None
        self._drawing = threading.Lock()
        self._drawn: tuple[float, Picture] | None = None
        self._acts: deque[tuple[_Act, ActTold]] = deque(maxlen=_ACTS)

    @property
    def wanted(self) -> bool:
        """Whether somebody looks; asked with every frame, and it costs no more than reading a clock."""
        if self._monotonic() < self._until:
            return True
        self._newest = self._drawn = self._whole = None
        return False

    def offer(self, frame: Frame, seen: SeenPicture, whole: Frame | None = None) -> None:
        """The frame that `seen` was made of. `whole`: one of the stream that is kept, where that is another."""
        self._newest, self._whole = (frame, seen), whole or frame

    def told(self, event: ActEvent, now: Frame) -> None:
        """An act came out of the pipeline while frame `now` was looked at."""
        at = now.wall_at - timedelta(seconds=now.t_s - event.t_s)
        read = event.plate.text is not None if event.reading is None else None
        self._acts.append((_act(event), ActTold(event.act, event.vehicle.cls, at, tuple(event.flags), read)))

    def read(self, event: ActEvent) -> None:
        """The plate of an act told before has been read by now."""
        read = event.plate.text is not None
        for number, (act, told) in enumerate(self._acts):
            if act == _act(event) and told.plate_read is None:
                self._acts[number] = act, replace(told, flags=tuple(event.flags), plate_read=read)

    def withdrawn(self, event: ActEvent) -> None:
        """An act told before is none."""
        for act in [each for each in self._acts if each[0] == _act(event)]:
            self._acts.remove(act)

    @property
    def acts(self) -> list[ActTold]:
        """The last acts, newest first."""
        return sorted((told for _, told in self._acts.copy()), key=lambda act: act.at, reverse=True)

    def full(self) -> Frame | None:
        """The newest frame as the camera sent it; None if none came since somebody began to look."""
        self._look()
        return self._whole

    def picture(self) -> Picture | None:
        """The newest frame as a small JPEG, drawn once for all who look; None as long as none came."""
        self._look()
        with self._drawing:
            newest, drawn, now = self._newest, self._drawn, self._monotonic()
            if newest is None:
                return None
            if drawn is not None and (drawn[1].frame is newest[0] or now - drawn[0] < _LEAST_STEP_S):
                return drawn[1]
            picture = Picture(_jpeg(newest[0].image), *newest)
            self._drawn = now, picture
            return picture

    def _look(self) -> None:
        self._until = self._monotonic() + LOOKED_FOR_S


def _jpeg(image: Image) -> bytes:
    height, width = image.shape[:2]
    if width > _WIDEST_PX:
        size = (_WIDEST_PX, round(height * _WIDEST_PX / width))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes())
