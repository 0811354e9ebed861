"""Decision on a fine after form MQĐ02: on what it rests, whom and what it is about, how much, where and until when,
and the way against it."""

from __future__ import annotations

from collections.abc import Iterator

from countries.paper_contents import Decision, PunishedAct
from countries.vn.amounts import figures, sum_in_words
from countries.vn.forms.papers import wording as w
from countries.vn.forms.papers.people import party, stands_for
from countries.vn.forms.papers.setting import one_line
from countries.vn.forms.papers.sheet import Sheet


def decision(c: Decision) -> bytes:
    """The decision, its amounts in figures and words."""
    sheet = Sheet.of("decision", c)
    sheet.title()
    sheet.add("decider", text=sheet.inline(c.decider))
    _bases(sheet, c)
    sheet.add("order", text=sheet.words.say("decides"))
    _first(sheet, c)
    _second(sheet, c)
    _third(sheet, c)
    sheet.foot(c)
    sheet.receipt(sheet.words.say(f"role_{c.violator.type}"))
    return sheet.pdf()


def _bases(sheet: Sheet, c: Decision) -> None:
    def basis(key: str, **values: object) -> None:
        sheet.para(key, "italic", **values)

    basis("law_basis")
    for decree in dict.fromkeys(one_line(each.act.decree) for each in c.acts):
        basis("decree_basis", decree=decree)
    sheet.bases(c.bases)
    for key, references in (
        ("minutes_basis", c.minutes), ("hearing_basis", c.hearings), ("verification_basis", (c.verification,)),
        ("delegation_basis", (c.delegation,)),
    ):  # fmt: skip
        for reference in filter(None, references):
            basis(key, number=sheet.inline(reference.number), day=reference.on)


def _first(sheet: Sheet, c: Decision) -> None:
    say = sheet.words.say
    sheet.section("article_1")
    sheet.para(f"against_{c.violator.type}")
    party(sheet, c.violator)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))
    sheet.para("acts")
    for which, each in _acts(sheet, c):
        sheet.para("act", act=which + each.act.wording, time_place=w.time_and_place(each.act))
    sheet.para("clauses")
    for which, each in _acts(sheet, c):
        sheet.para("clause", clause=which + w.clause_words(each.act))
    sheet.listed("aggravating", [which + each.aggravating for which, each in _acts(sheet, c) if each.aggravating])
    sheet.listed("mitigating", [which + each.mitigating for which, each in _acts(sheet, c) if each.mitigating])
    sheet.para("measures")
    sheet.para("main_penalty")
    if len(c.acts) > 1:
        for which, each in _acts(sheet, c):
            sheet.para("act_fine", fine=which + figures(each.amount), words=sum_in_words(each.amount))
        sheet.para("total", "strong", figures=figures(c.amount), words=sum_in_words(c.amount))
    else:
        sheet.para("amount", "strong", figures=figures(c.amount), words=sum_in_words(c.amount))
    sheet.field("additional", c.additional, empty="none")
    sheet.field("remedy", c.remedy, empty="none")
    if c.remedy and c.remedy_days:
        sheet.para("remedy_days", days=c.remedy_days, who=say(f"who_{c.violator.type}"))
    if c.points:
        sheet.para("points_once" if len(c.acts) > 1 else "points", points=f"{c.points:02d}", n=c.points_of)


def _acts(sheet: Sheet, c: Decision) -> Iterator[tuple[str, PunishedAct]]:
    """Each act, and before it which one it is where there are several."""
    for n, each in enumerate(c.acts, 1):
        yield (sheet.words.texts["which"].format(n=n) if len(c.acts) > 1 else ""), each


def _second(sheet: Sheet, c: Decision) -> None:
    sheet.section("article_2")
    if c.valid_from is None:
        sheet.para("valid_signing")
    else:
        sheet.para("valid_from", day=c.valid_from)


def _third(sheet: Sheet, c: Decision) -> None:
    who, kind = sheet.words.texts, c.violator.type
    he, he_first = who[f"who_{kind}"], who[f"Who_{kind}"]
    sheet.section("article_3")
    sheet.para("is")
    sheet.para("given_to", name=sheet.inline(stands_for(c.violator)), role=who[f"role_{kind}"])
    late = str(c.payment.late_per_cent).replace(".", ",")
    sheet.para("must", Who=he_first, who=he, name=c.violator.name, late=late)
    _payment(sheet, c, he_first)
    if c.held:
        sheet.para("held", Who=he_first, held=c.held)
    else:
        sheet.para("not_held", Who=he_first)
    sheet.para("complain", Who=he_first, name=c.violator.name)
    sheet.para("to_treasury", treasury=sheet.inline(c.payment.treasury))
    sheet.para("to_executes", "para" if c.informed else "last", executes=sheet.inline(c.executes))
    if c.informed:
        sheet.para("to_informed", "last", informed="; ".join(one_line(each) for each in c.informed))


def _payment(sheet: Sheet, c: Decision, who: str) -> None:
    p = c.payment
    account = sheet.words.texts["pay_account"].format(account=one_line(p.account)) if p.account else ""
    bank = ""
    if p.bank:
        bank = sheet.words.texts["pay_bank"].format(
            treasury=one_line(p.treasury), bank=one_line(p.bank), account=account
        )
    sheet.put(
        "pay",
        Who=who,
        treasury=sheet.inline(p.treasury),
        bank=bank,
        agency_code=sheet.inline(p.agency_code),
        chapter=sheet.inline(p.chapter),
        item=sheet.inline(p.item),
        days=p.within_days,
    )
