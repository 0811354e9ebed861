"""Which papers a device must have before what it saw may be used against anybody. `DevicePapers` is the port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

DeviceSort = Literal["camera", "box"]
"""What looks at the road, and the computer at the junction that judges and keeps what was seen."""
PaperKind = Literal["decision", "inspection", "calibration", "test"]
NeedKey = Literal["decision", "inspection"]
"""What a paper is for: that the device may be used at all, and that somebody has looked whether it is good."""


@dataclass(frozen=True)
class PaperNeed:
    """One paper that a device must have; any of the kinds will do. `reference`: where the law says so."""

    key: NeedKey
    any_of: tuple[PaperKind, ...]
    reference: str


class DevicePapers(Protocol):
    """Port: the papers that a country asks for, chosen by a day."""

    def needs(self, sort: DeviceSort, day: date) -> tuple[PaperNeed, ...]:
        """What a device of that sort needed on a day."""
        ...

    def changes(self) -> tuple[date, ...]:
        """The days from which something else is asked for, in order."""
        ...
