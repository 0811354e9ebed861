"""Which way it waits for that stands past a stop line where some of its ways are free: told by how long it stands, by
who stands before it and by where it is lost from sight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from edge.road.trajectory import LineRun, Trajectory
from edge.rules.crossing import in_the_junction
from edge.rules.permission import Governing
from edge.rules.shared import SharedMargins
from edge.rules.stand import Passed, Stand, StoppedPastLineMargins, stand_of
from edge.rules.standing import stands
from edge.signals.history import LampHistory


def way_tells_until(path: Trajectory, run: LineRun, stand: Stand, margins: StoppedPastLineMargins) -> int | None:
    """The last observation whose place tells which way it means to go; None: all do.

    Who is held by another and moves aside for him, and does not drive on into the junction, has chosen no way with
    that. Nor has he whose track may have gone over, as he stood, to another that drove on: that is the other's way.
    """
    driven = np.flatnonzero(in_the_junction(path, run, margins.gone_m)[stand.first :])
    if not len(driven):
        return stand.last if path.held[stand.first :].any() else None
    drives = stand.first + int(driven[0])
    return stand.last if any(o.astray for o in path.observations[stand.last : drives + 1]) else None


def could_have_gone(
    path: Trajectory, heads: Governing, stand: Stand, lamps: Mapping[str, LampHistory], seconds: float
) -> bool:
    """Whether a movement was free throughout the first `seconds` of the stand, and nobody stood in its way: who stands
    all the same waits for another. Where the free one's lamp turned red meanwhile, its drivers wait as well."""
    t_s = path.t_s[stand.first : stand.last + 1]
    first = t_s <= t_s[0] + seconds
    held = path.held[stand.first : stand.last + 1][first]
    return not held.any() and all(heads.any_free(lamps, float(t)) for t in t_s[first])


def could_have_turned(
    path: Trajectory,
    run: LineRun,
    passed: Passed,
    heads: Governing,
    lamps: Mapping[str, LampHistory],
    margins: StoppedPastLineMargins,
    shared: SharedMargins,
) -> bool:
    """Whether it stood to the last for long, and nothing kept it from the turn that its lane's arrows forbid: neither a
    lamp nor another before it. On the road only, as there alone it is known who stands before whom."""
    stand = stand_of(path, run, passed, margins.free_stand_s, margins, shared)
    if not isinstance(stand, Stand) or not passed.on_road or in_the_junction(path, run, margins.gone_m).any():
        return False
    stood = stands(path, stand.first, margins.free_stand_s, shared.standing)[-1][1]
    lost_at = float(path.t_s[-1]) - float(path.t_s[stood])
    since = path.t_s[stand.first : stood + 1]
    free = all(heads.any_free_against_arrows(lamps, float(t)) for t in since[since <= since[0] + margins.set_off_s])
    return free and lost_at <= margins.lost_within_s and not path.held[stand.first :].any()


def waited_until(
    path: Trajectory,
    run: LineRun,
    heads: Governing,
    lamps: Mapping[str, LampHistory],
    stand: Stand,
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
