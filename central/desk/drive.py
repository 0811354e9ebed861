"""Acts of one drive as the desk shows them: beside a case, and one below the other in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.behaviours import behaviours
from central.cases.drives import drive_doubts
from central.cases.lifecycle import Officer, Status
from central.cases.log import state_of
from central.cases.stages import ISSUED, OPEN, OVER, TO_ISSUE, UNDER_WAY
from central.desk.items import QueueItem, item
from central.store.case_tables import CaseRow
from central.units.filtering import within
from central.units.tree import Scope
from countries.law import OneBehaviour

_STATED = frozenset({*TO_ISSUE, *ISSUED, *UNDER_WAY, Status.CLOSED})


@dataclass(frozen=True)
class DriveAct:
    """Another act of the same vehicle on the same drive.

    `after`: how long its act came after this one's; negative: before. `plate_by`: who says its plate: `officer`, who
    corrected or confirmed it, or `machine`. `differs`: codes of what it says otherwise of the vehicle (`drive_plate`,
    `drive_kind`). `offered`: its plate, stated by an officer, may be taken over here. `behaviour`: why both may be one
    behaviour.
    """

    item: QueueItem
    vehicle_class: str
    after: timedelta
    plate_by: str
    differs: tuple[str, ...]
    offered: bool
    behaviour: OneBehaviour | None
    reject_reason: str | None

    @property
    def over(self) -> bool:
        return self.item.status in OVER


def drive_acts(
    session: Session, row: CaseRow, acts: Sequence[CaseRow], now: datetime, officer: Officer
) -> tuple[DriveAct, ...]:
    """Those of units that are open to the officer, in the order given."""
    acts = [act for act in acts if officer.scope.has(act.unit_code)]
    same = behaviours(session, row, acts)
    found = []
    for act in acts:
        differs = tuple(code.partition(":")[0] for code in drive_doubts(session, row, [act]))
        by_officer = act.status in _STATED or (act.plate is not None and act.plate != act.plate_machine)
        said = (act.plate, act.plate_colour, act.kind)
        found.append(
            DriveAct(
                item=item(act, now),
                vehicle_class=act.vehicle_class,
                after=act.occurred_at - row.occurred_at,
                plate_by="officer" if by_officer and act.plate else "machine",
                differs=differs,
                offered=bool(by_officer and act.plate and act.status != Status.REJECTED and row.status in OPEN)
                and said != (row.plate, row.plate_colour, row.kind),
                behaviour=same.get(act.id),
                reject_reason=act.rejected_reason if act.status == Status.REJECTED else None,  # or it was opened again
            )
        )
    return tuple(found)


def drive_holder(acts: Sequence[CaseRow], officer: Officer, now: datetime) -> tuple[str, datetime] | None:
    """Who else holds another act of the drive, and until when; None: nobody."""
    for act in acts:
        state = state_of(act)
        holder = state.held_by(now) if officer.scope.has(act.unit_code) else None
        if holder not in (None, officer.username) and holder is not None and state.claimed_until is not None:
            return holder, state.claimed_until
    return None


def drives_beside(session: Session, rows: Sequence[CaseRow], scope: Scope) -> list[tuple[CaseRow, tuple[int, ...]]]:
    """The rows of a page with the acts of one drive one below the other, each where the first of them stands, and with
    each the numbers of the other cases of its drive at these units."""
    driven = {row.drive for row in rows if row.drive is not None}
    members: dict[int | None, list[int]] = {}
    if driven:
        mine = within(CaseRow.unit_code, scope)
        wanted = select(CaseRow.drive, CaseRow.number).where(CaseRow.drive.in_(driven), *mine)
        for drive, number in session.execute(wanted.order_by(CaseRow.occurred_at, CaseRow.number)):
            members.setdefault(drive, []).append(number)
    placed: dict[int, int] = {}
    for place, row in enumerate(rows):
        if row.drive is not None:
            placed.setdefault(row.drive, place)
    ordered = sorted(enumerate(rows), key=lambda at: (placed.get(at[1].drive or 0, at[0]), at[0]))
    return [(row, tuple(n for n in members.get(row.drive, ()) if n != row.number)) for _, row in ordered]
