"""Looking at a file of a case is an event of that case's record: who, which file, with which digest."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases.lifecycle import Action
from central.cases.log import hold_case
from central.store.case_tables import CaseEventRow
from central.store.db import Database

VIEW_AGAIN = timedelta(minutes=15)
"""As long as a browser may show its own copy without asking again (`max-age` of the file routes)."""


def record_file_view(
    database: Database, case_id: str, actor: str, *, name: str, sha256: str, how: str = "shown", now: datetime
) -> None:
    """Put a view of `name` into the case's record. Raises `CaseNotFound`.

    `how`: `shown` (on the screen), `copy` (a looking copy made from the file) or `download`. One row for each person,
    file and manner in `VIEW_AGAIN`: a video is fetched in many ranges and a page is loaded again, and a record with a
    row a request hides what it should show. The small pictures of the queue are not files of one case that someone
    opened; they leave no row.
    """
    said = {"file": name, "sha256": sha256, "how": how}
    with database.read() as session:
        if _seen(session, case_id, actor, said, now):
            return
    with database.write() as session:
        row = hold_case(session, case_id)
        if not _seen(session, case_id, actor, said, now):
            case_log.append(session, row, Action.VIEW, actor=actor, at=now, after=said)


def _seen(session: Session, case_id: str, actor: str, said: dict[str, str], now: datetime) -> bool:
    recent = select(CaseEventRow.after).where(
        CaseEventRow.case_id == case_id,
        CaseEventRow.actor == actor,
        CaseEventRow.action == Action.VIEW.value,
        CaseEventRow.at > now - VIEW_AGAIN,
    )
    return said in session.scalars(recent).all()
