"""Stopping and parking where a sign bans it: who stands on, and nobody whom traffic, time or another place explains."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countries.here import HERE
from edge.pipeline import CameraPipeline
from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.types import ActEvent, Frame
from evidence.acts import ActCode, VehicleClass
from tests.edge.judged import judged
from tests.edge.roads import GREEN, RED, UNKNOWN, drive_m, ground_scene, lamps, pixels, points, scene, sign
from tests.edge.test_pipeline import KnownDetector, KnownPlates, picture
from zones.schema import Scene

KERB = {"id": "le-phai", "kind": "kerbside", "polygon": pixels((1, 12), (5, 12), (5, 30), (1, 30))}
CAR, BICYCLE = VehicleClass.CAR, VehicleClass.BICYCLE
STOP, PARK = ActCode.STOPPING_BANNED, ActCode.PARKING_BANNED
NUMBER = {STOP: "P.130", PARK: "P.131a"}


def road(act: ActCode, *, line_m: float | None = None, **changes: Any) -> Scene:
    """The kerb from 12 m to 30 m with the act's sign; the stop line, if there is one, so far ahead."""
    lines = [] if line_m is None else [
        {"id": "line", "points": pixels((-6, line_m), (6, line_m)), "forward": pixels((0, line_m + 5))[0]}
    ]  # fmt: skip
    heads = [{"id": "main", "box": [600, 10, 610, 40], "governs": ["line"]}] if lines else []
    base = {"areas": [KERB], "signs": [sign(NUMBER[act], "le-phai")], "stop_lines": lines, "signals": heads}
    return ground_scene(**(base | changes))


def stands(scene_: Scene, seconds: float, *, at: tuple[float, float] = (3, 18), **rest: Any) -> Trajectory:
    """Comes from behind, stands for so long and drives off."""
    where = points((0, 3, 11.5), (3, *at), (3 + seconds, *at), (7 + seconds, 3, 45))
    return drive_m(scene_, where, from_s=0, to_s=6 + seconds, fps=4, **({"cls": CAR} | rest))


def told(act: ActCode, path: Trajectory, scene_: Scene, shown: Any = None) -> list[Finding]:
    return judged(act, path, scene_, shown or {})


@pytest.mark.parametrize(("act", "seconds"), [(STOP, 70), (PARK, 310)])
@pytest.mark.parametrize(("share", "acts"), [(0.55, 0), (0.95, 1)])
def test_a_ban_for_some_kinds_needs_to_know_the_kind(act: ActCode, seconds: float, share: float, acts: int) -> None:
    lorries = road(act, signs=[sign(NUMBER[act], "le-phai", classes=["truck"])])
    path = stands(lorries, seconds, cls=VehicleClass.TRUCK)
    path = replace(path, cls_share=share, other_shares={CAR: 1 - share})
    assert len(told(act, path, lorries)) == acts


@pytest.mark.parametrize(("act", "seconds", "limit"), [(STOP, 70, 60.0), (PARK, 310, 300.0)])
def test_who_stands_on_where_a_sign_bans_it_is_told_with_time_and_place(
    act: ActCode, seconds: float, limit: float
) -> None:
    (finding,) = told(act, stands(road(act), seconds), road(act))
    assert finding.signs == (f"sign-{NUMBER[act]}",)
    assert finding.flags == ()
    reasons: Any = finding.reasons
    assert reasons["area"] == "le-phai"
    assert reasons["stopped_s"] == limit
    assert reasons["stood_s"] == pytest.approx(seconds, abs=1.5)
    assert reasons["moved_while_standing_m"] <= reasons["moved_limit_m"] < 1.5
    assert reasons["first_seen_before_act_s"] >= limit
    assert finding.before_s == pytest.approx(3, abs=1.0)


@pytest.mark.parametrize(
    ("act", "seconds", "scene_changes", "rest", "why"),
    [
        (STOP, 50, {}, {}, "lets somebody by"),
        (PARK, 290, {}, {}, "loads its goods: stopping is allowed there"),
        (STOP, 70, {}, {"at": (-3, 18)}, "stands on the other side, where no sign holds"),
        (STOP, 70, {"areas": []}, {}, "no kerb is drawn"),
        (STOP, 70, {"signs": []}, {}, "no sign is stated"),
        (STOP, 70, {"signs": [sign("P.131a", "le-phai")]}, {}, "only parking is banned there"),
        (STOP, 70, {"signs": [sign("P.130", "le-phai", source={})]}, {}, "nobody knows where the sign stands"),
        (STOP, 70, {"signs": [sign("P.130", "le-phai", classes=["truck"])]}, {}, "the plate below names lorries"),
        (STOP, 70, {}, {"cls": BICYCLE}, "the sign names motor vehicles"),
        (PARK, 400, {}, {"seen": lambda t: not 150 < t < 190}, "hidden for so long that another may stand there"),
    ],
)
def test_who_only_comes_close_is_not_accused(
    act: ActCode, seconds: float, scene_changes: Any, rest: Any, why: str
) -> None:
    scene_ = road(act, **scene_changes)
    assert told(act, stands(scene_, seconds, **rest), scene_) == [], why


