"""From facts to the words of form 01/73: numbers, dates, the vehicle, the act with its clause."""

from __future__ import annotations

from datetime import datetime

from countries.notice import Facts, NoticeContent
from countries.vn import words
from countries.vn.acts import act_here, act_words
from countries.vn.deadlines import VIETNAM, local_date
from countries.vn.forms.official import day_in_words, number_text
from countries.vn.forms.texts import texts
from countries.vn.law.fines import decree, law_item
from countries.vn.plates import format_plate

NO_MEASURE = texts()["no_measure"]


def draft(facts: Facts) -> NoticeContent:
    """The draft: without number, date and code. Raises `LawError`."""
    t, owner, issuer, meeting = texts(), facts.owner, facts.issuer, facts.meeting
    day = local_date(facts.occurred_at)
    second = (meeting.second_appear_at or meeting.appear_at) if meeting.second_place else None
    said = words.read()
    vehicle = t["vehicle_words"].format(
        kind=said.kinds[facts.kind],
        plate=format_plate(facts.plate, vehicle_class=facts.kind, colour=facts.plate_colour),
        colour=said.colours[facts.plate_colour].lower(),
    )
    return NoticeContent(
        number_text=number_text(t["number"], None, issuer.suffix),
        parent=issuer.parent,
        unit=issuer.unit,
        unit_in_text=issuer.unit_in_text,
        device_owner=issuer.device_owner,
        town=issuer.town,
        date_text=t["no_date"],
        addressee=owner.name if owner else "",
        vehicle=vehicle,
        owner_name=owner.name if owner else "",
        owner_id=owner.id_number if owner else "",
        owner_address=owner.address if owner else "",
        owner_type=owner.type if owner else "person",
        owner_source=owner.source if owner else "",
        time_place=t["time_place_words"].format(at=_instant(facts.occurred_at), place=facts.place),
        act=act_words(facts.act, facts.reasons, facts.kind)[0],
        clause=law_item(act_here(facts.act).law, facts.kind, day).clause,
        decree=decree(day).citation,
        preventive=facts.preventive or NO_MEASURE,
        appear_at=_instant(meeting.appear_at),
        appear_on=meeting.appear_at.astimezone(VIETNAM).isoformat(),
        unit_address=issuer.address,
        second_place=meeting.second_place,
        second_appear_at=_instant(second) if second else "",
        second_on=second.astimezone(VIETNAM).isoformat() if second else "",
        signer_title=issuer.signer_title,
        signer_name=issuer.signer_name,
        code="",
        packet_id=facts.packet_id,
        packet_digest=facts.packet_digest,
        made_at=facts.now.astimezone(VIETNAM).isoformat(timespec="seconds"),
        draft=True,
    )


def issued(content: NoticeContent, *, plate: str, number: int, suffix: str, now: datetime) -> NoticeContent:
    """The draft with number and date, and an addressee in words where nobody is known by name."""
    t, day, known = texts(), local_date(now), bool(content.addressee.strip())
    return content.model_copy(
        update={
            "number_text": number_text(t["number"], number, suffix),
            "date_text": day_in_words(day),
            "addressee": content.addressee if known else t["unknown_addressee"].format(plate=plate),
            "owner_name": content.owner_name if known else t["unknown_owner"],
            "made_at": now.astimezone(VIETNAM).isoformat(timespec="seconds"),
            "draft": False,
        }
    )


def signed_at_words(at: str) -> str:
    """Day, hour to the second and zone of a signature by key (NĐ 30/2020/NĐ-CP, Phụ lục I)."""
    return texts()["signed_at"].format(at=datetime.fromisoformat(at).astimezone(VIETNAM))


def _instant(at: datetime) -> str:
    return texts()["instant"].format(at=at.astimezone(VIETNAM))
