"""A minute at the junction in which ten kinds of act happen among lawful traffic, driven by script.

For a clip to look at: the same junction and street (`tools.simulate.street`), seen from a mast 43 m before the stop
line, with all that its road says at once: classes and arrows of lanes, turns and turning round banned, the closed
street, the pavement, the yellow box. SUMO is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from evidence.acts import ActCode, LampState
from tools.simulate.junction import ARROW, BOX, MAIN, P123A, R415A, STOP_LINE, demo_scene, polygon
from tools.simulate.scripts import Driver, Hold, Seen, arc, route_through, shifted
from tools.simulate.signals import Programme
from tools.simulate.street import (
    BOX_AREA,
    CLOSED_ROAD,
    LEFT_LANE_ID,
    LINE,
    P103A,
    P124A,
    PAVED,
    areas_of_the_scene,
    street_ground,
)
from tools.simulate.truth import find_truth
from tools.simulate.vehicle_mix import draw_vehicle
from tools.simulate.world import XY, Body, Camera, Ground, GroundSign, Moment, Run, VehicleSpec, VehicleState
from zones.schema import Scene

STEP_S = 0.08
SECONDS = 62.0
_BEGIN_S = -12.0
_PROGRAMME = Programme(14.0)
"""Green until 14 s, red from 17 s to 56 s; the right arrow is green until 32 s."""
_LINE_Y = -(STOP_LINE + 0.3)
_START_Y = -75.0
_END = 90.0
_HEADS_Z_M = 5.2
"""So high that, seen from the mast, the heads of the approach stand before the far pavement: lower, they stand before
the mouth of the eastern street and hide who turns into it."""
Until = float | Literal["green", "arrow"]

ACTS = (
    ActCode.RED_LIGHT, ActCode.STOPPED_PAST_LINE, ActCode.SOLID_LINE, ActCode.BANNED_TURN, ActCode.OPPOSITE_HALF,
    ActCode.WRONG_LANE, ActCode.LANE_DIRECTION, ActCode.BANNED_U_TURN, ActCode.CLOSED_ROAD, ActCode.PAVEMENT,
    ActCode.BLOCKING_JUNCTION,
)  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """`at_s`: when it comes on to the first point of its way. `holds`: where its front stands, and until when: a
    second, or what its lamp shows."""

    name: str
    body: Body
    at_s: float
    way: Sequence[XY]
    pace_m_s: float = 8.0
    holds: Sequence[tuple[XY, Until]] = field(default_factory=tuple)


def _straight(x: float) -> list[XY]:
    return [(x, _START_Y), (x, _END)]


def _right(x: float) -> list[XY]:
    radius = BOX - x + 0.6
    return [(x, _START_Y), (x, -BOX), *arc((x + radius, -BOX), radius, 180, 90), (_END, -BOX + radius)]


def _left(x: float) -> list[XY]:
    radius = BOX + x
    return [(x, _START_Y), (x, -BOX), *arc((x - radius, -BOX), radius, 0, 90), (-_END, -BOX + radius)]


def _round(x: float, across: float, y: float) -> list[XY]:
    return [(x, _START_Y), (x, y), *arc((x - across / 2, y), across / 2, 0, 180), (x - across, -95.0)]


def _at_line(x: float, gap: float = 0.7) -> tuple[tuple[XY, Until], ...]:
    return (((x, _LINE_Y - gap), "green"),)


_OFFENDERS: Sequence[_Part] = (
    _Part("over-solid-line", "underbone", -0.6, [
        (5.4, _START_Y), *shifted(5.4, 3.5, -44.0, -37.0), (3.5, -27.0), *shifted(3.5, 2.2, -27.0, -20.0), (2.2, _END),
    ], 8.0),
    _Part("turns-left", "hatchback", 0.2, _left(1.5), 8.0),
    _Part("turns-round", "scooter", 5.2, _round(1.6, 4.6, -13.0), 6.5),
    _Part("right-from-left-lane", "scooter", 1.2, _right(2.5), 6.6),
    _Part("into-closed-street", "suv", 10.5, _right(5.4), 7.0),
    _Part("blocks-the-box", "hatchback", 5.6, [
        (4.9, _START_Y), *shifted(4.9, 4.3, -10.0, 0.0), (4.3, 5.0), *shifted(4.3, 3.1, 5.0, 11.0), (3.1, _END),
    ], 7.5, (((4.3, 4.8), 31.0),)),
    _Part("past-the-line", "sedan", 12.5, _straight(1.6), 7.0, (((1.6, -13.6), "green"),)),
    _Part("on-the-pavement", "scooter", 18.5, [
        (7.2, _START_Y), *shifted(7.2, 10.2, -56.0, -47.0), *shifted(10.2, 8.1, -26.5, -21.5), (8.1, _END),
    ], 5.5, _at_line(8.1)),
    _Part("other-half", "underbone", 22.0, [
        (2.6, _START_Y), *shifted(2.6, -1.3, -62.0, -50.0), (-1.3, -16.0), *shifted(-1.3, 1.0, -15.0, -4.0),
        (1.0, _END),
    ], 7.0, (((-1.3, -20.5), "green"),)),
    _Part("runs-red", "scooter", 30.0, _straight(6.7), 8.0),
)  # fmt: skip
_LAWFUL: Sequence[_Part] = (
    _Part("green-1", "suv", -11.0, _straight(1.8), 9.0),
    _Part("green-2", "underbone", -9.5, _straight(6.2), 8.5),
    _Part("green-4", "pickup", -3.5, _straight(1.7), 7.5),
    _Part("green-3", "scooter", -6.0, _straight(6.9), 8.0),
    # its name makes it white: dark as the car behind it, the two are one box from afar. It stands until that car has
    # gone past it: two that set off one behind the other are one to the camera
    _Part("jam-ahead", "van", -4.0, _straight(5.7), 8.5, (((5.7, 15.4), 35.5),)),
    _Part("south-1", "sedan", -9.0, [(-1.9, 75.0), (-1.9, -95.0)], 9.0),
    _Part("south-2", "scooter", -8.0, [(-4.6, 75.0), (-4.6, -95.0)], 8.5),
    _Part("right-1", "scooter", 11.5, _right(6.8), 7.5),
    _Part("right-2", "underbone", 15.0, _right(6.5), 7.5),
    _Part("waits-1", "suv", 14.5, _straight(1.7), 7.0, _at_line(1.7)),
    _Part("waits-2", "truck", 16.0, _straight(4.7), 6.5, _at_line(4.7, 1.0)),
    _Part("waits-3", "underbone", 17.5, _straight(3.9), 7.0, _at_line(3.9)),
    _Part("waits-4", "scooter", 26.0, _straight(2.9), 7.0, _at_line(2.9, 4.6)),
    _Part("waits-5", "sedan", 28.0, _straight(1.8), 7.0, _at_line(1.8)),
    _Part("waits-6", "scooter", 33.5, _straight(6.2), 7.0, _at_line(6.2, 1.2)),
    _Part("waits-7", "underbone", 36.0, _straight(7.2), 7.0, _at_line(7.2)),
    _Part("waits-8", "hatchback", 37.0, _straight(4.8), 7.0, _at_line(4.8)),
    _Part("waits-9", "scooter", 41.0, _straight(6.9), 7.0, _at_line(6.9, 3.2)),
    _Part("bicycle-at-kerb", "bicycle", 12.0, [
        (8.1, -60.0), (8.1, -13.0), *arc((14.0, -13.0), 5.9, 180, 90), (50.0, -7.1),
    ], 3.6),
    _Part("pushed-along", "scooter", 34.0, [(10.3, -58.0), (10.3, -16.0)], 1.2),
    _Part("east-1", "scooter", 22.0, [(75.0, 2.2), (-_END, 2.2)], 8.0),
    _Part("east-2", "sedan", 22.5, [(75.0, 4.6), (-_END, 4.6)], 8.0),
    _Part("east-3", "underbone", 24.5, [(75.0, 2.6), (-_END, 2.6)], 8.0),
    _Part("west-1", "scooter", 34.0, [(-75.0, -2.2), (_END, -2.2)], 8.0),
    _Part("west-2", "underbone", 36.5, [(-75.0, -4.8), (_END, -4.8)], 8.0),
    _Part("west-3", "scooter", 39.0, [(-75.0, -2.4), (_END, -2.4)], 8.0),
    _Part("south-3", "underbone", 50.5, [(-2.4, 75.0), (-2.4, -95.0)], 8.0, (((-2.4, 19.6), "green"),)),
    _Part("south-4", "suv", 51.0, [(-4.9, 75.0), (-4.9, -95.0)], 8.0, (((-4.9, 19.6), "green"),)),
)  # fmt: skip


def shown_camera(width: int = 1280, height: int = 720) -> Camera:
    """On a mast 43 m before the stop line, 11 m high."""
    return Camera((6.5, -62.0, 11.0), (6.5, -30.0, 0.0), 48.0, width, height)


def shown_ground() -> Ground:
    """The street without a sign at the kerb, and with those of the approach."""
    built = street_ground(closed_until_s=60.0, parking=False)
    signs = (
        GroundSign("cam-o-to", "P.103a", CLOSED_ROAD, P103A),
        GroundSign("cam-quay-dau", "P.124a", LINE, P124A),
        GroundSign("cam-re-trai", "P.123a", LINE, P123A),
        GroundSign("lan-theo-loai-xe", "R.415a", LEFT_LANE_ID, R415A),
    )
    posts = tuple(replace(post, z_m=_HEADS_Z_M) if post.id in (MAIN, ARROW) else post for post in built.posts)
    return replace(built, areas=tuple(a for a in built.areas if a.kind != "kerbside"), signs=signs, posts=posts)


def shown_scene(cam: Camera, *, source: str = "pixels") -> Scene:
    """What a technician draws there."""
    built = shown_ground()
    scene = demo_scene(cam, source=source, built=built)
    said: dict[str, Any] = scene.model_dump()
    signs = [
        {"id": s.id, "number": s.number, "governs": [s.area], "source": {"place": s.place}}
        for s in built.signs
        if s.area != LEFT_LANE_ID
    ]
    said |= {
        "id": "nga-tu-muoi-hanh-vi",
        "areas": [*said["areas"], *areas_of_the_scene(cam, built, (CLOSED_ROAD, PAVED, BOX_AREA))],
        "signs": [*(s for s in said["signs"] if s["number"] == "R.415a"), *signs],
        "exits": [*said["exits"], {"id": "quay-dau", "movement": "u_turn", "polygon": polygon(cam, _BACK)}],
        "acts": list(ACTS),
    }
    return Scene.model_validate(said)


_BACK = (-7.5, -40.0, -0.4, -(STOP_LINE + 1.0))


def shown_street(*, seed: int = 1, seen_by: Camera | None = None) -> Run:
    """The minute; `seed` settles plates and paint. What happened is in the run."""
    waiting = sorted((*_OFFENDERS, *_LAWFUL), key=lambda p: p.at_s)
    # each by its name alone: another vehicle for one leaves all others as they were
    specs = {
        part.name: draw_vehicle(part.name, np.random.default_rng([seed, 8, *part.name.encode()]), body=part.body)
        for part in waiting
    }
    roles = {part.name: part.name for part in waiting}
    drivers: list[Driver] = []
    moments: list[Moment] = []
    for step in range(round((SECONDS - _BEGIN_S) / STEP_S)):
        t_s = _BEGIN_S + step * STEP_S
        while waiting and waiting[0].at_s <= t_s + 1e-6:
            part = waiting.pop(0)
            drivers.append(_driver(part, specs[part.name]))
        states = [(d.spec, d.state()) for d in drivers]
        lit = max(t_s, 0.0)
        red, arrow = (_PROGRAMME.lamp(name, lit) != LampState.GREEN for name in ("S", "right"))
        for driver in drivers:
            others = [pair for pair in states if pair[0].id != driver.spec.id]
            driver.step(Seen(t_s, others, red=red, arrow_red=arrow), STEP_S)
        drivers = [d for d in drivers if not d.done]
        if t_s >= -1e-6:
            now = [_rounded(d.state()) for d in drivers if abs(d.state().x_m) < 60.0]
            moments.append(Moment(round(len(moments) * STEP_S, 4), now, _PROGRAMME.heads(lit)))
    run = Run(seed, STEP_S, shown_ground(), seen_by or shown_camera(), specs, moments, roles=roles)
    find_truth(run)
    return run


def _driver(part: _Part, spec: VehicleSpec) -> Driver:
    route = route_through(part.way)
    driver = Driver(spec, route, part.name, part.pace_m_s, part.pace_m_s, s_m=spec.length_m, bends_m_s2=2.8)
    for place, until in part.holds:
        at = float(np.argmin(np.hypot(*(route.points - np.array(place)).T))) * 0.25
        driver.holds.append(Hold(at, _free(until)))
    return driver


def _free(until: Until) -> Callable[[Seen, float], bool]:
    if until == "green":
        return lambda seen, _: not seen.red
    if until == "arrow":
        return lambda seen, _: not seen.arrow_red
    return lambda seen, _: seen.t_s >= until


def _rounded(state: VehicleState) -> VehicleState:
    return replace(
        state, x_m=round(state.x_m, 3), y_m=round(state.y_m, 3), heading_rad=round(state.heading_rad, 4),
        speed_m_s=round(state.speed_m_s, 3),
    )  # fmt: skip
