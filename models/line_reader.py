"""PP-OCR's recogniser of single lines, on a plate made straight and cut into its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from common.margins import margin
from models.errors import ModelError
from models.plate_geometry import PlateGeometryMargins, enlarge, find_quad, flatten, level, line_counts, split_lines
from models.plates import LEAST_SIDE_PX, PLATE_ALPHABET, Corners, LineReading, PlateReading
from models.runtime import DEFAULT_THREADS, open_model

# Vietnamese plates have no I, J, O or W; what looks like one is its digit. Other shapes fold onto the letter they show.
_FOLDED = {"O": "0", "o": "0", "I": "1", "l": "1", "|": "1", "·": ".", "•": ".", ",": ".", ":": "-", "–": "-", "—": "-"}
_FOLDED |= {small: small.upper() for small in "ckpsuvxyz"}
_LINE_HEIGHT_PX = 48  # the network's
_LEAST_WIDTH_PX = 320
_LINE_STRETCHES = (1.0, 1.25)  # plate letters are narrower than what the recogniser grew up with


@dataclass(frozen=True)
class LineReaderMargins:
    """Which of several cuts of a plate is believed, and what is told of its doubts."""

    least_length: int = margin(
        6, "characters", "a plate has no fewer", source="forms of plates: military ones have six", least=1,
    )  # fmt: skip
    most_length: int = margin(
        9, "characters", "and no more", source="forms of plates: motorcycles' of five digits have nine", least=1,
    )  # fmt: skip
    least_view_px: int = margin(
        96, "pixels", "height to which a smaller crop is enlarged before its corners and its slant are looked for",
        source="chosen while looking at the sets of models/cards/plate-reader.md; no better source", least=16, most=192,
    )  # fmt: skip
    most_view_px: int = margin(
        240, "pixels", "height to which a larger one is made small",
        source="chosen while looking at the sets of models/cards/plate-reader.md; no better source", least=16, most=480,
    )  # fmt: skip
    odd_length: float = margin(
        0.25,
        "confidence for each character too many or too few",
        "a cut that reads 5 or 11 characters has lost or invented some, however sure it is: plates have 6 to 9",
        source="chosen while looking at the sets of models/cards/plate-reader.md; no better source",
        most=1.0,
    )
    kept_alternatives: int = margin(
        5,
        "characters a place",
        "what else a place may be, for the vote over frames",
        source="first plate reader; nobody wrote down why not four or six",
        least=1,
    )
    least_share: float = margin(
        1e-4,
        "probability",
        "a smaller share is the network's noise and only makes the packet longer",
        source="the floor of the vote (`PlateSpellingMargins.least_chance`)",
        most=1.0,
    )


class RapidPlateReader:
    """PP-OCR's recogniser, out of the rapidocr wheel, on straightened lines and with the plate's alphabet only."""

    def __init__(
        self,
        session: ort.InferenceSession,
        *,
        margins: LineReaderMargins | None = None,
        geometry: PlateGeometryMargins | None = None,
    ) -> None:
        self._session = session
        self._margins = margins or LineReaderMargins()
        self._geometry = geometry or PlateGeometryMargins()
        self._input = session.get_inputs()[0].name
        listed = session.get_modelmeta().custom_metadata_map.get("character", "")
        characters = ["", *listed.splitlines()]  # CTC's blank comes first
        if len(characters) < 10:
            raise ModelError(
                "the recogniser carries no list of characters", where="plate-reader", remedy="install rapidocr anew"
            )
        self._columns: dict[str, list[int]] = {char: [] for char in PLATE_ALPHABET}
        for index, char in enumerate(characters):
            target = char if char in self._columns else _FOLDED.get(char)
            if target is not None and target != "":
                self._columns[target].append(index)

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> PlateReading:
        if min(plate_bgr.shape[:2]) < LEAST_SIDE_PX:
            return PlateReading(())
        g = self._geometry
        views = straightened(plate_bgr, corners, self._margins, g)
        cuts = [split_lines(view, count, g) for view in views for count in line_counts(view, g)]
        groups = [[_line_input(line, stretch) for line in cut] for cut in cuts for stretch in _LINE_STRETCHES]
        lines = self._read_lines([line for group in groups for line in group])
        readings, start = [], 0
        for group in groups:
            mine = [line for line in lines[start : start + len(group)] if line.text.strip("-.")]
            readings.append(PlateReading(tuple(mine), "plate-reader"))
            start += len(group)
        return max(readings, key=lambda reading: merit(reading, self._margins))

    def _read_lines(self, inputs: Sequence[NDArray[np.float32]]) -> list[LineReading]:
        width = max(_LEAST_WIDTH_PX, *(item.shape[2] for item in inputs))
        batch = np.zeros((len(inputs), 3, _LINE_HEIGHT_PX, width), np.float32)
        for row, item in enumerate(inputs):
            batch[row, :, :, : item.shape[2]] = item
        table = self._session.run(None, {self._input: batch})[0]
        return [
            decode_ctc(self._restrict(row), shown=width / item.shape[2], margins=self._margins)
            for row, item in zip(table, inputs, strict=True)
        ]

    def _restrict(self, steps: NDArray[np.float32]) -> NDArray[np.float32]:
        """``[T, all characters]`` -> ``[T, 1 + alphabet]`` with the blank first, each step summing to one."""
        parts = [steps[:, 0], *(steps[:, columns].sum(1) for columns in self._columns.values())]
        table = np.stack(parts, 1) + 1e-9
        return np.asarray(table / table.sum(1, keepdims=True), np.float32)


def load_plate_reader(
    *,
    threads: int = DEFAULT_THREADS,
    margins: LineReaderMargins | None = None,
    geometry: PlateGeometryMargins | None = None,
) -> RapidPlateReader:
    """The recogniser that the manifest names, digest checked."""
    session = open_model("plate-reader", decoder="ctc-lines", threads=threads)
    return RapidPlateReader(session, margins=margins, geometry=geometry)


def straightened(
    plate_bgr: NDArray[np.uint8],
    corners: Corners | None = None,
    margins: LineReaderMargins | None = None,
    geometry: PlateGeometryMargins | None = None,
) -> list[NDArray[np.uint8]]:
    """The views worth reading: the crop levelled, and the surface made flat.

    Clear edges tell the corners best; where there are none, `corners` do.
    """
    m, g = margins or LineReaderMargins(), geometry or PlateGeometryMargins()
    large = enlarge(plate_bgr, max(m.least_view_px, min(plate_bgr.shape[0], m.most_view_px)))
    views = [level(large, g)]
    quad = find_quad(large, g)
    if quad is None and corners is not None:
        scale = np.array([large.shape[1] / plate_bgr.shape[1], large.shape[0] / plate_bgr.shape[0]])
        quad = np.ascontiguousarray(np.array(corners) * scale, np.float32)
    if quad is not None:
        views.append(level(flatten(large, quad, g), g))
    return views


def _line_input(line_bgr: NDArray[np.uint8], stretch: float) -> NDArray[np.float32]:
    width = max(16, round(line_bgr.shape[1] * _LINE_HEIGHT_PX / line_bgr.shape[0] * stretch))
    method = cv2.INTER_AREA if line_bgr.shape[0] > _LINE_HEIGHT_PX else cv2.INTER_CUBIC
    scaled = cv2.resize(line_bgr, (width, _LINE_HEIGHT_PX), interpolation=method).astype(np.float32)
    return np.asarray(((scaled / 255 - 0.5) / 0.5).transpose(2, 0, 1), np.float32)


def merit(reading: PlateReading, margins: LineReaderMargins | None = None) -> float:
    """Which of several views to believe: sure characters, and about as many as a plate has."""
    length = len(reading.text)
    if not length:
        return -1.0
    m = margins or LineReaderMargins()
    distance = max(m.least_length - length, length - m.most_length, 0)
    return reading.confidence - m.odd_length * distance


def decode_ctc(
    steps: NDArray[np.float32], *, shown: float = 1.0, margins: LineReaderMargins | None = None
) -> LineReading:
    """Greedy CTC over ``[T, 1 + alphabet]``; alternatives are summed over the steps that make up one character.

    ``shown``: how many times as wide as the line the T steps are (padding follows it).
    """
    m = margins or LineReaderMargins()
    best = steps.argmax(1)
    text, confidences, alternatives, places = [], [], [], []
    start = 0
    for step in range(1, len(best) + 1):
        if step < len(best) and best[step] == best[start]:
            continue
        if best[start] != 0:
            run = steps[start:step]
            shares = run[:, 1:].sum(0) / run[:, 1:].sum()
            order = np.argsort(-shares)[: m.kept_alternatives]
            text.append(PLATE_ALPHABET[best[start] - 1])
            confidences.append(float(run[:, best[start]].max()))
            places.append((start + step) / 2 / len(best) * shown)
            alternatives.append(
                tuple((PLATE_ALPHABET[i], float(shares[i])) for i in order if shares[i] > m.least_share)
            )
        start = step
    return LineReading("".join(text), tuple(confidences), tuple(alternatives), tuple(places))
