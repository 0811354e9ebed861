"""The law as dated data: which clause, band and points belong to an act, chosen by the day the act was done.

NĐ 238/2026/NĐ-CP Điều 21: an act that ended before 15/08/2026 is judged by the decree in force at its time. A specific
fine is the middle of the band (Luật XLVPHC Điều 23.4); an organisation pays double (Điều 24.2); points belong to a
driver's licence, never to an organisation. All of it is a proposal to the officer: nothing here goes on a notice but
the clause and the citation of the decree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from countries.vn.acts import act_here
from countries.vn.deadlines import local_date
from evidence.acts import ActCode, VehicleClass
from evidence.errors import GiaoLoError

VehicleKind = Literal["car", "motorcycle", "special", "bicycle"]
OwnerType = Literal["person", "organisation"]

KIND_OF_CLASS: dict[VehicleClass, VehicleKind] = {
    VehicleClass.MOTORCYCLE: "motorcycle",
    VehicleClass.CAR: "car",
    VehicleClass.BUS: "car",
    VehicleClass.TRUCK: "car",
    VehicleClass.BICYCLE: "bicycle",
}
KIND_VI: dict[VehicleKind, str] = {
    "car": "Ô tô",
    "motorcycle": "Xe mô tô, xe gắn máy",
    "special": "Xe máy chuyên dùng",
    "bicycle": "Xe đạp, xe thô sơ",
}


class LawError(GiaoLoError):
    """No law data for that act, kind and day."""


class _Dated(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    from_: date = Field(alias="from")
    to: date | None

    def holds(self, day: date) -> bool:
        return self.from_ <= day and (self.to is None or day <= self.to)


class Decree(_Dated):
    """How the decree is named for acts of that time."""

    short: str
    citation: str


class LawItem(_Dated):
    """One act in one wording for one kind of vehicle. Amounts in đồng, for a person."""

    key: str
    group: VehicleKind
    clause: str
    wording: str
    min: int = Field(gt=0)
    max: int = Field(gt=0)
    points: int = Field(ge=0, le=12)

    @model_validator(mode="after")
    def _band(self) -> LawItem:
        if self.min > self.max:
            raise ValueError("band is upside down")
        return self


class _Book(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1]
    decrees: list[Decree]
    items: list[LawItem]


@dataclass(frozen=True)
class Proposal:
    """What the officer sees beside a case: never a decision, never on the notice."""

    law_key: str
    clause: str
    wording: str
    decree: str
    min_vnd: int
    max_vnd: int
    ordinary_vnd: int
    points: int
    owner_type: OwnerType


def proposal(act: ActCode, kind: VehicleKind, at: datetime, *, owner_type: OwnerType = "person") -> Proposal:
    """Clause, band, ordinary fine and points for an act at the instant `at`. Raises `LawError`."""
    day = local_date(at)
    item = law_item(act_here(act).law, kind, day)
    times = 2 if owner_type == "organisation" else 1
    return Proposal(
        law_key=item.key,
        clause=item.clause,
        wording=item.wording,
        decree=decree(day).short,
        min_vnd=item.min * times,
        max_vnd=item.max * times,
        ordinary_vnd=(item.min + item.max) // 2 * times,
        points=0 if owner_type == "organisation" else item.points,
        owner_type=owner_type,
    )


HEARING_FROM_VND = 15_000_000
"""Luật Xử lý vi phạm hành chính Điều 61.1: giải trình where the band reaches 15 million đồng for a person. For an
organisation band and border (30 million) are both twice as high, so the answer is the same for every owner."""


def may_be_heard(act: ActCode, kind: VehicleKind, at: datetime) -> bool:
    """Whether whoever did the act has the right to giải trình; False when the law data has no row."""
    try:
        return proposal(act, kind, at).max_vnd >= HEARING_FROM_VND
    except LawError:
        return False


def law_item(key: str, kind: VehicleKind, day: date) -> LawItem:
    """The wording in force on that day. Raises `LawError` when there is none (before 01/01/2025, unknown kind)."""
    for item in _book().items:
        if item.key == key and item.group == kind and item.holds(day):
            return item
    raise LawError(
        f"no law data for {key}, {kind}, on {day:%d/%m/%Y}",
        where="countries/vn/law_data",
        remedy="data starts on 01/01/2025; check the time of the act and the kind of vehicle",
    )


def decree(day: date) -> Decree:
    """The decree as it is cited for an act of that day. Raises `LawError`."""
    for candidate in _book().decrees:
        if candidate.holds(day):
            return candidate
    raise LawError(f"no law data for {day:%d/%m/%Y}", where="countries/vn/law_data", remedy="data starts on 01/01/2025")


def all_items() -> list[LawItem]:
    return list(_book().items)


@cache
def _book() -> _Book:
    decrees: list[Decree] = []
    items: list[LawItem] = []
    folder = resources.files("countries.vn") / "law_data"
    for file in sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name):
        book = _Book.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        decrees += book.decrees
        items += book.items
    return _Book(schema_version=1, decrees=decrees, items=items)
