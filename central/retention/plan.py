"""What is due to be deleted, and why the rest is not yet. Pure: states, days and rules come in, verdicts go out.

A case goes when it has ended, nobody waits for anything of it, no hold is on it, a rule of the country names its state,
and the last day of that rule's term is over. Everything else is kept, and the verdict says for what reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from central.cases.facts import Facts
from central.cases.life import Event, life_of
from central.cases.lifecycle import ENDED, Action, Status
from countries.here import HERE
from countries.keeping import KeepRule, Kept

CASES: tuple[Kept, ...] = ("rejected", "withdrawn", "expired", "closed")
_LOOKING = frozenset({Action.VIEW.value, Action.CLAIM.value, Action.RELEASE.value, Action.EXPORT.value})
"""What neither changes a case nor starts its term anew: else looking at a case would keep it for ever."""
Until = Callable[[KeepRule, date], date]


class Why(StrEnum):
    """`due`: it goes. All others: it stays."""

    DUE = "due"
    IN_TERM = "in_term"
    HELD = "held"
    OPEN = "open"
    """Somebody waits for something: an answer, a word to the owner, a warning to be lifted."""
    RUNNING = "running"
    NO_RULE = "no_rule"
    UNSOUND = "unsound"
    """Its record is not what was signed: that is looked into, not deleted."""


@dataclass(frozen=True)
class Verdict:
    """`since`: the day the term is counted from; `until`: its last day, both None without a rule."""

    why: Why
    rule: KeepRule | None = None
    since: date | None = None
    until: date | None = None

    @property
    def due(self) -> bool:
        return self.why is Why.DUE


@dataclass(frozen=True)
class Stored:
    """A case as far as keeping it goes. `last_on`: the day on which the last thing happened to it."""

    status: Status
    facts: Facts
    last_on: date


def stored(status: Status, record: Sequence[Event]) -> Stored | None:
    """From the record of a case; None for one without a record, of which nothing is known."""
    happened = [event for event in record if event.action not in _LOOKING]
    if not happened:
        return None
    return Stored(status, life_of(record).facts, HERE.local_date(max(event.at for event in happened)))


def judge(case: Stored, rules: Sequence[KeepRule], today: date, *, until: Until = HERE.keeping.until) -> Verdict:
    """Whether a case goes today."""
    if case.status not in ENDED:
        return Verdict(Why.RUNNING)
    rule = next((each for each in rules if each.of == case.status.value), None)
    last = None if rule is None else until(rule, case.last_on)
    facts = case.facts
    if facts.held is not None:
        return Verdict(Why.HELD, rule, case.last_on, last)
    if any(day is not None for day in (facts.statement, facts.complaint, facts.to_tell, facts.warned, facts.amended)):
        return Verdict(Why.OPEN, rule, case.last_on, last)
    if rule is None or last is None:
        return Verdict(Why.NO_RULE)
    return Verdict(Why.DUE if today > last else Why.IN_TERM, rule, case.last_on, last)


def ended_before(rules: Sequence[KeepRule], today: date, *, until: Until = HERE.keeping.until) -> date | None:
    """The first day of which nothing that happened then can be due: older ones have to be looked at. None: no rules."""
    found = [_first_kept(rule, today, until) for rule in rules]
    return max(found, default=None)


def _first_kept(rule: KeepRule, today: date, until: Until) -> date:
    day = today
    while until(rule, day - timedelta(days=1)) >= today:
        day -= timedelta(days=1)
    return day
