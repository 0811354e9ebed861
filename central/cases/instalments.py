"""A fine that is paid in parts: whether a schedule keeps to the law, part by part. Pure.

Whether a fine may be paid in parts at all is a guard of the step (`central.cases.steps`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from central.cases.facts import Facts, Instalment
from central.cases.lifecycle import Refused
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.law import InstalmentRules

_FEWEST = 2
"""One part is no schedule."""
_SHORT = "%d/%m/%Y"


@dataclass(frozen=True)
class Limits:
    """What a schedule of one fine keeps to. `first_least`: of the first part. `last_day`: of the last, inclusive."""

    rules: InstalmentRules
    first_least: int
    last_day: date


def limits(facts: Facts, calendar: WorkCalendar | None = None) -> Limits | None:
    """The limits for a fine that was decided; None before that. `calendar`: the unit's, else the country's."""
    if facts.decided is None:
        return None
    rules = HERE.law.instalments(facts.decided, owner_type=facts.owner_type)
    return Limits(
        rules, rules.first_least(facts.fine - facts.relieved), HERE.terms.until("instalments", facts.decided, calendar)
    )


def check(parts: Sequence[Instalment], facts: Facts, agreed: date, calendar: WorkCalendar | None = None) -> None:
    """A schedule that was agreed on the day `agreed`.

    Raises `Refused`: `parts_number`, `parts_sum`, `parts_first`, `parts_order`, `parts_late`.
    """
    most = limits(facts, calendar)
    assert most is not None  # the step is open after a decision only
    if not _FEWEST <= len(parts) <= most.rules.most:
        raise _refused("parts_number", "so many parts are not allowed", least=str(_FEWEST), most=str(most.rules.most))
    if sum(part.amount for part in parts) != facts.unpaid:
        raise _refused("parts_sum", "the parts together are not the fine", fine=f"{facts.unpaid:,}")
    if parts[0].amount < most.first_least:
        raise _refused(
            "parts_first", "the first part is too small",
            share=str(most.rules.first_per_cent), least=f"{most.first_least:,}",
        )  # fmt: skip
    days = [part.due for part in parts]
    if days[0] < agreed or any(later <= earlier for earlier, later in pairwise(days)):
        raise _refused("parts_order", "each part is due after the one before, none before the agreement")
    if days[-1] > most.last_day:
        raise _refused("parts_late", "the last part is due too late", day=most.last_day.strftime(_SHORT))


def _refused(code: str, what: str, **values: str) -> Refused:
    return Refused(code, what, where="instalments", remedy="correct the schedule", values=values)
