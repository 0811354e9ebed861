"""Tables of the daily test acts (migration 0022, decision 44)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import JSON, Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from central.store.base import Base

EVERY = timedelta(hours=26)
"""A box makes one a day at a fixed minute. Two hours more: pictures may be away for a while, packets wait in line."""


class TestActRow(Base):
    """A packet that is a test act: it has this row, and never a case. `made_at`: by the box's clock."""

    __test__ = False
    __tablename__ = "test_acts"
    __table_args__ = (Index("ix_test_acts_camera", "node_id", "camera_id", "received_at"),)

    packet_id: Mapped[str] = mapped_column(ForeignKey("packets.id"), primary_key=True)
    """Of the packet's row."""
    node_id: Mapped[str] = mapped_column(String(64))
    camera_id: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    received_at: Mapped[datetime]


class TestedCameraRow(Base):
    """A camera, its newest test act, and since when its box says that it makes one a day (`since`; None: it does not).

    `made_at`, `received_at`, `asked`, `doubts`: of the newest by `made_at`; None, "" and [] before the first.
    """

    __test__ = False
    __tablename__ = "tested_cameras"

    node_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime | None]
    missing_told: Mapped[bool] = mapped_column(Boolean, default=False)
    """The alarm of this absence was raised; whoever has seen it is not told again."""
    made_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    asked: Mapped[str] = mapped_column(String(10), default="")
    doubts: Mapped[list[str]] = mapped_column(JSON, default=list)

    @property
    def newest(self) -> datetime | None:
        """When the newest was made, as far as that can be believed: not after it came."""
        if self.made_at is None or self.received_at is None:
            return None
        return min(self.made_at, self.received_at)

    @property
    def took_s(self) -> float | None:
        """Seconds from the act to the receipt, by two clocks."""
        if self.made_at is None or self.received_at is None:
            return None
        return (self.received_at - self.made_at).total_seconds()

    def missing(self, now: datetime) -> bool:
        """Whether the day's test act should have come by now and has not."""
        if self.since is None:
            return False
        return now - max(self.since, self.newest or self.since) > EVERY
