"""Who may have pushed his motorcycle through an act is told of with that doubt; who rode is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.rules.pushed import RIDDEN, PushedMargins, perhaps_pushed
from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import red_light
from tests.edge.roads import GREEN, RED, drive_m, ground_scene, lamps, points

HERE = ground_scene()
PUSHES = points((0, 0, 12), (14, 0, 29))  # 1.2 m/s; past the line at 3.3 s
RIDES = points((0, 0, 8), (6, 0, 32))
CREEPS_THEN_RIDES = points((0, 0, 13), (4, 0, 17), (9, 0, 38))


@pytest.mark.parametrize(
    ("cls", "where", "doubt"),
    [
        (VehicleClass.MOTORCYCLE, PUSHES, True),
        (VehicleClass.BICYCLE, PUSHES, True),
        (VehicleClass.CAR, points((0, 0, 6), (14, 0, 26)), False),
        (VehicleClass.MOTORCYCLE, RIDES, False),
        (VehicleClass.MOTORCYCLE, CREEPS_THEN_RIDES, False),
    ],
    ids=["pushed", "a bicycle pushed", "nobody pushes a car", "ridden", "creeps over the line, then rides on"],
)
def test_no_faster_than_one_walks_is_a_doubt_for_a_person(cls: VehicleClass, where: Any, doubt: bool) -> None:
    path = drive_m(HERE, where, from_s=0, to_s=14, cls=cls)
    (found,) = red_light(path, HERE, lamps(HERE, [(0, GREEN), (0.4, RED)]))
    assert perhaps_pushed(found, path, PushedMargins()) == doubt


def test_without_metres_nothing_is_said_of_a_pace() -> None:
    path = drive_m(HERE, PUSHES, from_s=0, to_s=14)
    (found,) = red_light(path, HERE, lamps(HERE, [(0, GREEN), (0.4, RED)]))
    assert not perhaps_pushed(found, replace(path, ground=None), PushedMargins())


def test_acts_of_standing_are_not_asked() -> None:
    assert ActCode.STOPPED_PAST_LINE not in RIDDEN
    assert ActCode.PARKING_BANNED not in RIDDEN
