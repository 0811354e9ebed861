"""A mast that swings: what is measured is steady, what is told stays as it was seen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from edge.explain.why_not import WhyNot
from edge.road.book import TrajectoryBook
from edge.road.measuring import SceneGeometry
from edge.road.steady import Lie, Steadied
from edge.rules.refusal import Refusal
from edge.tracks.track import Observation, Track
from edge.types import Frame
from edge.watch.picture import PictureWatch
from evidence.acts import ActCode, LampState
from tests.edge.roads import CLASSES, ground_scene, points
from tests.edge.street import Mast, Route, at_rest, drives, lamps, moved, play, street, waits
from zones.boxes import PictureEdge

EDGE = PictureEdge.of(640, 480, 4.0)
RED = lamps((0, "green"), (6, "yellow"), (7, "red"))


def stands(from_s: float, x: float, y: float) -> Route:
    """Drives over the line in red and stands behind it, its rear `300 - y` px past it."""
    way = points((from_s, x, 470), (from_s + 3, x, y))
    return lambda t_s: way(t_s) if t_s >= from_s else None


def gusts(hz: float, px: float = 8.0) -> Mast:
    return lambda t_s: moved(px / 2 * math.sin(4.4 * hz * t_s), px * math.sin(2 * math.pi * hz * t_s))


@pytest.mark.parametrize("mast", [at_rest, gusts(0.5), gusts(1.0)], ids=["at rest", "0.5 Hz", "1 Hz"])
def test_who_stands_past_the_line_is_found_in_wind_as_at_rest(mast: Mast) -> None:
    events, _ = play([stands(8.0, 200, 285)], RED, seconds=18, mast=mast, watch=PictureWatch(street()), fps=8)
    assert [e.act for e in events] == [ActCode.STOPPED_PAST_LINE]


def test_a_lamp_is_read_where_it_hangs_though_the_mast_swings_by_nearly_a_lens() -> None:
    """The lenses lie 20 px apart."""
    routes, mast = [drives(13.0, 140), drives(17.0, 300)], gusts(0.5, 16.0)
    events, _ = play(routes, RED, seconds=21, mast=mast, watch=PictureWatch(street()), fps=8)
    assert [(e.act, round(e.t_s)) for e in events] == [(ActCode.RED_LIGHT, 13), (ActCode.RED_LIGHT, 17)]
    assert events[0].lamps[0].spans[-1].state == LampState.RED


class Forgetful(PictureWatch):
    """Every third picture is not recognised: a bus before the lens, rain."""

    def swung(self, frame: Frame) -> Lie | None:
        return None if frame.index % 3 == 0 else super().swung(frame)


QUEUE = [waits(8.5, 240), waits(9, 340, 306), waits(9.5, 420, 309)]
"""They stop lawfully, the rear 6 to 9 px before the line."""


@pytest.mark.parametrize("knock_px", [0.0, -12.0], ids=["wind alone", "and the camera is knocked in it"])
def test_in_wind_nobody_is_accused_though_single_pictures_are_not_recognised_and_a_knock_is_noticed(
    knock_px: float,
) -> None:
    swings = gusts(1.0)

    def mast(t_s: float) -> Any:
        return swings(t_s) + np.array([[0, 0, 0], [0, 0, knock_px if t_s >= 12 else 0.0]])

    watch = Forgetful(street())
    events, states = play(QUEUE, RED, seconds=30, mast=mast, watch=watch, fps=8)
    assert events == []
    assert "shaking" in [state for t_s, state in states if t_s < 12]
    assert [t_s < 30 for t_s, state in states if state == "moved"] == ([True] if knock_px else [])


def swung(dx: float, dy: float) -> Lie:
    return np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])


@pytest.mark.parametrize(
    ("why", "box", "back", "then"),
    [
        ("free", (100, 200, 140, 260), (-3, 8), (97, 208, 137, 268)),
        ("cut off below", (100, 420, 140, 478), (0, -8), (100, 412, 140, 478)),
        ("cut off above", (100, 1, 140, 60), (0, 8), (100, 1, 140, 68)),
        ("cut off at the left", (2, 200, 40, 260), (8, 0), (2, 200, 48, 260)),
        ("cut off at the right", (600, 200, 640, 260), (-8, 0), (592, 200, 640, 260)),
    ],
)
def test_what_the_picture_cuts_off_stays_cut_off(why: str, box: Any, back: Any, then: Any) -> None:
    steadied = Steadied(EDGE)
    steadied.note(7, swung(*back))
    (put_back,) = steadied.all([Observation(7, 0.7, tuple(float(v) for v in box), 0.9)])
    assert put_back.box == then


def test_a_vehicle_that_is_not_reported_is_shown_where_it_was_seen() -> None:
    here = ground_scene()
    book, votes = TrajectoryBook(SceneGeometry(here), CLASSES), np.ones(len(CLASSES))
    seen = Observation(7, 0.7, (300.0, 200.0, 340.0, 260.0), 0.9)
    book.lies(7, swung(0, 8))
    book.add([track := Track(1, "ended", [seen], votes)])
    path = book.of(track)
    assert path is not None
    assert path.boxes[0, 3] == 268
    listed = WhyNot(here)
    listed.note(path, [(ActCode.RED_LIGHT, Refusal("no_lamp_red", 0.7, what="line"))], [], {})
    assert [one.box for one in listed.listed] == [seen.box]


def test_a_box_is_put_back_by_how_its_picture_lay_and_others_are_left() -> None:
    steadied, seen = Steadied(EDGE), Observation(7, 0.7, (100.0, 200.0, 140.0, 260.0), 0.9)
    steadied.note(7, swung(-3, 8))
    steadied.note(8, None)
    other = Observation(8, 0.8, seen.box, 0.9)
    assert [o.box for o in steadied.all([seen, other])] == [(97.0, 208.0, 137.0, 268.0), seen.box]
    assert seen.box == (100.0, 200.0, 140.0, 260.0)


def test_the_lie_of_pictures_is_not_kept_for_ever() -> None:
    steadied = Steadied(EDGE)
    for frame in range(1000):
        steadied.note(frame, swung(1, 0))
    assert len(steadied._lies) < 1000
