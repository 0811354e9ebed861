"""Driving in a lane that signs keep for other classes (`zones.facts.kept_lanes`), along it and wholly within it.

Who only changes over such a lane, to reach another or the roadside, does nothing of the kind; nor does anybody where
lanes may be chosen before a junction. It needs a ground plane: without one nobody knows where the wheels are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.rules.look_alikes import LookAlikeMargins, surely_none_of
from edge.rules.one_vehicle import not_one_vehicle
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.rules.standing import stands
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.facts import areas, kept_lanes
from zones.road import Sign
from zones.schema import Lane, Scene

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
STOPPED_IN_LANE = "stopped_in_lane"
"""It stood there: it may have come in to stop at the roadside, a bus at its stop, say, or to set off from there."""
_FAR_M = 1e6
_CHOSEN = "chosen with the rule, November 2026; not measured"


@dataclass(frozen=True)
class WrongLaneMargins(LookAlikeMargins):
    """What it takes to have driven in a lane rather than over it."""

    least_s: float = margin(2.0, "s", "so long in the lane: less is a swerve", source=_CHOSEN)
    least_way_m: float = margin(
        6.0, "m", "and so far along it: a vehicle that is pushed aside in a queue has not driven there", source=_CHOSEN
    )
    least_points: int = margin(8, "pictures", "seen wholly in the lane so often", source=_CHOSEN, least=2)
    inside_m: float = margin(
        0.2, "m", "both lower corners of the box are so far within the lane: what a box errs aside", source=_CHOSEN
    )
    within_share: float = margin(
        0.8, "share of the pictures", "in so many of them; in the others a box trembled", source=_CHOSEN, most=1.0
    )
    max_gap_s: float = margin(
        1.0,
        "s",
        "a longer time not seen wholly in the lane ends the stretch, if it drove on meanwhile: within it nobody leaves "
        "a lane and comes back",
        source="a change of lanes takes 3 s and more; at 0.5 a lorry that queued and drove in the left lane was missed,"
        " hidden for 0.9 s in the middle of its way (simulation, November 2026)",
    )
    gap_way_m: float = margin(
        2.0,
        "m",
        "on so little way nobody leaves a lane and comes back, however long others hide it: it crept in a queue",
        source="a change of lanes takes a car ten metres and more; lorries that a queue hid in the left lane were "
        "missed (simulation, November 2026)",
    )
    aside_m: float = margin(
        0.5,
        "m",
        "whoever goes farther aside while wholly in the lane is changing over it: a lane of 3.5 m leaves a car 1.3 m",
        source="geometry of a change of lanes; " + _CHOSEN,
    )
    stood_s: float = margin(
        2.0, "s", "standing so long in the lane, before or after, is told as a doubt: it may belong to the roadside",
        source="as on the pavement (`PavementMargins.stood_s`); the law lets in who stops or sets off there",
    )  # fmt: skip
    smooth: int = margin(
        5, "pictures", "places are the middle of so many: a box that jumps once drives nowhere", source=_CHOSEN, least=1
    )
    settle_s: float = margin(
        2.0, "s", "a finding waits for so long: whether it only changes over the lane shows then", source=_CHOSEN
    )


def wrong_lane(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: WrongLaneMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding a lane."""
    return answers((lane.id, _in_lane(path, scene, lane, signs, margins, shared)) for lane, signs in kept_lanes(scene))


def _in_lane(
    path: Trajectory,
    scene: Scene,
    lane: Lane,
    signs: tuple[Sign, ...],
    margins: WrongLaneMargins,
    shared: SharedMargins,
) -> Answer | None:
    signs = tuple(sign for sign in signs if path.cls not in sign.named)
    if not signs or np.count_nonzero(path.lanes[lane.id].inside) < margins.least_points:
        return None
    room = _room(path, lane)
    if room is None:
        return None
    free = np.logical_or.reduce([path.in_area[a.id] for a in areas(scene, "lane_change")] or [np.zeros_like(room) > 0])
    within = path.lanes[lane.id].inside & ~free & (room >= margins.inside_m)
    within &= path.boxes[:, 3] < path.lower_edge_px
    along, aside = _along_and_aside(path, lane, margins.smooth)
    stretch = _farthest(within, path.t_s, along, aside, margins)
    t_s = path.t_s
    if stretch is None:
        t_in = float(t_s[np.argmax(path.lanes[lane.id].inside)])
        return Refusal("not_wholly_in_lane", t_in, limit=margins.least_s, unit="s")
    first, last = stretch
    t_first, way_m = float(t_s[first]), float(along[last] - along[first])
    if way_m < margins.least_way_m:
        return Refusal("short_way_in_lane", t_first, way_m, margins.least_way_m, "m")
    if _changes_over(path, lane, aside, first, last, margins.aside_m):
        return Refusal("changed_over_lane", t_first)
    size = float(np.median(path.size_px[first : last + 1]))
    refused = not_one_vehicle(path, t_first, float(t_s[last]), size, shared.one_vehicle)
    if refused is not None:
        return refused
    let_in = frozenset[str]().union(*(sign.named for sign in signs))
    height_m = surely_none_of(let_in, path, scene, slice(first, last + 1), margins)
    if height_m is None:
        return Refusal("class_unsure", t_first, path.cls_share, margins.least_class_share, "share")
    return Finding(
        act=ActCode.WRONG_LANE,
        what=lane.id,
        before=first,
        at=first + int(np.searchsorted(t_s[first : last + 1], t_s[first] + margins.least_s).clip(0, last - first)),
        after=last,
        flags=(STOPPED_IN_LANE,) if _stopped(path, lane, margins, shared) else (),
        signs=tuple(sign.id for sign in signs),
        reasons={
            "lane": lane.id,
            "lane_classes": sorted(str(each) for each in let_in),
            "in_lane_s": round(float(t_s[last] - t_s[first]), 3),
            "in_lane_needed_s": margins.least_s,
            "along_lane_m": round(way_m, 1),
            "along_lane_needed_m": margins.least_way_m,
            "within_lane_m": round(float(np.median(room[first : last + 1])), 2),
            "within_lane_needed_m": margins.inside_m,
            "aside_in_lane_m": round(float(np.ptp(aside[first : last + 1])), 2),
            "height_about_m": round(height_m, 2),
            "class_share": round(path.cls_share, 3),
        },
    )


