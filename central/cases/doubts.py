"""What is late or doubtful about a case that waits to be issued: said before the key is pressed, kept in its record."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.cases.lifecycle import Action
from central.store.case_tables import CaseEventRow, CaseRow
from countries.here import HERE

SHORT_NOTICE = timedelta(days=3)
"""A letter takes two to three days: an appointment sooner than that is missed before it is read."""


def issue_doubts(session: Session, row: CaseRow, now: datetime) -> tuple[str, ...]:
    """Stable codes, the gravest first; `flag:<code>` are the doubts that the box or the centre found itself.

    Texts: `doubt.<code>` and `flag.<code>`. Empty when nothing is doubtful.
    """
    found = []
    notice = row.notice
    due = HERE.terms.deadlines(occurred_at=row.occurred_at, detected_at=row.detected_at)
    if due.days_to_notify(now) < 0:
        found.append("late")
    if notice is not None and not str(notice.content.get("addressee", "")).strip():
        found.append("no_owner")
    statements = select(func.count()).where(CaseEventRow.case_id == row.id, CaseEventRow.action == Action.CONTEST.value)
    if session.scalar(statements):
        found.append("statements")
    if notice is not None and notice.content.get("missing"):
        found.append("pictures")
    if notice is not None and notice.appear_at is not None and notice.appear_at - now < SHORT_NOTICE:
        found.append("appointment_near")
    if row.plate_machine and row.plate_machine != row.plate:
        found.append("plate_corrected")
    if row.second_agrees is False and row.second_text != row.plate:  # else an officer has put it right
        found.append("second_differs")
    if row.packet.chain_state != "ok":
        found.append(f"flag:chain_{row.packet.chain_state}")
    return (*found, *(f"flag:{flag}" for flag in dict.fromkeys(row.flags)))
