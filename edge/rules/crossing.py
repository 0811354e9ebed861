"""When a vehicle's rear crossed a stop line for good: shared by the acts at the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.road.trajectory import LineRun, Trajectory
from edge.rules.continuity import not_continuous
from edge.rules.crossing_margins import CrossingMargins
from edge.rules.middles import middle
from edge.rules.one_vehicle import OneVehicleMargins
from edge.rules.refusal import Refusal
from zones.schema import RuleSettings

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


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


def crossing(
    path: Trajectory,
    run: LineRun,
    rules: RuleSettings,
    margins: CrossingMargins,
    one: OneVehicleMargins,
    *,
    over_m: float | None = None,
    upto: int | None = None,
) -> Crossing | Refusal | None:
    """The crossing of one line; None of a vehicle that never passed it; else why it counts as none: it came back, was
    not seen before the line, or passed beyond its ends.

    `over_m`: ask on the road instead of in the picture, and for the rear so far past the line (negative: still so far
    before it); the path must have a ground plane. `upto`: judge the first so many observations alone, of a vehicle that
    turns round and comes back. A track that was first seen past it has no crossing, whatever it does later.
    """
    # margins are asked for by identity, which costs less than by value; kept beside the answer, they stay who they are
    asked = ("crossing", id(run), over_m, upto, rules.line_margin_px, rules.min_track_points, id(margins), id(one))
    if asked not in path.known:
        path.known[asked] = _crossing(path, run, rules, margins, one, over_m, upto), run, margins, one
    found: Crossing | Refusal | None = path.known[asked][0]
    return found


def _crossing(
    path: Trajectory,
    run: LineRun,
    rules: RuleSettings,
    margins: CrossingMargins,
    one: OneVehicleMargins,
    over_m: float | None,
    upto: int | None,
) -> Crossing | Refusal | None:
    rear, farthest_on, over = run.rear_px[:upto], run.farthest_px[:upto], rules.line_margin_px
    if over_m is not None:
        rear, farthest_on, over = run.rear_m[:upto], run.farthest_m[:upto], over_m
    past = rear > over
    if len(rear) < rules.min_track_points + 1 or not past[-1]:
        return _did_not_pass(path, run, past, rules.min_track_points + 1)
    last_before = _last_before(past, one.excursion // 2)
    if last_before is None:
        return _first_seen_past(path, run, rear)
    at = last_before + 1
    t_at = float(path.t_s[at])
    if at + 1 >= len(rear) and not path.ended:
        return None  # one frame past the line may be a jittering box
    size = size_around(path, last_before, margins)
    farthest = over - float(rear[:at].min()) if over_m is not None else -float(rear[:at].min())
    least = max(margins.before_px, margins.before_boxes * size) if over_m is None else margins.before_m
    if farthest < least:
        return Refusal("not_seen_far_enough_before_line", t_at, farthest, least, "px" if over_m is None else "m")
    seen_before = int(np.count_nonzero(~past[:at]))
    if seen_before < rules.min_track_points:
        return Refusal("seldom_seen_before_line", t_at, seen_before, rules.min_track_points, "pictures")
    if not (run.within[last_before] or run.within[at]):
        return Refusal("passed_beyond_line_end", t_at)
    if past[: rules.min_track_points].all() or path.in_junction[:last_before].any():
        return Refusal("came_from_junction", t_at)  # or its track was taken over from something that did
    refused = not_continuous(path, last_before, at, size, margins, one)
    if refused is not None:
        return refused
    surely_before = np.flatnonzero(farthest_on[: at + 1] <= over)
    earliest = min(at, int(surely_before[-1]) + 1) if len(surely_before) else 0
    if over_m is None and np.isfinite(run.rear_m[[last_before, at]]).all():
        rear, over = run.rear_m, 0.0  # an even pace is even on the road, not in the picture
    return Crossing(at, last_before, farthest, earliest, _moment(path, rear, over, last_before))


_FIRST_SEEN_NEAR_SIZES = 1.0
"""Box sizes: what is first seen so near past a line and drives away from it is listed as not seen to pass it. No act
hangs on it; farther off, traffic from elsewhere would fill the list."""


def _did_not_pass(path: Trajectory, run: LineRun, past: Bools, least: int) -> Refusal | None:
    if not past.any():
        return None
    there = np.flatnonzero(past & run.within[: len(past)])
    if not len(there) or past.all():
        return None  # it never came over the line, or was never before it
    t_s = float(path.t_s[there[0]])
    if len(past) < least:
        return Refusal("seen_briefly", t_s, len(past), least, "pictures")
    return Refusal("came_back", t_s)


def _first_seen_past(path: Trajectory, run: LineRun, rear: Floats) -> Refusal | None:
    size = float(path.size_px[0])
    near = bool(run.within[0]) and run.rear_px[0] <= _FIRST_SEEN_NEAR_SIZES * size
    return Refusal("first_seen_past_line", float(path.t_s[0])) if near and rear[-1] > rear[0] else None


def _last_before(past: Bools, wild: int) -> int | None:
    """The last observation before the line. Up to `wild` of them in a row, after more than twice as many past it, are
    no way back: the box of one that stands past the line trembled, or was another's for once."""
    behind = np.flatnonzero(~past)
    while len(behind):
        breaks = np.flatnonzero(np.diff(behind) > 1)
        first = int(behind[breaks[-1] + 1]) if len(breaks) else int(behind[0])
        last = int(behind[-1])
        were_past = past[max(0, first - 2 * wild - 1) : first]
        if last - first >= wild or len(were_past) <= 2 * wild or not were_past.all():
            return last
        behind = behind[behind < first]
    return None


def size_around(path: Trajectory, index: int, margins: CrossingMargins) -> float:
    """Middle of the vehicle's sizes in the pictures around an observation, in pixels."""
    return middle(path.size_px[max(0, index - margins.size_pictures) : index + margins.size_pictures])


def _moment(path: Trajectory, rear: Floats, over: float, last_before: int) -> float:
    """Between the last picture before the line and the first past it the vehicle is taken to move evenly."""
    before, after = float(rear[last_before]), float(rear[last_before + 1])
    t_s = path.t_s[last_before : last_before + 2]
    share = (over - before) / (after - before) if after > before else 1.0
    return float(t_s[0] + np.clip(share, 0.0, 1.0) * (t_s[1] - t_s[0]))


def moment_before(path: Trajectory, at: int, seconds: float) -> int:
    """The observation about `seconds` before observation `at`, or the first."""
    return int(np.searchsorted(path.t_s[: at + 1], path.t_s[at] - seconds, side="right").clip(1, max(at, 1)) - 1)


def in_the_junction(path: Trajectory, run: LineRun, gone_m: float) -> NDArray[np.bool_]:
    """`[N]` in the junction area, and not still on the line however near to it the area was drawn: `gone_m` past it."""
    if path.cut_off or not np.isfinite(run.rear_m).all():
        return path.in_junction
    inside: NDArray[np.bool_] = path.in_junction & (run.rear_m > gone_m)
    return inside
