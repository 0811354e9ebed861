"""A plate crop made straight: its four corners or its slant found, and the one or two lines of text cut out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

# A Vietnamese long plate is 520 x 110 mm, a short one 330 x 165 mm, a motorcycle's 190 x 140 mm.
TWO_LINES_BELOW_ASPECT = 2.6
_DOUBTFUL_ASPECT = (1.7, 3.4)
_WORK_HEIGHT_PX = {1: 64, 2: 144}
_SLANTS_DEG = np.arange(-16.0, 16.1, 2.0)


def enlarge(plate_bgr: Picture, height_px: int) -> Picture:
    """The crop at that height, sides in proportion."""
    scale = height_px / plate_bgr.shape[0]
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    width = max(8, round(plate_bgr.shape[1] * scale))
    return np.asarray(cv2.resize(plate_bgr, (width, height_px), interpolation=method), np.uint8)


def find_quad(plate_bgr: Picture) -> NDArray[np.float32] | None:
    """Corners ``[4, 2]`` of the plate's surface, clockwise from top left; None where no clear one is there."""
    height, width = plate_bgr.shape[:2]
    grey = cv2.GaussianBlur(cv2.cvtColor(plate_bgr, cv2.COLOR_BGR2GRAY), (3, 3), 0)
    _, mask = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    side = max(3, round(min(height, width) * 0.06)) | 1
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    if cv2.contourArea(hull) < 0.35 * height * width:
        return None
    around = cv2.arcLength(hull, True)
    for tolerance in (0.02, 0.03, 0.04, 0.06, 0.08):
        corners = cv2.approxPolyDP(hull, tolerance * around, True)
        if len(corners) == 4:
            break
    else:
        return None
    quad = _clockwise(corners.reshape(4, 2).astype(np.float32))
    if cv2.contourArea(quad) < 0.8 * cv2.contourArea(hull):
        return None
    if cv2.contourArea(quad) > 0.97 * (height - 1) * (width - 1):
        return None  # the edges of the crop, not of a plate
    return quad


def _clockwise(points: NDArray[np.float32]) -> NDArray[np.float32]:
    total, difference = points.sum(1), points[:, 0] - points[:, 1]
    order = [total.argmin(), difference.argmax(), total.argmax(), difference.argmin()]
    return np.ascontiguousarray(points[order])


def flatten(plate_bgr: Picture, quad: NDArray[np.float32]) -> Picture:
    """The surface inside ``quad`` seen from the front, a little of its surroundings kept."""
    top, right, bottom, left = (float(np.hypot(*(quad[i] - quad[(i + 1) % 4]))) for i in range(4))
    wide, tall = (top + bottom) / 2, (left + right) / 2
    out_h = _WORK_HEIGHT_PX[2 if wide / max(tall, 1) < TWO_LINES_BELOW_ASPECT else 1]
    out_w = max(16, round(out_h * wide / max(tall, 1)))
    edge = 0.02 * out_h
    goal = np.array(
        [[edge, edge], [out_w - edge, edge], [out_w - edge, out_h - edge], [edge, out_h - edge]], np.float32
    )
    matrix = cv2.getPerspectiveTransform(quad, goal)
    flat = cv2.warpPerspective(
        plate_bgr, matrix, (out_w, out_h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8)


def ink(plate_bgr: Picture) -> NDArray[np.float32]:
    """How strongly each pixel is a stroke ``[H, W]``, 0..1: narrow dark (or narrow bright) against its surroundings."""
    grey = cv2.cvtColor(plate_bgr, cv2.COLOR_BGR2GRAY)
    side = max(5, round(plate_bgr.shape[0] * 0.14)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel).astype(np.float32)
    bright = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel).astype(np.float32)
    strokes = dark if dark.mean() >= bright.mean() else bright
    return np.asarray(strokes / max(float(np.percentile(strokes, 99)), 1.0), np.float32).clip(0, 1)


def level(plate_bgr: Picture) -> Picture:
    """The crop sheared so that its text runs level: the slant with the sharpest row profile."""
    small = enlarge(plate_bgr, min(plate_bgr.shape[0], 72))
    strokes = ink(small)
    height, width = strokes.shape
    best, best_sharpness = 0.0, -1.0
    for slant in _SLANTS_DEG:
        matrix = _shear(float(slant), width)
        profile = cv2.warpAffine(strokes, matrix, (width, height)).mean(1)
        sharpness = float(np.square(np.diff(profile)).sum())
        if sharpness > best_sharpness * 1.02:
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


def split_lines(plate_bgr: Picture, count: int) -> tuple[Picture, ...]:
    """One picture per line of text. Two lines are parted at the emptiest row near the middle."""
    if count == 1:
        return (plate_bgr,)
    height = plate_bgr.shape[0]
    profile = ink(plate_bgr)[:, round(plate_bgr.shape[1] * 0.1) : round(plate_bgr.shape[1] * 0.9)].mean(1)
    smooth = np.convolve(profile, np.ones(5) / 5, mode="same")
    low, high = round(height * 0.36), round(height * 0.60)
    cut = low + int(smooth[low : high + 1].argmin())
    spare = round(height * 0.035)
    return plate_bgr[: cut + spare], plate_bgr[max(0, cut - spare) :]


def line_counts(plate_bgr: Picture) -> tuple[int, ...]:
    """How many lines to try, by the proportion of the (straightened) plate: both where a loose crop leaves it open."""
    aspect = plate_bgr.shape[1] / plate_bgr.shape[0]
    if _DOUBTFUL_ASPECT[0] < aspect < _DOUBTFUL_ASPECT[1]:
        return (1, 2)
    return (2,) if aspect < TWO_LINES_BELOW_ASPECT else (1,)
