"""What a signal controller says: in order, dated by the box's clock, aged; nobody is accused by what it did not say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.pipeline import CameraPipeline
from edge.signals.controller import CameraFeed, ControllerFeed
from edge.signals.heads import Signals
from edge.signals.history import LampHistory
from edge.signals.reading import LampReading
from edge.signals.statements import Statement
from edge.types import ActEvent, Frame
from evidence.acts import ActCode, LampState
from evidence.packet import LampTimeline
from tests.edge.roads import GREEN, OFF, RED, UNKNOWN, YELLOW, points, scene
from tests.edge.test_pipeline import KnownDetector, KnownPlates, picture
from zones.schema import Scene, SignalHead

KEY = "phase 2"
AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
ZERO_S = AT.timestamp()
HEAD = SignalHead.model_validate({"id": "h", "source": "controller", "phase": 2, "governs": ["line"]})
BLANK = np.zeros((20, 20, 3), np.uint8)
Phases = Sequence[tuple[LampState, float]]
CYCLE: Phases = [(GREEN, 20), (YELLOW, 3), (RED, 30), (GREEN, 10)]


def shown(phases: Phases, t_s: float) -> LampState:
    for state, seconds in phases:
        if t_s < seconds:
            return state
        t_s -= seconds
    return phases[-1][0]


def spoken(
    phases: Phases, *, every_s: float = 0.5, way_s: float = 0.05, clock_s: float = 0.0, timed: bool = True,
    from_s: float = 0.0, until_s: float | None = None, key: str = KEY,
) -> list[Statement]:  # fmt: skip
    """Statements of a controller that tells each change at once and says it again. `clock_s`: its clock less ours."""
    ends = np.cumsum([seconds for _, seconds in phases])
    last_s = float(ends[-1]) if until_s is None else until_s
    moments = sorted({*np.arange(from_s, last_s, every_s).round(3), *(e for e in ends[:-1] if from_s <= e < last_s)})
    return [
        Statement(key, shown(phases, at), ZERO_S + at + way_s, ZERO_S + at + clock_s if timed else None)
        for at in map(float, moments)
    ]


def watched(
    said: Iterable[Statement], seconds: float, *, head: SignalHead = HEAD, late_s: float = 0.0, fps: float = 10.0,
    without: tuple[float, float] = (0.0, 0.0), step: tuple[float, float] = (0.0, 0.0),
) -> Signals:  # fmt: skip
    """A camera whose pictures are dated `late_s` late, beside a feed that hears each statement when it is received.
    `without`: pictures are missing from when to when. `step`: when the box's clock is set forward, and by how much."""
    feed = ControllerFeed("c", "mqtt")
    signals = Signals([head], feed=CameraFeed(feed))
    waiting = sorted(said, key=lambda one: one.received_s)
    for frame in range(int(seconds * fps)):
        if without[0] < frame / fps < without[1]:
            continue
        dated_s = frame / fps + late_s
        dated_s += step[1] if dated_s >= step[0] else 0.0
        now_s = ZERO_S + dated_s + 0.1
        while waiting and waiting[0].received_s <= now_s:
            feed.take([waiting.pop(0)])
        signals.observe(frame, frame / fps, BLANK, AT + timedelta(seconds=dated_s))
    return signals


def spans(signals: Signals) -> list[tuple[LampState, float, float]]:
    return [(s.state, s.from_s, s.to_s) for s in signals.histories["h"].spans(0, 1e9)]


@pytest.mark.parametrize("clock_s", [0.0, -3600.0, 7.3])
def test_red_begins_when_it_is_dated_at_the_latest_and_ends_when_it_was_last_said(clock_s: float) -> None:
    """Whatever the controller's clock shows: red is true from 23 s to 53 s."""
    found = [span for span in spans(watched(spoken(CYCLE, clock_s=clock_s), 60)) if span[0] == RED]
    (red,) = found
    assert 23.0 <= red[1] <= 23.8, "as a picture may be dated late by 0.5 s"
    assert 51.5 <= red[2] <= 53.0, "as pictures may be dated early, and what was not said again is not known"


def test_a_picture_that_is_dated_late_is_not_in_red_before_it_was() -> None:
    """Dated by its arrival 0.5 s after it was taken, it shows the moment before."""
    red = next(s for s in spans(watched(spoken(CYCLE), 60, late_s=0.5)) if s[0] == RED)
    assert red[1] >= 23.0


