"""A banned turn by a vehicle that was first seen waiting in the junction, past its line: its way there was hidden.

Who waits in the junction for a gap is often hidden behind others, and is followed anew from there on. Where it came
from then follows from where it waited, straight on from its line and near to it, and from how it set off: away from
that line. Nobody who came by another way does so. What was not seen is told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.trajectory import LineRun, Trajectory
from edge.rules.one_vehicle import one_vehicle
from edge.rules.shared import SharedMargins
from edge.rules.standing import stands
from edge.rules.ways import Floats, between_deg, far_from, leaving, places

WAY_IN_NOT_SEEN = "way_into_junction_not_seen"
_CHOSEN = "chosen with the rule, November 2026; not tuned"


@dataclass(frozen=True)
class FromWithinMargins:
    """What tells, without its passage, that a vehicle came over a line. All on the road: it takes a ground plane."""

    waited_s: float = margin(
        1.0, "s", "it must have stood so long: one that drives may be another's track taken over", source=_CHOSEN
    )
    from_the_start_m: float = margin(
        2.5,
        "m",
        "from the first sight to the end of the wait it was no farther from there: hidden wheels are known to about "
        "this, and one that drove into its place came from where nobody knows",
        source=_CHOSEN,
    )
    near_m: float = margin(
        15.0,
        "m",
        "it waited no farther past the line: beyond the middle of the junction the ways of others lead",
        source=_CHOSEN,
    )
    set_off_m: float = margin(
        2.0, "m", "the way of setting off is the first so long: longer than boxes tremble", source=_CHOSEN
    )
    away_deg: float = margin(
        40.0,
        "degrees",
        "it set off straight away from the line, or less than so much aside: who came by a road at right angles to "
        "this one leaves at more",
        source=_CHOSEN,
        most=90.0,
    )
    turned_deg: float = margin(
        30.0,
        "degrees",
        "and left by the exit at so much from how it set off, which was somewhat turned already: more than a way leans "
        "that goes straight on",
        source=_CHOSEN,
        most=180.0,
    )
    leaves_m: float = margin(4.0, "m", "the way of leaving is the last so long", source=_CHOSEN)


@dataclass(frozen=True)
class Wait:
    """Where a vehicle waited in the junction: its first and last observation there, how far past the line, for how
    long, and by how many degrees it has turned since."""

    first: int
    last: int
    past_m: float
    stood_s: float
    turned_deg: int


def waited_within(
    path: Trajectory, run: LineRun, crossed: int | None, last: int, margins: FromWithinMargins, shared: SharedMargins
) -> Wait | None:
    """The wait before the turn that ends at observation `last`; None if it may have come another way.

    `crossed`: where the track passed the line, if it did; else it must have waited where it was first seen.
    """
    way = places(path, shared.one_vehicle.excursion)
    if way is None or not np.isfinite(run.rear_m).all():
        return None
    if crossed is None and not _first_seen_within(path, run):
        return None
    stretches = [s for s in stands(path, crossed or 0, margins.waited_s, shared.standing) if s[1] < last]
    there = [
        at
        for _, at in stretches
        if crossed is not None or (far_from(way[: at + 1], way[at]) <= margins.from_the_start_m).all()
    ]
    if not there or not run.within[there[-1]] or not 0 < run.rear_m[there[-1]] <= margins.near_m:
        return None
    at = there[-1]
    gone = np.flatnonzero(far_from(way[at : last + 1], way[at]) >= margins.set_off_m)
    if not len(gone):
        return None
    off = at + int(gone[0])
    set_off: Floats = way[off] - way[at]
    away = float(run.rear_m[off] - run.rear_m[at]) / float(np.hypot(*set_off))
    turned_deg = between_deg(set_off, leaving(way[: last + 1], margins.leaves_m))
    size = float(np.median(path.size_px[at : last + 1]))
    if (
        away < np.cos(np.radians(margins.away_deg))
        or turned_deg < margins.turned_deg
        or not one_vehicle(path, float(path.t_s[at]), float(path.t_s[last]), size, shared.one_vehicle)
    ):
        return None
    stood_s = float(path.t_s[at] - path.t_s[stretches[0][0]])
    return Wait(stretches[0][0], at, round(float(run.rear_m[at]), 1), round(stood_s, 1), round(turned_deg))


def _first_seen_within(path: Trajectory, run: LineRun) -> bool:
    """In the junction from its first sight on, never before this line, and on no way to it."""
    if path.forgotten:
        return False
    before = bool((run.rear_m <= 0).any()) or any(seen.any() for seen in path.in_approach.values())
    return bool(path.in_junction[0]) and not before
