"""A clip that is played for hours shows the same pictures: the networks are asked once about each.

What a fault has changed is another picture and is asked about anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.plate.in_view import PlatePerception
from models.detector import Detections, Detector, Part, ScalingDetector
from models.plates import Corners, PlateBox, PlateReading

_KEPT = 20_000
"""Answers about plates kept: some hundred an act, so those of a hundred acts; the oldest goes first."""


class RememberingDetector:
    """What was found in a frame that no fault has touched is found in it again: it is asked once a frame of a clip.

    `frame`: which one is looked at now; None: one that was changed.
    """

    def __init__(self, inner: Detector) -> None:
        assert isinstance(inner, ScalingDetector)
        self._inner, self._found = inner, dict[tuple[str, int], Detections]()
        self.frame: tuple[str, int] | None = None

    def detect(self, frame_bgr: np.ndarray[Any, np.dtype[np.uint8]]) -> Detections:
        return self._inner.detect(frame_bgr)

    def detect_part(self, part: Part) -> Detections:
        if self.frame is None:
            return self._inner.detect_part(part)
        if self.frame not in self._found:
            self._found[self.frame] = self._inner.detect_part(part)
        found = self._found[self.frame]
        return Detections(found.boxes.copy(), found.scores.copy(), found.classes.copy())


class RememberingPlates:
    """What was found and read in a picture of a vehicle or a plate is so in one that is the same to the last bit."""

    def __init__(self, inner: PlatePerception, *, kept: int = _KEPT) -> None:
        self._inner, self._kept = inner, kept
        self._known: OrderedDict[bytes, Sequence[Any]] = OrderedDict()
        self.asked = 0
        """How often the networks were."""

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
        found: list[PlateBox] = self._once(crop_bgr, "find", lambda: self._inner.find(crop_bgr))
        return found

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> list[PlateReading]:
        where = "" if corners is None else np.asarray(corners, np.float64).tobytes().hex()
        read: list[PlateReading] = self._once(plate_bgr, f"read {where}", lambda: self._inner.read(plate_bgr, corners))
        return read

    def _once(self, picture: NDArray[np.uint8], asked: str, answer: Callable[[], Sequence[Any]]) -> list[Any]:
        key = sha256(f"{asked} {picture.shape} ".encode() + picture.tobytes()).digest()
        if key in self._known:
            self._known.move_to_end(key)
        else:
            self._known[key] = answer()
            self.asked += 1
            if len(self._known) > self._kept:
                self._known.popitem(last=False)
        return list(self._known[key])
