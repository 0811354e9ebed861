"""How wide a vehicle stands on the road, when its flank shows too."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.road.near_faces import NearFaces
from edge.road.vehicles import BUILDS
from evidence.acts import VehicleClass
from zones.geometry import Stripe
from zones.schema import GroundPlane, Picture

# Looked at from 6 m above x = 0; the lines of the road meet at (500, 0), a metre at y pixels is y / 6 pixels wide.
GROUND = GroundPlane(
    pixels=((500 - 300, 600), (500 + 300, 600), (500 + 100, 200), (500 - 100, 200)),
    metres=((-3, 10), (3, 10), (3, 30), (-3, 30)),
)
PICTURE = Picture(width=1000, height=800)
STRIPE = Stripe.through([(500, 600), (500, 200)])
CAR = BUILDS[VehicleClass.CAR].widest_m


@pytest.mark.parametrize(
    ("why", "width", "box", "whole"),
    [
        ("in the middle", 1000, (100, 300), True),
        ("7 px from a side: more than 0.6 % of 1000", 1000, (7, 300), True),
        ("5 px: it may be cut off, as boxes tremble", 1000, (5, 300), False),
        ("the same on the right", 1000, (700, 995), False),
        ("of a small picture two pixels, not one", 200, (1.5, 90), False),
        ("of a large one as many more", 4000, (20, 300), False),
    ],
)
def test_what_is_cut_off_at_a_side_of_the_picture(why: str, width: int, box: tuple[float, float], whole: bool) -> None:
    faces = NearFaces(GROUND, Picture(width=width, height=800))
    assert faces.whole(np.array([[box[0], 400, box[1], 600]])).tolist() == [whole], why


def cut_off(
    faces: NearFaces, boxes: NDArray[np.float64], widest_m: NDArray[np.float64], way: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    return faces.of(faces.seen(boxes, widest_m, way), STRIPE)


@pytest.mark.parametrize(
    ("why", "box", "expected"),
    [
        ("a car straight ahead, no wider than it is", (400, 400, 600, 600), (400, 600)),
        ("left of the camera its right flank shows: 3 m, the left two are the car", (100, 400, 400, 600), (100, 305)),
        ("right of the camera its left flank shows", (600, 400, 900, 600), (695, 900)),
    ],
)  # fmt: skip
def test_the_flank_is_cut_off(why: str, box: tuple[float, ...], expected: tuple[float, float]) -> None:
    cut = cut_off(NearFaces(GROUND, PICTURE), np.array([box], dtype=float), np.array([CAR]))[0]
    assert (cut[0], cut[2]) == pytest.approx(expected, abs=1.0)
    assert (cut[1], cut[3]) == (box[1], box[3])


def test_a_box_above_the_horizon_stays_as_it_is() -> None:
    box = np.array([[100.0, -300.0, 400.0, -100.0]])
    assert np.array_equal(cut_off(NearFaces(GROUND, PICTURE), box, np.array([CAR])), box)


def test_a_box_cut_off_at_a_side_of_the_picture_tells_nothing_of_its_width() -> None:
    boxes = np.array([[0.0, 400, 300, 600], [100, 400, 300, 600], [800, 400, 1000, 600]])
    assert NearFaces(GROUND, PICTURE).whole(boxes).tolist() == [False, True, False]


def test_who_drives_aslant_shows_the_flank_that_lies_ahead_of_him() -> None:
    box, moto = np.array([[440.0, 400, 640, 600]]), np.array([BUILDS[VehicleClass.MOTORCYCLE].widest_m])
    faces = NearFaces(GROUND, PICTURE)
    to_the_right, to_the_left, nowhere = (cut_off(faces, box, moto, np.array([w]))[0] for w in (
        (1.0, 2.0), (-1.0, 2.0), (np.nan, np.nan)
    ))  # fmt: skip
    assert (to_the_right[0], to_the_right[2]) == pytest.approx((440, 535), abs=1.0)
    assert (to_the_left[0], to_the_left[2]) == pytest.approx((545, 640), abs=1.0)
    assert np.array_equal(nowhere, cut_off(faces, box, moto)[0])
