"""Tracks keep their vehicle: through gaps, past each other, at low frame rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.margins import explained
from edge.tracks.association import Association, AssociationMargins, covered_contacts, overlap_above
from edge.tracks.kalman import BoxFilter, FilterMargins
from edge.tracks.track import Found, Observation, Track
from edge.tracks.tracking import Tracker, TrackerMargins
from zones.boxes import iou

Box = tuple[float, float, float, float]
Mover = Callable[[float], Box | None]
MARGINS = AssociationMargins()


def mover(x: float, y: float, vx: float, vy: float, w: float = 40, h: float = 60) -> Mover:
    return lambda t: (x + vx * t, y + vy * t, x + vx * t + w, y + vy * t + h)


def watch(
    movers: Sequence[Mover], *, fps: float, seconds: float, score: float = 0.8, classes: Sequence[int] | None = None,
    jitter: float = 0.0, seed: int = 0,
) -> tuple[Tracker, dict[int, set[int]]]:  # fmt: skip
    """Track `movers`; returns for each mover the ids of confirmed tracks whose last box was its own."""
    tracker = Tracker(5)
    rng = np.random.default_rng(seed)
    ids: dict[int, set[int]] = {i: set() for i in range(len(movers))}
    for index in range(int(seconds * fps)):
        t_s = index / fps
        shown = [(i, b) for i, m in enumerate(movers) if (b := m(t_s)) is not None]
        boxes = np.array([b for _, b in shown], np.float32).reshape(-1, 4)
        boxes = boxes + rng.normal(0, jitter, boxes.shape).astype(np.float32)
        labels = np.array([(classes[i] if classes else 0) for i, _ in shown], np.int64)
        seen, _ = tracker.update(index, t_s, boxes, np.full(len(boxes), score, np.float32), labels)
        for track in seen:
            for (i, _), box in zip(shown, boxes, strict=True):
                if np.allclose(track.last.box, box):
                    ids[i].add(track.id)
    return tracker, ids


@pytest.mark.parametrize("fps", [6, 12.5, 25])
def test_a_vehicle_keeps_one_id(fps: float) -> None:
    _, ids = watch([mover(300, 400, 10, -120)], fps=fps, seconds=3, jitter=1.0)
    assert len(ids[0]) == 1


@pytest.mark.parametrize("fps", [6, 12.5, 25])
def test_two_vehicles_that_pass_each_other_keep_their_ids(fps: float) -> None:
    _, ids = watch([mover(100, 300, 80, 0), mover(400, 310, -80, 0)], fps=fps, seconds=4, jitter=0.5)
    assert len(ids[0]) == len(ids[1]) == 1
    assert ids[0] != ids[1]


def test_a_vehicle_hidden_for_a_second_comes_back_under_its_id() -> None:
    whole = mover(300, 400, 0, -60)
    _, ids = watch([lambda t: None if 1.5 < t < 2.5 else whole(t)], fps=10, seconds=4)
    assert len(ids[0]) == 1


def test_a_vehicle_hidden_for_long_is_a_new_track() -> None:
    whole = mover(300, 400, 0, -30)
    _, ids = watch([lambda t: None if 1.5 < t < 5 else whole(t)], fps=10, seconds=7)
    assert len(ids[0]) == 2


def test_two_frames_are_not_a_track() -> None:
    whole = mover(300, 400, 0, 0)
    tracker, ids = watch([lambda t: whole(t) if t < 0.15 else None], fps=10, seconds=2)
    assert ids[0] == set()
    assert tracker.finish() == []


def test_weak_boxes_carry_a_track_but_start_none() -> None:
    assert watch([mover(300, 300, 0, -20)], fps=10, seconds=2, score=0.3)[1][0] == set()
    tracker = Tracker(5)
    for index in range(20):
        score = 0.8 if index < 8 else 0.2
        box = np.array([[300, 300 - 2 * index, 340, 360 - 2 * index]], np.float32)
        seen, _ = tracker.update(index, index / 10, box, np.array([score], np.float32), np.array([0]))
    assert len(seen) == 1
    assert len(seen[0].observations) == 20


def test_the_class_is_voted_over_the_track() -> None:
    tracker = Tracker(5)
    track: Track | None = None
    for index in range(20):
        label = 3 if index % 4 == 0 else 1
        box = np.array([[300, 300 - 3 * index, 360, 360 - 3 * index]], np.float32)
        seen, _ = tracker.update(index, index / 10, box, np.array([0.8], np.float32), np.array([label]))
        track = seen[0] if seen else track
    assert track is not None
    assert track.class_index == 1
    assert track.class_share == pytest.approx(0.75, abs=0.02)


def test_a_bus_does_not_take_over_the_motorcycle_that_it_hides() -> None:
    rider = mover(300, 300, 0, -20)
    bus: Mover = lambda t: (150 + 100 * t, 150, 450 + 100 * t, 380)  # noqa: E731
    _, ids = watch([lambda t: rider(t) if t < 1 else None, bus], fps=10, seconds=3, classes=[0, 2])
    assert not ids[0] & ids[1]


def test_old_observations_are_dropped() -> None:
    tracker = Tracker(5, TrackerMargins(history_s=2.0))
    for index in range(100):
        tracker.update(
            index, index / 10, np.array([[10, 10, 50, 70]], np.float32), np.ones(1, np.float32), np.array([0])
        )
    (track,) = tracker.finish()
    assert track.observations[0].t_s >= 7.85


X, SIDE = st.floats(0, 600), st.floats(5, 80)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(X, X, SIDE, SIDE, st.floats(0, 1), st.integers(0, 4)),
            max_size=6,
        ),
        max_size=12,
    )
)  # fmt: skip
def test_whatever_the_detector_says_no_box_belongs_to_two_tracks(
    frames: list[list[tuple[float, float, float, float, float, int]]],
) -> None:
    tracker = Tracker(5)
    for index, found in enumerate(frames):
        boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, _, _ in found], np.float32).reshape(-1, 4)
        scores = np.array([f[4] for f in found], np.float32)
        tracker.update(index, index / 8, boxes, scores, np.array([f[5] for f in found], np.int64))
        now = [t.last.box for t in tracker.tracks if t.last.frame == index]
        assert len(now) <= len(found)
        assert len({t.id for t in tracker.tracks}) == len(tracker.tracks)
        assert all(np.isfinite(t.velocity_px_s).all() for t in tracker.tracks)


@pytest.mark.parametrize("fps", [6, 12.5])
def test_a_standing_vehicle_is_not_dragged_along_by_one_that_passes(fps: float) -> None:
    """The standing one is lost from sight just when the other drives over its place."""
    standing, passing = mover(300, 300, 0, 0), mover(296, 520, 0, -110)
    _, ids = watch([lambda t: None if 1.6 < t < 2.6 else standing(t), passing], fps=fps, seconds=4, jitter=0.5)
    assert not ids[0] & ids[1]


def test_a_standing_vehicle_is_not_lost_to_a_larger_one_that_shoots_past() -> None:
    """For a moment only the other one's box is there, nearly three times as large."""
    standing, other = mover(300, 300, 0, 0, 60, 130), mover(-460, 300, 700, 0, 155, 145)
    _, ids = watch(
        [lambda t: None if 0.9 < t < 1.3 else standing(t), lambda t: other(t) if 0.9 < t < 1.6 else None],
        fps=12.5, seconds=3, jitter=0.5,
    )  # fmt: skip
    assert not ids[0] & ids[1]
    assert len(ids[0]) == 1


