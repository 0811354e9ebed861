"""Which packets followed one vehicle on one drive: by the way that both wrote down, never by plate or number alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.cases.one_drive import MARGINS, Stated, Way, contradictions, one_drive
from evidence.packet import Box
from tests.central.build import NOW

CAMERA = ("giao-lo-1", "cam-1")


def drive(frames: range, *, fps: float = 12.5, x: float = 100.0, step: float = 6.0) -> list[tuple[int, float, Box]]:
    """A vehicle that crosses the picture: its whole way."""
    return [(f, f / fps, (x + step * f, 200.0, x + step * f + 90.0, 260.0)) for f in frames]


def way(points: list[tuple[int, float, Box]], **changes: Any) -> Way:
    return replace(Way(CAMERA, 7, NOW, tuple(points)), **changes)


WHOLE = drive(range(100, 160))
EARLY, LATE = way(WHOLE[:40]), way(WHOLE[25:])
BESIDE = way(drive(range(125, 160), x=400.0))
CASES = [
    pytest.param(EARLY, LATE, True, id="two acts, fifteen observations in both"),
    pytest.param(EARLY, replace(LATE, track=8), False, id="another number"),
    pytest.param(EARLY, replace(LATE, camera=("giao-lo-1", "cam-2")), False, id="another camera"),
    pytest.param(EARLY, replace(LATE, camera=("giao-lo-2", "cam-1")), False, id="another box"),
    pytest.param(EARLY, BESIDE, False, id="the number again, in the same pictures at another place"),
    pytest.param(EARLY, replace(LATE, began=NOW + timedelta(minutes=3)), False, id="the same way in another run"),
    pytest.param(EARLY, replace(LATE, began=NOW + timedelta(seconds=0.5)), True, id="dated by the camera, then not"),
    pytest.param(way(WHOLE[:30]), way(WHOLE[30:]), False, id="no way in common: the box may have begun to count anew"),
    pytest.param(way(WHOLE[:32]), way(WHOLE[30:]), False, id="too few in common"),
    pytest.param(way(WHOLE[::2]), way(WHOLE[1::2]), True, id="thinned out, no picture in both, one on the other"),
    pytest.param(way(WHOLE[::2]), way(WHOLE[1::2], time_sure=False), False, id="the same, and the clock is doubtful"),
    pytest.param(way(WHOLE[::2]), way(drive(range(101, 160, 2), x=400.0)), False, id="thinned out, beside each other"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "one"), CASES)
def test_which_two_packets_are_of_one_drive(a: Way, b: Way, *, one: bool) -> None:
    assert one_drive(a, b) is one
    assert one_drive(b, a) is one


@st.composite
def ways(draw: st.DrawFn) -> list[tuple[int, float, Box]]:
    """Any way of any vehicle: observations with gaps, boxes that jump about, as long as a track may be."""
    frames = sorted(draw(st.sets(st.integers(0, 400), min_size=3, max_size=40)))
    corner = st.floats(0, 1800).map(lambda v: round(v, 1))
    size = st.floats(20, 400).map(lambda v: round(v, 1))
    found = []
    for frame in frames:
        x, y, w, h = draw(st.tuples(corner, corner, size, size))
        found.append((frame, round(frame / 25, 4), (x, y, x + w, y + h)))
    return found


@given(whole=ways(), data=st.data())
def test_two_acts_that_share_enough_of_a_way_are_one_drive_whatever_the_way(
    whole: list[tuple[int, float, Box]], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(whole) - MARGINS.shared_points))
    last = data.draw(st.integers(first + MARGINS.shared_points, len(whole)))
    a, b = way(whole[:last]), way(whole[first:])
    assume_runs = whole[last - 1][1] > 0
    assert one_drive(a, b) is one_drive(b, a) is assume_runs


@given(one=ways(), other=ways(), pause_s=st.floats(0.001, 4000), ended_s=st.floats(0, 60))
def test_a_number_that_is_given_again_in_another_run_joins_nobody(
    one: list[tuple[int, float, Box]], other: list[tuple[int, float, Box]], pause_s: float, ended_s: float
) -> None:
    """The other run begins after the last picture of the first, even with the very same way in it."""
    began = NOW + timedelta(seconds=one[-1][1] + ended_s + pause_s)
    for later in (other, one):
        a, b = way(one), way(later, began=began)
        assert not one_drive(a, b)
        assert not one_drive(b, a)


@given(one=ways(), other=ways(), pause=st.integers(1, 5000))
def test_a_number_that_is_given_again_in_the_same_run_joins_nobody(
    one: list[tuple[int, float, Box]], other: list[tuple[int, float, Box]], pause: int
) -> None:
    """After a fault of the pipeline a box counts from one again while its stream goes on: the first is gone by then."""
    shift = one[-1][0] + pause
    later = [(frame + shift, round((frame + shift) / 25, 4), box) for frame, _, box in other]
    assert not one_drive(way(one), way(later))
    assert not one_drive(way(later), way(one))


@given(one=ways(), other=ways())
def test_of_two_vehicles_seen_in_the_same_pictures_nothing_is_joined(
    one: list[tuple[int, float, Box]], other: list[tuple[int, float, Box]]
) -> None:
    """Whatever the clocks say: in some picture the number bore two boxes."""
    boxes = {frame: box for frame, _, box in one}
    if any(frame in boxes and boxes[frame] != box for frame, _, box in other):
        assert not one_drive(way(one), way(other))


SAID = Stated("41", "36A12345", "white", "car")


@pytest.mark.parametrize(
    ("other", "found"),
    [
        pytest.param(SAID, (), id="the same"),
        pytest.param(replace(SAID, plate="36A12346"), ("drive_plate:41",), id="another plate"),
        pytest.param(replace(SAID, colour="yellow"), ("drive_plate:41",), id="the same text in another colour"),
        pytest.param(replace(SAID, colour="unknown"), (), id="a colour that was not seen contradicts nothing"),
        pytest.param(replace(SAID, plate=None), (), id="nor does a plate that was not read"),
        pytest.param(replace(SAID, plate=None, kind="motorcycle"), ("drive_kind:41",), id="another kind of vehicle"),
        pytest.param(
            replace(SAID, plate="36B12345", kind="motorcycle"), ("drive_plate:41", "drive_kind:41"), id="both"
        ),
    ],
)  # fmt: skip
def test_what_two_acts_of_one_vehicle_contradict(other: Stated, found: tuple[str, ...]) -> None:
    assert contradictions(SAID, other) == found
    assert contradictions(replace(other, mark="41"), SAID) == found
