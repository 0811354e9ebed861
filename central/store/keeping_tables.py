"""What was deleted, by which rule and when: only ever added to (migration 0014)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.store.base import Base


class DeletionRow(Base):
    """The signed record of a deletion. The database refuses UPDATE and DELETE."""

    __tablename__ = "deletions"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), unique=True)
    """None for what is no case, and for a case that an older database no longer knows."""
    packet_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    """A packet with this digest is not taken in again."""
    record: Mapped[str] = mapped_column(Text)
    """`evidence.deletion.Deletion`, as it was signed."""
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    signature: Mapped[str] = mapped_column(String(88))
    log_index: Mapped[int] = mapped_column(unique=True)
    at: Mapped[datetime]
