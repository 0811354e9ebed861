"""Which days are rest days: weekends, public holidays, days that a government or the unit itself moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

SATURDAY, SUNDAY = 5, 6
_LONGEST_REST_DAYS = 60
"""No calendar rests longer than this at one stretch."""


def no_holidays(year: int) -> frozenset[date]:
    """Public holidays of nowhere."""
    return frozenset()


@dataclass(frozen=True)
class WorkCalendar:
    """Rest days of one unit. `rest` and `work` are exceptions that win over weekday and public holiday.

    `holidays`: the public holidays of a year. `weekend`: rest days of each week, Monday 0.
    """

    rest: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()
    holidays: Callable[[int], frozenset[date]] = field(default=no_holidays, repr=False)
    weekend: frozenset[int] = frozenset({SATURDAY, SUNDAY})

    def is_rest(self, day: date) -> bool:
        """Whether offices are closed on `day`."""
        if day in self.rest:
            return True
        if day in self.work:
            return False
        return day.weekday() in self.weekend or day in self.holidays(day.year)

    def working_day_from(self, day: date) -> date:
        """`day` itself, or the first working day after it. Raises `ValueError` when there is none in 60 days."""
        for later in range(_LONGEST_REST_DAYS + 1):
            candidate = day + timedelta(days=later)
            if not self.is_rest(candidate):
                return candidate
        raise ValueError(f"no working day in the {_LONGEST_REST_DAYS} days from {day}")

    def working_days_after(self, day: date, count: int) -> date:
        """The last of `count` working days after `day`; `day` itself is not counted. `count` at least 1."""
        for _ in range(count):
            day = self.working_day_from(day + timedelta(days=1))
        return day

    def corrected(self, *, rest: Iterable[date] = (), work: Iterable[date] = ()) -> WorkCalendar:
        """This calendar with a unit's own days, which win over what was there."""
        more_rest, more_work = frozenset(rest), frozenset(work)
        return replace(self, rest=(self.rest - more_work) | more_rest, work=(self.work - more_rest) | more_work)
