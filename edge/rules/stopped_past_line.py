"""Stopping on or past the stop line on red without entering the junction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from edge.road.trajectory import LineRun, Trajectory
from edge.rules.crossing import Crossing, crossing, in_the_junction, moment_before
from edge.rules.finding import Finding
from edge.rules.front import FrontAtOnset, front_at_onset
from edge.rules.permission import Governing, any_red, governing
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import OncePerPlace, Rule
from edge.rules.shared import SharedMargins
from edge.rules.standing import stands
from edge.rules.stands_past_line import CROSSING_NOT_SEEN, StandsPastLineMargins, stands_past_line
from edge.signals.history import LampHistory
from evidence.acts import ActCode, LampState
from evidence.packet import Reason
from zones.schema import RuleSettings, Scene, StopLine

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


def stopped_past_line(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: StoppedPastLineMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding a stop line."""
    return answers((line.id, _past(path, scene, lamps, line, margins, shared)) for line in scene.stop_lines)


def _past(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    line: StopLine,
    margins: StoppedPastLineMargins,
    shared: SharedMargins,
) -> Answer | None:
    """By its way over the line, or by where it stood from its first sight on."""
    came = _at_line(path, scene, lamps, line, margins, shared)
    if isinstance(came, Finding):
        return came
    return stands_past_line(path, scene, lamps, line, margins, shared) or came


@dataclass(frozen=True)
class _Stand:
    """The crossing, the first and last observation of the stand, and how far past the line the rear stood."""

    crossed: Crossing
    first: int
    last: int
    past: float
    unit: str


def _at_line(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    line: StopLine,
    margins: StoppedPastLineMargins,
    shared: SharedMargins,
) -> Answer | None:
    rules, run = scene.rules, path.lines[line.id]
    passed = _passed(path, run, rules, shared)
    if not isinstance(passed, _Passed):
        return passed
    if not any_red(scene, line, lamps, float(path.t_s[passed.crossed.at])):
        return Refusal("no_lamp_red", float(path.t_s[passed.crossed.at]))
    stand = _stand(path, run, passed, rules.stopped_s, margins, shared)
    if isinstance(stand, Refusal):
        return stand
    heads = governing(
        scene,
        line,
        path,
        stand.crossed.at,
        shared.permission,
        shared.movement,
        _way_tells_until(path, run, stand, margins),
    )
    movements = [str(m) for m in heads.movements]
    flags: list[str] = []
    since = _red_since(heads, path, stand, lamps, rules)
    if since is None:
        # it may turn where it need not wait; but a vehicle that only stands there shows no sign of it
        t_over = float(path.t_s[stand.crossed.at])
        doubtful = heads.only_red(lamps, t_over)
        long_stand = _stand(path, run, passed, max(margins.doubtful_s, rules.stopped_s), margins, shared)
        if doubtful is None:
            return Refusal("not_red_for_all_its_ways", t_over)
        if isinstance(long_stand, Refusal) or not path.ended:
            return Refusal("may_yet_turn", t_over)  # what it does next will tell which way it waited for
        if not _could_have_gone(path, heads, long_stand, lamps, margins.doubtful_s):
            return Refusal("may_wait_for_its_lamp", t_over)  # which let it over the line, and is red again
        heads, stand, flags = doubtful, long_stand, ["movement_not_seen"]
        since = _red_since(heads, path, stand, lamps, rules)
        waited = _waited(path, run, heads, lamps, stand, margins)
        if since is None:
            return Refusal("not_red_all_the_while", t_over, limit=rules.red_margin_s, unit="s")
        if waited is None:
            return Refusal("lost_before_green", t_over)
        flags += ["stream_ended_during_act"] if waited == "until the stream ended" else []
    at = stand.crossed.at
    t_at = float(path.t_s[at])
    if heads.any_free_against_arrows(lamps, t_at):
        # a turn against its lane's arrows, where that is free, is another act, and not this
        if not path.ended:
            return Refusal("may_yet_turn", t_at)
        if _waited(path, run, heads, lamps, stand, margins) is None:
            if not _could_have_turned(path, run, passed, heads, lamps, margins, shared):
                return Refusal("may_yet_turn", t_at)
            flags += ["movement_not_seen"]
    driven = in_the_junction(path, run, margins.gone_m)[at:]
    if _drove_on(path, driven, heads, lamps, at, float(path.t_s[stand.last]), shared.crossing.entry_within_s):
        return Refusal("drove_on", t_at)
    onset_seen = heads.onset_seen(lamps, t_at)
    front = front_at_onset(path, run, at, since, shared.front, shared.standing, onset_seen=onset_seen)
    if front in (FrontAtOnset.ROLLED_OVER, FrontAtOnset.STOOD_OVER):
        return Refusal("front_over_line_before_red", t_at)  # it may stand there
    flags += [] if onset_seen else ["red_onset_not_seen"]
    flags += ["front_before_line_not_seen"] if front == FrontAtOnset.NOT_SEEN else []
    return Finding(
        act=ActCode.STOPPED_PAST_LINE,
        what=line.id,
        before=moment_before(path, at, margins.before_s),
        at=at,
        after=stand.last,
        heads=heads.ids,
        lamp=LampState.RED,
        flags=tuple(flags),
        moment_s=stand.crossed.moment_s,
        reasons=_reasons(path, rules, stand, since, onset_seen=onset_seen)
        | {"stop_line": line.id, "movements_possible": movements},
    )


