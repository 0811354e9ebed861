"""Record of a violation after form MBB01: who, when, where, what they say of it, whether they are heard, who signs."""

from __future__ import annotations

from datetime import date, datetime

from countries.paper_contents import Minutes, Witness
from countries.vn.forms.papers import wording as w
from countries.vn.forms.papers.people import party, stands_for
from countries.vn.forms.papers.setting import Block
from countries.vn.forms.papers.sheet import Sheet


def minutes(c: Minutes) -> bytes:
    """The record. Who refuses to sign is named with the reason, and no line is left for them to sign on."""
    sheet = Sheet.of("minutes", c)
    sheet.title()
    _who_and_where(sheet, c)
    _violator(sheet, c)
    _what(sheet, c)
    _hearing(sheet, c)
    _closing(sheet, c)
    _signatures(sheet, c)
    return sheet.pdf()


def _who_and_where(sheet: Sheet, c: Minutes) -> None:
    sheet.para("today", at=_at(sheet, c, c.started_at), place=sheet.inline(c.place))
    by_device = sheet.words.say("device_reason") if c.notice else ""
    sheet.field("place_reason", c.place_reason or by_device)
    device = [sheet.words.say("device_basis", notice=w.reference_words(c.notice))] if c.notice else []
    sheet.listed("bases", [*device, *c.bases], empty=_none(c))
    sheet.para("we")
    sheet.section("officer")
    _present(sheet, c.officer, "title_of", "agency")
    if c.witnesses:
        sheet.section("witnesses")
        for witness in c.witnesses:
            _witness(sheet, witness)
    elif c.by_hand:
        sheet.blank("witnesses_by_hand")
    else:
        sheet.section("no_witness")
    if c.interpreter:
        sheet.section("interpreter")
        _witness(sheet, c.interpreter)
    elif c.by_hand:
        sheet.field("interpreter_by_hand", "")
    else:
        sheet.section("no_interpreter")


def _violator(sheet: Sheet, c: Minutes) -> None:
    sheet.section(f"against_{c.violator.type}")
    party(sheet, c.violator)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))


def _what(sheet: Sheet, c: Minutes) -> None:
    who = c.violator.type
    sheet.section("acts")
    for act in c.acts:
        sheet.para("act", act=act.wording, time_place=w.time_and_place(act))
    sheet.section("clauses")
    for act in c.acts:
        sheet.para("clause", clause=w.clause_words(act))
    sheet.field("harmed", c.harmed, empty=_none(c))
    sheet.blank(f"said_{who}", c.said)
    sheet.field("witness_said", c.witness_said, empty=_none(c))
    sheet.field("harmed_said", c.harmed_said, empty=_none(c))
    sheet.para(f"stopped_{who}")
    sheet.listed("measures", c.measures, empty=_none(c))


def _hearing(sheet: Sheet, c: Minutes) -> None:
    say, name, role = sheet.words.say, sheet.inline(stands_for(c.violator)), _role(sheet, c)
    sheet.section("hearing")
    sheet.add("tick", text=say("not_heard"), on=not c.may_be_heard)
    sheet.add("tick", text=say("heard"), on=c.may_be_heard)
    if c.may_be_heard:
        spoken, written = _until(sheet, c.spoken_until), _until(sheet, c.written_until)
        heard_by = sheet.inline(c.heard_by)
        sheet.put("spoken", until=spoken, name=name, role=role, heard_by=heard_by)
        sheet.put("written", until=written, name=name, role=role, heard_by=heard_by)
    if c.appear_at:
        sheet.para("summons", name=name, role=role, at=w.hour_and_day(c.appear_at), place=c.appear_place)


def _closing(sheet: Sheet, c: Minutes) -> None:
    name, role = sheet.inline(stands_for(c.violator)), _role(sheet, c)
    sheets = sheet.words.say("sheets_unknown") if c.sheets is None else f"{c.sheets:02d}"
    sheet.para(
        "closing", at=_at(sheet, c, c.ended_at), sheets=sheets, copies=f"{c.copies:02d}", name=name, role=role
    )  # fmt: skip
    if c.refused:
        sheet.para("refused", name=name, role=role, reason=c.refused)
    if c.witness_refused and c.witnesses:
        sheet.para("witness_refused", name=c.witnesses[0].name, reason=c.witness_refused)


def _signatures(sheet: Sheet, c: Minutes) -> None:
    say, who = sheet.words.say, c.violator.type
    note = say("sign_refused") if c.refused else say("sign_note")
    name = "" if c.refused else stands_for(c.violator)
    signs: list[Block] = [
        sheet.sign(say(f"sign_{who}").split("\n"), name, note, room=not c.refused),
        sheet.sign([say("sign_officer")], c.officer.name, say("sign_officer_note")),
    ]
    for number, witness in enumerate(c.witnesses):
        refuses = bool(c.witness_refused) and number == 0
        title = say("sign_authority" if witness.authority else "sign_witness")
        signed = say("sign_witness_refused") if refuses else say("sign_note")
        signs.append(sheet.sign([title], "" if refuses else witness.name, signed, room=not refuses))
    if c.interpreter:
        signs.append(sheet.sign([say("sign_interpreter")], c.interpreter.name, say("sign_note")))
    if c.harmed:
        signs.append(sheet.sign(say("sign_harmed").split("\n"), "", say("sign_note")))
    sheet.add("pairs", signs=signs)
    sheet.receipt(_role(sheet, c))


def _witness(sheet: Sheet, who: Witness) -> None:
    keys = ("title_of", "agency") if who.authority else ("occupation", "address")
    _present(sheet, who, *keys)


def _present(sheet: Sheet, who: Witness, work: str, of: str) -> None:
    sheet.field("full_name", who.name)
    sheet.field(work, who.work)
    sheet.field(of, who.of)


def _role(sheet: Sheet, c: Minutes) -> str:
    return sheet.words.say(f"role_{c.violator.type}")


def _none(c: Minutes) -> str:
    """What stands where the record says nothing: there was none; by hand, it is still to be said."""
    return "nothing_known" if c.by_hand else "none"


def _at(sheet: Sheet, c: Minutes, at: datetime | None) -> str:
    """Hour and day, or the day alone with dots for the hour."""
    if at is not None:
        return w.hour_and_day(at)
    return sheet.words.say("hour_unknown", day=w.short_day(c.on) or sheet.words.say("unknown"))


def _until(sheet: Sheet, day: date | None) -> str:
    return "" if day is None else sheet.words.say("until", day=day)
