"""Hidden wheels told by the vehicle's height, in a scene with a ground plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from edge.road.hidden_wheels import GroundContact, Wheels
from edge.road.vehicles import BUILDS
from edge.road.wheels_by_height import WheelsByHeight
from edge.tracks.track import Observation
from evidence.acts import VehicleClass
from tools.simulate.junction import camera, demo_scene
from zones.boxes import PictureEdge
from zones.upright import Uprights

CAR, MOTORCYCLE = VehicleClass.CAR, VehicleClass.MOTORCYCLE
UPRIGHTS = Uprights.of(demo_scene(camera()))
COLUMN, LINE = 960.0, 470.0
EDGE = PictureEdge.of(1920, 1080, 2.0)
WIDE_EDGE = PictureEdge.of(1920, 1080, 16.0)
SEEN, HIDDEN, BY_CLASS, CUT_OFF, NOT_ITS_BOX = (
    Wheels.SEEN, Wheels.HIDDEN, Wheels.BY_CLASS, Wheels.CUT_OFF, Wheels.NOT_ITS_BOX
)  # fmt: skip


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


def model(edge: PictureEdge = EDGE) -> WheelsByHeight:
    assert UPRIGHTS is not None
    return WheelsByHeight(UPRIGHTS, edge)


def contact_of(seen: Sequence[Seen], cls: VehicleClass, tall_m: float, deep_m: float) -> GroundContact:
    """The contact that counts after all pictures, seen at 12.5 a second."""
    assert UPRIGHTS is not None
    wheels, found = model(), GroundContact(0.0, 0.0, 0.0, SEEN)
    for index, s in enumerate(seen):
        head = UPRIGHTS.head(s.column, s.foot, tall_m, deep_m)
        bottom = s.foot - s.hidden * (s.foot - head)
        box = (s.column - 50, head, s.column + 50, bottom)
        found = wheels.of(Observation(index, index * 0.08, box, 0.9, s.covered), BUILDS[cls])
    return found


CASES: list[tuple[str, VehicleClass, list[Seen], Wheels, float]] = [
    ("nobody in the way", MOTORCYCLE, stays(30), SEEN, 1.0),
    ("drives up in full view: its height changes a little on the way and is learned anew", MOTORCYCLE, drives(30),
     SEEN, 1.0),
    ("the next one stops behind it for a minute: a covered height is not unlearned", MOTORCYCLE,
     stays(10) + stays(750, 0.5, 1.0), HIDDEN, 14.0),
    ("the next one, whom nobody detected: half of a height is not lost by standing", MOTORCYCLE,
     stays(10) + stays(100, 0.5), HIDDEN, 14.0),
    ("wheels hidden on the way to the line, seen five times before: it stands where its head is", MOTORCYCLE,
     drives(10)[:5] + drives(30, 0.4, 1.0)[10:], BY_CLASS, 14.0),
    ("wheels hidden all the way: as tall as its class", MOTORCYCLE, drives(30, 0.5, 1.0), BY_CLASS, 36.0),
    ("hidden in half of the pictures: the taller box is learned sooner than the lower one", MOTORCYCLE,
     stays(5) + [Seen(LINE, 0.4 * (i % 2), 1.0) for i in range(60)], BY_CLASS, 14.0),
    ("a car whose tail is hidden", CAR, drives(20) + stays(50, 0.3, 1.0), HIDDEN, 14.0),
    ("first seen hidden, then free: its own height takes the place of its class's", MOTORCYCLE,
     stays(20, 0.6, 1.0) + stays(20), SEEN, 1.0),
    ("free, then seen hidden: after six free pictures its height is its own", MOTORCYCLE,
     stays(6) + stays(1, 0.5, 1.0), HIDDEN, 14.0),
    ("free for fewer pictures: it is still its class's, if that is taller", MOTORCYCLE,
     stays(4) + stays(1, 0.5, 1.0), BY_CLASS, 20.0),
]  # fmt: skip


@pytest.mark.parametrize(("why", "cls", "seen", "wheels", "within_px"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("taller", [1.0, 1.06], ids=["as its class", "taller"])
def test_the_wheels_are_found_from_the_height(
    why: str, cls: VehicleClass, seen: list[Seen], wheels: Wheels, within_px: float, taller: float
) -> None:
    """A real vehicle is not as deep as its class: 1.3 m and 2.4 m here. At the line a metre is 32 pixels."""
    tall, deep = (1.55, 1.3) if cls == MOTORCYCLE else (1.4, 2.4)
    found = contact_of(seen, cls, tall * taller, deep)
    assert found.row == pytest.approx(seen[-1].foot, abs=within_px)
    assert found.wheels == wheels


def test_a_small_vehicle_in_full_view_is_believed() -> None:
    assert contact_of(drives(30), MOTORCYCLE, 1.0, 1.0).row == pytest.approx(LINE, abs=1.0)


def test_hidden_wheels_are_told_with_their_doubt_and_more_of_it_where_only_the_class_is_known() -> None:
    known = contact_of(stays(10) + stays(20, 0.5, 1.0), MOTORCYCLE, 1.6, 1.0)
    supposed = contact_of(stays(20, 0.5, 1.0), MOTORCYCLE, 1.6, 1.0)
    assert (known.wheels, supposed.wheels) == (HIDDEN, BY_CLASS)
    assert 0 < known.row - known.highest < supposed.row - supposed.highest


def test_hidden_wheels_may_be_as_far_down_as_a_vehicle_of_the_class_has_them() -> None:
    """A rider of 1.6 m was seen only as far as those hid him that are themselves below the picture, and taken for one
    of 1.3 m: his wheels are no farther down than they are, and not surely where they are thought to be."""
    early = [Seen(LINE, 0.2)] * 20
    for seen, wheels in ((early + stays(20, 0.5, 1.0), HIDDEN), (early + stays(20, 0.2, 1.0), SEEN)):
        found = contact_of(seen, MOTORCYCLE, 1.6, 1.0)
        assert found.wheels == wheels
        assert found.row < LINE - 20, "where they are thought to be"
        assert LINE - 1 <= found.lowest <= LINE + 40
    free = contact_of(stays(20), MOTORCYCLE, 1.6, 1.0)
    assert free.lowest == free.row


def test_what_the_lower_edge_of_the_picture_cuts_off_teaches_no_height() -> None:
    """It waits for half a minute with its wheels below the picture, drives up, and the next one hides them."""
    assert UPRIGHTS is not None
    wheels, at = model(), 0
    for index in range(400):
        head = UPRIGHTS.head(COLUMN, 1250.0, 1.6, 1.0)
        found = wheels.of(
            Observation(index, index * 0.08, (COLUMN - 80, head, COLUMN + 80, 1078.0), 0.9), BUILDS[MOTORCYCLE]
        )
        assert found.wheels == CUT_OFF
        at = index
    for index in range(at + 1, at + 30):
        head = UPRIGHTS.head(COLUMN, LINE, 1.6, 1.0)
        box = (COLUMN - 50, head, COLUMN + 50, LINE - 0.4 * (LINE - head))
        found = wheels.of(Observation(index, index * 0.08, box, 0.9, 1.0), BUILDS[MOTORCYCLE])
    assert (found.wheels, found.row) == (BY_CLASS, pytest.approx(LINE, abs=2.0))


def test_a_class_that_changes_begins_anew() -> None:
    """The track was one vehicle's and is another's: what was learned of the first is not believed of the second."""
    wheels = model()
    for index in range(20):
        wheels.of(Observation(index, index * 0.08, (910.0, 420.0, 1010.0, LINE), 0.9), BUILDS[MOTORCYCLE])
    found = wheels.of(Observation(20, 1.6, (860.0, 350.0, 1060.0, LINE), 0.9), BUILDS[CAR])
    assert (found.wheels, found.row) == (SEEN, LINE)


def test_two_in_one_box_teach_no_height() -> None:
    both = [Seen(LINE, -0.6)] * 6
    assert contact_of(stays(20) + both, MOTORCYCLE, 1.6, 1.0).wheels == NOT_ITS_BOX
    after = contact_of(stays(20) + both + stays(20, 0.4, 1.0), MOTORCYCLE, 1.6, 1.0)
    assert (after.wheels, after.row) == (HIDDEN, pytest.approx(LINE, abs=3.0))


@pytest.mark.parametrize("pictures", [1, 2])
def test_a_pole_behind_the_head_for_a_moment_teaches_no_height(pictures: int) -> None:
    assert UPRIGHTS is not None
    wheels, head = model(), UPRIGHTS.head(COLUMN, LINE, 1.6, BUILDS[MOTORCYCLE].deep_m)
    tops = [head] * 10 + [LINE - 1.35 * (LINE - head)] * pictures + [head] * 5
    found = [
        wheels.of(Observation(i, i * 0.08, (COLUMN - 50, top, COLUMN + 50, LINE), 0.9, 0.0), BUILDS[MOTORCYCLE])
        for i, top in enumerate(tops)
    ]
    assert [each.row for each in found] == [LINE] * len(tops)


def test_a_car_that_turns_shows_its_flank() -> None:
    """It loses a fifth of its height in the picture within two seconds, and stands where its box ends all the same."""
    turning = [Seen(LINE - 2 * i, 0.2 * i / 24, column=COLUMN + 30 * i) for i in range(25)]
    bottom = LINE - 48
    row = contact_of(stays(10) + turning, CAR, 1.5, 3.0).row
    assert UPRIGHTS is not None
    head = UPRIGHTS.head(COLUMN, bottom, 1.5, 3.0)
    assert row == pytest.approx(bottom - 0.2 * (bottom - head), abs=25.0)


def test_at_the_upper_edge_of_the_picture_the_box_is_believed() -> None:
    tall = model()
    for i in range(10):
        box = (900.0, max(0.0, 50.0 - 10 * i), 1000.0, 200.0 - 10 * i)
        found = tall.of(Observation(i, i * 0.08, box, 0.9), BUILDS[MOTORCYCLE])
    assert (found.row, found.wheels) == (110.0, CUT_OFF)


@pytest.mark.parametrize("right", [False, True], ids=["left", "right"])
def test_what_a_side_of_the_picture_cuts_off_ends_where_its_box_does(right: bool) -> None:
    """A motorcycle drives out: of the last picture's box the rider is gone, and its upper edge is that of the wheel."""
    tall = model(WIDE_EDGE)
    for i, (left, width, top) in enumerate([(300, 150, 20), (150, 150, 20), (14, 150, 20), (0, 100, 20), (0, 50, 80)]):
        x1, x2 = (1920 - left - width, 1920 - left) if right else (left, left + width)
        found = tall.of(Observation(i, i * 0.08, (float(x1), float(top), float(x2), 200.0), 0.9), BUILDS[MOTORCYCLE])
        assert found.row == 200.0


def test_at_a_side_of_the_picture_hidden_wheels_are_still_where_they_were() -> None:
    tall = model(WIDE_EDGE)
    for i in range(20):
        tall.of(Observation(i, i * 0.08, (20.0, 380.0, 120.0, LINE), 0.9), BUILDS[MOTORCYCLE])
    for i in range(20, 40):
        found = tall.of(Observation(i, i * 0.08, (10.0, 380.0, 120.0, 420.0), 0.9, 1.0), BUILDS[MOTORCYCLE])
    assert found.row == pytest.approx(LINE, abs=14.0)
