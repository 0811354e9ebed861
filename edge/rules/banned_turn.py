"""Turning where a sign bans it: over the stop line, and out through the exit of a banned movement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.road.trajectory import Trajectory
from edge.rules.crossing import crossing
from edge.rules.refusal import Answer, answers
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.rules.turned_out import TurnedOutMargins, bans, turned_out
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.schema import Movement, Scene

_TURNS: tuple[Movement, ...] = ("left", "right")


@dataclass(frozen=True)
class BannedTurnMargins(TurnedOutMargins):
    """What it takes to have left by an exit."""


def banned_turn(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: BannedTurnMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding a stop line."""
    if not path.exits:
        return []  # of the line, and of what is banned there, nothing need be asked
    found: list[tuple[str, Answer | None]] = []
    for line in scene.stop_lines:
        banned = bans(scene, line, path, _TURNS, margins)
        if banned:
            crossed = crossing(path, path.lines[line.id], scene.rules, shared.crossing, shared.one_vehicle)
            turned = turned_out(ActCode.BANNED_TURN, path, scene, line, banned, crossed, margins, shared)
            found.append((line.id, turned))
    return answers(found)


RULE = Rule(ActCode.BANNED_TURN, banned_turn, BannedTurnMargins())
