"""Our own plate reader: the whole plate at once, one line or two, a probability for every character at every place.

Unlike a line recogniser it needs no cut into lines, which is where small and tilted plates fail. It reads the crop as
it is and made flat by the plate's corners, and is sure where both say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from common.margins import margin
from models.plate_corners import CornerFinder, likely_box, load_corner_finder
from models.plates import LEAST_SIDE_PX, Corners, LineReading, PlateReading
from models.runtime import DEFAULT_THREADS, open_model

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_EDGE = 0.06  # left around the flat plate; the network was trained with it


@dataclass(frozen=True)
class SlotReaderMargins:
    """What is told of the network's doubts."""

    kept_alternatives: int = margin(
        5, "characters a place", "what else a place may be, for the vote over frames",
        source="first plate reader; nobody wrote down why not four or six", least=1,
    )  # fmt: skip
    least_share: float = margin(
        1e-4, "probability", "a smaller share is the network's noise and only makes the packet longer",
        source="the floor of the vote (`PlateSpellingMargins.least_chance`)", most=1.0,
    )  # fmt: skip


class SlotPlateReader:
    """The network of `plate-slots`: `[N, 3, H, W]` in -1..1 to characters `[N, 10, 37]` and line breaks `[N, 6]`."""

    def __init__(
        self, session: ort.InferenceSession, corners: CornerFinder, *, margins: SlotReaderMargins | None = None
    ) -> None:
        self._session = session
        self._margins = margins or SlotReaderMargins()
        self._input = session.get_inputs()[0].name
        _, _, height, width = session.get_inputs()[0].shape
        self._size = (int(width), int(height))
        self._corners = corners

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> PlateReading:
        """`corners`: of the plate in the crop; where they are not given, they are looked for."""
        if min(plate_bgr.shape[:2]) < LEAST_SIDE_PX:
            return PlateReading(())
        quad = np.array(corners, np.float32) if corners else self._corners.find(plate_bgr, likely_box(plate_bgr))
        flat = flattened(plate_bgr, quad, self._size)
        views = np.stack([prepared(view, self._size) for view in (plate_bgr, flat)])
        characters, breaks = self._session.run(None, {self._input: views})
        return decode_slots(characters.mean(0), breaks.mean(0), self._margins)


def load_slot_reader(*, threads: int = DEFAULT_THREADS, margins: SlotReaderMargins | None = None) -> SlotPlateReader:
    """The reader that the manifest names, digest checked."""
    session = open_model("plate-slots", decoder="slots", threads=threads)
    return SlotPlateReader(session, load_corner_finder(threads=threads), margins=margins)


def decode_slots(
    characters: NDArray[np.float32], breaks: NDArray[np.float32], margins: SlotReaderMargins | None = None
) -> PlateReading:
    """Probabilities `[places, 37]` (the last class: no character) and `[6]` (length of the upper line, 0: one line)."""
    m = margins or SlotReaderMargins()
    codes = characters.argmax(1)
    ends = np.flatnonzero(codes == len(ALPHABET))
    length = int(ends[0]) if len(ends) else len(codes)
    if not length:
        return PlateReading(())
    upper = int(breaks.argmax())
    bounds = [0, upper, length] if 0 < upper < length else [0, length]
    # whoever doubts that the text ends there doubts its last character
    end = float(characters[length, len(ALPHABET)]) if length < len(characters) else 1.0
    lines = tuple(_line(characters[a:b], end if b == length else 1.0, m) for a, b in pairwise(bounds))
    return PlateReading(lines, "plate-slots")


def _line(rows: NDArray[np.float32], end: float, m: SlotReaderMargins) -> LineReading:
    letters = rows[:, : len(ALPHABET)]
    order = np.argsort(-letters, axis=1)[:, : m.kept_alternatives]
    alternatives = tuple(
        tuple((ALPHABET[int(c)], float(row[c])) for c in picked if row[c] >= m.least_share or c == picked[0])
        for row, picked in zip(letters, order, strict=True)
    )
    best = [votes[0] for votes in alternatives]
    sure = [p for _, p in best]
    return LineReading("".join(c for c, _ in best), (*sure[:-1], sure[-1] * end), alternatives)


def flattened(
    image: NDArray[np.uint8], quad: NDArray[np.float32], size: tuple[int, int], edge: float = _EDGE
) -> NDArray[np.uint8]:
    """The plate with these corners `[4, 2]` (clockwise from top left) from the front, `size` (width, height) in pixels.

    `edge`: so much of the width and height is left around it.
    """
    width, height = size
    x, y = edge * width, edge * height
    goal = np.array([[x, y], [width - x, y], [width - x, height - y], [x, height - y]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.ascontiguousarray(quad, np.float32), goal)
    flat = cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.uint8)


def prepared(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    """The crop stretched to the network's size (width, height), whatever its proportions: `[3, H, W]`, -1..1.

    Training uses it too.
    """
    method = cv2.INTER_AREA if image.shape[1] > size[0] else cv2.INTER_CUBIC
    scaled = cv2.resize(image, size, interpolation=method).astype(np.float32)
    return np.ascontiguousarray((scaled / 127.5 - 1).transpose(2, 0, 1))
