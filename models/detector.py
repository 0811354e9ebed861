"""Vehicles in one frame: letterbox, YOLOX decode, suppression of doubles.

A motorcycle and its riders are one object. Weak boxes are returned too, because the tracker carries a track through an
occlusion with them; a caller that wants single-frame certainty filters by score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from common.stopwatch import UNTIMED, Stopwatch
from models import manifest
from models.detector_margins import DetectorMargins
from models.errors import ModelError
from models.runtime import DEFAULT_THREADS, open_model

VEHICLE_CLASSES = ("motorcycle", "car", "bus", "truck", "bicycle")
STRIDES = (8, 16, 32)
PAD_GREY = 114

# Two-wheelers compete among themselves, and so do cars, buses and trucks: one vehicle called both car and truck is one.
_RIVALS = np.array([0, 1, 1, 1, 0], np.int64)


@dataclass(frozen=True)
class Detections:
    """What was seen in one frame. ``boxes`` float32 ``[N, 4]`` x0 y0 x1 y1 in frame pixels, best score first."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.boxes)

    @staticmethod
    def none() -> Detections:
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))


class Detector(Protocol):
    """Anything that finds vehicles in a BGR frame ``[H, W, 3]`` uint8."""

    def detect(self, frame_bgr: NDArray[np.uint8]) -> Detections: ...


class Part(Protocol):
    """A picture or a part of one, of so many pixels, that can be made at any size."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def scaled(self, width: int, height: int) -> NDArray[np.uint8]:
        """`[height, width, 3]` BGR; each pixel the mean of those that it stands for."""
        ...


@runtime_checkable
class ScalingDetector(Detector, Protocol):
    """One that asks for the picture at the size at which it looks: nothing larger is made for it."""

    def detect_part(self, part: Part) -> Detections:
        """Boxes in pixels of the part."""
        ...


@dataclass(frozen=True)
class _Pixels:
    """A part whose pixels are there."""

    frame_bgr: NDArray[np.uint8]

    @property
    def width(self) -> int:
        return int(self.frame_bgr.shape[1])

    @property
    def height(self) -> int:
        return int(self.frame_bgr.shape[0])

    def scaled(self, width: int, height: int) -> NDArray[np.uint8]:
        method = cv2.INTER_AREA if width < self.width else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(self.frame_bgr, (width, height), interpolation=method), np.uint8)


def letterbox(frame_bgr: NDArray[np.uint8], long_side: int) -> tuple[NDArray[np.float32], float]:
    """Network input ``[1, 3, H, W]`` (H, W multiples of 32) and the scale that was applied to the frame."""
    return letterbox_part(_Pixels(frame_bgr), long_side)


def letterbox_part(part: Part, long_side: int) -> tuple[NDArray[np.float32], float]:
    """As `letterbox`, of a part that is made at that size."""
    scale = long_side / max(part.height, part.width)
    new_h, new_w = max(1, round(part.height * scale)), max(1, round(part.width * scale))
    padded = np.full((1, 3, -(-new_h // 32) * 32, -(-new_w // 32) * 32), PAD_GREY, np.float32)
    padded[0, :, :new_h, :new_w] = part.scaled(new_w, new_h).transpose(2, 0, 1)
    return padded, scale


def decode(
    raw: NDArray[np.float32], height_px: int, width_px: int, rows: NDArray[np.int64] | None = None
) -> NDArray[np.float32]:
    """Raw output ``[A, 5 + C]`` of an input of that size -> the same with x0 y0 x1 y1 in input pixels in front.

    `rows`: these alone are wanted.
    """
    grid, step = _cells(height_px, width_px)
    if len(grid) != len(raw):
        raise ModelError(
            f"the network gave {len(raw)} cells for an input of {width_px} x {height_px}, expected {len(grid)}",
            where="decode",
            remedy="use the weights named in models/manifest.yaml",
        )
    if rows is not None:
        raw, grid, step = raw[rows], grid[rows], step[rows]
    centre = (raw[:, :2] + grid) * step
    half = np.exp(np.clip(raw[:, 2:4], None, 8)) * step / 2
    return np.concatenate([centre - half, centre + half, raw[:, 4:]], 1).astype(np.float32)


@lru_cache(maxsize=16)
def _cells(height_px: int, width_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Column and row `[A, 2]` and stride `[A, 1]` of every cell."""
    grids, steps = [], []
    for stride in STRIDES:
        rows, columns = height_px // stride, width_px // stride
        ys, xs = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
        grids.append(np.stack([xs.ravel(), ys.ravel()], 1))
        steps.append(np.full((rows * columns, 1), stride))
    grid, step = np.concatenate(grids).astype(np.float32), np.concatenate(steps).astype(np.float32)
    grid.flags.writeable = step.flags.writeable = False  # every call shares them
    return grid, step


