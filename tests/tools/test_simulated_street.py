"""The simulated street: what its truth calls an act, just within and just beyond, and what the node makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("libsumo", reason="the extra `simulate` is not installed")

from evidence.acts import ActCode, LampState, VehicleClass
from tools.simulate.detector_noise import LEVELS
from tools.simulate.junction import ARROW, MAIN
from tools.simulate.signals import Programme
from tools.simulate.store import load_run, save_run
from tools.simulate.street import ACTS, is_street, scene_of, street_camera, street_ground
from tools.simulate.street_roles import OFFENCES, StreetHabits
from tools.simulate.traffic import simulate
from tools.simulate.truth import find_truth
from tools.simulate.watching import Verdict, watch
from tools.simulate.world import Moment, Run, VehicleSpec, VehicleState
from zones.check import check

BIKE = VehicleSpec("m", VehicleClass.MOTORCYCLE, "scooter", 1.9, 0.7, 1.6, (0, 0, 0), "36AA12345")
BICYCLE = replace(BIKE, cls=VehicleClass.BICYCLE, body="bicycle", plate=None)
CAR = VehicleSpec("m", VehicleClass.CAR, "sedan", 4.45, 1.76, 1.46, (0, 0, 0), "36A12345")
LORRY = VehicleSpec("m", VehicleClass.TRUCK, "truck", 6.4, 2.1, 2.75, (0, 0, 0), "36C12345")
Stop = tuple[float, float, float]


def drive(
    spec: VehicleSpec, *stops: Stop, others: Sequence[tuple[VehicleSpec, Sequence[Stop]]] = (), parking: bool = False,
    red_from_s: float = 1e3,
) -> Run:  # fmt: skip
    """A vehicle, and others, through (time, x, y) of their middles; the eastern street is closed for a minute. The
    lamps are green, red from then on."""
    ways = [(spec, stops), *((replace(s, id=f"o{i}"), w) for i, (s, w) in enumerate(others))]
    ends_s = max(float(w[-1][0]) for _, w in ways)
    moments = []
    for i in range(round(ends_s / 0.08) + 1):
        now = i * 0.08
        states = [_at(s.id, w, now) for s, w in ways if w[0][0] <= now <= w[-1][0] + 0.04]
        lamp = LampState.RED if now >= red_from_s else LampState.GREEN
        heads = {h: replace(Programme().heads(0.0)[h], lamp=lamp) for h in (MAIN, ARROW)}
        moments.append(Moment(round(now, 4), states, heads))
    built = street_ground(closed_until_s=60.0, parking=parking)
    run = Run(1, 0.08, built, street_camera(), {s.id: s for s, _ in ways}, moments)
    find_truth(run)
    return run


Drive = Callable[[], Run]
driven = partial(partial, drive)
"""A drive for a row of a table: it is driven where its row is tested, not in each process that collects the tests."""


def _at(name: str, stops: Sequence[Stop], now: float) -> VehicleState:
    t, x, y = (np.array(v) for v in zip(*stops, strict=True))
    px, py = float(np.interp(now, t, x)), float(np.interp(now, t, y))
    ahead = min(now + 0.08, float(t[-1]))
    speed = float(np.hypot(np.interp(ahead, t, x) - px, np.interp(ahead, t, y) - py)) / 0.08
    leg = min(int(np.searchsorted(t, now, side="right")), len(t) - 1)
    while leg > 1 and np.hypot(x[leg] - x[leg - 1], y[leg] - y[leg - 1]) < 1e-6:
        leg -= 1  # it stands as it came
    went = (x[leg] - x[leg - 1], y[leg] - y[leg - 1])
    heading = float(np.arctan2(went[1], went[0])) if any(went) else np.pi / 2
    return VehicleState(name, px, py, heading, speed)


def acts_of(run: Run) -> Mapping[str, bool]:
    return {str(a.act): a.sure for a in run.acts if a.vehicle == "m"}


ON = [(0.0, 7.0, -52.0), (1.0, 10.5, -46.0)]
"""From the road up on the pavement."""
INTO = [(0.0, 5.5, -14.0), (1.0, 7.0, -8.0), (2.0, 12.0, -5.5)]
"""Round the corner to the mouth of the eastern street."""


def later(stops: Sequence[Stop], by_s: float) -> list[Stop]:
    return [(t + by_s, x, y) for t, x, y in stops]


AREAS = [
    ("along the pavement", driven(BIKE, *ON, (5, 10.5, -26)), {"pavement": True}),
    ("a car along it", driven(CAR, *ON, (5, 10.5, -26)), {"pavement": True}),
    ("a bicycle along it", driven(BICYCLE, *ON, (5, 10.5, -26)), {}),
    ("ten metres along it", driven(BIKE, *ON, (3, 10.5, -36), (3.2, 8, -35)), {"pavement": False}),
    ("five metres along it", driven(BIKE, *ON, (2, 10.5, -42), (2.2, 8, -41)), {}),
    ("hardly faster than one walks", driven(BIKE, *ON[1:], (11, 10.5, -25)), {"pavement": False}),
    ("is pushed along it", driven(BIKE, *ON[1:], (16, 10.5, -25)), {}),
    ("along it, then stands there", driven(BIKE, *ON, (4, 10.5, -28), (30, 10.5, -28)), {"pavement": True}),
    ("on the road, close along the kerb", driven(BIKE, (0, 8.3, -46), (4, 8.3, -22)), {}),
    ("its handlebars over the kerb", driven(BIKE, (0, 8.9, -46), (4, 8.9, -22)), {}),
    ("hardly beyond the kerb", driven(BIKE, (0, 9.1, -46), (4, 9.1, -22)), {"pavement": False}),
    ("over the pavement to a gate", driven(BIKE, (0, 7, -40), (3, 14, -33)), {}),
    ("a car into the closed street", driven(CAR, *INTO, (5, 32, -5.5)), {"closed_road": True}),
    ("a motorcycle into it", driven(BIKE, *INTO, (5, 32, -5.5)), {}),
    ("a lorry into it", driven(LORRY, *INTO, (6, 32, -5.5)), {"closed_road": True}),
    ("a car that stops inside", driven(CAR, *INTO, (3.5, 22.5, -5.5), (9, 22.5, -5.5)), {"closed_road": False}),
    ("a car that stops in the mouth", driven(CAR, *INTO, (3, 16.5, -5.5), (9, 16.5, -5.5)), {}),
    (
        "a car that turns round in the mouth",
        driven(CAR, *INTO, (3, 17, -5), (4, 19, -2), (5, 17, 2), (7, 9, 2), (9, -5, 2)),
        {},
    ),
    ("a car that was there from the beginning", driven(CAR, (0, 16, -5.5), (3, 32, -5.5)), {}),
    ("a car out of the street", driven(CAR, (0, 32, 3), (6, -5, 3)), {}),
    ("a car across its mouth", driven(CAR, (0, 5.5, -30), (6, 5.5, 14)), {}),
    ("a minute later, when the street is open", driven(CAR, *later(INTO, 61), (66, 32, -5.5)), {}),
    ("as its hours end", driven(CAR, *later(INTO, 57.2), (62.2, 32, -5.5)), {"closed_road": False}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "made", "acts"), AREAS, ids=[r[0] for r in AREAS])
def test_truth_of_areas(why: str, made: Drive, acts: Mapping[str, bool]) -> None:
    assert acts_of(made()) == acts


AT_KERB = [(0.0, 6.0, -54.0), (3.0, 7.7, -40.0)]
"""Draws in to the kerb and stands there with its middle 40 m before the junction's middle."""


