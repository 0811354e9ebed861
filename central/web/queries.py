"""Small reads that only the screens need, beside the services of `central.desk.actions`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases.behaviours import behaviour_doubts
from central.cases.doubts import switch_doubts
from central.cases.drives import drive_doubts, of_drives
from central.cases.lifecycle import Action, Refused, Status
from central.cases.log import CaseNotFound, still_there
from central.cases.siblings import of_many
from central.cases.stages import ISSUED as ISSUED
from central.cases.stages import TO_ISSUE as TO_ISSUE
from central.cases.stages import among
from central.cases.steps import MOVES
from central.desk.drive import drives_beside
from central.desk.items import QueueItem, item, light
from central.desk.views import CaseView
from central.intake.nodes import key_of
from central.store.blobs import BlobStore
from central.store.case_tables import CaseEventRow, CaseRow
from central.store.packet_tables import PacketFileRow, PacketRow
from central.store.packets import manifest_of
from central.store.people_tables import UserRow
from central.units.filtering import within
from central.units.tree import Scope
from central.web.caseview import PacketCheck
from central.web.doubts import why_held
from evidence.container import Seal
from evidence.errors import GiaoLoError
from evidence.packet import Manifest

MAX_CONTESTS = 20
MAX_CONTEST_CHARS = 4000
# in the words of the partial index, see `central.cases.stages`
_CONTEST = text("case_events.action = 'contest'")


@dataclass(frozen=True)
class Contest:
    """What an owner wrote."""

    at: datetime
    text: str
    case_id: str
    number: int
    unread: bool = False
    """Nobody at the desk has opened the case since."""


@dataclass(frozen=True)
class Confirmed:
    """A case that waits for the second person."""

    item: QueueItem
    confirmed_by: str
    confirmed_at: datetime
    doubts: tuple[str, ...] = ()
    """What other cases say against it: its plate on another vehicle, its vehicle or its act in another way."""

    @property
    def held_for(self) -> str:
        return why_held(self.doubts)


def packet_of(session: Session, case_id: str) -> tuple[Manifest, dict[str, str]]:
    """Manifest and `{file name: sha256}` of a case. Raises `CaseNotFound`."""
    row = session.get(CaseRow, case_id)
    if row is None:
        raise CaseNotFound("there is no such case", where=case_id[:40], remedy="look it up in the queue")
    still_there(row)
    return manifest_of(row.packet.manifest), {f.name: f.sha256 for f in row.packet.files}


def file_of(session: Session, case_id: str, name: str) -> PacketFileRow | None:
    """The file of that name in the case's packet: a name is looked up, never turned into a path."""
    return session.scalar(
        select(PacketFileRow)
        .join(CaseRow, CaseRow.packet_id == PacketFileRow.packet_id)
        .where(CaseRow.id == case_id, CaseRow.deleted_at.is_(None), PacketFileRow.name == name)
    )


def check_packet(session: Session, view: CaseView, store: BlobStore) -> PacketCheck:
    """Verify seal and every file again, as they lie in the store now."""
    row = session.scalar(
        select(PacketRow).where(
            PacketRow.node_id == view.manifest.node.id, PacketRow.packet_id == view.manifest.packet_id
        )
    )
    signature = files = ""
    try:
        if row is None:
            raise GiaoLoError("packet is not stored any more")
        seal = Seal.model_validate_json(row.seal)
        key = key_of(session, view.manifest.node.id, seal.key_id)
        key.verify(seal.signature, row.manifest.encode(), where="seal.json")
    except (GiaoLoError, ValidationError, ValueError) as error:
        signature = error.what if isinstance(error, GiaoLoError) else str(error)
    for file in view.files:
        try:
            store.read(file.sha256)
        except GiaoLoError as error:
            files = f"{file.name}: {error.what}"
            break
    return PacketCheck(signature, files, view.manifest.node.key_id)


