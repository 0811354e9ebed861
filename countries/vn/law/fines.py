"""The law as dated data: which clause, band and points belong to an act, chosen by the day the act was done.

NĐ 238/2026/NĐ-CP Điều 21: an act that ended before 15/08/2026 is judged by the decree in force at its time. What is
usual within a band, what an organisation pays and who has a right to be heard are figures (`figures.yaml`); points
belong to a driver's licence, never to an organisation. All of it is a proposal to the officer: nothing here goes on a
notice but the clause and the citation of the decree.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from countries.law import (
    InstalmentRules,
    LateRule,
    LawError,
    OwnerType,
    PointsOnce,
    PostponementRule,
    Proposal,
    ReliefRule,
    VehicleKind,
)
from countries.vn.acts import act_here
from countries.vn.deadlines import local_date
from countries.vn.law.figures import FOLDER, Dated, figure, whole
from evidence.acts import ActCode, VehicleClass

KINDS: tuple[VehicleKind, ...] = ("car", "motorcycle", "special", "bicycle")

KIND_OF_CLASS: dict[VehicleClass, VehicleKind] = {
    VehicleClass.MOTORCYCLE: "motorcycle",
    VehicleClass.CAR: "car",
    VehicleClass.BUS: "car",
    VehicleClass.TRUCK: "car",
    VehicleClass.BICYCLE: "bicycle",
}


BROUGHT_BY_COMMUNE: frozenset[VehicleKind] = frozenset({"motorcycle"})
"""TT 73/2024/TT-BCA Điều 24.5: form 04 goes to Công an cấp xã for xe mô tô, xe gắn máy."""


class Decree(Dated):
    """How the decree is named for acts of that time."""

    short: str
    citation: str


class Band(BaseModel):
    """Least and most of a fine, for a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    min: int = Field(gt=0)
    max: int = Field(gt=0)
    unit: Literal["VND"]

    @model_validator(mode="after")
    def _upright(self) -> Band:
        if self.min > self.max:
            raise ValueError("band is upside down")
        return self


class Points(BaseModel):
    """What the act takes of a driver's licence."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: int = Field(ge=0)
    unit: Literal["points"]
    reference: str = Field(min_length=1)


class LawItem(Dated):
    """One act in one wording for one kind of vehicle. `no_act`: why no act of the product leads here."""

    key: str
    group: Literal["car", "motorcycle", "special", "bicycle"]
    clause: str = Field(min_length=1)
    reference: str = Field(min_length=1)
    wording: str = Field(min_length=1)
    fine: Band
    points: Points
    no_act: str = ""


class _Book(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1]
    decrees: list[Decree]
    items: list[LawItem]


def proposal(act: ActCode, kind: VehicleKind, at: datetime, *, owner_type: OwnerType = "person") -> Proposal:
    """Clause, band, ordinary fine and points for an act at the instant `at`. Raises `LawError`."""
    day = local_date(at)
    item = law_item(act_here(act).law, kind, day)
    organisation = owner_type == "organisation"
    times = whole("organisation_times", day) if organisation else 1
    usual = item.fine.min + int((item.fine.max - item.fine.min) * figure("ordinary_share", day).value)
    return Proposal(
        law_key=item.key,
        clause=item.clause,
        wording=item.wording,
        decree=decree(day).short,
        least=item.fine.min * times,
        most=item.fine.max * times,
        ordinary=usual * times,
        points=0 if organisation else item.points.value,
        owner_type=owner_type,
    )


def may_be_heard(act: ActCode, kind: VehicleKind, at: datetime) -> bool:
    """Whether whoever did the act has the right to giải trình: the band decides; False when the law data has no row."""
    try:
        return proposal(act, kind, at).most >= whole("hearing_from", local_date(at))
    except LawError:
        return False


def instalments(day: date, *, owner_type: OwnerType) -> InstalmentRules:
    """When a fine that was decided on `day` may be paid in parts (Điều 79)."""
    least, most = whole(f"instalments_from_{owner_type}", day), figure("instalments_most", day)
    return InstalmentRules(least, int(most.value), whole("instalments_first", day), most.reference)


def postponement(day: date, *, owner_type: OwnerType) -> PostponementRule:
    """From which fine on payment may be put off (Điều 76.1.a)."""
    least = figure(f"postponement_from_{owner_type}", day)
    return PostponementRule(int(least.value), least.reference)


def relief(day: date, *, owner_type: OwnerType) -> ReliefRule:
    """Who was not put off before has all of the fine taken off only as a person, from this fine on (Điều 77.4.b); an
    organisation has to be put off first (Điều 77.5.a)."""
    least = figure("relief_from_person", day)
    return ReliefRule(int(least.value) if owner_type == "person" else None, least.reference)


def late_payment(day: date) -> LateRule:
    """What a day of late payment costs (Điều 78.1); the treasury reckons and collects it (118/2021/NĐ-CP Điều 20.3)."""
    share = figure("late_per_day", day)
    return LateRule(Decimal(str(share.value)), share.reference)


def points_once(points: Sequence[int], day: date) -> PointsOnce:
    """Of several acts that are decided at once only the one with the most takes points (Điều 50.1.b); of equal ones the
    first."""
    most = max(points)
    return PointsOnce(most, points.index(most), figure("acts_with_points", day).reference)


def law_item(key: str, kind: VehicleKind, day: date) -> LawItem:
    """The wording in force on that day. Raises `LawError` when there is none (before 01/01/2025, unknown kind)."""
    for item in _book().items:
        if item.key == key and item.group == kind and item.holds(day):
            return item
    raise LawError(
        f"no law data for {key}, {kind}, on {day:%d/%m/%Y}",
        where="countries/vn/law",
        remedy="data starts on 01/01/2025; check the time of the act and the kind of vehicle",
    )


def decree(day: date) -> Decree:
    """The decree as it is cited for an act of that day. Raises `LawError`."""
    for candidate in _book().decrees:
        if candidate.holds(day):
            return candidate
    raise LawError(f"no law data for {day:%d/%m/%Y}", where="countries/vn/law", remedy="data starts on 01/01/2025")


def all_items() -> list[LawItem]:
    return list(_book().items)


@cache
def _book() -> _Book:
    decrees: list[Decree] = []
    items: list[LawItem] = []
    decrees_of = (f for f in resources.files(FOLDER).iterdir() if f.name.startswith("nd") and f.name.endswith(".yaml"))
    for file in sorted(decrees_of, key=lambda f: f.name):
        book = _Book.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        decrees += book.decrees
        items += book.items
    return _Book(schema_version=1, decrees=decrees, items=items)