def suppress(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], classes: NDArray[np.int64], margins: DetectorMargins
) -> NDArray[np.int64]:
    """Indices of the boxes that stay, best score first."""
    m = margins
    kept: list[int] = []
    for group, limit in enumerate((m.two_wheelers_double_iou, m.four_wheelers_double_iou)):
        rows = np.nonzero((_RIVALS[classes] == group) & (scores >= m.min_score))[0]
        rows = rows[np.argsort(-scores[rows], kind="stable")][: m.most_boxes]
        if not len(rows):
            continue
        xywh = np.concatenate([boxes[rows, :2], boxes[rows, 2:] - boxes[rows, :2]], 1)
        stay = cv2.dnn.NMSBoxes(xywh.tolist(), scores[rows].tolist(), float(m.min_score), limit)
        kept.extend(int(rows[index]) for index in np.asarray(stay, np.int64).ravel())
    order = np.asarray(kept, np.int64)
    return order[np.argsort(-scores[order], kind="stable")]


class YoloxDetector:
    """The YOLOX of ``vehicle-nano`` or ``vehicle-small`` (or any raw YOLOX output whose first classes are these)."""

    def __init__(
        self,
        session: ort.InferenceSession,
        *,
        margins: DetectorMargins | None = None,
        stopwatch: Stopwatch = UNTIMED,
    ) -> None:
        self._session, self._stage = session, stopwatch.stage
        self._input = session.get_inputs()[0].name
        self.margins = margins or DetectorMargins()

    def detect(self, frame_bgr: NDArray[np.uint8]) -> Detections:
        return self.detect_part(_Pixels(frame_bgr))

    def detect_part(self, part: Part) -> Detections:
        with self._stage("letterbox"):
            picture, scale = letterbox_part(part, self.margins.long_side)
        with self._stage("inference"):
            raw = self._session.run(None, {self._input: picture})[0][0]
        with self._stage("suppression"):
            return self._boxes(raw, picture.shape[2], picture.shape[3], scale, part.width, part.height)

    def _boxes(
        self, raw: NDArray[np.float32], input_h: int, input_w: int, scale: float, width: int, height: int
    ) -> Detections:
        """From the network's raw output `[A, 5 + C]` to boxes of a picture of `width` by `height` pixels."""
        products = raw[:, 4:5] * raw[:, 5:]
        classes = products.argmax(1).astype(np.int64)
        scores = products[np.arange(len(products)), classes].astype(np.float32)
        # classes beyond the five are learnt in order not to be taken for vehicles (people on foot)
        strong = np.flatnonzero((scores >= self.margins.min_score) & (classes < len(VEHICLE_CLASSES)))
        boxes = decode(raw, input_h, input_w, strong)[:, :4] / np.float32(scale)  # of a hundred cells one is strong
        boxes[:, 0::2] = boxes[:, 0::2].clip(0, width)
        boxes[:, 1::2] = boxes[:, 1::2].clip(0, height)
        scores, classes = scores[strong], classes[strong]
        kept = suppress(boxes, scores, classes, self.margins)
        return Detections(boxes[kept], scores[kept], classes[kept])


_DECODERS: dict[str, Callable[[ort.InferenceSession, DetectorMargins | None, Stopwatch], Detector]] = {
    "yolox-vehicles": lambda session, margins, stopwatch: YoloxDetector(session, margins=margins, stopwatch=stopwatch),
}
"""By the name that a manifest entry gives its decoder: another kind of detector is one line here and its class."""


def load_detector(
    *,
    size: str = "nano",
    threads: int = DEFAULT_THREADS,
    margins: DetectorMargins | None = None,
    stopwatch: Stopwatch = UNTIMED,
) -> Detector:
    """The detector of that size as the manifest describes it, digest checked; :class:`ModelError` where there is none,
    or where nothing here understands its decoder."""
    model_id = manifest.detector_id(size)
    decoder = manifest.resolve(model_id).decoder
    if decoder not in _DECODERS:
        raise ModelError(
            f"model {model_id} needs the decoder {decoder}, which is not known here",
            where=str(manifest.MANIFEST),
            remedy=f"one of {', '.join(_DECODERS)}, or add it to models/detector.py",
        )
    return _DECODERS[decoder](open_model(model_id, decoder=decoder, threads=threads), margins, stopwatch)
