"""Driving in the emergency lane of a motorway: on and on, at an even pace. Stopping there, and setting off, is not it.

On the road in metres only. That the lane is a motorway's emergency lane must be stated with its source. Motorcycles and
bicycles may not be on a motorway at all: that is another act, in whatever lane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.crossing import moment_before
from edge.rules.finding import Finding
from edge.rules.in_area import (
    AreaWay,
    InAreaMargins,
    area_way,
    inside_briefly,
    moment_when,
    not_one_throughout,
    paces,
    stretches,
)
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.rules.standing import stands
from edge.signals.history import LampHistory
from evidence.acts import ActCode, VehicleClass
from zones.facts import stated_areas
from zones.road import RoadArea
from zones.schema import Scene

_CHOSEN = "chosen with the rule, November 2026; not measured"
_ON_MOTORWAYS = (VehicleClass.CAR, VehicleClass.BUS, VehicleClass.TRUCK)


@dataclass(frozen=True)
class EmergencyLaneMargins(InAreaMargins):
    """What it takes to have driven in it."""

    inside_s: float = margin(3.0, "s", "inside without a break for so long", source=_CHOSEN)
    along_m: float = margin(
        40.0, "m", "and so far along it: one that swerves into it to avoid another is out again before", source=_CHOSEN
    )
    along_share: float = margin(
        0.9, "share of the way made", "so much of the way must be along it: it is a lane", source=_CHOSEN, most=1.0
    )
    deep_widths: float = margin(
        0.3,
        "widths of its class",
        "its middle is so far inside the lane's edge: most of it, by more than boxes err, drives in the lane",
        source=_CHOSEN,
        most=0.6,
    )
    even_share: float = margin(
        0.6,
        "share of the fastest second",
        "no second is slower: one that brakes to stop there, or gathers speed after a stop, may be there",
        source="braking at 1 m/s2 from 50 km/h comes below within 5.5 s; not measured",
        most=1.0,
    )
    least_pace_ms: float = margin(
        2.0, "m/s", "nor slower than this: at walking pace it may be about to stand", source=_CHOSEN
    )
    stood_s: float = margin(
        1.0, "s", "one that stood there for so long, before or after, had stopped: another act", source=_CHOSEN
    )
    class_share: float = margin(
        0.8,
        "share of votes",
        "so many of its pictures must say its kind: for two wheels there is no such act",
        source=_CHOSEN,
        most=1.0,
    )
    before_s: float = margin(1.0, "s", "the first still shows it so long before", source=_CHOSEN)
    settle_s: float = margin(
        3.0, "s", "a finding waits for so long: it may yet stop there, and be taken back", source=_CHOSEN
    )


def emergency_lane(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: EmergencyLaneMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding an area."""
    if path.cls not in _ON_MOTORWAYS:
        return []
    lanes = stated_areas(scene, "emergency_lane")
    return answers((area.id, _in_lane(path, area, margins, shared)) for area in lanes)


def _in_lane(path: Trajectory, area: RoadArea, margins: EmergencyLaneMargins, shared: SharedMargins) -> Answer | None:
    seen = area_way(path, area, shared)
    if seen is None or not seen.on_road:
        return None
    refused = inside_briefly(path, area, margins)
    if path.cls_share < margins.class_share:
        return Refusal("class_unsure", refused.t_s, path.cls_share, margins.class_share, "share")
    if _stood(path, seen, margins, shared):
        return Refusal("stood_there", refused.t_s, limit=margins.stood_s, unit="s")
    needed_m = margins.deep_widths * path.build.widest_m
    for first, last in stretches(seen.depth >= needed_m, path.t_s, margins):
        inside_s, along_m = float(path.t_s[last] - path.t_s[first]), seen.along(first, last)
        pace = paces(path, seen, first, last, margins)
        t_first, whole_m = float(path.t_s[first]), seen.way(first, last)
        needed_ms = max(margins.least_pace_ms, margins.even_share * float(pace.max(initial=0.0)))
        no: Refusal | None = None
        if inside_s < margins.inside_s:
            no = Refusal("short_time_inside", t_first, inside_s, margins.inside_s, "s")
        elif along_m < margins.along_m:
            no = Refusal("short_way_inside", t_first, along_m, margins.along_m, "m")
        elif along_m < margins.along_share * whole_m:
            no = Refusal("across_area", t_first, along_m / whole_m, margins.along_share, "share")
        elif not len(pace) or pace.min() < needed_ms:
            no = Refusal("uneven_pace", t_first, float(pace.min()) if len(pace) else None, needed_ms, "m/s")
        else:
            no = not_one_throughout(path, first, last, shared)
        if no is not None:
            refused = no
            continue
        return Finding(
            act=ActCode.EMERGENCY_LANE,
            what=area.id,
            before=moment_before(path, first, margins.before_s),
            at=moment_when(path, seen, first, last, along_m / 2),
            after=last,
            reasons={
                "area": area.id,
                "area_reference": area.source.text,
                "along_m": round(along_m, 1),
                "along_needed_m": margins.along_m,
                "inside_s": round(inside_s, 3),
                "inside_needed_s": margins.inside_s,
                "from_edge_m": round(float(np.median(seen.depth[first : last + 1])), 2),
                "from_edge_needed_m": round(needed_m, 2),
                "slowest_of_fastest": round(float(pace.min() / pace.max()), 2),
                "observations_inside": last - first + 1,
            },
        )
    return refused


def _stood(path: Trajectory, seen: AreaWay, margins: EmergencyLaneMargins, shared: SharedMargins) -> bool:
    """Whether it stood in the lane at any time."""
    return any(bool(seen.inside[end]) for _, end in stands(path, 0, margins.stood_s, shared.standing))


RULE = Rule(ActCode.EMERGENCY_LANE, emergency_lane, EmergencyLaneMargins())
