"""Services of the desk and of the owner portal over the case table. The web calls these and nothing below.

Functions that change something take a session of `db.write()`; every refusal is a `lifecycle.Refused` with a `code`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from central import case_log
from central.case_log import CaseNotFound, LogBroken, lock_case, state_of
from central.db import CaseEventRow, CaseRow, PacketFileRow, next_number
from central.deadlines import Deadlines, Urgency, deadlines
from central.issuing import IssuedNotice, NoticeDesk, NoticeView, issue, notice_view, prepare_notice, publish
from central.law import KIND_OF_CLASS, LawError, Proposal, VehicleKind, proposal
from central.lifecycle import Action, CaseState, Officer, Refused, Status, allowed, step
from central.lookup import OwnerCase, PublicCase, case_by_code, owner_lookup
from central.registry import Registration, VehicleRegistry
from evidence.acts import ActCode
from evidence.packet import FileRole, Manifest
from evidence.plate import PlateParse, normalise, parse

__all__ = [
    "REJECT_REASONS",
    "CaseFile",
    "CaseNotFound",
    "CaseView",
    "IssuedNotice",
    "NoticeDesk",
    "OwnerCase",
    "PublicCase",
    "QueueFilter",
    "QueueItem",
    "Refused",
    "RejectReason",
    "case_by_code",
    "case_view",
    "claim",
    "confirm",
    "correct_plate",
    "create_case",
    "issue",
    "owner_lookup",
    "prepare_notice",
    "publish",
    "queue",
    "reject",
    "release",
    "return_to_queue",
    "status_counts",
]

PlateColour = Literal["white", "yellow", "blue", "red", "unknown"]
RejectReason = Literal[
    "not_violation", "lamp_unclear", "plate_unreadable", "wrong_vehicle", "priority_vehicle", "officer_control",
    "bad_evidence", "clock_wrong", "duplicate", "statute_passed", "other",
]  # fmt: skip
REJECT_REASONS: dict[RejectReason, tuple[str, str]] = {
    "not_violation": ("Không có hành vi vi phạm", "No violation"),
    "lamp_unclear": ("Không xác định được tín hiệu đèn", "Signal not clear"),
    "plate_unreadable": ("Không đọc được biển số", "Plate unreadable"),
    "wrong_vehicle": ("Nhầm phương tiện", "Wrong vehicle"),
    "priority_vehicle": ("Xe ưu tiên đang làm nhiệm vụ", "Priority vehicle on duty"),
    "officer_control": ("Có người điều khiển giao thông", "Traffic was directed by an officer"),
    "bad_evidence": ("Hình ảnh không đủ làm chứng cứ", "Pictures are not enough as evidence"),
    "clock_wrong": ("Thời gian ghi nhận không tin cậy", "Recorded time cannot be trusted"),
    "duplicate": ("Trùng hồ sơ khác", "Duplicate of another case"),
    "statute_passed": ("Hết thời hiệu xử phạt", "Statute of limitations has passed"),
    "other": ("Lý do khác", "Other reason"),
}


@dataclass(frozen=True)
class QueueFilter:
    """What to list. `plate` matches a part of the normalised plate; `holder` a user name."""

    status: tuple[Status, ...] = (Status.NEW, Status.IN_REVIEW)
    act: ActCode | None = None
    node: str | None = None
    plate: str = ""
    holder: str | None = None
    overdue_only: bool = False
    newest_first: bool = False
    limit: int = 50
    offset: int = 0


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
class CaseView:
    """Everything one screen needs. `law` is None with `law_error` saying why; `owner` None when the registry has none."""

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
    earlier_same_plate: tuple[QueueItem, ...] = field(default=())

    def file(self, role: FileRole) -> CaseFile | None:
        return next((f for f in self.files if f.role == role), None)


@dataclass(frozen=True)
class SecondReading:
    """EasyOCR at the centre. `state`: `pending`, `done`, `none` (no second reader), `failed`."""

    state: str
    text: str | None
    confidence: float | None
    agrees: bool | None
    note: str | None


def queue(session: Session, filters: QueueFilter, *, now: datetime) -> list[QueueItem]:
    """Cases, oldest act first unless asked otherwise: the 10 days run from the oldest."""
    order = CaseRow.occurred_at.desc() if filters.newest_first else CaseRow.occurred_at
    query = select(CaseRow).where(CaseRow.status.in_([s.value for s in filters.status])).order_by(order, CaseRow.number)
    if filters.act:
        query = query.where(CaseRow.act == filters.act.value)
    if filters.node:
        query = query.where(CaseRow.node_id == filters.node)
    if filters.plate:
        query = query.where(CaseRow.plate.contains(normalise(filters.plate), autoescape=True))
    if filters.holder:
        query = query.where(CaseRow.claimed_by == filters.holder)
    if filters.overdue_only:
        query = query.where(CaseRow.detected_at < now - timedelta(days=10))
    query = query.options(joinedload(CaseRow.packet)).limit(filters.limit).offset(filters.offset)
    return [_item(row, now) for row in session.scalars(query)]


def status_counts(session: Session) -> dict[Status, int]:
    """How many cases stand where."""
    found = {Status(s): n for s, n in session.execute(select(CaseRow.status, func.count()).group_by(CaseRow.status))}
    return {status: found.get(status, 0) for status in Status}


def create_case(session: Session, packet_id: str, manifest: Manifest, *, case_id: str, now: datetime) -> CaseRow:
    """The case of a packet that was just stored."""
    plate = manifest.plate
    row = CaseRow(
        id=case_id,
        number=next_number(session, "case"),
        packet_id=packet_id,
        node_id=manifest.node.id,
        camera_id=manifest.camera.id,
        place=manifest.camera.place,
        unit=manifest.camera.unit,
        act_suspected=manifest.act.code.value,
        act=manifest.act.code.value,
        occurred_at=manifest.act.occurred_at,
        detected_at=manifest.created_at,
        flags=list(manifest.act.flags),
        vehicle_class=manifest.vehicle.cls.value,
        kind=KIND_OF_CLASS[manifest.vehicle.cls],
        plate_machine=plate.text,
        plate_machine_confidence=plate.confidence,
        plate_colour_machine=plate.colour,
        plate=plate.text,
        plate_colour=plate.colour,
        status=Status.NEW.value,
        second_state="pending",
    )
    session.add(row)
    session.flush()
    case_log.append(session, row, Action.CREATE, actor=f"node:{row.node_id}", at=now, after={"packet": packet_id})
    return row


def claim(session: Session, case_id: str, officer: Officer, *, now: datetime, lease: timedelta) -> QueueItem:
    """Take the case for `lease`; the holder may call it again to keep it. Raises `Refused` (`held`) if another has it."""
    row = lock_case(session, case_id)
    before = state_of(row)
    after = step(before, Action.CLAIM, officer, now=now, claim_until=now + lease)
    _apply(row, after)
    if before.held_by(now) != officer.username:
        case_log.append(session, row, Action.CLAIM, actor=officer.username, at=now, before=_brief(before),
                        after=_brief(after))  # fmt: skip
    return _item(row, now)


def release(session: Session, case_id: str, officer: Officer, *, now: datetime) -> None:
    """Give the case back undecided."""
    _simple(session, case_id, Action.RELEASE, officer, now=now)


def return_to_queue(session: Session, case_id: str, officer: Officer, note: str, *, now: datetime) -> None:
    """The approver sends a confirmed case back for a new review; the prepared notice is dropped."""
    if not note.strip():
        raise Refused("note", "say why the case goes back", where="note", remedy="write a short reason")
    row = _simple(session, case_id, Action.RETURN, officer, now=now, note=note)
    if row.notice is not None:
        session.delete(row.notice)
        session.flush()
        session.expire(row, ["notice"])


def correct_plate(
    session: Session, case_id: str, officer: Officer, plate: str, *, colour: PlateColour | None = None,
    kind: VehicleKind | None = None, now: datetime,
) -> QueueItem:  # fmt: skip
    """Set the plate in force (and colour, kind) apart from the machine's reading, which stays. `plate` may be formatted."""
    row = lock_case(session, case_id)
    step(state_of(row), Action.CORRECT_PLATE, officer, now=now)
    _set_plate(session, row, officer, plate, colour, kind, now)
    return _item(row, now)


