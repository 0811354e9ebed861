"""Who stops in the street: at the kerb, and who breaks down beyond the junction so that others get stuck in its box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tools.simulate.junction import KERB_X
from tools.simulate.roles import END_Y, LINE_Y
from tools.simulate.scripts import Driver, Hold, Seen, route_through, shifted
from tools.simulate.street import YELLOW_BOX
from tools.simulate.vehicle_mix import KIND
from tools.simulate.world import XY, VehicleSpec, VehicleState

_STANDS_S: Mapping[str, tuple[float, float]] = {
    "stops": (75.0, 150.0),
    "drops_off": (6.0, 20.0),
    "stops_beyond": (75.0, 150.0),
    "parks": (330.0, 420.0),
}
_REAR_Y: Mapping[str, tuple[float, float]] = {"stops_beyond": (-33.0, -30.0)}
_IN_AREA_Y = (-44.5, -38.5)
"""Where rears stand: in the picture, within the area of the sign, and not near the line."""


def stops_at_kerb(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator, role: str) -> tuple[Driver, float]:
    """Draws in to the kerb, stands there and drives on; and the time for which the kerb is taken, in seconds."""
    x = KERB_X - spec.width_m / 2 - float(rng.uniform(0.1, 0.3))
    front_y = float(rng.uniform(*_REAR_Y.get(role, _IN_AREA_Y))) + spec.length_m
    from_y = max(state.y_m + spec.length_m / 2 + 1.0, front_y - 14.0)
    start: list[XY] = [(state.x_m, state.y_m - spec.length_m / 2), (state.x_m, from_y)]
    points = [*start, *shifted(state.x_m, x, from_y, front_y - 2.0), (x, front_y)]
    points += [*shifted(x, 5.8, front_y + 0.5, front_y + 9.0), (5.8, END_Y)]
    wanted = min(float(rng.uniform(6.0, 9.0)), 0.8 * KIND[spec.body].max_speed)
    route = route_through(points)
    driver = Driver(spec, route, role, state.speed_m_s, wanted, s_m=spec.length_m, accel=KIND[spec.body].accel)
    wait = float(rng.uniform(*_STANDS_S[role]))
    at = route.s_where(lambda p: p[:, 1] >= front_y) or 0.0
    line = route.s_where(lambda p: p[:, 1] >= LINE_Y - 0.6) or 0.0
    driver.holds = [Hold(at, lambda _, stood: stood > wait), Hold(line, lambda seen, _: not seen.red)]
    return driver, wait + 15.0


_BANDS: Sequence[XY] = ((0.0, 2.5), (2.5, 5.0), (5.0, 8.0))
"""Of the road's width, in metres east of its middle: one stands in each, so that nobody gets by."""


class Jams:
    """Now and then, as the approach gets green, the way out just beyond the yellow box is blocked for a while."""

    def __init__(self, rng: np.random.Generator, every_s: float) -> None:
        self._rng, self._every_s = rng, every_s
        self._next_s = float(rng.exponential(every_s))
        self._was_red = False
        self._until_s = -1.0
        self._taken: set[XY] = set()

    def step(self, seen: Seen, northbound: Mapping[str, str]) -> list[Driver]:
        """Those who break down now. `northbound`: the vehicles that came from the south, with where they are bound."""
        onset, self._was_red = self._was_red and not seen.red, seen.red
        if onset and seen.t_s >= self._next_s:
            self._until_s = seen.t_s + float(self._rng.uniform(16.0, 28.0))
            self._next_s = seen.t_s + float(self._rng.exponential(self._every_s))
            self._taken = set()
        if seen.t_s > self._until_s - 8.0:
            return []
        out = []
        for band in _BANDS:
            found = None if band in self._taken else _in_band(seen.others, northbound, *band)
            if found is not None:
                self._taken.add(band)
                out.append(self._breaks_down(*found))
        return out

    def _breaks_down(self, spec: VehicleSpec, state: VehicleState) -> Driver:
        x, until_s = state.x_m, self._until_s
        front_y = YELLOW_BOX[3] + spec.length_m + float(self._rng.uniform(0.4, 4.0))
        route = route_through([(x, state.y_m - spec.length_m / 2), (x, END_Y)])
        driver = Driver(
            spec, route, "breaks_down", state.speed_m_s, max(state.speed_m_s, 6.0), s_m=spec.length_m,
            accel=KIND[spec.body].accel,
        )  # fmt: skip
        at = route.s_where(lambda p: p[:, 1] >= front_y) or 0.0
        driver.holds = [Hold(at, lambda seen, _: seen.t_s > until_s)]
        return driver


def _in_band(
    others: Sequence[tuple[VehicleSpec, VehicleState]], northbound: Mapping[str, str], low: float, high: float
) -> tuple[VehicleSpec, VehicleState] | None:
    """Somebody in the middle of the junction, straight on, in that part of the road's width."""
    for spec, state in others:
        fits = spec.length_m < 6.0 and northbound.get(spec.id, "right") != "right"
        if fits and -6.0 < state.y_m < 4.0 and low < state.x_m < high and state.speed_m_s > 2.0:
            return spec, state
    return None
