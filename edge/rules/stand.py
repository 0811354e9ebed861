"""A stand past a stop line: what it takes, and how a vehicle came to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.trajectory import LineRun, Trajectory
from edge.rules.crossing import Crossing, crossing
from edge.rules.refusal import Refusal
from edge.rules.shared import SharedMargins
from edge.rules.standing import stands
from edge.rules.stands_past_line import StandsPastLineMargins
from zones.schema import RuleSettings

_FIRST = "the first version of the rules, November 2026; nobody wrote down why this value"
_DECIDED = "chosen with decision 16, November 2026; not measured alone"


@dataclass(frozen=True)
class StoppedPastLineMargins(StandsPastLineMargins):
    """What it takes to have stopped past the line, beside the time that the scene asks for, and to stand there."""

    stopped_clear_boxes: float = margin(
        0.055,
        "box sizes",
        "in a picture without a ground plane the rear must stand clear of the line by this share: there a box that "
        "trembles on the line cannot be told from one past it",
        source="was 10 %, then 7 % after a car that stood 0.65 m past the line (docs/simulation.md); tuned down later",
    )
    before_boxes: float = margin(
        0.4,
        "box sizes",
        "it must have been so far before the line: else it stood at it all along, and its box wandered",
        source=_FIRST,
    )
    way_boxes: float = margin(
        0.5,
        "box sizes",
        "and have made so much way in all: one that waited at the line for longer than a track remembers and then "
        "crept "
        "past it has come only so far",
        source="stands that were missed in the simulation (docs/simulation.md); value tuned there",
    )
    stands_over_m: float = margin(
        0.15,
        "m",
        "on the road half of the vehicle must stand past the line by so much: what boxes err",
        source=_DECIDED,
    )
    before_m: float = margin(0.7, "m", "`before_boxes` on the road", source=_DECIDED)
    way_m: float = margin(1.1, "m", "`way_boxes` on the road", source=_DECIDED)
    doubtful_s: float = margin(
        5.0,
        "s",
        "where the way out may be free to a vehicle that turns, standing for so long, and not turning until it is lost "
        "from sight, shows that it waits for the other lamp",
        source="decision 16",
    )
    free_stand_s: float = margin(
        8.0,
        "s",
        "where only the arrows of its lane keep it from a turn that is free, standing for so long with nobody in its "
        "way, and then being lost from sight while it stands, shows the same: it could have gone",
        source="one and a half of `doubtful_s`, as the turn is rarer and its lamp free; simulation, November 2026: who "
        "turned by the arrow out of another lane set off as soon as nobody stood before him",
    )
    set_off_s: float = margin(
        4.0,
        "s",
        "and the turn was free for so long from the beginning of the stand on: who means to turn sets off within half "
        "of it",
        source="chosen with `free_stand_s`: drivers react within 2 s",
    )
    lost_within_s: float = margin(
        1.0,
        "s",
        "one that is not seen to stand until so shortly before it is lost may have set off",
        source="chosen with `free_stand_s`; a box trembles as others begin to hide it",
    )
    before_s: float = margin(1.0, "s", "the still before the act is so long before the line", source=_FIRST)
    gone_m: float = margin(
        3.5,
        "m",
        "nearer to the line, on the road, nothing has driven on into the junction: as in running the light",
        source="decision 16 (`RedLightMargins.gone_m`)",
    )
    same_place_s: float = margin(
        900.0,
        "s",
        "a vehicle that stands past the line and was never seen to come there may be parked: it is told once in so "
        "long, "
        "not with each new track",
        source="decision 16: once a place in a quarter of an hour",
    )
    settle_s: float = margin(
        6.0,
        "s",
        "a finding waits for so long: a vehicle that stops past the line and then drives on while red has run it, and "
        "that act takes the place of this one",
        source="decision 9",
    )


@dataclass(frozen=True)
class Stand:
    """The crossing, the first and last observation of the stand, and how far past the line the rear stood."""

    crossed: Crossing
    first: int
    last: int
    past: float
    unit: str


@dataclass(frozen=True)
class Passed:
    """The crossing that a stand begins with: on the road of the front, taken for half a vehicle before the rear's."""

    crossed: Crossing
    on_road: bool


def passed_by(path: Trajectory, run: LineRun, rules: RuleSettings, shared: SharedMargins) -> Passed | Refusal | None:
    """How it came over the line; None: it did not."""
    on_road = path.ground is not None and bool(np.isfinite(run.rear_m).all() and np.isfinite(run.farthest_m).all())
    over_m = -path.build.half_m if on_road else None
    crossed = crossing(path, run, rules, shared.crossing, shared.one_vehicle, over_m=over_m)
    return Passed(crossed, on_road) if isinstance(crossed, Crossing) else crossed


def stand_of(
    path: Trajectory, run: LineRun, passed: Passed, seconds: float, margins: StoppedPastLineMargins,
    shared: SharedMargins,
) -> Stand | Refusal:  # fmt: skip
    """The first stretch of `seconds` of standing on or past the line, of one that came over it."""
    crossed, half = passed.crossed, path.build.half_m
    t_at = float(path.t_s[crossed.at])
    refused = Refusal("did_not_stand", t_at, limit=seconds, unit="s")
    rear, nearest = (run.rear_m, run.nearest_m) if passed.on_road else (run.rear_px, run.nearest_px)
    for first, last in stands(path, crossed.at, seconds, shared.standing):
        # the middle of the stretch: a box that trembles is on the line now and then
        past, least = (float(np.median(each[first : last + 1])) for each in (rear, nearest))
        # else it stood at the line all along, and its box wandered
        if passed.on_road and least > margins.stands_over_m - half:
            way = crossed.farthest_before + past + half
            came = crossed.farthest_before >= margins.before_m and way >= margins.way_m
            return Stand(crossed, first, last, past, "m") if came else Refusal("stood_at_line_all_along", t_at)
        size = float(np.median(path.size_px[first : last + 1]))
        if not passed.on_road and least > margins.stopped_clear_boxes * size:
            way = crossed.farthest_before + past
            came = crossed.farthest_before >= margins.before_boxes * size and way >= margins.way_boxes * size
            return Stand(crossed, first, last, past, "px") if came else Refusal("stood_at_line_all_along", t_at)
        needed = margins.stands_over_m - half if passed.on_road else margins.stopped_clear_boxes * size
        refused = Refusal("stood_on_line", t_at, least, needed, "m" if passed.on_road else "px")
    return refused
