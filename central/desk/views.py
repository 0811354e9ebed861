"""What the desk sees: a line of a list, and everything about one case on one screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases.doubts import holding_doubts
from central.cases.drives import acts_of, lock_drive
from central.cases.life import life_of, with_life
from central.cases.lifecycle import Action, CaseState, Officer
from central.cases.log import CaseNotFound, LogBroken, lock_case, state_of, still_there
from central.cases.siblings import siblings_of
from central.cases.steps import allowed, may
from central.cases.terms import passed, terms
from central.desk.drive import DriveAct, drive_acts, drive_holder
from central.desk.items import QueueItem, item
from central.desk.siblings import SiblingCase, sibling_cases
from central.notices.basis import NoticeView, notice_view
from central.registry import Registration, VehicleRegistry
from central.store.case_tables import CaseEventRow, CaseRow
from central.store.packet_tables import PacketFileRow
from central.store.packets import manifest_of
from central.switches.book import concerning
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.law import LawError, Proposal
from countries.plates import PlateParse
from countries.terms import Deadlines
from evidence.acts import ActCode
from evidence.packet import FileRole, Manifest
from evidence.switches import Switch


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
    siblings: tuple[SiblingCase, ...] = ()
    """Other cases of the same plate that this officer may open; those that cannot be the same vehicle first."""
    elsewhere: int = 0
    """How many other cases of the same plate there are at units whose cases he may not open."""
    holding: tuple[str, ...] = ()
    """Why the plate may not be this vehicle's, the act was told already, or its signals did not count:
    `central.cases.doubts.holding_doubts`."""
    switches: tuple[Switch, ...] = ()
    """An officer directed, or the signal was out of order, at that time."""
    drive: tuple[DriveAct, ...] = ()
    """Other acts of this vehicle on this drive that this officer may open, the oldest first."""
    drive_elsewhere: int = 0
    """How many there are at units whose cases he may not open."""
    drive_holder: tuple[str, datetime] | None = None
    """Who else holds one of them, and until when: then nobody may take this one."""

    def file(self, role: FileRole) -> CaseFile | None:
        return next((f for f in self.files if f.role == role), None)


def case_view(
    session: Session, case_id: str, officer: Officer, *, registry: VehicleRegistry, now: datetime, record: bool = True,
    calendar: WorkCalendar | None = None,
) -> CaseView:  # fmt: skip
    """One case for one screen; the view itself is recorded (`record=False` only for refreshes of the same screen).

    `calendar`: the unit's working days, for the owner's last day; the country's without corrections when left out.
    """
    if record:
        lock_drive(session, case_id)
    row = lock_case(session, case_id) if record else session.get(CaseRow, case_id)
    if row is None or not may(officer, Action.VIEW, row.unit_code):
        raise CaseNotFound("there is no such case", where=case_id, remedy="look it up in the queue")
    still_there(row)
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
    others, acts = siblings_of(session, row), acts_of(session, row)
    # acts of one drive are shown once; what of their plates cannot be is shown side by side all the same
    driven = {act.id for act in acts}
    beside = [other for other in others if other.doubts or other.case.id not in driven]
    holder = drive_holder(acts, officer, now)
    manifest = manifest_of(row.packet.manifest)
    state = state_of(row) if fault else with_life(state_of(row), life_of(rows))
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
        actions=_actions(row, state, officer, calendar, now) - ({Action.CLAIM} if holder else frozenset()),
        events=tuple(rows),
        log_fault=fault,
        siblings=sibling_cases(session, beside, row.occurred_at, now, scope=officer.scope),
        elsewhere=sum(not officer.scope.has(other.case.unit_code) for other in others),
        holding=holding_doubts(session, row, registry, others),
        switches=concerning(session, [row]).get(row.id, ()),
        drive=drive_acts(session, row, acts, now, officer),
        drive_elsewhere=sum(not officer.scope.has(act.unit_code) for act in acts),
        drive_holder=holder,
    )


def _actions(
    row: CaseRow, state: CaseState, officer: Officer, calendar: WorkCalendar | None, now: datetime
) -> frozenset[Action]:
    running = terms(state, occurred_at=row.occurred_at, detected_at=row.notify_from, calendar=calendar)
    over = passed(running, HERE.local_date(now), undo_until=state.undo_until)
    return allowed(state, officer, now=now, passed=over)


def _plate(row: CaseRow) -> PlateParse | None:
    return HERE.plates.parse(row.plate, vehicle_class=row.kind, colour=row.plate_colour) if row.plate else None


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
        occurred_at=row.occurred_at, detected_at=row.notify_from, notice_sent_at=sent, calendar=calendar
    )
