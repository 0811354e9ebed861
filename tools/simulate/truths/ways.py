"""A vehicle's way through a run, and what every definition asks of it, in metres and seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.simulate.world import Run, VehicleSpec

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LOWER_EDGE = 0.03
"""Share of the picture's height."""
STILL_M_S = (0.15, 0.3)
"""Slower than the first: stands. Up to the second he creeps so slowly that one may say he stands."""


@dataclass(frozen=True)
class Way:
    """One vehicle's way through the run; arrays `[N]`, one entry a moment."""

    spec: VehicleSpec
    index: NDArray[np.int64]
    t_s: Floats
    x: Floats
    y: Floats
    heading: Floats
    speed: Floats
    visible: Bools
    """Whether the end of its footprint nearest the camera is on the road in the picture."""
    well_visible: Bools
    """The same, and not at the picture's lower edge, where boxes are cut off."""

    def end(self, ahead: float) -> tuple[Floats, Floats]:
        """A point on the middle line: 0.5 the front, -0.5 the rear."""
        reach = ahead * self.spec.length_m
        return self.x + reach * np.cos(self.heading), self.y + reach * np.sin(self.heading)


def ways(run: Run) -> dict[str, Way]:
    """Every vehicle's way, cut to the longest stretch without a gap."""
    rows: dict[str, list[tuple[int, float, float, float, float]]] = {}
    for m, moment in enumerate(run.moments):
        for v in moment.vehicles:
            rows.setdefault(v.id, []).append((m, v.x_m, v.y_m, v.heading_rad, v.speed_m_s))
    out = {}
    for name, values in rows.items():
        table = np.array(values)
        spec = run.specs[name]
        near = np.where(np.sin(table[:, 3]) > 0, -0.5, 0.5) * spec.length_m
        foot = np.stack(
            [table[:, 1] + near * np.cos(table[:, 3]), table[:, 2] + near * np.sin(table[:, 3]), 0 * near], 1
        )
        pixels = run.camera.project(foot)
        inside = (pixels[:, 0] >= 0) & (pixels[:, 0] < run.camera.width)
        inside &= (pixels[:, 1] >= 0) & (pixels[:, 1] < run.camera.height - 1)
        _, x, y, heading, speed = table.T
        visible = inside & (pixels[:, 2] > 0)
        well = visible & (pixels[:, 1] < (1.0 - LOWER_EDGE) * run.camera.height)
        moments = table[:, 0].astype(np.int64)
        out[name] = Way(spec, moments, table[:, 0] * run.step_s, x, y, heading, speed, visible, well)
    return out


def grade(value: float, limits: tuple[float, float, float]) -> bool | None:
    """True: surely; False: perhaps; None: no."""
    return True if value >= limits[2] else False if value >= limits[1] else None


def between(way: Way, from_s: float, to_s: float) -> Bools:
    inside: Bools = (way.t_s >= from_s) & (way.t_s < to_s)
    return inside


def pace(way: Way, step_s: float) -> Floats:
    """`[N]` m/s of the rear over 0.4 s, before or after: SUMO lets a vehicle shift aside at a speed of nothing.

    The lesser of the two, so that a stand counts from its first moment to its last.
    """
    at, span = np.arange(len(way.t_s)), round(0.4 / step_s)
    before, after = np.maximum(at - span, 0), np.minimum(at + span, len(at) - 1)
    x, y = way.end(-0.5)

    def pace(since: NDArray[np.int64], to: NDArray[np.int64]) -> Floats:
        seconds = (to - since) * step_s
        moved = np.hypot(x[to] - x[since], y[to] - y[since])
        speed: Floats = np.divide(moved, seconds, out=np.full(len(at), np.inf), where=seconds > 0)
        return speed

    return np.fmin(pace(before, at), pace(at, after))


def stretches(mask: Bools, index: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and last of each unbroken stretch."""
    found: list[tuple[int, int]] = []
    for i in np.flatnonzero(mask).tolist():
        if found and found[-1][1] == i - 1 and index[i] == index[i - 1] + 1:
            found[-1] = (found[-1][0], i)
        else:
            found.append((i, i))
    return found


def step_s(way: Way) -> float:
    return float(np.median(np.diff(way.t_s))) if len(way.t_s) > 1 else 0.0