def test_a_queue_that_moves_up_now_and_then_is_no_stop() -> None:
    moves = points(*((t + d, 3, 12 + t / 12.5 + m) for t in range(0, 200, 50) for d, m in ((0, 0), (48, 0))))
    assert told(STOP, drive_m(road(STOP), moves, from_s=0, to_s=190, fps=4, cls=CAR), road(STOP)) == []


@pytest.mark.parametrize(
    ("act", "line_m", "phases", "accused", "why"),
    [
        (STOP, 40, [(0, RED)], False, "waits before the red lamp"),
        (STOP, 40, [(0, RED), (30, GREEN), (50, RED)], False, "so far back in the queue that this green was too short"),
        (STOP, 40, [(0, RED), (20, GREEN)], True, "stood on through the whole green"),
        (STOP, 40, [(0, UNKNOWN)], False, "nobody saw whether the lamp let it go"),
        (STOP, 30, [(0, GREEN)], False, "stands near the stop line: for what, nobody knows"),
        (STOP, 14, [(0, RED)], True, "that lamp is behind it"),
        (PARK, 40, [(0, UNKNOWN)], True, "no queue stands for five minutes before a lamp that is out"),
        (PARK, 40, [(0, RED)], False, "but it may before one that stays red"),
    ],
)
def test_what_traffic_explains_is_no_act(act: ActCode, line_m: float, phases: Any, accused: bool, why: str) -> None:
    scene_ = road(act, line_m=line_m)
    seconds = 75 if act == STOP else 310
    path = stands(scene_, seconds)
    assert bool(told(act, path, scene_, lamps(scene_, phases, until_s=seconds + 5))) is accused, why


STANDS_THERE = points((0, 3, 25))


@pytest.mark.parametrize(
    ("other", "accused", "why"),
    [
        (STANDS_THERE, False, "another stands before it all the time: they wait in a jam"),
        (points((0, 3, 25), (14, 3, 25), (17, 3, 45)), True, "the other drove on, and it stood on"),
        (points((0, 3, 25), (66, 3, 25), (69, 3, 45)), False, "it had the way free for some seconds only"),
        (points((0, 3, 13.5), (3, 3, 13.5)), True, "the other stands behind it"),
        (points((0, -1, 25)), True, "the other stands in the lane beside"),
        (points((0, 3, 36)), True, "the other stands so far ahead that it could drive up"),
        (points((0, 3, 12), (20, 1.5, 12), (24, 1.5, 25), (26, 1.5, 45)), True, "the other passes"),
    ],
)
def test_who_has_another_standing_before_it_may_be_held(other: Any, accused: bool, why: str) -> None:
    path = stands(road(STOP), 72, others=[other])
    assert bool(told(STOP, path, road(STOP))) is accused, why


LONG = {"id": "le-phai", "kind": "kerbside", "polygon": pixels((1.5, 10), (4.5, 10), (4.5, 30), (1.5, 30))}


@pytest.mark.parametrize(
    ("other", "accused", "why"),
    [
        (points((0, -1, 20)), True, "the queue stands in the lane beside"),
        (points((0, 3, 25)), False, "another stands before it"),
        (points((0, 3, 11.5)), False, "another stands behind it, or before it: nobody knows which way it looks"),
    ],
)
def test_one_that_stood_there_from_the_first_picture_stands_along_its_kerb(other: Any, accused: bool, why: str) -> None:
    """As in the simulated street: whatever stood in the lanes beside it for two minutes seemed to hold it."""
    scene_ = road(STOP, areas=[LONG])
    where = points((0, 3, 18), (75, 3, 18), (79, 3, 45))
    path = drive_m(scene_, where, from_s=0, to_s=78, fps=4, cls=CAR, others=[other])
    assert bool(told(STOP, path, scene_)) is accused, why


def test_in_a_jam_nobody_is_told_though_the_lamp_is_green() -> None:
    """As in the simulated street: beyond the junction somebody has broken down, so the queue stands through green."""
    scene_ = road(STOP, line_m=40)
    path = stands(scene_, 75, others=[STANDS_THERE])
    assert told(STOP, path, scene_, lamps(scene_, [(0, RED), (20, GREEN)], until_s=80)) == []


@pytest.mark.parametrize(
    ("begins", "seen", "flags"),
    [
        (0, lambda t: True, set()),
        (20, lambda t: True, {"arrival_not_seen"}),
        (0, lambda t: not 100 < t < 120, {"not_seen_throughout"}),
    ],
    ids=["seen to come", "there from the first picture", "hidden for 20 s"],
)
def test_what_was_not_seen_is_told(begins: float, seen: Any, flags: set[str]) -> None:
    where = points((0, 3, 11.5), (3, 3, 18), (400, 3, 18))
    path = drive_m(road(PARK), where, from_s=begins, to_s=330, fps=4, cls=CAR, seen=seen)
    (finding,) = told(PARK, path, road(PARK))
    assert set(finding.flags) == flags


