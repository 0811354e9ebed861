"""Licence plates: what a finder and a reader say of one.

A reading keeps, for every character, what else it could have been. Grammar and voting over frames are not done here:
the vote needs the reader's own doubts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PLATE_ALPHABET = "0123456789ABCDEFGHKLMNPQRSTUVXYZĐ-."
LEAST_SIDE_PX = 6
"""A crop with a shorter side shows no character to anyone: no reader looks at it."""

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
