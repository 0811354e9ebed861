"""A plate crop made straight: its four corners or its slant found, and the one or two lines of text cut out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from common.margins import margin

Picture = NDArray[np.uint8]

_TOLERANCES = (0.02, 0.03, 0.04, 0.06, 0.08)
"""Shares of the outline's length by which it may be simplified to four corners, the finest that does it first."""
_TUNED = "chosen while looking at the sets of models/cards/plate-reader.md; no better source"


@dataclass(frozen=True)
class PlateGeometryMargins:
    """How a plate crop is made straight and cut. Aspects are width by height.

    A Vietnamese long plate is 520 x 110 mm (4.7), a short one 330 x 165 mm (2.0), a motorcycle's 190 x 140 mm (1.4).
    """

    two_lines_below: float = margin(
        2.6, "aspect", "a plate that is wider has one line", source="between 2.0 and 4.7; " + _TUNED,
    )  # fmt: skip
    doubt_from: float = margin(
        1.7, "aspect", "from here to `doubt_to` a loose crop leaves it open: one line and two are tried", source=_TUNED,
    )  # fmt: skip
    doubt_to: float = margin(3.4, "aspect", "see `doubt_from`", source=_TUNED)
    closed: float = margin(
        0.06, "share of the shorter side", "strokes so thick are closed over to see the surface", source=_TUNED,
        most=1.0,
    )  # fmt: skip
    least_surface: float = margin(
        0.35, "share of the crop", "what is smaller is a part of the plate, not its surface", source=_TUNED, most=1.0,
    )  # fmt: skip
    four_sided: float = margin(
        0.8, "share of the outline's area", "four corners that cover less are not those of the outline", source=_TUNED,
        most=1.0,
    )  # fmt: skip
    crop_edges: float = margin(
        0.97, "share of the crop", "what covers more are the edges of the crop, not of a plate", source=_TUNED,
        most=1.0,
    )  # fmt: skip
    flat_edge: float = margin(
        0.02, "share of the height", "left around a flat plate", source=_TUNED, most=0.5,
    )  # fmt: skip
    stroke: float = margin(
        0.14, "share of the height", "what is narrower may be a stroke of a character", source=_TUNED, most=0.5,
    )  # fmt: skip
    full_stroke: float = margin(
        99.0, "percent of the pixels", "the strongest strokes, a few bright specks left out", source=_TUNED, most=100.0,
    )  # fmt: skip
    most_slant_deg: float = margin(
        16.0, "degrees", "plates that lean further are not levelled", source=_TUNED, most=45.0,
    )  # fmt: skip
    slant_step_deg: float = margin(2.0, "degrees", "between two slants that are tried", source=_TUNED, least=0.1)
    slant_gain: float = margin(
        1.02, "times as sharp", "a slant must be better than the one before by so much: level plates are left alone",
        source=_TUNED, least=1.0,
    )  # fmt: skip
    level_px: int = margin(
        72, "pixels", "height at which the slant is looked for", source=_TUNED, least=16, most=144,
    )  # fmt: skip
    one_line_px: int = margin(
        64, "pixels", "height of a flat plate of one line", source=_TUNED, least=16, most=128,
    )  # fmt: skip
    # at most twice: the readers take lines of 48 pixels, and looking for strokes grows with the fourth power of these
    two_lines_px: int = margin(
        144, "pixels", "the same with two lines", source=_TUNED, least=32, most=288,
    )  # fmt: skip
    cut_from: float = margin(
        0.36, "share of the height", "two lines are parted between here and `cut_to`, at the emptiest row",
        source=_TUNED, most=0.48,
    )  # fmt: skip
    cut_to: float = margin(0.60, "share of the height", "see `cut_from`", source=_TUNED, most=1.0, least=0.52)
    cut_spare: float = margin(
        0.035, "share of the height", "both lines keep so much over the cut", source=_TUNED, most=0.5,
    )  # fmt: skip
    cut_sides: float = margin(
        0.1, "share of the width", "left out on each side when the gap is looked for", source=_TUNED, most=0.4,
    )  # fmt: skip


_USUAL = PlateGeometryMargins()


def enlarge(plate_bgr: Picture, height_px: int) -> Picture:
    """The crop at that height, sides in proportion."""
    scale = height_px / plate_bgr.shape[0]
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    width = max(8, round(plate_bgr.shape[1] * scale))
    return np.asarray(cv2.resize(plate_bgr, (width, height_px), interpolation=method), np.uint8)


