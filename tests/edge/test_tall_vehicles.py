"""Where the wheels are when somebody hides them, in a scene with a ground plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from edge.road.hidden_wheels import TallFoot
from edge.road.vehicles import BUILDS
from edge.tracks.tracking import Observation
from evidence.acts import VehicleClass
from tools.simulate.junction import camera, demo_scene
from zones.upright import Uprights

CAR, MOTORCYCLE = VehicleClass.CAR, VehicleClass.MOTORCYCLE
UPRIGHTS = Uprights.of(demo_scene(camera()))
COLUMN, LINE = 960.0, 470.0


@dataclass(frozen=True)
class Seen:
    """One picture: where the wheels are, the share of the height that is hidden from below, and by a known vehicle."""

    foot: float
    hidden: float = 0.0
    covered: float = 0.0
    column: float = COLUMN


def stays(count: int, hidden: float = 0.0, covered: float = 0.0, foot: float = LINE) -> list[Seen]:
    return [Seen(foot, hidden, covered)] * count


def drives(count: int, hidden: float = 0.0, covered: float = 0.0) -> list[Seen]:
    """Up to the line from 200 pixels before it."""
    return [Seen(LINE + 200 * (1 - i / (count - 1)), hidden, covered) for i in range(count)]


def last_foot(seen: Sequence[Seen], cls: VehicleClass, tall_m: float, deep_m: float) -> float:
    assert UPRIGHTS is not None
    tall = TallFoot(UPRIGHTS)
    row = 0.0
    for index, s in enumerate(seen):
        head = UPRIGHTS.head(s.column, s.foot, tall_m, deep_m)
        bottom = s.foot - s.hidden * (s.foot - head)
        box = (s.column - 50, head, s.column + 50, bottom)
        row = tall.of(Observation(index, index * 0.08, box, 0.9, s.covered), BUILDS[cls]).foot
    return row


ROWS: list[tuple[str, VehicleClass, list[Seen], float]] = [
    ("nobody in the way", MOTORCYCLE, stays(30), 1.0),
    ("drives up in full view", MOTORCYCLE, drives(30), 1.0),
    ("the next one stops behind it for a minute", MOTORCYCLE, stays(10) + stays(750, 0.5, 1.0), 14.0),
    ("the next one, whom nobody detected", MOTORCYCLE, stays(10) + stays(100, 0.5), 14.0),
    ("wheels hidden on the way to the line", MOTORCYCLE, drives(10)[:5] + drives(30, 0.4, 1.0)[10:], 14.0),
    ("wheels hidden all the way", MOTORCYCLE, drives(30, 0.5, 1.0), 36.0),
    (
        "hidden in half of the pictures",
        MOTORCYCLE,
        stays(5) + [Seen(LINE, 0.4 * (i % 2), 1.0) for i in range(60)],
        14.0,
    ),
    ("a car whose tail is hidden", CAR, drives(20) + stays(50, 0.3, 1.0), 14.0),
    ("first seen hidden, then free", MOTORCYCLE, stays(20, 0.6, 1.0) + stays(20), 1.0),
]


@pytest.mark.parametrize(("why", "cls", "seen", "within_px"), ROWS, ids=[r[0] for r in ROWS])
@pytest.mark.parametrize("taller", [1.0, 1.06], ids=["as its class", "taller"])
def test_the_wheels_are_found_from_the_height(
    why: str, cls: VehicleClass, seen: list[Seen], within_px: float, taller: float
) -> None:
    """A real vehicle is not as deep as its class: 1.3 m and 2.4 m here. At the line a metre is 32 pixels."""
    tall, deep = (1.55, 1.3) if cls == MOTORCYCLE else (1.4, 2.4)
    assert last_foot(seen, cls, tall * taller, deep) == pytest.approx(seen[-1].foot, abs=within_px)


def test_a_small_vehicle_in_full_view_is_believed() -> None:
    assert last_foot(drives(30), MOTORCYCLE, 1.0, 1.0) == pytest.approx(LINE, abs=1.0)


def test_two_in_one_box_teach_no_height() -> None:
    both = [Seen(LINE, -0.6)] * 6
    assert last_foot(stays(20) + both + stays(20, 0.4, 1.0), MOTORCYCLE, 1.6, 1.0) == pytest.approx(LINE, abs=3.0)


def test_a_car_that_turns_shows_its_flank() -> None:
    """It loses a fifth of its height in the picture within two seconds, and stands where its box ends all the same."""
    turning = [Seen(LINE - 2 * i, 0.2 * i / 24, column=COLUMN + 30 * i) for i in range(25)]
    bottom = LINE - 48
    row = last_foot(stays(10) + turning, CAR, 1.5, 3.0)
    assert UPRIGHTS is not None
    head = UPRIGHTS.head(COLUMN, bottom, 1.5, 3.0)
    assert row == pytest.approx(bottom - 0.2 * (bottom - head), abs=25.0)


def test_at_the_upper_edge_of_the_picture_the_box_is_believed() -> None:
    assert UPRIGHTS is not None
    tall = TallFoot(UPRIGHTS)
    for i in range(10):
        box = (900.0, max(0.0, 50.0 - 10 * i), 1000.0, 200.0 - 10 * i)
        row = tall.of(Observation(i, i * 0.08, box, 0.9), BUILDS[MOTORCYCLE]).foot
    assert row == 110.0


@pytest.mark.parametrize("right", [False, True], ids=["left", "right"])
def test_what_a_side_of_the_picture_cuts_off_ends_where_its_box_does(right: bool) -> None:
    """A motorcycle drives out: of the last picture's box the rider is gone, and its upper edge is that of the wheel."""
    assert UPRIGHTS is not None
    tall = TallFoot(UPRIGHTS, sides_px=(16.0, 1904.0))
    for i, (left, width, top) in enumerate([(300, 150, 20), (150, 150, 20), (14, 150, 20), (0, 100, 20), (0, 50, 80)]):
        x1, x2 = (1920 - left - width, 1920 - left) if right else (left, left + width)
        row = tall.of(Observation(i, i * 0.08, (float(x1), float(top), float(x2), 200.0), 0.9), BUILDS[MOTORCYCLE])
        assert row.foot == 200.0


def test_at_a_side_of_the_picture_hidden_wheels_are_still_where_they_were() -> None:
    assert UPRIGHTS is not None
    tall = TallFoot(UPRIGHTS, sides_px=(16.0, 1904.0))
    for i in range(20):
        tall.of(Observation(i, i * 0.08, (20.0, 380.0, 120.0, LINE), 0.9), BUILDS[MOTORCYCLE])
    for i in range(20, 40):
        row = tall.of(Observation(i, i * 0.08, (10.0, 380.0, 120.0, 420.0), 0.9, 1.0), BUILDS[MOTORCYCLE])
    assert row.foot == pytest.approx(LINE, abs=14.0)
