"""Registered nodes and their keys. A new key replaces the old one for new packets; old packets keep theirs."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from central.db import NodeKeyRow, NodeRow
from evidence.errors import GiaoLoError
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
    row.public_key, row.key_id, row.enabled = key.pem().decode(), key.key_id, enabled
    session.flush()
    if session.get(NodeKeyRow, (node_id, key.key_id)) is None:
        session.add(NodeKeyRow(node_id=node_id, key_id=key.key_id, public_key=row.public_key, since=now))
        session.flush()
    return row


def key_of(session: Session, node_id: str, key_id: str) -> VerifyKey:
    """The node's key with that id, also one that was replaced since. Raises `NodeError`."""
    row = session.get(NodeKeyRow, (node_id, key_id))
    if row is None:
        raise NodeError(f"never had a key {key_id}", where=node_id, remedy="giaolo central nodes")
    return VerifyKey.from_pem(row.public_key.encode(), where=f"node {node_id}")
