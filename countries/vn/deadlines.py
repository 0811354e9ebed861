"""Deadlines of a case in calendar days of Vietnam. Pure: times come in, dates go out.

Sources: TT 73/2024/TT-BCA Điều 24.1 (10 days to identify, transfer and send the notice, counted from the day of
detection) and 24.5 (20 days after the notice was sent); NĐ 168/2024/NĐ-CP Điều 4 (one year from the end of the act).
How a term is counted: Luật Xử lý vi phạm hành chính Điều 8.1 applies Bộ luật Dân sự 2015, Điều 147.2 (the first day is
not counted) and 148 (a year ends at the end of the corresponding day; a last day that is a rest day moves on to the
next working day). That moving-on is applied to the owner's term. The terms of the police are shown both ways and judged
by the shorter one: no authority gives itself more time in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from countries.vn.calendar import WorkCalendar, national

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NOTIFY_DAYS = 10
ANSWER_DAYS = 20

Urgency = Literal["none", "soon", "overdue"]


@dataclass(frozen=True)
class Deadlines:
    """Last days, each inclusive. `answer_by` is None until the notice was sent.

    `notify_by` and `statute_until` are the strict days that everything is judged by; `notify_by_working` and
    `statute_until_working` are the same moved on from a rest day, to be shown beside them.
    """

    notify_by: date
    notify_by_working: date
    statute_until: date
    statute_until_working: date
    answer_by: date | None

    def days_to_notify(self, now: datetime) -> int:
        """Days left to send the notice; negative when the deadline has passed."""
        return (self.notify_by - local_date(now)).days

    def notify_urgency(self, now: datetime, *, soon_days: int = 3) -> Urgency:
        left = self.days_to_notify(now)
        return "overdue" if left < 0 else "soon" if left <= soon_days else "none"

    def unanswered(self, now: datetime) -> bool:
        """True once the owner's 20 days since the notice was sent have passed."""
        return self.answer_by is not None and local_date(now) > self.answer_by

    def expired(self, now: datetime) -> bool:
        """True once the act may no longer be sanctioned."""
        return local_date(now) > self.statute_until


def local_date(instant: datetime) -> date:
    """The calendar day in Vietnam."""
    return instant.astimezone(VIETNAM).date()


def first_instant_in_time(now: datetime) -> datetime:
    """What was detected before this instant can no longer be notified in time at `now`."""
    return _midnight(local_date(now) - timedelta(days=NOTIFY_DAYS))


def first_sending_in_time(now: datetime, calendar: WorkCalendar | None = None) -> datetime:
    """Owners whose notice was sent before this instant have let their 20 days pass at `now`."""
    today, known = local_date(now), calendar or national()
    sent = today - timedelta(days=ANSWER_DAYS)
    # a sending some days earlier may still be in time, when its last day was a rest day and moved on to today
    while answer_by(sent - timedelta(days=1), known) >= today:
        sent -= timedelta(days=1)
    return _midnight(sent)


def answer_by(sent: date, calendar: WorkCalendar) -> date:
    """Last day for the owner of a notice sent on `sent`: the 20th day after it, or the next working day."""
    return calendar.working_day_from(sent + timedelta(days=ANSWER_DAYS))


def deadlines(
    *, occurred_at: datetime, detected_at: datetime, notice_sent_at: datetime | None = None,
    calendar: WorkCalendar | None = None,
) -> Deadlines:  # fmt: skip
    """Deadlines of an act that ended at `occurred_at` and was detected (found in the results) at `detected_at`.

    `notice_sent_at`: when the notice went out (`NoticeRow.published_at`), not when it was issued.
    """
    known = calendar or national()
    notify = local_date(detected_at) + timedelta(days=NOTIFY_DAYS)
    statute = _one_year_after(local_date(occurred_at))
    return Deadlines(
        notify_by=notify,
        notify_by_working=known.working_day_from(notify),
        statute_until=statute,
        statute_until_working=known.working_day_from(statute),
        answer_by=None if notice_sent_at is None else answer_by(local_date(notice_sent_at), known),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)


def _one_year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February: the last day of that month (Điều 148.3)
        return date(day.year + 1, 2, 28)
