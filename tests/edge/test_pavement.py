"""Driving on the pavement, and what is lawful there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rules.pavement import STOPPED_ON_PAVEMENT
from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import pavement
from tests.edge.roads import drive_m, ground_scene, pixels, points
from zones.schema import Scene
from zones.statable import statable

Where = Callable[[float], tuple[float, float]]
PATH = {"id": "path", "kind": "pavement", "polygon": pixels((6, 10), (10, 10), (10, 45), (6, 45))}
"""Right of the road, 4 m wide, from 10 m to 45 m ahead."""
ALONG = points((0, 4, 9), (1, 7.5, 13), (6, 7.5, 34), (7, 4, 40))


def town(**changes: Any) -> Scene:
    return ground_scene(**({"areas": [PATH]} | changes))


@pytest.mark.parametrize("fps", [6, 12.5, 25])
def test_who_drives_along_the_pavement_is_found(fps: float) -> None:
    path = drive_m(town(), ALONG, from_s=0, to_s=7, fps=fps)
    (found,) = pavement(path, town(), {})
    assert (found.what, found.flags) == ("path", ())
    assert float(found.reasons["along_m"]) == pytest.approx(22, abs=4)  # type: ignore[arg-type]
    assert float(found.reasons["fastest_kmh"]) == pytest.approx(16, abs=4)  # type: ignore[arg-type]
    assert path.in_area["path"][found.at]
    assert found.before < found.at < found.after


@pytest.mark.parametrize(
    ("where", "to_s", "why"),
    [
        (points((0, 4, 10), (6, 4, 40)), 6, "on the road beside it"),
        (points((0, 5.6, 10), (6, 6.3, 40)), 6, "its box grazes the kerb"),
        (points((0, 3, 20), (1, 6, 22), (3, 11, 24)), 3, "crosses it to a gate"),
        (points((0, 3, 14), (1, 6.6, 18), (2, 8, 22), (3, 11, 25)), 3, "crosses it aslant to a gate"),
        (points((0, 7.5, 12), (15, 7.5, 31)), 15, "is pushed at walking pace"),
        (points((0, 8, 20), (12, 8.1, 20)), 12, "stands there"),
        (points((0, 4, 14), (1, 7.5, 17), (3, 7.5, 22), (4, 4, 25)), 4, "is back on the road after 8 m"),
        (points((0, 8, 12), (2, 8, 12), (2.1, 8, 30), (5, 8, 30)), 5, "the track goes over to another"),
    ],
)
def test_what_is_lawful_there_is_not_told(where: Where, to_s: float, why: str) -> None:
    assert pavement(drive_m(town(), where, from_s=0, to_s=to_s), town(), {}) == [], why


@pytest.mark.parametrize(("hole_s", "acts"), [(0.6, 1), (1.1, 0)])
def test_a_short_hole_in_its_way_does_not_end_it(hole_s: float, acts: int) -> None:
    """Missed in the simulated street: six metres before a hole of 0.56 s, eight after it."""
    where = points((0, 4, 9), (1, 7.5, 13), (5, 7.5, 26), (6, 4, 29))
    path = drive_m(town(), where, from_s=0, to_s=6, seen=lambda t: not 2.6 < t < 2.6 + hole_s)
    assert len(pavement(path, town(), {})) == acts


def test_one_that_stops_on_the_pavement_is_told_with_that_doubt() -> None:
    where = points((0, 4, 9), (1, 7.5, 13), (6, 7.5, 34), (10, 7.5, 34))
    (found,) = pavement(drive_m(town(), where, from_s=0, to_s=10), town(), {})
    assert found.flags == (STOPPED_ON_PAVEMENT,)


@pytest.mark.parametrize(
    ("cls", "acts"),
    [
        (VehicleClass.MOTORCYCLE, 1), (VehicleClass.CAR, 1), (VehicleClass.TRUCK, 1), (VehicleClass.BUS, 1),
        (VehicleClass.BICYCLE, 0),
    ],
)  # fmt: skip
def test_it_is_an_act_of_motor_vehicles(cls: VehicleClass, acts: int) -> None:
    road = town(areas=[{**PATH, "polygon": pixels((4, 14), (12, 14), (12, 45), (4, 45))}])
    where = points((0, 8, 13), (1, 8, 17), (6, 8, 36))
    assert len(pavement(drive_m(road, where, from_s=0, to_s=6, cls=cls), road, {})) == acts


def test_one_that_may_be_a_bicycle_is_not_told() -> None:
    unsure = replace(drive_m(town(), ALONG, from_s=0, to_s=7), cls_share=0.7)
    assert pavement(unsure, town(), {}) == []


@given(st.sets(st.sampled_from(["areas", "ground"]), min_size=1))
def test_without_the_facts_nothing_is_stated(gone: set[str]) -> None:
    road = town(**{name: None if name == "ground" else [] for name in gone})
    assert pavement(drive_m(road, ALONG, from_s=0, to_s=7), road, {}) == []
    (can,) = (one for one in statable(road) if one.act is ActCode.PAVEMENT)
    assert can.lacks


@given(
    lanes=st.lists(st.sampled_from([(-12, 0), (0, 6), (4, 12)]), max_size=2),
    others=st.lists(st.sampled_from(["kerbside", "crosswalk", "keep_clear", "emergency_lane"]), max_size=2),
)
def test_drawings_that_have_nothing_to_do_with_it_change_nothing(lanes: Any, others: Any) -> None:
    drawn_lanes = [
        {"id": f"lane-{i}", "polygon": pixels((a, 5), (b, 5), (b, 40), (a, 40))} for i, (a, b) in enumerate(lanes)
    ]
    drawn = [
        {"id": f"area-{i}", "kind": kind, "polygon": pixels((-12, 6), (12, 6), (12, 40), (-12, 40))}
        for i, kind in enumerate(others)
    ]
    road = town(lanes=drawn_lanes, areas=[PATH, *drawn])
    path = drive_m(road, ALONG, from_s=0, to_s=7)
    assert pavement(path, road, {}) == pavement(drive_m(town(), ALONG, from_s=0, to_s=7), town(), {})
