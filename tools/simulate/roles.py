"""The parts that scripted drivers play on the southern approach."""

from __future__ import annotations

import math

import numpy as np

from tools.simulate.demand import Habits
from tools.simulate.junction import BOX, CORNER_RADIUS, KERB_X, KERB_Y, LEFT_LANE, RIGHT_LANE, STOP_LINE
from tools.simulate.scripts import Driver, Hold, Route, Seen, arc, route_through, shifted
from tools.simulate.vehicle_mix import KIND, draw_vehicle
from tools.simulate.world import XY, VehicleSpec, VehicleState

LINE_Y = -(STOP_LINE + 0.3)
END_Y = 90.0
TAKE_OVER_Y = -58.0


def choose_role(
    spec: VehicleSpec, state: VehicleState, seen: Seen, red_at_line: bool, first: bool, habits: Habits,
    rng: np.random.Generator, movement: str,
) -> Driver | None:  # fmt: skip
    """Perhaps the driver who just came into sight breaks a rule; None: he stays SUMO's.

    `red_at_line`: his light will be red when he arrives; `first`: nobody waits before him.
    """
    roll = float(rng.random())
    if spec.priority:
        return _run_red(spec, state, rng, movement, bold=True, role="priority")
    if roll < habits.stalled:
        return _stalled(spec, state, rng)
    if red_at_line and first:
        second = float(rng.random())
        if second < habits.run_red:
            return _run_red(spec, state, rng, movement, bold=False, role="run_red")
        if second < habits.run_red + habits.stop_past:
            return _stop_past(spec, state, rng)
    roll = float(rng.random())
    if roll < habits.solid:
        return _solid(spec, state, rng, seen)
    if spec.width_m < 1.0 and roll < habits.solid + habits.centre:
        return _centre(spec, state, rng, seen)
    if 1.0 - roll < habits.banned_left:
        return _banned_left(spec, state, rng)
    if 1.0 - roll < habits.banned_left + habits.right_from_left:
        return _right_from_left(spec, state)
    return None


def choose_at_line(
    spec: VehicleSpec, state: VehicleState, habits: Habits, rng: np.random.Generator, movement: str
) -> Driver | None:
    """Perhaps one who waits in the first row loses patience: he jumps the light, or creeps past the line."""
    roll = float(rng.random())
    if roll < habits.jump:
        driver = _run_red(spec, state, rng, movement, bold=False, role="jump")
        wait = float(rng.uniform(0.0, 20.0))
        free = driver.holds[0].free
        driver.holds = [Hold(driver.s_m + 0.2, lambda seen, stood: stood >= wait and free(seen, stood))]
        return driver
    if roll < habits.jump + habits.creep and spec.length_m < 5.0 and movement != "right":
        driver = _stop_past(spec, state, rng)
        driver.role, driver.wanted_m_s = "creep", float(rng.uniform(1.2, 3.0))
        wait = float(rng.uniform(0.5, 10.0))
        driver.holds = [Hold(driver.s_m + 0.2, lambda seen, stood: stood >= wait or not seen.red), *driver.holds]
        return driver
    return None


def wrong_way_rider(name: str, rng: np.random.Generator) -> Driver:
    """Comes from the east along the kerb and turns south, against the flow of the approach."""
    spec = draw_vehicle(name, rng, body="scooter" if rng.random() < 0.6 else "underbone")
    off = float(rng.uniform(0.45, 0.6))
    radius = CORNER_RADIUS + off
    x = KERB_X - off
    centre = (KERB_X + CORNER_RADIUS, -(KERB_Y + CORNER_RADIUS))
    points: list[XY] = [(70.0, -KERB_Y + off), *arc(centre, radius, 90, 180), (x, -95.0)]
    speed = float(rng.uniform(3.0, 6.5))
    return Driver(spec, route_through(points), "wrong_way", speed, speed)


def _wish(spec: VehicleSpec, rng: np.random.Generator) -> float:
    return KIND[spec.body].max_speed * float(rng.uniform(0.6, 0.85))


def _start(state: VehicleState, spec: VehicleSpec) -> XY:
    """Where the front bumper is, a little ahead so that the path begins under the vehicle."""
    return state.x_m, state.y_m + spec.length_m / 2


