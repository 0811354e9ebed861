"""What anybody may see of a case who knows plate, colour and kind of the vehicle, before it is resolved.

TT 73/2024/TT-BCA Điều 24.1.c, as of TT 13/2025/TT-BCA: kind of vehicle; plate and its colour; time and place; the act;
the unit that found it; the unit that settles it, with its telephone. The portal of the traffic police shows the state
of the case too. No name, no identity number, no address of the owner, no picture, no amount.
"""

from __future__ import annotations

from countries.country import LookUpField

FIELDS: tuple[LookUpField, ...] = (
    "vehicle",
    "plate",
    "colour",
    "occurred_at",
    "place",
    "act",
    "detected_by",
    "units",
    "status",
)
