"""Vehicles that are not fined by notice to an owner, whatever the register says: foreign missions and the military.

TT 73/2024/TT-BCA sends what was found on to another body, with form 03/73. Nobody else has a way of his own: police and
other bodies of the State (blue plates) and enterprises of the military (KT) are told by notice like every owner, and
whoever drives for them is fined like any citizen (Luật Xử lý vi phạm hành chính Điều 5.1.a).
"""

from __future__ import annotations

import re
from functools import lru_cache

from countries.plates import NoNotice
from countries.vn.plate_forms import parse_plain
from countries.vn.plate_typing import normalise

# TT 79/2024/TT-BCA Điều 37.6: province, country, NG QT CV NN, number; before that the letters stood before the country
_FOREIGN = re.compile(r"^(\d{5}(NG|QT|CV|NN)\d{2,3}|\d{2}(NG|QT|CV|NN)\d{5})$")
_MOTORCYCLE_SERIES = re.compile(r"^\d{2}(NG|QT|CV|NN)\d{5}$")
_CENTRAL_PROVINCE = "80"
"""Cục CSGT registers for embassies and organisations; elsewhere NN and NG are also ordinary series of motorcycles."""

_KEPT = 8192
"""Plates of which it is not asked anew: every list and every step asks."""

FOREIGN = NoNotice(
    "foreign_plate", "a plate of a foreign mission or organisation gets no notice 01/73",
    "transfer the results with form 03/73 to the unit in charge of foreign vehicles",
)  # fmt: skip
MILITARY = NoNotice(
    "military_plate", "a military plate gets no notice 01/73",
    "transfer the results with form 03/73 to the military control of the area",
)  # fmt: skip


def no_notice(plate: str, *, colour: str, kind: str) -> NoNotice | None:
    """`FOREIGN`, `MILITARY`, or None: the notice goes to the owner.

    Judged by the letters and by the colour, each alone: a wrong colour does not make a military plate a civil one.
    """
    return _judged(plate, colour, kind)


@lru_cache(_KEPT)
def _judged(plate: str, colour: str, kind: str) -> NoNotice | None:
    text = normalise(plate)
    form = parse_plain(text).kind
    if colour == "red" or form == "military":
        return MILITARY
    if form == "foreign":
        return FOREIGN
    if _FOREIGN.match(text):
        ordinary = kind == "motorcycle" and _MOTORCYCLE_SERIES.match(text) and not text.startswith(_CENTRAL_PROVINCE)
        return None if ordinary else FOREIGN
    return None
