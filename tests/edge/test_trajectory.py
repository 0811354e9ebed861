"""A trajectory is written and read by the names of its columns; what the road is measured by has reasons."""

from __future__ import annotations

from dataclasses import astuple, fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from common.margins import explained
from edge.road.book import BookMargins, TrajectoryBook
from edge.road.columns import BOX, CONTACT, TIME, Columns, Sheet, Thing
from edge.road.measuring import Measured, MeasuringMargins, SceneGeometry
from edge.road.near_faces import NearFaceMargins
from edge.road.region import RegionMargins, region
from edge.road.trajectory import Trajectory
from edge.road.wheels_by_height import HeightMargins, WheelsByHeight
from edge.road.wheels_by_upper_edge import WheelsByUpperEdge
from edge.tracks.track import Observation, Track
from tests.edge.roads import CLASSES, ground_scene, pixels, scene
from zones.schema import Scene

RICH = ground_scene(
    lanes=[
        {"id": "left", "polygon": pixels((-6, 8), (0, 8), (0, 16), (-6, 16)), "direction": pixels((-3, 8), (-3, 16))},
        {"id": "right", "polygon": pixels((0, 8), (6, 8), (6, 16), (0, 16))},
    ],
    markings=[
        {"id": "double", "kind": "1.3", "points": pixels((0, 8), (0, 15)), "second": pixels((0.3, 8), (0.3, 15))},
        {"id": "single", "kind": "2.2", "points": pixels((3, 8), (3, 15))},
    ],
    approaches=[{"id": "south", "polygon": pixels((-6, 8), (6, 8), (6, 16), (-6, 16))}],
    exits=[{"id": "ahead", "movement": "straight", "polygon": pixels((-6, 40), (6, 40), (6, 46), (-6, 46))}],
)
"""Everything that can be drawn, twice where there can be two."""
NO_METRES = RICH.model_copy(update={"ground": None})


def driven(geometry: SceneGeometry, seed: int) -> Trajectory:
    """Wanders up the road, in steps and boxes drawn by dice."""
    rng = np.random.default_rng(seed)
    book = TrajectoryBook(geometry, CLASSES)
    votes = np.eye(len(CLASSES))[int(rng.integers(len(CLASSES)))]
    track = Track(1, "confirmed", [], votes)
    for index in range(90):
        x, y = 320 + 150 * np.sin(index / 20 + seed), 470 - 4 * index + rng.normal(0, 2)
        width, height = rng.uniform(20, 60), rng.uniform(30, 80)
        box = (float(x - width), float(y - height), float(x + width), float(y))
        track.observations.append(Observation(index, index / 10, box, 0.9, float(rng.integers(2))))
        book.add([track])
    found = book.of(track)
    assert found is not None
    return found


def numbers(told: object) -> list[bytes]:
    """Every array of a trajectory, bit by bit, in one order."""
    if isinstance(told, np.ndarray):
        return [told.tobytes()]
    if isinstance(told, dict):
        return [part for key in told for part in (key.encode() if isinstance(key, str) else b"", *numbers(told[key]))]
    if isinstance(told, list):
        return [part for each in told for part in numbers(each)]
    if isinstance(told, Trajectory):
        names = ("t_s", "boxes", "contacts", "lines", "stripes", "lanes", "in_junction", "in_approach", "in_exit")
        return [part for name in names for part in numbers(getattr(told, name))]
    assert is_dataclass(told)
    return [part for each in fields(told) for part in numbers(getattr(told, each.name))]


def widened(columns: Columns) -> Columns:
    """The same with something new among the columns of each thing, and a new thing after each."""
    groups: list[tuple[Thing, tuple[str, ...]]] = []
    for index, (thing, names) in enumerate(columns.groups):
        new = names if thing.kind == "seen" else (names[0], "new", *names[1:])
        groups += [(thing, new), (Thing("exit", f"new {index}"), ("inside",))]
    return Columns(groups)


