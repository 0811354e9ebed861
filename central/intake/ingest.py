"""From messages to committed packets. No MQTT here: messages come in as values, replies go out as values.

A receipt is made only after the commit. Whatever goes wrong on our side (disk, database) leaves the node without a
receipt, so it keeps the packet and offers it again.
"""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from central.cases.opening import create_case
from central.centre import Centre
from central.intake import chain, gaps
from central.intake.nodes import check_seal
from central.intake.quarantine import Quarantine
from central.intake.transfers import Transfer, TransferRefused, Transfers
from central.ledger import merkle
from central.metrics import COMMIT_S, PACKETS, REFUSED
from central.pictures.opening import check_pictures
from central.store.alarms import raise_alarm
from central.store.blobs import StoreError, StoreFull
from central.store.db import NodeRow, PacketFileRow, PacketRow
from evidence.canonical import canonical_json, sha256_hex
from evidence.container import OpenedPacket, open_packet
from evidence.errors import PacketError
from evidence.packet import Manifest
from evidence.receipt import Receipt, ReceiptStatus, sign_receipt
from evidence.wire import Chunk, Health, Offer, Want, encode

log = logging.getLogger(__name__)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Reply:
    """A message to a node."""

    node: str
    kind: Literal["want", "receipt"]
    payload: bytes


@dataclass(frozen=True)
class Outcome:
    """How a container was judged."""

    status: ReceiptStatus
    reason: str = ""
    digest: str | None = None


