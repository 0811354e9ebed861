"""What is missing in a node's chain: told while it is missing, taken back when it has come.

Two signs. A number after one that never came (a gap). And a node that holds our receipt for a number which we do not
have: then this database is older than the receipts, as after the restore of a backup. Both end with
`giaolo edge outbox resend` on the box, which keeps what it delivered for a while.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.store.alarms import BY_ITSELF, raise_alarm
from central.store.packet_tables import AlarmRow, NodeRow, PacketRow
from evidence.wire import Health

OLD_PACKET_S = 6 * 3600
"""A packet that waits longer on its box than a shift has a fault that somebody must mend: link, rights, room."""
_RANGES = 20
_GAP, _BEHIND, _WAITING = "gap", "behind_node", "old_packets"


def missing(session: Session, node: str, *, limit: int = _RANGES) -> list[tuple[int, int]]:
    """Numbers that have not arrived though later ones have, as inclusive ranges; at most `limit` of them."""
    before = select(func.max(PacketRow.sequence)).correlate(None)
    after_gaps = session.scalars(
        select(PacketRow.sequence)
        .where(PacketRow.node_id == node, PacketRow.chain_state == "gap")
        .order_by(PacketRow.sequence)
        .limit(limit)
    ).all()
    ranges = []
    for sequence in after_gaps:
        last = session.scalar(before.where(PacketRow.node_id == node, PacketRow.sequence < sequence)) or 0
        if last + 1 < sequence:
            ranges.append((last + 1, sequence - 1))
    return ranges


def watch_chain(session: Session, node: NodeRow, now: datetime) -> None:
    """Raise or take back the alarm of a gap. What the node itself still holds unsent is on its way, not missing.

    A node that has not told yet what it holds may hold all of it: its first heartbeat brings us here again.
    """
    ranges = missing(session, node.id)
    count = sum(last - first + 1 for first, last in ranges)
    told = node.health
    if not count or (told is not None and count <= int(told.get("outbox_pending", 0))):
        _take_back(session, _GAP, node.id, now)
        return
    if told is None:
        return
    shown = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
    resend = f"giaolo edge outbox resend --from {ranges[0][0]} --to {ranges[-1][1]}"
    _raise(session, _GAP, node.id, f"{count} packet(s) of {node.id} are missing: {shown}; on the box: {resend}", now)


def watch_health(session: Session, node: NodeRow, health: Health, now: datetime) -> None:
    """Hold what a node says of its chain against what is here; and tell of packets that wait too long on it."""
    here = session.scalar(select(func.max(PacketRow.sequence)).where(PacketRow.node_id == node.id)) or 0
    there = health.delivered_sequence or 0
    if there > here:
        text = (
            f"{node.id} has receipts up to packet {there}, here is nothing after {here}: was a backup restored? "
            f"On the box: giaolo edge outbox resend --from {here + 1}"
        )
        _raise(session, _BEHIND, node.id, text, now)
    else:
        _take_back(session, _BEHIND, node.id, now)
    age_s = health.oldest_pending_s or 0.0
    if age_s > OLD_PACKET_S:
        _raise(session, _WAITING, node.id, f"a packet waits on {node.id} for {age_s / 3600:.0f} hours", now)
    else:
        _take_back(session, _WAITING, node.id, now)
    watch_chain(session, node, now)


def _raise(session: Session, kind: str, node: str, text: str, now: datetime) -> None:
    """Open the alarm, or bring its text up to date; one that ended by itself is opened again, not doubled."""
    row = session.scalar(
        select(AlarmRow)
        .where(AlarmRow.kind == kind, AlarmRow.node_id == node)
        .where(AlarmRow.acknowledged_at.is_(None) | (AlarmRow.acknowledged_by == BY_ITSELF))
        .order_by(AlarmRow.acknowledged_at.is_not(None), AlarmRow.id.desc())
        .limit(1)
    )
    if row is None:
        raise_alarm(session, kind, node, None, text, now)
        return
    if row.acknowledged_at is not None:
        row.acknowledged_at = row.acknowledged_by = None
        row.at = now
    row.text = text[:2000]


def _take_back(session: Session, kind: str, node: str, now: datetime) -> None:
    opened = select(AlarmRow).where(AlarmRow.kind == kind, AlarmRow.node_id == node, AlarmRow.acknowledged_at.is_(None))
    for row in session.scalars(opened):
        row.acknowledged_at, row.acknowledged_by = now, BY_ITSELF
