"""A run over everything: what is due is told, or deleted, in the one order that survives being killed anywhere.

Record, log and rows in one transaction; a signed checkpoint over the log; then the files. Killed before the first, all
is whole; killed later, the next run or the next start finishes by the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from central.cases.lifecycle import ENDED, Status
from central.cases.log import CaseDeleted, events
from central.cases.stages import among
from central.centre import Centre
from central.ledger import merkle
from central.retention import others
from central.retention.files import settle
from central.retention.plan import CASES, Verdict, Why, ended_before
from central.retention.records import delete_case, verdict_of
from central.store.case_tables import CaseRow
from countries.here import HERE

ENDED_STATES = (Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED, Status.CLOSED)
assert frozenset(ENDED_STATES) == ENDED
_PAGE = 500


@dataclass(frozen=True)
class Line:
    """One case that has ended, and what the rules say of it."""

    case_id: str
    number: int
    status: str
    verdict: Verdict


@dataclass(frozen=True)
class Done:
    """`cases` and `rows` that were deleted, `files` records whose files are gone, `kept` of the cases looked at."""

    cases: int
    rows: int
    files: int
    kept: Counter[Why]


def lines(session: Session, now: datetime) -> Iterator[Line]:
    """Every ended case that is old enough to be due by some rule, the oldest first. Younger ones are not looked at."""
    today = HERE.local_date(now)
    rules = [rule for rule in HERE.keeping.rules(today) if rule.of in CASES]
    # without a rule nothing goes, but it is told
    first = ended_before(rules, today) or today
    bound = datetime.combine(first, time(), HERE.zone)
    place: tuple[datetime, int] | None = None
    while True:
        query = select(CaseRow).where(among(ENDED_STATES), CaseRow.deleted_at.is_(None), CaseRow.occurred_at < bound)
        if place is not None:
            query = query.where(tuple_(CaseRow.occurred_at, CaseRow.number) > place)
        rows = session.scalars(query.order_by(CaseRow.occurred_at, CaseRow.number).limit(_PAGE)).all()
        for row in rows:
            yield Line(row.id, row.number, row.status, verdict_of(row, events(session, row.id), now))
        if len(rows) < _PAGE:
            return
        place = (rows[-1].occurred_at, rows[-1].number)
        session.expunge_all()


def apply(centre: Centre, *, by: str, now: datetime, most: int | None = None) -> Done:
    """Delete what is due, at most `most` cases; then the files. Raises `OSError`, `StoreError` where files resist."""
    kept: Counter[Why] = Counter()
    due: list[str] = []
    with centre.db.read() as session:
        for line in lines(session, now):
            if line.verdict.due:
                due.append(line.case_id)
            else:
                kept[line.verdict.why] += 1
            if most is not None and len(due) >= most:
                break
    cases = 0
    for case_id in due:
        try:
            verdict = delete_case(centre, case_id, by=by, now=now)
        except CaseDeleted:
            continue  # another process was faster
        if verdict.due:
            cases += 1
        else:
            kept[verdict.why] += 1
    rows = others.delete_old(centre, by=by, now=now)
    if cases or rows:
        with centre.db.write() as session:
            merkle.checkpoint(session, centre.key, centre=centre.config.centre_id, now=now)
    return Done(cases, rows, settle(centre), kept)
