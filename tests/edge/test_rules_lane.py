"""The acts along a lane: solid line, wrong way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evidence.acts import VehicleClass
from tests.edge.judged import banned_turn, solid_line, wrong_way
from tests.edge.roads import GROUND, drive, drive_m, ground_scene, pixels, points, scene, sign
from zones.schema import Scene

Where = Callable[[float], tuple[float, float]]
CAR = VehicleClass.CAR
ROAD = scene(ground=GROUND)


@pytest.mark.parametrize(
    ("where", "changed"),
    [
        (points((0, 300, 460), (3, 300, 330)), False),
        (points((0, 220, 470), (3, 380, 330)), True),
        (points((0, 300, 460), (0.6, 300, 410)), False),
    ],
    ids=["rides on the line", "crosses to the other lane", "rides on and stands on the line"],
)
def test_a_moving_vehicle_across_the_paint_is_found(where: Where, changed: bool) -> None:
    (found,) = solid_line(drive(ROAD, where, from_s=0, to_s=3, cls=CAR), ROAD, {})
    assert found.reasons["marking_kind"] == "2.2"
    assert float(found.reasons["overlap_share"]) >= scene().rules.solid_overlap  # type: ignore[arg-type]
    assert found.reasons["crossed_to_other_side"] is changed


@pytest.mark.parametrize(
    ("where", "to_s", "why"),
    [
        (points((0, 250, 470), (3, 250, 320)), 3, "beside the line"),
        (points((0, 284, 470), (3, 284, 320)), 3, "touches it with a tenth of its width"),
        (points((0, 300, 400), (9, 301, 401)), 9, "stands on it"),
        (points((0, 300, 400), (8.9, 300, 400), (9, 300, 440)), 9, "stands on it, and its last box is a wild one"),
        (points((0, 300, 440), (5, 300, 440), (5.1, 300, 400)), 9, "its track leapt to it from one that stands there"),
        (points((0, 300, 300), (3, 300, 120)), 3, "over the line's prolongation in the junction"),
        (points((0, 200, 400), (0.2, 400, 399)), 0.2, "seen over it for too short"),
    ],
)
def test_near_the_line_is_not_on_the_line(where: Where, to_s: float, why: str) -> None:
    assert solid_line(drive(ROAD, where, from_s=0, to_s=to_s, cls=CAR), ROAD, {}) == [], why


def test_without_a_ground_plane_nobody_knows_where_the_wheels_are() -> None:
    path = drive(scene(), points((0, 300, 460), (3, 300, 330)), from_s=0, to_s=3, cls=CAR)
    assert solid_line(path, scene(), {}) == []


@pytest.mark.parametrize(
    ("end_m", "flags"),
    [(24.0, set()), (15.5, set()), (13.8, {"at_end_of_marking"})],
    ids=["far from its end", "two metres before its end", "only its end"],
)
def test_who_cuts_the_very_end_of_a_line_is_told_with_that_doubt(end_m: float, flags: set[str]) -> None:
    here = ground_scene(markings=[{"id": "m", "kind": "1.3", "points": pixels((0, 5), (0, end_m))}])
    path = drive_m(here, points((0, 2.5, 12), (3, -2.5, 14.5)), from_s=0, to_s=3, cls=CAR)
    (found,) = solid_line(path, here, {})
    assert set(found.flags) == flags, found.reasons
    near = float(found.reasons["from_end_of_marking_m"])  # type: ignore[arg-type]
    assert (near < 1.0) == bool(flags)


def test_a_line_that_leads_out_of_the_picture_has_no_end_there() -> None:
    (found,) = solid_line(drive(ROAD, points((0, 300, 478), (3, 300, 440)), from_s=0, to_s=3, cls=CAR), ROAD, {})
    assert found.flags == ()


@pytest.mark.parametrize(("begins", "ends"), [(460, 330), (330, 460)], ids=["drives away", "comes nearer"])
def test_the_act_is_shown_where_it_is_nearest_to_the_camera(begins: int, ends: int) -> None:
    where = points((0, 300, begins), (3, 300, ends))

    def size(t_s: float) -> tuple[float, float]:
        share = where(t_s)[1] / 400
        return 40 * share, 60 * share

    path = drive(ROAD, where, from_s=0, to_s=3, cls=CAR, size=size)
    (found,) = solid_line(path, ROAD, {})
    assert found.before < found.at < found.after or found.at == 0
    near = path.size_px[found.at] / path.size_px.max()
    assert near > 0.9


@pytest.mark.parametrize(("start_x", "acts"), [(220, 0), (380, 1)], ids=["from the broken side", "from the solid side"])
def test_a_solid_line_beside_a_broken_one_may_be_crossed_from_the_broken_side(start_x: int, acts: int) -> None:
    mixed = scene(
        ground=GROUND,
        markings=[{"id": "m", "kind": "2.4", "points": [[300, 305], [300, 479]], "crossable_from": [200, 400]}],
    )
    path = drive(mixed, points((0, start_x, 470), (3, 600 - start_x, 330)), from_s=0, to_s=3, cls=CAR)
    assert len(solid_line(path, mixed, {})) == acts


@pytest.mark.parametrize("kind", ["1.1", "2.1", "1.5"])
def test_broken_lines_may_be_crossed(kind: str) -> None:
    broken = scene(ground=GROUND, markings=[{"id": "m", "kind": kind, "points": [[300, 305], [300, 479]]}])
    path = drive(broken, points((0, 220, 470), (3, 380, 330)), from_s=0, to_s=3, cls=CAR)
    assert solid_line(path, broken, {}) == []


def test_driving_against_the_lane_is_found_after_the_time_and_the_way_that_the_scene_asks_for() -> None:
    path = drive(scene(), points((0, 200, 320), (3, 200, 470)), from_s=0, to_s=3)
    (found,) = wrong_way(path, scene(), {})
    assert found.reasons["lane"] == "left"
    assert path.t_s[found.at] == pytest.approx(1.0, abs=0.11)
    assert float(found.reasons["against_px"]) == pytest.approx(150, abs=6)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "to_s", "why"),
    [
        (points((0, 200, 470), (3, 200, 320)), 3, "the lawful way"),
        (points((0, 200, 400), (3, 200, 430)), 3, "rolls back a little"),
        (points((0, 200, 320), (0.5, 200, 460)), 0.5, "too short"),
        (points((0, 120, 380), (3, 280, 430)), 3, "crosses the lane sideways"),
        (points((0, 200, 400), (1, 203, 401), (9, 200, 400)), 9, "stands"),
        (points((0, 50, 320), (3, 50, 470)), 3, "outside the lane"),
        (points((0, 200, 350), (2, 200, 350), (2.1, 200, 450), (4, 200, 460)), 4, "a track that goes over to another"),
    ],
)
def test_not_every_backward_step_is_wrong_way(where: Where, to_s: float, why: str) -> None:
    assert wrong_way(drive(scene(), where, from_s=0, to_s=to_s), scene(), {}) == [], why


@pytest.mark.parametrize(
    ("hidden", "seen", "found"),
    [
        ((1.0, 1.3), "nearly all of it", True),
        ((1.0, 2.2), "all but a second, and enough on both sides", True),
        ((0.35, 2.65), "little before a long hole, and little after", False),
        ((0.6, 2.9), "one box after it, which may be another's", False),
    ],
)
def test_what_is_made_against_the_lane_in_a_hole_of_the_track_counts_for_nothing(
    hidden: tuple[float, float], seen: str, found: bool
) -> None:
    path = drive(
        scene(), points((0, 200, 320), (3, 200, 470)), from_s=0, to_s=3,
        seen=lambda t_s: not hidden[0] < t_s < hidden[1],
    )  # fmt: skip
    assert bool(wrong_way(path, scene(), {})) is found, seen


def test_wrong_way_stays_found_after_the_vehicle_has_left_the_lane() -> None:
    path = drive(scene(), points((0, 200, 320), (2, 200, 470), (4, 40, 470)), from_s=0, to_s=4)
    assert len(wrong_way(path, scene(), {})) == 1


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ({"kind": "one_way"}, "no default: said by nobody"),
        ({"kind": "divided"}, "a median alone does not say it"),
        ({"kind": "two_way", "source": {"place": "vạch 1.2"}}, "the other half of a two-way road is no one-way road"),
        ({"kind": "one_way", "by": "P.102"}, "a sign, but nobody knows where"),
        ({"kind": "one_way", "by": "P.102", "source": {"place": "  "}}, "a sign, but nobody knows where"),
        ({"kind": "one_way", "source": {"place": "biển ở đầu đường"}}, "a reference of nothing"),
    ],
)
def test_without_sign_or_one_way_fact_and_its_reference_there_is_no_wrong_way(
    stated: dict[str, object], why: str
) -> None:
    road = scene(roads=[{"id": "road"} | stated])
    assert wrong_way(drive(road, points((0, 200, 320), (3, 200, 470)), from_s=0, to_s=3), road, {}) == [], why


@pytest.mark.parametrize("by", ["P.102", "one_way_road", "one_way_carriageway"])
def test_what_makes_it_wrong_way_stands_among_the_reasons(by: str) -> None:
    road = scene(roads=[{"id": "road", "kind": "divided", "by": by, "source": {"order": "QĐ 12/2026"}}])
    (found,) = wrong_way(drive(road, points((0, 200, 320), (3, 200, 470)), from_s=0, to_s=3), road, {})
    assert (found.reasons["one_way_by"], found.reasons["one_way_reference"]) == (by, "QĐ 12/2026")


def no_left(number: str = "P.123a") -> Scene:
    exits = [
        {"id": "ahead", "movement": "straight", "polygon": [[200, 120], [400, 120], [400, 40], [200, 40]]},
        {"id": "side", "movement": "left", "polygon": [[50, 240], [140, 240], [140, 60], [50, 60]]},
    ]
    line = {"id": "line", "points": [[100, 300], [500, 300]], "forward": [300, 100]}
    return scene(exits=exits, stop_lines=[line], signs=[sign(number, "line")])


def test_a_banned_turn_is_found_where_the_vehicle_leaves_through_the_banned_exit() -> None:
    path = drive(no_left(), points((0, 220, 460), (3, 220, 240), (5, 130, 180), (6, 70, 170)), from_s=0, to_s=6)
    (found,) = banned_turn(path, no_left(), {})
    assert found.reasons["movement"] == "left"
    assert found.reasons["exit"] == "side"
    assert path.in_exit["side"][found.at]
    assert not path.in_exit["side"][found.at - 1]
    assert path.lines["line"].rear_px[found.before] > 0


def test_a_box_beside_the_exit_for_once_does_not_undo_the_way_through_it() -> None:
    """Its box trembled over the exit's edge shortly before the picture's: what lay before that counted for nothing."""
    way = points((0, 220, 460), (3, 220, 240), (5, 130, 180), (5.7, 75, 168), (5.8, 72, 260), (5.9, 70, 168))
    (found,) = banned_turn(drive(no_left(), way, from_s=0, to_s=6.2), no_left(), {})
    assert float(found.reasons["way_in_exit_px"]) > 50  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "why"),
    [
        (points((0, 220, 460), (3, 220, 240), (6, 300, 60)), "straight on"),
        (points((0, 220, 460), (3, 220, 240), (4, 130, 180), (5, 180, 140), (6, 300, 60)), "swerves, then straight on"),
        (points((0, 620, 200), (6, 60, 180)), "crosses from the side, never over this line"),
        (points((0, 220, 460), (3, 220, 240), (6, 138, 200)), "its box only grazes the exit"),
        (
            points((0, 300, 460), (3, 300, 240), (4, 300, 90), (6, 60, 180)),
            "leaves ahead; the track goes on with another",
        ),
        (
            points((0, 460, 460), (3, 460, 240), (4, 600, 200), (4.5, 60, 180), (6, 55, 150)),
            "the track jumps to another",
        ),
    ],
)
def test_other_ways_through_the_junction_are_no_banned_turn(where: Where, why: str) -> None:
    assert banned_turn(drive(no_left(), where, from_s=0, to_s=6), no_left(), {}) == [], why


def test_without_a_sign_every_turn_is_free() -> None:
    free = no_left().model_copy(update={"signs": []})
    path = drive(free, points((0, 220, 460), (3, 220, 240), (5, 130, 180), (6, 70, 170)), from_s=0, to_s=6)
    assert banned_turn(path, free, {}) == []


@pytest.mark.parametrize(
    ("number", "cls", "acts"),
    [
        ("P.123a", VehicleClass.MOTORCYCLE, 1),
        ("P.123b", CAR, 0),
        ("P.124a", CAR, 0),
        ("P.124c", CAR, 1),
        ("P.103c", CAR, 1),
        ("P.103c", VehicleClass.MOTORCYCLE, 0),
        ("P.124e", VehicleClass.BUS, 1),
        ("P.124e", VehicleClass.BICYCLE, 0),
    ],
)
def test_a_sign_bans_the_turns_and_the_vehicles_that_it_names(number: str, cls: VehicleClass, acts: int) -> None:
    road = no_left(number)
    path = drive(road, points((0, 220, 460), (3, 220, 240), (5, 130, 180), (6, 70, 170)), from_s=0, to_s=6, cls=cls)
    found = banned_turn(path, road, {})
    assert len(found) == acts
    assert all(f.signs == (f"sign-{number}",) for f in found)
