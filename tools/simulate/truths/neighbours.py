"""Who else is there at a moment, and how much road a vehicle has before it. Metres; nothing of boxes or rules."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tools.simulate.truths.ways import Floats, Way
from tools.simulate.world import Run

_ASIDE_M = 0.2
"""Room to each side that a driver wants to pass another."""


@dataclass(frozen=True)
class Ahead:
    """The others in a vehicle's corridor, nearest first. `[N]` each: free road up to it, its length along the corridor,
    its speed."""

    room_m: Floats
    length_m: Floats
    speed_m_s: Floats


def ahead_of(run: Run, way: Way, i: int) -> Ahead:
    """Whom a vehicle has before it at entry `i` of its way, if it drove on straight."""
    c, s = math.cos(float(way.heading[i])), math.sin(float(way.heading[i]))
    rows = []
    for other in run.moments[int(way.index[i])].vehicles:
        if other.id == way.spec.id:
            continue
        dx, dy = other.x_m - float(way.x[i]), other.y_m - float(way.y[i])
        along, aside = dx * c + dy * s, abs(dy * c - dx * s)
        if along < 0.0 or along > 80.0:
            continue
        spec = run.specs[other.id]
        turned = other.heading_rad - float(way.heading[i])
        length = spec.length_m * abs(math.cos(turned)) + spec.width_m * abs(math.sin(turned))
        width = spec.width_m * abs(math.cos(turned)) + spec.length_m * abs(math.sin(turned))
        if aside < (width + way.spec.width_m) / 2 + _ASIDE_M:
            rows.append((along - length / 2 - way.spec.length_m / 2, length, other.speed_m_s))
    table = np.array(sorted(rows)).reshape(-1, 3)
    return Ahead(table[:, 0], table[:, 1], table[:, 2])
