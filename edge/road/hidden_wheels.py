"""Where a vehicle touches the road when another one stands before its wheels.

The rules ask where a box touches the road, and a box says so by its lower edge. When the next in the queue hides a
waiting motorcycle's wheels, the box ends higher up, as if it had driven on: past the stop line, if it stood at it. Its
upper edge is seldom hidden, since those who hide stand nearer to the camera and lower in the picture. So both models
go by it: `edge.road.wheels_by_height` with a ground plane, `edge.road.wheels_by_upper_edge` without (decision 13).
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol

from edge.road.vehicles import VehicleBuild
from edge.tracks.track import Observation


class Wheels(Enum):
    """What an observation shows of the wheels, and so how the ground contact was found."""

    SEEN = "seen"
    """The box ends at them: its lower edge."""
    HIDDEN = "hidden"
    """The box ends above them: below its lower edge, by what was known of the vehicle when they were seen."""
    BY_CLASS = "by class"
    """Hidden since the vehicle came into sight, or soon after: where they are if it is as tall as its class."""
    CUT_OFF = "cut off"
    """The picture's edge cuts the box off, below too, and nothing can be told from it: its lower edge."""
    NOT_ITS_BOX = "not its box"
    """For once the box is a neighbour's, or holds two vehicles: its lower edge, and nothing is learned from it."""


class GroundContact(NamedTuple):
    """Rows of the picture: where the wheels are; `highest`, the farthest up where they can be, and `lowest`, the
    farthest down. What was passed is told from `lowest`, since when it may have been from `highest`."""

    row: float
    highest: float
    lowest: float
    wheels: Wheels


class HiddenWheels(Protocol):
    """A model of one vehicle; it remembers what it saw."""

    def of(self, o: Observation, build: VehicleBuild) -> GroundContact:
        """The ground contact at each observation, asked in order of time. `build`: of the class it is taken for now."""
        ...
