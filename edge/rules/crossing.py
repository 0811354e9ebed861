"""When a vehicle's rear crossed a stop line for good: shared by the acts at the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from edge.road.trajectory import LineRun, Trajectory
from zones.schema import RuleSettings

Floats = NDArray[np.float64]

ENTRY_WITHIN_S = 8.0
"""Who takes longer from the line into the junction has stopped in between: another act than running the light."""
_BEFORE_BOXES = 0.06
"""How far before the line (in box sizes) the rear must have been seen: less is the jitter of a box."""
_MAX_GAP_S = 1.2
_MAX_STEP_BOXES = 2.0
_MAX_STEP_OF_PACE = 1.6
"""A step over the line may also be so many times what the pace beside it makes in the same time: at few pictures a
second the fastest come far in one."""
_BEFORE_M = 0.5
_STRETCH_S = 0.7
_JUMP_BOXES = 0.25
_JUMP_SHARE = 0.5
_MAX_BRAKING_M = 5.0
_SLOW_M = 1.0
_EXCURSION = 5
"""The same with a ground plane: some 5 m/s2 aside and in gathering speed, 9 m/s2 in braking, and what boxes err: most
where a long vehicle's flank comes into sight."""
_MAX_BEND_BOXES = 1.8
"""No vehicle changes its way aside by more than this (in box sizes) from one stretch to the next: 1.8 in 0.7 s would be
some 4 m/s2 and the jump of a box that comes out from behind another. What does was two vehicles, one track."""
_MAX_PACE_BOXES = 2.9
"""Nor its pace along the way, after perspective: far away the same speed is fewer pixels."""
_PERSPECTIVE = (0.15, 6.0)
"""How much larger or smaller a vehicle can truly become within two stretches; more is a box that was cut or grew."""


@dataclass(frozen=True)
class Crossing:
    """`at`: the first observation with the rear past the line, after which it never came back. `farthest_before`: how
    far before the line the rear had been seen (positive), in pixels, or metres if it was asked for in metres.
    `earliest`: the first at which it may have been past, as the wheels may have been hidden from then on. `moment_s`:
    when it passed, between two pictures."""

    at: int
    last_before: int
    farthest_before: float
    earliest: int
    moment_s: float


def crossing(path: Trajectory, run: LineRun, rules: RuleSettings, *, over_m: float | None = None) -> Crossing | None:
    """The crossing of one line, or None: never crossed, came back, not seen before the line, or past its ends.

    `over_m`: ask on the road instead of in the picture, and for the rear so far past the line (negative: still so far
    before it); the path must have a ground plane. A track that was first seen past it has no crossing, whatever it does
    later.
    """
    asked = ("crossing", id(run), over_m, rules.line_margin_px, rules.min_track_points)
    if asked not in path.known:
        path.known[asked] = _crossing(path, run, rules, over_m)
    found: Crossing | None = path.known[asked]
    return found


def _crossing(path: Trajectory, run: LineRun, rules: RuleSettings, over_m: float | None) -> Crossing | None:
    rear, farthest_on, margin = run.rear_px, run.farthest_px, rules.line_margin_px
    if over_m is not None:
        rear, farthest_on, margin = run.rear_m, run.farthest_m, over_m
    past = rear > margin
    if len(rear) < rules.min_track_points + 1 or not past[-1]:
        return None
    behind = np.flatnonzero(~past)
    if not len(behind):
        return None
    last_before = int(behind[-1])
    at = last_before + 1
    if at + 1 >= len(rear) and not path.ended:
        return None  # one frame past the line may be a jittering box
    size = float(np.median(path.size_px[max(0, last_before - 3) : at + 2]))
    farthest = margin - float(rear[:at].min()) if over_m is not None else -float(rear[:at].min())
    least = max(2.0, _BEFORE_BOXES * size) if over_m is None else _BEFORE_M
    if farthest < least or int(np.count_nonzero(~past[:at])) < rules.min_track_points:
        return None
    if not (run.within[last_before] or run.within[at]):
        return None
    if past[: rules.min_track_points].all() or path.in_junction[:last_before].any():
        return None  # it came out of the junction, or its track was taken over from something that did
    if not _continuous(path, last_before, at, size):
        return None
    surely_before = np.flatnonzero(farthest_on[: at + 1] <= margin)
    earliest = min(at, int(surely_before[-1]) + 1) if len(surely_before) else 0
    if over_m is None and np.isfinite(run.rear_m[[last_before, at]]).all():
        rear, margin = run.rear_m, 0.0  # an even pace is even on the road, not in the picture
    return Crossing(at, last_before, farthest, earliest, _moment(path, rear, margin, last_before))


def _moment(path: Trajectory, rear: Floats, margin: float, last_before: int) -> float:
    """Between the last picture before the line and the first past it the vehicle is taken to move evenly."""
    before, after = float(rear[last_before]), float(rear[last_before + 1])
    t_s = path.t_s[last_before : last_before + 2]
    share = (margin - before) / (after - before) if after > before else 1.0
    return float(t_s[0] + np.clip(share, 0.0, 1.0) * (t_s[1] - t_s[0]))


def _continuous(path: Trajectory, before: int, at: int, size_px: float) -> bool:
    """Whether it is plausibly one vehicle that was before the line and is past it now."""
    step: Floats = path.contacts[at] - path.contacts[before]
    gap_s = float(path.t_s[at] - path.t_s[before])
    most_px = max(_MAX_STEP_BOXES * size_px, _MAX_STEP_OF_PACE * gap_s * _pace_beside(path, before, at))
    if gap_s > _MAX_GAP_S or float(np.hypot(*step)) > most_px:
        return False
    t_s = float(path.t_s[at])
    return not _jumps(path, before, at, size_px) and one_vehicle(path, t_s - 1.0, t_s + 1.0, size_px)


