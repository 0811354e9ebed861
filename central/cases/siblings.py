"""Cases of one plate read for each other: what lies between them, and which of them cannot be one vehicle.

One query by the index of plates finds them. A manifest is opened only where it may decide: the track's points of two
cases at one camera within a minute, the share of the votes where one had two wheels and the other four.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from central.cases import log as case_log
from central.cases.doubles import MARGINS, Between, Position, Sighting, between, same_plate, wheels
from central.cases.lifecycle import UNSENT, Action, Status
from central.cases.stages import ISSUED, TO_ISSUE, UNDER_WAY
from central.store.case_tables import CaseRow
from central.store.packet_tables import PacketRow
from central.store.positions import positions_of
from evidence.canonical import sha256_hex

ELSEWHERE = "@"
"""Begins the mark of a sibling that is another unit's."""
MOST = 200
"""Cases of one plate that are looked at, the newest: an honest vehicle has a few."""
_SAME_MINUTE = timedelta(seconds=60)
"""Longer than a track is in sight of a camera: only then may two have been there at once."""
_STATED = frozenset({*TO_ISSUE, *ISSUED, *UNDER_WAY, Status.CLOSED})
"""An officer has said which plate it is."""
NO_SIGHTING = frozenset({"plate_unreadable", "wrong_vehicle", "bad_evidence", "clock_wrong", "duplicate"})
"""Rejected for these, a case does not say where its plate was; whoever did nothing wrong was there all the same."""


