"""Traffic beside other days: what jumps is held and asked about, and what is only usual, quiet or new is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countries.here import HERE
from edge.delivery.centre_trust import CentreTrust
from edge.delivery.switch_book import SwitchBook
from edge.types import ActEvent, Frame
from edge.watch.report import Entry
from edge.watch.traffic import Counted, Hour, TrafficMargins, Usual, as_often, as_rarely, hour_of, jump, unusual, usual
from edge.watch.traffic_book import TRAFFIC_FILE, TrafficBook
from edge.watch.traffic_told import traffic_fault
from edge.watch.traffic_watch import TrafficWatch
from evidence.acts import ActCode
from evidence.packet import utc_text
from evidence.seal import SigningKey
from evidence.switches import Switch, sign_switches
from tests.edge.perception import act
from tests.evidence.test_switches import switch

M = TrafficMargins()
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=HERE.zone).astimezone(UTC)
"""A Wednesday, eight o'clock there."""
RED = "red_light"


def other_days(acts: int = 50, vehicles: int = 5000, days: int = 5, **counted: int) -> Usual:
    return Usual(days, "workday", Counted(days * 3600.0, vehicles, {RED: acts}, **counted))


def until_held(vehicles_an_act: float, other: Usual, *, kinds: int = 5, most: int = 400) -> int | None:
    """Acts until there is a jump, if they come evenly."""
    for acts in range(1, most):
        if jump(Counted(600.0, round(acts * vehicles_an_act), {RED: acts}), other, kinds, M) is not None:
            return acts
    return None


@pytest.mark.parametrize(
    ("vehicles_an_act", "usual_acts", "usual_vehicles", "most", "why"),
    [
        (10, 50, 5000, 22, "ten times as many"),
        (1, 50, 5000, 16, "every vehicle is accused: the first acts count as among a hundred vehicles"),
        (100, 20, 20_000, 30, "ten times as many where there are hardly any"),
        (100, 0, 20_000, 9, "where there never were any"),
        (20, 50, 5000, 180, "five times as many: in an hour or two of a busy road"),
    ],
)
def test_a_jump_is_found_within_so_many_acts(
    vehicles_an_act: int, usual_acts: int, usual_vehicles: int, most: int, why: str
) -> None:
    found = until_held(vehicles_an_act, other_days(usual_acts, usual_vehicles))
    assert M.least_acts <= (found or most + 1) <= most, (why, found)


@pytest.mark.parametrize(
    ("now", "other", "why"),
    [
        (Counted(3600, 1000, {RED: 10}), other_days(), "as usual"),
        (Counted(3600, 1000, {RED: 20}), other_days(), "twice as many: a feast, a queue"),
        (Counted(3600, 5000, {RED: 50}), other_days(), "five times the traffic, and as many acts a vehicle"),
        (Counted(30, 0, {RED: 7}), other_days(), "seven riders together at the beginning of the hour"),
        (Counted(3600, 20, {RED: 8}), other_days(2, 100), "an empty night says nothing"),
        (Counted(3600, 100, {"wrong_way": 20}), other_days(0, 0), "nobody ever drove by at this hour"),
    ],
)
def test_what_is_as_usual_is_left_alone(now: Counted, other: Usual, why: str) -> None:
    assert jump(now, other, 5, M) is None, why


