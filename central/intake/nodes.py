"""Registered nodes and their keys, each with the time in which it counted.

A new key ends the one before it from now on. A packet is good when it was sealed with a key that its node had when the
packet was made: also one that was on its way when the key changed, and one that a box sealed with its new key before
the centre heard of it. A key that was lost or stolen is ended with a date.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from central.store.packet_tables import NodeKeyRow, NodeRow
from evidence.container import Seal, verify_seal
from evidence.errors import GiaoLoError, PacketError
from evidence.packet import SealedManifest, utc_text
from evidence.seal import VerifyKey

_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class NodeError(GiaoLoError):
    """A node cannot be registered that way."""


def add_node(
    session: Session, node_id: str, public_key: Path | VerifyKey, *, enabled: bool = True, now: datetime
) -> NodeRow:
    """Register a node, or change its key. Raises `NodeError`, `KeyFileError`."""
    if not _NODE.fullmatch(node_id):
        raise NodeError("is not a node id", where=node_id[:80], remedy="letters, digits, '.', '_', '-', at most 64")
    key = public_key if isinstance(public_key, VerifyKey) else VerifyKey.load(public_key)
    row = session.get(NodeRow, node_id)
    if row is None:
        row = NodeRow(id=node_id, created_at=now, status="unknown", public_key="", key_id="")
        session.add(row)
    before = session.get(NodeKeyRow, (node_id, row.key_id)) if row.key_id != key.key_id else None
    if before is not None and before.until is None:
        before.until = now
    row.public_key, row.key_id, row.enabled = key.pem().decode(), key.key_id, enabled
    session.flush()
    known = session.get(NodeKeyRow, (node_id, key.key_id))
    if known is None:
        session.add(NodeKeyRow(node_id=node_id, key_id=key.key_id, public_key=row.public_key, since=now))
    elif before is not None:
        known.until = None  # it is the node's key again
    session.flush()
    return row


def end_key(session: Session, node_id: str, key_id: str, at: datetime) -> NodeKeyRow:
    """End a key: what was made with it at `at` or later is not taken. Raises `NodeError`."""
    row = _key_row(session, node_id, key_id)
    row.until = at
    session.flush()
    return row


def key_of(session: Session, node_id: str, key_id: str) -> VerifyKey:
    """The node's key with that id, also one that was replaced since. Raises `NodeError`."""
    row = _key_row(session, node_id, key_id)
    return VerifyKey.from_pem(row.public_key.encode(), where=f"node {node_id}")


def check_seal(session: Session, manifest: SealedManifest, seal: Seal) -> None:
    """Raise `PacketError` unless the packet was sealed with a key that its node had when it was made.

    The one place that judges seals: ingest, judging again and the audit ask here.
    """
    node_id = manifest.node.id
    row = session.get(NodeKeyRow, (node_id, seal.key_id))
    if row is None:
        raise PacketError(
            f"was sealed with key {seal.key_id}, which node {node_id} never had",
            where="seal.json",
            remedy="register the node's own .pub file: giaolo central add-node",
        )
    # packet-v1 step 33: a key that its node had when the packet was made
    if row.until is not None and manifest.created_at >= row.until:
        raise PacketError(
            f"was sealed with key {seal.key_id} at {utc_text(manifest.created_at)}, which ended for {node_id} at "
            f"{utc_text(row.until)}",
            where="seal.json",
            remedy="if the key was still the node's then, move its end: giaolo central end-key",
        )
    # packet-v1 steps 11-12
    verify_seal(manifest, seal, VerifyKey.from_pem(row.public_key.encode(), where=f"node {node_id}"))


def _key_row(session: Session, node_id: str, key_id: str) -> NodeKeyRow:
    row = session.get(NodeKeyRow, (node_id, key_id))
    if row is None:
        raise NodeError(f"never had a key {key_id}", where=node_id, remedy="giaolo central nodes")
    return row
