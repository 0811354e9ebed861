"""Is everything that was stored still what was stored? For the unit's own checks and for an inspector.

The Merkle log is computed again from its leaves, so no stored hash is believed; packets, signed checkpoints, the record
of each case and on request every file are held against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from central import case_log
from central.db import CaseEventRow, CaseRow, CheckpointRow, LogNodeRow, PacketRow
from central.merkle import Checkpoint, Subtree, leaf_hash, node_hash, root_of
from central.packets import container_of
from central.store import BlobStore
from evidence.canonical import sha256_hex
from evidence.errors import GiaoLoError, PacketError
from evidence.seal import VerifyKey

_BATCH = 500


@dataclass(frozen=True)
class Audit:
    """What was looked at, and everything that is not as it should be."""

    packets: int
    checkpoints: int
    cases: int
    faults: tuple[str, ...]


def audit(session: Session, key: VerifyKey, *, centre: str, files: BlobStore | None = None) -> Audit:
    """Check log, packets, checkpoints and case records; with `files` also every byte of every packet."""
    lowest = select(LogNodeRow.hash).where(LogNodeRow.level == 0).order_by(LogNodeRow.index)
    leaves = list(session.scalars(lowest))
    logged = _complete(leaves)
    faults = list(_tree_faults(session, logged, len(leaves)))
    packets = checkpoints = cases = 0
    seen: set[int] = set()
    for row in session.scalars(select(PacketRow).order_by(PacketRow.log_index).execution_options(yield_per=_BATCH)):
        packets += 1
        seen.add(row.log_index)
        if sha256_hex(row.manifest.encode()) != row.digest:
            faults.append(f"packet {row.id}: its manifest was altered")
        if row.log_index >= len(leaves) or leaves[row.log_index] != leaf_hash(row.digest).hex():
            faults.append(f"packet {row.id}: is not entry {row.log_index} of the log")
    faults += [f"log entry {i}: its packet is missing" for i in range(len(leaves)) if i not in seen]
    for checkpoint in session.scalars(select(CheckpointRow).order_by(CheckpointRow.size)):
        checkpoints += 1
        faults += _checkpoint_faults(checkpoint, logged, len(leaves), key, centre)
    for case in session.scalars(select(CaseRow).order_by(CaseRow.number)):
        cases += 1
        try:
            case_log.verify_log(case, case_log.events(session, case.id))
        except case_log.LogBroken as error:
            faults.append(f"case {case.number}: {error.what}")
    orphans = select(CaseEventRow.case_id).where(CaseEventRow.case_id.not_in(select(CaseRow.id))).distinct()
    faults += [f"case {case_id}: was removed, its record is still there" for case_id in session.scalars(orphans)]
    if files is not None:
        for packet_id in session.scalars(select(PacketRow.id).order_by(PacketRow.log_index)).all():
            try:
                container_of(session, files, packet_id)
            except GiaoLoError as error:
                faults.append(f"packet {packet_id}: {error.what} ({error.where})")
    return Audit(packets, checkpoints, cases, tuple(faults))


def _complete(leaves: list[str]) -> Subtree:
    """All complete subtrees over the leaves, computed."""
    levels = [[bytes.fromhex(h) for h in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return lambda level, index: levels[level][index]


def _tree_faults(session: Session, logged: Subtree, leaves: int) -> Iterator[str]:
    for row in session.scalars(select(LogNodeRow).order_by(LogNodeRow.level, LogNodeRow.index)):
        if row.index >= leaves >> row.level:
            yield f"log hash {row.level}/{row.index}: entries before it are missing"
        elif row.level and row.hash != logged(row.level, row.index).hex():
            yield f"log hash {row.level}/{row.index}: is not the hash of what it covers"


def _checkpoint_faults(row: CheckpointRow, logged: Subtree, leaves: int, key: VerifyKey, centre: str) -> list[str]:
    name = f"checkpoint {row.size}"
    try:
        Checkpoint(centre, row.size, row.root, row.at, row.key_id, row.signature).verify(key)
    except PacketError:
        return [f"{name}: was not signed by this centre's key {key.key_id}"]
    if row.size > leaves:
        return [f"{name}: {row.size - leaves} entries of the log are missing"]
    if root_of(logged, 0, row.size).hex() != row.root:
        return [f"{name}: the log up to there is not the one that was signed"]
    return []
