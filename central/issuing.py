"""From a confirmed case to a notice: a draft, then number, date, code and PDF by a second person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from central import case_log
from central.appointments import booked, check_appointment, default_appointment
from central.case_log import lock_case, state_of
from central.config import Office
from central.db import CaseRow, NoticeRow, next_number
from central.deadlines import VIETNAM, deadlines, local_date
from central.law import KIND_VI, decree, law_item
from central.lifecycle import Action, Officer, Refused, Status, step
from central.notice import AnnexPicture, NoticeContent, render
from central.notice_code import code_hash, new_code
from central.registry import COLOUR_VI, Registration, VehicleRegistry
from central.store import BlobStore
from central.working_days import WorkCalendar
from evidence.acts import ACTS, ActCode
from evidence.packet import Manifest
from evidence.plate import format_plate

_NO_DATE = "ngày ...... tháng ...... năm ......"
_MOMENT_VI = {"before": "Trước vạch dừng", "on": "Tại vạch dừng", "after": "Sau vạch dừng"}


@dataclass(frozen=True)
class NoticeDesk:
    """What making notices needs beside the database."""

    office: Office
    store: BlobStore
    registry: VehicleRegistry
    calendar: WorkCalendar


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
    """`code` exists only here and on the paper: the database keeps its hash."""

    number_text: str
    code: str
    pdf_sha256: str


def notice_view(row: NoticeRow | None) -> NoticeView | None:
    if row is None or row.pdf_sha256 is None:
        return None
    return NoticeView(
        row.content["number_text"], row.content, row.pdf_sha256, row.prepared_by, row.prepared_at, row.issued_by,
        row.issued_at, row.published_at,
    )  # fmt: skip


def prepare_notice(
    session: Session, case_id: str, officer: Officer, *, desk: NoticeDesk, now: datetime,
    appear_at: datetime | None = None, second_place: str = "", second_appear_at: datetime | None = None,
    preventive: str = "", owner: Registration | None = None,
) -> NoticeView:  # fmt: skip
    """Draft the notice of a confirmed case (again, as often as wanted). The owner comes from the register if not given.

    Raises `Refused` (`appointment` in the past, `appointment_rest`) beside the life cycle's refusals.
    """
    row = lock_case(session, case_id)
    before = state_of(row)
    after = step(before, Action.PREPARE_NOTICE, officer, now=now)
    for at, where in ((appear_at, "appear_at"), (second_appear_at, "second_appear_at")):
        if at is not None:
            check_appointment(at, now, desk.calendar, where=where)
    found = owner or desk.registry.find(
        session, plate=row.plate or "", colour=row.plate_colour, kind=row.kind, at=row.occurred_at
    )
    appointment = appear_at or default_appointment(now, desk.office, desk.calendar, booked(session, now))
    content = _content(row, desk.office, found, appointment, second_place, second_appear_at, preventive)
    pdf = desk.store.put(render(content, _pictures(row, desk.store)))
    notice = row.notice
    if notice is None:
        notice = NoticeRow(case_id=row.id, content={}, prepared_by="", prepared_at=now)
        row.notice = notice
    notice.content, notice.pdf_sha256 = content.model_dump(mode="json"), pdf
    notice.prepared_by, notice.prepared_at, notice.appear_at = officer.username, now, appointment
    row.status = after.status.value
    case_log.append(
        session, row, Action.PREPARE_NOTICE, actor=officer.username, at=now, before={"status": before.status.value},
        after={"status": after.status.value, "draft_sha256": pdf, "owner_found": found is not None},
    )  # fmt: skip
    view = notice_view(notice)
    assert view is not None
    return view


def issue(session: Session, case_id: str, officer: Officer, *, desk: NoticeDesk, now: datetime) -> IssuedNotice:
    """A second person signs off: the notice gets its number, its date and the owner's code. Raises `Refused`."""
    row = lock_case(session, case_id)
    before = state_of(row)
    after = step(before, Action.ISSUE, officer, now=now)
    due = deadlines(occurred_at=row.occurred_at, detected_at=row.detected_at)
    if due.expired(now):
        raise Refused("statute", "the act is more than one year old", remedy="return the case and reject it")
    notice = row.notice
    assert notice is not None
    if notice.appear_at is None:
        raise Refused("draft_old", "the draft was made by an older version", remedy="draft it again")
    check_appointment(notice.appear_at, now, desk.calendar, where="appear_at")
    day = local_date(now)
    number = next_number(session, f"notice-{day.year}")
    code = new_code()
    content = NoticeContent.model_validate(notice.content).model_copy(
        update={
            "number_text": f"{number}/TB-{desk.office.number_suffix}",
            "date_text": f"ngày {day:%d} tháng {day:%m} năm {day:%Y}",
            "draft": False,
        }
    )
    printed = content.model_copy(update={"code": code})
    pdf = desk.store.put(render(printed, _pictures(row, desk.store)))
    notice.content, notice.pdf_sha256 = content.model_dump(mode="json"), pdf
    notice.year, notice.number, notice.code_hash = day.year, number, code_hash(code)
    notice.issued_by, notice.issued_at = officer.username, now
    row.status = after.status.value
    case_log.append(
        session, row, Action.ISSUE, actor=officer.username, at=now, before={"status": before.status.value},
        after={"status": after.status.value, "number": content.number_text, "pdf_sha256": pdf,
               "late": due.days_to_notify(now) < 0},
    )  # fmt: skip
    return IssuedNotice(content.number_text, code, pdf)


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


