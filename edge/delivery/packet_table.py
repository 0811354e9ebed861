"""The rows of an outbox: the chain, and where each packet of it stands. Files and disk space are others' business."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from edge.delivery.outbox_schema import insert_row
from evidence.packet import Chain, SealedManifest
from evidence.receipt import Receipt


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


@dataclass(frozen=True)
class Settled:
    """A packet as the centre answered. `at`: when, an ISO 8601 instant; "" while it waits, or was refused."""

    packet_id: str
    state: str
    reason: str
    at: str


@dataclass(frozen=True)
class InRing:
    """A delivered packet whose container is still on the disk."""

    sequence: int
    packet_id: str
    size: int
    settled_at: str


class PacketTable:
    """Any thread may call it; `lock` is for those who do several things that belong together.

    Every method raises `sqlite3.Error`: what that means for a person, the caller says.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.lock = threading.RLock()

    def close(self) -> None:
        with self.lock:
            self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
            try:
                self.db.execute("COMMIT")
            except sqlite3.Error:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    def head(self) -> Chain:
        """Place of the next packet in the chain."""
        with self.lock:
            row = self.db.execute("SELECT sequence, digest FROM packet ORDER BY sequence DESC LIMIT 1").fetchone()
        return Chain(sequence=row[0] + 1, previous=row[1]) if row else Chain(sequence=1, previous=None)

    def add(self, manifest: SealedManifest, container: bytes) -> None:
        with self.transaction():
            insert_row(self.db, manifest, container)

    def has(self, sequence: int) -> bool:
        with self.lock:
            return self.db.execute("SELECT 1 FROM packet WHERE sequence = ?", (sequence,)).fetchone() is not None

    def pending(self, limit: int) -> list[Pending]:
        """Oldest first."""
        with self.lock:
            rows = self.db.execute(
                "SELECT sequence, packet_id, digest, container_sha256, size, created_at FROM packet"
                " WHERE state = 'pending' ORDER BY sequence LIMIT ?",
                (limit,),
            ).fetchall()
        return [Pending(*row) for row in rows]

    def newest(self) -> tuple[Pending, str] | None:
        """The newest packet and its state."""
        with self.lock:
            row = self.db.execute(
                "SELECT sequence, packet_id, digest, container_sha256, size, created_at, state FROM packet"
                " ORDER BY sequence DESC LIMIT 1"
            ).fetchone()
        return (Pending(*row[:-1]), row[-1]) if row else None

    def meant(self, receipt: Receipt) -> tuple[int, str, str] | None:
        """`(sequence, digest, state)` of the packet that a receipt is about."""
        with self.lock:
            row: tuple[int, str, str] | None = self.db.execute(
                # packet-v1 step 20: of a packet that was sent, in these bytes
                "SELECT sequence, digest, state FROM packet WHERE packet_id = ? AND container_sha256 = ?",
                (receipt.packet_id, receipt.container_sha256),
            ).fetchone()
        return row

    def set_state(self, sequence: int, state: str, reason: str) -> None:
        with self.transaction():
            self.db.execute("UPDATE packet SET state = ?, reason = ? WHERE sequence = ?", (state, reason, sequence))

    def set_delivered(self, sequence: int, settled_at: str, *, pruned: bool) -> None:
        with self.transaction():
            self.db.execute(
                "UPDATE packet SET state = 'delivered', reason = '', settled_at = ?, pruned = ? WHERE sequence = ?",
                (settled_at, int(pruned), sequence),
            )

    def resendable(self, first: int, last: int) -> list[int]:
        """Delivered or refused packets of these numbers whose containers are on the disk."""
        with self.lock:
            rows = self.db.execute(
                "SELECT sequence FROM packet WHERE sequence BETWEEN ? AND ? AND pruned = 0"
                " AND state IN ('delivered', 'quarantined', 'conflict') ORDER BY sequence",
                (first, last),
            ).fetchall()
        return [sequence for (sequence,) in rows]

    def counts(self) -> Counts:
        with self.lock:
            tally = dict(self.db.execute("SELECT name, n FROM tally").fetchall())
            newest, delivered_to = self.db.execute(
                "SELECT (SELECT max(sequence) FROM packet),"
                " (SELECT max(sequence) FROM packet WHERE state = 'delivered')"
            ).fetchone()
            oldest = self.db.execute(
                "SELECT created_at FROM packet WHERE state = 'pending' ORDER BY sequence LIMIT 1"
            ).fetchone()
        refused = sum(tally[state] for state in ("quarantined", "conflict", "damaged"))
        return Counts(
            tally["pending"], refused, tally["delivered"], newest or 0, delivered_to or 0, oldest[0] if oldest else None
        )

    def settled(self, sequence: int) -> Settled | None:
        with self.lock:
            row = self.db.execute(
                "SELECT packet_id, state, reason, settled_at FROM packet WHERE sequence = ?", (sequence,)
            ).fetchone()
        return Settled(*row) if row else None

    def refused(self) -> list[tuple[int, str, str, str]]:
        """`(sequence, packet id, state, reason)` of every packet kept aside."""
        with self.lock:
            return list(
                self.db.execute(
                    "SELECT sequence, packet_id, state, reason FROM packet"
                    " WHERE state IN ('quarantined', 'conflict', 'damaged') ORDER BY sequence"
                )
            )

    def ring(self, limit: int) -> list[InRing]:
        """The first that go: longest delivered first, never the head of the chain."""
        with self.lock:
            rows = self.db.execute(
                "SELECT sequence, packet_id, size, settled_at FROM packet INDEXED BY packet_ring"
                " WHERE state = 'delivered' AND pruned = 0"
                " AND sequence < (SELECT max(sequence) FROM packet) ORDER BY settled_at, sequence LIMIT ?",
                (limit,),
            ).fetchall()
        return [InRing(*row) for row in rows]

    def ring_bytes(self) -> int:
        """Size of all delivered containers on the disk."""
        with self.lock:
            (n,) = self.db.execute("SELECT n FROM tally WHERE name = 'ring_bytes'").fetchone()
        return int(n)

    def set_pruned(self, sequences: Iterable[int]) -> None:
        with self.transaction():
            for sequence in sequences:
                self.db.execute("UPDATE packet SET pruned = 1 WHERE sequence = ?", (sequence,))

    def forget_past(self, rows: int, limit: int) -> None:
        """Drop at most `limit` rows of packets whose files are gone, beyond the newest `rows` of the chain."""
        with self.lock:
            old = self.db.execute(
                "SELECT sequence FROM packet INDEXED BY packet_past WHERE state = 'delivered' AND pruned = 1"
                " AND sequence < (SELECT max(sequence) FROM packet) - ? ORDER BY sequence LIMIT ?",
                (rows, limit),
            ).fetchall()
            if old:
                with self.transaction():
                    self.db.executemany("DELETE FROM packet WHERE sequence = ?", old)
