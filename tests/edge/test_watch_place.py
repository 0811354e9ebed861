"""A drawn junction whose camera is knocked, turned, zoomed, sags or swings: no act is told that is none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from edge.types import ActEvent, Frame, Image, Still
from edge.watch.picture import PictureWatch
from edge.watch.reference import KeptReference
from edge.watch.report import Entry
from evidence.acts import ActCode
from tests.edge.perception import act
from tests.edge.street import (
    BEGIN,
    LENSES,
    Mast,
    at_rest,
    drives,
    knocked,
    lamps,
    moved,
    picture,
    play,
    street,
    waits,
)

LAMP = lamps((0, "green"), (6, "yellow"), (9, "red"))
QUEUE = [waits(8, 240), waits(8.5, 340, 306), waits(9, 420, 309)]
"""Who stops lawfully, the rear 6 to 9 px before the line."""
RUNNERS = (13.0, 21.0)
TRAFFIC = [drives(7.5, 160), *QUEUE, drives(RUNNERS[0], 140), drives(RUNNERS[1], 470)]
"""One passes on yellow, three wait, two run the red."""


class Learning(PictureWatch):
    """Watches nothing: what was told before there was a watch."""

    def look(self, frame: Frame) -> None:
        pass


def test_without_a_watch_a_knocked_camera_accuses_who_waits() -> None:
    """The tests below would show nothing if it did not."""
    events, _ = play(TRAFFIC, LAMP, seconds=20, mast=knocked(11, 0, -12), watch=Learning(street()), fps=8)
    assert ActCode.STOPPED_PAST_LINE in [e.act for e in events]


MOVES: list[tuple[str, float, tuple[float, ...]]] = [
    ("up, while it is first looked at", 0.5, (0, -10)),
    ("up, before anybody comes", 4, (0, -8)),
    ("up, as the queue stands", 11, (0, -12)),
    ("up by a lens, in yellow", 6.5, (0, -20)),
    ("aside, between the line and the settling of an act", 13.4, (40, 10)),
    ("turned a little, before the second runner", 19, (0, 0, 0.8)),
    ("turned much", 10, (0, 0, 3)),
    ("zoomed", 12, (0, 0, 0, 1.03)),
    ("zoomed out, turned and shifted at once", 20.5, (-10, 15, -1, 0.97)),
]


@pytest.mark.parametrize(("why", "at_s", "how"), MOVES, ids=[m[0] for m in MOVES])
def test_a_knocked_camera_accuses_nobody_and_says_so_within_a_minute(
    why: str, at_s: float, how: tuple[float, ...]
) -> None:
    watch = PictureWatch(street())
    events, states = play(TRAFFIC, LAMP, seconds=26, mast=knocked(at_s, *how), watch=watch, fps=8)
    assert all(e.act == ActCode.RED_LIGHT and min(abs(e.t_s - r) for r in RUNNERS) < 0.3 for e in events)
    assert all(e.t_s < at_s for e in events)
    (noticed_s,) = [t_s for t_s, state in states if state == "moved"]
    assert at_s <= noticed_s <= at_s + 15
    assert watch.report.state == "moved"
    if (at_s, how) == (11, (0, -12)):
        assert watch.report.acts_held >= 3, "told in health: the queue, and runners who were seen too late"


@pytest.mark.parametrize(
    ("why", "mast"),
    [
        ("at rest", at_rest),
        ("wind", lambda t_s: moved(3 * math.sin(9 * t_s), 8 * math.sin(12.6 * t_s))),
        ("a gust", lambda t_s: moved(0, 8 * math.sin(12.6 * t_s) * (12 < t_s < 15))),
    ],
    ids=["at rest", "wind", "a gust"],
)
def test_in_wind_nothing_is_alarmed_and_acts_are_found_as_before(why: str, mast: Mast) -> None:
    watch = PictureWatch(street())
    events, states = play(TRAFFIC, LAMP, seconds=25, mast=mast, watch=watch, fps=8)
    assert [(e.act, round(e.t_s)) for e in events] == [(ActCode.RED_LIGHT, 13), (ActCode.RED_LIGHT, 21)]
    assert [e.flags for e in events] == [[], []]
    assert {state for _, state in states} <= {"learning", "in_place", "shaking"}
    assert watch.report.acts_held == 0


def test_a_stream_that_ends_within_a_swing_is_no_camera_that_moved() -> None:
    """Less than half a swing was seen since the last act was offered: its middle says nothing of the place."""
    watch = PictureWatch(street())
    events, states = play(
        TRAFFIC, LAMP, seconds=25, mast=lambda t_s: moved(0, 8 * math.sin(3.14 * t_s)), watch=watch, fps=8
    )
    assert [round(e.t_s) for e in events] == [13, 21]
    assert {state for _, state in states} <= {"learning", "shaking"}
    assert (watch.report.state, watch.report.acts_held) == ("shaking", 0)


def test_a_sagging_mount_accuses_nobody() -> None:
    watch = PictureWatch(street())
    sag: Mast = lambda t_s: moved(0, -24 * min(max((t_s - 6) / 25, 0), 1))  # noqa: E731
    events, states = play(QUEUE, LAMP, seconds=34, mast=sag, watch=watch, fps=8)
    assert events == []
    assert watch.report.acts_held >= 3
    assert states[-1][1] == "moved"


@pytest.mark.parametrize(("seen_s", "told"), [(0.0, False), (0.75, True)], ids=["before the gust died", "after"])
def test_an_act_from_before_the_place_was_known_is_judged_by_the_place_found(seen_s: float, told: bool) -> None:
    """The first picture was taken in a gust that soon died: the camera's place lies 10 px beside it."""
    watch = PictureWatch(street())
    out: list[ActEvent] = []
    for index in range(120):
        t_s = index / 8
        image = picture(index, [], "red", moved(0, 10) if t_s < 0.3 else moved())
        watch.look(Frame(index, t_s, image, BEGIN, index))
        still = {"still_on": Still(index, t_s, image)}
        acts = [replace(act(Frame(index, t_s, image, BEGIN, index)), stills=still)] if t_s == seen_s else []
        out += watch.told(acts)
    assert watch.report.state == "in_place"
    assert [(e.t_s, e.flags) for e in out] == ([(seen_s, [])] if told else [])


