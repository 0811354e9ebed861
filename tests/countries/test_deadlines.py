"""Ten days to notify, twenty to answer, one year to sanction: calendar days of Vietnam."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countries.calendar import WorkCalendar
from countries.vn.calendar import national
from countries.vn.deadlines import VIETNAM, deadlines, first_instant_in_time, first_sending_in_time, local_date, until
from countries.vn.law.term_lengths import all_keys, span


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("detected", "notify_by"),
    [
        ("2026-11-23T10:00", date(2026, 12, 3)),
        ("2026-11-23T00:00", date(2026, 12, 3)),
        ("2026-11-23T23:59", date(2026, 12, 3)),
        ("2026-12-25T08:00", date(2027, 1, 4)),
    ],
)
def test_the_notice_goes_out_within_ten_days_of_detection(detected: str, notify_by: date) -> None:
    at = local(detected)
    due = deadlines(occurred_at=at, detected_at=at)
    assert due.notify_by == notify_by
    assert due.days_to_notify(at) == 10


@pytest.mark.parametrize(
    ("now", "left", "urgency"),
    [
        ("2026-11-29T23:59", 4, "none"),
        ("2026-11-30T00:00", 3, "soon"),
        ("2026-12-03T23:59", 0, "soon"),
        ("2026-12-04T00:00", -1, "overdue"),
    ],
)
def test_urgency_turns_at_midnight_of_vietnam(now: str, left: int, urgency: str) -> None:
    due = deadlines(occurred_at=local("2026-11-23T10:00"), detected_at=local("2026-11-23T10:00"))
    for at in (local(now), local(now).astimezone(UTC)):
        assert (due.days_to_notify(at), due.notify_urgency(at)) == (left, urgency)


@pytest.mark.parametrize(
    ("occurred", "last_day"),
    [
        ("2025-11-25T10:00", date(2026, 11, 25)),
        ("2026-11-23T10:00", date(2027, 11, 23)),
        ("2027-01-01T00:00", date(2028, 1, 1)),
        ("2028-02-29T12:00", date(2029, 2, 28)),
        ("2027-02-28T12:00", date(2028, 2, 28)),
        ("2027-03-01T12:00", date(2028, 3, 1)),
    ],
)
def test_an_act_may_be_sanctioned_until_the_end_of_the_same_day_a_year_later(occurred: str, last_day: date) -> None:
    due = deadlines(occurred_at=local(occurred), detected_at=local(occurred))
    assert due.statute_until == last_day
    end = datetime.combine(last_day, datetime.max.time(), VIETNAM)
    assert not due.expired(end)
    assert due.expired(end + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("sent", "answer_by", "why"),
    [
        ("2026-12-01T09:00", date(2026, 12, 21), "the day of sending is not counted"),
        ("2026-12-01T23:59", date(2026, 12, 21), "a day is a day"),
        ("2026-11-30T09:00", date(2026, 12, 21), "Sunday 20/12 moves on to Monday"),
        ("2026-12-12T09:00", date(2027, 1, 4), "1 January 2027 is a Friday: on to Monday"),
        ("2027-01-17T09:00", date(2027, 2, 11), "Saturday 06/02/2027, first of Tết: on to the day after the holidays"),
        ("2027-04-10T09:00", date(2027, 5, 4), "30 April, 1 and 2 May, 3 May in place of the Saturday"),
    ],
)
def test_an_owner_has_twenty_days_from_sending_and_no_rest_day_is_the_last(
    sent: str, answer_by: date, why: str
) -> None:
    act = local("2026-11-23T10:00")
    due = deadlines(occurred_at=act, detected_at=act, notice_sent_at=local(sent))
    assert due.answer_by == answer_by, why
    assert not due.unanswered(datetime.combine(answer_by, datetime.max.time(), VIETNAM))
    assert due.unanswered(datetime.combine(answer_by + timedelta(days=1), datetime.min.time(), VIETNAM))


def test_without_sending_no_owner_is_late() -> None:
    act = local("2026-11-23T10:00")
    due = deadlines(occurred_at=act, detected_at=act)
    assert due.answer_by is None
    assert not due.unanswered(local("2030-01-01T00:00"))


def test_the_terms_of_the_police_are_not_prolonged_in_silence() -> None:
    # 10 days from Wednesday 25/11 end on Saturday 05/12; a year from 28/11/2025 ends on Saturday 28/11/2026
    due = deadlines(occurred_at=local("2025-11-28T10:00"), detected_at=local("2026-11-25T10:00"))
    assert (due.notify_by, due.notify_by_working) == (date(2026, 12, 5), date(2026, 12, 7))
    assert (due.statute_until, due.statute_until_working) == (date(2026, 11, 28), date(2026, 11, 30))
    assert due.notify_urgency(local("2026-12-06T00:00")) == "overdue"
    assert due.expired(local("2026-11-29T00:00"))


def test_a_unit_that_is_closed_longer_gives_its_owners_longer() -> None:
    act = local("2026-11-23T10:00")
    ours = national().corrected(rest=[date(2026, 12, 21)])
    due = deadlines(occurred_at=act, detected_at=act, notice_sent_at=local("2026-12-01T09:00"), calendar=ours)
    assert due.answer_by == date(2026, 12, 22)


instants = st.datetimes(datetime(2025, 1, 1), datetime(2035, 1, 1), timezones=st.sampled_from([UTC, VIETNAM]))


@given(instants, st.timedeltas(timedelta(), timedelta(days=30)))
def test_the_border_of_the_queue_agrees_with_each_case(detected: datetime, later: timedelta) -> None:
    now = detected + later
    overdue = deadlines(occurred_at=detected, detected_at=detected).notify_urgency(now) == "overdue"
    assert (detected < first_instant_in_time(now)) is overdue


days = st.dates(date(2025, 1, 1), date(2035, 1, 1))
calendars = st.builds(national().corrected, rest=st.lists(days, max_size=30), work=st.lists(days, max_size=30))


@given(instants, calendars)
def test_an_owners_last_day_is_a_working_day_at_least_twenty_days_after_sending(
    sent: datetime, calendar: WorkCalendar
) -> None:
    due = deadlines(occurred_at=sent, detected_at=sent, notice_sent_at=sent, calendar=calendar)
    assert due.answer_by is not None
    assert not calendar.is_rest(due.answer_by)
    twentieth = local_date(sent) + timedelta(days=20)
    skipped = [twentieth + timedelta(days=n) for n in range((due.answer_by - twentieth).days)]
    assert all(calendar.is_rest(d) for d in skipped)
    assert due.notify_by == local_date(sent) + timedelta(days=10)


@given(instants, st.timedeltas(timedelta(), timedelta(days=60)), calendars)
def test_the_border_of_the_unanswered_agrees_with_each_case(
    sent: datetime, later: timedelta, calendar: WorkCalendar
) -> None:
    now = sent + later
    due = deadlines(occurred_at=sent, detected_at=sent, notice_sent_at=sent, calendar=calendar)
    assert (sent < first_sending_in_time(now, calendar)) is due.unanswered(now)


@given(instants)
def test_a_year_is_never_shorter_than_the_calendar_year(at: datetime) -> None:
    due = deadlines(occurred_at=at, detected_at=at)
    assert 365 <= (due.statute_until - local_date(at)).days <= 366


@given(instants)
def test_a_day_is_a_day_of_vietnam(at: datetime) -> None:
    assert local_date(at) == (at.astimezone(UTC) + timedelta(hours=7)).date()


@pytest.mark.parametrize(
    ("key", "began", "last"),
    [
        # Wednesday 25/11/2026; the five working days do not count the weekend
        pytest.param("minutes", "2026-11-25", "2026-12-02", id="working days"),
        pytest.param("hearing_oral", "2026-11-27", "2026-12-01", id="over a weekend"),
        # Tết 2027 rests from 05/02 (eve) on; the day before it is a Thursday
        pytest.param("send_decision", "2027-02-03", "2027-02-15", id="over Tết"),
        pytest.param("pay", "2026-11-25", "2026-12-07", id="ten days that end on a Saturday move on: the owner's"),
        pytest.param("complaint_answer", "2026-11-26", "2026-12-26", id="a Saturday stays: the authority's"),
        pytest.param("decision_heard", "2026-12-31", "2027-01-31", id="a month"),
        pytest.param("decision_complex", "2026-12-31", "2027-02-28", id="two months, to the last day of a shorter one"),
        pytest.param("enforce", "2028-02-29", "2029-02-28", id="a year from a leap day"),
    ],
)
def test_each_term_ends_on_the_day_that_the_law_counts_to(key: str, began: str, last: str) -> None:
    assert until(key, date.fromisoformat(began)) == date.fromisoformat(last)


@given(st.sampled_from(sorted(all_keys())), st.dates(date(2025, 1, 1), date(2032, 12, 31)))
def test_a_term_is_never_shorter_than_its_length_and_one_that_begins_later_ends_no_sooner(key: str, day: date) -> None:
    last = until(key, day)
    if span(key, day).count in ("days", "working_days"):
        assert last >= day + timedelta(days=span(key, day).length)
    assert last > day
    assert until(key, day + timedelta(days=1)) >= last


def test_every_term_says_where_it_stands_and_whose_it_is() -> None:
    for key in all_keys():
        term = span(key, date(2026, 11, 25))
        law = any(word in term.reference for word in ("Luật", "Thông tư", "Nghị định"))
        assert law or term.by == "unit", f"{key} claims the law and names none"
