"""Grammar of Vietnamese plates: parse, normalise, format, kinds, colours, legacy forms, confusable characters by place.

Source: TT 79/2024/TT-BCA Điều 37 and annexes (series letters, colours, order 000.01-999.99), Điều 39.3 (legacy forms
that stay valid); province codes TT 79 PL02, all still on the road after TT 51/2025. `parse` never repairs: what does
not fit is `unknown`. `repair` names what it changed, so that nobody takes a guess for a reading.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

PlateKind = Literal["car", "car_special", "motorcycle", "motorcycle_old", "foreign", "temporary", "military", "unknown"]
Change = tuple[int, str, str]
"""Position, character that was read, character put in its place."""

SERIES_20 = "ABCDEFGHKLMNPSTUVXYZ"
"""White and yellow plates; I J O Q R W are not used."""
SERIES_11 = "ABCDEFGHKLM"
"""Blue plates: Party, State and police bodies."""
SECOND_LETTER = "ABCDEFGHKLMNPRSTUVXYZ"
"""Second series letter of motorcycles: Điều 37 has no R and a G, the annex the opposite; both are accepted."""
OLD_SERIES = SERIES_20 + "R"
"""Motorcycles of before 2010 that are still on the road: 53-R5 (and mopeds with two letters and four digits, 50-XA)."""
SPECIAL_SERIES = ("CD", "RM", "HC", "KT", "LD", "DA", "MK", "TD", "CT", "LB", "MD", "R")
MAX_REPAIRS = 3

_P = r"(?P<province>1[124-9]|2\d|3\d|4[01]|43|4[7-9]|5\d|6\d|7\d|8[0-6]|8[89]|90|9[2-5]|9[7-9])"
_FORMS: tuple[tuple[str, PlateKind, str], ...] = (
    ("car", "car", rf"{_P}(?P<series>[{SERIES_20}])(?P<number>\d{{3,5}})"),
    ("car_special", "car_special", rf"{_P}(?P<series>{'|'.join(SPECIAL_SERIES)})(?P<number>\d{{4,5}})"),
    ("motorcycle", "motorcycle", rf"{_P}(?P<series>[{SERIES_20}][{SECOND_LETTER}])(?P<number>\d{{5}})"),
    ("motorcycle_old", "motorcycle_old", rf"{_P}(?P<series>[{OLD_SERIES}][1-9])(?P<number>\d{{4,5}})"),
    ("moped_old", "motorcycle_old", rf"{_P}(?P<series>[{SERIES_20}][{SECOND_LETTER}])(?P<number>\d{{4}})"),
    ("motorcycle_md", "motorcycle_old", rf"{_P}(?P<series>MD[1-9])(?P<number>\d{{5}})"),
    ("foreign", "foreign", rf"{_P}(?P<country>\d{{3}})(?P<series>NG|QT|CV|NN)(?P<number>\d{{2,3}})"),
    ("temporary", "temporary", rf"(?P<series>T){_P}(?P<number>\d{{5,6}})"),
    ("military", "military", r"(?P<series>[A-Z]{2})(?P<number>\d{3,6})"),
)
PATTERNS = tuple((name, kind, re.compile(f"^{pattern}$")) for name, kind, pattern in _FORMS)
PROVINCES: dict[str, str] = {
    code: name
    for codes, name in (
        ("11", "Cao Bằng"), ("12", "Lạng Sơn"), ("14", "Quảng Ninh"), ("15 16", "Hải Phòng"), ("17", "Thái Bình"),
        ("18", "Nam Định"), ("19", "Phú Thọ"), ("20", "Thái Nguyên"), ("21", "Yên Bái"), ("22", "Tuyên Quang"),
        ("23", "Hà Giang"), ("24", "Lào Cai"), ("25", "Lai Châu"), ("26", "Sơn La"), ("27", "Điện Biên"),
        ("28", "Hòa Bình"), ("29 30 31 32 33 40", "Hà Nội"), ("34", "Hải Dương"), ("35", "Ninh Bình"),
        ("36", "Thanh Hóa"), ("37", "Nghệ An"), ("38", "Hà Tĩnh"), ("39 60", "Đồng Nai"),
        ("41 50 51 52 53 54 55 56 57 58 59", "TP. Hồ Chí Minh"), ("43", "Đà Nẵng"), ("47", "Đắk Lắk"),
        ("48", "Đắk Nông"), ("49", "Lâm Đồng"), ("61", "Bình Dương"), ("62", "Long An"), ("63", "Tiền Giang"),
        ("64", "Vĩnh Long"), ("65", "Cần Thơ"), ("66", "Đồng Tháp"), ("67", "An Giang"), ("68", "Kiên Giang"),
        ("69", "Cà Mau"), ("70", "Tây Ninh"), ("71", "Bến Tre"), ("72", "Bà Rịa-Vũng Tàu"), ("73", "Quảng Bình"),
        ("74", "Quảng Trị"), ("75", "Thừa Thiên Huế"), ("76", "Quảng Ngãi"), ("77", "Bình Định"), ("78", "Phú Yên"),
        ("79", "Khánh Hòa"), ("80", "Cục Cảnh sát giao thông"), ("81", "Gia Lai"), ("82", "Kon Tum"),
        ("83", "Sóc Trăng"), ("84", "Trà Vinh"), ("85", "Ninh Thuận"), ("86", "Bình Thuận"), ("88", "Vĩnh Phúc"),
        ("89", "Hưng Yên"), ("90", "Hà Nam"), ("92", "Quảng Nam"), ("93", "Bình Phước"), ("94", "Bạc Liêu"),
        ("95", "Hậu Giang"), ("97", "Bắc Kạn"), ("98", "Bắc Giang"), ("99", "Bắc Ninh"),
    )
    for code in codes.split()
}  # fmt: skip

CONFUSABLE: dict[str, str] = {
    "0": "DOQU", "1": "ILT", "2": "Z", "4": "A", "5": "S", "6": "G", "7": "TZ", "8": "B",
    "O": "0DQ", "D": "0", "Q": "0", "U": "0", "I": "1L", "L": "1", "T": "71", "Z": "27", "A": "4", "S": "5",
    "G": "6", "B": "8",
}  # fmt: skip
"""What a character may really be when the place does not allow it. Only look-alikes seen in practice."""

_DIGITS = frozenset("0123456789")
_TENS = frozenset("123456789")
_L20, _L11, _SECOND = frozenset(SERIES_20), frozenset(SERIES_11), frozenset(SECOND_LETTER)
Template = tuple[frozenset[str], ...]
_TWO_WHEELS = ("motorcycle", "motorcycle_old")
_FOUR_WHEELS = ("car", "car_special")


@dataclass(frozen=True)
class PlateParse:
    """A plate as the grammar understands it. `alternatives`: other readings of the same characters, best first."""

    text: str
    kind: PlateKind
    province: str | None = None
    series: str = ""
    number: str = ""
    formatted: str = ""
    alternatives: tuple[PlateParse, ...] = ()

    @property
    def known(self) -> bool:
        return self.kind != "unknown"

    @property
    def ambiguous(self) -> bool:
        return bool(self.alternatives)

    @property
    def province_name(self) -> str:
        return PROVINCES.get(self.province or "", "")


def normalise(text: str) -> str:
    """Upper case, Đ as D, only A-Z and 0-9."""
    plain = unicodedata.normalize("NFKC", text).upper().replace("Đ", "D")
    return "".join(c for c in plain if c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def plausible(text: str) -> bool:
    """Whether a person may have meant a plate: 4 to 12 characters with three digits, of a listed form or not."""
    plain = normalise(text)
    return 4 <= len(plain) <= 12 and sum(c.isdigit() for c in plain) >= 3


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
    plain = normalise(text)
    fits = [
        found
        for name, kind, pattern in PATTERNS
        if (match := pattern.match(plain))
        and any(c != "0" for c in match["number"])
        and _fits_class(kind, vehicle_class)
        and _fits_colour(kind, match["series"], match["number"], colour)
        and _fits_lines(name, match, lines)
        for found in [_parsed(plain, kind, match)]
    ]
    if not fits:
        return PlateParse(plain, "unknown", formatted=plain)
    fits.sort(key=_rank)
    return replace(fits[0], alternatives=tuple(fits[1:]))


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
        and _fits_class(kind, vehicle_class)
        and not (lines == 1 and kind in _TWO_WHEELS)
        and not (vehicle_class and kind not in _TWO_WHEELS + _FOUR_WHEELS + classless)
    ]


def allowed(position: int, length: int, vehicle_class: str | None = None, lines: int | None = None) -> frozenset[str]:
    """All characters that any form of that length has at `position`."""
    return frozenset().union(*(t[position] for t in position_alphabets(length, vehicle_class, lines)))


def repair(
    text: str, *, vehicle_class: str | None = None, colour: str | None = None
) -> list[tuple[str, tuple[Change, ...]]]:
    """Civil plates that `text` may be when look-alikes are exchanged where the place forbids what was read.

    Fewest changes first, at most three; a text that is a plate already comes first with no changes. Empty: unknown.
    """
    plain = normalise(text)
    found: dict[str, tuple[Change, ...]] = {}
    for _, kind, template in _TEMPLATES:
        if (
            len(template) != len(plain)
            or kind not in _TWO_WHEELS + _FOUR_WHEELS
            or not _fits_class(kind, vehicle_class)
        ):
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


def _parsed(text: str, kind: PlateKind, match: re.Match[str]) -> PlateParse:
    groups = match.groupdict()
    province, series, number = groups.get("province"), groups["series"], groups["number"]
    dotted = f"{number[:3]}.{number[3:]}" if len(number) == 5 else number
    if kind in _FOUR_WHEELS:
        formatted = f"{province}{series}-{dotted}"
    elif kind in _TWO_WHEELS:
        formatted = f"{province}-{series} {dotted}"
    elif kind == "foreign":
        formatted = f"{province}-{groups['country']}-{series}-{number}"
    elif kind == "temporary":
        formatted = f"T{province}-{dotted}"
    else:
        formatted = f"{series}-{number[:2]}-{number[2:]}" if len(number) == 4 else f"{series}-{number}"
    return PlateParse(text, kind, province, series, number, formatted)


def _rank(found: PlateParse) -> int:
    """Without a class: a five-digit car before an old four-digit motorcycle, a special series before a common one."""
    order = ("car_special", "car", "motorcycle", "motorcycle_old", "foreign", "temporary", "military")
    return order.index(found.kind)


def _fits_class(kind: PlateKind, vehicle_class: str | None) -> bool:
    if vehicle_class == "motorcycle":
        return kind not in _FOUR_WHEELS
    if vehicle_class in ("car", "bus", "truck", "special"):
        return kind not in _TWO_WHEELS
    return True


def _fits_colour(kind: PlateKind, series: str, number: str, colour: str | None) -> bool:
    if colour in (None, "unknown"):
        return True
    if kind == "military":
        return colour == "red"
    if colour == "yellow":
        return kind in _FOUR_WHEELS
    if colour == "blue":
        if kind == "car":
            return series[0] in _L11
        if kind == "motorcycle_old":
            return series[0] in _L11 and len(series) == 2 and len(number) == 5
        return kind == "car_special"
    return colour == "white"


def _fits_lines(name: str, match: re.Match[str], lines: tuple[str, str] | None) -> bool:
    if lines is None:
        return True
    upper, lower = normalise(lines[0]), normalise(lines[1])
    if not upper or not lower or upper + lower != match.string:
        return True  # the lines are of another reading and say nothing about this one
    if name == "foreign":
        return lower.endswith(match["number"])
    return lower == match["number"]


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
    for digits in (3, 4, 5, 6):
        made.append(("military", "military", (*[frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")] * 2, *[_DIGITS] * digits)))
    return made


_TEMPLATES = _templates()
