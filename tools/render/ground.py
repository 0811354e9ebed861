"""The ground as one large picture seen from above: asphalt, paint after QCVN 41, pavements, wear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from tools.simulate.world import XY, Ground

PER_M = 48
ToPixels = Callable[[Sequence[XY]], NDArray[np.int32]]
_WHITE = (222, 224, 222)
_YELLOW = (40, 170, 215)
_BROKEN = {"2.1": (3.0, 6.0), "1.1": (3.0, 6.0)}


@dataclass(frozen=True, eq=False)
class GroundPicture:
    """`image` `[H, W, 3]` BGR; its lower left corner lies at `x0, y0`, `PER_M` pixels a metre."""

    image: NDArray[np.uint8]
    x0: float
    y0: float
    x1: float
    y1: float


def paint(ground: Ground, *, x0: float, y0: float, x1: float, y1: float, seed: int = 5) -> GroundPicture:
    """Draw everything that is built and painted."""
    rng = np.random.default_rng(seed)
    width, height = round((x1 - x0) * PER_M), round((y1 - y0) * PER_M)
    image = _grass(rng, width, height)

    def at(points: Sequence[XY]) -> NDArray[np.int32]:
        xy = np.asarray(points, float)
        return np.round(np.stack([(xy[:, 0] - x0) * PER_M, (y1 - xy[:, 1]) * PER_M], axis=1) * 16).astype(np.int32)

    asphalt, tiles = _asphalt(rng, width, height), _tiles(rng, width, height)
    for area in ground.areas:
        if area.kind in ("asphalt", "pavement"):
            mask = np.zeros((height, width), np.uint8)
            cv2.fillPoly(mask, [at(area.polygon)], 255, cv2.LINE_AA, 4)
            part = asphalt if area.kind == "asphalt" else tiles
            image[mask > 127] = part[mask > 127]
    marks = np.zeros((height, width), np.uint8)
    yellow = np.zeros((height, width), np.uint8)
    for area in ground.areas:
        if area.kind == "crosswalk":
            _crosswalk(marks, area.polygon, at)
        elif area.kind == "keep_clear":
            _box(yellow, area.polygon, at)
        elif area.kind.startswith("arrow_"):
            _arrow(marks, area.kind.removeprefix("arrow_"), area.polygon, area.heading_rad, at)
    kerbs = []
    for line in ground.lines:
        thick = max(2, round(line.width_m * PER_M))
        if line.kind == "kerb":
            kerbs.append(line.points)
            continue
        target = yellow if line.kind.startswith("1.") else marks
        pieces = _dashes(line.points, *_BROKEN[line.kind]) if line.kind in _BROKEN else [list(line.points)]
        for piece in pieces:
            cv2.polylines(target, [at(piece)], False, 255, thick, cv2.LINE_AA, 4)
    wear = _noise(rng, width, height, 14) * 0.6 + _noise(rng, width, height, 120) * 0.4
    fine = rng.random((height, width), dtype=np.float32)
    for mask, colour in ((marks, _WHITE), (yellow, _YELLOW)):
        share = mask.astype(np.float32) / 255 * np.clip(1.25 - 0.75 * wear - 0.18 * fine, 0, 0.97)
        for c in range(3):
            image[..., c] = (image[..., c] * (1 - share) + colour[c] * share).astype(np.uint8)
    for points in kerbs:
        cv2.polylines(image, [at(points)], False, (168, 172, 174), round(0.22 * PER_M), cv2.LINE_AA, 4)
        cv2.polylines(image, [at(points)], False, (120, 124, 126), 2, cv2.LINE_AA, 4)
    return GroundPicture(image, x0, y0, x1, y1)


def _noise(rng: np.random.Generator, width: int, height: int, cell: int) -> NDArray[np.float32]:
    small = rng.random((max(2, height // cell), max(2, width // cell)), dtype=np.float32)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1), np.float32)


def _asphalt(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    base = 92 + 14 * (_noise(rng, width, height, 200) - 0.5) + 12 * (_noise(rng, width, height, 40) - 0.5)
    base = base + rng.normal(0, 7, (height, width)).astype(np.float32)
    for _ in range(26):  # patches and sealed cracks
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        w, h = int(rng.integers(40, 260)), int(rng.integers(40, 320))
        base[y : y + h, x : x + w] += float(rng.normal(0, 7))
    for _ in range(30):  # fine cracks that wander on in one direction
        way = float(rng.uniform(0, 2 * np.pi)) + np.cumsum(rng.normal(0, 0.35, 30))
        points = np.cumsum(np.stack([np.cos(way), np.sin(way)], axis=1) * 5, axis=0) + rng.uniform(0, 1, 2) * [
            width,
            height,
        ]
        cv2.polylines(base, [points.astype(np.int32)], False, float(rng.uniform(68, 82)), 1, cv2.LINE_AA)
    grey = base.clip(40, 150)
    return np.stack([grey * 1.01, grey, grey * 0.985], axis=-1).clip(0, 255).astype(np.uint8)


def _tiles(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    step = round(0.4 * PER_M)
    shade = rng.normal(0, 9, (height // step + 1, width // step + 1)).astype(np.float32)
    base = cv2.resize(shade, None, fx=step, fy=step, interpolation=cv2.INTER_NEAREST)[:height, :width]
    image = np.stack([128 + base, 138 + base, 150 + base], axis=-1) + rng.normal(0, 4, (height, width, 1))
    image[::step] -= 28
    image[:, ::step] -= 28
    return np.asarray(image.clip(0, 255), np.uint8)


def _grass(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    noise = _noise(rng, width, height, 6)[..., None] * 40
    image = np.array([50, 92, 70], np.float32) + noise
    return np.asarray(image.clip(0, 255), np.uint8)


def _crosswalk(marks: NDArray[np.uint8], polygon: Sequence[XY], at: ToPixels) -> None:
    """Marking 7.3: bars of 0.4 m, 0.6 m apart, along the way of the vehicles."""
    xy = np.asarray(polygon, float)
    low, high = xy.min(axis=0), xy.max(axis=0)
    across_x = (high - low)[0] > (high - low)[1]
    position = low[0] if across_x else low[1]
    end = high[0] if across_x else high[1]
    while position + 0.4 <= end:
        if across_x:
            bar = [(position, low[1]), (position + 0.4, low[1]), (position + 0.4, high[1]), (position, high[1])]
        else:
            bar = [(low[0], position), (high[0], position), (high[0], position + 0.4), (low[0], position + 0.4)]
        cv2.fillPoly(marks, [at(bar)], 255, cv2.LINE_AA, 4)
        position += 1.0


def _box(marks: NDArray[np.uint8], polygon: Sequence[XY], at: ToPixels) -> None:
    """Marking 4.4: a frame, and lines aslant both ways, 2 m apart."""
    area = shapely.Polygon(polygon)
    west, south, east, north = area.bounds
    reach = north - south
    lines: list[object] = [shapely.LinearRing(polygon)]
    for x in np.arange(west - reach, east + reach, 2.0):
        for way in (-1.0, 1.0):
            lines.append(shapely.LineString([(x, south), (x + way * reach, north)]).intersection(area))
    for line in lines:
        if isinstance(line, shapely.LineString | shapely.LinearRing) and not line.is_empty:
            cv2.polylines(
                marks, [at([(x, y) for x, y in line.coords])], False, 255, round(0.12 * PER_M), cv2.LINE_AA, 4
            )


_STRAIGHT = ((-0.08, 0), (0.08, 0), (0.08, 0.62), (0.26, 0.62), (0, 1), (-0.26, 0.62), (-0.08, 0.62))
_RIGHT = (
    (-0.20, 0),
    (-0.04, 0),
    (-0.04, 0.50),
    (0.14, 0.62),
    (0.14, 0.50),
    (0.42, 0.72),
    (0.14, 0.94),
    (0.14, 0.80),
    (-0.20, 0.62),
)


def _arrow(marks: NDArray[np.uint8], kind: str, polygon: Sequence[XY], heading: float, at: ToPixels) -> None:
    """Marking 9.3, stretched along the lane."""
    xy = np.asarray(polygon, float)
    low, high = xy.min(axis=0), xy.max(axis=0)
    middle = (low + high) / 2
    shape = np.asarray(_STRAIGHT if kind == "straight" else _RIGHT, float)
    if kind == "left":
        shape = shape * [-1, 1]
    local = np.stack([shape[:, 0] * 1.2, (shape[:, 1] - 0.5) * float(max(high - low))], axis=1)
    c, s = np.cos(heading - np.pi / 2), np.sin(heading - np.pi / 2)
    turned = local @ np.array([[c, s], [-s, c]]) + middle
    cv2.fillPoly(marks, [at([tuple(p) for p in turned])], 255, cv2.LINE_AA, 4)


def _dashes(points: Sequence[XY], on: float, off: float) -> list[list[XY]]:
    (x0, y0), (x1, y1) = np.asarray(points, float)[[0, -1]]
    length = float(np.hypot(x1 - x0, y1 - y0))
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    starts = np.arange(0, length, on + off)
    return [
        [(x0 + ux * a, y0 + uy * a), (x0 + ux * min(a + on, length), y0 + uy * min(a + on, length))] for a in starts
    ]
