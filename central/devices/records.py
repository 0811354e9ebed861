"""What the file of a device consists of: records that are only ever added, each with who entered it and when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from countries.devices import DeviceSort
from evidence.canonical import canonical_json, sha256_hex
from evidence.packet import utc_text

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class RecordKind(StrEnum):
    """What a record is. The last two take back one that was entered before."""

    PROFILE = "profile"
    """Which device it is: model and serial number, and since when it stands there."""
    DECISION = "decision"
    INSPECTION = "inspection"
    CALIBRATION = "calibration"
    TEST = "test"
    REVOKED = "revoked"
    """From a day on the paper holds no longer; before it, it held."""
    MISTAKEN = "mistaken"
    """The record was entered by mistake: it never was true."""


CHECKED = (RecordKind.INSPECTION, RecordKind.CALIBRATION, RecordKind.TEST)
TAKING_BACK = (RecordKind.REVOKED, RecordKind.MISTAKEN)


@dataclass(frozen=True, order=True)
class DeviceId:
    """A camera of a box, or with an empty `camera` the box itself."""

    node: str
    camera: str = ""

    def __str__(self) -> str:
        return f"{self.node}/{self.camera}" if self.camera else self.node

    @property
    def sort(self) -> DeviceSort:
        return "camera" if self.camera else "box"

    @classmethod
    def parse(cls, text: str) -> DeviceId | None:
        """`NODE` or `NODE/CAMERA`; None when it is neither."""
        node, slash, camera = text.partition("/")
        good = _NAME.fullmatch(node) and (not slash or _NAME.fullmatch(camera))
        return cls(node, camera) if good else None


@dataclass(frozen=True)
class Record:
    """One paper, or the taking back of one. `id` counts up over all devices.

    `valid_from`, `valid_to`: first and last day on which it holds, both whole days of the country's clock; None: until
    something else is entered. Of a `revoked` record, `valid_from` is the first day on which the paper holds no longer.
    `serial`: of the device that the paper speaks of; empty: of whichever stands there. `takes_back`: id of the record.
    `document_sha256`: of the scanned paper in the blob store.
    """

    id: int
    device: DeviceId
    kind: RecordKind
    number: str
    dated: date
    signed_by: str
    valid_from: date
    valid_to: date | None
    model: str
    serial: str
    note: str
    takes_back: int | None
    document_sha256: str | None
    entered_by: str
    entered_at: datetime

    @property
    def said(self) -> Mapping[str, object]:
        """All of it but the id, as it is hashed and written into the record of a case."""
        return {
            "device": str(self.device),
            "kind": self.kind.value,
            "number": self.number,
            "dated": self.dated.isoformat(),
            "signed_by": self.signed_by,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
            "model": self.model,
            "serial": self.serial,
            "note": self.note,
            "takes_back": self.takes_back,
            "document_sha256": self.document_sha256,
            "entered_by": self.entered_by,
            "entered_at": utc_text(self.entered_at.astimezone(UTC)),
        }

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of `said`."""
        return sha256_hex(canonical_json(dict(self.said)))
