"""Red light by its definition: the front before the line while red, then wholly past it while red, moving on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edge.road.trajectory import Trajectory
from evidence.acts import VehicleClass
from tests.edge.judged import one_vehicle, red_light, stopped_past_line
from tests.edge.roads import (
    GREEN,
    LINE_M,
    RED,
    UNKNOWN,
    YELLOW,
    drive,
    drive_m,
    ground_scene,
    lamps,
    pixels,
    points,
    scene,
)
from zones.geometry import GroundMap
from zones.schema import GroundPlane

HERE = ground_scene()
CAR = VehicleClass.CAR
BUS = VehicleClass.BUS
TRUCK = VehicleClass.TRUCK
RIDES = points((0, 0, 8), (6, 0, 32))  # 4 m/s; its rear passes the line at 2.0 s, it is in the junction at 3.5 s
JUMPS = points((0, 0, 13), (4, 0, 13), (5, 0, 14.5), (6, 0, 17.5), (10, 0, 36))  # past at 5.5 s, in at 7 s


@pytest.mark.parametrize(
    ("where", "phases", "flags"),
    [
        (RIDES, [(0, GREEN), (0.4, RED)], set()),
        (RIDES, [(0, GREEN), (0.4, RED), (2.6, GREEN)], set()),
        (JUMPS, [(0, GREEN), (1, RED), (5.9, GREEN)], set()),
        (JUMPS, [(0, RED), (5.9, GREEN)], {"red_onset_not_seen"}),
    ],
    ids=["red all the way", "green before the junction", "jumps in the last second", "red from the start"],
)
def test_wholly_past_on_red_and_moving_on_is_the_act(where: Any, phases: Any, flags: set[str]) -> None:
    path = drive_m(HERE, where, from_s=0, to_s=8)
    (found,) = red_light(path, HERE, lamps(HERE, phases))
    assert set(found.flags) == flags
    ends = [t for t, state in phases if state == GREEN and t > 1]
    assert found.red_until_s == (pytest.approx(ends[0], abs=0.06) if ends else None)
    if ends:
        assert path.t_s[found.at] < path.t_s[found.after] < ends[0], "the last still is taken in red"


@pytest.mark.parametrize("begins_m", [16.5, 17, 19, 22, 26, 30, None])
@pytest.mark.parametrize("phases", [[(0, GREEN), (1, RED), (5.9, GREEN)], [(0, GREEN), (1, RED)]])
def test_where_the_junction_area_is_drawn_to_begin_does_not_matter(begins_m: float | None, phases: Any) -> None:
    area = None if begins_m is None else pixels((-12, begins_m), (12, begins_m), (12, 45), (-12, 45))
    drawn = ground_scene(junction=area)
    assert len(red_light(drive_m(drawn, JUMPS, from_s=0, to_s=9), drawn, lamps(drawn, phases))) == 1


@pytest.mark.parametrize(
    ("where", "phases", "why"),
    [
        (JUMPS, [(0, GREEN), (1, RED), (5.4, GREEN)], "green before its rear is past"),
        (JUMPS, [(0, GREEN), (1, RED), (5.5, GREEN)], "green just as its rear passes"),
        (
            points((0, 0, 10), (2, 0, 13), (3, 0, 17.2), (6, 0, 17.2), (8, 0, 26)),
            [(0, RED), (5.8, GREEN)],
            "waits past the line for green",
        ),
        (points((0, 0, 10), (2, 0, 13), (3, 0, 17.2), (9, 0, 17.2)), [(0, RED)], "stops past the line"),
        (RIDES, [(0, UNKNOWN)], "no lamp seen"),
        (RIDES, [(0, GREEN), (1.2, YELLOW), (1.7, RED)], "yellow when the front passes, red when the rear does"),
    ],
)
def test_it_is_no_run(where: Any, phases: Any, why: str) -> None:
    path = drive_m(HERE, where, from_s=0, to_s=9)
    assert red_light(path, HERE, lamps(HERE, phases)) == [], why


@pytest.mark.parametrize(
    ("cls", "where", "red_at", "flags"),
    [
        (BUS, points((0, 0, -2), (12, 0, 22), (16, 0, 30)), 7.5, None),
        (CAR, points((0, 0, 6), (10, 0, 16), (14, 0, 30)), 9.0, None),
        (CAR, points((0, 0, 6), (6, 0, 14), (9, 0, 14), (12, 0, 30)), 7.0, {"front_past_line_at_red_onset"}),
        (CAR, points((0, 0, 6), (6, 0, 14), (12, 0, 14), (15, 0, 30)), 5.9, {"front_past_line_at_red_onset"}),
        (CAR, points((0, 0, 6), (6, 0, 15.2), (9, 0, 15.2), (12, 0, 30)), 7.0, {"front_past_line_at_red_onset"}),
        (CAR, points((0, 0, 6), (6, 0, 15.7), (9, 0, 15.7), (12, 0, 30)), 7.0, None),
        (CAR, points((0, 0, 6), (6, 0, 15.2), (8.5, 0, 15.2), (9.5, 0, 15.75), (13, 0, 15.75), (16, 0, 30)), 7.0,
         {"front_past_line_at_red_onset"}),
        (CAR, points((0, 0, 6), (7.2, 0, 15.75), (12, 0, 15.75), (15, 0, 30)), 7.0, None),
        (TRUCK, points((0, 0, 4), (6, 0, 12), (6.4, 0, 12), (7.6, 0, 12.5), (9, 0, 14.5), (14, 0, 34)), 6.5, None),
        (CAR, points((0, 0, 6), (6, 0, 10), (12, 0, 10), (13, 0, 12), (16, 0, 30)), 7.0, set()),
    ],
    ids=[
        "a bus rolls, its front past the line as red begins",
        "a car creeps, its front past the line as red begins",
        "a car stands over the line as red begins, then sets off in red",
        "a car comes to stand over the line as red begins, then sets off in red",
        "a car stands over the line with its rear surely before it",
        "a car stands over the line with its rear so near that nobody can say which side",
        "a car stands with its rear surely before the line as red begins, and creeps on to where nobody can say it",
        "a car rolls up as red begins to where nobody can say it",
        "a lorry halts for a moment over the line in a slow queue as red begins",
        "a car stands before the line",
    ],
)  # fmt: skip
def test_the_front_when_red_began(cls: VehicleClass, where: Any, red_at: float, flags: set[str] | None) -> None:
    """Luật 36/2024 Đ11.4: who is on the line or past it by then may go on."""
    here = ground_scene(junction=pixels((-12, 20), (12, 20), (12, 45), (-12, 45)))
    path = drive_m(here, where, from_s=2 if cls == BUS else 0, to_s=16, cls=cls)
    found = red_light(path, here, lamps(here, [(0, GREEN), (red_at, RED)]))
    assert [set(f.flags) for f in found] == ([] if flags is None else [flags])


def test_a_lorry_that_rolls_hardly_moves_in_a_flat_view_and_has_not_stood() -> None:
    """The camera looks along the road: a metre of way is a tenth of a metre of width in the picture."""
    flat = {
        "pixels": [[140, 420], [460, 420], [420, 330], [180, 330]],
        "metres": [[-4, 10], [4, 10], [4, 30], [-4, 30]],
    }
    plane = GroundMap.of(GroundPlane.model_validate(flat))

    def drawn(*metres: tuple[float, float]) -> list[list[float]]:
        return [[float(u), float(v)] for u, v in plane.to_pixels(metres)]

    here = ground_scene(
        ground=flat,
        stop_lines=[{"id": "line", "points": drawn((-4, 16), (4, 16)), "forward": drawn((0, 26))[0]}],
        junction=drawn((-4, 20), (4, 20), (4, 30), (-4, 30)),
    )

    def path(y_m: Callable[[float], float]) -> Trajectory:
        def wide(t: float) -> float:
            (left, _), (right, _) = plane.to_pixels([(-1.1, y_m(t)), (1.1, y_m(t))])
            return float(right - left)

        def at(t: float) -> tuple[float, float]:
            u, v = plane.to_pixels([(0.0, y_m(t))])[0]
            return float(u), float(v)

        return drive(here, at, size=lambda t: (wide(t), 1.27 * wide(t)), from_s=0, to_s=14, cls=TRUCK)

    def y(*stops: tuple[float, float]) -> Callable[[float], float]:
        return lambda t: float(np.interp(t, *zip(*stops, strict=True)))

    rolls, stands = y((0, 10.5), (9, 15), (10, 16.5), (14, 30)), y((0, 10.5), (4, 12.5), (9, 12.5), (11, 17), (14, 30))
    red = lamps(here, [(0, GREEN), (7, RED)])
    assert red_light(path(rolls), here, red) == []
    assert [f.flags for f in red_light(path(stands), here, red)] == [("front_past_line_at_red_onset",)]


def test_the_front_when_red_began_without_a_ground_plane() -> None:
    slow = points((0, 300, 400), (10, 300, 300), (14, 300, 150))
    path = drive(scene(), slow, from_s=0, to_s=14)
    assert red_light(path, scene(), lamps(scene(), [(0, GREEN), (9, RED)])) == []
    assert len(red_light(path, scene(), lamps(scene(), [(0, GREEN), (3, RED)]))) == 1


@pytest.mark.parametrize(("doubt_px", "acts"), [(0.0, 1), (10.0, 1), (30.0, 0)])
def test_hidden_wheels_that_may_be_nearer_than_thought_prove_no_passage_just_before_green(
    doubt_px: float, acts: int
) -> None:
    """In the queue the next one hides them; they are as likely nearer as farther on. The rear passes at 5.5 s."""
    path = drive_m(HERE, JUMPS, from_s=0, to_s=8)
    run = path.lines["line"]
    hidden = replace(path, lines={"line": replace(run, nearest_px=run.rear_px - doubt_px)}, known={})
    assert len(red_light(hidden, HERE, lamps(HERE, [(0, GREEN), (1, RED), (5.9, GREEN)]))) == acts


def test_who_comes_into_sight_with_the_front_over_the_line_is_told_with_that_doubt() -> None:
    """Long after red began, out from behind a bus; and right after it began: then it may have rolled over before."""
    over = points((0, 0, 14.4), (2, 0, 15.6), (3, 0, 17), (6, 0, 32))
    for red_at, to in ((-4.0, 1), (-0.3, 0)):
        here = lamps(HERE, [(0.0, GREEN), (5.0 + red_at, RED)])
        path = drive_m(HERE, lambda t: over(t - 5), from_s=5, to_s=11)
        found = red_light(path, HERE, here)
        assert [set(f.flags) for f in found] == [{"front_before_line_not_seen"}] * to


@pytest.mark.parametrize("fps", [6, 10, 15])
@pytest.mark.parametrize("metres_per_s", [4, 9, 14, 18, 22])
@pytest.mark.parametrize("plane", [True, False], ids=["with a ground plane", "without"])
def test_the_fastest_are_found(fps: int, metres_per_s: float, plane: bool) -> None:
    here = HERE if plane else ground_scene(ground=None)
    where = points((0, 0, -20), (100, 0, -20 + 100 * metres_per_s))
    from_s, to_s = (8 + 20) / metres_per_s, (60 + 20) / metres_per_s
    path = drive_m(here, where, from_s=from_s, to_s=to_s, fps=fps)
    (found,) = red_light(path, here, lamps(here, [(0, RED)], until_s=to_s + 3))
    assert found.moment_s is not None
    assert path.t_s[found.at - 1] <= found.moment_s <= path.t_s[found.at]
    if plane:
        assert found.moment_s == pytest.approx((LINE_M + 20) / metres_per_s, abs=0.02), "dated between two pictures"


def test_perspective_is_no_bend_but_the_leap_to_another_vehicle_is() -> None:
    here = ground_scene(ground=None)
    fast = drive_m(here, points((0, 0, 8), (4, 0, 80)), from_s=0, to_s=4)
    assert one_vehicle(fast, 0, 4, float(np.median(fast.size_px)))
    leaps = drive_m(here, points((0, 0, 9), (1.6, 0, 9.5), (1.8, 0, 15), (4, 0, 15.5)), from_s=0, to_s=4)
    assert not one_vehicle(leaps, 0, 4, float(leaps.size_px[16]))


@pytest.mark.parametrize("wild", [1, 2])
def test_a_box_that_leaps_back_over_the_line_is_no_second_passage(wild: int) -> None:
    """It stopped past the line in red and drives on at green; just before that its box trembles once or twice."""
    stays = points((0, 0, 10), (2, 0, 13), (3, 0, 16.6), (12, 0, 16.6), (14, 0, 22), (17, 0, 36))

    def trembles(t_s: float) -> tuple[float, float]:
        x_m, y_m = stays(t_s)
        return x_m, y_m - (0.8 if 11.45 < t_s < 11.45 + 0.1 * wild else 0.0)

    path = drive_m(HERE, trembles, from_s=0, to_s=16, cls=CAR)
    assert int(np.count_nonzero(path.lines["line"].rear_m[100:] < 0)) == wild
    red = lamps(HERE, [(0, GREEN), (0.3, RED), (11.8, GREEN)])
    assert len(stopped_past_line(path, HERE, red)) == 1
    assert red_light(path, HERE, red) == []


def test_a_stop_and_a_run_are_never_both_told_of_one_passage() -> None:
    pause = points((0, 0, 10), (2, 0, 13), (3, 0, 17.2), (6, 0, 17.2), (8, 0, 26), (10, 0, 34))
    path = drive_m(HERE, pause, from_s=0, to_s=10)
    red = lamps(HERE, [(0, RED)])
    assert len(red_light(path, HERE, red)) == 1
    assert stopped_past_line(path, HERE, red) == []


@pytest.mark.parametrize(
    ("rear_m", "remembered_s", "flags"),
    [
        (-0.2, None, None),
        (-0.2, 60.0, None),
        (-1.1, None, ("front_past_line_at_red_onset",)),
        (-1.1, 60.0, ("front_before_line_not_seen",)),
    ],
)
def test_who_stood_over_the_line_for_longer_than_is_remembered_is_judged_as_one_who_stood_there(
    rear_m: float, remembered_s: float | None, flags: tuple[str, ...] | None
) -> None:
    """He stands over it since green and drives on in red: whether his rear passed it in red must be sure all the same;
    where his front was when red began is not known any more, and is not said."""
    where = points((0, 0, 8), (3, 0, LINE_M + rear_m), (95, 0, LINE_M + rear_m), (99, 0, 30))
    held = lamps(HERE, [(0, GREEN), (20, YELLOW), (23, RED)], until_s=100)
    path = drive_m(HERE, where, from_s=0, to_s=99, cls=CAR, remembered_s=remembered_s)
    assert [found.flags for found in red_light(path, HERE, held)] == ([] if flags is None else [flags])


@pytest.mark.parametrize(
    ("cls", "rear_at_onset_m", "flags"),
    [
        (TRUCK, -10.0, ("front_before_line_not_seen",)),
        (TRUCK, -21.0, ()),
        (CAR, -5.0, ("front_before_line_not_seen",)),
        (CAR, -6.5, ()),
        (VehicleClass.MOTORCYCLE, -5.0, ()),
    ],
    ids=["a long lorry's is over it", "no lorry is so long", "a minibus's is over it", "no car is", "no motorcycle"],
)
def test_whose_front_was_over_the_line_as_red_began_if_he_is_long_is_told_with_that_doubt(
    cls: VehicleClass, rear_at_onset_m: float, flags: tuple[str, ...]
) -> None:
    """Who rolls over the line as red begins may go on, and how long he is nobody measures."""
    line_m = 32.0
    line = {"id": "line", "points": pixels((-6, line_m), (6, line_m)), "forward": pixels((0, 50))[0]}
    here = ground_scene(stop_lines=[line], junction=pixels((-12, line_m + 4), (12, line_m + 4), (12, 70), (-12, 70)))
    where = points((1, 0, line_m + rear_at_onset_m - 8), (6, 0, line_m + rear_at_onset_m + 32))
    shown = lamps(here, [(0, GREEN), (0.5, YELLOW), (2, RED)])
    told = [found.flags for found in red_light(drive_m(here, where, from_s=1, to_s=6, cls=cls, fps=12.5), here, shown)]
    assert told == [flags]
