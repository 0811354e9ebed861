"""Pages of the desk that only show: one case, unit, what owners wrote."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from central.cases import telling
from central.cases.lifecycle import Action, Officer
from central.cases.log import events, version_of
from central.desk.actions import REJECT_REASONS, claim
from central.desk.deleted import deleted_case
from central.desk.devices import device_board
from central.desk.false_issue import false_issue
from central.desk.signers import SignerLine, signer_lines
from central.desk.unit import LISTED, unit_view
from central.desk.views import CaseView, case_view
from central.users import full_names
from central.web import caseview, queries
from central.web.access import HeadDep, ReviewerDep, SiteDep
from central.web.doubts import HELD_WORDS, doubt_line, side_by_side, why_held
from central.web.drive import drive_lines
from central.web.evidence import evidence_of
from central.web.frame import frame, said
from central.web.queue import Chosen, ChosenDep, plate_problem
from central.web.site import Site, page, texts_of
from countries.here import HERE
from evidence.acts import ActCode
from evidence.errors import GiaoLoError

router = APIRouter()
log = logging.getLogger(__name__)

_KEYS = "123456789"


@router.get("/desk/cases/{case_id}")
def show_case(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, kept: ChosenDep, done: str = "",
    number: int = 0, offer: int = 0,
) -> Response:  # fmt: skip
    """Opening a case takes it, with the other acts of its drive, unless someone holds one of them or it is decided.

    `offer`: of which of these the plate is filled in, to be compared and saved by the officer.
    """
    centre = site.centre
    now = centre.clock()
    with centre.db.read() as session:
        if (gone := deleted_case(session, case_id)) is not None:
            values = frame(session, officer, "queue") | {
                "d": gone,
                "history": _deleted_history(request, session, case_id),
            }
            return page(request, "deleted.html", status=410, here=f"/desk/cases/{case_id}", **values)
    with centre.db.write() as session:
        view = case_view(session, case_id, officer, registry=centre.registry, now=now)
        if Action.CLAIM in view.actions and view.item.holder != officer.username:
            claim(session, case_id, officer, now=now, lease=centre.claim_lease)
            view = case_view(session, case_id, officer, registry=centre.registry, now=now, record=False)
    told = said(request, done, number, "case.next_done")
    return render_case(request, site, officer, view, kept, done=told, draft=_offered(view, officer, offer))


def _offered(view: CaseView, officer: Officer, number: int) -> dict[str, str] | None:
    """The form for the plate, filled in from another act of the drive; saving it is the officer's."""
    found = next((d.item for d in view.drive if d.offered and d.item.number == number), None)
    if found is None or view.item.holder != officer.username:
        return None
    return {"dialog": "correct", "plate": found.plate_text, "colour": found.plate_colour, "kind": found.kind,
            "offered": str(number)}  # fmt: skip


def _deleted_history(request: Request, session: Session, case_id: str) -> list[telling.HistoryLine]:
    """Who did what when; what was said with it is gone."""
    return telling.history(events(session, case_id), full_names(session), texts_of(request))


def render_case(
    request: Request, site: Site, officer: Officer, view: CaseView, kept: Chosen, *, status: int = 200, **more: Any
) -> Response:
    t, centre = texts_of(request), site.centre
    with centre.db.read() as session:
        values = frame(session, officer, "queue")
        checked = queries.check_packet(session, view, centre.store)
        contests = queries.contests(session, officer.scope, view.item.id)
    shown = evidence_of(site, view, t)
    values |= {
        "v": view,
        "keep": kept.keep,
        "draft": None,
        "hold_said": caseview.hold_said(view, values["names"], t),
        "returned": caseview.returned(view, values["names"], t),
        "m": view.manifest,
        "e": shown,
        "mine": view.item.holder == officer.username,
        "map": caseview.track_map(view.manifest, shown.stills, shown.scene),
        "flags": caseview.flag_lines(view, t),
        "checks": caseview.check_lines(view, checked, t),
        "seen": version_of(view.events),
        "history": telling.history(view.events, values["names"], t),
        "siblings": side_by_side(view.siblings, t),
        "holding": [doubt_line(code, t, view.siblings, view.drive, view.switches) for code in view.holding],
        "held_words": HELD_WORDS,
        "held_for": why_held(view.holding),
        "drive": drive_lines(view.drive, t, values["names"], kept.keep, holding=view.holding),
        "contests": contests,
        "acts": [a.value for a in ActCode],
        "kinds": list(HERE.law.KINDS),
        "reject_reasons": reject_texts(request),
        "reject_choices": reject_choices(request),
    }
    return page(request, "case.html", status=status, here=f"/desk/cases/{view.item.id}{kept.keep}", **(values | more))


def reject_texts(request: Request) -> dict[str, str]:
    t = texts_of(request)
    return {code: t(f"reject.{code}") for code in REJECT_REASONS}


def reject_choices(request: Request) -> list[tuple[str, str, str]]:
    """Key, code and words: digits for the first nine, 0 for another reason, a dash for what is left."""
    words = reject_texts(request)
    ordered = [c for c in words if c != "other"]
    keyed = [(_KEYS[n] if n < len(_KEYS) else "-", code, words[code]) for n, code in enumerate(ordered)]
    return [*keyed, ("0", "other", words["other"])]


@router.get("/desk/plate")
def check_plate(request: Request, officer: ReviewerDep, text: str = "", kind: str = "", colour: str = "") -> Response:
    """Live grammar check while an officer types."""
    t = texts_of(request)
    if problem := plate_problem(request, text[:32], part=False):
        return JSONResponse({"ok": False, "text": f"{problem['what']} {problem['todo']}"})
    parsed = HERE.plates.parse(text[:32], vehicle_class=kind or None, colour=colour or None)
    if not parsed.known:
        return JSONResponse({"ok": False, "text": t("plate.grammar_bad") if text.strip() else ""})
    said_ = f"{parsed.formatted} · {t(f'plate_kind.{parsed.kind}')}"
    if parsed.province_name:
        said_ += f" · {parsed.province_name}"
    return JSONResponse({"ok": True, "text": said_, "formatted": parsed.formatted})


@router.get("/desk/unit")
def show_unit(request: Request, site: SiteDep, officer: HeadDep, done: str = "") -> Response:
    with site.centre.db.read() as session:
        now = site.centre.clock()
        values = frame(session, officer, "unit")
        values["u"] = unit_view(session, now, scope=officer.scope)
        values["devices"] = device_board(session, now, scope=officer.scope)
        values |= {"f": false_issue(session, now, scope=officer.scope), "listed": LISTED}
        values["papers_required"] = site.centre.config.devices.required
        values["signers"] = _signers(session, site, now)
        values["stamps"] = bool(site.centre.config.signing and site.centre.config.signing.timestamps)
        told = texts_of(request)("unit.alarm_noted") if done == "seen" else None
        return page(request, "unit.html", done=told, reject_reasons=reject_texts(request), **values)


def _signers(session: Session, site: Site, now: datetime) -> tuple[SignerLine, ...] | None:
    """None: the configuration of signing is faulty; which fault it is stands in the centre's log."""
    try:
        return signer_lines(session, site.centre.notices.signing, now)
    except GiaoLoError as error:
        log.error("nothing can be signed: %s", error)
        return None


@router.get("/desk/contests")
def show_contests(request: Request, site: SiteDep, officer: ReviewerDep) -> Response:
    with site.centre.db.read() as session:
        return page(
            request,
            "contests.html",
            rows=queries.contests(session, officer.scope),
            **frame(session, officer, "contests"),
        )
