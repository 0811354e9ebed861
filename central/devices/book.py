"""The files of all devices in the database: read, and added to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.lifecycle import Refused
from central.devices.entering import Entry, checked, record_of
from central.devices.records import DeviceId, Record, RecordKind
from central.store.device_tables import DeviceRecordRow
from central.store.packet_tables import NodeRow
from countries.here import HERE


def enter(session: Session, entries: Iterable[Entry], *, by: str, now: datetime) -> list[Record]:
    """Add records in the order given, each held against those before it; all or, on `Refused`, none."""
    if not by.strip():
        raise Refused("paper_by", "nobody is named who enters it", where="by", remedy="name yourself with --by")
    made: list[Record] = []
    known: dict[str, list[Record]] = {}
    today = HERE.local_date(now)
    for entry in entries:
        node = entry.device.node
        if node not in known:
            if session.get(NodeRow, node) is None:
                raise Refused(
                    "paper_node", "there is no such node", where=node, remedy="giaolo central nodes lists them",
                    values={"node": node},
                )  # fmt: skip
            known[node] = records_of(session, node)
        good = checked(entry, known[node], today=today)
        row = _row(record_of(good, id=0, by=by.strip()[:64], at=now))
        session.add(row)
        session.flush()
        made.append(_record(row))
        known[node].append(made[-1])
    return made


def records_of(session: Session, node: str) -> list[Record]:
    """All records of a box and its cameras, in the order in which they were entered."""
    query = select(DeviceRecordRow).where(DeviceRecordRow.node_id == node).order_by(DeviceRecordRow.id)
    return [_record(row) for row in session.scalars(query)]


def all_records(session: Session) -> list[Record]:
    """The records of every device, in the order in which they were entered."""
    return [_record(row) for row in session.scalars(select(DeviceRecordRow).order_by(DeviceRecordRow.id))]


def faults(session: Session) -> list[str]:
    """Records that are not what was entered: whose digest is not theirs."""
    rows = session.scalars(select(DeviceRecordRow).order_by(DeviceRecordRow.id))
    return [f"record {row.id} of {row.node_id} was altered" for row in rows if _record(row).digest != row.digest]


def _row(record: Record) -> DeviceRecordRow:
    columns = {name: value for name, value in vars(record).items() if name not in ("id", "device", "kind")}
    return DeviceRecordRow(
        node_id=record.device.node, camera_id=record.device.camera, kind=record.kind.value, digest=record.digest,
        **columns,
    )  # fmt: skip


def _record(row: DeviceRecordRow) -> Record:
    return Record(
        id=row.id,
        device=DeviceId(row.node_id, row.camera_id),
        kind=RecordKind(row.kind),
        number=row.number,
        dated=row.dated,
        signed_by=row.signed_by,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        model=row.model,
        serial=row.serial,
        note=row.note,
        takes_back=row.takes_back,
        document_sha256=row.document_sha256,
        entered_by=row.entered_by,
        entered_at=row.entered_at,
    )
