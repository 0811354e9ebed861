"""The violator is heard, has or waits longer: record of a hearing after form MBB03, longer days to explain, word of
a longer term to decide."""

from __future__ import annotations

from countries.remedy_contents import Extension, HearingExtension, HearingRecord
from countries.vn.forms.papers import wording as w
from countries.vn.forms.papers.people import party, stands_for
from countries.vn.forms.papers.sheet import Sheet


def hearing(c: HearingRecord) -> bytes:
    """What each side said. Hours and what the authority plans are written in at the hearing."""
    sheet, who = Sheet.of("hearing", c), c.violator.type
    say, name = sheet.words.say, sheet.inline(stands_for(c.violator))
    role = say(f"role_{who}")
    sheet.title()
    sheet.para("law_basis", "italic")
    sheet.para("minutes_basis", "italic", number=sheet.inline(c.minutes.number), day=c.minutes.on)
    if c.requested_on is not None:
        sheet.para(
            "request_basis", "italic", day=c.requested_on, who=say(f"who_{who}"), name=sheet.inline(c.violator.name)
        )  # fmt: skip
    sheet.para("notice_unknown", "italic")
    if c.on is not None:
        sheet.para("today", day=c.on, place=sheet.inline(c.place))
    sheet.para("we")
    sheet.section("officer")
    sheet.field("full_name", c.organiser.name)
    sheet.field("title_of", c.organiser.work)
    sheet.field("agency", c.organiser.of)
    sheet.section(f"against_{who}")
    party(sheet, c.violator)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))
    sheet.section("contents")
    sheet.para("authority")
    sheet.para("law", clause=w.clause_words(c.act))
    sheet.para("facts")
    sheet.para("act", act=c.act.wording, time_place=w.time_and_place(c.act), device=say("device"))
    sheet.blank("planned", c.planned)
    sheet.blank(f"said_{who}", c.said)
    if c.on is not None:
        sheet.para("ended", day=c.on)
    sheet.para("closing", copies=f"{c.copies:02d}", name=name, role=role)
    sheet.blank("refused", name=name, role=role)
    sheet.add(
        "pairs",
        signs=[
            sheet.sign(say(f"sign_{who}").split("\n"), stands_for(c.violator), say("sign_note")),
            sheet.sign([say("sign_organiser")], c.organiser.name, say("sign_officer_note")),
            sheet.sign([say("sign_recorder")], c.recorder, say("sign_officer_note")),
        ],
    )
    sheet.receipt(role)
    return sheet.pdf()


def extension(c: Extension) -> bytes:
    """Until when it will be decided, and why it takes longer."""
    sheet, unit, to = Sheet.of("extension", c), c.office.unit_in_text, w.you(c.to)
    sheet.title()
    sheet.to(c.to.name)
    sheet.bases(c.bases)
    sheet.para("tells", unit=unit, minutes=w.reference_words(c.minutes))
    sheet.case(c.vehicle, c.act)
    sheet.para("complex", reason=c.reason)
    sheet.para("until", "strong", until=c.until)
    sheet.para("no_money", you=to)
    sheet.para("closing", "last", unit=unit, you=to)
    sheet.foot(c)
    return sheet.pdf()


def hearing_extension(c: HearingExtension) -> bytes:
    """Until when an explanation in writing is taken, and why it is longer than the law's own days."""
    sheet, unit, to = Sheet.of("hearing_extension", c), c.office.unit_in_text, w.you(c.to)
    sheet.title()
    sheet.to(c.to.name)
    sheet.para("law_basis", "italic")
    sheet.para("tells", unit=unit, minutes=w.reference_words(c.minutes), day=c.requested_on, you=to)
    sheet.case(c.vehicle, c.act)
    sheet.para("complex", reason=c.reason)
    sheet.para("until", "strong", until=c.until)
    sheet.para("silent", you=to)
    sheet.para("closing", "last", unit=unit, you=to)
    sheet.foot(c)
    return sheet.pdf()
