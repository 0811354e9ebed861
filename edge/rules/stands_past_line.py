"""Standing past the stop line in red from the first sight of it on: a weaker act, for a person to judge.

Nobody saw the vehicle come over the line: it was there when the stream began, or came out from behind a bus. It may
have passed on green. So it must stand clear of the line for long, red all the while, and its doubt is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.trajectory import LineRun, Trajectory
from edge.rules.finding import Finding
from edge.rules.permission import governing
from edge.rules.refusal import Answer, Refusal
from edge.rules.shared import SharedMargins
from edge.rules.standing import stands
from edge.rules.waiting_area import may_wait_to_turn
from edge.signals.history import LampHistory
from evidence.acts import ActCode, LampState
from zones.schema import Scene, StopLine

CROSSING_NOT_SEEN = "crossing_not_seen"
_DECIDED = "chosen with decision 16, November 2026; not measured alone"


@dataclass(frozen=True)
class StandsPastLineMargins:
    """What it takes to stand past the line in red though nobody saw the vehicle come there."""

    long_stand_s: float = margin(
        5.0,
        "s",
        "standing so long in red is told though the passage was not seen: longer than a stand whose passage was",
        source="decision 16",
    )
    clear_boxes: float = margin(
        0.15, "box sizes", "the rear stands clear of the line by so much: more than a box trembles", source=_DECIDED
    )
    near_boxes: float = margin(
        2.5, "box sizes", "and no farther: that is another's waiting place, in the junction or past it", source=_DECIDED
    )
    clear_m: float = margin(0.4, "m", "`clear_boxes` on the road", source=_DECIDED)
    near_m: float = margin(6.0, "m", "`near_boxes` on the road", source=_DECIDED)
    from_the_start_s: float = margin(
        1.0,
        "s",
        "the stand must begin so soon after the first sight: one that moved into its place came from where nobody "
        "knows",
        source=_DECIDED,
    )
    within_share: float = margin(
        0.8, "share of the stand", "so much of it must be between the ends of the line", source=_DECIDED, most=1.0
    )
    covered: float = margin(
        0.1,
        "share of the lower edge",
        "a vehicle whose lower edge is hidden by more seems to stand farther on than it does",
        source=_DECIDED,
        most=1.0,
    )


def stands_past_line(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    line: StopLine,
    margins: StandsPastLineMargins,
    shared: SharedMargins,
) -> Answer | None:
    """The act at one line, of a track that was never before it."""
    rules, run = scene.rules, path.lines[line.id]
    if bool((run.rear_px <= rules.line_margin_px).any()) or bool(path.in_junction.any()):
        return None
    least_s = max(margins.long_stand_s, rules.stopped_s)
    stretch = next(iter(stands(path, 0, least_s, shared.standing)), None)
    if stretch is None or path.t_s[stretch[0]] - path.t_s[0] > margins.from_the_start_s:
        return None  # it moved into its place: from where is not known
    first, last = stretch
    if path.forgotten:
        return Refusal("stand_no_longer_remembered", float(path.t_s[first]))  # it may have come before red
    t_first, t_last = float(path.t_s[first]), float(path.t_s[last])
    stood, unit = _clear(path, run, first, last, margins)
    if stood is None or float(np.mean(run.within[first : last + 1])) < margins.within_share:
        return None  # on the line, far beyond it, or beside it
    covered = float(np.median([o.covered for o in path.observations[first : last + 1]]))
    if covered > margins.covered:
        return Refusal("wheels_covered", t_first, covered, margins.covered, "share")
    heads = governing(scene, line, path, first, shared.permission, shared.movement)
    if may_wait_to_turn(path, scene, line, heads, first, last, shared.waiting):
        return Refusal("may_wait_to_turn", t_first)
    since = heads.red_since(lamps, t_last)
    onset_seen = heads.onset_seen(lamps, t_last)
    if since is None:
        return Refusal("not_red_for_all_its_ways", t_first)
    if since > t_first + 1e-6 or (onset_seen and t_first - since < rules.red_margin_s):
        return Refusal("stood_there_before_red", t_first, t_first - since, rules.red_margin_s, "s")
    return Finding(
        act=ActCode.STOPPED_PAST_LINE,
        what=line.id,
        before=first,
        at=min(first + 1, last),
        after=last,
        heads=heads.ids,
        lamp=LampState.RED,
        flags=(CROSSING_NOT_SEEN,) if onset_seen else (CROSSING_NOT_SEEN, "red_onset_not_seen"),
        reasons={
            "stop_line": line.id,
            "red_for_s": round(t_last - since, 3),
            "red_onset_seen": onset_seen,
            f"rear_stood_past_line_{unit}": stood,
            "stood_s": round(t_last - t_first, 3),
            "stopped_s": least_s,
            "observations_standing": last - first + 1,
            "movements_possible": [str(m) for m in heads.movements],
        },
    )


def _clear(
    path: Trajectory, run: LineRun, first: int, last: int, margins: StandsPastLineMargins
) -> tuple[float | None, str]:
    """How far past the line the rear stood, with its unit; None if not clear of it, or far beyond it."""
    if np.isfinite(run.rear_m).all():
        past_m = float(np.median(run.rear_m[first : last + 1]))
        return (round(past_m, 2) if margins.clear_m <= past_m <= margins.near_m else None), "m"
    past_px = float(np.median(run.rear_px[first : last + 1]))
    share = past_px / max(float(np.median(path.size_px[first : last + 1])), 1e-6)
    return (round(past_px, 1) if margins.clear_boxes <= share <= margins.near_boxes else None), "px"
