"""Whether a sign surely speaks of a vehicle: it names classes, and the detector may waver between those and others."""

from __future__ import annotations

from collections.abc import Collection

from edge.road.trajectory import Trajectory
from evidence.acts import VehicleClass


def surely_named(named: Collection[VehicleClass], path: Trajectory, least_share: float) -> bool:
    """Whether the vehicle is of one of the classes, whichever: so many of its pictures say so, or no class is left out.

    `least_share`: share of the detector's votes, 0..1.
    """
    if path.cls not in named:
        return False
    return path.share_of(named) >= least_share or frozenset(named) == frozenset(VehicleClass)
