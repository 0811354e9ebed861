"""The owner's code stands on the owner's paper and nowhere else: who prints it, who may not, what the record says."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from central.audit.stored import audit
from central.cases.lifecycle import Officer, Refused, Role
from central.cases.log import events
from central.centre import Centre
from central.notices import issuing
from central.notices.code import code_hash
from central.notices.printing import print_copy
from central.registry import TableRegistry
from central.store.alarms import open_alarms
from central.store.case_tables import CaseRow, NoticeRow
from evidence.canonical import sha256_hex
from tests.central.build import BINH, HOA, LAN, TRUONG, issued, prepared
from tests.central.web_people import Web, make_web

CODE = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def codes(pdf: bytes) -> list[str]:
    return CODE.findall(words(pdf))


def printed(centre: Centre, case_id: str, officer: Officer = HOA) -> str:
    """The code on a new print copy."""
    copy = print_copy(centre.db, case_id, officer, desk=centre.notices, now=centre.clock())
    (code,) = codes(copy.pdf)
    return str(code)


def opens(web: Web, code: str) -> bool:
    return bool(web.visitor().post("/evidence", at="/", plate="36A12345", code=code).status_code == 200)


def test_no_officer_finds_the_code_in_what_is_stored(web: Web) -> None:
    case_id, notice = issued(web.centre)
    for person in (LAN, BINH, HOA, TRUONG):
        for query in ("", "?download=1"):
            answer = web.person(person).get(f"/desk/approve/{case_id}/notice.pdf{query}")
            assert answer.status_code == 200
            assert codes(answer.content) == []
    for blob in web.centre.config.blob_dir.rglob("*"):
        if blob.is_file() and blob.read_bytes().startswith(b"%PDF"):
            assert codes(blob.read_bytes()) == []
    assert notice.pdf_sha256 == sha256_hex(web.person(LAN).get(f"/desk/approve/{case_id}/notice.pdf").content)


def test_the_print_copy_is_the_notice_with_a_code_that_opens_the_evidence(web: Web) -> None:
    case_id, notice = issued(web.centre)
    hoa = web.person(HOA)
    answer = hoa.post(f"/desk/approve/{case_id}/print", at=f"/desk/approve/{case_id}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith("attachment")
    (code,) = codes(answer.content)
    stored = words(hoa.get(f"/desk/approve/{case_id}/notice.pdf").content)
    assert notice.number_text in stored
    assert notice.number_text in words(answer.content)
    assert len(words(answer.content)) > len(stored)
    assert opens(web, code)
    with web.centre.db.read() as session:
        row = session.scalars(select(NoticeRow)).one()
    assert row.code_hash == code_hash(code)
    kept = [f for f in web.centre.config.data_dir.rglob("*") if f.is_file()]
    assert [f for f in kept if code.encode() in f.read_bytes()] == []


def test_who_printed_and_when_is_in_the_record_and_on_the_page(web: Web) -> None:
    case_id, _ = issued(web.centre)
    hoa = web.person(HOA)
    for _ in range(2):
        hoa.post(f"/desk/approve/{case_id}/print", at=f"/desk/approve/{case_id}")
    with web.centre.db.read() as session:
        lines = [(e.actor, e.after["copy"]) for e in events(session, case_id) if e.action == "print"]
    assert lines == [("hoa", 1), ("hoa", 2)]
    page = hoa.get(f"/desk/approve/{case_id}").text
    assert page.count("Đã in bản gửi: Lê Thị Hoa") == 2
    with web.centre.db.read() as session:
        assert audit(session, web.centre.key.public, centre=web.centre.config.centre_id).faults == ()


def test_a_second_copy_ends_the_code_of_the_first(web: Web) -> None:
    case_id, _ = issued(web.centre)
    first, second = printed(web.centre, case_id), printed(web.centre, case_id)
    assert (opens(web, first), opens(web, second)) == (False, True)


ADMIN = Officer("quantri", Role.ADMIN, "Quản Trị")
CONFIRMING_HEAD = Officer("lan", Role.HEAD, "Lan, nay là chỉ huy")


@pytest.mark.parametrize(
    ("who", "code"), [(LAN, "role"), (BINH, "role"), (ADMIN, "role"), (CONFIRMING_HEAD, "same_person_print")]
)
def test_only_a_second_person_with_the_right_prints(web: Web, who: Officer, code: str) -> None:
    case_id, _ = issued(web.centre)
    with pytest.raises(Refused) as caught:
        print_copy(web.centre.db, case_id, who, desk=web.centre.notices, now=web.centre.clock())
    assert caught.value.code == code


def test_an_officers_page_has_no_way_to_print_and_the_route_refuses(web: Web) -> None:
    case_id, _ = issued(web.centre)
    lan = web.person(LAN)
    page = lan.get(f"/desk/approve/{case_id}")
    assert "/print" not in page.text
    answer = lan.post(f"/desk/approve/{case_id}/print", at=f"/desk/approve/{case_id}")
    assert (answer.status_code, "text/html" in answer.headers["content-type"]) == (403, True)
    assert web.person(HOA).client.post(f"/desk/approve/{case_id}/print").status_code == 403  # without a form's token


def test_a_draft_and_a_notice_that_was_sent_are_not_printed(web: Web) -> None:
    draft = prepared(web.centre, sequence=2, previous="1" * 64)
    with pytest.raises(Refused, match="cannot take print"):
        print_copy(web.centre.db, draft, HOA, desk=web.centre.notices, now=web.centre.clock())
    case_id, _ = issued(web.centre)
    code = printed(web.centre, case_id)
    with web.centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=TableRegistry(), now=web.centre.clock())
    with pytest.raises(Refused, match="cannot take print"):
        print_copy(web.centre.db, case_id, HOA, desk=web.centre.notices, now=web.centre.clock())
    assert opens(web, code)  # the code in the owner's hands goes on


def test_each_look_at_the_stored_notice_is_recorded_with_its_digest(web: Web) -> None:
    case_id, notice = issued(web.centre)
    binh = web.person(BINH)
    binh.get(f"/desk/approve/{case_id}/notice.pdf")
    binh.get(f"/desk/approve/{case_id}/notice.pdf?download=1")
    with web.centre.db.read() as session:
        seen = [(e.actor, e.after) for e in events(session, case_id) if e.after.get("file") == "notice.pdf"]
    assert seen == [
        ("binh", {"file": "notice.pdf", "sha256": notice.pdf_sha256, "how": how}) for how in ("shown", "download")
    ]


def test_a_copy_is_not_printed_over_evidence_that_was_altered(web: Web) -> None:
    case_id, _ = issued(web.centre)
    before = printed(web.centre, case_id)
    with web.centre.db.read() as session:
        packet = session.get_one(CaseRow, case_id).packet
        still = next(f.sha256 for f in packet.files if f.role == "still_on")
    path = web.centre.config.blob_dir / still[:2] / still[2:4] / still
    path.chmod(0o600)
    path.write_bytes(b"altered")
    with pytest.raises(Refused) as caught:
        printed(web.centre, case_id)
    assert caught.value.code == "pictures_changed"
    assert opens(web, before)
    with web.centre.db.read() as session:
        assert [a.kind for a in open_alarms(session)] == ["evidence_unsound"]
