"""Where a vehicle's front was when red began: rolling past the line already, it may go on where the law lets it
(`Country.signals`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from common.margins import margin
from countries.here import HERE
from edge.road.trajectory import LineRun, Trajectory
from edge.rules.standing import StandingMargins, stands

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FrontMargins:
    """How a front over the line as red begins is told apart: rolling, standing, or not known."""

    stood_s: float = margin(
        1.5,
        "s",
        "whoever stood for so long over the line around the change to red was not rolling over it: a lorry that halts "
        "for half a second in a slow queue stands for one, as still as its box is large",
        source="what the simulation holds for surely waited (tools/simulate/truth.py); at 1.0 one was told of seed 1",
    )
    stood_m: float = margin(
        0.5,
        "m",
        "and moved no farther on the road meanwhile: what creeps away from the camera hardly moves in the picture, "
        "a lorry at 3 km/h less than a standing box may wander",
        source="a third of a metre a second; boxes that tremble by 1.2 % of their size are off by 0.15 m there "
        "(docs/simulation.md); rolling lorries were told as having stood, seed 1",
    )
    early_s: float = margin(
        1.0,
        "s",
        "it is looked for from so long before red on, as a stand begins before the lamp changes; who stood for "
        "`stood_s` of so long before and after it stood as the lamp changed",
        source="chosen with decision 16 for a stand of `stood_s`; not measured",
    )
    pace_s: float = margin(
        0.5,
        "s",
        "the pace of a vehicle that came into sight after red began is taken over its first so many seconds",
        source="chosen with decision 16; not measured",
    )
    rolls_for_s: float = margin(
        3.0,
        "s",
        "no vehicle rolls over a line for longer: one that comes into sight over it so late after red began did more "
        "than that",
        source="a bus of 10.5 m at 13 km/h takes 3 s; chosen with decision 16",
    )


class FrontAtOnset(Enum):
    """Before the line; rolling over it already; standing over it, to set off in red; not known."""

    BEFORE = "before"
    ROLLED_OVER = "rolled over"
    STOOD_OVER = "stood over"
    NOT_SEEN = "not seen"


def front(path: Trajectory, run: LineRun) -> Floats:
    """`[N]` how far past the line the front is: metres with a ground plane, else pixels; negative before it."""
    on_road: Floats = run.rear_m + path.build.length_m
    return on_road if np.isfinite(on_road).all() else run.front_px


def over_since(path: Trajectory, run: LineRun, at: int) -> float:
    """When the front was first seen past the line, of a vehicle that is over it at observation `at`."""
    past = front(path, run)[: at + 1] > 0
    return float(path.t_s[int(np.argmax(past)) if past.any() else at])


def front_at_onset(
    path: Trajectory,
    run: LineRun,
    at: int,
    since_s: float,
    margins: FrontMargins,
    standing: StandingMargins,
    *,
    onset_seen: bool,
) -> FrontAtOnset:
    """Where the front was when red began at `since_s`, of a vehicle whose rear passed the line at observation `at`.

    Vehicles of one class are of many lengths: before the line is a front that would be there on the longest as well, or
    on one that stood. A red whose beginning nobody saw began at an unknown time before `since_s`: then it is enough
    that the front was seen before the line in red.
    """
    past, t_s = front(path, run), path.t_s
    in_red = (t_s[: at + 1] >= since_s - 1e-6) & (past[: at + 1] <= 0)
    if not onset_seen:
        return FrontAtOnset.BEFORE if in_red.any() else FrontAtOnset.NOT_SEEN
    if t_s[0] <= since_s + 1e-6:
        then = float(np.interp(since_s, t_s, past))
    elif path.forgotten:
        then = float(past[0])  # it came in what is forgotten; where it was last of that is all that is known
    else:
        # it came into sight later: where it must have been, at the pace it has then
        until = min(at, int(np.searchsorted(t_s, t_s[0] + margins.pace_s)))
        pace = float(past[until] - past[0]) / max(float(t_s[until] - t_s[0]), 1e-6) if until else 0.0
        then = float(past[0]) - max(pace, 0.0) * float(t_s[0] - since_s)
    late_s = float(t_s[0]) - since_s
    if then <= 0:
        if late_s > 0 and not in_red.any():
            return FrontAtOnset.NOT_SEEN
        longer_m = path.build.longest_m - path.build.length_m if np.isfinite(run.rear_m).all() else 0.0
        if then + longer_m <= 0 or _stood(path, run, since_s - margins.early_s, float(t_s[at]), margins, standing):
            return FrontAtOnset.BEFORE
        return FrontAtOnset.NOT_SEEN  # one of the longest of its class was rolling over the line
    if late_s > margins.rolls_for_s and not path.forgotten:
        return FrontAtOnset.NOT_SEEN
    waited = _stood(path, run, since_s - margins.early_s, float(t_s[at]), margins, standing)
    return FrontAtOnset.STOOD_OVER if waited or not HERE.signals.rolling_over_goes_on else FrontAtOnset.ROLLED_OVER


def stood_before_m(
    path: Trajectory,
    run: LineRun,
    first: int,
    at: int,
    since_s: float,
    margins: FrontMargins,
    standing: StandingMargins,
) -> float:
    """How far before the line, in metres, the rear of one was that stood over it as red began at `since_s`: where it
    stood then, or, in most of the red of observations `first` to `at`, if that is farther. What crept on in red passed
    the line in red, wherever it crept to. NaN without a ground plane."""
    in_red_m = -float(np.median(run.rear_m[first:at]))
    from_s, to_s = since_s - margins.early_s, since_s + margins.early_s
    if not _stood(path, run, from_s, to_s, margins, standing):
        return in_red_m
    around = (path.t_s >= from_s - 1e-6) & (path.t_s <= to_s + 1e-6)
    return max(in_red_m, -float(np.median(run.rear_m[around])))


def _stood(
    path: Trajectory, run: LineRun, from_s: float, to_s: float, margins: FrontMargins, standing: StandingMargins
) -> bool:
    """Whether it stood between two times, in the picture and, with a ground plane, on the road."""
    inside = np.flatnonzero((path.t_s >= from_s - 1e-6) & (path.t_s <= to_s + 1e-6))
    if not len(inside):
        return False
    rear_m = median_filter(run.rear_m, size=3, mode="nearest")
    for first, last in stands(path, int(inside[0]), margins.stood_s, standing):
        moved_m = abs(float(rear_m[last] - rear_m[first]))
        if last <= inside[-1] and not moved_m > margins.stood_m:  # no number without a ground plane
            return True
    return False
