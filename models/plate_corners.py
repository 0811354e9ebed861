"""The four corners of a plate inside its box: a small network on the plate's surroundings.

The finder's box stands upright; the plate seldom does. The corners make it flat for the reader of lines and for the
officer's eye.
"""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models.runtime import DEFAULT_THREADS, open_model

MARGIN = 0.18
"""Share of the box's width and height that is seen around it: the network was trained with it."""
CROP_MARGIN = 0.08
"""Share of a plate's width and height that is left around it in a crop: the box cuts it out so, and a crop without its
picture is taken to be one. First plate reader; the sets of models/cards/plate-reader.md have 6 %."""
INPUT_HEIGHT, INPUT_WIDTH = 64, 96
Box = tuple[float, float, float, float]


class CornerFinder:
    """The network of `plate-corners`: `[N, 3, 64, 96]` in -1..1 to `[N, 8]`, x and y of four corners, 0..1."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    def find(self, image_bgr: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
        """`[4, 2]` pixels of `image_bgr`: top left, top right, bottom right, bottom left of the plate in `box`."""
        to_image, view = surroundings(image_bgr, box)
        found = self._session.run(None, {self._input: prepare(view)[None]})[0][0].reshape(4, 2)
        return np.asarray(found * to_image[1] + to_image[0], np.float32)


def load_corner_finder(*, threads: int = DEFAULT_THREADS) -> CornerFinder:
    """The corner finder that the manifest names, digest checked."""
    return CornerFinder(open_model("plate-corners", decoder="corners", threads=threads))


def likely_box(crop_bgr: NDArray[np.uint8]) -> Box:
    """Where the plate lies in a crop with the margin that is common here."""
    height, width = crop_bgr.shape[:2]
    x, y = CROP_MARGIN * width, CROP_MARGIN * height
    return x, y, width - x, height - y


def surroundings(
    image_bgr: NDArray[np.uint8], box: Box
) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], NDArray[np.uint8]]:
    """The picture around a box, stretched to the network's size, with the corner and the size (pixels) it came from.

    What lies outside the picture repeats its edge.
    """
    x0, y0, x1, y1 = box
    size = np.array([(x1 - x0) * (1 + 2 * MARGIN), (y1 - y0) * (1 + 2 * MARGIN)])
    corner = np.array([x0 - MARGIN * (x1 - x0), y0 - MARGIN * (y1 - y0)])
    scale = np.array([INPUT_WIDTH, INPUT_HEIGHT]) / np.maximum(size, 1.0)
    source, offset = image_bgr, corner
    if scale.min() < 0.5:  # bilinear alone would alias
        left, top = np.floor(corner).astype(int).clip(0)
        right, bottom = np.ceil(corner + size).astype(int)
        part = image_bgr[top:bottom, left:right]
        shrink = float(scale.max())
        source = np.asarray(cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        offset = (corner - [left, top]) * shrink
        scale = scale / shrink
    matrix = np.array([[scale[0], 0, -offset[0] * scale[0]], [0, scale[1], -offset[1] * scale[1]]])
    view = cv2.warpAffine(
        source, matrix, (INPUT_WIDTH, INPUT_HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return (corner, size), np.asarray(view, np.uint8)


def prepare(view: NDArray[np.uint8]) -> NDArray[np.float32]:
    """`[64, 96, 3]` to `[3, 64, 96]`, -1..1."""
    return np.ascontiguousarray((view.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1))