@pytest.mark.parametrize(
    ("why", "others", "expected"),
    [
        ("alone", [], 0.0),
        ("another beside it", [(200, 0, 300, 150)], 0.0),
        ("another before it, lower in the picture", [(0, 50, 100, 160)], 1.0),
        ("half of it", [(50, 50, 150, 160)], 0.5),
        ("two others", [(-50, 50, 30, 160), (70, 50, 150, 160)], 0.6),
        ("one behind it", [(0, -80, 100, 60)], 0.0),
        ("ending at the same height", [(0, 50, 100, 101)], 0.0),
        ("a tall lorry before it whose upper edge trembles", [(0, 110, 100, 800)], 1.0),
        ("a lorry well below it", [(0, 140, 100, 800)], 0.0),
        ("a small one whose upper edge lies as far below it", [(0, 110, 100, 200)], 0.0),
    ],
)
def test_how_much_of_a_foot_others_cover(
    why: str, others: list[tuple[float, float, float, float]], expected: float
) -> None:
    boxes = np.array([(0.0, 0.0, 100.0, 100.0), *others])
    assert covered_contacts(boxes, np.ones(len(boxes), np.bool_), MARGINS)[0] == pytest.approx(expected)
    believed = np.zeros(len(boxes), np.bool_)
    assert covered_contacts(boxes, believed, MARGINS)[0] == 0.0


def boxed(*rows: Box) -> Found:
    """Confident detections of class 0."""
    return Found(np.array(rows, float).reshape(-1, 4), np.full(len(rows), 0.9), np.zeros(len(rows), np.int64))


def standing(*boxes: Box, state: str = "confirmed") -> tuple[list[Track], BoxFilter]:
    """Tracks that stood in these boxes for a while, and where they are expected 0.1 s later."""
    expected, rows = BoxFilter(), np.arange(len(boxes))
    expected.begin(np.array(boxes, float))
    for _ in range(10):
        expected.predict(0.1)
        expected.correct(rows, np.array(boxes, float), np.full(len(boxes), 0.9))
    expected.predict(0.1)
    seen = [Observation(0, 0.0, box, 0.9) for box in boxes]
    tracks = [Track(i, "confirmed", [o], np.eye(5)[0], full_px2=o.area_px2) for i, o in enumerate(seen)]
    for track in tracks:
        track.state = state  # type: ignore[assignment]
    return tracks, expected


