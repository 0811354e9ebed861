"""From a case, an owner and an appointment to the facts that the country's form makes a notice of."""

from __future__ import annotations

from datetime import datetime

from central.config import Office
from central.registry import Registration
from central.store.case_tables import CaseRow
from countries.here import HERE
from countries.notice import Facts, Issuer, Meeting, Owner
from evidence.acts import ActCode
from evidence.packet import Manifest


def facts_of(
    row: CaseRow, manifest: Manifest, office: Office, owner: Registration | None, meeting: Meeting, *,
    owner_source: str, preventive: str, now: datetime,
) -> Facts:  # fmt: skip
    """What the notice of a case is made of."""
    act = ActCode(row.act)
    return Facts(
        act=act,
        # the packet's reasons are of the act it suspects; one that an officer put in its place has none
        reasons=manifest.act.reasons if act is manifest.act.code else None,
        occurred_at=row.occurred_at,
        place=row.place,
        plate=row.plate or "",
        plate_colour=row.plate_colour,
        kind=row.kind,
        packet_id=row.packet.packet_id,
        packet_digest=row.packet.digest,
        issuer=issuer_of(office),
        owner=Owner(owner.owner_name, owner.id_number, owner.address, owner.owner_type, owner_source)
        if owner
        else None,
        meeting=meeting,
        preventive=preventive,
        now=now,
    )


def issuer_of(office: Office) -> Issuer:
    """The office as it is printed."""
    return Issuer(
        parent=office.parent,
        unit=office.unit.name,
        unit_in_text=office.unit_in_text,
        device_owner=office.device_owner or office.unit_in_text,
        town=office.town,
        suffix=office.number_suffix,
        signer_title=office.signer_title,
        signer_name=office.signer_name,
        address=office.resolving_units()[0].address,
    )


def plate_text(row: CaseRow) -> str:
    """The plate in official spelling."""
    return HERE.plates.format_plate(row.plate or "", vehicle_class=row.kind, colour=row.plate_colour)
