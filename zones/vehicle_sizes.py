"""What vehicles that drive by say of the camera: their boxes shrink with the distance, and their sizes are known.

A vehicle is taken for a body of the sizes of its class that stands on the road and points the way it drives, a cuboid
whose upper side is shorter; its box in the picture is the body's outline. No vehicle is exactly as large as its class,
and all of a place may be larger than usual or boxed more widely; both are doubts of the estimate. Pure; own code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evidence.acts import VehicleClass
from zones.geometry import as_boxes, as_points
from zones.road_camera import Floats, camera_matrix
from zones.schema import Picture, Point

LEAST_VEHICLES = 8
"""Fewer that drove by say more of themselves than of the camera."""
_BOX_PX = 2.0
"""How far off a side of a box is, standard deviation in pixels: the detector's, on vehicles that are seen whole."""
_MOST_MISFIT = 2.5
"""Half of the vehicles farther from their sizes than so many deviations: it is no flat road, or no such camera."""
_ROAD_WAY = np.radians(5.0)
"""How far the commonest way of driving is off the road's; standard deviation."""
_MOST_SIGHTINGS = 240
"""More make the estimate slower and hardly better: what all vehicles of a place have in common stays in doubt."""
_ITERATIONS = 3
"""Of placing a body so that its outline ends where the box does: each lessens the miss tenfold."""


@dataclass(frozen=True)
class ClassSize:
    """Metres of a common vehicle of a class, riders counted in, and shares of them (standard deviations): `varies`
    from one to the next of width, height, length; `here`: what all of a place, or all boxes of a detector, have in
    common. `top`: what is highest reaches over so much of its length, in the middle: the rider's head, the roof of a
    car between its windscreens."""

    metres: tuple[float, float, float]
    varies: tuple[float, float, float]
    here: tuple[float, float, float]
    top: float


_SIZES: Mapping[VehicleClass, ClassSize] = {
    VehicleClass.MOTORCYCLE: ClassSize((0.75, 1.60, 1.90), (0.15, 0.08, 0.08), (0.08, 0.04, 0.06), 0.15),
    VehicleClass.CAR: ClassSize((1.80, 1.55, 4.40), (0.06, 0.10, 0.08), (0.04, 0.04, 0.05), 0.4),
    VehicleClass.BUS: ClassSize((2.45, 3.10, 9.50), (0.06, 0.12, 0.25), (0.05, 0.08, 0.15), 0.95),
    VehicleClass.TRUCK: ClassSize((2.20, 2.60, 7.00), (0.12, 0.20, 0.30), (0.08, 0.10, 0.15), 0.8),
}
"""Common sizes of what is sold, rounded, of a rider on a motorcycle seated; estimates, checked on the drawn clips and
simulated cameras (tests/zones/test_ground_from_vehicles.py)."""
SIZED = tuple(_SIZES)


@dataclass(frozen=True)
class Sighting:
    """A vehicle in one picture, seen whole. `track`: the same number for the same vehicle; `towards`: a pixel that the
    middle of its lower edge comes to as it drives on, as if the box kept its size."""

    track: int
    cls: VehicleClass
    box: tuple[float, float, float, float]
    towards: Point


@dataclass(frozen=True)
class Misfit:
    """`variance`: of the deviations, by what half of them keep within; one when sizes vary as expected."""

    variance: float

    @property
    def believable(self) -> bool:
        return bool(self.variance <= _MOST_MISFIT**2)


