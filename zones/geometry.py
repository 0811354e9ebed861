"""Where points and boxes lie with respect to a scene: vectorised numpy, for the loop of the rules.

Everything is in pixels of the full picture, `y` downwards. Arrays: points `[N, 2]`, boxes `[N, 4]` as `x1, y1, x2, y2`.
Lines are polylines; beyond their ends they are taken to go on straight ("extended"), so that every point has a side,
and the readings say separately whether a point lies beside the painted part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from zones.schema import GroundPlane, Marking, Point, StopLine

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_FAR_PX = 1e6
"""How far the extended ends reach: far outside any picture, near enough for float64."""


def as_points(points: ArrayLike) -> Floats:
    """`[N, 2]` float64; a single point becomes `[1, 2]`."""
    array = np.asarray(points, dtype=np.float64)
    return array.reshape(-1, 2)


def as_boxes(boxes: ArrayLike) -> Floats:
    """`[N, 4]` float64; a single box becomes `[1, 4]`."""
    return np.asarray(boxes, dtype=np.float64).reshape(-1, 4)


def bottom_centres(boxes: ArrayLike) -> Floats:
    """Middle of the bottom edge: the ground contact nearest the camera, the rear of what drives away from it."""
    b = as_boxes(boxes)
    return side_by_side((b[:, 0] + b[:, 2]) / 2, b[:, 3])


def side_by_side(*columns: Floats) -> Floats:
    """`[N, K]` of K columns `[N]`: as `numpy.stack`, which takes five times as long to get going."""
    joined = np.empty((len(columns[0]), len(columns)))
    for number, column in enumerate(columns):
        joined[:, number] = column
    return joined


@dataclass(frozen=True)
class LineReading:
    """Where points lie with respect to a line, one entry a point.

    `distance_px`: signed distance to the extended line. `along_px`: how far along the line the foot of the
    perpendicular lies, from the line's first point; negative before it, more than the length after it. `within`: the
    foot lies on the painted part or nearer to its ends than the tolerance asked for.
    """

    distance_px: Floats
    along_px: Floats
    within: Bools


@dataclass(frozen=True)
class DirectedLine:
    """A polyline with a positive side.

    For a stop line the positive side is the junction. Without `positive` it is the right-hand side of the
    direction from its first point to its last (in the picture, `y` downwards).
    """

    points: Floats
    sign: float = 1.0
    _starts: Floats = field(init=False, repr=False, compare=False)
    _steps: Floats = field(init=False, repr=False, compare=False)
    _offsets: Floats = field(init=False, repr=False, compare=False)
    _squared: Floats = field(init=False, repr=False, compare=False)
    _units: Floats = field(init=False, repr=False, compare=False)
    length_px: float = field(init=False, repr=False, compare=False)
    """Length of the painted part."""

    def __post_init__(self) -> None:
        points = as_points(self.points)
        keep = np.append(True, np.any(np.diff(points, axis=0) != 0, axis=1))
        points = points[keep]
        if len(points) < 2:
            raise ValueError("a line needs two different points")
        first, last = points[0] - points[1], points[-1] - points[-2]
        extended = np.concatenate(
            [
                [points[0] + first / np.hypot(*first) * _FAR_PX],
                points,
                [points[-1] + last / np.hypot(*last) * _FAR_PX],
            ]
        )
        steps = np.diff(extended, axis=0)
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "_starts", extended[:-1])
        object.__setattr__(self, "_steps", steps)
        object.__setattr__(self, "_offsets", np.concatenate([[0.0], np.cumsum(lengths)[:-1]]) - lengths[0])
        object.__setattr__(self, "_squared", np.einsum("kd,kd->k", steps, steps))
        object.__setattr__(self, "_units", steps / lengths[:, None])
        object.__setattr__(self, "length_px", float(np.hypot(*np.diff(points, axis=0).T).sum()))

    @classmethod
    def between(cls, points: Sequence[Point], positive: Point | None = None) -> DirectedLine:
        """The line through `points`; `positive` is any point on its positive side."""
        line = cls(as_points(points))
        if positive is None:
            return line
        distance = float(line.read([positive]).distance_px[0])
        return line if distance >= 0 else cls(line.points, -1.0)

    @classmethod
    def of_stop_line(cls, stop_line: StopLine) -> DirectedLine:
        """Positive side = junction side."""
        return cls.between(stop_line.points, stop_line.forward)

    def read(self, points: ArrayLike, *, tolerance_px: Floats | float = 0.0) -> LineReading:
        """Distances, feet and whether they fall on the painted part: `tolerance_px` more at both ends, one for all
        points or one each."""
        p = as_points(points)
        rel = p[:, None, :] - self._starts[None, :, :]
        squared = self._squared
        share = np.minimum(np.maximum(np.einsum("nkd,kd->nk", rel, self._steps) / squared, 0.0), 1.0)
        gap = rel - share[:, :, None] * self._steps
        distance = np.hypot(gap[:, :, 0], gap[:, :, 1])
        nearest = np.argmin(distance, axis=1)
        rows = np.arange(len(p))
        along = self._offsets[nearest] + share[rows, nearest] * np.sqrt(squared[nearest])
        within = (along >= -tolerance_px) & (along <= self.length_px + tolerance_px)
        return LineReading(self._side(rel, share, nearest) * distance[rows, nearest] * self.sign, along, within)

    def _side(self, rel: Floats, share: Floats, nearest: NDArray[np.intp]) -> Floats:
        """+1 right of the line, -1 left, 0 on it; at a bend both neighbouring segments have a say, because there
        the nearest one alone can give the wrong side (pseudo-normal, Baerentzen and Aanaes 2005)."""
        unit = self._units
        rows = np.arange(len(rel))
        at = share[rows, nearest]
        other = np.where(at <= 0.0, nearest - 1, np.where(at >= 1.0, nearest + 1, nearest))
        tangent = unit[nearest] + unit[np.clip(other, 0, len(unit) - 1)]
        foot = rel[rows, nearest] - at[:, None] * self._steps[nearest]
        cross: Floats = np.sign(tangent[:, 0] * foot[:, 1] - tangent[:, 1] * foot[:, 0])
        return cross

    def distance(self, points: ArrayLike) -> Floats:
        """`[N]` signed distance to the extended line, positive on the positive side."""
        return self.read(points).distance_px

    def cuts(self, a: Floats, b: Floats) -> Floats:
        """`[N, K]`: shares of each way from `a` to `b` (both `[N, 2]`) at which it meets a segment of the extended
        line, 0..1; NaN for a segment that it does not meet."""
        starts, steps = self._starts, self._steps
        d = (b - a)[:, None, :]
        rel = starts[None, :, :] - a[:, None, :]
        det = steps[:, 0] * d[..., 1] - steps[:, 1] * d[..., 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (steps[:, 0] * rel[..., 1] - steps[:, 1] * rel[..., 0]) / det
            u = (d[..., 0] * rel[..., 1] - d[..., 1] * rel[..., 0]) / det
        ok = (det != 0) & (t >= 0) & (t <= 1) & (u >= 0) & (u <= 1)
        return np.where(ok, t, np.nan)


@dataclass(frozen=True)
class Straddle:
    """How the bottom edge of boxes lies over a stripe, one entry a box.

    `positive`: share of the edge on the positive side (right of the stripe's direction, see `DirectedLine`), 0..1.
    `least`: share on the side where there is less of it, 0..0.5: 0 = wholly on one side. `within`: the stripe is
    painted where it meets the edge (or, when it does not, beside the middle of the edge).
    """

    positive: Floats
    least: Floats
    within: Bools


@dataclass(frozen=True)
class Stripe:
    """One painted stripe of a longitudinal marking."""

    line: DirectedLine

    @classmethod
    def through(cls, points: Sequence[Point]) -> Stripe:
        return cls(DirectedLine.between(points))

    def straddle(self, boxes: ArrayLike) -> Straddle:
        """The bottom edge of each box stands for the vehicle's contact with the ground."""
        b = as_boxes(boxes)
        left, right = b[:, [0, 3]], b[:, [2, 3]]
        cuts = np.sort(self.line.cuts(left, right), axis=1)
        first = cuts[:, :1]
        ends = np.ones((len(b), 1))
        bounds = np.concatenate([0 * ends, np.nan_to_num(cuts, nan=1.0), ends], axis=1)
        middles = left[:, None, :] + ((bounds[:, :-1] + bounds[:, 1:]) / 2)[:, :, None] * (right - left)[:, None, :]
        meeting = np.where(np.isnan(first), (left + right) / 2, left + first * (right - left))
        # asked at once: what is asked costs little, and asking much
        read = self.line.read(np.concatenate([middles.reshape(-1, 2), meeting]))
        asked = middles.shape[0] * middles.shape[1]
        past = read.distance_px[:asked].reshape(len(b), -1) > 0
        positive = np.sum((bounds[:, 1:] - bounds[:, :-1]) * past, axis=1)
        return Straddle(positive, np.minimum(positive, 1 - positive), read.within[asked:])


def stripes_of(marking: Marking) -> list[Stripe]:
    """The stripes of a marking: one, or two where the second of a double line is drawn."""
    drawn = [marking.points] if marking.second is None else [marking.points, marking.second]
    return [Stripe.through(points) for points in drawn]


def points_in_polygon(points: ArrayLike, polygon: Sequence[Point] | shapely.Polygon) -> Bools:
    """`[N]`: inside the polygon or on its edge. Pass a `shapely.Polygon` (see `area`) when it is asked often."""
    shape = polygon if isinstance(polygon, shapely.Polygon) else shapely.Polygon(polygon)
    p = as_points(points)
    inside: Bools = np.asarray(shapely.intersects_xy(shape, p[:, 0], p[:, 1]), dtype=np.bool_)
    return inside


def area(polygon: Sequence[Point]) -> shapely.Polygon:
    """A prepared polygon for repeated `points_in_polygon`."""
    shape = shapely.Polygon(polygon)
    shapely.prepare(shape)
    return shape


def progress(points: ArrayLike, direction: tuple[Point, Point]) -> Floats:
    """`[N]` pixels travelled along a lane's `direction`: falling values mean movement against it."""
    start, end = np.asarray(direction[0], dtype=np.float64), np.asarray(direction[1], dtype=np.float64)
    travel: Floats = (as_points(points) - start) @ (end - start) / np.hypot(*(end - start))
    return travel


@dataclass(frozen=True)
class GroundMap:
    """Homography from pixels to metres on the road, from the scene's four points."""

    matrix: Floats
    road_side: float
    """Sign of the homogeneous coordinate on the road: the other sign lies beyond the horizon."""

    @classmethod
    def of(cls, ground: GroundPlane) -> GroundMap:
        pixels = np.array(ground.pixels, dtype=np.float32)
        matrix = np.asarray(cv2.getPerspectiveTransform(pixels, np.array(ground.metres, dtype=np.float32)), np.float64)
        return cls(matrix, float(np.sign(_homogeneous(pixels.mean(axis=0)) @ matrix[2])[0]))

    def to_metres(self, points: ArrayLike) -> Floats:
        """`[N, 2]` metres; NaN for points on or above the horizon, which have no place on the road."""
        mapped = _homogeneous(points) @ self.matrix.T
        w = mapped[:, 2:]
        with np.errstate(divide="ignore", invalid="ignore"):
            metres: Floats = np.where(w * self.road_side > 1e-12, mapped[:, :2] / w, np.nan)
        return metres

    def to_pixels(self, metres: ArrayLike) -> Floats:
        """`[N, 2]` pixels of points on the road."""
        mapped = _homogeneous(metres) @ np.linalg.inv(self.matrix).T
        pixels: Floats = mapped[:, :2] / mapped[:, 2:]
        return pixels


def _homogeneous(points: ArrayLike) -> Floats:
    p = as_points(points)
    joined = np.ones((len(p), 3))
    joined[:, :2] = p
    return joined


def longer_side(shape: shapely.Polygon) -> tuple[Floats, float]:
    """Unit vector along the longer side of the narrowest rectangle around a shape, and how often the other goes into
    it."""
    around = shapely.minimum_rotated_rectangle(shape)
    corners = np.asarray(around.exterior.coords if isinstance(around, shapely.Polygon) else around.coords)
    sides = np.diff(corners[:3], axis=0)
    lengths = np.hypot(*sides.T)
    side: Floats = sides[int(np.argmax(lengths))]
    return side / max(float(lengths.max()), 1e-9), float(lengths.max() / max(float(lengths.min()), 1e-9))
