"""The yellow box: who stands in it though it went straight on, and nobody who may wait there or only comes close."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from edge.pipeline import CameraPipeline
from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.types import ActEvent, Frame
from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import judged
from tests.edge.roads import drive_m, ground_scene, pixels, points, scene
from tests.edge.test_pipeline import KnownDetector, KnownPlates, picture
from zones.schema import Scene

BOX = {"id": "mat-vong", "kind": "keep_clear", "polygon": pixels((-6, 24), (6, 24), (6, 40), (-6, 40))}
CAR = VehicleClass.CAR


def road(**changes: Any) -> Scene:
    """The yellow box from 24 m to 40 m, the stop line at 16 m before it."""
    return ground_scene(**({"areas": [BOX]} | changes))


def told(path: Trajectory, scene_: Scene, *, blocked: bool = True) -> list[Finding]:
    """`blocked`: another one stands in its way beyond the box, as long as it stands."""
    path = replace(path, held=np.full(len(path.t_s), blocked))
    return judged(ActCode.BLOCKING_JUNCTION, path, scene_, {})


def way(*stops: tuple[float, float, float]) -> Any:
    """As `points`, gathering speed and braking as vehicles do."""
    t, *xy = (np.array(v, float) for v in zip(*stops, strict=True))
    smooth = [PchipInterpolator(t, v) for v in xy]
    return lambda at: tuple(float(s(min(at, t[-1]))) for s in smooth)


IN_AND_STANDS = ((0, 1.7, 11), (5, 1.7, 32))
STRAIGHT_ON = (*IN_AND_STANDS, (17, 1.7, 32), (21, 1.7, 50))


def test_who_stands_in_the_box_and_then_drives_straight_on_has_blocked_it() -> None:
    (finding,) = told(drive_m(road(), way(*STRAIGHT_ON), from_s=0, to_s=21, cls=CAR), road())
    assert finding.flags == ()
    assert finding.reasons["area"] == "mat-vong"
    assert finding.reasons["stood_s"] == pytest.approx(12, abs=1.5)
    assert finding.reasons["stopped_s"] == 8.0
    assert finding.reasons["stood_after_entering_s"] == pytest.approx(1.8, abs=0.5)
    assert finding.reasons["moved_while_standing_m"] < 0.5  # type: ignore[operator]
    assert finding.before < finding.at < finding.after


def test_who_stands_there_with_nobody_in_its_way_may_have_broken_down() -> None:
    path = drive_m(road(), way(*STRAIGHT_ON), from_s=0, to_s=21, cls=CAR)
    assert not path.held.any(), "it is alone on the road"
    assert told(path, road(), blocked=False) == []


@pytest.mark.parametrize(
    ("stops", "until", "why"),
    [
        ((*IN_AND_STANDS, (10, 1.7, 32), (14, 1.7, 50)), 14, "lets somebody walk over the road beyond: 5 s"),
        (((0, 1.7, 5), (4, 1.7, 20), (23, 1.7, 20), (28, 1.7, 50)), 28, "waits before the box until it is free"),
        (((0, 1.7, 5), (30, 1.7, 50)), 30, "creeps through at walking pace, and never stands"),
        ((*IN_AND_STANDS, (20, 1.7, 32), (22, 0, 34.5), (25, -12, 36)), 25, "turns left once those that come are past"),
        (
            ((0, 1.7, 11), (4, 1.7, 26), (16, 1.7, 26), (18, 3, 29), (21, 12, 31)),
            21,
            "turns right once people have crossed",
        ),
        (((0, 1.7, 32), (14, 1.7, 32), (19, 1.7, 60)), 19, "was there from its first sight: nobody saw it come"),
        (((0, 1.7, 23.9), (5, 1.7, 24.1), (20, 1.7, 24.1)), 20, "its box trembles at the edge of the paint"),
        (((0, 1.7, 20), (5, 1.7, 42), (20, 1.7, 42)), 20, "stands past the box: its way out is where it is"),
    ],
)
def test_who_only_comes_close_is_not_accused(stops: Any, until: float, why: str) -> None:
    path = drive_m(road(), way(*stops), from_s=0, to_s=until, cls=CAR, ended=True)
    assert told(path, road()) == [], why


@pytest.mark.parametrize(
    ("stops", "until", "state"),
    [
        ((*IN_AND_STANDS, (90, 1.7, 32)), 14, {}),
        ((*IN_AND_STANDS, (90, 1.7, 32)), 46.5, {}),
        ((*IN_AND_STANDS, (90, 1.7, 32)), 14, {"ended": True}),
        ((*IN_AND_STANDS, (90, 1.7, 32)), 14, {"ended": True, "cut_off": True}),
        (((0, -1.7, 56), (5, -1.7, 37), (90, -1.7, 37)), 18, {"ended": True}),
    ],
    ids=[
        "still to be seen", "for long", "lost from sight", "the stream ends",
        "comes the other way, waits to turn left, and its track breaks",
    ],
)  # fmt: skip
def test_of_whom_nobody_saw_that_it_went_straight_on_nothing_is_told(stops: Any, until: float, state: Any) -> None:
    assert told(drive_m(road(), way(*stops), from_s=0, to_s=until, cls=CAR, **state), road()) == []


def test_what_hides_its_wheels_leaves_its_place_in_doubt() -> None:
    path = drive_m(road(), way(*STRAIGHT_ON), from_s=0, to_s=21, cls=CAR)
    hidden = replace(path, observations=[o.__class__(o.frame, o.t_s, o.box, o.score, 0.4) for o in path.observations])
    assert told(hidden, road()) == []


def test_who_waits_at_a_second_stop_line_within_the_box_waits_where_paint_says_so() -> None:
    second = {"id": "second", "points": pixels((-6, 37.2), (6, 37.2)), "forward": pixels((0, 48))[0]}
    scene_ = road(stop_lines=[ground_scene().stop_lines[0].model_dump(), second])
    assert told(drive_m(scene_, way(*STRAIGHT_ON), from_s=0, to_s=21, cls=CAR), scene_) == []


def test_two_vehicles_under_one_track_are_nobodys_act() -> None:
    def leap(t_s: float) -> tuple[float, float]:
        return (-5.0, 12.0) if t_s < 2 else (1.7, 32.0) if t_s < 14 else (1.7, 32.0 + 6 * (t_s - 14))

    assert told(drive_m(road(), leap, from_s=0, to_s=17, cls=CAR), road()) == []


@pytest.mark.parametrize(("beside_m", "acts"), [(0.0, 1), (0.3, 1), (0.9, 0)])
def test_a_track_that_goes_on_with_one_that_drove_past_beside_it_tells_nothing(beside_m: float, acts: int) -> None:
    """As in the simulated street: it waits in the box, the next one passes it, and the track goes straight on."""
    x, t = 1.7 + beside_m, 14.4
    stops = ((0, 1.7, 11), (5, 1.7, 32), (14, 1.7, 32), (t, x, 32.2), (t + 1, x, 35), (t + 2, x, 40), (t + 4, x, 52))
    path = drive_m(road(), way(*stops), from_s=0, to_s=18, cls=VehicleClass.MOTORCYCLE)
    assert len(told(path, road())) == acts


AREAS = st.builds(
    lambda i, kind, x, y: {
        "id": f"a{i}", "kind": kind, "polygon": pixels((x, y), (x + 2, y), (x + 2, y + 2), (x, y + 2))
    },
    st.integers(0, 10**6), st.sampled_from(["crosswalk", "pavement", "kerbside", "lane_change", "emergency_lane"]),
    st.floats(-12, 10), st.floats(10, 40),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(AREAS, max_size=3, unique_by=lambda a: a["id"]), st.booleans(), st.booleans())
def test_nothing_is_stated_without_the_box_and_other_drawings_change_nothing(
    others: list[dict[str, Any]], box: bool, stands: bool
) -> None:
    scene_ = road(areas=[*others, *([BOX] if box else [])])
    stops = STRAIGHT_ON if stands else (*IN_AND_STANDS, (10, 1.7, 50))
    found = told(drive_m(scene_, way(*stops), from_s=0, to_s=21, cls=CAR), scene_)
    assert [f.what for f in found] == (["mat-vong"] if box and stands else [])


def test_the_picture_in_which_it_entered_is_there_after_a_long_stand() -> None:
    """Longer than pictures are kept: y = 300 is the line, the box begins at y = 290."""
    scene_ = scene(
        areas=[{"id": "box", "kind": "keep_clear", "polygon": [[50, 290], [600, 290], [600, 100], [50, 100]]}],
        markings=[], acts=["blocking_junction"],
    )  # fmt: skip
    route = points((0, 200, 460), (4, 200, 200), (34, 200, 200), (37, 200, 20))
    pipeline, events = CameraPipeline(scene_, KnownDetector(), KnownPlates()), list[ActEvent]()
    for index in range(400):
        t_s = index / 10
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=t_s)
        shown = [route(t_s)] if t_s < 36.9 else []
        events += pipeline.process(Frame(index, t_s, picture(t_s, shown), at, index))
    (event,) = events + pipeline.finish()
    entered = 4 * (460 - 290) / (460 - 200)
    assert event.stills["still_before"].t_s == pytest.approx(entered, abs=0.3)
    assert event.stills["still_on"].t_s > 33
    assert np.abs(event.stills["still_before"].image.astype(int) - picture(entered, [route(entered)])).mean() < 3
    first, second = event.track.points[:2]
    assert first.frame == event.stills["still_before"].frame, "and it is known which vehicle in it is meant"
    (x, y), (left, top, right, bottom) = route(first.t_s), first.box
    assert left < x < right
    assert top < y <= bottom + 1
    assert second.t_s > event.t_s - 12.1, "the way between both is not written down"
    assert event.reasons["stood_s"] > 28  # type: ignore[operator]
    assert pipeline._stills._long == {}, "nothing is kept of who is gone"
