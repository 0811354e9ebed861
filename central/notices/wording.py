"""From a case, an owner and an appointment to what the notice says: `NoticeContent`. Pure but for the rows it reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from central.config import Office
from central.registry import Registration
from central.store.db import CaseRow
from countries.here import HERE
from countries.vn.acts import act_here, act_words
from countries.vn.forms.notice import NoticeContent
from countries.vn.law.fines import decree, law_item
from evidence.acts import ActCode
from evidence.packet import Manifest

_NO_DATE = "ngày ...... tháng ...... năm ......"
UNKNOWN_OWNER = "Chưa xác định được tại thời điểm lập thông báo"


@dataclass(frozen=True)
class Meeting:
    """Where and when the owner is asked to come, and at which other place if the way is long."""

    appear_at: datetime
    second_place: str = ""
    second_appear_at: datetime | None = None


def draft_content(
    row: CaseRow, manifest: Manifest, office: Office, owner: Registration | None, meeting: Meeting, *,
    owner_source: str, preventive: str, now: datetime,
) -> NoticeContent:  # fmt: skip
    """The draft: without number, date and code. Raises `LawError`."""
    day = HERE.local_date(row.occurred_at)
    code, kind = ActCode(row.act), row.kind
    second = (meeting.second_appear_at or meeting.appear_at) if meeting.second_place else None
    unit = office.resolving_units()[0]
    return NoticeContent(
        number_text=f"............/TB-{office.number_suffix}",
        parent=office.parent,
        unit=office.unit.name,
        unit_in_text=office.unit_in_text,
        device_owner=office.device_owner or office.unit_in_text,
        town=office.town,
        date_text=_NO_DATE,
        addressee=owner.owner_name if owner else "",
        vehicle=f"{HERE.words.kinds[kind]}; biển số {plate_text(row)}; {HERE.words.colours[row.plate_colour].lower()}",
        owner_name=owner.owner_name if owner else "",
        owner_id=owner.id_number if owner else "",
        owner_address=owner.address if owner else "",
        owner_type=owner.owner_type if owner else "person",
        owner_source=owner_source if owner else "",
        time_place=f"{instant_words(row.occurred_at)}, tại {row.place}",
        # the packet's reasons are of the act it suspects; one that an officer put in its place has none
        act=act_words(code, manifest.act.reasons if code is manifest.act.code else None)[0],
        clause=law_item(act_here(code).law, kind, day).clause,
        decree=decree(day).citation,
        preventive=preventive or "Không",
        appear_at=instant_words(meeting.appear_at),
        appear_on=meeting.appear_at.astimezone(HERE.zone).isoformat(),
        unit_address=unit.address,
        second_place=meeting.second_place,
        second_appear_at=instant_words(second) if second else "",
        second_on=second.astimezone(HERE.zone).isoformat() if second else "",
        signer_title=office.signer_title,
        signer_name=office.signer_name,
        code="",
        packet_id=row.packet.packet_id,
        packet_digest=row.packet.digest,
        made_at=now.astimezone(HERE.zone).isoformat(timespec="seconds"),
        draft=True,
    )


def issued_content(
    content: NoticeContent, row: CaseRow, *, number: int, office: Office, now: datetime
) -> NoticeContent:
    """The draft with number and date, and an addressee in words where nobody is known by name."""
    day = HERE.local_date(now)
    known = bool(content.addressee.strip())
    return content.model_copy(
        update={
            "number_text": f"{number}/TB-{office.number_suffix}",
            "date_text": f"ngày {day:%d} tháng {day:%m} năm {day:%Y}",
            "addressee": content.addressee if known else f"Chủ phương tiện mang biển số {plate_text(row)}",
            "owner_name": content.owner_name if known else UNKNOWN_OWNER,
            "made_at": now.astimezone(HERE.zone).isoformat(timespec="seconds"),
            "draft": False,
        }
    )


def plate_text(row: CaseRow) -> str:
    return HERE.plates.format_plate(row.plate or "", vehicle_class=row.kind, colour=row.plate_colour)


def instant_words(at: datetime) -> str:
    local = at.astimezone(HERE.zone)
    return f"{local:%H} giờ {local:%M} phút ngày {local:%d/%m/%Y}"