@settings(max_examples=20, deadline=None)
@given(
    st.booleans(), st.booleans(), st.sampled_from([40.0, 75.0]),
    st.lists(st.sampled_from(["crosswalk", "pavement", "keep_clear", "lane_change"]), max_size=2, unique=True),
)  # fmt: skip
def test_nothing_is_stated_without_its_facts_and_other_drawings_change_nothing(
    kerb: bool, signed: bool, seconds: float, others: list[str]
) -> None:
    drawn = [{"id": kind, "kind": kind, "polygon": KERB["polygon"]} for kind in others]
    signs = [sign("P.130", "le-phai")] if signed else []
    scene_ = road(STOP, areas=[*drawn, *([KERB] if kerb else [])], signs=signs)
    found = told(STOP, stands(scene_, seconds), scene_)
    assert [f.what for f in found] == (["le-phai"] if kerb and signed and seconds > 60 else [])


def flat(number: str, **rest: Any) -> Scene:
    """Without ground and lamps: the kerb in the lower part of the picture."""
    act = {"P.130": "stopping_banned", "P.131a": "parking_banned"}[number]
    area = {"id": "le", "kind": "kerbside", "polygon": [[150, 250], [300, 250], [300, 470], [150, 470]]}
    none: dict[str, Any] = {name: [] for name in ("stop_lines", "signals", "markings", "lanes", "exits", "roads")}
    return scene(**none, areas=[area], signs=[sign(number, "le", **rest)], acts=[act])


def watch(
    pipeline: CameraPipeline, *, seconds: float, begin: datetime, fps: float = 3.0, bus: tuple[float, float] = (-9, -9)
) -> list[ActEvent]:
    """A car that stands there all the time, and a bus that drives between it and the camera."""
    events: list[ActEvent] = []
    for index in range(int(seconds * fps)):
        t_s = index / fps
        image = picture(t_s, [(220.0, 400.0)])
        if bus[0] <= t_s <= bus[1]:
            x = int(np.interp(t_s, [bus[0], bus[0] + 3, bus[1] - 3, bus[1]], [-240, 120, 120, 640]))
            cv2.rectangle(image, (x, 250), (x + 240, 440), (130, 130, 130), -1)
        cv2.putText(image, str(index), (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255))
        events += pipeline.process(Frame(index, t_s, image, begin + timedelta(seconds=t_s), index))
        held = pipeline._stills.held
        assert held <= 15 * 5 + 70, "the memory of pictures is bounded"
        assert len(pipeline._paths.stays.open) <= 3
    return events + pipeline.finish()


def test_six_minutes_at_the_kerb_behind_a_bus_are_one_parking_with_its_first_picture() -> None:
    pipeline = CameraPipeline(flat("P.131a"), KnownDetector(), KnownPlates())
    begin = datetime(2026, 11, 23, 9, tzinfo=HERE.zone)
    (event,) = watch(pipeline, seconds=370, begin=begin, bus=(150, 172))
    assert event.act == PARK
    assert {"arrival_not_seen", "not_seen_throughout"} <= set(event.flags)
    assert not {f for f in event.flags if f.endswith("_missing")}
    before, on = event.stills["still_before"], event.stills["still_on"]
    assert on.t_s - before.t_s >= 299.5, "two pictures at least five minutes apart"
    assert before.t_s < 1.0, "its time counts from the first picture"
    assert event.reasons["sign_number"] == "P.131a"
    assert event.plate.text == "36B123456"
    assert not pipeline._stills._owners.get("stay")


def test_a_ban_that_begins_while_it_stands_there_counts_from_then_on() -> None:
    rush = [{"begin": "07:00", "end": "09:00"}]
    pipeline = CameraPipeline(flat("P.130", hours=rush), KnownDetector(), KnownPlates())
    begin = datetime(2026, 11, 23, 6, 58, 30, tzinfo=HERE.zone)
    (event,) = watch(pipeline, seconds=260, begin=begin)
    before = begin + timedelta(seconds=event.stills["still_before"].t_s)
    assert before >= datetime(2026, 11, 23, 7, tzinfo=HERE.zone)
    assert event.reasons["stood_s"] < 80  # type: ignore[operator]


def test_outside_its_hours_a_sign_bans_nothing() -> None:
    pipeline = CameraPipeline(flat("P.130", hours=[{"begin": "07:00", "end": "09:00"}]), KnownDetector(), KnownPlates())
    assert watch(pipeline, seconds=150, begin=datetime(2026, 11, 23, 12, tzinfo=HERE.zone)) == []
