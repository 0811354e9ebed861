"""The port to a country: everything that box, centre and scene ask of the place they stand in.

A country is one package with one value of this class; `countries.here` says which. There is no loader and no second
country: what is here is the seam, so that the rest of the house holds nothing of one country (tests/test_country.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from countries.calendar import WorkCalendar
from countries.devices import DevicePapers
from countries.keeping import Keeping
from countries.law import ActNames, Language, Law, Powers
from countries.notice import NoticeForm
from countries.papers import Papers
from countries.plates import Plates
from countries.road import Markings, RoadFact, SignalMeaning, Signs
from countries.terms import Terms

LookUpField = Literal["vehicle", "plate", "colour", "occurred_at", "place", "act", "detected_by", "units", "status"]


Standing = Literal["unresolved", "transferred", "decided", "settled", "withdrawn", "expired"]


@dataclass(frozen=True)
class Words:
    """Words on papers and in the owner's answer, in the country's language: kinds of vehicles, colours of plates.

    `standings`: how a case stands, as an owner is told, in the country's language and in English (`Standing`).
    """

    kinds: Mapping[str, str]
    colours: Mapping[str, str]
    standings: Mapping[Standing, tuple[str, str]]


@dataclass(frozen=True)
class Country:
    """`code`: ISO 3166-1, small letters. `zone`: the clock that dates and hours are said by. `language`: of papers.

    `currency`: its sign.

    `plate_width_m`: of the plates on two lines of motorcycles and cars, the narrowest they have, by their class;
    `long_plate_width_m`: of a car's plate on one line. `one_way`: facts that make a road
    one-way; `signs`: the others. `calendar`: the national working days, `notice`: the form of a notice, `papers`: the
    papers after it; each is loaded when first asked for, as a box asks for none. `devices`: the papers that cameras and
    boxes must have. `keeping`: how long what is stored is kept.
    `look_up`: what an owner may be told of a case by plate alone (`LookUpField`).
    """

    code: str
    zone: ZoneInfo
    language: Language
    currency: str
    plates: Plates
    plate_width_m: Mapping[str, float]
    long_plate_width_m: float
    markings: Markings
    signals: SignalMeaning
    one_way: tuple[RoadFact, ...]
    signs: Signs
    acts: ActNames
    law: Law
    powers: Powers
    terms: Terms
    devices: DevicePapers
    keeping: Keeping
    calendar: Callable[[], WorkCalendar]
    notice: Callable[[], NoticeForm]
    papers: Callable[[], Papers]
    look_up: tuple[LookUpField, ...]
    words: Words

    def local(self, instant: datetime) -> datetime:
        """The instant by the country's clock."""
        return instant.astimezone(self.zone)

    def local_date(self, instant: datetime) -> date:
        """The calendar day there."""
        return self.local(instant).date()
