"""Grammar of Vietnamese plates: parse, normalise, format, and what may stand where.

`parse` never repairs: what does not fit a form of `countries.vn.plate_forms` is `unknown`. `repair` names what it
changed, so that nobody takes a guess for a reading. `normalise` never loses a letter: what it cannot keep for sure
(`countries.vn.plate_typing`) stays in the text, which then is no plate.
"""

from __future__ import annotations

from itertools import product

from countries.plates import Change, PlateParse, Template
from countries.vn import plate_forms
from countries.vn.plate_forms import (
    FOUR_WHEELS,
    MILITARY_LETTERS,
    OLD_SERIES,
    SECOND_LETTER,
    SERIES_20,
    SPECIAL_SERIES,
    TWO_WHEELS,
    PlateKind,
    fits_class,
    parse_plain,
)
from countries.vn.plate_routes import no_notice
from countries.vn.plate_typing import normalise, plausible, understand
from evidence.plate_colours import PlateColour

__all__ = [  # what the port asks of a country's plates
    "BARE",
    "COLOURS",
    "CONFUSABLE",
    "FOUR_WHEELS",
    "SHORT_NUMBER",
    "TWO_WHEELS",
    "borne",
    "fits_class",
    "format_plate",
    "kinds_in",
    "no_notice",
    "normalise",
    "parse",
    "plausible",
    "position_alphabets",
    "repair",
    "understand",
]

COLOURS: tuple[PlateColour, ...] = ("white", "yellow", "blue", "red")
BARE = {"Đ": "D"}
"""The bar of MĐ and TĐ is printed and not kept."""
SHORT_NUMBER = 4
"""Plates of before 2010 have four digits and no dot; since then it stands between three digits and two."""
_REPAIRED = (*TWO_WHEELS, *FOUR_WHEELS, "temporary")
MAX_REPAIRS = 3
"""Characters; with more exchanged almost any text becomes some plate."""

CONFUSABLE: dict[str, str] = {
    "0": "DOQU", "1": "ILT", "2": "Z", "4": "A", "5": "S", "6": "G", "7": "TZ", "8": "B",
    "O": "0DQ", "D": "0", "Q": "0", "U": "0", "I": "1L", "L": "1", "T": "71", "Z": "27", "A": "4", "S": "5",
    "G": "6", "B": "8",
}  # fmt: skip
"""What a character may really be when the place does not allow it. Only look-alikes seen in practice."""


_DIGITS = frozenset("0123456789")
_TENS = frozenset("123456789")
_L20, _SECOND = frozenset(SERIES_20), frozenset(SECOND_LETTER)


def parse(
    text: str, *, lines: tuple[str, str] | None = None, vehicle_class: str | None = None, colour: str | None = None
) -> PlateParse:
    """Understand a plate.

    Parameters
    ----------
    lines: upper and lower line of a two-line plate; where the line breaks decides between 29H-112.34 and 29-H1 1234.
    vehicle_class: `motorcycle`, `car`, `bus`, `truck`, `special`; excludes kinds that such a vehicle cannot bear.
    colour: `white`, `yellow`, `blue`, `red`; excludes kinds that do not come in that colour (blue: the 11 letters).
    """
    parts = (normalise(lines[0]), normalise(lines[1])) if lines else None
    return parse_plain(normalise(text), lines=parts, vehicle_class=vehicle_class, colour=colour)


def borne(plate: str, kind: str) -> bool:
    """Whether a vehicle of that kind of the law bears such a plate: CD none but special ones, RM and R none at all."""
    return plate_forms.borne(normalise(plate), kind)


def kinds_in(colour: str) -> tuple[str, ...]:
    """Civil forms, and on a red plate the military one, which is written as no other is."""
    return (*TWO_WHEELS, *FOUR_WHEELS, *(("military",) if colour == "red" else ()))


def format_plate(text: str, *, vehicle_class: str | None = None, colour: str | None = None) -> str:
    """Official spelling, `36A-123.45`; what the grammar does not know comes back normalised."""
    return parse(text, vehicle_class=vehicle_class, colour=colour).formatted


