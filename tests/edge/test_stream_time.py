"""Stream time over cameras that misbehave: no picture is dated wrong without a flag, and no camera goes blind."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.edge.cameras import FPS, Box, Picture, steady

ACT_S = 6.0
DOUBTS = {"clock_unsure", "stream_time_step", "camera_clock_off"}


def told(pictures: list[Picture], change: object) -> list[Picture]:
    return [replace(p, told_s=change(i, p)) for i, p in enumerate(pictures)]  # type: ignore[operator]


def arriving_in_order(pictures: list[Picture]) -> list[Picture]:
    out: list[Picture] = []
    for picture in pictures:
        last_s = out[-1].arrives_s + 1e-4 if out else 0.0
        out.append(replace(picture, arrives_s=max(picture.arrives_s, last_s)))
    return out


@pytest.mark.parametrize("by_s", [37600.0, -9800.0, 3.0, -3.0, 0.9, -0.9])
def test_a_lone_picture_that_is_off_is_stamped_between_its_neighbours(by_s: float) -> None:
    box = Box().watch(told(steady(40), lambda i, p: p.told_s + (by_s if i % 30 == 29 else 0.0)))
    assert [t for _, t in box.stamps] == pytest.approx([p.true_s for p, _ in box.stamps], abs=1e-3)
    assert max(abs(box.error_of(p, t)) for p, t in box.stamps) < 0.2
    assert box.position.counts.restamped == 16
    assert box.position.counts.steps == 0
    assert set(box.segments) == {0}
    assert box.clock.state(20.0, 14.0, 26.0)[1] == []
    assert box.ring.cut(20.0, 30.0, holding_s=25.0).complete


def test_a_lone_picture_that_is_off_before_a_pause_is_not_stamped_into_the_pause() -> None:
    """Its neighbour comes 3 s later: a stamp between the two would lie ahead of arrival, and all that follows early."""
    pictures = [p for p in steady(60) if not 23.04 < p.true_s < 26.2]
    box = Box().watch(told(pictures, lambda i, p: p.told_s - (100.0 if p.true_s == pytest.approx(23.04) else 0.0)))
    assert max(abs(box.error_of(p, t)) for p, t in box.stamps) < 0.2
    assert [t for _, t in box.stamps] == pytest.approx([p.true_s for p, _ in box.stamps], abs=0.1)


def test_a_clip_of_a_camera_whose_time_stood_still_is_not_whole() -> None:
    pictures = told(
        arriving_in_order([replace(p, arrives_s=p.arrives_s + (7.6 if p.true_s >= 1 else 0.0)) for p in steady(20)]),
        lambda i, p: 0.0,
    )
    box = Box()

    def look(index: int) -> None:
        if index == 20:
            assert not box.ring.cut(0.0, ACT_S, holding_s=0.0).complete

    box.watch(pictures, look)


@pytest.mark.parametrize("by_s", [-4.0, -36000.0, -1.5, 2.0, 3600.0, 36000.0])
def test_a_step_that_stays_is_a_new_segment_that_goes_on_by_arrival(by_s: float) -> None:
    box = Box().watch(told(steady(60), lambda i, p: p.told_s + (by_s if p.true_s >= 30 else 0.0)))
    assert [t for _, t in box.stamps] == pytest.approx([p.true_s for p, _ in box.stamps], abs=0.2)
    assert max(abs(box.error_of(p, t)) for p, t in box.stamps) < 0.3
    assert box.position.counts.steps == 1
    assert box.segments[: round(29 * FPS)] == [0] * round(29 * FPS)
    assert box.segments[-1] == 1
    for at_s, touched in ((20.0, False), (26.0, True), (33.0, True), (55.0, False)):
        flags = box.clock.state(at_s, at_s - ACT_S, at_s + ACT_S)[1]
        assert ("stream_time_step" in flags) == ("clock_unsure" in flags) == touched, at_s
    clip = box.ring.cut(24.0, 36.0, holding_s=30.0)
    assert clip.complete
    assert clip.from_s <= 24.0
    assert clip.to_s >= 35.8


@pytest.mark.parametrize(
    ("what", "rate"),
    [("stands still", 0.0), ("crawls", 0.1), ("half", 0.5), ("slow", 0.9), ("fast", 1.2), ("double", 2)],
)
def test_a_camera_that_counts_wrongly_is_seen_by_arrival_and_in_doubt(what: str, rate: float) -> None:
    flags: dict[float, list[str]] = {}

    def look(index: int) -> None:
        if index % 50 == 0 and index > 200:
            picture, t_s = box.stamps[-100]
            if not box.clock.state(t_s, t_s - ACT_S, t_s + ACT_S)[1]:
                assert abs(box.error_of(picture, t_s)) <= 1.0
            flags[index] = box.clock.state(t_s, t_s - ACT_S, t_s + ACT_S)[1]

    box = Box()
    box.watch(told(steady(120), lambda i, p: p.true_s * rate), look)
    times = [t for _, t in box.stamps]
    assert times[-1] == pytest.approx(120, abs=15)
    assert sum(b - a < 0.01 for a, b in pairwise(times)) < 0.2 * len(times)
    assert any("clock_unsure" in f for f in flags.values())


def test_after_nonsense_has_ended_the_cameras_time_counts_again() -> None:
    chance = random.Random(1)
    pictures = told(steady(200), lambda i, p: chance.uniform(-1e5, 1e5) if p.true_s < 60 else p.told_s)
    box = Box().watch(pictures)
    assert [t for _, t in box.stamps] == pytest.approx([p.true_s for p, _ in box.stamps], abs=1.0)
    assert "clock_unsure" in box.clock.state(50.0)[1]
    assert box.clock.state(180.0, 174.0, 186.0)[1] == []


def test_a_network_that_stalls_and_catches_up_changes_no_time() -> None:
    pictures = arriving_in_order(
        [replace(p, arrives_s=35.0 if 30 <= p.true_s < 35 else p.arrives_s) for p in steady(60)]
    )
    box = Box().watch(pictures)
    assert [t for _, t in box.stamps] == pytest.approx([p.true_s for p, _ in box.stamps], abs=1e-3)
    assert box.position.counts.steps == 0
    assert box.clock.state(32.0, 26.0, 38.0)[1] == []


def test_a_camera_that_lost_pictures_in_a_stall_has_a_gap_and_its_clip_says_so() -> None:
    pictures = arriving_in_order(
        [
            replace(p, arrives_s=max(p.arrives_s, 36.0) if p.true_s >= 30 else p.arrives_s)
            for p in steady(60)
            if not 31 <= p.true_s < 35
        ]
    )
    box = Box().watch(pictures)
    assert [t for _, t in box.stamps] == pytest.approx([p.true_s for p, _ in box.stamps], abs=1e-3)
    clip = box.ring.cut(27.0, 39.0, holding_s=33.0)
    assert not clip.complete
    assert "no picture from 30.9" in clip.note


@pytest.mark.parametrize("step_s", [3600.0, 86400.0 * 200, -3600.0, 0.8, -0.8])
def test_a_step_of_the_boxs_clock_is_a_new_anchor(step_s: float) -> None:
    """The clock is wrong by `-step_s` until NTP sets it at second 60, as in a box without a battery."""
    seen: dict[float, tuple[float, bool, bool]] = {}
    box = Box(error_s=lambda s: 0.0 if s >= 60 else -step_s, synchronised=lambda s: s >= 60)

    def look(index: int) -> None:
        if index % 25 == 0 and index > 150:
            picture, t_s = box.stamps[-100]
            clock, flags = box.clock.state(t_s, t_s - ACT_S, t_s + ACT_S)
            seen[t_s] = box.error_of(picture, t_s), clock.synchronised, "clock_unsure" in flags

    box.watch(steady(200), look)
    assert all(flagged or abs(error_s) < 1 for error_s, _, flagged in seen.values())
    assert all(flagged and not synchronised for t, (_, synchronised, flagged) in seen.items() if t < 60)
    late = [v for t, v in seen.items() if t > 100]
    assert late
    assert all(abs(error_s) < 0.1 and synchronised and not flagged for error_s, synchronised, flagged in late)
    assert set(box.segments) == {0}  # nothing happened in the picture
    assert box.clock.clock_steps == 1


def test_a_step_between_two_connections_is_seen_too() -> None:
    box = Box(error_s=lambda s: 0.0 if s >= 25 else 3600.0, synchronised=lambda s: True)
    box.watch(steady(20))
    box.watch(steady(40, from_s=30.0))
    t_s = box.stamps[-1][1]
    assert abs(box.error_of(*box.stamps[-1])) < 0.2
    assert "clock_unsure" in box.clock.state(10.0)[1]
    assert box.clock.state(t_s)[1] == []
    assert box.segments[-1] == 1


@pytest.mark.parametrize("what", ["a lone slip", "a stall"])
def test_a_camera_that_counts_too_fast_from_the_start_stays_in_doubt_whatever_comes_between(what: str) -> None:
    pictures = told(steady(20), lambda i, p: 2 * p.true_s + (1000.0 if what == "a lone slip" and i == 40 else 0.0))
    if what == "a stall":
        pictures = arriving_in_order(
            [replace(p, arrives_s=5.3 if 1.2 <= p.true_s < 5.2 else p.arrives_s) for p in pictures]
        )
    box = Box()

    def look(index: int) -> None:
        picture, t_s = box.stamps[0]
        flags = box.clock.state(t_s, t_s - ACT_S, t_s + ACT_S)[1]
        assert abs(box.error_of(picture, t_s)) <= 1.0 or DOUBTS & set(flags), index

    box.watch(pictures, look)


class Weather:
    """Anything that may happen to a stream, drawn by hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        seconds = 70
        number = lambda low, high: draw(st.floats(low, high, allow_nan=False))  # noqa: E731
        jump = lambda: draw(st.sampled_from([-1, 1])) * 10 ** number(-1.3, 7.3)  # noqa: E731
        rate = draw(st.sampled_from([1.0, 1.0, 1.0, 1.0, 1.0001, 0.9999, 0.5, 2.0, 0.0]))
        pictures = steady(seconds)
        steps = [(number(1, seconds), jump()) for _ in range(draw(st.integers(0, 3)))]
        slips = {draw(st.integers(0, len(pictures) - 1)): jump() for _ in range(draw(st.integers(0, 12)))}
        stalls = [(number(1, seconds), number(0, 8)) for _ in range(draw(st.integers(0, 2)))]
        holes = [(number(1, seconds), number(0, 5)) for _ in range(draw(st.integers(0, 2)))]
        chance = random.Random(draw(st.integers(0, 1000)))
        jitter_s = number(0, 0.15)
        out = []
        for i, p in enumerate(pictures):
            if any(at <= p.true_s < at + hole for at, hole in holes):
                continue
            told_s = p.true_s * rate + sum(by for at, by in steps if p.true_s >= at) + slips.get(i, 0.0)
            arrives_s = p.true_s + 0.05 + chance.uniform(0, jitter_s)
            arrives_s = max([arrives_s, *(at + s for at, s in stalls if at <= p.true_s < at + s)])
            out.append(Picture(p.true_s, told_s, arrives_s))
        self.pictures = arriving_in_order(out)
        self.first_error_s = draw(st.sampled_from([0.0, 0.0, jump()]))
        self.set_at_s = number(0, seconds)
        self.again_s = (number(1, seconds), draw(st.sampled_from([0.0, 0.0, jump()])))
        self.noticed_s = number(0, 10)

    def error_s(self, true_s: float) -> float:
        set_s, by_s = self.again_s
        wrong_s = self.first_error_s if true_s < self.set_at_s else 0.0
        return max(wrong_s + (by_s if true_s >= set_s else 0.0), -5e7)

    def synchronised(self, true_s: float) -> bool:
        """The kernel says yes while the clock is right, and for some seconds after it was set wrong."""
        set_s, by_s = self.again_s
        if true_s < self.set_at_s and self.first_error_s:
            return False
        return not (by_s and true_s >= set_s + self.noticed_s)


@settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_over_anything_a_stream_may_do_no_act_is_dated_wrong_without_a_flag(data: st.DataObject) -> None:
    weather = data.draw(st.composite(Weather)())
    box = Box(error_s=weather.error_s, synchronised=weather.synchronised)
    open_acts: list[tuple[Picture, float]] = []

    def make_packets(index: int) -> None:
        """As the recorder does: the packet is made when the ring holds the end of the clip."""
        if index % 37 == 0 and box.stamps:
            open_acts.append(box.stamps[-1])
        newest_s = box.ring.newest_s or 0.0
        for act in [a for a in open_acts if newest_s >= a[1] + ACT_S]:
            open_acts.remove(act)
            picture, t_s = act
            flags = box.clock.state(t_s, t_s - ACT_S, t_s + ACT_S)[1]
            error_s = box.error_of(picture, t_s)
            assert abs(error_s) <= 1.0 or DOUBTS & set(flags), (picture, t_s, error_s)
            clip = box.ring.cut(max(t_s - ACT_S, 0.0), t_s + ACT_S, holding_s=t_s)
            assert clip.from_s - 1e-6 <= t_s <= clip.to_s + 1e-6 or "does not show" in clip.note
            shown = sorted(t for _, t in box.stamps if t_s - ACT_S <= t <= t_s + ACT_S)
            worst_s = max((b - a for a, b in pairwise(shown)), default=99.0)
            if clip.complete:
                assert worst_s <= 0.5
            if clip.complete and not flags:  # a camera in doubt may count twice as fast as pictures are taken
                assert len(shown) >= 0.5 * FPS * min(2 * ACT_S, ACT_S + t_s) - 2

    box.watch(weather.pictures, make_packets)
    times = [t for _, t in box.stamps]
    assert all(a < b for a, b in pairwise(times))
    assert len(times) >= len(weather.pictures) - 2
    gone_s = weather.pictures[-1].arrives_s - weather.pictures[0].arrives_s
    assert times[-1] == pytest.approx(gone_s, abs=25.0)  # one that counts twice as fast is asked for so long
    assert sum(b - a < 0.005 for a, b in pairwise(times)) < 0.5 * len(times)
