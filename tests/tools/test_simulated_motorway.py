"""The simulated motorway: what its truth calls driving in the emergency lane, and what the node makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from evidence.acts import VehicleClass
from tools.simulate.detector_noise import LEVELS
from tools.simulate.motorway import (
    MotorwayHabits,
    drive_motorway,
    motorway_camera,
    motorway_ground,
    motorway_scene,
)
from tools.simulate.truth import find_truth
from tools.simulate.watching import watch
from tools.simulate.world import Moment, Run, VehicleSpec, VehicleState
from zones.check import check

CAR = VehicleSpec("m", VehicleClass.CAR, "sedan", 4.45, 1.76, 1.46, (0, 0, 0), "36A12345")
BIKE = replace(CAR, cls=VehicleClass.MOTORCYCLE, body="scooter", length_m=1.9, width_m=0.7)
LORRY = replace(CAR, cls=VehicleClass.TRUCK, body="truck", length_m=6.4, width_m=2.1, height_m=2.75)
Stop = tuple[float, float, float]
IN_IT = 9.0


def drive(spec: VehicleSpec, *stops: Stop) -> list[bool]:
    """Through (time, x, y) of its middle; whether each act that happened is sure."""
    t, x, y = (np.array(v) for v in zip(*stops, strict=True))
    moments = []
    for i in range(round(float(t[-1]) / 0.08)):
        now = np.array([i * 0.08, i * 0.08 + 0.08])
        (ax, bx), (ay, by) = np.interp(now, t, x), np.interp(now, t, y)
        heading = float(np.arctan2(by - ay, bx - ax)) if by > ay else np.pi / 2
        state = VehicleState("m", float(ax), float(ay), heading, float(np.hypot(bx - ax, by - ay)) / 0.08)
        moments.append(Moment(round(i * 0.08, 4), [state], {}))
    run = Run(1, 0.08, motorway_ground(), motorway_camera(), {"m": spec}, moments)
    find_truth(run)
    return [act.sure for act in run.acts]


@pytest.mark.parametrize(
    ("why", "spec", "stops", "sure"),
    [
        ("all the way in it", CAR, [(0, IN_IT, -10), (7, IN_IT, 125)], [True]),
        ("a lorry", LORRY, [(0, IN_IT, -10), (8, IN_IT, 125)], [True]),
        ("a motorcycle: another act", BIKE, [(0, IN_IT, -10), (9, IN_IT, 125)], []),
        ("a priority vehicle", replace(CAR, priority=True), [(0, IN_IT, -10), (7, IN_IT, 125)], [False]),
        ("in the lane beside it", CAR, [(0, 6.0, -10), (7, 6.0, 125)], []),
        ("on the line", CAR, [(0, 8.0, -10), (7, 8.0, 125)], []),
        ("hardly beyond the line", CAR, [(0, 8.45, -10), (7, 8.45, 125)], [False]),
        ("forty metres of it", CAR, [(0, 6, 0), (1, IN_IT, 15), (3, IN_IT, 55), (4, 6, 75), (6, 6, 110)], [False]),
        ("gives way, and is back", CAR, [(0, 6, 20), (1, 8.8, 40), (1.5, 8.8, 48), (2.5, 6, 66), (4, 6, 90)], []),
        ("stands in it", CAR, [(0, IN_IT, 0), (4, IN_IT, 60), (9, IN_IT, 60.1), (12, IN_IT, 100)], []),
        ("stops in it beyond the picture", CAR, [(0, IN_IT, 0), (7, IN_IT, 125), (9, IN_IT, 150), (12, IN_IT, 150)],
         []),
        ("brakes", CAR, [(0, IN_IT, 0), (2, IN_IT, 50), (4, IN_IT, 80), (6, IN_IT, 98), (8, IN_IT, 108)], []),
        ("over it to a gate", CAR, [(0, 6, 20), (1, 6, 35), (3, 16, 60)], []),
    ],
)  # fmt: skip
def test_truth_in_the_emergency_lane(why: str, spec: VehicleSpec, stops: Sequence[Stop], sure: list[bool]) -> None:
    assert drive(spec, *stops) == sure


def test_the_scene_states_the_act_and_nothing_is_wrong_with_it() -> None:
    assert not [fault for fault in check(motorway_scene(motorway_camera())) if fault.severity == "error"]


def test_more_offenders_are_not_more_of_those_who_only_come_close() -> None:
    usual, many = MotorwayHabits(), MotorwayHabits().more_offenders(3.0)
    assert many.emergency == pytest.approx(3 * usual.emergency)
    assert replace(many, emergency=usual.emergency) == usual


def test_the_node_finds_who_drives_in_the_emergency_lane_and_nobody_else() -> None:
    run = drive_motorway(2, 80.0, MotorwayHabits(emergency=0.2, gives_way=0.1), find_truth=find_truth)
    verdict = watch(run, fps=12.5, noise=LEVELS["default"])
    assert len(verdict.found) >= 2
    assert not verdict.false
    assert len(verdict.missed) <= 1
    assert len(run.innocents) >= 3
