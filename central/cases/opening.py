"""A case begins: with a packet that verified, and times that can be."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from central.cases import drives, siblings
from central.cases import log as case_log
from central.cases.lifecycle import Action, Status
from central.store.case_tables import CaseRow
from central.store.db import next_number
from central.store.packet_tables import PacketRow
from central.units.book import unit_of_camera
from central.units.tree import ROOT
from countries.here import HERE
from evidence.packet import Manifest

CLOCK_TOLERANCE = timedelta(seconds=1)
MAKING_TIME = timedelta(seconds=60)
"""From an act, or the last that the packet saw of its vehicle, to the packet: the clip goes on for 6 s, a finding
settles for 6 s, a stream that stalls is waited for 10 s; the rest is for a busy box."""
CLOCKS_APART = timedelta(seconds=10)
"""A packet made so much after it came tells of two clocks that differ by more than their own errors."""
DELIVERY_TIME = timedelta(days=7)
"""A packet that says to be older when it comes was either cut off for a week or made by a wrong clock."""


def create_case(session: Session, packet: PacketRow, manifest: Manifest, *, case_id: str, now: datetime) -> CaseRow:
    """The case of a packet that was just stored."""
    plate = manifest.plate
    flags = list(manifest.act.flags)
    if "clock_unsure" not in flags and not times_can_be(manifest, now):
        flags.append("clock_unsure")  # whatever the node thinks of its clock
    day = HERE.local_date(manifest.act.occurred_at)
    unit = unit_of_camera(session, manifest.node.id, manifest.camera.id, day)
    row = CaseRow(
        id=case_id,
        number=next_number(session, "case"),
        packet_id=packet.id,
        node_id=manifest.node.id,
        camera_id=manifest.camera.id,
        place=manifest.camera.place,
        unit=manifest.camera.unit,
        unit_code=unit,
        track=drives.track_of(manifest),
        act_suspected=manifest.act.code.value,
        act=manifest.act.code.value,
        occurred_at=manifest.act.occurred_at,
        detected_at=manifest.created_at,
        flags=flags,
        vehicle_class=manifest.vehicle.cls.value,
        kind=HERE.law.KIND_OF_CLASS[manifest.vehicle.cls],
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
    case_log.append(
        session, row, Action.CREATE, actor=f"node:{row.node_id}", at=now,
        after={"packet": packet.id, "digest": packet.digest, **({} if unit == ROOT else {"unit_code": unit})},
    )  # fmt: skip
    told, driven = siblings.to_be_told(session, row), drives.found(session, row)
    for _, other in sorted({case.number: case.id for case in (*(s.case for s in told), *driven)}.items()):
        case_log.lock_case(session, other)  # all of them in one order, as everybody does
    siblings.tell_earlier(session, row, told, now)
    drives.link(session, row, driven, now)
    return row


def times_can_be(manifest: Manifest, received_at: datetime) -> bool:
    """Whether act, packet and receipt can have followed each other as the packet says."""
    act, made_at = manifest.act, manifest.created_at
    if act.occurred_at > received_at + CLOCK_TOLERANCE:
        return False
    if manifest.clock.source == "file":
        return True  # a recording is looked at when it pleases
    followed = timedelta(seconds=max(manifest.track.points[-1].t_s - act.t_s, 0.0))
    made_in_time = -CLOCK_TOLERANCE <= made_at - act.occurred_at <= MAKING_TIME + followed
    came_in_time = -CLOCKS_APART <= received_at - made_at <= DELIVERY_TIME
    return made_in_time and came_in_time
