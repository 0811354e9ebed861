"""The one table of the life of a case, and the pure machine that reads it. No database, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from central.cases import relief
from central.cases.lifecycle import ENDED, Action, CaseState, Officer, Refused, Role, Status
from countries.here import HERE

_REVIEW = frozenset({Role.OFFICER, Role.APPROVER, Role.HEAD})
_APPROVE = frozenset({Role.APPROVER, Role.HEAD})
_HEAD = frozenset({Role.HEAD})
_OWN = frozenset({Status.PUBLISHED, Status.ATTENDED, Status.IDENTIFIED, Status.MINUTES_MADE})
"""The notice was sent, nothing is decided."""
_DESK = frozenset({Status.NEW, Status.IN_REVIEW, Status.CONFIRMED, Status.NOTICE_PREPARED})
"""No notice was issued. An issued one that was not sent yet is not handed over: its code is with the unit that printed
it."""
_DECIDED = frozenset({Status.DECIDED, Status.DECISION_SENT})
_SERVED = _OWN | _DECIDED | {Status.PAID, Status.TRANSFERRED}
_RUNNING = _SERVED | {Status.ISSUED}

_Guard = Callable[[CaseState, Officer, Collection[str]], Refused | None]


@dataclass(frozen=True)
class Move:
    """One row of the table: who may take the step, from where, where it leads (None: it stays), and what hinders it.

    `undoable`: recorded of something that happened elsewhere, so a slip of the keyboard can be taken back.
    """

    roles: frozenset[Role]
    start: frozenset[Status]
    end: Status | None = None
    guards: tuple[_Guard, ...] = ()
    undoable: bool = False


def _unless(holds: Callable[[CaseState], bool], code: str, what: str, remedy: str) -> _Guard:
    """A guard that refuses unless `holds`."""
    return lambda state, _actor, _passed: None if holds(state) else Refused(code, what, remedy=remedy)


def _other_than_confirmed(code: str, what: str, remedy: str) -> _Guard:
    return lambda state, actor, _passed: (
        Refused(code, what, remedy=remedy) if actor.username == state.confirmed_by else None
    )


def _after(*terms: str) -> _Guard:
    """Only when one of these terms has passed."""
    return lambda _state, _actor, passed: None if set(terms) & set(passed) else Refused(
        "too_early", "the term has not passed yet", remedy="wait for its last day"
    )  # fmt: skip


def _before(term: str, code: str, what: str, remedy: str) -> _Guard:
    return lambda _state, _actor, passed: Refused(code, what, remedy=remedy) if term in passed else None


def _redraft(state: CaseState, actor: Officer, _passed: Collection[str]) -> Refused | None:
    first_draft = state.status is Status.CONFIRMED and actor.username == state.confirmed_by
    if actor.role is not Role.OFFICER or first_draft:
        return None
    return Refused(
        "redraft", "an officer drafts the notice of a case he confirmed once; then the approver does",
        remedy="ask the approver to draft it again",
    )  # fmt: skip


def _decided_by_head(state: CaseState, actor: Officer, _passed: Collection[str]) -> Refused | None:
    if actor.role is Role.HEAD or state.facts.decided is None:
        return None
    return Refused("role", "a decision is taken back by the head", remedy="ask the head of the unit")


def _decided_himself(state: CaseState, actor: Officer, _passed: Collection[str]) -> Refused | None:
    if actor.role is Role.HEAD or actor.username == state.facts.decided_by:
        return None
    return Refused("role", "whoever decided the fine, or the head, decides how it is paid", remedy="ask one of them")


def _undone_by_who_may_take_it(state: CaseState, actor: Officer, passed: Collection[str]) -> Refused | None:
    """What an approver or the head granted is not taken back by somebody who could not have granted it."""
    move = MOVES[state.undoes] if state.undoes is not None else None
    if move is None or (actor.role in move.roles and _decided_himself not in move.guards):
        return None
    if actor.role not in move.roles:
        return Refused("role", "a step is undone by who may take it", remedy="ask somebody who may")
    return _decided_himself(state, actor, passed)


def _fine_for_parts(state: CaseState, _actor: Officer, _passed: Collection[str]) -> Refused | None:
    facts = state.facts
    if facts.decided is not None:
        rules = HERE.law.instalments(facts.decided, owner_type=facts.owner_type)
        if facts.decision_fine >= rules.least_fine:
            return None
    return Refused("parts_fine", "the fine is too small to be paid in parts", remedy="it is paid at once")


def _fine_to_put_off(state: CaseState, _actor: Officer, _passed: Collection[str]) -> Refused | None:
    facts = state.facts
    if facts.decided is not None:
        rule = HERE.law.postponement(facts.decided, owner_type=facts.owner_type)
        if facts.decision_fine >= rule.least_fine:
            return None
    return Refused("postponed_fine", "the fine is too small to be put off", remedy="it is paid in its term")


def _may_warn(state: CaseState, actor: Officer, passed: Collection[str]) -> Refused | None:
    """The first time after a term; from then on each other office that has to know."""
    if state.facts.warned is None:
        return _after("answer", "transfer_answer", "pay")(state, actor, passed)
    if state.to_warn:
        return None
    return Refused("warned", "a warning is in force everywhere", remedy="lift it first")


def _may_decide(state: CaseState, _actor: Officer, passed: Collection[str]) -> Refused | None:
    facts = state.facts
    if facts.hearing_done or (facts.hearing is None and "hearing" in passed):
        return None
    if facts.hearing is None:
        return Refused("hearing_open", "the term to ask for a hearing runs", remedy="wait, or record that it is waived")
    return Refused("not_heard", "a hearing was asked for and not held", remedy="hear the violator, and record it")


def _told_by_notice(state: CaseState, _actor: Officer, _passed: Collection[str]) -> Refused | None:
    """The one answer to whether anything of a case goes to an owner by notice; every door that leads there asks it."""
    way = state.own_way
    return None if way is None else Refused(way.code, way.what, remedy=way.remedy)


_NO_STATEMENT = _unless(
    lambda s: s.facts.statement is None, "statement_open", "a statement of the owner is not answered", "answer it first"
)
_NO_COMPLAINT = _unless(
    lambda s: s.facts.complaint is None, "complaint_open", "a complaint is not answered", "answer it first"
)
_NOTICED = _unless(
    lambda s: s.facts.issued is not None, "no_notice_issued", "no notice was issued in this case", "go on without"
)
"""The file may have left before any notice, and ended elsewhere."""
_NOT_WARNED = _unless(lambda s: s.facts.warned is None, "warned", "a warning is in force", "lift it first")
_NO_REQUEST = _unless(
    lambda s: s.facts.postponement_asked is None, "postponement_open", "a request to pay later is not answered",
    "answer it first",
)  # fmt: skip
_REQUESTED = _unless(
    lambda s: s.facts.postponement_asked is not None, "no_postponement", "nobody asked to pay later", "go on"
)
_NO_RELIEF = _unless(
    lambda s: s.facts.relief_asked is None, "relief_open", "a request to pay less is not answered", "answer it first"
)
_RELIEF_ASKED = _unless(lambda s: s.facts.relief_asked is not None, "no_relief", "nobody asked to pay less", "go on")
_RELIEF_POSSIBLE = _unless(
    lambda s: relief.may_be_asked(s.facts), "relief_never", "the law lets nothing be taken off this fine",
    "it is paid in its term",
)  # fmt: skip
_IN_TERM = _before(
    "decision", "decision_late", "the term to decide has passed", "end the case: no decision can be made any more"
)
_NOT_PUT_OFF = _unless(lambda s: s.facts.postponed is None, "postponed", "the fine was put off already", "go on")
_NO_PARTS = _unless(lambda s: not s.facts.instalments, "instalments", "it is being paid already", "go on")
_HEARING_UNASKED = _unless(
    lambda s: s.facts.may_be_heard and s.facts.hearing is None, "no_hearing", "there is no hearing to ask for or waive",
    "go on without",
)  # fmt: skip
_SENT = _unless(
    lambda s: s.facts.decision_sent is not None, "decision_unsent", "the decision was not sent yet", "send it first"
)
"""Whoever pays at once has to get the decision all the same, and the points are told with it."""
_AMENDMENT_SENT = _unless(
    lambda s: s.facts.amended is None, "amendment_unsent", "what is left of the decision was not sent", "send it first"
)
_IN_STATUTE = _before("statute", "statute", "the act is more than one year old", "end the case as expired")

MOVES: dict[Action, Move] = {
    Action.VIEW: Move(_REVIEW, frozenset(Status)),
    Action.EXPORT: Move(_APPROVE, frozenset(Status)),
    Action.CLAIM: Move(_REVIEW, frozenset({Status.NEW, Status.IN_REVIEW}), Status.IN_REVIEW),
    Action.RELEASE: Move(_REVIEW, frozenset({Status.IN_REVIEW}), Status.NEW),
    Action.CORRECT_PLATE: Move(_REVIEW, frozenset({Status.IN_REVIEW})),
    Action.CONFIRM: Move(_REVIEW, frozenset({Status.IN_REVIEW}), Status.CONFIRMED),
    Action.REJECT: Move(_REVIEW, frozenset({Status.IN_REVIEW}), Status.REJECTED),
    Action.REOPEN: Move(_HEAD, frozenset({Status.REJECTED}), Status.NEW),
    Action.PREPARE_NOTICE: Move(
        _REVIEW, frozenset({Status.CONFIRMED, Status.NOTICE_PREPARED}), Status.NOTICE_PREPARED,
        (_redraft, _told_by_notice)
    ),
    Action.RETURN: Move(_APPROVE, frozenset({Status.CONFIRMED, Status.NOTICE_PREPARED}), Status.NEW),
    Action.ISSUE: Move(_APPROVE, frozenset({Status.NOTICE_PREPARED}), Status.ISSUED, (_other_than_confirmed(
        "same_person", "whoever confirmed a case may not issue its notice", "a second person issues"),
        _told_by_notice)),
    Action.PRINT: Move(_APPROVE, frozenset({Status.ISSUED}), None, (_other_than_confirmed(
        "same_person_print", "whoever confirmed a case does not hold the owner's code", "the approver prints it"),
        _told_by_notice)),
    Action.PUBLISH: Move(_APPROVE, frozenset({Status.ISSUED}), Status.PUBLISHED, (_told_by_notice,)),

    Action.ATTEND: Move(_REVIEW, frozenset({Status.PUBLISHED}), Status.ATTENDED, undoable=True),
    Action.IDENTIFY: Move(_REVIEW, frozenset({Status.PUBLISHED, Status.ATTENDED}), Status.IDENTIFIED, undoable=True),
    Action.MAKE_MINUTES: Move(
        _REVIEW, frozenset({Status.IDENTIFIED}), Status.MINUTES_MADE, (_IN_STATUTE,), undoable=True
    ),
    Action.WAIVE_HEARING: Move(_REVIEW, frozenset({Status.MINUTES_MADE}), None, (_HEARING_UNASKED,), undoable=True),
    Action.ASK_HEARING: Move(
        # whether it came in its term is judged by the day on which it came, not by that of its entry (`said.check`)
        _REVIEW, frozenset({Status.MINUTES_MADE}), None, (_HEARING_UNASKED, _IN_TERM), undoable=True,
    ),
    Action.HEAR: Move(_REVIEW, frozenset({Status.MINUTES_MADE}), None, (_unless(
        lambda s: s.facts.hearing in ("written", "oral") and s.facts.heard is None,
        "no_hearing", "no hearing was asked for", "go on without"),), undoable=True),
    Action.EXTEND_HEARING: Move(
        _APPROVE, frozenset({Status.MINUTES_MADE}), None,
        (_HEARING_UNASKED, _before("hearing", "hearing_late", "the term to ask for a hearing has passed", "decide"),
         _unless(lambda s: s.facts.hearing_longer is None, "hearing_longer", "these days are longer already", "wait")),
    ),
    Action.EXTEND: Move(_HEAD, frozenset({Status.MINUTES_MADE}), None, (_IN_TERM, _unless(
        lambda s: not s.facts.complex_case, "extended", "the term was extended already", "decide"))),
    Action.DECIDE: Move(_APPROVE, frozenset({Status.MINUTES_MADE}), Status.DECIDED, (
        _other_than_confirmed("same_person", "whoever confirmed a case does not decide it", "a second person decides"),
        _IN_STATUTE, _IN_TERM, _NO_STATEMENT, _may_decide)),
    Action.SEND_DECISION: Move(_APPROVE, frozenset({Status.DECIDED, Status.PAID}), Status.DECISION_SENT, (_unless(
        lambda s: s.facts.decision_sent is None, "decision_sent", "the decision was sent already", "go on"),),
        undoable=True),
    Action.SEND_AMENDMENT: Move(_APPROVE, frozenset(Status), None, (_unless(
        lambda s: s.facts.amended is not None, "nothing_amended", "nothing of the decision was amended", "go on"),),
        undoable=True),
    Action.RECEIVE_DECISION: Move(_REVIEW, frozenset({Status.DECISION_SENT}), None, (_unless(
        lambda s: s.facts.decision_received is None, "received", "the day of receipt is known", "go on"),),
        undoable=True),
    Action.AGREE_INSTALMENTS: Move(_APPROVE, frozenset({Status.DECISION_SENT}), None, (_unless(
        lambda s: not s.facts.instalments and s.facts.paid == 0, "instalments", "it is being paid already", "go on"),
        _fine_for_parts, _decided_himself), undoable=True),
    Action.ASK_POSTPONEMENT: Move(_REVIEW, frozenset({Status.DECISION_SENT}), None, (
        _NOT_PUT_OFF, _NO_PARTS, _NO_REQUEST, _NO_RELIEF, _fine_to_put_off), undoable=True),
    Action.POSTPONE: Move(_APPROVE, frozenset({Status.DECISION_SENT}), None, (
        _REQUESTED, _NO_PARTS, _decided_himself), undoable=True),
    Action.REFUSE_POSTPONEMENT: Move(
        _APPROVE, frozenset({Status.DECISION_SENT}), None, (_REQUESTED, _decided_himself), undoable=True
    ),
    Action.ASK_RELIEF: Move(
        _REVIEW, frozenset({Status.DECISION_SENT}), None, (_NO_REQUEST, _NO_RELIEF, _RELIEF_POSSIBLE), undoable=True
    ),
    Action.RELIEVE: Move(
        _APPROVE, frozenset({Status.DECISION_SENT}), None, (_RELIEF_ASKED, _decided_himself), undoable=True
    ),
    Action.REFUSE_RELIEF: Move(
        _APPROVE, frozenset({Status.DECISION_SENT}), None, (_RELIEF_ASKED, _decided_himself), undoable=True
    ),
    Action.PAY: Move(_REVIEW, _DECIDED, None, undoable=True),
    Action.CLOSE: Move(_REVIEW, frozenset({Status.PAID}), Status.CLOSED, (
        _SENT, _AMENDMENT_SENT, _NOT_WARNED, _NO_STATEMENT, _NO_COMPLAINT)),

    Action.WARN: Move(_APPROVE, frozenset({Status.PUBLISHED, Status.TRANSFERRED, Status.DECISION_SENT}), None, (
        _told_by_notice, _NO_STATEMENT, _NO_COMPLAINT, _NO_REQUEST, _NO_RELIEF, _may_warn)),
    Action.LIFT_WARNING: Move(_APPROVE, frozenset(Status), None, (_unless(
        lambda s: s.facts.warned is not None, "no_warning", "no warning is in force", "go on"),)),
    Action.HAND_OVER: Move(_APPROVE, _DESK | _OWN | _DECIDED | {Status.PAID}),
    Action.TRANSFER: Move(_APPROVE, _OWN | {Status.CONFIRMED, Status.NOTICE_PREPARED}, Status.TRANSFERRED),
    Action.TRANSFER_SETTLED: Move(_APPROVE, frozenset({Status.TRANSFERRED}), Status.CLOSED),
    Action.TRANSFER_RETURNED: Move(_APPROVE, frozenset({Status.TRANSFERRED})),
    Action.REMIND: Move(_APPROVE, frozenset({Status.TRANSFERRED}), None, (_after("own_way_answer"),)),

    Action.CONTEST: Move(frozenset(), _SERVED | {Status.ISSUED}, None, (_NOTICED,)),
    Action.REFUSE_STATEMENT: Move(_APPROVE, _RUNNING | ENDED, None, (_unless(
        lambda s: s.facts.statement is not None, "no_statement", "no statement waits for an answer", "go on"),)),
    Action.COMPLAIN: Move(_REVIEW, _SERVED, None, (_NOTICED, _NO_COMPLAINT), undoable=True),
    Action.REFUSE_COMPLAINT: Move(_HEAD, _RUNNING | ENDED, None, (_unless(
        lambda s: s.facts.complaint is not None, "no_complaint", "no complaint waits for an answer", "go on"),)),
    Action.WITHDRAW: Move(
        _APPROVE, _RUNNING | {Status.CLOSED, Status.EXPIRED}, Status.WITHDRAWN, (_NOTICED, _decided_by_head)
    ),
    Action.CORRECT: Move(_APPROVE, _OWN | {Status.ISSUED}, Status.NEW, (_NOTICED, _IN_STATUTE)),
    Action.TELL_OWNER: Move(_REVIEW, frozenset(Status), None, (_unless(
        lambda s: s.facts.to_tell is not None, "nobody_to_tell", "nobody has to be told", "go on"),), undoable=True),
    Action.EXPIRE: Move(_APPROVE, _OWN | _DECIDED | {Status.ISSUED, Status.TRANSFERRED}, Status.EXPIRED, (
        _after("statute", "enforce", "decision"),)),
    Action.HOLD: Move(_HEAD, _RUNNING | ENDED),
    Action.LIFT_HOLD: Move(_HEAD, frozenset(Status), None, (_unless(
        lambda s: s.facts.held is not None, "no_hold", "no hold is on the case", "go on"),)),
    Action.UNDO: Move(_REVIEW, frozenset(Status), None, (_undone_by_who_may_take_it, _unless(
        lambda s: s.undo_until is not None, "nothing_to_undo", "the last step cannot be undone", "take the next step"),
        _before("undo", "undo_late", "the days to undo the last step have passed", "take the next step"))),
}  # fmt: skip
"""Who may do what: the one table that `step`, the screens and the tests read."""


def may(actor: Officer, action: Action, unit: str) -> bool:
    """Whether somebody with this role, who sees these units, may ever take `action` on a case of `unit`.

    The one answer to whose cases are whose: `step` asks it, and every page of a case through `central.web.access`. What
    a list may show is the same scope (`central.units.filtering.within`).
    """
    move = MOVES.get(action)
    return move is not None and actor.role in move.roles and actor.scope.has(unit)


_HANDED_OVER = {Status.IN_REVIEW: Status.NEW, Status.NOTICE_PREPARED: Status.CONFIRMED}
"""Nobody of the unit that gets a case holds it, and a draft bears the name of the one that it left."""
_HOLDER_ONLY = frozenset({Action.RELEASE, Action.CORRECT_PLATE, Action.CONFIRM, Action.REJECT})


def step(
    state: CaseState, action: Action, actor: Officer, *, now: datetime, claim_until: datetime | None = None,
    passed: Collection[str] = (),
) -> CaseState:  # fmt: skip
    """The state after `action`, without what was said about it (`central.cases.life` adds that).

    `passed`: codes of the terms of this case whose last day is over (`central.cases.terms`).

    Raises `Refused` with a code: `role`, `other_unit`, `status`, `held`, `not_held`, `same_person`, `redraft`,
    `same_person_print`, those of the guards in `MOVES`, and the country's codes of vehicles that get no notice.
    """
    move = MOVES.get(action)
    if move is None or actor.role not in move.roles:
        raise Refused("role", f"the role {actor.role} may not {action}", remedy="ask someone with the right role")
    if not may(actor, action, state.unit):
        raise Refused("other_unit", "the case is another unit's", remedy="ask the unit above both")
    if state.status not in move.start:
        raise Refused("status", f"a case that is {state.status} cannot take {action}", remedy="reload the case")
    holder = state.held_by(now)
    if action is Action.CLAIM:
        if holder is not None and holder != actor.username:
            raise Refused("held", f"{holder} holds this case", remedy="take another case, or wait until it is released")
        if claim_until is None or claim_until <= now:
            raise ValueError("a claim needs an end in the future")
        return replace(state, status=Status.IN_REVIEW, claimed_by=actor.username, claimed_until=claim_until)
    frees = action is Action.RELEASE and actor.role is Role.HEAD  # the head may free a case that someone holds
    if action in _HOLDER_ONLY and holder != actor.username and not frees:
        raise Refused("not_held", "you do not hold this case (any more)", remedy="claim it first")
    if action is Action.HAND_OVER and holder not in (None, actor.username) and actor.role is not Role.HEAD:
        raise Refused("held", f"{holder} holds this case", remedy="wait until it is released, or ask the head")
    for guard in move.guards:
        if (refused := guard(state, actor, passed)) is not None:
            raise refused
    after = replace(state, status=move.end or state.status)
    if action is Action.HAND_OVER:
        status = _HANDED_OVER.get(state.status, state.status)
        return replace(state, status=status, claimed_by=None, claimed_until=None)
    if after.status is Status.NEW:  # it begins anew: whoever judged it before may issue for another
        return CaseState(
            Status.NEW, facts=state.facts, unit=state.unit, by_commune=state.by_commune, own_way=state.own_way
        )
    if action is Action.CONFIRM:
        return replace(after, claimed_by=None, claimed_until=None, confirmed_by=actor.username)
    if action is Action.REJECT:
        return replace(after, claimed_by=None, claimed_until=None)
    return after


def allowed(state: CaseState, actor: Officer, *, now: datetime, passed: Collection[str] = ()) -> frozenset[Action]:
    """Actions that `step` would take now: what a screen offers."""
    found = set()
    for action, move in MOVES.items():
        if not may(actor, action, state.unit) or state.status not in move.start:
            continue
        try:
            step(state, action, actor, now=now, claim_until=datetime.max.replace(tzinfo=now.tzinfo), passed=passed)
        except Refused:
            continue
        found.add(action)
    return frozenset(found)
