"""Crossing or riding on a solid line; on one that is broken on one side, from its solid side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from common.margins import margin
from countries.here import HERE
from edge.road.trajectory import StripeRun, Trajectory
from edge.rules.finding import Finding
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.geometry import DirectedLine
from zones.schema import Marking, Scene

_FIRST = "the first version of the rules, November 2026; nobody wrote down why this value"


@dataclass(frozen=True)
class SolidLineMargins:
    """What it takes to have driven across the paint, beside the overlap that the scene asks for."""

    least_points: int = margin(
        3,
        "pictures",
        "seen over the line without a break: one or two are a wild box",
        source=_FIRST,
        least=1,
    )
    least_s: float = margin(
        0.3,
        "s",
        "and for so long",
        source="the simulation's definition of the act (tools/simulate/truth.py); at 0.2 a looser box in a bend was "
        "enough",
    )
    least_travel_boxes: float = margin(
        0.3,
        "box sizes",
        "less way is a vehicle parked on the line, or a box that wanders: no proof of motion",
        source=_FIRST,
    )
    leap_boxes: float = margin(
        0.2,
        "box sizes",
        "a step that differs by more from those beside it is a leap: the track went over to a neighbour, who may stand "
        "on the line, or is thought to have its wheels elsewhere; no way that anybody drove",
        source="more than a standing box wanders (`StandingMargins.still_boxes`) and less than what counts as way; a "
        "scooter that stood on the line was told three times more for leaps of 80 px (simulation, seed 7)",
    )
    smooth: int = margin(
        5,
        "pictures",
        "paces and places are the middle of so many",
        source="as for other ways: `smooth` of wrong lane",
        least=1,
    )
    max_gap_s: float = margin(
        0.5, "s", "a longer hole ends the stretch: nobody saw where the vehicle was in it", source=_FIRST
    )
    still_after_s: float = margin(
        0.3,
        "s",
        "a picture of what came so long after the act's moment must still show it over the line",
        source="chosen for the still after the act, November 2026",
    )
    strong_share: float = margin(
        0.75,
        "share of the greatest overlap",
        "of the pictures with at least so much overlap the nearest view is the act's",
        source="chosen for the stills of the act, November 2026; not measured",
        most=1.0,
    )
    began_share: float = margin(
        0.5,
        "share",
        "a vehicle came from the side on which more of it than this was",
        source="geometry: the larger half",
        most=1.0,
    )
    rest_share: float = margin(
        0.05,
        "share",
        "with no more than this left on the other side it was wholly on one, and later wholly on the other: then it is "
        "said to have changed sides; the rest is what boxes err",
        source=_FIRST,
        most=0.5,
    )
    end_zone_m: float = margin(
        1.0,
        "m",
        "who was never farther than this from where the paint ends cut its very end: told, with that doubt",
        source="who turns left cuts the end of a centre line, by less than where wheels are known to (footage of "
        "November 2026); value as agreed then",
    )
    border_share: float = margin(
        0.02,
        "share of the picture",
        "a marking that ends so near to the picture's border goes on beyond it",
        source="how far from the border lines were drawn that lead out of the picture; not tuned",
        most=0.5,
    )
    settle_s: float = margin(
        1.5,
        "s",
        "a finding waits for so long: it may become longer, and its best picture is chosen then",
        source=_FIRST,
    )


def solid_line(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: SolidLineMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding a marking: the vehicle stood across the paint, moving, for several observations.

    Only with a ground plane: without one nobody knows where the wheels are, and a lorry's flank or a car's shadow
    reaches over a line that they never touch.
    """
    if scene.ground is None:
        return []
    return answers((m.id, _on_marking(path, scene, m, margins)) for m in scene.markings if m.id in path.stripes)


def _on_marking(path: Trajectory, scene: Scene, marking: Marking, margins: SolidLineMargins) -> Answer | None:
    runs = path.stripes[marking.id]
    over_each = [_over(run, scene.rules.solid_overlap) for run in runs]
    if not any(each.any() for each in over_each):
        return None
    over = np.stack(over_each)
    both: NDArray[np.bool_] = np.logical_or.reduce(over)
    stretch = _longest(both, path.t_s, margins)
    if not isinstance(stretch, tuple):
        return stretch
    first, last = stretch
    t_first = float(path.t_s[first])
    stripe = int(np.argmax(over[:, first : last + 1].sum(axis=1)))
    size = float(np.median(path.size_px[first : last + 1]))
    travel = _driven_px(path, first, last, margins)
    if travel < margins.least_travel_boxes * size:
        # parked on the line, or a box that wanders: no proof of motion
        return Refusal("no_motion_on_line", t_first, travel, margins.least_travel_boxes * size, "px")
    one_sided = marking.kind in HERE.markings.one_sided
    if one_sided and _came_from_broken_side(runs[stripe], marking, first, margins.began_share):
        return Refusal("from_broken_side", t_first)
    least = np.max([run.least for run in runs], axis=0)
    shares = least[first : last + 1]
    strong = shares >= max(scene.rules.solid_overlap, margins.strong_share * float(shares.max()))
    strong[1:] &= path.t_s[first + 1 : last + 1] <= path.t_s[last] - margins.still_after_s
    strong[0] |= not strong.any()
    from_end_m = _from_end_m(path, scene, marking, (first, last), margins)
    at = first + int(np.argmax(np.where(strong, path.size_px[first : last + 1], -1.0)))
    return Finding(
        act=ActCode.SOLID_LINE,
        what=marking.id,
        before=max(0, first - 1) if first else 0,
        at=at,
        after=last,
        flags=("at_end_of_marking",) if from_end_m is not None and from_end_m < margins.end_zone_m else (),
        reasons=({} if from_end_m is None else {"from_end_of_marking_m": round(from_end_m, 2)})
        | {
            "marking": marking.id,
            "marking_kind": marking.kind,
            "stripe": stripe + 1,
            "overlap_share": round(float(least[at]), 3),
            "overlap_needed": scene.rules.solid_overlap,
            "on_line_s": round(float(path.t_s[last] - path.t_s[first]), 3),
            "on_line_observations": last - first + 1,
            "travel_on_line_px": round(travel, 1),
            "crossed_to_other_side": _changed_side(runs[stripe], margins.rest_share),
        },
    )


