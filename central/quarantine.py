"""What does not verify is kept aside with its reason, within limits, and never stops anything."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.config import Limits
from central.db import AlarmRow, QuarantineRow
from central.store import StoreError, write_durably
from evidence.receipt import ReceiptStatus

log = logging.getLogger(__name__)
_REASON_CHARS = 900


class Quarantine:
    """Rows in the database, bytes under `folder`."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        folder.mkdir(parents=True, exist_ok=True)

    def known(self, session: Session, node: str, packet_id: str, container_sha256: str) -> QuarantineRow | None:
        """What was decided about exactly these bytes before."""
        return session.scalar(
            select(QuarantineRow).where(
                QuarantineRow.node_id == node,
                QuarantineRow.packet_id == packet_id,
                QuarantineRow.container_sha256 == container_sha256,
            )
        )

    def held(self, session: Session) -> Sequence[QuarantineRow]:
        """What did not verify and whose bytes were kept, in order of arrival."""
        query = select(QuarantineRow).where(QuarantineRow.status == "quarantined", QuarantineRow.path.is_not(None))
        return session.scalars(query.order_by(QuarantineRow.id)).all()

    def read(self, row: QuarantineRow) -> bytes | None:
        """The bytes as they came; None (and a line in the log) when the file is gone."""
        path = self.folder / str(row.path)
        try:
            return path.read_bytes()
        except OSError as error:
            log.error("quarantined bytes cannot be read path=%s %s", path, error)
            return None

    def release(self, session: Session, entry: int) -> None:
        """Forget an entry: its packet is stored now."""
        row = session.get(QuarantineRow, entry)
        if row is not None:
            log.warning("released from quarantine node=%s packet=%s was: %s", row.node_id, row.packet_id, row.reason)
            session.delete(row)
            if row.path is not None:
                (self.folder / row.path).unlink(missing_ok=True)

    def add(
        self, session: Session, *, node: str, packet_id: str, container_sha256: str, data: bytes,
        status: ReceiptStatus, reason: str, now: datetime,
    ) -> None:  # fmt: skip
        """Record the refusal; the bytes are kept while there is room for them, the row while the node has rows left."""
        if self.known(session, node, packet_id, container_sha256):
            return
        total, items = session.execute(
            select(
                func.coalesce(func.sum(QuarantineRow.size).filter(QuarantineRow.path.is_not(None)), 0),
                func.count().filter(QuarantineRow.node_id == node),
            )
        ).one()
        if items >= self.limits.quarantine_items_per_node and status != "conflict":
            raise_alarm(session, "quarantine_full", node, None, f"quarantine of {node} is full ({items} entries)", now)
            return
        path: Path | None = None
        if total + len(data) <= self.limits.quarantine_bytes:
            path = self.folder / node / f"{packet_id}-{container_sha256[:32]}.glp"
            try:
                write_durably(path, data, temporary=self.folder / "tmp")
            except StoreError as error:
                log.error("quarantine keeps no bytes packet=%s %s", packet_id, error)
                path = None
        if path is None:
            raise_alarm(session, "quarantine_full", node, None, "quarantine has no room: bytes were not kept", now)
        session.add(
            QuarantineRow(
                node_id=node,
                packet_id=packet_id,
                container_sha256=container_sha256,
                size=len(data),
                status=status,
                reason=reason[:_REASON_CHARS],
                path=str(path.relative_to(self.folder)) if path else None,
                at=now,
            )
        )
        session.flush()


def raise_alarm(session: Session, kind: str, node: str | None, packet_id: str | None, text: str, now: datetime) -> None:
    """Tell people once: the same open alarm is not repeated."""
    same = select(AlarmRow.id).where(
        AlarmRow.kind == kind,
        AlarmRow.node_id == node,
        AlarmRow.packet_id == packet_id,
        AlarmRow.acknowledged_at.is_(None),
    )
    if session.scalar(same.limit(1)) is None:
        log.error("alarm kind=%s node=%s packet=%s %s", kind, node, packet_id, text)
        session.add(AlarmRow(kind=kind, node_id=node, packet_id=packet_id, text=text[:2000], at=now))
        session.flush()
