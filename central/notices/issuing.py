"""From a confirmed case to a notice: a draft, then number, date, code and PDF by a second person.

Pictures and PDF are made between two transactions, never inside one: first the case is read, then everything is drawn
while nobody waits, then a short transaction writes it down if nothing has changed meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases.doubts import issue_doubts
from central.cases.lifecycle import Action, CaseState, Officer, Refused, Status, step
from central.cases.log import CaseNotFound, lock_case, state_of
from central.config import Office
from central.notices.addressing import check_route
from central.notices.appointments import booked, check_appointment, default_appointment
from central.notices.code import code_hash, new_code
from central.notices.facts import facts_of, plate_text
from central.pictures.for_owners import CopyCache, OwnerPictures, owner_pictures
from central.registry import Registration, VehicleRegistry
from central.store.alarms import alarm_unsound
from central.store.blobs import BlobStore
from central.store.db import CaseRow, CounterRow, Database, NoticeRow, next_number
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.notice import AnnexPicture, Meeting, NoticeContent
from evidence.acts import ActCode
from evidence.packet import Manifest

_NUMBER_TRIES = 8
"""Another process of the same centre may take the number that this one drew; each try draws the next."""


@dataclass(frozen=True)
class NoticeDesk:
    """What making notices needs beside the database. `numbering` lets one thread at a time draw an issued notice."""

    office: Office
    store: BlobStore
    registry: VehicleRegistry
    calendar: WorkCalendar
    copies: CopyCache = field(default_factory=CopyCache)
    numbering: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class NoticeView:
    """A notice as the desk shows it. `content` is `NoticeContent` without the code."""

    number_text: str
    content: dict[str, Any]
    pdf_sha256: str
    prepared_by: str
    prepared_at: datetime
    issued_by: str | None
    issued_at: datetime | None
    published_at: datetime | None


@dataclass(frozen=True)
class IssuedNotice:
    """`code` exists only here: the database keeps its hash, and the stored PDF does not hold it.

    Each print copy gets a code of its own, which takes this one's place (`central.notices.printing`).
    """

    number_text: str
    code: str
    pdf_sha256: str


@dataclass(frozen=True)
class Seen:
    """What a person had on the screen who decides about a draft: its PDF, and the version of its case.

    `accepted`: the doubts (`central.cases.doubts`) that were listed and ticked. `without_owner`: issue to nobody by
    name.
    """

    draft: str
    version: int | None = None
    accepted: Collection[str] = ()
    without_owner: bool = False


@dataclass(frozen=True)
class _Basis:
    """Everything that a drawing is made of; two equal ones give the same paper."""

    state: CaseState
    after: CaseState
    content: NoticeContent
    act: str
    manifest: str
    files: tuple[tuple[str, str], ...]
    draft: str | None
    doubts: tuple[str, ...] = ()


def notice_view(row: NoticeRow | None) -> NoticeView | None:
    if row is None or row.pdf_sha256 is None:
        return None
    return NoticeView(
        row.content["number_text"], row.content, row.pdf_sha256, row.prepared_by, row.prepared_at, row.issued_by,
        row.issued_at, row.published_at,
    )  # fmt: skip


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
        hour = appear_at or default_appointment(now, desk.office, desk.calendar, booked(session, now))

    def basis(session: Session, row: CaseRow) -> _Basis:
        before = state_of(row)
        after = step(before, Action.PREPARE_NOTICE, officer, now=now)
        draft = row.notice.pdf_sha256 if row.notice else None
        if seen is not None:
            _check_seen(session, row, seen)
        check_route(row.plate or "", colour=row.plate_colour, kind=row.kind)
        found = owner or desk.registry.find(
            session, plate=row.plate or "", colour=row.plate_colour, kind=row.kind, at=row.occurred_at
        )
        manifest, files = row.packet.manifest, tuple((f.name, f.sha256) for f in row.packet.files)
        facts = facts_of(
            row, Manifest.from_bytes(manifest.encode()), desk.office, found,
            Meeting(hour, second_place, second_appear_at), owner_source="typed" if owner else "register",
            preventive=preventive, now=now,
        )  # fmt: skip
        content = HERE.notice().draft(facts)
        return _Basis(before, after, content, row.act, manifest, files, draft)

    with database.read() as session:
        planned = basis(session, _look(session, case_id))
    pictures = _pictures(database, planned, desk, now)
    content = planned.content.model_copy(update={"legend": pictures.legend, "missing": pictures.missing})
    pdf = desk.store.put(HERE.notice().render(content, annex(pictures)))
    with database.write() as session:
        row = lock_case(session, case_id)
        if basis(session, row) != planned:
            raise _changed()
        notice = row.notice
        if notice is None:
            notice = NoticeRow(case_id=row.id, content={}, prepared_by="", prepared_at=now)
            row.notice = notice
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
        )  # fmt: skip
        view = notice_view(notice)
    assert view is not None
    return view


def issue(
    database: Database, case_id: str, officer: Officer, *, desk: NoticeDesk, now: datetime, seen: Seen
) -> IssuedNotice:
    """A second person signs off what he saw: the notice gets its number, its date and the owner's code.

    Raises `Refused`: `changed` (the draft or the case is another than the one seen), `no_owner`, `no_signer`,
    `doubts` (something is late or doubtful that was not ticked), `statute`, those of `prepare_notice` and of `step`.
    """

    def basis(session: Session, row: CaseRow) -> _Basis:
        before = state_of(row)
        after = step(before, Action.ISSUE, officer, now=now)
        if HERE.terms.deadlines(occurred_at=row.occurred_at, detected_at=row.detected_at).expired(now):
            raise Refused("statute", "the act is more than one year old", remedy="return the case and reject it")
        _check_seen(session, row, seen)
        notice = row.notice
        assert notice is not None
        if notice.appear_at is None:
            raise Refused("draft_old", "the draft was made by an older version", remedy="draft it again")
        content = NoticeContent.model_validate(notice.content)
        check_route(row.plate or "", colour=row.plate_colour, kind=row.kind)
        check_appointment(notice.appear_at, now, desk.calendar, where="appear_at")
        if content.second_on:
            check_appointment(datetime.fromisoformat(content.second_on), now, desk.calendar, where="second_appear_at")
        if not content.addressee.strip() and not seen.without_owner:
            raise Refused("no_owner", "the notice is addressed to nobody", remedy="type the owner, or tick it")
        if not content.signer_name.strip():
            raise Refused("no_signer", "the notice names nobody who signs", remedy="set office.signer_name")
        doubts = issue_doubts(session, row, now)
        if not set(doubts) <= set(seen.accepted):
            raise Refused("doubts", "something is late or doubtful", remedy="read what is listed, and tick it")
        manifest, files = row.packet.manifest, tuple((f.name, f.sha256) for f in row.packet.files)
        return _Basis(before, after, content, row.act, manifest, files, notice.pdf_sha256, doubts)

    with desk.numbering:
        for _ in range(_NUMBER_TRIES):
            with database.read() as session:
                row = _look(session, case_id)
                planned = basis(session, row)
                series = f"notice-{HERE.local_date(now).year}"
                number = (session.scalar(select(CounterRow.value).where(CounterRow.name == series)) or 0) + 1
                content = HERE.notice().issued(
                    planned.content, plate=plate_text(row), number=number, suffix=desk.office.number_suffix, now=now
                )
            code = new_code()
            pictures = _pictures(database, planned, desk, now)
            if pictures.missing != planned.content.missing:
                raise Refused("pictures_changed", "other pictures than in the draft", remedy="draft it again, and look")
            # what every officer may open does not hold the code: `central.notices.printing`
            pdf = desk.store.put(HERE.notice().render(content, annex(pictures)))
            try:
                with database.write() as session:
                    row = lock_case(session, case_id)
                    if basis(session, row) != planned:
                        raise _changed()
                    if next_number(session, series) != number:
                        raise _NumberTaken
                    _write_issued(session, row, planned, content, officer, seen, now, number, code, pdf)
            except _NumberTaken:
                continue
            return IssuedNotice(content.number_text, code, pdf)
    raise Refused("busy", "too many notices are being issued at once", remedy="try again in a moment")


class _NumberTaken(Exception):
    """Another process issued a notice between drawing and writing."""


def _write_issued(
    session: Session, row: CaseRow, planned: _Basis, content: NoticeContent, officer: Officer, seen: Seen,
    now: datetime, number: int, code: str, pdf: str,
) -> None:  # fmt: skip
    notice = row.notice
    assert notice is not None
    notice.content, notice.pdf_sha256 = content.model_dump(mode="json"), pdf
    notice.year, notice.number, notice.code_hash = HERE.local_date(now).year, number, code_hash(code)
    notice.issued_by, notice.issued_at = officer.username, now
    row.status = planned.after.status.value
    due = HERE.terms.deadlines(occurred_at=row.occurred_at, detected_at=row.detected_at)
    case_log.append(
        session, row, Action.ISSUE, actor=officer.username, at=now, before={"status": planned.state.status.value},
        after={"status": planned.after.status.value, "number": content.number_text, "pdf_sha256": pdf,
               "draft_sha256": seen.draft, "seen_version": seen.version, "doubts": list(planned.doubts),
               "without_owner": not planned.content.addressee.strip(), "late": due.days_to_notify(now) < 0},
    )  # fmt: skip


def publish(session: Session, case_id: str, officer: Officer, *, now: datetime) -> None:
    """The notice has gone out (post, VNeTraffic). The look-up shows the case since the notice was issued."""
    row = lock_case(session, case_id)
    before = state_of(row)
    after = step(before, Action.PUBLISH, officer, now=now)
    assert row.notice is not None
    row.status, row.notice.published_at = after.status.value, now
    case_log.append(
        session, row, Action.PUBLISH, actor=officer.username, at=now, before={"status": Status.ISSUED.value},
        after={"status": after.status.value},
    )  # fmt: skip


def check_draft(row: CaseRow, draft: str | None) -> None:
    """Raises `Refused` (`changed`) unless the case's draft is the one with that SHA-256; "" where there is none."""
    in_force = (row.notice.pdf_sha256 if row.notice else None) or ""
    if draft is not None and draft != in_force:
        raise _changed()


def _check_seen(session: Session, row: CaseRow, seen: Seen) -> None:
    check_draft(row, seen.draft)
    case_log.check_seen(session, row.id, seen.version)


def _changed() -> Refused:
    return Refused("changed", "the case has changed since you opened it", remedy="look at it again, then decide")


def _look(session: Session, case_id: str) -> CaseRow:
    row = session.get(CaseRow, case_id)
    if row is None:
        raise CaseNotFound("there is no such case", where=case_id[:40], remedy="look it up in the queue")
    return row


def _pictures(database: Database, planned: _Basis, desk: NoticeDesk, now: datetime) -> OwnerPictures:
    """The annex's pictures; of evidence that is lost or altered people are told."""
    manifest = Manifest.from_bytes(planned.manifest.encode())
    found = owner_pictures(manifest, dict(planned.files), desk.store, desk.copies, ActCode(planned.act))
    for error in found.unsound:
        alarm_unsound(database, error, now)
    return found


def annex(pictures: OwnerPictures) -> list[AnnexPicture]:
    """The second page of a notice."""
    found = [AnnexPicture(p.caption, p.frame, p.near) for p in pictures.stills]
    return [*found, AnnexPicture(HERE.notice().PLATE, pictures.plate)] if pictures.plate is not None else found
