"""What one picture says of one head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evidence.acts import LampState

Unclear = Literal[
    "", "two_at_once", "other_colour", "colourless", "covered", "paint", "outside", "no_feed", "flashing", "differs"
]
"""Why it is left unknown. By the picture: two lenses are lit; the lens that is lit shows the colour of another, or
none; something stands before the head; what is lit is the housing; the head is not in the picture. By the controller:
it says nothing; it says that the head flashes; it says something else than the picture, for too long. Empty: nothing
stands out well enough, or it is known."""


@dataclass(frozen=True)
class LampReading:
    """One frame of one head. `confidence` 0..1: how clearly the state stood out. `place`: whose lens was lit, where
    that is not what the state says. `stated_s`: of a head that a controller has a word in, until when (stream time) the
    controller is known to have said the same; None: it has none."""

    state: LampState
    confidence: float
    unclear: Unclear = ""
    place: Literal["", "red", "yellow", "green"] = ""
    stated_s: float | None = None
