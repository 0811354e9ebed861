"""Driving on the pavement: along it, not over it to a house or gate, and faster than one walks.

On the road in metres only: without a ground plane nobody knows how far from the kerb the wheels are.
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
from zones.facts import areas
from zones.road import RoadArea
from zones.schema import Scene

STOPPED_ON_PAVEMENT = "stopped_on_pavement"
_CHOSEN = "chosen with the rule, November 2026; a few acts in the simulated street (docs/simulation.md); not measured"


@dataclass(frozen=True)
class PavementMargins(InAreaMargins):
    """What it takes to have driven on it."""

    inside_s: float = margin(2.0, "s", "inside without a break for so long", source=_CHOSEN)
    along_m: float = margin(
        10.0,
        "m",
        "so far along it: one that goes over it to a house, or to a shop a few doors on, comes less far",
        source=_CHOSEN,
    )
    along_share: float = margin(
        0.7,
        "share of the way made",
        "so much of the way must be along it: crossing it is lawful",
        source="geometry: within 45 degrees of straight along it (cos 45 = 0.71)",
        most=1.0,
    )
    deep_widths: float = margin(
        0.5, "widths of its class", "its middle is so far inside the kerb: all of it is on the pavement",
        source="geometry",
    )  # fmt: skip
    deep_m: float = margin(
        0.5, "m", "and so far at least: wheels on a kerb 15 cm high look so much farther from the camera",
        source="geometry: 0.15 m seen from 20 degrees above lie 0.4 m farther on",
    )  # fmt: skip
    walking_ms: float = margin(
        1.8,
        "m/s",
        "some second of it must be faster: who pushes a motorcycle walks at 1.5 m/s, the rest is what boxes err",
        source="a common walking pace; not measured",
    )
    step_share: float = margin(
        0.4,
        "share of the way made",
        "no more may be made in one step: a leap is a track that went over to another vehicle",
        source="that of the wrong way",
        most=1.0,
    )
    stood_s: float = margin(2.0, "s", "standing so long there afterwards is told as a doubt", source=_CHOSEN)
    class_share: float = margin(
        0.8,
        "share of votes",
        "so many of its pictures must say that it is a motor vehicle of its kind: for bicycles there is no such act",
        source=_CHOSEN,
        most=1.0,
    )
    before_s: float = margin(1.0, "s", "the first still shows it so long before", source=_CHOSEN)
    settle_s: float = margin(1.5, "s", "a finding waits for so long: it may become longer", source=_CHOSEN)


def pavement(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: PavementMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding an area."""
    if path.cls is VehicleClass.BICYCLE:
        return []
    return answers((area.id, _along(path, area, margins, shared)) for area in areas(scene, "pavement"))


def _along(path: Trajectory, area: RoadArea, margins: PavementMargins, shared: SharedMargins) -> Answer | None:
    seen = area_way(path, area, shared)
    if seen is None or not seen.on_road:
        return None
    refused = inside_briefly(path, area, margins)
    if path.cls_share < margins.class_share:
        return Refusal("class_unsure", refused.t_s, path.cls_share, margins.class_share, "share")
    needed_m = max(margins.deep_widths * path.build.widest_m, margins.deep_m)
    for first, last in stretches(seen.depth >= needed_m, path.t_s, margins):
        inside_s, along_m = float(path.t_s[last] - path.t_s[first]), seen.along(first, last)
        pace = paces(path, seen, first, last, margins)
        steps = np.hypot(*np.diff(seen.places[first : last + 1], axis=0).T)
        t_first, whole_m = float(path.t_s[first]), seen.way(first, last)
        no: Refusal | None = None
        if inside_s < margins.inside_s:
            no = Refusal("short_time_inside", t_first, inside_s, margins.inside_s, "s")
        elif along_m < margins.along_m:
            no = Refusal("short_way_inside", t_first, along_m, margins.along_m, "m")
        elif along_m < margins.along_share * whole_m:
            no = Refusal("across_area", t_first, along_m / whole_m, margins.along_share, "share")
        elif not len(pace) or pace.max() < margins.walking_ms:
            no = Refusal("no_faster_than_walking", t_first, float(pace.max(initial=0.0)), margins.walking_ms, "m/s")
        elif steps.max() > margins.step_share * along_m:
            no = Refusal("leapt_inside", t_first, float(steps.max()), margins.step_share * along_m, "m")
        else:
            no = not_one_throughout(path, first, last, shared)
        if no is not None:
            refused = no
            continue
        at = moment_when(path, seen, first, last, along_m / 2)
        return Finding(
            act=ActCode.PAVEMENT,
            what=area.id,
            before=moment_before(path, first, margins.before_s),
            at=at,
            after=last,
            flags=(STOPPED_ON_PAVEMENT,) if _stopped(path, seen.inside, first, margins, shared) else (),
            reasons={
                "area": area.id,
                "along_m": round(along_m, 1),
                "along_needed_m": margins.along_m,
                "inside_s": round(inside_s, 3),
                "inside_needed_s": margins.inside_s,
                "fastest_kmh": round(float(pace.max()) * 3.6),
                "from_edge_m": round(float(np.median(seen.depth[first : last + 1])), 2),
                "from_edge_needed_m": round(needed_m, 2),
                "observations_inside": last - first + 1,
            },
        )
    return refused


def _stopped(
    path: Trajectory, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], first: int, margins: PavementMargins,
    shared: SharedMargins,
) -> bool:  # fmt: skip
    """Whether it stood there after it had driven on: it may belong to a house."""
    return any(bool(inside[end]) for _, end in stands(path, first, margins.stood_s, shared.standing))


RULE = Rule(ActCode.PAVEMENT, pavement, PavementMargins())
