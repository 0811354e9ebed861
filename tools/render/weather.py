"""Light and air of a time of day, and what optics and sensor make of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Weather:
    """Light of a time of day. `sun`: direction to it; colours linear; `lamps`: strength of vehicles' own lights."""

    name: str
    sun: tuple[float, float, float]
    sun_colour: tuple[float, float, float]
    sky: tuple[float, float, float]
    exposure: float = 1.0
    noise: float = 1.6
    headlights: bool = False
    beams: float = 0.0
    """How much brighter headlights and street lamps make the road they shine on."""
    rain: float = 0.0
    """Streaks in the air, haze, and a road dark with water, 0..1."""


WEATHER = {
    "day": Weather("day", (0.60, 0.30, 0.62), (1.25, 1.20, 1.08), (0.42, 0.47, 0.55)),
    "dusk": Weather("dusk", (-0.86, 0.20, 0.30), (0.34, 0.22, 0.13), (0.17, 0.19, 0.26), 1.25, 3.0, True, 0.3),
    "rain": Weather("rain", (0.3, 0.2, 0.9), (0.28, 0.28, 0.28), (0.50, 0.54, 0.58), 0.85, 2.4, True, 0.25, 1.0),
    "night": Weather("night", (0.3, 0.2, 0.9), (0.040, 0.036, 0.028), (0.030, 0.032, 0.038), 2.1, 5.0, True, 1.2),
}


def _rain(image: NDArray[Any], strength: float, rng: np.random.Generator) -> NDArray[Any]:
    """Haze that takes contrast away, and streaks that fall a little aslant, near ones long and far ones short."""
    height, width = image.shape[:2]
    image = image * (1 - 0.16 * strength) + 0.16 * strength * 150
    for length, share, light in ((9, 8e-4, 240.0), (23, 3.5e-4, 800.0)):
        drops = (rng.random((height, width)) < share * strength).astype(np.float32)
        fall = np.zeros((length, length), np.float32)
        cv2.line(fall, (length // 2 + length // 8, 0), (length // 2 - length // 8, length - 1), 1.0 / length, 1)
        image = image + (cv2.filter2D(drops, -1, fall) * light)[..., None]
    return image


def photograph(picture: Image, weather: Weather, rng: np.random.Generator, *, shake_px: float = 0.25) -> Image:
    """Optics and sensor: a slight blur, vibration, glow of bright lamps, noise."""
    image: NDArray[Any] = picture.astype(np.float32)
    if weather.headlights:
        bright = np.maximum(image - 215, 0)
        image = image + 1.6 * cv2.GaussianBlur(bright, (0, 0), 9) + 0.8 * cv2.GaussianBlur(bright, (0, 0), 28)
    if weather.rain:
        image = _rain(image, weather.rain, rng)
    image = cv2.GaussianBlur(image, (0, 0), 0.55)
    dx, dy = rng.normal(0, shake_px, 2)
    shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    image = cv2.warpAffine(image, shift, (image.shape[1], image.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    small = rng.normal(0, weather.noise, (image.shape[0], image.shape[1], 1)).astype(np.float32)
    return np.asarray((image + small).clip(0, 255), np.uint8)
