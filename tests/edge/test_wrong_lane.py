"""Driving in a lane that a sign keeps for others: along it, wholly within it, by a class that is sure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.rules.wrong_lane import STOPPED_IN_LANE, straight_since
from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import judged
from tests.edge.roads import ROAD, drive_m, ground_scene, pixels, points, sign
from zones.schema import Scene
from zones.upright import Uprights

MOTORCYCLE, CAR, BUS, TRUCK, BICYCLE = (
    VehicleClass.MOTORCYCLE, VehicleClass.CAR, VehicleClass.BUS, VehicleClass.TRUCK, VehicleClass.BICYCLE
)  # fmt: skip
Where = Callable[[float], tuple[float, float]]
LANE = {"id": "left", "polygon": pixels((-4, 11), (0, 11), (0, 40), (-4, 40)), "direction": pixels((-2, 12), (-2, 38))}
NEXT = {"id": "right", "polygon": pixels((0, 11), (4, 11), (4, 40), (0, 40)), "direction": pixels((2, 12), (2, 38))}
ZONE = {"id": "choose", "kind": "lane_change", "polygon": pixels((-6, 30), (6, 30), (6, 41), (-6, 41))}
CARS = sign("R.412b", "left")
MOTORCYCLES = sign("R.412d", "left")
TALL_M = {MOTORCYCLE: 1.6, BICYCLE: 1.6, CAR: 1.5, BUS: 3.0, TRUCK: 2.8}
ALONG = points((0, -2, 12), (5, -2, 28))


def road(*signs: dict[str, Any], **changes: Any) -> Scene:
    """No stop line, no junction: lanes on the open road."""
    return ground_scene(
        **({"stop_lines": [], "junction": None, "signals": [], "lanes": [LANE, NEXT], "signs": list(signs)} | changes)
    )


def found(scene: Scene, where: Where = ALONG, *, to_s: float = 5, **rest: Any) -> list[Finding]:
    return judged(ActCode.WRONG_LANE, drive_m(scene, where, from_s=0, to_s=to_s, **rest), scene, {})


def test_a_motorcycle_along_a_lane_for_cars_is_found_with_its_sign() -> None:
    (one,) = found(road(CARS))
    assert one.signs == ("sign-R.412b",)
    assert one.reasons["lane_classes"] == ["car"]
    assert one.reasons["in_lane_s"] == pytest.approx(5, abs=0.3)
    assert one.reasons["along_lane_m"] == pytest.approx(16, abs=1)
    assert one.reasons["within_lane_m"] == pytest.approx(1.6, abs=0.2)
    assert one.before < one.at < one.after


@pytest.mark.parametrize(("hole_s", "acts"), [(0.9, 1), (1.3, 0)])
def test_who_is_hidden_shortly_has_not_left_the_lane(hole_s: float, acts: int) -> None:
    """Neither part of its way is long enough alone."""
    hidden = found(road(CARS), to_s=4.2, seen=lambda t: not 1.6 < t < 1.6 + hole_s)
    assert len(hidden) == acts


def test_who_creeps_in_a_queue_that_hides_him_has_not_left_the_lane_and_who_drives_on_may_have() -> None:
    creeps = points((0, -2, 12), (2, -2, 16), (5, -2, 17), (7.5, -2, 22))
    drives = points((0, -2, 12), (2, -2, 16), (5, -2, 24), (6, -2, 25))
    for where, to_s, acts in ((creeps, 7.5, 1), (drives, 6.0, 0)):
        assert len(found(road(CARS), where, to_s=to_s, seen=lambda t: not 2.2 < t < 3.6)) == acts


def test_a_long_stand_in_the_queue_does_not_hide_the_drive_before_it() -> None:
    """It drives up in the lane, goes aside within it, and stands there for longer than it drove."""
    (one,) = found(road(CARS), points((0, -3.4, 12), (4, -3.4, 24), (5, -1, 26), (14, -1, 26.5)), to_s=14)
    assert one.reasons["along_lane_m"] >= 6


@pytest.mark.parametrize(
    ("where", "to_s", "flags"),
    [
        (ALONG, 5, ()),
        (points((0, 2, 12), (2, 0, 15), (4, -2.2, 18), (7, -2.4, 28), (12, -2.4, 28)), 12, (STOPPED_IN_LANE,)),
        (points((0, -2.2, 14), (4, -2.2, 14), (8, -2.2, 26), (11, 2, 36)), 11, (STOPPED_IN_LANE,)),
        (points((0, 2, 12), (4, 2, 12), (6, 2, 13), (7, -2, 16), (10, -2, 28)), 10, ()),
    ],
    ids=["drives on", "a bus comes in to its stop", "sets off from the roadside", "stood in the next lane"],
)  # fmt: skip
def test_who_stood_in_the_lane_may_have_had_to_do_at_the_roadside_and_that_is_said(
    where: Where, to_s: float, flags: tuple[str, ...]
) -> None:
    (one,) = found(road(MOTORCYCLES), where, to_s=to_s, cls=BUS)
    assert one.flags == flags


def test_a_long_stand_half_in_the_lane_does_not_hide_the_drive_after_it() -> None:
    """A bus waits where the lane comes into the picture: its box trembles in and out of it, and then it drives on."""

    def waits(t_s: float) -> tuple[float, float]:
        return -2.0, 11.0 + (0.3 * math.sin(9 * t_s) if t_s < 9 else 4.0 * (t_s - 9))

    (one,) = found(road(CARS), waits, to_s=13)
    assert one.reasons["along_lane_m"] >= 12


@given(st.lists(st.floats(-0.4, 0.4), min_size=1, max_size=40), st.floats(0.1, 1.0))
def test_since_when_it_went_straight_is_what_a_plain_search_says(steps: list[float], far_m: float) -> None:
    aside = np.cumsum(steps)
    plain = [next(i for i in range(e + 1) if np.ptp(aside[i : e + 1]) <= far_m) for e in range(len(aside))]
    assert straight_since(aside, far_m).tolist() == plain


@pytest.mark.parametrize(
    ("where", "to_s", "why"),
    [
        (points((0, 2, 12), (5, 2, 28)), 5, "in the next lane"),
        (points((0, -0.2, 12), (5, -0.2, 28)), 5, "half in it"),
        (points((0, -2, 12), (1.5, -2, 28)), 1.5, "too short"),
        (points((0, -2, 20), (9, -2, 23)), 9, "hardly moves"),
        (points((0, 2, 12), (6, -6, 28)), 6, "changes over it to the roadside"),
        (points((0, -6, 12), (2, -4.5, 15), (5, -1.5, 24), (7, 2, 28)), 7, "pulls out from the roadside over it"),
        (points((0, -3.2, 12), (5, -0.8, 28)), 5, "goes aside all the time"),
        (points((0, -2, 28), (5, -2, 12)), 5, "comes the other way: another act"),
        (points((0, 2, 12), (2, 2, 20), (3, -2, 29), (7, -2, 39)), 7, "chooses it before the junction"),
    ],
)
def test_near_the_lane_is_not_along_it(where: Where, to_s: float, why: str) -> None:
    assert found(road(CARS, areas=[ZONE]), where, to_s=to_s) == [], why


@pytest.mark.parametrize(
    ("number", "cls", "accused"),
    [
        ("R.412b", MOTORCYCLE, True),
        ("R.412b", BUS, True),
        ("R.412b", CAR, False),
        ("R.412d", CAR, True),
        ("R.412d", MOTORCYCLE, False),
        ("R.412d", BICYCLE, False),
        ("R.412h", MOTORCYCLE, False),
        ("R.412h", CAR, True),
        ("R.412a", TRUCK, False),
        ("R.412a", CAR, True),
        ("R.412f", TRUCK, False),
        ("R.412f", MOTORCYCLE, True),
        ("P.130", MOTORCYCLE, False),
    ],
)
def test_whom_a_lane_lets_in_and_whom_that_may_be_is_not_accused(number: str, cls: VehicleClass, accused: bool) -> None:
    scene = road(sign(number, "left"))
    path = with_height(drive_m(scene, ALONG, from_s=0, to_s=5, cls=cls), TALL_M[cls])
    assert bool(judged(ActCode.WRONG_LANE, path, scene, {})) is accused


@pytest.mark.parametrize(
    ("number", "cls", "height_m", "accused"),
    [
        ("R.412b", TRUCK, 2.9, True),
        ("R.412b", TRUCK, 1.9, False),
        ("R.412c", CAR, 1.5, True),
        ("R.412c", CAR, 2.1, False),
        ("R.412a", CAR, 2.3, False),
    ],
    ids=["a lorry", "a pick-up or van", "a car", "a light lorry", "a minibus"],
)
def test_what_the_detector_mistakes_is_told_by_its_height(
    number: str, cls: VehicleClass, height_m: float, accused: bool
) -> None:
    scene = road(sign(number, "left"))
    path = with_height(drive_m(scene, ALONG, from_s=0, to_s=5, cls=cls), height_m)
    assert bool(judged(ActCode.WRONG_LANE, path, scene, {})) is accused


def with_height(path: Trajectory, height_m: float) -> Trajectory:
    """The same way, its boxes as tall as a body of that height."""
    uprights = Uprights.of(road(CARS))
    assert uprights is not None
    boxes = path.boxes.copy()
    for i, (x, y) in enumerate(path.contacts):
        boxes[i, 1] = uprights.head(float(x), float(y), height_m, path.build.deep_m)
    return replace(path, boxes=boxes)


def test_a_class_of_which_the_detector_is_not_sure_accuses_nobody() -> None:
    scene = road(CARS)
    path = drive_m(scene, ALONG, from_s=0, to_s=5)
    assert judged(ActCode.WRONG_LANE, replace(path, cls_share=0.95), scene, {})
    assert judged(ActCode.WRONG_LANE, replace(path, cls_share=0.85), scene, {}) == []


@pytest.mark.parametrize(("kind", "bound"), [("2.2", True), ("2.1", False), ("2.4", False), (None, False)])
def test_others_may_enter_a_bus_lane_over_a_broken_line(kind: str | None, bound: bool) -> None:
    marks = [] if kind is None else [{"id": "edge", "kind": kind, "points": pixels((0, 11), (0, 40)),
                                      "crossable_from": pixels((2, 20))[0]}]  # fmt: skip
    lane = {**LANE, "edge": "edge" if kind else None}
    scene = road(sign("R.412e", "left"), lanes=[lane, NEXT], markings=marks)
    assert bool(found(scene)) is bound
    assert bool(found(road(sign("R.412a", "left"), lanes=[lane, NEXT], markings=marks))) is True


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"signs": []}, "no sign"),
        ({"signs": [{**CARS, "source": {}}]}, "nobody says where it stands"),
        ({"signs": [{**CARS, "governs": ["right"]}]}, "for another lane"),
        ({"signs": [sign("R.415a", "left")]}, "a sign of which nobody says whom it lets in"),
        ({"signs": [{**CARS, "classes": ["car", "motorcycle"]}]}, "a plate below it lets motorcycles in"),
        ({"ground": None}, "no ground plane"),
        ({"lanes": [{**LANE, "direction": None}]}, "no direction"),
        ({"junction": pixels((-12, 42), (12, 42), (12, 60), (-12, 60))}, "nobody says where lanes may be chosen"),
    ],
)
def test_without_the_fact_nothing_is_stated(changes: dict[str, Any], why: str) -> None:
    assert found(road(**({"signs": [CARS]} | changes))) == [], why


def test_before_a_junction_the_lane_is_kept_outside_the_area_where_lanes_are_chosen() -> None:
    junction = pixels((-12, 42), (12, 42), (12, 60), (-12, 60))
    scene = road(CARS, junction=junction, areas=[ZONE])
    (one,) = found(scene, points((0, -2, 12), (8, -2, 38)), to_s=8)
    assert one.reasons["along_lane_m"] == pytest.approx(18, abs=1)


def test_two_lanes_are_two_acts_and_a_jumping_track_is_none() -> None:
    scene = road(CARS, sign("R.412b", "right", id="second"))
    where = points((0, -2, 12), (3, -2, 22), (4, 2, 25), (7, 2, 37))
    assert [f.what for f in found(scene, where, to_s=7)] == ["left", "right"]
    leap = points((0, -2, 12), (2, -2, 16), (2.1, -2, 30), (4, -2, 34))
    assert found(scene, leap, to_s=4) == []


@given(st.lists(st.sampled_from(["R.412b", "R.412d", "R.411", "P.123a", "P.130"]), max_size=3), st.booleans())
def test_what_stands_elsewhere_never_changes_the_outcome(numbers: list[str], zone: bool) -> None:
    elsewhere = [sign(number, "right", id=f"s-{i}") for i, number in enumerate(numbers)]
    far = {**ZONE, "polygon": pixels((8, 12), (9, 12), (9, 14), (8, 14))}
    bare, full = road(CARS), road(CARS, *elsewhere, areas=[far] if zone else [])
    for where in (ALONG, points((0, -0.2, 12), (5, -0.2, 28))):
        assert [f.reasons for f in found(bare, where)] == [f.reasons for f in found(full, where)]


def test_the_road_of_these_tests_is_in_metres() -> None:
    assert ROAD.to_metres(pixels((-2, 12)))[0] == pytest.approx((-2, 12), abs=0.01)
