"""Standing past the stop line in red from the first sight of it on: a weaker act, for a person to judge.

Nobody saw the vehicle come over the line: it was there when the stream began, or came out from behind a bus. It may
have passed on green. So it must stand clear of the line for long, red all the while, and its doubt is told.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge.road.trajectory import LineRun, Trajectory
from edge.rules.finding import Finding
from edge.rules.permission import governing
from edge.rules.standing import stands
from edge.signals.history import LampHistory
from evidence.acts import ActCode, LampState
from zones.schema import Scene, StopLine

CROSSING_NOT_SEEN = "crossing_not_seen"
_STOOD_S = 5.0
_CLEAR_BOXES, _NEAR_BOXES = 0.15, 2.5
_CLEAR_M, _NEAR_M = 0.4, 6.0
"""How far past the line the rear stands: clear of it, and not so far that it is another's waiting place."""
_FROM_THE_START_S = 1.0
_WITHIN_SHARE = 0.8
_COVERED = 0.1
"""Whose lower edge is hidden by more than this seems to stand farther on than it does."""


def stands_past_line(
    path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory], line: StopLine
) -> Finding | None:
    """The act at one line, of a track that was never before it."""
    rules, run = scene.rules, path.lines[line.id]
    if bool((run.rear_px <= rules.line_margin_px).any()) or bool(path.in_junction.any()):
        return None
    stretch = next(iter(stands(path, 0, max(_STOOD_S, rules.stopped_s))), None)
    if stretch is None or path.t_s[stretch[0]] - path.t_s[0] > _FROM_THE_START_S:
        return None  # it moved into its place: from where is not known
    first, last = stretch
    if float(np.median([o.covered for o in path.observations[first : last + 1]])) > _COVERED:
        return None
    stood, unit = _clear(path, run, first, last)
    if stood is None or float(np.mean(run.within[first : last + 1])) < _WITHIN_SHARE:
        return None
    heads = governing(scene, line, path, first)
    t_first, t_last = float(path.t_s[first]), float(path.t_s[last])
    since = heads.red_since(lamps, t_last)
    onset_seen = heads.onset_seen(lamps, t_last)
    if since is None or since > t_first + 1e-6 or (onset_seen and t_first - since < rules.red_margin_s):
        return None  # it stood there before red
    return Finding(
        act=ActCode.STOPPED_PAST_LINE,
        what=line.id,
        before=first,
        at=min(first + 1, last),
        after=last,
        heads=heads.ids,
        lamp=LampState.RED,
        flags=(CROSSING_NOT_SEEN,) if onset_seen else (CROSSING_NOT_SEEN, "red_onset_not_seen"),
        reasons={
            "stop_line": line.id,
            "red_for_s": round(t_last - since, 3),
            "red_onset_seen": onset_seen,
            f"rear_stood_past_line_{unit}": stood,
            "stood_s": round(t_last - t_first, 3),
            "stopped_s": max(_STOOD_S, rules.stopped_s),
            "observations_standing": last - first + 1,
            "movements_possible": [str(m) for m in heads.movements],
        },
    )


def _clear(path: Trajectory, run: LineRun, first: int, last: int) -> tuple[float | None, str]:
    """How far past the line the rear stood, with its unit; None if not clear of it, or far beyond it."""
    if np.isfinite(run.rear_m).all():
        past_m = float(np.median(run.rear_m[first : last + 1]))
        return (round(past_m, 2) if _CLEAR_M <= past_m <= _NEAR_M else None), "m"
    past_px = float(np.median(run.rear_px[first : last + 1]))
    share = past_px / max(float(np.median(path.size_px[first : last + 1])), 1e-6)
    return (round(past_px, 1) if _CLEAR_BOXES <= share <= _NEAR_BOXES else None), "px"
