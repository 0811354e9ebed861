"""Tables of what the boxes send: nodes and their keys, packets, what did not verify, alarms, the log of all packets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.store.base import Base


class NodeRow(Base):
    """A box at a junction: its key, and what it last said of itself."""

    __tablename__ = "nodes"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_key: Mapped[str] = mapped_column(Text)
    """PEM, Ed25519."""
    key_id: Mapped[str] = mapped_column(String(16))
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime]
    last_seen: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(20), default="unknown")
    health: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class NodeKeyRow(Base):
    """Every key that a node ever had. `NodeRow` holds the one it has now."""

    __tablename__ = "node_keys"

    node_id: Mapped[str] = mapped_column(ForeignKey("nodes.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    public_key: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    """Packets made at this instant or later must be sealed with another key; None: it has not ended."""


class CameraPositionRow(Base):
    """Where a camera stands, degrees WGS 84: two places too far apart for the time between tell of a copied plate.

    No key to `nodes`: a position may be known before the box reports.
    """

    __tablename__ = "camera_positions"

    node_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    lat: Mapped[float] = mapped_column(Float)
    lon: Mapped[float] = mapped_column(Float)
    set_at: Mapped[datetime]


class PacketRow(Base):
    """A verified packet. The container is rebuilt from `manifest`, `seal` and the blobs of its files."""

    __tablename__ = "packets"
    __table_args__ = (
        Index("ix_packets_node_sequence", "node_id", "sequence"),
        Index("ux_packets_node_packet", "node_id", "packet_id", unique=True),
        Index(
            "ix_packets_gaps",
            "node_id",
            "sequence",
            sqlite_where=text("chain_state = 'gap'"),
            postgresql_where=text("chain_state = 'gap'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """Key of this table: the packet's own id, or another one when some other node has used that id before."""
    packet_id: Mapped[str] = mapped_column(String(36), default=lambda row: row.get_current_parameters()["id"])
    """As in the manifest, and the key unless that was taken: unique for one node, which cannot take ids of others."""
    node_id: Mapped[str] = mapped_column(ForeignKey("nodes.id"))
    sequence: Mapped[int]
    previous: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    container_sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    manifest: Mapped[str] = mapped_column(Text)
    seal: Mapped[str] = mapped_column(Text)
    chain_state: Mapped[str] = mapped_column(String(10))
    """`ok`, `gap` (the packet before it has not arrived) or `fork` (contradicts another packet of the node)."""
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    log_index: Mapped[int] = mapped_column(unique=True)
    deleted_at: Mapped[datetime | None]
    """When its manifest and its files went (`central.retention`); what stands in the other columns stays."""
    files: Mapped[list[PacketFileRow]] = relationship(order_by="PacketFileRow.position", back_populates="packet")


class PacketFileRow(Base):
    """A file of a packet; its bytes lie in the blob store under `sha256`."""

    __tablename__ = "packet_files"

    packet_id: Mapped[str] = mapped_column(ForeignKey("packets.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    packet: Mapped[PacketRow] = relationship(back_populates="files")


class QuarantineRow(Base):
    """Bytes that did not verify, with the reason and where they lie (None: over the quarantine's limit, not kept)."""

    __tablename__ = "quarantine"
    __table_args__ = (UniqueConstraint("node_id", "packet_id", "container_sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    node_id: Mapped[str] = mapped_column(String(64), index=True)
    packet_id: Mapped[str] = mapped_column(String(36))
    container_sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    status: Mapped[str] = mapped_column(String(12))
    """`quarantined` or `conflict`, as in the receipt."""
    reason: Mapped[str] = mapped_column(Text)
    path: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]


class AlarmRow(Base):
    """Something a person must look at: conflict, fork, clock, foreign key."""

    __tablename__ = "alarms"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    node_id: Mapped[str | None] = mapped_column(String(64))
    packet_id: Mapped[str | None] = mapped_column(String(36))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(64))


class LogNodeRow(Base):
    """Hash of a complete subtree of the Merkle log: level 0 are the leaves (RFC 6962)."""

    __tablename__ = "log_nodes"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))


class CheckpointRow(Base):
    """A signed statement of size and root of the log."""

    __tablename__ = "log_checkpoints"

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[str] = mapped_column(String(88))
