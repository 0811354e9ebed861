"""Two junctions of the Vietnamese kind at which a right turn goes on while the round lamp is red, driven by script.

`arrow`: a green right arrow beside the red round lamp. `plate`: no arrow, but a blue plate lets one turn right on red,
which the scene holds as a sign. Riders who go straight on red are acts, right turns are lawful. No lane is
drawn in their scenes, and hardly an exit: who may do what has to follow from the way driven. SUMO is not needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evidence.acts import ActCode, LampState
from tools.simulate.junction import ARROW, BOX, MAIN, STOP_LINE, camera, demo_scene, ground, polygon
from tools.simulate.scripts import Driver, Hold, Seen, arc, route_through
from tools.simulate.truth import find_truth
from tools.simulate.vehicle_mix import draw_vehicle
from tools.simulate.world import XY, Body, Camera, HeadState, Moment, Run, VehicleSpec, VehicleState
from zones.road import Sign, Source
from zones.schema import Exit, Scene

Kind = Literal["arrow", "plate"]
STEP_S = 0.08
SECONDS = 28.0
_GREEN_S, _YELLOW_S = 3.0, 3.0
"""The main head begins green, then yellow; from 6 s on it is red to the end."""
_START_Y = -70.0
_END_Y = 60.0
_LINE_Y = -(STOP_LINE + 0.3)


@dataclass(frozen=True)
class _Part:
    """`at_s`: when it comes in, 50 m before the line. `stop`: where its front waits for green, m before the line (less
    than nothing: past it); None: it drives on."""

    name: str
    body: Body
    x_m: float
    at_s: float
    movement: Literal["straight", "right"] = "straight"
    stop_m: float | None = None
    wanted_m_s: float = 9.0


PARTS: Sequence[_Part] = (
    _Part("green-1", "sedan", 1.7, -4.0),
    _Part("green-2", "scooter", 4.4, -3.0),
    _Part("waits-1", "hatchback", 1.15, 2.5, stop_m=0.8),
    _Part("waits-2", "underbone", 4.3, 3.0, stop_m=0.7),
    _Part("past-1", "scooter", 3.0, 8.0, stop_m=-3.2, wanted_m_s=7.0),
    _Part("right-1", "scooter", 6.6, 4.5, "right", wanted_m_s=8.0),
    _Part("right-2", "hatchback", 6.3, 7.5, "right", wanted_m_s=7.5),
    _Part("runs-1", "underbone", 5.4, 11.5),
    _Part("right-3", "underbone", 6.9, 13.0, "right", wanted_m_s=7.0),
    _Part("runs-2", "scooter", 6.4, 15.5, wanted_m_s=8.0),
    _Part("right-4", "scooter", 6.2, 17.5, "right", wanted_m_s=8.0),
)


def turns(kind: Kind, *, seed: int = 1, seen_by: Camera | None = None) -> Run:
    """Half a minute at the junction; `seed` settles plates and paint. Acts and innocents are in the run."""
    rng = np.random.default_rng([seed, 7])
    waiting = sorted(PARTS, key=lambda p: p.at_s)
    drivers: list[Driver] = []
    moments: list[Moment] = []
    begin_s = waiting[0].at_s
    specs = {part.name: draw_vehicle(part.name, rng, body=part.body) for part in waiting}
    for step in range(round((SECONDS - begin_s) / STEP_S)):
        t_s = begin_s + step * STEP_S
        while waiting and waiting[0].at_s <= t_s + 1e-6:
            part = waiting.pop(0)
            drivers.append(_driver(part, specs[part.name]))
        states = [(d.spec, d.state()) for d in drivers]
        red = t_s >= _GREEN_S
        for driver in drivers:
            others = [pair for pair in states if pair[0].id != driver.spec.id]
            driver.step(Seen(t_s, others, red=red, arrow_red=False), STEP_S)
        drivers = [d for d in drivers if not d.done]
        if t_s >= -1e-6:
            moments.append(Moment(round(len(moments) * STEP_S, 4), [_rounded(d.state()) for d in drivers], _heads(t_s)))
    built = ground()
    posts = tuple(
        replace(post, turn_on_red=kind == "plate" and post.id == MAIN)
        for post in built.posts
        if kind == "arrow" or post.id != ARROW
    )
    run = Run(seed, STEP_S, replace(built, posts=posts), seen_by or camera(1280, 720), specs, moments)
    find_truth(run)
    run.innocents |= {p.name: f"right turn, {_WHY[kind]}" for p in PARTS if p.movement == "right"}
    return run


_WHY = {"arrow": "on the green arrow", "plate": "allowed by the plate"}


def turns_scene(kind: Kind, seen_by: Camera | None = None, *, source: str = "pixels") -> Scene:
    """What a technician draws there: line, junction, heads as they stand; one exit at the arrow, none at the plate."""
    cam = seen_by or camera(1280, 720)
    scene = demo_scene(cam, source=source)
    heads = [head for head in scene.signals if kind == "arrow" or head.id == MAIN]
    plate = Sign(id="bien-phu", number="S.phu-re-phai", governs=[line.id for line in scene.stop_lines],
                 source=Source(place="cột đèn, dưới đèn chính (mô phỏng)"))  # fmt: skip
    right = Exit(id="re-phai", movement="right", polygon=polygon(cam, (13.0, -11.0, 18.0, -1.0)))
    exits = [right] if kind == "arrow" else []
    acts = [ActCode.RED_LIGHT, ActCode.STOPPED_PAST_LINE, ActCode.SOLID_LINE]
    name = {"arrow": "nga-tu-mui-ten", "plate": "nga-tu-bien-xanh"}[kind]
    return scene.model_copy(
        update={
            "id": name,
            "roads": [],
            "lanes": [],
            "areas": [],
            "signs": [plate] if kind == "plate" else [],
            "signals": heads,
            "exits": exits,
            "acts": acts,
        }
    )


def _driver(part: _Part, spec: VehicleSpec) -> Driver:
    x = part.x_m
    points: list[XY] = [(x, _START_Y), (x, _LINE_Y)]
    if part.movement == "right":
        radius = BOX - min(x, 7.0) + 0.3
        points += [*arc((x + radius, -BOX), radius, 180, 90), (_END_Y, -BOX + radius)]
    else:
        points.append((x, _END_Y))
    route = route_through(points)
    driver = Driver(spec, route, part.movement, part.wanted_m_s, part.wanted_m_s)
    if (stop_m := part.stop_m) is not None:
        at = route.s_where(lambda p: p[:, 1] >= -STOP_LINE - stop_m)
        assert at is not None
        driver.holds = [Hold(at, lambda seen, _: not seen.red)]
    return driver


def _rounded(state: VehicleState) -> VehicleState:
    return replace(
        state, x_m=round(state.x_m, 3), y_m=round(state.y_m, 3), heading_rad=round(state.heading_rad, 4),
        speed_m_s=round(state.speed_m_s, 3),
    )  # fmt: skip


def _heads(t_s: float) -> dict[str, HeadState]:
    """The arrow is green throughout; where there is none, its state stands for what the plate allows."""
    red_s = _GREEN_S + _YELLOW_S
    main = LampState.GREEN if t_s < _GREEN_S else LampState.YELLOW if t_s < red_s else LampState.RED
    left = _GREEN_S - t_s if t_s < _GREEN_S else red_s - t_s if t_s < red_s else SECONDS + 12.0 - t_s
    return {MAIN: HeadState(main, max(1, -int(-left // 1))), ARROW: HeadState(LampState.GREEN)}
