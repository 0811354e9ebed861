"""The notice as pictures of its pages: read where no browser shows a PDF, and never unseen in the record."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from central.pictures.papers import MOST_PAGES, PaperPictureError, page_count, page_picture
from central.store.blobs import FileStore
from central.store.case_tables import CaseRow
from tests.central.build import HOA, LAN, confirmed, prepared
from tests.central.test_evidence_views import flip, viewed
from tests.central.web_people import Web, make_web


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


def grey(png: bytes) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def test_each_page_of_the_notice_is_a_picture_and_looking_at_it_is_in_the_record(web: Web) -> None:
    case_id = prepared(web.centre)
    hoa = web.person(HOA)
    pages = PdfReader(io.BytesIO(hoa.get(f"/desk/approve/{case_id}/notice.pdf?download=1").content)).pages
    shown = hoa.get(f"/desk/approve/{case_id}").text
    urls = [f"/desk/approve/{case_id}/notice-{n}.png" for n in range(1, len(pages) + 1)]
    assert len(urls) > 1
    assert all(url in shown for url in urls)
    assert f"notice-{len(urls) + 1}.png" not in shown
    assert "<iframe" not in shown, "Chrome on Android shows no PDF in a frame"
    pictures = [hoa.get(url) for url in urls]
    assert {p.headers["content-type"] for p in pictures} == {"image/png"}
    for page, png in zip(pages, pictures, strict=True):
        seen = grey(png.content)
        size = float(page.mediabox.width), float(page.mediabox.height)
        assert seen.shape == pytest.approx((size[1] / 72 * 150, size[0] / 72 * 150), abs=1)
        assert 0.003 < (seen < 100).mean() < 0.5, "there is print on it"
    assert viewed(web, case_id) == [("hoa", "notice.pdf", "download"), ("hoa", "notice.pdf", "shown")]
    assert [hoa.get(url.replace("-1.", f"-{n}.")).status_code for url in urls[:1] for n in (0, 9, MOST_PAGES + 1)] == [
        404
    ] * 3


def test_a_notice_that_was_altered_on_the_disk_is_not_drawn_and_the_page_says_so(web: Web) -> None:
    case_id = prepared(web.centre)
    hoa = web.person(HOA)
    assert hoa.get(f"/desk/approve/{case_id}/notice-1.png").status_code == 200
    assert isinstance(web.centre.store, FileStore)
    with web.centre.db.read() as session:
        notice = session.get_one(CaseRow, case_id).notice
        assert notice is not None
        flip(web.centre.store.path(notice.pdf_sha256))
    assert hoa.get(f"/desk/approve/{case_id}/notice-1.png").status_code == 500, "though its picture was made before"
    page = hoa.get(f"/desk/approve/{case_id}")
    assert (page.status_code, 'id="paper-lost"' in page.text) == (200, True)


def test_without_a_draft_there_is_nothing_to_draw(web: Web) -> None:
    case_id = confirmed(web.centre)
    assert web.person(LAN).get(f"/desk/approve/{case_id}/notice-1.png").status_code == 404


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7\n", b"\x89PNG not a paper" * 40])
def test_what_is_no_paper_is_refused_as_such(pdf: bytes) -> None:
    with pytest.raises(PaperPictureError):
        page_count(pdf)
    with pytest.raises(PaperPictureError):
        page_picture(pdf, 1)
