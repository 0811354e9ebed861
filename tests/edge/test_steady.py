"""A mast that swings: what is measured is steady, what is told stays as it was seen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge.road.steady import Steadied
from edge.tracks.track import Observation
from edge.watch.picture import PictureWatch
from evidence.acts import ActCode
from tests.edge.roads import points
from tests.edge.street import Mast, Route, at_rest, lamps, moved, play, street

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


def test_a_box_is_put_back_by_how_its_picture_lay_and_others_are_left() -> None:
    steadied, seen = Steadied(), Observation(7, 0.7, (100.0, 200.0, 140.0, 260.0), 0.9)
    steadied.note(7, np.array([[1.0, 0.0, -3.0], [0.0, 1.0, 8.0]]))
    steadied.note(8, None)
    other = Observation(8, 0.8, seen.box, 0.9)
    assert [o.box for o in steadied.all([seen, other])] == [(97.0, 208.0, 137.0, 268.0), seen.box]
    assert seen.box == (100.0, 200.0, 140.0, 260.0)


def test_the_lie_of_pictures_is_not_kept_for_ever() -> None:
    steadied = Steadied()
    for frame in range(1000):
        steadied.note(frame, np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))
    assert len(steadied._lies) < 1000
