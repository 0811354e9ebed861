"""Licence plates: finding one on a vehicle, reading it, naming its colour.

A reading keeps, for every character, what else it could have been. Grammar and voting over frames are not done here:
the ballot at the centre needs the reader's own doubts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models import manifest
from models.detector import decode, letterbox
from models.errors import ModelError
from models.plate_corners import CornerFinder, load_corner_finder
from models.plate_geometry import enlarge, find_quad, flatten, level, line_counts, split_lines
from models.runtime import DEFAULT_THREADS, open_session

PlateColour = Literal["white", "yellow", "blue", "red", "unknown"]
PLATE_ALPHABET = "0123456789ABCDEFGHKLMNPQRSTUVXYZĐ-."
# Vietnamese plates have no I, J, O or W; what looks like one is its digit. Other shapes fold onto the letter they show.
_FOLDED = {"O": "0", "o": "0", "I": "1", "l": "1", "|": "1", "·": ".", "•": ".", ",": ".", ":": "-", "–": "-", "—": "-"}
_FOLDED |= {small: small.upper() for small in "ckpsuvxyz"}
_LINE_HEIGHT_PX = 48
_LEAST_WIDTH_PX = 320
_LINE_STRETCHES = (1.0, 1.25)  # plate letters are narrower than what the recogniser grew up with
_KEPT_ALTERNATIVES = 5
_USUAL_LENGTHS = range(6, 10)


Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Top left, top right, bottom right, bottom left of the plate itself, x and y in pixels."""


@dataclass(frozen=True)
class PlateBox:
    """A plate in a vehicle crop: x0, y0, x1, y1 and corners in the crop's pixels; without their network no corners."""

    box: tuple[float, float, float, float]
    score: float
    corners: Corners | None = None


@dataclass(frozen=True)
class LineReading:
    """One line. ``alternatives[i]`` lists up to five (character, probability) for position i, best first.

    ``places[i]``: middle of character i as a share (0..1) of the straightened line's width; empty where not known.
    """

    text: str
    confidences: tuple[float, ...]
    alternatives: tuple[tuple[tuple[str, float], ...], ...]
    places: tuple[float, ...] = ()


@dataclass(frozen=True)
class PlateReading:
    """The lines from top to bottom; no line where nothing was read. `reader`: whose it is, its weights' name."""

    lines: tuple[LineReading, ...]
    reader: str = ""

    @property
    def text(self) -> str:
        """All lines without separators, as plates are compared."""
        return "".join(line.text for line in self.lines).replace("-", "").replace(".", "")

    @property
    def confidence(self) -> float:
        """Geometric mean over the characters; 0 for an empty reading."""
        values = [value for line in self.lines for value in line.confidences]
        return float(np.exp(np.mean(np.log(np.clip(values, 1e-6, 1.0))))) if values else 0.0

    @property
    def certainty(self) -> float:
        """How sure the reader is of the whole plate: the product over the characters; 0 for an empty reading."""
        return float(np.prod([value for line in self.lines for value in line.confidences])) if self.lines else 0.0


class PlateReader(Protocol):
    """Anything that reads a plate crop (BGR, a slight margin around the plate); `corners` in the crop's pixels."""

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> PlateReading: ...


