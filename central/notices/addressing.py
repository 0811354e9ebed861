"""Whom a notice may go to at all. Some vehicles are not fined by notice to an owner, whatever the register says."""

from __future__ import annotations

import re
from typing import Literal

from central.cases.lifecycle import Refused
from countries.vn.plates import normalise, parse

Route = Literal["owner", "foreign", "military"]

# TT 79/2024/TT-BCA Điều 37.6: province, country, NG QT CV NN, number; before that the letters stood before the country
_FOREIGN = re.compile(r"^(\d{5}(NG|QT|CV|NN)\d{2,3}|\d{2}(NG|QT|CV|NN)\d{5})$")
_MOTORCYCLE_SERIES = re.compile(r"^\d{2}(NG|QT|CV|NN)\d{5}$")
_CENTRAL_PROVINCE = "80"
"""Cục CSGT registers for embassies and organisations; elsewhere NN and NG are also ordinary series of motorcycles."""


def route_of(plate: str, *, colour: str, kind: str) -> Route:
    """Where a case with that plate goes: to the owner, to the body for foreign missions, or to the military.

    Judged by the letters and by the colour, each alone: a wrong colour does not make a military plate a civil one.
    """
    text = normalise(plate)
    if colour == "red" or parse(text).kind == "military":
        return "military"
    if parse(text).kind == "foreign":
        return "foreign"
    if _FOREIGN.match(text):
        ordinary = kind == "motorcycle" and _MOTORCYCLE_SERIES.match(text) and not text.startswith(_CENTRAL_PROVINCE)
        return "owner" if ordinary else "foreign"
    return "owner"


def check_route(plate: str, *, colour: str, kind: str) -> None:
    """Raises `Refused` with the route: `foreign_plate` or `military_plate`."""
    route = route_of(plate, colour=colour, kind=kind)
    if route == "foreign":
        raise Refused(
            "foreign_plate", "a plate of a foreign mission or organisation gets no notice 01/73", where=plate[:20],
            remedy="transfer the results with form 03/73 to the unit in charge of foreign vehicles",
        )  # fmt: skip
    if route == "military":
        raise Refused(
            "military_plate", "a military plate gets no notice 01/73", where=plate[:20],
            remedy="transfer the results with form 03/73 to the military control of the area",
        )  # fmt: skip
