"""The road plane from edges with a known distance: lanes, crosswalks, stripes that a technician marks. Pure; own code.

A pin-hole camera with square pixels, its centre in the middle of the picture, looks at a flat road (Hartley and
Zisserman, Multiple View Geometry, 8.8). Unknown are its focal length, tilt, roll, heading and height, and where each
edge lies; least squares over the pixels between what was marked and where the edges would be seen. What the
marks leave open is held by what cameras over roads are like, and shows up as doubt, not as a false certainty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evidence.errors import GiaoLoError
from zones.faults import both
from zones.geometry import as_points
from zones.schema import GroundPlane, Picture, Point

Floats = NDArray[np.float64]

MARKED_PX = 1.5
"""How far off the paint a click lands; standard deviation, of a technician on the zoomed picture."""
_PRIOR = ((np.log(1.1), 0.45), (np.radians(20), np.radians(15)), (0.0, np.radians(2)), (0.0, np.radians(30)))
"""Mean and deviation: log focal length in picture widths (21 to 97 degrees of view at two), tilt, roll, heading."""
_HEIGHT_PRIOR = (np.log(7.0), 0.5)
"""Log height in metres: masts and bridges, 3 to 19 m at two deviations."""
_WORST_RMS_PX = 8.0
"""Marks that miss their edges by more do not belong to one plane, or a distance is wrong."""
_SHORTEST_PX = 10.0
"""Of a shorter edge a click tells no direction."""
_STARTS = [(focal, tilt) for focal in (0.7, 1.3, 2.4) for tilt in (8.0, 18.0, 35.0)]
_STEPS = 80


class GroundUnknown(GiaoLoError):
    """No plane follows from the marks."""


@dataclass(frozen=True)
class KnownGap:
    """Two parallel edges on the road, two pixels each, and the metres between them.

    `along`: they run the way of the road, as the edges of a lane; `across`: athwart, as those of a crosswalk.
    """

    way: Literal["along", "across"]
    first: tuple[Point, Point]
    second: tuple[Point, Point]
    metres: float


@dataclass(frozen=True)
class GroundEstimate:
    """A proposal. `across`, `along`: standard deviation of a metre across and along the road, as a share of it.

    `rms_px`: how far the marks lie from where the plane puts them. `height_m`: of the camera over the road.
    """

    ground: GroundPlane
    across: float
    along: float
    rms_px: float
    height_m: float


def estimate_ground(picture: Picture, gaps: Sequence[KnownGap]) -> GroundEstimate:
    """The plane on which all gaps have their metres, best.

    Raises
    ------
    GroundUnknown: nothing that runs along the road is marked, or the marks contradict each other.
    """
    if not any(gap.way == "along" for gap in gaps):
        what = both("chưa đánh dấu gì dọc theo đường", "nothing along the road is marked")
        remedy = both("đánh dấu hai mép một làn và ghi bề rộng", "mark both edges of a lane, and its width")
        raise GroundUnknown(what, where="ground", remedy=remedy)
    if not all(gap.metres > 0 for gap in gaps):
        what = both("khoảng cách phải lớn hơn 0", "a distance is not more than 0")
        raise GroundUnknown(what, where="ground", remedy=both("ghi số mét đo được", "write the metres as measured"))
    edges = as_points([point for gap in gaps for point in (*gap.first, *gap.second)]).reshape(-1, 2, 2)
    if not np.all(np.hypot(*(edges[:, 1] - edges[:, 0]).T) > _SHORTEST_PX):
        what = both("một mép quá ngắn", "an edge is too short")
        remedy = both("nhấp hai điểm xa nhau trên mép đó", "click two points far apart on that edge")
        raise GroundUnknown(what, where="ground", remedy=remedy)
    residuals = _Residuals(picture, [_ordered(gap) for gap in gaps])
    try:
        tried = [_least_squares(residuals, residuals.start(focal, tilt)) for focal, tilt in _STARTS]
        best, cost = min(tried, key=lambda one: one[1])
        rms = float(np.sqrt(np.mean(residuals.in_pixels(best) ** 2)))
        if not np.isfinite(cost) or not rms <= _WORST_RMS_PX:
            raise _contradiction()
        return _told(picture, residuals, best, rms)
    except np.linalg.LinAlgError as error:
        raise _contradiction() from error


def _contradiction() -> GroundUnknown:
    what = both("không mặt đường phẳng nào khớp mọi dấu", "no flat road fits all the marks")
    remedy = both(
        "xem lại các mép đã nhấp và số mét giữa chúng", "check which edges were clicked, and the metres between them"
    )
    return GroundUnknown(what, where="ground", remedy=remedy)


def _ordered(gap: KnownGap) -> KnownGap:
    """The second edge lies to the right of the first, or farther away."""
    axis, sign = (0, 1) if gap.way == "along" else (1, -1)
    if sign * (np.mean(gap.second, axis=0)[axis] - np.mean(gap.first, axis=0)[axis]) >= 0:
        return gap
    return KnownGap(gap.way, gap.second, gap.first, gap.metres)


def _road_to_picture(picture: Picture, camera: Floats) -> Floats:
    """Homography from metres (x to the right of the camera's foot, y along the road) to pixels."""
    focal, tilt, roll, heading, height = np.exp(camera[0]) * picture.width, *camera[1:4], np.exp(camera[4])
    sin, cos = np.sin, np.cos
    ahead, down = np.array([sin(heading), cos(heading), 0.0]), np.array([0.0, 0.0, -1.0])
    right = np.array([cos(heading), -sin(heading), 0.0])
    forward, below = cos(tilt) * ahead + sin(tilt) * down, cos(tilt) * down - sin(tilt) * ahead
    axes = np.stack([cos(roll) * right + sin(roll) * below, cos(roll) * below - sin(roll) * right, forward])
    inner = np.array([[focal, 0, picture.width / 2], [0, focal, picture.height / 2], [0, 0, 1.0]])
    return np.asarray(inner @ np.stack([axes[:, 0], axes[:, 1], -height * axes[:, 2]], axis=1), np.float64)


def _picture_to_road(picture: Picture, camera: Floats) -> Floats:
    return np.asarray(np.linalg.inv(_road_to_picture(picture, camera)), np.float64)


def _mapped(matrix: Floats, points: ArrayLike) -> Floats:
    p = as_points(points)
    out = np.concatenate([p, np.ones((len(p), 1))], axis=1) @ matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(out[:, :2] / out[:, 2:], np.float64)


class _Residuals:
    """Of a state: five numbers of the camera, then where the first edge of each gap lies."""

    def __init__(self, picture: Picture, gaps: Sequence[KnownGap]) -> None:
        self.picture, self.gaps = picture, gaps
        self.marked = as_points([point for gap in gaps for point in (*gap.first, *gap.second)])
        self._mean = np.array([mean for mean, _ in (*_PRIOR, _HEIGHT_PRIOR)])
        self._spread = np.array([spread for _, spread in (*_PRIOR, _HEIGHT_PRIOR)])

    def start(self, focal: float, tilt: float) -> Floats:
        camera = np.array([np.log(focal), np.radians(tilt), 0.0, 0.0, _HEIGHT_PRIOR[0]])
        back = _picture_to_road(self.picture, camera)
        places = _mapped(back, self.marked).reshape(len(self.gaps), 4, 2)
        axes = [0 if gap.way == "along" else 1 for gap in self.gaps]
        edges = [np.mean(places[i, :2, axis]) for i, axis in enumerate(axes)]
        return np.concatenate([camera, np.clip(np.nan_to_num(edges), -100, 300)])

    def in_pixels(self, state: Floats) -> Floats:
        """How far each marked point lies from its edge."""
        back = _picture_to_road(self.picture, state[:5]).T
        out = []
        for i, (gap, offset) in enumerate(zip(self.gaps, state[5:], strict=True)):
            for place, first in ((offset, 4 * i), (offset + gap.metres, 4 * i + 2)):
                edge = back @ np.array([1.0, 0.0, -place] if gap.way == "along" else [0.0, 1.0, -place])
                points = self.marked[first : first + 2]
                out.append((points @ edge[:2] + edge[2]) / max(float(np.hypot(edge[0], edge[1])), 1e-12))
        return np.concatenate(out)

    def __call__(self, state: Floats) -> Floats:
        return np.concatenate([self.in_pixels(state) / MARKED_PX, (state[:5] - self._mean) / self._spread])


def _slopes(function: Callable[[Floats], Floats], state: Floats) -> Floats:
    """Jacobian by differences, `[values, state]`."""
    steps = np.eye(len(state)) * 1e-5
    return np.stack([(function(state + step) - function(state - step)) / 2e-5 for step in steps], axis=1)


def _least_squares(function: _Residuals, state: Floats) -> tuple[Floats, float]:
    """Levenberg and Marquardt's descent."""
    damping, value = 1e-2, function(state)
    cost = float(value @ value)
    for _ in range(_STEPS):
        slopes = _slopes(function, state)
        normal, gradient = slopes.T @ slopes, slopes.T @ value
        if not np.all(np.isfinite(normal)):
            return state, np.inf
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), -gradient)
        # a camera that looks at the sky has no road: such steps are not taken
        fresh = state + step
        tried = function(fresh) if 0.01 < fresh[1] < 1.5 and abs(fresh[0]) < 3 else np.full_like(value, np.inf)
        fresh_cost = float(tried @ tried)
        if fresh_cost < cost:
            done = cost - fresh_cost < 1e-9 * cost
            state, value, cost, damping = fresh, tried, fresh_cost, max(damping / 5, 1e-9)
            if done:
                break
        else:
            damping *= 4
            if damping > 1e9:
                break
    return state, cost