_OF_PLATES = (
    select(CaseRow)
    .options(joinedload(CaseRow.packet).load_only(PacketRow.chain_state))
    .where(CaseRow.plate.in_(bindparam("plates", expanding=True)))
    .order_by(CaseRow.occurred_at.desc(), CaseRow.number.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True)
class Sibling:
    """Another case of the same plate. `elsewhere`: it is another unit's than the case that it is a sibling of.

    `doubts`: why it cannot be the same vehicle, codes with its number; with a mark of no meaning where it is another
    unit's, of which nobody learns more here than that there is one.
    """

    case: CaseRow
    between: Between
    elsewhere: bool = False

    @property
    def doubts(self) -> tuple[str, ...]:
        return tuple(f"{code}:{self.mark}" for code in self.between.doubts)

    @property
    def mark(self) -> str:
        return _mark(self.case, elsewhere=self.elsewhere)


def mark_of(other: CaseRow, seen_from: CaseRow) -> str:
    """What a doubt of the case `seen_from` calls another: its number, or of another unit's a mark of no meaning."""
    return _mark(other, elsewhere=other.unit_code != seen_from.unit_code)


def _mark(case: CaseRow, *, elsewhere: bool) -> str:
    return f"{ELSEWHERE}{sha256_hex(case.id.encode())[:12]}" if elsewhere else str(case.number)


def siblings_of(session: Session, row: CaseRow) -> tuple[Sibling, ...]:
    """Those that cannot be the same vehicle first, then the nearest in time."""
    return of_many(session, [row]).get(row.id, ())


def of_many(session: Session, rows: Sequence[CaseRow]) -> Mapping[str, tuple[Sibling, ...]]:
    """Siblings by the id of each case in `rows`, in one query whatever their number."""
    plates = {row.plate for row in rows if row.plate}
    if not plates:
        return {}
    by_plate: dict[str, list[CaseRow]] = {}
    for other in session.scalars(_OF_PLATES, {"plates": sorted(plates), "most": MOST * len(plates)}):
        by_plate.setdefault(other.plate or "", []).append(other)
    if not any(other.id != row.id for row in rows for other in by_plate.get(row.plate or "", ())):
        return {}
    everyone = {r.id: r for group in by_plate.values() for r in group} | {row.id: row for row in rows}
    seen = _sightings(session, list(everyone.values()))
    found = {row.id: _siblings(session, seen[row.id], row, by_plate.get(row.plate or "", ()), seen) for row in rows}
    return {case_id: others for case_id, others in found.items() if others}


def sighting(session: Session, row: CaseRow) -> Sighting:
    """One case as `central.cases.fitting` asks for it, with the share of the votes for its class. It has a plate."""
    return _opened(session, _sightings(session, [row])[row.id], row)


def to_be_told(session: Session, new: CaseRow) -> tuple[Sibling, ...]:
    """Unsent cases that cannot be the same vehicle as the one that just came, by number."""
    if not new.plate:
        return ()
    told = (s for s in siblings_of(session, new) if s.doubts and s.case.status in UNSENT)
    return tuple(sorted(told, key=lambda s: s.case.number))


def tell_earlier(session: Session, new: CaseRow, told: Sequence[Sibling], now: datetime) -> None:
    """An event in the record of each of `told` (`to_be_told`).

    Whoever has such a case on the screen, or has confirmed it, decides on what he has not seen: his page is stale now.
    Inside the transaction of `new`, in the order of the numbers.
    """
    for sibling in told:
        row = case_log.lock_case(session, sibling.case.id)
        told_of = Sibling(new, sibling.between, sibling.elsewhere)
        # the record of a case tells nothing of another unit's either
        number = "" if sibling.elsewhere else new.number
        case_log.append(
            session, row, Action.SIBLING, actor="centre", at=now, after={"case": number, "doubts": [*told_of.doubts]}
        )


def _siblings(
    session: Session, own: Sighting, row: CaseRow, others: Iterable[CaseRow], seen: Mapping[str, Sighting]
) -> tuple[Sibling, ...]:
    found = []
    for other in others:
        if other.id == row.id or not same_plate(own, seen[other.id]):
            continue
        one, two = own, seen[other.id]
        if _needs_manifest(one, two):
            one, two = _opened(session, one, row), _opened(session, two, other)
        found.append(Sibling(other, between(one, two), other.unit_code != row.unit_code))
    return tuple(sorted(found, key=lambda s: (not s.doubts, s.between.apart, s.case.number)))


def _needs_manifest(a: Sighting, b: Sighting) -> bool:
    there_at_once = a.camera == b.camera and abs(a.at - b.at) <= _SAME_MINUTE
    return there_at_once or wheels(a.vehicle_class) != wheels(b.vehicle_class)


def _sightings(session: Session, rows: Sequence[CaseRow]) -> dict[str, Sighting]:
    """By id of the case. The share of the votes is nought and the way empty until a manifest is opened."""
    where = positions_of(session, {(r.node_id, r.camera_id) for r in rows})
    return {
        row.id: Sighting(
            number=row.number,
            plate=row.plate or "",
            colour=row.plate_colour,
            kind=row.kind,
            vehicle_class=row.vehicle_class,
            at=row.occurred_at,
            camera=(row.node_id, row.camera_id),
            position=Position(*where[row.node_id, row.camera_id]) if (row.node_id, row.camera_id) in where else None,
            plate_sure=_plate_sure(row),
            time_sure="clock_unsure" not in row.flags,
            class_share=0.0,
        )
        for row in rows
    }


def _plate_sure(row: CaseRow) -> bool:
    """Whether an officer stated the plate, or the box was sure of it and nobody contradicts."""
    if row.status == Status.REJECTED and row.rejected_reason in NO_SIGHTING:
        return False
    if row.status in _STATED or row.plate != row.plate_machine:
        return True
    return row.plate_machine_confidence >= MARGINS.plate_sure and row.second_agrees is not False


_MANIFEST = select(PacketRow.manifest).where(PacketRow.id == bindparam("packet"))


def _opened(session: Session, seen: Sighting, row: CaseRow) -> Sighting:
    """With what the manifest says. It verified when it came, so it is read as plain JSON here: a tenth of the time."""
    manifest: dict[str, Any] = json.loads(session.scalar(_MANIFEST, {"packet": row.packet_id}) or "{}")
    act_s = manifest["act"]["t_s"]
    way = tuple(
        (row.occurred_at + timedelta(seconds=point["t_s"] - act_s), tuple(point["box"]))
        for point in manifest["track"]["points"]
    )
    return replace(seen, class_share=manifest["vehicle"]["confidence"], way=way)
