"""Terms that were listed by older rules are listed anew, once, when a centre begins to count by others.

The list of what falls due is written with each step (`central.cases.due`), so a case that nothing happens to keeps the
term that it had, though a new version, new law data or a corrected calendar counts it otherwise. What terms are counted
by is told by one number in the database; where it is another than this centre's, every case on a list, and every one
that belongs there by now, is gone through, a few at a time, while everybody works.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.cases import due
from central.cases.lifecycle import Action
from central.cases.log import CaseDeleted, events, hold_case, state_of
from central.cases.stages import ISSUED, TO_ISSUE, UNDER_WAY
from central.cases.terms import LENGTHS
from central.store.case_tables import CaseRow, CounterRow, TermRow
from central.store.db import Database
from countries.calendar import WorkCalendar
from countries.here import HERE

RULES = 3
"""Which terms a case has in which state (`central.cases.terms`): raised with every change of it."""
AT_ONCE = 10
"""Cases in one transaction: some 30 ms, so that no step waits for long."""
_COUNTER = "terms"
_YEARS_AHEAD = 2
"""A term of a case ends so far ahead at most: its holidays count."""


def rules(calendar: WorkCalendar, today: date) -> int:
    """What terms are counted by, as one number of 31 bits."""
    spans = [HERE.terms.span(key, today) for key in sorted(LENGTHS)]
    holidays = [sorted(calendar.holidays(today.year + n)) for n in range(_YEARS_AHEAD)]
    lengths = [(each.key, each.length, each.count, each.runs_for) for each in spans]
    said = (RULES, lengths, sorted(calendar.rest), sorted(calendar.work), sorted(calendar.weekend), holidays)
    return zlib.crc32(repr(said).encode()) >> 1


def renew(
    database: Database, calendar: WorkCalendar, today: date, *, goes_on: Callable[[], bool] = lambda: True
) -> int:
    """Write the terms of every case anew that may have others; how many were gone through, 0 where nothing changed.

    `goes_on` is asked before each few: what was cut short is begun again the next time.
    """
    wanted = rules(calendar, today)
    with database.read() as session:
        if session.scalar(select(CounterRow.value).where(CounterRow.name == _COUNTER)) == wanted:
            return 0
    done, last = 0, ""
    while goes_on():
        with database.read() as session:
            few = session.scalars(
                select(CaseRow.id).where(CaseRow.id > last, _may_have_terms()).order_by(CaseRow.id).limit(AT_ONCE)
            ).all()
        if not few:
            _remember(database, wanted)
            return done
        with database.write() as session:
            for case_id in few:
                with contextlib.suppress(CaseDeleted):
                    _renew(session, case_id)
        done, last = done + len(few), few[-1]
    return done


def _may_have_terms() -> ColumnElement[bool]:
    after = [status.value for status in (*TO_ISSUE, *ISSUED, *UNDER_WAY)]
    listed = CaseRow.id.in_(select(TermRow.case_id))
    return CaseRow.deleted_at.is_(None) & or_(CaseRow.status.in_(after), listed)


def _renew(session: Session, case_id: str) -> None:
    row = hold_case(session, case_id)
    # before a notice the queue is the list, but for those that `moves` knows
    at_desk = row.status in {status.value for status in TO_ISSUE}
    if not at_desk or due.moves(session, Action.CONFIRM, row):
        due.keep(session, row, state_of(row), events(session, case_id))


def _remember(database: Database, wanted: int) -> None:
    # another process of this centre may say so at the same time
    with contextlib.suppress(IntegrityError), database.write() as session:
        session.merge(CounterRow(name=_COUNTER, value=wanted))
