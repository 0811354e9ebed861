"""A line of a list of the desk, and how the rows for one are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from central.cases.lifecycle import UNSENT, Status
from central.cases.log import state_of
from central.store.case_tables import CaseRow
from central.store.packet_tables import PacketRow
from countries.here import HERE
from countries.law import VehicleKind
from countries.terms import Urgency
from evidence.acts import ActCode
from evidence.switches import Switch, SwitchKind


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
    deleted: bool = False
    own_way: str = ""
    """`NoNotice.code`: no notice goes to an owner, it is passed on; empty: it goes the usual way."""
    drive: tuple[int, ...] = ()
    """Numbers of other cases of the same drive, where a list was asked for them."""
    said: tuple[SwitchKind, ...] = ()
    """What people said of its time and place that its packet does not: said late, or the box was away."""


def item(row: CaseRow, now: datetime, *, drive: tuple[int, ...] = (), switches: Sequence[Switch] = ()) -> QueueItem:
    due = HERE.terms.deadlines(occurred_at=row.occurred_at, detected_at=row.notify_from)
    state = state_of(row)
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
        holder=state.held_by(now),
        second_agrees=True if row.second_text and row.second_text == row.plate else row.second_agrees,
        notify_by=due.notify_by,
        notify_by_working=due.notify_by_working,
        days_to_notify=due.days_to_notify(now),
        urgency=due.notify_urgency(now) if row.status in UNSENT else "none",
        deleted=row.deleted_at is not None,
        own_way=state.own_way.code if state.own_way else "",
        drive=drive,
        said=tuple(dict.fromkeys(s.kind for s in switches if s.kind not in row.flags)),
    )


def light(query: Select[Any]) -> Select[Any]:
    """With each case its packet's chain state and nothing else of the packet: a manifest is 16 KiB."""
    return query.options(joinedload(CaseRow.packet).load_only(PacketRow.chain_state, raiseload=True))
