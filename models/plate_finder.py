"""Finding a plate on a vehicle: the one-class network of `plate-finder`, then the corners of what it found."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from common.margins import margin
from models.detector import decode, letterbox
from models.plate_corners import CornerFinder, load_corner_finder
from models.plates import PlateBox
from models.runtime import DEFAULT_THREADS, open_model


@dataclass(frozen=True)
class PlateFinderMargins:
    """What counts as a plate found, and at which size it is looked for."""

    min_score: float = margin(
        0.15,
        "score, 0..1",
        "weaker boxes are no plates; the figures of the finder are measured with it",
        source="models/cards/plate-finder.md: 885 of 885 at the gate, 102 of 103 on vehicles; tuned on these sets",
        least=0.01,
        most=1.0,
    )
    double_iou: float = margin(
        0.4,
        "intersection over union",
        "two boxes that overlap by more are one plate: plates do not overlap on a vehicle",
        source="first plate finder; nobody wrote down why not another value",
        most=1.0,
    )
    long_side: int = margin(
        320,
        "pixels",
        "longer side of the vehicle's crop as the network sees it: trained at 256 to 352",
        source="models/cards/plate-finder.md, and its limit of 5 ms a crop",
        least=32,
    )


class PlateFinder:
    """The one-class YOLOX-nano of ``plate-finder`` on a vehicle crop, then the corners of what it found."""

    def __init__(
        self,
        session: ort.InferenceSession,
        *,
        margins: PlateFinderMargins | None = None,
        corners: CornerFinder | None = None,
    ) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self.margins = margins or PlateFinderMargins()
        self._corners = corners

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
        """Plates, best first; empty for a crop without one or of no size."""
        m = self.margins
        height, width = crop_bgr.shape[:2]
        if height < 4 or width < 4:
            return []
        picture, scale = letterbox(crop_bgr, m.long_side)
        table = decode(self._session.run(None, {self._input: picture})[0][0], picture.shape[2], picture.shape[3])
        scores = table[:, 4] * table[:, 5]
        table, scores = table[scores >= m.min_score], scores[scores >= m.min_score]
        boxes = table[:, :4] / np.float32(scale)
        boxes[:, 0::2] = boxes[:, 0::2].clip(0, width)
        boxes[:, 1::2] = boxes[:, 1::2].clip(0, height)
        xywh = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
        kept = cv2.dnn.NMSBoxes(xywh.tolist(), scores.tolist(), m.min_score, m.double_iou) if len(boxes) else []
        order = sorted((int(i) for i in np.asarray(kept, np.int64).ravel()), key=lambda i: -float(scores[i]))
        return [self._plate(crop_bgr, boxes[i], float(scores[i])) for i in order]

    def _plate(self, crop_bgr: NDArray[np.uint8], edges: NDArray[np.float32], score: float) -> PlateBox:
        box = (float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3]))
        if self._corners is None:
            return PlateBox(box, score)
        a, b, c, d = ((float(x), float(y)) for x, y in self._corners.find(crop_bgr, box))
        return PlateBox(box, score, (a, b, c, d))


def load_plate_finder(*, threads: int = DEFAULT_THREADS, margins: PlateFinderMargins | None = None) -> PlateFinder:
    """The plate finder that the manifest names, with its corners, digests checked."""
    session = open_model("plate-finder", decoder="yolox-plate", threads=threads)
    return PlateFinder(session, margins=margins, corners=load_corner_finder(threads=threads))
