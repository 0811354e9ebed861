"""Who may call a route: dependencies for signed-in people, their roles, and form tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form, Header, Request

from central.cases.lifecycle import Action, Officer, Role
from central.cases.log import CaseNotFound, unit_of
from central.cases.steps import may
from central.web.faults import SignInNeeded, WebError
from central.web.site import Site, require_form_token, session_of, site_of

SiteDep = Annotated[Site, Depends(site_of)]


def form_token(
    request: Request, csrf: Annotated[str, Form()] = "", x_csrf_token: Annotated[str, Header()] = ""
) -> None:
    """On every POST. Without a session at the desk it is a form whose session ended while somebody filled it in."""
    if request.url.path.startswith("/desk/") and request.url.path != "/desk/sign-in" and session_of(request) is None:
        raise SignInNeeded
    require_form_token(request, csrf or x_csrf_token)


def officer(request: Request) -> Officer:
    """Anyone who is signed in. Raises `SignInNeeded`."""
    signed = session_of(request)
    if signed is None:
        raise SignInNeeded
    return signed.officer


OfficerDep = Annotated[Officer, Depends(officer)]


def reviewer(request: Request, officer: OfficerDep) -> Officer:
    """Someone who works on cases; an administrator keeps accounts and sees no evidence.

    Where the address names a case (`case_id`) it is one of his: of another unit's he learns no more than of one that
    there is not. Raises `CaseNotFound`.
    """
    if officer.role is Role.ADMIN:
        raise WebError("forbidden", 403)
    if (case_id := request.path_params.get("case_id")) is not None:
        with site_of(request).centre.db.read() as session:
            unit = unit_of(session, str(case_id))
        if unit is None or not may(officer, Action.VIEW, unit):
            raise CaseNotFound("there is no such case", where=str(case_id)[:40], remedy="look it up in the queue")
    return officer


def head(officer: OfficerDep) -> Officer:
    if officer.role not in (Role.HEAD, Role.ADMIN, Role.APPROVER):
        raise WebError("forbidden", 403)
    return officer


ReviewerDep = Annotated[Officer, Depends(reviewer)]
HeadDep = Annotated[Officer, Depends(head)]
FORM = [Depends(form_token)]
