"""What the road says in a country: which lines may be crossed, what a signal lets go, what makes a road one-way.

Values only; a country fills them in. The geometry is `zones`' and `edge`'s business, the consequence in law `law`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Movement = Literal["straight", "left", "right", "u_turn"]


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
