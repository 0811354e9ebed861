"""One shape for everything that goes wrong: what, where, what to do; as a page for people, as JSON for programs."""

from __future__ import annotations

import logging
import secrets
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from central.cases.lifecycle import Refused
from central.cases.log import CaseDeleted, CaseNotFound
from central.store.alarms import AlarmError, alarm_unsound
from central.store.blobs import BlobUnsound
from central.web.faults import SignInNeeded, WebError
from central.web.headers import harden
from central.web.kept import kept_of
from central.web.site import page, session_ended, texts_of
from evidence.errors import GiaoLoError

log = logging.getLogger(__name__)

_STATUS_KEYS = {404: "not_found", 405: "method", 413: "too_large", 416: "range", 503: "unavailable"}
_FIELDS = {
    "plate": "plate.title", "act": "queue.filter_act", "reason": "action.reject_why", "note": "action.note",
    "colour": "action.colour_label", "kind": "action.kind_label", "code": "owner.code", "text": "owner.contest_label",
    "username": "signin.username", "password": "signin.password", "word": "siblings.word",
    "owner_name": "approve.owner_name", "owner_id": "approve.owner_id", "owner_address": "approve.owner_address",
    "why": "switches.why", "line": "switches.line",
    "second_place": "approve.second_place", "preventive": "approve.preventive",
}  # fmt: skip
"""The words that stand over a field, by its name in the form; what a page fills in unseen has none."""
_REFUSED_STATUS = {"role": 403, "same_person": 403, "same_person_print": 403, "other_unit": 404}


def wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def problem_of(request: Request, error: Refused | GiaoLoError) -> dict[str, str]:
    """A refusal of a service in the reader's language: `what`, `todo`."""
    texts = texts_of(request)
    code = getattr(error, "code", "")
    if code and texts.has(f"refused.{code}"):
        values = getattr(error, "values", {})
        todo = texts.or_else(f"refused.{code}_todo", error.remedy, **values)
        if plates := values.get("plates"):
            todo = f"{todo} {texts('plate.like', plates=plates)}"
        return {"what": texts(f"refused.{code}", **values), "todo": todo, "plates": plates or ""}
    return {"what": f"{error.where}: {error.what}" if error.where else error.what, "todo": error.remedy}


def answer(
    request: Request, status: int, what: str, where: str, todo: str, *, code: str, incident: str = "",
    retry_after_s: int | None = None,
) -> Response:  # fmt: skip
    """The one shape, in the form the client asked for."""
    response: Response
    if wants_json(request):
        body = {"what": what, "where": where, "todo": todo, "code": code, "incident": incident}
        response = JSONResponse({"error": body}, status)
    else:
        public = not request.url.path.startswith("/desk")
        response = page(
            request, "error.html", status=status, public=public, what=what, where=where, todo=todo, incident=incident,
            home="/" if public else "/desk", here="/" if public else "/desk",
        )  # fmt: skip
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def install(app: FastAPI) -> None:
    """Register the handlers."""

    def keyed(request: Request, key: str, status: int, where: str = "", **more: Any) -> Response:
        texts = texts_of(request)
        values = more.pop("values", {})
        todo = texts(f"error.{key}_todo", **values)
        return answer(request, status, texts(f"error.{key}"), where, todo, code=key, **more)

    @app.exception_handler(WebError)
    def _web(request: Request, error: WebError) -> Response:
        request.state.refused = error.key  # for the line in the log
        return keyed(
            request, error.key, error.status, error.where, values=error.values, retry_after_s=error.retry_after_s
        )

    @app.exception_handler(SignInNeeded)
    async def _sign_in(request: Request, error: SignInNeeded) -> Response:
        if wants_json(request) or request.headers.get("x-requested-with") == "fetch":
            texts = texts_of(request)
            return answer(request, 401, session_ended(request), "", texts("signin.title"), code="sign_in")
        if kept := await kept_of(request):
            return await run_in_threadpool(
                page, request, "signin.html", status=401, back="/desk", username="",
                notice=session_ended(request, "signin.expired_kept"), kept=kept.dumps(), here="/desk/sign-in",
            )  # fmt: skip
        there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if request.method == "POST":
            there = request.url.path.rpartition("/")[0] if request.url.path.startswith("/desk/cases/") else "/desk"
        back = quote(there, safe="/") if there != "/desk" else ""
        stale = "&expired=1" if request.cookies.get(request.app.state.site.session_cookie) else ""
        return RedirectResponse(f"/desk/sign-in?back={back}{stale}", 303)

    @app.exception_handler(CaseDeleted)
    def _deleted(request: Request, error: CaseDeleted) -> Response:
        return keyed(request, "case_deleted", 410)

    @app.exception_handler(CaseNotFound)
    def _no_case(request: Request, error: CaseNotFound) -> Response:
        return keyed(request, "no_case", 404)

    @app.exception_handler(AlarmError)
    def _no_alarm(request: Request, error: AlarmError) -> Response:
        return keyed(request, "not_found", 404)

    @app.exception_handler(Refused)
    def _refused(request: Request, error: Refused) -> Response:
        problem = problem_of(request, error)
        status = _REFUSED_STATUS.get(error.code, 409)
        request.state.refused = error.code
        return answer(request, status, problem["what"], "", problem["todo"], code=error.code)

    @app.exception_handler(BlobUnsound)
    def _unsound(request: Request, error: BlobUnsound) -> Response:
        """Evidence that is not what was sealed is not shown to anybody, and somebody is told."""
        log.error("evidence refused path=%s %s", request.url.path, error)
        centre = request.app.state.site.centre
        alarm_unsound(centre.db, error, centre.clock())
        return keyed(request, "evidence_unsound", 500)

    @app.exception_handler(GiaoLoError)
    def _ours(request: Request, error: GiaoLoError) -> Response:
        log.error("request failed path=%s %s", request.url.path, error)
        # `where` may name a path on the server: that stays in the log
        todo = error.remedy or texts_of(request)("error.internal_todo")
        return answer(request, 500, error.what, "", todo, code="fault")

    @app.exception_handler(RequestValidationError)
    def _input(request: Request, error: RequestValidationError) -> Response:
        places = [(str(e["loc"][0]), str(e["loc"][-1])) for e in error.errors()]
        if any(where == "path" for where, _ in places):  # no page has such an address
            return keyed(request, "not_found", 404, request.url.path)
        names = [name for _, name in places]
        if not wants_json(request):
            t = texts_of(request)
            names = [t(_FIELDS[name]) for name in names if name in _FIELDS]
        return keyed(request, "input", 422, ", ".join(names))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        key = _STATUS_KEYS.get(error.status_code, "input" if error.status_code < 500 else "internal")
        response = keyed(request, key, error.status_code, request.url.path if error.status_code == 404 else "")
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    @app.exception_handler(Exception)
    def _unexpected(request: Request, error: Exception) -> Response:
        incident = secrets.token_hex(4)
        log.error("unexpected error incident=%s path=%s", incident, request.url.path, exc_info=error)
        response = keyed(request, "internal", 500, incident=incident)
        # Starlette answers this one outside of all middleware
        harden(response.headers, https=request.app.state.site.centre.config.web.secure_cookies)
        return response
