"""When a vehicle's rear crossed a stop line for good: shared by the acts at the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from edge.road.trajectory import LineRun, Trajectory
from edge.rules.one_vehicle import OneVehicleMargins, not_one_vehicle
from edge.rules.refusal import Refusal
from zones.schema import RuleSettings

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_FIRST = "the first version of the rules, November 2026; nobody wrote down why this value"
_TUNED = "tuned on the simulation's first three seeds, November 2026 (docs/simulation.md); no better source"


@dataclass(frozen=True)
class CrossingMargins:
    """What it takes to have crossed a line for good. A box size is `Trajectory.size_px`."""

    entry_within_s: float = margin(
        8.0,
        "s",
        "a vehicle that takes longer from the line into the junction has stopped in between: another act than running "
        "the light",
        source="chosen with decision 16; not measured",
    )
    before_boxes: float = margin(
        0.06,
        "box sizes",
        "the rear must have been seen so far before the line: less is the jitter of a box",
        source=_FIRST,
    )
    before_px: float = margin(
        2.0, "pixels", "and so far at least: edges of a small box jump by whole pixels", source=_FIRST
    )
    before_m: float = margin(
        0.5,
        "m",
        "the same on the road, where it is asked for in metres",
        source="chosen with decision 16; not measured",
    )
    size_pictures: int = margin(
        3,
        "pictures",
        "the size of the box is the middle of so many before and after: one of them may be cut or merged",
        source=_FIRST,
        least=1,
    )
    max_gap_s: float = margin(
        1.2,
        "s",
        "a longer hole between the last picture before the line and the first past it is not bridged: another vehicle "
        "may have been picked up",
        source=_FIRST,
    )
    max_step_boxes: float = margin(
        2.0, "box sizes", "a longer step over the line is the leap of a track to another vehicle", source=_FIRST
    )
    max_step_of_pace: float = margin(
        1.6,
        "ratio",
        "a step may also be so many times what the pace beside it makes in the same time: at few pictures a second the "
        "fastest come far in one",
        source="red lights of the fastest were refused without it (decision 16); the value is tuned on the simulation",
    )
    pace_pictures: int = margin(
        2, "pictures", "that pace is taken over so many before, and after, the step", source=_TUNED, least=1
    )
    around_s: float = margin(
        1.0, "s", "so long before and after the step the way must be that of one vehicle", source=_FIRST
    )
    jump_boxes: float = margin(
        0.25, "box sizes", "a shorter step is never a jump from one standing vehicle to the next", source=_TUNED
    )
    jump_share: float = margin(
        0.5,
        "share of the way around",
        "a step that makes more of it is a jump: nothing else of the way was driven",
        source="tracks that went over from a waiting vehicle to one past the line, in the simulation; value tuned "
        "there",
        most=1.0,
    )
    jump_share_per_s: float = margin(
        0.5,
        "share a second of gap",
        "so much more may be made where pictures are missing: an even pace over a gap of one second, in the two "
        "seconds "
        "looked at, makes half of the way",
        source="geometry: gap / (2 * around_s)",
    )


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
    asked = ("crossing", id(run), over_m, upto, rules.line_margin_px, rules.min_track_points, margins, one)
    if asked not in path.known:
        path.known[asked] = _crossing(path, run, rules, margins, one, over_m, upto)
    found: Crossing | Refusal | None = path.known[asked]
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
    refused = _not_continuous(path, last_before, at, size, margins, one)
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
    return float(np.median(path.size_px[max(0, index - margins.size_pictures) : index + margins.size_pictures]))


def _moment(path: Trajectory, rear: Floats, over: float, last_before: int) -> float:
    """Between the last picture before the line and the first past it the vehicle is taken to move evenly."""
    before, after = float(rear[last_before]), float(rear[last_before + 1])
    t_s = path.t_s[last_before : last_before + 2]
    share = (over - before) / (after - before) if after > before else 1.0
    return float(t_s[0] + np.clip(share, 0.0, 1.0) * (t_s[1] - t_s[0]))


def _not_continuous(
    path: Trajectory, before: int, at: int, size_px: float, margins: CrossingMargins, one: OneVehicleMargins
) -> Refusal | None:
    """Why it may not be one vehicle that was before the line and is past it now; None: it plausibly is."""
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


def moment_before(path: Trajectory, at: int, seconds: float) -> int:
    """The observation about `seconds` before observation `at`, or the first."""
    return int(np.searchsorted(path.t_s[: at + 1], path.t_s[at] - seconds, side="right").clip(1, max(at, 1)) - 1)


def in_the_junction(path: Trajectory, run: LineRun, gone_m: float) -> NDArray[np.bool_]:
    """`[N]` in the junction area, and not still on the line however near to it the area was drawn: `gone_m` past it."""
    if path.cut_off or not np.isfinite(run.rear_m).all():
        return path.in_junction
    inside: NDArray[np.bool_] = path.in_junction & (run.rear_m > gone_m)
    return inside
