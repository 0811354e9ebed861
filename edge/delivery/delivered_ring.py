"""Delivered containers stay for a while in a ring bounded by days and bytes, and give way to what needs the room.

A centre that lost a packet can have it again (`Outbox.resend`). The ring gives way to a full disk; unsent evidence
never does.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from common.durable import sync_folder
from common.sizes import size_text
from edge.delivery.ballast import Ballast
from edge.delivery.outbox_errors import OutboxFullError, is_full, translated
from edge.delivery.outbox_store import DONE_SUFFIX, file_name
from edge.delivery.packet_table import PacketTable
from evidence.packet import utc_text

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


class DeliveredRing:
    """What the disk holds of delivered packets, and the room that it makes.

    Parameters
    ----------
    min_free_bytes: reserve that a commit leaves on the disk, for the database, logs and the system.
    free_bytes: free space of the disk.
    """

    def __init__(
        self,
        folder: Path,
        table: PacketTable,
        ballast: Ballast,
        keep: Keep,
        *,
        min_free_bytes: int,
        free_bytes: Callable[[], int],
        now: Callable[[], datetime],
    ) -> None:
        self.keep = keep
        self.min_free_bytes = min_free_bytes
        self._folder = folder
        self._table = table
        self._ballast = ballast
        self._free_bytes = free_bytes
        self._now = now

    def prune(self) -> int:
        """Take out what is over the bounds or what a full disk needs, never the head. How many went."""
        with self._table.lock:
            try:
                gone = self._prune(self.min_free_bytes + (0 if self._ballast.there else self._ballast.size))
                self._table.forget_past(_PAST_ROWS, _STEP)
            except (OSError, sqlite3.Error) as error:
                raise translated(error, self._folder) from error
            self.fill_ballast()
        return gone

    def settle(self, sequence: int, packet_id: str) -> None:
        """Take a packet in: write down that it is delivered, whatever must give way for it.

        Raises
        ------
        OutboxFullError, OutboxBusyError: not now; the packet is offered again and gets its receipt again.
        """
        settled_at = utc_text(self._now())
        path = self._path(sequence, packet_id)
        done = path.with_name(path.name + DONE_SUFFIX)
        give_way: list[Callable[[], bool]] = [self.give_way, self._ballast.drop]
        give_way.append(lambda: self._empty(sequence, path, done))
        while True:
            try:
                self._table.set_delivered(sequence, settled_at, pruned=done.exists())
                break
            except (OSError, sqlite3.Error) as error:
                if not give_way or not is_full(error, self._folder):
                    # an emptied file's name is the record until the next try or the next start
                    raise translated(error, self._folder) from error
                give_way.pop(0)()
        done.unlink(missing_ok=True)

    def fill_ballast(self) -> None:
        """Set the ballast aside again when there is room for it beside the reserve."""
        if not self._ballast.there and self._free_bytes() - self._ballast.size >= self.min_free_bytes:
            self._ballast.fill()

    def give_way(self) -> bool:
        """The disk is really full: delivered containers go at once. Whether any did."""
        with self._table.lock:
            there = [p for p in (self._path(r.sequence, r.packet_id) for r in self._table.ring(_STEP)) if p.exists()]
            for path in there[: max(1, len(there) // 4)]:
                path.unlink(missing_ok=True)
        return bool(there)

    def make_room(self, size: int) -> None:
        """Make room for so many bytes beside the reserve. Raises `OutboxFullError` when the ring cannot give it."""
        with self._table.lock:
            while self._free_bytes() - size < self.min_free_bytes:
                try:
                    if not self._prune(self.min_free_bytes + size):
                        break
                except (OSError, sqlite3.Error) as error:
                    raise translated(error, self._folder) from error
            free = self._free_bytes()
        if free - size < self.min_free_bytes:
            raise OutboxFullError(
                f"disk has {size_text(free)} free, the reserve is {size_text(self.min_free_bytes)}",
                where=str(self._folder),
                remedy="free space on the disk or restore the link to the centre; unsent evidence is never evicted",
            )

    def _prune(self, wanted_free: int) -> int:
        oldest_kept = utc_text(self._now() - timedelta(days=self.keep.days))
        ring_bytes = self._table.ring_bytes()
        gone = []
        for packet in self._table.ring(_STEP):
            over = ring_bytes > self.keep.max_bytes or packet.settled_at < oldest_kept
            if not over and self._free_bytes() >= wanted_free:
                break
            self._path(packet.sequence, packet.packet_id).unlink(missing_ok=True)
            ring_bytes -= packet.size
            gone.append(packet.sequence)
        if gone:
            self._table.set_pruned(gone)
        return len(gone)

    def _empty(self, sequence: int, path: Path, done: Path) -> bool:
        """The container that was just delivered makes the room to say so; its new name tells what it was."""
        if sequence == self._table.head().sequence - 1:
            return False  # it holds the head of the chain
        if path.exists():
            path.rename(done)
            sync_folder(path.parent)
        if done.exists():
            os.truncate(done, 0)
        return True

    def _path(self, sequence: int, packet_id: str) -> Path:
        return self._folder / "packets" / file_name(sequence, packet_id)
