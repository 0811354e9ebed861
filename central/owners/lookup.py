"""What the owner sees. By plate: the fields that the country's law lists (`Country.look_up`), no more.

No name, no identity number, no address of the owner, no picture, no amount. None and unknown have
the same answer: an empty list. With the code of the notice the owner sees the evidence of that one case.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from central.cases import log as case_log
from central.cases.lifecycle import Action, Status
from central.cases.stages import SHOWN
from central.config import Office
from central.notices.code import code_hash, read_code
from central.store.case_tables import CaseRow, NoticeRow
from central.store.people_tables import LookupRow
from central.units.letterheads import Letterheads, letterheads_of
from countries.calendar import WorkCalendar
from countries.country import Standing
from countries.here import HERE
from countries.law import VehicleKind
from evidence.acts import ActCode
from evidence.packet import Manifest

_SHOWN = tuple(status.value for status in SHOWN)
_STANDING: dict[Status, Standing] = {
    Status.TRANSFERRED: "transferred",
    Status.DECIDED: "decided",
    Status.DECISION_SENT: "decided",
    Status.PAID: "settled",
    Status.CLOSED: "settled",
    Status.WITHDRAWN: "withdrawn",
    Status.EXPIRED: "expired",
}
"""All else that is shown waits for its owner."""
OPENED = (*_SHOWN, Status.WITHDRAWN.value, Status.EXPIRED.value)
"""Whoever holds the notice is told that it no longer holds; the look-up by plate knows nothing of it any more."""
_MAX_CASES = 100


@dataclass(frozen=True)
class ResolvingUnit:
    name: str
    address: str
    phone: str


@dataclass(frozen=True)
class PublicCase:
    """A case as the law lets anyone see it who knows plate, colour and kind."""

    kind: VehicleKind
    kind_vi: str
    plate: str
    plate_colour: str
    plate_colour_vi: str
    occurred_at: datetime
    place: str
    act: ActCode
    act_vi: str
    act_en: str
    detecting_unit: str
    resolving_units: tuple[ResolvingUnit, ...]
    status_vi: str
    status_en: str


@dataclass(frozen=True)
class Summons:
    """When and where the owner is asked to come, as printed, and the last day to do so.

    `appear_on` and `second_on` are the same hours for readers of another language; None where the notice gives none.
    `answer_by` is None until the notice was sent: the owner's days run from there.
    """

    number: str
    appear_at: str
    appear_on: datetime | None
    place: str
    address: str
    second_place: str
    second_appear_at: str
    second_on: datetime | None
    answer_by: date | None


@dataclass(frozen=True)
class OwnerCase:
    """With the code from the notice: the public fields, and the evidence of this one case."""

    public: PublicCase
    case_id: str
    notice_number: str
    summons: Summons
    manifest: Manifest
    files: tuple[tuple[str, str], ...]
    """(role, sha256) of the packet's files; pictures are blurred by the web before they leave."""


def owner_lookup(
    session: Session, plate: str, colour: str, kind: str, *, office: Office, client: str, now: datetime
) -> list[PublicCase]:
    """Cases with an issued notice for exactly this plate, colour and kind, newest first; the question is recorded.

    What was passed on before a notice went out is not here: whoever it was passed to tells of it, and the law has the
    fields shown with a notice, never before. Of a vehicle that gets no notice (`Plates.no_notice`) nothing is shown by
    plate, whatever there is: the page says so for every such plate alike.
    """
    text = HERE.plates.normalise(plate)[:12]
    in_force = exists().where(
        NoticeRow.case_id == CaseRow.id, NoticeRow.replaced_at.is_(None), NoticeRow.issued_at.is_not(None)
    )
    query = (
        select(CaseRow)
        .where(
            CaseRow.plate == text,
            CaseRow.plate_colour == colour,
            CaseRow.kind == kind,
            CaseRow.status.in_(_SHOWN),
            in_force,
        )
        .order_by(CaseRow.occurred_at.desc())
        .limit(_MAX_CASES)
    )
    rows = session.scalars(query).all() if HERE.plates.no_notice(text, colour=colour, kind=kind) is None else []
    session.add(LookupRow(at=now, client=client[:64], plate=text, colour=colour[:10], kind=kind[:12], shown=len(rows)))
    heads = letterheads_of(session, office, HERE.local_date(now))
    return [public_case(row, heads) for row in rows]


@dataclass(frozen=True)
class TakenBack:
    """A notice that holds no more, while its case goes on for another: nothing of the case is said."""

    notice_number: str


