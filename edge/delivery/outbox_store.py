"""The outbox on disk: durable files, and opening it after a crash or with a damaged or lost database.

Nothing is thrown away here. Containers without a row are adopted if they continue the chain, and moved to `orphans/`
if they do not. A damaged database is moved aside and made again from the containers; only SQLite's own word for damage
counts (SQLITE_CORRUPT, SQLITE_NOTADB, a failed check): a full disk or another program's lock says nothing about it.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from common.durable import DurableFolders, sync_folder
from edge.delivery.ballast import Ballast
from edge.delivery.outbox_errors import DB_NAME, is_damage, is_full, translated
from edge.delivery.outbox_schema import insert_row, open_database
from evidence.container import SUFFIX, open_any
from evidence.errors import PacketError
from evidence.packet import SealedManifest, utc_text
from evidence.part import Part

log = logging.getLogger(__name__)
DONE_SUFFIX = ".done"
"""A delivered container of which a full disk let nothing be written down: emptied, its new name says it all."""


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
        db, fresh = open_database(folder / DB_NAME, alone=alone)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        aside = _move_aside(folder)
        warnings.append(f"outbox database was damaged ({error}), moved to {aside.name} and made again from the packets")
        db, fresh = open_database(folder / DB_NAME, alone=alone)
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


def _without_row(db: sqlite3.Connection, folder: Path) -> Iterator[tuple[Path, SealedManifest | None, bytes]]:
    known = {file_name(s, p) for s, p in db.execute("SELECT sequence, packet_id FROM packet WHERE pruned = 0")}
    for path in sorted((folder / "packets").glob(f"*{SUFFIX}")):
        if path.name in known:
            continue
        data = path.read_bytes()
        try:
            manifest: SealedManifest | None = open_any(Part.whole(data))[0].manifest
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
