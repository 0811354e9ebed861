"""How Vietnamese plates look: their widths, and where digits and where letters stand on a civil one.

Series letters look like digits (D and U like 0, B like 8, Z like 7). The place says which is meant; the reader's own
alternatives say which letter. Nothing is invented: a place without a fitting alternative keeps what was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

WIDTHS_M = {"motorcycle": 0.19, "car": 0.33}
"""Widths of the two-line plates of QCVN 08:2024/BCA."""
LONG_WIDTH_M = 0.52
"""Of the long plate of a car, by the same."""
_SERIES = 2  # two digits for the province, then a letter, then a letter or a digit, then digits
_FREE = 3
_SEPARATORS = "-."


class Line(Protocol):
    """A line as it was read, with what else each character may be, best first."""

    @property
    def text(self) -> str: ...

    @property
    def alternatives(self) -> Sequence[Sequence[tuple[str, float]]]: ...


class Reading(Protocol):
    """One reading of one picture, line by line."""

    @property
    def text(self) -> str: ...

    @property
    def lines(self) -> Sequence[Line]: ...


def civil_text(reading: Reading) -> str:
    """The most probable text without separators in which each place has the kind of character a civil plate has there.

    The one thing about plates that a reading of a single picture may use. A military plate begins with two letters;
    such a reading is returned as it is, as is one of another length.
    """
    places = [
        (char, choices)
        for line in reading.lines
        for char, choices in zip(line.text, line.alternatives, strict=True)
        if char not in _SEPARATORS
    ]
    if not 7 <= len(places) <= 9 or all(char.isalpha() for char, _ in places[:2]):
        return reading.text
    text = []
    for index, (char, choices) in enumerate(places):
        wants_letter = index == _SERIES
        fits = [other for other, _ in choices if other.isalpha() == wants_letter and other not in _SEPARATORS]
        free = index == _FREE or not fits
        text.append(char if free else fits[0])
    return "".join(text)