def until(t_s: float, *on: Stop) -> list[Stop]:
    """Stands there until then, and goes on."""
    return [*AT_KERB, (t_s, 7.7, -40.0), *on]


def beside(t_s: float) -> tuple[VehicleSpec, list[Stop]]:
    """Another right before it until then."""
    return CAR, [(0.0, 7.7, -34.0), (t_s, 7.7, -34.0), (t_s + 3.0, 7.7, -20.0), (t_s + 6.0, 7.7, 0.0)]


AWAY: Stop = (100.0, 6.0, -25.0)
KERB = [
    ("stands at the kerb for eighty seconds", driven(CAR, *until(83, AWAY)), {"stopping_banned": True}),
    ("a motorcycle does", driven(BIKE, *until(83, AWAY)), {"stopping_banned": True}),
    ("a bicycle does", driven(BICYCLE, *until(83, AWAY)), {}),
    ("for half a minute: a stop, too, in law", driven(CAR, *until(33, (36, 6, -25))), {"stopping_banned": True}),
    ("for eight seconds", driven(CAR, *until(11.4, (14, 6, -25))), {"stopping_banned": False}),
    ("lets somebody by", driven(CAR, *until(5.4, (8, 6, -25))), {}),
    ("for eighty seconds where parking is banned", driven(CAR, *until(83, AWAY), parking=True), {}),
    ("parks there", driven(CAR, *until(330, (333, 6, -25)), parking=True), {"parking_banned": True}),
    (
        "for three minutes and a half: nobody says when a stop becomes parking",
        driven(CAR, *until(213, (216, 6, -25)), parking=True),
        {"parking_banned": False},
    ),
    ("waits behind another all the time", driven(CAR, *until(83, AWAY), others=[beside(82)]), {}),
    (
        "waits behind another, and for a quarter of a minute more",
        driven(CAR, *until(83, AWAY), others=[beside(66)]),
        {"stopping_banned": False},
    ),
    (
        "stands on for half a minute after the other has gone",
        driven(CAR, *until(103, (106, 6, -25)), others=[beside(66)]),
        {"stopping_banned": True},
    ),
    (
        "just beyond the sign's area",
        driven(CAR, (0, 6, -46), (3, 7.7, -30.8), (83, 7.7, -30.8), (86, 6, -20)),
        {},
    ),
    (
        "at the end of the sign's area",
        driven(CAR, (0, 6, -46), (3, 7.7, -31.9), (83, 7.7, -31.9), (86, 6, -20)),
        {"stopping_banned": False},
    ),
    ("in the lane beside it", driven(CAR, (0, 5.2, -54), (3, 5.2, -40), (83, 5.2, -40), (86, 5.2, -25)), {}),
]


