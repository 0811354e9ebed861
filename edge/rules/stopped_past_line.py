"""Stopping past the stop line on red without entering the junction."""

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
_STILL_BOXES = 0.12
"""A standing vehicle's box wanders by less than this share of its size."""
_CLEAR_BOXES = 0.055
"""The rear must stand clear of the line by this share: on the line is not past it."""
_BEFORE_BOXES = 0.4
_WAY_BOXES = 0.5
"""Who waited at the line for longer than a track remembers and then crept past it has come only so far."""


def stopped_past_line(path: Path, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
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
    standing = _standing(path, run.rear_px, at, rules.stopped_s)
    if standing is None:
        return None
    first, last = standing
    size = float(np.median(path.size_px[first : last + 1]))
    stood_px = float(np.median(run.rear_px[first : last + 1]))
    before_px = crossed.farthest_before_px
    if before_px < _BEFORE_BOXES * size or before_px + stood_px < _WAY_BOXES * size:
        return None  # it stood at the line all along, and its box wandered
    t_at, t_last = float(path.t_s[at]), float(path.t_s[last])
    heads = governing(scene, line, path, at)
    since = heads.red_since(lamps, t_at)
    sure_s = float(path.t_s[crossed.earliest])
    if since is None or sure_s - since < rules.red_margin_s or not heads.red_throughout(lamps, t_at, t_last):
        return None
    entered = np.flatnonzero(path.in_junction[at:])
    if len(entered):
        t_entry = float(path.t_s[at + entered[0]])
        # who soon drives on while red ran the light; who waits, for green or for a gap, has stopped past the line first
        if t_entry <= t_last or (t_entry - t_at <= ENTRY_WITHIN_S and heads.red_throughout(lamps, t_at, t_entry)):
            return None
    onset_seen = heads.onset_seen(lamps, t_at)
    return Finding(
        act=ActCode.STOPPED_PAST_LINE,
        what=line.id,
        before=moment_before(path, at, 1.0),
        at=at,
        after=last,
        heads=heads.ids,
        lamp=LampState.RED,
        flags=() if onset_seen else ("red_onset_not_seen",),
        reasons={
            "stop_line": line.id,
            "red_for_s": round(t_at - since, 3),
            "red_margin_s": rules.red_margin_s,
            "red_onset_seen": onset_seen,
            "rear_before_line_px": round(crossed.farthest_before_px, 1),
            "rear_stood_past_line_px": round(stood_px, 1),
            "stood_s": round(t_last - float(path.t_s[first]), 3),
            "stopped_s": rules.stopped_s,
            "observations_standing": last - first + 1,
        },
    )


def _standing(path: Path, rear_px: Floats, at: int, seconds: float) -> tuple[int, int] | None:
    """First and last observation of the first stretch of standing clear of the line for `seconds`."""
    points, t_s = path.contacts[at:], path.t_s[at:]
    sizes = _size_by_then(path.size_px[at:])
    start = 0
    for last in range(len(t_s)):
        # the stretch begins again after the last observation that was too far from where it stands now
        away = np.flatnonzero(np.hypot(*(points[start : last + 1] - points[last]).T) > _STILL_BOXES * sizes[last])
        if len(away):
            start += int(away[-1]) + 1
        if t_s[last] - t_s[start] < seconds:
            continue
        # the middle of the stretch: a box that trembles is on the line now and then
        if float(np.median(rear_px[at + start : at + last + 1])) > _CLEAR_BOXES * sizes[last]:
            return at + start, at + last
    return None


def _size_by_then(size_px: Floats) -> Floats:
    """Middle of the last five sizes: what comes later, when it has driven off, must not make a stand undone."""
    window = 5
    padded = np.concatenate([np.full(window - 1, size_px[0]), size_px])
    middle: Floats = np.median(np.lib.stride_tricks.sliding_window_view(padded, window), axis=1)
    return middle
