"""The rules and what they share, by the margins that are written in the code: what tests of one act ask."""

from __future__ import annotations

from collections.abc import Mapping

from edge.road.trajectory import Trajectory
from edge.rules import movement, permission
from edge.rules import one_vehicle as one_vehicle_rule
from edge.rules.finding import Finding
from edge.rules.refusal import Refusal
from edge.rules.registry import RULES
from edge.rules.shared import SharedMargins
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.schema import Movement, Scene, StopLine

SHARED = SharedMargins()


def judged(act: ActCode, path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    rule = RULES[act]
    return [a for a in rule.judge(path, scene, lamps, rule.margins, SHARED) if isinstance(a, Finding)]


def refused(act: ActCode, path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Refusal]:
    rule = RULES[act]
    return [a for a in rule.judge(path, scene, lamps, rule.margins, SHARED) if isinstance(a, Refusal)]


def red_light(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    return judged(ActCode.RED_LIGHT, path, scene, lamps)


def stopped_past_line(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    return judged(ActCode.STOPPED_PAST_LINE, path, scene, lamps)


def solid_line(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    return judged(ActCode.SOLID_LINE, path, scene, lamps)


def wrong_way(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    return judged(ActCode.WRONG_WAY, path, scene, lamps)


def banned_turn(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    return judged(ActCode.BANNED_TURN, path, scene, lamps)


def banned_u_turn(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    return judged(ActCode.BANNED_U_TURN, path, scene, lamps)


def closed_road(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    return judged(ActCode.CLOSED_ROAD, path, scene, lamps)


def pavement(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    return judged(ActCode.PAVEMENT, path, scene, lamps)


def emergency_lane(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    return judged(ActCode.EMERGENCY_LANE, path, scene, lamps)


def one_vehicle(path: Trajectory, from_s: float, to_s: float, size_px: float) -> bool:
    return one_vehicle_rule.one_vehicle(path, from_s, to_s, size_px, SHARED.one_vehicle)


def governing(scene: Scene, line: StopLine, path: Trajectory, upto: int) -> permission.Governing:
    return permission.governing(scene, line, path, upto, SHARED.permission, SHARED.movement)


def may_be_making(path: Trajectory, at: int) -> frozenset[Movement]:
    return movement.may_be_making(path, at, SHARED.movement)