A, B = (100.0, 100.0, 140.0, 180.0), (150.0, 100.0, 190.0, 180.0)


@pytest.mark.parametrize(
    ("why", "box", "belongs"),
    [
        ("where it is expected", A, True),
        ("half of its height is gone at once: too much for hiding", (100, 100, 140, 140), False),
        ("a jitter aside", (103, 101, 143, 182), True),
        ("its lower edge hidden: a fifth of its height is gone", (100, 100, 140, 164), True),
        ("beside it, as far as a neighbour stands", B, False),
        ("four times as large: the bus that hides it", (60, 20, 180, 180), False),
        ("more than twice as large in one step: another one before it", (90, 70, 160, 185), False),
        ("a quarter of it", (110, 140, 130, 180), False),
    ],
)
def test_which_box_belongs_to_a_track(why: str, box: Box, belongs: bool) -> None:
    matches = Association().match(*standing(A), boxed(box))
    assert matches.pairs == ({0: 0} if belongs else {}), why
    assert matches.fresh.tolist() == ([] if belongs else [0])


@pytest.mark.parametrize(
    ("why", "before", "now", "perhaps_anothers"),
    [
        ("where it is expected", [A], [A], False),
        ("as boxes tremble", [A], [(102, 103, 144, 183)], False),
        ("its lower edge is hidden, or comes to light: a neighbour's doing", [A], [(100, 100, 140, 155)], False),
        ("aside by a third of its width: the one beside it may have come there", [A], [(113, 104, 153, 182)], True),
        ("farther down by a third of its height: the one behind it has drawn up", [A], [(100, 127, 140, 207)], True),
    ],
)  # fmt: skip
def test_a_box_off_where_its_track_was_expected_may_be_another_vehicles(
    why: str, before: list[Box], now: list[Box], perhaps_anothers: bool
) -> None:
    matches = Association().match(*standing(*before), boxed(*now))
    assert matches.pairs == {0: 0}, why
    assert matches.astray == (frozenset({0}) if perhaps_anothers else frozenset()), why


