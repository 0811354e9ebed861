"""What an officer does to a case: take it, give it back, correct its plate, confirm or reject it.

Functions that change something take a session of `db.write()`; every refusal is a `lifecycle.Refused` with a `code`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy.orm import Session

from central.cases import drives, typed_plate
from central.cases import log as case_log
from central.cases.lifecycle import Action, CaseState, Officer, Refused
from central.cases.log import lock_case, state_of
from central.cases.stages import OPEN
from central.cases.steps import step
from central.desk.items import QueueItem, item
from central.notices.basis import Seen, check_draft
from central.store.case_tables import CaseRow
from countries.here import HERE
from countries.law import LawError, VehicleKind
from evidence.acts import ActCode
from evidence.plate_colours import PlateColour

RejectReason = Literal[
    "not_violation", "lamp_unclear", "plate_unreadable", "wrong_vehicle", "priority_vehicle", "officer_control",
    "bad_evidence", "clock_wrong", "duplicate", "statute_passed", "other",
]  # fmt: skip
REJECT_REASONS: tuple[RejectReason, ...] = get_args(RejectReason)
"""In the order they are offered in; words: `reject.<code>`."""


def claim(session: Session, case_id: str, officer: Officer, *, now: datetime, lease: timedelta) -> QueueItem:
    """Take the case for `lease`, and with it the other acts of its drive that are open: one officer looks at one
    vehicle. The holder may call again to keep them. Raises `Refused` (`held`, `drive_held`) if another has one."""
    drives.lock_drive(session, case_id)
    row = lock_case(session, case_id)
    until = now + lease
    taken = [(row, step(state_of(row), Action.CLAIM, officer, now=now, claim_until=until))]
    for other in _open_with(session, row, officer):
        try:
            taken.append((other, step(state_of(other), Action.CLAIM, officer, now=now, claim_until=until)))
        except Refused as error:
            raise _drive_held(other, now) from error
    for case, after in taken:
        before = state_of(case)
        _apply(case, after)
        if before.held_by(now) != officer.username:
            case_log.append(session, case, Action.CLAIM, actor=officer.username, at=now, before=_brief(before),
                            after=_brief(after))  # fmt: skip
    return item(row, now)


def release(session: Session, case_id: str, officer: Officer, *, now: datetime) -> None:
    """Give the case back undecided, with what was taken with it."""
    drives.lock_drive(session, case_id)
    holder = state_of(lock_case(session, case_id)).held_by(now)
    row = _simple(session, case_id, Action.RELEASE, officer, now=now)
    for other in _open_with(session, row, officer):
        if holder is not None and state_of(other).held_by(now) == holder:
            _simple(session, other.id, Action.RELEASE, officer, now=now)


def _open_with(session: Session, row: CaseRow, officer: Officer) -> list[CaseRow]:
    """The other acts of its drive that wait for a decision at units that are open to the officer."""
    acts = drives.acts_of(session, row)
    return [other for other in acts if other.status in OPEN and officer.scope.has(other.unit_code)]


def _drive_held(other: CaseRow, now: datetime) -> Refused:
    holder = state_of(other).held_by(now) or ""
    return Refused(
        "drive_held", f"{holder} holds another act of this drive, case {other.number}",
        remedy="take another case, or wait until it is released",
        values={"case": str(other.number), "name": holder},
    )  # fmt: skip


def return_to_queue(
    session: Session, case_id: str, officer: Officer, note: str, *, now: datetime, seen: Seen | None = None
) -> None:
    """The approver sends a confirmed case back for a new review; the prepared notice is dropped.

    `seen`: draft and version on the approver's screen. Raises `Refused` (`changed`, `note`).
    """
    if not note.strip():
        raise Refused("note", "say why the case goes back", where="note", remedy="write a short reason")
    extra: dict[str, Any] = {}
    if seen is not None:
        extra = {"draft_sha256": seen.draft, "seen_version": seen.version}
    row = _simple(session, case_id, Action.RETURN, officer, now=now, note=note, extra=extra, seen=seen)
    if row.notice is not None:
        session.delete(row.notice)
        session.flush()
        session.expire(row, ["notice"])


def correct_plate(
    session: Session, case_id: str, officer: Officer, plate: str, *, colour: PlateColour | None = None,
    kind: VehicleKind | None = None, now: datetime,
) -> QueueItem:  # fmt: skip
    """Set the plate in force (and colour, kind) beside the machine's reading. `plate` may be formatted."""
    row = lock_case(session, case_id)
    step(state_of(row), Action.CORRECT_PLATE, officer, now=now)
    _set_plate(session, row, officer, plate, colour, kind, now)
    return item(row, now)


