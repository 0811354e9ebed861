"""Standing at a kerb where a sign bans it: shared by stopping and parking. What traffic explains is neither.

A queue sets off when its lamp lets it: who stands on through a whole green was not held by the lamp. Who stands near a
stop line may wait for what nobody sees, and is left alone. Who has others standing before it all the time may be in a
jam, lamp or no lamp. Whether somebody sits at the wheel the film shows to the officer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from countries.road import SignSays
from edge.road.stays import Stay
from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.rules.named import NamedMargins, surely_named
from edge.rules.refusal import Answer, Refusal, answers
from edge.signals.history import LampHistory
from evidence.acts import ActCode, LampState
from evidence.packet import Reason
from zones.facts import areas, signs
from zones.schema import Scene, StopLine

ARRIVAL_NOT_SEEN, NOT_SEEN_THROUGHOUT = "arrival_not_seen", "not_seen_throughout"
_CHOSEN = "chosen with the rule, November 2026; a few stops in the simulated street, no parking; not measured"
_LOOK_S = 0.5
"""Lamps are asked so often: no phase is shorter."""


@dataclass(frozen=True)
class StandsWhereBannedMargins(NamedMargins):
    """What it takes that no traffic held it."""

    green_s: float = margin(
        25.0,
        "s",
        "no lamp ahead was red for so long while it stood: the last of a queue sets off within that",
        source="queues set off at 5 to 6 m/s: 100 m in 20 s, and a look at what is in front",
    )
    window_s: float = margin(
        55.0,
        "s",
        "of the last so long, what is remembered of a track",
        source="`tracker.history_s`, less some",
        most=60.0,
    )
    near_line_m: float = margin(
        15.0, "m", "nearer before a stop line it may wait for what nobody sees, and is left alone", source=_CHOSEN
    )
    near_line_boxes: float = margin(4.0, "box sizes", "`near_line_m` in the picture", source=_CHOSEN)
    free_s: float = margin(
        15.0,
        "s",
        "nothing stood before it for so long without a break, and it stood on: in a queue one moves up within that",
        source="the simulated street (docs/simulation.md): without it 3 that a jam held were told in five minutes",
    )
    hidden_s: float = margin(
        2.0, "s", "not seen for longer: that is told", source="a track that breaks (`tracker.lost_s`)"
    )
    recent_s: float = margin(
        6.0,
        "s",
        "its picture is taken so lately: pictures are kept for some seconds only",
        source="`StillStore`, halved",
    )
    settle_s: float = margin(3.0, "s", "a finding waits for so long: the still after it is taken then", source=_CHOSEN)


def stands_where_banned(
    act: ActCode,
    says: SignSays,
    least_s: float,
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: StandsWhereBannedMargins,
    *,
    unknown_holds: bool,
) -> list[Answer]:
    """At most one finding an area. `unknown_holds`: a lamp that nobody saw counts as red."""
    if not path.stays:
        return []
    found: list[tuple[str, Answer | None]] = []
    for area in areas(scene, "kerbside"):
        named = tuple(
            sign.id for sign in signs(scene, says, area.id) if surely_named(sign.named, path, margins.class_share)
        )
        here = [s for s in path.stays if area.id in s.areas and act not in s.told] if named else []
        stay = next((s for s in here if s.lasted_s >= least_s), None)
        if stay is not None:
            refused = _refused(path, stay, scene, lamps, margins, unknown_holds)
            found.append((area.id, refused or _finding(act, area.id, named, least_s, path, stay, margins)))
        elif here:
            found.append((area.id, Refusal("stood_briefly", here[-1].first_s, here[-1].lasted_s, least_s, "s")))
    return answers(found)


def _finding(
    act: ActCode, area: str, named: tuple[str, ...], least_s: float, path: Trajectory, stay: Stay,
    margins: StandsWhereBannedMargins,
) -> Finding:  # fmt: skip
    last = int(np.searchsorted(path.t_s, stay.last_s, side="right")) - 1
    lately = max(stay.first_s + least_s, stay.last_s - margins.recent_s)
    at = min(int(np.searchsorted(path.t_s, lately - 1e-6)), last)
    t_at = float(path.t_s[at])
    flags: tuple[str, ...] = () if stay.arrival_seen else (ARRIVAL_NOT_SEEN,)
    flags += (NOT_SEEN_THROUGHOUT,) if stay.unseen_s > margins.hidden_s else ()
    on_road = stay.moved_m is not None and stay.limit_m is not None
    unit, digits = ("m", 2) if on_road else ("px", 1)
    moved, limit = (stay.moved_m, stay.limit_m) if on_road else (stay.moved_px, stay.limit_px)
    assert moved is not None
    assert limit is not None
    reasons: dict[str, Reason] = {
        "area": area,
        "stood_s": round(stay.lasted_s, 1),
        "stopped_s": least_s,
        f"moved_while_standing_{unit}": round(moved, digits),
        f"moved_limit_{unit}": round(limit, digits),
        "first_seen_before_act_s": round(t_at - stay.first_s, 1),
        "last_seen_after_act_s": round(stay.last_s - t_at, 1),
        "unseen_for_s": round(stay.unseen_s, 1),
    }
    return Finding(
        act=act, what=area, before=0, at=at, after=last, reasons=reasons, flags=flags, signs=named,
        before_s=stay.first_s,
    )  # fmt: skip


def _refused(
    path: Trajectory,
    stay: Stay,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: StandsWhereBannedMargins,
    unknown_holds: bool,
) -> Refusal | None:
    """Which traffic held it, or may have."""
    if stay.free_s < margins.free_s:
        return Refusal("others_before_it", stay.first_s, stay.free_s, margins.free_s, "s")
    there = (path.t_s >= stay.first_s - 1e-6) & (path.t_s <= stay.last_s + 1e-6)
    if not there.any():
        return Refusal("stand_no_longer_remembered", stay.first_s)
    size = float(np.median(path.size_px[there]))
    for line in scene.stop_lines:
        run = path.lines[line.id]
        rear_px, rear_m = float(np.median(run.rear_px[there])), float(np.median(run.rear_m[there]))
        if rear_px > 0:
            continue  # that line lies behind it
        if np.isfinite(rear_m) and -rear_m < margins.near_line_m:
            return Refusal("near_stop_line", stay.first_s, -rear_m, margins.near_line_m, "m")
        if not np.isfinite(rear_m) and -rear_px < margins.near_line_boxes * size:
            return Refusal("near_stop_line", stay.first_s, -rear_px, margins.near_line_boxes * size, "px")
        let_go_s = _let_go_s(line, stay, scene, lamps, margins, unknown_holds)
        if let_go_s is not None and let_go_s < margins.green_s:
            return Refusal("lamp_held_queue", stay.first_s, let_go_s, margins.green_s, "s")
    return None


def _holds(head: LampHistory | None, t_s: float, unknown_holds: bool) -> bool:
    """Whether a head holds the queue before it: a red of which nobody knows how it came does too."""
    if head is not None and head.red_lit(t_s):
        return True
    return unknown_holds and (head is None or head.at(t_s) == LampState.UNKNOWN)


def _let_go_s(
    line: StopLine,
    stay: Stay,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: StandsWhereBannedMargins,
    unknown_holds: bool,
) -> float | None:
    """For how long at most the lamps over a line let the queue go while it stood; None: they held it at no time."""
    heads = [head.id for head in scene.signals if line.id in head.governs]
    times = np.arange(max(stay.first_s, stay.last_s - margins.window_s), stay.last_s + 1e-6, _LOOK_S)
    held = np.array([any(_holds(lamps.get(head), float(t), unknown_holds) for head in heads) for t in times])
    if not held.any():
        return None
    ends = np.flatnonzero(np.concatenate([[True], held, [True]]))
    return float(np.diff(ends).max() - 1) * _LOOK_S
