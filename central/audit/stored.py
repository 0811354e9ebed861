"""Is everything that was stored still what was stored? For the unit's own checks and for an inspector.

The Merkle log is computed again from its leaves, so no stored hash is believed; packets, signed checkpoints, the record
of each case and on request every file are held against it. And as all hashes can be computed again by whoever may write
to the database, what counts in the end are signatures: the node's on each packet, the centre's on checkpoints and
records, and what the centre keeps outside the database (`central.ledger.signing`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.audit.deletions import check_deletions
from central.audit.numbers import NumberAudit
from central.audit.papers import PaperAudit
from central.audit.records import Signatures, record_faults
from central.audit.switches import check_switches
from central.cases import log as case_log
from central.devices.book import faults as device_faults
from central.intake.nodes import check_seal
from central.ledger.merkle import Subtree, root_of
from central.ledger.signing import Ledger, LedgerError, ledger_of
from central.store.blobs import BlobStore
from central.store.case_tables import CaseEventRow, CaseRow
from central.store.packet_tables import CheckpointRow, LogNodeRow, PacketRow
from central.store.packets import container_of
from central.store.test_act_tables import TestActRow
from evidence.canonical import sha256_hex
from evidence.centre_keys import CentreKeys
from evidence.container import Seal
from evidence.errors import GiaoLoError, PacketError
from evidence.log_proof import Checkpoint, leaf_hash, node_hash
from evidence.marked import AnyManifest, TestManifest, read_manifest
from evidence.packet import Manifest
from evidence.seal import VerifyKey

_BATCH = 500


@dataclass(frozen=True)
class Audit:
    """What was looked at, and everything that is not as it should be."""

    packets: int
    checkpoints: int
    cases: int
    faults: tuple[str, ...]


def audit(
    session: Session, centre_keys: CentreKeys | VerifyKey, *, centre: str, files: BlobStore | None = None,
    papers: PaperAudit | None = None, letters: str = "",
) -> Audit:  # fmt: skip
    """Check log, packets, seals, checkpoints, case records, papers of devices; with `files` also every packet's bytes,
    with `papers` also the signature of every paper that a record names. `letters`: those behind the root's numbers.

    Seals are checked against the keys that the packet's node has or had, records of cases against the centre's
    signatures, and the log against the checkpoint that lies outside the database.
    """
    keys = CentreKeys(centre_keys) if isinstance(centre_keys, VerifyKey) else centre_keys
    lowest = select(LogNodeRow.hash).where(LogNodeRow.level == 0).order_by(LogNodeRow.index)
    leaves = list(session.scalars(lowest))
    logged = _complete(leaves)
    faults = [*_tree_faults(session, logged, len(leaves)), *device_faults(session)]
    packets = checkpoints = cases = 0
    seen: set[int] = set()
    for row in session.scalars(select(PacketRow).order_by(PacketRow.log_index).execution_options(yield_per=_BATCH)):
        packets += 1
        seen.add(row.log_index)
        if row.deleted_at is None:
            faults += [f"packet {row.id}: {fault}" for fault in _packet_faults(session, row, leaves)]
    faults += _kind_faults(session)
    logged_deletions, deletion_faults = check_deletions(session, leaves, keys, centre)
    logged_switches, switch_faults = check_switches(session, leaves, keys, centre)
    seen |= logged_deletions | logged_switches
    faults += [*deletion_faults, *switch_faults]
    faults += [f"log entry {i}: what it stands for is missing" for i in range(len(leaves)) if i not in seen]
    for checkpoint in session.scalars(select(CheckpointRow).order_by(CheckpointRow.size)):
        checkpoints += 1
        faults += _checkpoint_faults(checkpoint, logged, len(leaves), keys, centre)
    ledger = ledger_of(session)
    signatures: Signatures | None = None
    if ledger is not None:
        faults += _outside_faults(ledger, logged, len(leaves))
        faults += _mark_faults(session, ledger)
        try:
            signatures = Signatures(ledger, keys, ledger.unsigned_until())
        except LedgerError as error:
            faults.append(f"record of cases: {error}")
            signatures = Signatures(ledger, keys, 0)
    numbers = NumberAudit.of(session, letters)
    for case in session.scalars(select(CaseRow).order_by(CaseRow.number)):
        cases += 1
        events = case_log.events(session, case.id)
        numbers.add(case, events)
        manifest = _manifest(case.packet) if case.deleted_at is None else None
        faults += [f"case {case.number}: {f}" for f in record_faults(case, events, manifest, signatures)]
        if papers is not None and manifest is not None:
            faults += [f"case {case.number}: {f}" for f in papers.faults(case, events, manifest)]
    faults += numbers.faults(session)
    orphans = select(CaseEventRow.case_id).where(CaseEventRow.case_id.not_in(select(CaseRow.id))).distinct()
    faults += [f"case {case_id}: was removed, its record is still there" for case_id in session.scalars(orphans)]
    if files is not None:
        for packet_id in session.scalars(
            select(PacketRow.id)
            .where(PacketRow.deleted_at.is_(None), PacketRow.id.not_in(select(TestActRow.packet_id)))
            .order_by(PacketRow.log_index)
        ).all():
            try:
                container_of(session, files, packet_id)
            except GiaoLoError as error:
                faults.append(f"packet {packet_id}: {error.what} ({error.where})")
    if papers is not None and (unjudged := papers.unjudged()):
        faults.append(unjudged)
    return Audit(packets, checkpoints, cases, tuple(faults))


def _packet_faults(session: Session, row: PacketRow, leaves: list[str]) -> Iterator[str]:
    if sha256_hex(row.manifest.encode()) != row.digest:
        yield "its manifest was altered"
    if row.log_index >= len(leaves) or leaves[row.log_index] != leaf_hash(row.digest).hex():
        yield f"is not entry {row.log_index} of the log"
    manifest = _any_manifest(row)
    if manifest is None:
        yield "its manifest cannot be read"
        return
    if isinstance(manifest, TestManifest) != (session.get(TestActRow, row.id) is not None):
        yield "what is kept of it says of a test act that it is none, or of an act that it is a test"
    stored = (row.packet_id, row.node_id, row.sequence, row.previous, row.occurred_at)
    chain = manifest.chain
    if stored != (
        manifest.packet_id, manifest.node.id, chain.sequence, chain.previous, manifest.occurred_at
    ):  # fmt: skip
        yield "its row is not what its manifest says"
    try:
        check_seal(session, manifest, Seal.model_validate_json(row.seal))
    except ValidationError:
        yield "its seal cannot be read"
    except GiaoLoError as error:
        yield f"its seal does not hold: {error.what}"


def _manifest(row: PacketRow) -> Manifest | None:
    found = _any_manifest(row)
    return found if isinstance(found, Manifest) else None


def _any_manifest(row: PacketRow) -> AnyManifest | None:
    try:
        return read_manifest(row.manifest.encode())
    except GiaoLoError:
        return None


def _kind_faults(session: Session) -> Iterator[str]:
    """Each packet is of a case, or a test act, and never both."""
    of_cases, tests = select(CaseRow.packet_id), select(TestActRow.packet_id)
    lone = select(PacketRow.id).where(PacketRow.id.not_in(of_cases), PacketRow.id.not_in(tests))
    yield from (f"packet {id_}: its case was removed" for id_ in session.scalars(lone))
    both = select(TestActRow.packet_id).where(TestActRow.packet_id.in_(of_cases))
    yield from (f"packet {id_}: is a test act, and a case is there" for id_ in session.scalars(both))


def _outside_faults(ledger: Ledger, logged: Subtree, leaves: int) -> list[str]:
    """The newest checkpoint as it lies beside the database, which somebody may have cut together with its own."""
    name = "checkpoint kept outside the database"
    try:
        kept = ledger.newest()
    except LedgerError as error:
        return [f"{name}: {error}"]
    if kept is None:
        return []
    if kept.size > leaves:
        return [f"{name}: {kept.size - leaves} entries of the log are missing"]
    if root_of(logged, 0, kept.size).hex() != kept.root:
        return [f"{name}: the log up to entry {kept.size} is not the one that was signed"]
    return []


def _mark_faults(session: Session, ledger: Ledger) -> Iterator[str]:
    """Each notice that was issued is still there, with the record that it had then."""
    for mark in ledger.marks():
        if isinstance(mark, str):
            yield f"record of issued notices ({ledger.marks_file}): {mark}"
            continue
        found = session.scalar(
            select(CaseEventRow.hash).where(CaseEventRow.case_id == mark.case, CaseEventRow.sequence == mark.count)
        )
        if found != mark.head:
            yield f"case {mark.case}: its record is not the one it had when its notice was issued"


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


def _checkpoint_faults(row: CheckpointRow, logged: Subtree, leaves: int, keys: CentreKeys, centre: str) -> list[str]:
    name = f"checkpoint {row.size}"
    try:
        Checkpoint(centre, row.size, row.root, row.at, row.key_id, row.signature).verify(keys)
    except PacketError:
        return [f"{name}: was not signed by this centre's key {keys.key_id}"]
    if row.size > leaves:
        return [f"{name}: {row.size - leaves} entries of the log are missing"]
    if root_of(logged, 0, row.size).hex() != row.root:
        return [f"{name}: the log up to there is not the one that was signed"]
    return []
