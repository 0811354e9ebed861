"""What of a plate does not fit: its form, its colour, the vehicle that bore it, the register. Pure.

Each is a doubt that a person weighs, never a decision: an officer may have read a digit wrong, the register may be old.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from central.cases.doubles import MARGINS, DoubleMargins, Sighting, wheels
from countries.here import HERE


@dataclass(frozen=True)
class OnRegister:
    """A vehicle that the register has under a plate."""

    colour: str
    kind: str


def misfits(seen: Sighting, register: Collection[OnRegister], margins: DoubleMargins = MARGINS) -> tuple[str, ...]:
    """Stable codes, texts `doubt.<code>`:

    plate_form: a plate of no form known here.    plate_kind: a form or series that such a vehicle does not bear.
    plate_ground: a form that does not come in this colour.    seen_kind: the box saw two wheels where the case says
    four, or the other way round.    register_kind, register_colour: the register has the plate, on another kind of
    vehicle or in another colour.    A plate that the register lacks is no misfit (`no_owner` tells of it).
    """
    found = []
    colour = None if seen.colour == "unknown" else seen.colour
    if not HERE.plates.parse(seen.plate).known:
        found.append("plate_form")
    elif not HERE.plates.borne(seen.plate, seen.kind):
        found.append("plate_kind")
    elif not HERE.plates.parse(seen.plate, vehicle_class=seen.kind, colour=colour).known:
        found.append("plate_ground")
    saw, says = wheels(seen.vehicle_class), wheels(seen.kind)
    if seen.class_share >= margins.class_sure and saw is not None and says is not None and saw != says:
        found.append("seen_kind")
    if register and not any(r.kind == seen.kind for r in register):
        found.append("register_kind")
    elif register and colour is not None and not any(r.kind == seen.kind and r.colour == colour for r in register):
        found.append("register_colour")
    return tuple(found)
