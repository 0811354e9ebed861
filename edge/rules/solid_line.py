"""Crossing or riding on a solid line; on one that is broken on one side, from its solid side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from countries.here import HERE
from edge.road.trajectory import StripeRun, Trajectory
from edge.rules.finding import Finding
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.geometry import DirectedLine
from zones.schema import Marking, Scene

_LEAST_POINTS = 3
_LEAST_S = 0.3
_LEAST_TRAVEL_BOXES = 0.3
_MAX_GAP_S = 0.5
_STILL_AFTER_S = 0.3
"""A picture of what came after the act's moment must still show it over the line."""
_STRONG_SHARE = 0.75
"""Of the pictures in which at least so much of the greatest overlap is reached, the nearest view is the act's."""


def solid_line(path: Trajectory, scene: Scene, lamps: Mapping[str, LampHistory]) -> list[Finding]:
    """At most one finding a marking: the vehicle stood across the paint, moving, for several observations.

    Only with a ground plane: without one nobody knows where the wheels are, and a lorry's flank or a car's shadow
    reaches over a line that they never touch.
    """
    if scene.ground is None:
        return []
    found = [_on_marking(path, scene, m) for m in scene.markings if m.id in path.stripes]
    return [f for f in found if f is not None]


def _on_marking(path: Trajectory, scene: Scene, marking: Marking) -> Finding | None:
    runs = path.stripes[marking.id]
    over = np.stack([_over(run, scene.rules.solid_overlap) for run in runs])
    both: NDArray[np.bool_] = np.logical_or.reduce(over)
    stretch = _longest(both, path.t_s)
    if stretch is None:
        return None
    first, last = stretch
    stripe = int(np.argmax(over[:, first : last + 1].sum(axis=1)))
    size = float(np.median(path.size_px[first : last + 1]))
    travel = float(np.hypot(*(path.contacts[last] - path.contacts[first])))
    if travel < _LEAST_TRAVEL_BOXES * size:
        return None  # parked on the line, or a box that wanders: no proof of motion
    if marking.kind in HERE.markings.one_sided and _came_from_broken_side(path, runs[stripe], marking, first):
        return None
    least = np.max([run.least for run in runs], axis=0)
    shares = least[first : last + 1]
    strong = shares >= max(scene.rules.solid_overlap, _STRONG_SHARE * float(shares.max()))
    strong[1:] &= path.t_s[first + 1 : last + 1] <= path.t_s[last] - _STILL_AFTER_S
    strong[0] |= not strong.any()
    at = first + int(np.argmax(np.where(strong, path.size_px[first : last + 1], -1.0)))
    return Finding(
        act=ActCode.SOLID_LINE,
        what=marking.id,
        before=max(0, first - 1) if first else 0,
        at=at,
        after=last,
        reasons={
            "marking": marking.id,
            "marking_kind": marking.kind,
            "stripe": stripe + 1,
            "overlap_share": round(float(least[at]), 3),
            "overlap_needed": scene.rules.solid_overlap,
            "on_line_s": round(float(path.t_s[last] - path.t_s[first]), 3),
            "on_line_observations": last - first + 1,
            "travel_on_line_px": round(travel, 1),
            "crossed_to_other_side": _changed_side(runs[stripe]),
        },
    )


def _over(run: StripeRun, share: float) -> NDArray[np.bool_]:
    over: NDArray[np.bool_] = run.within & (run.least >= share)
    return over


def _longest(mask: NDArray[np.bool_], t_s: NDArray[np.float64]) -> tuple[int, int] | None:
    """The longest unbroken stretch of `mask` that lasts long enough; a gap in time breaks it too."""
    inside = np.flatnonzero(mask)
    if len(inside) < _LEAST_POINTS:
        return None
    breaks = (np.diff(inside) > 1) | (np.diff(t_s[inside]) > _MAX_GAP_S)
    starts = np.concatenate([[0], np.flatnonzero(breaks) + 1])
    ends = np.concatenate([starts[1:], [len(inside)]]) - 1
    longest = int(np.argmax(ends - starts))
    best = int(inside[starts[longest]]), int(inside[ends[longest]])
    if best[1] - best[0] + 1 < _LEAST_POINTS or t_s[best[1]] - t_s[best[0]] < _LEAST_S:
        return None
    return best


def _came_from_broken_side(path: Trajectory, run: StripeRun, marking: Marking, first: int) -> bool:
    """Such a line may be crossed from its broken side; without a side drawn, doubt permits."""
    if marking.crossable_from is None:
        return True
    right = float(DirectedLine.between(marking.points).distance([marking.crossable_from])[0]) > 0
    began_right = float(np.median(run.positive[: first + 1])) > 0.5
    return right == began_right


def _changed_side(run: StripeRun) -> bool:
    return bool(run.positive.min() < 0.05 and run.positive.max() > 0.95)
