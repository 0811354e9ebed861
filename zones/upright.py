"""How tall things on the road look, from the scene's ground plane alone.

Four points on the road give a homography. With square pixels and the lens's axis in the middle of the picture, that
homography holds the focal length and the camera's attitude too (Zhang 2000, one view of a plane), and with them the
image of a pole of any height at any place on the road.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zones.geometry import GroundMap
from zones.schema import Scene

_FOCAL_WIDTHS = (0.3, 15.0)
"""Focal lengths, in widths of the picture, that surveillance lenses have; others come from badly measured points."""


@dataclass(frozen=True)
class Uprights:
    """Places are given as a column and a row of the picture, heights and lengths in metres.

    A body is a pole that stands `deep_m` behind its near end, as seen from the camera: the upper edge of a car's box is
    the far end of its roof, not its boot.
    """

    focal_px: float
    _near: tuple[float, float, float]
    """Of a pixel, how near it is: 1 / (depth in metres * `_scale`); the homography's last row."""
    _scale: float
    _up: tuple[float, float]
    """What a metre of height adds to row and depth of a pixel's homogeneous coordinates."""

    @classmethod
    def of(cls, scene: Scene) -> Uprights | None:
        """None without a ground plane, or where its points tell no camera that could be."""
        if scene.ground is None:
            return None
        width, height = scene.picture.width, scene.picture.height
        to_road = GroundMap.of(scene.ground)
        matrix = to_road.matrix * to_road.road_side
        centred = np.array([[1.0, 0.0, -width / 2], [0.0, 1.0, -height / 2], [0.0, 0.0, 1.0]])
        right, away, _ = (centred @ np.linalg.inv(matrix)).T
        focal_px = _focal(right, away)
        if focal_px is None or not _FOCAL_WIDTHS[0] < focal_px / width < _FOCAL_WIDTHS[1]:
            return None
        rays = np.diag([1 / focal_px, 1 / focal_px, 1.0])
        metre = float(np.linalg.norm(rays @ right))
        up = np.linalg.inv(rays) @ np.cross(rays @ right, rays @ away) / metre
        up = np.linalg.inv(centred) @ up
        middle_row = float(np.mean([p[1] for p in scene.ground.pixels]))
        x, y, one = (float(v) for v in matrix[2])
        found = cls(focal_px, (x, y, one), metre, (float(up[1]), float(up[2])))
        middle = float(np.mean([p[0] for p in scene.ground.pixels]))
        if found.head(middle, middle_row, 1.0, 0.0) > middle_row:
            # the metres were measured in a mirror
            found = cls(focal_px, found._near, metre, (-found._up[0], -found._up[1]))
        return found if found.head(middle, middle_row, 1.0, 0.0) < middle_row else None

    def height(self, column: float, foot: float, head: float, deep_m: float) -> float:
        """How tall a body is whose near end stands at row `foot` and whose upper edge is at row `head`; metres."""
        start, slope = self._row(column)
        near = start + slope * foot
        near = near / (1.0 + deep_m * self._scale * near)
        return (head - (near - start) / slope) / (near * (self._up[0] - head * self._up[1]))

    def head(self, column: float, foot: float, height_m: float, deep_m: float) -> float:
        """The row of the upper edge."""
        start, slope = self._row(column)
        near = start + slope * foot
        near = near / (1.0 + deep_m * self._scale * near)
        row = (near - start) / slope
        return (row + height_m * near * self._up[0]) / (1.0 + height_m * near * self._up[1])

    def foot(self, column: float, head: float, height_m: float, deep_m: float) -> float:
        """The row where a body with its upper edge at `head` stands on the road."""
        start, slope = self._row(column)
        rise = height_m * (head * self._up[1] - self._up[0])
        row = (head + start * rise) / (1.0 - slope * rise)
        near = start + slope * row
        near = near / max(1.0 - deep_m * self._scale * near, 1e-3)
        return (near - start) / slope

    def depth(self, column: float, foot: float) -> float:
        """Metres from the camera, along its axis."""
        start, slope = self._row(column)
        return 1.0 / ((start + slope * foot) * self._scale)

    def _row(self, column: float) -> tuple[float, float]:
        return self._near[0] * column + self._near[2], self._near[1]


def _focal(right: NDArray[np.float64], away: NDArray[np.float64]) -> float | None:
    """The focal length that makes the road's two axes perpendicular and equally long, in pixels."""
    by_plane = np.array([right[:2] @ away[:2], right[:2] @ right[:2] - away[:2] @ away[:2]])
    by_depth = np.array([right[2] * away[2], right[2] ** 2 - away[2] ** 2])
    inverse_square = -float(by_plane @ by_depth) / max(float(by_plane @ by_plane), 1e-12)
    return None if inverse_square <= 0 else float(inverse_square**-0.5)
