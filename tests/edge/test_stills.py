"""The pictures that wait for an act are bounded, and what goes first is what is missed least."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from edge.holding import Holding, HoldingMargins
from edge.types import Frame
from edge.video.stills import StillStore
from tests.edge.roads import drive, points, scene

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IMAGE = np.zeros((16, 16, 3), np.uint8)


def fill(store: StillStore, *, frames: int = 300, fps: float = 30, pin: slice = slice(None)) -> None:
    pinned = set(range(frames)[pin])
    for index in range(frames):
        store.offer(Frame(index, index / fps, IMAGE, NOW, index))
        if index in pinned:
            store.pin()


def test_pinned_frames_keep_to_their_bound() -> None:
    store = StillStore(keep_s=12, step_s=0.2, max_pinned=64)
    fill(store)
    assert store.held <= 64 + 10 / 0.2 + 2


def test_a_single_pinned_frame_outlives_a_crowd_of_others() -> None:
    store = StillStore(keep_s=12, step_s=2.0, max_pinned=8)
    fill(store, frames=60, pin=slice(37, 38))
    for index in range(60, 300):
        store.offer(Frame(index, index / 30, IMAGE, NOW, index))
        if index >= 200:
            store.pin()
    still = store.nearest(37 / 30)
    assert still is not None
    assert still.frame == 37


def test_there_is_a_still_near_any_moment_however_much_is_pinned() -> None:
    store = StillStore(keep_s=12, max_pinned=64)
    fill(store)
    for t_s in np.arange(0.0, 9.9, 0.07):
        still = store.nearest(float(t_s))
        assert still is not None
        assert abs(still.t_s - t_s) <= 0.11


def test_without_room_for_pins_the_ring_goes_on() -> None:
    store = StillStore(max_pinned=0)
    fill(store)
    assert 0 < store.held <= 52


def test_after_a_cut_nothing_from_before_is_left() -> None:
    store = StillStore()
    fill(store)
    store.clear()
    assert store.nearest(5.0) is None


@pytest.mark.parametrize("stands_until_s", [30.0, 5.0], ids=["stands past the line", "drives on"])
def test_of_one_that_stands_past_a_stop_line_its_passing_is_held_until_it_is_gone(stands_until_s: float) -> None:
    """It passes the line (y = 300) at 4 s; of one that drives on nothing is held for longer than of all others."""
    store, scene_ = StillStore(), scene()
    holding = Holding(scene_, store, HoldingMargins())
    route = points(
        (0, 200, 460), (4, 200, 300), (5, 200, 268), (stands_until_s, 200, 268), (stands_until_s + 2, 200, 60)
    )
    for index in range(300):
        store.offer(Frame(index, index / 10, IMAGE, NOW, index))
        if index % 5 == 4:
            holding.look(drive(scene_, route, from_s=0, to_s=index / 10))
    stood = stands_until_s > 10
    for t_s in (3.0, 4.0, 6.5):
        assert (store.nearest(t_s, from_s=t_s - 0.2, to_s=t_s + 0.2) is not None) == stood
    holding.forget(drive(scene_, route, from_s=0, to_s=1).track_id)
    assert store.nearest(4.0, to_s=10.0) is None
