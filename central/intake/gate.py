"""Whole containers judged: what verifies becomes a packet, what does not is kept aside with the reason.

Raises nothing for what a node sends. Whatever goes wrong on our side (disk, database) is raised: then there is no
receipt, and the node keeps the packet and offers it again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from central.centre import Centre
from central.intake.committing import Outcome, commit, packet_of
from central.intake.nodes import check_seal
from central.intake.quarantine import Quarantine
from central.pictures.opening import check_pictures
from central.store.alarms import raise_alarm
from central.store.blobs import StoreError, StoreFull
from central.store.keeping_tables import DeletionRow
from central.store.packet_tables import NodeRow, PacketRow
from evidence.container import OpenedPacket, OpenedTest, open_any
from evidence.errors import PacketError
from evidence.marked import AnyManifest
from evidence.part import Part
from evidence.wire import Offer

log = logging.getLogger(__name__)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


class Gate:
    """Decides what enters the record. Several may share a database."""

    def __init__(self, centre: Centre, quarantine: Quarantine) -> None:
        self._centre = centre
        self._quarantine = quarantine

    @classmethod
    def of(cls, centre: Centre) -> Gate:
        return cls(centre, Quarantine(centre.config.quarantine_dir, centre.config.limits))

    def accept(self, node: str, packet_id: str, container: bytes | Part) -> Outcome:
        """Judge a whole container and keep it, as a packet or in quarantine.

        Raises `StoreFull` when it could not be kept at all, and database errors: then there is no receipt.
        """
        now = self._centre.clock()
        data = Part.whole(container) if isinstance(container, bytes) else container
        outcome = self._judge(node, packet_id, data, now)
        if outcome.status in ("quarantined", "conflict"):
            self._keep_aside(node, packet_id, data, outcome, now)
        return outcome

    def settled(self, session: Session, node: str, offer: Offer) -> Outcome | None:
        """What was decided about exactly these bytes, if they are still here; else the node is asked for them again."""
        row = packet_of(session, node, offer.packet_id)
        if row is not None and row.container_sha256 == offer.container_sha256:
            if row.deleted_at is not None:  # at the end of its term, not lost: the node may forget it
                return Outcome("duplicate", digest=row.digest)
            return Outcome("duplicate", digest=row.digest) if self._whole(row) else None
        kept = self._quarantine.known(session, node, offer.packet_id, offer.container_sha256)
        if kept is None or not self._quarantine.holds(kept):
            return None
        return Outcome("conflict" if kept.status == "conflict" else "quarantined", kept.reason)

    def rejudge(self) -> list[tuple[str, Outcome]]:
        """Judge again what lies in quarantine: a node's key was corrected, or software that knew less. By packet id.

        What is good now becomes a packet and leaves the quarantine; its node was told to stop sending it.
        """
        with self._centre.db.read() as session:
            held = self._quarantine.held(session)
        judged = []
        for row in held:
            with self._quarantine.opened(row) as data:
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

    def _keep_aside(self, node: str, packet_id: str, data: Part, outcome: Outcome, now: datetime) -> None:
        name = data.sha256()
        try:
            with self._centre.db.read() as session:
                path = self._quarantine.keep(session, node=node, packet_id=packet_id, container_sha256=name, data=data)
        except StoreFull as error:
            with self._centre.db.write() as session:
                raise_alarm(session, "quarantine_full", node, None, f"{error} (refused for: {outcome.reason})", now)
            raise
        with self._centre.db.write() as session:
            self._quarantine.record(
                session, path, node=node, packet_id=packet_id, container_sha256=name, size=data.size,
                status=outcome.status, reason=outcome.reason, now=now,
            )  # fmt: skip
            raise_alarm(session, outcome.status, node, packet_id, outcome.reason, now)

    def _judge(self, node: str, packet_id: str, data: Part, now: datetime) -> Outcome:
        """Verify, and store if good."""
        digest: str | None = None
        try:
            opened, files = open_any(data)  # packet-v1 steps 1-10
            digest = opened.manifest.digest
            self._check_origin(node, packet_id, opened)
            _check_times(opened.manifest, now)
            check_pictures(opened.manifest, files)
        except PacketError as error:
            return Outcome("quarantined", str(error), digest)
        try:
            return self._store(opened, files, data.size, now)
        except DataError as error:
            # said again it would fail again: a person has to look at it
            return Outcome("quarantined", f"the database cannot hold it: {error.orig}", digest)

    def _whole(self, row: PacketRow) -> bool:
        """Whether every file of a stored packet is there and unaltered: the node forgets its own on our word."""
        for file in row.files:
            try:
                self._centre.store.read(file.sha256)
            except StoreError as error:
                log.error("stored packet is not whole, asking its node again packet=%s %s", row.packet_id, error)
                return False
        return True

    def _check_origin(self, node: str, packet_id: str, opened: OpenedPacket | OpenedTest) -> None:
        manifest = opened.manifest
        # packet-v1 step 31: sent by the node and under the id that it names
        if manifest.node.id != node:
            raise PacketError(f"was sent by node {node} but names node {manifest.node.id}", where="node.id")
        if manifest.packet_id != packet_id:
            raise PacketError(f"was offered as {packet_id} but is {manifest.packet_id}", where="packet_id")
        with self._centre.db.read() as session:
            # packet-v1 step 32: a node that is known here
            row = session.get(NodeRow, node)
            if row is None or not row.enabled:
                raise PacketError(
                    f"node {node} is not registered or not enabled", where="node.id", remedy="add the node"
                )
            check_seal(session, manifest, opened.seal)

    def _store(self, opened: OpenedPacket | OpenedTest, files: Mapping[str, Part], size: int, now: datetime) -> Outcome:
        if self._deleted(opened.manifest.digest):
            return Outcome("duplicate", digest=opened.manifest.digest)
        with self._centre.store.taking_in():
            for part in files.values():
                if isinstance(opened, OpenedTest):
                    self._centre.store.rehearse(part)
                else:
                    self._centre.store.put(part)
            for attempt in (1, 2):
                try:
                    with self._centre.db.write() as session:
                        return commit(session, opened, size, now)
                except IntegrityError:
                    if attempt == 2:
                        raise  # the first time, another worker may just have stored the same packet
        raise AssertionError

    def _deleted(self, digest: str) -> bool:
        """What was deleted at the end of its term does not come back, also where a restored database forgot it."""
        with self._centre.db.read() as session:
            return session.scalar(select(DeletionRow.id).where(DeletionRow.packet_digest == digest)) is not None


def _check_times(manifest: AnyManifest, now: datetime) -> None:
    """Times that no clock shows would break calendars further on. A clock that is merely wrong is flagged instead."""
    # packet-v1 step 34: times that a calendar can hold
    for name, at in (("created_at", manifest.created_at), ("occurred_at", manifest.occurred_at)):
        if not _EARLIEST <= at <= now + _AHEAD:
            raise PacketError(f"{at.isoformat()} cannot be: here it is {now.isoformat()}", where=name)
