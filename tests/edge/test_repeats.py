"""One act is told once, whatever becomes of the track of who did it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge.repeats import RepeatMargins, Repeats
from edge.tracks.track import Observation
from edge.tracks.track import Track as Followed
from edge.types import ActEvent
from evidence.acts import ActCode, VehicleClass
from evidence.packet import Box, Plate, Track, TrackPoint, Vehicle
from tests.edge.roads import drive, points, scene

Way = Callable[[float], Box]
MARGINS = RepeatMargins()


def comes(t_s: float) -> Box:
    """Towards the camera, down the right side of the picture, growing."""
    x, y = 1500.0 + 60.0 * t_s, 100.0 + 150.0 * t_s
    return x, y, x + 100.0 + 20.0 * t_s, y + 150.0 + 40.0 * t_s


def beside(t_s: float) -> Box:
    x1, y1, x2, y2 = comes(t_s)
    return x1 - 200.0, y1, x2 - 200.0, y2


def behind(t_s: float) -> Box:
    return comes(t_s - 1.0)


def stands(t_s: float) -> Box:
    return 300.0, 300.0, 420.0, 420.0


def act(
    track: int, way: Way, seen: tuple[float, float], at_s: float, code: ActCode = ActCode.OPPOSITE_HALF
) -> ActEvent:
    """Looked at eight times a second; a box trembles by some pixels."""
    times = np.arange(seen[0], seen[1] + 1e-6, 0.125)
    rng = np.random.default_rng(track)
    points = []
    for t_s in times:
        x1, y1, x2, y2 = (v + float(rng.normal(0, 3)) for v in way(float(t_s)))
        points.append(TrackPoint(frame=round(t_s * 8), t_s=float(t_s), box=(x1, y1, x2, y2), score=0.9))
    return ActEvent(
        act=code, frame=round(at_s * 8), t_s=at_s, track_id=track,
        vehicle=Vehicle(cls=VehicleClass.MOTORCYCLE, confidence=1.0, box=way(at_s)),
        track=Track(id=track, points=points), lamps=[], plate=Plate(), reasons={}, stills={},
        clip_from_s=0.0, clip_to_s=at_s + 6.0,
    )  # fmt: skip


FIRST = act(1, comes, (0.0, 4.0), 3.5)


@pytest.mark.parametrize(
    ("shows", "then", "new"),
    [
        ("its track broke, and the rest is told again", act(2, comes, (4.1, 6.0), 5.5), False),
        ("it was out of sight for a second", act(2, comes, (5.0, 6.3), 6.2), False),
        ("rider and motorcycle are two boxes", act(2, comes, (0.5, 4.0), 3.6), False),
        ("one beside it", act(2, beside, (4.1, 6.0), 5.5), True),
        ("one that came a second behind it all along", act(2, behind, (1.0, 6.0), 4.5), True),
        ("another that begins there two seconds later", act(2, comes, (6.0, 6.4), 6.4), True),
        ("the same a while later", act(2, comes, (4.1, 8.0), 7.0), True),
        ("another act of the rest of its way", act(2, comes, (4.1, 6.0), 5.5, ActCode.RED_LIGHT), True),
    ],
)  # fmt: skip
def test_the_rest_of_a_broken_track_is_not_told_again(shows: str, then: ActEvent, new: bool) -> None:
    told = Repeats([], MARGINS)
    assert told.new(FIRST)
    assert told.new(then) is new, shows


def test_the_last_boxes_of_a_track_that_went_over_to_a_neighbour_do_not_hide_where_it_was_going() -> None:
    """As it broke: the last box seen was another vehicle's."""
    astray = act(1, beside, (4.125, 4.25), 4.2).track.points
    broken = FIRST.track.model_copy(update={"points": [*FIRST.track.points, *astray]})
    told = Repeats([], MARGINS)
    assert told.new(replace(FIRST, track=broken))
    assert not told.new(act(2, comes, (4.375, 6.0), 5.5))


def test_whichever_of_both_is_told_first_the_other_is_not() -> None:
    told = Repeats([], MARGINS)
    assert told.new(act(2, comes, (4.1, 6.0), 5.5))
    assert not told.new(FIRST)


def test_one_that_follows_into_the_place_of_another_still_seen_is_told() -> None:
    """Both creep in at the edge of the picture: the first is seen on, so the second is another."""
    told = Repeats([], MARGINS)
    assert told.new(act(1, stands, (0.0, 4.0), 3.5))
    assert told.new(act(2, lambda t: (310.0, 330.0, 430.0, 460.0), (1.0, 5.5), 5.4))


CREEPS = points((0, 300, 460), (2, 300, 420), (60, 300, 420))
DRIVES = points((0, 300, 460), (6, 300, 330))


def begins(told: Repeats, track_id: int, where: Way, at_s: float) -> None:
    told.begins(Followed(track_id, "confirmed", [Observation(0, at_s, where(at_s), 0.9)], np.ones(1)))


def at(x: float, y: float) -> Way:
    return lambda _: (x - 20.0, y - 60.0, x + 20.0, y)


@pytest.mark.parametrize(
    ("shows", "where", "begins_at", "begins_s", "new"),
    [
        ("it stood, and another track begins there", CREEPS, at(301, 422), 40.0, False),
        ("one begins there before the first is given up", CREEPS, at(301, 422), 6.4, False),
        ("a track begins beside it", CREEPS, at(345, 420), 40.0, True),
        ("a track begins there much later", CREEPS, at(301, 422), 400.0, True),
        ("it was driving when it was lost", DRIVES, at(300, 330), 40.0, True),
    ],
)
def test_who_stood_where_his_track_was_lost_is_not_told_again_when_he_drives_on(
    shows: str, where: Callable[[float], tuple[float, float]], begins_at: Way, begins_s: float, new: bool
) -> None:
    told = Repeats([], MARGINS)
    assert told.new(act(1, stands, (0.0, 1.0), 1.0, ActCode.SOLID_LINE))
    path = drive(scene(), where, from_s=0, to_s=6, ended=True)
    if begins_s < 7.5:
        begins(told, 2, begins_at, begins_s)
    told.ends(path)
    told.forget_before(begins_s)
    if begins_s > 7.5:
        begins(told, 2, begins_at, begins_s)
    another = act(2, comes, (begins_s, begins_s + 2), begins_s + 1, ActCode.WRONG_WAY)
    assert told.new(another), "what he did not do before is told"
    assert told.new(act(2, comes, (begins_s, begins_s + 9), begins_s + 8, ActCode.SOLID_LINE)) is new, shows


def test_what_is_known_of_him_goes_with_him_from_stand_to_stand() -> None:
    told = Repeats([], MARGINS)
    assert told.new(act(1, stands, (0.0, 1.0), 1.0, ActCode.SOLID_LINE))
    for track_id in (1, 2, 3):
        ends_s = 10.0 * track_id
        told.ends(replace(drive(scene(), CREEPS, from_s=ends_s - 6, to_s=ends_s, ended=True), track_id=track_id))
        begins(told, track_id + 1, at(300, 420), ends_s + 1)
    assert not told.new(act(4, comes, (31.0, 42.0), 40.0, ActCode.SOLID_LINE))
    begins(told, 5, at(300, 420), 50.0)
    assert told.new(act(5, comes, (50.0, 59.0), 58.0, ActCode.SOLID_LINE)), "he took it along: this one is another"
