"""Where the fixed parts of a picture lie beside where they lay in the reference: moved, turned, zoomed by how much.

Both pictures are made small, and of each only its structure is kept: how strong edges are, freed from the brightness
and contrast around them, so that day, dusk and rain compare. Patches with corners (kerbs, poles, paint, buildings),
spread over the picture, are each searched near their old place; those that agree on one similarity (shift, turn, zoom)
are the fixed parts. Vehicles, shadows and the camera's own lettering do not agree with them and count for nothing.
Lenses of lamps are left out: their light changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.picture import Image, Picture
from edge.watch.registration_margins import RegistrationMargins
from zones.schema import Scene

Floats = NDArray[np.float32]
_PEAK = 4
"""So many small pixels around its best place a patch is nearly as much alike: no other place."""


@dataclass(frozen=True, eq=False)
class Patches:
    """What is searched: `centres [n, 2]` in small pixels, `looks [n, patch, patch]` of structure, and the points of the
    picture `[k, 2]` (lines and lamps, full pixels) at which a shift counts, each with the shift that is too much."""

    centres: Floats
    looks: Floats
    whole: Floats
    scale: float
    points: Floats
    limits: Floats


@dataclass(frozen=True, eq=False)
class Registration:
    """Beside the reference. `matrix [2, 3]`: a point of the reference (full pixels) to where it lies now."""

    matrix: NDArray[np.float64]
    agreeing: int
    found: int

    @property
    def turn_deg(self) -> float:
        return float(np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))

    @property
    def zoom(self) -> float:
        """1.0: as in the reference."""
        return float(np.hypot(self.matrix[0, 0], self.matrix[1, 0]))

    def shifts(self, points: Floats) -> NDArray[np.float64]:
        """`[k, 2]` full pixels by which each point lies elsewhere."""
        moved = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return np.asarray(moved - points, dtype=np.float64)


def small_grey(image: Image, m: RegistrationMargins) -> tuple[Floats, float]:
    """`[h, w]` grey levels, and how many full pixels one of its pixels is."""
    height, width = image.shape[:2]
    scale = max(1.0, width / m.width)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if scale > 1.0:
        size = (round(width / scale), round(height / scale))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return grey.astype(np.float32), width / grey.shape[1]


def small_light(picture: Picture, m: RegistrationMargins) -> tuple[Floats, float]:
    """As `small_grey`, of a picture of which no more is made than that."""
    if picture.width <= m.width:
        return small_grey(picture.image(), m)
    width, height = m.width, round(picture.height * m.width / picture.width)
    small = picture.scaled(0, 0, picture.width, picture.height, width, height)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32), picture.width / width


def structure(grey: Floats) -> Floats:
    """How strong the edge at each pixel is, beside what is usual around it."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.8)
    x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    edges = np.sqrt(cv2.magnitude(x, y))
    usual = cv2.blur(edges, (41, 41)) + 2.0
    return np.asarray(edges / usual, dtype=np.float32)


