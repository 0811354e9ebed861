"""The papers of Vietnam behind the port `countries.papers.Papers`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from countries import decision_contents as decisions
from countries import paper_contents as contents
from countries import remedy_contents as remedies
from countries.law import VehicleKind
from countries.paper_parts import StatedAct
from countries.papers import Origin, Paper, PaperCode
from countries.vn.acts import act_here, act_words
from countries.vn.deadlines import local_date
from countries.vn.forms.papers import afterwards, between_offices, complaints, explaining, notices
from countries.vn.forms.papers.book import book
from countries.vn.forms.papers.decision import decision
from countries.vn.forms.papers.minutes import minutes
from countries.vn.forms.papers.void import struck
from countries.vn.forms.papers.wording import number, read_number, series, wording
from countries.vn.law.fines import decree, law_item
from evidence.acts import ActCode

__all__ = ["number", "origin", "read_number", "render", "series", "state_act", "struck"]  # what the port asks


def render(paper: Paper) -> bytes:
    """The paper as tagged PDF (PDF/UA-1) with embedded fonts; the same content gives the same bytes."""
    match paper:
        case contents.Withdrawal():
            return notices.withdrawal(paper)
        case contents.Correction():
            return notices.correction(paper)
        case contents.Answer():
            return notices.answer(paper)
        case contents.Points():
            return notices.points(paper)
        case contents.Transfer():
            return between_offices.transfer(paper)
        case contents.Delivery():
            return between_offices.delivery(paper)
        case contents.WarningLetter():
            return between_offices.warning(paper)
        case contents.WarningLifted():
            return between_offices.lifting(paper)
        case contents.Minutes():
            return minutes(paper)
        case contents.Decision():
            return decision(paper)
        case remedies.HearingRecord():
            return explaining.hearing(paper)
        case remedies.Extension():
            return explaining.extension(paper)
        case remedies.HearingExtension():
            return explaining.hearing_extension(paper)
        case remedies.ComplaintReceipt():
            return complaints.receipt(paper)
        case remedies.ComplaintAnswer():
            return complaints.answer(paper)
        case decisions.Postponement():
            return afterwards.postponement(paper)
        case decisions.Relief():
            return afterwards.relief(paper)
        case decisions.RequestRefused():
            return afterwards.request_refused(paper)
        case decisions.Amendment():
            return afterwards.amendment(paper)
        case contents.Book():
            return book(paper)


def origin(code: PaperCode) -> Origin:
    """Title of a paper, and where its form comes from."""
    return wording(code).origin


def state_act(
    act: ActCode, kind: VehicleKind, occurred_at: datetime, place: str, reasons: Mapping[str, object] | None = None
) -> StatedAct:
    """The act in the words of a notice, with clause and decree of its day. Raises `LawError`."""
    day = local_date(occurred_at)
    return StatedAct(
        wording=act_words(act, reasons, kind)[0],
        clause=law_item(act_here(act).law, kind, day).clause,
        decree=decree(day).citation,
        occurred_at=occurred_at,
        place=place,
    )
