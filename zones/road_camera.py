"""A pin-hole camera over a flat road, found by least squares from what is seen on it. Pure; own code.

Square pixels, its centre in the middle of the picture (Hartley and Zisserman, Multiple View Geometry, 8.8). Unknown are
its focal length, tilt, roll, heading and height. What the evidence leaves open is held by what cameras over roads are
like, and shows up as doubt, not as a false certainty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evidence.errors import GiaoLoError
from zones.geometry import as_points
from zones.schema import GroundPlane, Picture

Floats = NDArray[np.float64]

CAMERA_MEAN = np.array([np.log(1.1), np.radians(20), 0.0, 0.0, np.log(7.0)])
CAMERA_SPREAD = np.array([0.45, np.radians(15), np.radians(2), np.radians(30), 0.5])
"""Mean and deviation: log focal length in picture widths (21 to 97 degrees of view at two), tilt, roll, heading, log
height in metres (masts and bridges, 3 to 19 m at two deviations)."""
_STARTS = [(focal, tilt) for focal in (0.7, 1.3, 2.4) for tilt in (8.0, 18.0, 35.0)]
UNSURE = 0.15
"""A metre that may be so much longer or shorter is none to judge by: more is to be marked."""
_STEPS = 80
_FIRST_STEPS = 8
"""After so few it shows which starts lead anywhere."""
_GOES_ON = 2
"""Starts of which the descent is gone to its end."""


class GroundUnknown(GiaoLoError):
    """No plane follows from what was seen."""


@dataclass(frozen=True)
class GroundEstimate:
    """A proposal. `across`, `along`: standard deviation of a metre across and along the road, as a share of it.

    `rms_px`: how far what was seen lies from where the plane puts it. `height_m`: of the camera over the road.
    """

    ground: GroundPlane
    across: float
    along: float
    rms_px: float
    height_m: float

    @property
    def unsure(self) -> bool:
        return max(self.across, self.along) > UNSURE


def strangeness(camera: Floats) -> float:
    """How far the strangest of the five numbers is from those of usual cameras, in standard deviations."""
    return float(np.max(np.abs(camera - CAMERA_MEAN) / CAMERA_SPREAD))


def start_of(focal: float, tilt_deg: float) -> Floats:
    """A camera to begin with: focal length in picture widths, the rest as most are."""
    return np.array([np.log(focal), np.radians(tilt_deg), 0.0, 0.0, CAMERA_MEAN[4]])


def starts() -> list[Floats]:
    """Cameras of which one is near enough to every camera for the descent to find it."""
    return [start_of(focal, tilt) for focal, tilt in _STARTS]


def camera_matrix(picture: Picture, camera: Floats) -> Floats:
    """`[3, 4]`: metres (x to the right of the camera's foot, y along the road, z up) to pixels, and their depth in
    metres as the third number. `camera`: the five numbers of `CAMERA_MEAN`."""
    focal, tilt, roll, heading, height = np.exp(camera[0]) * picture.width, *camera[1:4], np.exp(camera[4])
    sin, cos = np.sin, np.cos
    ahead, down = np.array([sin(heading), cos(heading), 0.0]), np.array([0.0, 0.0, -1.0])
    right = np.array([cos(heading), -sin(heading), 0.0])
    forward, below = cos(tilt) * ahead + sin(tilt) * down, cos(tilt) * down - sin(tilt) * ahead
    axes = np.stack([cos(roll) * right + sin(roll) * below, cos(roll) * below - sin(roll) * right, forward])
    inner = np.array([[focal, 0, picture.width / 2], [0, focal, picture.height / 2], [0, 0, 1.0]])
    return np.asarray(inner @ np.concatenate([axes, -height * axes[:, 2:]], axis=1), np.float64)


def road_to_picture(picture: Picture, camera: Floats) -> Floats:
    """Homography from metres on the road to pixels."""
    return camera_matrix(picture, camera)[:, [0, 1, 3]]


def picture_to_road(picture: Picture, camera: Floats) -> Floats:
    """The way back: pixels to metres."""
    return np.asarray(np.linalg.inv(road_to_picture(picture, camera)), np.float64)


def mapped(matrix: Floats, points: ArrayLike) -> Floats:
    """Points `[N, 2]` through a homography; none that lie on its horizon."""
    p = as_points(points)
    out = np.concatenate([p, np.ones((len(p), 1))], axis=1) @ matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(out[:, :2] / out[:, 2:], np.float64)


def slopes(function: Callable[[Floats], Floats], state: Floats) -> Floats:
    """Jacobian by differences, `[values, state]`."""
    steps = np.eye(len(state)) * 1e-5
    return np.stack([(function(state + step) - function(state - step)) / 2e-5 for step in steps], axis=1)


def best_fit(function: Callable[[Floats], Floats], first: Sequence[Floats]) -> tuple[Floats, float]:
    """State and cost of the least residuals that the descent reaches from any of the `first` states."""
    begun = sorted((least_squares(function, state, _FIRST_STEPS) for state in first), key=lambda one: one[1])
    return min((least_squares(function, state) for state, _ in begun[:_GOES_ON]), key=lambda one: one[1])


def least_squares(
    function: Callable[[Floats], Floats], state: Floats, most_steps: int = _STEPS
) -> tuple[Floats, float]:
    """Levenberg and Marquardt's descent: where it ends, and the sum of squares there."""
    damping, value = 1e-2, function(state)
    cost = float(value @ value)
    for _ in range(most_steps):
        steep = slopes(function, state)
        normal, gradient = steep.T @ steep, steep.T @ value
        if not np.all(np.isfinite(normal)):
            return state, np.inf
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), -gradient)
        # a camera that looks at the sky has no road: such steps are not taken
        fresh = state + step
        tried = function(fresh) if 0.01 < fresh[1] < 1.5 and abs(fresh[0]) < 3 else np.full_like(value, np.inf)
        fresh_cost = float(tried @ tried)
        if fresh_cost < cost:
            done = cost - fresh_cost < 1e-6 * cost
            state, value, cost, damping = fresh, tried, fresh_cost, max(damping / 5, 1e-9)
            if done:
                break
        else:
            damping *= 4
            if damping > 1e9:
                break
    return state, cost