@given(vx=st.floats(-60, 60), vy=st.floats(-60, 60), fps=st.floats(6, 25), seed=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_who_drives_alone_and_evenly_is_one_vehicle_all_the_way(vx: float, vy: float, fps: float, seed: int) -> None:
    """But for its first second, in which its pace is learnt."""
    tracker, rng = Tracker(5), np.random.default_rng(seed)
    for index in range(int(5 * fps)):
        box = np.array(mover(400, 400, vx, vy)(index / fps)) + rng.normal(0, 0.5, 4)
        tracker.update(index, index / fps, box[None].astype(np.float32), np.full(1, 0.8, np.float32), np.zeros(1, int))
    (track,) = tracker.tracks
    assert not any(seen.astray for seen in track.observations if seen.t_s >= 1.0)


C: Box = (90.0, 140.0, 150.0, 260.0)
"""Nearer to the camera than A, whose lower part it hides: of A the picture shows 100 to 145 pixels."""
SHOWN: Box = (100.0, 100.0, 140.0, 145.0)


@pytest.mark.parametrize(
    ("why", "before", "now", "belongs"),
    [
        ("the one before it drives on: its wheels come to light", [SHOWN, C], [A, (90, 20, 150, 110)], True),
        ("one comes before it and hides half of it", [A], [SHOWN, C], True),
        ("nobody is before it: half of its height does not go by itself", [A], [SHOWN], False),
        ("what is seen lies aside: a neighbour", [SHOWN, C], [(122, 100, 162, 180), (90, 20, 150, 110)], False),
        ("its upper edge has leapt as well: another who stands nearer", [SHOWN, C], [(100, 122, 140, 190), C], False),
    ],
)
def test_whose_lower_edge_another_hides_is_known_by_what_lies_above_it(
    why: str, before: list[Box], now: list[Box], belongs: bool
) -> None:
    tracks, expected = standing(*before)
    covered = covered_contacts(np.array(before, float), np.ones(len(before), np.bool_), MARGINS)
    for track, share in zip(tracks, covered, strict=True):
        track.observations = [replace(track.last, covered=float(share))]
    matches = Association().match(tracks, expected, boxed(*now))
    assert (matches.pairs.get(0) == 0) is belongs, why
    assert (0 in matches.leapt) is belongs


def test_an_upper_edge_that_the_picture_cuts_off_tells_nothing() -> None:
    """One who drives out of the picture at its upper edge leaves no last box of a hidden lower one behind him."""
    tracks, expected = standing(SHOWN)
    tracks[0].observations = [replace(tracks[0].last, covered=1.0)]
    assert Association(cut_above_px=16.0).match(tracks, expected, boxed(A)).leapt == {0}
    assert not Association(cut_above_px=100.0).match(tracks, expected, boxed(A)).pairs


def test_who_is_where_he_should_be_comes_before_who_may_have_been_laid_bare() -> None:
    """The box is the other's, wheels and all, and not that of the one whose wheels were hidden beside him."""
    tracks, expected = standing((104.0, 100.0, 144.0, 140.0), A)
    tracks[0].observations = [replace(tracks[0].last, covered=1.0)]
    matches = Association().match(tracks, expected, boxed(A))
    assert (matches.pairs, matches.leapt) == ({1: 0}, frozenset())


@pytest.mark.parametrize("fps", [6, 12.5, 25])
def test_who_waits_behind_others_keeps_his_track_as_they_come_and_go_and_as_he_sets_off(fps: float) -> None:
    """He stands for eight seconds; three pass close before him and each hides most of him; then he drives away."""

    def hider(at_s: float) -> Mover:
        whole = mover(60, 330, 150, 0, w=110, h=140)
        return lambda t: whole(t - at_s) if at_s < t < at_s + 4 else None

    others = [hider(2.0), hider(3.6), hider(5.2)]

    def shown(t: float) -> Box:
        away = max(0.0, t - 7.3)
        x, y = 300 - 90 * away * away, 300 - 30 * away * away
        lower = y + 90.0
        for other in others:
            box = other(t)
            if box is not None and box[0] < x + 20 and box[2] > x + 40:
                lower = min(lower, box[1] + 5.0)
        return (x, y, x + 60, lower)

    _, ids = watch([shown, *others], fps=fps, seconds=9, jitter=0.5)
    assert len(ids[0]) == 1


@given(
    st.lists(st.tuples(*[st.floats(0, 500)] * 2, *[st.floats(1, 200)] * 2), min_size=1, max_size=4),
    st.lists(st.tuples(*[st.floats(0, 500)] * 2, *[st.floats(1, 200)] * 2), min_size=1, max_size=4),
)
def test_the_overlap_above_is_that_of_boxes_cut_off_alike(
    some: list[tuple[float, ...]], others: list[tuple[float, ...]]
) -> None:
    a, b = (np.array([(x, y, x + w, y + h) for x, y, w, h in rows]) for rows in (some, others))
    found = overlap_above(a, b, 0.0)
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            lowest = min(one[3], other[3])
            cut = [np.array([[*box[:3], lowest]]) for box in (one, other)]
            apart = max(one[1], other[1]) >= lowest
            assert found[i, j] == pytest.approx(0.0 if apart else iou(*cut)[0, 0], abs=1e-6)


def test_each_box_goes_to_the_track_that_stands_nearer() -> None:
    tracks, expected = standing(A, B)
    assert Association().match(tracks, expected, boxed(B, A)).pairs == {0: 1, 1: 0}


@pytest.mark.parametrize(
    ("why", "state", "score", "belongs", "fresh"),
    [
        ("a confident box goes on with a track of any state", "lost", 0.9, True, []),
        ("a doubtful one with a track seen a moment ago", "confirmed", 0.2, True, []),
        ("but finds no lost one again", "lost", 0.2, False, []),
        ("and confirms no tentative one", "tentative", 0.2, False, []),
        ("less than doubtful is nothing", "confirmed", 0.1, False, []),
    ],
)
def test_rounds(why: str, state: str, score: float, belongs: bool, fresh: list[int]) -> None:
    found = boxed(A)._replace(scores=np.array([score]))
    matches = Association().match(*standing(A, state=state), found)
    assert (matches.pairs, matches.fresh.tolist()) == ({0: 0} if belongs else {}, fresh), why


def test_tracks_that_are_known_choose_before_tentative_ones() -> None:
    tracks, expected = standing(A, A)
    tracks[0].state = "tentative"
    assert Association().match(tracks, expected, boxed(A)).pairs == {1: 0}


def test_numbers_of_the_tracker_are_handed_in() -> None:
    """One that asks for less surprise takes a box a little off for another vehicle's."""
    tracks, expected = standing(A)
    off = boxed((104, 104, 144, 184))
    assert Association().match(tracks, expected, off).pairs
    assert not Association(AssociationMargins(most_surprise=0.5)).match(tracks, expected, off).pairs


@pytest.mark.parametrize("margins", [TrackerMargins(), AssociationMargins(), FilterMargins()])
def test_every_number_has_unit_reason_and_source(margins: object) -> None:
    assert all(m.unit and m.why and m.source for m in explained(margins))
