"""Tables of the units: the tree, under what name each writes, which camera is whose since when, which case went from
one to another, and who changed what of them.

Columns elsewhere that name a unit (`unit_code`) are no foreign keys: a table with a million rows takes them at once
only without one (migration 0015). Units are never removed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.store.base import Base


class UnitRow(Base):
    """A unit of the police: `central.units.tree.Unit`."""

    __tablename__ = "units"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(12))
    parent: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class LetterheadRow(Base):
    """What the papers of a unit that writes under its own name bear: `central.units.letterheads.Letterhead`."""

    __tablename__ = "letterheads"

    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"), primary_key=True)
    abbreviation: Mapped[str] = mapped_column(String(40), unique=True)
    town: Mapped[str] = mapped_column(String(300))
    signer_title: Mapped[str] = mapped_column(String(300))
    signer_name: Mapped[str] = mapped_column(String(300))
    parent: Mapped[str] = mapped_column(String(300))
    in_text: Mapped[str] = mapped_column(String(300))
    address: Mapped[str] = mapped_column(String(500))
    phone: Mapped[str] = mapped_column(String(60))
    decided_by: Mapped[str] = mapped_column(String(300))
    heard_by: Mapped[str] = mapped_column(String(300))
    executed_by: Mapped[str] = mapped_column(String(300))
    complaints_to: Mapped[str] = mapped_column(String(300))


class CameraUnitRow(Base):
    """Whose a camera is from a day on. One that has no line here is the root's."""

    __tablename__ = "camera_units"

    node_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"))
    entered_at: Mapped[datetime]


class CaseMoveRow(Base):
    """That a case went from one unit to another: both see this, and only the second sees the case."""

    __tablename__ = "case_moves"
    __table_args__ = (
        Index("ix_case_moves_from", "from_unit", "at"), Index("ix_case_moves_to", "to_unit", "at"),
        Index("ix_case_moves_at", "at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int]
    from_unit: Mapped[str] = mapped_column(String(40))
    to_unit: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text)


class UnitEventRow(Base):
    """What was changed of a unit, by whom: only ever added to (migration 0018)."""

    __tablename__ = "unit_events"
    __table_args__ = (Index("ix_unit_events_unit", "unit_code", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    unit_code: Mapped[str] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(12))
    """`created`, `changed`, `letterhead`, `joined`, `left`, `camera`."""
    subject: Mapped[str] = mapped_column(String(130))
    """The account or camera; empty: the unit itself."""
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
