"""The outbox on disk: its tables, durable files, and opening it after a crash or with a damaged or lost database.

Nothing is thrown away here. Containers without a row are adopted if they continue the chain, and moved to `orphans/`
if they do not; a damaged database is moved aside and made again from the containers.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from evidence.canonical import sha256_hex
from evidence.container import SUFFIX, open_packet
from evidence.errors import PacketError
from evidence.packet import Manifest, utc_text

log = logging.getLogger(__name__)
_DB = "outbox.db"

SCHEMA = """
CREATE TABLE IF NOT EXISTS packet (
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
CREATE INDEX IF NOT EXISTS packet_state ON packet (state, sequence);
PRAGMA user_version = 1;
"""


def recover(folder: Path) -> tuple[sqlite3.Connection, list[str]]:
    """The database, consistent with the files, and what a person should know about it."""
    warnings: list[str] = []
    for part in (folder / "packets").glob("*.part"):
        part.unlink()
    fresh = not (folder / _DB).exists()
    try:
        db = _open(folder / _DB)
    except sqlite3.DatabaseError as error:
        aside = _move_aside(folder)
        warnings.append(f"outbox database was damaged ({error}), moved to {aside.name} and made again from the packets")
        db, fresh = _open(folder / _DB), True
    adopted, orphans = _adopt(db, folder, rebuild=fresh)
    if adopted and not fresh:
        warnings.append(f"adopted {adopted} packet(s) of a commit that was cut off")
    elif adopted:
        warnings.append(f"outbox database was made again from {adopted} packet(s) on disk")
    if orphans:
        warnings.append(f"moved {orphans} file(s) that do not continue the chain to orphans/: have them looked at")
    missing = _mark_missing(db, folder)
    if missing:
        warnings.append(f"{missing} unsent packet(s) have lost their file: the disk is failing")
    for warning in warnings:
        log.error("outbox folder=%s %s", folder, warning)
    return db, warnings


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        (verdict,) = db.execute("PRAGMA quick_check").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        db.executescript(SCHEMA)
        db.execute("SELECT sequence, packet_id, digest, container_sha256, size, state, pruned FROM packet LIMIT 1")
    except BaseException:
        db.close()
        raise
    return db


def _move_aside(folder: Path) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f"-{time.time_ns() % 10**6:06d}"
    aside = folder / f"{_DB}.damaged-{stamp}"
    for suffix in ("", "-wal", "-shm"):
        file = folder / (_DB + suffix)
        if file.exists():
            file.rename(aside.with_name(aside.name + suffix))
    return aside


def _adopt(db: sqlite3.Connection, folder: Path, *, rebuild: bool) -> tuple[int, int]:
    """Give rows to containers that have none, in order of the chain. `(adopted, moved to orphans)`."""
    adopted = orphans = 0
    row = db.execute("SELECT sequence, digest FROM packet ORDER BY sequence DESC LIMIT 1").fetchone()
    sequence, digest = row if row else (0, None)
    for path, manifest, data in list(_without_row(db, folder)):
        # A rebuilt chain may start anywhere and have gaps: delivered packets before the head are pruned.
        follows = manifest is not None and (
            manifest.chain.sequence > sequence
            if rebuild
            else (manifest.chain.sequence == sequence + 1 and manifest.chain.previous == digest)
        )
        if manifest is None or not follows:
            (folder / "orphans").mkdir(exist_ok=True)
            path.rename(folder / "orphans" / path.name)
            orphans += 1
            continue
        db.execute("BEGIN IMMEDIATE")
        insert_row(db, manifest, data)
        db.execute("COMMIT")
        sequence, digest = manifest.chain.sequence, manifest.digest
        adopted += 1
    return adopted, orphans


def _without_row(db: sqlite3.Connection, folder: Path) -> Iterator[tuple[Path, Manifest | None, bytes]]:
    known = {file_name(s, p) for s, p in db.execute("SELECT sequence, packet_id FROM packet WHERE pruned = 0")}
    for path in sorted((folder / "packets").glob(f"*{SUFFIX}")):
        if path.name in known:
            continue
        data = path.read_bytes()
        try:
            manifest: Manifest | None = open_packet(data).manifest
        except PacketError as error:
            log.error("outbox file=%s %s", path, error)
            manifest = None
        yield path, manifest, data


def _mark_missing(db: sqlite3.Connection, folder: Path) -> int:
    rows = db.execute("SELECT sequence, packet_id FROM packet WHERE state = 'pending'").fetchall()
    gone = [
        sequence for sequence, packet_id in rows if not (folder / "packets" / file_name(sequence, packet_id)).exists()
    ]
    for sequence in gone:
        db.execute("UPDATE packet SET state = 'damaged', reason = 'file is missing' WHERE sequence = ?", (sequence,))
    return len(gone)


def file_name(sequence: int, packet_id: str) -> str:
    return f"{sequence:012d}-{packet_id}{SUFFIX}"


def insert_row(db: sqlite3.Connection, manifest: Manifest, container: bytes) -> None:
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


def write_durably(path: Path, data: bytes) -> None:
    """Write so that after a power cut the file is either whole or not there."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
