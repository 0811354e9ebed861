"""Which terms of a case run, until when, and on whose list they stand. Pure.

A case that has not ended has a term, always: what nobody waits for is forgotten (tests/central/test_life.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from central.cases.facts import Facts
from central.cases.lifecycle import ENDED, UNSENT, Action, CaseState, Role, Status
from countries.calendar import WorkCalendar
from countries.here import HERE

SETTLED_BY: dict[str, Action] = {
    "notify": Action.PUBLISH,
    "statute": Action.EXPIRE,
    "enforce": Action.EXPIRE,
    "answer": Action.WARN,
    "transfer_answer": Action.WARN,
    "pass_on": Action.TRANSFER,
    "own_way_answer": Action.REMIND,
    "take_back": Action.CORRECT,
    "identify": Action.IDENTIFY,
    "minutes": Action.MAKE_MINUTES,
    "hearing": Action.WAIVE_HEARING,
    "hearing_held": Action.HEAR,
    "decision": Action.DECIDE,
    "send_decision": Action.SEND_DECISION,
    "receipt": Action.RECEIVE_DECISION,
    "postponement_answer": Action.POSTPONE,
    "relief_answer": Action.RELIEVE,
    "send_amendment": Action.SEND_AMENDMENT,
    "pay": Action.PAY,
    "close": Action.CLOSE,
    "statement_answer": Action.REFUSE_STATEMENT,
    "complaint_answer": Action.REFUSE_COMPLAINT,
    "tell_owner": Action.TELL_OWNER,
    "lift_warning": Action.LIFT_WARNING,
    "hold_review": Action.LIFT_HOLD,
}
"""The step that a term waits for, or that its passing asks for. Words: `term.<code>`."""
NOT_TO_BE_MET = ("statute", "enforce")
"""Ends of what may be done at all: listed when near, else each case would stand there for a year."""
LENGTHS = frozenset({
    "answer", "transfer_answer", "own_way_answer", "take_back", "identify", "minutes", "hearing_written",
    "hearing_held", "decision", "decision_came_back", "decision_heard", "decision_complex", "send_decision", "pay",
    "proof_of_receipt", "enforce", "close", "statement_answer", "complaint_answer", "tell_owner", "lift_warning",
    "postponement_answer", "relief_answer", "hearing_longer",
})  # fmt: skip
"""Keys of the lengths that terms are counted by, in the country's data."""
UNDO = "undo"
"""Not on any list: until when the last step may be undone."""
_AT_DESK: dict[Status, Role] = {Status.NEW: Role.OFFICER, Status.IN_REVIEW: Role.OFFICER}


@dataclass(frozen=True)
class Term:
    """`since`: the day it is counted from. `due`: its last day, inclusive. `whose`: the lowest role that can settle it.

    `key`: the term's length in the country's data; it says by what law.
    """

    code: str
    since: date
    due: date
    whose: Role
    key: str

    def is_over(self, today: date) -> bool:
        return today > self.due


def terms(
    state: CaseState, *, occurred_at: datetime, detected_at: datetime, calendar: WorkCalendar | None = None
) -> tuple[Term, ...]:
    """Every term that runs for a case now, the nearest first. `calendar`: the unit's, else the country's."""
    occurred, detected = HERE.local_date(occurred_at), HERE.local_date(detected_at)
    known = HERE.terms.deadlines(occurred_at=occurred_at, detected_at=detected_at)

    def until(key: str, since: date) -> date:
        return HERE.terms.until(key, since, calendar)

    def named(day: date) -> date:
        return HERE.terms.named_day(day, calendar)

    found = list(_beside(state, until))
    if state.status not in ENDED:
        found += _of_state(state, until, named)
        if state.status in UNSENT:
            found.append(_unsent(state, detected, known.notify_by))
        if state.facts.decided is None:
            found.append(Term("statute", occurred, known.statute_until, Role.APPROVER, "statute"))
    return tuple(sorted(found, key=lambda term: (term.due, term.code)))


def passed(running: Collection[Term], today: date, *, undo_until: date | None = None) -> frozenset[str]:
    """Codes of the terms whose last day is over, as `central.cases.steps.step` asks for them."""
    codes = {term.code for term in running if term.is_over(today)}
    if undo_until is not None and today > undo_until:
        codes.add(UNDO)
    return frozenset(codes)


_Until = Callable[[str, date], date]


def _unsent(state: CaseState, detected: date, notify_by: date) -> Term:
    """The days for telling an owner are those for passing the results on as well: what gets no notice has to be with
    its own authority by then. A file that came back from one begins its days anew, for another."""
    since = state.facts.corrected or detected
    code = "notify"
    if state.own_way is not None:
        code = "take_back" if state.status is Status.ISSUED else "pass_on"
        since = max(since, state.facts.returned or since)
    whose = Role.APPROVER if code == "take_back" else _AT_DESK.get(state.status, Role.APPROVER)
    return Term(code, since, notify_by + (since - detected), whose, "notify")


