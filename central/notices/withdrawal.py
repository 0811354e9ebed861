"""The paper that takes a notice back, from the case and the office."""

from __future__ import annotations

from datetime import date, datetime

from central.config import Office
from central.store.case_tables import CaseRow
from countries.here import HERE
from countries.notice import NoticeContent
from countries.paper_contents import Withdrawal
from countries.paper_parts import Office as LetterOffice
from countries.paper_parts import Party, Reference, Signer, Vehicle
from evidence.acts import ActCode


def withdrawal_paper(
    row: CaseRow, on: date, reason: str, office: Office, *, number: int, now: datetime
) -> Withdrawal | None:
    """To whoever the notice was addressed to. None where none was issued: then nobody has one to take back."""
    notice = row.notice
    if notice is None or notice.issued_at is None:
        return None
    content = NoticeContent.model_validate(notice.content)
    return Withdrawal(
        office=letter_office(office),
        signer=Signer(title=tuple(office.signer_title.splitlines()), name=office.signer_name),
        number=number,
        on=on,
        made_at=now,
        to=Party(
            name=content.addressee or "",
            type="organisation" if content.owner_type == "organisation" else "person",
            address=content.owner_address,
        ),
        notice=Reference(number=content.number_text, on=HERE.local_date(notice.issued_at)),
        vehicle=Vehicle(kind=row.kind, plate=row.plate or "", colour=row.plate_colour),
        act=HERE.papers().state_act(ActCode(row.act), row.kind, row.occurred_at, row.place),
        reason=reason,
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
