"""Who stood as he was lost from sight is known again where he stood, and nobody else is taken for him."""

from __future__ import annotations

import numpy as np
import pytest

from edge.tracks.hidden_stands import HiddenStandMargins
from edge.tracks.track import Track
from edge.tracks.tracking import Tracker

Box = tuple[float, float, float, float]
STOOD: Box = (300.0, 400.0, 340.0, 460.0)
FPS = 10.0
LOST_S = 4.0
"""When he is seen last."""


def moved(x: float, y: float) -> Box:
    return (STOOD[0] + x, STOOD[1] + y, STOOD[2] + x, STOOD[3] + y)


def watched(
    came_s_before: float, back: Box | None, hidden_s: float, *, label: int = 0, cut_above_px: float = 0.0,
    seconds: float = 14.0, beside: Box | None = None,
) -> tuple[set[int], set[int], list[Track], Tracker]:  # fmt: skip
    """He comes from below and stands for `came_s_before` as he is seen last, is hidden for `hidden_s`, and then there
    is a box at `back` of class `label`. The ids before and after, and what ended."""
    tracker = Tracker(5, cut_above_px=cut_above_px)
    before, after, ended = set[int](), set[int](), list[Track]()
    for index in range(int(seconds * FPS)):
        t_s = index / FPS
        boxes, labels = list[Box](), list[int]()
        if t_s <= LOST_S:
            boxes.append(moved(0.0, 60.0 * max(0.0, LOST_S - came_s_before - t_s)))
            labels.append(0)
        elif back is not None and t_s > LOST_S + hidden_s:
            boxes.append(back)
            labels.append(label)
        if beside is not None:
            boxes.append(beside)
            labels.append(0)
        found = np.array(boxes, np.float32).reshape(-1, 4)
        seen, gone = tracker.update(index, t_s, found, np.full(len(boxes), 0.8, np.float32), np.array(labels, np.int64))
        ended += gone
        for track in seen:
            if beside is None or not np.allclose(track.last.box, beside):
                (before if t_s <= LOST_S else after).add(track.id)
    return before, after, ended, tracker


@pytest.mark.parametrize(
    ("why", "stood_s", "back", "hidden_s", "label", "cut_above_px", "same"),
    [
        ("he comes to light where he stood", 2.0, STOOD, 3.0, 0, 0.0, True),
        ("and of him only what is above another", 2.0, (300.0, 400.0, 340.0, 430.0), 3.0, 0, 0.0, True),
        ("after a while nobody knows any more", 2.0, STOOD, 7.0, 0, 0.0, False),
        ("who stands half beside him is another", 2.0, moved(20.0, 0.0), 3.0, 0, 0.0, False),
        ("and so is one a little farther on", 2.0, moved(0.0, -25.0), 3.0, 0, 0.0, False),
        ("and one of another kind", 2.0, STOOD, 3.0, 3, 0.0, False),
        ("who had only just stopped may have driven on", 0.3, STOOD, 3.0, 0, 0.0, False),
        ("the picture's edge says nothing of standing", 2.0, STOOD, 3.0, 0, 410.0, False),
    ],
)
def test_who_stood_is_waited_for_where_he_stood(
    why: str, stood_s: float, back: Box, hidden_s: float, label: int, cut_above_px: float, same: bool
) -> None:
    before, after, _, _ = watched(stood_s, back, hidden_s, label=label, cut_above_px=cut_above_px)
    assert len(before) == len(after) == 1
    assert (before == after) == same, why


def test_that_it_was_he_who_came_to_light_stays_open() -> None:
    """What was seen of him before, and the way since, may be of two: views of a plate are not mixed."""
    _, _, _, tracker = watched(2.0, STOOD, 3.0)
    (track,) = tracker.tracks
    first = next(o for o in track.observations if o.t_s > LOST_S)
    assert first.astray
    assert [o.t_s for o in track.observations if o.astray] == [first.t_s]


def test_who_never_comes_back_ends_when_the_wait_is_over_and_once() -> None:
    before, after, ended, _ = watched(2.0, None, 0.0)
    assert [track.id for track in ended] == list(before)
    assert not after
    assert ended[0].state == "ended"


def test_who_is_waited_for_ends_with_the_stream() -> None:
    before, _, ended, tracker = watched(2.0, None, 0.0, seconds=LOST_S + 3.0)
    assert not ended
    assert [track.id for track in tracker.finish()] == list(before)
    assert tracker.tracks == []


def test_who_stands_beside_him_and_is_seen_all_the_time_is_not_taken_for_him() -> None:
    before, after, ended, _ = watched(2.0, None, 0.0, beside=moved(8.0, 4.0))
    assert [track.id for track in ended] == list(before)
    assert not after


def test_how_long_is_handed_in() -> None:
    assert Tracker(5, hidden_stands=HiddenStandMargins(waits_s=1.0)).tracks == []
