"""What a perfect eye would see: a box for each vehicle in the picture, and how much of it others hide.

Vehicles are taken as the boxes they fit into, a little rounded at the top; the camera's depth decides who hides whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.simulate.world import Camera, HeadState, Run, VehicleSpec, VehicleState

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]
_GRID = 6
"""Pixels a cell of the grid on which hiding is worked out."""
_LEAST_PX = 8.0


@dataclass(frozen=True)
class Sight:
    """One vehicle in one picture. `box`: all of it that lies in the picture; `shown`: the part that nothing hides;
    `visible`: share of its outline, 0..1, that is in the picture and not hidden."""

    id: str
    box: Box
    shown: Box
    visible: float


@dataclass(frozen=True)
class Glance:
    """One picture's worth: the time, who is in it, what the heads show."""

    index: int
    t_s: float
    sights: Sequence[Sight]
    heads: Mapping[str, HeadState]


def glances(run: Run, fps: float) -> Iterator[Glance]:
    """The run as a camera of `fps` pictures a second sees it; between two moments vehicles move evenly."""
    last = len(run.moments) - 1
    index = 0
    while True:
        t_s = index / fps
        place = t_s / run.step_s
        low = int(place + 1e-9)
        if low > last or (low == last and place - low > 1e-9):
            return
        share = place - low
        moment = run.moments[low]
        states: Sequence[VehicleState] = moment.vehicles
        if share > 1e-6:
            states = _between(states, run.moments[low + 1].vehicles, share)
        yield Glance(index, t_s, look(run.camera, run.specs, states), moment.heads)
        index += 1


def _between(a: Sequence[VehicleState], b: Sequence[VehicleState], share: float) -> list[VehicleState]:
    later = {v.id: v for v in b}
    out = []
    for v in a:
        w = later.get(v.id)
        if w is None:
            continue
        turn = (w.heading_rad - v.heading_rad + np.pi) % (2 * np.pi) - np.pi
        x, y = v.x_m + share * (w.x_m - v.x_m), v.y_m + share * (w.y_m - v.y_m)
        out.append(VehicleState(v.id, x, y, v.heading_rad + share * turn, v.speed_m_s, v.braking, v.signalling))
    return out


@cache
def _shape(length_m: float, width_m: float, height_m: float) -> Floats:
    """`[12, 3]`: the footprint, the body at two thirds of its height, the narrower roof; ahead, aside, up."""
    two_wheels = width_m < 1.0
    points = []
    for z, along, across in ((0.0, 1.0, 1.0), (0.65, 1.0, 1.0), (1.0, 0.35 if two_wheels else 0.8, 0.75)):
        # wheels are narrow, handlebars are wide
        width = across * (0.55 if two_wheels and z == 0.0 else 1.0)
        for a, b in ((-1, -1), (-1, 1), (1, 1), (1, -1)):
            points.append((a * along * length_m / 2, b * width * width_m / 2, z * height_m))
    return np.array(points)


def corners(specs: Sequence[VehicleSpec], states: Sequence[VehicleState]) -> Floats:
    """`[N, 12, 3]`: the points of each vehicle that its outline is made of."""
    shapes = np.stack([_shape(s.length_m, s.width_m, s.height_m) for s in specs])
    x, y, heading = np.array([(s.x_m, s.y_m, s.heading_rad) for s in states]).T[:, :, None]
    c, s = np.cos(heading), np.sin(heading)
    ahead, aside = shapes[:, :, 0], shapes[:, :, 1]
    return np.stack([x + ahead * c - aside * s, y + ahead * s + aside * c, shapes[:, :, 2]], axis=2)


def _in_sight(camera: Camera, states: Sequence[VehicleState]) -> list[VehicleState]:
    """Those that may reach into the picture; ten metres more than its edges."""
    if not states:
        return []
    axes = camera.axes()
    away = np.array([(s.x_m, s.y_m) for s in states]) - np.asarray(camera.position[:2])
    right, ahead = away @ axes[0, :2], away @ axes[2, :2] + 0.0
    reach = np.maximum(ahead, 0.0) * (camera.width / 2 / camera.focal_px) * 1.2 + 10.0
    return [s for s, near in zip(states, (ahead > -10.0) & (np.abs(right) < reach), strict=True) if near]


def look(camera: Camera, specs: Mapping[str, VehicleSpec], states: Sequence[VehicleState]) -> list[Sight]:
    """Everybody in the picture, nearest first."""
    states = _in_sight(camera, states)
    if not states:
        return []
    solid = corners([specs[s.id] for s in states], states)
    pixels = camera.project(solid.reshape(-1, 3)).reshape(len(states), 12, 3)
    depth = pixels[:, :, 2].min(axis=1)
    width, height = camera.width, camera.height
    with np.errstate(invalid="ignore"):
        low, high = pixels[:, :, :2].min(axis=1), pixels[:, :, :2].max(axis=1)
        inside = (
            (depth > 2.0) & (high[:, 0] > 4) & (low[:, 0] < width - 4) & (high[:, 1] > 4) & (low[:, 1] < height - 4)
        )
    order = [int(i) for i in np.argsort(-pixels[:, :, 2].mean(axis=1)) if inside[i]]
    grid = np.zeros((-(-height // _GRID), -(-width // _GRID)), np.int32)
    whole: dict[int, float] = {}
    for number, i in enumerate(order, 1):
        hull = cv2.convexHull((pixels[i, :, :2] / _GRID).astype(np.float32)).reshape(-1, 2)
        whole[number] = max(float(cv2.contourArea(hull)), 1.0)
        cv2.fillConvexPoly(grid, hull.round().astype(np.int32), number)
    counts = np.bincount(grid.ravel(), minlength=len(order) + 1)
    out = []
    for number, i in reversed(list(enumerate(order, 1))):
        x1, y1 = np.maximum(low[i], 0.0)
        x2, y2 = np.minimum(high[i], (width, height))
        if x2 - x1 < _LEAST_PX or y2 - y1 < _LEAST_PX:
            continue
        box: Box = (float(x1), float(y1), float(x2), float(y2))
        visible = float(min(1.0, counts[number] / whole[number]))
        shown = box if visible > 0.93 else _shown(grid, number, box)
        out.append(Sight(states[i].id, box, shown, visible))
    return out


def _shown(grid: NDArray[np.int32], number: int, box: Box) -> Box:
    """The box around what nothing hides; edges that are free stay exact."""
    x1, y1, x2, y2 = (int(v / _GRID) for v in box)
    rows, columns = np.nonzero(grid[y1 : y2 + 1, x1 : x2 + 1] == number)
    if not len(rows):
        return box
    found = (
        (x1 + columns.min()) * _GRID, (y1 + rows.min()) * _GRID,
        (x1 + columns.max() + 1) * _GRID, (y1 + rows.max() + 1) * _GRID,
    )  # fmt: skip
    slack = 1.6 * _GRID
    a, b, c, d = (float(e if abs(f - e) <= slack else f) for f, e in zip(found, box, strict=True))
    return a, b, c, d