@pytest.mark.parametrize("acts_a_vehicle", [0.002, 0.02])
@pytest.mark.parametrize("times", [1.0, 2.0])
def test_random_traffic_of_an_ordinary_rate_is_held_no_more_often_than_said(
    acts_a_vehicle: float, times: float
) -> None:
    """Asked after each act of each hour, other days being random too; at a chance that can be counted."""
    m, random, hours = replace(M, chance=0.02), np.random.default_rng(5), 400
    held = 0
    for _ in range(hours):
        vehicles, other = int(random.poisson(400)), int(random.poisson(2000))
        usual_acts = int(random.poisson(acts_a_vehicle * other))
        acts = int(random.poisson(times * acts_a_vehicle * vehicles))
        when = np.sort(random.integers(0, vehicles + 1, acts))
        held += any(
            jump(Counted(3600, int(v), {RED: n}), other_days(usual_acts, other), 1, m) is not None
            for n, v in enumerate(when, 1)
        )
    assert held <= m.chance * hours + 3 * np.sqrt(m.chance * hours), "three standard deviations above"


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.1, 50.0), st.floats(0.1, 50.0))
def test_the_probabilities_are_those_of_two_poisson_rates(now: int, before: int, e: float, f: float) -> None:
    more, fewer = as_often(now, e, before, f), as_rarely(now - 1, e, before, f) if now else 0.0
    assert 0.0 <= more <= 1.0
    assert more + (fewer if before + now == now - 1 + before else 1.0 - more) == pytest.approx(1.0)
    assert as_often(now + 1, e, before, f) <= more + 1e-9, "more acts are never more usual"
    assert as_often(now, e, before + 1, f) >= more - 1e-9, "nor less, if other days had more"


def test_a_probability_is_exact() -> None:
    assert as_often(2, 1.0, 1, 1.0) == pytest.approx(0.5)  # 2 or 3 heads of 3
    assert as_rarely(0, 1.0, 3, 1.0) == pytest.approx(1 / 8)


@pytest.mark.parametrize(
    ("now", "found", "why"),
    [
        (Counted(3600, 2), {"few_vehicles"}, "nobody drives, though the picture is good"),
        (Counted(600, 0), {"few_vehicles"}, "ten minutes of a busy road are enough"),
        (Counted(60, 0), set(), "a minute is not"),
        (Counted(3600, 250), set(), "the first day of the new year: a quarter of the usual"),
        (Counted(3600, 1000, {}, 100, 10), {"plates_unread"}, "plates are not read any more"),
        (Counted(3600, 1000, {}, 40, 28), set(), "rain"),
    ],
)
def test_what_accuses_nobody_is_told(now: Counted, found: set[str], why: str) -> None:
    assert unusual(now, other_days(0, 5000, plates=200, plates_read=170), M) == found, why


def days(hour: int = 8, first: int = 1, last: int = 20, **changed: object) -> list[Hour]:
    each = Counted(3600.0, 1000, {RED: 10}, 10, 8)
    begin = NOW + timedelta(hours=hour - 8)
    return [replace(Hour(begin - timedelta(days=n), each), **changed) for n in range(first, last + 1)]  # type: ignore[arg-type]


def test_working_days_are_held_against_working_days_and_a_weekend_against_weekends() -> None:
    begins = hour_of(NOW, HERE.zone)
    wednesday = usual(days(), begins, HERE.zone, M)
    assert wednesday
    assert (wednesday.kind, wednesday.days) == ("workday", 14)
    sunday = usual(days(first=-3), hour_of(NOW + timedelta(days=4), HERE.zone), HERE.zone, M)
    assert sunday
    assert (sunday.kind, sunday.days) == ("weekend", 7)
    new = usual(days(last=3), hour_of(NOW + timedelta(days=4), HERE.zone), HERE.zone, M)
    assert new
    assert new.kind == "any", "too few weekends are known: any day, and no word on vehicles"
    assert usual(days(last=2), begins, HERE.zone, M) is None, "a box that is new"
    assert usual(days(hour=9), begins, HERE.zone, M) is None, "another hour"
    assert usual(days(doubted=True), begins, HERE.zone, M) is None, "what was doubted teaches nothing"
    assert usual(days(counted=Counted(60.0, 20)), begins, HERE.zone, M) is None, "hardly watched"


# --- the hold ----------------------------------------------------------------------------------------------------


