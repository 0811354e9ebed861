"""Who a record or a decision is about, in the fields that both forms of NĐ 118/2021/NĐ-CP ask for."""

from __future__ import annotations

from countries.paper_parts import Party
from countries.vn.forms.papers import wording as w
from countries.vn.forms.papers.setting import one_line
from countries.vn.forms.papers.sheet import Sheet


def party(sheet: Sheet, who: Party) -> None:
    """A person with birth, home and identity; an organisation with its seat, numbers and representative."""
    issued = "; ".join(part for part in (w.short_day(who.id_on), one_line(who.id_by)) if part)
    if who.type == "organisation":
        sheet.field("name_organisation", who.name)
        sheet.field("seat", who.address)
        sheet.field("business", who.id_number)
        sheet.field("licence", "; ".join(part for part in (one_line(who.licence), issued) if part))
        sheet.field("representative", who.representative)
        sheet.field("sex", who.representative_sex)
        sheet.field("position", who.representative_title)
        return
    sheet.field("name_person", who.name)
    sheet.field("sex", who.sex)
    sheet.field("born", w.short_day(who.born))
    sheet.field("nationality", who.nationality)
    sheet.field("occupation", who.occupation)
    sheet.field("home", who.address)
    sheet.field("id", who.id_number)
    sheet.field("id_on", issued)


def stands_for(who: Party) -> str:
    """The person who is handed the paper: the violator, or who represents the organisation; "" where not known."""
    return who.representative if who.type == "organisation" else who.name