def _driven_px(path: Trajectory, first: int, last: int, margins: SolidLineMargins) -> float:
    """The way between two observations, less what the track leapt on it."""
    steps, gaps_s = np.diff(path.contacts, axis=0), np.diff(path.t_s)[:, None]
    even = median_filter(steps / gaps_s, size=(margins.smooth, 1), mode="mirror") * gaps_s
    far = margins.leap_boxes * float(np.median(path.size_px[first : last + 1]))
    leaps = np.hypot(*(steps - even).T) > far
    way = np.concatenate([np.zeros((1, 2)), np.cumsum(np.where(leaps[:, None], even, steps), axis=0)])
    places = median_filter(way, size=(margins.smooth, 1), mode="nearest")
    return float(np.hypot(*(places[last] - places[first])))


def _from_end_m(
    path: Trajectory, scene: Scene, marking: Marking, stretch: tuple[int, int], margins: SolidLineMargins
) -> float | None:
    """How far along the paint from its nearer end the vehicle came while it was over it, metres; less than 0 beyond it.
    None where no end is in the picture."""
    assert path.ground is not None
    ends = np.array([marking.points[0], marking.points[1], marking.points[-1], marking.points[-2]], float)
    size = np.array([scene.picture.width, scene.picture.height])
    border = margins.border_share * size
    places = path.ground.to_metres(path.contacts[stretch[0] : stretch[1] + 1])
    found: list[float] = []
    for end, inner in (ends[:2], ends[2:]):
        if (end < border).any() or (end > size - border).any():
            continue
        end_m, inner_m = path.ground.to_metres(np.stack([end, inner]))
        along = (places - end_m) @ ((inner_m - end_m) / np.hypot(*(inner_m - end_m)))
        if np.isfinite(along).all():
            found.append(float(along.max()))
    return min(found, default=None)


def _over(run: StripeRun, share: float) -> NDArray[np.bool_]:
    over: NDArray[np.bool_] = run.within & (run.least >= share)
    return over


def _longest(
    mask: NDArray[np.bool_], t_s: NDArray[np.float64], margins: SolidLineMargins
) -> tuple[int, int] | Refusal | None:
    """The longest unbroken stretch of `mask`, if it lasts long enough; a gap in time breaks it too. None: there is
    none."""
    inside = np.flatnonzero(mask)
    if not len(inside):
        return None
    breaks = (np.diff(inside) > 1) | (np.diff(t_s[inside]) > margins.max_gap_s + 1e-6)
    starts = np.concatenate([[0], np.flatnonzero(breaks) + 1])
    ends = np.concatenate([starts[1:], [len(inside)]]) - 1
    longest = int(np.argmax(ends - starts))
    best = int(inside[starts[longest]]), int(inside[ends[longest]])
    t_s0, lasted_s, pictures = float(t_s[best[0]]), float(t_s[best[1]] - t_s[best[0]]), best[1] - best[0] + 1
    if pictures < margins.least_points:
        return Refusal("seldom_over_line", t_s0, pictures, margins.least_points, "pictures")
    if lasted_s < margins.least_s:
        return Refusal("over_line_briefly", t_s0, lasted_s, margins.least_s, "s")
    return best


def _came_from_broken_side(run: StripeRun, marking: Marking, first: int, began_share: float) -> bool:
    """Such a line may be crossed from its broken side; without a side drawn, doubt permits."""
    if marking.crossable_from is None:
        return True
    right = float(DirectedLine.between(marking.points).distance([marking.crossable_from])[0]) > 0
    began_right = float(np.median(run.positive[: first + 1])) > began_share
    return right == began_right


def _changed_side(run: StripeRun, rest: float) -> bool:
    return bool(run.positive.min() < rest and run.positive.max() > 1 - rest)


RULE = Rule(ActCode.SOLID_LINE, solid_line, SolidLineMargins())
