"""A fine that is paid late: since when, and what the days cost. Pure.

It is shown, not collected: the treasury reckons it from the decision. While a request for payment in parts is looked
at no day counts as late by the law; the record does not know those days but by the schedule that was agreed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from central.cases.facts import Facts
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.law import LateRule


@dataclass(frozen=True)
class Late:
    """`pay_by`: the last day in time. `days`: on so many days after it something was unpaid, the last one included;
    `amount`: what they cost, in whole units of the currency."""

    pay_by: date
    days: int
    amount: int
    rule: LateRule


def pay_by(facts: Facts, calendar: WorkCalendar | None = None) -> date | None:
    """Last day to pay the fine in time: of the last part where parts were agreed, else as it was put off, else of the
    term since the decision was received; None where neither is known."""
    if facts.instalments:
        return HERE.terms.named_day(facts.instalments[-1].due, calendar)
    if facts.postponed_until is not None:
        return HERE.terms.named_day(facts.postponed_until, calendar)
    if facts.decision_received is not None:
        return HERE.terms.until("pay", facts.decision_received, calendar)
    return None


def late(facts: Facts, today: date, calendar: WorkCalendar | None = None) -> Late | None:
    """None where nothing is late. A day counts by what was unpaid when it began: whoever pays on it pays for it."""
    due = pay_by(facts, calendar)
    if due is None or facts.decided is None:
        return None
    spans = [(days, unpaid) for days, unpaid in _unpaid(facts, due, today) if days > 0 and unpaid > 0]
    if not spans:
        return None
    rule = HERE.law.late_payment(facts.decided)
    return Late(due, sum(days for days, _ in spans), rule.owed(sum(days * unpaid for days, unpaid in spans)), rule)


def _unpaid(facts: Facts, due: date, today: date) -> Iterator[tuple[int, int]]:
    """Days after `due`, up to today, and what was unpaid on each of them."""
    unpaid, since = facts.fine, due
    for day, amount in sorted((*facts.payments, *facts.relief)):
        until = min(max(day, since), today)
        yield (until - since).days, unpaid
        unpaid, since = unpaid - amount, until
    yield max((today - since) // timedelta(days=1), 0), unpaid
