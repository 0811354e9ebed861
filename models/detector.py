"""Vehicles in one frame: letterbox, YOLOX decode, suppression of doubles.

A motorcycle and its riders are one object. Weak boxes are returned too, because the tracker carries a track through an
occlusion with them; a caller that wants single-frame certainty filters by score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

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


def letterbox(frame_bgr: NDArray[np.uint8], long_side: int) -> tuple[NDArray[np.float32], float]:
    """Network input ``[1, 3, H, W]`` (H, W multiples of 32) and the scale that was applied to the frame."""
    height, width = frame_bgr.shape[:2]
    scale = long_side / max(height, width)
    new_h, new_w = max(1, round(height * scale)), max(1, round(width * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(frame_bgr, (new_w, new_h), interpolation=method)
    padded = np.full((-(-new_h // 32) * 32, -(-new_w // 32) * 32, 3), PAD_GREY, np.float32)
    padded[:new_h, :new_w] = resized
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None]), scale


def decode(raw: NDArray[np.float32], height_px: int, width_px: int) -> NDArray[np.float32]:
    """Raw output ``[A, 5 + C]`` of an input of that size -> the same with x0 y0 x1 y1 in input pixels in front."""
    grid, step = _cells(height_px, width_px)
    if len(grid) != len(raw):
        raise ModelError(
            f"the network gave {len(raw)} cells for an input of {width_px} x {height_px}, expected {len(grid)}",
            where="decode",
            remedy="use the weights named in models/manifest.yaml",
        )
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
        height, width = frame_bgr.shape[:2]
        with self._stage("letterbox"):
            picture, scale = letterbox(frame_bgr, self.margins.long_side)
        with self._stage("inference"):
            raw = self._session.run(None, {self._input: picture})[0][0]
        with self._stage("suppression"):
            return self._boxes(raw, picture.shape[2], picture.shape[3], scale, width, height)

    def _boxes(
        self, raw: NDArray[np.float32], input_h: int, input_w: int, scale: float, width: int, height: int
    ) -> Detections:
        """From the network's raw output `[A, 5 + C]` to boxes of a picture of `width` by `height` pixels."""
        table = decode(raw, input_h, input_w)
        products = table[:, 4:5] * table[:, 5:]
        classes = products.argmax(1).astype(np.int64)
        scores = products.max(1).astype(np.float32)
        # classes beyond the five are learnt in order not to be taken for vehicles (people on foot)
        strong = (scores >= self.margins.min_score) & (classes < len(VEHICLE_CLASSES))
        boxes = table[strong, :4] / np.float32(scale)
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
