"""The second person's screens: what waits, one notice with its proposal, issue, return, publish."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Annotated, cast, get_args

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from central.cases import telling
from central.cases.doubts import holds, issue_doubts
from central.cases.lifecycle import Action, Officer, Refused, Status
from central.cases.log import version_of
from central.cases.stages import TO_ISSUE, among
from central.desk import actions
from central.desk.items import QueueItem, item, light
from central.desk.views import case_view
from central.notices import drafting, issuing
from central.notices.papers import papers_of
from central.notices.printing import print_copy
from central.pictures.captions import caption
from central.registry import Registration
from central.store.case_tables import CaseRow, NoticeRow
from central.units.filtering import within
from central.units.tree import Scope
from central.web import queries
from central.web.access import FORM, ReviewerDep, SiteDep
from central.web.caseview import flag_lines
from central.web.devices import paper_lines
from central.web.doubts import HELD_WORDS, doubt_line, side_by_side, why_held
from central.web.draft_form import draft_form
from central.web.drive import drive_lines
from central.web.errors import problem_of
from central.web.evidence import evidence_of
from central.web.faults import WebError
from central.web.frame import frame, said
from central.web.media import attachment
from central.web.notice_files import pages_of
from central.web.seen import SeenDep
from central.web.signature import after_issue, before_issue
from central.web.site import Site, page, texts_of
from countries.here import HERE
from countries.law import OwnerType
from evidence.errors import GiaoLoError

router = APIRouter()
log = logging.getLogger(__name__)

SHOWN_UNSENT = 100
"""A list to work off from its top; the rest is in the queue under its state."""


@router.get("/desk/approve")
def waiting(request: Request, site: SiteDep, officer: ReviewerDep, done: str = "", number: int = 0) -> Response:
    with site.centre.db.read() as session:
        now = site.centre.clock()
        rows = queries.confirmed(session, now, officer.scope)
        unsent = to_send(session, now, officer.scope)
        told = said(request, done, number, "case.done")
        return page(
            request, "approve_list.html", rows=rows, unsent=unsent, done=told, **frame(session, officer, "approve")
        )


def to_send(session: Session, now: datetime, scope: Scope) -> list[tuple[QueueItem, str]]:
    """Issued and not sent yet, the oldest act first, with their numbers: their ten days still run."""
    mine = within(CaseRow.unit_code, scope)
    query = select(CaseRow).where(among((Status.ISSUED,)), *mine).order_by(CaseRow.occurred_at, CaseRow.number)
    rows = session.scalars(light(query).limit(SHOWN_UNSENT)).all()
    # asked for by their cases: joined, PostgreSQL would read all notices
    in_force = select(NoticeRow.case_id, NoticeRow.content).where(
        NoticeRow.case_id.in_([row.id for row in rows]), NoticeRow.replaced_at.is_(None)
    )
    numbers = {case_id: str(content.get("number_text", "")) for case_id, content in session.execute(in_force)}
    return [(item(row, now), numbers.get(row.id, "")) for row in rows]


@router.get("/desk/approve/{case_id}")
def show(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, done: str = "") -> Response:
    return _show(request, site, officer, case_id, done=done)


@router.post("/desk/approve/{case_id}/print", dependencies=FORM)
def print_notice(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str) -> Response:
    """The copy for the owner, with the code: made for this answer, kept nowhere."""
    centre = site.centre
    try:
        copy = print_copy(centre.db, case_id, officer, desk=centre.notices, now=centre.clock())
    except Refused as refused:
        return _show(request, site, officer, case_id, refused=refused)
    log.info("notice printed number=%s name=%s copy=%d", copy.number_text, officer.username, copy.copy)
    name = "phieu-ma-tra-cuu-{}.pdf" if copy.sheet else "thong-bao-{}-ban-gui.pdf"
    headers = attachment(name.format(copy.number_text.split("/")[0]))
    return Response(copy.pdf, media_type="application/pdf", headers=headers)


@router.post("/desk/approve/{case_id}/issue", dependencies=FORM)
def issue(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, shown: SeenDep) -> Response:
    centre = site.centre
    try:
        issuing.issue(centre.db, case_id, officer, desk=centre.notices, now=centre.clock(), seen=shown)
    except Refused as refused:
        return _show(request, site, officer, case_id, refused=refused, word=shown.word)
    return RedirectResponse(f"/desk/approve/{case_id}?done=issue", 303)


@router.post("/desk/approve/{case_id}/publish", dependencies=FORM)
def publish(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, shown: SeenDep) -> Response:
    centre = site.centre
    try:
        with centre.db.write() as session:
            issuing.publish(session, case_id, officer, register=centre.registry, now=centre.clock(), seen=shown)
    except Refused as refused:
        return _show(request, site, officer, case_id, refused=refused, word=shown.word)
    return RedirectResponse(f"/desk/approve/{case_id}?done=publish", 303)


@router.post("/desk/approve/{case_id}/return", dependencies=FORM)
def give_back(
    request: Request,
    site: SiteDep,
    officer: ReviewerDep,
    case_id: str,
    shown: SeenDep,
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    try:
        with site.centre.db.write() as session:
            actions.return_to_queue(session, case_id, officer, note, now=site.centre.clock(), seen=shown)
    except Refused as refused:
        return _show(request, site, officer, case_id, refused=refused)
    with site.centre.db.read() as session:
        number = queries.number_of(session, case_id, officer.scope)
    return RedirectResponse(f"/desk/approve?done=return&number={number}", 303)


@router.post("/desk/approve/{case_id}/draft", dependencies=FORM)
def draft(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, shown: SeenDep,
    appear_at: Annotated[str, Form()] = "", second_place: Annotated[str, Form(max_length=300)] = "",
    second_appear_at: Annotated[str, Form()] = "", preventive: Annotated[str, Form(max_length=300)] = "",
    owner_name: Annotated[str, Form(max_length=300)] = "", owner_id: Annotated[str, Form(max_length=40)] = "",
    owner_address: Annotated[str, Form(max_length=500)] = "", owner_type: Annotated[str, Form()] = "person",
) -> Response:  # fmt: skip
    """Write the draft again: another appointment or place, or an owner found elsewhere than in the register."""
    centre = site.centre
    now = centre.clock()
    try:
        drafting.prepare_notice(
            centre.db, case_id, officer, desk=centre.notices, now=now, appear_at=_local(appear_at),
            second_place=second_place.strip(), second_appear_at=_local(second_appear_at),
            preventive=preventive.strip(), owner=_owner(owner_name, owner_id, owner_address, owner_type, now),
            seen=shown,
        )  # fmt: skip
    except GiaoLoError as refused:
        return _show(request, site, officer, case_id, refused=refused)
    return RedirectResponse(f"/desk/approve/{case_id}?done=draft", 303)


def _owner(name: str, id_number: str, address: str, owner_type: str, now: datetime) -> Registration | None:
    """Somebody typed at the desk; None when no name was given: then the register is asked."""
    typed = [" ".join(text.split()) for text in (name, id_number, address)]
    if not typed[0]:
        if any(typed):
            raise Refused("owner_name", "the owner has no name", where="owner_name", remedy="type the name")
        return None
    if owner_type not in get_args(OwnerType):
        raise WebError("input", 422, where="owner_type")
    day = HERE.local_date(now)
    return Registration("", "", "", typed[0], cast(OwnerType, owner_type), typed[1], typed[2], day, None)


def _local(text: str) -> datetime | None:
    """A time typed at the desk is that of the country's clock."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=HERE.zone) if text else None
    except ValueError as error:
        raise WebError("input", 422, where="appear_at") from error


