"""The words of each paper: one YAML beside this file a paper, and `common.yaml` for what all have.

A text is called by its name; places in braces are filled in. `ours` lists those that are in no form that was read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict

from countries.paper_parts import Party, Reference, StatedAct, Vehicle
from countries.papers import Origin, PaperCode
from countries.vn import words
from countries.vn.deadlines import VIETNAM
from countries.vn.forms.official import number_text
from countries.vn.forms.papers.setting import FOLDER, one_line
from countries.vn.plates import format_plate

CODES: tuple[PaperCode, ...] = get_args(PaperCode)


@dataclass(frozen=True)
class Wording:
    """One paper's words. `number`: how its number is written. `series`: which papers are numbered in one row."""

    origin: Origin
    number: str
    series: str
    texts: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """A text with its places filled in; a value stays on its line."""
        plain = {name: one_line(value) if isinstance(value, str) else value for name, value in values.items()}
        return self.texts[key].format(**plain)


class _File(BaseModel):
    """As it stands in YAML: what `Origin` has, how and in which row it is numbered, the texts by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str = ""
    form: str = ""
    known: Literal["whole", "partly", "none"] = "none"
    reference: str = ""
    ours: tuple[str, ...] = ()
    number: str = ""
    series: str = ""
    texts: dict[str, str]

    @property
    def origin(self) -> Origin:
        return Origin(title=self.title, form=self.form, known=self.known, reference=self.reference, ours=self.ours)


@cache
def wording(code: PaperCode) -> Wording:
    """The words of a paper, with those that all papers have."""
    file, common = _read(code), _read("common")
    return Wording(file.origin, file.number, file.series, {**common.texts, **file.texts})


def common(key: str) -> str:
    """A text that all papers have."""
    return _read("common").texts[key]


@cache
def _read(name: str) -> _File:
    text = (resources.files(FOLDER) / f"{name}.yaml").read_text(encoding="utf-8")
    return _File.model_validate(yaml.safe_load(text))


def number(code: PaperCode, number: int | None, suffix: str) -> str:
    """`5` -> `05/TB-PC08`: below ten with a nought (NĐ 30/2020/NĐ-CP, Phụ lục I). None: dots, for a draft."""
    return number_text(wording(code).number, number, one_line(suffix))


def read_number(code: PaperCode, text: str) -> tuple[int, str] | None:
    """`05/TB-PC08` -> 5, `PC08`: the way back from `number`; None for what is not written so."""
    form = re.escape(wording(code).number).replace(re.escape("{number:02d}"), "(?P<number>[0-9]+)")
    found = re.fullmatch(form.replace(re.escape("{suffix}"), "(?P<suffix>.+)"), text)
    return None if found is None else (int(found["number"]), found.groupdict().get("suffix") or "")


def series(code: PaperCode) -> str:
    """Papers whose numbers end alike are numbered in one row: no two of a year have the same."""
    return wording(code).series


def short_day(day: date | None) -> str:
    return "" if day is None else f"{day:%d/%m/%Y}"


def hour_and_day(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H giờ %M phút ngày %d/%m/%Y}"


def second_in_words(at: datetime) -> str:
    """Day, hour to the second and zone of a signature by key (NĐ 30/2020/NĐ-CP, Phụ lục I)."""
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S} +07:00"


def vehicle_words(vehicle: Vehicle) -> str:
    """Kind, plate and colour of the plate, as form 01/73 asks for them."""
    said = words.read()
    plate = format_plate(vehicle.plate, vehicle_class=vehicle.kind, colour=vehicle.colour)
    colour = said.colours.get(vehicle.colour, vehicle.colour)
    kind = said.kinds.get(vehicle.kind, vehicle.kind)
    return _common("vehicle_words").format(kind=one_line(kind), plate=one_line(plate), colour=one_line(colour).lower())


def time_and_place(act: StatedAct) -> str:
    return f"{hour_and_day(act.occurred_at)}, tại {one_line(act.place)}"


def clause_words(act: StatedAct) -> str:
    return one_line(f"{act.clause} {act.decree}")


def reference_words(reference: Reference) -> str:
    return f"{one_line(reference.number) or _common('unknown')} ngày {reference.on:%d/%m/%Y}"


def you(party: Party) -> str:
    """How the paper speaks to them."""
    return _common("you_organisation" if party.type == "organisation" else "you_person")


def _common(key: str) -> str:
    return _read("common").texts[key]
