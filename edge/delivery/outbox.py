"""Where a packet is safe before it leaves: a chain of sealed containers that survives kill -9, power cut and full disk.

Containers are files, the chain and the state of each packet are rows of a SQLite database (WAL, synchronous FULL).
Files rather than blobs, because a blob of megabytes would be written twice (WAL, then database), would never give its
space back without a VACUUM, and because the files alone can rebuild a lost database: each names its place in the chain.

Order of a commit: container to a temporary file, fsync, rename, fsync of the folder, row committed. A crash between the
last two leaves a whole sealed container without a row; the next start adopts it. The newest container is never pruned:
it holds the head of the chain.

Rows: `edge.delivery.packet_table`. What stays of the delivered, and the room it makes: `edge.delivery.delivered_ring`.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from common.folder_lock import FolderLock, FolderTakenError
from edge.delivery.ballast import Ballast
from edge.delivery.delivered_ring import DeliveredRing, Keep
from edge.delivery.outbox_errors import OutboxError, OutboxFullError, is_full, translated
from edge.delivery.outbox_store import DONE_SUFFIX, file_name, make_folder, recover, write_durably
from edge.delivery.packet_table import Counts, PacketTable, Pending, Settled
from evidence.canonical import sha256_hex
from evidence.packet import Chain, Manifest, SealedManifest
from evidence.receipt import Receipt

log = logging.getLogger(__name__)
Build = Callable[[Chain], tuple[Manifest, bytes]]
"""Of an act; a test act is built in the same way."""
M = TypeVar("M", bound=SealedManifest)


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
        self._free_bytes = free_bytes
        self._now = now
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
            db, self.warnings = recover(folder, self._ballast)
        except BaseException:
            self._owner.release()
            raise
        self._table = PacketTable(db)
        self._ring = DeliveredRing(
            folder, self._table, self._ballast, keep or Keep(),
            min_free_bytes=min_free_bytes, free_bytes=self.free_bytes, now=now,
        )  # fmt: skip
        self._ring.fill_ballast()

    def close(self) -> None:
        with self._table.lock:
            self._table.close()
            self._owner.release()

    @property
    def head(self) -> Chain:
        """Place of the next packet in the chain."""
        return self._table.head()

    def commit(self, build: Callable[[Chain], tuple[M, bytes]]) -> M:
        """Give the next place in the chain to a packet and keep it safe. When this returns, it survives a power cut.

        `build` may be slow (it packs and signs); deliveries go on meanwhile.

        Raises
        ------
        OutboxFullError, OutboxBusyError: not now; the chain has not moved.
        OutboxError: `build` returned something else than was asked, or the disk fails.
        """
        with self._chain_lock:
            self._ring.make_room(0)
            try:
                chain = self.head
            except sqlite3.Error as error:
                raise translated(error, self.folder) from error
            manifest, container = build(chain)
            if manifest.chain != chain:
                raise OutboxError("packet was built for another place in the chain", where=manifest.packet_id)
            self._ring.make_room(len(container))
            path = self.path(chain.sequence, manifest.packet_id)
            try:
                try:
                    self._keep_safe(path, manifest, container)
                except (OSError, sqlite3.Error) as error:
                    if not (is_full(error, self.folder) and self._ring.give_way()):
                        raise
                    self._keep_safe(path, manifest, container)
            except (OSError, sqlite3.Error) as error:
                raise translated(error, self.folder) from error
        return manifest

    def pending(self, limit: int = 1000) -> list[Pending]:
        """Packets not yet delivered or refused, oldest first."""
        return self._table.pending(limit)

    def newest(self) -> Pending | None:
        """The newest packet, if it was delivered: its container is always there."""
        found = self._table.newest()
        return found[0] if found is not None and found[1] == "delivered" else None

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
        with self._table.lock:
            row = self._table.meant(receipt)
            if row is None or (receipt.packet_digest is not None and receipt.packet_digest != row[1]):
                return False
            if row[2] != "delivered":
                self._ring.settle(row[0], receipt.packet_id)
        self.prune()
        return True

    def refuse(self, receipt: Receipt) -> bool:
        """The centre quarantined it or found a conflict: kept, counted, sent no more. False if not ours."""
        if receipt.delivered:
            raise OutboxError(f"a receipt that says {receipt.status} does not refuse", where=receipt.packet_id)
        with self._table.lock:
            row = self._table.meant(receipt)
            if row is None or row[2] == "delivered" or not receipt.kept:
                return False
            self._set_state(row[0], receipt.status, receipt.reason)
        return True

    def resend(self, first: int, last: int) -> list[int]:
        """Deliver again what was delivered or refused and is still on disk: the numbers that will go out."""
        with self._table.lock:
            rows = self._table.resendable(first, last)
            for sequence in rows:
                self._set_state(sequence, "pending", "")
        return rows

    def prune(self) -> int:
        """Take from the ring what is over its bounds or what a full disk needs, never the head. How many went."""
        return self._ring.prune()

    def counts(self) -> Counts:
        return self._table.counts()

    def settled(self, sequence: int) -> Settled | None:
        """Where a packet of the chain stands; None for one that is not known (any more)."""
        return self._table.settled(sequence)

    def refused(self) -> list[tuple[int, str, str, str]]:
        """`(sequence, packet id, state, reason)` of every packet kept aside."""
        return self._table.refused()

    def free_bytes(self) -> int:
        return self._free_bytes(self.folder)

    def path(self, sequence: int, packet_id: str) -> Path:
        return self.packets / file_name(sequence, packet_id)

    def _keep_safe(self, path: Path, manifest: SealedManifest, container: bytes) -> None:
        try:
            write_durably(path, container)
            self._table.add(manifest, container)
        except (OSError, sqlite3.Error):
            self._take_back(manifest.chain.sequence, path)
            raise

    def _take_back(self, sequence: int, path: Path) -> None:
        """Remove the file of a failed commit, unless its row is there after all. What stays, the next start sorts."""
        try:
            if not self._table.has(sequence):
                path.unlink(missing_ok=True)
        except (OSError, sqlite3.Error):
            log.exception("outbox file=%s could not be taken back", path)

    def _set_state(self, sequence: int, state: str, reason: str) -> None:
        try:
            self._table.set_state(sequence, state, reason)
        except (OSError, sqlite3.Error) as error:
            raise translated(error, self.folder) from error


def _own(folder: Path) -> FolderLock:
    """Hold the folder's lock; the kernel frees it when the process dies."""
    try:
        return FolderLock.take(folder / "owner.lock")
    except FolderTakenError as error:
        raise OutboxError(
            "is in use by another process", where=str(folder), remedy="stop the other node or give it its own data_dir"
        ) from error