def _content(
    row: CaseRow, office: Office, owner: Registration | None, appointment: datetime, second_place: str,
    second_appear_at: datetime | None, preventive: str,
) -> NoticeContent:  # fmt: skip
    day = local_date(row.occurred_at)
    act = ACTS[ActCode(row.act)]
    kind = row.kind
    clause = law_item(act.law_key, kind, day).clause  # type: ignore[arg-type]
    plate = format_plate(row.plate or "", vehicle_class=kind, colour=row.plate_colour)
    unit = office.resolving_units()[0]
    return NoticeContent(
        number_text=f"............/TB-{office.number_suffix}",
        parent=office.parent,
        unit=office.unit.name,
        unit_in_text=office.unit_in_text,
        device_owner=office.device_owner or office.unit_in_text,
        town=office.town,
        date_text=_NO_DATE,
        addressee=owner.owner_name if owner else "",
        vehicle=f"{KIND_VI[kind]}; biển số {plate}; {COLOUR_VI[row.plate_colour].lower()}",  # type: ignore[index]
        owner_name=owner.owner_name if owner else "",
        owner_id=owner.id_number if owner else "",
        owner_address=owner.address if owner else "",
        time_place=f"{_instant(row.occurred_at)}, tại {row.place}",
        act=act.vi,
        clause=clause,
        decree=decree(day).citation,
        preventive=preventive or "Không",
        appear_at=_instant(appointment),
        unit_address=unit.address,
        second_place=second_place,
        second_appear_at=_instant(second_appear_at or appointment) if second_place else "",
        signer_title=office.signer_title,
        signer_name=office.signer_name,
        answer_by="",
        code="",
        packet_id=row.packet.packet_id,
        packet_digest=row.packet.digest,
        draft=True,
    )


def _instant(at: datetime) -> str:
    local = at.astimezone(VIETNAM)
    return f"{local:%H} giờ {local:%M} phút ngày {local:%d/%m/%Y}"


def _pictures(row: CaseRow, store: BlobStore) -> list[AnnexPicture]:
    """Copies for the annex: only the vehicle and the lamps stay sharp (promise 5)."""
    # the web imports this package's services, so its pure picture functions are fetched late
    from central.web.privacy import PictureError, owner_copy
    from central.web.stills import read_scene, still_views

    manifest = Manifest.from_bytes(row.packet.manifest.encode())
    by_name = {f.name: f.sha256 for f in row.packet.files}
    scene = manifest.file("scene")
    pictures = []
    for view in still_views(manifest, read_scene(store.read(by_name[scene.name])) if scene else None):
        original = store.read(by_name[view.file])
        try:
            copy = owner_copy(original, view.box, tuple(lamp.box for lamp in view.lamps), lines=view.stop_lines)
        except PictureError:
            continue  # not a picture that can be shown; the desk sees that it is missing
        at = f", {view.at.astimezone(VIETNAM):%H:%M:%S.%f}"[:-4] if view.at else ""
        pictures.append(AnnexPicture(f"{_MOMENT_VI[view.moment]}{at}", copy))
    crop = manifest.file("plate_crop")
    if crop is not None:
        data = store.read(by_name[crop.name])
        try:
            pictures.append(AnnexPicture("Biển số", owner_copy(data, (0, 0, 1e6, 1e6))))
        except PictureError:
            return pictures
    return pictures
