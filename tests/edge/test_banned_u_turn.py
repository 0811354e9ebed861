"""Turning round where a sign bans it: by an exit that is drawn, or seen on the road."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.judging import Judging
from edge.rules.registry import RULES
from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import banned_turn, banned_u_turn
from tests.edge.roads import drive_m, ground_scene, pixels, points, sign
from zones.schema import Scene
from zones.statable import statable

Where = Callable[[float], tuple[float, float]]
CAR = VehicleClass.CAR
ROUND = points((0, 2, 8), (3, 2, 20), (4, 1, 24), (5, -3, 26), (6, -7, 24), (7, -8, 20), (10, -8, 8))
"""Over the line (y = 16 m, x from -6 to 6), round in the junction and back beside it."""
EXIT = {"id": "back", "movement": "u_turn", "polygon": pixels((-10, 12), (-6.5, 12), (-6.5, 21), (-10, 21))}
SIDE = {"id": "side", "movement": "left", "polygon": pixels((-14, 26), (-9, 26), (-9, 36), (-14, 36))}


def no_u_turn(number: str = "P.124a", *, exits: Any = (), **changes: Any) -> Scene:
    return ground_scene(**({"exits": list(exits), "signs": [sign(number, "line")]} | changes))


@pytest.mark.parametrize("fps", [6, 12.5, 25])
def test_who_turns_round_on_the_road_is_found_without_an_exit(fps: float) -> None:
    road = no_u_turn()
    path = drive_m(road, ROUND, from_s=0, to_s=10, fps=fps)
    (found,) = banned_u_turn(path, road, {})
    assert (found.what, found.signs, found.reasons["movement"]) == ("line", ("sign-P.124a",), "u_turn")
    assert float(found.reasons["turned_round_deg"]) > 150  # type: ignore[arg-type]
    assert float(found.reasons["back_beside_m"]) == pytest.approx(10, abs=1)  # type: ignore[arg-type]
    assert path.lines["line"].rear_m[found.before] <= 0 < path.lines["line"].rear_m[found.at]
    assert path.lines["line"].rear_m[found.after] < 0
    assert found.before < found.at < found.after


def test_where_its_exit_is_drawn_it_is_found_there() -> None:
    road = no_u_turn(exits=[EXIT])
    path = drive_m(road, ROUND, from_s=0, to_s=10)
    (found,) = banned_u_turn(path, road, {})
    assert (found.reasons["exit"], found.reasons["movement"], found.flags) == ("back", "u_turn", ())
    assert path.in_exit["back"][found.at]
    assert banned_turn(path, road, {}) == []


@pytest.mark.parametrize(
    ("where", "to_s", "why"),
    [
        (points((0, 2, 8), (3, 2, 20), (8, 2, 44)), 8, "straight on"),
        (points((0, 2, 8), (3, 2, 20), (4, 0, 25), (5, -5, 29), (7, -13, 30)), 7, "turns left"),
        (points((0, 2, 8), (3, 2, 20), (5, 2, 24), (6, 2, 24), (9, 2, 12)), 9, "reverses over the line"),
        (points((0, 5, 8), (3, 5, 20), (5, 6, 24), (6, 6, 24), (9, 7.5, 10)), 9, "reverses, out beside the paint"),
        (points((0, 2, 8), (3, 2, 20), (4, 1, 24), (5, -3, 26), (6, -7, 24), (6.4, -7.5, 22)), 6.4, "not yet back"),
        (points((0, -8, 40), (6, -8, 8)), 6, "comes the other way"),
        (points((0, 2, 20), (1, 1, 24), (2, -3, 26), (3, -7, 24), (4, -8, 20), (7, -8, 8)), 7, "never before the line"),
        (points((0, 2, 8), (3, 2, 20), (5, 2, 26), (5.1, -8, 26), (8, -8, 8)), 8, "the track goes over to another"),
    ],
)
def test_who_did_not_turn_round_is_not_accused(where: Where, to_s: float, why: str) -> None:
    road = no_u_turn()
    assert banned_u_turn(drive_m(road, where, from_s=0, to_s=to_s), road, {}) == [], why


def test_who_leaves_by_another_exit_and_then_comes_back_is_not_accused() -> None:
    road = no_u_turn(exits=[SIDE])
    away_and_back = points(
        (0, 2, 8),
        (3, 2, 20),
        (4, 0, 26),
        (5, -6, 29),
        (6, -11, 30),
        (7, -11, 30),
        (8, -8, 26),
        (9, -8, 20),
        (12, -8, 8),
    )
    assert banned_u_turn(drive_m(road, away_and_back, from_s=0, to_s=12), road, {}) == []


@pytest.mark.parametrize(
    ("number", "cls", "acts"),
    [
        ("P.124a", VehicleClass.MOTORCYCLE, 1),
        ("P.124a", VehicleClass.BICYCLE, 1),
        ("P.124b", CAR, 1),
        ("P.124b", VehicleClass.MOTORCYCLE, 0),
        ("P.124c", CAR, 1),
        ("P.124d", CAR, 1),
        ("P.124e", VehicleClass.BUS, 1),
        ("P.124f", VehicleClass.MOTORCYCLE, 0),
        ("P.123a", CAR, 0),
        ("P.123b", CAR, 0),
        ("P.103c", CAR, 0),
    ],
)
@pytest.mark.parametrize("exits", [(), (EXIT,)], ids=["on the road", "by the exit"])
def test_a_sign_bans_u_turns_of_whom_it_names_and_no_left_turn_bans_none(
    number: str, cls: VehicleClass, acts: int, exits: Any
) -> None:
    road = no_u_turn(number, exits=exits)
    wide = points((0, 2, 8), (4, 2, 20), (5.5, 0, 26), (7, -4, 28), (8.5, -8, 26), (10, -9, 20), (14, -9, 8))
    assert len(banned_u_turn(drive_m(road, wide, from_s=0, to_s=14, cls=cls), road, {})) == acts


@given(st.sets(st.sampled_from(["signs", "ground", "stop_lines"]), min_size=1))
def test_without_the_facts_nothing_is_stated(gone: set[str]) -> None:
    without: dict[str, Any] = {name: None if name == "ground" else [] for name in gone}
    road = no_u_turn(**without)
    assert banned_u_turn(drive_m(road, ROUND, from_s=0, to_s=10), road, {}) == []
    (can,) = (one for one in statable(road) if one.act is ActCode.BANNED_U_TURN)
    assert can.lacks


def test_a_sign_without_a_source_bans_nothing() -> None:
    road = no_u_turn(signs=[sign("P.124a", "line", source={})])
    assert banned_u_turn(drive_m(road, ROUND, from_s=0, to_s=10), road, {}) == []


@given(
    lanes=st.lists(st.sampled_from([(-12, 0), (0, 6), (-6, 6)]), max_size=2),
    areas=st.lists(st.sampled_from(["pavement", "crosswalk", "keep_clear", "kerbside"]), max_size=2),
)
def test_drawings_that_have_nothing_to_do_with_it_change_nothing(lanes: Any, areas: Any) -> None:
    drawn_lanes = [
        {"id": f"lane-{i}", "polygon": pixels((a, 5), (b, 5), (b, 40), (a, 40))} for i, (a, b) in enumerate(lanes)
    ]
    drawn = [
        {"id": f"area-{i}", "kind": kind, "polygon": pixels((-12, 6), (12, 6), (12, 30), (-12, 30))}
        for i, kind in enumerate(areas)
    ]
    road = no_u_turn(lanes=drawn_lanes, areas=drawn)
    (found,) = banned_u_turn(drive_m(road, ROUND, from_s=0, to_s=10), road, {})
    (bare,) = banned_u_turn(drive_m(no_u_turn(), ROUND, from_s=0, to_s=10), no_u_turn(), {})
    assert found == bare


@settings(deadline=None, max_examples=60)
@given(
    stops=st.lists(st.tuples(st.floats(0.3, 3), st.floats(-9, 6), st.floats(6, 30)), min_size=2, max_size=7),
    on_the_road=st.booleans(),
)
def test_whoever_is_passed_over_early_would_get_no_answer(
    stops: list[tuple[float, float, float]], *, on_the_road: bool
) -> None:
    """Of one who left by no exit and never came back before the line nothing more is asked."""
    times = [sum(lasts for lasts, _, _ in stops[: i + 1]) for i in range(len(stops))]
    way = points(*((t_s, x, y) for t_s, (_, x, y) in zip(times, stops, strict=True)))
    road = no_u_turn()
    path = drive_m(road, way, from_s=times[0], to_s=times[-1], ended=True)
    if not on_the_road:
        run = path.lines["line"]
        path = replace(path, ground=None, lines={"line": replace(run, rear_m=run.rear_m * float("nan"))})
    rule, shared = RULES[ActCode.BANNED_U_TURN], Judging().shared
    told = rule.judge(path, road, {}, rule.margins, shared)
    with patch("edge.rules.banned_u_turn._came_back", return_value=True):
        assert rule.judge(replace(path, known={}, settled={}), road, {}, rule.margins, shared) == told
