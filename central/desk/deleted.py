"""A deleted case as the desk shows it: what there was, and when and by which rule it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.lifecycle import Status
from central.store.case_tables import CaseRow
from central.store.keeping_tables import DeletionRow
from evidence.acts import ActCode
from evidence.deletion import Rule, read_deletion


@dataclass(frozen=True)
class DeletedView:
    """`packet`: its digest; `entry`, `deletion_entry`: places in the log, from 1."""

    number: int
    act: ActCode
    status: Status
    occurred_at: datetime
    place: str
    at: datetime
    by: str
    rule: Rule
    since: date
    until: date
    packet: str
    entry: int
    deletion_entry: int
    files: int


def deleted_case(session: Session, case_id: str) -> DeletedView | None:
    """None for a case that is there, or that never was."""
    row = session.get(CaseRow, case_id)
    if row is None or row.deleted_at is None:
        return None
    stored = session.scalars(select(DeletionRow).where(DeletionRow.case_id == case_id)).one()
    said = read_deletion(stored.record.encode(), where=f"deletion {stored.id}")
    return DeletedView(
        number=row.number,
        act=ActCode(row.act),
        status=Status(row.status),
        occurred_at=row.occurred_at,
        place=row.place,
        at=stored.at,
        by=said.by,
        rule=said.rule,
        since=date.fromisoformat(said.rule.since),
        until=date.fromisoformat(said.rule.until),
        packet=row.packet.digest,
        entry=row.packet.log_index + 1,
        deletion_entry=stored.log_index + 1,
        files=len(said.gone),
    )
