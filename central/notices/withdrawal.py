"""The papers that take a notice back, from the case and the office."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from central.cases.said import Corrected, Mistake, Said, Withdrawn
from central.config import Office
from central.store.case_tables import CaseRow
from countries.here import HERE
from countries.notice import NoticeContent
from countries.paper_contents import Correction, Withdrawal
from countries.paper_parts import Office as LetterOffice
from countries.paper_parts import Party, Reference, Signer, Vehicle
from evidence.acts import ActCode

_ON_PAPER: Mapping[Mistake, Literal["owner", "plate", "other"]] = {
    "wrong_owner": "owner", "wrong_plate": "plate", "other": "other",
}  # fmt: skip


def paper_of(
    row: CaseRow, said: Said, reason: str, office: Office, *, number: int, now: datetime
) -> Withdrawal | Correction | None:
    """To whoever the notice was addressed to. None where none was issued, or one that is corrected was never sent: then
    nobody has one to take back; and None for all other steps."""
    notice = row.notice
    if notice is None or notice.issued_at is None:
        return None
    if not isinstance(said, Withdrawn | Corrected) or (isinstance(said, Corrected) and notice.published_at is None):
        return None
    content = NoticeContent.model_validate(notice.content)
    shared: dict[str, Any] = {
        "office": letter_office(office),
        "signer": Signer(title=tuple(office.signer_title.splitlines()), name=office.signer_name),
        "number": number,
        "on": said.on,
        "made_at": now,
        "to": Party(
            name=content.addressee or "",
            type="organisation" if content.owner_type == "organisation" else "person",
            address=content.owner_address,
        ),
        "notice": Reference(number=content.number_text, on=HERE.local_date(notice.issued_at)),
        "vehicle": Vehicle(kind=row.kind, plate=row.plate or "", colour=row.plate_colour),
        "act": HERE.papers().state_act(ActCode(row.act), row.kind, row.occurred_at, row.place),
        "reason": reason,
    }
    return (
        Correction(**shared, mistake=_ON_PAPER[said.mistake]) if isinstance(said, Corrected) else Withdrawal(**shared)
    )


def letter_office(office: Office) -> LetterOffice:
    """The office as it stands on letters."""
    return LetterOffice(
        parent=office.parent,
        unit=office.unit.name,
        unit_in_text=office.unit_in_text,
        town=office.town,
        suffix=office.number_suffix,
        address=office.resolving_units()[0].address,
        phone=office.resolving_units()[0].phone,
    )