class PlateFinder:
    """The one-class YOLOX-nano of ``plate-finder`` on a vehicle crop, then the corners of what it found."""

    def __init__(
        self,
        session: ort.InferenceSession,
        *,
        long_side: int = 320,
        min_score: float = 0.15,
        corners: CornerFinder | None = None,
    ) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self.long_side = long_side
        self.min_score = min_score
        self._corners = corners

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
        """Plates, best first; empty for a crop without one or of no size."""
        height, width = crop_bgr.shape[:2]
        if height < 4 or width < 4:
            return []
        picture, scale = letterbox(crop_bgr, self.long_side)
        table = decode(self._session.run(None, {self._input: picture})[0][0], picture.shape[2], picture.shape[3])
        scores = table[:, 4] * table[:, 5]
        table, scores = table[scores >= self.min_score], scores[scores >= self.min_score]
        boxes = table[:, :4] / np.float32(scale)
        boxes[:, 0::2] = boxes[:, 0::2].clip(0, width)
        boxes[:, 1::2] = boxes[:, 1::2].clip(0, height)
        xywh = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
        kept = cv2.dnn.NMSBoxes(xywh.tolist(), scores.tolist(), self.min_score, 0.4) if len(boxes) else []
        order = sorted((int(i) for i in np.asarray(kept, np.int64).ravel()), key=lambda i: -float(scores[i]))
        return [self._plate(crop_bgr, boxes[i], float(scores[i])) for i in order]

    def _plate(self, crop_bgr: NDArray[np.uint8], edges: NDArray[np.float32], score: float) -> PlateBox:
        box = (float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3]))
        if self._corners is None:
            return PlateBox(box, score)
        a, b, c, d = ((float(x), float(y)) for x, y in self._corners.find(crop_bgr, box))
        return PlateBox(box, score, (a, b, c, d))


def load_plate_finder(*, threads: int = DEFAULT_THREADS, min_score: float = 0.15) -> PlateFinder:
    """The plate finder that the manifest names, with its corners, digests checked."""
    session = open_session(manifest.resolve("plate-finder").path, threads=threads)
    return PlateFinder(session, min_score=min_score, corners=load_corner_finder(threads=threads))


