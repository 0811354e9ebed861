"""Acts of one drive that may be one behaviour: nobody is punished twice for what he did once.

What is one behaviour is the country's to say (`countries.law.ActNames`), and in the end a person's; here it is asked
of which cases it has to be looked at. The box tells the same act of a vehicle at one place once (`edge.pending`, also
where its track broke: `edge.repeats`); two acts that stand on one behaviour are told both, as each rule sees its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from central.cases.drives import acts_of, manifest_said
from central.cases.lifecycle import Status
from central.cases.siblings import mark_of
from central.cases.stages import ISSUED, TO_ISSUE, UNDER_WAY
from central.store.case_tables import CaseRow
from countries.here import HERE
from countries.law import OneBehaviour
from evidence.acts import ActCode

_STANDS = frozenset({*TO_ISSUE, *ISSUED, *UNDER_WAY, Status.CLOSED})
"""Somebody has stated the act, and nobody has taken that back."""


def behaviours(session: Session, row: CaseRow, acts: Sequence[CaseRow]) -> Mapping[str, OneBehaviour]:
    """By the id of those of `acts`, other acts of its drive, that may be the same behaviour as a case's."""
    own = _reasons(session, row) if acts else {}
    found = {
        other.id: HERE.acts.one_behaviour(ActCode(row.act), own, ActCode(other.act), _reasons(session, other))
        for other in acts
    }
    return {case_id: told for case_id, told in found.items() if told is not None}


def behaviour_doubts(session: Session, row: CaseRow, acts: Sequence[CaseRow] | None = None) -> tuple[str, ...]:
    """Codes with the mark of each case that somebody is accused by already: `one_behaviour:41`."""
    stated = [other for other in (acts_of(session, row) if acts is None else acts) if other.status in _STANDS]
    found = behaviours(session, row, stated)
    return tuple(f"one_behaviour:{mark_of(other, row)}" for other in stated if other.id in found)


def _reasons(session: Session, row: CaseRow) -> Mapping[str, Any]:
    said = manifest_said(session, row)
    reasons: Mapping[str, Any] = said["act"]["reasons"] if said is not None else {}
    return reasons
