"""The desk's lists: pages of cases with true counts, at a cost that does not grow with the cases that were ever stored.

Each list has an index in the order in which it is shown (`CaseRow` in the store), a page goes on after the last
line of the one before (keyset), and how many there are stands in `case_counts`, which triggers keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, false, func, or_, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from central.cases.lifecycle import UNSENT, Status
from central.cases.stages import OPEN, among
from central.desk.drive import drives_beside
from central.desk.items import QueueItem, item, light
from central.store.case_tables import CaseCountRow, CaseRow
from central.switches.book import concerning
from central.units.filtering import within
from central.units.tree import EVERYWHERE, Scope
from countries.here import HERE
from evidence.acts import ActCode

MERGED = 16
"""Lists of so many units are read one by one and put together; of more, the whole list is read and others left out:
whoever has so many units below sees most of what there is."""
COUNTED_AT_MOST = 1000
"""A search by a part of a plate counts no further: an officer reads one page of it, and nobody keeps its count."""


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: behind the case with this time and number."""

    at: datetime
    number: int

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}_{self.number}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor that an address names; None when it is none of ours."""
        at, _, number = text.partition("_")
        try:
            return cls(datetime.strptime(at, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC), int(number))
        except ValueError:
            return None


@dataclass(frozen=True)
class QueueFilter:
    """What to list. `plate` matches a part of the normalised plate; `holder` a user name; `scope`: whose cases."""

    status: tuple[Status, ...] = OPEN
    act: ActCode | None = None
    node: str | None = None
    place: str = ""
    plate: str = ""
    holder: str | None = None
    overdue_only: bool = False
    newest_first: bool = False
    scope: Scope = EVERYWHERE
    limit: int = 50
    after: Cursor | None = None
    before: Cursor | None = None
    """One of the two at most: the page behind a case, or the page in front of it."""

    @property
    def counted(self) -> bool:
        """Whether `case_counts` knows how many there are."""
        return not (self.node or self.plate or self.holder or self.overdue_only)


@dataclass(frozen=True)
class Total:
    """How many cases a filter finds; `more` when there are more than were counted."""

    n: int
    more: bool = False


@dataclass(frozen=True)
class Page:
    """One page of a list. `earlier` and `later` are the cursors of its neighbours, None where there is none."""

    items: tuple[QueueItem, ...]
    total: Total
    earlier: Cursor | None
    later: Cursor | None


def queue(session: Session, filters: QueueFilter, *, now: datetime) -> list[QueueItem]:
    """Cases, oldest act first unless asked otherwise: the 10 days run from the oldest."""
    return list(queue_page(session, filters, now=now).items)


def queue_page(session: Session, filters: QueueFilter, *, now: datetime) -> Page:
    """A page of `filters.limit` cases and how many there are in all."""
    found = total(session, filters, now=now)
    # a filter that fits nothing would look through all cases to find that out
    rows = _rows(session, filters, now) if found.n else []
    more = len(rows) > filters.limit
    rows = rows[-filters.limit :] if filters.before else rows[: filters.limit]
    earlier = later = None
    if rows:
        first, last = _cursor(rows[0], filters), _cursor(rows[-1], filters)
        earlier = first if (more if filters.before else filters.after) else None
        later = last if (filters.before or more) else None
    said = concerning(session, rows)
    beside = drives_beside(session, rows, filters.scope)
    items = tuple(item(row, now, drive=of, switches=said.get(row.id, ())) for row, of in beside)
    return Page(items, found,
                earlier, later)  # fmt: skip


def total(session: Session, filters: QueueFilter, *, now: datetime) -> Total:
    if filters.counted:
        query = select(func.coalesce(func.sum(CaseCountRow.n), 0)).where(*_counts_of(filters))
        return Total(int(session.scalar(query) or 0))
    inner = select(CaseRow.number).where(*_conditions(filters, now))
    if not filters.plate:
        return Total(session.scalar(select(func.count()).select_from(inner.subquery())) or 0)
    n = session.scalar(select(func.count()).select_from(inner.limit(COUNTED_AT_MOST + 1).subquery())) or 0
    return Total(min(n, COUNTED_AT_MOST), n > COUNTED_AT_MOST)


def arrived_since(session: Session, filters: QueueFilter, number: int, *, now: datetime) -> int:
    """How many cases with a number above `number` the filter finds."""
    query = select(func.count()).select_from(CaseRow).where(*_conditions(filters, now), CaseRow.number > number)
    return session.scalar(query) or 0


def next_free(session: Session, filters: QueueFilter, username: str, *, now: datetime, after: str) -> str | None:
    """The first case of the list, other than `after`, that waits for a decision and that nobody else holds."""
    key = _order(filters)
    query = select(CaseRow.id).where(*_conditions(filters, now), *_free(username, now), CaseRow.id != after)
    return _next_of_drive(session, filters.scope, username, now, after) or session.scalar(
        query.order_by(key, CaseRow.number).limit(1)
    )


def _free(username: str, now: datetime) -> Sequence[ColumnElement[bool]]:
    """Held by nobody else, as any other act of its drive."""
    other = aliased(CaseRow)
    held = (
        other.status == Status.IN_REVIEW.value, other.claimed_until > now, other.claimed_by != username,
    )  # fmt: skip
    free = or_(
        CaseRow.status == Status.NEW.value,
        CaseRow.claimed_until.is_(None),
        CaseRow.claimed_until <= now,
        CaseRow.claimed_by == username,
    )
    return free, or_(CaseRow.drive.is_(None), ~exists().where(other.drive == CaseRow.drive, *held))


def _next_of_drive(session: Session, scope: Scope, username: str, now: datetime, after: str) -> str | None:
    """Another act of the drive that was just decided on: its vehicle is before the officer's eyes."""
    drive = session.scalar(select(CaseRow.drive).where(CaseRow.id == after))
    if drive is None:
        return None
    mine = (*within(CaseRow.unit_code, scope), *_free(username, now))
    query = select(CaseRow.id).where(CaseRow.drive == drive, among(OPEN), *mine, CaseRow.id != after)
    return session.scalar(query.order_by(CaseRow.occurred_at, CaseRow.number).limit(1))


