"""The copy of an issued notice that goes to its owner: the only paper with the code that opens the evidence.

The code is drawn while the copy is made and is nowhere afterwards: the database keeps its hash, the stored notice that
every officer may open has none. Who printed is in the case's record. Printing again makes a new code, which ends the
one before it; once the notice was sent its code is on paper in somebody's hands, and no other is made.

A notice that is signed by key is never drawn again: its owner gets the file as it was signed, and the code on a sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases.lifecycle import Action, Officer, Refused
from central.cases.log import CaseNotFound, lock_case, state_of
from central.cases.steps import step
from central.notices.basis import NoticeDesk, annex
from central.notices.code import code_hash, new_code
from central.pictures.for_owners import owner_pictures
from central.store.alarms import alarm_unsound
from central.store.case_tables import CaseEventRow, CaseRow
from central.store.db import Database
from central.store.packets import manifest_of
from countries.here import HERE
from countries.notice import NoticeContent
from evidence.acts import ActCode
from evidence.canonical import sha256_hex


@dataclass(frozen=True)
class PrintCopy:
    """`pdf` holds the code. `copy` counts the print copies of this notice from 1. `sheet`: the code alone, which goes
    with the signed notice as it is stored."""

    pdf: bytes
    number_text: str
    copy: int
    sheet: bool = False


def print_copy(database: Database, case_id: str, officer: Officer, *, desk: NoticeDesk, now: datetime) -> PrintCopy:
    """Make the owner's copy of an issued notice that was not sent yet, with a new code.

    Raises `CaseNotFound`, `Refused`: `role`, `status`, `same_person_print` (he confirmed the case), `changed`,
    `pictures_changed`.
    """
    with database.read() as session:
        row = session.get(CaseRow, case_id)
        if row is None:
            raise CaseNotFound("there is no such case", where=case_id[:40], remedy="look it up in the queue")
        stored = _stored(row, officer, now)
        manifest = manifest_of(row.packet.manifest)
        files, act = {f.name: f.sha256 for f in row.packet.files}, ActCode(row.act)
        content = NoticeContent.model_validate(row.notice.content)  # type: ignore[union-attr]
    code = new_code()
    if content.signed_at:
        pdf = HERE.notice().code_sheet(content.model_copy(update={"code": code}))
        return _write(database, case_id, officer, stored, content, code, pdf, now)
    pictures = owner_pictures(manifest, files, desk.store, desk.copies, act)
    for error in pictures.unsound:
        alarm_unsound(database, error, now)
    if pictures.missing != content.missing:
        raise Refused(
            "pictures_changed", "other pictures than on the notice", remedy="restore the evidence, then print"
        )
    pdf = HERE.notice().render(content.model_copy(update={"code": code}), annex(pictures))
    return _write(database, case_id, officer, stored, content, code, pdf, now)


def _write(
    database: Database, case_id: str, officer: Officer, stored: str, content: NoticeContent, code: str, pdf: bytes,
    now: datetime,
) -> PrintCopy:  # fmt: skip
    """The code opens the evidence from now on; who printed is in the record."""
    with database.write() as session:
        row = lock_case(session, case_id)
        if _stored(row, officer, now) != stored:
            raise Refused("changed", "the case has changed since you opened it", remedy="look at it again, then print")
        assert row.notice is not None
        row.notice.code_hash = code_hash(code)
        copy = _copies(session, case_id) + 1
        case_log.append(
            session, row, Action.PRINT, actor=officer.username, at=now,
            after={"number": content.number_text, "copy": copy, "print_sha256": sha256_hex(pdf)},
        )  # fmt: skip
    return PrintCopy(pdf, content.number_text, copy, bool(content.signed_at))


def _stored(row: CaseRow, officer: Officer, now: datetime) -> str:
    """The stored notice that the copy is made from, for somebody who may print it. Raises `Refused`."""
    step(state_of(row), Action.PRINT, officer, now=now)
    assert row.notice is not None
    assert row.notice.pdf_sha256 is not None
    return row.notice.pdf_sha256


def _copies(session: Session, case_id: str) -> int:
    printed = select(func.count()).where(CaseEventRow.case_id == case_id, CaseEventRow.action == Action.PRINT.value)
    return session.scalar(printed) or 0
