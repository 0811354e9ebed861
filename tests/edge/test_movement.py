"""The movement follows from the way driven; what else is drawn never decides who is accused."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.road.trajectory import Trajectory
from edge.signals.history import LampHistory
from evidence.acts import LampState, VehicleClass
from tests.edge.judged import may_be_making, red_light, stopped_past_line
from tests.edge.roads import GREEN, LINE_M, OFF, RED, drive_m, ground_scene, history, pixels
from zones.schema import Scene

Where = Callable[[float], tuple[float, float]]
BOX = [600, 10, 610, 40]
MAIN: dict[str, Any] = {"id": "main", "box": BOX, "governs": ["line"]}
ARROW: dict[str, Any] = MAIN | {"id": "arrow", "movements": ["right"], "arrow": "right"}
LEFT_ARROW: dict[str, Any] = MAIN | {"id": "arrow", "movements": ["left", "u_turn"], "arrow": "left"}
PLATE: dict[str, Any] = MAIN | {"movements": ["straight", "left"]}  # a blue plate lets the right turn go on red
JUNCTIONS = {"arrow": [MAIN, ARROW], "plate": [PLATE], "left arrow": [MAIN, LEFT_ARROW], "plain": [MAIN]}


def way(turn: str, *, x_m: float = 1.0, from_m: float = 4.0, radius_m: float = 8.0, pace: float = 5.0) -> Where:
    """Along x = `x_m` over the line, then straight on, or an arc to one side, and on."""

    def at(t_s: float) -> tuple[float, float]:
        gone, side = 9.0 + pace * t_s, {"right": 1.0, "left": -1.0, "straight": 0.0}[turn]
        bend = LINE_M + from_m
        if not side or gone <= bend:
            return x_m, gone
        angle = min((gone - bend) / radius_m, math.pi / 2)
        beyond = max(0.0, gone - bend - radius_m * math.pi / 2)
        return x_m + side * (radius_m * (1 - math.cos(angle)) + beyond), bend + radius_m * math.sin(angle)

    return at


STRAIGHT, RIGHT, LEFT = way("straight"), way("right"), way("left", from_m=8, radius_m=10)


def drawn(heads: list[dict[str, Any]], **more: Any) -> Scene:
    return ground_scene(signals=heads, **more)


def lit(here: Scene, **states: LampState) -> dict[str, LampHistory]:
    return {head.id: history([(0.0, states.get(head.id, RED))], here, head.id) for head in here.signals}


def accused(here: Scene, where: Where, lamps: dict[str, LampHistory], *, to_s: float = 7.0) -> list[str]:
    path = drive_m(here, where, from_s=0, to_s=to_s)
    return [f.act.value for f in (*red_light(path, here, lamps), *stopped_past_line(path, here, lamps))]


@pytest.mark.parametrize("plane", [True, False], ids=["with a ground plane", "without"])
@pytest.mark.parametrize(
    ("junction", "arrow", "where", "acts"),
    [
        ("arrow", GREEN, STRAIGHT, 1),
        ("arrow", GREEN, RIGHT, 0),
        ("arrow", OFF, RIGHT, 1),
        ("arrow", RED, RIGHT, 1),
        ("arrow", GREEN, LEFT, 1),
        ("plate", OFF, STRAIGHT, 1),
        ("plate", OFF, RIGHT, 0),
        ("plate", OFF, LEFT, 1),
        ("left arrow", GREEN, STRAIGHT, 1),
        ("left arrow", GREEN, LEFT, 0),
        ("left arrow", GREEN, RIGHT, 1),
        ("plain", OFF, RIGHT, 1),
    ],
)
@pytest.mark.parametrize("lanes", [[], ["everything"], ["left", "right"]], ids=["no lane", "one lane", "two lanes"])
def test_who_is_accused_at_the_usual_junctions(
    junction: str, arrow: LampState, where: Where, acts: int, lanes: list[str], plane: bool
) -> None:
    strips = {"everything": (-6, 6), "left": (-6, 0), "right": (0, 6)}
    polygons = [
        {"id": name, "polygon": pixels((strips[name][0], 10), (strips[name][1], 10), (strips[name][1], LINE_M - 0.2),
                                       (strips[name][0], LINE_M - 0.2))}
        for name in lanes
    ]  # fmt: skip
    here = drawn(JUNCTIONS[junction], lanes=polygons, **({} if plane else {"ground": None}))
    assert len(accused(here, where, lit(here, arrow=arrow))) == acts


@pytest.mark.parametrize("from_m", [1.0, 4.0, 8.0])
@pytest.mark.parametrize("radius_m", [5.0, 8.0, 15.0, 20.0])
@pytest.mark.parametrize("pace", [1.5, 4.0, 8.0])
def test_no_right_turner_is_ever_called_straight_on(from_m: float, radius_m: float, pace: float) -> None:
    """At whatever moment one looks, as far as the turn can be seen to end."""
    here = drawn(JUNCTIONS["plate"])
    lamps = lit(here)
    for to_s in (3.0, 4.0, 6.0, 8.0, 12.0):
        turn = way("right", from_m=from_m, radius_m=radius_m, pace=pace)
        assert accused(here, turn, lamps, to_s=to_s) in ([], ["red_light"] if from_m + radius_m / 4 > 11 else []), to_s


def movements(where: Where, *, to_s: float, cls: VehicleClass = VehicleClass.MOTORCYCLE) -> set[str]:
    here = drawn([MAIN])
    path: Trajectory = drive_m(here, where, from_s=0, to_s=to_s, cls=cls)
    return set(may_be_making(path, int((path.lines["line"].rear_m > 0).argmax())))


@pytest.mark.parametrize(
    ("where", "to_s", "possible"),
    [
        (STRAIGHT, 2.0, {"straight", "left", "right", "u_turn"}),
        (STRAIGHT, 4.2, {"straight", "left", "u_turn"}),
        (STRAIGHT, 5.4, {"straight"}),
        (RIGHT, 6.0, {"right"}),
        (LEFT, 7.0, {"left", "u_turn"}),
    ],
)
def test_what_can_still_be_reached(where: Where, to_s: float, possible: set[str]) -> None:
    assert movements(where, to_s=to_s) == possible


def test_a_turn_that_was_made_stays_possible_though_the_track_goes_over_to_a_vehicle_that_comes_across() -> None:
    def then_another(t_s: float) -> tuple[float, float]:
        x, y = RIGHT(min(t_s, 6.0))
        return x - 8.0 * max(t_s - 6.0, 0.0), y

    assert "right" in movements(RIGHT, to_s=6.0)
    assert "right" in movements(then_another, to_s=9.0)


def test_a_mirrored_ground_plane_does_not_turn_right_into_left() -> None:
    plane = ground_scene().ground
    assert plane is not None
    mirrored = plane.model_dump() | {"metres": [(-x, y) for x, y in plane.metres]}
    here = drawn(JUNCTIONS["plate"], ground=mirrored)
    assert accused(here, RIGHT, lit(here)) == []
    assert accused(here, LEFT, lit(here)) == ["red_light"]


def test_the_arrows_of_the_lane_leave_what_the_way_does_not_tell_yet() -> None:
    lane = {"id": "l", "polygon": pixels((-2, 10), (2, 10), (2, 15.8), (-2, 15.8)), "movements": ["straight"]}
    for lanes, acts in (([lane], ["red_light"]), ([], [])):
        here = drawn(JUNCTIONS["arrow"], lanes=lanes)
        assert accused(here, STRAIGHT, lit(here, arrow=GREEN), to_s=2.6) == acts


@pytest.mark.parametrize("plane", [True, False], ids=["with a ground plane", "without"])
def test_who_leans_out_of_his_lanes_arrows_may_be_turning(plane: bool) -> None:
    """Lost from sight when the turn has just begun: right on the green arrow, out of the lane for straight on."""
    lane = {"id": "l", "polygon": pixels((-2, 10), (2, 10), (2, 15.8), (-2, 15.8)), "movements": ["straight"]}
    here = drawn(JUNCTIONS["arrow"], lanes=[lane], **({} if plane else {"ground": None}))
    for to_s in (3.0, 3.2, 3.4, 3.6, 4.0, 7.0):
        assert accused(here, way("right", from_m=4.0, radius_m=10.0), lit(here, arrow=GREEN), to_s=to_s) == []


# -- property: what has nothing to do with the act ---------------------------------------------------------------------

SOMEWHERE = st.tuples(st.floats(-20, 20), st.floats(11, 38), st.floats(1, 25), st.floats(1, 15))


def polygon(place: tuple[float, float, float, float]) -> list[list[float]]:
    x, y, wide, deep = place
    return pixels((x, y), (x + wide, y), (x + wide, y + deep), (x, y + deep))


def exits() -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.tuples(st.sampled_from(["straight", "left", "right", "u_turn"]), SOMEWHERE)
    return st.lists(one, max_size=4).map(
        lambda many: [{"id": f"e{i}", "movement": m, "polygon": polygon(p)} for i, (m, p) in enumerate(many)]
    )


def lanes() -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(SOMEWHERE, max_size=4).map(
        lambda many: [{"id": f"l{i}", "polygon": polygon(p)} for i, p in enumerate(many)]
    )


def marks() -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(SOMEWHERE, max_size=3).map(
        lambda many: [{"id": f"m{i}", "kind": "2.2", "points": polygon(p)[:2]} for i, p in enumerate(many)]
    )


CASES = {"straight": STRAIGHT, "right": RIGHT, "left": LEFT, "stops": lambda t: (1.0, min(9 + 5 * t, 17.6))}


@cache
def bare(junction: str, name: str, arrow: LampState) -> list[str]:
    here = drawn(JUNCTIONS[junction])
    return accused(here, CASES[name], lit(here, arrow=arrow))


@settings(max_examples=60, deadline=None)
@given(
    junction=st.sampled_from(sorted(JUNCTIONS)), name=st.sampled_from(sorted(CASES)),
    arrow=st.sampled_from([GREEN, RED, OFF]), exits=exits(), lanes=lanes(), markings=marks(),
)  # fmt: skip
def test_a_drawing_that_has_nothing_to_do_with_the_act_never_changes_who_is_accused(
    junction: str, name: str, arrow: LampState, exits: Any, lanes: Any, markings: Any
) -> None:
    here = drawn(JUNCTIONS[junction], exits=exits, lanes=lanes, markings=markings)
    assert accused(here, CASES[name], lit(here, arrow=arrow)) == bare(junction, name, arrow)
