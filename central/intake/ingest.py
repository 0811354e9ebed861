"""Messages of nodes and the answers to them, both as values: no MQTT here. `central.intake.gate` judges containers.

A receipt is made only after the commit. Whatever goes wrong on our side (disk, database) leaves the node without a
receipt, so it keeps the packet and offers it again.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from central.centre import Centre
from central.intake import gaps, pictures, signals, test_acts, traffic
from central.intake.committing import Outcome
from central.intake.gate import Gate
from central.intake.transfers import Transfer, TransferRefused, Transfers
from central.ledger import merkle
from central.metrics import COMMIT_S, PACKETS, REFUSED
from central.store.alarms import raise_alarm
from central.store.packet_tables import NodeRow
from central.switches.book import going_on, last_said, nodes_told
from evidence.centre_keys import write_changes
from evidence.receipt import Receipt, sign_receipt
from evidence.switches import MOST, sign_switches
from evidence.wire import Chunk, Health, Offer, Want, encode

log = logging.getLogger(__name__)
CATCH_UP = timedelta(minutes=30)
"""After a start of the centre what waited on the boxes comes first; then is asked whose test act is missing."""


@dataclass(frozen=True)
class Reply:
    """A message to a node."""

    node: str
    kind: Literal["want", "receipt", "keys", "switches"]
    payload: bytes


class Ingest:
    """One worker. Several may share a database; each has its own `transfers`."""

    def __init__(self, centre: Centre, transfers: Transfers, gate: Gate) -> None:
        self.gate = gate
        self._centre = centre
        self._transfers = transfers
        self._began = centre.clock()

    @classmethod
    def of(cls, centre: Centre) -> Ingest:
        return cls(centre, Transfers(centre.config.transfer_dir, centre.config.limits), Gate.of(centre))

    def offer(self, node: str, offer: Offer) -> list[Reply]:
        """Answer an offer: receipt when it is settled already, else the missing chunks; nothing for a stranger."""
        now = self._centre.clock()
        with self._centre.db.read() as session:
            row = session.get(NodeRow, node)
            settled = self.gate.settled(session, node, offer) if row is not None and row.enabled else None
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
            row.status = health.status
            if health.status == "lost":
                return  # the broker speaks and knows no numbers: what the node told last stands
            before, row.health = row.health, health.model_dump(mode="json")
            if not retained:  # else the broker speaks, of a while ago
                row.last_seen = now
                gaps.watch_health(session, row, health, now)
                pictures.watch_pictures(session, row, before, health, now)
                signals.watch_signals(session, row, before, health, now)
                traffic.watch_traffic(session, row, before, health, now)
                test_acts.watch_health(session, row, health, now)

    def alarm(self, kind: str, text: str) -> None:
        """Tell people of something about the broker itself."""
        with self._centre.db.write() as session:
            raise_alarm(session, kind, None, None, text, self._centre.clock())

    def key_changes(self) -> list[Reply]:
        """For each node that is let in: which keys the centre had. Nothing as long as there was one."""
        changes = self._centre.keys.changes
        if not changes:
            return []
        said = write_changes(changes)
        with self._centre.db.read() as session:
            nodes = session.scalars(select(NodeRow.id).where(NodeRow.enabled)).all()
        return [Reply(node, "keys", said) for node in nodes]

    def switches_said(self) -> int:
        """A number that grows with each switch that is said, here or by another process of the centre."""
        with self._centre.db.read() as session:
            return last_said(session)

    def switches(self) -> list[Reply]:
        """For each node that has any: those that it has to know. Signed anew, by the key of today."""
        now, key = self._centre.clock(), self._centre.key
        with self._centre.db.read() as session:
            told = {node: going_on(session, node, now) for node in nodes_told(session, now)}
        return [Reply(node, "switches", sign_switches(those[-MOST:], key)) for node, those in told.items()]

    def maintain(self) -> None:
        """Every few minutes: drop dead transfers and half-written files, sign a checkpoint."""
        now = self._centre.clock()
        expired = self._transfers.expire(now=now)
        if expired:
            log.warning("transfers expired count=%d", expired)
        self._centre.store.clean(now_s=now.timestamp())
        with self._centre.db.write() as session:
            merkle.checkpoint(session, self._centre.key, centre=self._centre.config.centre_id, now=now)
            if now - self._began >= CATCH_UP:
                test_acts.watch_missing(session, now)

    def _go_on(self, transfer: Transfer) -> list[Reply]:
        offer = transfer.offer
        missing = self._transfers.missing(transfer)
        if missing:
            return [self._want(transfer, missing)]
        outcome: Outcome | None = None
        with self._transfers.whole(transfer) as data:
            if data is not None:
                started = time.monotonic()
                outcome = self.gate.accept(transfer.node, offer.packet_id, data)
                COMMIT_S.observe(time.monotonic() - started)
        self._transfers.drop(transfer)
        if outcome is None:
            log.error("transfer damaged on disk, starting again packet=%s", offer.packet_id)
            self._transfers.open(transfer.node, offer, now=self._centre.clock())
            return [self._want(transfer, [(0, offer.chunks - 1)])]
        return [self._receipt(transfer.node, offer.packet_id, offer.container_sha256, outcome)]

    def _want(self, transfer: Transfer, ranges: list[tuple[int, int]]) -> Reply:
        offer = transfer.offer
        want = Want(packet_id=offer.packet_id, container_sha256=offer.container_sha256, ranges=ranges)
        return Reply(transfer.node, "want", encode(want))

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
