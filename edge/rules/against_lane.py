"""Driving against a lane's direction, as the acts have it that are told apart by what the road is.

Against a lane of a one-way road it is one act, in the other half of a two-way road another; both are measured alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.trajectory import LaneRun, Trajectory
from edge.rules.refusal import Refusal
from edge.rules.ways import TWO_WHEELS, far_from, paces_of, places
from zones.schema import Lane, Scene

_FIRST = "the first version of the rules, November 2026; nobody wrote down why this value"


@dataclass(frozen=True)
class AgainstMargins:
    """What it takes to have driven against a lane, beside the time and way that the scene asks for."""

    least_points: int = margin(
        4, "pictures", "fewer are no drive, however short the time that the scene asks for", source=_FIRST, least=2
    )
    least_travel_boxes: float = margin(
        0.8,
        "box sizes",
        "a way that is shorter is the wandering of a large box, however few pixels are asked for",
        source=_FIRST,
    )
    along_share: float = margin(
        0.7,
        "share of the way made",
        "so much must be against the lane: crossing it sideways is another thing",
        source="geometry: within 45 degrees of straight against it (cos 45 = 0.71)",
        most=1.0,
    )
    step_share: float = margin(
        0.4,
        "share of the way against",
        "no more may be made in one step, and by a gap's share more where pictures are missing: a leap is a track that "
        "went over to another vehicle",
        source="leaps in the simulation (docs/simulation.md); not measured alone",
        most=1.0,
    )
    max_gap_s: float = margin(
        0.5, "s",
        "what is made in a longer hole counts for nothing: nobody saw where the vehicle was in it, and what comes "
        "after may be another",
        source="the solid line's; a false wrong way of the simulation was one box after 1.2 s (docs/simulation.md)",
    )  # fmt: skip
    motion_share: float = margin(
        0.2,
        "share of the way against",
        "the box must move or grow by so much, its lower edge aside: if only that comes down, what hid the wheels "
        "drove "
        "away",
        source="false wrong ways of the simulation (docs/simulation.md); the value was tuned there",
        most=1.0,
    )
    smooth: int = margin(
        5, "pictures", "places are the middle of so many: a box that jumps once drives nowhere", least=1,
        source="as in the way of one vehicle (`OneVehicleMargins.excursion`)",
    )  # fmt: skip
    motion_pictures: int = margin(
        1, "pictures", "begin and end of that motion are the middle of so many pictures to each side", source=_FIRST
    )
    backward_share: float = margin(
        0.75,
        "share of the steps",
        "so many must go against the lane: a box that jumps once does not",
        source=_FIRST,
        most=1.0,
    )
    round_aside_m: float = margin(
        2.5,
        "m",
        "who came along the lane and goes back nearer to his way there has not turned round: he reverses",
        source="as for turning round where that is banned (`BannedUTurnMargins.aside_m`): common turning circles",
    )
    pushed_ms: float = margin(
        1.8,
        "m/s",
        "who pushes a motorcycle or bicycle is no faster, nor goes it backwards faster by its rider's feet: some "
        "second of a ride is; of who goes forwards it is asked on the road only",
        source="walking pace, as on the pavement (`PavementMargins.walking_ms`)",
    )
    pace_s: float = margin(
        1.0,
        "s",
        "that pace is the way of so long: over shorter times it is mostly what boxes tremble",
        source="as in areas (`InAreaMargins.pace_s`)",
        least=0.2,
    )
    settle_s: float = margin(
        1.5, "s", "a finding waits for so long: what the vehicle does next may take it back", source=_FIRST
    )


@dataclass(frozen=True)
class Against:
    """A drive against a lane from observation `first` to `last`; `at`: when it had lasted long enough."""

    first: int
    at: int
    last: int
    way_px: float
    needed_px: float
    lasted_s: float
    steps_share: float


def against(path: Trajectory, scene: Scene, lane: Lane, margins: AgainstMargins) -> Against | Refusal | None:
    """The longest drive against the lane among the stretches in it. None: it did not come against it so far as would
    count; refused: it did, and it is no such drive for sure."""
    run = path.lanes[lane.id]
    if not run.inside.any():
        return None
    ends = np.flatnonzero(np.diff(np.concatenate([[False], run.inside, [False]]).astype(np.int8)))
    best: tuple[float, int, int] | None = None
    for begin, end in zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True):
        # It counts from where it was farthest along, so that a lawful beginning does not hide it.
        first = begin + int(np.argmax(run.progress_px[begin:end]))
        last = first + int(np.argmin(run.progress_px[first:end]))
        way = float(run.progress_px[first] - run.progress_px[last])
        if best is None or way > best[0]:
            best = (way, first, last)
    if best is None:
        return None
    way, first, last = best
    rules = scene.rules
    t_s = path.t_s[first : last + 1]
    pictures = max(rules.min_track_points, margins.least_points)
    size = float(np.median(path.size_px[first : last + 1]))
    needed = max(rules.wrong_way_px, margins.least_travel_boxes * size)
    if way < needed:
        return None
    lasted, t_first = float(t_s[-1] - t_s[0]), float(t_s[0])
    if len(t_s) < pictures:
        return Refusal("seldom_seen_against_lane", t_first, len(t_s), pictures, "pictures")
    share = float(np.mean(np.diff(run.progress_px[first : last + 1]) < 0))
    straight = float(np.hypot(*(path.contacts[last] - path.contacts[first])))
    along_share = way / max(straight, 1e-6)
    if lasted < rules.wrong_way_s:
        return Refusal("against_lane_briefly", t_first, lasted, rules.wrong_way_s, "s")
    if share < margins.backward_share:
        return Refusal("steps_not_against_lane", t_first, share, margins.backward_share, "share")
    if along_share < margins.along_share:
        return Refusal("across_lane", t_first, along_share, margins.along_share, "share")
    steps, gaps = -np.diff(run.progress_px[first : last + 1]), np.diff(t_s)
    if (steps > (margins.step_share + gaps / lasted) * way).any():
        return Refusal("leapt_against_lane", t_first)  # the track went over to another
    seen = way - float(steps[gaps > margins.max_gap_s + 1e-6].clip(0.0).sum())
    if seen < needed:
        return Refusal("against_lane_unseen", t_first, seen, needed, "px")  # made while nobody saw it
    moved = _moved(path, first, last, margins.motion_pictures)
    if moved < margins.motion_share * way:  # only the lower edge moved: what hid the wheels drove away
        return Refusal("only_lower_edge_moved", t_first, moved, margins.motion_share * way, "px")
    aside_m = _reversed_aside_m(path, run, first, last, needed, margins)
    if aside_m is not None:
        return Refusal("reversed_in_lane", t_first, aside_m, margins.round_aside_m, "m")
    way_m = places(path, margins.smooth)
    pace = paces_of(t_s, way_m[first : last + 1], margins.pace_s) if way_m is not None else np.zeros(0)
    if path.cls in TWO_WHEELS and len(pace) and pace.max() < margins.pushed_ms:
        return Refusal("no_faster_than_walking", t_first, float(pace.max()), margins.pushed_ms, "m/s")
    at = first + int(np.searchsorted(t_s, t_s[0] + rules.wrong_way_s).clip(0, len(t_s) - 1))
    return Against(first, at, last, way, needed, lasted, share)


def _reversed_aside_m(
    path: Trajectory, run: LaneRun, first: int, last: int, needed_px: float, margins: AgainstMargins
) -> float | None:
    """How far beside the way by which it came along the lane it went back, of one that reverses there; None: it does
    not, or was not seen to come so far as would count."""
    there, back = run.progress_px[: first + 1], run.progress_px[first : last + 1]
    if run.progress_px[first] - there.min() < needed_px:
        return None
    way = places(path, margins.smooth)
    if way is None:  # by its own size there, as nobody knows the road
        way = path.contacts * path.build.size_m / float(np.median(path.size_px[first : last + 1]))
    came, went = way[: first + 1], way[first : last + 1][back >= there.min()]
    aside_m = max(float(far_from(came, place).min()) for place in went)
    pace_ms = float(far_from(way[first : last + 1], way[first]).max()) / float(path.t_s[last] - path.t_s[first])
    turned_on_the_spot = path.cls in TWO_WHEELS and pace_ms > margins.pushed_ms
    return None if aside_m >= margins.round_aside_m or turned_on_the_spot else aside_m


def _moved(path: Trajectory, first: int, last: int, pictures: int) -> float:
    """How far the box moved or grew between two observations, leaving its lower edge aside, in pixels."""
    begin, end = (np.median(path.boxes[max(0, i - pictures) : i + pictures + 1], axis=0) for i in (first, last))
    step = end - begin
    return float(np.abs([(step[0] + step[2]) / 2, step[2] - step[0], step[1]]).max())
