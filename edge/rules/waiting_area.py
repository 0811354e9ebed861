"""Waiting past the stop line where that is lawful: an area with a stop line of its own, for those who turn left.

The marking leads whoever turns on past the first line, to wait there. When it may be driven into no source here says;
so of whoever is in it and may be turning left nothing is told at the first line. Who is seen to drive straight on
through it is told as elsewhere; a line drawn at its far end is judged by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.permission import Governing
from zones.facts import turn_waiting
from zones.schema import Movement, Scene, StopLine

_TURNS: frozenset[Movement] = frozenset({"left", "u_turn"})


@dataclass(frozen=True)
class WaitingAreaMargins:
    """When a vehicle counts as in the area."""

    reach_boxes: float = margin(
        0.6,
        "box sizes",
        "wheels so near the area are in it: the rear may still be on the first line, and nobody draws to the decimetre",
        source="half of a motorcycle's length, 1.9 m, beside the 1.1 m of its box's mean side; not measured",
    )


def may_wait_to_turn(
    path: Trajectory,
    scene: Scene,
    line: StopLine,
    heads: Governing,
    first: int,
    last: int,
    margins: WaitingAreaMargins,
) -> bool:
    """Whether it was in such an area past `line` at an observation from `first` to `last`, and may be turning left,
    against the arrows of its lane too: `heads`."""
    if not _TURNS & {*heads.movements, *heads.against_arrows}:
        return False
    points = shapely.points(path.contacts[first : last + 1])
    reach_px = margins.reach_boxes * path.size_px[first : last + 1]
    return any(
        bool((shapely.distance(points, shapely.Polygon(area.polygon)) <= reach_px).any())
        for area in turn_waiting(scene, line)
    )