def patches_of(
    grey: Floats, scale: float, scene: Scene, points: Floats, limits: Floats, m: RegistrationMargins
) -> Patches:
    """The patches of a reference picture `[h, w]`, made small by `scale`."""
    whole = structure(grey)
    height, width = grey.shape
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)
    corner = cv2.cornerMinEigenVal(smooth, 5, ksize=3)
    corner = np.sqrt(np.maximum(corner, 0.0))
    strength = cv2.blur(corner / (cv2.blur(corner, (81, 81)) + 1e-3 * float(corner.max()) + 1e-9), (m.patch, m.patch))
    strength[_lenses(scene, scale, grey.shape)] = 0.0
    half = m.patch // 2
    edge = half + 2
    centres: list[tuple[int, int]] = []
    band = round(m.outer * height) + half
    strength[:band] = strength[height - band :] = 0.0
    best = max(float(strength[edge : height - edge, edge : width - edge].max(initial=0.0)), 1e-9)
    for row in range(m.rows):
        for column in range(m.columns):
            y1, y2 = (max(edge, height * r // m.rows) for r in (row, row + 1))
            x1, x2 = (max(edge, width * c // m.columns) for c in (column, column + 1))
            y2, x2 = min(y2, height - edge), min(x2, width - edge)
            cell = strength[y1:y2, x1:x2]
            if not cell.size:
                continue
            y, x = np.unravel_index(int(np.argmax(cell)), cell.shape)
            place = x1 + int(x), y1 + int(y)
            if any(abs(place[0] - a) < half and abs(place[1] - b) < half for a, b in centres):
                continue  # two cells share one corner
            seen = grey[place[1] - half : place[1] + half, place[0] - half : place[0] + half]
            if cell[y, x] > m.corner * best and seen.size and float(seen.std()) >= m.contrast:
                centres.append(place)
    looks = [whole[y - half : y - half + m.patch, x - half : x - half + m.patch] for x, y in centres]
    return Patches(
        np.array(centres, np.float32).reshape(-1, 2),
        np.array(looks, np.float32).reshape(-1, m.patch, m.patch),
        whole,
        scale,
        points,
        limits,
    )


def register(
    patches: Patches, grey: Floats, m: RegistrationMargins, *, within_px: float | None = None
) -> Registration | None:
    """None: too few patches are found again, or they do not agree; nobody can tell where the picture lies.

    `within_px`: full pixels, searched no farther than that, which is quicker.
    """
    if grey.shape != patches.whole.shape or len(patches.centres) < m.least_patches:
        return None
    now = structure(grey)
    if within_px is not None:
        near = replace(m, reach=min(m.reach, int(np.ceil(within_px / patches.scale)) + _PEAK))
        return _agreed(*_search(patches, now, near, np.zeros(2, np.float32)), patches.scale, m)
    found = _search(patches, now, m, np.zeros(2, np.float32))
    best = _agreed(*found, patches.scale, m)
    if best is not None:
        return best
    far = _coarse(patches.whole, now)
    if float(np.abs(far).max()) < m.reach / 2:
        return None
    found = _search(patches, now, m, far)
    return _agreed(*found, patches.scale, m)


def _search(patches: Patches, now: Floats, m: RegistrationMargins, offset: Floats) -> tuple[Floats, Floats]:
    """Old and new places of the patches that are found, small pixels."""
    height, width = now.shape
    half, old, new = m.patch // 2, [], []
    for (x, y), look in zip(patches.centres, patches.looks, strict=True):
        cx, cy = round(float(x + offset[0])), round(float(y + offset[1]))
        x1, y1 = max(0, cx - half - m.reach), max(0, cy - half - m.reach)
        x2, y2 = min(width, cx - half + m.patch + m.reach), min(height, cy - half + m.patch + m.reach)
        if x2 - x1 < m.patch + 4 or y2 - y1 < m.patch + 4:
            continue
        place = _peak(np.asarray(cv2.matchTemplate(now[y1:y2, x1:x2], look, cv2.TM_CCOEFF_NORMED), np.float32), m)
        if place is not None:
            old.append((x, y))
            new.append((x1 + half + place[0], y1 + half + place[1]))
    return np.array(old, np.float32).reshape(-1, 2), np.array(new, np.float32).reshape(-1, 2)


def _peak(alike: NDArray[np.float32], m: RegistrationMargins) -> tuple[float, float] | None:
    """The one best place, to a part of a pixel; None where there is none, or several."""
    _, top, _, (x, y) = cv2.minMaxLoc(alike)
    height, width = alike.shape
    if top < m.alike or not (0 < x < width - 1 and 0 < y < height - 1):
        return None
    others = alike.copy()
    others[max(0, y - _PEAK) : y + _PEAK + 1, max(0, x - _PEAK) : x + _PEAK + 1] = -1.0
    if top - float(others.max()) < m.apart:
        return None
    dx = _vertex(alike[y, x - 1], top, alike[y, x + 1])
    dy = _vertex(alike[y - 1, x], top, alike[y + 1, x])
    return x + dx, y + dy


def _vertex(before: float, top: float, after: float) -> float:
    bend = before - 2 * top + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < -1e-9 else 0.0


def _agreed(old: Floats, new: Floats, scale: float, m: RegistrationMargins) -> Registration | None:
    if len(old) < m.least_patches:
        return None
    matrix, inliers = cv2.estimateAffinePartial2D(
        old, new, method=cv2.RANSAC, ransacReprojThreshold=m.agree, maxIters=500, confidence=0.995, refineIters=10
    )
    if matrix is None:
        return None
    kept = inliers.ravel().astype(bool)
    agreeing = int(kept.sum())
    if agreeing < m.least_patches or agreeing < m.least_share * len(old):
        return None
    spread = float(np.ptp(old[kept], axis=0).max())
    zoom, turn = float(np.hypot(matrix[0, 0], matrix[1, 0])), float(np.arctan2(matrix[1, 0], matrix[0, 0]))
    if abs(zoom - 1) > m.most_zoom or abs(np.degrees(turn)) > m.most_turn_deg or spread < m.spread * float(m.width):
        return None
    full = _plainest(old[kept], new[kept], np.asarray(matrix, dtype=np.float64), m).copy()
    full[:, 2] *= scale
    return Registration(full, agreeing, len(old))


def _plainest(old: Floats, new: Floats, similarity: NDArray[np.float64], m: RegistrationMargins) -> NDArray[np.float64]:
    """A pure shift where it explains the places as well: a turn guessed from noise would be large at the borders."""
    shift = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    shift[:, 2] = np.median(new - old, axis=0)

    def error(matrix: NDArray[np.float64]) -> float:
        left = new - (old @ matrix[:, :2].T + matrix[:, 2])
        return float(np.sqrt((left**2).sum(1).mean()))

    return shift if error(shift) <= error(similarity) + 0.15 * m.agree else similarity


def _coarse(before: Floats, now: Floats) -> Floats:
    """By how many small pixels the whole picture is shifted, roughly: for moves beyond a patch's reach."""
    size = (160, 90)
    a, b = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (before, now))
    window = cv2.createHanningWindow(size, cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(a, b, window)
    return np.array([dx * before.shape[1] / size[0], dy * before.shape[0] / size[1]], np.float32)


def _lenses(scene: Scene, scale: float, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """True where light changes: lenses and countdown digits."""
    lit = np.zeros(shape, dtype=bool)
    for head in scene.signals:
        boxes = [lamp.box for lamp in head.lamps] or ([head.box] if head.box else [])
        for x1, y1, x2, y2 in [*boxes, *([head.countdown] if head.countdown else [])]:
            lit[int(y1 / scale) : int(y2 / scale) + 1, int(x1 / scale) : int(x2 / scale) + 1] = True
    return lit


def counted_points(scene: Scene, limit_px: float, lens_share: float) -> tuple[Floats, Floats]:
    """`[k, 2]` full pixels of lines and lamps, and `[k]` how far each may lie elsewhere.

    Scenes without either (areas only) count at the corners of their lanes and areas. A lens counts by `lens_share` of
    the way to its neighbour's centre too: beyond half of it, one lens' light lies in the other's box.
    """
    width, height = scene.picture.width, scene.picture.height
    points: list[tuple[float, float]] = [p for line in scene.stop_lines for p in line.points]
    points += [p for marking in scene.markings if marking.active for p in marking.points]
    if not points:
        points = [p for lane in scene.lanes for p in lane.polygon] + [p for area in scene.areas for p in area.polygon]
    if not points:
        points = [(width * x, height * y) for x in (0.25, 0.75) for y in (0.5, 0.9)]
    limits = [limit_px] * len(points)
    for head in scene.signals:
        centres = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) for b in (lamp.box for lamp in head.lamps)]
        if not centres and head.box is not None:
            x1, y1, x2, y2 = head.box
            centres, apart = [((x1 + x2) / 2, (y1 + y2) / 2)], max(x2 - x1, y2 - y1) / 3
        else:
            apart = _apart(centres)
        points += centres
        limits += [min(limit_px, lens_share * apart)] * len(centres)
    return np.array(points, np.float32).reshape(-1, 2), np.array(limits, np.float32)


def _apart(centres: Sequence[tuple[float, float]]) -> float:
    gaps = [float(np.hypot(a[0] - b[0], a[1] - b[1])) for i, a in enumerate(centres) for b in centres[:i]]
    return min(gaps, default=float("inf"))
