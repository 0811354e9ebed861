"""What a person must look at: raised once, open until somebody says that he has seen it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from central.store.blobs import BlobUnsound
from central.store.db import Database
from central.store.packet_tables import AlarmRow, PacketFileRow, PacketRow
from evidence.errors import GiaoLoError

log = logging.getLogger(__name__)
BY_ITSELF = "giaolo"
"""Who has seen an alarm that is over by itself."""


class AlarmError(GiaoLoError):
    """An alarm cannot be acknowledged."""


def raise_alarm(
    session: Session,
    kind: str,
    node: str | None,
    packet_id: str | None,
    text: str,
    now: datetime,
    *,
    beside: bool = False,
) -> None:
    """Tell people once: the same open alarm is not repeated. `beside`: though one of its kind is open, of another
    camera."""
    same = select(AlarmRow.id).where(
        AlarmRow.kind == kind,
        AlarmRow.node_id == node,
        AlarmRow.packet_id == packet_id,
        AlarmRow.acknowledged_at.is_(None),
    )
    if beside or session.scalar(same.limit(1)) is None:
        log.error("alarm kind=%s node=%s packet=%s %s", kind, node, packet_id, text)
        session.add(AlarmRow(kind=kind, node_id=node, packet_id=packet_id, text=text[:2000], at=now))
        session.flush()


def open_alarms(session: Session, *, limit: int = 200) -> Sequence[AlarmRow]:
    """What nobody has acknowledged yet, newest first."""
    waiting = (
        select(AlarmRow).where(AlarmRow.acknowledged_at.is_(None)).order_by(AlarmRow.at.desc(), AlarmRow.id.desc())
    )
    return session.scalars(waiting.limit(limit)).all()


def acknowledge(session: Session, alarm_id: int, *, by: str, now: datetime) -> bool:
    """Say that `by` has seen the alarm; False when somebody had said so before. Raises `AlarmError`.

    An acknowledged alarm is closed: the same fault after it raises a new one (`raise_alarm` looks at open ones only).
    """
    if not 0 < alarm_id < 2**63 or session.get(AlarmRow, alarm_id) is None:
        raise AlarmError("there is no such alarm", where=str(alarm_id), remedy="giaolo central alarms")
    seen = (
        update(AlarmRow)
        .where(AlarmRow.id == alarm_id, AlarmRow.acknowledged_at.is_(None))
        .values(acknowledged_at=now, acknowledged_by=by)
        .returning(AlarmRow.id)
    )
    return session.scalar(seen) is not None


def alarm_unsound(database: Database, error: BlobUnsound, now: datetime) -> None:
    """Tell people that stored evidence is missing or altered, with the packet that it belongs to."""
    with database.write() as session:
        file = session.execute(
            select(PacketFileRow.name, PacketRow.id, PacketRow.node_id)
            .join(PacketRow, PacketRow.id == PacketFileRow.packet_id)
            .where(PacketFileRow.sha256 == error.sha256)
            .limit(1)
        ).first()
        name, packet, node = file if file is not None else (f"blob {error.sha256[:16]}…", None, None)
        raise_alarm(session, "evidence_unsound", node, packet, f"{name}: {error.what}", now)


def follow_camera(
    session: Session, node: str, camera: str, kinds: Collection[str], kind: str | None, text: str, now: datetime, *,
    new: bool,
) -> None:  # fmt: skip
    """Alarms of `kinds` about one camera (`text` begins with its id and a colon): take back those that are over, bring
    the open one of `kind` up to date, raise one where there is none and the state is `new`. None: all is well."""
    mine = select(AlarmRow).where(
        AlarmRow.kind.in_(sorted(kinds)),
        AlarmRow.node_id == node,
        AlarmRow.text.startswith(f"{camera}: ", autoescape=True),
        AlarmRow.acknowledged_at.is_(None),
    )
    same = []
    for row in session.scalars(mine).all():
        if row.kind == kind:
            same.append(row)
        else:
            row.acknowledged_at, row.acknowledged_by = now, BY_ITSELF
    if kind is not None and same:
        same[0].text = text
    elif kind is not None and new:
        raise_alarm(session, kind, node, None, text, now, beside=True)
