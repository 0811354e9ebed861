"""Append-only Merkle log over packet digests (RFC 6962 §2.1), with checkpoints signed by the centre.

Whoever holds an old checkpoint can have proven that no packet logged before it was changed, removed or slipped in:
`verify_consistency` between two checkpoints, `verify_inclusion` of one packet in one. Only hashes of complete subtrees
are stored, so appending and proving cost O(log n) reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.store.db import CheckpointRow, LogNodeRow, next_number
from evidence.canonical import canonical_json
from evidence.errors import GiaoLoError
from evidence.packet import utc_text
from evidence.seal import SigningKey, VerifyKey

Subtree = Callable[[int, int], bytes]
"""Hash of the complete subtree at (level, index): leaves `index << level` to `(index + 1) << level`, exclusive."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
_COUNTER = "log"


class LogError(GiaoLoError):
    """A proof does not hold, or the log is not what a checkpoint says."""


def leaf_hash(packet_digest: str) -> bytes:
    """Leaf of a packet: its digest's 32 bytes under the leaf prefix."""
    return hashlib.sha256(b"\x00" + bytes.fromhex(packet_digest)).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(subtree: Subtree, first: int, size: int) -> bytes:
    """Root of the `size` leaves from `first` (a multiple of the largest power of two below `size`)."""
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return subtree(level, first >> level)
    half = _split(size)
    return node_hash(root_of(subtree, first, half), root_of(subtree, first + half, size - half))


def inclusion_proof(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """Hashes that lead from leaf `index` to the root of the first `size` leaves."""
    if not 0 <= index < size:
        raise LogError(f"leaf {index} is not in a log of {size}")
    return _path(subtree, index, 0, size)


def consistency_proof(subtree: Subtree, old: int, new: int) -> list[bytes]:
    """Hashes that show that the first `old` of `new` leaves are the old log."""
    if not 0 <= old <= new:
        raise LogError(f"a log of {old} leaves cannot have become one of {new}")
    if old in (0, new):
        return []
    return _subproof(subtree, old, 0, new, whole=True)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `LogError` unless `leaf` is number `index` of the log with that size and root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        raise LogError(f"leaf {index} is not in a log of {size}")
    position, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise LogError("inclusion proof is too long")
        if position & 1 or position == last:
            value = node_hash(sibling, value)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or value != root:
        raise LogError("inclusion proof does not lead to the root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `LogError` unless the log of `new` leaves starts with the log of `old` leaves (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= new:
        raise LogError(f"a log of {old} leaves cannot have become one of {new}")
    if old in (0, new):
        if proof or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise LogError("logs of the same size have different roots")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise LogError("consistency proof is empty")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first_value = second_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise LogError("consistency proof is too long")
        if position & 1 or position == last:
            first_value, second_value = node_hash(sibling, first_value), node_hash(sibling, second_value)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            second_value = node_hash(second_value, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or first_value != old_root or second_value != new_root:
        raise LogError("the newer log does not contain the older one: entries were changed or removed")


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement: at `at` the log had `size` leaves and this root."""

    centre: str
    size: int
    root: str
    at: datetime
    key_id: str
    signature: str

    def verify(self, key: VerifyKey) -> None:
        """Raise `PacketError` unless `key` signed it."""
        key.verify(self.signature, _statement(self.centre, self.size, self.root, self.at), where="checkpoint")


class Witness(Protocol):
    """Who keeps the newest checkpoint outside the database (`central.ledger.signing`)."""

    def follow(self, session: Session, newest: Checkpoint, root_of_first: Callable[[int], str]) -> None:
        """Keep it once the transaction is committed; an alarm instead if the log does not go on from the one before."""


def append(session: Session, packet_digest: str) -> int:
    """Log a packet in the caller's transaction; the index of its leaf. Writers wait for each other."""
    index = next_number(session, _COUNTER) - 1
    value, level, place = leaf_hash(packet_digest), 0, index
    session.add(LogNodeRow(level=0, index=place, hash=value.hex()))
    while place & 1:
        value = node_hash(_stored(session)(level, place - 1), value)
        level, place = level + 1, place >> 1
        session.add(LogNodeRow(level=level, index=place, hash=value.hex()))
    session.flush()
    return index


def size(session: Session) -> int:
    """Leaves in the log."""
    last = session.scalar(select(func.max(LogNodeRow.index)).where(LogNodeRow.level == 0))
    return 0 if last is None else last + 1


def checkpoint(session: Session, key: SigningKey, *, centre: str, now: datetime) -> Checkpoint:
    """Sign size and root; an unchanged log keeps its checkpoint."""
    leaves = size(session)
    row = session.get(CheckpointRow, leaves)
    if row is None:
        root = root_of(_stored(session), 0, leaves).hex()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)  # the statement holds milliseconds
        signature = key.sign(_statement(centre, leaves, root, now))
        row = CheckpointRow(size=leaves, root=root, at=now, key_id=key.public.key_id, signature=signature)
        session.add(row)
        session.flush()
    newest = Checkpoint(centre, row.size, row.root, row.at, row.key_id, row.signature)
    witness: Witness | None = session.info.get("ledger")
    if witness is not None:
        witness.follow(session, newest, lambda first: root_of(_stored(session), 0, first).hex())
    return newest


def prove_inclusion(session: Session, index: int, leaves: int) -> list[bytes]:
    return inclusion_proof(_stored(session), index, leaves)


def prove_consistency(session: Session, old: int, new: int) -> list[bytes]:
    return consistency_proof(_stored(session), old, new)


def _stored(session: Session) -> Subtree:
    def subtree(level: int, index: int) -> bytes:
        row = session.get(LogNodeRow, (level, index))
        if row is None:
            raise LogError(f"hash {level}/{index} is missing", where="log_nodes", remedy="restore the database")
        return bytes.fromhex(row.hash)

    return subtree


def _statement(centre: str, leaves: int, root: str, at: datetime) -> bytes:
    return canonical_json(
        {"schema": "giaolo.checkpoint/1", "centre": centre, "size": leaves, "root": root, "at": utc_text(at)}
    )


def _split(leaves: int) -> int:
    """Largest power of two smaller than `leaves`."""
    return 1 << (leaves - 1).bit_length() - 1


def _path(subtree: Subtree, index: int, first: int, leaves: int) -> list[bytes]:
    if leaves == 1:
        return []
    half = _split(leaves)
    if index < half:
        return [*_path(subtree, index, first, half), root_of(subtree, first + half, leaves - half)]
    return [*_path(subtree, index - half, first + half, leaves - half), root_of(subtree, first, half)]


def _subproof(subtree: Subtree, old: int, first: int, leaves: int, *, whole: bool) -> list[bytes]:
    if old == leaves:
        return [] if whole else [root_of(subtree, first, leaves)]
    half = _split(leaves)
    if old <= half:
        left = _subproof(subtree, old, first, half, whole=whole)
        return [*left, root_of(subtree, first + half, leaves - half)]
    right = _subproof(subtree, old - half, first + half, leaves - half, whole=False)
    return [*right, root_of(subtree, first, half)]
