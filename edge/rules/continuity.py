"""Whether it may be one vehicle that was before a line and is past it: the step over it beside the way around."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.road.trajectory import Trajectory
from edge.rules.crossing_margins import CrossingMargins
from edge.rules.one_vehicle import OneVehicleMargins, not_one_vehicle
from edge.rules.refusal import Refusal

Floats = NDArray[np.float64]


def not_continuous(
    path: Trajectory, before: int, at: int, size_px: float, margins: CrossingMargins, one: OneVehicleMargins
) -> Refusal | None:
    """Why it may not be one vehicle that was before the line and is past it now; None: it plausibly is.

    The answer hangs on what was seen around the step, and on nothing that is seen once that is over: from then on it is
    remembered. The beginning of the path, the vehicle's class and whether it has a way on the road are asked for too.
    """
    way = path.way_m()
    asked = (
        "continuous", float(path.t_s[0]), float(path.t_s[before]), float(path.t_s[at]), path.cls, way is None, size_px,
        id(margins), id(one),
    )  # fmt: skip
    if asked in path.settled:
        remembered: Refusal | None = path.settled[asked][0]
        return remembered
    found = _not_continuous(path, before, at, size_px, margins, one)
    if _over(path, path.t_s if way is None else way[0], at, margins, one):
        path.settled[asked] = found, margins, one
    return found


def _over(path: Trajectory, t_way: Floats, at: int, margins: CrossingMargins, one: OneVehicleMargins) -> bool:
    """Whether all has been seen on which the answer hangs. `t_way`: when the way was seen that is looked at."""
    to_s = float(path.t_s[at]) + margins.around_s + one.stretch_s
    spare = one.excursion + 1
    return at + margins.pace_pictures < len(path.t_s) and int(np.searchsorted(t_way, to_s)) + spare <= len(t_way)


def _not_continuous(
    path: Trajectory, before: int, at: int, size_px: float, margins: CrossingMargins, one: OneVehicleMargins
) -> Refusal | None:
    step: Floats = path.contacts[at] - path.contacts[before]
    gap_s = float(path.t_s[at] - path.t_s[before])
    most_px = max(
        margins.max_step_boxes * size_px,
        margins.max_step_of_pace * gap_s * _pace_beside(path, before, at, margins.pace_pictures),
    )
    t_s, step_px = float(path.t_s[at]), float(np.hypot(*step))
    if gap_s > margins.max_gap_s + 1e-6:  # times are floats: of two gaps of 15 pictures one is longer by their noise
        return Refusal("unseen_over_line", t_s, gap_s, margins.max_gap_s, "s")
    if step_px > most_px:
        return Refusal("leapt_over_line", t_s, step_px, most_px, "px")
    if _jumps(path, before, at, size_px, margins):
        return Refusal("jumped_over_line", t_s)
    return not_one_vehicle(path, t_s - margins.around_s, t_s + margins.around_s, size_px, one)


def _pace_beside(path: Trajectory, before: int, at: int, pictures: int) -> float:
    """Pixels a second just before and just after the step between two observations, the lesser of the two."""

    def pace(first: int, last: int) -> float:
        seconds = float(path.t_s[last] - path.t_s[first])
        way: Floats = path.contacts[last] - path.contacts[first]
        return float(np.hypot(*way)) / seconds if seconds > 0 else 0.0

    return min(pace(max(0, before - pictures), before), pace(at, min(len(path.t_s) - 1, at + pictures)))


def _jumps(path: Trajectory, before: int, at: int, size_px: float, margins: CrossingMargins) -> bool:
    """Whether nearly all of the way around the crossing was made in the one step over it: then the track went over from
    one standing vehicle to another. Upper edges are compared, as wheels come out of hiding at once."""
    heads = np.stack([(path.boxes[:, 0] + path.boxes[:, 2]) / 2, path.boxes[:, 1]])
    around = [
        np.array([np.interp(path.t_s[i] + s, path.t_s, row) for row in heads])
        for i, s in ((before, -margins.around_s), (at, margins.around_s))
    ]
    way_px = float(np.hypot(*(around[1] - around[0])))
    step_px = float(np.hypot(*(heads[:, at] - heads[:, before])))
    share = margins.jump_share + margins.jump_share_per_s * float(path.t_s[at] - path.t_s[before])
    return step_px > margins.jump_boxes * size_px and step_px > share * way_px
