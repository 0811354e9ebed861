"""Is each deletion signed and in the log, is what it says is gone gone, and is nothing gone that no record names?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.store.case_tables import CaseRow
from central.store.keeping_tables import DeletionRow
from central.store.packet_tables import PacketRow
from evidence.centre_keys import CentreKeys
from evidence.deletion import Deletion, read_deletion
from evidence.errors import PacketError
from evidence.log_proof import leaf_hash


def check_deletions(session: Session, leaves: list[str], keys: CentreKeys, centre: str) -> tuple[set[int], list[str]]:
    """Entries of the log that are deletions, and a sentence for each fault."""
    entries: set[int] = set()
    faults: list[str] = []
    for row in session.scalars(select(DeletionRow).order_by(DeletionRow.log_index)):
        entries.add(row.log_index)
        faults += [f"deletion {row.id}: {fault}" for fault in _faults(session, row, leaves, keys, centre)]
    recorded = set(session.scalars(select(DeletionRow.case_id)))
    for case in session.scalars(select(CaseRow).where(CaseRow.deleted_at.is_not(None))):
        if case.id not in recorded:
            faults.append(f"case {case.number}: was deleted, and no record of its deletion is there")
    gone = select(PacketRow).where(PacketRow.deleted_at.is_not(None))
    digests = set(session.scalars(select(DeletionRow.packet_digest)))
    for packet in session.scalars(gone):
        if packet.digest not in digests:
            faults.append(f"packet {packet.id}: was deleted, and no record of its deletion is there")
        if packet.log_index >= len(leaves) or leaves[packet.log_index] != leaf_hash(packet.digest).hex():
            faults.append(f"packet {packet.id}: is not entry {packet.log_index} of the log")
    return entries, faults


def _faults(session: Session, row: DeletionRow, leaves: list[str], keys: CentreKeys, centre: str) -> Iterator[str]:
    try:
        said = read_deletion(row.record.encode(), where="record")
        keys.valid_at(datetime.fromisoformat(said.at)).verify(row.signature, said.statement(), where="record")
    except PacketError as error:
        yield f"its record was not signed by this centre: {error.what}"
        return
    if said.centre != centre:
        yield f"is of centre {said.centre}"
    if (
        said.digest != row.digest
        or row.log_index >= len(leaves)
        or leaves[row.log_index] != leaf_hash(said.digest).hex()
    ):
        yield f"is not entry {row.log_index} of the log"
    if said.case is not None and row.case_id is not None:
        yield from _case_faults(session, row.case_id, said)


def _case_faults(session: Session, case_id: str, said: Deletion) -> Iterator[str]:
    case = session.get(CaseRow, case_id)
    assert case is not None
    assert said.case is not None
    if case.deleted_at is None or case.plate or case.plate_machine or case.packet.manifest:
        yield f"case {case.number} has again what was deleted"
    known = (case.id, case.number, case.packet.digest)
    if known != (said.case.id, said.case.number, said.case.packet.digest):
        yield f"is of case {said.case.number}, not of {case.number}"
