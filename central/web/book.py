"""The book: choose the days, then print it. That each case was looked at goes into its record."""

from __future__ import annotations

from datetime import date, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from central.cases.file_views import record_file_view
from central.cases.lifecycle import Officer, Refused, Role
from central.desk.book import MOST_LINES, book_of
from central.notices.step_papers import pdf_of
from central.web.access import ReviewerDep, SiteDep
from central.web.errors import problem_of
from central.web.faults import WebError
from central.web.frame import frame
from central.web.site import Site, page
from countries.here import HERE
from evidence.canonical import sha256_hex
from evidence.errors import GiaoLoError

router = APIRouter()
_DAYS = 7
"""Of the stretch that the page proposes."""


@router.get("/desk/book")
def choose(request: Request, site: SiteDep, officer: ReviewerDep) -> Response:
    """The days to print."""
    _may(officer)
    today = HERE.local_date(site.centre.clock())
    return _show(request, site, officer, today - timedelta(days=_DAYS - 1), today)


@router.get("/desk/book.pdf")
def book(request: Request, site: SiteDep, officer: ReviewerDep, since: date, until: date) -> Response:
    """The book of these days as PDF."""
    _may(officer)
    centre, now = site.centre, site.centre.clock()
    try:
        with centre.db.read() as session:
            office = centre.notices.writer(session, officer.unit, now).office
            found = book_of(session, office, since, until, now=now, scope=officer.scope)
    except Refused as refused:
        return _show(request, site, officer, since, until, refused=refused)
    pdf = pdf_of(found.content)
    name, sha256 = f"book-{since}-{until}.pdf", sha256_hex(pdf)
    for case_id in found.cases:
        record_file_view(centre.db, case_id, officer.username, name=name, sha256=sha256, how="shown", now=now)
    return Response(pdf, media_type="application/pdf", headers={"Content-Disposition": "inline"})


def _may(officer: Officer) -> None:
    """It names people and fines of the whole unit."""
    if officer.role not in (Role.APPROVER, Role.HEAD):
        raise WebError("forbidden", 403)


def _show(
    request: Request, site: Site, officer: Officer, since: date, until: date, *, refused: GiaoLoError | None = None
) -> Response:
    with site.centre.db.read() as session:
        values = frame(session, officer, "due")
    problem = problem_of(request, refused) if refused is not None else None
    return page(
        request, "book.html", status=409 if refused else 200, problem=problem, here="/desk/book", since=since,
        until=until, most=MOST_LINES, **values,
    )  # fmt: skip
