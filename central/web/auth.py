"""Signing in and out, and the switch of language."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from central.users import SignInRefused, authenticate, close_session, open_session
from central.web import i18n
from central.web.access import FORM, SiteDep
from central.web.site import LANG_COOKIE, YEAR_S, page, safe_back, session_of, texts_of

router = APIRouter()


@router.get("/desk/sign-in")
def sign_in_form(request: Request, back: str = "", expired: str = "", out: str = "") -> Response:
    if session_of(request):
        return RedirectResponse("/desk", 303)
    t = texts_of(request)
    notice = t("signin.expired") if expired else t("signin.signed_out") if out else None
    return page(request, "signin.html", back=safe_back(back, "/desk"), username="", notice=notice)


@router.post("/desk/sign-in", dependencies=FORM)
def sign_in(
    request: Request, site: SiteDep, username: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=200)], back: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    site.limit(site.sign_ins, request)
    centre, t = site.centre, texts_of(request)
    now = centre.clock()
    name = username.strip().lower()
    with centre.db.write() as session:
        try:
            person = authenticate(session, name, password, address=site.address(request), now=now)
            signed = open_session(session, person, now=now, lifetime=centre.session_lifetime)
        except SignInRefused as refusal:
            refused: SignInRefused | None = refusal
        else:
            refused = None
    if refused is not None:
        if refused.code == "locked" and refused.until is not None:
            minutes = int((refused.until - now).total_seconds() // 60) + 1
            problem = {"what": t("signin.locked"), "todo": t("signin.locked_todo", minutes=minutes)}
        else:
            problem = {"what": t("signin.failed"), "todo": t("signin.failed_todo")}
        status = 429 if refused.code == "locked" else 401
        return page(
            request, "signin.html", status=status, back=safe_back(back, "/desk"), username=name, notice=None,
            problem=problem, here="/desk/sign-in",
        )  # fmt: skip
    response = RedirectResponse(safe_back(back, "/desk"), 303)
    site.set_cookie(
        response, site.session_cookie, signed.token or "", max_age_s=int(centre.session_lifetime.total_seconds())
    )
    return response


@router.post("/desk/sign-out", dependencies=FORM)
def sign_out(request: Request, site: SiteDep) -> Response:
    token = request.cookies.get(site.session_cookie)
    if token:
        with site.centre.db.write() as session:
            close_session(session, token)
    response = RedirectResponse("/desk/sign-in?out=1", 303)
    response.delete_cookie(
        site.session_cookie, httponly=True, samesite="strict", secure=site.centre.config.web.secure_cookies
    )
    return response


@router.post("/lang", dependencies=FORM)
def language(site: SiteDep, to: Annotated[str, Form()], back: Annotated[str, Form()] = "/") -> Response:
    response = RedirectResponse(safe_back(back, "/"), 303)
    site.set_cookie(response, LANG_COOKIE, i18n.choose(to), max_age_s=YEAR_S)
    return response
