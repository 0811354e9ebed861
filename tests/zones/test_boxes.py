"""How much boxes overlap."""

from __future__ import annotations

import numpy as np
import pytest

from zones.boxes import PictureEdge, iou


@pytest.mark.parametrize(
    ("why", "a", "b", "expected"),
    [
        ("the same", (0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ("apart", (0, 0, 10, 10), (20, 0, 30, 10), 0.0),
        ("edge to edge", (0, 0, 10, 10), (10, 0, 20, 10), 0.0),
        ("half of each: 50 of 150", (0, 0, 10, 10), (5, 0, 15, 10), 1 / 3),
        ("one within the other: a quarter", (0, 0, 10, 10), (2, 2, 7, 7), 0.25),
        ("no size at all", (1, 1, 1, 1), (1, 1, 1, 1), 0.0),
    ],
)
def test_intersection_over_union(why: str, a: tuple[float, ...], b: tuple[float, ...], expected: float) -> None:
    assert iou(np.array([a], float), np.array([b], float))[0, 0] == pytest.approx(expected), why


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_every_pair_in_the_type_of_the_boxes(kind: type[np.floating]) -> None:
    a, b = np.zeros((3, 4), kind), np.ones((2, 4), kind)
    assert (iou(a, b).shape, iou(a, b).dtype) == ((3, 2), kind)
    assert iou(a[:0], b).shape == (0, 2)


def test_the_edge_of_a_picture_lies_as_far_inside_on_each_side() -> None:
    assert PictureEdge.of(640, 480, 2.5) == (2.5, 2.5, 637.5, 477.5)
