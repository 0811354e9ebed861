"""Cases that are acts of one drive: found when a packet comes, kept with the cases and in the record of each.

Candidates are found by an index: the same camera and number of track, moments close to each other. Only of these the
manifests are opened, and `central.cases.one_drive` says which of them are. A packet that comes days late joins, and may
join two that nothing joined before: a drive is whatever hangs together. Cases of before are asked once (`link_stored`).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import Session, joinedload

from central.cases import log as case_log
from central.cases.lifecycle import Action, Status
from central.cases.one_drive import MARGINS, Stated, Way, contradictions, one_drive, way_of
from central.cases.siblings import NO_SIGHTING, mark_of
from central.store.base import table_of
from central.store.case_tables import CaseRow
from central.store.db import Database
from central.store.packet_tables import PacketRow
from evidence.packet import Manifest

_MOST_TRACK = 2**63 - 1
"""No column holds more, and no box of ours counts so far: what lies above is kept as this, and its ways differ."""
MOST = 50
"""Candidates that are looked at, the newest: a drive has a few acts, and a packet must not wait for more manifests."""
AT_ONCE = 10
"""Cases of before in one transaction: some 30 ms, so that no step waits for long."""

_CASES = table_of(CaseRow)
_CANDIDATES = (
    select(CaseRow)
    .where(
        CaseRow.node_id == bindparam("node"),
        CaseRow.camera_id == bindparam("camera"),
        CaseRow.track == bindparam("track"),
        CaseRow.occurred_at.between(bindparam("first"), bindparam("last")),
        CaseRow.deleted_at.is_(None),
        CaseRow.id != bindparam("case"),
    )
    .order_by(CaseRow.number.desc())
    .limit(bindparam("most"))
)
_OF_DRIVES = (
    select(CaseRow)
    .options(joinedload(CaseRow.packet).load_only(PacketRow.chain_state))
    .where(CaseRow.drive.in_(bindparam("drives", expanding=True)), CaseRow.deleted_at.is_(None))
    .order_by(CaseRow.occurred_at, CaseRow.number)
)
_JOIN = update(_CASES).where(_CASES.c.drive.in_(bindparam("drives", expanding=True)))
_DRIVE_OF = select(CaseRow.drive).where(CaseRow.id == bindparam("case"))
_MANIFEST = select(PacketRow.manifest).where(PacketRow.id == bindparam("packet"))
# in the words of its index
_UNASKED = select(CaseRow.id).where(text("track IS NULL AND deleted_at IS NULL")).order_by(CaseRow.number)


def track_of(manifest: Manifest) -> int:
    """As it is kept with the case."""
    return min(manifest.track.id, _MOST_TRACK)


def found(session: Session, row: CaseRow) -> tuple[CaseRow, ...]:
    """The cases that are acts of the same drive as one that nobody has asked yet, by their packets. By number."""
    return () if row.track is None else _found(session, row, row.track)


def _found(session: Session, row: CaseRow, track: int) -> tuple[CaseRow, ...]:
    around = timedelta(seconds=MARGINS.apart_s)
    asked = {
        "node": row.node_id, "camera": row.camera_id, "track": track, "case": row.id, "most": MOST,
        "first": row.occurred_at - around, "last": row.occurred_at + around,
    }  # fmt: skip
    candidates = session.scalars(_CANDIDATES, asked).all()[::-1]
    if not candidates or (own := _way(session, row)) is None:
        return ()
    ways = ((other, _way(session, other)) for other in candidates)
    return tuple(other for other, way in ways if way is not None and one_drive(own, way))


def link(session: Session, row: CaseRow, others: Iterable[CaseRow], now: datetime) -> None:
    """`row` is of one drive with each of `others`: kept with all of them, and an event in the record of each.

    Inside a transaction in which `row` is new or locked; `others` in the order of their numbers.
    """
    joined = [case_log.lock_case(session, other.id) for other in others]
    if not joined:
        return
    drives = {case.drive for case in (row, *joined) if case.drive is not None}
    drive = min(drives | {case.number for case in (row, *joined)})
    if drives - {drive}:
        session.execute(_JOIN.values(drive=drive), {"drives": sorted(drives - {drive})})
    for case in (row, *joined):
        case.drive = drive
    for other in joined:
        _tell(session, row, other, now)
        _tell(session, other, row, now)


def _tell(session: Session, row: CaseRow, other: CaseRow, now: datetime) -> None:
    # the record of a case tells nothing of another unit's
    number = other.number if other.unit_code == row.unit_code else ""
    case_log.append(session, row, Action.SAME_DRIVE, actor="centre", at=now, after={"case": number})


def acts_of(session: Session, row: CaseRow) -> tuple[CaseRow, ...]:
    """The other cases of the same drive, the oldest act first."""
    if row.drive is None:
        return ()
    return tuple(other for other in of_drives(session, [row.drive]) if other.id != row.id)


def of_drives(session: Session, drives: Iterable[int]) -> Sequence[CaseRow]:
    """Every case of these drives, the oldest act first."""
    wanted = sorted(set(drives))
    return session.scalars(_OF_DRIVES, {"drives": wanted}).all() if wanted else ()


def lock_drive(session: Session, case_id: str) -> None:
    """Lock a case with all of its drive, in the order of their numbers: two who open two acts of it wait for each
    other instead of standing in each other's way. A case that is not there, or stands alone, is left to its caller."""
    drive = session.scalar(_DRIVE_OF, {"case": case_id})
    if drive is not None:
        for row in sorted(of_drives(session, [drive]), key=lambda case: case.number):
            case_log.lock_case(session, row.id)


