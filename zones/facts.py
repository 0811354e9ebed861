"""What follows from a scene's facts: which road a lane is of, which signs hold where. Pure questions, no guesses.

A sign or road without a source answers nothing here: no act may rest on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import shapely

from countries.here import HERE
from countries.road import SignSays
from evidence.acts import VehicleClass
from zones.geometry import DirectedLine
from zones.road import AreaKind, Road, RoadArea, Sign, Source
from zones.schema import ALL_MOVEMENTS, Lane, Marking, Movement, Scene, StopLine

_LEAST_LINE_PX = 2.0
"""A shorter line has no direction; `zones.check` tells it."""


def road_of(scene: Scene, lane: Lane) -> Road | None:
    """The carriageway a lane belongs to; None if it names none that stands in the scene."""
    return next((road for road in scene.roads if road.id == lane.road), None)


def one_way(scene: Scene, lane: Lane) -> Road | None:
    """The road, if driving against this lane's direction is driving the wrong way of a one-way road."""
    road = road_of(scene, lane)
    return road if road is not None and road.states_one_way and lane.direction is not None else None


def two_way(scene: Scene, lane: Lane) -> Road | None:
    """The road, if driving against this lane's direction is driving in the other half of a two-way road.

    Only where its centre line may not be crossed: over a broken one people overtake, and lawfully.
    """
    road = road_of(scene, lane)
    if road is None or road.kind != "two_way" or not road.source.stated or lane.direction is None:
        return None
    centre = marking(scene, road.centre)
    return road if centre is not None and centre.kind in HERE.markings.no_way_over else None


def marking(scene: Scene, name: str | None) -> Marking | None:
    """The marking of that id; None if there is none."""
    return next((mark for mark in scene.markings if mark.id == name), None)


def signs(scene: Scene, says: SignSays, name: str) -> tuple[Sign, ...]:
    """The signs with a source that say so of the stop line, lane or area of that id."""
    return tuple(
        sign
        for sign in scene.signs
        if sign.source.stated and name in sign.governs and HERE.signs.meaning(sign.number).says == says
    )


def banned_turns(scene: Scene, line: str) -> Mapping[Movement, tuple[Sign, ...]]:
    """Movements that signs ban over a stop line, each with those signs."""
    banned: dict[Movement, tuple[Sign, ...]] = {}
    for sign in signs(scene, "no_turn", line):
        for movement in HERE.signs.meaning(sign.number).movements:
            banned[movement] = (*banned.get(movement, ()), sign)
    return banned


def free_on_red(scene: Scene, line: str, movement: Movement, cls: VehicleClass) -> tuple[Sign, ...]:
    """Signs with a source that let a class drive on over a stop line in that direction while its lamp is red.

    At whatever hours they do: nobody is accused at other hours either, for a plate's hours are not asked at the lamp.
    """
    return tuple(
        sign
        for sign in signs(scene, "free_on_red", line)
        if cls in sign.named and movement in HERE.signs.meaning(sign.number).movements
    )


def lanes_for_classes(scene: Scene) -> list[tuple[Lane, tuple[Sign, ...]]]:
    """Lanes with a direction that signs keep for classes, each with those that bind whoever is not named.

    Over a broken edge line some lanes let others in too (`SignMeaning.over_solid_only`).
    """
    found = []
    for lane in scene.lanes:
        edge = marking(scene, lane.edge)
        solid = edge is not None and edge.kind in HERE.markings.no_way_over
        binding = tuple(
            sign
            for sign in signs(scene, "lane_for", lane.id)
            if sign.named and (solid or not HERE.signs.meaning(sign.number).over_solid_only)
        )
        if binding and lane.direction is not None:
            found.append((lane, binding))
    return found


def kept_lanes(scene: Scene) -> list[tuple[Lane, tuple[Sign, ...]]]:
    """The same; none before a junction of which nobody says where lanes may be chosen."""
    junction = bool(scene.stop_lines) or scene.junction is not None
    return [] if junction and not areas(scene, "lane_change") else lanes_for_classes(scene)


class LaneMovements(NamedTuple):
    """What a lane allows, by painted arrows or, where there are none, by those signs."""

    allowed: frozenset[Movement]
    arrows: Source | None
    signs: tuple[str, ...]


def lane_movements(scene: Scene, lane: Lane, cls: VehicleClass | None = None) -> LaneMovements | None:
    """The movements that a lane allows a class (None: any); None if nothing with a source says so, or all are allowed.

    Who may turn left may turn back: a movement without lamps of its own goes with the one whose lamps it obeys.
    """
    allowed = set(lane.movements)
    allowed |= {movement for movement, by in HERE.signals.obeys_lamps_of.items() if by in allowed}
    if allowed >= set(ALL_MOVEMENTS):
        return None
    if lane.arrows is not None and lane.arrows.stated:
        return LaneMovements(frozenset(allowed), lane.arrows, ())
    said = signs(scene, "lane_direction", lane.id)
    names = tuple(sign.id for sign in said if cls is None or cls in sign.named)
    return LaneMovements(frozenset(allowed), None, names) if names else None


def areas(scene: Scene, kind: AreaKind) -> tuple[RoadArea, ...]:
    """The areas of a kind, in the order of the file."""
    return tuple(area for area in scene.areas if area.kind == kind)


def stated_areas(scene: Scene, kind: AreaKind) -> tuple[RoadArea, ...]:
    """Those of them with a source: what they are follows from no picture."""
    return tuple(area for area in areas(scene, kind) if area.source.stated)


def turn_waiting(scene: Scene, line: StopLine) -> tuple[RoadArea, ...]:
    """The areas past that line in which left turns wait; the line at their far end has none of them.

    Where the shape of line or area is broken none is told: `zones.check` tells the shape.
    """
    if shapely.LineString(line.points).length < _LEAST_LINE_PX:
        return ()
    directed = DirectedLine.of_stop_line(line)
    inner = [(area, shapely.Polygon(area.polygon).representative_point()) for area in areas(scene, "turn_waiting")]
    return tuple(a for a, at in inner if not at.is_empty and float(directed.distance([(at.x, at.y)])[0]) > 0)
