"""Leaving a junction by an exit of a movement that signs ban: shared by banned turns and banned U-turns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.crossing import Crossing, moment_before
from edge.rules.finding import Finding
from edge.rules.named import NamedMargins, surely_named
from edge.rules.one_vehicle import not_one_vehicle
from edge.rules.refusal import Answer, Refusal
from edge.rules.shared import SharedMargins
from edge.rules.turned_from_within import WAY_IN_NOT_SEEN, FromWithinMargins, waited_within
from evidence.acts import ActCode
from evidence.packet import Reason
from zones.facts import banned_turns
from zones.schema import Exit, Movement, Scene, StopLine

Bans = Mapping[Movement, tuple[str, ...]]
"""Movements that signs ban, each with the ids of those signs."""


@dataclass(frozen=True)
class ExitMargins(NamedMargins):
    """What it takes to have been in an exit."""

    least_points: int = margin(
        4,
        "pictures",
        "seen so often without a break within the exit, and in no other exit so often: nobody leaves twice",
        source="one trembling box in an exit was a turn in the simulation; the number itself was not tuned",
        least=1,
    )
    max_gap_s: float = margin(
        0.5,
        "s",
        "not seen within the exit for so long, between times that it was: it did not come back into it, a box trembled "
        "on the exit's edge",
        source="as for solid lines; not measured: in the simulation no turn hung on it",
    )
    least_way_boxes: float = margin(
        0.5,
        "box sizes",
        "so far it must have come within the exit's area: a box that grazes it has not turned",
        source="chosen with the rule, November 2026; not measured",
    )


@dataclass(frozen=True)
class TurnedOutMargins(FromWithinMargins, ExitMargins):
    """What it takes to have left by an exit, and when the act is shown."""

    before_s: float = margin(
        3.0,
        "s",
        "the first still shows the line, unless the vehicle waited longer than this in the junction",
        source="chosen with the rule, November 2026; not measured",
    )
    settle_s: float = margin(
        1.0,
        "s",
        "a finding waits for so long: the still after the turn is taken then",
        source="the first version of the pipeline, November 2026; nobody wrote down why this value",
    )


def bans(scene: Scene, line: StopLine, path: Trajectory, turns: Collection[Movement], margins: ExitMargins) -> Bans:
    """Those of the turns that signs ban over the line for its kind of vehicle, with those signs."""
    named = {
        turn: tuple(sign.id for sign in signs if surely_named(sign.named, path, margins.class_share))
        for turn, signs in banned_turns(scene, line.id).items()
        if turn in turns
    }
    return {turn: signs for turn, signs in named.items() if signs}


def turned_out(
    act: ActCode,
    path: Trajectory,
    scene: Scene,
    line: StopLine,
    banned: Bans,
    crossed: Crossing | Refusal | None,
    margins: TurnedOutMargins,
    shared: SharedMargins,
) -> Answer | None:
    """The finding, if the vehicle came over the line and left by the exit of a banned movement; None: it did not.

    `crossed`: where it passed the line; refused, or None: that was not seen.
    """
    over = crossed if isinstance(crossed, Crossing) else None
    taken = exit_taken(path, scene, over.at if over else 0, margins)
    if taken is None:
        return None
    way_out, entry, last = taken
    signs = banned.get(way_out.movement)
    if signs is None:
        return None
    size = float(np.median(path.size_px[entry : last + 1]))
    way_px = float(np.hypot(*(path.contacts[last] - path.contacts[entry])))
    t_entry = float(path.t_s[entry])
    if way_px < margins.least_way_boxes * size:
        return Refusal("short_way_in_exit", t_entry, way_px, margins.least_way_boxes * size, "px")
    begins = _begins(path, line, over, last, size, margins, shared)
    if begins is None:
        return crossed if isinstance(crossed, Refusal) else None  # it may have come by another road
    if isinstance(begins, Refusal):
        return begins
    first, rests_from, flags, reasons = begins
    return Finding(
        act=act,
        what=line.id,
        # the line in the first still, unless it waited long in the junction
        before=max(first, moment_before(path, entry, margins.before_s)),
        at=entry,
        after=last,
        flags=flags,
        signs=signs,
        rests_from=rests_from,
        reasons=reasons
        | {
            "stop_line": line.id,
            "exit": way_out.id,
            "movement": way_out.movement,
            ("exit_after_wait_s" if flags else "exit_after_line_s"): round(float(path.t_s[entry] - path.t_s[first]), 3),
            "way_in_exit_px": round(way_px, 1),
            "observations_in_exit": last - entry + 1,
        },
    )


def _begins(
    path: Trajectory,
    line: StopLine,
    crossed: Crossing | None,
    last: int,
    size: float,
    margins: TurnedOutMargins,
    shared: SharedMargins,
) -> tuple[int, int, tuple[str, ...], dict[str, Reason]] | Refusal | None:
    """The observation with which the turn begins, at the line or where it waited past it, the first on which it rests,
    and what is to be said."""
    refused: Refusal | None = None
    if crossed is not None:
        t_line, t_last = float(path.t_s[crossed.at]), float(path.t_s[last])
        refused = not_one_vehicle(path, t_line, t_last, size, shared.one_vehicle)
        if refused is None:
            return crossed.at, crossed.last_before, (), {}
    at_line = crossed.at if crossed else None
    wait = waited_within(path, path.lines[line.id], at_line, last, margins, shared)
    if wait is None:
        return refused
    told: dict[str, Reason] = {
        "waited_past_line_m": wait.past_m,
        "stood_s": wait.stood_s,
        "turned_deg": wait.turned_deg,
    }
    return wait.last, wait.first, (WAY_IN_NOT_SEEN,), told


def exit_taken(path: Trajectory, scene: Scene, at: int, margins: ExitMargins) -> tuple[Exit, int, int] | None:
    """The exit by which the vehicle left, and its first and last observation there without a break.

    None if it was in more than one: nobody leaves twice, so the track may be that of two vehicles.
    """
    if not path.exits:
        return None
    inside = {e.id: at + np.flatnonzero(path.in_exit[e.id][at:]) for e in scene.exits}
    used = [e for e in scene.exits if len(inside[e.id]) >= margins.least_points]
    if len(used) != 1:
        return None
    there = inside[used[0].id]
    breaks = np.flatnonzero((np.diff(there) > 1) & (np.diff(path.t_s[there]) > margins.max_gap_s + 1e-6))
    stay = there[breaks[-1] + 1 :] if len(breaks) else there
    return (used[0], int(stay[0]), int(stay[-1])) if len(stay) >= margins.least_points else None
