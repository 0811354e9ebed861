"""Colour of a plate's ground. No network: the plates' colours are few and far apart."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from evidence.plate_colours import PlateColour

_TUNED = "chosen while looking at the sets of models/cards/plate-reader.md (60 of 62 right); no better source"


@dataclass(frozen=True)
class PlateColourMargins:
    """When a ground has a colour. Levels and hues are OpenCV's: saturation and value 0..255, hue 0..179."""

    least_light: float = margin(
        60.0,
        "grey levels",
        "where the brightest tenth of the plate is darker, no colour can be told",
        source=_TUNED,
        most=255.0,
    )
    bright_percentile: float = margin(
        90.0,
        "percent of the pixels",
        "brightness of the ground: characters, dirt and shadow lie below it",
        source=_TUNED,
        most=100.0,
    )
    lit_least: float = margin(
        45.0,
        "grey levels",
        "darker pixels are characters or shadow and have no say",
        source=_TUNED,
        most=255.0,
    )
    lit_share: float = margin(
        0.3,
        "share of the ground's brightness",
        "the same on a bright plate, whose characters are brighter too",
        source=_TUNED,
        most=1.0,
    )
    coloured: float = margin(
        90.0,
        "saturation levels",
        "paler is white, more is a colour; white plates in evening light stay below it",
        source=_TUNED,
        most=255.0,
    )
    least_share: float = margin(
        0.4,
        "share of the pixels",
        "so much of the middle must have the colour, or be white: else it is unknown",
        source=_TUNED,
        most=1.0,
    )
    red_to: int = margin(10, "hue", "red lies on both ends of the circle: up to here", source=_TUNED, most=179)
    yellow_from: int = margin(14, "hue", "yellow begins, orange left out on the red side", source=_TUNED, most=179)
    yellow_to: int = margin(40, "hue", "yellow ends where green begins, which no plate has", source=_TUNED, most=179)
    blue_from: int = margin(95, "hue", "blue begins", source=_TUNED, most=179)
    blue_to: int = margin(130, "hue", "blue ends", source=_TUNED, most=179)
    red_from: int = margin(168, "hue", "and red from here", source=_TUNED, most=180)


def plate_colour(plate_bgr: NDArray[np.uint8], margins: PlateColourMargins | None = None) -> PlateColour:
    """Colour of the plate's ground, from the middle of the crop; "unknown" where it is too dark or mixed."""
    m = margins or PlateColourMargins()
    height, width = plate_bgr.shape[:2]
    # frame, screws and what a loose crop has around the plate are left out
    middle = plate_bgr[height // 6 : height - height // 6, width // 10 : width - width // 10]
    if middle.size == 0:
        return "unknown"
    hue, saturation, value = (plane.ravel() for plane in cv2.split(cv2.cvtColor(middle, cv2.COLOR_BGR2HSV)))
    bright = float(np.percentile(value, m.bright_percentile))
    if bright < m.least_light:
        return "unknown"
    lit = value > max(m.lit_least, m.lit_share * bright)
    coloured = lit & (saturation > m.coloured)
    ranges: tuple[tuple[PlateColour, int, int], ...] = (
        ("red", 0, m.red_to),
        ("yellow", m.yellow_from, m.yellow_to),
        ("blue", m.blue_from, m.blue_to),
        ("red", m.red_from, 180),
    )
    shares: dict[PlateColour, float] = {}
    for colour, low, high in ranges:
        share = float((coloured & (hue >= low) & (hue <= high)).mean())
        shares[colour] = shares.get(colour, 0.0) + share
    first = max(shares, key=lambda name: shares[name])
    if shares[first] > m.least_share:
        return first
    return "white" if float((lit & (saturation < m.coloured)).mean()) > m.least_share else "unknown"