def find_quad(plate_bgr: Picture, m: PlateGeometryMargins = _USUAL) -> NDArray[np.float32] | None:
    """Corners ``[4, 2]`` of the plate's surface, clockwise from top left; None where no clear one is there."""
    height, width = plate_bgr.shape[:2]
    grey = cv2.GaussianBlur(cv2.cvtColor(plate_bgr, cv2.COLOR_BGR2GRAY), (3, 3), 0)
    _, mask = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    side = max(3, round(min(height, width) * m.closed)) | 1
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    if cv2.contourArea(hull) < m.least_surface * height * width:
        return None
    around = cv2.arcLength(hull, True)
    for tolerance in _TOLERANCES:
        corners = cv2.approxPolyDP(hull, tolerance * around, True)
        if len(corners) == 4:
            break
    else:
        return None
    quad = _clockwise(corners.reshape(4, 2).astype(np.float32))
    if cv2.contourArea(quad) < m.four_sided * cv2.contourArea(hull):
        return None
    if cv2.contourArea(quad) > m.crop_edges * (height - 1) * (width - 1):
        return None  # the edges of the crop, not of a plate
    return quad


def _clockwise(points: NDArray[np.float32]) -> NDArray[np.float32]:
    total, difference = points.sum(1), points[:, 0] - points[:, 1]
    order = [total.argmin(), difference.argmax(), total.argmax(), difference.argmin()]
    return np.ascontiguousarray(points[order])


def flatten(plate_bgr: Picture, quad: NDArray[np.float32], m: PlateGeometryMargins = _USUAL) -> Picture:
    """The surface inside ``quad`` seen from the front, a little of its surroundings kept."""
    top, right, bottom, left = (float(np.hypot(*(quad[i] - quad[(i + 1) % 4]))) for i in range(4))
    wide, tall = (top + bottom) / 2, (left + right) / 2
    out_h = m.two_lines_px if wide / max(tall, 1) < m.two_lines_below else m.one_line_px
    out_w = max(16, round(out_h * wide / max(tall, 1)))
    edge = m.flat_edge * out_h
    goal = np.array(
        [[edge, edge], [out_w - edge, edge], [out_w - edge, out_h - edge], [edge, out_h - edge]], np.float32
    )
    matrix = cv2.getPerspectiveTransform(quad, goal)
    flat = cv2.warpPerspective(
        plate_bgr, matrix, (out_w, out_h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8)


def ink(plate_bgr: Picture, m: PlateGeometryMargins = _USUAL) -> NDArray[np.float32]:
    """How strongly each pixel is a stroke ``[H, W]``, 0..1: narrow dark (or narrow bright) against its surroundings."""
    grey = cv2.cvtColor(plate_bgr, cv2.COLOR_BGR2GRAY)
    side = max(5, round(plate_bgr.shape[0] * m.stroke)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel).astype(np.float32)
    bright = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel).astype(np.float32)
    strokes = dark if dark.mean() >= bright.mean() else bright
    return np.asarray(strokes / max(float(np.percentile(strokes, m.full_stroke)), 1.0), np.float32).clip(0, 1)


def level(plate_bgr: Picture, m: PlateGeometryMargins = _USUAL) -> Picture:
    """The crop sheared so that its text runs level: the slant with the sharpest row profile."""
    small = enlarge(plate_bgr, min(plate_bgr.shape[0], m.level_px))
    strokes = ink(small, m)
    height, width = strokes.shape
    best, best_sharpness = 0.0, -1.0
    for slant in np.arange(-m.most_slant_deg, m.most_slant_deg + 0.1, m.slant_step_deg):
        matrix = _shear(float(slant), width)
        profile = cv2.warpAffine(strokes, matrix, (width, height)).mean(1)
        sharpness = float(np.square(np.diff(profile)).sum())
        if sharpness > best_sharpness * m.slant_gain:
            best, best_sharpness = float(slant), sharpness
    if best == 0.0:
        return plate_bgr
    height, width = plate_bgr.shape[:2]
    moved = cv2.warpAffine(
        plate_bgr, _shear(best, width), (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.uint8)


def _shear(slant_deg: float, width: int) -> NDArray[np.float64]:
    slope = float(np.tan(np.radians(slant_deg)))
    return np.array([[1.0, 0.0, 0.0], [-slope, 1.0, slope * width / 2]], np.float64)


def split_lines(plate_bgr: Picture, count: int, m: PlateGeometryMargins = _USUAL) -> tuple[Picture, ...]:
    """One picture per line of text. Two lines are parted at the emptiest row near the middle."""
    if count == 1:
        return (plate_bgr,)
    height, width = plate_bgr.shape[:2]
    profile = ink(plate_bgr, m)[:, round(width * m.cut_sides) : round(width * (1 - m.cut_sides))].mean(1)
    smooth = np.convolve(profile, np.ones(5) / 5, mode="same")
    low, high = round(height * m.cut_from), round(height * m.cut_to)
    cut = low + int(smooth[low : high + 1].argmin())
    spare = round(height * m.cut_spare)
    return plate_bgr[: cut + spare], plate_bgr[max(0, cut - spare) :]


def line_counts(plate_bgr: Picture, m: PlateGeometryMargins = _USUAL) -> tuple[int, ...]:
    """How many lines to try, by the proportion of the (straightened) plate: both where a loose crop leaves it open."""
    aspect = plate_bgr.shape[1] / plate_bgr.shape[0]
    if m.doubt_from < aspect < m.doubt_to:
        return (1, 2)
    return (2,) if aspect < m.two_lines_below else (1,)
