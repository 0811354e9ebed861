"""A packet that was judged good becomes rows: its place in the chain and in the log, and its case. One transaction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, defer

from central.cases.opening import create_case
from central.intake import chain, gaps, test_acts
from central.ledger import merkle
from central.store.alarms import raise_alarm
from central.store.base import table_of
from central.store.packet_tables import NodeRow, PacketFileRow, PacketRow
from evidence.canonical import canonical_json, sha256_hex
from evidence.container import OpenedPacket, OpenedTest
from evidence.marked import TestManifest
from evidence.packet import SealedManifest
from evidence.receipt import ReceiptStatus


@dataclass(frozen=True)
class Outcome:
    """How a container was judged."""

    status: ReceiptStatus
    reason: str = ""
    digest: str | None = None


# built once: building them costs as much as asking them
_NODES = table_of(NodeRow)
_SEEN_NOW = update(_NODES).where(_NODES.c.id == bindparam("node")).values(last_seen=bindparam("now"))
_PACKET = select(PacketRow).where(PacketRow.node_id == bindparam("node"), PacketRow.packet_id == bindparam("packet"))
_WITH_ID = select(PacketRow).where(PacketRow.id == bindparam("id"))
_NEIGHBOURS = select(PacketRow).options(defer(PacketRow.manifest), defer(PacketRow.seal)).where(
    PacketRow.node_id == bindparam("node"), PacketRow.sequence.between(bindparam("before"), bindparam("after"))
)  # fmt: skip


def packet_of(session: Session, node: str, packet_id: str) -> PacketRow | None:
    """Ids count for one node: another's packet of the same id is another packet."""
    return session.scalar(_PACKET, {"node": node, "packet": packet_id})


def commit(session: Session, opened: OpenedPacket | OpenedTest, size: int, now: datetime) -> Outcome:
    """Rows of a packet that was judged good, and its case, in one transaction; `size` of its container in bytes.

    A test act has its place in chain and log like every packet; it has no case, and its pictures are not kept.
    """
    manifest = opened.manifest
    said = manifest.to_bytes()
    digest = sha256_hex(said)  # the manifest's own: writing it out takes longer than a step
    # holds the node's row until the commit: two packets of one node find their places one after the other
    session.execute(_SEEN_NOW, {"node": manifest.node.id, "now": now})
    known = packet_of(session, manifest.node.id, manifest.packet_id)
    if known is not None:
        if known.digest == digest:  # packet-v1 step 36: an id has one content
            return Outcome("duplicate", digest=digest)
        reason = f"packet {manifest.packet_id} is already stored with another digest ({known.digest[:16]}…)"
        return Outcome("conflict", reason, digest)
    state, touched = _link(
        session, manifest.node.id, chain.Link(manifest.chain.sequence, digest, manifest.chain.previous)
    )
    if state == "fork":
        text = f"packet {manifest.packet_id} (number {manifest.chain.sequence}) contradicts the node's chain"
        raise_alarm(session, "fork", manifest.node.id, manifest.packet_id, text, now)
    row = PacketRow(
        id=_row_id(session, manifest, now),
        packet_id=manifest.packet_id,
        node_id=manifest.node.id,
        sequence=manifest.chain.sequence,
        previous=manifest.chain.previous,
        digest=digest,
        container_sha256=opened.container_sha256,
        size=size,
        manifest=said.decode(),
        seal=canonical_json(opened.seal.model_dump(mode="json")).decode(),
        chain_state=state,
        occurred_at=manifest.occurred_at,
        received_at=now,
        log_index=merkle.append(session, digest),
        files=[
            PacketFileRow(position=i, name=f.name, role=f.role, media_type=f.media_type, size=f.size, sha256=f.sha256)
            for i, f in enumerate([] if isinstance(manifest, TestManifest) else manifest.files)
        ],
    )
    session.add(row)
    session.flush()
    if isinstance(manifest, TestManifest):
        test_acts.note(session, row, manifest, now)
    else:
        create_case(session, row, manifest, case_id=str(uuid.uuid4()), now=now)
    if touched:
        gaps.watch_chain(session, session.get_one(NodeRow, manifest.node.id), now)
    return Outcome("stored", digest=digest)


def _row_id(session: Session, manifest: SealedManifest, now: datetime) -> str:
    """The packet's own id where it is free: random ids never meet by chance, but a node may use another's."""
    other = session.scalar(_WITH_ID, {"id": manifest.packet_id})
    if other is None:
        return manifest.packet_id
    text = f"nodes {other.node_id} and {manifest.node.id} use the same packet id: one of them took it from the other"
    raise_alarm(session, "shared_id", manifest.node.id, manifest.packet_id, text, now)
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{manifest.node.id}/{manifest.packet_id}"))


def _link(session: Session, node: str, link: chain.Link) -> tuple[chain.ChainState, bool]:
    """The packet's state, and whether it opened or closed a gap."""
    around = {"node": node, "before": link.sequence - 1, "after": link.sequence + 1}
    rows = session.scalars(_NEIGHBOURS, around).all()
    state, changes = chain.place(link, [chain.Link(r.sequence, r.digest, r.previous) for r in rows])
    for row in rows:
        row.chain_state = changes.get(row.digest, row.chain_state)
    return state, state == "gap" or any(r.sequence == link.sequence + 1 for r in rows)
