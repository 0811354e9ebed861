"""Registered nodes and their keys."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from central.db import NodeRow
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
    return row
