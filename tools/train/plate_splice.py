"""Real two-line plates cut between their lines and put together anew, so that few plates make many texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.plate_corners import CornerFinder
from models.plate_geometry import ink
from models.slot_reader import flattened
from tools.train.plate_sets import LabelledPlate

Picture = NDArray[np.uint8]
WIDTH, HEIGHT = 160, 120
_EDGE = 0.07
_LIKELY_GAP = (0.41, 0.58)
_CLEAR = 0.42
"""A gap holds at most this share of the ink that the plate's rows hold on average."""


@dataclass(frozen=True)
class Halves:
    """A plate made flat and cut between its lines: two pictures `[_, 160, 3]` and their texts."""

    upper: Picture
    lower: Picture
    upper_text: str
    lower_text: str


def halves(plates: Sequence[LabelledPlate], corners: CornerFinder) -> list[Halves]:
    """Those of two lines with a clear gap between them, of which the upper line's length is known."""
    found = []
    for plate in plates:
        if 0 < plate.upper < len(plate.text):
            flat = _flat(plate.image, corners)
            row = _gap(flat)
            if row is not None:
                found.append(Halves(flat[:row], flat[row:], plate.text[: plate.upper], plate.text[plate.upper :]))
    return found


def splice(parts: Sequence[Halves], rng: np.random.Generator) -> LabelledPlate:
    """The upper line of one, the lower line of another in the light of the first."""
    above, below = (parts[int(i)] for i in rng.integers(0, len(parts), 2))
    light = _light(above.upper) / np.maximum(_light(below.lower), 1)
    lower = (below.lower * light.clip(0.5, 2)).clip(0, 255).astype(np.uint8)
    return LabelledPlate(
        "spliced", np.concatenate([above.upper, lower]), above.upper_text + below.lower_text, len(above.upper_text)
    )


def _flat(image: Picture, corners: CornerFinder) -> Picture:
    """The plate from the front, 160 x 120, with a little around it."""
    height, width = image.shape[:2]
    dx, dy = 0.08 * width, 0.08 * height  # the crops of the sets hold about so much besides the plate
    quad = corners.find(image, (dx, dy, width - dx, height - dy))
    return flattened(image, quad, (WIDTH, HEIGHT), _EDGE)


def _gap(flat: Picture) -> int | None:
    """The row with the least ink near the middle; None where the lines run into one another (glare, slant)."""
    profile = ink(flat)[:, WIDTH // 8 : -WIDTH // 8].mean(1)
    smooth = np.convolve(profile, np.ones(3) / 3, mode="same")
    low, high = (round(share * HEIGHT) for share in _LIKELY_GAP)
    row = low + int(smooth[low:high].argmin())
    return row if smooth[row] < _CLEAR * smooth.mean() else None


def _light(part: Picture) -> NDArray[np.float32]:
    """How bright the plate's ground is, by channel."""
    return np.asarray(np.percentile(part.reshape(-1, 3), 75, axis=0), np.float32)
