"""The centre's tables. Times are UTC instants; JSON columns hold what was said at the time, never a live reference."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in and out, UTC in the database: SQLite has no time zones of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone was given to the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite gives out row ids only for INTEGER, PostgreSQL should count beyond 2**31.
RowId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[str]: JSON, date: Date, int: RowId}  # noqa: RUF012


def partial(name: str, *columns: str, where: str) -> Index:
    """An index of the rows that `where` describes; see `central.cases.stages` for how a query reaches it."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


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


class CaseRow(Base):
    """One suspected act on its way from camera to notice. Machine reading and correction are kept apart."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_lookup", "plate", "plate_colour", "kind"),
        # lists of the desk, each in the order in which it is shown (`central.desk.worklist`); none begins with the
        # status, which SQLite would take for a short cut, and then sort
        Index("ix_cases_newest", "occurred_at", "number"),
        Index("ix_cases_act", "act", "occurred_at", "number"),
        Index("ix_cases_place", "place", "occurred_at", "number"),
        Index("ix_cases_detected", "detected_at"),
        partial("ix_cases_open", "occurred_at", "number", where="status IN ('new', 'in_review')"),
        partial("ix_cases_to_issue", "occurred_at", "number", where="status IN ('confirmed', 'notice_prepared')"),
        partial("ix_cases_issued", "occurred_at", "number", where="status IN ('issued', 'published')"),
        partial("ix_cases_to_send", "occurred_at", "number", where="status = 'issued'"),
        partial("ix_cases_rejected", "occurred_at", "number", where="status = 'rejected'"),
        partial("ix_cases_held", "claimed_by", "occurred_at", "number", where="status = 'in_review'"),
        partial(
            "ix_cases_unsent", "detected_at", "number",
            where="status IN ('new', 'in_review', 'confirmed', 'notice_prepared', 'issued')",
        ),
        # what the second reader and the officers still have to look at
        partial("ix_cases_second_pending", "number", where="second_state = 'pending'"),
        partial("ix_cases_contested", "number", where="contests_unread > 0"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    """Short number people use."""
    packet_id: Mapped[str] = mapped_column(ForeignKey("packets.id"), unique=True)
    node_id: Mapped[str] = mapped_column(String(64))
    camera_id: Mapped[str] = mapped_column(String(64))
    place: Mapped[str] = mapped_column(String(300))
    unit: Mapped[str] = mapped_column(String(200))
    act_suspected: Mapped[str] = mapped_column(String(30))
    act: Mapped[str] = mapped_column(String(30))
    """The act as decided by the officer; the suspected one until then."""
    occurred_at: Mapped[datetime]
    detected_at: Mapped[datetime]
    flags: Mapped[list[str]] = mapped_column(JSON)
    vehicle_class: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(12))
    """Kind on the look-up: `car`, `motorcycle`, `bicycle`, `special`; follows the class until corrected."""
    plate_machine: Mapped[str | None] = mapped_column(String(12))
    plate_machine_confidence: Mapped[float] = mapped_column(Float)
    plate_colour_machine: Mapped[str] = mapped_column(String(10))
    plate: Mapped[str | None] = mapped_column(String(12))
    """Normalised plate in force: the machine's, until an officer corrects or confirms it."""
    plate_colour: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(16))
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(64))
    confirmed_at: Mapped[datetime | None]
    rejected_reason: Mapped[str | None] = mapped_column(String(30))
    rejected_note: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)
    """Counts every change; taking it is taking the row's lock."""
    events_head: Mapped[str | None] = mapped_column(String(64))
    events_count: Mapped[int] = mapped_column(default=0)
    events_signature: Mapped[str | None] = mapped_column(String(88))
    """The centre's signature over count and head (`central.ledger.signing`). None: nothing was added since signing."""
    contests_unread: Mapped[int] = mapped_column(default=0, server_default="0")
    """Statements of the owner that nobody at the desk has opened the case for."""
    second_state: Mapped[str] = mapped_column(String(12), default="pending")
    """Second reading: `pending`, `done`, `none` (no second reader or no crop), `failed`."""
    second_text: Mapped[str | None] = mapped_column(String(40))
    second_confidence: Mapped[float | None] = mapped_column(Float)
    second_agrees: Mapped[bool | None] = mapped_column(Boolean)
    second_note: Mapped[str | None] = mapped_column(String(300))
    packet: Mapped[PacketRow] = relationship()
    notice: Mapped[NoticeRow | None] = relationship(back_populates="case")


