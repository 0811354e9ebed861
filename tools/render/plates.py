"""Plates as they hang on vehicles: layout and colours after TT 79/2024."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from countries.vn.plates import parse
from evidence.errors import GiaoLoError

WIDTH, HEIGHT = 512, 256
_COLOURS = {"white": ((236, 238, 238), (18, 18, 20)), "yellow": ((45, 190, 240), (16, 16, 16)),
            "blue": ((150, 70, 15), (245, 245, 245)), "red": ((35, 25, 170), (245, 245, 245))}  # fmt: skip
_FONTS = (
    "/usr/share/fonts/truetype/liberation/LiberationSansNarrow-Bold.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSansCondensed-Bold.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
)


class FontError(GiaoLoError):
    """No font for plates on this machine."""


def split(plate: str, vehicle_class: str) -> tuple[str, str]:
    """Upper and lower line, with the separators that stand on the plate."""
    parsed = parse(plate, vehicle_class=vehicle_class)
    head = f"{parsed.province}{'-' if vehicle_class == 'motorcycle' else ''}{parsed.series}"
    number = parsed.number
    return head, f"{number[:3]}.{number[3:]}" if len(number) == 5 else number


def draw(plate: str, vehicle_class: str, colour: str, lines: int) -> NDArray[np.uint8]:
    """`[256, 512, 3]` RGB, stretched to fill; the quad on the vehicle gives it back its proportions."""
    ground, ink = _COLOURS[colour]
    image = np.empty((HEIGHT, WIDTH, 3), np.float32)
    image[:] = ground
    upper, lower = split(plate, vehicle_class)
    if lines == 2:
        _line(image, upper, 0.08, 0.40, ink, narrow=1.30 if vehicle_class == "motorcycle" else 1.0)
        _line(image, lower, 0.53, 0.40, ink, narrow=1.30 if vehicle_class == "motorcycle" else 1.0)
    else:
        _line(image, f"{upper}-{lower}", 0.14, 0.72, ink, narrow=0.45)
    cv2.rectangle(image, (6, 6), (WIDTH - 7, HEIGHT - 7), ink, 5)
    for x in (0.16, 0.84):
        cv2.circle(image, (int(x * WIDTH), 14), 7, (120, 122, 124), -1)
    return np.asarray(image.clip(0, 255)[..., ::-1], np.uint8)


def _line(
    image: NDArray[np.float32], text: str, top: float, height: float, ink: tuple[int, int, int], *, narrow: float
) -> None:
    shares = [0.38 if c in "-." else 1.0 for c in text]
    glyph_h = int(HEIGHT * height)
    pitch = min(WIDTH * 0.92 / sum(shares), glyph_h * 0.66 * narrow)
    x, y = (WIDTH - pitch * sum(shares)) / 2, int(HEIGHT * top)
    for char, share in zip(text, shares, strict=True):
        if char in "-.":
            centre = (int(x + pitch * share / 2), y + glyph_h // 2)
            if char == "-":
                cv2.rectangle(
                    image,
                    (centre[0] - int(pitch * 0.10), centre[1] - 6),
                    (centre[0] + int(pitch * 0.10), centre[1] + 6),
                    ink,
                    -1,
                )
            else:
                cv2.ellipse(image, centre, (max(5, int(pitch * 0.08)), 9), 0, 0, 360, ink, -1)
        else:
            w = max(3, int(pitch * 0.84))
            mask = cv2.resize(_glyph(char), (w, glyph_h), interpolation=cv2.INTER_AREA)[..., None]
            left = int(x + (pitch - w) / 2)
            part = image[y : y + glyph_h, left : left + w]
            part[:] = part * (1 - mask[:, : part.shape[1]]) + np.asarray(ink, np.float32) * mask[:, : part.shape[1]]
        x += pitch * share


@cache
def _glyph(char: str) -> NDArray[np.float32]:
    path = next((p for p in _FONTS if Path(p).is_file()), None)
    if path is None:
        raise FontError("no font for plates was found", remedy="apt-get install fonts-liberation fonts-dejavu-core")
    canvas = Image.new("L", (300, 300))
    ImageDraw.Draw(canvas).text((60, 30), char, font=ImageFont.truetype(path, 200), fill=255)
    box = canvas.getbbox() or (0, 0, 1, 1)
    if char == "1":
        middle, half = (box[0] + box[2]) // 2, int((box[3] - box[1]) * 0.25)
        box = (middle - half, box[1], middle + half, box[3])
    return np.asarray(np.asarray(canvas.crop(box)) / 255, np.float32)
