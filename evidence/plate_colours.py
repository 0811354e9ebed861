"""The colours of a plate's ground that a packet can name: one list for both ends, the networks and the drawn world."""

from __future__ import annotations

from typing import Literal, get_args

KnownPlateColour = Literal["white", "yellow", "blue", "red"]
"""A colour that somebody has seen, or that a register holds."""
PlateColour = Literal["white", "yellow", "blue", "red", "unknown"]
"""What a machine may say of a plate: it may also not know."""

KNOWN_PLATE_COLOURS: tuple[KnownPlateColour, ...] = get_args(KnownPlateColour)
PLATE_COLOURS: tuple[PlateColour, ...] = get_args(PlateColour)
