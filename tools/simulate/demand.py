"""Who appears where, and with what in memory. All of it is settled by the seed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from xml.sax.saxutils import quoteattr

import numpy as np

from tools.simulate.network import ROUTES
from tools.simulate.vehicle_mix import KINDS, draw_vehicle
from tools.simulate.world import VehicleSpec

# How a driver behaves at the line; `late` drives on when the red is younger than two and a half seconds.
MANNERS: dict[str, dict[str, float]] = {
    "near": {"jmStoplineGap": 0.3},
    "usual": {"jmStoplineGap": 0.8},
    "far": {"jmStoplineGap": 1.4},
    "late": {"jmStoplineGap": 0.5, "jmDriveAfterRedTime": 2.5},
}


def sumo_type(body: str, manner: str = "usual") -> str:
    return f"{body}-{manner}"


@dataclass(frozen=True)
class Habits:
    """How often drivers break the rules. Shares of the vehicles that have the occasion, 0..1."""

    late: float = 0.15
    """Drives on just after the onset of red."""
    run_red: float = 0.25
    """Of those who would be first at the red light."""
    stop_past: float = 0.35
    """Of those who would be first at the red light."""
    jump: float = 0.18
    """Of those who wait in the first row."""
    creep: float = 0.20
    """Of those who wait in the first row."""
    solid: float = 0.08
    centre: float = 0.03
    """Motorcycles that pass the queue on the other side of the double line."""
    banned_left: float = 0.006
    right_from_left: float = 0.008
    """Turns right out of the left lane, whose arrows lead straight on."""
    wrong_lane: float = 0.15
    """Buses and lorries in the left lane."""
    stalled: float = 0.002
    priority: float = 0.003
    wrong_way_every_s: float = 75.0
    """Motorcycles that come against the flow along the kerb."""

    def times(self, factor: float) -> Habits:
        """The same people, all of them `factor` times as often."""
        return Habits(
            **{
                f.name: min(0.45, getattr(self, f.name) * factor) for f in fields(self) if f.name != "wrong_way_every_s"
            },
            wrong_way_every_s=self.wrong_way_every_s / max(factor, 1e-6),
        )

    def more_offenders(self, factor: float) -> Habits:
        """The same, but that nobody stalls and no priority vehicle comes more often: they are no offenders."""
        return replace(self.times(factor), stalled=self.stalled, priority=self.priority)

    def more_seldom(self, factor: float) -> Habits:
        """Of the acts that happen seldom so many times as many: the others are counted soon enough."""
        return replace(self, **{name: min(_MOST, getattr(self, name) * factor) for name in SELDOM})


_MOST = 0.9
SELDOM = ("banned_left", "right_from_left", "wrong_lane")


NOBODY = Habits().times(0.0)


@dataclass(frozen=True)
class Flow:
    """Vehicles an hour that enter by each arm."""

    south: float = 1900.0
    north: float = 1100.0
    east: float = 560.0
    west: float = 560.0


SHOWN = Habits(
    late=0.05, run_red=0.5, stop_past=0.4, jump=0.45, creep=0.45, solid=0.30, centre=0.0, banned_left=0.10,
    right_from_left=0.0, wrong_lane=0.0, stalled=0.0, priority=0.0, wrong_way_every_s=50.0,
)  # fmt: skip
"""For a clip to look at: many acts in a minute."""
CROWDS: dict[str, tuple[Flow, Habits]] = {"road": (Flow(), Habits()), "shown": (Flow(), SHOWN)}


@dataclass(frozen=True)
class Arrival:
    t_s: float
    spec: VehicleSpec
    arm: str
    movement: str


def arrivals(seed: int, until_s: float, flow: Flow, habits: Habits) -> list[Arrival]:
    """Everybody who enters, in order of time."""
    out: list[Arrival] = []
    for arm, rate in (("S", flow.south), ("N", flow.north), ("E", flow.east), ("W", flow.west)):
        # an arm of its own dice: a longer run begins as the shorter one does
        rng = np.random.default_rng([seed, 1, ord(arm)])
        t_s, number = 0.0, 0
        while rate > 0:
            t_s += float(rng.exponential(3600.0 / rate))
            if t_s >= until_s:
                break
            priority = arm == "S" and rng.random() < habits.priority
            spec = draw_vehicle(f"{arm}{number}", rng, body="van" if priority else None, priority=priority)
            number += 1
            out.append(Arrival(t_s, spec, arm, _movement(arm, spec, habits, rng)))
    return sorted(out, key=lambda a: a.t_s)


def _movement(arm: str, spec: VehicleSpec, habits: Habits, rng: np.random.Generator) -> str:
    roll = float(rng.random())
    if arm != "S":
        return "straight" if roll < 0.7 else "right" if roll < 0.87 else "left"
    if roll < 0.2:
        return "right"
    if spec.body in ("bus", "truck", "bicycle"):
        wrong = spec.body != "bicycle" and rng.random() < habits.wrong_lane
        return "straight" if wrong else "straight_right"
    left = 0.85 if spec.width_m > 1.0 else 0.5
    return "straight" if rng.random() < left else "straight_right"


def routes_xml() -> str:
    """SUMO's vehicle types and routes."""
    rows = []
    for kind in KINDS:
        length, width, height = kind.size
        two = kind.v_class in ("motorcycle", "bicycle")
        fields = {
            "vClass": kind.v_class, "length": length, "width": width, "height": height,
            "accel": kind.accel, "decel": 3.5, "emergencyDecel": 7.0, "maxSpeed": kind.max_speed, "sigma": 0.35,
            "tau": 0.9, "minGap": 0.6 if two else 1.3, "minGapLat": 0.15 if two else 0.35,
            "speedFactor": "normc(0.95,0.12,0.6,1.3)", "latAlignment": "arbitrary" if two else "center",
            "lcSublane": 1.0, "lcPushy": 0.5 if two else 0.0, "lcAssertive": 2.0 if two else 1.0,
            "lcSpeedGain": 2.0 if two else 0.5, "lcKeepRight": 0.3, "maxSpeedLat": 0.9 if two else 0.7,
            "lcMaxSpeedLatStanding": 0.0, "lcMaxSpeedLatFactor": 0.25, "lcAccelLat": 0.9,
            "jmTimegapMinor": 1.2, "jmIgnoreKeepClearTime": 0.0,
        }  # fmt: skip
        for manner, extra in MANNERS.items():
            all_of_it = {"id": sumo_type(kind.body, manner), **fields, **extra}
            rows.append("<vType " + " ".join(f"{k}={quoteattr(str(v))}" for k, v in all_of_it.items()) + "/>")
    for arm, movements in ROUTES.items():
        rows += [f'<route id="{arm}-{name}" edges="{" ".join(edges)}"/>' for name, edges in movements.items()]
    rows.append('<route id="actor" edges="S_far S_right N_out"/>')
    return "<routes>\n" + "\n".join(rows) + "\n</routes>"