def _of_state(state: CaseState, until: _Until, named: Callable[[date], date]) -> Iterator[Term]:
    facts, status = state.facts, state.status
    if status is Status.PUBLISHED and facts.sent is not None and state.own_way is not None:
        # sent before it was known to be none of an owner's: nobody is waited for, and nobody is warned
        yield Term("take_back", facts.sent, until("take_back", facts.sent), Role.APPROVER, "take_back")
    elif status is Status.PUBLISHED and facts.sent is not None and facts.warned is None:
        yield Term("answer", facts.sent, until("answer", facts.sent), Role.APPROVER, "answer")
    elif status is Status.ATTENDED and facts.attended is not None:
        yield Term("identify", facts.attended, until("identify", facts.attended), Role.OFFICER, "identify")
    elif status is Status.IDENTIFIED and facts.identified is not None:
        yield Term("minutes", facts.identified, until("minutes", facts.identified), Role.OFFICER, "minutes")
    elif status is Status.MINUTES_MADE and facts.minutes is not None:
        yield from _of_minutes(facts, facts.minutes, until)
    elif status is Status.TRANSFERRED and facts.transferred is not None and state.own_way is not None:
        asked = facts.reminded or facts.transferred
        yield Term("own_way_answer", asked, until("own_way_answer", asked), Role.APPROVER, "own_way_answer")
    elif status is Status.TRANSFERRED and facts.transferred is not None and facts.warned is None:
        due = until("transfer_answer", facts.transferred)
        yield Term("transfer_answer", facts.transferred, due, Role.APPROVER, "transfer_answer")
    elif status is Status.PAID:
        since = facts.settled or facts.decided
        if facts.decided is not None and facts.decision_sent is None:
            yield _send_decision(facts.decided, until)
        elif since is not None:
            yield Term("close", since, until("close", since), Role.OFFICER, "close")
    elif facts.decided is not None:
        yield Term("enforce", facts.decided, until("enforce", facts.decided), Role.APPROVER, "enforce")
        yield from _of_decision(state, facts, until, named)


def hearing_key(facts: Facts) -> str:
    """Key of the length of the days to ask to be heard."""
    return "hearing_written" if facts.hearing_longer is None else "hearing_longer"


def _of_minutes(facts: Facts, minutes: date, until: _Until) -> Iterator[Term]:
    """The month to decide is for who asked to be heard, or for longer to explain; a right that nobody uses gives the
    authority no day more."""
    key = "decision_came_back" if facts.came_back else "decision"
    if facts.complex_case:
        key = "decision_complex"
    elif facts.may_be_heard and facts.hearing != "waived":
        if facts.hearing is not None or facts.hearing_longer is not None:
            key = "decision_heard"
        if facts.hearing is None:
            asked_by = hearing_key(facts)
            yield Term("hearing", minutes, until(asked_by, minutes), Role.OFFICER, asked_by)
        elif facts.heard is None and facts.hearing_asked is not None:
            due = until("hearing_held", facts.hearing_asked)
            yield Term("hearing_held", facts.hearing_asked, due, Role.OFFICER, "hearing_held")
    yield Term("decision", minutes, until(key, minutes), Role.APPROVER, key)


def _of_decision(
    state: CaseState, facts: Facts, until: _Until, named: Callable[[date], date]
) -> Iterator[Term]:  # fmt: skip
    if state.status is Status.DECIDED and facts.decided is not None:
        yield _send_decision(facts.decided, until)
        return
    if (asked := facts.postponement_asked) is not None:
        due = until("postponement_answer", asked)
        yield Term("postponement_answer", asked, due, Role.APPROVER, "postponement_answer")
    if (asked := facts.relief_asked) is not None:
        yield Term("relief_answer", asked, until("relief_answer", asked), Role.APPROVER, "relief_answer")
    if (part := facts.next_payment) is not None and facts.decision_sent is not None:
        # also while a warning is in force: the next part has a day of its own
        yield Term("pay", facts.decision_sent, named(part.due), Role.APPROVER, "instalments")
    elif facts.postponed is not None and facts.postponed_until is not None:
        yield Term("pay", facts.postponed, named(facts.postponed_until), Role.APPROVER, "postponement")
    elif facts.decision_received is not None and facts.warned is None:
        yield Term("pay", facts.decision_received, until("pay", facts.decision_received), Role.APPROVER, "pay")
    elif facts.decision_sent is not None and facts.decision_received is None:
        due = until("proof_of_receipt", facts.decision_sent)
        yield Term("receipt", facts.decision_sent, due, Role.OFFICER, "proof_of_receipt")


def _send_decision(decided: date, until: _Until) -> Term:
    """Also of one that was paid before: it has to reach whoever was punished."""
    return Term("send_decision", decided, until("send_decision", decided), Role.APPROVER, "send_decision")


def _beside(state: CaseState, until: _Until) -> Iterator[Term]:
    """What runs beside the states, in those that have ended too."""
    facts = state.facts
    if facts.statement is not None:
        due = until("statement_answer", facts.statement)
        yield Term("statement_answer", facts.statement, due, Role.APPROVER, "statement_answer")
    if facts.complaint is not None:
        due = until("complaint_answer", facts.complaint)
        yield Term("complaint_answer", facts.complaint, due, Role.HEAD, "complaint_answer")
    if facts.to_tell is not None:
        yield Term("tell_owner", facts.to_tell, until("tell_owner", facts.to_tell), Role.OFFICER, "tell_owner")
    if facts.amended is not None:
        due = until("send_decision", facts.amended)
        yield Term("send_amendment", facts.amended, due, Role.APPROVER, "send_decision")
    if facts.held is not None:
        yield Term("hold_review", facts.held, facts.held, Role.HEAD, "hold_review")
    if facts.warned is not None and state.status in (*ENDED, Status.PAID, Status.NEW):
        since = facts.settled or facts.warned
        yield Term("lift_warning", since, until("lift_warning", since), Role.APPROVER, "lift_warning")