def confirmed(session: Session, now: datetime, scope: Scope) -> list[Confirmed]:
    mine = within(CaseRow.unit_code, scope)
    query = select(CaseRow).where(among(TO_ISSUE), *mine).order_by(CaseRow.occurred_at, CaseRow.number).limit(200)
    rows = session.scalars(light(query)).all()
    siblings = of_many(session, rows)
    driven = {row.drive for row in rows if row.drive is not None}
    acts = of_drives(session, driven)
    switched = switch_doubts(session, rows)
    found = []
    for row, beside in drives_beside(session, rows, scope):
        others = [act for act in acts if act.drive == row.drive and act.id != row.id] if row.drive else []
        doubts = [code for other in siblings.get(row.id, ()) for code in other.doubts]
        doubts += [*drive_doubts(session, row, others), *behaviour_doubts(session, row, others)]
        doubts += switched.get(row.id, ())
        shown = item(row, now, drive=beside)
        found.append(Confirmed(shown, row.confirmed_by or "", row.confirmed_at or row.detected_at, tuple(doubts)))
    return found


def names_of(session: Session, usernames: set[str]) -> dict[str, str]:
    """Full names of these people alone."""
    if not usernames:
        return {}
    found = session.execute(select(UserRow.username, UserRow.full_name).where(UserRow.username.in_(usernames)))
    return {row.username: row.full_name for row in found}


def confirmed_at(session: Session, case_id: str) -> datetime | None:
    return session.scalar(select(CaseRow.confirmed_at).where(CaseRow.id == case_id))


def number_of(session: Session, case_id: str, scope: Scope) -> int:
    """Short number of a case; 0 when there is none, or it is another unit's."""
    mine = within(CaseRow.unit_code, scope)
    return session.scalar(select(CaseRow.number).where(CaseRow.id == case_id, *mine)) or 0


def contest(session: Session, case_id: str, words: str, *, now: datetime) -> None:
    """An owner's objection becomes an event of the case. Raises `Refused` (`contest_empty`, `_long`, `_full`)."""
    plain = words.replace("\r\n", "\n").strip()
    if len(plain) > MAX_CONTEST_CHARS:
        raise Refused("contest_long", f"more than {MAX_CONTEST_CHARS} characters", remedy="say it in fewer words")
    if not plain:
        raise Refused("contest_empty", "there is no text")
    row = case_log.lock_case(session, case_id)
    if Status(row.status) not in MOVES[Action.CONTEST].start:
        raise Refused("contest_over", "the case has ended", remedy="come to the unit in person")
    mine = _contests_of(case_id)
    if row.corrected_at is not None:  # what somebody else wrote, who got the notice by mistake, does not count
        mine = (*mine, CaseEventRow.at > row.corrected_at)
    sent = session.scalar(select(func.count()).where(*mine))
    if (sent or 0) >= MAX_CONTESTS:
        raise Refused("contest_full", "too many texts for this case", remedy="come to the unit in person")
    case_log.append(session, row, Action.CONTEST, actor="owner:", at=now, note=plain)
    row.contests_unread += 1


def contests(session: Session, scope: Scope, case_id: str | None = None, *, limit: int = 200) -> list[Contest]:
    """What owners wrote, newest first."""
    query = (
        select(CaseEventRow, CaseRow.number, CaseRow.contests_unread)
        .join(CaseRow, CaseRow.id == CaseEventRow.case_id)
        .where(_CONTEST, *within(CaseRow.unit_code, scope))
        .order_by(CaseEventRow.at.desc(), CaseEventRow.id.desc())
        .limit(limit)
    )
    if case_id is not None:
        query = query.where(CaseEventRow.case_id == case_id)
    return [Contest(e.at, e.note, e.case_id, number, unread > 0) for e, number, unread in session.execute(query)]


def unread_contests(session: Session, scope: Scope) -> int:
    """How many cases have a statement that nobody at the desk has opened the case for."""
    mine = within(CaseRow.unit_code, scope)
    unread = select(func.count()).select_from(CaseRow).where(text("cases.contests_unread > 0"), *mine)
    return session.scalar(unread) or 0


def _contests_of(case_id: str) -> tuple[Any, ...]:
    return CaseEventRow.case_id == case_id, _CONTEST
