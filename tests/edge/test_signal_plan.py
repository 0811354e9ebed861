"""What a signal can do: a red that came as no signal's red comes accuses nobody; what is wrong with a head is told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.signals.heads import Signals
from edge.signals.history import LampHistory
from edge.signals.margins import SignalPlanMargins
from edge.signals.plan import HeadPlan
from edge.signals.reading import LampReading
from evidence.acts import LampState
from tests.edge.heads import HEAD, drawn
from tests.edge.roads import GREEN, OFF, RED, UNKNOWN, YELLOW
from zones.schema import SignalHead

Phases = Sequence[tuple[LampState, float]]
CYCLE: Phases = [(GREEN, 20), (YELLOW, 3), (RED, 30)]
MOVED = LampReading(UNKNOWN, 0.0, "other_colour", "red")
BOTH = LampReading(UNKNOWN, 0.0, "two_at_once")


def watched(
    phases: Sequence[tuple[LampState | LampReading, float]], *, fps: float = 10.0, from_s: float = 0.0,
    head: SignalHead = HEAD, plan: HeadPlan | None = None, offset_s: float = 0.0,
) -> tuple[LampHistory, float]:  # fmt: skip
    """A head that shows one phase after the other, and when it was last seen. `offset_s`: of pictures and signal."""
    history = LampHistory(head, plan=plan or HeadPlan(head))
    ends = np.cumsum([seconds for _, seconds in phases])
    frames = int(ends[-1] * fps)
    for frame in range(frames):
        at = min(frame / fps + offset_s, ends[-1] - 1e-6)
        shown = phases[int(np.searchsorted(ends, at + 1e-9, side="right"))][0]
        reading = shown if isinstance(shown, LampReading) else LampReading(shown, 1.0)
        history.add(frame, from_s + frame / fps, reading)
    return history, from_s + (frames - 1) / fps


@pytest.mark.parametrize(
    ("why", "phases", "state", "seen"),
    [
        ("through yellow", [*CYCLE], RED, True),
        ("a yellow that the camera cannot see", [(GREEN, 9), (OFF, 3), (RED, 9)], RED, True),
        ("no yellow at all: flagged by its length", [(GREEN, 9), (RED, 9)], RED, True),
        ("red as we begin to look", [(RED, 20)], RED, False),
        ("hidden as it came", [(GREEN, 9), (UNKNOWN, 8), (RED, 9)], RED, False),
        ("hidden for a while", [*CYCLE, (UNKNOWN, 8), (RED, 9)], RED, False),
        ("out of a dark head: a tail lamp, the sun", [(OFF, 5), (RED, 20)], UNKNOWN, False),
        ("out of a head that went dark in green", [(GREEN, 9), (OFF, 20), (RED, 20)], UNKNOWN, False),
        ("out of a head that went dark in red", [*CYCLE, (OFF, 20), (RED, 20)], UNKNOWN, False),
        ("a lorry before a dark head", [(OFF, 5), (UNKNOWN, 3), (RED, 9)], UNKNOWN, False),
        ("yellow and red of a dark head", [(OFF, 30), (YELLOW, 3), (RED, 9)], UNKNOWN, False),
        ("twice before a dark head", [(OFF, 9), (RED, 3), (OFF, 3), (RED, 9)], UNKNOWN, False),
        ("yellow in red's place before", [(GREEN, 9), (MOVED, 3), (RED, 9)], UNKNOWN, False),
        ("green after the dark: it works again", [(OFF, 30), *CYCLE], RED, True),
        ("after flashing at night", [(GREEN, 1), *[(YELLOW, 0.5), (OFF, 0.5)] * 20, (YELLOW, 3), (RED, 9)], RED, True),
        ("not to be read for long, then red", [*CYCLE, (UNKNOWN, 400), (RED, 9)], UNKNOWN, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_red_is_believed_by_how_it_came(why: str, phases: Phases, state: LampState, seen: bool) -> None:
    history, end_s = watched(phases)
    assert (history.at(end_s), history.onset_seen(end_s)) == (state, seen), why


def test_a_red_that_was_there_from_the_start_and_never_ends_is_believed_for_no_longer_than_a_red_lasts() -> None:
    history, _ = watched([(RED, 400)], fps=4)
    assert [(s.state, s.to_s) for s in history.spans(0, 999)] == [(RED, 180.25), (UNKNOWN, 399.75)]
    assert (history.at(179.0), history.at(200.0), history.since(200.0)) == (RED, UNKNOWN, 180.25)
    assert history.starts == [0.0, 180.25]
    stuck, end_s = watched([*CYCLE, (RED, 400)], fps=4)
    assert (stuck.at(300.0), stuck.at(end_s)) == (RED, UNKNOWN), "a signal that hangs in red"


def test_the_onset_of_a_red_that_lasts_longer_than_the_past_is_kept_is_still_known() -> None:
    history, end_s = watched([(GREEN, 20), (YELLOW, 3), (RED, 110)])
    assert history.onset_seen(end_s)
    assert len(history.starts) == 1, "what came before has been forgotten"


def test_within_its_usual_red_a_head_that_beats_slowly_is_believed_with_a_flag() -> None:
    history, end_s = watched([*CYCLE * 5, (GREEN, 20), (YELLOW, 3), (RED, 9), (OFF, 1.6), (RED, 9)], fps=5)
    assert (history.at(end_s), history.onset_seen(end_s)) == (RED, False)
    later, end_s = watched([*CYCLE * 5, (GREEN, 20), (YELLOW, 3), (RED, 29), (OFF, 9), (RED, 9)], fps=5)
    assert later.at(end_s) == UNKNOWN


def test_a_street_lamp_in_the_yellow_lens_of_a_dark_head_is_no_yellow_and_makes_no_red_believable() -> None:
    history, end_s = watched([(OFF, 200), (YELLOW, 30), (UNKNOWN, 5), (RED, 9)], fps=5)
    assert (history.at(220.0), history.at(end_s)) == (UNKNOWN, UNKNOWN)


def test_what_is_known_of_a_head_outlives_a_cut_of_the_stream() -> None:
    plan = HeadPlan(HEAD)
    watched([*CYCLE * 6], plan=plan, fps=5)
    again, end_s = watched([(RED, 20)], plan=plan, from_s=330.0)
    assert again.at(end_s) == RED, "it showed green a cycle ago"
    assert plan.state(end_s) == "good"
    assert plan.usual_s(RED) == pytest.approx(30, abs=0.3)
    dark = HeadPlan(HEAD)
    watched([(OFF, 400)], plan=dark, fps=5)
    phantom, end_s = watched([(RED, 20)], plan=dark, from_s=410.0)
    assert phantom.at(end_s) == UNKNOWN, "the camera reconnects while the sun is on a dark head"


def test_a_head_that_has_no_other_lens_is_asked_for_no_order_and_one_that_a_controller_tells_is() -> None:
    arrow = SignalHead.model_validate({"id": "h", "lamps": [{"colour": "red", "box": [0, 0, 20, 20]}]})
    told = SignalHead.model_validate({"id": "h", "source": "controller"})
    for head, state in ((arrow, RED), (told, UNKNOWN)):
        history, end_s = watched([(OFF, 20), (RED, 9)], head=head)
        assert (history.at(end_s), history.onset_seen(end_s)) == (state, False)
    reported, end_s = watched([*CYCLE], head=told)
    onset = reported.onset(end_s)
    assert onset is not None
    assert onset.yellow_s == pytest.approx(3.0, abs=0.11), "what a controller tells is measured too"


@settings(max_examples=60, deadline=None)
@given(
    st.floats(7, 60),
    st.lists(st.tuples(st.sampled_from([OFF, UNKNOWN, RED, YELLOW]), st.floats(0.3, 12)), min_size=1, max_size=8),
    st.booleans(),
)
def test_whatever_shines_on_a_dark_head_it_is_never_red_until_it_was_green(
    dark_s: float, phases: list[tuple[LampState, float]], worked: bool
) -> None:
    before: Phases = [*CYCLE] if worked else []
    begins_s = sum(seconds for _, seconds in before)
    history, _ = watched([*before, (OFF, dark_s), *phases])
    assert RED not in {span.state for span in history.spans(begins_s + 1.5, 1e9)}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([5.0, 6.0, 10.0, 12.5, 15.0]), st.floats(0, 0.3), st.floats(3.0, 5.0))
def test_a_yellow_that_is_long_enough_is_never_said_to_be_short_and_is_measured_to_a_picture(
    fps: float, offset_s: float, yellow_s: float
) -> None:
    history, end_s = watched([(GREEN, 9), (YELLOW, yellow_s), (RED, 9)], fps=fps, offset_s=offset_s)
    onset = history.onset(end_s)
    assert onset is not None
    assert onset.yellow_s is not None
    assert onset.yellow_most_s is not None
    assert not history.plan.short(onset)
    assert abs(onset.yellow_s - yellow_s) <= 1 / fps + 1e-6
    assert yellow_s <= onset.yellow_most_s + 1e-6


@pytest.mark.parametrize("fps", [5.0, 10.0, 15.0])
@pytest.mark.parametrize(("between", "seconds"), [(YELLOW, 2.3), (OFF, 2.0), (YELLOW, 1.0), (UNKNOWN, 0.1)])
def test_a_short_yellow_is_told_and_so_is_none(between: LampState, seconds: float, fps: float) -> None:
    history, end_s = watched([(GREEN, 9), (between, seconds), (RED, 9)] * 3, fps=fps)
    onset = history.onset(end_s)
    assert onset is not None
    assert history.plan.short(onset)
    assert history.plan.state(end_s) == "yellow_short"


def test_a_yellow_that_was_shortened_since_it_was_learnt_is_told() -> None:
    plan = HeadPlan(HEAD)
    watched([(GREEN, 9), (YELLOW, 4.5), (RED, 9)] * 8, plan=plan)
    assert not plan.yellow_changed
    _, end_s = watched([(GREEN, 9), (YELLOW, 3.5), (RED, 9)] * 4, plan=plan, from_s=200.0)
    assert plan.yellow_changed
    assert plan.state(end_s) == "yellow_changed"
    assert plan.health(end_s).yellow_s == pytest.approx(3.5, abs=0.11)


@pytest.mark.parametrize(
    ("state", "phases"),
    [
        ("watching", [(RED, 30)]),
        ("good", [*CYCLE] * 2),
        ("dark", [*CYCLE, (OFF, 200)]),
        ("unread", [*CYCLE, (UNKNOWN, 200)]),
        ("flashing", [*CYCLE, *[(YELLOW, 0.5), (OFF, 0.5)] * 190]),
        ("no_onset", [(OFF, 20), (RED, 20), (OFF, 20)]),
        ("two_at_once", [(GREEN, 20), (BOTH, 3), (RED, 20)]),
        ("misplaced", [(GREEN, 20), (MOVED, 3), (RED, 20)]),
        ("never_red", [*CYCLE, *[(GREEN, 100), (UNKNOWN, 20)] * 6]),
        ("never_green", [*CYCLE, *[(YELLOW, 3), (RED, 100)] * 7]),
        ("no_onset", [*CYCLE, (RED, 320)]),
        ("yellow_short", [(GREEN, 20), (YELLOW, 1), (RED, 20)] * 3),
        ("cycle_unusual", [*[*CYCLE] * 7, *[(GREEN, 3), (YELLOW, 3), (RED, 30)] * 3]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_how_a_head_is_is_told(state: str, phases: Phases) -> None:
    history, end_s = watched(phases)
    assert history.plan.state(end_s) == state


def two_heads(**second: object) -> list[SignalHead]:
    base = {"id": "a", "lamps": [lamp.model_dump() for lamp in HEAD.lamps], "governs": ["line"]}
    beside = [{**lamp.model_dump(), "box": [v + (80 if i % 2 == 0 else 0) for i, v in enumerate(lamp.box)]}
              for lamp in HEAD.lamps]  # fmt: skip
    return [SignalHead.model_validate(h) for h in (base, {**base, "id": "b", "lamps": beside, **second})]


@pytest.mark.parametrize(
    ("why", "second", "shown", "told"),
    [
        ("they agree", {}, "red", ["watching", "watching"]),
        ("one is green while the other is red", {}, "green", ["contradicts", "contradicts"]),
        ("one is an arrow", {"arrow": "right", "movements": ["right"]}, "green", ["watching", "watching"]),
        ("for another line", {"governs": ["other"]}, "green", ["watching", "watching"]),
        ("for other movements", {"movements": []}, "green", ["watching", "watching"]),
    ],
)
def test_heads_of_one_approach_that_contradict_each_other_are_told(
    why: str, second: dict[str, object], shown: str, told: list[str]
) -> None:
    signals = Signals(two_heads(**second))
    for frame in range(60):
        signals.observe(frame, frame / 10, np.hstack([drawn("red", seed=frame), drawn(shown, seed=frame + 1)]))
    assert [head.state for head in signals.told] == told, why
    flags, reasons = signals.doubts(["a"], 5.0, 6.0)
    assert ("signal_in_doubt" in flags, reasons.get("signal_doubt")) == (
        ("contradicts" in told), "contradicts" if "contradicts" in told else None,
    )  # fmt: skip


def test_the_margins_that_are_handed_in_judge() -> None:
    strict = HeadPlan(HEAD, SignalPlanMargins(yellow_least_s=4.0))
    history, end_s = watched([*CYCLE], plan=strict)
    onset = history.onset(end_s)
    assert onset is not None
    assert strict.short(onset)
