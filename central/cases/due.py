"""The terms of every case after its notice, kept where they can be listed: what falls due is on somebody's list.

They follow from the record (`central.cases.terms`) and are written anew with every step that joins it, in the same
transaction: no step can forget them. Before a notice the queue itself is the list.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, exists, insert, select
from sqlalchemy.orm import Session

from central.cases.life import Event, life_of, with_life
from central.cases.lifecycle import Action, CaseState
from central.cases.said import SAID
from central.cases.terms import NOT_TO_BE_MET, terms
from central.store.base import table_of
from central.store.case_tables import CaseRow, TermRow
from countries.calendar import WorkCalendar
from countries.here import HERE

MOVES_TERMS = frozenset({Action.ISSUE, Action.PUBLISH, Action.CONTEST, Action.DECISION_CUT, *SAID}) - {Action.HAND_OVER}
"""Steps after which other terms run. Those of a case that is handed over stay, on the list of another unit."""

_TERMS = table_of(TermRow)
_DROP = delete(_TERMS).where(_TERMS.c.case_id == bindparam("case"))
_LIST = insert(_TERMS)
_LISTED = select(exists().where(_TERMS.c.case_id == bindparam("case")))
_AT_DESK = frozenset({
    Action.CLAIM, Action.RELEASE, Action.CONFIRM, Action.REJECT, Action.PREPARE_NOTICE, Action.RETURN,
})  # fmt: skip


def moves(session: Session, action: Action, row: CaseRow) -> bool:
    """Whether the terms of a case are written anew with a step. One that began anew, was looked at again or came back
    from another unit stands on the list of terms, and not in the queue alone: it stays there until its terms end. So
    does one that is confirmed and gets no notice: the list of notices to be issued is not where it is waited for."""
    if action in MOVES_TERMS or action not in _AT_DESK:
        return action in MOVES_TERMS
    if action is Action.CONFIRM and HERE.plates.no_notice(row.plate or "", colour=row.plate_colour, kind=row.kind):
        return True
    return row.corrected_at is not None or bool(session.scalar(_LISTED, {"case": row.id}))


def keep(session: Session, row: CaseRow, state: CaseState, record: Sequence[Event]) -> None:
    """Write the terms of a case whose record has just grown to `record`. `state`: from its columns."""
    state = with_life(state, life_of(record))
    calendar: WorkCalendar | None = session.info.get("calendar")
    running = terms(state, occurred_at=row.occurred_at, detected_at=row.notify_from, calendar=calendar)
    session.execute(_DROP, {"case": row.id})
    if running:
        session.execute(_LIST, [
            {"case_id": row.id, "code": t.code, "since": t.since, "due": t.due, "whose": t.whose.value,
             "unit_code": row.unit_code, "kind": "end" if t.code in NOT_TO_BE_MET else "work",
             "officer": row.confirmed_by or row.claimed_by or ""}
            for t in running
        ])  # fmt: skip
