"""The book over some days: each case that came in, and what became of it, one line each.

The form is for what people and media report; here it lists what the unit's cameras reported (docs/papers.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from central.cases.documents import undone
from central.cases.facts import Facts
from central.cases.life import life_of
from central.cases.lifecycle import Action, Refused, Status
from central.config import Office
from central.notices.known import letter_office
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow
from central.units.filtering import within
from central.units.tree import Scope
from central.users import full_names
from central.words import formats
from central.words.texts import texts
from countries.here import HERE
from countries.paper_contents import Book, BookEntry
from evidence.acts import ActCode

MOST_LINES = 500
"""Of one print: some sixty pages, and a look at each case goes into its record."""
_TELLING = (
    Action.IDENTIFY, Action.MAKE_MINUTES, Action.DECIDE, Action.RELIEVE, Action.PAY, Action.REJECT, Action.WITHDRAW,
    Action.CORRECT, Action.UNDO, Action.DECISION_CUT,
)  # fmt: skip


@dataclass(frozen=True)
class BookOfDays:
    """`cases`: ids of those that it lists, in order."""

    content: Book
    cases: tuple[str, ...]


def book_of(session: Session, office: Office, since: date, until: date, *, now: datetime, scope: Scope) -> BookOfDays:
    """What came in to these units from the first of `since` to the end of `until`.

    Raises `Refused`: `book_days`, `book_long`.
    """
    if until < since:
        raise Refused("book_days", "the last day lies before the first", where="until", remedy="correct the days")
    begin, end = (datetime.combine(day, time(), HERE.zone) for day in (since, until + timedelta(days=1)))
    query = (
        select(CaseRow)
        .where(CaseRow.detected_at >= begin, CaseRow.detected_at < end, *within(CaseRow.unit_code, scope))
        .order_by(CaseRow.detected_at, CaseRow.number)
        .options(selectinload(CaseRow.notice))
        .limit(MOST_LINES + 1)
    )
    rows = session.scalars(query).all()
    if len(rows) > MOST_LINES:
        raise Refused(
            "book_long", f"more than {MOST_LINES} cases", where="until", remedy="take fewer days",
            values={"most": str(MOST_LINES)},
        )  # fmt: skip
    told = select(CaseEventRow).where(
        CaseEventRow.case_id.in_([row.id for row in rows]), CaseEventRow.action.in_([a.value for a in _TELLING])
    )
    ordered = session.scalars(told.order_by(CaseEventRow.case_id, CaseEventRow.sequence)).all()
    events = {case: list(found) for case, found in groupby(ordered, key=lambda e: e.case_id)}
    names = full_names(session)
    content = Book(
        office=letter_office(office),
        users=office.unit_in_text,
        volume=None,
        since=since,
        until=until,
        entries=tuple(_entry(row, events.get(row.id, []), office, names) for row in rows),
        made_at=now,
    )
    return BookOfDays(content, tuple(row.id for row in rows))


def _entry(row: CaseRow, events: Sequence[CaseEventRow], office: Office, names: dict[str, str]) -> BookEntry:
    t, facts = texts(HERE.language), life_of(events).facts
    gone = undone(events)
    last = {e.action: e for e in events if e.sequence not in gone}
    who = last.get(Action.IDENTIFY.value) if facts.identified else None
    papers = [
        t(f"book.{key}", number=number)
        for key, known, event in (
            ("minutes", facts.minutes, last.get("make_minutes")),
            ("decision", facts.decided, last.get("decide")),
        )
        if known and event is not None and (number := event.after.get("paper_number") or event.after.get("number"))
    ]
    plate = (
        HERE.plates.format_plate(row.plate, vehicle_class=row.kind, colour=row.plate_colour)
        if row.plate
        else t("book.no_plate")
    )
    act = HERE.acts.act_words(ActCode(row.act), kind=row.kind)[0]
    notice = row.notice if row.notice is not None and row.notice.issued_at is not None else None
    return BookEntry(
        received_at=row.detected_at,
        who=f"{office.device_owner or office.unit_in_text}; {row.camera_id}",
        address=row.place,
        kind=t("book.kind"),
        received_by=names.get(row.confirmed_by or "", row.confirmed_by or ""),
        record="; ".join(papers),
        violator=", ".join(part for key in ("name", "address") if who and (part := str(who.after.get(key, "")))),
        vehicle=f"{HERE.words.kinds[row.kind]} {plate}",
        occurred=f"{formats.clock(row.occurred_at)} {formats.day(row.occurred_at)}; {act}",
        fine=facts.fine or None,
        additional=t("book.points", points=facts.points) if facts.points else "",
        done=_done(facts.fine - facts.relieved, facts.paid),
        no_violation=_not(row),
        note="; ".join(_notes(notice, facts)),
    )


def _notes(notice: NoticeRow | None, facts: Facts) -> Iterator[str]:
    """Its notice, and the other cases that the same decision is about."""
    t = texts(HERE.language)
    if notice is not None:
        yield t("book.notice", number=notice.content.get("number_text", ""))
    if facts.together:
        yield t("book.together", cases=", ".join(str(number) for number, _ in facts.together))


def _done(fine: int, paid: int) -> str:
    t = texts(HERE.language)
    if not fine:
        return ""
    if paid >= fine:
        return t("book.paid")
    return t("book.paid_part", paid=f"{paid:,}".replace(",", ".")) if paid else t("book.unpaid")


def _not(row: CaseRow) -> str:
    t = texts(HERE.language)
    if row.status == Status.REJECTED.value:
        return t.or_else(f"reject.{row.rejected_reason}", t("state.rejected"))
    return t("state.withdrawn") if row.status == Status.WITHDRAWN.value else ""
