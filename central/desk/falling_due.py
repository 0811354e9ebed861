"""What falls due: terms of cases after their notice, the nearest first, for those who can settle them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from central.cases.lifecycle import Role
from central.desk.items import QueueItem, item, light
from central.store.case_tables import CaseRow, TermRow
from central.units.filtering import within
from central.units.tree import Scope

SHOWN = 200
"""A list to work off from its top."""
NOT_TO_BE_MET = ("statute", "enforce")
"""Ends of what may be done at all: listed when near, else each case would stand there for a year."""
NEAR_DAYS = 30
"""So long before its end a statute is listed: time enough for minutes and decision."""
_RANK = (Role.OFFICER, Role.APPROVER, Role.HEAD)


@dataclass(frozen=True)
class Due:
    """A term and its case. `left`: days to its last day, negative when it is over."""

    item: QueueItem
    code: str
    due: date
    left: int
    whose: str


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
    lines = tuple(Due(item(row, now), term.code, term.due, (term.due - today).days, term.whose) for row, term in rows)
    return DueList(lines, over, total - len(lines))
