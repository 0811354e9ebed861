"""Through finder, readers and vote: a plate with a digit peeled off or under mud never becomes another plate."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edge.perception import Plates
from edge.plate.in_view import PlatePerception
from edge.plate.reading import read_plate
from edge.plate.views import View
from evidence.acts import VehicleClass
from models.line_reader import load_plate_reader
from models.plate_finder import load_plate_finder
from models.slot_reader import load_slot_reader
from tools.render.plates import FontError, draw

LONG, SHORT, REAR = (190, 40), (96, 52), (76, 56)
PAINT, MUD = (236, 238, 238), (55, 75, 90)
_SCALE = 4


@pytest.fixture(scope="module")
def eyes() -> PlatePerception:
    return Plates(load_plate_finder(threads=1), (load_plate_reader(threads=1), load_slot_reader(threads=1)))


def seen(plate: str, cls: str, size: tuple[int, int], gone: int | None, cover: tuple[int, int, int]) -> View:
    """A drawn vehicle from behind; `gone`: which digit of the number, from the left, is under `cover`."""
    lines = 1 if size == LONG else 2
    try:
        large = cv2.resize(draw(plate, cls, "white", lines), (size[0] * _SCALE, size[1] * _SCALE))
    except FontError:
        pytest.skip("no font for plates here")
    if gone is not None:
        cover_digit(large, lines, gone, cover)
    width, height = (150, 300) if cls == "motorcycle" else (360, 280)
    image = np.full((height, width, 3), 95, np.uint8)
    cv2.rectangle(image, (20, 20), (width - 20, height - 25), (120, 90, 70), -1)
    cv2.rectangle(image, (40, 35), (width - 40, 100), (35, 30, 25), -1)
    x, y = (width - size[0]) // 2, int(height * 0.68)
    image[y : y + size[1], x : x + size[0]] = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(3).normal(0, 4, image.shape)
    blurred = cv2.GaussianBlur(image, (0, 0), 0.8)
    return View(0, 0.0, np.clip(blurred + noise, 0, 255).astype(np.uint8), (0, 0), 1.0)


def cover_digit(plate: NDArray[np.uint8], lines: int, gone: int, cover: tuple[int, int, int]) -> None:
    height, width = plate.shape[:2]
    top, bottom = (0.55, 0.93) if lines == 2 else (0.2, 0.8)
    y0, y1 = int(top * height), int(bottom * height)
    edge = int(0.03 * width)
    ink = (cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY)[y0:y1, edge : width - edge] < 110).any(0)
    bounds = np.flatnonzero(np.diff(np.concatenate([[False], ink, [False]]).astype(int))).reshape(-1, 2) + edge
    digits = [(int(a), int(b)) for a, b in bounds if b - a > 0.3 * np.median(bounds[:, 1] - bounds[:, 0])][-5:]
    a, b = digits[gone]
    cv2.rectangle(plate, (a - 3, y0 - 4), (b + 3, y1 + 4), cover, -1)


@pytest.mark.parametrize(
    ("plate", "cls", "size"),
    [("36A12345", "car", LONG), ("36C09876", "car", SHORT), ("36B145678", "motorcycle", REAR)],
    ids=["long plate", "short plate", "motorcycle"],
)
def test_with_a_digit_gone_it_is_that_plate_or_none(
    plate: str, cls: str, size: tuple[int, int], eyes: PlatePerception
) -> None:
    whole = read_plate([seen(plate, cls, size, None, PAINT)], eyes, VehicleClass(cls))
    assert whole.plate.text == plate
    for gone, cover in ((0, MUD), (2, PAINT), (4, PAINT), (4, MUD)):
        found = read_plate([seen(plate, cls, size, gone, cover)], eyes, VehicleClass(cls))
        assert found.plate.text in (None, plate), (gone, cover, found.plate.readings)


_FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
_BODY, _GLASS, _GREY = (70, 90, 120), (25, 30, 35), (95, 95, 95)


def drawn(text: str, at: tuple[int, int], size: int, cover: tuple[tuple[int, int, int, int], str] | None) -> View:
    """A drawn car with a plate on one line at `at`; `cover`: a box painted over it, and its colour."""
    try:
        font = ImageFont.truetype(_FONT, size)
    except OSError:
        pytest.skip("no font for plates here")
    picture = Image.new("RGB", (360, 280), _GREY)
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((20, 20, 340, 255), 30, fill=_BODY)
    pen.rounded_rectangle((60, 35, 300, 110), 16, fill=_GLASS)
    (x, y), wide = at, pen.textlength(text, font=font) + 16
    pen.rectangle((x, y, x + wide, y + size + 10), fill="white", outline="black", width=2)
    pen.text((x + wide / 2, y + 5 + size / 2), text, font=font, fill="black", anchor="mm")
    if cover is not None:
        pen.rectangle(cover[0], fill=cover[1])
    image = cv2.GaussianBlur(np.asarray(picture)[:, :, ::-1].copy(), (0, 0), 0.9)
    noise = np.random.default_rng(0).normal(0, 4, image.shape)
    return View(0, 0.0, np.clip(image + noise, 0, 255).astype(np.uint8), (0, 0), 1.0)


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(
            lambda: drawn("36A-123.45", (95, 190), 24, ((243, 193, 262, 218), "white")), id="last digit peeled"
        ),
        pytest.param(lambda: drawn("29B-777.77", (2, 200), 18, None), id="a neighbour's whole plate at the border"),
    ],
)
def test_what_is_not_the_vehicles_own_whole_plate_is_left_unread(
    view: Callable[[], View], eyes: PlatePerception
) -> None:
    seen_thrice = [view()] * 3
    found = read_plate(seen_thrice, eyes, VehicleClass.CAR)
    assert found.plate.readings  # it was found and read
    assert found.plate.text is None
    assert "plate_unread" in found.flags