def test_the_yellow_of_a_controller_is_measured_and_a_short_one_told() -> None:
    good, short = (watched(spoken([(GREEN, 20), (YELLOW, s), (RED, 30)]), 45) for s in (3.0, 2.0))
    assert good.plans["h"].yellow_s == pytest.approx(3.0, abs=0.15)
    assert "yellow_too_short" not in good.doubts(["h"], 30.0, 31.0)[0]
    assert "yellow_too_short" in short.doubts(["h"], 30.0, 31.0)[0]


def test_a_feed_that_falls_silent_is_unknown_and_told_and_what_was_not_said_is_taken_back() -> None:
    signals = watched(spoken(CYCLE, until_s=30.0), 50)
    assert signals.histories["h"].at(45.0) == UNKNOWN
    assert signals.histories["h"].at(28.0) == RED
    assert signals.histories["h"].at(31.0) == UNKNOWN, "it was red for as long as a statement counts; nobody said so"
    assert signals.plans["h"].state(49.0) == "no_feed"


def test_red_that_nobody_confirmed_is_taken_back_though_pictures_are_missing_just_then() -> None:
    """It turned green at 53 s, the word of it is still on its way, and then the stream stalls."""
    signals = watched(spoken(CYCLE, every_s=1.0), 60, without=(53.35, 55.2))
    history = signals.histories["h"]
    assert (history.at(45.0), history.at(53.2)) == (RED, UNKNOWN)


def test_red_that_goes_on_after_a_few_missing_pictures_is_confirmed_for_before_them_too() -> None:
    signals = watched(spoken(CYCLE, every_s=1.0), 52, without=(40.35, 42.2))
    assert [signals.histories["h"].at(t_s) for t_s in (40.3, 41.0, 45.0)] == [RED, UNKNOWN, RED]


def test_red_that_nobody_confirmed_is_taken_back_though_the_head_flashes_then() -> None:
    """Its controller has not said red since 10 s, and at 12 s its red lens begins to flash."""
    history = LampHistory(HEAD)
    for frame in range(180):
        t_s = frame / 10
        state = GREEN if t_s < 3 else YELLOW if t_s < 6 else RED
        state = OFF if t_s >= 12 and (t_s - 12) % 1.5 < 0.8 else state
        history.add(frame, t_s, LampReading(state, 1.0, stated_s=min(t_s, 10.0)))
    assert [history.at(t_s) for t_s in (9.0, 11.0, 15.0)] == [RED, UNKNOWN, UNKNOWN]
    told = history.spans(7, 20)
    assert [span.state for span in told] == [RED, UNKNOWN, UNKNOWN]
    assert all(before.to_s <= after.from_s for before, after in pairwise(told)), "one after the other"


@pytest.mark.parametrize("step_s", [0.3, 0.45, 0.8, 0.95])
@pytest.mark.parametrize("whose", ["box", "controller"])
def test_a_clock_that_was_set_by_little_does_not_make_red_begin_early(step_s: float, whose: str) -> None:
    """The box's forward, or the controller's back, five seconds before red; pictures come 0.5 s late."""
    ahead_s, behind_s = (step_s, 0.0) if whose == "box" else (0.0, step_s)
    told = [
        one if one.received_s < ZERO_S + 18.0
        else replace(one, received_s=one.received_s + ahead_s, said_s=(one.said_s or 0.0) - behind_s)
        for one in spoken(CYCLE)
    ]  # fmt: skip
    signals = watched(told, 40, late_s=0.5, step=(18.0, ahead_s))
    red = next(span for span in spans(signals) if span[0] == RED)
    assert 23.0 <= red[1] <= 24.0


def test_a_red_that_came_out_of_a_dark_head_accuses_nobody_whoever_tells_it() -> None:
    signals = watched(spoken([(OFF, 20), (RED, 20)]), 40)
    assert signals.histories["h"].at(35.0) == UNKNOWN
    assert signals.plans["h"].state(35.0) == "no_onset"


def feed_of(*said: Statement) -> ControllerFeed:
    feed = ControllerFeed("c", "mqtt")
    feed.take([Statement("other", GREEN, ZERO_S + i, ZERO_S + i) for i in range(7)])  # its clock is known
    feed.take(said)
    return feed


def said(state: LampState, said_s: float, received_s: float | None = None) -> Statement:
    return Statement(KEY, state, ZERO_S + (said_s if received_s is None else received_s), ZERO_S + said_s)