def confirm(
    session: Session, case_id: str, officer: Officer, *, plate: str, act: ActCode, note: str = "",
    colour: PlateColour | None = None, kind: VehicleKind | None = None, now: datetime,
) -> QueueItem:  # fmt: skip
    """The officer states: this act, this plate. Raises `Refused` (`statute`, `no_law`, `plate` beside the life cycle's)."""
    row = lock_case(session, case_id)
    before = state_of(row)
    after = step(before, Action.CONFIRM, officer, now=now)
    if deadlines(occurred_at=row.occurred_at, detected_at=row.detected_at).expired(now):
        raise Refused("statute", "the act is more than one year old", remedy="reject it: statute_passed")
    _set_plate(session, row, officer, plate, colour, kind, now)
    try:
        proposal(act, _kind(row), row.occurred_at)
    except LawError as error:
        raise Refused("no_law", error.what, where=error.where, remedy=error.remedy) from error
    said_before = {**_brief(before), "act": row.act}
    row.act, row.confirmed_at = act.value, now
    _apply(row, after)
    said = {**_brief(after), "act": act.value, "plate": row.plate, "plate_colour": row.plate_colour, "kind": row.kind}
    case_log.append(session, row, Action.CONFIRM, actor=officer.username, at=now, before=said_before, after=said,
                    note=note)  # fmt: skip
    return _item(row, now)


