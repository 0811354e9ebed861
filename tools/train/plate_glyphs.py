"""The glyphs that Vietnamese plates really have, taken off real plates: free fonts are only somewhat like them.

A plate is made flat, cut into its lines and, where a line falls into as many pieces as its text has characters, each
piece is kept as a mask. Nothing of it is stored: training harvests anew from the plates it trains on.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.plate_corners import CornerFinder
from models.slot_reader import flattened
from tools.train.plate_sets import LabelledPlate

Picture = NDArray[np.uint8]
Mask = NDArray[np.float32]
Glyphs = dict[str, list[Mask]]

HEIGHT = 64
_TWO_LINES = (320, 240)
_ONE_LINE = (520, 116)
_EDGE = 0.04
_CROP_MARGIN = 0.08
_LEAST_SOURCE_PX = 44
"""Narrower crops give glyphs that say more about the camera than about the plate."""


def harvest(plates: Sequence[LabelledPlate], corners: CornerFinder) -> Glyphs:
    """Masks `[64, _]`, 0..1, by character, from the plates of which every line falls apart as its text says."""
    found: Glyphs = {}
    for plate in plates:
        if plate.upper < 0 or plate.image.shape[1] < _LEAST_SOURCE_PX:
            continue
        for picture, text in _lines(plate, corners):
            masks = pieces(picture, len(text))
            for char, mask in zip(text, masks, strict=False):
                found.setdefault(char, []).append(mask)
    return {char: kept for char, masks in sorted(found.items()) if (kept := usual(masks))}


def _lines(plate: LabelledPlate, corners: CornerFinder) -> list[tuple[Picture, str]]:
    width, height = _TWO_LINES if plate.upper else _ONE_LINE
    tall, wide = plate.image.shape[:2]
    dx, dy = _CROP_MARGIN * wide, _CROP_MARGIN * tall  # a crop without its picture holds about so much besides
    quad = corners.find(plate.image, plate.box or (dx, dy, wide - dx, tall - dy))
    flat = flattened(plate.image, quad, (width, height), _EDGE)
    if not plate.upper:
        return [(flat, plate.text)]
    middle = round(height * 0.485)
    return [(flat[: middle + 4], plate.text[: plate.upper]), (flat[middle - 4 :], plate.text[plate.upper :])]


def pieces(line: Picture, count: int) -> list[Mask]:
    """The line's characters from left to right as masks; none where it does not fall into `count` pieces."""
    grey = cv2.cvtColor(line, cv2.COLOR_BGR2GRAY).astype(np.float32)
    ground, ink = (float(v) for v in np.percentile(grey[8:-8, 16:-16], (80, 8)))
    if ground - ink < 50:
        return []
    soft = ((ground - grey) / (ground - ink)).clip(0, 1).astype(np.float32)
    number, labels, stats, _ = cv2.connectedComponentsWithStats((soft > 0.5).astype(np.uint8), connectivity=8)
    height, width = grey.shape
    boxes = []
    for index in range(1, number):
        x, y, w, h, _area = (int(v) for v in stats[index])
        if 0.55 * height < h < 0.97 * height and w < 0.3 * width and x > 1 and x + w < width - 1:
            boxes.append((x, y, w, h, index))
    boxes.sort()
    if len(boxes) != count:
        return []
    heights = [b[3] for b in boxes]
    if max(heights) > 1.25 * min(heights):
        return []
    return [_mask(soft, np.asarray(labels, np.int32), box) for box in boxes]


def _mask(soft: Mask, labels: NDArray[np.int32], box: tuple[int, int, int, int, int]) -> Mask:
    x, y, w, h, index = box
    own = cv2.dilate((labels == index).astype(np.float32), np.ones((5, 5), np.float32))
    cut = (soft * own)[max(0, y - 1) : y + h + 1, max(0, x - 1) : x + w + 1]
    wide = max(6, round(cut.shape[1] * HEIGHT / cut.shape[0]))
    return np.asarray(cv2.resize(cut, (wide, HEIGHT), interpolation=cv2.INTER_LINEAR), np.float32)


def usual(masks: Sequence[Mask], least: int = 3, share: float = 0.75) -> list[Mask]:
    """Those that look like the others: what differs most from the median is a wrong cut or a wrong label."""
    if len(masks) < least:
        return []
    common = np.stack([cv2.resize(mask, (40, HEIGHT)) for mask in masks])
    away = np.abs(common - np.median(common, axis=0)).mean((1, 2))
    order = np.argsort(away)[: max(least, round(share * len(masks)))]
    return [masks[int(i)] for i in order]
