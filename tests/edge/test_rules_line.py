"""The acts at the stop line: red light, and stopped past the line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import one_vehicle, red_light, refused, stopped_past_line
from tests.edge.roads import GREEN, OFF, RED, UNKNOWN, YELLOW, drive, lamps, points, scene
from zones.geometry import GroundMap
from zones.schema import GroundPlane

Where = Callable[[float], tuple[float, float]]
THROUGH = points((0, 300, 450), (6, 300, 60))  # passes the line at about 2.3 s, in the junction at 3.1 s
ALWAYS_RED = [(0.0, RED)]


def test_a_vehicle_that_passes_the_line_on_red_and_drives_on_is_found_at_its_first_frame_past_the_line() -> None:
    path = drive(scene(), THROUGH, from_s=0, to_s=6)
    (found,) = red_light(path, scene(), lamps(scene(), [(0.0, GREEN), (1.0, RED)]))
    assert path.contacts[found.at][1] < 300 <= path.contacts[found.at - 1][1]
    assert found.lamp == RED
    assert found.heads == ("main",)
    assert found.before < found.at < found.after
    assert found.reasons["red_for_s"] == pytest.approx(path.t_s[found.at] - 1.0, abs=0.02)
    assert found.reasons["red_onset_seen"] is True


@pytest.mark.parametrize(
    ("phases", "why"),
    [
        ([(0.0, GREEN)], "green"),
        ([(0.0, GREEN), (1.0, YELLOW)], "yellow"),
        ([(0.0, UNKNOWN)], "lamp not seen"),
        ([(0.0, OFF)], "lamp dark"),
        ([(0.0, YELLOW), (2.1, RED)], "red for less than the margin"),
        ([(0.0, RED), (2.3, GREEN)], "green as the rear passes"),
        ([(0.0, RED), (1.5, UNKNOWN), (2.5, RED)], "lamp lost at the line"),
        ([(0.0, GREEN), (3.0, RED)], "red only after the line"),
    ],
)
def test_no_red_no_act(phases: list[tuple[float, Any]], why: str) -> None:
    path = drive(scene(), THROUGH, from_s=0, to_s=6)
    assert red_light(path, scene(), lamps(scene(), phases)) == [], why


@pytest.mark.parametrize(
    ("where", "from_s", "to_s", "why"),
    [
        (points((0, 300, 450), (2, 300, 310), (10, 300, 310)), 0, 10, "stops before the line"),
        (points((0, 300, 450), (2, 300, 310), (2.5, 300, 296), (3, 300, 310), (9, 300, 310)), 0, 9, "rolls back"),
        (points((0, 300, 290), (4, 300, 60)), 0, 4, "first seen past the line"),
        (points((0, 300, 450), (2, 300, 310), (2.5, 300, 280), (9, 300, 280)), 0, 9, "stops past the line"),
        (points((0, 40, 450), (4, 40, 60)), 0, 4, "passes beside the end of the line"),
        (points((0, 80, 200), (2, 300, 310), (4, 560, 180)), 0, 4, "comes out of the junction and goes back"),
        (points((0, 20, 200), (4, 600, 200)), 0, 4, "cross traffic"),
    ],
)
def test_other_movements_are_no_red_light_case(where: Where, from_s: float, to_s: float, why: str) -> None:
    path = drive(scene(), where, from_s=from_s, to_s=to_s)
    assert red_light(path, scene(), lamps(scene(), ALWAYS_RED)) == [], why


def test_a_track_that_jumps_over_the_line_after_a_gap_is_not_believed() -> None:
    path = drive(scene(), THROUGH, from_s=0, to_s=6, seen=lambda t: not 1.4 < t < 3.0)
    assert red_light(path, scene(), lamps(scene(), ALWAYS_RED)) == []


@pytest.mark.parametrize(("pictures", "refused_for_it"), [(15, False), (16, True)])
def test_a_gap_of_just_so_long_is_judged_alike_whenever_it_comes(pictures: int, refused_for_it: bool) -> None:
    """15 pictures of 12.5 a second are the 1.2 s that are allowed, though floats make 1.2000000000000028 s of them."""

    def refused_by(late: int) -> list[str]:
        begins, from_s, to_s = late / 12.5, (late + 23) / 12.5 + 0.01, (late + 23 + pictures) / 12.5 - 0.01
        way = points((begins, 300, 450), (begins + 6, 300, 60))
        path = drive(scene(), way, from_s=begins, to_s=begins + 6, fps=12.5, seen=lambda t_s: not from_s < t_s < to_s)
        return [r.guard for r in refused(ActCode.RED_LIGHT, path, scene(), lamps(scene(), ALWAYS_RED, until_s=40))]

    guards = {"unseen_over_line" in refused_by(late) for late in range(0, 400, 7)}
    assert guards == {refused_for_it}


def test_a_wait_between_the_line_and_the_junction_is_not_a_red_light_run() -> None:
    slow = points((0, 300, 450), (2, 300, 310), (2.3, 300, 280), (12, 300, 280), (14, 300, 150))
    path = drive(scene(), slow, from_s=0, to_s=14)
    assert red_light(path, scene(), lamps(scene(), ALWAYS_RED)) == []


@pytest.mark.parametrize("fps", [6, 10, 15, 25])
def test_the_same_run_is_found_at_every_frame_rate(fps: int) -> None:
    path = drive(scene(), THROUGH, from_s=0, to_s=6, fps=fps)
    (found,) = red_light(path, scene(), lamps(scene(), ALWAYS_RED))
    assert path.t_s[found.at] == pytest.approx(2.31, abs=1.0 / fps)


def test_a_recording_that_ends_on_the_crosswalk_counts_only_while_the_vehicle_still_moves() -> None:
    near = scene(junction=[[50, 299], [600, 299], [600, 50], [50, 50]])
    moving = points((0, 300, 400), (5, 300, 290))
    standing = points((0, 300, 400), (4, 300, 290), (6, 300, 290))
    cut = drive(near, moving, from_s=0, to_s=5, ended=True, cut_off=True)
    (found,) = red_light(cut, near, lamps(near, ALWAYS_RED))
    assert "stream_ended_during_act" in found.flags
    assert red_light(drive(near, moving, from_s=0, to_s=5, ended=True), near, lamps(near, ALWAYS_RED)) == []
    stopped = drive(near, standing, from_s=0, to_s=6, ended=True, cut_off=True)
    assert red_light(stopped, near, lamps(near, ALWAYS_RED)) == []


def test_red_from_the_start_of_the_stream_is_flagged() -> None:
    (found,) = red_light(drive(scene(), THROUGH, from_s=0, to_s=6), scene(), lamps(scene(), ALWAYS_RED))
    assert "red_onset_not_seen" in found.flags


def test_a_vehicle_towards_the_camera_crosses_with_its_far_end() -> None:
    facing = scene(
        stop_lines=[{"id": "line", "points": [[100, 200], [500, 200]], "forward": [300, 400]}],
        junction=[[50, 250], [600, 250], [600, 470], [50, 470]],
        exits=[], lanes=[], markings=[],
    )  # fmt: skip
    path = drive(facing, points((0, 300, 100), (6, 300, 460)), from_s=0, to_s=6, cls=VehicleClass.CAR)
    (found,) = red_light(path, facing, lamps(facing, ALWAYS_RED))
    bottom = path.contacts[found.at][1]
    assert 200 < bottom - 0.3 * 60 < 212  # the rear end, not the bumper that the camera sees


def test_a_head_for_other_classes_does_not_govern() -> None:
    cars_only = scene(signals=[{"id": "main", "box": [600, 10, 610, 40], "governs": ["line"], "classes": ["car"]}])
    assert red_light(drive(cars_only, THROUGH, from_s=0, to_s=6), cars_only, lamps(cars_only, ALWAYS_RED)) == []
    car = drive(cars_only, THROUGH, from_s=0, to_s=6, cls=VehicleClass.CAR)
    assert len(red_light(car, cars_only, lamps(cars_only, ALWAYS_RED))) == 1


STOPS = points((0, 300, 450), (2, 300, 310), (2.6, 300, 280), (20, 300, 280))


def test_standing_past_the_line_on_red_is_found_as_that_act() -> None:
    path = drive(scene(), STOPS, from_s=0, to_s=8)
    (found,) = stopped_past_line(path, scene(), lamps(scene(), ALWAYS_RED))
    assert path.contacts[found.at][1] < 300 <= path.contacts[found.at - 1][1]
    assert found.reasons["rear_stood_past_line_px"] == pytest.approx(20, abs=1)
    assert red_light(path, scene(), lamps(scene(), ALWAYS_RED)) == []


@pytest.mark.parametrize(
    ("where", "phases", "why"),
    [
        (points((0, 300, 450), (2, 300, 301), (20, 300, 301)), ALWAYS_RED, "stands on the line"),
        (
            points((0, 300, 450), (2, 300, 310), (2.6, 300, 298), (20, 300, 298)),
            ALWAYS_RED,
            "a wandering box at the line",
        ),
        (points((0, 300, 312), (9, 300, 296)), ALWAYS_RED, "stood at the line all along"),
        (STOPS, [(0.0, GREEN), (4.0, RED)], "passed on green"),
        (STOPS, [(0.0, RED), (3.0, GREEN)], "green soon after"),
        (STOPS, [(0.0, UNKNOWN)], "lamp not seen"),
        (points((0, 300, 450), (2, 300, 310), (2.6, 300, 280), (8, 300, 255)), ALWAYS_RED, "creeps on"),
        (THROUGH, ALWAYS_RED, "drives on into the junction"),
    ],
)
def test_not_every_stop_near_the_line_is_the_stop_line_act(
    where: Where, phases: list[tuple[float, Any]], why: str
) -> None:
    path = drive(scene(), where, from_s=0, to_s=8)
    assert stopped_past_line(path, scene(), lamps(scene(), phases)) == [], why


def test_a_standing_vehicle_whose_track_was_taken_over_by_a_passing_one_is_not_accused() -> None:
    taken = points((0, 300, 330), (4, 300, 330), (4.4, 300, 200), (6, 300, 90))
    path = drive(scene(), taken, from_s=0, to_s=6)
    assert red_light(path, scene(), lamps(scene(), ALWAYS_RED)) == []


def test_a_track_that_goes_over_from_one_standing_vehicle_to_the_next_is_not_accused() -> None:
    lamps_ = lamps(scene(), [(0, GREEN), (5, RED)])
    stands, crept = (
        points((0, 300, 330), (10, 300, 330), (10.1, 300, 285), (20, 300, 285)),
        points((0, 300, 330), (10, 300, 330), (11.5, 300, 285), (20, 300, 285)),
    )
    assert stopped_past_line(drive(scene(), stands, from_s=0, to_s=20), scene(), lamps_) == []
    assert len(stopped_past_line(drive(scene(), crept, from_s=0, to_s=20), scene(), lamps_)) == 1


def test_who_waits_past_the_line_and_drives_on_at_green_has_stopped_past_it() -> None:
    lamps_ = lamps(scene(), [(0, GREEN), (5, RED), (16, GREEN)])
    where = points((0, 300, 330), (10, 300, 330), (11.5, 300, 285), (17, 300, 285), (20, 300, 120))
    assert len(stopped_past_line(drive(scene(), where, from_s=0, to_s=20), scene(), lamps_)) == 1


def test_a_hard_start_from_the_line_is_still_a_run() -> None:
    def start(t_s: float) -> tuple[float, float]:
        return 300.0, 330.0 - (0.5 * 120 * (t_s - 2) ** 2 if t_s > 2 else 0.0)  # 120 px/s2, some 3 m/s2

    path = drive(scene(), start, from_s=0, to_s=4.1)
    assert len(red_light(path, scene(), lamps(scene(), ALWAYS_RED))) == 1


@pytest.mark.parametrize(("stood_at", "acts"), [(300, 0), (299, 0), (304, 1)])
def test_who_stood_on_the_line_when_red_began_has_not_passed_it_in_red(stood_at: int, acts: int) -> None:
    """His box trembles by some pixels, now before the line, now past it."""

    def where(t_s: float) -> tuple[float, float]:
        x, y = points((0, 300, 450), (2, 300, stood_at), (9, 300, stood_at), (12, 300, 60))(t_s)
        return x, y + 1.5 * (-1) ** round(t_s * 10)

    path = drive(scene(), where, from_s=0, to_s=12)
    lamps_ = lamps(scene(), [(0, GREEN), (4, RED)])
    assert len(red_light(path, scene(), lamps_)) == acts


def test_a_box_that_trembles_past_the_line_still_stands_there() -> None:
    def where(t_s: float) -> tuple[float, float]:
        x, y = points((0, 300, 450), (2, 300, 320), (4, 300, 296), (20, 300, 296))(t_s)
        return x, y + (3.0 if round(t_s * 10) % 7 == 0 else 0.0)

    path = drive(scene(), where, from_s=0, to_s=12)
    assert len(stopped_past_line(path, scene(), lamps(scene(), ALWAYS_RED))) == 1


# -- with a ground plane -----------------------------------------------------------------------------------------------

PLANE = GroundMap.of(
    GroundPlane(pixels=((140, 450), (460, 450), (340, 150), (260, 150)), metres=((-4, 10), (4, 10), (4, 40), (-4, 40)))
)


@pytest.mark.parametrize(
    ("t_s", "x_m", "y_m", "cls", "one"),
    [
        ((0, 0.8, 1.6, 2.4, 9), 0, (10, 17, 21.5, 23, 23), VehicleClass.MOTORCYCLE, True),
        ((0, 2, 2.3, 6), 0, (10, 10, 15, 15), VehicleClass.MOTORCYCLE, False),
        ((0, 3, 6), 0, (10, 30, 50), VehicleClass.CAR, True),
        ((0, 2, 2.2, 6), (0, 0, 3.3, 3.3), (10, 18, 18.8, 32), VehicleClass.MOTORCYCLE, False),
        ((0, 2, 3.2, 6), (0, 0, 3.3, 3.3), (10, 16, 18.8, 27), VehicleClass.MOTORCYCLE, True),
        ((0, 2, 2.1, 2.2, 2.3, 6), (0, 0, 3, 3, 0, 0), (10, 18, 18.4, 18.8, 19.2, 32), VehicleClass.MOTORCYCLE, True),
        ((0, 1, 1.6, 6), (0, 0, 4, 4), (10, 14, 17, 40), VehicleClass.TRUCK, True),
    ],
    ids=[
        "brakes hard",
        "leaps ahead",
        "drives on",
        "leaps to the next lane",
        "changes lane",
        "two boxes of a neighbour",
        "a lorry's flank appears",
    ],
)
def test_what_one_vehicle_can_drive(t_s: Any, x_m: Any, y_m: Any, cls: VehicleClass, one: bool) -> None:
    def where(at: float) -> tuple[float, float]:
        x = float(np.interp(at, t_s, np.broadcast_to(x_m, len(t_s))))
        u, v = PLANE.to_pixels([(x, float(PchipInterpolator(t_s, y_m)(at)))])[0]
        return float(u), float(v)

    path = replace(drive(scene(), where, from_s=0, to_s=t_s[-1], cls=cls), ground=PLANE)
    assert one_vehicle(path, 0, 9, 50) is one
