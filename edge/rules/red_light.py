"""Running a red light: the front before the line while red, then wholly past it while red, and moving on.

What the lamp shows when the junction area is reached is evidence, not a condition: who jumps the light in its last
seconds is past the line in red and in the junction in green.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.road.trajectory import LineRun, Trajectory
from edge.rules.crossing import ENTRY_WITHIN_S, Crossing, crossing, moment_before
from edge.rules.finding import Finding
from edge.rules.front import FrontAtOnset, front_at_onset
from edge.rules.permission import governing
from edge.rules.standing import stood
from edge.signals.history import LampHistory
from evidence.acts import ActCode, LampState
from evidence.packet import Reason
from zones.schema import Scene, StopLine

Floats = NDArray[np.float64]
_ENTRY_POINTS = 3
_CLEAR_BOXES = 0.035
_QUANTILE = 0.2
"""While red, the rear must have been so far before the line (in box sizes) in more than so many of the pictures."""
_TRAVEL_BOXES = 0.35
_CUT_OFF_TRAVEL_BOXES = 0.05
_CUT_OFF_MOTION_BOXES = 0.5
_CUT_OFF_LAST_S = 0.6
_GONE_BOXES = 1.5
GONE_M = 3.5
"""Who is so far past the line and has not stopped drives on, wherever the junction area is drawn to begin. Nearer to
the line, on the road, nobody has driven on into a junction."""
_WAITED_S = 1.0
"""Who stood for so long past the line before it was green waited for green there."""
_MOVING_S = 0.4
_MOVING_BOXES = 0.15
_AFTER_WITHIN_S = 2.5


def red_light(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    """At most one finding a stop line."""
    found = (_at_line(path, scene, lamps, line) for line in scene.stop_lines)
    return [f for f in found if f is not None]


@dataclass(frozen=True)
class _Gone:
    """Observations after the crossing: from which on it has gone on, and the last one looked at."""

    entry: int
    last: int
    in_junction: bool


def _at_line(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory], line: StopLine) -> Finding | None:
    rules, run = scene.rules, path.lines[line.id]
    crossed = crossing(path, run, rules)
    if crossed is None:
        return None
    at = crossed.at
    size = float(np.median(path.size_px[max(0, at - 3) : at + 3]))
    gone = _gone_on(path, scene, run, at, size)
    if gone is None or float(path.t_s[gone.entry] - path.t_s[at]) > ENTRY_WITHIN_S:
        return None
    t_at = float(path.t_s[at])
    heads = governing(scene, line, path, at)
    since = heads.red_since(lamps, t_at)
    sure_s = float(path.t_s[crossed.earliest])
    if since is None or sure_s - since < rules.red_margin_s:
        return None
    until = heads.red_until(lamps, t_at)
    if not _clear_in_red(path, run, rules.line_margin_px, at, size, until) or not _moved_on(
        path, at, gone, size, until
    ):
        return None
    before_in_red = np.flatnonzero((path.t_s[:at] >= since - 1e-6) & (run.rear_px[:at] <= rules.line_margin_px))
    if not len(before_in_red):
        return None  # not seen before the line while red
    if float(np.quantile(run.rear_px[before_in_red[0] : at], _QUANTILE)) > rules.line_margin_px - _CLEAR_BOXES * size:
        return None  # it stood on the line when red began, and its box trembled
    travel = float(run.rear_px[gone.last] - run.rear_px[at])
    cut_off = travel < _TRAVEL_BOXES * size
    if cut_off and not _moving_when_cut_off(path, run.rear_px, at, int(before_in_red[0]), size):
        return None  # no proof of motion beyond the line
    onset_seen = heads.onset_seen(lamps, t_at)
    front = front_at_onset(path, run, at, since, onset_seen=onset_seen)
    if front == FrontAtOnset.ROLLED_OVER:
        return None
    flags = _flags(front, onset_seen=onset_seen, cut_off=cut_off)
    before = max(moment_before(path, at, 1.0), int(before_in_red[0]))
    return Finding(
        act=ActCode.RED_LIGHT,
        what=line.id,
        before=min(before, crossed.last_before),
        at=at,
        after=_after(path, at, gone, until),
        heads=heads.ids,
        lamp=LampState.RED,
        flags=flags,
        moment_s=crossed.moment_s,
        red_until_s=until,
        reasons=_reasons(path, scene, run, crossed, gone, since, until, onset_seen=onset_seen)
        | {"stop_line": line.id, "movements_possible": [str(m) for m in heads.movements]},
    )


def _flags(front: FrontAtOnset, *, onset_seen: bool, cut_off: bool) -> tuple[str, ...]:
    flags = [] if onset_seen else ["red_onset_not_seen"]
    if front == FrontAtOnset.STOOD_OVER:
        flags.append("front_past_line_at_red_onset")
    if front == FrontAtOnset.NOT_SEEN:
        flags.append("front_before_line_not_seen")
    if cut_off:
        flags.append("stream_ended_during_act")
    return tuple(flags)


def _reasons(
    path: Trajectory, scene: Scene, run: LineRun, crossed: Crossing, gone: _Gone, since: float, until: float | None,
    *, onset_seen: bool,
) -> dict[str, Reason]:  # fmt: skip
    at, rules = crossed.at, scene.rules
    at_onset = min(int(np.searchsorted(path.t_s, since)), at)
    return {
        "red_for_s": round(float(path.t_s[at]) - since, 3),
        "red_margin_s": rules.red_margin_s,
        "red_onset_seen": onset_seen,
        "red_left_s": None if until is None else round(until - float(path.t_s[at]), 3),
        "rear_before_line_px": round(crossed.farthest_before, 1),
        "rear_past_line_px": round(float(run.rear_px[at]), 1),
        "rear_at_red_onset_px": round(float(run.rear_px[at_onset]), 1) if onset_seen else None,
        "entered_junction_after_s": round(float(path.t_s[gone.entry] - path.t_s[at]), 3) if gone.in_junction else None,
        "travel_past_line_px": round(float(run.rear_px[gone.last] - run.rear_px[at]), 1),
        "observations_before": int(np.count_nonzero(run.rear_px[:at] <= rules.line_margin_px)),
        "observations_after": len(path.t_s) - at,
        "exit": next(iter(sorted(path.exits)), None),
    }


def _after(path: Trajectory, at: int, gone: _Gone, until: float | None) -> int:
    """The last observation looked at, as long as it is red there."""
    if until is None:
        return gone.last
    in_red = np.flatnonzero(path.t_s[at + 1 : gone.last + 1] < until - 1e-6)
    return at + 1 + int(in_red[-1]) if len(in_red) else gone.last


def _clear_in_red(path: Trajectory, run: LineRun, margin_px: float, at: int, size: float, until: float | None) -> bool:
    """Whether the rear was seen clear of the line while red, by more than a box trembles."""
    in_red = path.t_s[at:] < (np.inf if until is None else until - 1e-6)
    return bool((run.rear_px[at:][in_red] > margin_px + _CLEAR_BOXES * size).any())


def _moved_on(path: Trajectory, at: int, gone: _Gone, size: float, until: float | None) -> bool:
    """Whether it was on its way, rather than waiting past the line for green, which is another act."""
    t_at, t_entry = float(path.t_s[at]), float(path.t_s[gone.entry])
    if until is None or until > t_entry:
        return True
    around = path.contacts[np.abs(path.t_s - until) <= _MOVING_S]
    if len(around) >= 2 and float(np.hypot(*(around[-1] - around[0]))) < _MOVING_BOXES * size:
        return False
    return not stood(path, t_at, until, _WAITED_S)


def _moving_when_cut_off(path: Trajectory, rear_px: Floats, at: int, from_: int, size: float) -> bool:
    """The recording ends just past the line: the way made while red and the last moments must speak for it."""
    if not path.cut_off:
        return False
    recent = int(np.searchsorted(path.t_s, path.t_s[-1] - _CUT_OFF_LAST_S))
    past_px, whole_px = float(rear_px[-1] - rear_px[at]), float(rear_px[-1] - rear_px[from_])
    still_moving = float(rear_px[-1] - rear_px[recent]) > _CUT_OFF_TRAVEL_BOXES * size
    return still_moving and past_px > _CUT_OFF_TRAVEL_BOXES * size and whole_px > _CUT_OFF_MOTION_BOXES * size


def _gone_on(path: Trajectory, scene: Scene, run: LineRun, at: int, size: float) -> _Gone | None:
    """Into the junction area, or so far past the line that nobody stops there; None: not (yet)."""
    inside = np.flatnonzero(in_the_junction(path, run)[at:])
    if len(inside) >= _ENTRY_POINTS:
        return _Gone(at + int(inside[0]), at + int(inside[-1]), in_junction=True)
    on_road = np.isfinite(run.rear_m).all()
    far = np.flatnonzero(run.rear_m[at:] > GONE_M if on_road else run.rear_px[at:] > _GONE_BOXES * size)
    if len(far) < _ENTRY_POINTS:
        return None
    if scene.junction is not None and stood(path, float(path.t_s[at]), float(path.t_s[-1]), _WAITED_S):
        return None  # past the line, but short of the junction: perhaps it stays there
    return _Gone(at + int(far[0]), at + int(far[-1]), in_junction=False)


def in_the_junction(path: Trajectory, run: LineRun) -> NDArray[np.bool_]:
    """`[N]` in the junction area, and not still on the line however near to it the area was drawn."""
    if path.cut_off or not np.isfinite(run.rear_m).all():
        return path.in_junction
    inside: NDArray[np.bool_] = path.in_junction & (run.rear_m > GONE_M)
    return inside
