"""Several acts of one vehicle and violator in one decision: which cases wait for it, and what each of them records.

What belongs together and who bears the points is `central.cases.together`. Whatever is done to the decision as a paper
(it is sent, it is received, that is undone, one of its acts is taken back) is recorded in each of its cases that stands
there; all else they do by themselves. Cases of several units are decided at once by somebody who sees them all; who
does not is shown none of the others.
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
from central.cases.life import end_of, facts_after, life_of, with_life
from central.cases.lifecycle import Action, CaseState, Officer, Refused, Status
from central.cases.said import Decided, DecidedToo, Said, check_day, check_fine, points_of
from central.cases.steps import allowed, step
from central.cases.together import Act, same_violator
from central.notices.reading import Read, law_of, read, since
from central.store.case_tables import CaseEventRow, CaseRow
from central.units.filtering import within
from central.units.tree import EVERYWHERE, Scope
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.law import Proposal

_OF_THE_PAPER = frozenset({Action.SEND_DECISION, Action.RECEIVE_DECISION, Action.SEND_AMENDMENT})
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
    """A case that takes a step, as it is before it, and what its event says. `action`: that of its event."""

    case: Read
    after: CaseState
    words: dict[str, Any]
    action: Action

    @property
    def row(self) -> CaseRow:
        return self.case.row


def waiting(
    session: Session, row: CaseRow, facts: Facts, officer: Officer, calendar: WorkCalendar, now: datetime
) -> tuple[Waiting, ...]:
    """Cases that wait for a decision on the same violator, among those that the officer sees, the oldest act first."""
    found = []
    for other in _same_vehicle(session, row, (Status.MINUTES_MADE,), officer.scope):
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
    officer: Officer, calendar: WorkCalendar, now: datetime,
) -> None:  # fmt: skip
    """Raises `Refused` (`apart`) where another case of the violator waits, or was decided on that day, and nobody says
    why it is decided apart: its points are then taken beside these."""
    if note:
        return
    chosen = {each.case for each in said.together}
    apart = [w.row.number for w in others if w.row.number not in chosen]
    for other in _same_vehicle(session, row, (Status.DECIDED, Status.DECISION_SENT, Status.PAID), officer.scope):
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
    acts = [Act(row.number, state, law, said.fine, said.mitigating, said.aggravating)]
    for each, w in zip(said.together, chosen, strict=True):
        check_fine(each.fine, w.law)
        acts.append(Act(w.row.number, w.state, w.law, each.fine, each.mitigating, each.aggravating))
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
        remedy="decide it by itself, or ask who sees both units", values={"case": str(number)},
    )  # fmt: skip


def along(
    session: Session, case: Read, action: Action, said: Said, words: Mapping[str, Any], officer: Officer,
    calendar: WorkCalendar, now: datetime,
) -> tuple[Along, ...]:  # fmt: skip
    """The other cases that take this step with `case`, as it is before it. `words`: what its event says.

    Raises `Refused` as `shares_of`, and that of `step`.
    """
    facts = case.state.facts
    if isinstance(said, Decided) and said.together:
        waits = waiting(session, case.row, facts, officer, calendar, now)
        chosen, shares = shares_of(case.row, case.state, law_of(case.row, case.state), said, waits)
        return tuple(
            _along(read(session, w.row, calendar, now), action, said, {**words, **said_of(share)}, officer, now)
            for w, share in zip(chosen, shares[1:], strict=True)
        )
    if not facts.together:
        return ()
    others = [read(session, row, calendar, now) for row in _by_number(session, [n for n, _ in facts.together])]
    others = [each for each in others if _same_decision(each.state.facts, case.row.number, facts.decided)]
    if action is Action.WITHDRAW:
        return _cut(case, others, said.on)
    undone = _undone(case, words) if action is Action.UNDO else None
    if action not in _OF_THE_PAPER and undone is None:
        return ()
    # the paper is one, whoever of its units sends it
    officer = replace(officer, scope=EVERYWHERE)
    found = []
    for each in others:
        if action not in allowed(each.state, officer, now=now, passed=each.over):
            continue  # it stands elsewhere by now: taken back, paid
        if undone is None:
            found.append(_along(each, action, said, {**words, "with": case.row.number}, officer, now))
        elif (back := _undone_too(each, undone, now)) is not None:
            found.append(back)
    return tuple(found)


def _cut(gone: Read, left: Sequence[Read], on: date) -> tuple[Along, ...]:
    """The cases of a decision without the act that is taken back, each with its share of what is left."""
    if not left:
        return ()
    before = max(each.state.facts.points for each in (gone, *left))
    acts = [Act(each.row.number, each.state, law_of(each.row, each.state), each.state.facts.fine) for each in left]
    day = gone.state.facts.decided
    assert day is not None
    points, _ = acts_together.points_left(before, [points_of(act.law, act.state) for act in acts], day)
    found = []
    for each, share in zip(left, acts_together.shares(acts, points, day), strict=True):
        words = {
            "on": on.isoformat(), "case": gone.row.number, "points": share.points, "points_with": share.points_with,
            "amended": each.state.facts.decision_sent is not None,
        }  # fmt: skip
        found.append(Along(each, each.state, words, Action.DECISION_CUT))
    return tuple(found)


def paper_of(case: Read, action: Action, going: Sequence[Along]) -> Read:
    """Whose paper goes out with the step: of a decision that is sent, the notice of points is the bearer's."""
    if action is Action.SEND_DECISION and not case.state.facts.points:
        return next((each.case for each in going if each.case.state.facts.points), case)
    return case


