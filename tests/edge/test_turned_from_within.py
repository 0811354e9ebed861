"""A banned turn by one that was first seen waiting in the junction: told from where it waited and how it set off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from edge.rules.turned_from_within import WAY_IN_NOT_SEEN
from evidence.acts import VehicleClass
from tests.edge.judged import banned_turn
from tests.edge.roads import drive_m, ground_scene, pixels, points, sign
from zones.schema import Scene

Where = Callable[[float], tuple[float, float]]
WAITED = (0.0, 2.0, 25.0)
"""At the first sight (s) it stands 2 m right of the middle (m), 9 m past the line (at 16 m)."""
TURNS_LEFT = points(WAITED, (3, 2, 25), (4, 1, 27.5), (5, -1.5, 31), (6, -6, 32), (7, -12, 32))


def no_left(**changes: object) -> Scene:
    line = {"id": "line", "points": pixels((-6, 16), (6, 16)), "forward": pixels((0, 30))[0]}
    exits = [
        {"id": "side", "movement": "left", "polygon": pixels((-14, 28), (-7, 28), (-7, 38), (-14, 38))},
        {"id": "ahead", "movement": "straight", "polygon": pixels((-6, 42), (6, 42), (6, 46), (-6, 46))},
    ]
    return ground_scene(**({"stop_lines": [line], "exits": exits, "signs": [sign("P.123a", "line")]} | changes))


def test_who_was_first_seen_waiting_past_the_line_and_then_turned_is_told_with_that_doubt() -> None:
    path = drive_m(no_left(), TURNS_LEFT, from_s=0, to_s=7)
    (found,) = banned_turn(path, no_left(), {})
    assert (found.what, found.flags, found.reasons["exit"]) == ("line", (WAY_IN_NOT_SEEN,), "side")
    assert found.reasons["waited_past_line_m"] == pytest.approx(9.0, abs=0.3)
    assert float(found.reasons["stood_s"]) >= 2.5  # type: ignore[arg-type]
    assert float(found.reasons["turned_deg"]) > 40  # type: ignore[arg-type]
    assert "exit_after_line_s" not in found.reasons, "nobody saw it at the line"
    assert found.before < found.at <= found.after


@pytest.mark.parametrize("fps", [6, 12.5, 25])
def test_it_is_told_at_every_rate_of_pictures(fps: float) -> None:
    assert len(banned_turn(drive_m(no_left(), TURNS_LEFT, from_s=0, to_s=7, fps=fps), no_left(), {})) == 1


def test_who_was_seen_at_the_line_is_told_without_a_doubt() -> None:
    where = points(
        (0, 2, 10), (3, 2, 22), (5, 2, 25), (9, 2, 25), (10, 1, 27.5), (11, -1.5, 31), (12, -6, 32), (13, -12, 32)
    )
    (found,) = banned_turn(drive_m(no_left(), where, from_s=0, to_s=13), no_left(), {})
    assert found.flags == ()
    assert "exit_after_line_s" in found.reasons


@pytest.mark.parametrize(
    ("where", "why"),
    [
        (points(WAITED, (0.4, 2, 25), (1.4, 1, 27.5), (2.4, -1.5, 31), (3.4, -6, 32), (4.4, -12, 32)), "hardly stood"),
        (points((0, 2, 33), (3, 2, 33), (4, -1, 34), (5, -6, 33), (6, -12, 32)), "waited in the way of others"),
        (points((0, 9, 25), (3, 9, 25), (4, 8, 28), (5, 3, 31), (6, -4, 32), (7, -12, 32)), "beside the line's end"),
        (points(WAITED, (3, 2, 25), (4, -1, 25.5), (5, -5, 27), (6, -8, 30), (7, -12, 32)), "set off across"),
        (points((0, 2, 38), (1, 2, 31), (2, 2, 25), (5, 2, 25), (6, 0, 28), (7, -6, 32), (8, -12, 32)), "drove in"),
        (points((0, 5.5, 24), (4, 5.5, 24), (7, -12, 33)), "goes straight across from the corner"),
        (points(WAITED, (3, 2, 25), (5, 0, 33), (7, 0, 44)), "straight on"),
        (points(WAITED, (3, 2, 25), (3.1, -6, 32), (4, -12, 32)), "the track jumps to another"),
    ],
)
def test_who_may_have_come_another_way_is_not_accused(where: Where, why: str) -> None:
    assert banned_turn(drive_m(no_left(), where, from_s=0, to_s=8), no_left(), {}) == [], why


@pytest.mark.parametrize("remembered_s", [None, 60.0])
def test_who_came_by_another_way_is_not_accused_when_that_is_forgotten(remembered_s: float | None) -> None:
    """He waits for longer than a track remembers; where it begins then is not where he was first seen."""
    where = points(
        (0, 14, 36), (3, 6, 28), (5, 2, 25), (70, 2, 25), (71, 1, 27.5), (72, -1.5, 31), (73, -6, 32), (74, -12, 32)
    )
    path = drive_m(no_left(), where, from_s=0, to_s=74, remembered_s=remembered_s)
    assert banned_turn(path, no_left(), {}) == []


def test_in_the_picture_alone_nobody_knows_where_it_came_from() -> None:
    flat = no_left(ground=None)
    assert banned_turn(drive_m(flat, TURNS_LEFT, from_s=0, to_s=7), flat, {}) == []


def test_an_approach_of_another_road_clears_it() -> None:
    other = {"id": "other", "polygon": pixels((0, 22), (6, 22), (6, 27), (0, 27))}
    road = no_left(approaches=[other])
    assert banned_turn(drive_m(road, TURNS_LEFT, from_s=0, to_s=7), road, {}) == []


def test_a_way_from_the_line_that_hidden_wheels_broke_is_told_from_the_wait_on() -> None:
    """While it stood hidden its box sprang about as no vehicle drives; what it did afterwards was seen."""
    where = points(
        (0, 2, 10), (3, 2, 22), (5, 2, 25), (6.4, 2, 25), (6.5, 2, 36), (6.9, 2, 36), (7, 2, 25), (9, 2, 25),
        (10, 1, 27.5), (11, -1.5, 31), (12, -6, 32), (13, -12, 32),
    )  # fmt: skip
    (found,) = banned_turn(drive_m(no_left(), where, from_s=0, to_s=13, fps=12.5), no_left(), {})
    assert found.flags == (WAY_IN_NOT_SEEN,)


@pytest.mark.parametrize(("classes", "acts"), [(["truck"], 0), (["truck", "bus"], 1), (None, 1)])
def test_a_ban_for_some_kinds_needs_to_know_the_kind(classes: list[str] | None, acts: int) -> None:
    where = points(
        (0, 2, 10), (3, 2, 22), (5, 2, 25), (9, 2, 25), (10, 1, 27.5), (11, -1.5, 31), (12, -6, 32), (13, -12, 32)
    )
    road = no_left(signs=[sign("P.123a", "line", classes=classes)])
    path = drive_m(road, where, from_s=0, to_s=13, cls=VehicleClass.TRUCK)
    path = replace(path, cls_share=0.55, other_shares={VehicleClass.BUS: 0.45})
    assert len(banned_turn(path, road, {})) == acts


@pytest.mark.parametrize("cls", [VehicleClass.CAR, VehicleClass.TRUCK])
def test_the_kind_of_vehicle_changes_nothing(cls: VehicleClass) -> None:
    assert len(banned_turn(drive_m(no_left(), TURNS_LEFT, from_s=0, to_s=7, cls=cls), no_left(), {})) == 1
