"""Deadlines of a case in calendar days of Vietnam. Pure: times come in, dates go out.

How long: `law/figures.yaml` (to identify, transfer and send the notice, counted from the day of detection; to sanction,
from the end of the act) and `law/terms.yaml` (every step after the notice was sent).
How a term is counted: Luật Xử lý vi phạm hành chính Điều 8.1 applies Bộ luật Dân sự 2015, Điều 147.2 (the first day is
not counted) and 148 (a year ends at the end of the corresponding day; a last day that is a rest day moves on to the
next working day). That moving-on is applied to the owner's term. The terms of the police are shown both ways and judged
by the shorter one: no authority gives itself more time in silence.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from countries.calendar import WorkCalendar
from countries.terms import Deadlines
from countries.vn.calendar import national
from countries.vn.law.figures import whole
from countries.vn.law.term_lengths import span as span

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
_KEPT = 8192
"""Days that are not counted anew: a list asks for each of its lines, and most lines of a day have the same."""


def local_date(instant: datetime) -> date:
    """The calendar day in Vietnam."""
    return instant.astimezone(VIETNAM).date()


def first_instant_in_time(now: datetime) -> datetime:
    """What was detected before this instant can no longer be notified in time at `now`."""
    today = local_date(now)
    return _midnight(today - timedelta(days=whole("notify_days", today)))


def first_sending_in_time(now: datetime, calendar: WorkCalendar | None = None) -> datetime:
    """Owners whose notice was sent before this instant have let their days pass at `now`."""
    today, known = local_date(now), calendar or national()
    sent = today - timedelta(days=span("answer", today).length)
    # a sending some days earlier may still be in time, when its last day was a rest day and moved on to today
    while answer_by(sent - timedelta(days=1), known) >= today:
        sent -= timedelta(days=1)
    return _midnight(sent)


def answer_by(sent: date, calendar: WorkCalendar) -> date:
    """Last day for the owner of a notice sent on `sent`: so many days after it, or the next working day."""
    return until("answer", sent, calendar)


def named_day(day: date, calendar: WorkCalendar | None = None) -> date:
    """Last day where a paper gives its receiver time until `day`: moved on from a rest day like every term of his."""
    return (calendar or national()).working_day_from(day)


def until(key: str, day: date, calendar: WorkCalendar | None = None) -> date:
    """Last day, inclusive, of the term `key` that began on `day`, which is not counted. Raises `LawError`."""
    return _until(key, day, calendar or national())


@lru_cache(_KEPT)
def _until(key: str, day: date, known: WorkCalendar) -> date:
    term = span(key, day)
    if term.count == "working_days":
        return known.working_days_after(day, term.length)
    if term.count == "days":
        last = day + timedelta(days=term.length)
    elif term.count == "months":
        last = months_after(day, term.length)
    else:
        last = _years_after(day, term.length)
    return known.working_day_from(last) if term.runs_for == "owner" else last


def deadlines(
    *, occurred_at: datetime, detected_at: datetime, notice_sent_at: datetime | None = None,
    calendar: WorkCalendar | None = None,
) -> Deadlines:  # fmt: skip
    """Deadlines of an act that ended at `occurred_at` and was detected (found in the results) at `detected_at`.

    `notice_sent_at`: when the notice went out (`NoticeRow.published_at`), not when it was issued.
    """
    sent = None if notice_sent_at is None else local_date(notice_sent_at)
    return _counted(local_date(occurred_at), local_date(detected_at), sent, calendar or national())


@lru_cache(_KEPT)
def _counted(occurred: date, detected: date, sent: date | None, calendar: WorkCalendar) -> Deadlines:
    notify = detected + timedelta(days=whole("notify_days", detected))
    statute = _years_after(occurred, whole("statute_years", occurred))
    return Deadlines(
        notify_by=notify,
        notify_by_working=calendar.working_day_from(notify),
        statute_until=statute,
        statute_until_working=calendar.working_day_from(statute),
        answer_by=None if sent is None else answer_by(sent, calendar),
        zone=VIETNAM,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)


def _years_after(day: date, years: int) -> date:
    return months_after(day, 12 * years)


def months_after(day: date, months: int) -> date:
    """The same day of a later month; where that month has none, its last one (Điều 148.3)."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
