"""Leaving a junction by a movement that the lane before the stop line does not allow (`zones.facts.lane_movements`).

Its painted arrows or the sign over it say which. Where a sign bans the movement over the line, it is a banned turn and
nothing else. In doubt between two lanes, or about the way that was driven, nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.crossing import Crossing, crossing
from edge.rules.finding import Finding
from edge.rules.movement import may_be_making
from edge.rules.named import surely_named
from edge.rules.one_vehicle import not_one_vehicle
from edge.rules.permission import last_lanes
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.rules.turned_out import ExitMargins, exit_taken
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from evidence.packet import Reason
from zones.facts import banned_turns, lane_movements
from zones.geometry import points_in_polygon
from zones.schema import Lane, Movement, Scene, StopLine

_CHOSEN = "chosen with the rule, November 2026; not measured"


@dataclass(frozen=True)
class LaneDirectionMargins(ExitMargins):
    """Which lane it was in, and what it takes to have left by another movement."""

    lane_points: int = margin(
        5, "pictures", "seen so often in the lane, in no other, just before the line", source=_CHOSEN, least=1
    )
    within_boxes: float = margin(
        0.25,
        "box widths",
        "so much of the lower edge to both sides of its middle is in the lane: who rides between two is in neither",
        source="geometry: half of the box; " + _CHOSEN,
        most=0.5,
    )
    near_sizes: float = margin(
        3.0,
        "box sizes",
        "no farther before the line it was last seen in the lane: it may change in between",
        source=_CHOSEN,
    )
    exit_within_s: float = margin(
        15.0,
        "s",
        "within so long after the line: who stands among others for longer may be another when he drives on",
        source="a track that waited 17 s past the line and turned went over to a bicycle that stood in the exit "
        "(simulation, November 2026); the turn itself takes 4 to 8 s",
    )
    settle_s: float = margin(
        2.0,
        "s",
        "a finding waits for so long: the still after the act is taken then",
        source="longer than the banned turn",
    )


def lane_direction(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: LaneDirectionMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding a stop line."""
    if not any(lane_movements(scene, lane, path.cls) for lane in scene.lanes):
        return []
    return answers((line.id, _over(path, scene, line, margins, shared)) for line in scene.stop_lines)


def _over(
    path: Trajectory, scene: Scene, line: StopLine, margins: LaneDirectionMargins, shared: SharedMargins
) -> Answer | None:
    crossed = crossing(path, path.lines[line.id], scene.rules, shared.crossing, shared.one_vehicle)
    if not isinstance(crossed, Crossing):
        return crossed
    came = _lane(path, scene, crossed, margins, shared)
    left = exit_taken(path, scene, crossed.at, margins)
    if left is None:
        return None
    t_over = float(path.t_s[crossed.at])
    if came is None:
        return Refusal("lane_unsure", t_over)
    lane, in_lane = came
    exit_, entry, last = left
    stated = lane_movements(scene, lane, path.cls)
    if stated is None or exit_.movement in stated.allowed or _banned(path, scene, line, exit_.movement):
        return None
    said = [sign.named for sign in scene.signs if sign.id in stated.signs]
    if said and not any(surely_named(named, path, margins.class_share) for named in said):
        return Refusal("class_unsure", t_over, path.cls_share, margins.class_share, "share")
    size = float(np.median(path.size_px[entry : last + 1]))
    way_px = float(np.hypot(*(path.contacts[last] - path.contacts[entry])))
    t_s = path.t_s
    took_s = float(t_s[entry] - t_s[crossed.at])
    if took_s > margins.exit_within_s:
        return Refusal("late_in_exit", t_over, took_s, margins.exit_within_s, "s")
    if way_px < margins.least_way_boxes * size:
        return Refusal("short_way_in_exit", t_over, way_px, margins.least_way_boxes * size, "px")
    refused = not_one_vehicle(path, float(t_s[in_lane]), float(t_s[last]), size, shared.one_vehicle)
    if refused is not None:
        return refused
    driven = may_be_making(path, crossed.at, shared.movement)
    if exit_.movement not in driven or driven & stated.allowed:
        return Refusal("way_may_be_allowed", t_over)  # by the lane
    reasons: dict[str, Reason] = {
        "lane": lane.id,
        "movements_allowed": [str(m) for m in lane.movements if m in stated.allowed],
        "movement_driven": exit_.movement,
        "stop_line": line.id,
        "exit": exit_.id,
        "exit_after_line_s": round(float(t_s[entry] - t_s[crossed.at]), 3),
        "way_in_exit_px": round(way_px, 1),
        "observations_in_exit": last - entry + 1,
    }
    if stated.arrows is not None:
        reasons["arrows_source"] = stated.arrows.text
    return Finding(
        act=ActCode.LANE_DIRECTION,
        what=line.id,
        before=in_lane,
        at=entry,
        after=last,
        signs=stated.signs,
        reasons=reasons,
    )


def _lane(
    path: Trajectory, scene: Scene, crossed: Crossing, margins: LaneDirectionMargins, shared: SharedMargins
) -> tuple[Lane, int] | None:
    """The one lane it was in last before the line, surely, and its last observation there."""
    names = last_lanes(scene, path, crossed.at, shared.permission)
    lane = next((each for each in scene.lanes if names == {each.id}), None)
    if lane is None:
        return None
    seen = np.flatnonzero(path.lanes[lane.id].inside[: crossed.at + 1])[-margins.lane_points :]
    reach = margins.within_boxes * (path.boxes[seen, 2] - path.boxes[seen, 0])
    sides = [path.contacts[seen] + np.stack([side * reach, np.zeros(len(seen))], axis=1) for side in (-1, 1)]
    if len(seen) < margins.lane_points or not all(points_in_polygon(p, lane.polygon).all() for p in sides):
        return None
    last = int(seen[-1])
    far_px = float(np.hypot(*(path.contacts[crossed.last_before] - path.contacts[last])))
    return (lane, last) if far_px <= margins.near_sizes * float(path.size_px[last]) else None


def _banned(path: Trajectory, scene: Scene, line: StopLine, movement: Movement) -> bool:
    """Whether a sign bans the movement over the line: then that act is told, and not this one."""
    return any(path.cls in sign.named for sign in banned_turns(scene, line.id).get(movement, ()))


RULE = Rule(ActCode.LANE_DIRECTION, lane_direction, LaneDirectionMargins(), yields_to=(ActCode.BANNED_TURN,))
