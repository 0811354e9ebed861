"""Running a red light: the front before the line while red, then wholly past it while red, and moving on.

What the lamp shows when the junction area is reached is evidence, not a condition: a vehicle that jumps the light in
its last seconds is past the line in red and in the junction in green.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from edge.road.trajectory import LineRun, Trajectory
from edge.rules.crossing import Crossing, crossing, in_the_junction, moment_before, size_around
from edge.rules.finding import Finding
from edge.rules.front import FrontAtOnset, front_at_onset, stood_before_m
from edge.rules.permission import any_red, governing
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.rules.standing import StandingMargins, stood
from edge.rules.waiting_area import may_wait_to_turn
from edge.signals.history import LampHistory
from evidence.acts import ActCode, LampState
from evidence.packet import Reason
from zones.schema import Scene, StopLine

Floats = NDArray[np.float64]
_FIRST = "the first version of the rules, November 2026; nobody wrote down why this value"
_DECIDED = "chosen with decision 16, November 2026; not measured alone"


@dataclass(frozen=True)
class RedLightMargins:
    """What it takes to have run the light, beside the time of red that the scene asks for."""

    entry_points: int = margin(
        3,
        "pictures",
        "seen so often in the junction, or far past the line: one or two are a wild box",
        source=_FIRST,
        least=1,
    )
    clear_boxes: float = margin(
        0.035,
        "box sizes",
        "while red, the rear must have been clear of the line by more than a box trembles: on either side of it",
        source="half of the 7 % by which a stand is told from a car on the line (docs/simulation.md); not tuned alone",
    )
    stood_clear_m: float = margin(
        0.5,
        "m",
        "of who stood over the line when red began the rear must have been so far before it: nearer nobody can say "
        "whether it passed the line as it came, in green, or as it left, in red",
        source="a motorcycle that stood 0.14 m past the line for half a minute was measured 0.25 m before it "
        "(docs/simulation.md, 4005 S259); the truth there calls it unsure within 0.6 m",
    )
    quantile: float = margin(
        0.2,
        "share of the pictures",
        "before the line it must have been so in more than this share of the pictures in red: a box that trembled on "
        "the "
        "line was before it now and then",
        source="vehicles that stood on the line when red began, in the simulation (docs/simulation.md); value tuned "
        "there",
        most=1.0,
    )
    travel_boxes: float = margin(0.35, "box sizes", "less way past the line is no proof of motion", source=_FIRST)
    cut_off_travel_boxes: float = margin(
        0.05,
        "box sizes",
        "unless the recording ends there: then so much past the line, and so much in the last moments, is enough",
        source="clips that end during the act (footage); not measured alone",
    )
    cut_off_motion_boxes: float = margin(
        0.5, "box sizes", "and so much on the whole way made in red", source="as `cut_off_travel_boxes`"
    )
    cut_off_last_s: float = margin(
        0.6, "s", "the last moments of a recording that ends during the act", source="as `cut_off_travel_boxes`"
    )
    gone_boxes: float = margin(1.5, "box sizes", "`gone_m` in a picture without a ground plane", source=_DECIDED)
    gone_m: float = margin(
        3.5,
        "m",
        "whatever is so far past the line and has not stopped drives on, wherever the junction area is drawn to begin; "
        "nearer to the line, on the road, nothing has driven on into a junction",
        source="decision 16: a crosswalk begins 2 to 3 m past the line; not measured",
    )
    waited_s: float = margin(
        1.0,
        "s",
        "a vehicle that stood for so long past the line before it was green waited for green there",
        source=_DECIDED,
    )
    moving_s: float = margin(
        0.4, "s", "whether it moves as green comes is looked at so long before and after", source=_DECIDED
    )
    moving_boxes: float = margin(
        0.15,
        "box sizes",
        "less way in that time is standing: a little more than a standing box wanders",
        source=_DECIDED,
    )
    before_s: float = margin(1.0, "s", "the still before the act is so long before the line", source=_FIRST)
    settle_s: float = margin(
        2.0,
        "s",
        "a finding waits for so long: a vehicle may yet turn where turning is allowed, and the still after the line is "
        "taken then",
        source="decision 9",
    )


def red_light(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: RedLightMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding a stop line."""
    return answers((line.id, _at_line(path, scene, lamps, line, margins, shared)) for line in scene.stop_lines)


@dataclass(frozen=True)
class _Gone:
    """Observations after the crossing: from which on it has gone on, and the last one looked at."""

    entry: int
    last: int
    in_junction: bool