def newest_number(session: Session) -> int:
    return session.scalar(select(func.max(CaseRow.number))) or 0


def status_counts(session: Session, *, scope: Scope) -> dict[Status, int]:
    """How many cases stand where."""
    mine = within(CaseCountRow.unit_code, scope)
    query = select(CaseCountRow.status, func.sum(CaseCountRow.n)).where(*mine).group_by(CaseCountRow.status)
    found = {Status(s): int(n) for s, n in session.execute(query)}
    return {status: found.get(status, 0) for status in Status}


def counts_by(session: Session, column: InstrumentedAttribute[str], filters: QueueFilter) -> dict[str, int]:
    """How many cases the other filters leave for each act, or for each place; those with none are left out."""
    query = select(column, func.sum(CaseCountRow.n)).where(*_counts_of(filters)).group_by(column)
    return {value: int(n) for value, n in session.execute(query) if n}


def places(session: Session, *, scope: Scope) -> list[str]:
    """Every place that a case of these units was ever seen at."""
    mine = within(CaseCountRow.unit_code, scope)
    return sorted(session.scalars(select(CaseCountRow.place).where(*mine).distinct()))


def recount(session: Session) -> Mapping[tuple[str, str, str, str], int]:
    """Count all cases anew into `case_counts`, after they were filled in or restored past the triggers."""
    columns = (CaseRow.status, CaseRow.act, CaseRow.place, CaseRow.unit_code)
    found = {(s, a, p, u): n for s, a, p, u, n in session.execute(select(*columns, func.count()).group_by(*columns))}
    session.query(CaseCountRow).delete()
    session.add_all(CaseCountRow(status=s, act=a, place=p, unit_code=u, n=n) for (s, a, p, u), n in found.items())
    session.flush()
    return found


