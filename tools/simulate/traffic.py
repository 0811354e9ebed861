"""Traffic at the junction: SUMO drives the many, scripts the few who break the rules, then truth is written down.

    run = simulate(seed=7, seconds=120)

SUMO runs inside the process (libsumo), so one process simulates one run at a time.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from evidence.acts import LampState
from tools.simulate.demand import MANNERS, Arrival, Flow, Habits, arrivals, routes_xml, sumo_type
from tools.simulate.junction import camera, ground
from tools.simulate.network import SimulationError, sumo_binary, write_network
from tools.simulate.roles import LINE_Y, TAKE_OVER_Y, choose_at_line, choose_role, wrong_way_rider
from tools.simulate.scripts import Driver, Seen
from tools.simulate.signals import CYCLE_S, Programme
from tools.simulate.street import street_camera, street_ground
from tools.simulate.street_roles import StreetHabits, StreetLife
from tools.simulate.truth import find_truth
from tools.simulate.world import Camera, Ground, HeadState, Moment, Run, VehicleSpec, VehicleState

STEP_S = 0.08
"""12.5 moments a second, the rate that our cameras are judged at."""
_WARM_UP_S = CYCLE_S + 10.0
_KEPT_M = 95.0
_STREAM = {"N_in": "N", "E_in": "E", "W_in": "W", "S_left": "S", "S_right": "S"}
_OPTIONS = (
    "--lateral-resolution", "0.4", "--collision.action", "none", "--time-to-teleport", "-1", "--no-step-log", "true",
    "--no-warnings", "true", "--ignore-junction-blocker", "4", "--step-method.ballistic", "true",
    "--error-log", "/dev/null",
)  # fmt: skip


def simulate(
    seed: int,
    seconds: float,
    *,
    flow: Flow | None = None,
    habits: Habits | None = None,
    begin_in_cycle_s: float | None = None,
    seen_by: Camera | None = None,
    divided: bool = False,
    street: StreetHabits | None = None,
    progress: Callable[[float], None] | None = None,
) -> Run:
    """Run the junction for `seconds`, with everything that the seed settles; the same call gives the same run.

    `begin_in_cycle_s`: where in the signal cycle the run begins (0: the approach turns green); None: by the seed.
    `divided`: a median between the carriageways, so nobody passes the queue on the other side.
    `street`: not the approach but the street is looked at (`tools.simulate.street`), by people of such habits.
    `seen_by`: the camera; what it does not see is no act of this run. None: that of the approach, or of the street.
    `progress` is called with the share done, 0..1. Raises `SimulationError`.
    """
    binary = sumo_binary("sumo")
    import libsumo

    built, life = ground(divided=divided), None
    if street is not None:
        closed_until_s = 60.0 * max(1, round(seconds / 120.0))  # signs say their hours in minutes
        built = street_ground(closed_until_s=closed_until_s, parking=(parking := seed % 2 == 1))
        life = StreetLife(seed, street, _WARM_UP_S + closed_until_s, parking)
    rng = np.random.default_rng([seed, 2])
    begin = float(rng.uniform(0, CYCLE_S)) if begin_in_cycle_s is None else begin_in_cycle_s
    world = _World(
        libsumo,
        seed,
        seconds,
        flow or Flow(),
        replace(habits or Habits(), centre=0.0) if divided else habits or Habits(),
        Programme(begin - _WARM_UP_S),
        rng,
        seen_by or (street_camera() if life else camera()),
        built,
        life,
    )
    with tempfile.TemporaryDirectory(prefix="giaolo-sumo-") as folder:
        net = write_network(Path(folder))
        routes = Path(folder) / "routes.rou.xml"
        routes.write_text(routes_xml())
        try:
            libsumo.start(
                [binary, "-n", str(net), "-r", str(routes), "--step-length", str(STEP_S),
                 "--seed", str(seed % 2**31), *_OPTIONS]
            )  # fmt: skip
            run = world.drive(progress)
        except libsumo.TraCIException as error:
            raise SimulationError(f"SUMO refused: {error}", where=f"seed {seed}") from error
        finally:
            libsumo.close()
    find_truth(run)
    return run


@dataclass
class _World:
    """The loop around SUMO. Times inside count from the start of the warm-up."""

    sumo: object
    seed: int
    seconds: float
    flow: Flow
    habits: Habits
    programme: Programme
    rng: np.random.Generator
    camera: Camera
    ground: Ground
    street: StreetLife | None = None
    specs: dict[str, VehicleSpec] = field(default_factory=dict)
    drivers: dict[str, Driver] = field(default_factory=dict)
    judged: set[str] = field(default_factory=set)
    judged_at_line: set[str] = field(default_factory=set)
    movement: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    _lamps: str = ""

    def drive(self, progress: Callable[[float], None] | None) -> Run:
        waiting = arrivals(self.seed, _WARM_UP_S + self.seconds, self.flow, self.habits)
        waiting = (self.street.elsewhere(waiting) if self.street else waiting)[::-1]
        links = self._links()
        moments: list[Moment] = []
        states: dict[str, VehicleState] = {}
        next_rider_s = float(self.rng.exponential(self.habits.wrong_way_every_s))
        steps = round((_WARM_UP_S + self.seconds) / STEP_S)
        heads: tuple[object, Mapping[str, HeadState]] = (None, {})
        for step in range(steps):
            t_s = step * STEP_S
            while waiting and waiting[-1].t_s <= t_s:
                self._add(waiting.pop())
            if t_s >= next_rider_s:
                self._add_rider(f"w{step}")
                next_rider_s = t_s + float(self.rng.exponential(self.habits.wrong_way_every_s))
            self._set_lamps(t_s, links)
            self._take_over(t_s, states)
            self._take_over_at_line(t_s, states)
            self._break_down(t_s, states)
            self._step_drivers(t_s, states)
            self.sumo.simulationStep()  # type: ignore[attr-defined]
            states = self._read(states)
            if t_s + STEP_S > _WARM_UP_S:
                now = self.programme.heads(t_s)
                if now != heads[1]:
                    heads = (None, now)
                kept = [s for s in states.values() if abs(s.x_m) < _KEPT_M and abs(s.y_m) < _KEPT_M]
                moments.append(Moment(round(len(moments) * STEP_S, 4), kept, heads[1]))
            if progress and step % 125 == 0:
                progress(step / steps)
        seen = {s.id for m in moments for s in m.vehicles}
        return Run(
            seed=self.seed,
            step_s=STEP_S,
            ground=self.ground,
            camera=self.camera,
            specs={name: spec for name, spec in self.specs.items() if name in seen},
            moments=moments,
            roles={name: role for name, role in self.roles.items() if name in seen},
        )

    def _links(self) -> list[tuple[str, bool]]:
        """For each signal index: its stream, and whether it yields while green."""
        out = []
        controlled = self.sumo.trafficlight.getControlledLinks("C")  # type: ignore[attr-defined]
        for ((incoming, outgoing, _),) in controlled:
            edge, to = incoming.rsplit("_", 1)[0], outgoing.rsplit("_", 1)[0]
            stream = "right" if (edge, to) == ("S_right", "E_out") else _STREAM[edge]
            out.append((stream, (edge, to) in (("N_in", "E_out"),)))
        return out

    def _set_lamps(self, t_s: float, links: list[tuple[str, bool]]) -> None:
        letter = {LampState.RED: "r", LampState.YELLOW: "y", LampState.GREEN: "G"}
        state = ""
        for stream, yields in links:
            char = letter[self.programme.lamp(stream, t_s)]
            state += "g" if yields and char == "G" else char
        if state != self._lamps:
            self.sumo.trafficlight.setRedYellowGreenState("C", state)  # type: ignore[attr-defined]
            self._lamps = state

    def _add(self, arrival: Arrival) -> None:
        spec = arrival.spec
        vehicle = self.sumo.vehicle  # type: ignore[attr-defined]
        vehicle.add(
            spec.id,
            f"{arrival.arm}-{arrival.movement}",
            typeID=sumo_type(spec.body, self._manner(arrival)),
            departLane="best",
            departPos="base",
            departSpeed="max",
        )
        self.specs[spec.id] = spec
        if arrival.arm == "S":
            self.movement[spec.id] = arrival.movement

    def _manner(self, arrival: Arrival) -> str:
        if arrival.arm == "S" and self.rng.random() < self.habits.late:
            self.roles[arrival.spec.id] = "late"
            return "late"
        return str(self.rng.choice(list(MANNERS)[:-1]))

    def _add_rider(self, name: str) -> None:
        driver = wrong_way_rider(name, self.rng)
        self.specs[name] = driver.spec
        self._hand_over(driver, new=True)

    def _hand_over(self, driver: Driver, *, new: bool = False) -> None:
        name = driver.spec.id
        if new:
            vehicle = self.sumo.vehicle  # type: ignore[attr-defined]
            vehicle.add(
                name, "actor", typeID=sumo_type(driver.spec.body), departLane="0", departPos="0", departSpeed="0"
            )
        self.drivers[name] = driver
        self.roles[name] = driver.role

    def _take_over(self, t_s: float, states: Mapping[str, VehicleState]) -> None:
        for name, movement in self.movement.items():
            if name in self.judged:
                continue
            state = states.get(name)
            if state is None or state.y_m + self.specs[name].length_m / 2 < TAKE_OVER_Y - 3:
                continue
            self.judged.add(name)
            spec = self.specs[name]
            stream = "right" if movement == "right" else "S"
            arrival_s = t_s + (LINE_Y - state.y_m) / max(state.speed_m_s, 5.0)
            red = all(self.programme.lamp(stream, arrival_s + d) == LampState.RED for d in (0.0, 2.5))
            seen = self._seen(t_s, states, name)
            driver = self.street.choose(spec, state, seen) if self.street else None
            driver = driver or choose_role(
                spec, state, seen, red, self._first(spec, state, states), self.habits, self.rng, movement
            )
            if driver is not None:
                self._hand_over(driver)

    def _take_over_at_line(self, t_s: float, states: Mapping[str, VehicleState]) -> None:
        if self.programme.lamp("S", t_s) != LampState.RED:
            return
        for name in sorted(self.judged - self.judged_at_line):
            state = states.get(name)
            if state is None:
                continue
            spec = self.specs[name]
            room = LINE_Y - state.y_m - spec.length_m / 2
            if name in self.drivers or not -0.1 < room < 2.5 or state.speed_m_s > 0.1:
                continue
            self.judged_at_line.add(name)
            movement = self.movement[name]
            if movement == "right" and self.programme.lamp("right", t_s) != LampState.RED:
                continue
            if self._first(spec, state, states):
                driver = choose_at_line(spec, state, self.habits, self.rng, movement)
                if driver is not None:
                    self._hand_over(driver)

    def _break_down(self, t_s: float, states: Mapping[str, VehicleState]) -> None:
        if self.street:
            free = {name: movement for name, movement in self.movement.items() if name not in self.drivers}
            for driver in self.street.break_down(self._seen(t_s, states, ""), free):
                self._hand_over(driver)

    def _first(self, spec: VehicleSpec, state: VehicleState, states: Mapping[str, VehicleState]) -> bool:
        for name, other in states.items():
            if name == spec.id or not state.y_m < other.y_m < -12.0:
                continue
            if abs(other.x_m - state.x_m) < (spec.width_m + self.specs[name].width_m) / 2 + 0.15:
                return False
        return True

    def _seen(self, t_s: float, states: Mapping[str, VehicleState], name: str) -> Seen:
        return Seen(
            t_s,
            [(self.specs[n], s) for n, s in states.items() if n != name],
            red=self.programme.lamp("S", t_s) != LampState.GREEN,
            arrow_red=self.programme.lamp("right", t_s) != LampState.GREEN,
        )

    def _step_drivers(self, t_s: float, states: Mapping[str, VehicleState]) -> None:
        vehicle = self.sumo.vehicle  # type: ignore[attr-defined]
        alive = set(vehicle.getIDList())
        for name, driver in list(self.drivers.items()):
            if name not in alive and driver.s_m > driver.spec.length_m + 2:
                del self.drivers[name]
                continue
            driver.step(self._seen(t_s, states, name), STEP_S)
            if driver.done or (driver.stuck and not self._queueing(driver, states)):
                if name in alive:
                    vehicle.remove(name)
                del self.drivers[name]
                continue
            x, y, heading = driver.route.at(driver.s_m)
            vehicle.moveToXY(name, "", -1, x, y, angle=90.0 - math.degrees(heading), keepRoute=2)

    def _queueing(self, driver: Driver, states: Mapping[str, VehicleState]) -> bool:
        """He waits in an ordinary queue for green."""
        state = states.get(driver.spec.id)
        return state is not None and state.y_m < LINE_Y and not self._first(driver.spec, state, states)

    def _read(self, before: Mapping[str, VehicleState]) -> dict[str, VehicleState]:
        vehicle = self.sumo.vehicle  # type: ignore[attr-defined]
        out: dict[str, VehicleState] = {}
        for name in vehicle.getIDList():
            spec = self.specs[name]
            x, y = vehicle.getPosition(name)
            if abs(x) > 1e6:
                continue  # not on the road yet
            heading = math.radians(90.0 - vehicle.getAngle(name))
            half = spec.length_m / 2
            x, y = x - half * math.cos(heading), y - half * math.sin(heading)
            driver = self.drivers.get(name)
            if driver is not None:
                made = driver.state()
                speed, braking, signalling = made.speed_m_s, made.braking, made.signalling
            else:
                speed = vehicle.getSpeed(name)
                old = before.get(name)
                braking = speed < 0.1 or (old is not None and speed < old.speed_m_s - 0.6 * STEP_S)
                lights = vehicle.getSignals(name)
                signalling = "right" if lights & 1 else "left" if lights & 2 else "none"
            out[name] = VehicleState(
                name, round(x, 3), round(y, 3), round(math.atan2(math.sin(heading), math.cos(heading)), 4),
                round(speed, 3), braking, signalling,
            )  # fmt: skip
        return out