class Ingest:
    """One worker. Several may share a database; each has its own `transfers`."""

    def __init__(self, centre: Centre, transfers: Transfers, quarantine: Quarantine) -> None:
        self._centre = centre
        self._transfers = transfers
        self._quarantine = quarantine

    @classmethod
    def of(cls, centre: Centre) -> Ingest:
        config = centre.config
        return cls(
            centre, Transfers(config.transfer_dir, config.limits), Quarantine(config.quarantine_dir, config.limits)
        )

    def offer(self, node: str, offer: Offer) -> list[Reply]:
        """Answer an offer: receipt when it is settled already, else the missing chunks; nothing for a stranger."""
        now = self._centre.clock()
        with self._centre.db.read() as session:
            row = session.get(NodeRow, node)
            settled = self._settled(session, node, offer) if row is not None and row.enabled else None
        if row is None or not row.enabled:
            self._stranger(node, row is not None, now)
            return []
        if settled is not None:
            return [self._receipt(node, offer.packet_id, offer.container_sha256, settled)]
        try:
            transfer = self._transfers.open(node, offer, now=now)
        except TransferRefused as error:
            REFUSED.labels(error.reason).inc()
            with self._centre.db.write() as session:
                raise_alarm(session, error.reason, node, offer.packet_id, str(error), now)
            return []
        return self._go_on(transfer)

    def chunk(self, node: str, chunk: Chunk) -> list[Reply]:
        """Keep a chunk; when it was the last one, judge the packet and answer with the receipt."""
        transfer = self._transfers.add(node, chunk, now=self._centre.clock())
        if transfer is None:
            REFUSED.labels("chunk_without_offer").inc()
            return []
        if self._transfers.missing(transfer):
            return []
        return self._go_on(transfer)

    def health(self, node: str, health: Health, *, retained: bool = False) -> None:
        """Keep what a known node says of itself; strangers are counted only."""
        if health.node != node:
            REFUSED.labels("health_of_another_node").inc()
            log.warning("health dropped topic_node=%s message_node=%s", node, health.node)
            return
        now = self._centre.clock()
        with self._centre.db.write() as session:
            row = session.get(NodeRow, node)
            if row is None:
                REFUSED.labels("unknown_node").inc()
                return
            row.status, row.health = health.status, health.model_dump(mode="json")
            # a retained message or a last will is the broker speaking, not the node
            if not retained and health.status != "lost":
                row.last_seen = now
                gaps.watch_health(session, row, health, now)

    def alarm(self, kind: str, text: str) -> None:
        """Tell people of something about the broker itself."""
        with self._centre.db.write() as session:
            raise_alarm(session, kind, None, None, text, self._centre.clock())

    def maintain(self) -> None:
        """Every few minutes: drop dead transfers and half-written files, sign a checkpoint."""
        now = self._centre.clock()
        expired = self._transfers.expire(now=now)
        if expired:
            log.warning("transfers expired count=%d", expired)
        self._centre.store.clean(now_s=now.timestamp())
        with self._centre.db.write() as session:
            merkle.checkpoint(session, self._centre.key, centre=self._centre.config.centre_id, now=now)

    def rejudge(self) -> list[tuple[str, Outcome]]:
        """Judge again what lies in quarantine: a node's key was corrected, or software that knew less. By packet id.

        What is good now becomes a packet and leaves the quarantine; its node was told to stop sending it.
        """
        with self._centre.db.read() as session:
            held = self._quarantine.held(session)
        judged = []
        for row in held:
            data = self._quarantine.read(row)
            if data is None:
                continue
            outcome = self._judge(row.node_id, row.packet_id, data, self._centre.clock())
            if outcome.status in ("stored", "duplicate"):
                with self._centre.db.write() as session:
                    file = self._quarantine.release(session, row.id)
                if file is not None:
                    file.unlink(missing_ok=True)
            judged.append((row.packet_id, outcome))
        return judged

    def accept(self, node: str, packet_id: str, data: bytes) -> Outcome:
        """Judge a whole container and keep it, as a packet or in quarantine.

        Raises `StoreFull` when it could not be kept at all, and database errors: then there is no receipt.
        """
        now = self._centre.clock()
        outcome = self._judge(node, packet_id, data, now)
        if outcome.status in ("quarantined", "conflict"):
            self._keep_aside(node, packet_id, data, outcome, now)
        return outcome

    def _keep_aside(self, node: str, packet_id: str, data: bytes, outcome: Outcome, now: datetime) -> None:
        name = sha256_hex(data)
        try:
            with self._centre.db.read() as session:
                path = self._quarantine.keep(session, node=node, packet_id=packet_id, container_sha256=name, data=data)
        except StoreFull as error:
            with self._centre.db.write() as session:
                raise_alarm(session, "quarantine_full", node, None, f"{error} (refused for: {outcome.reason})", now)
            raise
        with self._centre.db.write() as session:
            self._quarantine.record(
                session, path, node=node, packet_id=packet_id, container_sha256=name, size=len(data),
                status=outcome.status, reason=outcome.reason, now=now,
            )  # fmt: skip
            raise_alarm(session, outcome.status, node, packet_id, outcome.reason, now)

    def _judge(self, node: str, packet_id: str, data: bytes, now: datetime) -> Outcome:
        """Verify, and store if good."""
        digest: str | None = None
        try:
            opened = open_packet(data)
            digest = opened.manifest.digest
            self._check_origin(node, packet_id, opened)
            _check_times(opened.manifest, now)
            check_pictures(opened.manifest, opened.files)
        except PacketError as error:
            return Outcome("quarantined", str(error), digest)
        try:
            return self._store(opened, len(data), now)
        except DataError as error:
            # said again it would fail again: a person has to look at it
            return Outcome("quarantined", f"the database cannot hold it: {error.orig}", digest)

    def _go_on(self, transfer: Transfer) -> list[Reply]:
        offer = transfer.offer
        missing = self._transfers.missing(transfer)
        data = None if missing else self._transfers.read(transfer)
        if data is None:
            if not missing:
                log.error("transfer damaged on disk, starting again packet=%s", offer.packet_id)
            ranges = missing or [(0, offer.chunks - 1)]
            if not missing:
                self._transfers.open(transfer.node, offer, now=self._centre.clock())
            want = Want(packet_id=offer.packet_id, container_sha256=offer.container_sha256, ranges=ranges)
            return [Reply(transfer.node, "want", encode(want))]
        started = time.monotonic()
        outcome = self.accept(transfer.node, offer.packet_id, data)
        COMMIT_S.observe(time.monotonic() - started)
        self._transfers.drop(transfer)
        return [self._receipt(transfer.node, offer.packet_id, offer.container_sha256, outcome)]

    def _settled(self, session: Session, node: str, offer: Offer) -> Outcome | None:
        """What was decided about exactly these bytes, if they are still here; else the node is asked for them again."""
        row = _packet(session, node, offer.packet_id)
        if row is not None and row.container_sha256 == offer.container_sha256:
            return Outcome("duplicate", digest=row.digest) if self._whole(row) else None
        kept = self._quarantine.known(session, node, offer.packet_id, offer.container_sha256)
        if kept is None or not self._quarantine.holds(kept):
            return None
        return Outcome("conflict" if kept.status == "conflict" else "quarantined", kept.reason)

    def _whole(self, row: PacketRow) -> bool:
        """Whether every file of a stored packet is there and unaltered: the node forgets its own on our word."""
        for file in row.files:
            try:
                self._centre.store.read(file.sha256)
            except StoreError as error:
                log.error("stored packet is not whole, asking its node again packet=%s %s", row.packet_id, error)
                return False
        return True

    def _check_origin(self, node: str, packet_id: str, opened: OpenedPacket) -> None:
        manifest = opened.manifest
        if manifest.node.id != node:
            raise PacketError(f"was sent by node {node} but names node {manifest.node.id}", where="node.id")
        if manifest.packet_id != packet_id:
            raise PacketError(f"was offered as {packet_id} but is {manifest.packet_id}", where="packet_id")
        with self._centre.db.read() as session:
            row = session.get(NodeRow, node)
            if row is None or not row.enabled:
                raise PacketError(
                    f"node {node} is not registered or not enabled", where="node.id", remedy="add the node"
                )
            check_seal(session, manifest, opened.seal)

    def _store(self, opened: OpenedPacket, size: int, now: datetime) -> Outcome:
        for data in opened.files.values():
            self._centre.store.put(data)
        for attempt in (1, 2):
            try:
                with self._centre.db.write() as session:
                    return self._commit(session, opened, size, now)
            except IntegrityError:
                if attempt == 2:
                    raise  # the first time, another worker may just have stored the same packet
        raise AssertionError

    def _commit(self, session: Session, opened: OpenedPacket, size: int, now: datetime) -> Outcome:
        manifest = opened.manifest
        digest = manifest.digest
        # holds the node's row until the commit: two packets of one node find their places one after the other
        session.execute(update(NodeRow).where(NodeRow.id == manifest.node.id).values(last_seen=now))
        known = _packet(session, manifest.node.id, manifest.packet_id)
        if known is not None:
            if known.digest == digest:
                return Outcome("duplicate", digest=digest)
            reason = f"packet {manifest.packet_id} is already stored with another digest ({known.digest[:16]}…)"
            return Outcome("conflict", reason, digest)
        state, touched = self._link(
            session, manifest.node.id, chain.Link(manifest.chain.sequence, digest, manifest.chain.previous)
        )
        if state == "fork":
            text = f"packet {manifest.packet_id} (number {manifest.chain.sequence}) contradicts the node's chain"
            raise_alarm(session, "fork", manifest.node.id, manifest.packet_id, text, now)
        row = PacketRow(
            id=self._row_id(session, manifest, now),
            packet_id=manifest.packet_id,
            node_id=manifest.node.id,
            sequence=manifest.chain.sequence,
            previous=manifest.chain.previous,
            digest=digest,
            container_sha256=opened.container_sha256,
            size=size,
            manifest=manifest.to_bytes().decode(),
            seal=canonical_json(opened.seal.model_dump(mode="json")).decode(),
            chain_state=state,
            occurred_at=manifest.act.occurred_at,
            received_at=now,
            log_index=merkle.append(session, digest),
            files=[
                PacketFileRow(
                    position=i, name=f.name, role=f.role, media_type=f.media_type, size=f.size, sha256=f.sha256
                )
                for i, f in enumerate(manifest.files)
            ],
        )
        session.add(row)
        session.flush()
        create_case(session, row.id, manifest, case_id=str(uuid.uuid4()), now=now)
        if touched:
            gaps.watch_chain(session, session.get_one(NodeRow, manifest.node.id), now)
        return Outcome("stored", digest=digest)

    def _row_id(self, session: Session, manifest: Manifest, now: datetime) -> str:
        """The packet's own id where it is free: random ids never meet by chance, but a node may use another's."""
        other = session.get(PacketRow, manifest.packet_id)
        if other is None:
            return manifest.packet_id
        text = (
            f"nodes {other.node_id} and {manifest.node.id} use the same packet id: one of them took it from the other"
        )
        raise_alarm(session, "shared_id", manifest.node.id, manifest.packet_id, text, now)
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{manifest.node.id}/{manifest.packet_id}"))

    def _link(self, session: Session, node: str, link: chain.Link) -> tuple[chain.ChainState, bool]:
        """The packet's state, and whether it opened or closed a gap."""
        rows = session.scalars(
            select(PacketRow).where(
                PacketRow.node_id == node, PacketRow.sequence.between(link.sequence - 1, link.sequence + 1)
            )
        ).all()
        state, changes = chain.place(link, [chain.Link(r.sequence, r.digest, r.previous) for r in rows])
        for row in rows:
            row.chain_state = changes.get(row.digest, row.chain_state)
        return state, state == "gap" or any(r.sequence == link.sequence + 1 for r in rows)

    def _stranger(self, node: str, known: bool, now: datetime) -> None:
        kind = "disabled_node" if known else "unknown_node"
        REFUSED.labels(kind).inc()
        fault = "switched off" if known else "not registered"
        text = f"node {node} offers packets but is {fault}: giaolo central add-node"
        with self._centre.db.write() as session:
            # one alarm in all for strangers, so that made-up names cannot fill the table
            raise_alarm(session, kind, node if known else None, None, text, now)

    def _receipt(self, node: str, packet_id: str, container_sha256: str, outcome: Outcome) -> Reply:
        PACKETS.labels(outcome.status).inc()
        log.info("receipt node=%s packet=%s status=%s %s", node, packet_id, outcome.status, outcome.reason)
        receipt = Receipt(
            node=node,
            packet_id=packet_id,
            packet_digest=outcome.digest,
            container_sha256=container_sha256,
            status=outcome.status,
            reason=outcome.reason[:1000],
            centre=self._centre.config.centre_id,
            at=self._centre.clock(),
        )
        return Reply(node, "receipt", sign_receipt(receipt, self._centre.key).to_bytes())


def _packet(session: Session, node: str, packet_id: str) -> PacketRow | None:
    """Ids count for one node: another's packet of the same id is another packet."""
    return session.scalar(select(PacketRow).where(PacketRow.node_id == node, PacketRow.packet_id == packet_id))


def _check_times(manifest: Manifest, now: datetime) -> None:
    """Times that no clock shows would break calendars further on. A clock that is merely wrong is flagged instead."""
    for name, at in (("created_at", manifest.created_at), ("act.occurred_at", manifest.act.occurred_at)):
        if not _EARLIEST <= at <= now + _AHEAD:
            raise PacketError(f"{at.isoformat()} cannot be: here it is {now.isoformat()}", where=name)
