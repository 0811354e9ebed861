"""The one thing about civil plates that a reading of a single picture may use: where digits and where letters stand.

Series letters look like digits (D and U like 0, B like 8, Z like 7). The place says which is meant; the reader's own
alternatives say which letter. Nothing is invented: a place without a fitting alternative keeps what was read.
"""

from __future__ import annotations

from models.plates import PlateReading

_SERIES = 2  # two digits for the province, then a letter, then a letter or a digit, then digits
_FREE = 3


def civil_text(reading: PlateReading) -> str:
    """The most probable text without separators in which each place has the kind of character a civil plate has there.

    A military plate begins with two letters; such a reading is returned as it is, as is one of another length.
    """
    places = [
        (char, choices)
        for line in reading.lines
        for char, choices in zip(line.text, line.alternatives, strict=True)
        if char not in "-."
    ]
    if not 7 <= len(places) <= 9 or all(char.isalpha() for char, _ in places[:2]):
        return reading.text
    text = []
    for index, (char, choices) in enumerate(places):
        wants_letter = index == _SERIES
        fits = [other for other, _ in choices if other.isalpha() == wants_letter and other not in "-."]
        free = index == _FREE or not fits
        text.append(char if free else fits[0])
    return "".join(text)
