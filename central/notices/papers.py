"""By what right camera and box of a case were used: asked before its notice is issued, and kept in its record.

What counts is the act's time, by all that is known when the notice is issued: a decision that was signed before the act
and entered after it is good, and the record says that it was entered after it. How the devices stand on the day of
issuing changes nothing about the act; it is said all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from central.cases.lifecycle import Refused
from central.devices.book import records_of
from central.devices.dossier import Answer, Lack, Standing, answer, standing
from central.devices.records import DeviceId, Record
from central.store.case_tables import CaseRow
from evidence.packet import utc_text

DOUBT = "device_papers"
"""Where papers are not required, what is lacking is ticked like every other doubt."""


@dataclass(frozen=True)
class CasePapers:
    """Camera and box of a case, at the act (known now, and known then) and on the day of asking."""

    answers: tuple[Answer, ...]
    today: tuple[Standing, ...]

    @property
    def lacks(self) -> tuple[Lack, ...]:
        """What the devices lacked at the act, by all that is known now."""
        return tuple(lack for a in self.answers for lack in a.now.lacks)

    @property
    def counted(self) -> tuple[Record, ...]:
        return tuple(record for a in self.answers for record in a.now.counted)

    @property
    def doubts(self) -> tuple[str, ...]:
        return (DOUBT,) if self.lacks else ()


def devices_of(row: CaseRow) -> tuple[DeviceId, ...]:
    """The camera that saw the act, and the box that judged and kept it."""
    return DeviceId(row.node_id, row.camera_id), DeviceId(row.node_id)


def papers_of(session: Session, row: CaseRow, *, now: datetime, then: datetime | None = None) -> CasePapers:
    """The papers of a case by what is known `now`; beside it by what was known `then`, at the act if not given."""
    records = records_of(session, row.node_id)
    known = then or row.occurred_at
    return CasePapers(
        tuple(answer(device, records, row.occurred_at, then=known, now=now) for device in devices_of(row)),
        tuple(standing(device, records, now, known_at=now) for device in devices_of(row)),
    )


def check_papers(papers: CasePapers, *, required: bool) -> None:
    """Raises `Refused` with the code of the first paper that was lacking at the act, where papers are required."""
    if not required or not papers.lacks:
        return
    lack = papers.lacks[0]
    raise Refused(
        lack.code,
        f"{lack.code.replace('_', ' ')} on {lack.values['day']}" + (f" ({lack.values['when']})" if lack.when else ""),
        where=str(lack.device),
        remedy=f"enter the paper: giaolo central device add {lack.device}",
        values=lack.values,
    )


def said(papers: CasePapers, *, required: bool) -> dict[str, Any]:
    """What the record of the case keeps: whoever inspects it later needs nothing that may have changed since."""
    after = {r.id for a in papers.answers for r in a.now.counted if r not in a.then.counted}
    return {
        "required": required,
        "lacking": [_lack(lack) for lack in papers.lacks],
        "papers": [
            {
                "id": r.id, "device": str(r.device), "kind": r.kind.value, "number": r.number,
                "dated": r.dated.isoformat(), "signed_by": r.signed_by, "valid_from": r.valid_from.isoformat(),
                "valid_to": r.valid_to.isoformat() if r.valid_to else None, "model": r.model, "serial": r.serial,
                "document_sha256": r.document_sha256, "digest": r.digest, "entered_by": r.entered_by,
                "entered_at": utc_text(r.entered_at.astimezone(UTC)), "entered_after_act": r.id in after,
            }
            for r in papers.counted
        ],
        "lacking_today": [_lack(lack) for standing in papers.today for lack in standing.lacks],
    }  # fmt: skip


def _lack(lack: Lack) -> dict[str, str | None]:
    return {
        "device": str(lack.device), "code": lack.code, "day": lack.day.isoformat(),
        "when": lack.when.isoformat() if lack.when else None, "reference": lack.reference,
    }  # fmt: skip
