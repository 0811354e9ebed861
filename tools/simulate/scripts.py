"""Drivers who do what SUMO's never would: they follow a path of their own, as others do not block it.

A scripted driver keeps his distance to whatever stands or drives in his corridor (Intelligent Driver Model, Treiber et
al. 2000) and stops at his holds until they let him go. SUMO sees him where he is put, and brakes for him.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tools.simulate.world import XY, VehicleSpec, VehicleState

Floats = NDArray[np.float64]
_SAMPLE_M = 0.25
_LOOK_M = 32.0
_HEADWAY_S = 0.9
_REACH_M = 3.2
"""Half the widths of the two widest, and the step at which the way is looked at."""
_BRAKE = 2.5
_STUCK_S = 25.0
_BEND_LOOK_M = 7.0
_BEND_SAMPLES = 6
"""Over so much of the way a bend is measured: single headings are uneven."""


@dataclass(frozen=True)
class Route:
    """A path on the road, `[K, 2]` points every quarter of a metre."""

    points: Floats
    headings: Floats

    @property
    def length_m(self) -> float:
        return (len(self.points) - 1) * _SAMPLE_M

    def at(self, s_m: float) -> tuple[float, float, float]:
        """x, y, heading after `s_m` metres."""
        index = min(max(s_m / _SAMPLE_M, 0.0), len(self.points) - 1.001)
        low, share = int(index), index - int(index)
        x, y = self.points[low] + share * (self.points[low + 1] - self.points[low])
        return float(x), float(y), float(self.headings[low])

    def s_where(self, test: Callable[[Floats], NDArray[np.bool_]]) -> float | None:
        """The first place at which `test` of the points holds."""
        hits = np.flatnonzero(test(self.points))
        return float(hits[0]) * _SAMPLE_M if len(hits) else None


@cache
def _reach(length_m: float) -> Floats:
    """How far along a body of that length points of it lie from its middle."""
    return np.linspace(-length_m / 2, length_m / 2, max(3, int(length_m)))


def route_through(points: Sequence[XY]) -> Route:
    """The path through points, evenly sampled, headings smoothed over a metre."""
    p = np.array(points, dtype=float)
    legs = np.hypot(*np.diff(p, axis=0).T)
    keep = np.append(True, legs > 1e-6)
    p = p[keep]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(p, axis=0).T))])
    s = np.arange(0.0, along[-1], _SAMPLE_M)
    line = np.stack([np.interp(s, along, p[:, 0]), np.interp(s, along, p[:, 1])], axis=1)
    ahead = np.minimum(np.arange(len(line)) + 3, len(line) - 1)
    behind = np.maximum(np.arange(len(line)) - 3, 0)
    step = line[ahead] - line[behind]
    return Route(line, np.arctan2(step[:, 1], step[:, 0]))


def shifted(from_x: float, to_x: float, from_y: float, to_y: float, steps: int = 24) -> list[XY]:
    """A smooth change of side while driving along y."""
    share = np.linspace(0.0, 1.0, steps)
    smooth = share**2 * (3 - 2 * share)
    return [(from_x + m * (to_x - from_x), from_y + h * (to_y - from_y)) for h, m in zip(share, smooth, strict=True)]


def arc(centre: XY, radius: float, from_deg: float, to_deg: float, steps: int = 20) -> list[XY]:
    angles = np.radians(np.linspace(from_deg, to_deg, steps))
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


@dataclass(frozen=True)
class Seen:
    """What a scripted driver knows: the time, every other vehicle, and whether his stream has which colour."""

    t_s: float
    others: Sequence[tuple[VehicleSpec, VehicleState]]
    red: bool
    arrow_red: bool


@dataclass(frozen=True)
class Hold:
    """A place (of the front bumper) to stop at until `free` says otherwise; once let go he does not stop again."""

    s_m: float
    free: Callable[[Seen, float], bool]
    """Of what he sees and of how long he has stood there."""


@dataclass
class Driver:
    """One scripted vehicle; `s_m` is where its front is on its route."""

    spec: VehicleSpec
    route: Route
    role: str
    speed_m_s: float
    wanted_m_s: float
    holds: list[Hold] = field(default_factory=list)
    s_m: float = 0.0
    accel: float = 2.0
    stood_s: float = 0.0
    blocked_s: float = 0.0
    slowing: bool = False
    cross: bool = False
    """Pushes in where he sees nothing in front: the gaps he keeps are half of the usual."""
    bends_m_s2: float | None = None
    """He takes bends so slowly that no more pulls him aside; None: he does not mind."""

    @property
    def done(self) -> bool:
        return self.s_m >= self.route.length_m - 0.5

    def state(self) -> VehicleState:
        x, y, heading = self.route.at(self.s_m)
        half = self.spec.length_m / 2
        signal: Literal["none", "hazard"] = "hazard" if self.role == "stalled" and self.speed_m_s < 0.1 else "none"
        return VehicleState(
            self.spec.id, x - half * math.cos(heading), y - half * math.sin(heading), heading, self.speed_m_s,
            braking=self.slowing, signalling=signal,
        )  # fmt: skip

    @property
    def stuck(self) -> bool:
        """Nobody will ever let him go: better taken off the road."""
        return self.blocked_s > _STUCK_S

    def step(self, seen: Seen, dt_s: float) -> None:
        self.holds = [h for h in self.holds if not (self._near(h) and h.free(seen, self.stood_s))]
        gap, leader_m_s = self._gap(seen)
        for hold in self.holds:
            room = hold.s_m - self.s_m
            if room > -0.3 and room < gap:
                gap, leader_m_s = room + self._least_gap - 0.05, 0.0
        accel = self._idm(gap, leader_m_s)
        before = self.speed_m_s
        self.speed_m_s = max(0.0, self.speed_m_s + accel * dt_s)
        # creeping the last centimetres is no motion
        if self.speed_m_s < 0.15 and accel <= 0.05:
            self.speed_m_s = 0.0
        self.s_m += (before + self.speed_m_s) / 2 * dt_s
        self.slowing = accel < -0.4 or self.speed_m_s == 0.0
        waits = any(self._near(h) for h in self.holds) and self.speed_m_s < 0.3
        self.stood_s = self.stood_s + dt_s if waits else 0.0
        self.blocked_s = self.blocked_s + dt_s if self.speed_m_s < 0.1 and not waits else 0.0

    @property
    def _least_gap(self) -> float:
        return 0.7 if self.spec.width_m < 1.0 else 1.3

    def _near(self, hold: Hold) -> bool:
        return hold.s_m - self.s_m < max(1.5, self.speed_m_s**2 / (2 * _BRAKE) + 2.0)

    def _idm(self, gap: float, leader_m_s: float) -> float:
        wish = self._least_gap + max(
            0.0,
            self.speed_m_s * _HEADWAY_S * (0.5 if self.cross else 1.0)
            + self.speed_m_s * (self.speed_m_s - leader_m_s) / (2 * math.sqrt(self.accel * _BRAKE)),
        )
        free = 1.0 - (self.speed_m_s / max(min(self.wanted_m_s, self._in_bends()), 0.1)) ** 4
        return float(np.clip(self.accel * (free - (wish / max(gap, 0.05)) ** 2), -6.0, self.accel))

    def _in_bends(self) -> float:
        """The pace that the next metres of the way allow."""
        if self.bends_m_s2 is None:
            return np.inf
        first = int(self.s_m / _SAMPLE_M)
        ahead = np.unwrap(self.route.headings[first : first + int(_BEND_LOOK_M / _SAMPLE_M)])
        if len(ahead) <= _BEND_SAMPLES:
            return np.inf
        bend = np.abs(ahead[_BEND_SAMPLES:] - ahead[:-_BEND_SAMPLES]).max() / (_BEND_SAMPLES * _SAMPLE_M)
        return float(np.sqrt(self.bends_m_s2 / max(float(bend), 1e-6)))

    def _gap(self, seen: Seen) -> tuple[float, float]:
        """Room to the nearest vehicle in the corridor, and how fast it drives the same way."""
        first = int(self.s_m / _SAMPLE_M)
        ahead = self.route.points[first : first + int(_LOOK_M / _SAMPLE_M)]
        headings = self.route.headings[first : first + int(_LOOK_M / _SAMPLE_M)]
        best, speed = 1e3, 0.0
        if not len(ahead):
            return best, speed
        here = ahead[0]
        # who waits for each other for long squeezes past
        room = 0.12 if self.blocked_s < 5.0 else -0.2
        near = self._near_way(seen, ahead)
        if not near:
            return best, speed
        # all of them at once: each for itself was two thirds of a simulated minute
        reaches = [_reach(spec.length_m) for spec, _ in near]
        counts = np.array([len(reach) for reach in reaches], np.intp)
        ends = np.cumsum(counts, dtype=np.intp)
        reach = np.concatenate(reaches)
        x, y, c, s = (
            np.repeat(each, counts)
            for each in zip(
                *((o.x_m, o.y_m, math.cos(o.heading_rad), math.sin(o.heading_rad)) for _, o in near), strict=True
            )
        )
        bodies = np.stack([x + reach * c, y + reach * s])
        apart = np.hypot(ahead[:, :1] - bodies[0], ahead[:, 1:] - bodies[1])
        nearest = np.minimum.reduceat(apart, ends - counts, axis=1)
        touching = nearest < np.array([(self.spec.width_m + spec.width_m) / 2 + room for spec, _ in near])
        for k in np.flatnonzero(touching.any(axis=0)):
            at, other = int(touching[:, k].argmax()), near[k][1]
            body = bodies[:, ends[k] - counts[k] : ends[k]].T
            if at == 0 and self._beside_or_behind(body, here, float(headings[0])):
                continue
            gap = at * _SAMPLE_M
            if gap < best:
                best, speed = gap, other.speed_m_s * math.cos(other.heading_rad - float(headings[at]))
        return best, speed

    def _near_way(self, seen: Seen, ahead: Floats) -> list[tuple[VehicleSpec, VehicleState]]:
        """Those who can touch the corridor at all."""
        if not seen.others:
            return []
        middles = np.array([(o.x_m, o.y_m) for _, o in seen.others])
        away = np.hypot(*(ahead[::4, None, :] - middles[None, :, :]).transpose(2, 0, 1)).min(axis=0)
        return [pair for pair, d in zip(seen.others, away, strict=True) if d < pair[0].length_m / 2 + _REACH_M]

    def _beside_or_behind(self, body: Floats, here: Floats, heading: float) -> bool:
        ahead = (body - here) @ np.array([math.cos(heading), math.sin(heading)])
        return bool(ahead.max() < 0.3)
