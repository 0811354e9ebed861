"""The officers' desk and the owners' portal, asked as browsers ask: rights, forms, shapes of answers, hostile input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from central.store.case_tables import CaseRow
from central.words.texts import LANGUAGES, texts
from countries.vn.plates import normalise
from evidence.acts import ActCode
from tests.central.build import BINH, HOA, LAN, TRUONG, case_of, claimed, issued, prepared
from tests.central.web_people import PASSWORD, Person, Web, make_web

PLATE = {"plate": "36A-123.45", "colour": "white", "kind": "car"}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


# --- words ---------------------------------------------------------------------------------------------------------


def test_both_languages_say_the_same_things_with_the_same_places() -> None:
    vietnamese, english = (texts(language).entries for language in LANGUAGES)
    assert set(vietnamese) == set(english)
    places = re.compile(r"\{(\w+)\}")
    for key, sentence in vietnamese.items():
        assert sorted(places.findall(sentence)) == sorted(places.findall(english[key])), key


@pytest.mark.parametrize("act", list(ActCode))
def test_every_act_has_words(act: ActCode) -> None:
    assert all(texts(language).has(f"act.{act.value}") for language in LANGUAGES)


# --- who may see ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/desk", "/desk/approve", "/desk/unit", "/desk/contests", "/desk/cases/x",
                                  "/desk/cases/x/files/still_on.jpg", "/desk/cases/x/thumb.jpg"])  # fmt: skip
def test_nobody_sees_the_desk_without_signing_in(web: Web, path: str) -> None:
    answer = web.visitor().client.get(path, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/desk/sign-in")


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(web: Web) -> None:
    web.account(LAN)
    answers = [
        web.visitor().post("/desk/sign-in", at="/desk/sign-in", username=name, password="không đúng đâu")
        for name in ("lan", "nobody")
    ]
    assert [a.status_code for a in answers] == [401, 401]
    assert text_of(answers[0].text).replace("lan", "") == text_of(answers[1].text).replace("nobody", "")


def test_after_five_wrong_passwords_the_account_is_locked_and_opens_again(web: Web) -> None:
    web.account(LAN)
    for _ in range(5):
        web.visitor().post("/desk/sign-in", at="/desk/sign-in", username="lan", password="sai mật khẩu")
    locked = web.visitor().post("/desk/sign-in", at="/desk/sign-in", username="lan", password=PASSWORD)
    assert locked.status_code == 429
    web.clock.forward(minutes=16)
    assert web.person(LAN).get("/desk").status_code == 200


def test_a_session_ends_and_says_so(web: Web) -> None:
    lan = web.person(LAN)
    web.clock.forward(hours=11)
    answer = lan.get("/desk")
    assert str(answer.url).endswith("expired=1")
    assert texts("vi")("signin.expired", idle="30", hours="10") in answer.text


def test_signing_out_ends_the_session_on_the_server(web: Web) -> None:
    lan = web.person(LAN)
    cookies = dict(lan.client.cookies)
    lan.post("/desk/sign-out", at="/desk")
    thief = web.visitor()
    thief.client.cookies.update(cookies)
    assert thief.client.get("/desk", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("path", ["/desk/sign-in", "/look-up", "/evidence", "/lang", "/desk/cases/x/confirm"])
@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_form_without_its_token_is_refused(web: Web, path: str, token: str) -> None:
    assert web.person(LAN).client.post(path, data={"csrf": token}).status_code == 403


def test_an_officer_does_not_see_the_page_of_the_head_of_unit(web: Web) -> None:
    assert web.person(LAN).get("/desk/unit").status_code == 403
    assert web.person(TRUONG).get("/desk/unit").status_code == 200


# --- cases ---------------------------------------------------------------------------------------------------------


def test_the_queue_has_the_oldest_act_first(web: Web) -> None:
    now = web.clock.now
    newer = case_of(web.centre, at=now - timedelta(hours=1), sequence=1)
    older = case_of(web.centre, at=now - timedelta(hours=5), packet_id=None, sequence=2, previous="0" * 64)
    page = web.person(LAN).get("/desk").text
    assert page.index(older) < page.index(newer)


def test_one_case_on_one_screen_and_every_view_is_logged(web: Web) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    page = lan.get(f"/desk/cases/{case_id}").text
    for word in ("Trước vạch", "Tại vạch", "Sau vạch", "Diễn biến đèn", "Vì sao máy nghi vấn", "36A-123.45", "Đỏ"):
        assert word in page, word
    assert page.count("<image ") >= 3
    again = lan.get(f"/desk/cases/{case_id}").text
    assert "xem" in text_of(again.split("history")[-1])


def test_a_still_is_given_out_as_it_was_sealed(web: Web) -> None:
    case_id = case_of(web.centre)
    answer = web.person(LAN).get(f"/desk/cases/{case_id}/files/still_on.jpg")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert cv2.imdecode(np.frombuffer(answer.content, np.uint8), 1).shape == (360, 640, 3)


def test_two_officers_are_never_on_one_case(web: Web) -> None:
    web.account(LAN)
    case_id = claimed(web.centre, LAN)
    binh = web.person(BINH)
    page = binh.get(f"/desk/cases/{case_id}")
    assert 'data-mine="no"' in page.text
    assert LAN.full_name in page.text
    answer = binh.post(f"/desk/cases/{case_id}/confirm", at="/desk", plate="36A12345", act="red_light")
    assert answer.status_code == 409
    assert "quyết định chưa được ghi" in answer.text or "Người khác đang giữ" in answer.text


def test_from_the_queue_to_the_notice_by_two_people(web: Web) -> None:
    case_id = case_of(web.centre)
    lan, hoa = web.person(LAN), web.person(HOA)
    lan.get(f"/desk/cases/{case_id}")
    lan.post(f"/desk/cases/{case_id}/plate", at="/desk", plate="36A-999.99", colour="white", kind="car")
    done = lan.post(f"/desk/cases/{case_id}/confirm", at=f"/desk/cases/{case_id}", plate="36A99999", act="red_light",
                    colour="white", kind="car")  # fmt: skip
    assert done.status_code == 200
    assert "Đã ghi" in done.text
    own = lan.post(f"/desk/approve/{case_id}/issue", at="/desk")
    assert own.status_code == 403
    approve = hoa.get(f"/desk/approve/{case_id}").text
    assert "điểm b khoản 9 Điều 6" in approve
    assert "Khung phạt" in approve
    read = {"doubts_read": "yes", "without_owner": "yes"}
    page = f"/desk/approve/{case_id}"
    assert hoa.post(f"{page}/issue", at=page, **read).status_code == 200
    notice = hoa.get(f"/desk/approve/{case_id}/notice.pdf")
    assert notice.headers["content-type"] == "application/pdf"
    assert notice.content.startswith(b"%PDF")


def test_a_rejection_needs_a_reason_of_the_list(web: Web) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    lan.get(f"/desk/cases/{case_id}")
    assert lan.post(f"/desk/cases/{case_id}/reject", at="/desk", reason="vì thích").status_code == 409
    assert lan.post(f"/desk/cases/{case_id}/reject", at="/desk", reason="other").status_code == 409
    answer = lan.post(f"/desk/cases/{case_id}/reject", at="/desk", reason="lamp_unclear")
    assert answer.status_code == 200
    assert "Không còn hồ sơ nào" in answer.text


def test_at_the_desk_a_letter_is_never_lost_in_form_check_or_filter(web: Web) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    lan.get(f"/desk/cases/{case_id}")
    answer = lan.post(f"/desk/cases/{case_id}/plate", at="/desk", plate="36Â12345", colour="white", kind="car")
    assert answer.status_code == 409
    assert "Â → AA, A6?" in answer.text
    assert "36-AA 123.45" in answer.text
    with web.centre.db.read() as session:
        assert session.get_one(CaseRow, case_id).plate == "36A12345"
    live = lan.get("/desk/plate", params={"text": "36-Â 123.45", "kind": "motorcycle"}).json()
    assert not live["ok"]
    assert "36-AA 123.45" in live["text"]
    assert "Â → AA" in lan.get("/desk", params={"plate": "36-Â"}).text
    assert "Â → AA" in lan.get("/desk/queue-rows", params={"plate": "36-Â"}).text
    assert "bộ gõ" not in lan.get("/desk", params={"plate": "3.45"}).text.lower()


@pytest.mark.parametrize("plate", ["<script>alert(1)</script>", "36A", "x" * 30, "' OR 1=1 --", "３６Ａ－１２３．４５"])
def test_a_strange_plate_is_refused_or_understood_never_an_error(web: Web, plate: str) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    lan.get(f"/desk/cases/{case_id}")
    answer = lan.post(f"/desk/cases/{case_id}/plate", at="/desk", plate=plate, colour="white", kind="car")
    assert answer.status_code in (200, 409, 422)
    assert "<script>alert" not in answer.text


# --- owners --------------------------------------------------------------------------------------------------------


def test_an_owner_finds_the_case_only_after_it_was_issued(web: Web) -> None:
    before = web.visitor().post("/look-up", **PLATE)
    case_of(web.centre)
    pending = web.visitor().post("/look-up", **PLATE)
    assert text_of(before.text) == text_of(pending.text)
    issued(web.centre, sequence=2, previous="1" * 64)
    found = web.visitor().post("/look-up", **PLATE)
    assert "Có 1 thông báo vi phạm" in found.text
    assert "Không chấp hành hiệu lệnh của đèn tín hiệu" in found.text


def test_none_and_unknown_have_the_same_answer(web: Web) -> None:
    issued(web.centre)
    none = web.visitor().post("/look-up", plate="36A-555.55", colour="white", kind="car")
    wrong_colour = web.visitor().post("/look-up", plate="36A-123.45", colour="yellow", kind="car")
    strip = lambda html: re.sub(r"36A-\d{3}\.\d{2}|nền \w+, chữ và số màu \w+|value=\"[^\"]*\"", "", html)  # noqa: E731
    assert none.status_code == wrong_colour.status_code == 200
    assert strip(text_of(none.text)) == strip(text_of(wrong_colour.text))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("36-Â 123.45", "Â → AA, A6?"),
        ("36-Á 123.45", "Á → AS, A1?"),
        ("36-Ư 123.45", "Ư → U7?"),
        ("36Я-123.45", "Я"),
        ("36A-123.4", "thiếu một chữ số"),
        ("3612345", "dạng này"),
        ("36I-123.45", "dạng này"),
        ("", "dạng này"),
        ("XYZ 123", "dạng này"),
    ],
)
def test_what_has_no_plates_form_is_asked_about_whether_there_are_cases_or_not(web: Web, typed: str, said: str) -> None:
    asked = {"plate": typed, "colour": "white", "kind": "car"}
    before = web.visitor().post("/look-up", **asked)
    issued(web.centre)
    with web.centre.db.write() as session:
        for row in session.scalars(select(CaseRow)):
            row.plate = normalise(typed)[:12]  # even a case that has exactly this text
    after = web.visitor().post("/look-up", **asked)
    assert (before.status_code, after.status_code) == (422, 422)
    assert "Không có thông báo" not in after.text
    assert said in after.text
    assert text_of(before.text) == text_of(after.text)


def test_a_plate_that_a_vietnamese_keyboard_changed_is_one_press_away(web: Web) -> None:
    page = web.visitor().post("/look-up", plate="36-Â 123.45", colour="white", kind="motorcycle").text
    assert 'name="plate" value="36-AA 123.45"' in page
    assert "Tra cứu 36-AA 123.45" in page
    english = web.visitor()
    english.post("/lang", to="en", back="/")
    page = english.post("/look-up", plate="36-Â 123.45", colour="white", kind="motorcycle").text
    assert "A Vietnamese keyboard is on" in page


def test_what_a_form_lacks_is_named_by_the_words_over_its_fields(web: Web) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    page = lan.post(f"/desk/cases/{case_id}/confirm", at="/desk")
    assert page.status_code == 422
    assert "Biển số, Hành vi" in page.text
    assert "<dd>plate" not in page.text
    program = lan.client.post(
        f"/desk/cases/{case_id}/confirm", data={"csrf": lan.token("/desk")}, headers={"Accept": "application/json"}
    )
    assert program.json()["error"]["where"] == "plate, act", "a program reads the names of the fields"


def test_an_address_that_no_page_has_is_told_as_that(web: Web) -> None:
    answer = web.person(TRUONG).get("/desk/devices/records/x/paper.pdf?node=giao-lo-1")
    assert answer.status_code == 404
    assert "Không có trang này" in answer.text


def test_the_code_form_says_which_letter_is_wrong(web: Web) -> None:
    _, notice = issued(web.centre)
    answer = web.visitor().post("/evidence", plate="36Â12345", code=notice.code)
    assert answer.status_code == 422
    assert "Â → A" in answer.text


def test_the_look_up_shows_no_owner_no_picture_no_amount(web: Web) -> None:
    issued(web.centre)
    page = web.visitor().post("/look-up", **PLATE).text
    assert "<img" not in page
    assert "Nguyễn" not in page
    assert not re.search(r"\d\.\d{3}\.\d{3}|đồng", text_of(page))


def test_the_code_of_the_notice_opens_blurred_pictures_and_a_statement(web: Web) -> None:
    _, notice = issued(web.centre)
    owner = web.visitor()
    page = owner.post("/evidence", plate="36A12345", code=notice.code)
    assert page.status_code == 200
    for moment in re.findall(r'src="(/evidence/\w+\.jpg)"', page.text):
        picture = owner.get(moment)
        assert picture.status_code == 200
        assert cv2.imdecode(np.frombuffer(picture.content, np.uint8), 1) is not None
    sent = owner.post("/evidence/contest", at="/evidence", text="Xe đã bán từ năm 2024.")
    assert "Đã nhận ý kiến" in sent.text
    assert "Xe đã bán từ năm 2024." in web.person(LAN).get("/desk/contests").text


@pytest.mark.parametrize("code", ["AAAA-AAAA-AAAA-AAAA", "", "x" * 64, "../../etc", "%00"])
def test_a_wrong_code_opens_nothing(web: Web, code: str) -> None:
    issued(web.centre)
    visitor = web.visitor()
    assert visitor.post("/evidence", plate="36A12345", code=code).status_code in (404, 422)
    assert visitor.client.get("/evidence", follow_redirects=False).status_code == 303
    assert visitor.get("/evidence/on.jpg").status_code == 404


def test_look_ups_are_limited_by_address(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre", web={"lookups_per_minute": 3})
    visitor = web.visitor()
    answers = [visitor.post("/look-up", **PLATE).status_code for _ in range(12)]
    assert 429 in answers
    web.centre.db.dispose()


def test_the_language_is_switched_and_remembered(web: Web) -> None:
    visitor = web.visitor()
    assert visitor.post("/lang", to="en", back="/").status_code == 200
    assert "Look up traffic violations" in visitor.get("/").text
    assert 'lang="en"' in visitor.get("/").text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_to_a_foreign_site(web: Web, back: str) -> None:
    visitor = web.visitor()
    token = visitor.token("/")
    answer = visitor.client.post("/lang", data={"csrf": token, "to": "en", "back": back}, follow_redirects=False)
    assert answer.headers["location"] == "/"


# --- every page ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/desk/sign-in", "/desk", "/static/desk.js", "/no/such/page"])
def test_every_answer_tells_the_browser_to_refuse_what_we_never_do(web: Web, path: str) -> None:
    answer = web.person(LAN).get(path)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_pages_hold_no_inline_script_or_style(web: Web) -> None:
    case_id = prepared(web.centre)
    hoa = web.person(HOA)
    for path in ("/", "/desk", f"/desk/cases/{case_id}", f"/desk/approve/{case_id}", "/desk/unit", "/desk/contests"):
        html = hoa.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", html), path
        assert not re.search(r'\son\w+="|\sstyle="', html), path


def test_session_cookies_are_kept_from_scripts_and_other_sites(web: Web) -> None:
    web.account(LAN)
    visitor = web.visitor()
    answer = visitor.client.post(
        "/desk/sign-in",
        data={"csrf": visitor.token("/desk/sign-in"), "username": "lan", "password": PASSWORD},
        follow_redirects=False,
    )
    cookie = next(v for v in answer.headers.get_list("set-cookie") if "session" in v.split("=")[0])
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["../../../etc/passwd", "%2e%2e%2f", "\x00", "A" * 3000, "' OR 1=1", "{{7*7}}", "١٢٣", "null", "-1"]
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=HOSTILE, name=HOSTILE)
def test_hostile_addresses_and_queries_never_make_an_error_of_ours(web: Web, value: str, name: str) -> None:
    lan = _cached_person(web)
    a, b = quote(value, safe=""), quote(name, safe="")
    for path in (f"/desk/cases/{a}", f"/desk/cases/{a}/files/{b}", f"/desk/approve/{a}", f"/evidence/{a}.jpg",
                 f"/desk?act={a}&state={b}&place={a}&plate={b}", f"/desk/plate?text={a}"):  # fmt: skip
        assert lan.get(path).status_code < 500, path


_people: dict[int, Person] = {}


def _cached_person(web: Web) -> Person:
    if id(web) not in _people:
        _people[id(web)] = web.person(LAN)
    return _people[id(web)]


def test_a_form_of_two_megabytes_is_refused(web: Web) -> None:
    visitor = web.visitor()
    answer = visitor.client.post("/look-up", data={"csrf": visitor.token("/"), "plate": "9" * 2_000_000})
    assert answer.status_code in (413, 422)


def test_a_fault_of_ours_is_one_page_with_a_number_and_no_details(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.web.owner.owner_lookup", lambda *a, **k: 1 / 0)
    answer = web.visitor().post("/look-up", **PLATE)
    assert answer.status_code == 500
    assert "Máy chủ gặp lỗi ngoài dự kiến" in answer.text
    assert "ZeroDivision" not in answer.text


# --- nothing untrue ------------------------------------------------------------------------------------------------


def test_a_second_reader_that_is_off_is_not_said_to_be_reading(web: Web) -> None:
    shown = text_of(web.person(LAN).get(f"/desk/cases/{case_of(web.centre)}").text)
    assert "Chưa bật máy đọc thứ hai" in shown
    assert "Đang đọc" not in shown


def test_the_keys_are_offered_only_where_they_are_listed(web: Web) -> None:
    lan = web.person(LAN)
    assert "<kbd>J</kbd>" in lan.get("/desk").text
    assert 'data-open="help"' not in lan.get("/desk/cases/none").text