@pytest.mark.parametrize(
    ("why", "statements", "state"),
    [
        ("as it was said", [said(RED, 7), said(RED, 8)], RED),
        ("an older one that comes later is ignored", [said(RED, 8), said(GREEN, 7.5, 8.2)], RED),
        ("the same again says nothing new", [said(RED, 7), said(RED, 7, 8.9)], RED),
        ("said again only, it grows old all the same", [said(RED, 6), said(RED, 6, 8.9)], UNKNOWN),
        ("two colours at one moment", [said(RED, 8), said(GREEN, 8)], UNKNOWN),
        ("older than counts", [said(RED, 5)], UNKNOWN),
        ("older than counts, by little", [said(RED, 6.8)], UNKNOWN),
        ("late, but the last that was said", [said(GREEN, 6), said(RED, 7.5, 8.4)], RED),
        ("nothing", [], UNKNOWN),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_statements_count_by_the_order_in_which_they_were_made(
    why: str, statements: list[Statement], state: LampState
) -> None:
    assert feed_of(*statements).reading(KEY, ZERO_S + 9.0)[0].state == state, why


def test_the_first_statements_count_only_when_the_clock_is_known() -> None:
    feed = ControllerFeed("c", "mqtt")
    feed.take([said(RED, at, at + 4.0) for at in np.arange(0, 2, 0.5)])  # they waited
    assert feed.reading(KEY, ZERO_S + 5.5)[0].state == UNKNOWN
    assert feed.report(ZERO_S + 5.5).state == "learning"
    feed.take([said(RED, at) for at in np.arange(6, 12, 0.5)])
    assert feed.reading(KEY, ZERO_S + 11.6)[0].state == RED
    report = feed.report(ZERO_S + 11.6)
    assert (report.state, report.offset_s, report.clock_off) == ("good", 0.0, False)


@pytest.mark.parametrize("step_s", [-30.0, 30.0])
def test_a_clock_that_is_set_is_learnt_anew_and_nothing_is_said_meanwhile(step_s: float) -> None:
    feed = feed_of(*[said(RED, float(at)) for at in range(20)])
    states = []
    for at in np.arange(20, 34, 0.5):
        feed.take([said(GREEN, at + step_s, at)])
        states.append(feed.reading(KEY, ZERO_S + at + 0.1)[0].state)
    assert RED not in states[5:]
    assert UNKNOWN in states
    assert step_s < 0 or states[0] == UNKNOWN, "one that is set forward is noticed at once"
    assert states[-1] == GREEN
    assert feed.report(ZERO_S + 34).clock_off


def test_when_the_boxs_own_clock_is_set_back_what_it_dated_before_is_forgotten() -> None:
    feed = ControllerFeed("c", "mqtt")
    feed.take([Statement(KEY, RED, ZERO_S + 100 + i) for i in range(6)])
    assert feed.reading(KEY, ZERO_S + 105.6)[0].state == RED
    feed.take([Statement(KEY, GREEN, ZERO_S + 50)])
    assert feed.reading(KEY, ZERO_S + 50.1)[0].state == UNKNOWN
    feed.take([Statement(KEY, GREEN, ZERO_S + 51), Statement(KEY, GREEN, ZERO_S + 52)])
    assert feed.reading(KEY, ZERO_S + 52.6)[0].state == GREEN
    assert feed.report(ZERO_S + 60).state == "silent"


def test_a_controller_without_a_clock_is_dated_by_arrival_with_more_doubt() -> None:
    timed, untimed = (watched(spoken(CYCLE, timed=t), 60) for t in (True, False))
    ends = [next(s for s in spans(signals) if s[0] == RED)[2] for signals in (timed, untimed)]
    assert ends[1] < ends[0]
    assert ControllerFeed("c", "mqtt").doubt_s > feed_of().doubt_s


_MOMENTS = st.floats(0, 30).map(lambda s: round(s, 2))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([GREEN, YELLOW, RED, OFF, UNKNOWN]), st.one_of(st.none(), _MOMENTS), _MOMENTS,
            st.sampled_from([KEY, "head x"]), st.booleans(),
        ),
        max_size=40,
    ),
    st.booleans(),
)  # fmt: skip
def test_whatever_comes_late_twice_out_of_order_or_is_a_lie_there_is_no_red_that_nobody_stated(
    told: list[tuple[LampState, float | None, float, str, bool]], in_order: bool
) -> None:
    feed = ControllerFeed("c", "mqtt")
    feed.take([Statement("other", GREEN, ZERO_S - 8 + i, ZERO_S - 8 + i) for i in range(7)])
    signals = Signals([HEAD], feed=CameraFeed(feed))
    came: list[Statement] = []
    ordered = sorted(told, key=lambda one: one[2]) if in_order else told
    for frame, (state, said_s, received_s, key, twice) in enumerate(ordered):
        one = Statement(key, state, ZERO_S + received_s, None if said_s is None else ZERO_S + said_s)
        for _ in range(1 + twice):
            feed.take([one])
            came.append(one)
        at_s = ZERO_S + received_s + 0.3
        reading, certain_s = feed.reading(KEY, at_s)
        reds = [c for c in came if c.key == KEY and c.state == RED]
        if reading.state == RED:
            assert reds, "nobody said red of it"
            assert certain_s <= max(c.received_s for c in reds), "no longer than somebody said so"
        signals.observe(frame, frame / 10, BLANK, datetime.fromtimestamp(at_s, UTC))
    if not any(c.key == KEY and c.state == RED for c in came):
        assert RED not in {state for state, *_ in spans(signals)}


