"""Append-only Merkle log over packet digests (RFC 6962 §2.1): appending, proving, signing checkpoints.

What is proven here is checked with `evidence.log_proof`, by people who need nothing of the centre. Only hashes of
complete subtrees are stored, so appending and proving cost O(log n) reads.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from central.store.base import table_of
from central.store.db import next_number
from central.store.packet_tables import CheckpointRow, LogNodeRow
from evidence.log_proof import EMPTY_ROOT, Checkpoint, LogError, leaf_hash, node_hash
from evidence.seal import SigningKey

Subtree = Callable[[int, int], bytes]
"""Hash of the complete subtree at (level, index): leaves `index << level` to `(index + 1) << level`, exclusive."""

_COUNTER = "log"
_NODES = table_of(LogNodeRow)
_GROW = insert(_NODES)
_HASH = select(_NODES.c.hash).where(_NODES.c.level == bindparam("level"), _NODES.c.index == bindparam("index"))


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


class Witness(Protocol):
    """Who keeps the newest checkpoint outside the database (`central.ledger.signing`)."""

    def follow(self, session: Session, newest: Checkpoint, root_of_first: Callable[[int], str]) -> None:
        """Keep it once the transaction is committed; an alarm instead if the log does not go on from the one before."""


def append(session: Session, packet_digest: str) -> int:
    """Log a packet in the caller's transaction; the index of its leaf. Writers wait for each other."""
    index = next_number(session, _COUNTER) - 1
    value, level, place = leaf_hash(packet_digest), 0, index
    nodes = [{"level": 0, "index": place, "hash": value.hex()}]
    while place & 1:
        value = node_hash(_stored(session)(level, place - 1), value)
        level, place = level + 1, place >> 1
        nodes.append({"level": level, "index": place, "hash": value.hex()})
    session.execute(_GROW, nodes)
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
        said = Checkpoint(centre, leaves, root, now, key.public.key_id, "").statement()
        row = CheckpointRow(size=leaves, root=root, at=now, key_id=key.public.key_id, signature=key.sign(said))
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
        known = session.scalar(_HASH, {"level": level, "index": index})
        if known is None:
            raise LogError(f"hash {level}/{index} is missing", where="log_nodes", remedy="restore the database")
        return bytes.fromhex(known)

    return subtree


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
