"""Table of the switches: what was said of a place's signals, and by whom; only ever added to (migration 0021)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.store.base import Base


class SwitchRow(Base):
    """One statement (`evidence.switches.Switch`). Of the rows with one `switch_id` the last said holds."""

    __tablename__ = "switches"
    __table_args__ = (Index("ix_switches_node", "node_id", "since"), Index("ix_switches_switch", "switch_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    switch_id: Mapped[str] = mapped_column(String(36))
    node_id: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime]
    until: Mapped[datetime]
    record: Mapped[str] = mapped_column(Text)
    """The statement, as it was signed."""
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    signature: Mapped[str] = mapped_column(String(88))
    log_index: Mapped[int] = mapped_column(unique=True)
