"""Deadlines of a case in calendar days of Vietnam. Pure: times come in, dates go out.

Sources: TT 73/2024/TT-BCA Điều 24.1 (10 days to identify, transfer and send the notice, counted from the day of
detection) and 24.5 (20 days after the notice was sent); NĐ 168/2024/NĐ-CP Điều 4 (one year from the end of the act).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NOTIFY_DAYS = 10
ANSWER_DAYS = 20

Urgency = Literal["none", "soon", "overdue"]


@dataclass(frozen=True)
class Deadlines:
    """Last days, each inclusive. `answer_by` is None until the notice was sent."""

    notify_by: date
    statute_until: date
    answer_by: date | None

    def days_to_notify(self, now: datetime) -> int:
        """Days left to send the notice; negative when the deadline has passed."""
        return (self.notify_by - local_date(now)).days

    def notify_urgency(self, now: datetime, *, soon_days: int = 3) -> Urgency:
        left = self.days_to_notify(now)
        return "overdue" if left < 0 else "soon" if left <= soon_days else "none"

    def unanswered(self, now: datetime) -> bool:
        """True once more than 20 days have passed since the notice was sent."""
        return self.answer_by is not None and local_date(now) > self.answer_by

    def expired(self, now: datetime) -> bool:
        """True once the act may no longer be sanctioned."""
        return local_date(now) > self.statute_until


def local_date(instant: datetime) -> date:
    """The calendar day in Vietnam."""
    return instant.astimezone(VIETNAM).date()


def first_instant_in_time(now: datetime) -> datetime:
    """What was detected before this instant can no longer be notified in time at `now`."""
    return datetime.combine(local_date(now) - timedelta(days=NOTIFY_DAYS), time(), VIETNAM)


def deadlines(*, occurred_at: datetime, detected_at: datetime, notice_sent_at: datetime | None = None) -> Deadlines:
    """Deadlines of an act that ended at `occurred_at` and was detected (found in the results) at `detected_at`."""
    act_day = local_date(occurred_at)
    return Deadlines(
        notify_by=local_date(detected_at) + timedelta(days=NOTIFY_DAYS),
        statute_until=_one_year_after(act_day) - timedelta(days=1),
        answer_by=None if notice_sent_at is None else local_date(notice_sent_at) + timedelta(days=ANSWER_DAYS),
    )


def _one_year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return date(day.year + 1, 3, 1)
