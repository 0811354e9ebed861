"""Several acts of one vehicle and violator in one decision: which cases wait for it, and what each of them records.

What belongs together and who bears the points is `central.cases.together`. Whatever is done to the decision as a paper
(it is sent, it is received) is recorded in each of its cases that stands there; all else they do by themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases import together as acts_together
from central.cases.facts import Facts
from central.cases.life import end_of, facts_after
from central.cases.lifecycle import Action, CaseState, Officer, Refused, Status
from central.cases.said import Decided, DecidedToo, Said, check_day, check_fine
from central.cases.steps import step
from central.cases.together import Act, same_violator
from central.notices.reading import Read, law_of, read, since
from central.store.case_tables import CaseEventRow, CaseRow
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.law import Proposal

_OF_THE_PAPER = frozenset({Action.SEND_DECISION, Action.RECEIVE_DECISION})
_LOOKED_AT = 50
"""Cases of one vehicle that wait for a decision or have one: an honest vehicle has a few."""


@dataclass(frozen=True)
class Waiting:
    """Another case of the same vehicle and violator. `seen`: version of it. `refused`: why this person cannot decide it
    now; None: it can be decided together."""

    row: CaseRow
    state: CaseState
    law: Proposal | None
    seen: int
    refused: Refused | None


@dataclass(frozen=True)
class Along:
    """Another case that takes the same step, its record until then, and what its event says."""

    row: CaseRow
    record: Sequence[CaseEventRow]
    before: CaseState
    after: CaseState
    words: dict[str, Any]


def waiting(
    session: Session, row: CaseRow, facts: Facts, officer: Officer, calendar: WorkCalendar, now: datetime
) -> tuple[Waiting, ...]:
    """Cases that wait for a decision on the same violator, the oldest act first."""
    found = []
    for other in _same_vehicle(session, row, (Status.MINUTES_MADE,)):
        case = read(session, other, calendar, now)
        if not same_violator(facts, case.state.facts):
            continue
        refused = None
        try:
            step(case.state, Action.DECIDE, officer, now=now, passed=case.over)
        except Refused as error:
            refused = error
        found.append(Waiting(other, case.state, law_of(other, case.state), case.version, refused))
    return tuple(found)


def check_apart(
    session: Session, row: CaseRow, facts: Facts, said: Decided, note: str, others: Collection[Waiting],
    calendar: WorkCalendar, now: datetime,
) -> None:  # fmt: skip
    """Raises `Refused` (`apart`) where another case of the violator waits, or was decided on that day, and nobody says
    why it is decided apart: its points are then taken beside these."""
    if note:
        return
    chosen = {each.case for each in said.together}
    apart = [w.row.number for w in others if w.row.number not in chosen]
    for other in _same_vehicle(session, row, (Status.DECIDED, Status.DECISION_SENT, Status.PAID)):
        theirs = read(session, other, calendar, now).state.facts
        if theirs.decided == said.on and same_violator(facts, theirs):
            apart.append(other.number)
    if apart:
        raise Refused(
            "apart", "another case of the violator is decided apart", where="note",
            remedy="decide them together, or say why not", values={"cases": ", ".join(map(str, sorted(apart)))},
        )  # fmt: skip


def shares_of(
    row: CaseRow, state: CaseState, law: Proposal | None, said: Decided, others: Sequence[Waiting]
) -> tuple[tuple[Waiting, ...], tuple[acts_together.Share, ...]]:
    """The cases chosen beside this one, and what each records, this one first.

    Raises `Refused`: `together` (not one of those that can be decided together), `points_most`, those of `check_fine`.
    """
    by_number = {w.row.number: w for w in others}
    chosen = tuple(_chosen(each, by_number) for each in said.together)
    if len({w.row.number for w in chosen}) != len(chosen):
        raise _not_together(chosen[0].row.number)
    acts = [Act(row.number, state, law, said.fine)]
    for each, w in zip(said.together, chosen, strict=True):
        check_fine(each.fine, w.law)
        acts.append(Act(w.row.number, w.state, w.law, each.fine))
    return chosen, acts_together.shares(acts, said.points, said.on)


def _chosen(each: DecidedToo, by_number: Mapping[int, Waiting]) -> Waiting:
    found = by_number.get(each.case)
    if found is None:
        raise _not_together(each.case)
    if found.refused is not None:
        raise found.refused
    if each.seen is not None and each.seen != found.seen:
        raise Refused("changed", "the case has changed since you opened it", remedy="look at it again, then decide")
    return found


def _not_together(number: int) -> Refused:
    return Refused(
        "together", "this case does not wait for a decision on the same vehicle and violator", where="together",
        remedy="decide it by itself", values={"case": str(number)},
    )  # fmt: skip


def along(
    session: Session, case: Read, action: Action, said: Said, words: Mapping[str, Any], officer: Officer,
    calendar: WorkCalendar, now: datetime,
) -> tuple[Along, ...]:  # fmt: skip
    """The other cases that take this step with `case`, as it is before it. `words`: what its event says.

    Raises `Refused` as `shares_of`, and that of `step`.
    """
    row, facts = case.row, case.state.facts
    if isinstance(said, Decided) and said.together:
        others = waiting(session, row, facts, officer, calendar, now)
        chosen, shares = shares_of(row, case.state, law_of(row, case.state), said, others)
        return tuple(
            _along(session, w.row, action, said, {**words, **said_of(share)}, officer, calendar, now)
            for w, share in zip(chosen, shares[1:], strict=True)
        )
    if action not in _OF_THE_PAPER or not facts.together:
        return ()
    found = []
    for other in _by_number(session, [number for number, _ in facts.together]):
        theirs = read(session, other, calendar, now)
        if not _same_decision(theirs.state.facts, row.number, facts.decided):
            continue
        try:
            step(theirs.state, action, officer, now=now, passed=theirs.over)
        except Refused:
            continue  # it stands elsewhere by now: taken back, paid
        found.append(_along(session, other, action, said, {**words, "with": row.number}, officer, calendar, now))
    return tuple(found)


def said_of(share: acts_together.Share) -> dict[str, Any]:
    """What the event of a case says of its share of a decision."""
    return {
        "fine": share.fine, "points": share.points, "points_with": share.points_with, "together": list(share.together),
    }  # fmt: skip


def _along(
    session: Session, row: CaseRow, action: Action, said: Said, words: Mapping[str, Any], officer: Officer,
    calendar: WorkCalendar, now: datetime,
) -> Along:  # fmt: skip
    case = read(session, row, calendar, now)
    state = case.state
    after = step(state, action, officer, now=now, passed=case.over)
    check_day(said, since(state.facts))
    after = replace(after, facts=facts_after(after.facts, action, words, HERE.local_date(now)))
    after = replace(after, status=end_of(replace(state, status=after.status), action, after.facts))
    return Along(row, case.record, state, after, dict(words))


def _same_decision(facts: Facts, number: int, decided: date | None) -> bool:
    return facts.decided == decided and number in {other for other, _ in facts.together}


def _same_vehicle(session: Session, row: CaseRow, statuses: Collection[Status]) -> Sequence[CaseRow]:
    return session.scalars(
        select(CaseRow)
        .where(CaseRow.unit_code == row.unit_code)  # a decision is one unit's, and tells nothing of another's cases
        .where(
            CaseRow.plate == row.plate, CaseRow.plate_colour == row.plate_colour, CaseRow.kind == row.kind,
            CaseRow.status.in_([status.value for status in statuses]), CaseRow.id != row.id,
        )
        .order_by(CaseRow.occurred_at, CaseRow.number)
        .limit(_LOOKED_AT)
    ).all()  # fmt: skip


def _by_number(session: Session, numbers: Collection[int]) -> Sequence[CaseRow]:
    return session.scalars(select(CaseRow).where(CaseRow.number.in_(numbers)).order_by(CaseRow.number)).all()


def linked(session: Session, facts: Facts) -> Sequence[CaseRow]:
    """The other cases of the same decision, to be shown beside it."""
    return _by_number(session, [number for number, _ in facts.together]) if facts.together else ()
