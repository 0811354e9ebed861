"""Looking into an outbox and sending again from it, also while its box runs: by the database alone, without its lock.

A running box takes up what is to be sent again with its next heartbeat.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.delivery.outbox_errors import DB_NAME, OutboxError, translated
from edge.delivery.outbox_schema import SCHEMA_VERSION
from edge.delivery.outbox_store import file_name
from evidence.wire import CHUNK_BYTES, Offer

_BUSY_S = 10.0
_RESENDABLE = ("delivered", "quarantined", "conflict")


@dataclass(frozen=True)
class Entry:
    """A packet of the chain. `kept`: its container is on the disk; `settled_at` is "" while it waits."""

    sequence: int
    packet_id: str
    state: str
    size: int
    created_at: str
    settled_at: str
    kept: bool
    reason: str


@dataclass(frozen=True)
class Resent:
    """`queued` go out again; `pending` were waiting anyway; `gone` were delivered and are no longer on the box."""

    queued: tuple[int, ...]
    pending: tuple[int, ...]
    gone: tuple[int, ...]


def entries(folder: Path, *, last: int | None = None) -> list[Entry]:
    """All packets that the outbox remembers, or the newest `last` of them, in the order of the chain."""
    with _database(folder) as db:
        rows = db.execute(
            "SELECT sequence, packet_id, state, size, created_at, settled_at, pruned, reason FROM packet"
            " ORDER BY sequence DESC LIMIT ?",
            (-1 if last is None else last,),
        ).fetchall()
    return [
        Entry(s, i, state, size, made, settled, not pruned and (folder / "packets" / file_name(s, i)).exists(), reason)
        for s, i, state, size, made, settled, pruned, reason in reversed(rows)
    ]


def resend(folder: Path, *, first: int | None = None, last: int | None = None, packet_id: str | None = None) -> Resent:
    """Send packets of these numbers, or of this id, again. Raises `OutboxError`, also when none is meant."""
    chosen = [
        e
        for e in entries(folder)
        if (packet_id is None or e.packet_id == packet_id)
        and (first is None or e.sequence >= first)
        and (last is None or e.sequence <= last)
    ]
    if not chosen:
        raise OutboxError("knows no such packet", where=str(folder), remedy="giaolo edge outbox list")
    queued = tuple(e.sequence for e in chosen if e.state in _RESENDABLE and e.kept)
    with _database(folder) as db:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            "UPDATE packet SET state = 'pending', reason = '' WHERE sequence = ? AND pruned = 0"
            " AND state IN ('delivered', 'quarantined', 'conflict')",
            [(sequence,) for sequence in queued],
        )
        db.execute("COMMIT")
    return Resent(
        queued=queued,
        pending=tuple(e.sequence for e in chosen if e.state == "pending"),
        gone=tuple(e.sequence for e in chosen if e.state != "pending" and e.sequence not in queued),
    )


def offer_to_try(folder: Path) -> Offer | None:
    """The offer of a packet that the centre has, or else of one that waits for it; None where there is none."""
    with _database(folder) as db:
        row = db.execute(
            "SELECT packet_id, size, container_sha256 FROM packet WHERE state IN ('pending', 'delivered')"
            " ORDER BY state = 'delivered' DESC, sequence DESC LIMIT 1"
        ).fetchone()
    if row is None:
        return None
    return Offer(packet_id=row[0], size=row[1], container_sha256=row[2], chunk_bytes=CHUNK_BYTES)


@contextmanager
def _database(folder: Path) -> Iterator[sqlite3.Connection]:
    path = folder / DB_NAME
    if not path.exists():
        raise OutboxError("holds no outbox", where=str(folder), remedy="give the node's own configuration")
    db = sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None, timeout=_BUSY_S)
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA_VERSION:
            raise OutboxError(
                f"has format {version}, not {SCHEMA_VERSION}",
                where=str(path),
                remedy="start the box once: it converts it",
            )
        yield db
    except sqlite3.Error as error:
        raise translated(error, folder) from error
    finally:
        db.close()