def _room(path: Trajectory, lane: Lane) -> Floats | None:
    """Metres `[N]` from the lower corners of the box to the lane's edge, the lesser of both; negative outside.

    None without a ground plane, where the lane has no direction, or reaches beyond the plane's horizon.
    """
    if path.ground is None or lane.direction is None:
        return None
    shape = path.ground.to_metres(lane.polygon)
    rows = path.contacts[:, 1]
    corners = [path.ground.to_metres(np.stack([path.boxes[:, x], rows], axis=1)) for x in (0, 2)]
    if not np.isfinite(shape).all():
        return None
    polygon = shapely.Polygon(shape)
    # beyond the plane's horizon it is in no lane
    points = [shapely.points(np.where(np.isfinite(each), each, _FAR_M)) for each in corners]
    away = [shapely.distance(polygon.exterior, p) * np.where(shapely.contains(polygon, p), 1, -1) for p in points]
    least: Floats = np.minimum(*away)
    return least


def _farthest(
    within: Bools, t_s: Floats, along: Floats, aside: Floats, margins: WrongLaneMargins
) -> tuple[int, int] | None:
    """First and last observation of the stretch with the most way, of those without going aside that last.

    What came before may be left out: who stood half below the picture for long was seldom wholly in the lane there, and
    is from where he drives on.
    """
    inside = np.flatnonzero(within)
    if len(inside) < margins.least_points:
        return None
    times, way, ends = t_s[inside], along[inside], np.arange(len(inside))
    unseen = (np.diff(times) > margins.max_gap_s + 1e-6) & (np.abs(np.diff(way)) > margins.gap_way_m)
    after_gap = np.maximum.accumulate(np.where(np.concatenate([[True], unseen]), ends, 0))
    earliest = np.maximum(after_gap, straight_since(aside[inside], margins.aside_m))
    comes_in = ends[np.concatenate([[True], np.diff(inside) > 1])]
    begins = np.unique(np.concatenate([comes_in, earliest]))
    seen, span = ends[:, None] - begins + 1, inside[:, None] - inside[begins] + 1
    lasts = (seen >= np.maximum(margins.least_points, margins.within_share * span)) & (
        times[:, None] - times[begins] >= margins.least_s
    )
    ways = np.where(lasts & (begins >= earliest[:, None]), way[:, None] - way[begins], -np.inf)
    if not np.isfinite(ways).any():
        return None
    last, begin = (int(found[-1]) for found in np.nonzero(ways == ways.max()))
    return int(inside[begins[begin]]), int(inside[last])


def straight_since(aside: Floats, far_m: float) -> NDArray[np.int64]:
    """`[N]`: the first of each observation's past from which on it went no farther aside than so much."""
    begin, since = 0, np.zeros(len(aside), np.int64)
    low: deque[int] = deque()
    high: deque[int] = deque()
    for end, now in enumerate(aside):
        for least, sign in ((low, 1.0), (high, -1.0)):
            while least and sign * aside[least[-1]] >= sign * now:
                least.pop()
            least.append(end)
        while aside[high[0]] - aside[low[0]] > far_m:
            begin += 1
            for least in (low, high):
                if least[0] < begin:
                    least.popleft()
        since[end] = begin
    return since


def _along_and_aside(path: Trajectory, lane: Lane, smooth: int) -> tuple[Floats, Floats]:
    """Metres `[N]` along the lane's direction and across it."""
    assert path.ground is not None
    assert lane.direction is not None
    begin, end = path.ground.to_metres(lane.direction)
    unit = (end - begin) / max(float(np.hypot(*(end - begin))), 1e-6)
    places = median_filter(path.ground.to_metres(path.contacts) - begin, size=(smooth, 1), mode="nearest")
    along: Floats = places @ unit
    aside: Floats = places @ np.array([unit[1], -unit[0]])
    return along, aside


def _stopped(path: Trajectory, lane: Lane, margins: WrongLaneMargins, shared: SharedMargins) -> bool:
    """Whether it stood in the lane at any time."""
    inside = path.lanes[lane.id].inside
    return any(bool(inside[end]) for _, end in stands(path, 0, margins.stood_s, shared.standing))


def _changes_over(path: Trajectory, lane: Lane, aside: Floats, first: int, last: int, far_m: float) -> bool:
    """Whether it came into the lane over one side and left it over the other."""
    outside = ~path.lanes[lane.id].inside
    before, after = np.flatnonzero(outside[:first]), last + 1 + np.flatnonzero(outside[last + 1 :])
    if not len(before) or not len(after):
        return False
    came, went = aside[[before[-1], after[0]]] - np.median(aside[first : last + 1])
    # not so far aside: it came in or went out by one of the lane's two ends
    return bool(came * went < 0 and min(abs(came), abs(went)) > far_m)


RULE = Rule(ActCode.WRONG_LANE, wrong_lane, WrongLaneMargins())
