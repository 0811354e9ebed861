"""Turning round where a sign bans it: over the stop line, and back on the other side of the road.

By the exit of a U-turn where one is drawn. With a ground plane also without: the way turned round and led back past the
line, beside it. One that reverses comes back where it was; one that turns into another road leaves there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from common.margins import margin
from edge.road.trajectory import LineRun, Trajectory
from edge.rules.crossing import Crossing, crossing
from edge.rules.finding import Finding
from edge.rules.one_vehicle import not_one_vehicle
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.rules.turned_out import Bans, TurnedOutMargins, bans, turned_out
from edge.rules.ways import between_deg, leaving, places
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.schema import Movement, Scene, StopLine

_ROUND: tuple[Movement, ...] = ("u_turn",)
_CHOSEN = "chosen with the rule, November 2026; not measured"


@dataclass(frozen=True)
class BannedUTurnMargins(TurnedOutMargins):
    """What it takes to have turned round, by an exit or on the road."""

    round_deg: float = margin(
        150.0,
        "degrees",
        "the way back leads so far round from the way there: a turn into a road at right angles makes 90, into one "
        "that leans back 130",
        source=_CHOSEN,
        most=180.0,
    )
    back_m: float = margin(
        1.0, "m", "so far it came back past the line: less is where its wheels are known to", source=_CHOSEN
    )
    aside_m: float = margin(
        2.5,
        "m",
        "the way back is so far beside the way there: a motorcycle turns round in 4 m, and one that reverses comes "
        "back where it was",
        source="common turning circles; not measured",
    )


def banned_u_turn(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: BannedUTurnMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding a stop line."""
    return answers((line.id, _over(path, scene, line, margins, shared)) for line in scene.stop_lines)


def _over(
    path: Trajectory, scene: Scene, line: StopLine, margins: BannedUTurnMargins, shared: SharedMargins
) -> Answer | None:
    run = path.lines[line.id]
    if not path.exits and not _came_back(run, scene.rules.line_margin_px, margins.back_m):
        return None  # of what is banned there, and of its way, nothing need be asked
    banned = bans(scene, line, path, _ROUND, margins)
    if not banned:
        return None
    farthest = _farthest(run, shared.one_vehicle.excursion)
    crossed = crossing(path, run, scene.rules, shared.crossing, shared.one_vehicle, upto=farthest + 1)
    by_exit = turned_out(ActCode.BANNED_U_TURN, path, scene, line, banned, crossed, margins, shared)
    if isinstance(by_exit, Finding) or not isinstance(crossed, Crossing):
        return by_exit
    return _on_the_road(path, line, run, banned, crossed, farthest, margins, shared) or by_exit


def _came_back(run: LineRun, over_px: float, back_m: float) -> bool:
    """Whether it was past the line once, and so far before it later."""
    past = np.flatnonzero(run.rear_px > over_px)
    return bool(len(past)) and bool((run.rear_m[past[0] :] <= -back_m).any())


def _farthest(run: LineRun, smooth: int) -> int:
    """The observation farthest past the line, whatever one or two wild boxes say."""
    past = run.rear_m if np.isfinite(run.rear_m).all() else run.rear_px
    return int(np.argmax(median_filter(past, size=smooth, mode="nearest")))


def _on_the_road(
    path: Trajectory,
    line: StopLine,
    run: LineRun,
    banned: Bans,
    crossed: Crossing,
    farthest: int,
    margins: BannedUTurnMargins,
    shared: SharedMargins,
) -> Answer | None:
    """It turned round by itself, through no exit that is drawn."""
    way = places(path, shared.one_vehicle.excursion)
    if way is None or not np.isfinite(run.rear_m).all():
        return None
    if any(np.count_nonzero(inside[crossed.at :]) >= margins.least_points for inside in path.in_exit.values()):
        return None
    back = np.flatnonzero(run.rear_m[farthest:] <= -margins.back_m)
    # over the line itself it went back the way it came: it reversed
    t_far = float(path.t_s[farthest])
    if len(back) < margins.least_points:
        return Refusal("seldom_seen_back", t_far, len(back), margins.least_points, "pictures") if len(back) else None
    if run.within[farthest + int(back[0])]:
        return Refusal("reversed", t_far)
    last = farthest + int(back[margins.least_points - 1])
    came, going = leaving(way[: crossed.at + 1], margins.leaves_m), leaving(way[: last + 1], margins.leaves_m)
    turned_deg = between_deg(came, going)
    ahead = came / max(float(np.hypot(*came)), 1e-9)
    step = way[last] - way[crossed.at]
    aside_m = abs(float(step[0] * ahead[1] - step[1] * ahead[0]))
    size = float(np.median(path.size_px[crossed.at : last + 1]))
    if turned_deg < margins.round_deg:
        return Refusal("not_turned_round", t_far, turned_deg, margins.round_deg, "degrees")
    if aside_m < margins.aside_m:
        return Refusal("came_back_where_it_was", t_far, aside_m, margins.aside_m, "m")
    t_over, t_last = float(path.t_s[crossed.at]), float(path.t_s[last])
    refused = not_one_vehicle(path, t_over, t_last, size, shared.one_vehicle)
    if refused is not None:
        return refused
    return Finding(
        act=ActCode.BANNED_U_TURN,
        what=line.id,
        before=crossed.last_before,
        at=farthest,
        after=last,
        signs=banned["u_turn"],
        reasons={
            "stop_line": line.id,
            "movement": "u_turn",
            "turned_round_deg": round(turned_deg),
            "round_needed_deg": margins.round_deg,
            "back_beside_m": round(aside_m, 1),
            "back_beside_needed_m": margins.aside_m,
            "back_after_line_s": round(float(path.t_s[last] - path.t_s[crossed.at]), 3),
        },
    )


RULE = Rule(ActCode.BANNED_U_TURN, banned_u_turn, BannedUTurnMargins())
