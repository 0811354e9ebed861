"""Past the stop line where left turns wait: lawful there, an act beside it and for whoever drives straight on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import judged, red_light, refused, stopped_past_line
from tests.edge.roads import LINE_M, RED, Where, drive_m, ground_scene, lamps, pixels, points

AREA = {"id": "wait", "kind": "turn_waiting", "polygon": pixels((-3, 16.3), (0, 16.3), (0, 21.5), (-3, 21.5))}
SECOND = {"id": "second", "points": pixels((-3, 21.6), (0, 21.6)), "forward": pixels((-1.5, 30))[0]}
FIRST = {"id": "line", "points": pixels((-6, LINE_M), (6, LINE_M)), "forward": pixels((0, 30))[0]}
STRAIGHT_LANE = {"id": "l", "polygon": pixels((-3, 7), (0, 7), (0, 15.8), (-3, 15.8)), "movements": ["straight"]}
HERE, ROAD_ALONE = ground_scene(areas=[AREA]), ground_scene()
RED_ALL_ALONG = [(0.0, RED)]


def stands(rear_m: float, x: float) -> Where:
    """Comes up and stands with its rear so far past the first line."""
    return points((0, x, 8), (2.5, x, LINE_M + rear_m), (30, x, LINE_M + rear_m))


@pytest.mark.parametrize(
    ("shows", "scene", "where", "acts"),
    [
        ("in the middle of the area", HERE, stands(2.0, -1.5), 0),
        ("its front in it, its rear tyre on the first line", HERE, stands(-0.3, -1.5), 0),
        ("at its edge", HERE, stands(2.0, 0.3), 0),
        ("two metres beside it", HERE, stands(2.0, 2.0), 1),
        ("to the left of it", HERE, stands(2.0, -5.0), 1),
        ("in the area out of the lane for straight on", ground_scene(areas=[AREA], lanes=[STRAIGHT_LANE]),
         stands(2.0, -1.5), 0),
        ("where no area is", ROAD_ALONE, stands(2.0, -1.5), 1),
        ("in an area of another kind", ground_scene(areas=[{**AREA, "kind": "crosswalk"}]), stands(2.0, -1.5), 1),
        ("first seen in it", HERE, points((0, -1.5, LINE_M + 2), (30, -1.5, LINE_M + 2)), 0),
        ("first seen beside it", HERE, points((0, 2, LINE_M + 2), (30, 2, LINE_M + 2)), 1),
    ],
)  # fmt: skip
def test_who_waits_in_the_area_is_not_told_and_who_stands_beside_it_is(
    shows: str, scene: Any, where: Where, acts: int
) -> None:
    path = drive_m(scene, where, from_s=0, to_s=12, ended=True)
    red = lamps(scene, RED_ALL_ALONG)
    assert len(stopped_past_line(path, scene, red)) == acts, shows
    if scene is HERE and not acts:
        assert "may_wait_to_turn" in {each.guard for each in refused(ActCode.STOPPED_PAST_LINE, path, scene, red)}


STRAIGHT_ON = points((0, -1.5, 8), (2, -1.5, 18), (5, -1.5, 40))
TURNS_LEFT = points((0, -1.5, 8), (2, -1.5, 18), (3, -2, 23), (4.2, -5, 27), (5.5, -10, 28))


@pytest.mark.parametrize(
    ("shows", "scene", "where", "lines"),
    [
        ("straight on in red through the area", HERE, STRAIGHT_ON, ["line"]),
        ("left in red through the area", HERE, TURNS_LEFT, []),
        ("left in red where no area is", ROAD_ALONE, TURNS_LEFT, ["line"]),
        ("left in red over the area's own line", ground_scene(areas=[AREA], stop_lines=[FIRST, SECOND], signals=[
            {"id": "main", "box": [600, 10, 610, 40], "governs": ["line", "second"]}]), TURNS_LEFT, ["second"]),
    ],
)  # fmt: skip
def test_who_turns_left_through_the_area_is_judged_at_its_own_line_and_who_goes_straight_on_at_the_first(
    shows: str, scene: Any, where: Where, lines: list[str]
) -> None:
    path = drive_m(scene, where, from_s=0, to_s=6, ended=True)
    assert [found.what for found in red_light(path, scene, lamps(scene, RED_ALL_ALONG))] == lines, shows


@effort(max_examples=40)
@given(
    x=st.floats(-5.5, 5.5),
    rear_m=st.floats(-2, 6),
    cls=st.sampled_from([VehicleClass.MOTORCYCLE, VehicleClass.CAR]),
)
def test_the_area_never_accuses_anybody_whom_the_road_alone_would_not(
    x: float, rear_m: float, cls: VehicleClass
) -> None:
    told = []
    for scene in (HERE, ROAD_ALONE):
        path = drive_m(scene, stands(rear_m, x), from_s=0, to_s=9, cls=cls, ended=True)
        red = lamps(scene, RED_ALL_ALONG)
        told.append(
            {
                each.act
                for act in (ActCode.RED_LIGHT, ActCode.STOPPED_PAST_LINE)
                for each in judged(act, path, scene, red)
            }
        )
    assert told[0] <= told[1]
