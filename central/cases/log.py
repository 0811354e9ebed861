"""The append-only, hash-chained record of what was done to a case.

Each event carries the hash of the one before it; the case row carries the head and the count, so a removed last event
is found as well. The database refuses UPDATE and DELETE on the table (migration 0001); only what was said in a case
whose deletion is recorded may go (migration 0014). Hashes alone stop nobody who may write to the database: the centre
signs them (`central.ledger.signing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, bindparam, func, select, update
from sqlalchemy.orm import Session

from central.cases import due
from central.cases.life import Event
from central.cases.lifecycle import Action, CaseState, Refused, Status
from central.ledger.signing import ledger_of
from central.store.base import table_of
from central.store.case_tables import CaseEventRow, CaseRow
from countries.here import HERE
from evidence import case_record
from evidence.errors import GiaoLoError
from evidence.packet import utc_text


class CaseNotFound(GiaoLoError):
    """There is no such case."""


class CaseDeleted(CaseNotFound):
    """It was deleted at the end of its term: its number and its digests are all that is there."""

    def __init__(self, case_id: str) -> None:
        super().__init__("was deleted", where=case_id[:40], remedy="giaolo central retention proof says when and why")


class LogBroken(GiaoLoError):
    """The record of a case was altered."""


# built once: building them costs as much as asking them
_CASES = table_of(CaseRow)
_RAISE = update(_CASES).where(_CASES.c.id == bindparam("case")).values(version=_CASES.c.version + 1)
_HOLD = update(_CASES).where(_CASES.c.id == bindparam("case")).values(version=_CASES.c.version)
_FIND = select(CaseRow).where(CaseRow.id == bindparam("case"))
_ANEW = _FIND.execution_options(populate_existing=True)
_RECORD = select(CaseEventRow).where(CaseEventRow.case_id == bindparam("case")).order_by(CaseEventRow.sequence)


def lock_case(session: Session, case_id: str) -> CaseRow:
    """The case with its row locked until the transaction ends. Raises `CaseNotFound`, `CaseDeleted`.

    Raising the version is the lock: PostgreSQL makes others wait and then read the new row; SQLite allows one writer.
    """
    return _locked(session, _RAISE, case_id)


def find_case(session: Session, case_id: str) -> CaseRow | None:
    """To look at, not to change."""
    return session.scalars(_FIND, {"case": case_id}).one_or_none()


def _locked(session: Session, lock: Executable, case_id: str) -> CaseRow:
    session.flush()
    session.execute(lock, {"case": case_id})
    row = session.scalars(_ANEW, {"case": case_id}).one_or_none()
    if row is None:
        raise CaseNotFound("there is no such case", where=case_id[:40], remedy="look it up in the queue")
    return still_there(row)


def still_there(row: CaseRow) -> CaseRow:
    """Raises `CaseDeleted`."""
    if row.deleted_at is not None:
        raise CaseDeleted(row.id)
    return row


def hold_case(session: Session, case_id: str) -> CaseRow:
    """Like `lock_case`, for adding to the record alone: the version stays, as nothing of the case is changed.

    Whoever decides names the version he saw; that a picture was looked at meanwhile must not make his page stale.
    Raises `CaseNotFound`, `CaseDeleted`.
    """
    return _locked(session, _HOLD, case_id)


def unit_of(session: Session, case_id: str) -> str | None:
    """Whose a case is; None when there is no such case."""
    return session.scalar(select(CaseRow.unit_code).where(CaseRow.id == case_id))


def state_of(row: CaseRow) -> CaseState:
    return CaseState(
        Status(row.status), row.claimed_by, row.claimed_until, row.confirmed_by, unit=row.unit_code,
        by_commune=row.kind in HERE.law.BROUGHT_BY_COMMUNE,
        own_way=HERE.plates.no_notice(row.plate or "", colour=row.plate_colour, kind=row.kind),
    )  # fmt: skip


def append(
    session: Session,
    case: CaseRow,
    action: Action,
    *,
    actor: str,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    note: str = "",
    record: Sequence[Event] | None = None,
) -> CaseEventRow:
    """Append one event. The case must be locked (`lock_case`) or new.

    `record`: the case's until now, where the caller has read it (`record_of`): it is not read again then.
    """
    row = CaseEventRow(
        case_id=case.id,
        sequence=(case.events_count or 0) + 1,
        at=at,
        actor=actor,
        action=action.value,
        before=dict(before or {}),
        after=dict(after or {}),
        # PostgreSQL keeps no NUL, and the hash is over what is kept
        note=note.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        previous=case.events_head,
        hash="",
    )
    row.hash = event_hash(row)
    case.events_count, case.events_head = row.sequence, row.hash
    if (ledger := ledger_of(session)) is not None:
        row.signature = ledger.sign_event(case.id, row.sequence, row.hash)
        case.events_signature = ledger.sign_end(case.id, row.sequence, row.hash)
        if action is Action.ISSUE:
            ledger.remember(session, case.id, row.sequence, row.hash)
    session.add(row)
    session.flush()
    if due.moves(session, action, case):
        grown = [*record, row] if record is not None else events(session, case.id)
        due.keep(session, case, state_of(case), grown)
    return row


def event_hash(row: CaseEventRow) -> str:
    return case_record.event_hash(
        case=row.case_id, sequence=row.sequence, at=utc_text(row.at), actor=row.actor, action=row.action,
        before=row.before, after=row.after, note=row.note, previous=row.previous,
    )  # fmt: skip


# What changes neither the case nor what a person sees of it: his page stays good.
_LOOKING = frozenset({Action.VIEW.value, Action.CLAIM.value, Action.RELEASE.value, Action.EXPORT.value})


_SEEN = select(func.max(CaseEventRow.sequence)).where(
    CaseEventRow.case_id == bindparam("case"), CaseEventRow.action.not_in(_LOOKING)
)


def seen_version(session: Session, case_id: str) -> int:
    """The version of a case that a page shows: number of its last event that changed what there is to judge.

    A decision names it, so that nobody decides on what he has not seen. Views and claims do not count.
    """
    return session.scalar(_SEEN, {"case": case_id}) or 0


def version_of(rows: Sequence[CaseEventRow]) -> int:
    """`seen_version` of a record that is loaded already."""
    return max((row.sequence for row in rows if row.action not in _LOOKING), default=0)


def check_seen(session: Session, case_id: str, seen: int | None) -> None:
    """Raises `Refused` (`changed`) unless `seen` is the version in force; None: the caller looked at no page."""
    if seen is not None and seen != seen_version(session, case_id):
        raise Refused("changed", "the case has changed since you opened it", remedy="look at it again, then decide")


def events(session: Session, case_id: str) -> Sequence[CaseEventRow]:
    return session.scalars(_RECORD, {"case": case_id}).all()


def record_of(session: Session, row: CaseRow, known: Sequence[CaseEventRow]) -> Sequence[CaseEventRow]:
    """The record of a locked case. `known`: as it was read before the lock; while its end is the case's own, nothing
    has joined it, as each event holds the hash of the one before it, and it is not read again."""
    end = known[-1].hash if known else None
    return known if row.events_head == end and row.events_count == len(known) else events(session, row.id)


def verify_log(case: CaseRow, rows: Sequence[CaseEventRow]) -> None:
    """Raise `LogBroken` at the first event that does not fit. A deleted case has its chain, and no words."""
    previous: str | None = None
    for position, row in enumerate(rows, start=1):
        altered = case.deleted_at is None and row.hash != event_hash(row)
        if row.sequence != position or row.previous != previous or altered:
            raise LogBroken(
                f"event {position} of the case was altered, removed or inserted",
                where=case.id,
                remedy="compare with a backup; do not decide on this case",
            )
        previous = row.hash
    if len(rows) != case.events_count or previous != case.events_head:
        raise LogBroken("the last events of the case are missing", where=case.id, remedy="compare with a backup")
