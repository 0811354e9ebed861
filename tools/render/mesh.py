"""Shapes made of triangles: boxes, tubes, balls and lofted hulls, each vertex with its normal, colour and finish.

Local frame of a vehicle: x forward, y left, z up, origin in the middle of its footprint; metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RGB = tuple[float, float, float]
Vec = Sequence[float] | NDArray[np.float64]
COLUMNS = 10
"""Position 3, normal 3, colour 3, finish 1 (0 matt, up to 1 glossy, above 1 shining by itself)."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """`[N, 10]` float32 vertices, three a triangle."""

    vertices: NDArray[np.float32]


class Builder:
    """Collects shapes into one mesh. Colours 0..255."""

    def __init__(self) -> None:
        self._parts: list[Floats] = []

    def mesh(self) -> Mesh:
        return Mesh(np.concatenate(self._parts).astype(np.float32))

    def triangles(self, points: Floats, normals: Floats, colour: RGB, finish: float) -> None:
        """`points`, `normals` `[N, 3]`."""
        n = len(points)
        paint = np.tile(np.asarray(colour, float) / 255, (n, 1))
        self._parts.append(np.concatenate([points, normals, paint, np.full((n, 1), finish)], axis=1))

    def box(self, centre: Vec, size: Vec, colour: RGB, finish: float = 0.1, *, yaw: float = 0.0) -> None:
        """An axis-aligned box, turned by `yaw` around its own z."""
        corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * np.asarray(size) / 2
        faces = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
        ways = ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1))
        turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
        points, normals = [], []
        for face, way in zip(faces, ways, strict=True):
            a, b, c, d = (corners[i] for i in face)
            points += [a, b, c, a, c, d]
            normals += [way] * 6
        self.triangles(
            np.array(points) @ turn.T + np.asarray(centre), np.array(normals, float) @ turn.T, colour, finish
        )

    def tube(
        self, start: Vec, end: Vec, radius: float, colour: RGB, finish: float = 0.1, *, taper: float = 1.0
    ) -> None:
        """A round bar with closed ends; `taper`: radius at the end by that at the start."""
        a, b = np.asarray(start, float), np.asarray(end, float)
        axis = (b - a) / max(float(np.linalg.norm(b - a)), 1e-9)
        side = np.cross(axis, [0, 0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0, 0])
        side /= np.linalg.norm(side)
        up = np.cross(axis, side)
        angles = np.linspace(0, 2 * np.pi, 11)
        ring = np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * up
        points, normals = [], []
        for i in range(10):
            p, q = ring[i], ring[i + 1]
            p0, q0, p1, q1 = a + p * radius, a + q * radius, b + p * radius * taper, b + q * radius * taper
            points += [p0, q0, q1, p0, q1, p1, a, q0, p0, b, p1, q1]
            normals += [p, q, q, p, q, p, -axis, -axis, -axis, axis, axis, axis]
        self.triangles(np.array(points), np.array(normals), colour, finish)

    def ball(self, centre: Vec, radii: Vec, colour: RGB, finish: float = 0.1) -> None:
        """An ellipsoid."""
        u, v = np.linspace(0, 2 * np.pi, 15), np.linspace(-np.pi / 2, np.pi / 2, 9)
        grid = np.stack(
            [np.outer(np.cos(v), np.cos(u)), np.outer(np.cos(v), np.sin(u)), np.outer(np.sin(v), np.ones_like(u))],
            axis=-1,
        )
        self._sheet(grid * np.asarray(radii) + np.asarray(centre), colour, finish)

    def loft(self, rings: Sequence[Floats], colour: RGB, finish: float = 0.6, *, caps: bool = True) -> None:
        """A hull through closed rings `[K, 3]` of equal length, smooth along and around."""
        grid = np.stack([np.concatenate([ring, ring[:1]]) for ring in rings])
        self._sheet(grid, colour, finish)
        if caps:
            for ring, way in (
                (rings[0], rings[0].mean(0) - rings[1].mean(0)),
                (rings[-1], rings[-1].mean(0) - rings[-2].mean(0)),
            ):
                normal = way / max(float(np.linalg.norm(way)), 1e-9)
                middle = ring.mean(0)
                points = [p for i in range(len(ring)) for p in (middle, ring[i], ring[(i + 1) % len(ring)])]
                self.triangles(np.array(points), np.tile(normal, (len(points), 1)), colour, finish)

    def _sheet(self, grid: Floats, colour: RGB, finish: float) -> None:
        """A grid `[R, C, 3]` of points as a smooth surface; the last column repeats the first."""
        along = np.gradient(grid, axis=0)
        closed = np.concatenate([grid[:, -2:-1], grid, grid[:, 1:2]], axis=1)
        around = (closed[:, 2:] - closed[:, :-2]) / 2
        normals = np.cross(around, along)
        length = np.linalg.norm(normals, axis=-1, keepdims=True)
        middle = grid.mean(axis=(0, 1))
        normals = np.where(length > 1e-9, normals / np.maximum(length, 1e-9), grid - middle)
        outward = np.sum(normals * (grid - grid.mean(axis=1, keepdims=True)), axis=-1)
        if float(np.sum(outward)) < 0:
            normals = -normals
        a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
        na, nb, nc, nd = normals[:-1, :-1], normals[:-1, 1:], normals[1:, 1:], normals[1:, :-1]
        points = np.stack([a, b, c, a, c, d], axis=2).reshape(-1, 3)
        self.triangles(points, np.stack([na, nb, nc, na, nc, nd], axis=2).reshape(-1, 3), colour, finish)


def ring(x: float, half_width: float, low: float, high: float, *, round_: float = 0.35, top: float = 1.0) -> Floats:
    """A rounded cross-section at `x`; `top`: width at its top by that at its bottom."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    c, s = np.cos(angles), np.sin(angles)
    y = half_width * np.sign(c) * np.abs(c) ** round_
    z = (low + high) / 2 + (high - low) / 2 * np.sign(s) * np.abs(s) ** round_
    share = (z - low) / max(high - low, 1e-6)
    return np.stack([np.full_like(y, x), y * (1 + (top - 1) * share), z], axis=1)
