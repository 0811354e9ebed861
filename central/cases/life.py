"""What was said with each step, and the whole state of a case read back from its record. Pure.

The record is the truth: `life_of` folds it, and a step that was undone counts as if it had not been taken. Columns of
the database that say the same are there to be searched by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, Protocol, cast

from central.cases.facts import Facts, Instalment
from central.cases.lifecycle import Action, CaseState, Status
from central.cases.steps import MOVES
from countries.here import HERE

_PASSING = frozenset({
    Action.VIEW, Action.CLAIM, Action.RELEASE, Action.PRINT, Action.EXPORT, Action.CONTEST, Action.SECOND_READING,
    Action.HOLD, Action.LIFT_HOLD, Action.DECISION_CUT,
})  # fmt: skip
"""Steps behind which the one before can still be undone: they build on nothing."""
_BESIDE = _PASSING - {Action.CLAIM, Action.RELEASE}
"""Of these none moves a case: the state that their events name is not theirs, and goes with the step that is undone."""


_TELLS_NO_FACT = (_PASSING | {
    Action.CREATE, Action.CONFIRM, Action.REJECT, Action.RETURN, Action.PREPARE_NOTICE, Action.CORRECT_PLATE,
    Action.CORRECT_DETAILS,
}) - {Action.CONTEST, Action.HOLD, Action.LIFT_HOLD, Action.DECISION_CUT}  # fmt: skip
"""Most of a record: of these nothing is folded but where the case stands."""


class Event(Protocol):
    """One line of the record, as the database has it."""

    @property
    def sequence(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def action(self) -> str: ...
    @property
    def after(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Life:
    """A case as its record tells it. `last_step`: sequence of the step that may be undone, None if there is none;
    `undoes`: which step that is.

    `status` is None in a record that never names one (of before the first decision).
    """

    status: Status | None
    facts: Facts
    last_step: int | None
    undo_until: date | None
    undoes: Action | None = None


def life_of(record: Sequence[Event]) -> Life:
    """Fold the record of one case."""
    undone = {int(e.after["undoes"]) for e in record if e.action == Action.UNDO.value}
    status: Status | None = None
    facts = cast(Facts, SimpleNamespace(**_NOTHING))  # grows in place: a new value for each event cost half of a fold
    last: Event | None = None
    for event in record:
        action = _action(event.action)
        if action is None or action is Action.UNDO or event.sequence in undone:
            continue
        if action not in _TELLS_NO_FACT:
            vars(facts).update(_news(facts, action, event.after, HERE.local_date(event.at)))
        if "status" in event.after and action not in _BESIDE:
            status = Status(event.after["status"])
        if action not in _PASSING:
            last = event
    undoable = last is not None and MOVES.get(Action(last.action)) is not None and MOVES[Action(last.action)].undoable
    known = Facts(**vars(facts))
    if last is None or not undoable:
        return Life(status, known, None, None)
    until = HERE.terms.until("undo", HERE.local_date(last.at))
    return Life(status, known, last.sequence, until, Action(last.action))


def with_life(state: CaseState, life: Life) -> CaseState:
    """The state from the case's columns, with what only its record knows."""
    return replace(state, facts=life.facts, undo_until=life.undo_until, undoes=life.undoes)


def end_of(state: CaseState, action: Action, facts: Facts) -> Status:
    """Where a step leads that depends on what was said or paid before: paid in full, or back to where the file left
    from. A decision that is paid before it is sent stays paid."""
    paid = bool(facts.payments or facts.relief) and facts.unpaid <= 0
    if paid and action in (Action.PAY, Action.SEND_DECISION, Action.RELIEVE):
        return Status.PAID
    if action is Action.TRANSFER_RETURNED:
        return Status(state.facts.left_from or Status.PUBLISHED.value)
    return state.status


def facts_after(facts: Facts, action: Action, said: Mapping[str, Any], recorded: date) -> Facts:
    """`facts` with one step more. `said`: what its event says; `recorded`: its day, where the event names none."""
    return replace(facts, **_news(facts, action, said, recorded))


