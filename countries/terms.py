"""Terms of a case: until when a notice is sent, answered, and the act sanctioned. `Terms` is the port."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from countries.calendar import WorkCalendar

Urgency = Literal["none", "soon", "overdue"]
Count = Literal["days", "working_days", "months", "years"]


@dataclass(frozen=True)
class Span:
    """How long one step may take. `by`: `law`, or `unit` where no law says it. `reference`: where it stands, or why.

    `runs_for`: the last day of an owner's term that is a rest day moves on; an authority's does not.
    """

    key: str
    length: int
    count: Count
    runs_for: Literal["owner", "authority"]
    by: Literal["law", "unit"]
    reference: str


@dataclass(frozen=True)
class Deadlines:
    """Last days, each inclusive, in the calendar of `zone`. `answer_by` is None until the notice was sent.

    `notify_by` and `statute_until` are the strict days that everything is judged by; `notify_by_working` and
    `statute_until_working` are the same moved on from a rest day, to be shown beside them.
    """

    notify_by: date
    notify_by_working: date
    statute_until: date
    statute_until_working: date
    answer_by: date | None
    zone: ZoneInfo = field(repr=False)

    def days_to_notify(self, now: datetime) -> int:
        """Days left to send the notice; negative when the deadline has passed."""
        return (self.notify_by - self._day(now)).days

    def notify_urgency(self, now: datetime, *, soon_days: int = 3) -> Urgency:
        left = self.days_to_notify(now)
        return "overdue" if left < 0 else "soon" if left <= soon_days else "none"

    def unanswered(self, now: datetime) -> bool:
        """True once the owner's days since the notice was sent have passed."""
        return self.answer_by is not None and self._day(now) > self.answer_by

    def expired(self, now: datetime) -> bool:
        """True once the act may no longer be sanctioned."""
        return self._day(now) > self.statute_until

    def _day(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()


class Terms(Protocol):
    """Port: how a country counts its terms. Pure: times come in, dates go out."""

    def deadlines(
        self, *, occurred_at: datetime, detected_at: datetime, notice_sent_at: datetime | None = None,
        calendar: WorkCalendar | None = None,
    ) -> Deadlines:  # fmt: skip
        """Deadlines of an act that ended at `occurred_at` and was detected (found in the results) at `detected_at`.

        `notice_sent_at`: when the notice went out, not when it was issued. `calendar`: the unit's, else the country's.
        """
        ...

    def first_instant_in_time(self, now: datetime) -> datetime:
        """What was detected before this instant can no longer be notified in time at `now`."""
        ...

    def first_sending_in_time(self, now: datetime, calendar: WorkCalendar | None = None) -> datetime:
        """Owners whose notice was sent before this instant have let their days pass at `now`."""
        ...

    def span(self, key: str, day: date) -> Span:
        """How long the term `key` is that begins on `day`. Raises `LawError` when there is none of that name."""
        ...

    def named_day(self, day: date, calendar: WorkCalendar | None = None) -> date:
        """Last day, inclusive, where a paper gives its receiver time until `day`."""
        ...

    def until(self, key: str, day: date, calendar: WorkCalendar | None = None) -> date:
        """Last day, inclusive, of the term `key` that began on `day` (which is not counted). Raises `LawError`."""
        ...
