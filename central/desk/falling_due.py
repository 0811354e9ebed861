"""What falls due: terms of cases after their notice, the nearest first, for those who can settle them, each with the
paper that is next for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from central.cases.documents import Document, documents
from central.cases.lifecycle import Action, Role
from central.cases.terms import SETTLED_BY
from central.desk.items import QueueItem, item, light
from central.notices.step_papers import STEP_PAPERS
from central.store.case_tables import CaseEventRow, CaseRow, TermRow
from central.units.filtering import within
from central.units.tree import Scope

SHOWN = 200
"""A list to work off from its top."""
NOT_TO_BE_MET = ("statute", "enforce")
"""Ends of what may be done at all: listed when near, else each case would stand there for a year."""
NEAR_DAYS = 30
"""So long before its end a statute is listed: time enough for minutes and decision."""
_RANK = (Role.OFFICER, Role.APPROVER, Role.HEAD)


GOES_OUT: Mapping[str, tuple[str, ...]] = {
    "tell_owner": ("withdrawal", "correction"),
    "send_decision": ("decision",),
    "receipt": ("decision",),
    "pay": ("decision",),
    "transfer_answer": ("transfer",),
    "own_way_answer": ("transfer",),
}
"""Terms that a paper is already there for, and which: to be sent, or that something is waited for by."""


@dataclass(frozen=True)
class Due:
    """A term and its case. `left`: days to its last day, negative when it is over.

    `paper`: the one that is there for it. `makes`: the step that makes one, where that is next. Never both.
    """

    item: QueueItem
    code: str
    due: date
    left: int
    whose: str
    paper: Document | None = None
    makes: str = ""


@dataclass(frozen=True)
class DueList:
    """`over`: how many of all are over; `more`: how many stand behind those shown."""

    lines: tuple[Due, ...]
    over: int
    more: int


def falling_due(
    session: Session, role: Role | None, *, today: date, near: date, now: datetime, scope: Scope
) -> DueList:
    """Terms of these units that this role is the lowest to settle, or all of them. `near`: statutes that end later are
    left out."""
    conditions: list[ColumnElement[bool]] = [TermRow.code.not_in(NOT_TO_BE_MET) | (TermRow.due <= near)]
    conditions += within(TermRow.unit_code, scope)
    if role in _RANK:
        conditions.append(TermRow.whose == role.value)
    count = select(func.count()).select_from(TermRow).where(*conditions)
    total = session.scalar(count) or 0
    over = session.scalar(count.where(TermRow.due < today)) or 0
    query = select(CaseRow).add_columns(TermRow).join(TermRow, TermRow.case_id == CaseRow.id).where(*conditions)
    rows = session.execute(light(query.order_by(TermRow.due, TermRow.case_id).limit(SHOWN)))
    found = [(row, term) for row, term in rows]
    made = _documents(session, {row.id for row, term in found if term.code in GOES_OUT})
    lines = tuple(
        Due(
            item(row, now), term.code, term.due, (term.due - today).days, term.whose, *_next(term, made.get(row.id, ()))
        )
        for row, term in found
    )
    return DueList(lines, over, total - len(lines))


def _next(term: TermRow, made: Iterable[Document]) -> tuple[Document | None, str]:
    codes = GOES_OUT.get(term.code, ())
    there = [d for d in made if d.code in codes and d.holds == "holds"]
    if there:
        return there[-1], ""
    settles = SETTLED_BY[term.code]
    return None, settles.value if settles in STEP_PAPERS and term.code not in GOES_OUT else ""


def _documents(session: Session, cases: set[str]) -> dict[str, tuple[Document, ...]]:
    """The papers of these cases, asked for at once."""
    if not cases:
        return {}
    actions = [action.value for action in (*STEP_PAPERS, Action.UNDO)]
    events = session.scalars(
        select(CaseEventRow)
        .where(CaseEventRow.case_id.in_(cases), CaseEventRow.action.in_(actions))
        .order_by(CaseEventRow.case_id, CaseEventRow.sequence)
    )
    return {case: documents(list(rows)) for case, rows in groupby(events, key=lambda e: e.case_id)}
