"""Stream time to wall clock: what is trusted, and what a packet says when it cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.margins import explained
from edge.video.clock import StreamClock
from edge.video.cut import CutMargins
from edge.video.kernel_clock import kernel_clock_synchronised
from edge.video.margins import ArrivalMargins, ClockMargins, SegmentMargins, StreamTimeMargins
from edge.video.ring import ClipMargins

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def live(synchronised: bool | None = True) -> StreamClock:
    clock = StreamClock(file=False, system_synchronised=lambda: synchronised)
    clock.start_segment(0.0)
    return clock


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_by_arrival_the_least_delay_counts() -> None:
    clock = live()
    for t_s, delay_s in ((0.0, 0.9), (0.04, 0.5), (0.08, 0.1), (0.12, 0.4)):
        clock.observe_arrival(t_s, at(t_s + delay_s))
    assert (clock.wall_at(5.0) - at(5.1)).total_seconds() == pytest.approx(0, abs=0.001)


def test_a_slow_camera_crystal_is_followed() -> None:
    clock = live()
    for second in range(3600):
        clock.observe_arrival(second * 0.99995, at(second))
    assert (clock.wall_at(3599 * 0.99995) - at(3599)).total_seconds() == pytest.approx(0, abs=0.05)


CASES = [
    # what it shows, camera's offset, node synchronised -> source, synchronised, flags
    ("camera agrees, node disciplined", 0.3, True, "camera", True, []),
    ("camera agrees, node free", 0.3, False, "camera", False, ["clock_unsure"]),
    ("camera agrees, node unknown", 0.3, None, "camera", False, ["clock_unsure"]),
    ("camera an hour off", 3600.0, True, "system", True, ["camera_clock_off"]),
    ("camera just over a second off", -1.1, True, "system", True, ["camera_clock_off"]),
    ("camera silent", None, True, "system", True, []),
    ("camera silent, node free", None, False, "system", False, ["clock_unsure"]),
]


@pytest.mark.parametrize(
    ("name", "offset_s", "node", "source", "synchronised", "flags"), CASES, ids=[c[0] for c in CASES]
)
def test_which_clock_is_used_and_what_is_flagged(
    name: str, offset_s: float | None, node: bool | None, source: str, synchronised: bool, flags: list[str]
) -> None:
    clock = live(node)
    clock.observe_arrival(0.0, at(0.0))
    if offset_s is not None:
        clock.observe_sender(0.0, at(offset_s).timestamp())
    state, raised = clock.state(1.0)
    assert (state.source, state.synchronised, raised) == (source, synchronised, flags)
    used_s = offset_s if source == "camera" and offset_s is not None else 0.0
    assert (clock.wall_at(1.0) - at(1.0 + used_s)).total_seconds() == pytest.approx(0, abs=1e-3)


def test_an_act_before_a_reconnect_keeps_the_clock_of_its_own_connection() -> None:
    clock = live()
    clock.observe_arrival(0.0, at(0.0))
    clock.start_segment(10.0)
    clock.observe_arrival(10.0, at(15.0))
    assert clock.wall_at(5.0) == at(5.0)
    assert clock.wall_at(12.0) == at(17.0)


def test_a_recording_without_a_start_time_is_in_doubt() -> None:
    clock = StreamClock(file=True)
    clock.start_segment(0.0)
    clock.observe_arrival(0.0, at(0.0))
    clock.observe_arrival(1.0, at(0.1))  # read faster than real time
    assert clock.wall_at(1.0) == at(1.0)
    state, flags = clock.state(1.0)
    assert (state.source, state.synchronised, flags) == ("file", False, ["clock_unsure"])


def test_before_the_first_frame_there_is_no_time() -> None:
    with pytest.raises(ValueError, match="no frame"):
        StreamClock(file=False).wall_at(0.0)


def test_the_margins_that_are_handed_in_are_those_that_judge() -> None:
    strict = StreamClock(
        file=False, system_synchronised=lambda: True, margins=ClockMargins(used_offset_s=0.1, max_offset_s=0.2)
    )
    for clock, flags in ((live(), []), (strict, ["camera_clock_off"])):
        clock.start_segment(0.0)
        clock.observe_arrival(0.0, at(0.0))
        clock.observe_sender(0.0, at(0.3).timestamp())
        assert clock.state(1.0)[1] == flags


@pytest.mark.parametrize(
    "margins",
    [ArrivalMargins(), StreamTimeMargins(), SegmentMargins(), ClockMargins(), CutMargins(), ClipMargins()],
    ids=lambda m: type(m).__name__,
)
def test_every_number_of_the_video_says_its_unit_reason_and_source(margins: object) -> None:
    assert all(m.unit and m.why and m.source for m in explained(margins))


def test_the_kernel_is_asked() -> None:
    assert kernel_clock_synchronised() in (True, False, None)