def position_alphabets(
    length: int, vehicle_class: str | None = None, lines: int | None = None, colour: str | None = None
) -> list[Template]:
    """Which characters may stand where, one template a form of that length.

    Where the class is known, forms without one (military, foreign) are left out, so that no civil plate is misread as
    one of them; on a red plate the military form stays, since there it is the rule.

    `lines`: 1 or 2 lines of characters, None if not known. Motorcycle plates always have two.
    """
    classless = ("military",) if colour == "red" else ()
    return [
        template
        for _, kind, template in _TEMPLATES
        if len(template) == length
        and fits_class(kind, vehicle_class)
        and not (lines == 1 and kind in TWO_WHEELS)
        and not (vehicle_class and kind not in TWO_WHEELS + FOUR_WHEELS + classless)
    ]


def allowed(position: int, length: int, vehicle_class: str | None = None, lines: int | None = None) -> frozenset[str]:
    """All characters that any form of that length has at `position`."""
    return frozenset().union(*(t[position] for t in position_alphabets(length, vehicle_class, lines)))


def repair(
    text: str, *, vehicle_class: str | None = None, colour: str | None = None
) -> list[tuple[str, tuple[Change, ...]]]:
    """Civil and temporary plates that `text` may be when look-alikes are exchanged where a place forbids what was read.

    Fewest changes first, at most three; a text that is a plate already comes first with no changes. Empty: unknown.
    """
    plain = normalise(text)
    found: dict[str, tuple[Change, ...]] = {}
    for _, kind, template in _TEMPLATES:
        if len(template) != len(plain) or kind not in _REPAIRED or not fits_class(kind, vehicle_class):
            continue
        options = [
            [char] if char in place else [c for c in CONFUSABLE.get(char, "") if c in place]
            for char, place in zip(plain, template, strict=True)
        ]
        if not all(options) or sum(o[0] != c for o, c in zip(options, plain, strict=True)) > MAX_REPAIRS:
            continue
        for chosen in product(*options):
            candidate = "".join(chosen)
            parsed = parse(candidate, vehicle_class=vehicle_class, colour=colour)
            if parsed.known and kind in (parsed.kind, *(a.kind for a in parsed.alternatives)):
                found.setdefault(
                    candidate,
                    tuple((i, a, b) for i, (a, b) in enumerate(zip(plain, candidate, strict=True)) if a != b),
                )
    return sorted(found.items(), key=lambda item: (len(item[1]), item[0]))


def _templates() -> list[tuple[str, PlateKind, Template]]:
    head: Template = (_TENS, _DIGITS)
    made: list[tuple[str, PlateKind, Template]] = []
    for digits in (3, 4, 5):
        made.append(("car", "car", (*head, _L20, *[_DIGITS] * digits)))
    for series in SPECIAL_SERIES:
        for digits in (4, 5):
            made.append(("car_special", "car_special", (*head, *(frozenset(c) for c in series), *[_DIGITS] * digits)))
    made.append(("motorcycle", "motorcycle", (*head, _L20, _SECOND, *[_DIGITS] * 5)))
    for digits in (4, 5):
        made.append(("motorcycle_old", "motorcycle_old", (*head, frozenset(OLD_SERIES), _TENS, *[_DIGITS] * digits)))
    made.append(("moped_old", "motorcycle_old", (*head, _L20, _SECOND, *[_DIGITS] * 4)))
    made.append(("motorcycle_md", "motorcycle_old", (*head, frozenset("M"), frozenset("D"), _TENS, *[_DIGITS] * 5)))
    for series in ("NG", "QT", "CV", "NN"):
        for digits in (2, 3):
            letters = tuple(frozenset(c) for c in series)
            made.append(("foreign", "foreign", (*head, *[_DIGITS] * 3, *letters, *[_DIGITS] * digits)))
    for digits in (5, 6):
        made.append(("temporary", "temporary", (frozenset("T"), *head, *[_DIGITS] * digits)))
    for digits in (3, 4, 5, 6):
        made.append(("military", "military", (*[frozenset(MILITARY_LETTERS)] * 2, *[_DIGITS] * digits)))
    return made


_TEMPLATES = _templates()
