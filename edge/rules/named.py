"""Whether a sign surely speaks of a vehicle: it names classes, and the detector may waver between those and others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from common.margins import margin
from edge.road.trajectory import Trajectory
from evidence.acts import VehicleClass


@dataclass(frozen=True)
class NamedMargins:
    """What it takes to be of a kind that a sign names."""

    class_share: float = margin(
        0.8,
        "share of votes",
        "a sign that names some kinds and not others speaks of a vehicle only if so many of its pictures show one that "
        "it names, whichever",
        source="as for a closed road (`ClosedRoadMargins.class_share`)",
        most=1.0,
    )


def surely_named(named: Collection[VehicleClass], path: Trajectory, least_share: float) -> bool:
    """Whether the vehicle is of one of the classes, whichever: so many of its pictures say so, or no class is left out.

    `least_share`: share of the detector's votes, 0..1.
    """
    if path.cls not in named:
        return False
    return path.share_of(named) >= least_share or frozenset(named) == frozenset(VehicleClass)
