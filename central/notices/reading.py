"""A case read back from its record: what it tells, the whole state, the terms that run, and those that have passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from central.cases.facts import Facts
from central.cases.life import Life, life_of, with_life
from central.cases.lifecycle import CaseState
from central.cases.log import state_of
from central.cases.terms import Term, passed, terms
from central.store.case_tables import CaseEventRow, CaseRow
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.law import LawError, Proposal
from evidence.acts import ActCode


def read(
    record: Sequence[CaseEventRow], row: CaseRow, calendar: WorkCalendar, now: datetime
) -> tuple[Life, CaseState, tuple[Term, ...], frozenset[str]]:
    """Life, state, running terms, and codes of those that are over."""
    life = life_of(record)
    state = with_life(state_of(row), life)
    running = terms(state, occurred_at=row.occurred_at, detected_at=row.notify_from, calendar=calendar)
    return life, state, running, passed(running, HERE.local_date(now), undo_until=state.undo_until)


def law_of(row: CaseRow, state: CaseState) -> Proposal | None:
    """Band and points for whoever answers for the act; None where the law data has no row."""
    try:
        return HERE.law.proposal(ActCode(row.act), row.kind, row.occurred_at, owner_type=state.facts.owner_type)
    except LawError:
        return None


def since(facts: Facts) -> date | None:
    """The latest day on which something of the case itself happened: no step is taken before it."""
    days = (facts.sent, facts.attended, facts.identified, facts.minutes, facts.decided, facts.decision_sent)
    return max((day for day in days if day is not None), default=None)
