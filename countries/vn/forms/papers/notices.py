"""Notices to an owner or driver: a notice withdrawn, corrected, a statement answered, points taken off."""

from __future__ import annotations

from countries.paper_contents import Answer, Correction, Points, Withdrawal
from countries.vn import words
from countries.vn.forms.papers import wording as w
from countries.vn.forms.papers.sheet import Sheet


def withdrawal(c: Withdrawal) -> bytes:
    """Which notice is withdrawn and why, that nothing is owed, that a decision on it holds no longer either, and that
    the look-up no longer shows it."""
    sheet, unit, to = Sheet.of("withdrawal", c), c.office.unit_in_text, w.you(c.to)
    sheet.title()
    sheet.to(c.to.name)
    sheet.bases(c.bases)
    sheet.para("withdraws", unit=unit, notice=w.reference_words(c.notice), you=to)
    sheet.case(c.vehicle, c.act)
    sheet.para("reason", reason=c.reason)
    sheet.para("nothing_owed", you=to)
    if c.decision is not None:
        sheet.para("decision", decision=w.reference_words(c.decision))
    sheet.para("look_up_informed" if c.informed else "look_up")
    sheet.para("no_money")
    sheet.para("closing", "last", unit=unit, you=to)
    sheet.foot(c, (*c.informed, *filter(None, [c.punished])))
    return sheet.pdf()


def correction(c: Correction) -> bytes:
    """To whom a notice reached by mistake: withdrawn for them, and not a word of whom it should have reached."""
    sheet, unit, to = Sheet.of("correction", c), c.office.unit_in_text, w.you(c.to)
    what = sheet.words.texts[f"mistake_{c.mistake}"]
    sheet.title()
    sheet.to(c.to.name)
    sheet.bases(c.bases)
    sheet.para("sent", unit=unit, you=to, notice=w.reference_words(c.notice))
    sheet.case(c.vehicle, c.act)
    sheet.para("mistake", what=what, reason=c.reason)
    # of a wrong plate or owner the case goes to others; of anything else it may come back to the same one
    sheet.para("begins_anew" if c.mistake == "other" else "nothing_owed", you=to)
    sheet.para("right_one")
    sheet.para("no_money")
    sheet.para("closing", "last", unit=unit, you=to)
    sheet.foot(c, c.informed)
    return sheet.pdf()


def answer(c: Answer) -> bytes:
    """What was stated, what came of it and why, what follows, and what else the owner can do."""
    sheet, unit, to = Sheet.of("answer", c), c.office.unit_in_text, w.you(c.to)
    sheet.title()
    sheet.to(c.to.name)
    sheet.bases(c.bases)
    notice = w.reference_words(c.notice)
    sheet.para("received", day=c.stated_on, unit=unit, name=sheet.inline(c.to.name), notice=notice)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))
    sheet.field("statement", c.statement)
    sheet.para(c.result, "strong")
    sheet.para("reasons")
    for reason in c.reasons:
        sheet.para("reason", reason=reason)
    follows = "decided" if c.decided and c.result == "refused" else c.result
    sheet.field("follows", c.follows or sheet.words.say(f"follows_{follows}", you=to))
    if c.result != "accepted":
        sheet.para("complain", you=to, complain_to=sheet.inline(c.complain_to), days=c.complain_days)
    sheet.para("closing", "last", unit=unit, you=to)
    sheet.foot(c)
    return sheet.pdf()


def points(c: Points) -> bytes:
    """Form 02/73: how many points there were, were taken and are left, and how they come back."""
    sheet, unit = Sheet.of("points", c), c.office.unit_in_text
    # of cars or of motorcycles, as the form has it: no moped needs one, and Điều 8 and 9 take no points
    kind = sheet.words.texts.get(f"licence_{c.licence_of}", words.read().kinds.get(c.licence_of, c.licence_of).lower())
    vehicle = w.vehicle_words(c.vehicle)
    if c.vehicle.registration:
        vehicle = sheet.words.say("registered", vehicle=vehicle, registration=c.vehicle.registration)
    sheet.title()
    sheet.para("basis_decision", decision=w.reference_words(c.decision))
    sheet.field("name", c.driver.name)
    sheet.field("vehicle", vehicle)
    sheet.para("violated", act=c.act.wording, clause=w.clause_words(c.act))
    sheet.field("id", c.driver.id_number)
    sheet.field("address", c.driver.address)
    sheet.para(
        "before",
        licence_of=kind,
        number=sheet.inline(c.licence_number),
        class_=sheet.inline(c.licence_class),
        on=sheet.inline(w.short_day(c.licence_on)),
        by=sheet.inline(c.licence_by),
        before=sheet.inline(c.before),
    )
    sheet.para("taken", taken=c.taken, licence_of=kind, on=sheet.inline(w.short_day(c.taken_on)))
    sheet.para("left", left=sheet.inline(c.left), licence_of=kind)
    sheet.para("all_taken")
    sheet.para("closing", "last", unit=unit)
    sheet.foot(c)
    return sheet.pdf()
