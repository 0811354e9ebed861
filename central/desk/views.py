"""What the desk sees: a line of a list, and everything about one case on one screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from central.cases import log as case_log
from central.cases.lifecycle import UNSENT, Action, CaseState, Officer, Status, allowed
from central.cases.log import CaseNotFound, LogBroken, lock_case, state_of
from central.notices.basis import NoticeView, notice_view
from central.registry import Registration, VehicleRegistry
from central.store.case_tables import CaseEventRow, CaseRow
from central.store.packet_tables import PacketFileRow, PacketRow
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.law import LawError, Proposal, VehicleKind
from countries.plates import PlateParse
from countries.terms import Deadlines, Urgency
from evidence.acts import ActCode
from evidence.packet import FileRole, Manifest


@dataclass(frozen=True)
class QueueItem:
    """A line of the queue."""

    id: str
    number: int
    occurred_at: datetime
    place: str
    camera_id: str
    act: ActCode
    status: Status
    kind: VehicleKind
    plate: str | None
    plate_text: str
    plate_colour: str
    plate_confidence: float
    flags: tuple[str, ...]
    chain_state: str
    holder: str | None
    second_agrees: bool | None
    notify_by: date
    notify_by_working: date
    days_to_notify: int
    urgency: Urgency


@dataclass(frozen=True)
class CaseFile:
    """A file of the packet; read it with `centre.store.read(sha256)`."""

    name: str
    role: FileRole
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class SecondReading:
    """EasyOCR at the centre. `state`: `pending`, `done`, `none` (no second reader), `failed`."""

    state: str
    text: str | None
    confidence: float | None
    agrees: bool | None
    note: str | None


@dataclass(frozen=True)
class CaseView:
    """Everything one screen needs. `law` is None with `law_error` saying why; `owner` None: registry has none."""

    item: QueueItem
    state: CaseState
    manifest: Manifest
    files: tuple[CaseFile, ...]
    received_at: datetime
    digest: str
    log_index: int
    act_suspected: ActCode
    plate_machine: str | None
    plate_machine_confidence: float
    plate_colour_machine: str
    plate_parse: PlateParse | None
    second: SecondReading
    deadlines: Deadlines
    law: Proposal | None
    law_error: str
    owner: Registration | None
    notice: NoticeView | None
    rejected_reason: str | None
    rejected_note: str | None
    actions: frozenset[Action]
    events: tuple[CaseEventRow, ...]
    log_fault: str = ""
    earlier_same_plate: tuple[QueueItem, ...] = ()

    def file(self, role: FileRole) -> CaseFile | None:
        return next((f for f in self.files if f.role == role), None)


def case_view(
    session: Session, case_id: str, officer: Officer, *, registry: VehicleRegistry, now: datetime, record: bool = True,
    calendar: WorkCalendar | None = None,
) -> CaseView:  # fmt: skip
    """One case for one screen; the view itself is recorded (`record=False` only for refreshes of the same screen).

    `calendar`: the unit's working days, for the owner's last day; the country's without corrections when left out.
    """
    row = lock_case(session, case_id) if record else session.get(CaseRow, case_id)
    if row is None:
        raise CaseNotFound("there is no such case", where=case_id, remedy="look it up in the queue")
    if record:
        case_log.append(session, row, Action.VIEW, actor=officer.username, at=now)
        row.contests_unread = 0
    rows = case_log.events(session, case_id)
    fault = ""
    try:
        case_log.verify_log(row, rows)
    except LogBroken as error:
        fault = str(error)
    owner = (
        registry.find(session, plate=row.plate, colour=row.plate_colour, kind=row.kind, at=row.occurred_at)
        if row.plate
        else None
    )
    law, law_error = _law(row, owner)
    manifest = Manifest.from_bytes(row.packet.manifest.encode())
    state = state_of(row)
    return CaseView(
        item=item(row, now),
        state=state,
        manifest=manifest,
        files=tuple(_file(f) for f in row.packet.files),
        received_at=row.packet.received_at,
        digest=row.packet.digest,
        log_index=row.packet.log_index,
        act_suspected=ActCode(row.act_suspected),
        plate_machine=row.plate_machine,
        plate_machine_confidence=row.plate_machine_confidence,
        plate_colour_machine=row.plate_colour_machine,
        plate_parse=_plate(row),
        second=SecondReading(
            row.second_state, row.second_text, row.second_confidence, row.second_agrees, row.second_note
        ),
        deadlines=_deadlines(row, calendar),
        law=law,
        law_error=law_error,
        owner=owner,
        notice=notice_view(row.notice),
        rejected_reason=row.rejected_reason,
        rejected_note=row.rejected_note,
        actions=allowed(state, officer, now=now),
        events=tuple(rows),
        log_fault=fault,
        earlier_same_plate=_same_plate(session, row, now),
    )


def _plate(row: CaseRow) -> PlateParse | None:
    return HERE.plates.parse(row.plate, vehicle_class=row.kind, colour=row.plate_colour) if row.plate else None


def light(query: Select[Any]) -> Select[Any]:
    """With each case its packet's chain state and nothing else of the packet: a manifest is 16 KiB."""
    return query.options(joinedload(CaseRow.packet).load_only(PacketRow.chain_state, raiseload=True))


def _same_plate(session: Session, row: CaseRow, now: datetime) -> tuple[QueueItem, ...]:
    if not row.plate:
        return ()
    query = (
        select(CaseRow)
        .where(CaseRow.plate == row.plate, CaseRow.plate_colour == row.plate_colour, CaseRow.id != row.id)
        .order_by(CaseRow.occurred_at.desc())
        .limit(20)
    )
    return tuple(item(other, now) for other in session.scalars(light(query)))


def _law(row: CaseRow, owner: Registration | None) -> tuple[Proposal | None, str]:
    try:
        owner_type = owner.owner_type if owner else "person"
        return HERE.law.proposal(ActCode(row.act), row.kind, row.occurred_at, owner_type=owner_type), ""
    except LawError as error:
        return None, str(error)


def _file(row: PacketFileRow) -> CaseFile:
    return CaseFile(row.name, row.role, row.media_type, row.size, row.sha256)  # type: ignore[arg-type]


def _deadlines(row: CaseRow, calendar: WorkCalendar | None) -> Deadlines:
    sent = row.notice.published_at if row.notice else None
    return HERE.terms.deadlines(
        occurred_at=row.occurred_at, detected_at=row.detected_at, notice_sent_at=sent, calendar=calendar
    )


def item(row: CaseRow, now: datetime) -> QueueItem:
    due = HERE.terms.deadlines(occurred_at=row.occurred_at, detected_at=row.detected_at)
    parsed = HERE.plates.parse(row.plate, vehicle_class=row.kind, colour=row.plate_colour) if row.plate else None
    return QueueItem(
        id=row.id,
        number=row.number,
        occurred_at=row.occurred_at,
        place=row.place,
        camera_id=row.camera_id,
        act=ActCode(row.act),
        status=Status(row.status),
        kind=row.kind,
        plate=row.plate,
        plate_text=parsed.formatted if parsed else "",
        plate_colour=row.plate_colour,
        plate_confidence=row.plate_machine_confidence,
        flags=tuple(row.flags),
        chain_state=row.packet.chain_state,
        holder=state_of(row).held_by(now),
        second_agrees=True if row.second_text and row.second_text == row.plate else row.second_agrees,
        notify_by=due.notify_by,
        notify_by_working=due.notify_by_working,
        days_to_notify=due.days_to_notify(now),
        urgency=due.notify_urgency(now) if row.status in UNSENT else "none",
    )
