"""A motorway's carriageway with an emergency lane, and who drives along it, stops in it or only comes near to it.

A straight piece of our own design: two lanes, an emergency lane beyond the solid line, a camera on a gantry that sees
120 m of it from behind. All drivers are scripted (`tools.simulate.scripts`); SUMO is not needed. Now and then the
lanes crawl: then most of those pass who drive in the emergency lane.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evidence.acts import ActCode, VehicleClass
from tools.simulate.junction import plane, polygon
from tools.simulate.scripts import Driver, Hold, Seen, route_through
from tools.simulate.vehicle_mix import draw_vehicle
from tools.simulate.world import (
    XY,
    Body,
    Camera,
    Ground,
    GroundArea,
    GroundLine,
    Moment,
    Run,
    VehicleSpec,
    VehicleState,
)
from zones.schema import Scene

STEP_S = 0.08
LANES = ((0.0, 3.75), (3.75, 7.5))
EDGE_X = 7.5
"""The solid line between the right lane and the emergency lane."""
OUTER_X = 10.5
BEGIN_Y, END_Y = -70.0, 240.0
"""Where vehicles come on to the piece and leave it."""
DRAWN_Y = (4.0, 112.0)
"""The emergency lane as the scene has it, in the picture."""
EMERGENCY = "lan-khan-cap"
SOURCE = "cao tốc mô phỏng, biển IE.452, km 305 (mô phỏng)"

CLOSE: Mapping[str, str] = {
    "breaks_down": "breaks down in the emergency lane, or sets off in it",
    "gives_way": "swerves into the emergency lane and back",
    "on_the_line": "rides on the line of the emergency lane",
    "leaves": "drives over the emergency lane to a place beside the road",
    "motorcycle": "a motorcycle in the emergency lane, which is another act",
    "priority": "a priority vehicle in the emergency lane",
}
"""Parts that only come close to the act, and what they do."""


@dataclass(frozen=True)
class MotorwayHabits:
    """How often drivers do so. Shares of all who come by, 0..1; `emergency` is what `more_offenders` multiplies."""

    emergency: float = 0.03
    breaks_down: float = 0.015
    gives_way: float = 0.03
    on_the_line: float = 0.03
    leaves: float = 0.01
    motorcycle: float = 0.01
    priority: float = 0.004
    every_s: float = 1.5
    """On average somebody comes."""
    crawls_every_s: float = 90.0

    def more_offenders(self, factor: float) -> MotorwayHabits:
        return replace(self, emergency=min(0.5, self.emergency * factor))


def motorway_camera(width: int = 1920, height: int = 1080) -> Camera:
    """On a gantry over the edge of the road, 9 m high."""
    return Camera((6.0, -16.0, 9.0), (6.6, 40.0, 0.0), 46.0, width, height)


def motorway_ground() -> Ground:
    """What is built and painted."""
    lane = ((EDGE_X, DRAWN_Y[0]), (OUTER_X, DRAWN_Y[0]), (OUTER_X, DRAWN_Y[1]), (EDGE_X, DRAWN_Y[1]))
    road = ((-0.8, BEGIN_Y), (OUTER_X + 0.5, BEGIN_Y), (OUTER_X + 0.5, END_Y), (-0.8, END_Y))
    lines = [
        GroundLine("median", "kerb", ((-0.8, BEGIN_Y), (-0.8, END_Y))),
        GroundLine("lane", "2.1", ((LANES[0][1], BEGIN_Y), (LANES[0][1], END_Y))),
        GroundLine("edge", "3.1", ((EDGE_X, BEGIN_Y), (EDGE_X, END_Y))),
    ]
    return Ground((GroundArea("road", "asphalt", road), GroundArea(EMERGENCY, "emergency_lane", lane)), lines, ())


def is_motorway(built: Ground) -> bool:
    """Whether it is this piece of road."""
    return any(area.kind == "emergency_lane" for area in built.areas)


def motorway_scene(cam: Camera) -> Scene:
    """The scene file of its camera."""
    return Scene.model_validate(
        {
            "schema_version": 2,
            "id": "cao-toc-mo-phong",
            "place": "Cao tốc mô phỏng, km 305, tỉnh Thanh Hóa",
            "picture": {"width": cam.width, "height": cam.height},
            "areas": [
                {
                    "id": EMERGENCY,
                    "kind": "emergency_lane",
                    "polygon": polygon(cam, (EDGE_X, DRAWN_Y[0], OUTER_X, DRAWN_Y[1])),
                    "source": {"place": SOURCE},
                }
            ],
            "ground": plane(cam, (0.5, 6.0, 10.0, 60.0)),
            "acts": [ActCode.EMERGENCY_LANE],
        }
    )


def drive_motorway(
    seed: int,
    seconds: float,
    habits: MotorwayHabits | None = None,
    *,
    seen_by: Camera | None = None,
    find_truth: Callable[[Run], None],
) -> Run:
    """So many seconds of it, all settled by the seed; `find_truth` writes down what happened."""
    road = _Road(np.random.default_rng([seed, 6]), habits or MotorwayHabits())
    moments: list[Moment] = []
    for step in range(round((seconds + _WARM_UP_S) / STEP_S)):
        states = road.step(step * STEP_S)
        if step * STEP_S >= _WARM_UP_S:
            moments.append(Moment(round(len(moments) * STEP_S, 4), states, {}))
    run = Run(
        seed, STEP_S, motorway_ground(), seen_by or motorway_camera(), road.specs, moments, roles=dict(road.roles)
    )
    find_truth(run)
    return run


_WARM_UP_S = 25.0
_BODIES: Sequence[tuple[Body, float]] = (
    ("sedan", 0.36), ("hatchback", 0.12), ("suv", 0.2), ("pickup", 0.08), ("van", 0.08), ("bus", 0.06), ("truck", 0.1),
)  # fmt: skip
_FAST: Mapping[VehicleClass, tuple[float, float]] = {
    VehicleClass.CAR: (17.0, 26.0), VehicleClass.BUS: (15.0, 22.0), VehicleClass.TRUCK: (14.0, 20.0),
    VehicleClass.MOTORCYCLE: (12.0, 16.0),
}  # fmt: skip
_CRAWL_M_S = (1.5, 4.0)
_ROOM_M = 14.0
"""Nobody comes on to the piece with less before him in his lane."""


@dataclass
class _Road:
    """The piece, step by step."""

    rng: np.random.Generator
    habits: MotorwayHabits
    specs: dict[str, VehicleSpec] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    _drivers: list[Driver] = field(default_factory=list)
    _wants: dict[str, float] = field(default_factory=dict)
    _next_s: float = 0.0
    _crawls: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        self._crawls = self._next_crawl(_WARM_UP_S)

    def step(self, t_s: float) -> list[VehicleState]:
        if t_s > self._crawls[1]:
            self._crawls = self._next_crawl(t_s)
        while t_s >= self._next_s:
            self._next_s += float(self.rng.exponential(self.habits.every_s))
            self._comes()
        slow = self._crawls[0] <= t_s <= self._crawls[1]
        states = [(d.spec, d.state()) for d in self._drivers]
        for driver in self._drivers:
            lanes = driver.role in ("drives", "gives_way", "on_the_line", "leaves")
            wish = self._wants[driver.spec.id]
            driver.wanted_m_s = min(wish, 3.0 + wish / 20.0) if slow and lanes else wish
            driver.step(Seen(t_s, [p for p in states if p[0].id != driver.spec.id], False, False), STEP_S)
        self._drivers = [d for d in self._drivers if not d.done]
        return [d.state() for d in self._drivers]

    def _next_crawl(self, t_s: float) -> tuple[float, float]:
        begin = t_s + float(self.rng.exponential(self.habits.crawls_every_s))
        return begin, begin + float(self.rng.uniform(20.0, 40.0))

    def _comes(self) -> None:
        rng = self.rng
        roll, role = float(rng.random()), "drives"
        for name in _PARTS:
            share = getattr(self.habits, name)
            if roll < share:
                role = name
                break
            roll -= share
        names, shares = zip(*_BODIES, strict=True)
        body: Body = names[int(rng.choice(len(names), p=np.array(shares) / sum(shares)))]
        if role == "motorcycle":
            body = "scooter"
        spec = draw_vehicle(f"m{len(self.specs)}", rng, body=body, priority=role == "priority")
        right = role != "drives" or spec.cls != VehicleClass.CAR or rng.random() < 0.5
        low, high = LANES[1] if right else LANES[0]
        x = (low + high) / 2 + float(rng.uniform(-0.35, 0.35))
        wish = float(rng.uniform(*_FAST[spec.cls]))
        points, holds = _PARTS[role](spec, x, wish, rng) if role in _PARTS else ([(x, END_Y)], [])
        route = route_through([(x, BEGIN_Y), *points])
        driver = Driver(spec, route, role, wish, wish, s_m=spec.length_m, accel=1.5 if spec.length_m > 6 else 2.2)
        driver.holds = [
            Hold(route.s_where(lambda p, y=y: p[:, 1] >= y) or 0.0, lambda _, stood, w=wait: stood > w)  # type: ignore[misc]
            for y, wait in holds
        ]
        before = [d for d in self._drivers if abs(d.state().x_m - x) < 2.5]
        room = min((d.state().y_m - d.spec.length_m / 2 for d in before), default=1e3) - BEGIN_Y - spec.length_m
        if room < _ROOM_M:
            return  # the road is full
        driver.speed_m_s = min(wish, max(1.0, 0.6 * room))
        self.specs[spec.id], self.roles[spec.id], self._wants[spec.id] = spec, role, wish
        self._drivers.append(driver)


Part = tuple[list[XY], list[tuple[float, float]]]
"""Points of the way after its begin, and places at which it stands: y of its front, seconds."""


def _over(x: float, to_x: float, y: float, wish: float, rng: np.random.Generator) -> tuple[list[XY], float]:
    """From one side to another, along so much road as one takes at such a pace; and where it is there."""
    long_m = max(12.0, wish * float(rng.uniform(1.6, 2.4)))
    share = np.linspace(0.0, 1.0, 24)
    smooth = share**2 * (3 - 2 * share)
    return [(x + float(m) * (to_x - x), y + float(h) * long_m) for h, m in zip(share, smooth, strict=True)], y + long_m


def _in_lane(spec: VehicleSpec, rng: np.random.Generator) -> float:
    room = (OUTER_X - EDGE_X - spec.width_m) / 2 - 0.2
    return (EDGE_X + OUTER_X) / 2 + float(rng.uniform(-1.0, 1.0)) * max(room, 0.05)


def _emergency(spec: VehicleSpec, x: float, wish: float, rng: np.random.Generator) -> Part:
    """Passes the others in it, all the way through the picture or back into the lane again."""
    points, there = _over(x, _in_lane(spec, rng), float(rng.uniform(-62.0, 10.0)), wish, rng)
    if rng.random() < 0.5:
        back, _ = _over(points[-1][0], x, there + float(rng.uniform(25.0, 110.0)), wish, rng)
        points += back
    return [*points, (points[-1][0], END_Y)], []


def _breaks_down(spec: VehicleSpec, x: float, wish: float, rng: np.random.Generator) -> Part:
    points, there = _over(x, _in_lane(spec, rng), float(rng.uniform(-55.0, 40.0)), wish, rng)
    stands = there + float(rng.uniform(15.0, 60.0))
    sets_off, _ = _over(points[-1][0], x, stands + float(rng.uniform(20.0, 70.0)), 12.0, rng)
    return [*points, *sets_off, (x, END_Y)], [(stands, float(rng.uniform(8.0, 40.0)))]


def _gives_way(spec: VehicleSpec, x: float, wish: float, rng: np.random.Generator) -> Part:
    points, there = _over(
        x, EDGE_X + spec.width_m / 2 + float(rng.uniform(0.2, 0.5)), float(rng.uniform(0.0, 45.0)), wish, rng
    )
    back, _ = _over(points[-1][0], x, there + float(rng.uniform(0.0, 8.0)), wish, rng)
    return [*points, *back, (x, END_Y)], []


def _on_the_line(spec: VehicleSpec, x: float, wish: float, rng: np.random.Generator) -> Part:
    on = EDGE_X - spec.width_m / 2 + float(rng.uniform(0.1, 0.45)) * spec.width_m
    points, there = _over(x, on, float(rng.uniform(-50.0, 20.0)), wish, rng)
    back, _ = _over(on, x, there + float(rng.uniform(30.0, 90.0)), wish, rng)
    return [*points, *back, (x, END_Y)], []


def _leaves(spec: VehicleSpec, x: float, wish: float, rng: np.random.Generator) -> Part:
    y = float(rng.uniform(10.0, 70.0))
    return [(x, y), (x + 1.0, y + 8.0), (OUTER_X + 6.0, y + 8.0 + float(rng.uniform(15.0, 35.0)))], []


_PARTS: Mapping[str, Callable[[VehicleSpec, float, float, np.random.Generator], Part]] = {
    "emergency": _emergency,
    "breaks_down": _breaks_down,
    "gives_way": _gives_way,
    "on_the_line": _on_the_line,
    "leaves": _leaves,
    "motorcycle": _emergency,
    "priority": _emergency,
}
