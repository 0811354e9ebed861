"""Which days are rest days in Vietnam: weekends, public holidays, days that the Government or the unit itself moved.

Why it matters: a term of an owner whose last day is a rest day ends with the next working day (Bộ luật Dân sự 2015
Điều 148.5, applied by Luật Xử lý vi phạm hành chính Điều 8.1), and nobody is called to a closed office.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Literal

import holidays
import yaml
from pydantic import BaseModel, ConfigDict, Field

SATURDAY = 5
_LONGEST_REST_DAYS = 60
"""No calendar rests longer than this at one stretch; Tết has never had more than ten days."""


@dataclass(frozen=True)
class WorkCalendar:
    """Rest days of one unit. `rest` and `work` are exceptions that win over weekday and public holiday."""

    rest: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()

    def is_rest(self, day: date) -> bool:
        """Whether offices are closed on `day`."""
        if day in self.rest:
            return True
        if day in self.work:
            return False
        return day.weekday() >= SATURDAY or day in _public(day.year)

    def working_day_from(self, day: date) -> date:
        """`day` itself, or the first working day after it. Raises `ValueError` when there is none in 60 days."""
        for later in range(_LONGEST_REST_DAYS + 1):
            candidate = day + timedelta(days=later)
            if not self.is_rest(candidate):
                return candidate
        raise ValueError(f"no working day in the {_LONGEST_REST_DAYS} days from {day}")

    def corrected(self, *, rest: Iterable[date] = (), work: Iterable[date] = ()) -> WorkCalendar:
        """This calendar with a unit's own days, which win over what was there."""
        more_rest, more_work = frozenset(rest), frozenset(work)
        return WorkCalendar((self.rest - more_work) | more_rest, (self.work - more_rest) | more_work)


class MovedDay(BaseModel):
    """One line of `calendar_data`: a day, what it became, and the decision that says so."""

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
    text = (resources.files("countries.vn") / "calendar_data" / "vn.yaml").read_text(encoding="utf-8")
    return tuple(_Book.model_validate(yaml.safe_load(text)).days)


@cache
def national() -> WorkCalendar:
    """Vietnam's calendar without corrections of a unit."""
    return WorkCalendar(
        frozenset(d.day for d in moved_days() if d.kind == "rest"),
        frozenset(d.day for d in moved_days() if d.kind == "work"),
    )


@cache
def _public(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("VN", years=year))