def case_by_code(
    session: Session, code: str, plate: str, *, office: Office, client: str, now: datetime,
    calendar: WorkCalendar | None = None,
) -> OwnerCase | TakenBack | None:  # fmt: skip
    """The case of a notice, for whoever holds its code and names its plate; the view is recorded in the case.

    None for every mistake alike. Callers limit the rate: the code has 80 bits, guessing it is hopeless anyway.
    """
    text = read_code(code)
    if text is None:
        return None
    notice = session.scalar(
        select(NoticeRow).where(NoticeRow.code_hash == code_hash(text)).options(joinedload(NoticeRow.case))
    )
    if notice is None:
        return None
    if notice.replaced_at is not None:
        return _taken_back(session, notice, plate, client=client, now=now)
    if notice.case.status not in OPENED or notice.case.plate != HERE.plates.normalise(plate):
        return None
    row = case_log.lock_case(session, notice.case_id)
    case_log.append(session, row, Action.VIEW, actor=f"owner:{client[:50]}", at=now)
    content = notice.content
    return OwnerCase(
        public=public_case(row, letterheads_of(session, office, HERE.local_date(now))),
        case_id=row.id,
        notice_number=str(content.get("number_text", "")),
        summons=summons_of(row, notice, calendar),
        manifest=Manifest.from_bytes(row.packet.manifest.encode()),
        files=tuple((f.role, f.sha256) for f in row.packet.files),
    )


def _taken_back(session: Session, notice: NoticeRow, plate: str, *, client: str, now: datetime) -> TakenBack | None:
    corrected = [e for e in case_log.events(session, notice.case_id) if e.action == Action.CORRECT.value]
    on_it = next((e.after.get("notice_plate") for e in corrected if e.at == notice.replaced_at), None)
    if on_it != HERE.plates.normalise(plate):
        return None
    row = case_log.lock_case(session, notice.case_id)
    case_log.append(session, row, Action.VIEW, actor=f"owner:{client[:50]}", at=now)
    return TakenBack(str(notice.content.get("number_text", "")))


def summons_of(row: CaseRow, notice: NoticeRow, calendar: WorkCalendar | None = None) -> Summons:
    """What the notice asks of its owner. `calendar`: the unit's; the country's without corrections when left out."""
    content = {key: str(value) for key, value in notice.content.items()}
    due = HERE.terms.deadlines(
        occurred_at=row.occurred_at, detected_at=row.notify_from, notice_sent_at=notice.published_at, calendar=calendar
    )
    return Summons(
        number=content.get("number_text", ""),
        appear_at=content.get("appear_at", ""),
        appear_on=_hour(content.get("appear_on", "")),
        place=content.get("unit_in_text", ""),
        address=content.get("unit_address", ""),
        second_place=content.get("second_place", ""),
        second_appear_at=content.get("second_appear_at", ""),
        second_on=_hour(content.get("second_on", "")),
        answer_by=due.answer_by,
    )


def _hour(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _reasons(row: CaseRow) -> dict[str, object] | None:
    """The packet's reasons, where one of them says the act more exactly; those of another act say nothing of this."""
    if row.act != row.act_suspected or HERE.acts.named_by(ActCode(row.act)) is None:
        return None
    reasons: dict[str, object] = json.loads(row.packet.manifest)["act"]["reasons"]
    return reasons


def public_case(row: CaseRow, heads: Letterheads) -> PublicCase:
    """The fields of a case that the law lists. Where it is settled: at the unit that writes its papers today."""
    office = heads.writer(row.unit_code).office
    act = ActCode(row.act)
    status_vi, status_en = HERE.words.standings[_STANDING.get(Status(row.status), "unresolved")]
    act_vi, act_en = HERE.acts.act_words(act, _reasons(row), row.kind)
    return PublicCase(
        kind=row.kind,
        kind_vi=HERE.words.kinds[row.kind],
        plate=HERE.plates.format_plate(row.plate or "", vehicle_class=row.kind, colour=row.plate_colour),
        plate_colour=row.plate_colour,
        plate_colour_vi=HERE.words.colours[row.plate_colour],
        occurred_at=row.occurred_at,
        place=row.place,
        act=act,
        act_vi=act_vi,
        act_en=act_en,
        detecting_unit=row.unit or office.unit_in_text,
        resolving_units=tuple(ResolvingUnit(u.name, u.address, u.phone) for u in office.resolving_units()),
        status_vi=status_vi,
        status_en=status_en,
    )
