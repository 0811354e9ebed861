"""What does not verify is kept aside with its reason, within limits, and never stops anything.

Kept means kept: without room there is no entry, no receipt, and the node keeps its packet. Each node has its own share
in entries and bytes, so that one with a wrong key, or a hostile one, cannot use up everybody's.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from central.config import Limits
from central.store.blobs import StoreFull, write_durably
from central.store.packet_tables import PacketRow, QuarantineRow
from common.durable import DurableFolders
from evidence.part import Part
from evidence.receipt import ReceiptStatus

log = logging.getLogger(__name__)
_REASON_CHARS = 900
_NODES_AT_ONCE = 4
"""No node may take more than a quarter of the quarantine's bytes, however its own share is set."""


class Quarantine:
    """Rows in the database, bytes under `folder`."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        self._folders = DurableFolders()
        self._folders.make(folder)

    def known(self, session: Session, node: str, packet_id: str, container_sha256: str) -> QuarantineRow | None:
        """What was decided about exactly these bytes before."""
        return session.scalar(
            select(QuarantineRow).where(
                QuarantineRow.node_id == node,
                QuarantineRow.packet_id == packet_id,
                QuarantineRow.container_sha256 == container_sha256,
            )
        )

    def holds(self, row: QuarantineRow) -> bool:
        """Whether the bytes of an entry are there."""
        return row.path is not None and (self.folder / row.path).is_file()

    def held(self, session: Session) -> Sequence[QuarantineRow]:
        """What may be judged again and whose bytes were kept, in order of arrival.

        That is what did not verify, and conflicts of packets of which their node has no other: another node had used
        the id before, when ids still counted for all nodes together.
        """
        taken = exists().where(
            PacketRow.node_id == QuarantineRow.node_id, PacketRow.packet_id == QuarantineRow.packet_id
        )
        query = select(QuarantineRow).where(
            QuarantineRow.path.is_not(None), or_(QuarantineRow.status == "quarantined", ~taken)
        )
        return session.scalars(query.order_by(QuarantineRow.id)).all()

    @contextlib.contextmanager
    def opened(self, row: QuarantineRow) -> Iterator[Part | None]:
        """The bytes as they came, on the disk; None (and a line in the log) when the file is gone."""
        path = self.folder / str(row.path)
        try:
            file = path.open("rb")
        except OSError as error:
            log.error("quarantined bytes cannot be read path=%s %s", path, error)
            yield None
            return
        with file:
            yield Part.whole(file)

    def release(self, session: Session, entry: int) -> Path | None:
        """Forget an entry, as its packet is stored now; the file to `discard` after the commit."""
        row = session.get(QuarantineRow, entry)
        if row is None:
            return None
        log.warning("released from quarantine node=%s packet=%s was: %s", row.node_id, row.packet_id, row.reason)
        session.delete(row)
        return None if row.path is None else self.folder / row.path

    def keep(self, session: Session, *, node: str, packet_id: str, container_sha256: str, data: Part) -> Path:
        """Put the bytes on disk for `record`. Raises `StoreFull` when the node's share, the whole or the disk is full.

        `session` is only read, and no transaction that writes is open meanwhile.
        """
        here = QuarantineRow.node_id == node
        kept = QuarantineRow.path.is_not(None)
        total, own, items = session.execute(
            select(
                func.coalesce(func.sum(QuarantineRow.size).filter(kept), 0),
                func.coalesce(func.sum(QuarantineRow.size).filter(kept, here), 0),
                func.count().filter(here),
            )
        ).one()
        limits = self.limits
        share = min(limits.quarantine_bytes_per_node, limits.quarantine_bytes // _NODES_AT_ONCE)
        if self.known(session, node, packet_id, container_sha256) is None and items >= limits.quarantine_items_per_node:
            raise _full(node, f"{items} entries of this node lie there", "limits.quarantine_items_per_node")
        if own and own + data.size > share:  # one packet of any size may be kept
            raise _full(node, f"{own} bytes of this node lie there", "limits.quarantine_bytes_per_node")
        if total + data.size > limits.quarantine_bytes:
            raise _full(node, f"{total} bytes lie there in all", "limits.quarantine_bytes")
        path = self.folder / node / f"{packet_id}-{container_sha256[:32]}.glp"
        write_durably(path, data, sha256=container_sha256, temporary=self.folder / "tmp", folders=self._folders)
        return path

    def record(
        self, session: Session, path: Path, *, node: str, packet_id: str, container_sha256: str, size: int,
        status: ReceiptStatus, reason: str, now: datetime,
    ) -> None:  # fmt: skip
        """The entry of bytes that were kept. An entry without bytes, of older software, gets them now."""
        row = self.known(session, node, packet_id, container_sha256)
        if row is None:
            row = QuarantineRow(node_id=node, packet_id=packet_id, container_sha256=container_sha256)
            session.add(row)
        row.size, row.status, row.reason, row.at = size, status, reason[:_REASON_CHARS], now
        row.path = str(path.relative_to(self.folder))
        session.flush()


def _full(node: str, what: str, setting: str) -> StoreFull:
    return StoreFull(
        f"quarantine has no room: {what}",
        where=f"node {node}",
        remedy=f"mend the cause and `giaolo central rejudge`, or raise {setting}; the node keeps its packet",
    )
