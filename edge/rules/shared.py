"""The margins that acts have in common: crossing, one vehicle, front, movement, permission, pushing, standing,
waiting."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.rules.crossing_margins import CrossingMargins
from edge.rules.front import FrontMargins
from edge.rules.movement import MovementMargins
from edge.rules.one_vehicle import OneVehicleMargins
from edge.rules.permission import PermissionMargins
from edge.rules.pushed import PushedMargins
from edge.rules.standing import StandingMargins
from edge.rules.waiting_area import WaitingAreaMargins


@dataclass(frozen=True)
class SharedMargins:
    """One value a measurement that several rules make; handed to each rule beside its own margins."""

    crossing: CrossingMargins = field(default_factory=CrossingMargins)
    one_vehicle: OneVehicleMargins = field(default_factory=OneVehicleMargins)
    front: FrontMargins = field(default_factory=FrontMargins)
    movement: MovementMargins = field(default_factory=MovementMargins)
    permission: PermissionMargins = field(default_factory=PermissionMargins)
    pushed: PushedMargins = field(default_factory=PushedMargins)
    standing: StandingMargins = field(default_factory=StandingMargins)
    waiting: WaitingAreaMargins = field(default_factory=WaitingAreaMargins)
