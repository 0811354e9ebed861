"""Rest days of Vietnam: public holidays by the package, moved days by dated data, a unit's corrections above both."""

from __future__ import annotations

from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countries.calendar import WorkCalendar
from countries.vn.calendar import moved_days, national


@pytest.mark.parametrize(
    ("day", "rest", "why"),
    [
        (date(2026, 11, 23), False, "an ordinary Monday"),
        (date(2026, 11, 28), True, "a Saturday"),
        (date(2027, 1, 1), True, "New Year's Day"),
        (date(2026, 1, 2), True, "moved off by the Government"),
        (date(2026, 1, 10), False, "a Saturday worked for 2 January"),
        (date(2026, 2, 17), True, "first of Tết 2026"),
        (date(2027, 2, 6), True, "first of Tết 2027"),
        (date(2027, 2, 8), True, "third of Tết 2027"),
        (date(2027, 4, 16), True, "Giỗ Tổ Hùng Vương 2027"),
        (date(2027, 4, 30), True, "30 April"),
        (date(2027, 5, 3), True, "1 May on a Saturday is made up for"),
        (date(2026, 9, 2), True, "Quốc khánh"),
        (date(2026, 8, 31), True, "exchanged for 22 August"),
        (date(2026, 8, 22), False, "the Saturday worked for it"),
        (date(2031, 1, 23), True, "Tết of a year without data of its own: 23/01/2031 is its first day"),
    ],
)
def test_a_rest_day_is_known(day: date, rest: bool, why: str) -> None:
    assert national().is_rest(day) is rest, why


def test_every_moved_day_names_the_decision_and_changes_something() -> None:
    days = [d.day for d in moved_days()]
    assert len(days) == len(set(days))
    assert days == sorted(days)
    for moved in moved_days():
        assert moved.reference
        if moved.kind == "work":
            assert moved.day.weekday() >= 5, moved


def test_the_data_and_the_package_agree_on_tet() -> None:
    public = holidays.country_holidays("VN", years=range(2024, 2028))
    for moved in moved_days():
        if "mùng" in moved.name:
            assert moved.day in public, moved


def test_a_unit_corrects_the_calendar_both_ways() -> None:
    ours = national().corrected(rest=[date(2026, 11, 26)], work=[date(2026, 11, 28), date(2027, 2, 8)])
    assert ours.is_rest(date(2026, 11, 26))
    assert not ours.is_rest(date(2026, 11, 28))
    assert not ours.is_rest(date(2027, 2, 8))
    assert ours.corrected(rest=[date(2026, 11, 28)]).is_rest(date(2026, 11, 28))


days = st.dates(date(2024, 1, 1), date(2045, 12, 31))
calendars = st.builds(
    WorkCalendar().corrected, rest=st.lists(days, max_size=20), work=st.lists(days, max_size=20)
) | st.just(national())


@given(days, calendars)
def test_the_next_working_day_is_the_first_one_and_the_day_itself_if_it_is_one(
    day: date, calendar: WorkCalendar
) -> None:
    found = calendar.working_day_from(day)
    assert not calendar.is_rest(found)
    assert found >= day
    between = [day + timedelta(n) for n in range((found - day).days)]
    assert all(calendar.is_rest(d) for d in between)


def test_a_calendar_that_never_works_is_an_error_and_no_endless_search() -> None:
    closed = WorkCalendar(rest=frozenset(date(2026, 11, 1) + timedelta(n) for n in range(100)))
    with pytest.raises(ValueError, match="no working day"):
        closed.working_day_from(date(2026, 11, 1))
