"""Tables of people: owners in the register, users of the desk and their sessions, who asked what of the portal."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.store.base import Base


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
    unit_code: Mapped[str] = mapped_column(String(40), default="root", server_default="root")
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
    seen_at: Mapped[datetime]
    """When its person last did something, to the minute; what a page asks by itself does not count."""


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
    __table_args__ = (Index("ix_lookups_at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    client: Mapped[str] = mapped_column(String(64))
    plate: Mapped[str] = mapped_column(String(12))
    colour: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(12))
    shown: Mapped[int]
