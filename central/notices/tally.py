"""How many notices were issued and how many of them were taken back, kept by month, camera and act.

Counted in the transaction that issues a notice or takes one back, so that no page reads a million notices. A notice
belongs to the month (the country's calendar) in which it was issued, whenever it was taken back. No person is named.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from central.cases.lifecycle import Action
from central.cases.said import Corrected, Said, Withdrawn
from central.store.case_tables import CaseEventRow, CaseRow, NoticeCountRow, NoticeRow
from countries.here import HERE

ISSUED, WITHDRAWN, CORRECTED = "issued", "withdrawn", "corrected"
_ONE_MORE = text(
    "INSERT INTO notice_counts (month, node_id, camera_id, act, outcome, reason, n)"
    " VALUES (:month, :node_id, :camera_id, :act, :outcome, :reason, 1)"
    " ON CONFLICT (month, node_id, camera_id, act, outcome, reason) DO UPDATE SET n = notice_counts.n + 1"
)
_ROWS_AT_ONCE = 10_000


def month_of(issued_at: datetime) -> date:
    """The first day of the month, by the country's calendar."""
    return HERE.local_date(issued_at).replace(day=1)


def count_issued(session: Session, row: CaseRow, issued_at: datetime) -> None:
    _count(session, row, issued_at, ISSUED, "")


def count_taken_back(session: Session, row: CaseRow, said: Said) -> None:
    """A step that takes back a notice is counted; any other, or one of a case that never had a notice, is not."""
    if not isinstance(said, Withdrawn | Corrected) or row.notice is None or row.notice.issued_at is None:
        return
    if isinstance(said, Withdrawn):
        _count(session, row, row.notice.issued_at, WITHDRAWN, said.reason)
    else:
        _count(session, row, row.notice.issued_at, CORRECTED, said.mistake)


def _count(session: Session, row: CaseRow, issued_at: datetime, outcome: str, reason: str) -> None:
    values = {"month": month_of(issued_at), "node_id": row.node_id, "camera_id": row.camera_id, "act": row.act}
    session.execute(_ONE_MORE.bindparams(**values, outcome=outcome, reason=reason))


def recount(session: Session) -> None:
    """Count all anew from notices and records, after rows were filled in or restored past the services."""
    counted: Counter[tuple[date, str, str, str, str, str]] = Counter()
    issued = select(NoticeRow.issued_at, CaseRow.node_id, CaseRow.camera_id, CaseRow.act).join(CaseRow).where(
        NoticeRow.issued_at.is_not(None)
    )  # fmt: skip
    for at, node, camera, act in session.execute(issued.execution_options(yield_per=_ROWS_AT_ONCE)):
        assert at is not None
        counted[month_of(at), node, camera, act, ISSUED, ""] += 1
    back = (
        select(CaseEventRow, CaseRow)
        .join(CaseRow, CaseRow.id == CaseEventRow.case_id)
        .where(CaseEventRow.action.in_([Action.WITHDRAW.value, Action.CORRECT.value]))
    )
    for event, row in session.execute(back).all():
        notice = session.scalar(
            select(NoticeRow.issued_at).where(
                NoticeRow.case_id == row.id, NoticeRow.issued_at <= event.at,
                NoticeRow.replaced_at.is_(None) | (NoticeRow.replaced_at >= event.at),
            ).order_by(NoticeRow.issued_at.desc()).limit(1)
        )  # fmt: skip
        if notice is not None:
            outcome = WITHDRAWN if event.action == Action.WITHDRAW.value else CORRECTED
            reason = str(event.after.get("reason") or event.after.get("mistake") or "other")
            counted[month_of(notice), row.node_id, row.camera_id, row.act, outcome, reason] += 1
    session.execute(delete(NoticeCountRow))
    if counted:
        names = ("month", "node_id", "camera_id", "act", "outcome", "reason")
        session.execute(
            insert(NoticeCountRow), [dict(zip(names, key, strict=True)) | {"n": n} for key, n in counted.items()]
        )
