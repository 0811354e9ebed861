"""Forms of Vietnamese plates: kinds, provinces, series, colours, and the official spelling of a text that fits one.

Source: TT 79/2024/TT-BCA Điều 37 and annexes (series letters, colours, order 000.01-999.99), Điều 39.3 (legacy forms
that stay valid); province codes TT 79 PL02, all still on the road after TT 51/2025. What people type is understood in
`countries.vn.plate_typing`; here a text is already A-Z and 0-9.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from countries.plates import PlateParse

PlateKind = Literal["car", "car_special", "motorcycle", "motorcycle_old", "foreign", "temporary", "military", "unknown"]

SERIES_20 = "ABCDEFGHKLMNPSTUVXYZ"
"""White and yellow plates; I J O Q R W are not used."""
SERIES_11 = "ABCDEFGHKLM"
"""Blue plates: Party, State and police bodies."""
SECOND_LETTER = "ABCDEFGHKLMNPRSTUVXYZ"
"""Second series letter of motorcycles: Điều 37 has no R and a G, the annex the opposite; both are accepted."""
OLD_SERIES = SERIES_20 + "R"
"""Motorcycles of before 2010 that are still on the road: 53-R5 (and mopeds with two letters and four digits, 50-XA)."""
MILITARY_LETTERS = "ABCDEGHKLMNPQSTVXY"
"""Letters of the units on red plates (TM, QH, KA, BC, AD ...; TT 169/2021/TT-BQP as far as known, vietnam-law §4.1):
no I J O W, which no plate has, and none of F R U Z, which no unit has."""
_PRINTED_WITH_BAR = ("MD", "TD")
"""Legacy series that stand on the plate as MĐ and TĐ; the second letter D of today's motorcycles has no bar."""
SPECIAL_SERIES = ("CD", "RM", "HC", "KT", "LD", "DA", "MK", "TD", "CT", "LB", "MD", "R")

_BORNE_BY: dict[str, str | None] = {"CD": "special", "RM": None, "R": None}
"""Series that one kind of vehicle bears alone: CD xe máy chuyên dùng (TT 79/2024/TT-BCA Điều 37). RM and R stand on
trailers: whoever draws one bears a plate of his own, and the register has another owner under it."""

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
    ("military", "military", rf"(?P<series>[{MILITARY_LETTERS}]{{2}})(?P<number>\d{{3,6}})"),
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

_KEPT = 8192
"""Plates that are not understood anew each time: a page of a list asks of each of its lines twice."""

TWO_WHEELS = ("motorcycle", "motorcycle_old")
FOUR_WHEELS = ("car", "car_special")


@lru_cache(_KEPT)
def parse_plain(
    plain: str, *, lines: tuple[str, str] | None = None, vehicle_class: str | None = None, colour: str | None = None
) -> PlateParse:
    """`countries.vn.plates.parse` for a text that is normalised already, as its `lines` are."""
    fits = [
        found
        for name, kind, pattern in PATTERNS
        if (match := pattern.match(plain))
        and any(c != "0" for c in match["number"])
        and fits_class(kind, vehicle_class)
        and _fits_colour(kind, match["series"], match["number"], colour)
        and _fits_lines(name, match, lines)
        for found in [_parsed(plain, name, kind, match)]
    ]
    if not fits:
        return PlateParse(plain, "unknown", formatted=plain)
    fits.sort(key=_rank)
    return replace(fits[0], alternatives=tuple(fits[1:]))


def _parsed(text: str, name: str, kind: PlateKind, match: re.Match[str]) -> PlateParse:
    groups = match.groupdict()
    province, series, number = groups.get("province"), groups["series"], groups["number"]
    dotted = f"{number[:3]}.{number[3:]}" if len(number) > 4 else number
    shown = series
    if name in ("car_special", "motorcycle_md") and series[:2] in _PRINTED_WITH_BAR:
        shown = series[0] + "Đ" + series[2:]
    if kind in FOUR_WHEELS:
        formatted = f"{province}{shown}-{dotted}"
    elif kind in TWO_WHEELS:
        formatted = f"{province}-{shown} {dotted}"
    elif kind == "foreign":
        formatted = f"{province}-{groups['country']}-{series}-{number}"
    elif kind == "temporary":
        formatted = f"T{province}-{dotted}"
    else:
        formatted = f"{series}-{number[:2]}-{number[2:]}" if len(number) == 4 else f"{series}-{number}"
    name_of = PROVINCES.get(province or "", "")
    return PlateParse(text, kind, province, series, number, formatted, province_name=name_of)


def _rank(found: PlateParse) -> int:
    """Without a class: a five-digit car before an old four-digit motorcycle, a special series before a common one."""
    order = ("car_special", "car", "motorcycle", "motorcycle_old", "foreign", "temporary", "military")
    return order.index(found.kind)


def fits_class(kind: str, vehicle_class: str | None) -> bool:
    if vehicle_class == "motorcycle":
        return kind not in FOUR_WHEELS
    if vehicle_class in ("car", "bus", "truck", "special"):
        return kind not in TWO_WHEELS
    return True


def borne(plain: str, vehicle: str) -> bool:
    """`countries.plates.Plates.borne` for a text that is normalised already."""
    found = parse_plain(plain, vehicle_class=vehicle)
    return found.known and any(
        each.kind != "car_special" or _BORNE_BY.get(each.series, vehicle) == vehicle
        for each in (found, *found.alternatives)
    )


def _fits_colour(kind: PlateKind, series: str, number: str, colour: str | None) -> bool:
    if colour in (None, "unknown"):
        return True
    if kind == "military":
        return colour == "red"
    if colour == "yellow":
        return kind in FOUR_WHEELS
    if colour == "blue":
        if kind == "car":
            return series[0] in SERIES_11
        if kind == "motorcycle_old":
            return series[0] in SERIES_11 and len(series) == 2 and len(number) == 5
        return kind == "car_special"
    return colour == "white"


def _fits_lines(name: str, match: re.Match[str], lines: tuple[str, str] | None) -> bool:
    if lines is None:
        return True
    upper, lower = lines
    if not upper or not lower or upper + lower != match.string:
        return True  # the lines are of another reading and say nothing about this one
    if name == "foreign":
        return lower.endswith(match["number"])
    return lower == match["number"]
