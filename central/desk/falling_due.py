"""What falls due: terms of cases after their notice, the nearest first, for those who can settle them, each with the
paper that is next for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, product
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, bindparam, func, select, tuple_, union_all
from sqlalchemy.orm import Session

from central.cases.documents import Document, documents
from central.cases.lifecycle import Action, Role
from central.cases.terms import SETTLED_BY
from central.desk.items import QueueItem, item, light
from central.desk.worklist import MERGED
from central.notices.step_papers import STEP_PAPERS
from central.store.case_tables import CaseEventRow, CaseRow, TermRow
from central.units.filtering import within
from central.units.tree import ROOT, Scope

SHOWN = 200
"""A list to work off from its top."""
NEAR_DAYS = 30
"""So long before its end a statute is listed: time enough for minutes and decision."""
_RANK = (Role.OFFICER, Role.APPROVER, Role.HEAD)
Kind = Literal["work", "end", "all"]
"""`work`: terms that a step meets. `end`: ends of what may be done at all, which else would stand before them."""


GOES_OUT: Mapping[str, tuple[str, ...]] = {
    "tell_owner": ("withdrawal", "correction"),
    "send_decision": ("decision",),
    "send_amendment": ("amendment",),
    "receipt": ("decision",),
    "pay": ("decision",),
    "transfer_answer": ("transfer",),
    "own_way_answer": ("transfer",),
}
"""Terms that a paper is already there for, and which: to be sent, or that something is waited for by."""


@dataclass(frozen=True)
class Due:
    """A term and its case. `left`: days to its last day, negative when it is over.

    `paper`: the one that is there for it. `makes`: the step that makes one, where that is next. Never both.
    """

    item: QueueItem
    code: str
    due: date
    left: int
    whose: str
    unit: str = ROOT
    officer: str = ""
    paper: Document | None = None
    makes: str = ""


@dataclass(frozen=True)
class Behind:
    """Where a page begins: behind this term."""

    due: date
    case_id: str = ""
    code: str = ""

    def __str__(self) -> str:
        return f"{self.due.isoformat()}_{self.case_id}_{self.code}"

    @classmethod
    def parse(cls, text: str) -> Behind | None:
        """What an address names; None when it is none of ours. A day alone: before the first of that day."""
        day, _, rest = text.partition("_")
        case_id, _, code = rest.partition("_")
        try:
            return cls(date.fromisoformat(day), case_id[:36], code[:24])
        except ValueError:
            return None


@dataclass(frozen=True)
class DueList:
    """`over`: how many of all are over; `days`: how many fall due on each day, all of them; `later`: where the next
    page begins, None where there is none."""

    lines: tuple[Due, ...]
    over: int
    days: tuple[tuple[date, int], ...]
    later: Behind | None

    @property
    def total(self) -> int:
        return sum(n for _, n in self.days)

    @property
    def more(self) -> bool:
        return self.later is not None


def falling_due(
    session: Session, role: Role | None, *, today: date, near: date, now: datetime, scope: Scope, kind: Kind = "all",
    officer: str = "", after: Behind | None = None, limit: int = SHOWN,
) -> DueList:  # fmt: skip
    """A page of the terms of these units that this role is the lowest to settle, or of all of them; with `officer` of
    cases that he confirmed or holds. `near`: statutes that end later are left out. Counts are of all pages."""
    kinds = ("work", "end") if kind == "all" else (kind,)
    chosen: list[ColumnElement[bool]] = []
    if role in _RANK:
        chosen.append(TermRow.whose == role.value)
    if officer:
        chosen.append(TermRow.officer == officer)
    days: Counter[date] = Counter()
    for one in kinds:
        mine = (*_of_kind(one, near), *within(TermRow.unit_code, scope), *chosen)
        for day, n in session.execute(select(TermRow.due, func.count()).where(*mine).group_by(TermRow.due)):
            days[day] += n
    if after is not None:
        chosen.append(tuple_(TermRow.due, TermRow.case_id, TermRow.code) > (after.due, after.case_id, after.code))
    found = _page(session, kinds, near, scope, chosen, limit) if days else []
    lines = _lines(session, found[:limit], today, now)
    over = sum(n for day, n in days.items() if day < today)
    last = found[limit - 1] if len(found) > limit else None
    return DueList(
        lines, over, tuple(sorted(days.items())), Behind(last.due, last.case_id, last.code) if last else None
    )


def _of_kind(kind: str, near: date) -> tuple[ColumnElement[bool], ...]:
    return (TermRow.kind == kind, TermRow.due <= near) if kind == "end" else (TermRow.kind == kind,)


def _page(
    session: Session, kinds: Iterable[str], near: date, scope: Scope, chosen: Sequence[ColumnElement[bool]], limit: int
) -> list[Row[Any]]:
    """Due day, case and code of the first `limit` terms and one more.

    Each kind, and each of a few units, is read in the order of its own index, then the first of these are taken: asked
    for together, a database reads them all and sorts.
    """
    few = not scope.everything and len(scope.units) <= MERGED
    places = (
        [(TermRow.unit_code == unit,) for unit in sorted(scope.units)] if few else [within(TermRow.unit_code, scope)]
    )
    parts = []
    for kind, place in product(kinds, places):
        first = select(TermRow.due, TermRow.case_id, TermRow.code).where(*_of_kind(kind, near), *place, *chosen)
        part = first.order_by(TermRow.due, TermRow.case_id, TermRow.code).limit(limit + 1).subquery()
        parts.append(select(part.c.due, part.c.case_id, part.c.code))
    if not parts:
        return []
    firsts = union_all(*parts).subquery()  # sorted by the database, whose order of letters the indexes have
    ordered = select(firsts).order_by(firsts.c.due, firsts.c.case_id, firsts.c.code)
    return list(session.execute(ordered.limit(limit + 1)))


# built once: building them costs as much as asking them
_CASES = light(select(CaseRow).where(CaseRow.id.in_(bindparam("ids", expanding=True))))
_TERMS = select(
    TermRow.case_id, TermRow.code, TermRow.due, TermRow.whose, TermRow.unit_code, TermRow.officer
).where(TermRow.case_id.in_(bindparam("ids", expanding=True)))  # fmt: skip
_MADE = (
    select(CaseEventRow)
    .where(
        CaseEventRow.case_id.in_(bindparam("ids", expanding=True)),
        CaseEventRow.action.in_([action.value for action in (*STEP_PAPERS, Action.DECISION_CUT, Action.UNDO)]),
    )
    .order_by(CaseEventRow.case_id, CaseEventRow.sequence)
)


def _lines(session: Session, found: Sequence[Row[Any]], today: date, now: datetime) -> tuple[Due, ...]:
    ids = {key.case_id for key in found}
    asked = {"ids": sorted(ids)}
    cases = {row.id: row for row in session.scalars(_CASES, asked)}
    terms = {(t.case_id, t.code): t for t in session.execute(_TERMS, asked)}
    made = _documents(session, {key.case_id for key in found if key.code in GOES_OUT})
    return tuple(
        Due(
            item(cases[t.case_id], now), t.code, t.due, (t.due - today).days, t.whose, t.unit_code, t.officer,
            *_next(t.code, made.get(t.case_id, ())),
        )
        for t in (terms[key.case_id, key.code] for key in found)
    )  # fmt: skip


def _next(code: str, made: Iterable[Document]) -> tuple[Document | None, str]:
    codes = GOES_OUT.get(code, ())
    there = [d for d in made if d.code in codes and d.holds == "holds"]
    if there:
        return there[-1], ""
    settles = SETTLED_BY[code]
    return None, settles.value if settles in STEP_PAPERS and code not in GOES_OUT else ""


def _documents(session: Session, cases: set[str]) -> dict[str, tuple[Document, ...]]:
    """The papers of these cases, asked for at once."""
    if not cases:
        return {}
    events = session.scalars(_MADE, {"ids": sorted(cases)})
    return {case: documents(list(rows)) for case, rows in groupby(events, key=lambda e: e.case_id)}
