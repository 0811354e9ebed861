"""The parts that scripted drivers play in the street: who breaks its rules, and who only comes close to it.

All dice are of a stream of their own, so what the approach's drivers do follows from the same numbers as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evidence.acts import VehicleClass
from tools.simulate.demand import Arrival
from tools.simulate.junction import BOX, KERB_X, LEFT_LANE
from tools.simulate.roles import END_Y, LINE_Y
from tools.simulate.scripts import Driver, Hold, Seen, arc, route_through, shifted
from tools.simulate.street import CLOSED_TO, MOUTH_X, PAVEMENT_Y
from tools.simulate.street_stops import Jams, stops_at_kerb
from tools.simulate.street_turns import turns_left, turns_round
from tools.simulate.vehicle_mix import KIND
from tools.simulate.world import XY, VehicleSpec, VehicleState

CLOSE: Mapping[str, str] = {
    "kerb_rider": "rides close along the kerb",
    "kerb_stop": "stops at the kerb for some seconds",
    "to_gate": "crosses the pavement to a gate",
    "pushed": "is pushed along the pavement",
    "up_and_stops": "rides up on the pavement and stops there",
    "bicycle_on_pavement": "a bicycle on the pavement",
    "turns_in_mouth": "turns round in the mouth of the closed street",
    "breaks_down": "breaks down beyond the junction",
    "turns_left": "turns left, which no sign bans there",
    "u_turn": "turns round after the sign's hours",
}
"""Roles that only come close to an act, and what they do."""


@dataclass(frozen=True)
class StreetHabits:
    """How often drivers of the southern approach do so. Shares of those who have the occasion, 0..1.

    `offences` are what `more_offenders` makes more frequent; all others only come close to an act.
    """

    pavement: float = 0.08
    """Motorcycles in the right lane that pass the queue on the pavement."""
    into_closed: float = 0.35
    """Cars, buses and lorries bound for the closed street at its hours that go into it all the same."""
    stops: float = 0.2
    """Cars and lorries in the right lane that stand at the kerb for one to two minutes."""
    parks: float = 0.1
    """The same for minutes; where stopping is banned nobody does."""
    u_turn: float = 0.04
    """Of the left lane: turn round at the junction, at the sign's hours or after."""
    jam_every_s: float = 90.0
    """On average; then whoever follows into the box gets stuck in it."""
    bicycle_on_pavement: float = 0.3
    kerb_rider: float = 0.05
    kerb_stop: float = 0.02
    to_gate: float = 0.02
    pushed: float = 0.01
    up_and_stops: float = 0.01
    drops_off: float = 0.08
    stops_beyond: float = 0.06
    """Of the cars and lorries in the right lane: stand at the kerb where no sign holds any more."""
    turns_left: float = 0.03
    turns_in_mouth: float = 0.3
    """Of the cars and lorries that meant to turn right into the closed street and see the sign."""

    def more_offenders(self, factor: float) -> StreetHabits:
        more = {name: min(_MOST, getattr(self, name) * factor) for name in OFFENCES}
        return replace(self, **more, jam_every_s=self.jam_every_s / max(factor, 1e-6))

    def more_seldom(self, factor: float) -> StreetHabits:
        """Of the acts that happen seldom so many times as many."""
        return replace(self, **{name: min(_MOST, getattr(self, name) * factor) for name in SELDOM})


_MOST = 0.8
SELDOM = ("parks", "u_turn")
OFFENCES = ("pavement", "into_closed", "stops", "parks", "u_turn")