def _pace_beside(path: Trajectory, before: int, at: int) -> float:
    """Pixels a second just before and just after the step between two observations, the lesser of the two."""

    def pace(first: int, last: int) -> float:
        seconds = float(path.t_s[last] - path.t_s[first])
        way: Floats = path.contacts[last] - path.contacts[first]
        return float(np.hypot(*way)) / seconds if seconds > 0 else 0.0

    return min(pace(max(0, before - 2), before), pace(at, min(len(path.t_s) - 1, at + 2)))


def _jumps(path: Trajectory, before: int, at: int, size_px: float) -> bool:
    """Whether nearly all of the way around the crossing was made in the one step over it: then the track went over from
    one standing vehicle to another. Upper edges are compared, as wheels come out of hiding at once."""
    heads = np.stack([(path.boxes[:, 0] + path.boxes[:, 2]) / 2, path.boxes[:, 1]])
    around = [
        np.array([np.interp(path.t_s[i] + s, path.t_s, row) for row in heads]) for i, s in ((before, -1.0), (at, 1.0))
    ]
    way_px = float(np.hypot(*(around[1] - around[0])))
    step_px = float(np.hypot(*(heads[:, at] - heads[:, before])))
    share = _JUMP_SHARE + float(path.t_s[at] - path.t_s[before]) / 2.0
    return step_px > _JUMP_BOXES * size_px and step_px > share * way_px


def one_vehicle(path: Trajectory, from_s: float, to_s: float, size_px: float) -> bool:
    """Whether the way between two times is one that a vehicle can drive, rather than the ways of two."""
    way = path.way_m()
    if way is None:
        return _one_in_the_picture(path, from_s, to_s, size_px)
    t_way, places = way
    # one or two pictures in which the neighbour's box was taken are no way that anybody drove
    bends, along = _bends(t_way, median_filter(places, size=(_EXCURSION, 1), mode="nearest"), from_s, to_s)
    speed = np.hypot(*along.T)
    ahead = np.einsum("ij,ij->i", bends, along) / np.maximum(speed, 1e-9)
    aside = np.sqrt(np.maximum(np.einsum("ij,ij->i", bends, bends) - ahead**2, 0.0))
    slow = speed < _SLOW_M
    ahead = np.where(slow, np.hypot(*bends.T), ahead)
    most = path.build.bend_m
    fine = (ahead <= most) & (ahead >= -max(most, _MAX_BRAKING_M)) & (slow | (aside <= most))
    return bool(fine.all())


def _one_in_the_picture(path: Trajectory, from_s: float, to_s: float, size_px: float) -> bool:
    """The same without a ground plane. A straight way is straight in the picture too, but an even pace is not even
    there: its steps shrink as the vehicle does, by the ratio of its sizes."""
    middles = _middles(path.t_s, from_s, to_s)
    sizes = median_filter(path.size_px, size=_EXCURSION, mode="nearest")
    before, at, after = (
        np.stack([np.interp(middles + s, path.t_s, path.contacts[:, axis]) for axis in (0, 1)], axis=1)
        for s in (-_STRETCH_S, 0.0, _STRETCH_S)
    )
    early, late = (np.interp(middles + s, path.t_s, sizes) for s in (-_STRETCH_S, _STRETCH_S))
    shrinks = np.sqrt(np.clip(early / np.maximum(late, 1e-9), *_PERSPECTIVE))[:, None]
    bends: Floats = (after - at) * shrinks - (at - before) / shrinks
    along: Floats = after - before
    way = np.hypot(*along.T)
    ahead = np.where(way > 1e-9, np.einsum("ij,ij->i", bends, along) / np.maximum(way, 1e-9), np.hypot(*bends.T))
    aside = np.sqrt(np.maximum(np.einsum("ij,ij->i", bends, bends) - ahead**2, 0.0))
    # by the size it has there: near the camera the same way is more pixels
    there = np.maximum(size_px, np.sqrt(early * late))
    return bool((np.abs(ahead) <= _MAX_PACE_BOXES * there).all() and (aside <= _MAX_BEND_BOXES * there).all())


def _middles(t_s: Floats, from_s: float, to_s: float) -> Floats:
    """Moments between two times that have a whole stretch of the way on either side."""
    first, last = max(float(t_s[0]) + _STRETCH_S, from_s), min(float(t_s[-1]) - _STRETCH_S, to_s)
    return np.arange(first, last + 1e-6, 0.05) if last >= first else np.zeros(0)


def _bends(t_s: Floats, points: Floats, from_s: float, to_s: float) -> tuple[Floats, Floats]:
    """`[M, 2]` second differences of the way over stretches of `_STRETCH_S`, and the way made over two of them."""
    middles = _middles(t_s, from_s, to_s)

    def way(times: Floats) -> Floats:
        return np.stack([np.interp(times, t_s, points[:, axis]) for axis in (0, 1)], axis=1)

    before, at, after = way(middles - _STRETCH_S), way(middles), way(middles + _STRETCH_S)
    return after - 2 * at + before, after - before


def moment_before(path: Trajectory, at: int, seconds: float) -> int:
    """The observation about `seconds` before observation `at`, or the first."""
    return int(np.searchsorted(path.t_s[: at + 1], path.t_s[at] - seconds, side="right").clip(1, max(at, 1)) - 1)
