"""The papers that a made-up camera and its box need, so that notices of their acts may be issued."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from central.devices.book import enter
from central.devices.entering import Entry
from central.devices.records import DeviceId, RecordKind

PAPERS_FROM = date(2024, 12, 2)
"""Before every act of a benchmark."""


def enter_papers(session: Session, node: str, camera: str, *, now: datetime) -> None:
    """Profile, decision and test of both, without an end."""
    entries = [
        Entry(device, kind, number, PAPERS_FROM, signer, PAPERS_FROM, None, "Hãng X, kiểu Y", "SN-1")
        for device in (DeviceId(node), DeviceId(node, camera))
        for kind, number, signer in (
            (RecordKind.PROFILE, "", ""),
            (RecordKind.DECISION, "12/QĐ-PC08", "Đại tá Lê Quốc Ưu"),
            (RecordKind.TEST, "07/TN", "Viện Kỹ thuật"),
        )
    ]
    enter(session, entries, by="bench", now=now)
