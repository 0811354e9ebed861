"""Pictures of one camera are told from those of another by what stands still in them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tools.train.cameras import SAME, agreeing, background, cameras, listed
from tools.train.data import Sample
from tools.train.vehicles import SHARED, of_unseen_cameras

Traffic = list[tuple[int, int, int, int]]


def street(seed: int) -> NDArray[np.uint8]:
    """Houses, signs and markings: boxes of all sizes and tones."""
    rng = np.random.default_rng(seed)
    picture = np.full((300, 400, 3), 110, np.uint8)
    for _ in range(90):
        x, y, wide, tall = (int(v) for v in rng.integers((0, 0, 8, 8), (390, 290, 50, 50)))
        cv2.rectangle(picture, (x, y), (x + wide, y + tall), rng.integers(0, 255, 3).tolist(), -1)
    return picture


def seen(place: NDArray[np.uint8], traffic: Traffic, seed: int, shift: tuple[int, int] = (0, 0)) -> Sample:
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float64)
    picture = cv2.warpAffine(place, matrix, (400, 300), borderMode=cv2.BORDER_REFLECT)
    rng = np.random.default_rng(seed)
    for x0, y0, x1, y1 in traffic:
        picture[y0:y1, x0:x1] = cv2.resize(
            rng.integers(0, 255, (6, 6, 3), np.uint8), (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST
        )
    boxes = np.array(traffic, np.float32).reshape(-1, 4)
    return Sample(f"set/{seed}.jpg", np.asarray(picture, np.uint8), boxes, np.zeros(len(traffic), np.int64))


def test_other_traffic_before_the_same_camera_is_the_same_camera() -> None:
    here, there = street(1), street(2)
    pictures = [
        seen(here, [(40, 60, 120, 140)], 11),
        seen(there, [(40, 60, 120, 140)], 11),  # the same vehicle elsewhere
        seen(here, [(200, 150, 300, 260), (10, 200, 60, 280)], 12, shift=(4, -3)),  # a mast in the wind
        seen(there, [], 13),
        seen(street(3), [], 14),
    ]
    assert cameras(pictures) == [0, 1, 0, 1, 2]


def test_vehicles_themselves_do_not_make_two_pictures_one() -> None:
    crowd = [(20, 20, 190, 280), (210, 20, 380, 280)]
    first, second = seen(street(5), crowd, 21), seen(street(6), crowd, 21)
    assert agreeing(background(first), background(second)) < SAME
    unlabelled = [replace(item, boxes=np.zeros((0, 4), np.float32)) for item in (first, second)]
    assert agreeing(*map(background, unlabelled)) >= SAME


def test_a_picture_without_any_corner_is_a_camera_of_its_own() -> None:
    blank = Sample("a", np.full((200, 200, 3), 90, np.uint8), np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
    assert cameras([blank, seen(street(7), [], 31), blank]) == [0, 1, 2]


def test_a_picture_is_unseen_only_where_its_camera_gave_none_to_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.train.vehicles.listed", lambda: {"set/1": 0, "set/2": 0, "set/3": 1, "set/4": 2})
    held = [replace(seen(street(8), [], 0), name=name) for name in ("set/2", "set/3", "set/9")]
    train = [replace(held[0], name="set/1"), replace(held[0], name="drawn/1")]
    assert [item.name for item in of_unseen_cameras(held, train)] == ["set/3"]


@pytest.mark.footage("train")
def test_every_labelled_picture_has_a_camera() -> None:
    camera = listed()
    for folder in ("vehicles_vn_lanes", "vehicles_cc_by"):
        paths = list((SHARED / "train" / folder / "images").rglob("*.jpg"))
        assert paths
        assert {f"{folder}/{path.name}" for path in paths} <= camera.keys()
    roads = {number for name, number in camera.items() if name.startswith("vehicles_vn_lanes/")}
    assert len(roads) < 200  # 850 pictures, each camera's many times over
