"""What a small picture is worth in the place of a large one, and which main picture shows its moment."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.picture import BgrPicture, Image
from edge.road.region import RegionMargins
from edge.substream.margins import SubstreamMargins
from edge.substream.matching import match, thumb_of
from edge.substream.offset import Offset
from edge.substream.steadiness import Steadiness
from edge.substream.stretched import StretchedPicture
from edge.substream.view import too_small
from evidence.wire import SubstreamHealth
from tests.edge.street import HEIGHT, WIDTH, at_rest, drives, picture, street

M = SubstreamMargins()


# ---- a small picture in the place of a large one


def test_a_small_picture_answers_in_the_pixels_of_the_large_one() -> None:
    large = picture(0, [(200, 300)], "red", at_rest(0))
    for size in ((320, 240), (352, 200)):
        small = np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.uint8)
        shown = StretchedPicture(BgrPicture(small), WIDTH, HEIGHT)
        whole = shown.image()
        assert whole.shape == large.shape
        for part in ((180, 240, 220, 300), (0, 0, 31, 17), (611, 471, 640, 480)):
            x1, y1, x2, y2 = part
            made = shown.part(*part)
            assert made.shape == (y2 - y1, x2 - x1, 3)
            assert np.abs(made.astype(int) - whole[y1:y2, x1:x2]).mean() < 3
            assert shown.scaled(*part, 20, 10).shape == (10, 20, 3)
        for step in (1, 2, 5):
            assert shown.sparse_light(step).shape == (-(-HEIGHT // step), -(-WIDTH // step))
        assert not np.array_equal(
            shown.light_rows(8, 16), StretchedPicture(BgrPicture(small + 1), 640, 480).light_rows(8, 16)
        )


def test_a_region_of_it_is_right_to_half_a_pixel_of_what_is_asked_for() -> None:
    large = np.zeros((480, 640, 3), np.uint8)
    large[200:280, 300:340] = 255
    small = np.asarray(cv2.resize(large, (352, 200), interpolation=cv2.INTER_AREA), np.uint8)
    made = StretchedPicture(BgrPicture(small), 640, 480).scaled(101, 103, 501, 403, 400, 300)
    ys, xs = np.nonzero(made[..., 0] > 127)
    assert abs(xs.mean() - (319.5 - 101)) < 1.5
    assert abs(ys.mean() - (239.5 - 103)) < 2.5


# ---- which picture shows a moment


def _thumbs(at_s: list[float], x: float = 200) -> list[Image]:
    way = drives(5.0, x)
    return [
        thumb_of(BgrPicture(picture(i, [p] if (p := way(t)) else [], "red", at_rest(t)))) for i, t in enumerate(at_s)
    ]


TIMES = [4.0 + i / 10 for i in range(10)]


def test_the_picture_of_a_moment_is_told_by_what_moves_and_not_by_its_time() -> None:
    (seen,) = _thumbs([4.3])
    found = match(seen, _thumbs(TIMES), TIMES, 4.6, M)
    assert found is not None
    assert (found.index, found.sure, found.alone, found.moves) == (3, True, True, True)


def test_where_nothing_moves_the_nearest_is_right() -> None:
    found = match(_thumbs([20.0])[0], _thumbs([20.0 + t for t in TIMES]), TIMES, 4.62, M)
    assert found is not None
    assert (found.index, found.sure, found.alone, found.moves) == (6, True, False, False)


@pytest.mark.parametrize(
    "seen",
    [_thumbs([4.3], 420)[0], _thumbs([5.6])[0], np.full_like(_thumbs([4.3])[0], 90)],
    ids=["another vehicle in its place", "a moment beyond those at hand", "no picture of this street"],
)
def test_what_no_picture_shows_is_never_surely_found(seen: Image) -> None:
    found = match(seen, _thumbs(TIMES), TIMES, 4.5, M)
    assert found is not None
    assert not found.sure


# ---- how the streams' times stand to each other


def test_the_difference_is_measured_followed_slowly_and_leaps_only_when_several_say_so() -> None:
    offset = Offset(0.0, M)
    assert not offset.measured(0.4)
    assert (offset.shift_s, offset.known) == (0.0, False)
    assert offset.measured(0.42), "two that agree: the line leaps"
    assert offset.known
    assert offset.shift_s == pytest.approx(0.41)
    assert not offset.measured(-1.0), "one alone is chance"
    assert offset.shift_s == pytest.approx(0.41, abs=M.slew_s)
    for _ in range(20):
        before_s = offset.shift_s
        assert not offset.measured(0.5)
        assert abs(offset.shift_s - before_s) <= M.slew_s + 1e-9
    assert offset.shift_s == pytest.approx(0.5, abs=0.01)
    assert offset.residual_s == pytest.approx(0.0, abs=0.01)
    offset.measured(-0.3)
    assert offset.measured(-0.31)
    assert offset.shift_s == pytest.approx(-0.305)


def _stands(shifts_s: list[float], every_s: float = 2.0) -> SubstreamHealth:
    offset, steadiness = Offset(0.0, M), Steadiness()
    for number, shift_s in enumerate(shifts_s):
        offset.measured(shift_s)
        steadiness.measured(offset, number * every_s)
    return steadiness.health


@pytest.mark.parametrize(
    ("shifts_s", "state"),
    [
        ([0.4], "measuring"),
        ([0.4, 0.44] * 20, "steady"),
        ([0.4 + 0.02 * (i % 5) for i in range(40)], "steady"),
        ([0.4] * 9 + [1.7] + [0.4] * 9, "steady"),
        ([0.002 * i for i in range(300)], "wanders"),
        ([0.4] * 9 + [-0.2] * 9, "wanders"),
        ([0.4, 0.41, *([0.0, 0.8] * 8)], "scatters"),
    ],
    ids=["one alone", "rates of both", "noise of a picture", "one wrong", "a clock of its own", "a leap", "by luck"],
)
def test_whoever_tends_the_box_is_told_when_the_streams_do_not_stay_as_they_stood(
    shifts_s: list[float], state: str
) -> None:
    health = _stands(shifts_s)
    assert health.state == state
    assert (health.offset_s is None) == (state == "measuring")


def test_a_stream_that_was_opened_again_has_not_wandered() -> None:
    offset, steadiness = Offset(0.0, M), Steadiness()
    for shift_s in (0.4, -0.9):
        offset.lost()
        steadiness.begun_anew()
        assert steadiness.health.state == "measuring"
        for number in range(4):
            offset.measured(shift_s)
            steadiness.measured(offset, 2.0 * number)
        assert (steadiness.health.state, steadiness.health.offset_s) == ("steady", shift_s)


def test_what_wandered_long_ago_is_not_told_any_more() -> None:
    assert _stands([0.4] * 9 + [-0.2] * 9, every_s=5.0).state == "wanders"
    assert _stands([0.4] * 9 + [-0.2] * 40, every_s=20.0).state == "steady"


# ---- what a small stream must be


@pytest.mark.parametrize(
    ("size", "told"),
    [((320, 240), ""), ((640, 360), ""), ((160, 120), "vehicles are too small"), ((60, 44), "a lens is 1.6 px wide")],
)
def test_a_stream_that_shows_too_little_is_refused_in_a_line_with_the_remedy(size: tuple[int, int], told: str) -> None:
    said = too_small(street(), size, 416, M, RegionMargins())
    assert told in said
    assert bool(said) == bool(told)
    if said:
        assert f"{size[0]} x {size[1]}" in said
        wide, high = (int(n) for n in said.partition("set it to ")[2].partition(" or")[0].split(" x "))
        assert too_small(street(), (wide, high), 416, M, RegionMargins()) == "", "the remedy is one"