def _driver(spec: VehicleSpec, state: VehicleState, points: list[XY], role: str, rng: np.random.Generator) -> Driver:
    x, y = _start(state, spec)
    route = route_through([(x, y - spec.length_m), *points])
    wish = max(_wish(spec, rng), min(state.speed_m_s, 9.0))
    return Driver(
        spec, route, role, state.speed_m_s, wish, s_m=spec.length_m, accel=KIND[spec.body].accel
    )  # fmt: skip


def _ahead(x: float) -> list[XY]:
    return [(x, LINE_Y), (x, END_Y)]


def _turn_right(x: float) -> list[XY]:
    radius = BOX - min(x, 7.0) + 0.3
    centre = (x + radius, -BOX)
    return [(x, LINE_Y), *arc(centre, radius, 180, 90), (90.0, -BOX + radius)]


def _at_y(route: Route, y: float) -> float:
    return route.s_where(lambda p: p[:, 1] >= y) or 0.0


def _stop_line(driver: Driver, *, gap: float = 0.5) -> Hold:
    """Waits at the line for green, as he should."""
    arrow = driver.role == "right"
    return Hold(_at_y(driver.route, LINE_Y - gap), lambda seen, _: not (seen.arrow_red if arrow else seen.red))


def _run_red(
    spec: VehicleSpec, state: VehicleState, rng: np.random.Generator, movement: str, *, bold: bool, role: str
) -> Driver:
    x = state.x_m
    right = movement == "right"
    driver = _driver(spec, state, _turn_right(x) if right else _ahead(x), role, rng)
    patience = 0.0 if bold else float(rng.choice([0.0, 0.0, 2.0, 6.0, 12.0]))

    def free(seen: Seen, stood_s: float) -> bool:
        green = not (seen.arrow_red if right else seen.red)
        return green or (stood_s >= patience and _crossing_clear(seen, right=right))

    driver.holds = [Hold(_at_y(driver.route, LINE_Y - 0.5), free)]
    return driver


def _crossing_clear(seen: Seen, *, right: bool) -> bool:
    """Nobody in the box or about to enter it across the way."""
    for _, other in seen.others:
        x, y, v = other.x_m, other.y_m, other.speed_m_s
        if (
            abs(y) > 8.5
            and not right
            and abs(x) < 8
            and 8.5 < y < 30
            and v > 1.0
            and math.sin(other.heading_rad) < -0.7
        ):
            continue  # oncoming traffic has red too
        if abs(y) > 8.5:
            continue
        along = x * math.cos(other.heading_rad) + y * math.sin(other.heading_rad)
        if along > 8.0 or v < 0.5:
            continue
        if right and not (math.cos(other.heading_rad) > 0.5 and y < 0):
            continue
        if -along < 14.0 + 4.5 * v:
            return False
    return True


def _stop_past(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator) -> Driver:
    x = state.x_m
    driver = _driver(spec, state, _ahead(x), "stop_past", rng)
    # the rear clear of the line, the front still outside the junction
    lowest, highest = -STOP_LINE + 0.4 + spec.length_m, -BOX - 0.6 + max(0.0, spec.length_m - 4.6)
    front = float(rng.uniform(lowest, max(highest, lowest + 0.2)))
    driver.holds = [Hold(_at_y(driver.route, front), lambda seen, _: not seen.red)]
    return driver


def _stalled(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator) -> Driver:
    driver = _driver(spec, state, _ahead(state.x_m), "stalled", rng)
    wait = float(rng.uniform(20, 60))
    breakdown = Hold(_at_y(driver.route, float(rng.uniform(-40, -24))), lambda _, stood: stood > wait)
    driver.holds = [breakdown, _stop_line(driver)]
    return driver


