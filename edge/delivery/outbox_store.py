"""The outbox on disk: its tables, durable files, and opening it after a crash or with a damaged or lost database.

Nothing is thrown away here. Containers without a row are adopted if they continue the chain, and moved to `orphans/`
if they do not. A damaged database is moved aside and made again from the containers; only SQLite's own word for damage
counts (SQLITE_CORRUPT, SQLITE_NOTADB, a failed check): a full disk or another program's lock says nothing about it.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from common.durable import DurableFolders, sync_folder
from edge.delivery.ballast import Ballast
from evidence.canonical import sha256_hex
from evidence.container import SUFFIX, open_packet
from evidence.errors import GiaoLoError, PacketError
from evidence.packet import Manifest, utc_text

log = logging.getLogger(__name__)
DB_NAME = "outbox.db"
DONE_SUFFIX = ".done"
"""A delivered container of which a full disk let nothing be written down: emptied, its new name says it all."""
SCHEMA_VERSION = 2
_BUSY_S = 10.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_TINY = 256 * 1024
"""With less than this free, an I/O error of SQLite is a full disk: it cannot grow its files."""

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
# Counts are kept, not counted; the ring's order and what may be forgotten are small indexes: nothing reads the history.
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


class OutboxError(GiaoLoError):
    """The outbox cannot do what it was asked."""


class OutboxFullError(OutboxError):
    """No room. Nothing was evicted that is unsent and nothing half-written stays."""


class OutboxBusyError(OutboxError):
    """Another program holds the database's lock; it goes on when that one lets go."""


class _DamagedError(sqlite3.DatabaseError):
    """The check of the database found damage."""


def is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, _DamagedError) or (
        code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    )


def is_full(error: BaseException, folder: Path) -> bool:
    """Whether a write failed for want of room."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    code = getattr(error, "sqlite_errorcode", None) or 0
    if code & 0xFF == sqlite3.SQLITE_FULL:
        return True
    return code & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and shutil.disk_usage(folder).free < _TINY


def translated(error: OSError | sqlite3.Error, folder: Path) -> OutboxError:
    """The error that says what a person can do."""
    if is_full(error, folder):
        return OutboxFullError(
            "disk is full",
            where=str(folder),
            remedy="free space on the disk or restore the link to the centre; unsent evidence is never evicted",
        )
    if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return OutboxBusyError(
            "is locked by another program", where=str(folder / DB_NAME), remedy="end that program: a backup, a shell"
        )
    return OutboxError(f"cannot be read or written: {error}", where=str(folder), remedy="check the disk")


def recover(folder: Path, ballast: Ballast) -> tuple[sqlite3.Connection, list[str]]:
    """The database, consistent with the files, and what a person should know about it.

    Raises `OutboxFullError`, `OutboxBusyError` (try again later; nothing was changed) and `OutboxError`.
    """
    for part in [*folder.glob("*.part"), *(folder / "packets").glob("*.part")]:
        part.unlink()
    # the last way needs no shared memory file, for which a full disk has no room: alone with the database
    for alone in (False, False, True):
        try:
            return _recover(folder, alone=alone)
        except (sqlite3.Error, OSError) as error:
            failed = error
            if not is_full(error, folder):
                break
            ballast.drop()
    raise translated(failed, folder) from failed


def _recover(folder: Path, *, alone: bool) -> tuple[sqlite3.Connection, list[str]]:
    warnings: list[str] = []
    try:
        db, fresh = _open(folder / DB_NAME, alone=alone)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        aside = _move_aside(folder)
        warnings.append(f"outbox database was damaged ({error}), moved to {aside.name} and made again from the packets")
        db, fresh = _open(folder / DB_NAME, alone=alone)
    try:
        _take_up_done(db, folder)
        adopted, orphans = _adopt(db, folder, rebuild=fresh)
        missing = _mark_missing(db, folder)
    except BaseException:
        db.close()
        raise
    if adopted and not fresh:
        warnings.append(f"adopted {adopted} packet(s) of a commit that was cut off")
    elif adopted:
        warnings.append(f"outbox database was made again from {adopted} packet(s) on disk")
    if orphans:
        warnings.append(f"moved {orphans} file(s) that do not continue the chain to orphans/: have them looked at")
    if missing:
        warnings.append(f"{missing} unsent packet(s) have lost their file: the disk is failing")
    for warning in warnings:
        log.error("outbox folder=%s %s", folder, warning)
    return db, warnings


def _open(path: Path, *, alone: bool) -> tuple[sqlite3.Connection, bool]:
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
            raise _DamagedError(verdict)
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


def _move_aside(folder: Path) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f"-{time.time_ns() % 10**6:06d}"
    aside = folder / f"{DB_NAME}.damaged-{stamp}"
    for suffix in ("", "-wal", "-shm"):
        file = folder / (DB_NAME + suffix)
        if file.exists():
            file.rename(aside.with_name(aside.name + suffix))
    return aside


def _take_up_done(db: sqlite3.Connection, folder: Path) -> None:
    """Write down what a full disk let nobody write down: these were delivered."""
    for marker in sorted((folder / "packets").glob(f"*{DONE_SUFFIX}")):
        sequence, _, packet_id = marker.name.removesuffix(DONE_SUFFIX).removesuffix(SUFFIX).partition("-")
        db.execute(
            "UPDATE packet SET state = 'delivered', pruned = 1, settled_at = ? WHERE sequence = ? AND packet_id = ?",
            (utc_text(datetime.now(UTC)), int(sequence), packet_id),
        )
        marker.unlink()


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
        try:
            insert_row(db, manifest, data)
            db.execute("COMMIT")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
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
    """Say of rows whose file is gone what that means: lost if it was unsent, pruned if it was delivered."""
    gone: dict[str, list[int]] = {"pending": [], "delivered": []}
    rows = db.execute("SELECT sequence, packet_id, state FROM packet WHERE state = 'pending'").fetchall()
    rows += db.execute(
        "SELECT sequence, packet_id, state FROM packet WHERE state = 'delivered' AND pruned = 0"
    ).fetchall()
    for sequence, packet_id, state in rows:
        if not (folder / "packets" / file_name(sequence, packet_id)).exists():
            gone[state].append(sequence)
    for sequence in gone["pending"]:
        db.execute("UPDATE packet SET state = 'damaged', reason = 'file is missing' WHERE sequence = ?", (sequence,))
    for sequence in gone["delivered"]:
        db.execute("UPDATE packet SET pruned = 1 WHERE sequence = ?", (sequence,))
    return len(gone["pending"])


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


def make_folder(folder: Path) -> None:
    """The outbox's folder, for its owner only, durable. Raises `OSError`."""
    DurableFolders(mode=0o700).make(folder / "packets")
    folder.chmod(0o700)


def write_durably(path: Path, data: bytes) -> None:
    """Write so that after a power cut the file is either whole or not there."""
    part = path.with_name(path.name + ".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