@pytest.mark.parametrize("drawn", [RICH, NO_METRES, scene()], ids=["all drawn", "no metres", "a smaller one"])
@pytest.mark.parametrize("seed", range(3))
def test_a_column_added_in_the_middle_shifts_nothing(drawn: Scene, seed: int) -> None:
    geometry, with_more = SceneGeometry(drawn), SceneGeometry(drawn)
    with_more.columns = widened(geometry.columns)
    assert len(with_more.columns) > len(geometry.columns)
    assert numbers(driven(with_more, seed)) == numbers(driven(geometry, seed))


def test_a_scene_with_metres_tells_hidden_wheels_by_height_and_one_without_by_the_upper_edge() -> None:
    assert isinstance(SceneGeometry(RICH).hidden_wheels(), WheelsByHeight)
    assert isinstance(SceneGeometry(NO_METRES).hidden_wheels(), WheelsByUpperEdge)


def test_each_track_has_a_model_of_its_own() -> None:
    geometry = SceneGeometry(RICH)
    assert geometry.hidden_wheels() is not geometry.hidden_wheels()


def test_of_what_drives_up_the_picture_the_rear_is_the_lower_edge_and_the_front_lies_deeper() -> None:
    usual = driven(SceneGeometry(RICH), 0).lines["line"]
    deeper = driven(SceneGeometry(RICH, MeasuringMargins(depth_share=0.5)), 0).lines["line"]
    assert np.array_equal(deeper.rear_px, usual.rear_px)
    assert (deeper.front_px > usual.front_px).all()


@pytest.mark.parametrize(("forward", "way"), [((0.0, 30.0), 1), ((0.0, 11.0), -1)], ids=["away", "towards us"])
def test_whichever_way_it_drives_hidden_wheels_are_passed_over_late_and_red_is_counted_early(
    forward: tuple[float, float], way: int
) -> None:
    """Wheels lower in the picture are nearer to us: before the line of who drives away, past that of who comes."""
    line = {"id": "line", "points": pixels((-6, 16), (6, 16)), "forward": pixels(forward)[0]}
    geometry = SceneGeometry(ground_scene(stop_lines=[line]))
    highest, lowest = np.array([330.0]), np.array([370.0])
    boxes = np.array([[300.0, 290.0, 340.0, 350.0]])
    measured = Measured(boxes, highest, highest, lowest, np.array([0.95]), np.full((1, 2), np.nan))
    told, at = geometry.measure(measured).table[0], geometry.columns.at(Thing("line", "line"))
    for unit in ("px", "m"):
        nearest, rear, farthest = (told[at[f"{name}_{unit}"]] for name in ("nearest", "rear", "farthest"))
        assert nearest < rear < farthest, unit
        assert np.sign(rear) == -way


@pytest.mark.parametrize(
    ("why", "geometry"),
    [
        ("cut off farther inside, boxes are believed", {"margins": MeasuringMargins(cut_off_share=0.2)}),
        ("hardly any box is lower than its vehicle", {"by_height": HeightMargins(as_tall_share=0.9)}),
        ("of every box the near end's corner may be cut off", {"near_faces": NearFaceMargins(cut_off_share=0.49)}),
    ],
)
def test_numbers_of_each_stage_are_handed_in(why: str, geometry: dict[str, Any]) -> None:
    usual, other = driven(SceneGeometry(RICH), 0), driven(SceneGeometry(RICH, **geometry), 0)
    assert (numbers(other), other.lower_edge_px) != (numbers(usual), usual.lower_edge_px), why


def test_everything_drawn_is_told() -> None:
    told = driven(SceneGeometry(RICH), 0)
    assert list(told.lines) == ["line"]
    assert {name: len(runs) for name, runs in told.stripes.items()} == {"double": 2, "single": 1}
    assert list(told.lanes) == ["left", "right"]
    assert (list(told.in_approach), list(told.in_exit)) == (["south"], ["ahead"])
    assert all(len(row) == 90 for row in (told.t_s, told.boxes, told.contacts, told.in_junction))
    assert np.isfinite(told.lines["line"].rear_m).all()
    assert np.isnan(told.lanes["right"].progress_px).all()
    assert np.isfinite(told.lanes["left"].progress_px).all()


