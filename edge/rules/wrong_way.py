"""Driving against a lane's direction, where the scene states that its road is one-way (`Country.one_way`).

In the other half of a two-way road it is another act (`edge.rules.opposite_half`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.road.trajectory import Trajectory
from edge.rules.against_lane import Against, AgainstMargins, against
from edge.rules.finding import Finding
from edge.rules.refusal import Answer, answers
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.facts import one_way
from zones.road import Road
from zones.schema import Lane, Scene


@dataclass(frozen=True)
class WrongWayMargins(AgainstMargins):
    """Those of any drive against a lane."""


def wrong_way(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: WrongWayMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding a lane."""
    roads = [(lane, one_way(scene, lane)) for lane in scene.lanes]
    return answers((lane.id, _in_lane(path, scene, lane, road, margins)) for lane, road in roads if road is not None)


def _in_lane(path: Trajectory, scene: Scene, lane: Lane, road: Road, margins: WrongWayMargins) -> Answer | None:
    found = against(path, scene, lane, margins)
    if not isinstance(found, Against):
        return found
    return Finding(
        act=ActCode.WRONG_WAY,
        what=lane.id,
        before=found.first,
        at=found.at,
        after=found.last,
        reasons={
            "lane": lane.id,
            "one_way_by": road.by,
            "one_way_reference": road.source.text,
            "against_px": round(found.way_px, 1),
            "against_needed_px": round(found.needed_px, 1),
            "against_s": round(found.lasted_s, 3),
            "against_needed_s": scene.rules.wrong_way_s,
            "steps_against_share": round(found.steps_share, 3),
        },
    )


RULE = Rule(ActCode.WRONG_WAY, wrong_way, WrongWayMargins())