def _undone(case: Read, words: Mapping[str, Any]) -> CaseEventRow | None:
    """The event that is undone, if it is one of the decision as a paper."""
    event = next(e for e in case.record if e.sequence == words["undoes"])
    return event if Action(event.action) in _OF_THE_PAPER else None


def _undone_too(other: Read, undone: CaseEventRow, now: datetime) -> Along | None:
    """The other case without its part of the same step; None where its last step is another."""
    mine = next((e for e in other.record if e.sequence == other.life.last_step), None)
    if mine is None or (mine.action, mine.at) != (undone.action, undone.at):
        return None
    back = life_of([e for e in other.record if e.sequence != mine.sequence])
    after = replace(with_life(other.state, back), status=back.status or other.state.status)
    said = {"on": HERE.local_date(now).isoformat(), "undoes": mine.sequence}
    return Along(other, after, said, Action.UNDO)


def said_of(share: acts_together.Share) -> dict[str, Any]:
    """What the event of a case says of its share of a decision."""
    return {
        "fine": share.fine, "points": share.points, "points_with": share.points_with, "together": list(share.together),
        "mitigating": share.mitigating, "aggravating": share.aggravating,
    }  # fmt: skip


def _along(case: Read, action: Action, said: Said, words: Mapping[str, Any], officer: Officer, now: datetime) -> Along:
    state = case.state
    after = step(state, action, officer, now=now, passed=case.over)
    check_day(said, since(state.facts))
    after = replace(after, facts=facts_after(after.facts, action, words, HERE.local_date(now)))
    after = replace(after, status=end_of(replace(state, status=after.status), action, after.facts))
    return Along(case, after, dict(words), action)


def _same_decision(facts: Facts, number: int, decided: date | None) -> bool:
    return facts.decided == decided and number in {other for other, _ in facts.together}


def _same_vehicle(
    session: Session, row: CaseRow, statuses: Collection[Status], scope: Scope
) -> Sequence[CaseRow]:  # fmt: skip
    return session.scalars(
        select(CaseRow)
        .where(*within(CaseRow.unit_code, scope))
        .where(
            CaseRow.plate == row.plate, CaseRow.plate_colour == row.plate_colour, CaseRow.kind == row.kind,
            CaseRow.status.in_([status.value for status in statuses]), CaseRow.id != row.id,
        )
        .order_by(CaseRow.occurred_at, CaseRow.number)
        .limit(_LOOKED_AT)
    ).all()  # fmt: skip


def _by_number(session: Session, numbers: Collection[int]) -> Sequence[CaseRow]:
    query = select(CaseRow).where(CaseRow.number.in_(numbers), CaseRow.deleted_at.is_(None))
    return session.scalars(query.order_by(CaseRow.number)).all()


def linked(session: Session, facts: Facts) -> Sequence[CaseRow]:
    """The other cases of the same decision, to be shown beside it."""
    return _by_number(session, [number for number, _ in facts.together]) if facts.together else ()
