"""The second reader: EasyOCR with its English weights, for the centre only (it needs torch).

It sees the same lines as the first reader, cut out of the same straightened plate, but its network, its training
data and its errors are others: where both agree, the reading is worth more.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models import manifest
from models.errors import ModelError
from models.plate_geometry import enlarge, line_counts, split_lines
from models.plates import PLATE_ALPHABET, Corners, LineReading, PlateReading, merit, straightened

_ALLOWED = PLATE_ALPHABET.replace("Đ", "")  # english_g2 does not know the letter


# It takes the plate's frame for a 1 or an I, so the frame is cut away, by several shares of the width.
_TRIMS = (0.04, 0.06, 0.09)
_TRIM_HEIGHT = 0.03
_LINE_HEIGHT_PX = 64


class EasyOcrReader:
    """EasyOCR's recogniser; nothing is downloaded. :class:`ModelError` where the packages are not installed."""

    def __init__(self, model_id: str = "second-reader") -> None:
        weights = manifest.resolve(model_id)
        try:
            from models.torchvision_ops import define_missing

            define_missing()
            import easyocr
        except ImportError as error:
            raise ModelError(
                f"the second reader cannot start: {error}",
                where="easyocr",
                remedy=f"pip install giaolo[second-reader], then {manifest.how_to_install(model_id)}",
            ) from error
        self._reader: Any = easyocr.Reader(
            ["en"],
            gpu=False,
            detector=False,
            model_storage_directory=str(weights.path.parent),
            download_enabled=False,
            verbose=False,
        )

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> PlateReading:
        """EasyOCR gives one confidence a line; each of its characters carries that."""
        if min(plate_bgr.shape[:2]) < 6:
            return PlateReading(())
        views = [_trimmed(view, share) for view in straightened(plate_bgr, corners) for share in _TRIMS]
        readings = [self._read_cut(split_lines(view, count)) for view in views for count in line_counts(view)]
        return max(readings, key=merit)

    def _read_cut(self, cut: tuple[NDArray[np.uint8], ...]) -> PlateReading:
        lines = []
        for line in cut:
            grey = cv2.cvtColor(enlarge(line, _LINE_HEIGHT_PX), cv2.COLOR_BGR2GRAY)
            for _, text, confidence in self._reader.recognize(grey, allowlist=_ALLOWED, detail=1, paragraph=False):
                value = float(confidence)
                lines.append(LineReading(text, (value,) * len(text), tuple(((char, value),) for char in text)))
        return PlateReading(tuple(line for line in lines if line.text.strip("-.")))


def _trimmed(view: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    height, width = view.shape[:2]
    top, side = round(height * _TRIM_HEIGHT), round(width * share)
    return view[top : height - top, side : width - side]
