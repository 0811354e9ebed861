"""Turning where a sign bans it: over the stop line, and out through the exit of a banned movement."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge.road.trajectory import Trajectory
from edge.rules.crossing import crossing, moment_before, one_vehicle
from edge.rules.finding import Finding
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.schema import Exit, Scene, StopLine

_LEAST_POINTS = 4
_LEAST_WAY_BOXES = 0.5
"""So far he must have come within the exit's area: a box that grazes it has not turned."""
_BEFORE_S = 3.0


def banned_turn(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    """At most one finding a stop line."""
    found = (_over(path, scene, line) for line in scene.stop_lines if line.banned_turns)
    return [f for f in found if f is not None]


def _over(path: Trajectory, scene: Scene, line: StopLine) -> Finding | None:
    crossed = crossing(path, path.lines[line.id], scene.rules)
    if crossed is None:
        return None
    taken = _taken(path, scene, crossed.at)
    if taken is None or taken[0].movement not in line.banned_turns:
        return None
    way_out, entry, last = taken
    size = float(np.median(path.size_px[entry : last + 1]))
    way_px = float(np.hypot(*(path.contacts[last] - path.contacts[entry])))
    t_line, t_entry = float(path.t_s[crossed.at]), float(path.t_s[entry])
    if way_px < _LEAST_WAY_BOXES * size or not one_vehicle(path, t_line, float(path.t_s[last]), size):
        return None
    return Finding(
        act=ActCode.BANNED_TURN,
        what=line.id,
        # the line in the first still, unless he waited long in the junction
        before=max(crossed.at, moment_before(path, entry, _BEFORE_S)),
        at=entry,
        after=last,
        reasons={
            "stop_line": line.id,
            "exit": way_out.id,
            "movement": way_out.movement,
            "exit_after_line_s": round(t_entry - t_line, 3),
            "way_in_exit_px": round(way_px, 1),
            "observations_in_exit": last - entry + 1,
        },
    )


def _taken(path: Trajectory, scene: Scene, at: int) -> tuple[Exit, int, int] | None:
    """The exit by which the vehicle left, and its first and last observation there without a break.

    None if it was in more than one: nobody leaves twice, so the track may be that of two vehicles.
    """
    inside = {e.id: np.flatnonzero(path.in_exit[e.id][at:]) for e in scene.exits}
    used = [e for e in scene.exits if len(inside[e.id]) >= _LEAST_POINTS]
    if len(used) != 1:
        return None
    way_out = used[0]
    last = at + int(inside[way_out.id][-1])
    outside = np.flatnonzero(~path.in_exit[way_out.id][at : last + 1])
    entry = at + int(outside[-1]) + 1 if len(outside) else at
    return (way_out, entry, last) if last - entry + 1 >= _LEAST_POINTS else None
