"""Entering a road that a sign closes to the kind of vehicle: from outside over its edge, and on into it.

At what hours it is closed is the sign's (`Finding.signs`, judged at the moment at which the vehicle is wholly inside).
Nobody is accused that was in it from the start, cuts its corner, or only turns round in its mouth.
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
from edge.rules.named import surely_named
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.rules.ways import TWO_WHEELS, Floats
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from evidence.packet import Reason
from zones.facts import areas, signs
from zones.road import RoadArea, Sign
from zones.schema import Scene

_CHOSEN = "chosen with the rule, November 2026; a few acts in the simulated street (docs/simulation.md); not measured"


@dataclass(frozen=True)
class ClosedRoadMargins(InAreaMargins):
    """What it takes to have entered."""

    outside_points: int = margin(
        3,
        "pictures",
        "seen so often outside before it came in, and never inside before: one that stands there may belong there",
        source=_CHOSEN,
        least=2,
    )
    outside_m: float = margin(1.0, "m", "and so far outside: nearer is where its wheels are known to", source=_CHOSEN)
    inside_s: float = margin(1.0, "s", "and then inside for so long", source=_CHOSEN)
    inside_m: float = margin(
        8.0, "m", "so far on from where it came in: a car and a half, more than what turns in the mouth of a street",
        source=_CHOSEN,
    )  # fmt: skip
    out_again_m: float = margin(
        12.0,
        "m",
        "one that is seen outside again has cut a corner or turned round in the mouth, unless it comes out so far from "
        "where it went in",
        source="a car turns round in 11 m; not measured",
    )
    deep_widths: float = margin(
        0.5,
        "widths of its class",
        "its middle came so deep inside the edge: all of it was inside, it did not graze the edge",
        source="geometry",
    )
    outside_sizes: float = margin(
        0.3, "vehicle sizes", "`outside_m` in the picture, without a ground plane", source=_CHOSEN
    )
    inside_sizes: float = margin(
        3.0, "vehicle sizes", "`inside_m` in the picture: lengths along the road look shorter there", source=_CHOSEN
    )
    out_again_sizes: float = margin(5.0, "vehicle sizes", "`out_again_m` in the picture", source=_CHOSEN)
    deep_sizes: float = margin(0.5, "vehicle sizes", "`deep_widths` in the picture", source=_CHOSEN)
    class_share: float = margin(
        0.8,
        "share of votes",
        "a sign that bans some kinds and lets others in needs to know the kind: so many of its pictures must show "
        "one that it bans, whichever",
        source="chosen with the rule: lorries, buses and cars are told apart least surely; not measured",
        most=1.0,
    )
    walking_ms: float = margin(
        1.8,
        "m/s",
        "some second of it a motorcycle or bicycle must be faster: into a street for walkers it is pushed, and that is "
        "no riding; asked on the road only",
        source="as on the pavement (`PavementMargins.walking_ms`)",
    )
    before_s: float = margin(1.0, "s", "the first still shows it so long before it came in", source=_CHOSEN)
    settle_s: float = margin(
        3.0, "s", "a finding waits for so long: it may yet come out again, and be taken back", source=_CHOSEN
    )


def closed_road(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: ClosedRoadMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding an area."""
    entered = [area for area in areas(scene, "closed_road") if path.in_area[area.id].any()]
    closed = [(area, _bans(scene, area, path, margins.class_share)) for area in entered]
    return answers((area.id, _into(path, area, banned, margins, shared)) for area, banned in closed if banned)


def _bans(scene: Scene, area: RoadArea, path: Trajectory, class_share: float) -> tuple[Sign, ...]:
    """The signs that ban entry to the vehicle, whatever kind it may yet be."""
    return tuple(sign for sign in signs(scene, "no_entry", area.id) if surely_named(sign.named, path, class_share))


