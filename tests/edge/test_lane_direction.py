"""Leaving a junction by another movement than the lane before the line allows, by its arrows or the sign over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rules.finding import Finding
from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import banned_turn, judged
from tests.edge.roads import drive_m, ground_scene, pixels, points, sign
from zones.schema import Scene

Where = Callable[[float], tuple[float, float]]
CAR = VehicleClass.CAR
PAINTED = {"place": "mũi tên 9.3 trước vạch dừng"}
LEFT = {"id": "left", "polygon": pixels((-4, 10.5), (0, 10.5), (0, 15.8), (-4, 15.8)), "movements": ["straight"]}
RIGHT = {"id": "right", "polygon": pixels((0, 10.5), (4, 10.5), (4, 15.8), (0, 15.8)), "movements": ["right"]}
EXITS = [
    {"id": "ahead", "movement": "straight", "polygon": pixels((-4, 36), (4, 36), (4, 48), (-4, 48))},
    {"id": "right", "movement": "right", "polygon": pixels((7, 22), (12, 22), (12, 31), (7, 31))},
    {"id": "left", "movement": "left", "polygon": pixels((-12, 24), (-7, 24), (-7, 38), (-12, 38))},
]


def with_arrows(*lanes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**lane, "arrows": PAINTED} for lane in lanes]


def road(**changes: Any) -> Scene:
    return ground_scene(**({"lanes": with_arrows(LEFT, RIGHT), "exits": EXITS} | changes))


def straight(x_m: float) -> Where:
    return points((0, x_m, 10.6), (2, x_m, 14), (9, x_m, 46))


def right_from(x_m: float) -> Where:
    return points((0, x_m, 10.6), (2, x_m, 14), (4, x_m, 22), (5, x_m + 1, 25), (6, x_m + 4, 26.5), (9, 11.5, 26.5))


def left_from(x_m: float) -> Where:
    return points((0, x_m, 10.6), (2, x_m, 14), (4, x_m, 24), (5, x_m - 1, 28), (6, x_m - 4, 30), (9, -11.5, 30))


def found(scene: Scene, where: Where, **rest: Any) -> list[Finding]:
    return judged(ActCode.LANE_DIRECTION, drive_m(scene, where, from_s=0, to_s=9, cls=CAR, **rest), scene, {})


def test_a_right_turn_out_of_a_lane_that_goes_straight_is_found() -> None:
    (one,) = found(road(), right_from(-2))
    assert (one.reasons["lane"], one.reasons["exit"]) == ("left", "right")
    assert (one.reasons["movement_driven"], one.reasons["movements_allowed"]) == ("right", ["straight"])
    assert one.reasons["arrows_source"] == PAINTED["place"]
    assert one.signs == ()
    assert one.before < one.at < one.after


def test_straight_on_out_of_a_lane_that_turns_right_is_found() -> None:
    (one,) = found(road(), straight(2))
    assert (one.reasons["lane"], one.reasons["movement_driven"]) == ("right", "straight")


@pytest.mark.parametrize(
    ("where", "why"),
    [
        (straight(-2), "straight on out of a lane that goes straight"),
        (right_from(2), "to the right out of a lane that turns right"),
        (right_from(0), "between both lanes"),
        (right_from(-0.3), "nearly between both lanes"),
        (
            points((0, -2, 10.6), (2, 1, 13), (2.8, 2, 15.5), (4, 2, 22), (6, 6, 26.5), (9, 11.5, 26.5)),
            "changed before",
        ),
        (points((0, -2, 10.6), (2, -2, 14), (5, -2, 26), (9, -2, 30)), "has not left by any exit"),
        (points((0, -6, 10.6), (2, -6, 14), (6, 5, 26), (9, 11.5, 26.5)), "was in no lane"),
        (points((0, -2, 18), (2, -2, 22), (4, 0, 25), (6, 6, 26.5), (9, 11.5, 26.5)), "was past the line already"),
    ],
)
def test_what_the_lane_allows_or_nobody_saw_is_no_act(where: Where, why: str) -> None:
    assert found(road(), where) == [], why


@pytest.mark.parametrize(("stands_s", "acts"), [(0, 1), (6, 1), (17, 0)])
def test_who_stood_past_the_line_for_long_is_not_followed_into_the_exit(stands_s: float, acts: int) -> None:
    stops = [(2, -2, 14), (3, -2, 17), (3 + stands_s, -2, 17), (5 + stands_s, -2, 22), (6 + stands_s, -1, 25),
             (7 + stands_s, 2, 26.5), (10 + stands_s, 11.5, 26.5)]  # fmt: skip
    path = drive_m(road(), points((0, -2, 10.6), *stops), from_s=0, to_s=10 + stands_s, cls=CAR)
    assert len(judged(ActCode.LANE_DIRECTION, path, road(), {})) == acts


def test_a_sign_over_the_lane_says_it_too_and_is_named() -> None:
    by_sign = road(lanes=[LEFT, RIGHT], signs=[sign("R.411", "left")])
    (one,) = found(by_sign, right_from(-2))
    assert one.signs == ("sign-R.411",)
    assert "arrows_source" not in one.reasons
    assert found(by_sign, straight(2)) == [], "the other lane has no sign"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"lanes": [LEFT, RIGHT]}, "no arrows and no sign: movements alone bind nobody"),
        ({"lanes": [{**LEFT, "arrows": {}}, RIGHT]}, "arrows of which nobody says where"),
        ({"lanes": [LEFT, RIGHT], "signs": [sign("R.411", "right")]}, "the sign is over the other lane"),
        ({"lanes": [LEFT, RIGHT], "signs": [{**sign("R.411", "left"), "source": {}}]}, "nobody says where it stands"),
        ({"lanes": [LEFT, RIGHT], "signs": [sign("R.412b", "left")]}, "a sign for classes"),
        ({"lanes": with_arrows({**LEFT, "movements": ["straight", "right"]}, RIGHT)}, "the arrows allow it"),
        ({"lanes": []}, "no lanes"),
        ({"exits": []}, "no exits"),
        ({"stop_lines": [], "signals": []}, "no stop line"),
    ],
)
def test_without_the_fact_nothing_is_stated(changes: dict[str, Any], why: str) -> None:
    assert found(road(**changes), right_from(-2)) == [], why


def test_where_a_sign_bans_the_turn_only_the_banned_turn_is_told() -> None:
    banned = road(signs=[sign("P.123a", "line")])
    path = drive_m(banned, left_from(-2), from_s=0, to_s=9, cls=CAR)
    assert len(banned_turn(path, banned, {})) == 1
    assert judged(ActCode.LANE_DIRECTION, path, banned, {}) == []
    assert len(found(road(), left_from(-2))) == 1
    others = road(signs=[sign("P.123a", "line", classes=["truck"])])
    assert len(found(others, left_from(-2))) == 1, "the sign is for others"


def test_who_may_turn_left_may_turn_back() -> None:
    exits = [*EXITS[:2], {**EXITS[2], "movement": "u_turn"}]
    lanes = with_arrows({**LEFT, "movements": ["left"]}, RIGHT)
    assert found(road(lanes=lanes, exits=exits), left_from(-2)) == []


@given(
    st.lists(st.sampled_from(["P.123b", "R.411", "R.412b", "P.130"]), max_size=3),
    st.booleans(),
)
def test_what_stands_elsewhere_never_changes_the_outcome(numbers: list[str], lane: bool) -> None:
    far = {**LEFT, "id": "far", "polygon": pixels((8, 10.5), (11, 10.5), (11, 15), (8, 15)), "movements": ["left"]}
    signs = [sign(number, "far", id=f"s-{i}") for i, number in enumerate(numbers)]
    bare, full = road(), road(lanes=with_arrows(LEFT, RIGHT, *([far] if lane else [])), signs=signs)
    for where in (right_from(-2), straight(-2)):
        assert [f.reasons for f in found(bare, where)] == [f.reasons for f in found(full, where)]