def reject(
    session: Session, case_id: str, officer: Officer, reason: RejectReason, note: str = "", *, now: datetime
) -> None:
    """Close the case without a violation. `other` needs a note."""
    if reason not in REJECT_REASONS:
        raise Refused("reason", f"{reason} is not a reason for rejection", remedy=f"one of {', '.join(REJECT_REASONS)}")
    if reason == "other" and not note.strip():
        raise Refused("note", "another reason has to be written down", where="note", remedy="write a short reason")
    row = _simple(session, case_id, Action.REJECT, officer, now=now, note=note, extra={"reason": reason})
    row.rejected_reason, row.rejected_note = reason, note


def case_view(
    session: Session, case_id: str, officer: Officer, *, registry: VehicleRegistry, now: datetime, record: bool = True
) -> CaseView:
    """One case for one screen; the view itself is recorded (`record=False` only for refreshes of the same screen)."""
    row = lock_case(session, case_id) if record else session.get(CaseRow, case_id)
    if row is None:
        raise CaseNotFound("there is no such case", where=case_id, remedy="look it up in the queue")
    if record:
        case_log.append(session, row, Action.VIEW, actor=officer.username, at=now)
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
        item=_item(row, now),
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
        plate_parse=parse(row.plate, vehicle_class=row.kind, colour=row.plate_colour) if row.plate else None,
        second=SecondReading(
            row.second_state, row.second_text, row.second_confidence, row.second_agrees, row.second_note
        ),
        deadlines=_deadlines(row),
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


def case_ids_of_blob(session: Session, sha256: str) -> Sequence[str]:
    """Cases whose packet holds the blob: the web checks a file request against them."""
    return session.scalars(
        select(CaseRow.id)
        .join(PacketFileRow, PacketFileRow.packet_id == CaseRow.packet_id)
        .where(PacketFileRow.sha256 == sha256)
    ).all()


def _same_plate(session: Session, row: CaseRow, now: datetime) -> tuple[QueueItem, ...]:
    if not row.plate:
        return ()
    query = (
        select(CaseRow)
        .where(CaseRow.plate == row.plate, CaseRow.plate_colour == row.plate_colour, CaseRow.id != row.id)
        .order_by(CaseRow.occurred_at.desc())
        .limit(20)
    )
    return tuple(_item(other, now) for other in session.scalars(query.options(selectinload(CaseRow.packet))))


