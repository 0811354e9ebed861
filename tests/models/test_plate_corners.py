"""Corners of plates: the view around a box, and the corners of plates drawn in perspective."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plate_corners import INPUT_HEIGHT, INPUT_WIDTH, MARGIN, load_corner_finder, surroundings
from tools.train.plate_drawing import flat_plate

sizes = st.integers(4, 400)


@given(x=st.integers(-50, 300), y=st.integers(-50, 300), width=sizes, height=sizes)
def test_the_view_is_the_surroundings_of_the_box_wherever_it_lies(x: int, y: int, width: int, height: int) -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    box = (float(min(x, 310)), float(min(y, 230)), float(min(x, 310) + width), float(min(y, 230) + height))
    if box[2] <= 1 or box[3] <= 1:
        return  # not in the picture at all: no finder gives such a box
    (corner, size), view = surroundings(image, box)
    assert view.shape == (INPUT_HEIGHT, INPUT_WIDTH, 3)
    assert corner == pytest.approx([box[0] - MARGIN * width, box[1] - MARGIN * height])
    assert size == pytest.approx([width * (1 + 2 * MARGIN), height * (1 + 2 * MARGIN)])


def test_a_spot_in_the_picture_is_at_its_place_in_the_view() -> None:
    for scale in (1, 3):  # large boxes are shrunk on the way
        image = np.zeros((200 * scale, 300 * scale, 3), np.uint8)
        cv2.circle(image, (150 * scale, 90 * scale), 3 * scale, (255, 255, 255), -1)
        box = (100.0 * scale, 60.0 * scale, 220.0 * scale, 140.0 * scale)
        (corner, size), view = surroundings(image, box)
        y, x = np.unravel_index(int(view[..., 0].astype(int).argmax()), view.shape[:2])
        found = corner + (np.array([x, y]) + 0.5) / [INPUT_WIDTH, INPUT_HEIGHT] * size
        assert found == pytest.approx([150 * scale, 90 * scale], abs=4 * scale)


def test_the_corners_of_a_slanted_plate_are_found() -> None:
    rng = np.random.default_rng(3)
    finder = load_corner_finder(threads=1)
    errors = []
    for _ in range(30):
        plate = flat_plate(rng).astype(np.uint8)
        height, width = plate.shape[:2]
        wide = rng.uniform(60, 160)
        base = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * [wide, wide * height / width]
        turn = np.radians(rng.uniform(-12, 12))
        quad = base @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        quad = (quad - quad.min(0) + 60).astype(np.float32)
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        image = np.full((400, 400, 3), 70, np.uint8)
        cv2.warpPerspective(
            plate, cv2.getPerspectiveTransform(corners, quad), (400, 400), image, cv2.INTER_AREA, cv2.BORDER_TRANSPARENT
        )
        box = tuple(float(v) for v in (*quad.min(0), *quad.max(0)))
        found = finder.find(image, (box[0], box[1], box[2], box[3]))
        errors.append(np.linalg.norm(found - quad, axis=1).mean() / wide)
    assert np.median(errors) < 0.03