def _rows(session: Session, filters: QueueFilter, now: datetime) -> list[CaseRow]:
    """One row more than the page holds, in the order of the list."""
    key, cursor = _order(filters), filters.before or filters.after
    backwards = filters.newest_first != (filters.before is not None)
    order = (key.desc(), CaseRow.number.desc()) if backwards else (key, CaseRow.number)
    conditions = list(_conditions(filters, now))
    if cursor is not None:
        place, keys = tuple_(cursor.at, cursor.number), tuple_(key, CaseRow.number)
        conditions.append(keys < place if backwards else keys > place)
    if not filters.scope.everything and 1 < len(filters.scope.units) <= MERGED:
        conditions = [CaseRow.id.in_(_merged(session, filters, now, conditions, order, backwards))]
    query = light(select(CaseRow).where(*conditions))
    rows = list(session.scalars(query.order_by(*order).limit(filters.limit + 1)))
    return rows[::-1] if filters.before else rows


def _merged(
    session: Session, filters: QueueFilter, now: datetime, conditions: list[ColumnElement[bool]], order: Any,
    backwards: bool,
) -> list[str]:  # fmt: skip
    """Ids of a page of several units: the first of each unit in the order of its own index, then the first of these.

    Asked for together, a database reads everything of these units and sorts it, or everything of all.
    """
    key = _order(filters)
    parts = []
    for unit in sorted(filters.scope.units):
        first = select(CaseRow.id, key.label("at"), CaseRow.number.label("nth"))
        part = first.where(CaseRow.unit_code == unit, *conditions).order_by(*order).limit(filters.limit + 1).subquery()
        parts.append(select(part.c.id, part.c.at, part.c.nth))
    found = sorted(session.execute(union_all(*parts)), key=lambda row: (row.at, row.nth), reverse=backwards)
    return [row.id for row in found[: filters.limit + 1]]


def _order(filters: QueueFilter) -> InstrumentedAttribute[datetime]:
    """What is late is listed by the day its term began."""
    return CaseRow.detected_at if filters.overdue_only else CaseRow.occurred_at


def _cursor(row: CaseRow, filters: QueueFilter) -> Cursor:
    return Cursor(row.detected_at if filters.overdue_only else row.occurred_at, row.number)


def _conditions(filters: QueueFilter, now: datetime) -> Sequence[ColumnElement[bool]]:
    states = filters.status
    if filters.overdue_only:  # a term that was met runs no more
        states = tuple(s for s in UNSENT if s in states)
    found: list[Any] = [] if set(states) == set(Status) else [among(states)] if states else [false()]
    found += within(CaseRow.unit_code, filters.scope)
    if filters.act:
        found.append(CaseRow.act == filters.act.value)
    if filters.node:
        found.append(CaseRow.node_id == filters.node)
    if filters.place:
        found.append(CaseRow.place == filters.place)
    if filters.plate:
        # the whole pattern is one value: only then can PostgreSQL use its trigrams
        part = HERE.plates.normalise(filters.plate)
        found.append(CaseRow.plate.like(f"%{part}%") if part.isalnum() else false())
    if filters.holder:
        found.append(CaseRow.claimed_by == filters.holder)
    if filters.overdue_only:
        found += late(HERE.terms.first_instant_in_time(now))
    return found


def late(first: datetime) -> Sequence[ColumnElement[bool]]:
    """Cases whose term to notify began before `first`: with the act's detection, or anew with a correction, which comes
    later, so that the index of detections serves both."""
    return CaseRow.detected_at < first, or_(CaseRow.corrected_at.is_(None), CaseRow.corrected_at < first)


def _counts_of(filters: QueueFilter) -> Sequence[ColumnElement[bool]]:
    states = CaseCountRow.status.in_([s.value for s in filters.status])
    found: list[ColumnElement[bool]] = [states, *within(CaseCountRow.unit_code, filters.scope)]
    if filters.act:
        found.append(CaseCountRow.act == filters.act.value)
    if filters.place:
        found.append(CaseCountRow.place == filters.place)
    return found