def _law(row: CaseRow, owner: Registration | None) -> tuple[Proposal | None, str]:
    try:
        owner_type = owner.owner_type if owner else "person"
        return proposal(ActCode(row.act), _kind(row), row.occurred_at, owner_type=owner_type), ""
    except LawError as error:
        return None, str(error)


def _set_plate(
    session: Session, row: CaseRow, officer: Officer, plate: str, colour: PlateColour | None,
    kind: VehicleKind | None, now: datetime,
) -> None:  # fmt: skip
    text = normalise(plate)
    if not 4 <= len(text) <= 12:
        raise Refused("plate", "is not a plate", where=plate[:40], remedy="type the plate as it stands on the vehicle")
    if kind is not None and kind not in ("car", "motorcycle", "special", "bicycle"):
        raise Refused("kind", "is not a kind of vehicle", where=str(kind)[:20])
    if colour is not None and colour not in ("white", "yellow", "blue", "red", "unknown"):
        raise Refused("colour", "is not a plate colour", where=str(colour)[:20])
    before = {"plate": row.plate, "plate_colour": row.plate_colour, "kind": row.kind}
    row.plate, row.plate_colour, row.kind = text, colour or row.plate_colour, kind or row.kind
    after = {"plate": row.plate, "plate_colour": row.plate_colour, "kind": row.kind}
    if after != before:
        case_log.append(session, row, Action.CORRECT_PLATE, actor=officer.username, at=now, before=before, after=after)


def _simple(
    session: Session, case_id: str, action: Action, officer: Officer, *, now: datetime, note: str = "",
    extra: dict[str, str] | None = None,
) -> CaseRow:  # fmt: skip
    row = lock_case(session, case_id)
    before = state_of(row)
    after = step(before, action, officer, now=now)
    _apply(row, after)
    case_log.append(session, row, action, actor=officer.username, at=now, before=_brief(before),
                    after={**_brief(after), **(extra or {})}, note=note)  # fmt: skip
    return row


def _apply(row: CaseRow, state: CaseState) -> None:
    row.status, row.claimed_by, row.claimed_until = state.status.value, state.claimed_by, state.claimed_until
    row.confirmed_by = state.confirmed_by
    if state.confirmed_by is None:
        row.confirmed_at = None


def _brief(state: CaseState) -> dict[str, str | None]:
    return {"status": state.status.value, "holder": state.claimed_by}


def _kind(row: CaseRow) -> VehicleKind:
    return row.kind  # type: ignore[return-value]


def _file(row: PacketFileRow) -> CaseFile:
    return CaseFile(row.name, row.role, row.media_type, row.size, row.sha256)  # type: ignore[arg-type]


def _deadlines(row: CaseRow) -> Deadlines:
    sent = row.notice.issued_at if row.notice else None
    return deadlines(occurred_at=row.occurred_at, detected_at=row.detected_at, notice_sent_at=sent)


def _item(row: CaseRow, now: datetime) -> QueueItem:
    due = deadlines(occurred_at=row.occurred_at, detected_at=row.detected_at)
    open_ = row.status in (Status.NEW, Status.IN_REVIEW, Status.CONFIRMED, Status.NOTICE_PREPARED)
    parsed = parse(row.plate, vehicle_class=row.kind, colour=row.plate_colour) if row.plate else None
    return QueueItem(
        id=row.id,
        number=row.number,
        occurred_at=row.occurred_at,
        place=row.place,
        camera_id=row.camera_id,
        act=ActCode(row.act),
        status=Status(row.status),
        kind=_kind(row),
        plate=row.plate,
        plate_text=parsed.formatted if parsed else "",
        plate_colour=row.plate_colour,
        plate_confidence=row.plate_machine_confidence,
        flags=tuple(row.flags),
        chain_state=row.packet.chain_state,
        holder=state_of(row).held_by(now),
        second_agrees=row.second_agrees,
        notify_by=due.notify_by,
        days_to_notify=due.days_to_notify(now),
        urgency=due.notify_urgency(now) if open_ else "none",
    )
