"""Where the fixed parts of a picture lie: by day, at dusk and at night, with traffic, knocked, turned and zoomed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.types import Image
from edge.watch.registration import (
    Registration,
    counted_points,
    patches_of,
    register,
    small_grey,
)
from edge.watch.registration_margins import RegistrationMargins
from tests.edge.roads import scene
from tests.edge.street import LENSES, street
from zones.load import load_scene

CLIPS = Path(__file__).parents[2] / "tools" / "clips"
M = RegistrationMargins()
SIZE = (960, 540)


@cache
def picture(clip: str, index: int = 0) -> Image:
    """One view of ours, half as large: three clips show it by day, at dusk and at night."""
    film = cv2.VideoCapture(str(CLIPS / f"{clip}.mp4"))
    for _ in range(index):
        film.grab()
    return np.asarray(cv2.resize(film.read()[1], SIZE, interpolation=cv2.INTER_AREA), np.uint8)


def moved(dx: float, dy: float, turn_deg: float = 0.0, zoom: float = 1.0) -> NDArray[np.float64]:
    matrix = np.asarray(cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), turn_deg, zoom), np.float64)
    matrix[:, 2] += (dx, dy)
    return matrix


def found(reference: Image, now: Image) -> tuple[Registration | None, NDArray[np.float32]]:
    drawn = load_scene(CLIPS / "demo.yaml").scene
    points, limits = counted_points(drawn, 3.0, 0.3)
    grey, scale = small_grey(reference, M)
    patches = patches_of(grey, scale, drawn, points / 2, limits, M)
    return register(patches, small_grey(now, M)[0], M), points / 2


MOVES = [
    (0, 0), (4, 0), (0, -6), (20, -10), (0, 0, 0.5), (0, 0, -3.0), (8, 4, 1.5, 1.02), (0, 0, 0.0, 1.05),
]  # fmt: skip


@pytest.mark.parametrize("light", ["demo", "dusk", "night"])
@pytest.mark.parametrize("how", MOVES)
def test_whatever_the_light_a_move_is_measured_to_two_pixels(light: str, how: tuple[float, ...]) -> None:
    matrix = moved(*how)
    now = np.asarray(cv2.warpAffine(picture(light, 60), matrix, SIZE, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    registration, points = found(picture("demo"), now)
    assert registration is not None
    true = points @ matrix[:, :2].T + matrix[:, 2] - points
    assert np.abs(registration.shifts(points) - true).max() < 2.0


def test_a_move_beyond_the_search_is_still_found() -> None:
    now = np.asarray(
        cv2.warpAffine(picture("demo", 60), moved(90, -30), SIZE, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
    registration, points = found(picture("demo"), now)
    assert registration is not None
    assert np.allclose(registration.shifts(points), (90, -30), atol=2.0)


@pytest.mark.parametrize("what", ["another street", "black", "noise", "flat"])
def test_what_is_not_the_street_is_not_recognised(what: str) -> None:
    rng = np.random.default_rng(0)
    other = {
        "another street": picture("demo")[:, ::-1].copy(),
        "black": np.zeros((540, 960, 3), np.uint8),
        "noise": rng.integers(0, 255, (540, 960, 3)).astype(np.uint8),
        "flat": np.full((540, 960, 3), 120, np.uint8),
    }
    assert found(picture("demo"), other[what])[0] is None


def test_lorries_over_half_of_the_view_and_the_cameras_own_lettering_do_not_decide() -> None:
    """Lettering stays where it is when the camera moves; a lorry's side is no street."""

    def lettered(image: Image) -> Image:
        out = image.copy()
        for y in (24, 520):
            cv2.putText(out, "CAM 01 2026-11-26 10:00:00 PHUONG HAC THANH", (10, y), 0, 0.8, (255, 255, 255), 2)
        return out

    now = np.asarray(cv2.warpAffine(picture("demo", 60), moved(0, -9), SIZE), np.uint8)
    now[200:, 100:520] = np.random.default_rng(0).integers(100, 140, (340, 420, 3))
    registration, points = found(lettered(picture("demo")), lettered(now))
    assert registration is not None
    assert np.allclose(registration.shifts(points), (0, -9), atol=1.5)


def test_lines_and_lamps_count_and_small_lenses_count_more() -> None:
    points, limits = counted_points(street(), 3.0, 0.1)
    assert [tuple(p) for p in points[-3:]] == list(LENSES.values())
    assert limits.tolist() == pytest.approx([3.0] * (len(points) - 3) + [2.0] * 3), "a tenth of 20 px"
    areas = scene(stop_lines=[], markings=[], signals=[], acts=["wrong_way"])
    assert len(counted_points(areas, 3.0, 0.3)[0]) == 8, "of a scene without lines the corners of its lanes"