def drive_doubts(session: Session, row: CaseRow, others: Sequence[CaseRow] | None = None) -> tuple[str, ...]:
    """Codes of what the other acts of the drive say against this case's vehicle. `others`: where they are read."""
    others = acts_of(session, row) if others is None else others
    own = _stated(row, row)
    return tuple(code for other in others if _tells(other) for code in contradictions(own, _stated(other, row)))


def _tells(case: CaseRow) -> bool:
    """Whether what a case says of its vehicle stands: one that was rejected for it does not."""
    return not (case.status == Status.REJECTED and case.rejected_reason in NO_SIGHTING)


def _stated(case: CaseRow, seen_from: CaseRow) -> Stated:
    return Stated(mark_of(case, seen_from), case.plate, case.plate_colour, case.kind)


def manifest_said(session: Session, row: CaseRow) -> Mapping[str, Any] | None:
    """The manifest of a case as plain JSON: it verified when it came. None where it was deleted."""
    said = session.scalar(_MANIFEST, {"packet": row.packet_id})
    return json.loads(said) if said else None


def _way(session: Session, row: CaseRow) -> Way | None:
    said = manifest_said(session, row)
    return way_of(said, row.flags) if said is not None else None


def link_stored(database: Database, now: datetime, *, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Ask the cases of before this was asked of each, the oldest first, a few in one transaction. How many there were.

    `goes_on` is asked before each few: what was cut short goes on the next time.
    """
    done = 0
    while goes_on():
        with database.read() as session:
            few = session.scalars(_UNASKED.limit(AT_ONCE)).all()
        if not few:
            break
        with database.write() as session:
            for case_id in few:
                with contextlib.suppress(case_log.CaseDeleted):
                    _link_stored(session, case_id, now)
        done += len(few)
    return done


def _link_stored(session: Session, case_id: str, now: datetime) -> None:
    row = case_log.find_case(session, case_id)
    said = manifest_said(session, row) if row is not None else None
    if row is None or said is None:
        return  # deleted meanwhile
    track = min(said["track"]["id"], _MOST_TRACK)
    others = _found(session, row, track)
    for case in sorted((row, *others), key=lambda case: case.number):
        case_log.hold_case(session, case.id)
    if row.track is None:  # no other process of this centre was quicker
        row.track = track
        link(session, row, others, now)