class CaseCountRow(Base):
    """How many cases stand where, kept by triggers on `cases` (migration 0006): no screen counts a million rows."""

    __tablename__ = "case_counts"

    status: Mapped[str] = mapped_column(String(16), primary_key=True)
    act: Mapped[str] = mapped_column(String(30), primary_key=True)
    place: Mapped[str] = mapped_column(String(300), primary_key=True)
    n: Mapped[int]


class DecidedCountRow(Base):
    """Decisions about cases detected on a day (UTC), kept by triggers on `cases` (migration 0007)."""

    __tablename__ = "decided_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(300), primary_key=True)
    act: Mapped[str] = mapped_column(String(30), primary_key=True)
    """The suspected one: how often a camera is wrong is asked of what it said."""
    decided: Mapped[int]
    rejected: Mapped[int]


class RejectedCountRow(Base):
    """Why cases detected on a day (UTC) were rejected, kept by triggers on `cases` (migration 0007)."""

    __tablename__ = "rejected_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(30), primary_key=True)
    n: Mapped[int]


class SentCountRow(Base):
    """Notices sent on a day (UTC), kept by triggers on `notices` (migration 0007)."""

    __tablename__ = "sent_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    n: Mapped[int]


class CaseEventRow(Base):
    """Append-only, hash-chained: what was done to a case, by whom, when, before and after. Views count as events."""

    __tablename__ = "case_events"
    __table_args__ = (
        UniqueConstraint("case_id", "sequence"),
        partial("ix_case_events_contest", "at", "id", where="action = 'contest'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    sequence: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(30))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text)
    previous: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str | None] = mapped_column(String(88))
    """The centre's, over the hash: `central.ledger.signing`. None in events older than signing."""


class NoticeRow(Base):
    """A notice of violation. The look-up code itself is never stored, only its hash."""

    __tablename__ = "notices"
    __table_args__ = (UniqueConstraint("year", "number"), Index("ix_notices_published_at", "published_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), unique=True)
    year: Mapped[int | None]
    number: Mapped[int | None]
    """Given when the notice is issued; a prepared draft has none."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the notice says, frozen: `countries.notice.NoticeContent`."""
    pdf_sha256: Mapped[str | None] = mapped_column(String(64))
    code_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    prepared_by: Mapped[str] = mapped_column(String(64))
    prepared_at: Mapped[datetime]
    issued_by: Mapped[str | None] = mapped_column(String(64))
    issued_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    appear_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the owner is asked to come; None in drafts of before this column."""
    case: Mapped[CaseRow] = relationship(back_populates="notice")


class VehicleRow(Base):
    """A registration in a stretch of time: plate to vehicle and owner is resolved at the time of the act."""

    __tablename__ = "vehicles"
    __table_args__ = (Index("ix_vehicles_plate", "plate", "colour", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plate: Mapped[str] = mapped_column(String(12))
    colour: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(12))
    owner_name: Mapped[str] = mapped_column(String(300))
    owner_type: Mapped[str] = mapped_column(String(12))
    id_number: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(500))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class UserRow(Base):
    """A person who signs in at the desk. Roles: `officer`, `approver`, `head`, `admin`."""

    __tablename__ = "users"

    username: Mapped[str] = mapped_column(String(64), primary_key=True)
    full_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(10))
    password_hash: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime]


class SessionRow(Base):
    """A signed-in browser: only the hash of its cookie is stored."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    username: Mapped[str] = mapped_column(ForeignKey("users.username"))
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ThrottleRow(Base):
    """Failures counted against a user name or an address; in the database so that a restart forgives nobody."""

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    window_from: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class LookupRow(Base):
    """Audit of the owner portal: who (address) asked for which plate and how many cases were shown."""

    __tablename__ = "lookups"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    client: Mapped[str] = mapped_column(String(64))
    plate: Mapped[str] = mapped_column(String(12))
    colour: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(12))
    shown: Mapped[int]


class CounterRow(Base):
    """Gap-free numbers: cases, notices of a year."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]
