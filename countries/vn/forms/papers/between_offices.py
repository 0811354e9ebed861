"""Papers from one office to another: a case handed over, a notice to be delivered, a vehicle to be warned of."""

from __future__ import annotations

from countries.paper_contents import Delivery, Transfer, WarningLetter, WarningLifted
from countries.vn.forms.papers import wording as w
from countries.vn.forms.papers.sheet import Sheet


def transfer(c: Transfer) -> bytes:
    """Form 03/73: what the camera recorded goes to the unit where the owner lives."""
    sheet, unit = Sheet.of("transfer", c), c.office.unit_in_text
    sheet.title()
    sheet.to(c.to)
    sheet.para("hands_over", unit=unit)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))
    sheet.person(c.owner)
    sheet.field("time_place", w.time_and_place(c.act))
    sheet.para("act", act=c.act.wording, clause=w.clause_words(c.act))
    if c.notice is not None:
        sheet.para("sent", day=c.notice.on, unit=unit, number=c.notice.number)
    sheet.para("asks", to=sheet.inline(c.to))
    sheet.para("enclosed", "last")
    sheet.foot(c)
    return sheet.pdf()


def delivery(c: Delivery) -> bytes:
    """Form 04: the slip, and below the cut the answer, which the receiving unit fills in and sends back."""
    sheet, unit = Sheet.of("delivery", c), c.office.unit_in_text
    say = sheet.words.say
    sheet.title()
    sheet.to(c.to)
    sheet.para("carries_out", unit=unit, number=c.notice.number, day=c.notice.on)
    sheet.person(c.owner)
    sheet.field("phone", c.owner.phone)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))
    sheet.para("act", act=c.act.wording)
    to, owner = sheet.inline(c.to), sheet.inline(c.owner.name)
    sheet.para("asks", "last", to=to, owner=owner)
    sheet.foot(c)
    with sheet.together():
        sheet.add("cut")
        sheet.add("reply_title", text=say("reply_title"))
        sheet.add("note", text=say("reply_reference", number=w.number("delivery", c.number, c.office.suffix)))
        sheet.to(unit)
        sheet.para("reply_received", to=to, number=c.notice.number, day=c.notice.on, owner=owner)
        sheet.blank("reply_or")
        sheet.para("reply_closing", "last")
        sheet.add(
            "foot",
            recipients_title=say("recipients_title"),
            recipients=[say("as_above"), say("filed")],
            sign=sheet.sign([say("head_of_unit")], "", say("signed")),
        )
    return sheet.pdf()


def warning(c: WarningLetter) -> bytes:
    """Asks the inspection or the registry to warn of a vehicle whose owner let the days pass."""
    sheet, unit = Sheet.of("warning", c), c.office.unit_in_text
    where = ""
    if c.office.address:
        where = "where_phone" if c.office.phone else "where_address"
        where = sheet.words.say(where, address=c.office.address, phone=c.office.phone)
    sheet.to(c.to)
    sheet.bases(c.bases)
    if c.notice is not None and c.sent_on is not None:
        sheet.para("sent", sent_on=c.sent_on, unit=unit, notice=w.reference_words(c.notice))
    else:
        sheet.para("concerns", unit=unit)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))
    sheet.person(c.owner)
    sheet.field("time_place", w.time_and_place(c.act))
    sheet.para("act", act=c.act.wording, clause=w.clause_words(c.act))
    sheet.para(
        c.because,
        unit=unit,
        answer_by=sheet.inline(w.short_day(c.answer_by)),
        passed_to=sheet.inline(c.passed_to),
        passed_on=sheet.inline(w.short_day(c.passed_on)),
        decision=w.reference_words(c.decision) if c.decision else sheet.inline(""),
    )
    sheet.para(f"asks_{c.to_kind}", unit=unit, to=sheet.inline(c.to))
    sheet.add("last", text=sheet.words.texts["tell"].format(unit=unit, where=where))
    sheet.foot(c)
    return sheet.pdf()


def lifting(c: WarningLifted) -> bytes:
    """Takes the warning back, and says why."""
    sheet, unit = Sheet.of("lifting", c), c.office.unit_in_text
    to, notice = sheet.inline(c.to), w.reference_words(c.notice) if c.notice else sheet.inline("")
    sheet.to(c.to)
    sheet.bases(c.bases)
    sheet.para("warned", unit=unit, warning=w.reference_words(c.warning), to=to)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))
    sheet.person(c.owner)
    sheet.para(c.because, notice=notice, reason=sheet.inline(c.reason))
    if c.reason and c.because != "other":
        sheet.field("reason", c.reason)
    sheet.para(f"asks_{c.to_kind}", "last", unit=unit, to=to)
    sheet.foot(c)
    return sheet.pdf()