@pytest.mark.parametrize(("why", "made", "acts"), KERB, ids=[r[0] for r in KERB])
def test_truth_at_the_kerb(why: str, made: Drive, acts: Mapping[str, bool]) -> None:
    assert acts_of(made()) == acts


def through(stands_y: float, for_s: float) -> list[Stop]:
    """North over the junction, with a stand in it."""
    t = 3.0 + (stands_y + 20.0) / 6.0
    return [(0.0, 2.0, -38.0), (3.0, 2.0, -20.0), (t, 2.0, stands_y), (t + for_s, 2.0, stands_y),
            (t + for_s + 6.0, 2.0, stands_y + 36.0)]  # fmt: skip


def stuck(y: float, *, from_s: float = 0.0, until_s: float = 30.0) -> tuple[VehicleSpec, list[Stop]]:
    """Another stands beyond the box, from some time on; it came from the middle of the junction."""
    came: list[Stop] = [(0.0, 2.0, y - 4.0), (from_s, 2.0, y)] if from_s else [(0.0, 2.0, y)]
    return CAR, [*came, (until_s, 2.0, y), (until_s + 3.0, 2.0, y + 20.0)]


BOX = [
    ("into the box though it is full", driven(CAR, *through(3, 14), others=[stuck(11)]), {"blocking_junction": True}),
    ("a motorcycle does", driven(BIKE, *through(3, 14), others=[stuck(11)]), {"blocking_junction": True}),
    (
        "there may just be room beyond the box",
        driven(CAR, *through(3, 14), others=[stuck(15.0)]),
        {"blocking_junction": False},
    ),
    ("there is room beyond the box", driven(CAR, *through(3, 14), others=[stuck(18)]), {}),
    ("nobody is beyond the box", driven(CAR, *through(3, 14)), {}),
    ("six seconds in the box", driven(CAR, *through(3, 6), others=[stuck(11)]), {"blocking_junction": False}),
    ("three seconds in the box", driven(CAR, *through(3, 3), others=[stuck(11)]), {}),
    ("stands before the box", driven(CAR, *through(-12, 14), others=[stuck(11)]), {}),
    ("stands beyond the box", driven(CAR, *through(12, 14), others=[stuck(20)]), {}),
    (
        "rolls through it at walking pace",
        driven(CAR, (0, 2, -20), (2, 2, -12), (22, 2, 12), (24, 2, 20), others=[stuck(17)]),
        {},
    ),
    (
        "waits in it to turn left",
        driven(CAR, (0, 2, -30), (4, 2, -3), (18, 2, -3), (19, 0, 1), (20, -5, 3), (23, -20, 3), others=[stuck(11)]),
        {},
    ),
    (
        "nobody knows where it goes",
        driven(CAR, *through(3, 14)[:4], others=[stuck(11)]),
        {"blocking_junction": False},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("why", "made", "acts"), BOX, ids=[r[0] for r in BOX])
def test_truth_in_the_box(why: str, made: Drive, acts: Mapping[str, bool]) -> None:
    assert acts_of(made()) == acts


def round_(y: float, back_to_y: float, *, from_s: float = 0.0, across: float = 4.5) -> list[Stop]:
    """Over the stop line, round with the middle at most so far north, and back so far south."""
    turn = [(5.0 + i * 0.25, 2.0 - across * (1 - np.cos(a)) / 2, y - across / 2 + across / 2 * np.sin(a))
            for i, a in enumerate(np.linspace(0.0, np.pi, 13))]  # fmt: skip
    way: list[Stop] = [(0.0, 2.0, -38.0), (3.0, 2.0, -22.0), *turn]
    end_s = 8.0 + abs(y - across / 2 - back_to_y) / 5.0
    return later([*way, (end_s, 2.0 - across, back_to_y), (end_s + 0.4, 2.0 - across, back_to_y)], from_s)


ROUND = [
    ("round over the line and back", driven(BIKE, *round_(-12, -40)), {"banned_u_turn": True}),
    ("a car does", driven(CAR, *round_(-9, -40, across=8.5)), {"banned_u_turn": True}),
    ("stands on the way back, hardly turned", driven(BIKE, *round_(-12, -20)), {"banned_u_turn": False}),
    ("turned, and it stands there", driven(BIKE, *round_(-12, -15)), {}),
    ("after the sign's hours", driven(BIKE, *round_(-12, -40, from_s=60)), {}),
    ("as they end", driven(BIKE, *round_(-12, -40, from_s=50)), {"banned_u_turn": False}),
    ("before the line", driven(BIKE, *round_(-24, -46)), {}),
    ("left into the western street", driven(CAR, (0, 2, -38), (3, 2, -20), (5, 2, -10), (7, -6, 2), (10, -30, 4)), {}),
    ("reverses over the line", driven(CAR, (0, 2, -38), (3, 2, -15), (8, 2.2, -26)), {}),
    ("comes from the north", driven(CAR, (0, -2, 10), (8, -2, -40)), {}),
]


@pytest.mark.parametrize(("why", "made", "acts"), ROUND, ids=[r[0] for r in ROUND])
def test_truth_of_turning_round(why: str, made: Drive, acts: Mapping[str, bool]) -> None:
    assert acts_of(made()) == acts


def test_the_scene_says_what_stands_in_the_street() -> None:
    for parking in (False, True):
        built = street_ground(closed_until_s=120.0, parking=parking)
        scene = scene_of(Run(1, 0.08, built, street_camera(), {}, []))
        assert {f.severity for f in check(scene)} == {"warning"}  # the exit of a U-turn lies before the line
        assert {f.path for f in check(scene)} == {"stop_lines[0].points"}
        assert set(scene.acts) <= set(ACTS)
        (closed,) = (sign for sign in scene.signs if sign.number == "P.103a")
        assert [(hours.begin, hours.end) for hours in closed.hours] == [("00:00", "07:02")]


def test_more_offenders_are_not_more_of_those_who_only_come_close() -> None:
    usual, many = StreetHabits(), StreetHabits().more_offenders(3.0)
    assert all(getattr(many, name) > getattr(usual, name) for name in OFFENCES)
    assert many.jam_every_s == pytest.approx(usual.jam_every_s / 3.0)
    offences = {name: getattr(usual, name) for name in (*OFFENCES, "jam_every_s")}
    assert replace(many, **offences) == usual


@pytest.fixture(scope="module")
def run() -> Run:
    return simulate(1002, 60.0, street=StreetHabits().more_offenders(4.0))


@pytest.fixture(scope="module")
def verdict(run: Run) -> Verdict:
    return watch(run, fps=12.5, noise=LEVELS["default"])


def test_the_node_finds_what_happened_in_the_street_and_nothing_else(run: Run, verdict: Verdict) -> None:
    assert {a.act for a in run.acts} <= set(ACTS)
    assert {true.act for true, _ in verdict.found} >= {ActCode.PAVEMENT}
    assert len(verdict.found) >= 3
    assert not verdict.false
    assert len(verdict.missed) <= 1
    assert len(set(run.innocents.values())) >= 3


def test_a_street_comes_back_from_disk_with_its_signs(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "street.npz"
    save_run(run, path)
    back = load_run(path)
    assert is_street(back.ground)
    assert back.ground == run.ground
    find_truth(back)
    assert back.acts == run.acts
