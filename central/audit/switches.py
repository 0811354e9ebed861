"""Is each statement about a signal as it was signed, and in the log?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.store.switch_tables import SwitchRow
from evidence.canonical import sha256_hex
from evidence.centre_keys import CentreKeys
from evidence.errors import PacketError
from evidence.log_proof import leaf_hash
from evidence.switches import Switch


def check_switches(session: Session, leaves: list[str], keys: CentreKeys, centre: str) -> tuple[set[int], list[str]]:
    """Entries of the log that are switches, and a sentence for each fault. One that was removed leaves an entry of the
    log that nothing stands behind."""
    entries: set[int] = set()
    faults: list[str] = []
    for row in session.scalars(select(SwitchRow).order_by(SwitchRow.id)):
        entries.add(row.log_index)
        faults += [f"switch {row.id}: {fault}" for fault in _faults(row, leaves, keys, centre)]
    return entries, faults


def _faults(row: SwitchRow, leaves: list[str], keys: CentreKeys, centre: str) -> Iterator[str]:
    said = row.record.encode()
    try:
        switch = Switch.model_validate_json(said)
        keys.valid_at(datetime.fromisoformat(switch.at)).verify(row.signature, said, where="switch")
    except (ValidationError, PacketError):
        yield "was not signed by this centre as it stands here"
        return
    if switch.centre != centre:
        yield f"is of centre {switch.centre}"
    if (row.switch_id, row.node_id, row.since, row.until) != (switch.id, switch.node, switch.starts, switch.ends):
        yield "its row is not what was signed"
    digest = sha256_hex(said)
    logged = row.log_index < len(leaves) and leaves[row.log_index] == leaf_hash(digest).hex()
    if digest != row.digest or not logged:
        yield f"is not entry {row.log_index} of the log"
