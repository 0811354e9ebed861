"""What is no case: questions asked of the look-up, failed signings in, packets that did not verify. By age alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from central.centre import Centre
from central.retention.plan import ended_before
from central.retention.records import write
from central.store.packet_tables import QuarantineRow
from central.store.people_tables import LookupRow, ThrottleRow
from countries.here import HERE
from countries.keeping import KeepRule
from evidence.deletion import Deletion, Gone, Kind, Rule
from evidence.packet import utc_text

_AT_ONCE: dict[str, int] = {"look_ups": 5000, "throttles": 5000, "quarantine": 100}
"""Rows in one transaction, and in one record."""


@dataclass(frozen=True)
class _Table:
    row: Any
    key: InstrumentedAttribute[Any]
    at: InstrumentedAttribute[datetime]


_TABLES: dict[Kind, _Table] = {
    "look_ups": _Table(LookupRow, LookupRow.id, LookupRow.at),
    "throttles": _Table(ThrottleRow, ThrottleRow.key, ThrottleRow.window_from),
    "quarantine": _Table(QuarantineRow, QuarantineRow.id, QuarantineRow.at),
}


@dataclass(frozen=True)
class Old:
    """`n` rows of `kind` are older than `before`, by `rule`."""

    kind: Kind
    n: int
    before: datetime
    rule: KeepRule


def old(session: Session, now: datetime) -> tuple[Old, ...]:
    """What is over its term now, a line for each kind that has a rule."""
    found = []
    for kind, rule, before in _rules(HERE.local_date(now)):
        n = session.scalar(select(func.count()).select_from(_TABLES[kind].row).where(_older(kind, before))) or 0
        found.append(Old(kind, n, before, rule))
    return tuple(found)


def delete_old(centre: Centre, *, by: str, now: datetime) -> int:
    """Delete all of it, some thousand rows a transaction, each with its record; how many rows."""
    done = 0
    for kind, rule, before in _rules(HERE.local_date(now)):
        while n := _batch(centre, kind, rule, before, by=by, now=now):
            done += n
    return done


def delete_again(session: Session, said: Deletion) -> None:
    """The rows that a deletion of before took, which a restored database has again."""
    if said.kind != "case" and said.before is not None:
        table = _TABLES[said.kind]
        session.execute(delete(table.row).where(_older(said.kind, datetime.fromisoformat(said.before))))


def _rules(today: date) -> Iterator[tuple[Kind, KeepRule, datetime]]:
    by_kind: dict[str, KeepRule] = {rule.of: rule for rule in HERE.keeping.rules(today)}
    for kind in _TABLES:
        rule = by_kind.get(kind)
        if rule is not None and (first := ended_before([rule], today)) is not None:
            yield kind, rule, datetime.combine(first, time(), HERE.zone).astimezone(UTC)


def _older(kind: Kind, before: datetime) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = _TABLES[kind].at < before
    if kind == "throttles":  # who is locked out is not let in by being forgotten
        condition &= ThrottleRow.locked_until.is_(None) | (ThrottleRow.locked_until < before)
    return condition


def _batch(centre: Centre, kind: Kind, rule: KeepRule, before: datetime, *, by: str, now: datetime) -> int:
    table = _TABLES[kind]
    with centre.db.write() as session:
        query = select(table.row).where(_older(kind, before)).order_by(table.key).limit(_AT_ONCE[kind])
        rows = session.scalars(query).all()
        if not rows:
            return 0
        first = min(getattr(row, table.at.key) for row in rows)
        since = HERE.local_date(first)
        said = Deletion(
            centre=centre.config.centre_id,
            at=utc_text(now),
            by=by,
            kind=kind,
            rule=Rule(
                of=rule.of, length=rule.length, count=rule.count, by=rule.by, reference=rule.reference,
                since=since.isoformat(), until=HERE.keeping.until(rule, since).isoformat(),
            ),
            case=None,
            gone=_held(rows) if kind == "quarantine" else [],
            before=utc_text(before),
            rows=len(rows),
        )  # fmt: skip
        write(session, centre, said)
        session.execute(delete(table.row).where(table.key.in_([getattr(row, table.key.key) for row in rows])))
        return len(rows)


def _held(rows: Sequence[QuarantineRow]) -> list[Gone]:
    return [Gone(what="held", name=r.path, sha256=r.container_sha256) for r in rows if r.path]