def _news(facts: Facts, action: Action, said: Mapping[str, Any], recorded: date) -> dict[str, Any]:
    """The facts that are others after a step, by name."""
    on = _day(said.get("on")) or recorded
    simple = _DAY_OF.get(action)
    if simple is not None:
        return {simple: on}
    match action:
        case Action.IDENTIFY:
            who, number = str(said.get("name", "")), str(said.get("id_number", ""))
            return {"identified": on, "liable": said.get("liable"), "violator": who, "violator_id": number}
        case Action.MAKE_MINUTES:
            return {"minutes": on, "may_be_heard": bool(said.get("may_be_heard"))}
        case Action.WAIVE_HEARING:
            return {"hearing": "waived"}
        case Action.ASK_HEARING:
            return {"hearing": said.get("manner", "written"), "hearing_asked": on}
        case Action.EXTEND_HEARING:
            return {"hearing_longer": on}
        case Action.EXTEND:
            return {"complex_case": True}
        case Action.DECIDE:
            return {
                "decided": on, "decided_by": said.get("decided_by"), "fine": int(said.get("fine", 0)),
                "points": int(said.get("points", 0)), "points_with": said.get("points_with"),
                "together": tuple((int(other["case"]), int(other["fine"])) for other in said.get("together", ())),
            }  # fmt: skip
        case Action.DECISION_CUT:
            gone = int(said["case"])
            left = None if facts.points_with == gone else facts.points_with  # of before it was drawn anew
            return {
                "together": tuple(each for each in facts.together if each[0] != gone),
                "points": int(said.get("points", facts.points)), "points_with": said.get("points_with", left),
                # where the sending was undone nobody has the decision that is amended
                "amended": on if said.get("amended") and facts.decision_sent else facts.amended,
            }  # fmt: skip
        case Action.AGREE_INSTALMENTS:
            return {"instalments": tuple(_instalments(said.get("instalments", ())))}
        case Action.POSTPONE:
            return {"postponed": on, "postponed_until": _day(said.get("until")) or on, "postponement_asked": None}
        case Action.REFUSE_POSTPONEMENT:
            return {"postponement_asked": None}
        case Action.RELIEVE:
            return {
                "relief": (*facts.relief, (on, int(said.get("amount", 0)))), "relief_asked": None, "settled": on
            }  # fmt: skip
        case Action.REFUSE_RELIEF:
            return {"relief_asked": None}
        case Action.SEND_AMENDMENT:
            return {"amended": None}
        case Action.PAY:
            amount = int(said.get("amount", 0))
            return {"paid": facts.paid + amount, "payments": (*facts.payments, (on, amount)), "settled": on}
        case Action.WARN:
            return {"warned": facts.warned or on, "warned_to": (*facts.warned_to, str(said.get("to", "")))}
        case Action.LIFT_WARNING:
            return {"warned": None, "warned_to": ()}
        case Action.TRANSFER:
            return {"transferred": on, "left_from": said.get("left_from"), "reminded": None}
        case Action.TRANSFER_RETURNED:
            return {"transferred": None, "left_from": None, "reminded": None, "came_back": True, "returned": on}
        case Action.TRANSFER_SETTLED | Action.EXPIRE:
            return {"transferred": None, "settled": on}
        case Action.CONTEST:
            return {"statement": facts.statement or on}
        case Action.REFUSE_STATEMENT:
            return {"statement": None}
        case Action.REFUSE_COMPLAINT:
            return {"complaint": None}
        case Action.WITHDRAW:
            told = on if facts.sent is not None else facts.to_tell
            return {"statement": None, "complaint": None, "transferred": None, "to_tell": told, "settled": on}
        case Action.CORRECT:
            told = on if facts.sent is not None else facts.to_tell
            return _NOTHING | {
                "to_tell": told,
                "warned": facts.warned,
                "warned_to": facts.warned_to,
                "corrected": on,
                "settled": on,
                "held": facts.held,
            }
        case Action.TELL_OWNER:
            return {"to_tell": None}
        case Action.HOLD:
            return {"held": _day(said.get("review")) or on}
        case Action.LIFT_HOLD:
            return {"held": None}
    return {}


_NOTHING = vars(Facts())
_DAY_OF: dict[Action, str] = {
    Action.ISSUE: "issued",
    Action.PUBLISH: "sent",
    Action.ATTEND: "attended",
    Action.HEAR: "heard",
    Action.SEND_DECISION: "decision_sent",
    Action.RECEIVE_DECISION: "decision_received",
    Action.COMPLAIN: "complaint",
    Action.ASK_POSTPONEMENT: "postponement_asked",
    Action.ASK_RELIEF: "relief_asked",
    Action.REMIND: "reminded",
}
"""Steps of which only the day counts."""


def _instalments(parts: Iterable[Mapping[str, Any]]) -> Iterable[Instalment]:
    return (Instalment(date.fromisoformat(str(part["due"])), int(part["amount"])) for part in parts)


def _day(text: object) -> date | None:
    return date.fromisoformat(str(text)) if text else None


def _action(name: str) -> Action | None:
    """None for a step of a newer version: a record outlives the program."""
    try:
        return Action(name)
    except ValueError:
        return None
