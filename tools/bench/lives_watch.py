"""What is held against a centre while lives are lived in it: no term lost or unseen, nothing stuck, all counts true.

The terms are worked out here from the record of each case, apart from what the centre keeps, and both are compared
every night; so is every list that a person works from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from central.audit.records import Signatures, record_faults
from central.cases import log as case_log
from central.cases.documents import MORE
from central.cases.life import life_of, with_life
from central.cases.lifecycle import ENDED, UNSENT, Action, CaseState, Officer, Role, Status
from central.cases.log import state_of
from central.cases.steps import allowed
from central.cases.terms import Term, passed, terms
from central.centre import Centre
from central.desk.falling_due import NEAR_DAYS, SHOWN, falling_due
from central.desk.unit import recount_figures
from central.desk.worklist import QueueFilter, recount, status_counts, total
from central.notices import tally
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow, TermRow
from central.store.packets import manifest_of
from central.units.tree import EVERYWHERE
from countries.here import HERE
from tools.bench.lives_costs import Costs

_AT_ONCE = 400
_AUDITED = 1000
"""Records that are audited whole at the end, signature by signature, at most; of the others the chain."""
_PAGES_EVERY = 7
"""Nights after which the pages are read line by line, and though nothing happened; of the others what they count and
their first line."""
_NOT_A_STEP = frozenset({Action.VIEW, Action.EXPORT, Action.PRINT})
_ANYBODY = tuple(Officer(f"anybody-{role}", role) for role in (Role.OFFICER, Role.APPROVER, Role.HEAD))


@dataclass(frozen=True)
class Event:
    """A line of a record, as the fold reads it."""

    sequence: int
    at: datetime
    action: str
    after: Mapping[str, Any]


@dataclass
class Kept:
    """How terms of one code ended: on their last day or before, after it, and the most days after it."""

    met: int = 0
    late: int = 0
    latest: int = 0


@dataclass
class Watch:
    """The book of one run. `faults`: what may not be; the first of them are kept in words."""

    centre: Centre
    costs: Costs
    faults: list[str] = field(default_factory=list)
    kept: defaultdict[str, Kept] = field(default_factory=lambda: defaultdict(Kept))
    running: dict[str, dict[str, Term]] = field(default_factory=dict)
    status: dict[str, Status] = field(default_factory=dict)
    nights: int = 0
    audited: int = 0
    """Cases whose record was held against the centre's signatures and its sealed packet."""
    told: int = 0
    """Terms whose last day was over and that stood on a list that night, summed over the nights."""
    behind: int = 0
    """Of these, how many stood behind the lines that the page of their role shows."""
    _due: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    _over: set[tuple[str, str]] = field(default_factory=set)
    _ways_out: dict[object, bool] = field(default_factory=dict)

    def fault(self, what: str) -> None:
        self.faults.append(what)

    # --- every night ---------------------------------------------------------------------------------------------

    def night(self, session: Session, touched: Iterable[str], now: datetime) -> None:
        """`touched`: the cases of which a step was taken today."""
        self.nights += 1
        today = HERE.local_date(now)
        cases = sorted(set(touched))
        self.costs.timed("night: records", lambda: self._read(session, cases, now, today))
        self._over |= {at for at in self._due.pop((today - timedelta(days=1)).isoformat(), ()) if self._runs(at, today)}
        self._over = {at for at in self._over if self._runs(at, today)}
        pages = bool(cases) or self.nights % _PAGES_EVERY == 0
        self.costs.timed("night: lists", lambda: self._lists(session, now, today, pages=pages))

    def _read(self, session: Session, cases: list[str], now: datetime, today: date) -> None:
        for some in _in_parts(cases):
            self._read_anew(session, some, now, today)

    def _runs(self, at: tuple[str, str], today: date) -> bool:
        term = self.running.get(at[0], {}).get(at[1])
        return term is not None and term.is_over(today)

    def _read_anew(self, session: Session, cases: list[str], now: datetime, today: date) -> None:
        rows = {row.id: row for row in session.scalars(select(CaseRow).where(CaseRow.id.in_(cases)))}
        columns = (
            CaseEventRow.case_id,
            CaseEventRow.sequence,
            CaseEventRow.at,
            CaseEventRow.action,
            CaseEventRow.after,
        )
        query = select(*columns).where(CaseEventRow.case_id.in_(cases)).order_by(CaseEventRow.sequence)
        records: dict[str, list[Event]] = defaultdict(list)
        for case_id, *line in session.execute(query):
            records[case_id].append(Event(*line))
        listed: dict[str, set[tuple[str, date, str]]] = defaultdict(set)
        kept = select(TermRow.case_id, TermRow.code, TermRow.due, TermRow.whose).where(TermRow.case_id.in_(cases))
        for case_id, code, due, whose in session.execute(kept):
            listed[case_id].add((code, due, whose))
        for case_id, row in rows.items():
            life = life_of(records[case_id])
            state = with_life(state_of(row), life)
            if life.status not in (None, state.status):
                self.fault(f"case {row.number} is {state.status}, its record says {life.status}")
            found = terms(
                state, occurred_at=row.occurred_at, detected_at=row.notify_from, calendar=self.centre.notices.calendar
            )
            self._moved(case_id, found, today)
            self.status[case_id] = state.status
            in_queue = state.status in UNSENT and state.status is not Status.ISSUED and row.corrected_at is None
            wanted = {(t.code, t.due, t.whose.value) for t in found}
            # before its notice the queue is the list; one that was there before may stand on both
            if wanted != listed[case_id] and not (in_queue and not listed[case_id]):
                self.fault(f"case {row.number}, {state.status}: on lists {listed[case_id]}, by its record {wanted}")
            if state.status not in ENDED and not found:
                self.fault(f"case {row.number}, {state.status}: nobody waits for it")
            if not self._has_a_way_out(state, passed(found, today, undo_until=state.undo_until), now):
                self.fault(f"case {row.number}, {state.status}: stuck, nobody may take any step")

    def _moved(self, case_id: str, found: tuple[Term, ...], today: date) -> None:
        before, after = self.running.get(case_id, {}), {term.code: term for term in found}
        for code, term in before.items():
            if code in after and after[code].since == term.since:
                continue  # it runs on, to another day perhaps
            how, days = self.kept[code], (today - term.due).days
            if days > 0:
                how.late, how.latest = how.late + 1, max(how.latest, days)
            else:
                how.met += 1
        for code, term in after.items():
            if before.get(code) == term:
                continue
            if term.is_over(today):
                self._over.add((case_id, code))
            else:
                self._due[term.due.isoformat()].add((case_id, code))
        if after:
            self.running[case_id] = after
        else:
            self.running.pop(case_id, None)

    def _has_a_way_out(self, state: CaseState, over: frozenset[str], now: datetime) -> bool:
        if state.status in ENDED:
            return True
        facts = {name: bool(value) for name, value in vars(state.facts).items()}
        shape = (state.status, tuple(facts.values()), state.facts.hearing, over, state.undo_until is not None)
        if shape not in self._ways_out:
            known = replace(state, confirmed_by=None, claimed_by=None, claimed_until=None)
            steps = frozenset[Action]().union(*(allowed(known, one, now=now, passed=over) for one in _ANYBODY))
            self._ways_out[shape] = bool(steps - _NOT_A_STEP)
        return self._ways_out[shape]

    def _lists(self, session: Session, now: datetime, today: date, *, pages: bool) -> None:
        """What is over stands on the list of its role, or in the queue as late. `pages`: what they say is read too."""
        query = select(TermRow.case_id, TermRow.code).where(TermRow.due < today)
        listed = {(case_id, code) for case_id, code in session.execute(query)}
        unsent = {at for at in self._over - listed if at[1] in ("notify", "statute")}
        for case_id, code in sorted(self._over - listed - unsent):
            self.fault(f"{today}: {code} of {case_id} is over and on no list")
        for case_id, code in sorted(listed - self._over):
            self.fault(f"{today}: {code} of {case_id} is on a list as over and is not")
        self.told += len(self._over)
        if not pages:
            return
        near, shown, over, whole = today + timedelta(days=NEAR_DAYS), 0, 0, self.nights % _PAGES_EVERY == 0
        for role in (Role.OFFICER, Role.APPROVER, Role.HEAD):
            found = falling_due(
                session, role, today=today, near=near, now=now, scope=EVERYWHERE, limit=SHOWN if whole else 1
            )
            over += found.over
            lines = sum(line.left < 0 for line in found.lines)
            if lines != min(found.over, SHOWN if whole else 1):
                self.fault(f"{today}: of {found.over} terms that are over the page of {role} shows {lines}")
            shown += lines if whole else min(found.over, SHOWN)
        if over != len(listed):
            self.fault(f"{today}: the pages say {over} terms are over, {len(listed)} are")
        self.behind += over - shown
        late = {case_id for case_id, code in unsent if code == "notify"}
        said = total(session, QueueFilter(status=UNSENT, overdue_only=True), now=now).n
        issued = {case_id for case_id, code in listed if code == "notify"}
        if said != len(late | issued):
            self.fault(f"{today}: the queue says {said} cases are late to be sent, {len(late | issued)} are")

    # --- at the end ----------------------------------------------------------------------------------------------

    def counts(self, session: Session) -> dict[str, int]:
        """Cases by state: as rows, as their records tell, as the centre counts them, and by what it keeps."""
        rows = {s: int(n) for s, n in session.execute(select(CaseRow.status, func.count()).group_by(CaseRow.status))}
        kept = {status.value: n for status, n in status_counts(session, scope=EVERYWHERE).items() if n}
        folded: Counter[str] = Counter()
        cases = list(session.scalars(select(CaseRow.id).order_by(CaseRow.number)))
        every, ledger = -(-len(cases) // _AUDITED), self.centre.ledger
        signatures = Signatures(ledger, ledger.keys, ledger.unsigned_until())
        for some in _in_parts(cases):
            for case_id in some:
                row, record = session.get_one(CaseRow, case_id), case_log.events(session, case_id)
                if row.number % every == 0:
                    self.audited += 1
                    manifest = manifest_of(row.packet.manifest)
                    faults = record_faults(row, record, manifest, signatures)
                else:
                    faults = _chain_faults(row, record)
                for fault in faults:
                    self.fault(f"case {row.number}: {fault}")
                folded[(life_of(record).status or Status.NEW).value] += 1
            session.expunge_all()
        if not rows == kept == dict(folded):
            self.fault(f"counts by state differ: rows {rows}, kept {kept}, records {dict(folded)}")
        self._figures(session)
        self._numbers(session)
        return dict(sorted(rows.items(), key=lambda line: -line[1]))

    def _figures(self, session: Session) -> None:
        """The statistics that triggers keep are those that counting anew gives."""
        kept = {name: _table(session, name) for name in _FIGURES}
        recount(session)
        recount_figures(session)
        tally.recount(session)
        for name in _FIGURES:
            if (anew := _table(session, name)) != kept[name]:
                self.fault(
                    f"{name} keeps {sorted(kept[name] - anew)[:3]}, counted anew it is {sorted(anew - kept[name])[:3]}"
                )

    def _numbers(self, session: Session) -> None:
        """Numbers of notices and papers of a year have no gap in any book: most papers share that of the notices."""
        book_of = HERE.papers().series
        used: dict[tuple[str, int], set[int]] = defaultdict(set)
        for year, number in session.execute(select(NoticeRow.year, NoticeRow.number)):
            if year is not None and number is not None:
                used["notice", year].add(number)
        for at, after in session.execute(select(CaseEventRow.at, CaseEventRow.after)):
            for paper in (after, *after.get(MORE, ())):
                if "paper_number" in paper:
                    number = int(paper["paper_number"].split("/")[0])
                    used[book_of(paper["paper"]), HERE.local_date(at).year].add(number)
        for (book, year), numbers in sorted(used.items()):
            if numbers != set(range(1, len(numbers) + 1)):
                self.fault(f"numbers of {year} have gaps in the book of {book}")

    def left_over(self) -> list[str]:
        """Cases that have not ended, or in which a term still runs."""
        return [c for c, status in self.status.items() if status not in ENDED or self.running.get(c)]


_FIGURES = ("case_counts", "decided_counts", "rejected_counts", "sent_counts", "notice_counts")


def _chain_faults(row: CaseRow, record: Sequence[CaseEventRow]) -> list[str]:
    try:
        case_log.verify_log(row, record)
    except case_log.LogBroken as error:
        return [error.what]
    return []


def _table(session: Session, name: str) -> set[tuple[Any, ...]]:
    """Lines of a table of counts; one that counts nothing says nothing."""
    rows = session.execute(text(f"SELECT * FROM {name}"))
    return {tuple(str(v) for v in row) for row in rows if any(type(v) is int and v for v in row)}


def _in_parts(cases: list[str]) -> Iterable[list[str]]:
    return (cases[i : i + _AT_ONCE] for i in range(0, len(cases), _AT_ONCE))
