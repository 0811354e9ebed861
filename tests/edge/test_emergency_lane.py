"""Driving in a motorway's emergency lane, and who may be there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import emergency_lane
from tests.edge.roads import drive_m, ground_scene, pixels, points
from zones.check import check
from zones.schema import Scene
from zones.statable import statable

Where = Callable[[float], tuple[float, float]]
CAR = VehicleClass.CAR
SOURCE = {"place": "cao tốc Mai Sơn - Quốc lộ 45, km 305", "order": "QĐ 1/2024"}
LANE = {
    "id": "edge", "kind": "emergency_lane", "polygon": pixels((4, 12), (7.2, 12), (7.2, 90), (4, 90)), "source": SOURCE
}  # fmt: skip
"""The outermost 3.2 m of the carriageway, from 12 m to 90 m ahead."""
IN_IT = points((0, 5.6, 14), (6, 5.6, 84))


def motorway(**changes: Any) -> Scene:
    return ground_scene(**({"areas": [LANE]} | changes))


@pytest.mark.parametrize("fps", [6, 12.5, 25])
def test_who_drives_in_it_is_found(fps: float) -> None:
    path = drive_m(motorway(), IN_IT, from_s=0, to_s=6, fps=fps, cls=CAR)
    (found,) = emergency_lane(path, motorway(), {})
    assert (found.what, found.reasons["area_reference"]) == ("edge", f"{SOURCE['place']}; {SOURCE['order']}")
    assert float(found.reasons["along_m"]) > 55  # type: ignore[arg-type]
    assert path.in_area["edge"][found.at]
    assert found.before < found.at < found.after


@pytest.mark.parametrize(
    ("where", "to_s", "why"),
    [
        (points((0, 2, 14), (6, 2, 84)), 6, "in the lane beside it"),
        (points((0, 4.1, 14), (6, 4.3, 84)), 6, "on the line"),
        (points((0, 2, 14), (1, 5.6, 26), (2.5, 5.6, 44), (3.5, 2, 56), (6, 2, 84)), 6, "gives way, and is back"),
        (points((0, 5.6, 14), (2, 5.6, 40), (4, 5.6, 56), (6, 5.6, 64), (9, 5.6, 66)), 9, "comes to a stop in it"),
        (points((0, 5.6, 20), (3, 5.6, 20), (5, 5.6, 28), (7, 5.6, 46), (9, 5.6, 74)), 9, "leaves after a stop"),
        (points((0, 5.6, 20), (20, 5.6, 20.1)), 20, "stands there"),
        (points((0, 5.6, 14), (1, 5.6, 35), (2, 5.6, 53), (3, 5.6, 67), (4, 5.6, 77), (5, 5.6, 84)), 5, "brakes"),
        (points((0, 5.6, 14), (30, 5.6, 60)), 30, "at walking pace"),
        (points((0, 5.6, 14), (2, 5.6, 20), (2.1, 5.6, 60), (4, 5.6, 66)), 4, "the track goes over to another"),
    ],
)
def test_who_may_be_there_is_not_told(where: Where, to_s: float, why: str) -> None:
    assert emergency_lane(drive_m(motorway(), where, from_s=0, to_s=to_s, cls=CAR), motorway(), {}) == [], why


@pytest.mark.parametrize(
    ("cls", "acts"),
    [
        (CAR, 1), (VehicleClass.BUS, 1), (VehicleClass.TRUCK, 1), (VehicleClass.MOTORCYCLE, 0),
        (VehicleClass.BICYCLE, 0),
    ],
)  # fmt: skip
def test_two_wheels_on_a_motorway_are_another_act(cls: VehicleClass, acts: int) -> None:
    path = drive_m(motorway(), points((0, 5.6, 18), (6, 5.6, 84)), from_s=0, to_s=6, cls=cls)
    assert len(emergency_lane(path, motorway(), {})) == acts


def test_one_whose_kind_is_not_sure_is_not_told() -> None:
    unsure = replace(drive_m(motorway(), IN_IT, from_s=0, to_s=6, cls=CAR), cls_share=0.7)
    assert emergency_lane(unsure, motorway(), {}) == []


def test_that_it_is_a_motorways_must_be_said() -> None:
    road = motorway(areas=[{**LANE, "source": {}}])
    assert emergency_lane(drive_m(road, IN_IT, from_s=0, to_s=6, cls=CAR), road, {}) == []
    (can,) = (one for one in statable(road) if one.act is ActCode.EMERGENCY_LANE)
    assert [fault.path for fault in can.lacks] == ["areas[0].source"]
    assert "areas[0].source" in {fault.path for fault in check(road) if fault.severity == "warning"}
    assert "areas[0].source" not in {fault.path for fault in check(motorway())}


@given(st.sets(st.sampled_from(["areas", "ground"]), min_size=1))
def test_without_the_facts_nothing_is_stated(gone: set[str]) -> None:
    road = motorway(**{name: None if name == "ground" else [] for name in gone})
    assert emergency_lane(drive_m(road, IN_IT, from_s=0, to_s=6, cls=CAR), road, {}) == []
    (can,) = (one for one in statable(road) if one.act is ActCode.EMERGENCY_LANE)
    assert can.lacks


@given(
    lanes=st.lists(st.sampled_from([(-12, 0), (0, 6), (4, 12)]), max_size=2),
    others=st.lists(st.sampled_from(["kerbside", "crosswalk", "keep_clear", "pavement"]), max_size=2),
)
def test_drawings_that_have_nothing_to_do_with_it_change_nothing(lanes: Any, others: Any) -> None:
    drawn_lanes = [
        {"id": f"lane-{i}", "polygon": pixels((a, 5), (b, 5), (b, 40), (a, 40))} for i, (a, b) in enumerate(lanes)
    ]
    drawn = [
        {"id": f"area-{i}", "kind": kind, "polygon": pixels((-12, 6), (12, 6), (12, 40), (-12, 40))}
        for i, kind in enumerate(others)
    ]
    road = motorway(lanes=drawn_lanes, areas=[LANE, *drawn])
    path = drive_m(road, IN_IT, from_s=0, to_s=6, cls=CAR)
    bare = emergency_lane(drive_m(motorway(), IN_IT, from_s=0, to_s=6, cls=CAR), motorway(), {})
    assert emergency_lane(path, road, {}) == bare
