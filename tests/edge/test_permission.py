"""Which heads count for a vehicle, and what they say together."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from edge.rules.permission import any_red
from evidence.acts import LampState, VehicleClass
from tests.edge.judged import governing, red_light
from tests.edge.roads import GREEN, OFF, RED, UNKNOWN, drive, history, points, scene

BOX = [600, 10, 610, 40]
MAIN: dict[str, Any] = {"id": "main", "box": BOX, "governs": ["line"]}
STRAIGHT: dict[str, Any] = {"id": "straight", "box": BOX, "governs": ["line"], "movements": ["straight"]}
RIGHT_ARROW: dict[str, Any] = {
    "id": "arrow", "box": BOX, "governs": ["line"], "movements": ["right"], "arrow": "right",
}  # fmt: skip
SECOND_ARROW = RIGHT_ARROW | {"id": "second"}
AHEAD = points((0, 300, 450), (6, 300, 60))
TURNS_RIGHT = points((0, 450, 450), (3, 450, 240), (6, 600, 150))
VANISHES = points((0, 300, 450), (6, 300, 130))


@pytest.mark.parametrize(
    ("heads", "states", "where", "acts"),
    [
        ([MAIN], {"main": RED}, AHEAD, 1),
        ([MAIN, RIGHT_ARROW], {"main": RED, "arrow": GREEN}, TURNS_RIGHT, 0),
        ([MAIN, RIGHT_ARROW], {"main": RED, "arrow": GREEN}, AHEAD, 1),
        ([MAIN, RIGHT_ARROW], {"main": RED, "arrow": GREEN}, VANISHES, 0),
        ([MAIN, RIGHT_ARROW], {"main": RED, "arrow": OFF}, TURNS_RIGHT, 1),
        ([MAIN, RIGHT_ARROW], {"main": RED, "arrow": UNKNOWN}, TURNS_RIGHT, 0),
        ([MAIN, RIGHT_ARROW], {"main": RED, "arrow": UNKNOWN}, VANISHES, 0),
        ([MAIN, RIGHT_ARROW], {"main": RED, "arrow": UNKNOWN}, AHEAD, 1),
        ([MAIN, RIGHT_ARROW, SECOND_ARROW], {"main": RED, "arrow": UNKNOWN, "second": RED}, TURNS_RIGHT, 1),
        ([MAIN, RIGHT_ARROW], {"main": GREEN, "arrow": RED}, TURNS_RIGHT, 1),
        ([MAIN, RIGHT_ARROW], {"main": GREEN, "arrow": RED}, AHEAD, 0),
        ([STRAIGHT], {"straight": RED}, TURNS_RIGHT, 0),
        ([STRAIGHT], {"straight": RED}, AHEAD, 1),
        ([MAIN, MAIN | {"id": "second"}], {"main": RED, "second": UNKNOWN}, AHEAD, 1),
        ([MAIN, MAIN | {"id": "second"}], {"main": RED, "second": GREEN}, AHEAD, 0),
    ],
    ids=[
        "one red head", "green arrow permits the turn", "green arrow does not permit straight on",
        "movement not known beside a green arrow: doubt permits", "dark arrow leaves it to the main head",
        "an arrow that others hide may be green", "the same where the way is not known",
        "an arrow that others hide does not concern straight on", "another that repeats it is seen",
        "red arrow forbids the turn", "red arrow does not concern straight on", "turn that no head governs",
        "straight on under its own head", "one of two heads not readable", "two heads contradict",
    ],
)  # fmt: skip
def test_heads_and_movements(heads: list[dict[str, Any]], states: dict[str, LampState], where: Any, acts: int) -> None:
    here = scene(signals=heads)
    histories = {name: history([(0.0, state)], here, name) for name, state in states.items()}
    assert len(red_light(drive(here, where, from_s=0, to_s=6), here, histories)) == acts


def plate(number: str, **more: Any) -> dict[str, Any]:
    return {"id": "plate", "number": number, "governs": ["line"], "source": {"place": "below the lamps"}} | more


@pytest.mark.parametrize(
    ("sign", "where", "acts"),
    [
        (plate("S.phu-re-phai"), TURNS_RIGHT, 0),
        (plate("S.phu-re-phai"), AHEAD, 1),
        (plate("S.phu-re-phai"), VANISHES, 0),
        (plate("S.phu-di-thang"), AHEAD, 0),
        (plate("S.phu-di-thang"), TURNS_RIGHT, 1),
        (plate("S.phu-re-phai", classes=["car"]), TURNS_RIGHT, 1),
        (plate("S.phu-re-phai", classes=["motorcycle", "bicycle"]), TURNS_RIGHT, 0),
        (plate("S.phu-re-phai", source={}), TURNS_RIGHT, 1),
        (plate("S.phu-re-phai", governs=[]), TURNS_RIGHT, 1),
        (plate("P.123b"), TURNS_RIGHT, 1),
    ],
    ids=[
        "the turn it names", "straight on beside it", "a way that is not known yet: doubt permits",
        "straight on it lets", "a turn beside it", "for other classes", "for this class",
        "of which nobody says where it stands", "of another line", "a sign that says something else",
    ],
)  # fmt: skip
def test_a_plate_that_lets_go_on_red_lets_whom_it_names_go_where_it_says(
    sign: dict[str, Any], where: Any, acts: int
) -> None:
    here = scene(signals=[MAIN], signs=[sign])
    lamps = {"main": history([(0.0, RED)], here, "main")}
    assert len(red_light(drive(here, where, from_s=0, to_s=6), here, lamps)) == acts


@pytest.mark.parametrize(
    "heads", [[MAIN], [MAIN, RIGHT_ARROW], [STRAIGHT, RIGHT_ARROW], [MAIN, MAIN | {"id": "second"}]]
)
@pytest.mark.parametrize("where", [AHEAD, TURNS_RIGHT, VANISHES])
def test_where_no_head_is_red_no_movement_is(heads: list[dict[str, Any]], where: Any) -> None:
    """So the rules need not look at the way, which is the dear part, while all who pass have green."""
    here = scene(signals=heads)
    path, line = drive(here, where, from_s=0, to_s=6), here.stop_lines[0]
    for states in product((RED, GREEN, OFF, UNKNOWN), repeat=len(heads)):
        lamps = {h["id"]: history([(0.0, s)], here, h["id"]) for h, s in zip(heads, states, strict=True)}
        found = governing(here, line, path, 30)
        if not any_red(here, line, lamps, 3.0):
            assert found.red_since(lamps, 3.0) is None
            assert found.only_red(lamps, 3.0) is None


MIXED = MAIN | {"classes": ["motorcycle", "bicycle", "car", "truck"]}
BUSES = MAIN | {"id": "bus", "classes": ["bus"]}


@pytest.mark.parametrize(
    ("other", "share", "acts"),
    [(VehicleClass.BUS, 0.45, 0), (VehicleClass.BUS, 0.05, 1), (VehicleClass.CAR, 0.45, 1)],
    ids=["may be a bus, whose lamp is green", "one box of twenty", "may be a car, which has the same lamp"],
)
def test_of_whom_the_class_is_not_sure_each_classs_lamp_must_be_red(
    other: VehicleClass, share: float, acts: int
) -> None:
    here = scene(signals=[MIXED, BUSES])
    lamps = {name: history([(0.0, state)], here, name) for name, state in (("main", RED), ("bus", GREEN))}
    path = drive(here, AHEAD, from_s=0, to_s=6, cls=VehicleClass.TRUCK)
    path = replace(path, cls_share=1 - share, other_shares={other: share})
    assert len(red_light(path, here, lamps)) == acts


@pytest.mark.parametrize(("share", "acts"), [(0.45, 0), (0.05, 1)])
def test_whom_a_plate_lets_go_if_he_is_of_its_class_is_not_told_when_he_may_be(share: float, acts: int) -> None:
    here = scene(signals=[MAIN], signs=[plate("S.phu-re-phai", classes=["motorcycle"])])
    lamps = {"main": history([(0.0, RED)], here, "main")}
    path = drive(here, TURNS_RIGHT, from_s=0, to_s=6, cls=VehicleClass.BICYCLE)
    path = replace(path, cls_share=1 - share, other_shares={VehicleClass.MOTORCYCLE: share})
    assert len(red_light(path, here, lamps)) == acts


def test_who_creeps_over_the_line_is_still_of_his_lane() -> None:
    """From the lane's end to the line it takes him longer than eight pictures."""
    lanes = [scene().lanes[0].model_dump() | {"movements": ["left"]}, scene().lanes[1].model_dump()]
    here = scene(lanes=lanes, signals=[MAIN])
    path = drive(here, points((0, 200, 450), (3, 200, 309), (6, 200, 295)), from_s=0, to_s=6)
    upto = int((path.contacts[:, 1] < 300).argmax())
    assert not path.lanes["left"].inside[upto - 8 : upto + 1].any()
    assert governing(here, here.stop_lines[0], path, upto).movements == ("left",)


def test_a_head_of_another_lane_does_not_count() -> None:
    here = scene(signals=[MAIN | {"lanes": ["right"]}])
    path = drive(here, points((0, 200, 450), (6, 200, 60)), from_s=0, to_s=6)
    assert governing(here, here.stop_lines[0], path, 20).ids == ()


def test_lane_arrows_narrow_what_the_vehicle_may_be_doing() -> None:
    lanes = [scene().lanes[0].model_dump() | {"movements": ["left"]}, scene().lanes[1].model_dump()]
    here = scene(lanes=lanes)
    path = drive(here, points((0, 200, 450), (4, 200, 200)), from_s=0, to_s=4)
    assert governing(here, here.stop_lines[0], path, 20).movements == ("left",)