def _show(
    request: Request, site: Site, officer: Officer, case_id: str, *, refused: GiaoLoError | None = None,
    done: str = "", word: str = "",
) -> Response:  # fmt: skip
    centre, t = site.centre, texts_of(request)
    with centre.db.write() as session:
        view = case_view(
            session, case_id, officer, registry=centre.registry, now=centre.clock(), record=refused is None,
            calendar=centre.notices.calendar,
        )  # fmt: skip
        row = session.get_one(CaseRow, case_id)
        issued_at = view.notice.issued_at if view.notice else None
        papers = papers_of(session, row, now=centre.clock(), then=issued_at)
        required = centre.config.devices.required
        doubts = (*issue_doubts(session, row, centre.clock(), centre.registry), *(() if required else papers.doubts))
        newly = issuing.held_since_issue(session, row, centre.registry) if row.status == Status.ISSUED else ()
        signature = before_issue(request, session, centre.notices, row, officer, t, centre.clock())
        values = frame(session, officer, "approve")
        contests = queries.contests(session, officer.scope, case_id)
        following = _next_to_issue(session, officer, case_id)
        decided_at = queries.confirmed_at(session, case_id)
    if view.item.status not in (*queries.TO_ISSUE, *queries.ISSUED):
        return RedirectResponse(f"/desk/cases/{case_id}", 303)
    waits = view.item.status in queries.TO_ISSUE
    if not waits and view.notice is not None:  # read and checked while no transaction is open
        signature = after_issue(centre.notices, view.notice, view.events, t)
    why_not = ""
    if (way := view.state.own_way) is not None:
        why_not = f"{t(f'refused.{way.code}')} {t(f'refused.{way.code}_todo')}"
        if not waits:
            why_not += f" {t('approve.take_back')}"
    elif waits and papers.lacks and required:
        why_not = " ".join(t(f"refused.{lack.code}", **lack.values) for lack in papers.lacks)
        why_not += f" {t(f'refused.{papers.lacks[0].code}_todo')}"
    elif waits and view.state.confirmed_by == officer.username:
        why_not = t("approve.same_person")
    elif waits and Action.RETURN not in view.actions:
        why_not = t("approve.no_right")
    elif waits:
        why_not = signature.why_not
    shown = evidence_of(site, view, t)
    doubtful = [doubt_line(code, t) for code in doubts if not holds(code)]
    values |= {
        "v": view,
        "seen": {"draft": view.notice.pdf_sha256 if view.notice else "", "version": version_of(view.events)},
        "devices": paper_lines(papers, t, issued=issued_at is not None),
        "doubts": [code for code in doubts if not holds(code)],
        "doubt_lines": doubtful,
        "flags": list(dict.fromkeys([*doubtful, *flag_lines(view, t, doubts)] if waits else flag_lines(view, t))),
        "holding": [
            (code, doubt_line(code, t, view.siblings, view.drive, view.switches)) for code in doubts if holds(code)
        ],
        "newly": [(code, doubt_line(code, t, view.siblings, view.drive, view.switches)) for code in newly],
        "held_words": HELD_WORDS,
        "held_for": why_held(newly if not waits else [code for code in doubts if holds(code)]),
        "drive": drive_lines(view.drive, t, values["names"], holding=view.holding),
        "siblings": side_by_side(view.siblings, t),
        "word": word,
        "no_owner": "no_owner" in doubts,
        "form": draft_form(view),
        "typed_owner": bool(view.notice and view.notice.content.get("owner_source") == "typed"),
        "e": shown,
        "stills": [(s, caption(s, view.item.act, t, view.manifest.act.code)) for s in shown.stills],
        "due": view.deadlines,
        "next_id": following,
        "contests": contests,
        "pdf": pages_of(site, view.notice),
        "issued": not waits,
        "can_publish": Action.PUBLISH in view.actions,
        "can_print": Action.PRINT in view.actions,
        "printed": [e for e in view.events if e.action == Action.PRINT.value],
        "can_draft": Action.PREPARE_NOTICE in view.actions,
        "published": view.item.status is Status.PUBLISHED,
        "confirmed_at": decided_at or view.received_at,
        "why_not": why_not,
        "own_way": way is not None,
        "signature": signature,
        "history": telling.history(view.events, values["names"], t),
    }
    problem = problem_of(request, refused) if refused is not None else None
    forbidden = getattr(refused, "code", "") in ("role", "same_person", "same_person_print", "redraft")
    status = 200 if refused is None else 403 if forbidden else 409
    told = said(request, done, view.item.number, "case.done")
    return page(
        request, "approve.html", status=status, done=told, problem=problem, here=f"/desk/approve/{case_id}", **values
    )


def _next_to_issue(session: Session, officer: Officer, case_id: str) -> str | None:
    """The oldest case that this person may issue: one that somebody else confirmed."""
    mine = or_(CaseRow.confirmed_by.is_(None), CaseRow.confirmed_by != officer.username)
    return session.scalar(
        select(CaseRow.id)
        .where(among(TO_ISSUE), mine, *within(CaseRow.unit_code, officer.scope), CaseRow.id != case_id)
        .order_by(CaseRow.occurred_at, CaseRow.number)
        .limit(1)
    )