@dataclass
class StreetLife:
    """What drivers of one run have in mind in the street. `closed_until_s`: by the traffic's own clock.
    `parking`: the kerb's sign bans parking only."""

    seed: int
    habits: StreetHabits
    closed_until_s: float
    parking: bool

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng([self.seed, 4])
        self._jams = Jams(np.random.default_rng([self.seed, 5]), self.habits.jam_every_s)
        self._kerb_free_s = 0.0
        self._turning_round: set[str] = set()

    def elsewhere(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """The arrivals; most of those whom the sign keeps out of the eastern street go another way at its hours."""
        out = []
        for arrival in arrivals:
            there = (arrival.arm, arrival.movement) in _INTO_THE_EAST
            if there and arrival.spec.cls in CLOSED_TO and arrival.t_s < self.closed_until_s:
                if self._rng.random() < self.habits.into_closed:
                    out.append(arrival)
                    continue
                if arrival.arm == "S" and self._rng.random() < self.habits.turns_in_mouth:
                    self._turning_round.add(arrival.spec.id)
                    out.append(arrival)
                    continue
                arrival = replace(arrival, movement=_INTO_THE_EAST[arrival.arm, arrival.movement])
            out.append(arrival)
        return out

    def choose(self, spec: VehicleSpec, state: VehicleState, seen: Seen) -> Driver | None:
        """Perhaps one who just came into sight plays a part in the street."""
        rng, habits = self._rng, self.habits
        if spec.id in self._turning_round:
            return _turns_in_mouth(spec, state, rng)
        roll = float(rng.random())
        if spec.priority:
            return None
        if state.x_m < LEFT_LANE[1]:
            return self._from_left_lane(spec, state, roll)
        if state.x_m < LEFT_LANE[1] + 0.5:
            return None
        if spec.width_m > 1.0:
            return self._at_kerb(spec, state, seen, roll)
        if spec.cls is VehicleClass.BICYCLE:
            return _pavement(spec, state, rng, "bicycle_on_pavement") if roll < habits.bicycle_on_pavement else None
        for role, share in (
            ("pavement", habits.pavement),
            ("kerb_rider", habits.kerb_rider),
            ("kerb_stop", habits.kerb_stop),
            ("to_gate", habits.to_gate),
            ("pushed", habits.pushed),
            ("up_and_stops", habits.up_and_stops),
        ):
            if roll < share:
                return _PARTS[role](spec, state, rng, role)
            roll -= share
        return None

    def break_down(self, seen: Seen, northbound: Mapping[str, str]) -> list[Driver]:
        """Those who break down beyond the junction now (`Jams.step`)."""
        return self._jams.step(seen, northbound)

    def _from_left_lane(self, spec: VehicleSpec, state: VehicleState, roll: float) -> Driver | None:
        """Perhaps turns round, or left."""
        if spec.body in ("bus", "truck", "bicycle"):
            return None
        if roll < self.habits.u_turn:
            return turns_round(spec, state, self._rng)
        return turns_left(spec, state, self._rng) if roll < self.habits.u_turn + self.habits.turns_left else None

    def _at_kerb(self, spec: VehicleSpec, state: VehicleState, seen: Seen, roll: float) -> Driver | None:
        """Perhaps stops at the kerb, if nobody stands there."""
        if seen.t_s < self._kerb_free_s or spec.length_m > 7.0:
            return None
        habits = self.habits
        for role, share in (
            ("parks", habits.parks if self.parking else 0.0),
            ("stops", habits.stops),
            ("drops_off", habits.drops_off),
            ("stops_beyond", habits.stops_beyond),
        ):
            if roll < share:
                driver, taken_s = stops_at_kerb(spec, state, self._rng, role)
                self._kerb_free_s = seen.t_s + taken_s
                return driver
            roll -= share
        return None


_INTO_THE_EAST: Mapping[tuple[str, str], str] = {
    ("S", "right"): "straight_right",
    ("W", "straight"): "right",
    ("N", "left"): "straight",
}
"""Movements that lead into the eastern street, and where else one goes instead."""


def _driver(
    spec: VehicleSpec, state: VehicleState, points: Sequence[XY], role: str, rng: np.random.Generator,
    pace_m_s: tuple[float, float],
) -> Driver:  # fmt: skip
    """From under the vehicle on through points, as fast as somebody of that kind likes to here."""
    front_y = state.y_m + spec.length_m / 2
    route = route_through([(state.x_m, front_y - spec.length_m), (state.x_m, front_y + 0.5), *points])
    wanted = min(float(rng.uniform(*pace_m_s)), 0.8 * KIND[spec.body].max_speed)
    return Driver(spec, route, role, state.speed_m_s, wanted, s_m=spec.length_m, accel=KIND[spec.body].accel)


def _at_line(driver: Driver) -> Hold:
    """Waits at the stop line for green."""
    at = driver.route.s_where(lambda p: p[:, 1] >= LINE_Y - 0.6)
    return Hold(at if at is not None else 0.0, lambda seen, _: not seen.red)


def _onto(state: VehicleState, x: float, rng: np.random.Generator) -> tuple[list[XY], float]:
    """Over to `x` beside the road, and where one is there."""
    from_y = state.y_m + float(rng.uniform(4.0, 9.0))
    return shifted(state.x_m, x, from_y, from_y + 8.0), from_y + 8.0


def _pavement(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator, role: str) -> Driver:
    """Along the pavement past the queue: back on the road before the line, or on round the corner."""
    x = float(rng.uniform(KERB_X + 0.6, KERB_X + 3.0))
    points, there_y = _onto(state, x, rng)
    if rng.random() < 0.4:
        centre, radius = (MOUTH_X, PAVEMENT_Y[1]), MOUTH_X - x
        points += [*arc(centre, radius, 180, 90), (70.0, PAVEMENT_Y[1] + radius)]
        return _driver(spec, state, points, role, rng, (3.5, 8.0))
    back_x = float(rng.uniform(7.3, 8.2))
    back_y = float(rng.uniform(max(there_y + 3.0, -42.0), LINE_Y - 6.0))
    points += [*shifted(x, back_x, back_y, back_y + 5.0), (back_x, LINE_Y), (6.8, LINE_Y + 14.0), (6.8, END_Y)]
    driver = _driver(spec, state, points, role, rng, (3.5, 8.0))
    driver.holds = [_at_line(driver)]
    return driver


def _along_kerb(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator, role: str) -> Driver:
    """On the road, as near to the kerb as one can: past the queue, or to stop there for a moment."""
    x = KERB_X - float(rng.uniform(0.4, 0.6))
    points, there_y = _onto(state, x, rng)
    points += [(x, LINE_Y), (6.8, LINE_Y + 14.0), (6.8, END_Y)]
    driver = _driver(spec, state, points, role, rng, (3.5, 8.0))
    driver.holds = [_at_line(driver)]
    if role == "kerb_stop":
        at = driver.route.s_where(lambda p: p[:, 1] >= float(rng.uniform(there_y + 1.0, LINE_Y - 4.0)))
        wait = float(rng.uniform(5.0, 25.0))
        driver.holds.insert(0, Hold(at or 0.0, lambda _, stood: stood > wait))
    return driver


def _to_gate(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator, role: str) -> Driver:
    """Over the pavement, more or less aslant, and away into a gate."""
    kerb_y = float(rng.uniform(max(state.y_m + 10.0, -44.0), -24.0))
    aslant = float(rng.uniform(0.5, 4.0))
    inside = (KERB_X + 5.5, kerb_y + 1.0 + aslant)
    points = [*shifted(state.x_m, KERB_X - 0.8, kerb_y - 8.0, kerb_y - 1.0, 8), inside, (inside[0] + 4.0, inside[1])]
    return _driver(spec, state, points, role, rng, (3.0, 5.0))


def _pushed(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator, role: str) -> Driver:
    """Its rider walks beside it along the pavement."""
    x = float(rng.uniform(KERB_X + 0.7, KERB_X + 2.5))
    points, _ = _onto(state, x, rng)
    driver = _driver(spec, state, [*points, (x, PAVEMENT_Y[1] + 4.0)], role, rng, (1.1, 1.5))
    driver.speed_m_s = driver.wanted_m_s
    return driver


def _up_and_stops(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator, role: str) -> Driver:
    """Up on the pavement, and it stands there before a shop."""
    x = float(rng.uniform(KERB_X + 0.8, KERB_X + 2.5))
    points, there_y = _onto(state, x, rng)
    driver = _driver(spec, state, [*points, (x, PAVEMENT_Y[1] + 4.0)], role, rng, (3.0, 5.0))
    at = driver.route.s_where(lambda p: p[:, 1] >= max(there_y, -47.0) + float(rng.uniform(0.5, 3.0)))
    driver.holds = [Hold(at or 0.0, lambda _, stood: stood > 1e6)]
    return driver


def _turns_in_mouth(spec: VehicleSpec, state: VehicleState, rng: np.random.Generator) -> Driver:
    """Turns right, sees the sign, and turns round in the mouth of the street."""
    radius = BOX - min(state.x_m, 7.0) + 0.3
    back = float(rng.uniform(3.2, 4.2))
    deepest = float(rng.uniform(MOUTH_X + 1.0, MOUTH_X + 5.5))
    y = -BOX + radius
    points: list[XY] = [(state.x_m, LINE_Y), *arc((state.x_m + radius, -BOX), radius, 180, 90)]
    points += [*arc((deepest - back, y + back), back, -90, 90), (-90.0, y + 2 * back)]
    driver = _driver(spec, state, points, "turns_in_mouth", rng, (4.0, 5.5))
    at = driver.route.s_where(lambda p: p[:, 1] >= LINE_Y - 0.6)
    driver.holds = [Hold(at or 0.0, lambda seen, _: not seen.arrow_red)]
    return driver


_PARTS = {
    "pavement": _pavement,
    "kerb_rider": _along_kerb,
    "kerb_stop": _along_kerb,
    "to_gate": _to_gate,
    "pushed": _pushed,
    "up_and_stops": _up_and_stops,
}
