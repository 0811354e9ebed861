"""When an owner is asked to come: a working day, in the future, spread over the hours of the unit."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.cases.lifecycle import Refused
from central.config import Office
from central.notices.appointments import check_appointment, default_appointment
from countries.calendar import WorkCalendar
from countries.vn.calendar import national
from countries.vn.deadlines import VIETNAM
from tests.central.build import OFFICE


def office(**changes: object) -> Office:
    return Office.model_validate(OFFICE | changes)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("now", "day", "why"),
    [
        ("2026-11-23T10:00", "2026-12-03T08:00", "a Thursday"),
        ("2026-11-25T10:00", "2026-12-07T08:00", "a Saturday becomes Monday"),
        ("2026-11-26T10:00", "2026-12-07T08:00", "a Sunday becomes Monday"),
        ("2026-11-23T23:59", "2026-12-03T08:00", "late in the evening"),
        ("2026-08-23T10:00", "2026-09-03T08:00", "Quốc khánh"),
        ("2027-04-20T10:00", "2027-05-04T08:00", "30 April, 1 and 2 May, 3 May instead of the Saturday"),
        ("2026-12-22T10:00", "2027-01-04T08:00", "New Year's Day is a Friday"),
        ("2027-01-29T10:00", "2027-02-11T08:00", "the third of Tết"),
        ("2026-11-14T10:00", "2026-11-25T08:00", "24 November, Vietnam's day of culture"),
    ],
)
def test_an_appointment_is_on_a_working_day(now: str, day: str, why: str) -> None:
    assert default_appointment(local(now), office()) == local(day), why


def test_a_unit_that_is_closed_is_not_visited() -> None:
    closed = national().corrected(rest=[date(2026, 12, 3)])
    assert default_appointment(local("2026-11-23T10:00"), office(), closed) == local("2026-12-04T08:00")


def test_owners_are_spread_over_the_hours_and_a_full_day_moves_on() -> None:
    unit, taken, given_ = office(appear_times=["08:00", "14:00"], appear_per_time=2), Counter[datetime](), []
    for _ in range(6):
        at = default_appointment(local("2026-11-23T10:00"), unit, taken=taken)
        taken[at] += 1
        given_.append(f"{at:%d/%m %H:%M}")
    assert given_ == ["03/12 08:00", "03/12 14:00", "03/12 08:00", "03/12 14:00", "04/12 08:00", "04/12 14:00"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("2026-11-23T09:59", "appointment"),
        ("2026-11-23T10:00", "appointment"),
        ("2026-11-28T08:00", "appointment_rest"),
        ("2026-11-24T08:00", "appointment_rest"),
        ("2027-01-01T08:00", "appointment_rest"),
        ("2027-02-08T08:00", "appointment_rest"),
        ("2027-04-30T08:00", "appointment_rest"),
        ("2026-11-25T08:00", ""),
    ],
)
def test_a_typed_appointment_is_in_the_future_and_on_a_working_day(typed: str, code: str) -> None:
    now = local("2026-11-23T10:00")
    if not code:
        check_appointment(local(typed), now, national(), where="appear_at")
        return
    with pytest.raises(Refused) as caught:
        check_appointment(local(typed), now, national(), where="appear_at")
    assert caught.value.code == code


times = st.datetimes(datetime(2025, 1, 1), datetime(2035, 1, 1), timezones=st.just(VIETNAM))
days = st.dates(date(2025, 1, 1), date(2035, 3, 1))


@given(
    times,
    st.integers(1, 5),
    st.builds(national().corrected, rest=st.lists(days, max_size=20), work=st.lists(days, max_size=20)),
    st.lists(st.integers(0, 200), max_size=40),
)
def test_any_default_appointment_could_have_been_typed(
    now: datetime, per_time: int, calendar: WorkCalendar, before: list[int]
) -> None:
    unit, taken = office(appear_per_time=per_time), Counter[datetime]()
    for _ in before:
        taken[default_appointment(now, unit, calendar, taken)] += 1
    at = default_appointment(now, unit, calendar, taken)
    check_appointment(at, now, calendar, where="default")
    assert at.time() in unit.appear_times
    assert at >= now + timedelta(days=unit.appear_days - 1)
    if len(before) < per_time * len(unit.appear_times) * 10:
        assert taken[at] < per_time
