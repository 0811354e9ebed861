"""Stopped on or past the line: judged in metres, and only of those who came over it in red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edge.road.trajectory import Trajectory
from evidence.acts import LampState, VehicleClass
from tests.edge.judged import red_light, stopped_past_line
from tests.edge.roads import (
    GREEN,
    LINE_M,
    RED,
    UNKNOWN,
    YELLOW,
    drive,
    drive_m,
    ground_scene,
    history,
    lamps,
    pixels,
    points,
    scene,
)  # fmt: skip

HERE = ground_scene()
CAR, MOTORCYCLE = VehicleClass.CAR, VehicleClass.MOTORCYCLE
ALWAYS_RED = [(0.0, RED)]
Where = Callable[[float], tuple[float, float]]


def stops(rear_m: float, *, from_m: float = 8.0, then: tuple[tuple[float, float, float], ...] = ()) -> Where:
    """Comes at an even pace and stands with its rear so far past the line (negative: before it)."""
    return points((0, 0, from_m), (2.5, 0, LINE_M + rear_m), *(then or ((30, 0, LINE_M + rear_m),)))


@pytest.mark.parametrize(
    ("cls", "rear_m", "acts", "why"),
    [
        (MOTORCYCLE, 1.5, 1, "wholly past it"),
        (MOTORCYCLE, 0.1, 1, "the rear tyre just past the paint"),
        (MOTORCYCLE, -0.2, 1, "the rear tyre on the paint"),
        (MOTORCYCLE, -0.6, 1, "most of it over the line"),
        (MOTORCYCLE, -1.4, 0, "the front tyre a little over it: too near to say"),
        (MOTORCYCLE, -2.1, 0, "the front at the line"),
        (MOTORCYCLE, -3.0, 0, "well before it"),
        (CAR, 0.3, 1, "wholly past it"),
        (CAR, -1.6, 1, "the line under its seats"),
        (CAR, -3.2, 0, "the bonnet over it: too near to say"),
        (CAR, -4.8, 0, "the front at the line"),
    ],
)
def test_standing_on_or_past_the_line(cls: VehicleClass, rear_m: float, acts: int, why: str) -> None:
    path = drive_m(HERE, stops(rear_m), from_s=0, to_s=8, cls=cls)
    found = stopped_past_line(path, HERE, lamps(HERE, ALWAYS_RED))
    assert len(found) == acts, why
    for finding in found:
        assert finding.reasons["rear_stood_past_line_m"] == pytest.approx(rear_m, abs=0.1)
        assert red_light(path, HERE, lamps(HERE, ALWAYS_RED)) == []


@pytest.mark.parametrize("cls", [MOTORCYCLE, CAR])
@pytest.mark.parametrize("rear_m", [-2.2, -2.6, -3.5])
@pytest.mark.parametrize(("wind_px", "jitter_px"), [(8.0, 0.0), (0.0, 4.0), (4.0, 2.0), (8.0, 2.0)])
def test_who_stops_before_the_line_is_never_accused_however_the_picture_shakes(
    cls: VehicleClass, rear_m: float, wind_px: float, jitter_px: float
) -> None:
    rng = np.random.default_rng(5)
    stand = stops(rear_m - (2.7 if cls == CAR else 0.0), from_m=2.0)
    path = drive_m(HERE, stand, from_s=0, to_s=25, fps=15, cls=cls)
    shake = wind_px * np.sin(path.t_s * 12.6) + jitter_px * rng.standard_normal(len(path.t_s))
    seen = shaken(path, shake)
    assert stopped_past_line(seen, HERE, lamps(HERE, ALWAYS_RED)) == []
    assert red_light(seen, HERE, lamps(HERE, ALWAYS_RED)) == []


def shaken(path: Trajectory, down_px: Any) -> Trajectory:
    """The same vehicle, its boxes so many pixels lower in each picture."""
    moved = iter(zip(path.contacts[:, 0], path.contacts[:, 1] + down_px, strict=True))
    sizes = iter(zip(path.boxes[:, 2] - path.boxes[:, 0], path.boxes[:, 3] - path.boxes[:, 1], strict=True))
    return drive(
        HERE, lambda _: next(moved), size=lambda _: next(sizes), from_s=float(path.t_s[0]), to_s=float(path.t_s[-1]),
        fps=15, cls=path.cls,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("where", "phases", "why"),
    [
        (stops(0.5), [(0, GREEN), (4, RED)], "it came there in green"),
        (stops(-0.5), [(0, GREEN), (2.2, RED)], "its front was over the line when red began"),
        (stops(0.5), [(0, RED), (3.5, GREEN)], "green soon after"),
        (stops(0.5, then=((3.5, 0, LINE_M + 0.5), (8, 0, LINE_M + 20))), ALWAYS_RED, "drives on: it ran the light"),
        (points((0, 0, LINE_M - 0.8), (20, 0, LINE_M - 0.4)), ALWAYS_RED, "stood there all along, its box wandered"),
    ],
)
def test_not_every_stand_at_the_line_is_the_act(where: Where, phases: Any, why: str) -> None:
    path = drive_m(HERE, where, from_s=0, to_s=9)
    assert stopped_past_line(path, HERE, lamps(HERE, phases)) == [], why


def test_who_waits_on_the_line_and_sets_off_in_red_much_later_has_done_both() -> None:
    late = stops(-0.6, then=((20, 0, LINE_M - 0.6), (21, 0, LINE_M + 1), (25, 0, LINE_M + 22)))
    path = drive_m(HERE, late, from_s=0, to_s=26)
    red = lamps(HERE, ALWAYS_RED)
    assert len(stopped_past_line(path, HERE, red)) == 1
    assert len(red_light(path, HERE, red)) == 1


# -- a turn that may be free -------------------------------------------------------------------------------------------

PLATE: dict[str, Any] = {
    "id": "main",
    "box": [600, 10, 610, 40],
    "governs": ["line"],
    "movements": ["straight", "left"],
}
PAUSES = (6, 0, LINE_M + 0.8)
TURNS = stops(0.8, then=(PAUSES, (7, 0, LINE_M + 3), (9, 6, LINE_M + 8), (11, 14, LINE_M + 8)))
WAITS = (16, 0, LINE_M + 0.8)
YIELDS_LONG = stops(0.8, then=(WAITS, (17, 0, LINE_M + 3), (19, 6, LINE_M + 8), (21, 14, LINE_M + 8)))
STANDS_ON = stops(0.8, then=((12, 0, LINE_M + 0.8),))
GOES_ON = stops(0.8, then=(PAUSES, (7, 0, LINE_M + 2), (12, 0, LINE_M + 24)))


@pytest.mark.parametrize(
    ("where", "green_s", "to_s", "over", "flags"),
    [
        (stops(0.8), 9, 12, {"ended": True}, [{"movement_not_seen", "red_onset_not_seen"}]),
        (stops(0.8), 20, 12, {"ended": True}, []),
        (
            stops(0.8),
            20,
            12,
            {"ended": True, "cut_off": True},
            [{"movement_not_seen", "red_onset_not_seen", "stream_ended_during_act"}],
        ),
        (stops(0.8), 9, 12, {}, []),
        (stops(0.8), 9, 6, {"ended": True}, []),
        (TURNS, 9, 12, {"ended": True}, []),
        (YIELDS_LONG, 20, 24, {"ended": True}, []),
        (GOES_ON, 5.5, 12, {}, [{"red_onset_not_seen"}]),
    ],
    ids=[
        "stands until the other lamp is green, and then is lost from sight",
        "stands long, and is lost from sight while the other lamp is red: it may have turned",
        "stands long, and still stands there when the stream ends",
        "stands long, and is still there",
        "pauses",
        "pauses, then turns right",
        "gives way for long, then turns right",
        "pauses, then goes straight on",
    ],
)
def test_beside_a_free_right_turn_only_a_long_stand_is_told_and_with_that_doubt(
    where: Where, green_s: float, to_s: float, over: dict[str, Any], flags: list[set[str]]
) -> None:
    here = ground_scene(signals=[PLATE])
    path = drive_m(here, where, from_s=0, to_s=to_s, **over)
    red = {"main": history([(0, RED), (green_s, GREEN)], here, "main")}
    assert [set(f.flags) for f in stopped_past_line(path, here, red)] == flags


@pytest.mark.parametrize(("astray_s", "acts"), [(None, 1), (6.2, 0), (11.0, 1)])
def test_a_track_that_may_have_gone_over_to_another_as_it_stood_tells_no_way(astray_s: float | None, acts: int) -> None:
    """Straight on, past a free right turn: unless that was another, who was followed from the stand on."""
    here = ground_scene(signals=[PLATE])
    path = drive_m(here, GOES_ON, from_s=0, to_s=12)
    seen = [replace(o, astray=astray_s is not None and abs(o.t_s - astray_s) < 0.05) for o in path.observations]
    red = {"main": history([(0, RED), (5.5, GREEN)], here, "main")}
    assert len(stopped_past_line(replace(path, observations=seen), here, red)) == acts


@pytest.mark.parametrize(
    ("where", "to_s", "ended", "acts"),
    [
        (stops(0.8), 12, False, 0),
        (stops(0.8), 9, True, 0),
        (STANDS_ON, 12, True, 1),
        (GOES_ON, 12, False, 1),
        (YIELDS_LONG, 24, False, 0),
        (YIELDS_LONG, 24, True, 0),
    ],
    ids=[
        "still there",
        "lost from sight in red",
        "stands there at green",
        "goes straight on at green",
        "then turns right",
        "has turned right",
    ],
)
def test_who_may_yet_turn_on_his_arrow_out_of_the_lane_for_straight_on_is_waited_for(
    where: Where, to_s: float, ended: bool, acts: int
) -> None:
    """The arrow is green all the while: turning by it out of that lane is another act, and the stand before it none."""
    arrow: dict[str, Any] = {**PLATE, "id": "arrow", "movements": ["right"], "arrow": "right"}
    lane = {"id": "l", "polygon": pixels((-2, 7), (2, 7), (2, 15.8), (-2, 15.8)), "movements": ["straight"]}
    here = ground_scene(signals=[{**PLATE, "movements": ["straight", "left", "right"]}, arrow], lanes=[lane])
    main = [(0.0, RED), (5.5, GREEN)] if where in (GOES_ON, STANDS_ON) else [(0.0, RED)]
    lit = {"main": history(main, here, "main"), "arrow": history([(0.0, GREEN)], here, "arrow")}
    path = drive_m(here, where, from_s=0, to_s=to_s, ended=ended)
    assert len(stopped_past_line(path, here, lit)) == acts


@pytest.mark.parametrize(
    ("why", "other", "acts"),
    [
        ("nobody before him", lambda _: (8.0, 40.0), 1),
        ("one beside him", lambda _: (3.0, LINE_M + 1.0), 1),
        ("another stands before him and does not let him turn", lambda _: (0.0, LINE_M + 4.0), 0),
    ],
)
def test_who_is_held_by_another_before_him_could_not_have_turned_where_that_is_free(
    why: str, other: Where, acts: int
) -> None:
    here = ground_scene(signals=[PLATE])
    path = drive_m(here, stops(0.8), from_s=0, to_s=12, ended=True, others=[other], live=True)
    red = {"main": history([(0, RED), (9, GREEN)], here, "main")}
    assert len(stopped_past_line(path, here, red)) == acts, why


@pytest.mark.parametrize(
    ("why", "other", "then", "acts"),
    [
        ("he moves aside for the other", (0.0, LINE_M + 4.0), ((6, 0, LINE_M + 0.8), (8, -2.0, LINE_M + 1.4)), 0),
        ("nobody holds him: he begins to turn left", (8.0, 40.0), ((6, 0, LINE_M + 0.8), (8, -2.0, LINE_M + 1.4)), 1),
        ("he was held, and at green he drives on to the left", (0.0, LINE_M + 4.0),
         ((12, 0, LINE_M + 0.8), (15, -9.0, LINE_M + 9.0)), 1),
    ],
)  # fmt: skip
def test_who_is_held_and_moves_aside_has_chosen_no_way_with_that(
    why: str, other: tuple[float, float], then: tuple[tuple[float, float, float], ...], acts: int
) -> None:
    here = ground_scene(signals=[PLATE])
    path = drive_m(here, stops(0.8, then=then), from_s=0, to_s=then[-1][0], others=[lambda _: other], live=True)
    red = {"main": history([(0, RED), (11, GREEN)], here, "main")}
    assert len(stopped_past_line(path, here, red)) == acts, why


TOLD = {"movement_not_seen", "red_onset_not_seen"}


def _nobody(_: float) -> tuple[float, float]:
    return 8.0, 40.0


@pytest.mark.parametrize(
    ("why", "where", "other", "to_s", "arrow", "flags"),
    [
        ("nobody before him: he could have gone", stops(0.8), _nobody, 16, [(0.0, GREEN)], [TOLD]),
        ("he stood there too shortly", stops(0.8), _nobody, 9, [(0.0, GREEN)], []),
        ("another stands before him", stops(0.8), lambda _: (0.0, LINE_M + 4.0), 16, [(0.0, GREEN)], []),
        ("one stands beside him", stops(0.8), lambda _: (3.0, LINE_M + 1.0), 16, [(0.0, GREEN)],
         [TOLD]),
        ("one drives through before him", stops(0.8), lambda t: (-20.0 + 4 * t, LINE_M + 6.0), 16, [(0.0, GREEN)],
         [TOLD]),
        ("his arrow turned red at once", stops(0.8), _nobody, 16, [(0.0, GREEN), (4.0, RED)], []),
        ("his arrow turned red when he had stood there for long", stops(0.8), _nobody, 16, [(0.0, GREEN), (9.0, RED)],
         [TOLD]),
        ("another came and stood before him later", stops(0.8), lambda t: (max(0.0, 30 - 4 * t), LINE_M + 4.0), 16,
         [(0.0, GREEN)], []),
    ],
)  # fmt: skip
def test_who_stood_for_long_beside_a_free_arrow_and_is_lost_from_sight_there_is_told_if_nobody_held_him(
    why: str, where: Where, other: Where, to_s: float, arrow: list[tuple[float, LampState]], flags: list[set[str]]
) -> None:
    right: dict[str, Any] = {**PLATE, "id": "arrow", "movements": ["right"], "arrow": "right"}
    lane = {"id": "l", "polygon": pixels((-2, 7), (2, 7), (2, 15.8), (-2, 15.8)), "movements": ["straight"]}
    here = ground_scene(signals=[{**PLATE, "movements": ["straight", "left", "right"]}, right], lanes=[lane])
    lit = {"main": history([(0.0, RED)], here, "main"), "arrow": history(arrow, here, "arrow")}
    path = drive_m(here, where, from_s=0, to_s=to_s, ended=True, others=[other], live=True)
    assert [set(f.flags) for f in stopped_past_line(path, here, lit)] == flags, why


@pytest.mark.parametrize(
    ("arrow", "acts", "why"),
    [
        ([(0, GREEN)], 1, "free all the time, and yet it stands"),
        ([(0, GREEN), (8.5, RED)], 1, "free for long while it stands"),
        ([(0, GREEN), (3, YELLOW), (6, RED)], 0, "the arrow that let it over the line is red again: it waits for that"),
        ([(0, GREEN), (4, UNKNOWN), (8, GREEN)], 0, "nobody knows whether it was free"),
    ],
)
def test_who_came_by_the_arrow_and_stands_when_that_is_red_again_is_not_told(
    arrow: list[tuple[float, LampState]], acts: int, why: str
) -> None:
    right = {**PLATE, "id": "arrow", "movements": ["right"], "arrow": "right"}
    here = ground_scene(signals=[PLATE, right])
    path = drive_m(here, stops(0.8), from_s=0, to_s=14, ended=True)
    shown = {"main": history([(0, RED), (12, GREEN)], here, "main"), "arrow": history(arrow, here, "arrow")}
    assert len(stopped_past_line(path, here, shown)) == acts, why


def test_who_came_as_his_arrow_let_him_and_creeps_on_when_it_is_red_may_yet_turn_by_it() -> None:
    """The arrow let his front over the line, and turned red before half of him was over it: what he waits for is not
    known until he has gone, and then he turns by the arrow's next green."""
    right: dict[str, Any] = {**PLATE, "id": "arrow", "movements": ["right"], "arrow": "right"}
    lane = {"id": "l", "polygon": pixels((-2, 7), (2, 7), (2, 15.8), (-2, 15.8)), "movements": ["straight"]}
    here = ground_scene(signals=[{**PLATE, "movements": ["straight", "left", "right"]}, right], lanes=[lane])
    creeps = ((6, 0, LINE_M - 1.6), (7, 0, LINE_M + 0.6), (15, 0, LINE_M + 0.6))
    turns = (*creeps, (16, 0, LINE_M + 3), (18, 6, LINE_M + 8), (20, 14, LINE_M + 8))
    lit = {
        "main": history([(0, GREEN), (1, RED)], here, "main"),
        "arrow": history([(0, GREEN), (4, YELLOW), (6, RED), (15.5, GREEN)], here, "arrow"),
    }
    for where, to_s, ended in ((stops(-1.6, then=creeps), 14.0, False), (stops(-1.6, then=turns), 20.0, True)):
        assert stopped_past_line(drive_m(here, where, from_s=0, to_s=to_s, ended=ended), here, lit) == []


