"""What the pages of the desk say of signatures by key."""

from __future__ import annotations

from pathlib import Path

from tests.central.build import HOA, NOW, TRUONG, prepared
from tests.central.signing_keys import Authority, signer, signing
from tests.central.test_signing import HOA_NAME, TRUONG_NAME, issue
from tests.central.web_people import make_web


def test_the_page_of_a_notice_says_who_will_sign_who_did_and_whether_it_holds(tmp_path: Path) -> None:
    authority, keys = Authority(), tmp_path / "keys"
    hoa = signer(keys, authority, "hoa", HOA_NAME, post="station_head", title="ĐỘI TRƯỞNG", key=1)
    web = make_web(tmp_path / "centre", signing=signing(keys, authority, hoa))
    case_id = prepared(web.centre)
    page = f"/desk/approve/{case_id}"
    assert f"sẽ ký số bằng chứng thư của {HOA_NAME}" in web.person(HOA).get(page).text
    assert "Tài khoản truong chưa được gán chứng thư số" in web.person(TRUONG).get(page).text
    pdf = issue(web.centre, case_id)
    assert "Chữ ký hợp lệ, nội dung nguyên vẹn" in web.person(HOA).get(page).text
    assert web.person(HOA).get(f"{page}/notice.pdf?download=1").content == pdf
    sheet = web.person(HOA).post(f"{page}/print", at=page)
    assert "phieu-ma-tra-cuu-01.pdf" in sheet.headers["content-disposition"]


def test_the_head_sees_who_signs_until_when_or_that_nobody_does(tmp_path: Path) -> None:
    authority, keys = Authority(), tmp_path / "keys"
    truong = signer(keys, authority, "truong", TRUONG_NAME, key=2)
    web = make_web(tmp_path / "centre", signing=signing(keys, authority, truong))
    shown = web.person(TRUONG).get("/desk/unit").text
    assert TRUONG_NAME in shown
    assert f"{NOW.year + 2}" in shown
    unsigned = make_web(tmp_path / "unsigned").person(TRUONG).get("/desk/unit").text
    assert "Văn bản không được ký số" in unsigned
