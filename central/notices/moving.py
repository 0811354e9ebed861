"""A case goes from one unit to another: its terms go with it, a draft stays behind, and both units see that it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from central.cases.lifecycle import Refused
from central.cases.said import HandedOver
from central.store.case_tables import CaseRow, TermRow
from central.store.unit_tables import CaseMoveRow
from central.units.book import tree_of
from central.units.filtering import within
from central.units.tree import Scope
from countries.here import HERE

SHOWN = 200


def going(session: Session, row: CaseRow, said: HandedOver, now: datetime) -> dict[str, Any]:
    """What the event of a hand-over says: units by their codes, and by the name that the new one has today.

    Raises `Refused`: `unit_gone` for one that there is not or that gets no cases today, `same_unit`.
    """
    unit = tree_of(session).units.get(said.unit)
    if unit is None or not unit.works_on(HERE.local_date(now)):
        raise Refused("unit_gone", "there is no such unit today", where="unit", remedy="choose another")
    if unit.code == row.unit_code:
        raise Refused("same_unit", "the case is this unit's already", where="unit", remedy="choose another")
    return {"unit_code": unit.code, "from_unit": row.unit_code, "unit_name": unit.name}


def move(session: Session, row: CaseRow, unit: str, *, by: str, note: str, now: datetime) -> None:
    """Write a hand-over down, beside its event."""
    session.add(
        CaseMoveRow(case_id=row.id, number=row.number, from_unit=row.unit_code, to_unit=unit, at=now, by=by, note=note)
    )
    row.unit_code = unit
    session.execute(update(TermRow).where(TermRow.case_id == row.id).values(unit_code=unit))
    if row.notice is not None and row.notice.issued_at is None:
        session.delete(row.notice)
        session.flush()
        session.expire(row, ["notice"])


@dataclass(frozen=True)
class Moved:
    """That a case went. `open`: whether it is still open to whoever reads this; then `case_id` leads to it."""

    case_id: str
    number: int
    from_unit: str
    to_unit: str
    at: datetime
    by: str
    note: str
    open: bool


def moves(session: Session, scope: Scope) -> Sequence[Moved]:
    """What went from or to these units, the newest first."""
    came = within(CaseMoveRow.to_unit, scope)
    went = within(CaseMoveRow.from_unit, scope)
    query = select(CaseMoveRow, CaseRow.unit_code).join(CaseRow, CaseRow.id == CaseMoveRow.case_id)
    if came:
        query = query.where(or_(*came, *went))
    rows = session.execute(query.order_by(CaseMoveRow.at.desc(), CaseMoveRow.id.desc()).limit(SHOWN))
    return [
        Moved(
            r.case_id if scope.has(unit) else "", r.number, r.from_unit, r.to_unit, r.at, r.by, r.note, scope.has(unit)
        )
        for r, unit in rows
    ]
