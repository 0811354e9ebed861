"""Ten days to notify, twenty to answer, one year to sanction: calendar days of Vietnam."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.deadlines import VIETNAM, deadlines, first_instant_in_time, local_date


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
        ("2026-11-23T10:00", date(2027, 11, 22)),
        ("2027-01-01T00:00", date(2027, 12, 31)),
        ("2028-02-29T12:00", date(2029, 2, 28)),
        ("2027-03-01T12:00", date(2028, 2, 29)),
    ],
)
def test_an_act_may_be_sanctioned_for_one_year(occurred: str, last_day: date) -> None:
    due = deadlines(occurred_at=local(occurred), detected_at=local(occurred))
    assert due.statute_until == last_day
    end = datetime.combine(last_day, datetime.max.time(), VIETNAM)
    assert not due.expired(end)
    assert due.expired(end + timedelta(seconds=1))


def test_an_owner_is_late_once_more_than_twenty_days_have_passed_since_the_notice() -> None:
    act = local("2026-11-23T10:00")
    due = deadlines(occurred_at=act, detected_at=act, notice_sent_at=local("2026-12-01T09:00"))
    assert due.answer_by == date(2026, 12, 21)
    assert not due.unanswered(local("2026-12-21T23:59"))
    assert due.unanswered(local("2026-12-22T00:00"))
    assert not deadlines(occurred_at=act, detected_at=act).unanswered(local("2030-01-01T00:00"))


instants = st.datetimes(datetime(2025, 1, 1), datetime(2035, 1, 1), timezones=st.sampled_from([UTC, VIETNAM]))


@given(instants, st.timedeltas(timedelta(), timedelta(days=30)))
def test_the_border_of_the_queue_agrees_with_each_case(detected: datetime, later: timedelta) -> None:
    now = detected + later
    overdue = deadlines(occurred_at=detected, detected_at=detected).notify_urgency(now) == "overdue"
    assert (detected < first_instant_in_time(now)) is overdue


@given(instants)
def test_a_day_is_a_day_of_vietnam(at: datetime) -> None:
    assert local_date(at) == (at.astimezone(UTC) + timedelta(hours=7)).date()
