"""Sides, straddling, areas and metres: tables whose rows say what they show, and properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zones.geometry import (
    DirectedLine,
    GroundMap,
    Stripe,
    area,
    bottom_centres,
    points_in_polygon,
    progress,
    side_by_side,
    stripes_of,
)
from zones.schema import GroundPlane, Marking, StopLine

FLAT = [(100.0, 200.0), (300.0, 200.0)]
BENT = [(10.0, 330.0), (200.0, 345.0), (400.0, 355.0), (560.0, 366.0)]
PEAK = [(0.0, 100.0), (100.0, 0.0), (200.0, 100.0)]
"""A sharp bend: outside its tip the nearest segment alone gives the wrong side for some points."""

coordinate = st.floats(-2000, 2000).map(lambda v: round(v, 3))
point = st.tuples(coordinate, coordinate)


def beside(points: list[tuple[float, float]], positive: tuple[float, float]) -> DirectedLine:
    return DirectedLine.of_stop_line(StopLine(id="a", points=points, forward=positive))


@pytest.mark.parametrize(
    ("shows", "points", "forward", "where", "distance", "within"),
    [
        ("past a flat line", FLAT, (200, 0), (150, 190), 10, True),
        ("before a flat line", FLAT, (200, 0), (150, 215), -15, True),
        ("forward on the other side turns the signs", FLAT, (200, 400), (150, 215), 15, True),
        ("order of the points does not matter", FLAT[::-1], (200, 0), (150, 190), 10, True),
        ("on the line is neither", FLAT, (200, 0), (150, 200), 0, True),
        ("past the extension, beside the paint", FLAT, (200, 0), (320, 190), 10, False),
        ("at the very end", FLAT, (200, 0), (300, 190), 10, True),
        ("vertical line", [(50, 0), (50, 100)], (90, 50), (70, 20), 20, True),
        ("outside the tip of a bend", PEAK, (100, -50), (100, -10), 10, True),
        ("outside the tip, left of it", PEAK, (100, -50), (95, -20), math.hypot(5, 20), True),
        ("inside a bend", PEAK, (100, -50), (100, 50), -50 / math.sqrt(2), True),
    ],
)
def test_side_and_extent_of_a_stop_line(shows, points, forward, where, distance, within):
    reading = beside(points, forward).read([where])
    assert reading.distance_px[0] == pytest.approx(distance, abs=1e-6), shows
    assert bool(reading.within[0]) is within, shows


def test_tolerance_widens_the_extent_at_both_ends():
    line = beside(FLAT, (200, 0))
    points = [(90, 190), (310, 190), (88, 190)]
    assert line.read(points).within.tolist() == [False, False, False]
    assert line.read(points, tolerance_px=10).within.tolist() == [True, True, False]


def test_foot_is_measured_from_the_first_point():
    assert beside(FLAT, (200, 0)).read([(90, 0), (150, 0), (320, 0)]).along_px == pytest.approx([-10, 50, 220])


def test_a_doubled_point_does_no_harm_and_a_line_without_length_is_refused():
    assert beside([FLAT[0], *FLAT], (200, 0)).distance([(150, 190)])[0] == pytest.approx(10)
    with pytest.raises(ValueError, match="two different points"):
        DirectedLine.between([(1, 1), (1, 1)])


@given(st.lists(point, min_size=1, max_size=30))
def test_many_points_at_once_read_as_each_alone(points):
    line = beside(BENT, (300, 200))
    together = line.distance(points)
    assert together == pytest.approx([line.distance([p])[0] for p in points])


@given(point)
def test_turning_the_direction_turns_the_sign_only(where):
    ahead, back = beside(BENT, (300, 200)), beside(BENT, (300, 460))
    assert ahead.distance([where])[0] == pytest.approx(-back.distance([where])[0])


@given(point, st.floats(0.05, 20), st.floats(-300, 300), st.floats(-300, 300))
def test_scaling_and_moving_the_picture_scales_the_distance(where, factor, dx, dy):
    line = beside(BENT, (300, 200))
    moved = [(x * factor + dx, y * factor + dy) for x, y in [*BENT, where, (300, 200)]]
    assert beside(moved[:-2], moved[-1]).distance([moved[-2]])[0] == pytest.approx(
        line.distance([where])[0] * factor, rel=1e-5, abs=1e-4
    )


@pytest.mark.parametrize(
    ("shows", "box", "positive", "least", "within"),
    [
        ("wholly right of it", (110, 0, 150, 50), 0.0, 0.0, True),
        ("wholly left of it", (50, 0, 90, 50), 1.0, 0.0, True),
        ("half and half", (80, 0, 120, 50), 0.5, 0.5, True),
        ("a tenth over", (90, 0, 190, 50), 0.1, 0.1, True),
        ("a bent line: where it passes at the height of the wheels", (100, 0, 200, 150), 0.5, 0.5, True),
        ("beyond the paint", (240, 0, 280, 260), 0.5, 0.5, False),
    ],
)
def test_share_of_a_vehicle_on_each_side_of_a_stripe(shows, box, positive, least, within):
    stripe = Stripe.through([(100, 0), (100, 100), (200, 200)])
    straddle = stripe.straddle([box])
    assert (straddle.positive[0], straddle.least[0]) == pytest.approx((positive, least)), shows
    assert bool(straddle.within[0]) is within, shows


def test_the_positive_side_of_a_stripe_is_right_of_its_direction():
    """In the picture `y` runs down: right of what runs down is the left of the picture."""
    down, up = Stripe.through([(100, 0), (100, 100)]), Stripe.through([(100, 100), (100, 0)])
    boxes = [(30, 0, 70, 50), (130, 0, 170, 50)]
    assert down.straddle(boxes).positive.tolist() == [1, 0]
    assert up.straddle(boxes).positive.tolist() == [0, 1]


@given(st.floats(-50, 250), st.floats(0, 300), st.floats(1, 100))
def test_the_shares_of_both_directions_make_one(x, y, width):
    points = [(100.0, 0.0), (110.0, 100.0), (200.0, 200.0)]
    box = [(x, 0, x + width, y)]
    there, back = Stripe.through(points).straddle(box), Stripe.through(points[::-1]).straddle(box)
    assert there.positive[0] + back.positive[0] == pytest.approx(1)
    assert there.least[0] == pytest.approx(back.least[0], abs=1e-9)


def test_a_double_line_has_two_stripes():
    one = Marking(id="m", kind="1.2", points=[(0, 0), (0, 9)])
    two = Marking(id="m", kind="1.3", points=[(0, 0), (0, 9)], second=[(3, 0), (3, 9)])
    assert (len(stripes_of(one)), len(stripes_of(two))) == (1, 2)


def test_inside_an_area_its_edge_belongs_to_it():
    triangle = [(0.0, 0.0), (100.0, 0.0), (0.0, 100.0)]
    points = [(10, 10), (0, 50), (100, 0), (60, 60), (-1, 5)]
    assert points_in_polygon(points, triangle).tolist() == [True, True, True, False, False]
    assert points_in_polygon(points, area(triangle)).tolist() == [True, True, True, False, False]
    assert points_in_polygon(np.empty((0, 2)), triangle).tolist() == []


def test_progress_falls_for_who_drives_against_the_direction():
    travel = progress([(0, 100), (10, 60), (0, 20)], ((50, 50), (50, 150)))
    assert travel == pytest.approx([50, 10, -30])


def test_ground_contact_is_the_middle_of_the_bottom_edge():
    assert bottom_centres([(10, 20, 30, 80)]).tolist() == [[20, 80]]


ROAD = GroundPlane(
    pixels=((200, 300), (440, 300), (600, 470), (40, 470)),
    metres=((0, 20), (7, 20), (7, 0), (0, 0)),
)


def test_ground_plane_maps_its_own_points_and_back():
    ground = GroundMap.of(ROAD)
    assert ground.to_metres(ROAD.pixels) == pytest.approx(np.array(ROAD.metres), abs=1e-3)
    assert ground.to_pixels(ROAD.metres) == pytest.approx(np.array(ROAD.pixels), abs=1e-2)


def test_a_point_above_the_horizon_has_no_place_on_the_road():
    assert np.isnan(GroundMap.of(ROAD).to_metres([(320, 10)])).all()


@given(st.floats(0, 7), st.floats(0, 20))
def test_metres_to_pixels_and_back_is_the_same_place(x, y):
    ground = GroundMap.of(ROAD)
    assert ground.to_metres(ground.to_pixels([(x, y)]))[0] == pytest.approx((x, y), abs=1e-3)


@given(
    drawn=st.sampled_from([FLAT, BENT, PEAK]),
    groups=st.lists(st.lists(point, min_size=1, max_size=9), min_size=1, max_size=4),
    tolerance=st.floats(0, 50),
)
def test_points_asked_together_are_told_as_points_asked_apart_to_the_last_bit(
    drawn: list[tuple[float, float]], groups: list[list[tuple[float, float]]], tolerance: float
) -> None:
    line = DirectedLine.between(drawn)
    together = line.read([each for group in groups for each in group], tolerance_px=tolerance)
    apart = [line.read(group, tolerance_px=tolerance) for group in groups]
    for name in ("distance_px", "along_px", "within"):
        told = np.concatenate([getattr(each, name) for each in apart])
        assert np.array_equal(getattr(together, name), told)
    columns = np.array([each for group in groups for each in group]).T
    assert np.array_equal(side_by_side(*columns), np.stack(list(columns), axis=1))
