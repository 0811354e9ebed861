"""When an owner is asked to come: on a working day, in the future, and not everybody at the same hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.cases.drives import acts_of
from central.cases.lifecycle import Refused
from central.config import Office
from central.store.case_tables import CaseRow, NoticeRow
from countries.calendar import WorkCalendar
from countries.here import HERE

WITH_DRIVE = timedelta(days=7)
"""So far ahead the hour of another act's notice must be to be this one's too: a letter takes two to three days, and a
draft waits for its second person."""
SEARCHED_DAYS = 10
"""Working days looked through for an hour with room: an owner's days would run out before a later one."""


def default_appointment(
    now: datetime, office: Office, calendar: WorkCalendar | None = None, taken: Mapping[datetime, int] | None = None
) -> datetime:
    """The least taken hour of the first working day with room, `appear_days` from now or later.

    `taken`: how many owners are asked to come at each instant (`booked`). When no day of the next ten has room, the
    least taken hour of all of them: an overfull hour is better than an appointment after the owner's term.
    """
    known, so_far = calendar or HERE.calendar(), taken or {}
    day = HERE.local_date(now) + timedelta(days=office.appear_days)
    searched: list[datetime] = []
    for _ in range(SEARCHED_DAYS):
        day = known.working_day_from(day)
        hours = [datetime.combine(day, hour, HERE.zone) for hour in office.appear_times]
        best = min(hours, key=lambda at: so_far.get(at, 0))  # the earliest of those that are taken least
        if so_far.get(best, 0) < office.appear_per_time:
            return best
        searched += hours
        day += timedelta(days=1)
    return min(searched, key=lambda at: so_far.get(at, 0))


def hour_of_drive(session: Session, row: CaseRow, now: datetime, book: str, calendar: WorkCalendar) -> datetime | None:
    """When the owner is asked to come for another act of the same drive: once for all of them, where the hour leaves
    time enough. Only as long as both cases name the same vehicle. None: there is no such hour."""
    vehicle = (row.plate, row.plate_colour, row.kind)
    hours = [
        act.notice.appear_at.astimezone(HERE.zone)
        for act in acts_of(session, row)
        if act.notice is not None and act.notice.appear_at is not None and act.notice.book == book
        and (act.plate, act.plate_colour, act.kind) == vehicle
    ]  # fmt: skip
    fit = [at for at in hours if at - now >= WITH_DRIVE and not calendar.is_rest(HERE.local_date(at))]
    return min(fit, default=None)


def check_appointment(at: datetime, now: datetime, calendar: WorkCalendar, *, where: str) -> None:
    """Raises `Refused`: `appointment` in the past, `appointment_rest` on a day on which nobody is there."""
    if at <= now:
        raise Refused("appointment", "the appointment lies in the past", where=where, remedy="choose a later day")
    day = HERE.local_date(at)
    if calendar.is_rest(day):
        raise Refused(
            "appointment_rest",
            f"{day:%d/%m/%Y} is a rest day",
            where=where,
            remedy="choose a working day",
        )


def booked(session: Session, now: datetime, book: str) -> Counter[datetime]:
    """How many owners are asked to come to the unit of this book at each instant from now on, drafts included."""
    waiting = (NoticeRow.appear_at > now, NoticeRow.book == book)
    rows = session.execute(select(NoticeRow.appear_at, func.count()).where(*waiting).group_by(NoticeRow.appear_at))
    return Counter({at.astimezone(HERE.zone): n for at, n in rows if at is not None})
