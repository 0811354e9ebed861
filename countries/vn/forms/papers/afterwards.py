"""What is decided about a decision on a fine after it: its payment is put off, it is lowered or not, or acts of it fall
away."""

from __future__ import annotations

from collections.abc import Sequence

from countries.decision_contents import Amendment, Postponement, Relief, RequestRefused
from countries.paper_contents import PunishedAct
from countries.papers import PaperCode
from countries.vn.amounts import figures, sum_in_words
from countries.vn.forms.papers import wording as w
from countries.vn.forms.papers.people import stands_for
from countries.vn.forms.papers.sheet import Sheet


def postponement(c: Postponement) -> bytes:
    """Whose fine, how much of it, why, until when, and what holds after that day."""
    sheet = _begun("postponement", c)
    sheet.para("request_basis", "italic", day=c.requested_on, name=sheet.inline(c.violator.name), by=c.confirmed_by)
    _ordered(sheet, c)
    sheet.para("puts_off", "strong", number=w.reference_words(c.decision))
    sheet.para("amount", figures=figures(c.amount), words=sum_in_words(c.amount))
    sheet.field("reason", c.reason)
    sheet.para("until", "strong", until=c.until)
    sheet.section("article_2")
    sheet.para("after", until=c.until)
    sheet.para("stands")
    _closed(sheet, c)
    return sheet.pdf()


def relief(c: Relief) -> bytes:
    """How much is taken off whose fine, why, and what is left to pay."""
    sheet = _begun("relief", c)
    sheet.para("request_basis", "italic", day=c.requested_on, name=sheet.inline(c.violator.name), by=c.confirmed_by)
    _ordered(sheet, c)
    sheet.para("lowers" if c.left else "remits", "strong", number=w.reference_words(c.decision))
    sheet.para("amount", figures=figures(c.amount), words=sum_in_words(c.amount))
    sheet.field("reason", c.reason)
    sheet.section("article_2")
    if c.left:
        sheet.para("left", "strong", figures=figures(c.left), words=sum_in_words(c.left))
    else:
        sheet.para("nothing", "strong", you=w.you(c.violator))
    sheet.para("stands")
    _closed(sheet, c)
    return sheet.pdf()


def request_refused(c: RequestRefused) -> bytes:
    """Which request, why it is not granted, and that what was decided stands."""
    sheet, unit, to = Sheet.of("request_refused", c), c.office.unit_in_text, w.you(c.to)
    sheet.title()
    sheet.to(c.to.name)
    sheet.para(f"law_{c.asked}", "italic")
    sheet.para(f"asked_{c.asked}", unit=unit, day=c.requested_on, you=to, number=w.reference_words(c.decision))
    sheet.field("vehicle", w.vehicle_words(c.vehicle))
    sheet.para(f"refused_{c.asked}", "strong", unit=unit)
    sheet.field("reason", c.reason)
    sheet.para("stands", number=w.reference_words(c.decision))
    sheet.para("complain", "last", you=to)
    sheet.foot(c)
    return sheet.pdf()


def amendment(c: Amendment) -> bytes:
    """What falls away and why, what is left, and the fine and the points that hold from now on."""
    sheet = _begun("amendment", c)
    sheet.para("reason_basis", "italic", reason=c.reason.rstrip(";. "))
    _ordered(sheet, c)
    sheet.para("amends", "strong", number=w.reference_words(c.decision))
    sheet.para("gone")
    _acts(sheet, "gone_act", c.gone)
    sheet.para("left")
    _acts(sheet, "left_act", c.acts)
    sheet.para("total", "strong", figures=figures(c.amount), words=sum_in_words(c.amount))
    sheet.para(_points(c), points=f"{c.points:02d}", before=f"{c.points_before:02d}", n=c.points_of)
    sheet.section("article_2")
    sheet.para("stands", number=w.reference_words(c.decision))
    _closed(sheet, c)
    return sheet.pdf()


def _points(c: Amendment) -> str:
    if not c.points_before:
        return "points_never"
    return "points_none" if not c.points else "points_once" if len(c.acts) > 1 else "points"


def _acts(sheet: Sheet, key: str, acts: Sequence[PunishedAct]) -> None:
    for n, each in enumerate(acts, 1):
        sheet.para(
            key, n=n, act=each.act.wording, clause=w.clause_words(each.act), time_place=w.time_and_place(each.act),
            figures=figures(each.amount), words=sum_in_words(each.amount),
        )  # fmt: skip


def _begun(code: PaperCode, c: Postponement | Relief | Amendment) -> Sheet:
    sheet = Sheet.of(code, c)
    sheet.title()
    sheet.add("decider", text=sheet.inline(c.decider))
    sheet.para("law_basis", "italic")
    sheet.para("decision_basis", "italic", number=w.reference_words(c.decision))
    return sheet


def _ordered(sheet: Sheet, c: Postponement | Relief | Amendment) -> None:
    """Whom and which vehicle it is about."""
    sheet.add("order", text=sheet.words.say("decides"))
    sheet.section("article_1")
    sheet.field("who", c.violator.name)
    sheet.field("id", c.violator.id_number)
    sheet.field("address", c.violator.address)
    sheet.field("vehicle", w.vehicle_words(c.vehicle))


def _closed(sheet: Sheet, c: Postponement | Relief | Amendment) -> None:
    sheet.section("article_3")
    sheet.para("valid")
    sheet.para("given_to", name=sheet.inline(stands_for(c.violator)))
    sheet.para("complain", "last", you=w.you(c.violator))
    sheet.foot(c)
