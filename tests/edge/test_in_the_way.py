"""Who stands in the way of a vehicle that stands past a line."""

from __future__ import annotations

import numpy as np
import pytest

from common.margins import explained
from edge.road.in_the_way import InTheWay, InTheWayMargins, Moving


def one(track: int, t_s: float, x: float, y: float, *, pace: float = 0.0, came: float = 10.0) -> Moving:
    """A car at (x, y) that came from so far below; asked about."""
    return Moving(track, t_s, np.array([x, y]), np.array([x, y - came]), pace, 4.5, asked=True)


@pytest.mark.parametrize(
    ("why", "other", "held"),
    [
        ("stands before it", one(2, 0.0, 0, 6), True),
        ("creeps before it", one(2, 0.0, 0, 6, pace=1.0), True),
        ("nobody knows its pace", one(2, 0.0, 0, 6, pace=float("nan")), True),
        ("drives before it", one(2, 0.0, 0, 6, pace=4.0), False),
        ("stands farther off", one(2, 0.0, 0, 14), False),
        ("stands in the next lane", one(2, 0.0, 3, 6), False),
        ("stands behind it", one(2, 0.0, 0, -6), False),
        ("is the vehicle itself, under another track", one(2, 0.0, 0.3, 1.0), False),
        ("stood there and is hidden since", one(2, -4.0, 0, 6), True),
        ("stood there long ago", one(2, -6.0, 0, 6), False),
        ("is beyond the horizon", one(2, 0.0, 0, float("inf")), False),
    ],
)
def test_who_is_in_the_way(why: str, other: Moving, held: bool) -> None:
    way = InTheWay()
    way.add(other)
    assert way.add(one(1, 0.0, 0, 0)) is held, why


def test_of_one_that_nobody_saw_come_anybody_near_is_in_the_way() -> None:
    way = InTheWay()
    way.add(one(2, 0.0, 3, -6))
    assert way.add(one(1, 0.0, 0, 0, came=0.5))


def test_one_that_drove_on_is_in_nobodys_way_any_more() -> None:
    way = InTheWay()
    way.add(one(2, 0.0, 0, 6))
    way.add(one(2, 0.5, 0, 7, pace=3.0))
    assert not way.add(one(1, 0.6, 0, 0))


def test_after_a_cut_nothing_is_remembered() -> None:
    way = InTheWay()
    way.add(one(2, 0.0, 0, 6))
    way.clear()
    assert not way.add(one(1, 0.1, 0, 0))


def test_every_number_has_unit_reason_and_source() -> None:
    assert all(m.unit and m.why and m.source for m in explained(InTheWayMargins()))
