"""Our own plate reader: the whole plate at once, one line or two, a probability for every character at every place.

Unlike a line recogniser it needs no cut into lines and no rectification, which is where small and tilted plates fail.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models import manifest
from models.plates import Corners, LineReading, PlateReading
from models.runtime import DEFAULT_THREADS, open_session

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KEPT_ALTERNATIVES = 5
_LEAST_SHARE = 1e-4
_TRIM = 0.04


class SlotPlateReader:
    """The network of `plate-slots`: `[N, 3, H, W]` in -1..1 to characters `[N, 10, 37]` and line breaks `[N, 6]`."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        _, _, height, width = session.get_inputs()[0].shape
        self._size = (int(width), int(height))

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> PlateReading:
        """The crop as it is: the network has learnt slant and perspective, so `corners` are not needed."""
        if min(plate_bgr.shape[:2]) < 6:
            return PlateReading(())
        views = np.stack([_prepared(view, self._size) for view in _cuts(plate_bgr)])
        characters, breaks = self._session.run(None, {self._input: views})
        return decode_slots(characters.mean(0), breaks.mean(0))


def load_slot_reader(*, threads: int = DEFAULT_THREADS) -> SlotPlateReader:
    """The reader that the manifest names, digest checked."""
    return SlotPlateReader(open_session(manifest.resolve("plate-slots").path, threads=threads))


def decode_slots(characters: NDArray[np.float32], breaks: NDArray[np.float32]) -> PlateReading:
    """Probabilities `[places, 37]` (the last class: no character) and `[6]` (length of the upper line, 0: one line)."""
    codes = characters.argmax(1)
    ends = np.flatnonzero(codes == len(ALPHABET))
    length = int(ends[0]) if len(ends) else len(codes)
    if not length:
        return PlateReading(())
    upper = int(breaks.argmax())
    bounds = [0, upper, length] if 0 < upper < length else [0, length]
    return PlateReading(tuple(_line(characters[a:b]) for a, b in pairwise(bounds)))


def _line(rows: NDArray[np.float32]) -> LineReading:
    letters = rows[:, : len(ALPHABET)]
    order = np.argsort(-letters, axis=1)[:, :_KEPT_ALTERNATIVES]
    alternatives = tuple(
        tuple((ALPHABET[int(c)], float(row[c])) for c in picked if row[c] >= _LEAST_SHARE or c == picked[0])
        for row, picked in zip(letters, order, strict=True)
    )
    best = [votes[0] for votes in alternatives]
    return LineReading("".join(c for c, _ in best), tuple(p for _, p in best), alternatives)


def _cuts(image: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """The crop, and the same a little tighter: where they disagree, neither is sure."""
    dy, dx = round(_TRIM * image.shape[0]), round(_TRIM * image.shape[1])
    return [image, image[dy : image.shape[0] - dy, dx : image.shape[1] - dx]]


def _prepared(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    """The crop stretched to the network's size, whatever its proportions, as in training."""
    method = cv2.INTER_AREA if image.shape[1] > size[0] else cv2.INTER_CUBIC
    scaled = cv2.resize(image, size, interpolation=method).astype(np.float32)
    return np.ascontiguousarray((scaled / 127.5 - 1).transpose(2, 0, 1))
