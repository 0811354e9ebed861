"""How the picture is, as health tells it, and what is written down when it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edge.watch.reference import Kind
from evidence.wire import PictureState


@dataclass(frozen=True)
class PictureReport:
    """`since`: by the box's clock. `off_px`: how far the worst line or lamp lies off, when last measured.
    `acts_held`: acts not told for the picture's sake, since the start."""

    state: PictureState = "learning"
    since: datetime | None = None
    off_px: float | None = None
    reference: Kind | None = None
    reference_at: datetime | None = None
    acts_held: int = 0


@dataclass(frozen=True)
class Entry:
    """One line of a camera's record: the picture became so, or an act was held. `at`: by the box's clock."""

    kind: str
    at: datetime | None
    told: dict[str, Any]
