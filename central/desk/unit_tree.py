"""The units as their page shows them: the tree with what each has, and what waits there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from central.cases.lifecycle import UNSENT
from central.cases.stages import OVER, among
from central.config import Office
from central.desk.worklist import late
from central.store.case_tables import CaseCountRow, CaseRow, TermRow
from central.store.people_tables import UserRow
from central.units.book import cameras_of
from central.units.filtering import within
from central.units.letterheads import Letterheads, letterheads_of
from central.units.tree import Scope, Unit
from countries.here import HERE


@dataclass(frozen=True)
class Person:
    """An account that may sign in."""

    username: str
    name: str
    role: str


@dataclass(frozen=True)
class UnitLine:
    """`letters`: behind its numbers, empty where `writer` writes for it. `open`: its cases that have not ended;
    `unsent`: those whose owner was not told in time; `overdue`: terms after a notice that are over."""

    unit: Unit
    name: str
    depth: int
    works: bool
    letters: str
    writer: str
    cameras: tuple[str, ...]
    people: tuple[Person, ...]
    open: int
    unsent: int
    overdue: int


def unit_lines(session: Session, office: Office, scope: Scope, now: datetime) -> Sequence[UnitLine]:
    """These units, each behind the one that it hangs on. `office`: of the configuration."""
    today = HERE.local_date(now)
    heads, cameras, people = letterheads_of(session, office, today), cameras_of(session), _people(session, scope)
    owned: dict[str, list[str]] = defaultdict(list)
    for node, camera in sorted(cameras.since):
        owned[cameras.unit(node, camera, today)].append(f"{node}/{camera}")
    ended, count, term = [status.value for status in OVER], CaseCountRow, TermRow
    mine = within(count.unit_code, scope)
    going = select(count.unit_code, func.sum(count.n)).where(count.status.not_in(ended), *mine)
    unsent = select(CaseRow.unit_code, func.count()).where(
        among(UNSENT), *late(HERE.terms.first_instant_in_time(now)), *within(CaseRow.unit_code, scope)
    )
    # that an owner has to be told of an issued notice is counted with the unsent
    over = select(term.unit_code, func.count()).where(
        term.kind == "work", term.due < today, term.code != "notify", *within(term.unit_code, scope)
    )
    by_unit = [
        _counted(session, query, column)
        for query, column in ((going, count.unit_code), (unsent, CaseRow.unit_code), (over, term.unit_code))
    ]
    return [
        _line(heads, depth, unit, owned[unit.code], people[unit.code], [n[unit.code] for n in by_unit])
        for depth, unit in heads.tree.walk()
        if scope.has(unit.code)
    ]


def _line(
    heads: Letterheads, depth: int, unit: Unit, cameras: list[str], people: list[Person], counted: list[int]
) -> UnitLine:
    writer = heads.writer(unit.code)
    own = writer.unit == unit.code
    return UnitLine(
        unit, heads.name(unit.code), depth, unit.works_on(heads.day), writer.office.number_suffix if own else "",
        "" if own else heads.name(writer.unit), tuple(cameras), tuple(people), *counted,
    )  # fmt: skip


def _people(session: Session, scope: Scope) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = defaultdict(list)
    accounts = select(UserRow).where(UserRow.active, *within(UserRow.unit_code, scope))
    for row in session.scalars(accounts.order_by(UserRow.full_name, UserRow.username)):
        found[row.unit_code].append(Person(row.username, row.full_name or row.username, row.role))
    return found


def _counted(session: Session, query: Select[str, int], column: Any) -> Counter[str]:
    return Counter({unit: int(n) for unit, n in session.execute(query.group_by(column))})