def _reasons(
    path: Trajectory, rules: RuleSettings, stand: _Stand, since: float, *, onset_seen: bool
) -> dict[str, Reason]:
    digits = 1 if stand.unit == "px" else 2
    front: dict[str, Reason] = (
        {"front_stood_past_line_m": round(stand.past + path.build.length_m, 1)} if stand.unit == "m" else {}
    )
    return front | {
        "red_for_s": round(float(path.t_s[stand.crossed.at]) - since, 3),
        "red_margin_s": rules.red_margin_s,
        "red_onset_seen": onset_seen,
        f"rear_before_line_{stand.unit}": round(stand.crossed.farthest_before, digits),
        f"rear_stood_past_line_{stand.unit}": round(stand.past, digits),
        "stood_s": round(float(path.t_s[stand.last] - path.t_s[stand.first]), 3),
        "stopped_s": rules.stopped_s,
        "observations_standing": stand.last - stand.first + 1,
    }


@dataclass(frozen=True)
class _Passed:
    """The crossing that a stand begins with: on the road of the front, taken for half a vehicle before the rear's."""

    crossed: Crossing
    on_road: bool


def _passed(path: Trajectory, run: LineRun, rules: RuleSettings, shared: SharedMargins) -> _Passed | Refusal | None:
    on_road = path.ground is not None and bool(np.isfinite(run.rear_m).all() and np.isfinite(run.farthest_m).all())
    over_m = -path.build.half_m if on_road else None
    crossed = crossing(path, run, rules, shared.crossing, shared.one_vehicle, over_m=over_m)
    return _Passed(crossed, on_road) if isinstance(crossed, Crossing) else crossed


def _stand(
    path: Trajectory, run: LineRun, passed: _Passed, seconds: float, margins: StoppedPastLineMargins,
    shared: SharedMargins,
) -> _Stand | Refusal:  # fmt: skip
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
            return _Stand(crossed, first, last, past, "m") if came else Refusal("stood_at_line_all_along", t_at)
        size = float(np.median(path.size_px[first : last + 1]))
        if not passed.on_road and least > margins.stopped_clear_boxes * size:
            way = crossed.farthest_before + past
            came = crossed.farthest_before >= margins.before_boxes * size and way >= margins.way_boxes * size
            return _Stand(crossed, first, last, past, "px") if came else Refusal("stood_at_line_all_along", t_at)
        needed = margins.stands_over_m - half if passed.on_road else margins.stopped_clear_boxes * size
        refused = Refusal("stood_on_line", t_at, least, needed, "m" if passed.on_road else "px")
    return refused


def _red_since(
    heads: Governing, path: Trajectory, stand: _Stand, lamps: Mapping[str, LampHistory], rules: RuleSettings
) -> float | None:
    """Since when it was red, if it was so from well before the line on and throughout the stand."""
    t_at, t_last = float(path.t_s[stand.crossed.at]), float(path.t_s[stand.last])
    since = heads.red_since(lamps, t_at)
    sure_s = float(path.t_s[stand.crossed.earliest])
    if since is None or sure_s - since < rules.red_margin_s or not heads.red_throughout(lamps, t_at, t_last):
        return None
    return since


