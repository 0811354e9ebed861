"""What the log says of people who come in, fail and are refused: name and address, never a password."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.passwords import MAX_PASSWORD
from tests.central.build import HOA, LAN, TRUONG, case_of, prepared
from tests.central.web_people import PASSWORD, Web, make_web

STRANGER, HEAD = "203.0.113.9", "198.51.100.1"


@pytest.fixture
def web(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Web]:
    caplog.set_level(logging.INFO, logger="central")
    made = make_web(tmp_path / "centre", web={"trusted_proxies": ["testclient"]})
    yield made
    made.centre.db.dispose()


def sign_in(web: Web, name: str, password: str, address: str = STRANGER) -> int:
    visitor = web.visitor()
    visitor.client.headers["x-forwarded-for"] = address
    status: int = visitor.post("/desk/sign-in", at="/desk/sign-in", username=name, password=password).status_code
    return status


def lines(caplog: pytest.LogCaptureFixture, word: str) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.startswith("central.web") and word in r.getMessage()]


def test_sign_ins_failures_and_locks_are_in_the_log_by_name_and_address(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    web.account(LAN)
    assert [sign_in(web, "lan", "không phải mật khẩu") for _ in range(6)] == [401] * 5 + [429]
    assert sign_in(web, "lan", PASSWORD, HEAD) == 200
    assert lines(caplog, "sign-in failed") == [f"sign-in failed name=lan address={STRANGER}"] * 5
    assert lines(caplog, "sign-in refused") == [f"sign-in refused name=lan address={STRANGER}: locked"]
    assert lines(caplog, "signed in") == [f"signed in name=lan role=officer address={HEAD}"]


def test_no_password_is_in_the_log_not_even_one_typed_as_a_name(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.account(LAN)
    sign_in(web, "lan", "bí-mật-một-hai")
    for _ in range(7):
        sign_in(web, "matkhaucuatoi2026", "bí-mật-một-hai")
    assert lines(caplog, "name=(unknown)")
    assert "bí-mật" not in caplog.text
    assert "matkhaucuatoi2026" not in caplog.text


def test_strangers_do_not_keep_the_head_of_unit_out(web: Web) -> None:
    web.account(TRUONG)
    for n in range(5):
        assert sign_in(web, "truong", "x", f"203.0.113.{n}") == 401
    assert sign_in(web, "truong", PASSWORD, HEAD) == 200


def test_a_refused_form_a_missing_right_and_too_many_questions_are_in_the_log(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    case_id = prepared(web.centre)
    lan = web.person(LAN)
    lan.client.headers["x-forwarded-for"] = STRANGER
    lan.client.post("/look-up", data={"csrf": "0" * 64})
    lan.get("/desk/unit")
    lan.post(f"/desk/approve/{case_id}/issue", at="/desk")
    for _ in range(12):
        lan.post("/look-up", plate="36A-123.45", colour="white", kind="car")
    said = lines(caplog, "refused status=")
    for wanted in (
        "refused status=403 why=csrf name=lan address=203.0.113.9 method=POST path=/look-up",
        "refused status=403 why=forbidden name=lan address=203.0.113.9 method=GET path=/desk/unit",
        "refused status=429 why=too_many name=lan address=203.0.113.9 method=POST path=/look-up",
    ):
        assert wanted in said
    assert any("status=403 why=" in s and f"path=/desk/approve/{case_id}/issue" in s for s in said)


def test_signing_in_again_ends_the_session_before(web: Web) -> None:
    lan = web.person(LAN)
    old = dict(lan.client.cookies)
    token = lan.token("/desk")
    lan.client.post("/desk/sign-in", data={"csrf": token, "username": "lan", "password": PASSWORD})
    thief = web.visitor()
    thief.client.cookies.update(old)
    assert thief.client.get("/desk", follow_redirects=False).status_code == 303
    assert lan.client.get("/desk", follow_redirects=False).status_code == 200


def test_signing_out_clears_what_the_browser_kept(web: Web) -> None:
    lan = web.person(LAN)
    answer = lan.client.post("/desk/sign-out", data={"csrf": lan.token("/desk")}, follow_redirects=False)
    assert answer.headers["clear-site-data"] == '"cache"'


def test_a_password_as_long_as_an_account_may_have_signs_in(web: Web) -> None:
    from central.users import create_user

    longest = ("mật khẩu rất dài 2026 " * 20)[: MAX_PASSWORD - 1] + "."
    with web.centre.db.write() as session:
        create_user(session, "hoa", longest, role=HOA.role, full_name="Hoa", now=web.clock.now)
    assert sign_in(web, "hoa", longest) == 200


def test_head_is_answered_as_get_without_the_body(web: Web) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    for path in ("/", "/healthz", f"/desk/cases/{case_id}/files/still_on.jpg"):
        answer = lan.client.head(path)
        assert (answer.status_code, answer.content) == (200, b""), path
