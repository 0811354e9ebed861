"""Entering a road that a sign closes to the kind of vehicle, at the hours of that sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countries.here import HERE
from edge.rules.in_force import in_force
from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import closed_road
from tests.edge.roads import drive_m, ground_scene, pixels, points, sign
from zones.schema import Scene
from zones.statable import statable

Where = Callable[[float], tuple[float, float]]
CAR, BUS, TRUCK, MOTORCYCLE, BICYCLE = (
    VehicleClass.CAR, VehicleClass.BUS, VehicleClass.TRUCK, VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE
)  # fmt: skip
STREET = {"id": "street", "kind": "closed_road", "polygon": pixels((-4, 20), (4, 20), (4, 42), (-4, 42))}
"""A street 8 m wide, from 20 m to 42 m ahead."""
INTO = points((0, 0, 10), (8, 0, 42))


def street(number: str = "P.101", *, rest: Any = None, **changes: Any) -> Scene:
    signs = [sign(number, "street", **(rest or {}))]
    return ground_scene(**({"areas": [STREET], "signs": signs} | changes))


@pytest.mark.parametrize("fps", [6, 12.5, 25])
def test_who_drives_into_a_closed_street_is_found(fps: float) -> None:
    road = street()
    path = drive_m(road, INTO, from_s=0, to_s=8, fps=fps)
    (found,) = closed_road(path, road, {})
    assert (found.what, found.signs, found.reasons["area"]) == ("street", ("sign-P.101",), "street")
    assert float(found.reasons["way_inside_m"]) > 15  # type: ignore[arg-type]
    assert not path.in_area["street"][found.before]
    assert path.in_area["street"][found.at]
    assert found.before < found.at < found.after


@pytest.mark.parametrize(
    ("where", "to_s", "why"),
    [
        (points((0, 0, 10), (2, 0, 18), (8, -12, 19)), 8, "passes in front of it"),
        (points((0, 3.2, 10), (3, 3.8, 22), (6, 4.2, 40)), 6, "grazes its edge"),
        (points((0, 0, 12), (2, 1, 19), (3, 4, 23), (6, 16, 26)), 6, "cuts its corner"),
        (points((0, 0, 28), (9, 0, 28.1)), 9, "stands there from the start"),
        (points((0, 0, 24), (4, 0, 40)), 4, "was in it from the start, and drives on"),
        (points((0, 0, 40), (6, 0, 10)), 6, "comes out of it"),
        (points((0, 0, 40), (5, 0, 17), (6, 0, 17), (12, 0, 40)), 12, "comes out of it and goes back in"),
        (points((0, 0, 10), (3, 0, 22), (4, 0, 26), (6, 0, 26), (10, 0, 12)), 10, "noses in and reverses out"),
        (points((0, 0, 10), (3, -2, 22), (4, -2, 30), (5, 0, 32), (6, 2, 30), (9, 2, 12)), 9, "turns round in it"),
        (points((0, 0, 10), (4, 0, 21), (9, 0, 24)), 9, "just its mouth"),
        (points((0, -10, 24), (0.5, -10, 24), (0.6, 0, 24), (4, 0, 40)), 4, "the track goes over to another"),
    ],
)
def test_who_only_comes_near_is_not_accused(where: Where, to_s: float, why: str) -> None:
    road = street()
    assert closed_road(drive_m(road, where, from_s=0, to_s=to_s), road, {}) == [], why


@pytest.mark.parametrize(
    ("cls", "pace_ms", "acts"),
    [(MOTORCYCLE, 1.2, 0), (MOTORCYCLE, 2.5, 1), (BICYCLE, 1.2, 0), (CAR, 1.2, 1)],
    ids=["pushed", "ridden slowly", "a bicycle pushed", "nobody pushes a car so far"],
)
def test_who_pushes_his_motorcycle_into_a_street_for_walkers_does_not_ride_there(
    cls: VehicleClass, pace_ms: float, acts: int
) -> None:
    """He rides up to it and gets off."""
    lasts_s = 18 / pace_ms
    where = points((0, 0, 10), (2, 0, 18), (4, 0, 18), (4 + lasts_s, 0, 36))
    road = street()
    assert len(closed_road(drive_m(road, where, from_s=0, to_s=4 + lasts_s, cls=cls), road, {})) == acts


@pytest.mark.parametrize("remembered_s", [None, 60.0])
def test_who_came_out_of_it_and_goes_back_in_is_not_told_when_that_is_forgotten(remembered_s: float | None) -> None:
    """He belongs there, and waits before it for longer than a track remembers."""
    where = points((0, 0, 40), (5, 0, 17), (80, 0, 17), (86, 0, 40))
    path = drive_m(street(), where, from_s=0, to_s=86, cls=CAR, remembered_s=remembered_s)
    assert closed_road(path, street(), {}) == []


def test_who_was_not_seen_to_come_in_is_not_accused() -> None:
    road = street()
    path = drive_m(road, INTO, from_s=0, to_s=8, seen=lambda t_s: not 2.0 < t_s < 3.2)
    assert closed_road(path, road, {}) == []


def test_who_drives_through_it_and_out_at_its_far_end_has_entered() -> None:
    road = street(areas=[{**STREET, "polygon": pixels((-4, 18), (4, 18), (4, 34), (-4, 34))}])
    assert len(closed_road(drive_m(road, INTO, from_s=0, to_s=8), road, {})) == 1


@pytest.mark.parametrize(
    ("number", "rest", "banned"),
    [
        ("P.101", {}, {MOTORCYCLE, CAR, BUS, TRUCK, BICYCLE}),
        ("P.103a", {}, {CAR, BUS, TRUCK}),
        ("P.104", {}, {MOTORCYCLE}),
        ("P.105", {}, {MOTORCYCLE, CAR, BUS, TRUCK}),
        ("P.106a", {}, {TRUCK}),
        ("P.107", {}, {BUS, TRUCK}),
        ("P.107a", {}, {BUS}),
        ("P.110a", {}, {BICYCLE}),
        ("P.101", {"classes": ["truck"]}, {TRUCK}),
        ("P.103a", {"source": {}}, set()),
        ("P.130", {}, set()),
        ("P.123a", {}, set()),
    ],
)
def test_a_sign_closes_the_road_to_whom_it_names(number: str, rest: Any, banned: set[VehicleClass]) -> None:
    road = street(number, rest=rest)
    found = {c for c in VehicleClass if closed_road(drive_m(road, INTO, from_s=0, to_s=8, cls=c), road, {})}
    assert found == banned


@pytest.mark.parametrize(
    ("number", "share", "acts"), [("P.106a", 0.6, 0), ("P.106a", 0.95, 1), ("P.103a", 0.6, 0), ("P.101", 0.6, 1)]
)
def test_a_sign_for_some_needs_to_know_the_kind(number: str, share: float, acts: int) -> None:
    road = street(number)
    path = replace(drive_m(road, INTO, from_s=0, to_s=8, cls=TRUCK), cls_share=share)
    assert len(closed_road(path, road, {})) == acts


@pytest.mark.parametrize(
    ("number", "other", "acts"), [("P.103a", CAR, 1), ("P.103a", MOTORCYCLE, 0), ("P.106a", CAR, 0)]
)
def test_kinds_that_the_sign_bans_alike_need_not_be_told_apart(number: str, other: VehicleClass, acts: int) -> None:
    road = street(number)
    path = replace(drive_m(road, INTO, from_s=0, to_s=8, cls=TRUCK), cls_share=0.7, other_shares={other: 0.3})
    assert len(closed_road(path, road, {})) == acts


@pytest.mark.parametrize(
    ("local", "holds"),
    [
        (datetime(2026, 11, 23, 6, 0), True),
        (datetime(2026, 11, 23, 8, 59, 59), True),
        (datetime(2026, 11, 23, 9, 0), False),
        (datetime(2026, 11, 23, 5, 59, 59), False),
        (datetime(2026, 11, 22, 7, 0), False),
    ],
)
def test_it_is_closed_at_the_hours_of_its_sign(local: datetime, holds: bool) -> None:
    hours = [{"begin": "06:00", "end": "09:00", "days": ["mon", "tue", "wed", "thu", "fri"]}]
    road = street("P.106a", rest={"hours": hours})
    (found,) = closed_road(drive_m(road, INTO, from_s=0, to_s=8, cls=TRUCK), road, {})
    standing = in_force(found, road, local.replace(tzinfo=HERE.zone).astimezone(UTC))
    assert (standing is not None) is holds
    if standing is not None:
        assert standing.reasons["sign_hours"] == "mon, tue, wed, thu, fri 06:00-09:00"


def test_without_a_ground_plane_it_is_told_in_vehicle_sizes() -> None:
    road = street(ground=None)
    (found,) = closed_road(drive_m(road, INTO, from_s=0, to_s=8, cls=CAR), road, {})
    assert "way_inside_m" not in found.reasons
    assert float(found.reasons["way_inside_sizes"]) > 3  # type: ignore[arg-type]
    for where in (points((0, 0, 10), (2, 0, 18), (8, -12, 19)), points((0, 0, 40), (6, 0, 10))):
        assert closed_road(drive_m(road, where, from_s=0, to_s=6, cls=CAR), road, {}) == []


@given(st.sets(st.sampled_from(["signs", "areas"]), min_size=1))
def test_without_the_facts_nothing_is_stated(gone: set[str]) -> None:
    without: dict[str, Any] = {name: [] for name in gone}
    road = street(**without)
    assert closed_road(drive_m(road, INTO, from_s=0, to_s=8), road, {}) == []
    (can,) = (one for one in statable(road) if one.act is ActCode.CLOSED_ROAD)
    assert can.lacks


@given(
    lanes=st.lists(st.sampled_from([(-12, 0), (0, 6), (-6, 6)]), max_size=2),
    others=st.lists(st.sampled_from(["pavement", "crosswalk", "keep_clear", "lane_change"]), max_size=2),
)
def test_drawings_that_have_nothing_to_do_with_it_change_nothing(lanes: Any, others: Any) -> None:
    drawn_lanes = [
        {"id": f"lane-{i}", "polygon": pixels((a, 5), (b, 5), (b, 40), (a, 40))} for i, (a, b) in enumerate(lanes)
    ]
    drawn = [
        {"id": f"area-{i}", "kind": kind, "polygon": pixels((-12, 6), (12, 6), (12, 30), (-12, 30))}
        for i, kind in enumerate(others)
    ]
    road = street(lanes=drawn_lanes, areas=[STREET, *drawn])
    path = drive_m(road, INTO, from_s=0, to_s=8)
    assert closed_road(path, road, {}) == closed_road(drive_m(street(), INTO, from_s=0, to_s=8), street(), {})