# -- standing there from the first sight on ----------------------------------------------------------------------------


def stands_there(here: Any, rear_m: float, phases: list[tuple[float, LampState]], *, from_s: float, to_s: float) -> Any:
    path = drive_m(here, lambda _: (0.0, LINE_M + rear_m), from_s=from_s, to_s=to_s)
    return stopped_past_line(path, here, lamps(here, phases))


@pytest.mark.parametrize(
    ("rear_m", "phases", "from_s", "to_s", "flags"),
    [
        (1.5, ALWAYS_RED, 0, 6, {"crossing_not_seen", "red_onset_not_seen"}),
        (1.5, [(0, GREEN), (2, RED)], 8, 14, {"crossing_not_seen"}),
        (1.5, ALWAYS_RED, 0, 4, None),
        (0.1, ALWAYS_RED, 0, 9, None),
        (9.0, ALWAYS_RED, 0, 9, None),
        (1.5, [(0, GREEN), (2, RED)], 0, 9, None),
        (1.5, [(0, RED), (4, GREEN)], 0, 9, None),
        (1.5, [(0, GREEN)], 0, 9, None),
    ],
    ids=[
        "from the stream's beginning", "out from behind a bus", "too short", "not clear of the line", "far beyond it",
        "there before red", "green in between", "green",
    ],
)  # fmt: skip
def test_standing_past_the_line_from_the_first_sight_on(
    rear_m: float, phases: Any, from_s: float, to_s: float, flags: set[str] | None
) -> None:
    found = stands_there(HERE, rear_m, phases, from_s=from_s, to_s=to_s)
    assert [set(f.flags) for f in found] == ([] if flags is None else [flags])


