"""A complaint: that it was handed in, and the decision on one that is not right."""

from __future__ import annotations

from countries.remedy_contents import ComplaintAnswer, ComplaintReceipt
from countries.vn.forms.papers import wording as w
from countries.vn.forms.papers.sheet import Sheet


def receipt(c: ComplaintReceipt) -> bytes:
    """For whoever brings it: what about, and until when it is answered. Both sign with a pen."""
    sheet = Sheet.of("complaint_receipt", c)
    say = sheet.words.say
    sheet.title()
    if c.on is not None:
        sheet.para("received", day=c.on, unit=c.office.unit_in_text)
    sheet.field("name", c.who.name)
    sheet.field("id", c.who.id_number)
    sheet.field("address", c.who.address)
    _against(sheet, c)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))
    sheet.field("statement", c.statement)
    sheet.blank("enclosed")
    sheet.para("until", days=c.answer_days, until=c.until)
    if c.decided:
        sheet.para("still")
    sheet.add(
        "pairs",
        signs=[
            sheet.sign([say("sign_bringer")], c.who.name, say("sign_note")),
            sheet.sign([say("sign_receiver")], c.received_by, say("sign_officer_note")),
        ],
    )
    return sheet.pdf()


def answer(c: ComplaintAnswer) -> bytes:
    """What was complained of, what came of it and why, that the decision stands, and the way on."""
    sheet = Sheet.of("complaint_answer", c)
    name = sheet.inline(c.who.name)
    sheet.title()
    sheet.add("decider", text=sheet.inline(c.decider))
    sheet.para("law_basis", "italic")
    sheet.bases(c.bases)
    sheet.para("complaint_basis", "italic", day=c.complained_on, name=name)
    sheet.add("order", text=sheet.words.say("decides"))
    sheet.section("article_1")
    sheet.field("who", c.who.name)
    sheet.field("address", c.who.address)
    _against(sheet, c)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))
    sheet.field("statement", c.statement)
    sheet.field("found", c.reasons)
    sheet.section("article_2")
    sheet.para(_which("refused", c), "strong", against=_reference(c))
    sheet.para("further", you=w.you(c.who))
    sheet.section("article_3")
    sheet.para("valid", "last", name=name)
    sheet.foot(c)
    return sheet.pdf()


def _against(sheet: Sheet, c: ComplaintReceipt | ComplaintAnswer) -> None:
    sheet.para(_which("against", c), against=_reference(c))


def _which(key: str, c: ComplaintReceipt | ComplaintAnswer) -> str:
    return f"{key}_act" if c.against is None else f"{key}_decision" if c.decided else f"{key}_notice"


def _reference(c: ComplaintReceipt | ComplaintAnswer) -> str:
    return "" if c.against is None else w.reference_words(c.against)
