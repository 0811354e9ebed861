"""The outbox's database: its tables, and opening it. Counts are kept, not counted: nothing reads the history."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from common.durable import sync_folder
from edge.delivery.outbox_errors import DamagedError, OutboxError
from evidence.canonical import sha256_hex
from evidence.packet import SealedManifest, utc_text

SCHEMA_VERSION = 2
_BUSY_S = 10.0

_PACKET_TABLE = """
CREATE TABLE packet (
    sequence INTEGER PRIMARY KEY,
    packet_id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    container_sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'quarantined', 'conflict', 'damaged')),
    reason TEXT NOT NULL DEFAULT '',
    pruned INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX packet_state ON packet (state, sequence);
"""
# The ring's order and what may be forgotten are small indexes.
_SECOND = """
ALTER TABLE packet ADD COLUMN settled_at TEXT NOT NULL DEFAULT '';
CREATE INDEX packet_ring ON packet (settled_at, sequence) WHERE state = 'delivered' AND pruned = 0;
CREATE INDEX packet_past ON packet (sequence) WHERE state = 'delivered' AND pruned = 1;
CREATE TABLE tally (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
INSERT INTO tally SELECT 'pending', count(*) FROM packet WHERE state = 'pending';
INSERT INTO tally SELECT 'delivered', count(*) FROM packet WHERE state = 'delivered';
INSERT INTO tally SELECT 'quarantined', count(*) FROM packet WHERE state = 'quarantined';
INSERT INTO tally SELECT 'conflict', count(*) FROM packet WHERE state = 'conflict';
INSERT INTO tally SELECT 'damaged', count(*) FROM packet WHERE state = 'damaged';
INSERT INTO tally SELECT 'ring_bytes', coalesce(sum(size), 0) FROM packet WHERE state = 'delivered' AND pruned = 0;
CREATE TRIGGER packet_came AFTER INSERT ON packet BEGIN
    UPDATE tally SET n = n + 1 WHERE name = NEW.state;
END;
CREATE TRIGGER packet_moved AFTER UPDATE OF state, pruned ON packet BEGIN
    UPDATE tally SET n = n - 1 WHERE name = OLD.state;
    UPDATE tally SET n = n + 1 WHERE name = NEW.state;
    UPDATE tally SET n = n + NEW.size * (NEW.state = 'delivered' AND NEW.pruned = 0)
        - OLD.size * (OLD.state = 'delivered' AND OLD.pruned = 0) WHERE name = 'ring_bytes';
END;
PRAGMA user_version = 2;
"""


def open_database(path: Path, *, alone: bool) -> tuple[sqlite3.Connection, bool]:
    """The connection, and whether the database is new. Writes nothing when there is nothing to change."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for file in path.parent.glob(f"{path.name}*"):
        file.chmod(0o600)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
    try:
        if alone:
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        (verdict,) = db.execute("PRAGMA quick_check").fetchone()
        if verdict != "ok":
            raise DamagedError(verdict)
        fresh = _bring_up_to_date(db, path)
        db.execute("SELECT sequence, packet_id, digest, container_sha256, size, state, pruned FROM packet LIMIT 1")
    except BaseException:
        db.close()
        raise
    sync_folder(path.parent)
    return db, fresh


def _bring_up_to_date(db: sqlite3.Connection, path: Path) -> bool:
    """Make or change the tables. True when there were none: an empty file is a lost database."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise OutboxError(
            f"was made by newer software (format {version})", where=str(path), remedy="install that software again"
        )
    fresh = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'packet'").fetchone() is None
    if version < SCHEMA_VERSION:
        script = (_PACKET_TABLE if fresh else "") + _SECOND
        try:
            db.executescript(f"BEGIN IMMEDIATE; {script} COMMIT;")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
    return fresh


def insert_row(db: sqlite3.Connection, manifest: SealedManifest, container: bytes) -> None:
    db.execute(
        "INSERT INTO packet (sequence, packet_id, digest, container_sha256, size, created_at, state)"
        " VALUES (?, ?, ?, ?, ?, ?, 'pending')",
        (
            manifest.chain.sequence,
            manifest.packet_id,
            manifest.digest,
            sha256_hex(container),
            len(container),
            utc_text(manifest.created_at),
        ),
    )
