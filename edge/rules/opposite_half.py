"""Driving in the other half of a two-way road whose centre line nobody may cross (`zones.facts.two_way`).

Over a broken centre line nothing is stated: people overtake there. It is measured as the wrong way of a one-way road
is; which of the two acts it is follows from the road alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.against_lane import Against, AgainstMargins, against
from edge.rules.finding import Finding
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from evidence.packet import Reason
from zones.facts import marking, two_way
from zones.geometry import DirectedLine
from zones.road import Road
from zones.schema import Lane, Marking, Scene

_CHOSEN = "chosen with the rule, November 2026; not measured"

MAY_PASS_SOMETHING = "may_pass_something_that_stands"
"""It came out of its own half at walking pace: what stands there may have left it no other way."""


@dataclass(frozen=True)
class OppositeHalfMargins(AgainstMargins):
    """Those of any drive against a lane, and what tells it from riding on the centre line and from passing a wreck."""

    beyond_boxes: float = margin(
        0.25,
        "box widths",
        "so far beyond the centre line the middle of the box must be, mostly: to ride on the line is another act",
        source="geometry: three quarters of the box are in the other half then; " + _CHOSEN,
    )
    walking_m_s: float = margin(
        2.5,
        "m/s",
        "people pass what stands in their half at a quick walk's pace; faster ones pass a queue",
        source=_CHOSEN,
    )


def opposite_half(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: OppositeHalfMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding a lane."""
    roads = [(lane, two_way(scene, lane)) for lane in scene.lanes]
    return answers((lane.id, _in_lane(path, scene, lane, road, margins)) for lane, road in roads if road is not None)


def _in_lane(path: Trajectory, scene: Scene, lane: Lane, road: Road, margins: OppositeHalfMargins) -> Answer | None:
    found = against(path, scene, lane, margins)
    centre = marking(scene, road.centre)
    if centre is None or not isinstance(found, Against):
        return found if isinstance(found, Refusal) else None
    beyond = _beyond_boxes(path, found, centre)
    if beyond < margins.beyond_boxes:
        return Refusal("rode_on_centre_line", float(path.t_s[found.first]), beyond, margins.beyond_boxes, "box widths")
    told, flags = _on_the_road(path, scene, lane, found, margins)
    reasons: dict[str, Reason] = {
        "lane": lane.id,
        "marking": centre.id,
        "marking_kind": centre.kind,
        "two_way_reference": road.source.text,
        "against_px": round(found.way_px, 1),
        "against_needed_px": round(found.needed_px, 1),
        "against_s": round(found.lasted_s, 3),
        "against_needed_s": scene.rules.wrong_way_s,
        "steps_against_share": round(found.steps_share, 3),
    }
    return Finding(
        act=ActCode.OPPOSITE_HALF,
        what=lane.id,
        before=found.first,
        at=found.at,
        after=found.last,
        flags=flags,
        reasons=reasons | told,
    )


def _beyond_boxes(path: Trajectory, found: Against, centre: Marking) -> float:
    """How far the middle of the box was beyond the centre line in half of its pictures, in its own widths."""
    during = slice(found.first, found.last + 1)
    lines = [centre.points] if centre.second is None else [centre.points, centre.second]
    away = np.min([np.abs(DirectedLine.between(points).distance(path.contacts[during])) for points in lines], axis=0)
    return float(np.median(away / (path.boxes[during, 2] - path.boxes[during, 0])))


def _on_the_road(
    path: Trajectory, scene: Scene, lane: Lane, found: Against, margins: OppositeHalfMargins
) -> tuple[dict[str, Reason], tuple[str, ...]]:
    """What the ground plane adds, and whether it may have had to go there."""
    from_own_half = any(path.lanes[own.id].inside[: found.first + 1].any() for own in _own_half(scene, lane))
    told: dict[str, Reason] = {}
    slow = True  # without a ground plane nobody knows how fast it was
    if path.ground is not None:
        ends = path.ground.to_metres(path.contacts[[found.first, found.last]])
        way_m = float(np.hypot(*(ends[1] - ends[0])))
        if np.isfinite(way_m):
            told = {"against_m": round(way_m, 1)}
            slow = way_m / found.lasted_s < margins.walking_m_s
    return told, (MAY_PASS_SOMETHING,) if from_own_half and slow else ()


def _own_half(scene: Scene, lane: Lane) -> list[Lane]:
    """The lanes of the same road that lead the other way."""
    way = np.subtract(*lane.direction) if lane.direction else np.zeros(2)
    return [
        other
        for other in scene.lanes
        if other.road == lane.road and other.direction and float(np.subtract(*other.direction) @ way) < 0
    ]


RULE = Rule(ActCode.OPPOSITE_HALF, opposite_half, OppositeHalfMargins())
