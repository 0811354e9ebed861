"""The draft of a notice for a confirmed case, as often as wanted: `central.notices.basis` says what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases.lifecycle import Action, Officer, Refused
from central.cases.log import lock_case, state_of
from central.cases.steps import step
from central.notices.appointments import booked, check_appointment, default_appointment, hour_of_drive
from central.notices.basis import (
    Basis,
    NoticeDesk,
    NoticeView,
    Seen,
    annex,
    changed,
    check_seen,
    look,
    notice_view,
    pictures_of,
)
from central.notices.facts import facts_of
from central.registry import Registration
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow
from central.store.db import Database
from central.store.packets import manifest_of
from countries.here import HERE
from countries.notice import Meeting


def prepare_notice(
    database: Database, case_id: str, officer: Officer, *, desk: NoticeDesk, now: datetime,
    appear_at: datetime | None = None, second_place: str = "", second_appear_at: datetime | None = None,
    preventive: str = "", owner: Registration | None = None, seen: Seen | None = None,
) -> NoticeView:  # fmt: skip
    """Draft the notice of a confirmed case (again, as often as wanted). The owner comes from the register if not given.

    Raises `Refused` (`appointment`, `appointment_rest`, `foreign_plate`, `military_plate`, `changed`) beside the life
    cycle's refusals, and `LawError`. `seen` is what the caller had on the screen; None: he looked at none.
    """
    for at, where in ((appear_at, "appear_at"), (second_appear_at, "second_appear_at")):
        if at is not None:
            check_appointment(at, now, desk.calendar, where=where)
    if second_appear_at is not None and not second_place:
        raise Refused("second_place", "a second hour needs its place", where="second_place", remedy="name the place")
    with database.read() as session:
        row = look(session, case_id)
        writer = desk.writer(session, row.unit_code, now)
        hour = appear_at or hour_of_drive(session, row, now, writer.unit, desk.calendar)
        hour = hour or default_appointment(now, writer.office, desk.calendar, booked(session, now, writer.unit))

    def basis(session: Session, row: CaseRow, record: Sequence[CaseEventRow]) -> Basis:
        before = state_of(row)
        after = step(before, Action.PREPARE_NOTICE, officer, now=now)
        draft = row.notice.pdf_sha256 if row.notice else None
        if seen is not None:
            check_seen(row, record, seen)
        found = owner or desk.registry.find(
            session, plate=row.plate or "", colour=row.plate_colour, kind=row.kind, at=row.occurred_at
        )
        manifest, files = row.packet.manifest, tuple((f.name, f.sha256) for f in row.packet.files)
        facts = facts_of(
            row, manifest_of(manifest), writer.office, found,
            Meeting(hour, second_place, second_appear_at), owner_source="typed" if owner else "register",
            preventive=preventive, now=now,
        )  # fmt: skip
        content = HERE.notice().draft(facts)
        return Basis(before, after, content, row.act, manifest, files, draft)

    with database.read() as session:
        known = case_log.events(session, case_id)
        planned = basis(session, look(session, case_id), known)
    pictures = pictures_of(database, planned, desk, now)
    content = planned.content.model_copy(update={"legend": pictures.legend, "missing": pictures.missing})
    pdf = desk.store.put(HERE.notice().render(content, annex(pictures)))
    with database.write() as session:
        row = lock_case(session, case_id)
        record = case_log.record_of(session, row, known)
        if basis(session, row, record) != planned or desk.writer(session, row.unit_code, now) != writer:
            raise changed()
        notice = row.notice
        if notice is None:
            notice = NoticeRow(case_id=row.id, content={}, prepared_by="", prepared_at=now)
            row.notice = notice
        notice.unit_code, notice.book = row.unit_code, writer.unit
        notice.content, notice.pdf_sha256 = content.model_dump(mode="json"), pdf
        notice.prepared_by, notice.prepared_at, notice.appear_at = officer.username, now, hour
        row.status = planned.after.status.value
        said: dict[str, Any] = {
            "status": planned.after.status.value, "draft_sha256": pdf, "owner_found": bool(content.addressee),
            "owner_source": content.owner_source,
        }  # fmt: skip
        if owner is not None:
            said["owner"] = owner.owner_name
        if pictures.missing:
            said["missing"] = list(pictures.missing)
        case_log.append(
            session, row, Action.PREPARE_NOTICE, actor=officer.username, at=now,
            before={"status": planned.state.status.value, "draft_sha256": planned.draft}, after=said,
            record=record,
        )  # fmt: skip
        view = notice_view(notice)
    assert view is not None
    return view