def _way_tells_until(path: Trajectory, run: LineRun, stand: _Stand, margins: StoppedPastLineMargins) -> int | None:
    """The last observation whose place tells which way it means to go; None: all do. Who is held by another and moves
    aside for him, and does not drive on into the junction, has chosen no way with that."""
    if not path.held[stand.first :].any() or in_the_junction(path, run, margins.gone_m)[stand.first :].any():
        return None
    return stand.last


def _could_have_gone(
    path: Trajectory, heads: Governing, stand: _Stand, lamps: Mapping[str, LampHistory], seconds: float
) -> bool:
    """Whether a movement was free throughout the first `seconds` of the stand, and nobody stood in its way: who stands
    all the same waits for another. Where the free one's lamp turned red meanwhile, its drivers wait as well."""
    t_s = path.t_s[stand.first : stand.last + 1]
    first = t_s <= t_s[0] + seconds
    held = path.held[stand.first : stand.last + 1][first]
    return not held.any() and all(heads.any_free(lamps, float(t)) for t in t_s[first])


def _could_have_turned(
    path: Trajectory,
    run: LineRun,
    passed: _Passed,
    heads: Governing,
    lamps: Mapping[str, LampHistory],
    margins: StoppedPastLineMargins,
    shared: SharedMargins,
) -> bool:
    """Whether it stood to the last for long, and nothing kept it from the turn that its lane's arrows forbid: neither a
    lamp nor another before it. On the road only, as there alone it is known who stands before whom."""
    stand = _stand(path, run, passed, margins.free_stand_s, margins, shared)
    if not isinstance(stand, _Stand) or not passed.on_road or in_the_junction(path, run, margins.gone_m).any():
        return False
    stood = stands(path, stand.first, margins.free_stand_s, shared.standing)[-1][1]
    lost_at = float(path.t_s[-1]) - float(path.t_s[stood])
    since = path.t_s[stand.first : stood + 1]
    free = all(heads.any_free_against_arrows(lamps, float(t)) for t in since[since <= since[0] + margins.set_off_s])
    return free and lost_at <= margins.lost_within_s and not path.held[stand.first :].any()


def _waited(
    path: Trajectory,
    run: LineRun,
    heads: Governing,
    lamps: Mapping[str, LampHistory],
    stand: _Stand,
    margins: StoppedPastLineMargins,
) -> Literal["until green", "until the stream ended"] | None:
    """Until when it was seen to stay there. One that is lost from sight before, behind others say, may yet have turned
    where it was free to: None."""
    until = heads.red_until(lamps, float(path.t_s[stand.crossed.at]))
    seen_until_green = until is not None and float(path.t_s[-1]) >= until
    red = path.t_s <= until if until is not None else np.ones(len(path.t_s), bool)
    if in_the_junction(path, run, margins.gone_m)[red].any():
        return None
    if seen_until_green:
        return "until green"
    return "until the stream ended" if path.cut_off else None


def _drove_on(
    path: Trajectory,
    driven: NDArray[np.bool_],
    heads: Governing,
    lamps: Mapping[str, LampHistory],
    at: int,
    t_last: float,
    entry_within_s: float,
) -> bool:
    """A vehicle that soon drives on while red ran the light; one that waits, for green or a gap, has first stopped past
    the line. `driven`: from observation `at` on, whether it is in the junction."""
    entered = np.flatnonzero(driven)
    if not len(entered):
        return False
    t_at, t_entry = float(path.t_s[at]), float(path.t_s[at + entered[0]])
    return t_entry <= t_last or (t_entry - t_at <= entry_within_s and heads.red_throughout(lamps, t_at, t_entry))


RULE = Rule(
    ActCode.STOPPED_PAST_LINE,
    stopped_past_line,
    StoppedPastLineMargins(),
    yields_to=(ActCode.RED_LIGHT,),
    once_per_place=OncePerPlace(CROSSING_NOT_SEEN, lambda margins: margins.same_place_s),
)
