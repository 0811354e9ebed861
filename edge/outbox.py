"""Where a packet is safe before it leaves: a chain of sealed containers that survives kill -9, power cut and full disk.

Containers are files, the chain and the state of each packet are rows of a SQLite database (WAL, synchronous FULL).
Files rather than blobs, because a blob of megabytes would be written twice (WAL, then database), would never give its
space back without a VACUUM, and because the files alone can rebuild a lost database: each names its place in the chain.

Order of a commit: container to a temporary file, fsync, rename, fsync of the folder, row committed. A crash between the
last two leaves a whole sealed container without a row; the next start adopts it. The newest container is never pruned:
it holds the head of the chain.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edge.outbox_store import file_name, insert_row, recover, write_durably
from evidence.canonical import sha256_hex
from evidence.errors import GiaoLoError
from evidence.packet import Chain, Manifest
from evidence.receipt import Receipt

log = logging.getLogger(__name__)
Build = Callable[[Chain], tuple[Manifest, bytes]]

_FULL = (errno.ENOSPC, errno.EDQUOT)


class OutboxError(GiaoLoError):
    """The outbox cannot do what it was asked."""


class OutboxFullError(OutboxError):
    """No room for another packet. Nothing was evicted and nothing half-written stays."""


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
    """Numbers for health. `refused`: quarantined, in conflict or damaged; all of them are kept."""

    pending: int
    refused: int
    delivered: int


class Outbox:
    """One process owns an outbox; its methods may be called from any thread.

    Parameters
    ----------
    folder: made if missing.
    min_free_bytes: reserve that a commit leaves on the disk, for the database, logs and the system.
    free_bytes: free space of the disk, for tests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        min_free_bytes: int = 256 * 1024 * 1024,
        free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        self.folder = folder
        self.packets = folder / "packets"
        self._min_free = min_free_bytes
        self._free_bytes = free_bytes
        self._lock = threading.RLock()
        self._chain_lock = threading.Lock()
        try:
            self.packets.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutboxError(
                f"cannot be made: {error.strerror}", where=str(folder), remedy="correct data_dir or its rights"
            ) from error
        self._owner = _own(folder)
        self._db, self.warnings = recover(folder)

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
        OutboxFullError: no room; the chain has not moved.
        OutboxError: `build` returned something else than was asked, or the disk fails.
        """
        with self._chain_lock:
            self._check_room(0)
            chain = self.head
            manifest, container = build(chain)
            if manifest.chain != chain:
                raise OutboxError("packet was built for another place in the chain", where=manifest.packet_id)
            self._check_room(len(container))
            path = self.path(chain.sequence, manifest.packet_id)
            try:
                write_durably(path, container)
                self._insert(manifest, container)
            except (OSError, sqlite3.Error) as error:
                self._take_back(chain.sequence, path)
                raise self._translated(error) from error
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
            reason = "file is missing"
        except OSError as error:
            raise OutboxError(f"cannot be read: {error.strerror}", where=str(path), remedy="check the disk") from error
        if reason:
            self._set_state(packet.sequence, "damaged", reason)
            raise OutboxError(reason, where=str(path), remedy="check the disk; the packet is kept aside as damaged")
        return data

    def acknowledge(self, receipt: Receipt) -> bool:
        """Mark as delivered on a verified receipt; its file may go. False if the receipt is not for what we sent."""
        if not receipt.delivered:
            raise OutboxError(f"a receipt that says {receipt.status} does not acknowledge", where=receipt.packet_id)
        with self._lock:
            row = self._match(receipt)
            if row is None or (receipt.packet_digest is not None and receipt.packet_digest != row[1]):
                return False
            self._set_state(row[0], "delivered", "")
        self.prune()
        return True

    def refuse(self, receipt: Receipt) -> bool:
        """The centre quarantined it or found a conflict: kept, counted, sent no more. False if not ours."""
        if receipt.delivered:
            raise OutboxError(f"a receipt that says {receipt.status} does not refuse", where=receipt.packet_id)
        with self._lock:
            row = self._match(receipt)
            if row is None or row[2] == "delivered":
                return False
            self._set_state(row[0], receipt.status, receipt.reason)
        return True

    def prune(self) -> int:
        """Remove the files of delivered packets, but for the head of the chain. Returns how many went."""
        with self._lock:
            rows = self._db.execute(
                "SELECT sequence, packet_id FROM packet WHERE state = 'delivered' AND pruned = 0"
                " AND sequence < (SELECT max(sequence) FROM packet)"
            ).fetchall()
            for sequence, packet_id in rows:
                self.path(sequence, packet_id).unlink(missing_ok=True)
                with self._transaction():
                    self._db.execute("UPDATE packet SET pruned = 1 WHERE sequence = ?", (sequence,))
        return len(rows)

    def counts(self) -> Counts:
        with self._lock:
            rows = dict(self._db.execute("SELECT state, count(*) FROM packet GROUP BY state").fetchall())
        refused = sum(rows.get(state, 0) for state in ("quarantined", "conflict", "damaged"))
        return Counts(rows.get("pending", 0), refused, rows.get("delivered", 0))

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

    def _insert(self, manifest: Manifest, container: bytes) -> None:
        with self._lock, self._transaction():
            insert_row(self._db, manifest, container)

    def _take_back(self, sequence: int, path: Path) -> None:
        """Remove the file of a failed commit, unless its row is there after all. What stays, the next start sorts."""
        try:
            with self._lock:
                row = self._db.execute("SELECT 1 FROM packet WHERE sequence = ?", (sequence,)).fetchone()
            if row is None:
                path.unlink(missing_ok=True)
        except (OSError, sqlite3.Error):
            log.exception("outbox file=%s could not be taken back", path)

    def _set_state(self, sequence: int, state: str, reason: str) -> None:
        with self._lock, self._transaction():
            self._db.execute("UPDATE packet SET state = ?, reason = ? WHERE sequence = ?", (state, reason, sequence))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _check_room(self, size: int) -> None:
        free = self._free_bytes(self.folder)
        if free - size < self._min_free:
            raise OutboxFullError(
                f"disk has {free // 2**20} MiB free, the reserve is {self._min_free // 2**20} MiB",
                where=str(self.folder),
                remedy="free space on the disk or restore the link to the centre; unsent evidence is never evicted",
            )

    def _translated(self, error: OSError | sqlite3.Error) -> OutboxError:
        full = error.errno in _FULL if isinstance(error, OSError) else "full" in str(error)
        if full:
            return OutboxFullError(
                "disk is full",
                where=str(self.folder),
                remedy="free space on the disk or restore the link to the centre; unsent evidence is never evicted",
            )
        return OutboxError(f"cannot be written: {error}", where=str(self.folder), remedy="check the disk")


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
