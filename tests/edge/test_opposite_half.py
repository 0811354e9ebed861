"""Driving in the other half of a two-way road: only over a centre line that nobody may cross."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rules.opposite_half import MAY_PASS_SOMETHING
from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import judged, wrong_way
from tests.edge.roads import drive, drive_m, ground_scene, pixels, points, scene
from zones.schema import Scene

Where = Callable[[float], tuple[float, float]]
HALVES = [
    {"id": "own", "polygon": [[302, 310], [500, 310], [500, 479], [302, 479]],
     "direction": [[400, 470], [400, 310]], "road": "road"},
    {"id": "other", "polygon": [[100, 310], [300, 310], [300, 479], [100, 479]],
     "direction": [[200, 310], [200, 470]], "road": "road"},
]  # fmt: skip
TWO_WAY = {"id": "road", "kind": "two_way", "centre": "centre", "source": {"place": "vạch 1.3 giữa hai chiều"}}
CENTRE = {"id": "centre", "kind": "1.3", "points": [[301, 305], [301, 479]]}


def road(**changes: Any) -> Scene:
    return scene(**({"lanes": HALVES, "roads": [TWO_WAY], "markings": [CENTRE]} | changes))


IN_THE_OTHER_HALF = points((0, 220, 470), (3, 220, 320))


def test_driving_in_the_other_half_is_found_with_its_centre_line() -> None:
    (found,) = judged(ActCode.OPPOSITE_HALF, drive(road(), IN_THE_OTHER_HALF, from_s=0, to_s=3), road(), {})
    assert found.reasons["lane"] == "other"
    assert (found.reasons["marking"], found.reasons["marking_kind"]) == ("centre", "1.3")
    assert found.reasons["two_way_reference"] == "vạch 1.3 giữa hai chiều"
    assert "against_m" not in found.reasons
    assert found.before < found.at < found.after
    assert wrong_way(drive(road(), IN_THE_OTHER_HALF, from_s=0, to_s=3), road(), {}) == []


@pytest.mark.parametrize(
    ("where", "to_s", "why"),
    [
        (points((0, 400, 470), (3, 400, 320)), 3, "in its own half"),
        (points((0, 220, 320), (3, 220, 470)), 3, "with the flow of the other half"),
        (points((0, 310, 470), (3, 310, 320)), 3, "beside the centre line"),
        (points((0, 297, 470), (3, 297, 320)), 3, "rides on the centre line: another act"),
        (points((0, 290, 400), (2, 130, 360)), 2, "turns into a driveway across the other half"),
        (points((0, 220, 430), (3, 220, 400)), 3, "rolls back a little"),
        (points((0, 220, 470), (0.5, 220, 330)), 0.5, "too short"),
        (points((0, 220, 400), (9, 221, 401)), 9, "stands there"),
        (points((0, 400, 470), (1.5, 400, 400), (2, 260, 370), (2.6, 260, 350), (3.1, 400, 320)), 4, "swerves"),
    ],
)
def test_near_the_other_half_is_no_act(where: Where, to_s: float, why: str) -> None:
    assert judged(ActCode.OPPOSITE_HALF, drive(road(), where, from_s=0, to_s=to_s), road(), {}) == [], why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"roads": []}, "no road is stated"),
        ({"roads": [{**TWO_WAY, "source": {}}]}, "nobody says so"),
        ({"roads": [{**TWO_WAY, "centre": None}]}, "no centre line"),
        ({"markings": []}, "its centre line is not drawn"),
        ({"markings": [{**CENTRE, "kind": "1.1"}]}, "a broken line: people overtake"),
        ({"markings": [{**CENTRE, "kind": "1.4", "crossable_from": [400, 400]}]}, "broken on its own side"),
        ({"roads": [{"id": "road", "kind": "one_way", "by": "P.102", "source": {"place": "x"}}]}, "another act"),
        ({"lanes": [{**lane, "road": None} for lane in HALVES]}, "lanes of no road"),
        ({"lanes": [{**lane, "direction": None} for lane in HALVES]}, "lanes without a direction"),
    ],
)
def test_without_the_fact_nothing_is_stated(changes: dict[str, Any], why: str) -> None:
    other = road(**changes)
    assert judged(ActCode.OPPOSITE_HALF, drive(other, IN_THE_OTHER_HALF, from_s=0, to_s=3), other, {}) == [], why


# on a road in metres: the halves meet at x = 0

LANES_M = [
    {"id": "own", "polygon": pixels((0, 11), (5, 11), (5, 40), (0, 40)),
     "direction": pixels((2, 12), (2, 38)), "road": "road"},
    {"id": "other", "polygon": pixels((-5, 11), (0, 11), (0, 40), (-5, 40)),
     "direction": pixels((-2, 38), (-2, 12)), "road": "road"},
]  # fmt: skip
ROAD_M = ground_scene(lanes=LANES_M, roads=[TWO_WAY], markings=[{**CENTRE, "points": pixels((0, 11), (0, 40))}])


def test_with_a_ground_plane_the_way_is_told_in_metres() -> None:
    path = drive_m(ROAD_M, points((0, -2, 14), (4, -2, 30)), from_s=0, to_s=4)
    (found,) = judged(ActCode.OPPOSITE_HALF, path, ROAD_M, {})
    assert found.reasons["against_m"] == pytest.approx(16, abs=0.5)
    assert found.flags == ()


@pytest.mark.parametrize(
    ("speed_m_s", "from_x_m", "doubted"), [(1.8, 2.0, True), (5.0, 2.0, False), (1.8, -2.0, False)],
    ids=["passes at walking pace", "passes a queue", "was there from the beginning"],
)  # fmt: skip
def test_who_comes_out_of_his_half_at_walking_pace_may_have_had_no_other_way(
    speed_m_s: float, from_x_m: float, doubted: bool
) -> None:
    lasts_s = 12 / speed_m_s
    where = points((0, from_x_m, 12), (2, from_x_m, 14), (4, -2, 16), (4 + lasts_s, -2, 28))
    path = drive_m(ROAD_M, where, from_s=0, to_s=4 + lasts_s, cls=VehicleClass.CAR)
    (found,) = judged(ActCode.OPPOSITE_HALF, path, ROAD_M, {})
    assert (MAY_PASS_SOMETHING in found.flags) is doubted


REVERSES = points((0, 2, 12), (4, 2, 30), (4.6, 2, 30), (9, 2, 18))
PARKS_BACKWARDS = points((0, 2, 12), (4, 2, 28), (4.5, 2, 28), (8, 3.8, 17))
TURNS_ROUND = points((0, 4, 12), (3, 4, 26), (4, 3, 28.5), (4.6, 1.5, 28.5), (5, 1, 26), (7.5, 1, 14))
ON_THE_SPOT = points((0, 2, 12), (3, 2, 26), (8, 1.5, 26), (10.5, 1.5, 14))


@pytest.mark.parametrize(
    ("where", "to_s", "cls", "acts"),
    [
        (REVERSES, 9, VehicleClass.CAR, 0),
        (PARKS_BACKWARDS, 8, VehicleClass.CAR, 0),
        (points((0, 2, 12), (4, 2, 24), (5, 2, 24), (12, 2.2, 16)), 12, VehicleClass.MOTORCYCLE, 0),
        (TURNS_ROUND, 7.5, VehicleClass.CAR, 1),
        (TURNS_ROUND, 7.5, VehicleClass.MOTORCYCLE, 1),
        (ON_THE_SPOT, 10.5, VehicleClass.MOTORCYCLE, 1),
    ],
    ids=[
        "reverses", "reverses to the kerb", "is pushed back by its rider's feet", "turns round", "so does a motorcycle",
        "is turned on the spot and ridden back",
    ],
)  # fmt: skip
@pytest.mark.parametrize("fps", [6.0, 12.5])
def test_who_reverses_in_his_own_half_has_not_driven_against_the_flow(
    where: Where, to_s: float, cls: VehicleClass, acts: int, fps: float
) -> None:
    path = drive_m(ROAD_M, where, from_s=0, to_s=to_s, cls=cls, fps=fps)
    assert len(judged(ActCode.OPPOSITE_HALF, path, ROAD_M, {})) == acts
    one_way = ROAD_M.model_copy(update={"roads": scene().roads})
    assert len(wrong_way(drive_m(one_way, where, from_s=0, to_s=to_s, cls=cls, fps=fps), one_way, {})) == acts


@pytest.mark.parametrize(
    ("cls", "pace_ms", "acts"),
    [(VehicleClass.MOTORCYCLE, 1.3, 0), (VehicleClass.MOTORCYCLE, 2.5, 1), (VehicleClass.CAR, 1.3, 1)],
    ids=["pushed", "ridden slowly", "nobody pushes a car"],
)
def test_who_pushes_his_motorcycle_against_the_flow_does_not_ride(cls: VehicleClass, pace_ms: float, acts: int) -> None:
    lasts_s = 16 / pace_ms
    path = drive_m(ROAD_M, points((0, -2, 14), (lasts_s, -2, 30)), from_s=0, to_s=lasts_s, cls=cls)
    assert len(judged(ActCode.OPPOSITE_HALF, path, ROAD_M, {})) == acts


def test_without_a_ground_plane_reversing_is_told_by_the_vehicles_size() -> None:
    where = points((0, 400, 470), (4, 400, 330), (4.5, 400, 330), (8, 405, 420))
    assert judged(ActCode.OPPOSITE_HALF, drive(road(), where, from_s=0, to_s=8), road(), {}) == []


@given(
    st.lists(st.tuples(st.integers(0, 580), st.integers(20, 260)), max_size=3),
    st.sampled_from(["1.1", "1.2", "2.2"]),
)
def test_what_stands_elsewhere_never_changes_the_outcome(corners: list[tuple[int, int]], kind: str) -> None:
    lanes = [
        {"id": f"far-{i}", "polygon": [[x, y], [x + 50, y], [x + 50, y + 30], [x, y + 30]],
         "direction": [[x + 5, y + 25], [x + 45, y + 25]], "road": "road"}
        for i, (x, y) in enumerate(corners)
    ]  # fmt: skip
    marks = [{"id": f"m-{i}", "kind": kind, "points": [[x, y], [x + 40, y]]} for i, (x, y) in enumerate(corners)]
    other = road(lanes=[*HALVES, *lanes], markings=[CENTRE, *marks])
    for where in (IN_THE_OTHER_HALF, points((0, 400, 470), (3, 400, 320))):
        bare, full = (judged(ActCode.OPPOSITE_HALF, drive(s, where, from_s=0, to_s=3), s, {}) for s in (road(), other))
        assert [f.reasons for f in bare] == [f.reasons for f in full]
