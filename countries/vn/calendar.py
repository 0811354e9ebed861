"""Which days are rest days in Vietnam: weekends, public holidays, days that the Government or the unit itself moved.

Why it matters: a term of an owner whose last day is a rest day ends with the next working day (Bộ luật Dân sự 2015
Điều 148.5, applied by Luật Xử lý vi phạm hành chính Điều 8.1), and nobody is called to a closed office.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from countries.calendar import WorkCalendar


class MovedDay(BaseModel):
    """One line of `calendar.yaml`: a day, what it became, and the decision that says so."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    day: date
    kind: Literal["rest", "work"]
    name: str = Field(min_length=1)
    reference: str = Field(min_length=1)


class _Book(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1]
    days: list[MovedDay]


@cache
def moved_days() -> tuple[MovedDay, ...]:
    """The dated exceptions that ship with the centre."""
    text = (resources.files("countries.vn") / "calendar.yaml").read_text(encoding="utf-8")
    return tuple(_Book.model_validate(yaml.safe_load(text)).days)


@cache
def national() -> WorkCalendar:
    """Vietnam's calendar without corrections of a unit."""
    return WorkCalendar(
        frozenset(d.day for d in moved_days() if d.kind == "rest"),
        frozenset(d.day for d in moved_days() if d.kind == "work"),
        holidays=public_holidays,
    )


@cache
def public_holidays(year: int) -> frozenset[date]:
    """Of every year, by the package `holidays` and its lunar table."""
    import holidays  # a box knows no working days, and the package takes long to load

    return frozenset(holidays.country_holidays("VN", years=year))
