"""Where a packet is safe before it leaves: a chain of sealed containers that survives kill -9, power cut and full disk.

Containers are files, the chain and the state of each packet are rows of a SQLite database (WAL, synchronous FULL).
Files rather than blobs, because a blob of megabytes would be written twice (WAL, then database), would never give its
space back without a VACUUM, and because the files alone can rebuild a lost database: each names its place in the chain.

Order of a commit: container to a temporary file, fsync, rename, fsync of the folder, row committed. A crash between the
last two leaves a whole sealed container without a row; the next start adopts it. The newest container is never pruned:
it holds the head of the chain.

Delivered containers stay for a while in a ring bounded by days and bytes, so that a centre that lost them can have them
again (`resend`). The ring gives way to a full disk; unsent evidence never does.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from common.durable import sync_folder
from edge.delivery.ballast import Ballast
from edge.delivery.outbox_store import (
    DONE_SUFFIX,
    OutboxBusyError,
    OutboxError,
    OutboxFullError,
    file_name,
    insert_row,
    is_full,
    make_folder,
    recover,
    translated,
    write_durably,
)
from evidence.canonical import sha256_hex
from evidence.packet import Chain, Manifest, utc_text
from evidence.receipt import Receipt

__all__ = ["Build", "Counts", "Keep", "Outbox", "OutboxBusyError", "OutboxError", "OutboxFullError", "Pending"]

log = logging.getLogger(__name__)
Build = Callable[[Chain], tuple[Manifest, bytes]]

_STEP = 32
"""Containers or rows that one call removes at most: no call takes long, and a clock that jumps empties no ring."""
_PAST_ROWS = 10_000
"""Rows of packets whose files are gone: for `giaolo edge outbox list` and late receipts, about a month of acts."""


@dataclass(frozen=True)
class Keep:
    """How long delivered containers stay on the box: the shorter of the two.

    Fourteen days: longer than the centre's backup may be old and a restore go unnoticed. 4 GiB: some 1400 packets of
    3 MB, a week of a busy junction, an eighth of the smallest disk a box is sold with.
    """

    days: float = 14.0
    max_bytes: int = 4 * 1024**3


@dataclass(frozen=True)
class Pending:
    """A packet that still has to be delivered."""

    sequence: int
    packet_id: str
    digest: str
    container_sha256: str
    size: int
    created_at: str


@dataclass(frozen=True)
class Counts:
    """Numbers for health. `refused`: quarantined, in conflict or damaged; all of them are kept.

    `newest` and `delivered_to` are numbers of the chain: of the newest packet, and the highest that has its receipt.
    `oldest_pending_at` is an ISO 8601 instant.
    """

    pending: int
    refused: int
    delivered: int
    newest: int = 0
    delivered_to: int = 0
    oldest_pending_at: str | None = None

    def oldest_pending_s(self, now: datetime) -> float | None:
        """Age of the oldest packet that waits; None when none does."""
        if self.oldest_pending_at is None:
            return None
        return round(max(0.0, (now - datetime.fromisoformat(self.oldest_pending_at)).total_seconds()), 1)


class Outbox:
    """One process owns an outbox; its methods may be called from any thread.

    Parameters
    ----------
    folder: made if missing, for its owner only.
    min_free_bytes: reserve that a commit leaves on the disk, for the database, logs and the system.
    keep: what stays of the delivered.
    free_bytes: free space of the disk, for tests.

    Raises
    ------
    OutboxFullError, OutboxBusyError: not now; nothing was changed, try again.
    OutboxError: cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        *,
        min_free_bytes: int = 256 * 1024 * 1024,
        keep: Keep | None = None,
        free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder = folder
        self.packets = folder / "packets"
        self._min_free = min_free_bytes
        self._keep = keep or Keep()
        self._free_bytes = free_bytes
        self._now = now
        self._lock = threading.RLock()
        self._chain_lock = threading.Lock()
        try:
            make_folder(folder)
        except OSError as error:
            raise OutboxError(
                f"cannot be made: {error.strerror}", where=str(folder), remedy="correct data_dir or its rights"
            ) from error
        self._owner = _own(folder)
        try:
            self._ballast = Ballast(folder / "ballast")
            self._db, self.warnings = recover(folder, self._ballast)
        except BaseException:
            self._owner.close()
            raise
        if free_bytes(folder) - self._ballast.size >= min_free_bytes:
            self._ballast.fill()

    def close(self) -> None:
        with self._lock:
            self._db.close()
            self._owner.close()

    @property
    def head(self) -> Chain:
        """Place of the next packet in the chain."""
        with self._lock:
            row = self._db.execute("SELECT sequence, digest FROM packet ORDER BY sequence DESC LIMIT 1").fetchone()
        return Chain(sequence=row[0] + 1, previous=row[1]) if row else Chain(sequence=1, previous=None)

    def commit(self, build: Build) -> Manifest:
        """Give the next place in the chain to a packet and keep it safe. When this returns, it survives a power cut.

        `build` may be slow (it packs and signs); deliveries go on meanwhile.

        Raises
        ------
        OutboxFullError, OutboxBusyError: not now; the chain has not moved.
        OutboxError: `build` returned something else than was asked, or the disk fails.
        """
        with self._chain_lock:
            self._make_room(0)
            chain = self.head
            manifest, container = build(chain)
            if manifest.chain != chain:
                raise OutboxError("packet was built for another place in the chain", where=manifest.packet_id)
            self._make_room(len(container))
            path = self.path(chain.sequence, manifest.packet_id)
            try:
                try:
                    self._keep_safe(path, manifest, container)
                except (OSError, sqlite3.Error) as error:
                    if not (is_full(error, self.folder) and self._yield_ring()):
                        raise
                    self._keep_safe(path, manifest, container)
            except (OSError, sqlite3.Error) as error:
                raise translated(error, self.folder) from error
        return manifest

    def pending(self, limit: int = 1000) -> list[Pending]:
        """Packets not yet delivered or refused, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT sequence, packet_id, digest, container_sha256, size, created_at FROM packet"
                " WHERE state = 'pending' ORDER BY sequence LIMIT ?",
                (limit,),
            ).fetchall()
        return [Pending(*row) for row in rows]

    def newest(self) -> Pending | None:
        """The newest packet, if it was delivered: its container is always there."""
        with self._lock:
            row = self._db.execute(
                "SELECT sequence, packet_id, digest, container_sha256, size, created_at, state FROM packet"
                " ORDER BY sequence DESC LIMIT 1"
            ).fetchone()
        return Pending(*row[:-1]) if row and row[-1] == "delivered" else None

    def read(self, packet: Pending) -> bytes:
        """The container's bytes.

        Raises
        ------
        OutboxError: the disk lost or altered them; the packet is then kept aside as damaged.
        """
        path = self.path(packet.sequence, packet.packet_id)
        try:
            data = path.read_bytes()
            reason = "" if sha256_hex(data) == packet.container_sha256 else "file does not match its SHA-256"
        except FileNotFoundError:
            if path.with_name(path.name + DONE_SUFFIX).exists():
                raise OutboxFullError("was delivered, but the disk is too full to say so", where=str(path)) from None
            reason = "file is missing"
        except OSError as error:
            raise OutboxError(f"cannot be read: {error.strerror}", where=str(path), remedy="check the disk") from error
        if reason:
            self._set_state(packet.sequence, "damaged", reason)
            raise OutboxError(reason, where=str(path), remedy="check the disk; the packet is kept aside as damaged")
        return data

    def acknowledge(self, receipt: Receipt) -> bool:
        """Mark as delivered on a verified receipt; its file stays in the ring. False if it is not for what we sent.

        Works on a full disk too: the ring gives way, then the ballast, then the delivered container itself.

        Raises
        ------
        OutboxFullError, OutboxBusyError: not now; the packet is offered again and gets its receipt again.
        """
        if not receipt.delivered:
            raise OutboxError(f"a receipt that says {receipt.status} does not acknowledge", where=receipt.packet_id)
        with self._lock:
            row = self._match(receipt)
            if row is None or (receipt.packet_digest is not None and receipt.packet_digest != row[1]):
                return False
            if row[2] != "delivered":
                self._settle(row[0], receipt.packet_id)
        self.prune()
        return True

    def refuse(self, receipt: Receipt) -> bool:
        """The centre quarantined it or found a conflict: kept, counted, sent no more. False if not ours."""
        if receipt.delivered:
            raise OutboxError(f"a receipt that says {receipt.status} does not refuse", where=receipt.packet_id)
        with self._lock:
            row = self._match(receipt)
            if row is None or row[2] == "delivered" or not receipt.kept:
                return False
            self._set_state(row[0], receipt.status, receipt.reason)
        return True

    def resend(self, first: int, last: int) -> list[int]:
        """Deliver again what was delivered or refused and is still on disk: the numbers that will go out."""
        with self._lock:
            rows = [
                row[0]
                for row in self._db.execute(
                    "SELECT sequence FROM packet WHERE sequence BETWEEN ? AND ? AND pruned = 0"
                    " AND state IN ('delivered', 'quarantined', 'conflict') ORDER BY sequence",
                    (first, last),
                )
            ]
            for sequence in rows:
                self._set_state(sequence, "pending", "")
        return rows

    def prune(self) -> int:
        """Take from the ring what is over its bounds or what a full disk needs, never the head. How many went."""
        with self._lock:
            try:
                gone = self._prune_ring(self._wanted_room())
                self._forget_past()
            except (OSError, sqlite3.Error) as error:
                raise translated(error, self.folder) from error
            if not self._ballast.there and self.free_bytes() - self._ballast.size >= self._min_free:
                self._ballast.fill()
        return gone

    def counts(self) -> Counts:
        with self._lock:
            tally = dict(self._db.execute("SELECT name, n FROM tally").fetchall())
            newest, delivered_to = self._db.execute(
                "SELECT (SELECT max(sequence) FROM packet),"
                " (SELECT max(sequence) FROM packet WHERE state = 'delivered')"
            ).fetchone()
            oldest = self._db.execute(
                "SELECT created_at FROM packet WHERE state = 'pending' ORDER BY sequence LIMIT 1"
            ).fetchone()
        refused = sum(tally[state] for state in ("quarantined", "conflict", "damaged"))
        return Counts(
            tally["pending"], refused, tally["delivered"], newest or 0, delivered_to or 0, oldest[0] if oldest else None
        )

    def refused(self) -> list[tuple[int, str, str, str]]:
        """`(sequence, packet id, state, reason)` of every packet kept aside."""
        with self._lock:
            return list(
                self._db.execute(
                    "SELECT sequence, packet_id, state, reason FROM packet"
                    " WHERE state IN ('quarantined', 'conflict', 'damaged') ORDER BY sequence"
                )
            )

    def free_bytes(self) -> int:
        return self._free_bytes(self.folder)

    def path(self, sequence: int, packet_id: str) -> Path:
        return self.packets / file_name(sequence, packet_id)

    def _match(self, receipt: Receipt) -> tuple[int, str, str] | None:
        row: tuple[int, str, str] | None = self._db.execute(
            "SELECT sequence, digest, state FROM packet WHERE packet_id = ? AND container_sha256 = ?",
            (receipt.packet_id, receipt.container_sha256),
        ).fetchone()
        return row

    def _keep_safe(self, path: Path, manifest: Manifest, container: bytes) -> None:
        try:
            write_durably(path, container)
            with self._lock, self._transaction():
                insert_row(self._db, manifest, container)
        except (OSError, sqlite3.Error):
            self._take_back(manifest.chain.sequence, path)
            raise

    def _take_back(self, sequence: int, path: Path) -> None:
        """Remove the file of a failed commit, unless its row is there after all. What stays, the next start sorts."""
        try:
            with self._lock:
                row = self._db.execute("SELECT 1 FROM packet WHERE sequence = ?", (sequence,)).fetchone()
            if row is None:
                path.unlink(missing_ok=True)
        except (OSError, sqlite3.Error):
            log.exception("outbox file=%s could not be taken back", path)

    def _settle(self, sequence: int, packet_id: str) -> None:
        """Write down that a packet is delivered, whatever must give way for it."""
        settled_at = utc_text(self._now())
        path = self.path(sequence, packet_id)
        done = path.with_name(path.name + DONE_SUFFIX)
        give_way: list[Callable[[], bool]] = [self._yield_ring, self._ballast.drop]
        give_way.append(lambda: self._empty(sequence, path, done))
        while True:
            try:
                with self._transaction():
                    self._db.execute(
                        "UPDATE packet SET state = 'delivered', reason = '', settled_at = ?, pruned = ?"
                        " WHERE sequence = ?",
                        (settled_at, int(done.exists()), sequence),
                    )
                break
            except (OSError, sqlite3.Error) as error:
                if not give_way or not is_full(error, self.folder):
                    # an emptied file's name is the record until the next try or the next start
                    raise translated(error, self.folder) from error
                give_way.pop(0)()
        done.unlink(missing_ok=True)

    def _empty(self, sequence: int, path: Path, done: Path) -> bool:
        """The container that was just delivered makes the room to say so; its new name tells what it was."""
        if sequence == self.head.sequence - 1:
            return False  # it holds the head of the chain
        if path.exists():
            path.rename(done)
            sync_folder(self.packets)
        if done.exists():
            os.truncate(done, 0)
        return True

    def _set_state(self, sequence: int, state: str, reason: str) -> None:
        try:
            with self._lock, self._transaction():
                self._db.execute(
                    "UPDATE packet SET state = ?, reason = ? WHERE sequence = ?", (state, reason, sequence)
                )
        except (OSError, sqlite3.Error) as error:
            raise translated(error, self.folder) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    # --- room ----------------------------------------------------------------------------------------------------

    def _wanted_room(self) -> int:
        """Free bytes below which the ring gives way: the reserve, and the ballast if that has been given up."""
        return self._min_free + (0 if self._ballast.there else self._ballast.size)

    def _prune_ring(self, wanted_free: int) -> int:
        oldest_kept = utc_text(self._now() - timedelta(days=self._keep.days))
        (ring_bytes,) = self._db.execute("SELECT n FROM tally WHERE name = 'ring_bytes'").fetchone()
        rows = self._db.execute(
            "SELECT sequence, packet_id, size, settled_at FROM packet INDEXED BY packet_ring"
            " WHERE state = 'delivered' AND pruned = 0"
            " AND sequence < (SELECT max(sequence) FROM packet) ORDER BY settled_at, sequence LIMIT ?",
            (_STEP,),
        ).fetchall()
        gone = []
        for sequence, packet_id, size, settled_at in rows:
            over = ring_bytes > self._keep.max_bytes or settled_at < oldest_kept
            if not over and self.free_bytes() >= wanted_free:
                break
            self.path(sequence, packet_id).unlink(missing_ok=True)
            ring_bytes -= size
            gone.append(sequence)
        if gone:
            with self._transaction():
                for sequence in gone:
                    self._db.execute("UPDATE packet SET pruned = 1 WHERE sequence = ?", (sequence,))
        return len(gone)

    def _yield_ring(self) -> bool:
        """The disk is really full: delivered containers go at once. Whether any did."""
        with self._lock:
            rows = self._db.execute(
                "SELECT sequence, packet_id FROM packet INDEXED BY packet_ring WHERE state = 'delivered' AND pruned = 0"
                " AND sequence < (SELECT max(sequence) FROM packet) ORDER BY settled_at, sequence LIMIT ?",
                (_STEP,),
            ).fetchall()
            there = [path for path in (self.path(*row) for row in rows) if path.exists()]
            for path in there[: max(1, len(there) // 4)]:
                path.unlink(missing_ok=True)
        return bool(there)

    def _forget_past(self) -> None:
        """Rows of packets long gone: a few at each call, so that the table stays as large as it is useful."""
        old = self._db.execute(
            "SELECT sequence FROM packet INDEXED BY packet_past WHERE state = 'delivered' AND pruned = 1"
            " AND sequence < (SELECT max(sequence) FROM packet) - ? ORDER BY sequence LIMIT ?",
            (_PAST_ROWS, _STEP),
        ).fetchall()
        if old:
            with self._transaction():
                self._db.executemany("DELETE FROM packet WHERE sequence = ?", old)

    def _make_room(self, size: int) -> None:
        with self._lock:
            while self.free_bytes() - size < self._min_free:
                try:
                    if not self._prune_ring(self._min_free + size):
                        break
                except (OSError, sqlite3.Error) as error:
                    raise translated(error, self.folder) from error
            free = self.free_bytes()
        if free - size < self._min_free:
            raise OutboxFullError(
                f"disk has {free // 2**20} MiB free, the reserve is {self._min_free // 2**20} MiB",
                where=str(self.folder),
                remedy="free space on the disk or restore the link to the centre; unsent evidence is never evicted",
            )


def _own(folder: Path) -> IO[bytes]:
    """Hold the folder's lock as long as the file is open; the kernel frees it when the process dies."""
    handle = (folder / "owner.lock").open("ab")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise OutboxError(
            "is in use by another process", where=str(folder), remedy="stop the other node or give it its own data_dir"
        ) from error
    return handle
