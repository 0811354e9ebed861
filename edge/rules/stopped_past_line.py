"""Stopping on or past the stop line on red without entering the junction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.road.trajectory import LineRun, Trajectory
from edge.rules.crossing import ENTRY_WITHIN_S, Crossing, crossing, moment_before
from edge.rules.finding import Finding
from edge.rules.front import FrontAtOnset, front_at_onset
from edge.rules.permission import Governing, governing
from edge.rules.red_light import in_the_junction
from edge.rules.standing import stands
from edge.rules.stands_past_line import stands_past_line
from edge.signals.history import LampHistory
from evidence.acts import ActCode, LampState
from evidence.packet import Reason
from zones.schema import RuleSettings, Scene, StopLine

_CLEAR_BOXES = 0.055
"""In a picture without a ground plane the rear must stand clear of the line by this share: there a box that trembles
on the line cannot be told from one past it."""
_BEFORE_BOXES = 0.4
_WAY_BOXES = 0.5
"""Who waited at the line for longer than a track remembers and then crept past it has come only so far."""
_STANDS_OVER_M = 0.15
_BEFORE_M = 0.7
_WAY_M = 1.1
_DOUBTFUL_S = 5.0
"""Where the way out may be free to a vehicle that turns, standing for so long, and not turning until it is lost from
sight, shows that it waits for the other lamp."""


def stopped_past_line(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    """At most one finding a stop line."""
    found = (
        _at_line(path, scene, lamps, line) or stands_past_line(path, scene, lamps, line) for line in scene.stop_lines
    )
    return [f for f in found if f is not None]


@dataclass(frozen=True)
class _Stand:
    """The crossing, the first and last observation of the stand, and how far past the line the rear stood."""

    crossed: Crossing
    first: int
    last: int
    past: float
    unit: str


def _at_line(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory], line: StopLine) -> Finding | None:
    rules, run = scene.rules, path.lines[line.id]
    stand = _stand(path, run, rules, rules.stopped_s)
    if stand is None:
        return None
    heads = governing(scene, line, path, stand.crossed.at)
    movements = [str(m) for m in heads.movements]
    flags: list[str] = []
    since = _red_since(heads, path, stand, lamps, rules)
    if since is None:
        # it may turn where it need not wait; but a vehicle that only stands there shows no sign of it
        doubtful = heads.only_red(lamps, float(path.t_s[stand.crossed.at]))
        long_stand = _stand(path, run, rules, max(_DOUBTFUL_S, rules.stopped_s))
        if doubtful is None or long_stand is None or not path.ended:
            return None  # what it does next will tell which way it waited for
        heads, stand, flags = doubtful, long_stand, ["movement_not_seen"]
        since = _red_since(heads, path, stand, lamps, rules)
        if since is None:
            return None
    at = stand.crossed.at
    t_at = float(path.t_s[at])
    if _drove_on(path, run, heads, lamps, at, float(path.t_s[stand.last])):
        return None
    onset_seen = heads.onset_seen(lamps, t_at)
    front = front_at_onset(path, run, at, since, onset_seen=onset_seen)
    if front in (FrontAtOnset.ROLLED_OVER, FrontAtOnset.STOOD_OVER):
        return None  # over the line before red: he may stand there
    flags += [] if onset_seen else ["red_onset_not_seen"]
    flags += ["front_before_line_not_seen"] if front == FrontAtOnset.NOT_SEEN else []
    return Finding(
        act=ActCode.STOPPED_PAST_LINE,
        what=line.id,
        before=moment_before(path, at, 1.0),
        at=at,
        after=stand.last,
        heads=heads.ids,
        lamp=LampState.RED,
        flags=tuple(flags),
        moment_s=stand.crossed.moment_s,
        reasons=_reasons(path, rules, stand, since, onset_seen=onset_seen)
        | {"stop_line": line.id, "movements_possible": movements},
    )


def _reasons(
    path: Trajectory, rules: RuleSettings, stand: _Stand, since: float, *, onset_seen: bool
) -> dict[str, Reason]:
    digits = 1 if stand.unit == "px" else 2
    front: dict[str, Reason] = (
        {"front_stood_past_line_m": round(stand.past + path.build.length_m, 1)} if stand.unit == "m" else {}
    )
    return front | {
        "red_for_s": round(float(path.t_s[stand.crossed.at]) - since, 3),
        "red_margin_s": rules.red_margin_s,
        "red_onset_seen": onset_seen,
        f"rear_before_line_{stand.unit}": round(stand.crossed.farthest_before, digits),
        f"rear_stood_past_line_{stand.unit}": round(stand.past, digits),
        "stood_s": round(float(path.t_s[stand.last] - path.t_s[stand.first]), 3),
        "stopped_s": rules.stopped_s,
        "observations_standing": stand.last - stand.first + 1,
    }


def _stand(path: Trajectory, run: LineRun, rules: RuleSettings, seconds: float) -> _Stand | None:
    """The first stretch of `seconds` of standing on or past the line, of one that came over it."""
    if path.ground is not None and np.isfinite(run.rear_m).all() and np.isfinite(run.farthest_m).all():
        return _stand_on_the_road(path, run, rules, seconds)
    crossed = crossing(path, run, rules)
    if crossed is None:
        return None
    for first, last in stands(path, crossed.at, seconds):
        # the middle of the stretch: a box that trembles is on the line now and then
        size = float(np.median(path.size_px[first : last + 1]))
        past = float(np.median(run.rear_px[first : last + 1]))
        if past > _CLEAR_BOXES * size:
            way = crossed.farthest_before + past
            # else it stood at the line all along, and its box wandered
            came = crossed.farthest_before >= _BEFORE_BOXES * size and way >= _WAY_BOXES * size
            return _Stand(crossed, first, last, past, "px") if came else None
    return None


def _stand_on_the_road(path: Trajectory, run: LineRun, rules: RuleSettings, seconds: float) -> _Stand | None:
    half = path.build.half_m
    crossed = crossing(path, run, rules, over_m=-half)
    if crossed is None:
        return None
    for first, last in stands(path, crossed.at, seconds):
        past = float(np.median(run.rear_m[first : last + 1]))
        if past > _STANDS_OVER_M - half:
            way = crossed.farthest_before + past + half
            return (
                _Stand(crossed, first, last, past, "m")
                if crossed.farthest_before >= _BEFORE_M and way >= _WAY_M
                else None
            )
    return None


def _red_since(
    heads: Governing, path: Trajectory, stand: _Stand, lamps: Mapping[str, LampHistory], rules: RuleSettings
) -> float | None:
    """Since when it was red, if it was so from well before the line on and throughout the stand."""
    t_at, t_last = float(path.t_s[stand.crossed.at]), float(path.t_s[stand.last])
    since = heads.red_since(lamps, t_at)
    sure_s = float(path.t_s[stand.crossed.earliest])
    if since is None or sure_s - since < rules.red_margin_s or not heads.red_throughout(lamps, t_at, t_last):
        return None
    return since


def _drove_on(
    path: Trajectory, run: LineRun, heads: Governing, lamps: Mapping[str, LampHistory], at: int, t_last: float
) -> bool:
    """Who soon drives on while red ran the light; who waits, for green or a gap, has first stopped past the line."""
    entered = np.flatnonzero(in_the_junction(path, run)[at:])
    if not len(entered):
        return False
    t_at, t_entry = float(path.t_s[at]), float(path.t_s[at + entered[0]])
    return t_entry <= t_last or (t_entry - t_at <= ENTRY_WITHIN_S and heads.red_throughout(lamps, t_at, t_entry))