def confirm(
    session: Session, case_id: str, officer: Officer, *, plate: str, act: ActCode, note: str = "",
    colour: PlateColour | None = None, kind: VehicleKind | None = None, seen: int | None = None, now: datetime,
) -> QueueItem:  # fmt: skip
    """The officer states: this act, this plate, after having seen version `seen` of the case.

    Raises `Refused` (changed, statute, no_law, plate, colour, those of `step`).
    """
    row = lock_case(session, case_id)
    before = state_of(row)
    after = step(before, Action.CONFIRM, officer, now=now)
    case_log.check_seen(session, case_id, seen)
    if HERE.terms.deadlines(occurred_at=row.occurred_at, detected_at=row.notify_from).expired(now):
        raise Refused("statute", "the act is more than one year old", remedy="reject it: statute_passed")
    _set_plate(session, row, officer, plate, colour, kind, now)
    if row.plate_colour == "unknown":
        # the notice names the colour, and owners look their case up by it
        raise Refused("colour", "the colour of the plate is not known", where="colour", remedy="choose what you see")
    try:
        HERE.law.proposal(act, row.kind, row.occurred_at)
    except LawError as error:
        raise Refused("no_law", error.what, where=error.where, remedy=error.remedy) from error
    said_before = {**_brief(before), "act": row.act}
    row.act, row.confirmed_at = act.value, now
    _apply(row, after)
    said = {**_brief(after), "act": act.value, "plate": row.plate, "plate_colour": row.plate_colour, "kind": row.kind,
            "seen_version": seen}  # fmt: skip
    case_log.append(session, row, Action.CONFIRM, actor=officer.username, at=now, before=said_before, after=said,
                    note=note)  # fmt: skip
    return item(row, now)


def reject(
    session: Session, case_id: str, officer: Officer, reason: RejectReason, note: str = "", *, now: datetime
) -> None:
    """Close the case without a violation. `other` needs a note."""
    if reason not in REJECT_REASONS:
        raise Refused("reason", f"{reason} is not a reason for rejection", remedy=f"one of {', '.join(REJECT_REASONS)}")
    if reason == "other" and not note.strip():
        raise Refused("note", "another reason has to be written down", where="note", remedy="write a short reason")
    row = _simple(session, case_id, Action.REJECT, officer, now=now, note=note, extra={"reason": reason})
    row.rejected_reason, row.rejected_note = reason, note


def _set_plate(
    session: Session, row: CaseRow, officer: Officer, plate: str, colour: PlateColour | None,
    kind: VehicleKind | None, now: datetime,
) -> None:  # fmt: skip
    text = typed_plate.take(plate)
    if kind is not None and kind not in HERE.law.KINDS:
        raise Refused("kind", "is not a kind of vehicle", where=str(kind)[:20])
    if colour is not None and colour not in (*HERE.plates.COLOURS, "unknown"):
        raise Refused("colour", "is not a plate colour", where=str(colour)[:20])
    before = {"plate": row.plate, "plate_colour": row.plate_colour, "kind": row.kind}
    row.plate, row.plate_colour, row.kind = text, colour or row.plate_colour, kind or row.kind
    after = {"plate": row.plate, "plate_colour": row.plate_colour, "kind": row.kind}
    if after != before:
        # only what changed is said, and a plate that stayed was not corrected: the record is for ever
        changed = [key for key in after if after[key] != before[key]]
        action = Action.CORRECT_PLATE if "plate" in changed else Action.CORRECT_DETAILS
        case_log.append(session, row, action, actor=officer.username, at=now, before={k: before[k] for k in changed},
                        after={k: after[k] for k in changed})  # fmt: skip


def _simple(
    session: Session, case_id: str, action: Action, officer: Officer, *, now: datetime, note: str = "",
    extra: dict[str, Any] | None = None, seen: Seen | None = None,
) -> CaseRow:  # fmt: skip
    row = lock_case(session, case_id)
    before = state_of(row)
    after = step(before, action, officer, now=now)
    if seen is not None:
        check_draft(row, seen.draft)
        case_log.check_seen(session, case_id, seen.version)
    _apply(row, after)
    case_log.append(session, row, action, actor=officer.username, at=now, before=_brief(before),
                    after={**_brief(after), **(extra or {})}, note=note)  # fmt: skip
    return row


def _apply(row: CaseRow, state: CaseState) -> None:
    row.status, row.claimed_by, row.claimed_until = state.status.value, state.claimed_by, state.claimed_until
    row.confirmed_by = state.confirmed_by
    if state.confirmed_by is None:
        row.confirmed_at = None


def _brief(state: CaseState) -> dict[str, str | None]:
    return {"status": state.status.value, "holder": state.claimed_by}