def _told(picture: Picture, residuals: _Residuals, state: Floats, rms: float) -> GroundEstimate:
    """The rectangle that spans the marks and lies in the picture, and how sure its metres are."""
    matrix = _road_to_picture(picture, state[:5])
    places = _mapped(_picture_to_road(picture, state[:5]), residuals.marked)
    low, high = places.min(axis=0), places.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    for share in np.arange(1.0, 0.05, -0.05):
        (x0, y0), (x1, y1) = middle - share * half, middle + share * half
        corners = _mapped(matrix, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        inside = np.all((corners >= 0) & (corners <= (picture.width, picture.height)))
        if inside:
            break
    else:
        raise _contradiction()

    def lengths(numbers: Floats) -> Floats:
        back = _picture_to_road(picture, numbers[:5])
        ends = _mapped(back, [(corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2, *corners])
        near, far = (ends[2] + ends[3]) / 2, (ends[4] + ends[5]) / 2
        return np.log([np.hypot(*(ends[1] - ends[0])), np.hypot(*(far - near))])

    slopes = _slopes(residuals, state)
    spread = np.linalg.pinv(slopes.T @ slopes) * max(1.0, (rms / MARKED_PX) ** 2)
    gain = _slopes(lengths, state)
    across, along = np.sqrt(np.diag(gain @ spread @ gain.T))
    width, length = round(float(x1 - x0), 2), round(float(y1 - y0), 2)
    pixels = tuple((round(float(x), 1), round(float(y), 1)) for x, y in corners)
    metres = ((0.0, 0.0), (width, 0.0), (width, length), (0.0, length))
    plane = GroundPlane.model_validate({"pixels": pixels, "metres": metres})
    return GroundEstimate(plane, float(across), float(along), rms, float(np.exp(state[4])))