class RapidPlateReader:
    """PP-OCR's recogniser, out of the rapidocr wheel, on straightened lines and with the plate's alphabet only."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
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
        if min(plate_bgr.shape[:2]) < 6:
            return PlateReading(())
        views = straightened(plate_bgr, corners)
        cuts = [split_lines(view, count) for view in views for count in line_counts(view)]
        groups = [[_line_input(line, stretch) for line in cut] for cut in cuts for stretch in _LINE_STRETCHES]
        lines = self._read_lines([line for group in groups for line in group])
        readings, start = [], 0
        for group in groups:
            mine = [line for line in lines[start : start + len(group)] if line.text.strip("-.")]
            readings.append(PlateReading(tuple(mine), "plate-reader"))
            start += len(group)
        return max(readings, key=merit)

    def _read_lines(self, inputs: Sequence[NDArray[np.float32]]) -> list[LineReading]:
        width = max(_LEAST_WIDTH_PX, *(item.shape[2] for item in inputs))
        batch = np.zeros((len(inputs), 3, _LINE_HEIGHT_PX, width), np.float32)
        for row, item in enumerate(inputs):
            batch[row, :, :, : item.shape[2]] = item
        table = self._session.run(None, {self._input: batch})[0]
        return [
            decode_ctc(self._restrict(row), shown=width / item.shape[2])
            for row, item in zip(table, inputs, strict=True)
        ]

    def _restrict(self, steps: NDArray[np.float32]) -> NDArray[np.float32]:
        """``[T, all characters]`` -> ``[T, 1 + alphabet]`` with the blank first, each step summing to one."""
        parts = [steps[:, 0], *(steps[:, columns].sum(1) for columns in self._columns.values())]
        table = np.stack(parts, 1) + 1e-9
        return np.asarray(table / table.sum(1, keepdims=True), np.float32)


def load_plate_reader(*, threads: int = DEFAULT_THREADS) -> RapidPlateReader:
    """The recogniser that the manifest names, digest checked."""
    return RapidPlateReader(open_session(manifest.resolve("plate-reader").path, threads=threads))


def straightened(plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> list[NDArray[np.uint8]]:
    """The views worth reading: the crop levelled, and the surface made flat.

    Clear edges tell the corners best; where there are none, `corners` do.
    """
    large = enlarge(plate_bgr, max(96, min(plate_bgr.shape[0], 240)))
    views = [level(large)]
    quad = find_quad(large)
    if quad is None and corners is not None:
        scale = np.array([large.shape[1] / plate_bgr.shape[1], large.shape[0] / plate_bgr.shape[0]])
        quad = np.ascontiguousarray(np.array(corners) * scale, np.float32)
    if quad is not None:
        views.append(level(flatten(large, quad)))
    return views


def _line_input(line_bgr: NDArray[np.uint8], stretch: float) -> NDArray[np.float32]:
    width = max(16, round(line_bgr.shape[1] * _LINE_HEIGHT_PX / line_bgr.shape[0] * stretch))
    method = cv2.INTER_AREA if line_bgr.shape[0] > _LINE_HEIGHT_PX else cv2.INTER_CUBIC
    scaled = cv2.resize(line_bgr, (width, _LINE_HEIGHT_PX), interpolation=method).astype(np.float32)
    return np.asarray(((scaled / 255 - 0.5) / 0.5).transpose(2, 0, 1), np.float32)


def merit(reading: PlateReading) -> float:
    """Which of several views to believe: sure characters, and about as many as a plate has."""
    length = len(reading.text)
    if not length:
        return -1.0
    distance = max(_USUAL_LENGTHS.start - length, length - _USUAL_LENGTHS.stop + 1, 0)
    return reading.confidence - 0.25 * distance


def decode_ctc(steps: NDArray[np.float32], *, shown: float = 1.0) -> LineReading:
    """Greedy CTC over ``[T, 1 + alphabet]``; alternatives are summed over the steps that make up one character.

    ``shown``: how many times as wide as the line the T steps are (padding follows it).
    """
    best = steps.argmax(1)
    text, confidences, alternatives, places = [], [], [], []
    start = 0
    for step in range(1, len(best) + 1):
        if step < len(best) and best[step] == best[start]:
            continue
        if best[start] != 0:
            run = steps[start:step]
            shares = run[:, 1:].sum(0) / run[:, 1:].sum()
            order = np.argsort(-shares)[:_KEPT_ALTERNATIVES]
            text.append(PLATE_ALPHABET[best[start] - 1])
            confidences.append(float(run[:, best[start]].max()))
            places.append((start + step) / 2 / len(best) * shown)
            alternatives.append(tuple((PLATE_ALPHABET[i], float(shares[i])) for i in order if shares[i] > 1e-4))
        start = step
    return LineReading("".join(text), tuple(confidences), tuple(alternatives), tuple(places))


# OpenCV hue (0..179) of the ground of coloured plates.
_HUES: tuple[tuple[PlateColour, int, int], ...] = (
    ("red", 0, 10),
    ("yellow", 14, 40),
    ("blue", 95, 130),
    ("red", 168, 180),
)


def plate_colour(plate_bgr: NDArray[np.uint8]) -> PlateColour:
    """Colour of the plate's ground, from the middle of the crop; "unknown" where it is too dark or mixed."""
    height, width = plate_bgr.shape[:2]
    middle = plate_bgr[height // 6 : height - height // 6, width // 10 : width - width // 10]
    if middle.size == 0:
        return "unknown"
    hue, saturation, value = (plane.ravel() for plane in cv2.split(cv2.cvtColor(middle, cv2.COLOR_BGR2HSV)))
    if np.percentile(value, 90) < 60:
        return "unknown"
    lit = value > max(45, 0.3 * float(np.percentile(value, 90)))
    coloured = lit & (saturation > 90)
    shares: dict[PlateColour, float] = {}
    for colour, low, high in _HUES:
        share = float((coloured & (hue >= low) & (hue <= high)).mean())
        shares[colour] = shares.get(colour, 0.0) + share
    first = max(shares, key=lambda name: shares[name])
    if shares[first] > 0.4:
        return first
    return "white" if float((lit & (saturation < 90)).mean()) > 0.4 else "unknown"