class Kept:
    """A reference of another day, of the street without traffic."""

    def __init__(self) -> None:
        self.saved: list[KeptReference] = []

    def load(self) -> KeptReference | None:
        return KeptReference(picture(0, [], "red", moved()), "scene", BEGIN)

    def save(self, kept: KeptReference) -> None:
        self.saved.append(kept)


def test_a_camera_that_was_knocked_while_the_box_was_off_reads_no_yellow_as_red() -> None:
    """20 px up: the yellow lamp lies in the red lens' box, and who passes on yellow would have run the red."""
    assert LENSES["yellow"][1] - LENSES["red"][1] == 20
    watch = PictureWatch(street(), store=Kept())
    yellow = lamps((0, "green"), (6, "yellow"))
    passing = [drives(at_s, 200) for at_s in (8.0, 11.0, 14.0)]
    events, states = play(passing, yellow, seconds=19, mast=knocked(0, 0, -20), watch=watch, fps=8)
    assert events == []
    assert states[-1] == (pytest.approx(1.0, abs=1.0), "moved")
    assert watch.report.reference == "scene"


def test_put_back_it_goes_on_by_itself_and_the_record_has_states_times_and_what_was_held() -> None:
    record: list[Entry] = []
    watch = PictureWatch(street(), store=Kept(), write=record.append)
    there: Mast = lambda t_s: moved(0, -7) if 4 <= t_s < 17 else moved()  # noqa: E731
    # moved, it saw the lamps elsewhere: the red is believed again once the head was seen to be green
    lamp = lamps((0, "green"), (6, "yellow"), (9, "red"), (17.5, "green"), (19.5, "red"))
    events, _ = play(TRAFFIC, lamp, seconds=28, mast=there, watch=watch, fps=8)
    assert [round(e.t_s) for e in events if e.act == ActCode.RED_LIGHT] == [21], "the one who ran it once it was back"
    assert all(e.t_s > 17 for e in events)
    states = [e for e in record if e.kind == "state"]
    assert [e.told["state"] for e in states] == ["learning", "in_place", "moved", "in_place"]
    assert all(e.at is not None for e in states)
    held = [e for e in record if e.kind == "held"]
    assert len(held) == watch.report.acts_held > 0
    assert all(e.told["act"] and e.told["why"] == "moved" for e in held)


def test_too_little_to_see_is_told_and_holds_nothing_for_ever() -> None:
    """Nothing but vehicles and lamps can be seen: acts are told with a flag."""

    def fog(t_s: float, image: Image) -> Image:
        coloured = np.ptp(image.astype(np.int16), axis=2) > 60
        return np.where(coloured[..., None], image, 90).astype(np.uint8)

    watch = PictureWatch(street())
    events, states = play(TRAFFIC, LAMP, seconds=26, watch=watch, fps=8, spoil=fog)
    assert [(e.act, round(e.t_s), e.flags) for e in events] == [
        (ActCode.RED_LIGHT, at_s, ["camera_position_unsure"]) for at_s in RUNNERS
    ]
    assert (states[-1][1], watch.report.acts_held) == ("unsure", 0)