class Camera:
    """A camera's watch whose clock we hold. `answers`: what people said, as it came from the centre."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self.folder, self.key, self.now = folder, key, NOW
        self.record: list[Entry] = []
        self.answers = SwitchBook("node-1", CentreTrust(key.public), now=lambda: self.now)
        self.begin_anew()

    def begin_anew(self) -> None:
        self.watch = TrafficWatch(
            "cam-1", 5, M, HERE.zone, book=TrafficBook(self.folder / TRAFFIC_FILE), answers=self.answers,
            write=self.record.append,
        )  # fmt: skip

    def drive(self, minutes: float, vehicles: float = 10, acts: float = 0.1, *, blind: bool = False) -> int:
        """So many vehicles and acts a minute. Returns how many acts were told."""
        told, due = 0, 0.0
        for step in range(round(minutes * 12)):
            self.now += timedelta(seconds=5)
            self.watch.looked(self.now, int(vehicles / 12 * (step + 1)) - int(vehicles / 12 * step), blind=blind)
            due += acts / 12
            while due >= 1.0 - 1e-9:
                due -= 1.0
                free, held = self.watch.told([an_act()], self.now)
                assert len(free) + len(held) == 1
                told += len(free)
        return told

    def say(self, kind: str, **changed: str) -> None:
        told = self.watch.report
        assert told.held_at is not None
        assert told.counted_from is not None
        since = told.held_at if kind == "traffic_right" else told.counted_from
        until = datetime.fromisoformat(since) + timedelta(hours=2)
        said = switch(kind=kind, since=since, until=utc_text(until), at=utc_text(self.now), **changed)
        self.answers.take(sign_switches([Switch.model_validate(said.model_dump(by_alias=True))], self.key))


_PICTURE = Frame(0, 10.0, np.zeros((8, 8, 3), np.uint8), NOW, 0)


def an_act() -> ActEvent:
    return replace(act(_PICTURE), act=ActCode.RED_LIGHT)


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    """It watched the same hour of the last week: 600 vehicles and six acts a day."""
    book = TrafficBook(tmp_path / TRAFFIC_FILE)
    for day in range(1, 8):
        hour = Hour(NOW - timedelta(days=day), Counted(3600.0, 600, {RED: 6}))
        book.keep(hour, most=720)
    return Camera(tmp_path, SigningKey.generate())


def test_from_a_jump_on_every_act_is_held_until_somebody_says_that_it_is_right_also_over_a_restart(
    camera: Camera,
) -> None:
    assert camera.watch.report.state == "learning"
    assert camera.drive(20) == 2
    told = camera.drive(20, acts=5)
    report = camera.watch.report
    assert report.state == "acts_jump"
    assert M.least_acts <= told + 2 <= 30
    assert report.acts_held == 100 - told
    assert (report.act, report.days, report.day_kind) == (RED, 5, "workday")
    assert "red_light told" in traffic_fault(report)
    assert "/desk/switches" in traffic_fault(report)
    assert [e.told["why"] for e in camera.record if e.kind == "held"] == ["traffic"] * report.acts_held
    camera.now += timedelta(days=1)
    assert camera.drive(10) == 0, "nothing is told meanwhile, not on the next day either"
    camera.begin_anew()
    assert camera.watch.report.held_at == report.held_at, "after a restart, before the first picture"
    camera.say("traffic_right", camera="cam-2", id="00000000-0000-4000-8000-00000000000b")
    assert camera.drive(5, acts=1) == 0, "that was another camera's"
    camera.say("traffic_right")
    assert camera.drive(5, acts=1) == 5
    assert camera.watch.report.state != "acts_jump"


def test_what_was_said_to_be_right_is_not_asked_again_at_once_and_is_learnt(camera: Camera) -> None:
    camera.drive(20, acts=5)
    camera.say("traffic_right")
    assert camera.drive(20, acts=5) == 100, "for as long as it was said"
    assert not any(hour.doubted for hour in TrafficBook(camera.folder / TRAFFIC_FILE).hours(NOW))


def test_what_had_to_be_looked_at_flags_what_was_told_before_and_is_never_learnt(camera: Camera) -> None:
    begun = camera.now
    camera.drive(20, acts=5)
    camera.say("camera_doubted", id="00000000-0000-4000-8000-00000000000c")
    assert camera.drive(5, acts=1) == 0, "that it is doubted frees nothing"
    flags = camera.answers.concerning(camera="cam-1", line=None, first=begun, last=begun, unsure=False)
    assert [each.kind for each in flags] == ["camera_doubted"]
    camera.say("traffic_right")
    assert camera.drive(5, acts=1) == 5
    assert [h.doubted for h in TrafficBook(camera.folder / TRAFFIC_FILE).hours(begun)] == [True]


def test_ordinary_days_hold_nothing_and_an_hour_that_was_cut_in_two_is_one(camera: Camera) -> None:
    camera.drive(30)
    camera.begin_anew()
    camera.drive(29)
    hour = TrafficBook(camera.folder / TRAFFIC_FILE).hours(hour_of(camera.now, HERE.zone))[0]
    assert hour.counted.vehicles >= 570
    assert hour.counted.watched_s > 3400
    assert [e for e in camera.record if e.kind == "held"] == []


def test_an_empty_road_is_told_and_holds_nothing(camera: Camera) -> None:
    camera.drive(30, vehicles=0, acts=0)
    assert camera.watch.report.state == "few_vehicles"
    assert "hardly a vehicle" in traffic_fault(camera.watch.report)
    assert camera.drive(1, acts=1) == 1


def test_a_road_that_nobody_can_see_is_not_called_empty_and_is_not_learnt(camera: Camera) -> None:
    camera.drive(30, vehicles=0, acts=0, blind=True)
    assert camera.watch.report.state == "usual"
    (hour,) = TrafficBook(camera.folder / TRAFFIC_FILE).hours(NOW)
    assert hour.counted == Counted()


@pytest.mark.parametrize("spoil", [lambda f: f.write_bytes(b"no database at all" * 100), lambda f: f.unlink()])
def test_a_book_that_is_lost_is_begun_anew(camera: Camera, spoil: Callable[[Path], object]) -> None:
    spoil(camera.folder / TRAFFIC_FILE)
    camera.begin_anew()
    assert camera.drive(20, acts=5) == 100
    assert camera.watch.report.state == "learning"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(-90000, 90000), st.integers(0, 5), st.booleans()), max_size=30))
def test_whatever_the_clock_does_no_act_is_lost(steps: list[tuple[float, int, bool]]) -> None:
    watch, now = TrafficWatch("cam-1", 5, M, HERE.zone), NOW
    for seconds, passed, acts in steps:
        now += timedelta(seconds=seconds)
        watch.looked(now, passed)
        given_acts = [an_act()] if acts else []
        free, held = watch.told(given_acts, now)
        assert free == given_acts
        assert held == []


def test_a_clock_that_is_years_ahead_for_a_picture_takes_nothing_of_what_was_learnt(tmp_path: Path) -> None:
    book = TrafficBook(tmp_path / TRAFFIC_FILE)
    watch = TrafficWatch("cam-1", 1, TrafficMargins(), HERE.zone, book=book)
    days = [datetime(2026, 11, day, 1, tzinfo=UTC) for day in range(1, 11)]
    for at in (*days, datetime(2036, 2, 7, tzinfo=UTC), days[-1] + timedelta(days=1)):
        watch.looked(at)
    assert [hour.begins for hour in book.hours(days[0])][:10] == days


def test_of_the_hours_that_were_counted_the_newest_stay(tmp_path: Path) -> None:
    book = TrafficBook(tmp_path / TRAFFIC_FILE)
    begins = [datetime(2026, 11, day, 1, tzinfo=UTC) for day in range(1, 6)]
    for each in begins:
        book.keep(Hour(each, Counted()), most=3)
    assert [hour.begins for hour in book.hours(begins[0])] == begins[2:]
