"""Stopping on or past the stop line on red without entering the junction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.road.trajectory import Trajectory
from edge.rules.crossing import in_the_junction, moment_before
from edge.rules.finding import Finding
from edge.rules.front import FrontAtOnset, front_at_onset, over_since
from edge.rules.permission import Governing, any_red, governing
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import OncePerPlace, Rule
from edge.rules.shared import SharedMargins
from edge.rules.stand import Passed, Stand, StoppedPastLineMargins, passed_by, stand_of
from edge.rules.stands_past_line import CROSSING_NOT_SEEN, stands_past_line
from edge.rules.waiting_area import may_wait_to_turn
from edge.rules.way_waited_for import could_have_gone, could_have_turned, waited_until, way_tells_until
from edge.signals.history import LampHistory
from evidence.acts import ActCode, LampState
from evidence.packet import Reason
from zones.schema import RuleSettings, Scene, StopLine


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


def _at_line(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    line: StopLine,
    margins: StoppedPastLineMargins,
    shared: SharedMargins,
) -> Answer | None:
    rules, run = scene.rules, path.lines[line.id]
    passed = passed_by(path, run, rules, shared)
    if not isinstance(passed, Passed):
        return passed
    if not any_red(scene, line, lamps, float(path.t_s[passed.crossed.at])):
        return Refusal("no_lamp_red", float(path.t_s[passed.crossed.at]))
    stand = stand_of(path, run, passed, rules.stopped_s, margins, shared)
    if isinstance(stand, Refusal):
        return stand
    heads = governing(
        scene,
        line,
        path,
        stand.crossed.at,
        shared.permission,
        shared.movement,
        way_tells_until(path, run, stand, margins),
    )
    if may_wait_to_turn(path, scene, line, heads, stand.crossed.at, stand.last, shared.waiting):
        return Refusal("may_wait_to_turn", float(path.t_s[stand.crossed.at]))
    movements = [str(m) for m in heads.movements]
    flags: list[str] = []
    since = _red_since(heads, path, stand, lamps, rules)
    if since is None:
        # it may turn where it need not wait; but a vehicle that only stands there shows no sign of it
        t_over = float(path.t_s[stand.crossed.at])
        doubtful = heads.only_red(lamps, t_over)
        long_stand = stand_of(path, run, passed, max(margins.doubtful_s, rules.stopped_s), margins, shared)
        if doubtful is None:
            return Refusal("not_red_for_all_its_ways", t_over)
        if isinstance(long_stand, Refusal) or not path.ended:
            return Refusal("may_yet_turn", t_over)  # what it does next will tell which way it waited for
        if not could_have_gone(path, heads, long_stand, lamps, margins.doubtful_s):
            return Refusal("may_wait_for_its_lamp", t_over)  # which let it over the line, and is red again
        heads, stand, flags = doubtful, long_stand, ["movement_not_seen"]
        since = _red_since(heads, path, stand, lamps, rules)
        waited = waited_until(path, run, heads, lamps, stand, margins)
        if since is None:
            return Refusal("not_red_all_the_while", t_over, limit=rules.red_margin_s, unit="s")
        if waited is None:
            return Refusal("lost_before_green", t_over)
        flags += ["stream_ended_during_act"] if waited == "until the stream ended" else []
    at = stand.crossed.at
    t_at = float(path.t_s[at])
    if heads.ever_free_against_arrows(lamps, over_since(path, run, at), t_at):
        # a turn against its lane's arrows, where that was free as it came, is another act, and not this
        if not path.ended:
            return Refusal("may_yet_turn", t_at)
        if waited_until(path, run, heads, lamps, stand, margins) is None:
            if not could_have_turned(path, run, passed, heads, lamps, margins, shared):
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
    path: Trajectory, rules: RuleSettings, stand: Stand, since: float, *, onset_seen: bool
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


def _red_since(
    heads: Governing, path: Trajectory, stand: Stand, lamps: Mapping[str, LampHistory], rules: RuleSettings
) -> float | None:
    """Since when it was red, if it was so from well before the line on and throughout the stand."""
    t_at, t_last = float(path.t_s[stand.crossed.at]), float(path.t_s[stand.last])
    since = heads.red_since(lamps, t_at)
    sure_s = float(path.t_s[stand.crossed.earliest])
    if since is None or sure_s - since < rules.red_margin_s or not heads.red_throughout(lamps, t_at, t_last):
        return None
    return since


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