def _solid(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator, seen: Seen) -> Driver | None:
    """Changes lane over the solid line, or rides on it for a while and comes back."""
    x, half = state.x_m, spec.width_m / 2
    from_y = float(rng.uniform(-46, -36))
    length = float(rng.uniform(8, 16))
    to_y = min(from_y + length, LINE_Y - 1.5)
    in_left = x < LEFT_LANE[1]
    lane = RIGHT_LANE if in_left else LEFT_LANE
    jammed = [o for _, o in seen.others if lane[0] < o.x_m < lane[1] and -66 < o.y_m < -28 and o.speed_m_s < 2.0]
    if jammed:
        return None
    # a change of lane that stays near the line, as people do; the other half crosses to the middle
    other = float(rng.uniform(lane[0] + half + 0.3, lane[1] - half - 0.3))
    near = float(np.clip(other, LEFT_LANE[1] - 2.2, LEFT_LANE[1] + 2.2))
    points: list[XY] = [(x, from_y)]
    if rng.random() < 0.3:
        on = LEFT_LANE[1] + float(rng.uniform(-0.3, 0.3)) * spec.width_m
        back = to_y + float(rng.uniform(3, 8))
        points += shifted(x, on, from_y, to_y)
        points += shifted(on, x, back, back + 9) if back + 9 < LINE_Y else [(on, LINE_Y)]
    else:
        points += shifted(x, near, from_y, to_y)
    driver = _driver(spec, state, [*points, (points[-1][0], END_Y)], "solid", rng)
    driver.holds = [_stop_line(driver, gap=float(rng.uniform(0.4, 1.5)))]
    return driver


def _centre(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator, seen: Seen) -> Driver | None:
    """Passes the queue on the wrong side of the double line and comes back before the stop line."""
    if state.x_m > LEFT_LANE[1]:
        return None
    if any(-8 < o.x_m < 1 and o.y_m < 30 and math.sin(o.heading_rad) < -0.5 for _, o in seen.others):
        return None  # somebody comes towards him
    out = float(rng.uniform(-1.4, -0.75))
    back = float(rng.uniform(0.9, 1.6))
    from_y = float(rng.uniform(-55, -46))
    return_y = float(rng.uniform(-27, -21.5))
    points = [*shifted(state.x_m, out, from_y, from_y + 9), *shifted(out, back, return_y, LINE_Y - 0.5)]
    driver = _driver(spec, state, [*points, (back, END_Y)], "centre", rng)
    driver.holds = [_stop_line(driver)]
    return driver


def _right_from_left(spec: VehicleSpec, state: VehicleState) -> Driver | None:
    """Waits for the arrow as the right-turners beside do, and turns before them."""
    x = state.x_m
    if x + spec.width_m / 2 > LEFT_LANE[1] - 0.3 or spec.body in ("bus", "truck"):
        return None
    begin_y, radius = -BOX - 2.0, 9.0
    points: list[XY] = [(x, begin_y), *arc((x + radius, begin_y), radius, 180, 90), (90.0, begin_y + radius)]
    start_x, start_y = _start(state, spec)
    route = route_through([(start_x, start_y - spec.length_m), *points])
    wish = max(0.7 * KIND[spec.body].max_speed, min(state.speed_m_s, 9.0))
    driver = Driver(
        spec, route, "right_from_left", state.speed_m_s, wish, s_m=spec.length_m, accel=KIND[spec.body].accel
    )

    def clear(seen: Seen, stood_s: float) -> bool:
        beside = any(
            RIGHT_LANE[0] - 0.5 < o.x_m < KERB_X and -28 < o.y_m < -8 and o.speed_m_s > 0.5 for _, o in seen.others
        )
        return not beside or stood_s > 15

    at_line = Hold(_at_y(route, LINE_Y - 0.5), lambda seen, _: not seen.arrow_red)
    driver.holds = [at_line, Hold(_at_y(route, begin_y - 0.5), clear)]
    return driver


def _banned_left(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator) -> Driver | None:
    x = state.x_m
    if x > LEFT_LANE[1] or spec.body in ("bus", "truck"):
        return None
    radius = BOX + min(x, 3.0)
    points: list[XY] = [(x, -BOX), *arc((x - radius, -BOX), radius, 0, 90), (-90.0, -BOX + radius)]
    driver = _driver(spec, state, points, "banned_left", rng)

    def clear(seen: Seen, stood_s: float) -> bool:
        coming = any(
            -8 < o.x_m < 0 and -6 < o.y_m < 8 + 4 * o.speed_m_s and math.sin(o.heading_rad) < -0.7
            for _, o in seen.others
        )
        return not coming or stood_s > 25

    driver.holds = [_stop_line(driver), Hold(_at_y(driver.route, -8.0), clear)]
    return driver