def _at_line(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    line: StopLine,
    margins: RedLightMargins,
    shared: SharedMargins,
) -> Answer | None:
    rules, run = scene.rules, path.lines[line.id]
    crossed = crossing(path, run, rules, shared.crossing, shared.one_vehicle)
    if not isinstance(crossed, Crossing):
        return crossed
    at = crossed.at
    t_at = float(path.t_s[at])
    if not any_red(scene, line, lamps, t_at):
        return Refusal("no_lamp_red", t_at)
    size = size_around(path, at, shared.crossing)
    gone = _gone_on(path, scene, run, at, size, margins, shared.standing)
    if isinstance(gone, Refusal):
        return gone
    on_the_way_s = float(path.t_s[gone.entry]) - t_at
    if on_the_way_s > shared.crossing.entry_within_s:
        return Refusal("stopped_between", t_at, on_the_way_s, shared.crossing.entry_within_s, "s")
    heads = governing(scene, line, path, at, shared.permission, shared.movement)
    if may_wait_to_turn(path, scene, line, heads, at, gone.last, shared.waiting):
        return Refusal("may_wait_to_turn", t_at)
    since = heads.red_since(lamps, t_at)
    sure_s = float(path.t_s[crossed.earliest])
    if since is None:
        return Refusal("not_red_for_all_its_ways", t_at)
    if sure_s - since < rules.red_margin_s:
        return Refusal("red_too_short", t_at, sure_s - since, rules.red_margin_s, "s")
    until = heads.red_until(lamps, t_at)
    clear_px = margins.clear_boxes * size
    refused = _not_clear_in_red(path, run, rules.line_margin_px + clear_px, at, until)
    if refused is not None:
        return refused
    if not _moved_on(path, at, gone, size, until, margins, shared.standing):
        return Refusal("waited_for_green", t_at)
    before_in_red = np.flatnonzero((path.t_s[:at] >= since - 1e-6) & (run.rear_px[:at] <= rules.line_margin_px))
    if not len(before_in_red):
        return Refusal("not_before_line_in_red", t_at)
    nearly_farthest = float(np.quantile(run.rear_px[before_in_red[0] : at], margins.quantile))
    if nearly_farthest > rules.line_margin_px - clear_px:
        before_px = rules.line_margin_px - nearly_farthest  # it stood on the line when red began, and its box trembled
        return Refusal("stood_on_line_at_red", t_at, before_px, clear_px, "px")
    travel = float(run.rear_px[gone.last] - run.rear_px[at])
    cut_off = travel < margins.travel_boxes * size
    if cut_off and not _moving_when_cut_off(path, run.rear_px, at, int(before_in_red[0]), size, margins):
        return Refusal("no_motion_beyond_line", t_at, travel, margins.travel_boxes * size, "px")
    onset_seen = heads.onset_seen(lamps, t_at)
    front = front_at_onset(path, run, at, since, shared.front, shared.standing, onset_seen=onset_seen)
    if front == FrontAtOnset.ROLLED_OVER:
        return Refusal("rolled_over_line_as_red_began", t_at)
    if front == FrontAtOnset.STOOD_OVER:
        before_m = stood_before_m(path, run, int(before_in_red[0]), at, since, shared.front, shared.standing)
        if before_m < margins.stood_clear_m:  # no number without a ground plane
            return Refusal("stood_on_line_at_red", t_at, before_m, margins.stood_clear_m, "m")
        if path.forgotten and float(path.t_s[0]) > since + 1e-6:
            front = FrontAtOnset.NOT_SEEN  # it stood over it as long as is remembered, and red began before that
    flags = _flags(front, onset_seen=onset_seen, cut_off=cut_off)
    before = max(moment_before(path, at, margins.before_s), int(before_in_red[0]))
    return Finding(
        act=ActCode.RED_LIGHT,
        what=line.id,
        before=min(before, crossed.last_before),
        at=at,
        after=_after(path, at, gone, until),
        heads=heads.ids,
        lamp=LampState.RED,
        flags=flags,
        moment_s=crossed.moment_s,
        red_until_s=until,
        reasons=_reasons(path, scene, run, crossed, gone, since, until, onset_seen=onset_seen)
        | {"stop_line": line.id, "movements_possible": [str(m) for m in heads.movements]},
    )


def _flags(front: FrontAtOnset, *, onset_seen: bool, cut_off: bool) -> tuple[str, ...]:
    flags = [] if onset_seen else ["red_onset_not_seen"]
    if front == FrontAtOnset.STOOD_OVER:
        flags.append("front_past_line_at_red_onset")
    if front == FrontAtOnset.NOT_SEEN:
        flags.append("front_before_line_not_seen")
    if cut_off:
        flags.append("stream_ended_during_act")
    return tuple(flags)


