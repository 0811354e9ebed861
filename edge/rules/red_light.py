"""Running a red light: before the line while red, wholly past it while red, on into the junction while still red."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.lamps import LampHistory
from edge.paths import Path
from edge.rules.crossing import ENTRY_WITHIN_S, crossing, moment_before
from edge.rules.finding import Finding
from edge.rules.permission import governing
from evidence.acts import ActCode, LampState
from zones.schema import Scene

Floats = NDArray[np.float64]
_ENTRY_POINTS = 3
_CLEAR_BOXES = 0.035
_QUANTILE = 0.2
"""While red, the rear must have been so far before the line (in box sizes) in more than so many of the pictures."""
_TRAVEL_BOXES = 0.35
_CUT_OFF_TRAVEL_BOXES = 0.05
_CUT_OFF_MOTION_BOXES = 0.5
_CUT_OFF_LAST_S = 0.6
_NO_JUNCTION_BOXES = 1.5


def red_light(path: Path, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    """At most one finding a stop line."""
    found = (_at_line(path, scene, lamps, index) for index in range(len(scene.stop_lines)))
    return [f for f in found if f is not None]


def _at_line(path: Path, scene: Scene, lamps: Mapping[str, LampHistory], index: int) -> Finding | None:
    line, rules = scene.stop_lines[index], scene.rules
    run = path.lines[line.id]
    crossed = crossing(path, run, rules)
    if crossed is None:
        return None
    at = crossed.at
    entered = _entered(path, scene, run.rear_px, at)
    if entered is None:
        return None
    entry, last = entered
    t_at, t_entry = float(path.t_s[at]), float(path.t_s[entry])
    if t_entry - t_at > ENTRY_WITHIN_S:
        return None
    heads = governing(scene, line, path, at)
    since = heads.red_since(lamps, t_at)
    sure_s = float(path.t_s[crossed.earliest])
    if since is None or sure_s - since < rules.red_margin_s or not heads.red_throughout(lamps, t_at, t_entry):
        return None
    before_in_red = np.flatnonzero((path.t_s[:at] >= since - 1e-6) & (run.rear_px[:at] <= rules.line_margin_px))
    if not len(before_in_red):
        return None  # not seen before the line while red
    size = float(np.median(path.size_px[max(0, at - 3) : at + 3]))
    if float(np.quantile(run.rear_px[before_in_red[0] : at], _QUANTILE)) > rules.line_margin_px - _CLEAR_BOXES * size:
        return None  # it stood on the line when red began, and its box trembled
    travel = float(run.rear_px[last] - run.rear_px[at])
    cut_off = travel < _TRAVEL_BOXES * size
    if cut_off and not _moving_when_cut_off(path, run.rear_px, at, int(before_in_red[0]), size):
        return None  # no proof of motion beyond the line
    onset_seen = heads.onset_seen(lamps, t_at)
    flags = [] if onset_seen else ["red_onset_not_seen"]
    if cut_off:
        flags.append("stream_ended_during_act")
    at_onset = int(np.searchsorted(path.t_s, since))
    front_at_onset = float(run.front_px[min(at_onset, at)])
    if onset_seen and front_at_onset > 0:
        flags.append("front_past_line_at_red_onset")
    before = max(moment_before(path, at, 1.0), int(before_in_red[0]))
    return Finding(
        act=ActCode.RED_LIGHT,
        what=line.id,
        before=min(before, crossed.last_before),
        at=at,
        after=last,
        heads=heads.ids,
        lamp=LampState.RED,
        flags=tuple(flags),
        reasons={
            "stop_line": line.id,
            "red_for_s": round(t_at - since, 3),
            "red_margin_s": rules.red_margin_s,
            "red_onset_seen": onset_seen,
            "rear_before_line_px": round(crossed.farthest_before_px, 1),
            "rear_past_line_px": round(float(run.rear_px[at]), 1),
            "rear_at_red_onset_px": round(float(run.rear_px[min(at_onset, at)]), 1) if onset_seen else None,
            "entered_junction_after_s": round(t_entry - t_at, 3),
            "travel_past_line_px": round(travel, 1),
            "observations_before": int(np.count_nonzero(run.rear_px[:at] <= rules.line_margin_px)),
            "observations_after": len(path.t_s) - at,
            "movements_possible": [str(m) for m in heads.movements],
            "exit": next(iter(sorted(path.exits)), None),
        },
    )


def _moving_when_cut_off(path: Path, rear_px: Floats, at: int, from_: int, size: float) -> bool:
    """The recording ends just past the line: the way made while red and the last moments must speak for it."""
    if not path.cut_off:
        return False
    recent = int(np.searchsorted(path.t_s, path.t_s[-1] - _CUT_OFF_LAST_S))
    past_px, whole_px = float(rear_px[-1] - rear_px[at]), float(rear_px[-1] - rear_px[from_])
    still_moving = float(rear_px[-1] - rear_px[recent]) > _CUT_OFF_TRAVEL_BOXES * size
    return still_moving and past_px > _CUT_OFF_TRAVEL_BOXES * size and whole_px > _CUT_OFF_MOTION_BOXES * size


def _entered(path: Path, scene: Scene, rear_px: Floats, at: int) -> tuple[int, int] | None:
    """First observation in the junction after the crossing, and the last one looked at; None: not in it (yet)."""
    if scene.junction is not None:
        inside = np.flatnonzero(path.in_junction[at:])
    else:
        size = float(np.median(path.size_px[max(0, at - 3) : at + 3]))
        inside = np.flatnonzero(rear_px[at:] > _NO_JUNCTION_BOXES * size)
    if len(inside) < _ENTRY_POINTS:
        return None
    return at + int(inside[0]), at + int(inside[-1])
