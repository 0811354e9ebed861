"""What is late or doubtful about a case that waits to be issued: said before the key is pressed, kept in its record.

Some doubts *hold* a case: the plate may not be this vehicle's, so that somebody who did nothing would pay; another
case tells the same, so that somebody would pay twice; or the signals did not say what to do, as an officer directed
the traffic or they were out of order. Each of them is ticked by itself, and whoever issues all the same
says why in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases.behaviours import behaviour_doubts
from central.cases.drives import acts_of, drive_doubts
from central.cases.fitting import OnRegister, misfits
from central.cases.life import Event
from central.cases.lifecycle import Action
from central.cases.siblings import Sibling, siblings_of, sighting
from central.store.case_tables import CaseRow
from central.switches.book import concerning
from countries.here import HERE
from evidence.switches import FLAGS

SHORT_NOTICE = timedelta(days=3)
"""A letter takes two to three days: an appointment sooner than that is missed before it is read."""

MISFITS = ("plate_form", "plate_kind", "plate_ground", "seen_kind", "register_kind", "register_colour")
"""`central.cases.fitting`."""
DOUBLES = ("too_fast", "at_once", "other_vehicle")
"""`central.cases.doubles`; in a doubt the number of the other case follows, `too_fast:41`."""
DRIVES = ("drive_plate", "drive_kind")
"""`central.cases.one_drive`: another act of the same drive bears another plate, or another kind of vehicle."""
BEHAVIOURS = ("one_behaviour",)
"""`central.cases.behaviours`: another case of the same drive may be about the same behaviour."""


SWITCHES = FLAGS
"""`central.switches`: an officer directed the traffic, the signal was out of order, or its camera is doubted; the id of
the switch follows. A flag of the box that says so (`flag:officer_directs`) holds as well, where the centre knows no
such switch."""


class Register(Protocol):
    """Port: which vehicles bore a plate's text on the day of an act, of any colour and kind."""

    def bearers(self, session: Session, *, plate: str, at: datetime) -> Sequence[OnRegister]: ...


def holds(code: str) -> bool:
    """Whether a doubt holds its case until a person has said why it is issued all the same."""
    kind, _, rest = code.partition(":")
    return kind in (*MISFITS, *DOUBLES, *DRIVES, *BEHAVIOURS, *SWITCHES) or (kind == "flag" and rest in SWITCHES)


def holding_doubts(
    session: Session, row: CaseRow, register: Register, others: Sequence[Sibling] | None = None
) -> tuple[str, ...]:
    """All that holds a case: `identity_doubts`, and that its signals did not say what it had to do."""
    return (*identity_doubts(session, row, register, others), *switch_doubts(session, [row]).get(row.id, ()))


def switch_doubts(session: Session, rows: Sequence[CaseRow]) -> Mapping[str, tuple[str, ...]]:
    """By the id of a case: the switches in whose time it happened. Also one that was said after the packet came."""
    known = concerning(session, rows)
    found = {}
    for row in rows:
        switches = known.get(row.id, ())
        alone = [flag for flag in row.flags if flag in SWITCHES and flag not in {s.kind for s in switches}]
        found[row.id] = (*(f"{s.kind}:{s.id}" for s in switches), *(f"flag:{flag}" for flag in alone))
    return {case_id: codes for case_id, codes in found.items() if codes}


def identity_doubts(
    session: Session, row: CaseRow, register: Register, others: Sequence[Sibling] | None = None
) -> tuple[str, ...]:
    """Why the plate may not be this vehicle's, or the act was told already: all of them hold the case. Empty too where
    no plate was read.

    `others`: the case's siblings where somebody has read them already.
    """
    if not row.plate:
        return ()
    bearers = register.bearers(session, plate=row.plate, at=row.occurred_at)
    found = siblings_of(session, row) if others is None else others
    acts = acts_of(session, row)
    return (
        *misfits(sighting(session, row), bearers),
        *(code for sibling in found for code in sibling.doubts),
        *drive_doubts(session, row, acts),
        *behaviour_doubts(session, row, acts),
    )


def issue_doubts(
    session: Session, row: CaseRow, now: datetime, register: Register, record: Sequence[Event] | None = None
) -> tuple[str, ...]:
    """Stable codes, the gravest first; `flag:<code>` are the doubts that the box or the centre found itself.

    Texts: `doubt.<code>` and `flag.<code>`. Empty when nothing is doubtful. `record`: where it has been read.
    """
    found = list(holding_doubts(session, row, register))
    notice = row.notice
    due = HERE.terms.deadlines(occurred_at=row.occurred_at, detected_at=row.notify_from)
    if due.days_to_notify(now) < 0:
        found.append("late")
    if notice is not None and not str(notice.content.get("addressee", "")).strip():
        found.append("no_owner")
    if any(e.action == Action.CONTEST for e in (record if record is not None else case_log.events(session, row.id))):
        found.append("statements")
    if notice is not None and notice.content.get("missing"):
        found.append("pictures")
    if notice is not None and notice.appear_at is not None and notice.appear_at - now < SHORT_NOTICE:
        found.append("appointment_near")
    if row.plate_machine and row.plate_machine != row.plate:
        found.append("plate_corrected")
    if row.second_agrees is False and row.second_text != row.plate:  # else an officer has put it right
        found.append("second_differs")
    if row.packet.chain_state != "ok":
        found.append(f"flag:chain_{row.packet.chain_state}")
    return (*found, *(f"flag:{flag}" for flag in dict.fromkeys(row.flags) if flag not in SWITCHES))
