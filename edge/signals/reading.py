"""What one picture says of one head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evidence.acts import LampState

Unclear = Literal["", "two_at_once", "other_colour", "colourless", "covered", "paint", "outside"]
"""Why a picture leaves it unknown: two lenses are lit; the lens that is lit shows the colour of another, or none;
something stands before the head; what is lit is the housing; the head is not in the picture. Empty: nothing stands out
well enough, or it is known."""


@dataclass(frozen=True)
class LampReading:
    """One frame of one head. `confidence` 0..1: how clearly the state stood out. `place`: whose lens was lit, where
    that is not what the state says."""

    state: LampState
    confidence: float
    unclear: Unclear = ""
    place: Literal["", "red", "yellow", "green"] = ""
