"""A case read back from its record: what it tells, the whole state, the terms that run, and those that have passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from central.cases import log as case_log
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


@dataclass(frozen=True)
class Read:
    """A case and its record in one look. `over`: codes of the terms whose last day has passed."""

    row: CaseRow
    record: Sequence[CaseEventRow]
    life: Life
    state: CaseState
    running: tuple[Term, ...]
    over: frozenset[str]

    @property
    def version(self) -> int:
        """As `central.cases.log.seen_version`."""
        return case_log.version_of(self.record)


def read(session: Session, row: CaseRow, calendar: WorkCalendar, now: datetime, known: Read | None = None) -> Read:
    """Read a case. `known`: as it was before `row` was locked; a record that has not grown since is not read again."""
    record = case_log.events(session, row.id) if known is None else case_log.record_of(session, row, known.record)
    life = known.life if known is not None and record is known.record else life_of(record)
    state = with_life(state_of(row), life)
    running = terms(state, occurred_at=row.occurred_at, detected_at=row.notify_from, calendar=calendar)
    over = passed(running, HERE.local_date(now), undo_until=state.undo_until)
    return Read(row, record, life, state, running, over)


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
