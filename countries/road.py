"""What the road says in a country: which lines may be crossed, what a signal lets go, what makes a road one-way.

Values only; a country fills them in. The geometry is `zones`' and `edge`'s business, the consequence in law `law`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from evidence.acts import VehicleClass

Movement = Literal["straight", "left", "right", "u_turn"]
SignSays = Literal["no_entry", "no_turn", "no_stopping", "no_parking", "lane_for", "lane_direction", "free_on_red"]
"""What signs ban or keep for some: entering, turning, stopping, parking; a lane for classes, or for movements. Or let
some do: drive on in a direction while the lamp is red."""


@dataclass(frozen=True)
class LineMeaning:
    """A longitudinal line by its code in the country's catalogue of markings.

    `solid`: crossing or riding on it is an act; `one_sided`: from its solid side only, the other side is broken.
    `opposite`: it parts traffic of opposite directions.
    """

    code: str
    solid: bool = False
    one_sided: bool = False
    opposite: bool = False


@dataclass(frozen=True)
class Markings:
    """All longitudinal lines that a scene can name, in the order of the catalogue."""

    lines: tuple[LineMeaning, ...]

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(line.code for line in self.lines)

    @cached_property
    def solid(self) -> frozenset[str]:
        """Lines that may not be crossed or ridden on, some of them from one side only."""
        return frozenset(line.code for line in self.lines if line.solid)

    @cached_property
    def one_sided(self) -> frozenset[str]:
        """Lines that may be crossed from their broken side."""
        return frozenset(line.code for line in self.lines if line.one_sided)

    @cached_property
    def no_way_over(self) -> frozenset[str]:
        """Lines that may not be crossed from either side."""
        return self.solid - self.one_sided

    @cached_property
    def opposite(self) -> frozenset[str]:
        """Lines between opposite directions."""
        return frozenset(line.code for line in self.lines if line.opposite)


@dataclass(frozen=True)
class SignalMeaning:
    """What a signal head says beyond its colour, where countries differ.

    `obeys_lamps_of`: a movement without lamps of its own, and whose lamps hold for it. `green_arrow_over_red`: a green
    arrow permits its movement even beside a red lamp. `rolling_over_goes_on`: who had the front past the line already
    when red began, and rolled, may go on.
    """

    obeys_lamps_of: Mapping[Movement, Movement]
    green_arrow_over_red: bool
    rolling_over_goes_on: bool


@dataclass(frozen=True)
class RoadFact:
    """A fact of the road that an act rests on. `code` stands in the scene and in the packet; `sign`: what shows it."""

    code: str
    sign: str


@dataclass(frozen=True)
class SignMeaning:
    """A sign by its number in the country's catalogue.

    `movements`: those that it bans, or lets drive on red. `classes`: whom it bans, or lets do so, or into a lane; none:
    that has to be read off the sign. `over_solid_only`: a lane that others may enter unless its edge line is solid.
    `confirmed`: its number was read in the regulation; else it is recalled, and a person has to compare it before
    anybody is accused by it.
    """

    code: str
    says: SignSays
    movements: tuple[Movement, ...] = ()
    classes: tuple[VehicleClass, ...] = ()
    over_solid_only: bool = False
    confirmed: bool = False


@dataclass(frozen=True)
class Signs:
    """All signs that a scene can name, in the order of the catalogue."""

    all: tuple[SignMeaning, ...]

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(sign.code for sign in self.all)

    @cached_property
    def _by_code(self) -> Mapping[str, SignMeaning]:
        return {sign.code: sign for sign in self.all}

    def meaning(self, code: str) -> SignMeaning:
        """What a sign says. Raises `KeyError` for a number that is not in the catalogue."""
        return self._by_code[code]

    def of_turn(self, movement: object) -> str | None:
        """The number of the sign that bans just this turn, for everybody; None if there is none."""
        found = [s for s in self.all if s.movements == (movement,) and s.says == "no_turn"]
        return max(found, key=lambda s: len(s.classes)).code if found else None