def _into(
    path: Trajectory, area: RoadArea, banned: tuple[Sign, ...], margins: ClosedRoadMargins, shared: SharedMargins
) -> Answer | None:
    seen = area_way(path, area, shared)
    if seen is None:
        return None
    if seen.inside[: margins.outside_points].any() or area.id in path.began_in:
        return Refusal("inside_from_first_sight", float(path.t_s[0]))
    refused = inside_briefly(path, area, margins)
    outside_by, needed, again, deep = _measures(path, seen, margins)
    for first, last in stretches(seen.inside, path.t_s, margins):
        before = seen.depth[:first]
        t_first, unit = float(path.t_s[first]), "m" if seen.on_road else "box sizes"
        if len(before) < margins.outside_points or before.min() > -outside_by or _hole(path, first, margins):
            outside = -float(before.min()) if len(before) else None
            refused = Refusal("not_seen_to_come_in", t_first, outside, outside_by, unit)
            continue
        way = np.hypot(*(seen.places[first : last + 1] - seen.places[first]).T) / seen.unit
        farthest = first + int(np.argmax(way))
        inside_s = float(path.t_s[last] - path.t_s[first])
        deepest = float(seen.depth[first : last + 1].max())
        pace = paces(path, seen, first, last, margins) if seen.on_road else np.zeros(0)
        no: Refusal | None = None
        if way.max() < needed:
            no = Refusal("short_way_inside", t_first, float(way.max()), needed, unit)
        elif inside_s < margins.inside_s:
            no = Refusal("short_time_inside", t_first, inside_s, margins.inside_s, "s")
        elif deepest < deep:
            no = Refusal("not_deep_inside", t_first, deepest, deep, unit)
        elif _pushed(path, pace, margins):
            no = Refusal("no_faster_than_walking", t_first, float(pace.max()), margins.walking_ms, "m/s")
        elif _out_again(path, seen, first, last, again, margins):
            no = Refusal("out_again", t_first)
        else:
            no = not_one_throughout(path, max(0, first - margins.outside_points), farthest, shared)
        if no is not None:
            refused = no
            continue
        way_reached = round(float(way.max()), 1)
        # all of it is inside
        at = moment_when(path, seen, first, farthest, min(path.build.length_m if seen.on_road else 1.0, needed))
        told: dict[str, Reason] = {
            "area": area.id,
            **(
                {"way_inside_m": way_reached, "way_inside_needed_m": needed}
                if seen.on_road
                else {"way_inside_sizes": way_reached, "way_inside_needed_sizes": needed}
            ),
            "inside_s": round(inside_s, 3),
            "inside_needed_s": margins.inside_s,
            "observations_outside": first,
            "observations_inside": last - first + 1,
            "class_share": round(path.cls_share, 3),
        }
        return Finding(
            act=ActCode.CLOSED_ROAD,
            what=area.id,
            before=moment_before(path, first, margins.before_s),
            at=at,
            after=farthest,
            signs=tuple(sign.id for sign in banned),
            reasons=told,
        )
    return refused


def _measures(path: Trajectory, seen: AreaWay, margins: ClosedRoadMargins) -> tuple[float, float, float, float]:
    """How far outside, how far in, how far from there out again and how deep: metres, or sizes in the picture."""
    if seen.on_road:
        return margins.outside_m, margins.inside_m, margins.out_again_m, margins.deep_widths * path.build.widest_m
    return margins.outside_sizes, margins.inside_sizes, margins.out_again_sizes, margins.deep_sizes


def _hole(path: Trajectory, first: int, margins: ClosedRoadMargins) -> bool:
    """Nobody saw it come in: what is inside may be another."""
    return float(path.t_s[first] - path.t_s[first - 1]) > margins.max_gap_s + 1e-6


def _pushed(path: Trajectory, pace: Floats, margins: ClosedRoadMargins) -> bool:
    """Whether its rider may have pushed it: on two wheels, and no second of `pace` is faster than one walks."""
    return path.cls in TWO_WHEELS and bool(len(pace)) and float(pace.max()) < margins.walking_ms


def _out_again(path: Trajectory, seen: AreaWay, first: int, last: int, far: float, margins: ClosedRoadMargins) -> bool:
    """Whether it came out again near where it went in."""
    out = stretches(~seen.inside, path.t_s, margins)
    later = [begin for begin, _ in out if begin > last]
    return bool(later) and seen.way(first, later[0]) < far


RULE = Rule(ActCode.CLOSED_ROAD, closed_road, ClosedRoadMargins())
