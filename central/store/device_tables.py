"""Table of the files of cameras and boxes: records are added, never changed (migration 0008)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.store.base import Base


class DeviceRecordRow(Base):
    """One paper of a device, or the taking back of one: `central.devices.records.Record`."""

    __tablename__ = "device_records"
    __table_args__ = (Index("ix_device_records_device", "node_id", "camera_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    node_id: Mapped[str] = mapped_column(ForeignKey("nodes.id"))
    camera_id: Mapped[str] = mapped_column(String(64))
    """Empty: the box itself."""
    kind: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(120))
    dated: Mapped[date]
    signed_by: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    model: Mapped[str] = mapped_column(String(200))
    serial: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text)
    takes_back: Mapped[int | None] = mapped_column(ForeignKey("device_records.id"))
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    """The scanned paper, in the blob store."""
    entered_by: Mapped[str] = mapped_column(String(64))
    entered_at: Mapped[datetime]
    digest: Mapped[str] = mapped_column(String(64))
    """Over all of it, as it was when it was entered."""
