"""The second person's screens: what waits, one notice with its proposal, issue, return, publish."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from central import cases
from central.cases import Refused, case_view
from central.deadlines import VIETNAM
from central.lifecycle import Action, Officer, Status
from central.web import caseview, queries
from central.web.access import FORM, ReviewerDep, SiteDep
from central.web.errors import WebError, problem_of
from central.web.frame import frame
from central.web.media import attachment
from central.web.site import Site, page, texts_of
from evidence.errors import GiaoLoError

router = APIRouter()


@router.get("/desk/approve")
def waiting(request: Request, site: SiteDep, officer: ReviewerDep) -> Response:
    with site.centre.db.read() as session:
        rows = queries.confirmed(session, site.centre.clock())
        return page(request, "approve_list.html", rows=rows, **frame(session, officer, "approve"))


@router.get("/desk/approve/{case_id}")
def show(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, done: str = "") -> Response:
    return _show(request, site, officer, case_id, done=done)


@router.get("/desk/approve/{case_id}/notice.pdf")
def notice_pdf(site: SiteDep, officer: ReviewerDep, case_id: str, download: str = "") -> Response:
    with site.centre.db.write() as session:
        view = case_view(session, case_id, officer, registry=site.centre.registry, now=site.centre.clock())
    if view.notice is None:
        raise WebError("no_file", 404)
    name = f"thong-bao-{view.notice.number_text.split('/')[0].strip('.') or 'du-thao'}-{view.item.number}.pdf"
    headers = attachment(name) if download else {"Content-Disposition": "inline"}
    return Response(site.centre.store.read(view.notice.pdf_sha256), media_type="application/pdf", headers=headers)


@router.post("/desk/approve/{case_id}/issue", dependencies=FORM)
def issue(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str) -> Response:
    try:
        with site.centre.db.write() as session:
            cases.issue(session, case_id, officer, desk=site.centre.notices, now=site.centre.clock())
    except Refused as refused:
        return _show(request, site, officer, case_id, refused=refused)
    return RedirectResponse(f"/desk/approve/{case_id}?done=issue", 303)


@router.post("/desk/approve/{case_id}/publish", dependencies=FORM)
def publish(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str) -> Response:
    try:
        with site.centre.db.write() as session:
            cases.publish(session, case_id, officer, now=site.centre.clock())
    except Refused as refused:
        return _show(request, site, officer, case_id, refused=refused)
    return RedirectResponse(f"/desk/approve/{case_id}?done=publish", 303)


@router.post("/desk/approve/{case_id}/return", dependencies=FORM)
def give_back(
    request: Request,
    site: SiteDep,
    officer: ReviewerDep,
    case_id: str,
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    try:
        with site.centre.db.write() as session:
            cases.return_to_queue(session, case_id, officer, note, now=site.centre.clock())
    except Refused as refused:
        return _show(request, site, officer, case_id, refused=refused)
    return RedirectResponse("/desk/approve", 303)


@router.post("/desk/approve/{case_id}/draft", dependencies=FORM)
def draft(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, appear_at: Annotated[str, Form()] = "",
    second_place: Annotated[str, Form(max_length=300)] = "", preventive: Annotated[str, Form(max_length=300)] = "",
) -> Response:  # fmt: skip
    """Write the draft again, with another appointment or place."""
    try:
        with site.centre.db.write() as session:
            cases.prepare_notice(
                session, case_id, officer, desk=site.centre.notices, now=site.centre.clock(),
                appear_at=_local(appear_at), second_place=second_place.strip(), preventive=preventive.strip(),
            )  # fmt: skip
    except GiaoLoError as refused:
        return _show(request, site, officer, case_id, refused=refused)
    return RedirectResponse(f"/desk/approve/{case_id}?done=draft", 303)


def _local(text: str) -> datetime | None:
    """A time typed at the desk is Vietnam's."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=VIETNAM) if text else None
    except ValueError as error:
        raise WebError("input", 422, where="appear_at") from error


def _show(
    request: Request, site: Site, officer: Officer, case_id: str, *, refused: GiaoLoError | None = None, done: str = ""
) -> Response:
    centre, t = site.centre, texts_of(request)
    with centre.db.write() as session:
        view = case_view(
            session, case_id, officer, registry=centre.registry, now=centre.clock(), record=refused is None
        )
        values = frame(session, officer, "approve")
        contests = queries.contests(session, case_id)
        decided_at = queries.confirmed_at(session, case_id)
    if view.item.status not in (*queries.TO_ISSUE, *queries.ISSUED):
        return RedirectResponse(f"/desk/cases/{case_id}", 303)
    waits = view.item.status in queries.TO_ISSUE
    why_not = ""
    if waits and view.state.confirmed_by == officer.username:
        why_not = t("approve.same_person")
    elif waits and Action.RETURN not in view.actions:
        why_not = t("approve.no_right")
    values |= {
        "v": view,
        "contests": contests,
        "pdf": view.notice is not None,
        "issued": not waits,
        "can_publish": Action.PUBLISH in view.actions,
        "can_draft": Action.PREPARE_NOTICE in view.actions,
        "published": view.item.status is Status.PUBLISHED,
        "confirmed_at": decided_at or view.received_at,
        "why_not": why_not,
        "history": caseview.history(view.events, values["names"], t),
    }
    problem = problem_of(request, refused) if refused is not None else None
    status = 200 if refused is None else 403 if getattr(refused, "code", "") in ("role", "same_person") else 409
    said = None
    if t.has(f"done.{done}"):
        said = t("case.done", what=t(f"done.{done}"), ref=t("case.ref", n=view.item.number))
    return page(
        request, "approve.html", status=status, done=said, problem=problem, here=f"/desk/approve/{case_id}", **values
    )
