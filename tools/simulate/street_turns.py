"""Who turns round over the stop line and back, and who turns left there."""

from __future__ import annotations

import math

import numpy as np

from tools.simulate.junction import BOX
from tools.simulate.roles import LINE_Y
from tools.simulate.scripts import Driver, Hold, Seen, arc, route_through, shifted
from tools.simulate.vehicle_mix import KIND
from tools.simulate.world import XY, VehicleSpec, VehicleState

_ACROSS_M = {True: (4.0, 5.0), False: (8.2, 8.8)}
"""Across which two wheels, and more, turn round."""
_FROM_X = {True: (1.0, 3.0), False: (2.1, 2.4)}
_BEGINS_Y = (-15.5, -11.5)
"""Where the middle of the vehicle begins to turn: beyond the end of the double line, short of the box."""
_BENDS = 2.5
"""m/s2, as people take bends."""
_PATIENCE_S = 25.0
_BACK_Y = -95.0


def turns_round(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator) -> Driver:
    """Waits for green, lets come who comes, and goes back south in the other half of the road."""
    two = spec.width_m < 1.0
    x, across = float(rng.uniform(*_FROM_X[two])), float(rng.uniform(*_ACROSS_M[two]))
    y, radius = float(rng.uniform(*_BEGINS_Y)), across / 2
    from_y = state.y_m + spec.length_m / 2 + 2.0
    points = [*shifted(state.x_m, x, from_y, from_y + 12.0), (x, y), *arc((x - radius, y), radius, 0, 180)]
    return _over_the_line(spec, state, [*points, (x - across, _BACK_Y)], "u_turn", y - 0.5, rng)


def turns_left(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator) -> Driver:
    """The same into the western street."""
    x = state.x_m
    radius = BOX + min(x, 3.0)
    points: list[XY] = [(x, -BOX), *arc((x - radius, -BOX), radius, 0, 90), (_BACK_Y, -BOX + radius)]
    return _over_the_line(spec, state, points, "turns_left", -8.0, rng)


def _over_the_line(
    spec: VehicleSpec, state: VehicleState, points: list[XY], role: str, waits_y: float, rng: np.random.Generator
) -> Driver:
    front_y = state.y_m + spec.length_m / 2
    route = route_through([(state.x_m, front_y - spec.length_m), (state.x_m, front_y + 0.5), *points])
    wanted = min(float(rng.uniform(4.0, 6.0)), 0.8 * KIND[spec.body].max_speed)
    driver = Driver(
        spec, route, role, state.speed_m_s, wanted, s_m=spec.length_m, accel=KIND[spec.body].accel, bends_m_s2=_BENDS
    )
    at_line = route.s_where(lambda p: p[:, 1] >= LINE_Y - 0.6) or 0.0
    waits = route.s_where(lambda p: p[:, 1] >= waits_y) or 0.0
    driver.holds = [Hold(at_line, lambda seen, _: not seen.red), Hold(waits, _nobody_comes)]
    return driver


def _nobody_comes(seen: Seen, stood_s: float) -> bool:
    """Nobody comes south; after a while one pushes in."""
    coming = any(
        -8.0 < o.x_m < 0.5 and -18.0 < o.y_m < 8.0 + 4.0 * o.speed_m_s and math.sin(o.heading_rad) < -0.7
        for _, o in seen.others
    )
    return not coming or stood_s > _PATIENCE_S