def _reasons(
    path: Trajectory, scene: Scene, run: LineRun, crossed: Crossing, gone: _Gone, since: float, until: float | None,
    *, onset_seen: bool,
) -> dict[str, Reason]:  # fmt: skip
    at, rules = crossed.at, scene.rules
    at_onset = min(int(np.searchsorted(path.t_s, since)), at)
    return {
        "red_for_s": round(float(path.t_s[at]) - since, 3),
        "red_margin_s": rules.red_margin_s,
        "red_onset_seen": onset_seen,
        "red_left_s": None if until is None else round(until - float(path.t_s[at]), 3),
        "rear_before_line_px": round(crossed.farthest_before, 1),
        "rear_past_line_px": round(float(run.rear_px[at]), 1),
        "rear_at_red_onset_px": round(float(run.rear_px[at_onset]), 1) if onset_seen else None,
        "entered_junction_after_s": round(float(path.t_s[gone.entry] - path.t_s[at]), 3) if gone.in_junction else None,
        "travel_past_line_px": round(float(run.rear_px[gone.last] - run.rear_px[at]), 1),
        "observations_before": int(np.count_nonzero(run.rear_px[:at] <= rules.line_margin_px)),
        "observations_after": len(path.t_s) - at,
        "exit": next(iter(sorted(path.exits)), None),
    }


def _after(path: Trajectory, at: int, gone: _Gone, until: float | None) -> int:
    """The last observation looked at, as long as it is red there."""
    if until is None:
        return gone.last
    in_red = np.flatnonzero(path.t_s[at + 1 : gone.last + 1] < until - 1e-6)
    return at + 1 + int(in_red[-1]) if len(in_red) else gone.last


def _not_clear_in_red(path: Trajectory, run: LineRun, clear_px: float, at: int, until: float | None) -> Refusal | None:
    """None if the rear was seen clear of the line while red, by more than a box trembles, wherever its wheels
    may be when they are hidden."""
    in_red = path.t_s[at:] < (np.inf if until is None else until - 1e-6)
    nearest_px = run.nearest_px[at:][in_red]
    if (nearest_px > clear_px).any():
        return None
    farthest_px = float(nearest_px.max()) if len(nearest_px) else None
    return Refusal("not_clear_of_line_in_red", float(path.t_s[at]), farthest_px, clear_px, "px")


def _moved_on(
    path: Trajectory,
    at: int,
    gone: _Gone,
    size: float,
    until: float | None,
    margins: RedLightMargins,
    standing: StandingMargins,
) -> bool:
    """Whether it was on its way, rather than waiting past the line for green, which is another act."""
    t_at, t_entry = float(path.t_s[at]), float(path.t_s[gone.entry])
    if until is None or until > t_entry:
        return True
    around = path.contacts[np.abs(path.t_s - until) <= margins.moving_s]
    if len(around) >= 2 and float(np.hypot(*(around[-1] - around[0]))) < margins.moving_boxes * size:
        return False
    return not stood(path, t_at, until, margins.waited_s, standing)


def _moving_when_cut_off(
    path: Trajectory, rear_px: Floats, at: int, from_: int, size: float, margins: RedLightMargins
) -> bool:
    """The recording ends just past the line: the way made while red and the last moments must speak for it."""
    if not path.cut_off:
        return False
    recent = int(np.searchsorted(path.t_s, path.t_s[-1] - margins.cut_off_last_s))
    past_px, whole_px = float(rear_px[-1] - rear_px[at]), float(rear_px[-1] - rear_px[from_])
    least_px = margins.cut_off_travel_boxes * size
    still_moving = float(rear_px[-1] - rear_px[recent]) > least_px
    return still_moving and past_px > least_px and whole_px > margins.cut_off_motion_boxes * size


def _gone_on(
    path: Trajectory,
    scene: Scene,
    run: LineRun,
    at: int,
    size: float,
    margins: RedLightMargins,
    standing: StandingMargins,
) -> _Gone | Refusal:
    """Into the junction area, or so far past the line that nobody stops there; refused: not (yet)."""
    inside = np.flatnonzero(in_the_junction(path, run, margins.gone_m)[at:])
    if len(inside) >= margins.entry_points:
        return _Gone(at + int(inside[0]), at + int(inside[-1]), in_junction=True)
    on_road = np.isfinite(run.rear_m).all()
    rear, gone = (run.rear_m, margins.gone_m) if on_road else (run.rear_px, margins.gone_boxes * size)
    far = np.flatnonzero(rear[at:] > gone)
    t_at, t_end = float(path.t_s[at]), float(path.t_s[-1])
    if len(far) < margins.entry_points:
        return Refusal("did_not_drive_on", t_at, float(rear[at:].max()), gone, "m" if on_road else "px")
    if scene.junction is not None and stood(path, t_at, t_end, margins.waited_s, standing):
        return Refusal(
            "stood_short_of_junction", t_at
        )  # past the line, but short of the junction: perhaps it stays there
    return _Gone(at + int(far[0]), at + int(far[-1]), in_junction=False)


RULE = Rule(ActCode.RED_LIGHT, red_light, RedLightMargins())
