"""The port to a country: everything that box, centre and scene ask of the place they stand in.

A country is one package with one value of this class; `countries.here` says which. There is no loader and no second
country: what is here is the seam, so that the rest of the house holds nothing of one country (tests/test_country.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from countries.plates import Plates
from countries.road import Markings, RoadFact, SignalMeaning


@dataclass(frozen=True)
class Country:
    """`code`: ISO 3166-1, small letters. `one_way`: facts that make a road one-way.

    `plate_width_m`: of the narrowest plates of motorcycles and cars, by their class.
    """

    code: str
    plates: Plates
    plate_width_m: Mapping[str, float]
    markings: Markings
    signals: SignalMeaning
    one_way: tuple[RoadFact, ...]