# --- through the whole pipeline: a vehicle passes the line at 22.4 s -------------------------------------------------

RUN_S = 28
LOOKS = 8
"""A second: as few as a box judges by."""
ROUTE = points((20, 200, 460), (26, 200, 60))
TOLD: Phases = [(GREEN, 11), (YELLOW, 3), (RED, 30)]


def street(**head: Any) -> Scene:
    made = scene().model_dump(mode="json")
    made["signals"][0] |= {"phase": 2, **head}
    return Scene.model_validate(made)


def acts(
    the_scene: Scene, statements: list[Statement], *, lamp: Phases = TOLD, way: Any = "mqtt"
) -> tuple[list[ActEvent], CameraPipeline]:
    """A run whose drawn head shows `lamp`, and whose controller says `statements`."""
    feed = ControllerFeed("tu-1", way)
    pipeline = CameraPipeline(the_scene, KnownDetector(), KnownPlates(), feed=CameraFeed(feed))
    waiting, events = sorted(statements, key=lambda one: one.received_s), []
    for index in range(RUN_S * LOOKS):
        t_s = index / LOOKS
        while waiting and waiting[0].received_s <= ZERO_S + t_s + 0.1:
            feed.take([waiting.pop(0)])
        red = shown(lamp, t_s) == RED
        image = picture(2.0 if red else 0.0, [p for p in [ROUTE(t_s)] if p is not None])
        image[8::16, :300] += np.random.default_rng(index).integers(0, 3, image[8::16, :300].shape).astype(np.uint8)
        events += pipeline.process(Frame(index, t_s, image, AT + timedelta(seconds=t_s), index))
    return events + pipeline.finish(), pipeline


def test_who_passes_a_red_that_only_the_controller_tells_is_found_with_its_words_in_the_act() -> None:
    (event,), pipeline = acts(street(source="controller", box=None, lamps=[]), spoken(TOLD))
    assert (event.act, event.lamp) == (ActCode.RED_LIGHT, RED)
    assert "red_onset_not_seen" not in event.flags
    (lamps,) = event.lamps
    assert lamps.source == "controller"
    assert lamps.controller is not None
    assert (lamps.controller.controller, lamps.controller.told_as) == ("tu-1", KEY)
    assert {word.state for word in lamps.controller.words} <= {GREEN, YELLOW, RED}
    assert event.reasons["controller_doubt_s"] == lamps.controller.doubt_s == 0.9
    assert LampTimeline.model_validate(lamps.model_dump(mode="json")) == lamps
    assert pipeline.heads[0].state == "good"


GREENS: Phases = [(GREEN, 99)]


@pytest.mark.parametrize(
    ("why", "head", "told", "found", "state"),
    [
        ("both say red", {}, spoken([(GREEN, 14), (RED, 30)]), 1, "good"),
        ("the controller says green: no act, and it is told", {}, spoken(GREENS), 0, "differs"),
        ("it says nothing: the picture stands alone", {}, [], 1, "good"),
        ("the controller alone says nothing", {"source": "controller"}, [], 0, "no_feed"),
        ("the controller alone says green", {"source": "controller"}, spoken(GREENS), 0, "watching"),
        ("it speaks of another phase", {}, spoken(GREENS, key="phase 4"), 1, "good"),
        (
            "it turns green before the line is passed",
            {},
            spoken([(GREEN, 11), (YELLOW, 3), (RED, 7.5), (GREEN, 20)]),
            0,
            "differs",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_picture_and_controller_accuse_only_together(
    why: str, head: dict[str, Any], told: list[Statement], found: int, state: str
) -> None:
    lamp: Phases = [(GREEN, 14), (RED, 30)]
    events, pipeline = acts(street(**head), told, lamp=lamp)
    assert len(events) == found, why
    if found:
        assert events[0].lamps[0].source == "pixels"
        assert ("controller_silent" in events[0].flags) == (why != "both say red")
    if state != "good":
        assert pipeline.heads[0].state == state
    else:
        assert pipeline.heads[0].state not in ("differs", "no_feed")
