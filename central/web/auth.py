"""Signing in and out, and the switch of language."""

from __future__ import annotations

import logging
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from central.cases.lifecycle import Officer, Role
from central.passwords import MAX_PASSWORD
from central.users import (
    Attempt,
    SignInRefused,
    begin_sign_in,
    close_session,
    finish_sign_in,
    full_names,
)
from central.web import queries
from central.web.access import FORM, SiteDep
from central.web.kept import Kept
from central.web.site import (
    LANG_COOKIE,
    SESSION_COOKIE,
    YEAR_S,
    Site,
    page,
    safe_back,
    session_ended,
    session_of,
    site_of,
    texts_of,
)
from central.words import texts as i18n

router = APIRouter()
log = logging.getLogger(__name__)

UNKNOWN = "(unknown)"


@router.get("/desk/sign-in")
def sign_in_form(request: Request, back: str = "", expired: str = "", out: str = "") -> Response:
    if signed := session_of(request):
        return RedirectResponse(_home(signed.officer), 303)
    t = texts_of(request)
    notice = session_ended(request) if expired else t("signin.signed_out") if out else None
    return page(request, "signin.html", back=safe_back(back, "/desk"), username="", notice=notice)


@router.post("/desk/sign-in", dependencies=FORM)
async def sign_in(
    request: Request, site: SiteDep, username: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=MAX_PASSWORD)], back: Annotated[str, Form()] = "",
    kept: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Waits and hashes on threads of their own: a flood of tries takes no page's thread and no transaction's time."""
    site.limit(site.sign_ins, request)
    name = username.strip().lower()
    try:
        attempt = await run_in_threadpool(
            begin_sign_in, site.centre.db, name, address=site.address(request), now=site.centre.clock()
        )
    except SignInRefused as refusal:
        log.warning("sign-in refused name=%s address=%s: locked", _plain_name(site, name), site.address(request))
        return await run_in_threadpool(_refused, request, name, refusal, safe_back(back, "/desk"), kept)
    await anyio.sleep(attempt.delay_s)
    return await anyio.to_thread.run_sync(
        _finish, request, site, attempt, password, safe_back(back, "/desk"), kept, limiter=site.hashing
    )


def _finish(request: Request, site: Site, attempt: Attempt, password: str, back: str, kept: str) -> Response:
    centre, said = site.centre, attempt.name if attempt.known else UNKNOWN
    lifetime = centre.session_lifetime
    try:
        signed = finish_sign_in(centre.db, attempt, password, now=centre.clock(), lifetime=lifetime)
    except SignInRefused as refusal:
        log.warning("sign-in failed name=%s address=%s", said, site.address(request))
        return _refused(request, attempt.name, refusal, back, kept)
    log.info("signed in name=%s role=%s address=%s", said, signed.officer.role.value, site.address(request))
    if old := request.cookies.get(site.session_cookie):
        with centre.db.write() as session:
            close_session(session, old)
    response: Response = RedirectResponse(_home(signed.officer) if back == "/desk" else back, 303)
    if waiting := Kept.loads(kept):
        request.state.signed_in = signed  # the page's forms carry the new session's token
        with centre.db.read() as session:
            number = queries.number_of(session, waiting.case_id, signed.officer.scope)
        response = page(request, "resume.html", kept=waiting, number=number, here=waiting.page)
    site.set_cookie(response, SESSION_COOKIE, signed.token or "", max_age_s=int(lifetime.total_seconds()))
    return response


def _refused(request: Request, name: str, refusal: SignInRefused, back: str, kept: str) -> Response:
    t, now = texts_of(request), site_of(request).centre.clock()
    if refusal.code == "locked" and refusal.until is not None:
        minutes = int((refusal.until - now).total_seconds() // 60) + 1
        problem = {"what": t("signin.locked"), "todo": t("signin.locked_todo", minutes=minutes)}
    else:
        problem = {"what": t("signin.failed"), "todo": t("signin.failed_todo")}
    status = 429 if refusal.code == "locked" else 401
    return page(
        request, "signin.html", status=status, back=back, username=name, notice=None, problem=problem,
        kept=kept if Kept.loads(kept) else "", here="/desk/sign-in",
    )  # fmt: skip


def _home(person: Officer) -> str:
    """Where somebody's work begins: an administrator looks after boxes and accounts and sees no evidence."""
    return "/desk/unit" if person.role is Role.ADMIN else "/desk"


def _plain_name(site: Site, name: str) -> str:
    """The name of an account, or that it is none: some type their password where the name belongs."""
    with site.centre.db.read() as session:
        return name if name in full_names(session) else UNKNOWN


@router.post("/desk/sign-out", dependencies=FORM)
def sign_out(request: Request, site: SiteDep) -> Response:
    token = request.cookies.get(site.session_cookie)
    if token:
        signed = session_of(request)
        log.info("signed out name=%s address=%s", signed.officer.username if signed else "-", site.address(request))
        with site.centre.db.write() as session:
            close_session(session, token)
    response = RedirectResponse("/desk/sign-in?out=1", 303)
    # pictures that the browser kept for a quarter of an hour must not outlive the session
    response.headers["Clear-Site-Data"] = '"cache"'
    site.drop_cookie(response, SESSION_COOKIE)
    return response


@router.post("/lang", dependencies=FORM)
def language(site: SiteDep, to: Annotated[str, Form()], back: Annotated[str, Form()] = "/") -> Response:
    response = RedirectResponse(safe_back(back, "/"), 303)
    site.set_cookie(response, LANG_COOKIE, i18n.choose(to), max_age_s=YEAR_S)
    return response
