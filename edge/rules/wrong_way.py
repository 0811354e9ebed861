"""Driving against a lane's direction, where the scene states that the lane is one-way (`Country.one_way`).

In the other half of a two-way road it is another act, which nothing here states."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge.road.trajectory import LaneRun, Trajectory
from edge.rules.finding import Finding
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.schema import Lane, Scene

_LEAST_POINTS = 4
_LEAST_TRAVEL_BOXES = 0.8
_ALONG_SHARE = 0.7
"""Of the way made so much must be against the lane: crossing it sideways is another thing."""
_STEP_SHARE = 0.4
"""Of the way so much may be made in one step, and more where pictures are missing."""
_MOTION_SHARE = 0.2
_BACKWARD_SHARE = 0.75
"""Of the steps in the lane so many must go against it: a box that jumps once does not."""


def wrong_way(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    """At most one finding a lane."""
    found = [_in_lane(path, scene, lane, path.lanes[lane.id]) for lane in scene.lanes if lane.states_one_way]
    return [f for f in found if f is not None]


def _in_lane(path: Trajectory, scene: Scene, lane: Lane, run: LaneRun) -> Finding | None:
    """The longest drive against the lane among the stretches in it."""
    if not run.inside.any():
        return None
    ends = np.flatnonzero(np.diff(np.concatenate([[False], run.inside, [False]]).astype(np.int8)))
    best: tuple[float, int, int] | None = None
    for begin, end in zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True):
        # It counts from where it was farthest along, so that a lawful beginning does not hide it.
        first = begin + int(np.argmax(run.progress_px[begin:end]))
        last = first + int(np.argmin(run.progress_px[first:end]))
        against = float(run.progress_px[first] - run.progress_px[last])
        if best is None or against > best[0]:
            best = (against, first, last)
    if best is None:
        return None
    against, first, last = best
    rules = scene.rules
    t_s = path.t_s[first : last + 1]
    if len(t_s) < max(rules.min_track_points, _LEAST_POINTS):
        return None
    size = float(np.median(path.size_px[first : last + 1]))
    needed = max(rules.wrong_way_px, _LEAST_TRAVEL_BOXES * size)
    lasted = float(t_s[-1] - t_s[0])
    share = float(np.mean(np.diff(run.progress_px[first : last + 1]) < 0))
    straight = float(np.hypot(*(path.contacts[last] - path.contacts[first])))
    along_share = against / max(straight, 1e-6)
    if against < needed or lasted < rules.wrong_way_s or share < _BACKWARD_SHARE or along_share < _ALONG_SHARE:
        return None
    steps, gaps = -np.diff(run.progress_px[first : last + 1]), np.diff(t_s)
    if (steps > (_STEP_SHARE + gaps / lasted) * against).any():
        return None  # made at one leap: the track went over to another
    if _moved(path, first, last) < _MOTION_SHARE * against:
        return None  # only the lower edge moved: somebody who hid the wheels drove away
    return Finding(
        act=ActCode.WRONG_WAY,
        what=lane.id,
        before=first,
        at=first + int(np.searchsorted(t_s, t_s[0] + rules.wrong_way_s).clip(0, len(t_s) - 1)),
        after=last,
        reasons={
            "lane": lane.id,
            "one_way_by": lane.one_way_by,
            "one_way_reference": lane.one_way_reference,
            "against_px": round(against, 1),
            "against_needed_px": round(needed, 1),
            "against_s": round(lasted, 3),
            "against_needed_s": rules.wrong_way_s,
            "steps_against_share": round(share, 3),
        },
    )


def _moved(path: Trajectory, first: int, last: int) -> float:
    """How far the box moved or grew between two observations, leaving its lower edge aside, in pixels."""
    begin, end = (np.median(path.boxes[max(0, i - 1) : i + 2], axis=0) for i in (first, last))
    step = end - begin
    return float(np.abs([(step[0] + step[2]) / 2, step[2] - step[0], step[1]]).max())
