"""Is the record of a case the one that was signed, and is the case what its record says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from central.cases import log as case_log
from central.cases.drives import track_of
from central.cases.lifecycle import Action, Status
from central.ledger.signing import Ledger
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow
from central.units.tree import ROOT
from countries.here import HERE
from evidence.centre_keys import CentreKeys
from evidence.errors import PacketError
from evidence.packet import Manifest

_TOLD = ("status", "act", "plate", "plate_colour", "kind", "unit_code")


@dataclass(frozen=True)
class Signatures:
    """How to check what the centre signed: events up to `unsigned_until` are older than signing."""

    ledger: Ledger
    keys: CentreKeys
    unsigned_until: int

    def faults(self, case: CaseRow, events: Sequence[CaseEventRow]) -> Iterator[str]:
        """Whether each event, and the end of the record, carries this centre's signature."""
        for row in events:
            if row.signature is None and row.id <= self.unsigned_until:
                continue
            if not self._good(self.ledger.check_event, row.at, case.id, row.sequence, row.hash, row.signature):
                yield f"event {row.sequence} of the case was not written by this centre: its signature does not fit"
                return  # all that follow hang on it
        old = not events or events[-1].id <= self.unsigned_until
        if case.events_signature is None and old:
            return
        head = case.events_head or ""
        last = events[-1].at if events else None
        if not self._good(self.ledger.check_end, last, case.id, case.events_count, head, case.events_signature):
            yield "the end of its record was not signed by this centre: events were removed"

    def _good(self, check: Any, at: datetime | None, case: str, count: int, head: str, signature: str | None) -> bool:
        """By a key that was the centre's when it was written."""
        try:
            check(self.keys if at is None else self.keys.valid_at(at), case, count, head, signature or "")
        except PacketError:
            return False
        return True


@dataclass
class Told:
    """What the signed manifest and then the record, event by event, say of a case."""

    fields: dict[str, Any]
    confirmed_by: str | None = None
    notice: dict[str, Any] = field(default_factory=dict)
    replaced: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, manifest: Manifest, events: Sequence[CaseEventRow]) -> Told:
        plate = manifest.plate
        said = cls(
            {
                "status": Status.NEW.value,
                "act": manifest.act.code.value,
                "plate": plate.text,
                "plate_colour": plate.colour,
                "kind": HERE.law.KIND_OF_CLASS[manifest.vehicle.cls],
                "unit_code": ROOT,  # what its record does not say is the root's
            }
        )
        for event in events:
            said.fields.update({name: event.after[name] for name in _TOLD if name in event.after})
            if event.action == Action.CONFIRM.value:
                said.confirmed_by = event.actor
            elif event.action == Action.RETURN.value:
                said.confirmed_by, said.notice = None, {}
            elif event.action == Action.CORRECT.value:
                said.confirmed_by, said.notice, said.replaced = None, {}, [*said.replaced, said.notice]
            elif event.action == Action.ISSUE.value:
                said.notice = {**event.after, "issued_by": event.actor}
        return said


def record_faults(
    case: CaseRow, events: Sequence[CaseEventRow], manifest: Manifest | None, signatures: Signatures | None
) -> list[str]:
    """Everything wrong with one case, a sentence each. `manifest` None: it cannot be read, which is told elsewhere.

    The columns of the case and of its notice are for finding and listing; the record is what happened. Where they
    differ somebody changed a column past the program.
    """
    faults: list[str] = []
    try:
        case_log.verify_log(case, events)
    except case_log.LogBroken as error:
        faults.append(error.what)
    if signatures is not None:
        faults += signatures.faults(case, events)
    if manifest is not None:
        told = Told.of(manifest, events)
        faults += _differences(told.fields | {"confirmed_by": told.confirmed_by}, case, "its record says")
        sealed = {"node_id": manifest.node.id, "camera_id": manifest.camera.id, "place": manifest.camera.place,
                  "occurred_at": manifest.act.occurred_at, "act_suspected": manifest.act.code.value,
                  "plate_machine": manifest.plate.text}  # fmt: skip
        if case.track is not None:  # a case of before that was not asked yet
            sealed["track"] = track_of(manifest)
        faults += _drive_faults(case, events)
        faults += _differences(sealed, case, "the sealed packet says")
        faults += _notice_faults(case.notice, told.notice)
        if len(case.replaced_notices) != len(told.replaced):
            faults.append(f"{len(case.replaced_notices)} replaced notices, its record says {len(told.replaced)}")
        for notice, issued in zip(case.replaced_notices, told.replaced, strict=False):
            faults += _notice_faults(notice, issued)
    return faults


def _drive_faults(case: CaseRow, events: Sequence[CaseEventRow]) -> Iterator[str]:
    """One that was taken out of its drive is looked at alone again, and nothing holds it."""
    told = any(event.action == Action.SAME_DRIVE.value for event in events)
    if told and case.drive is None:
        yield "it is kept as standing alone, its record names another act of its drive"
    elif case.drive is not None and not told:
        yield "it is kept as one act of a drive, its record names no other"


def _notice_faults(notice: NoticeRow | None, told: Mapping[str, Any]) -> Iterator[str]:
    if told and notice is None:
        yield "its notice is missing"
    elif notice is not None and notice.issued_at is not None and not told:
        yield "its notice was never issued, its record says"
    elif told and notice is not None:
        stored = {"number": notice.content.get("number_text"), "pdf_sha256": notice.pdf_sha256,
                  "issued_by": notice.issued_by}  # fmt: skip
        for name, value in stored.items():
            if name in told and told[name] != value:
                yield f"{name} of its notice is {value}, its record says {told[name]}"


def _differences(told: Mapping[str, Any], case: CaseRow, source: str) -> Iterator[str]:
    for name, value in told.items():
        stored = getattr(case, name)
        if stored != value:
            yield f"{name} is {stored}, {source} {value}"
