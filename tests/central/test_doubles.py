"""The same plate twice: which pairs cannot be one vehicle, whatever came first; and what of a plate does not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.cases.doubles import Position, Sighting, between, doubts_of, same_plate
from central.cases.fitting import OnRegister, misfits
from evidence.packet import Box
from tests.central.build import NOW

HERE, NEAR, FAR = Position(19.8067, 105.7852), Position(19.8091, 105.7852), Position(19.2667, 105.7000)
"""A junction, one 270 m north of it, a town 61 km to the south."""
CAR = Sighting(1, "36A12345", "white", "car", "car", NOW, ("box-1", "cam-1"), HERE)
OTHER = replace(CAR, number=2, camera=("box-2", "cam-1"), position=FAR)


def seen(**changes: Any) -> Sighting:
    return replace(OTHER, **changes)


@pytest.mark.parametrize(
    ("why", "other", "doubts"),
    [
        ("61 km in 20 minutes and a bit: 180 km/h", seen(at=NOW + timedelta(minutes=20)), ("too_fast",)),
        ("61 km in 21 minutes: a fast driver on a motorway, say", seen(at=NOW + timedelta(minutes=21)), ()),
        ("61 km at the same second", seen(), ("too_fast",)),
        ("the same, the other one first", seen(at=NOW - timedelta(minutes=5)), ("too_fast",)),
        ("270 m at the same second: the pins may be off by so much", seen(position=NEAR), ()),
        ("where one of them stands is not known", seen(position=None), ()),
        ("at the same camera again, a minute later", seen(camera=CAR.camera, at=NOW + timedelta(minutes=1)), ()),
        ("a reading that is not sure holds nobody", seen(plate_sure=False), ()),
        ("a clock that is not sure says nothing of time", seen(time_sure=False), ()),
        ("a motorcycle with the plate of a car", seen(vehicle_class="motorcycle", at=NOW + timedelta(days=30)),
         ("other_vehicle",)),
        ("half of its votes were for a car", seen(vehicle_class="motorcycle", class_share=0.5, position=HERE), ()),
        ("the detector takes buses for lorries", seen(vehicle_class="bus", position=HERE), ()),
        ("wrong in both ways", seen(vehicle_class="motorcycle"), ("too_fast", "other_vehicle")),
    ],
)  # fmt: skip
def test_what_cannot_be_one_vehicle(why: str, other: Sighting, doubts: tuple[str, ...]) -> None:
    assert between(CAR, other).doubts == doubts, why
    assert between(other, CAR) == between(CAR, other)


def drive(x: float, *, start_s: float = 0.0, seconds: float = 3.0) -> tuple[tuple[Any, Box], ...]:
    """A box of 100 x 80 going down the picture at `x`, seen ten times a second."""
    steps = range(int(seconds * 10) + 1)
    return tuple((NOW + timedelta(seconds=start_s + n / 10), (x, 20.0 * n, x + 100, 20.0 * n + 80)) for n in steps)


@pytest.mark.parametrize(
    ("why", "one", "two", "at_once"),
    [
        ("two lanes apart, side by side for three seconds", drive(0), drive(400), True),
        ("boxes on one vehicle", drive(0), drive(60), False),
        ("a track that broke: the next one begins where it ends", drive(0), drive(400, start_s=2.8), False),
        ("one after the other", drive(0), drive(400, start_s=10), False),
        ("they meet: one vehicle seen twice for a while", drive(0), (*drive(400)[:15], *drive(0)[15:]), False),
    ],
)
def test_two_vehicles_at_once_before_one_camera(why: str, one: Any, two: Any, at_once: bool) -> None:
    pair = replace(CAR, way=one), seen(camera=CAR.camera, way=two)
    assert between(*pair).at_once is at_once, why
    assert between(*reversed(pair)).at_once is at_once, why
    assert not between(pair[0], replace(pair[1], camera=("box-2", "cam-2"))).at_once, "another camera, another clock"


@pytest.mark.parametrize(
    ("why", "one", "two", "same"),
    [
        ("text, colour and kind", {}, {}, True),
        ("another text", {}, {"plate": "36A12346"}, False),
        ("the colour of one is not known", {"colour": "unknown"}, {}, True),
        ("white and yellow are two plates", {"colour": "yellow"}, {}, False),
        ("a form of motorcycles alone", {"plate": "36AB12345"}, {"plate": "36AB12345", "kind": "motorcycle"}, True),
        ("29H-112.34 and 29-H1 1234 both exist", {"plate": "29H11234"},
         {"plate": "29H11234", "kind": "motorcycle"}, False),
    ],
)  # fmt: skip
def test_which_is_one_plate(why: str, one: dict[str, str], two: dict[str, str], same: bool) -> None:
    a, b = replace(CAR, **one), replace(OTHER, **two)
    assert same_plate(a, b) is same, why
    assert same_plate(b, a) is same, why


sightings = st.builds(
    Sighting,
    number=st.integers(1, 30),
    plate=st.sampled_from(["36A12345", "29H11234", "36B112345"]),
    colour=st.sampled_from(["white", "yellow", "unknown"]),
    kind=st.sampled_from(["car", "motorcycle"]),
    vehicle_class=st.sampled_from(["car", "bus", "motorcycle", "bicycle"]),
    at=st.integers(0, 7200).map(lambda s: NOW + timedelta(seconds=s)),
    camera=st.sampled_from([("box-1", "cam-1"), ("box-1", "cam-2"), ("box-2", "cam-1")]),
    position=st.sampled_from([None, HERE, NEAR, FAR]),
    plate_sure=st.booleans(),
    time_sure=st.booleans(),
    class_share=st.floats(0, 1),
    way=st.sampled_from([(), drive(0), drive(400), drive(60, start_s=1)]),
)


@given(st.lists(sightings, max_size=6, unique_by=lambda s: s.number), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter_and_doubt_is_mutual(found: list[Sighting], chance: Any) -> None:
    mixed = list(found)
    chance.shuffle(mixed)
    told = {one.number: doubts_of(one, found) for one in found}
    assert told == {one.number: doubts_of(one, mixed) for one in mixed}
    pairs = {(number, *doubt.split(":")) for number, doubts in told.items() for doubt in doubts}
    assert pairs == {(int(other), code, str(number)) for number, code, other in pairs}


@given(sightings, sightings)
def test_nobody_is_held_for_what_is_not_sure(a: Sighting, b: Sighting) -> None:
    assert between(replace(a, plate_sure=False), b).doubts == ()


WHITE = OnRegister("white", "car")


@pytest.mark.parametrize(
    ("why", "changes", "register", "codes"),
    [
        ("all fits", {}, [WHITE], ()),
        ("the register lacks it: told as an owner who is not known", {}, [], ()),
        ("a text that is no plate", {"plate": "36QQ1"}, [], ("plate_form",)),
        ("a motorcycle's form on a car", {"plate": "36B112345"}, [], ("plate_kind",)),
        ("a special vehicle's series on what is called a car", {"plate": "36CD12345"}, [], ("plate_kind",)),
        ("and on a special vehicle", {"plate": "36CD12345", "kind": "special", "vehicle_class": "truck"}, [], ()),
        ("a trailer's plate: whoever draws it bears another", {"plate": "36RM12345"}, [], ("plate_kind",)),
        ("a trailer's old plate", {"plate": "36R12345"}, [], ("plate_kind",)),
        ("a lorry seen, a motorcycle decided", {"plate": "36B112345", "kind": "motorcycle", "vehicle_class": "truck"},
         [], ("seen_kind",)),
        ("the same, but half the votes were for a motorcycle",
         {"plate": "36B112345", "kind": "motorcycle", "vehicle_class": "truck", "class_share": 0.5}, [], ()),
        ("series of blue plates end with M", {"plate": "36V12345", "colour": "blue"}, [], ("plate_ground",)),
        ("the colour was not seen", {"plate": "36V12345", "colour": "unknown"}, [OnRegister("white", "car")], ()),
        ("registered yellow, seen white", {}, [OnRegister("yellow", "car")], ("register_colour",)),
        ("two vehicles of one text: one fits", {"plate": "29H11234"}, [OnRegister("white", "motorcycle"), WHITE], ()),
        ("registered as a motorcycle", {"plate": "29H11234"}, [OnRegister("white", "motorcycle")], ("register_kind",)),
    ],
)  # fmt: skip
def test_what_of_a_plate_does_not_fit(
    why: str, changes: dict[str, Any], register: list[OnRegister], codes: tuple[str, ...]
) -> None:
    assert misfits(replace(CAR, **changes), register) == codes, why