@pytest.mark.parametrize("remembered_s", [None, 60.0], ids=["all is remembered", "a minute is, less than the red"])
def test_who_stood_there_before_red_is_not_told_when_that_is_forgotten(remembered_s: float | None) -> None:
    """He passed in green and is held there; red lasts for longer than a track remembers."""
    held = lamps(HERE, [(0, GREEN), (20, YELLOW), (23, RED)], until_s=100)
    path = drive_m(HERE, stops(1.5), from_s=0, to_s=90, remembered_s=remembered_s)
    assert path.forgotten == (remembered_s is not None)
    assert stopped_past_line(path, HERE, held) == []


def test_standing_there_from_the_beginning_without_a_ground_plane() -> None:
    for y, acts in ((285, 1), (297, 0), (170, 0)):
        path = drive(scene(), points((0, 300, y)), from_s=0, to_s=7)
        assert len(stopped_past_line(path, scene(), lamps(scene(), ALWAYS_RED))) == (acts if y > 250 else 0)


def test_who_stands_half_hidden_or_beside_the_line_is_nobody() -> None:
    path = drive_m(HERE, lambda _: (0.0, LINE_M + 1.5), from_s=0, to_s=7)
    hidden = replace(path, observations=[replace(o, covered=0.4) for o in path.observations])
    assert stopped_past_line(hidden, HERE, lamps(HERE, ALWAYS_RED)) == []
    short = ground_scene(
        stop_lines=[{"id": "line", "points": pixels((-6, LINE_M), (-2, LINE_M)), "forward": pixels((0, 30))[0]}]
    )
    assert stands_there(short, 1.5, ALWAYS_RED, from_s=0, to_s=7) == []
