"""What is remembered of a way that is over changes no answer: each look is judged as if it were the first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.judging import Judging
from edge.road.book import TrajectoryBook
from edge.road.measuring import SceneGeometry
from edge.rules.continuity import not_continuous
from edge.rules.middles import middle, middle_by_then
from edge.rules.standing import StandingMargins, stands
from edge.tracks.track import Observation, Track
from tests.edge.roads import CLASSES, GREEN, RED, ROAD, ground_scene, lamps, pixels, scene, sign
from zones.schema import Scene

FPS = 12.5
_TURN = {"signs": [sign("P.103a", "line")]}
ON_THE_ROAD = ground_scene(
    lanes=[{"id": "left", "polygon": pixels((-6, 8), (0, 8), (0, 16), (-6, 16))}],
    markings=[{"id": "solid", "kind": "2.2", "points": pixels((0, 8), (0, 15))}],
    exits=[{"id": "left", "movement": "left", "polygon": pixels((-12, 30), (-4, 30), (-4, 46), (-12, 46))}],
    **_TURN,
)  # fmt: skip
IN_THE_PICTURE = scene(**_TURN)
HEIGHT_PX = 60.0


def _way(data: st.DataObject, scene_: Scene) -> list[Observation]:
    """Drives, stands and leaps of a box that trembles, with holes in between: half of what a track may do."""
    stops = data.draw(
        st.lists(st.tuples(st.floats(-4, 4), st.floats(9, 40), st.floats(0.4, 5)), min_size=2, max_size=6)
    )
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    trembles_px = data.draw(st.sampled_from([0.0, 0.3, 1.5]))
    t_s = np.cumsum([0.0, *(lasts for _, _, lasts in stops[1:])])
    observations = []
    for frame in range(int(t_s[-1] * FPS) + 1):
        if rng.random() < 0.06:
            continue
        at = frame / FPS
        place = [np.interp(at, t_s, [stop[axis] for stop in stops]) for axis in (0, 1)]
        x, y = ROAD.to_pixels([place])[0] if scene_.ground else (300 + 40 * place[0], 500 - 11 * place[1])
        x, y, height = np.array([x, y, HEIGHT_PX]) + rng.normal(0, trembles_px, 3)
        box = (float(x - height / 3), float(y - height), float(x + height / 3), float(y))
        observations.append(Observation(frame, at, box, 0.9))
    return observations


@settings(deadline=None, max_examples=25)
@given(data=st.data(), scene_=st.sampled_from([ON_THE_ROAD, IN_THE_PICTURE]))
def test_every_rule_answers_as_if_nothing_were_remembered(data: st.DataObject, scene_: Scene) -> None:
    judging = Judging()
    rules = judging.rules_of(scene_)
    red_s, green_s = data.draw(st.floats(0, 4)), data.draw(st.floats(4, 20))
    shown = lamps(scene_, [(0.0, GREEN), (red_s, RED), (green_s, GREEN)])
    seen = _way(data, scene_)
    remembered = data.draw(st.sampled_from([len(seen), 30]), label="observations that the track remembers")
    votes = np.zeros(len(CLASSES))
    votes[0] = 5.0
    track = Track(1, "confirmed", [], votes)
    book = TrajectoryBook(SceneGeometry(scene_), CLASSES)
    over = data.draw(st.sampled_from(seen[1:]), label="the step that may be one over a line ends here")
    for upto in range(1, len(seen) + 1):
        track.observations = seen[max(0, upto - remembered) : upto]
        track.state = "ended" if upto == len(seen) else "confirmed"
        book.add([track])
        path = book.of(track)
        assert path is not None
        anew = replace(path, known={}, settled={})
        for rule in rules:
            told, wanted = (
                rule.judge(each, scene_, shown, rule.margins, judging.shared) for each in (path, anew)
            )  # fmt: skip
            assert told == wanted
        at = next((i for i, each in enumerate(path.observations) if each is over), 0)
        if at:
            told, wanted = (
                not_continuous(each, at - 1, at, HEIGHT_PX, judging.shared.crossing, judging.shared.one_vehicle)
                for each in (path, anew)
            )
            assert told == wanted
        for from_, seconds in ((0, 1.0), (len(path.t_s) // 2, 0.5), (min(5, len(path.t_s) - 1), 2.0)):
            assert stands(path, from_, seconds, MARGINS) == stands(replace(anew, settled={}), from_, seconds, MARGINS)
    assert all(key[1] >= path.t_s[0] for key in path.settled), "what rests on what was forgotten is forgotten"


MARGINS = StandingMargins()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.integers(1, 8))
def test_middles_are_those_of_numpy_to_the_last_bit(numbers: list[float], size: int) -> None:
    values = np.array(numbers)
    assert middle(values) == np.median(values)
    padded = np.concatenate([np.full(size - 1, values[0]), values])
    wanted = np.median(np.lib.stride_tricks.sliding_window_view(padded, size), axis=1)
    assert np.array_equal(middle_by_then(values, size), wanted)


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_a_stand_that_is_asked_for_of_an_earlier_look_ends_where_it_ended_then(seconds: float) -> None:
    seen = [Observation(i, i / FPS, (100.0, 100.0, 140.0, 160.0), 0.9) for i in range(60)]
    track = Track(1, "confirmed", [], np.eye(len(CLASSES))[0])
    book = TrajectoryBook(SceneGeometry(IN_THE_PICTURE), CLASSES)
    paths = []
    for upto in (45, 60):
        track.observations = seen[:upto]
        book.add([track])
        paths.append(book.of(track))
    late, early = (stands(path, 2, seconds, MARGINS) for path in reversed(paths))
    assert early == [each for each in late if each[1] < 45]
    assert late[-1][1] == 59
