"""The second reader: EasyOCR with its English weights, for the centre only (it needs torch).

It reads single lines and nothing else, so it gets single lines: the plate straightened by its corners, cut in two where
it has two, the frame cut away. Its network, its training data and its errors are others than the first readers': where
they agree, the reading is worth more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from models import manifest
from models.errors import ModelError
from models.line_reader import merit
from models.plate_corners import CornerFinder, likely_box, load_corner_finder
from models.plate_geometry import enlarge, split_lines
from models.plates import LEAST_SIDE_PX, PLATE_ALPHABET, Corners, LineReading, PlateReading
from models.slot_reader import flattened

_ALLOWED = PLATE_ALPHABET.replace("Đ", "")  # english_g2 does not know the letter
_DIGITS = "0123456789."  # a lower line is the number

# It takes the plate's frame for a 1 or an I, so the frame is cut away, by several shares of the width.
_TRIMS = (0.0, 0.03, 0.05, 0.07, 0.1)
_READER = "second-reader"


_TUNED = "chosen when the second reader was given single lines (f5f8252); no better source"


@dataclass(frozen=True)
class SecondReaderMargins:
    """How the plate is cut for the second reader. Aspects are width by height."""

    two_lines_below: float = margin(
        2.3, "aspect", "short plates have 2.0 and less; up to `one_line_above` both cuts are tried",
        source="TT 79/2024: 330 x 165 mm; the room above it is an estimate",
    )  # fmt: skip
    one_line_above: float = margin(
        3.0, "aspect", "long plates have 4.7", source="TT 79/2024: 520 x 110 mm; the room is an estimate",
    )  # fmt: skip
    trim_height: float = margin(
        0.03, "share of the height", "cut away above and below with the frame", source=_TUNED, most=0.5,
    )  # fmt: skip
    plate_px: int = margin(144, "pixels", "height of the flat plate", source=_TUNED, least=32)
    line_px: int = margin(64, "pixels", "height at which a line is given to its network", source=_TUNED, least=16)
    least_view_px: int = margin(
        200, "pixels", "height of the crop in which corners are looked for and from which the lines are cut",
        source=_TUNED, least=32,
    )  # fmt: skip


class EasyOcrReader:
    """EasyOCR's recogniser; nothing is downloaded. :class:`ModelError` where the packages are not installed."""

    def __init__(
        self,
        model_id: str = _READER,
        corners: CornerFinder | None = None,
        margins: SecondReaderMargins | None = None,
    ) -> None:
        self._margins = margins or SecondReaderMargins()
        weights = manifest.resolve_for(model_id, runtime="easyocr", decoder="easyocr")
        try:
            from models.torchvision_ops import define_missing

            define_missing()
            import easyocr
            import torch
        except ImportError as error:
            raise ModelError(
                f"the second reader cannot start: {error}",
                where="easyocr",
                remedy=f"pip install giaolo[second-reader], then {manifest.how_to_install(model_id)}",
            ) from error
        # a second thread gains nothing on single lines and waits by spinning: where others want the cores too, a plate
        # took up to thirty times the CPU
        torch.set_num_threads(1)
        self._corners = corners or load_corner_finder()
        self._reader: Any = easyocr.Reader(
            ["en"],
            gpu=False,
            detector=False,
            model_storage_directory=str(weights.path.parent),
            download_enabled=False,
            verbose=False,
        )

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> PlateReading:
        """The likeliest of `cuts`. EasyOCR gives one confidence a line; each of its characters carries that."""
        return max(self.cuts(plate_bgr, corners), key=merit, default=PlateReading((), _READER))

    def cuts(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> list[PlateReading]:
        """What it reads in each way of cutting the plate into lines: where they differ, it is not sure."""
        if min(plate_bgr.shape[:2]) < LEAST_SIDE_PX:
            return []
        m = self._margins
        large = enlarge(plate_bgr, max(m.least_view_px, plate_bgr.shape[0]))
        if corners is None:
            quad = self._corners.find(large, likely_box(large))
        else:
            quad = np.asarray(corners, np.float32) * (large.shape[0] / plate_bgr.shape[0])
        aspect = _aspect(quad)
        flat = flattened(large, quad, (max(16, round(m.plate_px * aspect)), m.plate_px), edge=0.0)
        counts = (1,) if aspect > m.one_line_above else (2,) if aspect < m.two_lines_below else (1, 2)
        return [
            self._read_cut(split_lines(_trimmed(flat, share, m.trim_height), count))
            for share in _TRIMS
            for count in counts
        ]

    def _read_cut(self, cut: tuple[NDArray[np.uint8], ...]) -> PlateReading:
        lines = []
        for number, line in enumerate(cut):
            grey = cv2.cvtColor(enlarge(line, self._margins.line_px), cv2.COLOR_BGR2GRAY)
            allowed = _DIGITS if number else _ALLOWED
            for _, text, confidence in self._reader.recognize(grey, allowlist=allowed, detail=1, paragraph=False):
                value = float(confidence)
                lines.append(LineReading(text, (value,) * len(text), tuple(((char, value),) for char in text)))
        return PlateReading(tuple(line for line in lines if line.text.strip("-.")), _READER)


def _aspect(quad: NDArray[np.float32]) -> float:
    """Width by height of the plate with these corners, 0.5 to 8."""
    top, right, bottom, left = (float(np.hypot(*(quad[i] - quad[(i + 1) % 4]))) for i in range(4))
    return min(8.0, max(0.5, (top + bottom) / max(left + right, 1.0)))


def _trimmed(view: NDArray[np.uint8], share: float, share_of_height: float) -> NDArray[np.uint8]:
    height, width = view.shape[:2]
    top, side = round(height * share_of_height), round(width * share)
    return view[top : height - top, side : width - side]
