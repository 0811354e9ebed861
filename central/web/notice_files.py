"""The notice of a case as a file: the PDF, and pictures of its pages for screens that show none."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response

from central.cases.file_views import record_file_view
from central.cases.lifecycle import Officer, Status
from central.notices.basis import NoticeView, notice_view
from central.pictures.papers import MOST_PAGES, PaperPictureError, page_count, page_picture
from central.store.case_tables import CaseRow
from central.web.access import ReviewerDep, SiteDep
from central.web.faults import WebError
from central.web.media import attachment
from central.web.site import Site
from countries.here import HERE
from evidence.errors import GiaoLoError

router = APIRouter()
_KEPT = {"Cache-Control": "private, max-age=900"}


@dataclass(frozen=True)
class Pages:
    """What the page of an approval shows of a notice. `count`: 0 where the file cannot be read or drawn; `size`: bytes
    of the PDF; `of`: which PDF, so that a browser never shows a page of the draft before."""

    count: int
    size: int
    of: str


def pages_of(site: Site, notice: NoticeView | None) -> Pages | None:
    """None where there is no notice yet."""
    if notice is None:
        return None
    try:
        pdf = site.centre.store.read(notice.pdf_sha256)
        return Pages(page_count(pdf), len(pdf), notice.pdf_sha256[:16])
    except GiaoLoError:  # lost, altered or no PDF: the page opens and says so
        return Pages(0, 0, "")


@router.get("/desk/approve/{case_id}/notice.pdf")
def notice_pdf(site: SiteDep, officer: ReviewerDep, case_id: str, download: str = "") -> Response:
    """The draft, or the notice as issued, without the owner's code; the view is in the case's record. One that was
    taken back comes as a copy with marks across it: what is kept stays as it was."""
    row, notice = _notice(site, case_id)
    headers = attachment(file_name(notice, row.number)) if download else {"Content-Disposition": "inline"}
    pdf, how = _shown(site, row, notice, "download" if download else "shown")
    _record(site, officer, row, notice, how)
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.get("/desk/approve/{case_id}/notice-{number:int}.png")
def notice_page(site: SiteDep, officer: ReviewerDep, case_id: str, number: int) -> Response:
    """Page `number`, the first is 1, of what `notice_pdf` shows, and recorded as it is."""
    row, notice = _notice(site, case_id)
    # read, and so verified, each time: a picture that is kept must not outlive the soundness of what it shows
    pdf, how = _shown(site, row, notice, "shown")
    if not 1 <= number <= MOST_PAGES:
        raise WebError("no_file", 404)
    try:
        picture, _ = site.pages.get(f"{notice.pdf_sha256}:{how}:{number}", lambda: (page_picture(pdf, number), None))
    except PaperPictureError as error:
        raise WebError("no_file", 404) from error
    _record(site, officer, row, notice, how)
    return Response(picture, media_type="image/png", headers=_KEPT)


def _notice(site: Site, case_id: str) -> tuple[CaseRow, NoticeView]:
    """Raises `WebError` 404."""
    with site.centre.db.read() as session:
        row = session.get(CaseRow, case_id)
        notice = notice_view(row.notice) if row is not None else None
    if row is None or notice is None or row.deleted_at is not None:
        raise WebError("no_file", 404)
    return row, notice


def _shown(site: Site, row: CaseRow, notice: NoticeView, how: str) -> tuple[bytes, str]:
    pdf = site.centre.store.read(notice.pdf_sha256)
    return (HERE.papers().struck(pdf, "taken_back"), "copy") if row.status == Status.WITHDRAWN else (pdf, how)


def _record(site: Site, officer: Officer, row: CaseRow, notice: NoticeView, how: str) -> None:
    record_file_view(
        site.centre.db, row.id, officer.username, name="notice.pdf", sha256=notice.pdf_sha256, how=how,
        now=site.centre.clock(),
    )  # fmt: skip


def file_name(notice: NoticeView, number: int) -> str:
    return f"thong-bao-{notice.number_text.split('/')[0].strip('.') or 'du-thao'}-{number}.pdf"