def test_a_box_is_told_as_it_was_seen_and_a_contact_below_its_middle() -> None:
    told = driven(SceneGeometry(scene()), 1)
    assert told.boxes.tolist() == [list(o.box) for o in told.observations]
    assert told.contacts[:, 0] == pytest.approx((told.boxes[:, 0] + told.boxes[:, 2]) / 2)


def test_a_thing_has_its_columns_side_by_side() -> None:
    columns = Columns([(TIME, ("t_s",)), (BOX, ("x1", "y1", "x2", "y2")), (CONTACT, ("x", "y"))])
    assert (len(columns), columns.span(BOX), columns.at(CONTACT)) == (7, slice(1, 5), {"x": 5, "y": 6})


@pytest.mark.parametrize("groups", [[(TIME, ("t_s",)), (TIME, ("t_s",))], [(CONTACT, ("x", "x"))]])
def test_nothing_has_two_columns(groups: list[tuple[Thing, tuple[str, ...]]]) -> None:
    with pytest.raises(ValueError, match="twice"):
        Columns(groups)


def test_what_has_no_column_cannot_be_written_and_what_was_not_written_is_not_a_number() -> None:
    sheet = Sheet(Columns([(CONTACT, ("x", "y"))]), 2)
    sheet.put(CONTACT, y=np.array([1.0, 2.0]))
    assert sheet.table[:, 1].tolist() == [1.0, 2.0]
    assert np.isnan(sheet.table[:, 0]).all()
    with pytest.raises(KeyError):
        sheet.put(CONTACT, z=np.zeros(2))
    with pytest.raises(KeyError):
        sheet.put(Thing("line", "unknown"), rear_px=np.zeros(2))


@pytest.mark.parametrize(
    "margins", [MeasuringMargins(), BookMargins(), RegionMargins()], ids=lambda m: type(m).__name__
)
def test_every_number_has_unit_reason_and_source(margins: object) -> None:
    told = list(explained(margins))
    assert len(told) == len(astuple(margins))  # type: ignore[call-overload]
    assert all(m.unit and m.why and m.source for m in told)


@pytest.mark.parametrize(
    ("why", "drawn", "expected"),
    [
        ("nothing drawn: the whole picture", {"id": "none"}, (0, 0, 1000, 1000)),
        (
            "room at the sides and below, more above",
            {"stop_lines": [{"id": "a", "points": [[400, 500], [600, 600]], "forward": [500, 100]}]},
            (350, 420, 650, 650),
        ),
        (
            "not beyond the picture",
            {"stop_lines": [{"id": "a", "points": [[0, 20], [300, 40]], "forward": [100, 0]}]},
            (0, 0, 350, 90),
        ),
        (
            "a pavement beside the road too",
            {
                "stop_lines": [{"id": "a", "points": [[400, 500], [600, 600]], "forward": [500, 100]}],
                "areas": [{"id": "p", "kind": "pavement", "polygon": [[700, 500], [800, 500], [800, 600], [700, 600]]}],
            },
            (350, 420, 850, 650),
        ),
        (
            "nearly all of it is all of it",
            {"stop_lines": [{"id": "a", "points": [[10, 90], [990, 960]], "forward": [500, 0]}]},
            (0, 0, 1000, 1000),
        ),
    ],
)
def test_the_part_of_the_picture_that_is_looked_at(
    why: str, drawn: dict[str, object], expected: tuple[int, int, int, int]
) -> None:
    base = {"schema_version": 1, "id": "test", "picture": {"width": 1000, "height": 1000}}
    assert region(Scene.model_validate(base | drawn), 1000, 1000) == expected, why
