"""Where the characters of a reading stand: whether one is missing.

A plate with a character gone (mud, a peeled digit) reads like another vehicle's old plate of four digits. What is left
tells: only a number with all its digits has a dot, and the characters stand in the middle of their line without a hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from common.margins import margin
from countries.here import HERE
from models.plates import LineReading, PlateReading

_SEPARATORS = "-."
_SHORT = HERE.plates.SHORT_NUMBER


@dataclass(frozen=True)
class PlateLayoutMargins:
    """When the place of the characters says that one is missing. Lengths in widths of a character with its gap."""

    off_centre: float = margin(
        0.75, "widths of a character",
        "the room on both sides of the number differs by no more on a whole plate; with a digit gone it is 1 and more",
        source="decision 18; geometry of plates, on which a line stands in the middle",
    )  # fmt: skip
    hole: float = margin(
        1.75, "widths of a character",
        "between the middles of two digits: 1 to 1.25 on the plate, 1.4 over the dot, 2 over a hole",
        source="decision 18; geometry of plates",
    )  # fmt: skip
    least_measured: int = margin(
        3, "characters", "below so many characters of the number their width cannot be told",
        source="two steps at least for a median of steps", least=2,
    )  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """`whole`: nothing says that a character is missing. `dot`: a dot was read in the number, so it has five digits.

    `centred`: whether the line stands in the middle of the plate; None where it was not measured.
    """

    whole: bool = True
    dot: bool = False
    centred: bool | None = None


UNMEASURED = Layout()


def layout_of(reading: PlateReading, margins: PlateLayoutMargins | None = None) -> Layout:
    """What the last line, which ends in the number, says."""
    m = margins or PlateLayoutMargins()
    if not reading.lines:
        return UNMEASURED
    line = reading.lines[-1]
    text = line.text.rstrip(_SEPARATORS)
    start = _number_start(text, m)
    number = text[start:]
    digits = [i for i in range(start, len(text)) if text[i] not in _SEPARATORS]
    if "." in number:
        return Layout(len(digits) > _SHORT, True)
    if len(line.places) < len(text) or not m.least_measured <= len(digits) <= _SHORT:
        return UNMEASURED
    places = [line.places[i] for i in digits]
    steps = [b - a for a, b in pairwise(places)]
    width = median(steps)
    if width <= 0:
        return UNMEASURED
    # Twice the distance of the middles is the difference of the room. A crop may be loose on one side: the upper
    # line tells the middle of the plate better than the crop does.
    middle = _middle(reading.lines[0]) if len(reading.lines) > 1 else 0.5
    centred = middle is None or 2 * abs((_middle(line) or 0.5) - middle) <= m.off_centre * width
    return Layout(centred and max(steps) <= m.hole * width, False, centred)


def _middle(line: LineReading) -> float | None:
    """Middle between the first and the last character, separators left out; None where places are not known."""
    places = [place for char, place in zip(line.text, line.places, strict=False) if char not in _SEPARATORS]
    return (places[0] + places[-1]) / 2 if places else None


def _number_start(text: str, m: PlateLayoutMargins) -> int:
    """Where the number begins in a line: behind its last letter, and behind the hyphen that follows the series."""
    start = max((i + 1 for i, char in enumerate(text) if char.isalpha()), default=0)
    hyphen = text.find("-", start)
    return hyphen + 1 if hyphen >= 0 and len(text) - hyphen > m.least_measured else start