class VehicleSizes:
    """What sightings say of a camera. Unknown besides it: by how much the classes are larger here, as logarithms
    `[classes x 3]` of width, height and length."""

    def __init__(self, picture: Picture, sightings: Sequence[Sighting]) -> None:
        used = _some([one for one in sightings if one.cls in _SIZES])
        self._picture = picture
        self._boxes = as_boxes([one.box for one in used])
        self.feet = as_points([((one.box[0] + one.box[2]) / 2, one.box[3]) for one in used])
        """`[N, 2]` pixels: the middle of each lower edge."""
        self._towards = as_points([one.towards for one in used])
        classes = sorted({one.cls for one in used})
        self._class = np.array([classes.index(one.cls) for one in used], np.intp)
        sizes = [_SIZES[cls] for cls in classes]
        self._metres = np.array([size.metres for size in sizes]).reshape(-1, 3)
        self._varies = np.array([size.varies for size in sizes]).reshape(-1, 3)
        self._top = np.array([size.top for size in sizes])
        self._here = np.array([size.here for size in sizes]).reshape(-1, 3)
        tracks, number, times = np.unique([one.track for one in used], return_inverse=True, return_counts=True)
        self.vehicles = len(tracks)
        self._weight = 1.0 / np.sqrt(times[number]) if used else np.empty(0)

    @property
    def unknowns(self) -> int:
        return int(self._here.size)

    def deviations(self, camera: Floats, larger: Floats) -> Floats:
        """How far boxes, classes and the road's way are from what is usual, in standard deviations; large ones count
        less (a box of two vehicles must not bend the road)."""
        if not len(self._boxes):
            return np.empty(0)
        off, way = self._off(camera, larger)
        tempered = np.sign(off) * np.sqrt(2 * (np.sqrt(1 + off**2) - 1)) * self._weight[:, None]
        return np.concatenate([tempered.ravel(), larger / self._here.ravel(), [way / _ROAD_WAY]])

    def misfit(self, camera: Floats, larger: Floats) -> Misfit:
        if not len(self._boxes):
            return Misfit(0.0)
        off, _ = self._off(camera, larger)
        middle = float(np.median(np.abs(off)))
        return Misfit((middle / 0.6745) ** 2)

    def rms_px(self, camera: Floats, larger: Floats) -> float:
        """How far widths and heights of boxes are from the bodies', in pixels, by what half keep within."""
        wide, tall, _, _ = self._outlines(camera, larger)
        boxes = self._boxes
        off = np.concatenate([boxes[:, 2] - boxes[:, 0] - wide, boxes[:, 3] - boxes[:, 1] - tall])
        return float(np.median(np.abs(off)) / 0.6745)

    def _off(self, camera: Floats, larger: Floats) -> tuple[Floats, float]:
        """`[N, 2]`: log width and log height of each box less those of its body, in deviations; and the angle
        between the road's axis and the commonest way, radians."""
        wide, tall, slim, ways = self._outlines(camera, larger)
        seen = np.stack([self._boxes[:, 2] - self._boxes[:, 0], self._boxes[:, 3] - self._boxes[:, 1]], axis=1)
        expected = np.maximum(np.stack([wide, tall], axis=1), 1.0)
        varies = self._varies[self._class]
        # seen from its end a vehicle is as wide as it is wide, from its side as it is long
        across = slim * varies[:, 0] ** 2 + (1 - slim) * varies[:, 2] ** 2
        fleet = np.stack([across, varies[:, 1] ** 2], axis=1)
        spread = np.sqrt(fleet + 2 * (_BOX_PX / seen) ** 2)
        twice = np.sum(self._weight**2 * np.exp(2j * ways))
        return np.log(seen / expected) / spread, float(np.angle(twice) / 2)

    def _outlines(self, camera: Floats, larger: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Width and height `[N]` in pixels of the bodies' outlines, how far each is seen from its end (1) or side (0),
        and the angle `[N]` of each way from the road's axis."""
        matrix = camera_matrix(self._picture, camera)
        back = np.asarray(np.linalg.inv(matrix[:, [0, 1, 3]]), np.float64)
        width, height, length = (self._metres * np.exp(larger.reshape(-1, 3)))[self._class].T
        top = self._top[self._class] if len(self._class) else np.empty(0)
        place = _on_road(back, self.feet)
        way = _on_road(back, self._towards) - place
        way /= np.maximum(np.hypot(*way.T), 1e-9)[:, None]
        side = np.stack([way[:, 1], -way[:, 0]], axis=1)
        foot = place
        for _ in range(_ITERATIONS):
            u, v = _body(matrix, place, way, side, width, height, length, top)
            end = np.stack([(u.min(axis=0) + u.max(axis=0)) / 2, v.max(axis=0)], axis=1)
            place = place + foot - _on_road(back, end)
        u, v = _body(matrix, place, way, side, width, height, length, top)
        from_end = np.abs(np.sum(way * place, axis=1)) / np.maximum(np.hypot(*place.T), 1e-9)
        ends, sides = from_end * width, np.sqrt(np.maximum(1 - from_end**2, 0)) * length
        slim = ends / np.maximum(ends + sides, 1e-9)
        angles = np.arctan2(way[:, 0], way[:, 1])
        return u.max(axis=0) - u.min(axis=0), v.max(axis=0) - v.min(axis=0), slim, angles


def _some(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Of too many every so-manieth, which leaves some of each part of the film."""
    return list(sightings[:: -(-len(sightings) // _MOST_SIGHTINGS) or 1])


def _on_road(back: Floats, pixels: Floats) -> Floats:
    """Metres; what lies beyond the horizon is far away ahead."""
    out = pixels @ back[:, :2].T + back[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        places = out[:, :2] / out[:, 2:]
    good = np.isfinite(places).all(axis=1) & (out[:, 2] > 0)  # of what lies behind the camera it is negative
    return np.where(good[:, None], np.clip(places, -500, 500), 500.0)


_ENDS, _SIDES = np.array([-0.5, -0.5, 0.5, 0.5])[None, :, None], np.array([-0.5, 0.5, -0.5, 0.5])[None, :, None]


def _body(
    matrix: Floats, place: Floats, way: Floats, side: Floats, width: Floats, height: Floats, length: Floats, top: Floats
) -> tuple[Floats, Floats]:
    """Columns and rows `[8, N]` of the corners in the picture."""
    # before its depth is divided out the body is a box in the picture too: three edges tell all its corners
    on_road, up = matrix[:, :2], matrix[:, 2:3] * height
    long = ((on_road @ way.T) * length)[:, None, :] * _ENDS
    foot = (on_road @ place.T + matrix[:, 3:])[:, None, :] + ((on_road @ side.T) * width)[:, None, :] * _SIDES
    corners = np.concatenate([foot + long, foot + long * top + up[:, None, :]], axis=1)
    depth = np.maximum(corners[2], 0.1)
    return corners[0] / depth, corners[1] / depth
