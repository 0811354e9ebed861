"""Nothing that somebody typed is lost: not when a session or an hour ends, not when a form is refused."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from central.cases.lifecycle import Officer, Role
from central.desk import actions, views
from evidence.acts import ActCode
from tests.central.build import BINH, HOA, LAN, NOW, case_of, claimed, confirmed, issued, prepared
from tests.central.web_people import PASSWORD, Person, Web, make_web

NOTE = 'Đèn bị che bởi xe tải, xem khung 3; "không rõ" <đỏ>'
ADMIN = Officer("quantri", Role.ADMIN, "Đỗ Quản Trị")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


def hidden(page: str) -> dict[str, str]:
    return {n: html.unescape(v) for n, v in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)}


# --- officers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "fields"),
    [
        ("reject", {"reason": "lamp_unclear", "note": NOTE}),
        ("confirm", {"plate": "36A12345", "act": "red_light", "colour": "white", "kind": "car", "note": NOTE}),
        ("plate", {"plate": "36A-999.99", "colour": "yellow", "kind": "car"}),
    ],
)
def test_a_decision_that_a_session_did_not_outlive_is_shown_after_signing_in_and_then_sent(
    decision: str, fields: dict[str, str], web: Web
) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    page = lan.get(f"/desk/cases/{case_id}?act=red_light").text
    token = hidden(page)["csrf"]
    web.clock.forward(hours=11)
    address = f"/desk/cases/{case_id}/{decision}?act=red_light"
    asked = lan.client.post(address, data={"csrf": token, **fields}, headers={"Sec-Fetch-Site": "same-origin"})
    assert asked.status_code == 401
    assert "vẫn được giữ" in asked.text
    wrong = lan.client.post("/desk/sign-in", data={**hidden(asked.text), "username": "lan", "password": "sai mật khẩu"})
    assert wrong.status_code == 401
    again = lan.client.post("/desk/sign-in", data={**hidden(wrong.text), "username": "lan", "password": PASSWORD})
    assert again.status_code == 200
    form = re.search(rf'<form method="post" action="{re.escape(html.escape(address))}">(.*?)</form>', again.text, re.S)
    assert form, again.text
    sent = hidden(form[1])
    if "note" in fields:
        typed = re.search(r"<textarea[^>]*>(.*?)</textarea>", form[1], re.S)
        assert typed
        assert html.unescape(typed[1]) == NOTE
        sent["note"] = html.unescape(typed[1])
    assert {k: v for k, v in sent.items() if k != "csrf"} == fields
    with web.centre.db.read() as session:
        before = views.case_view(session, case_id, LAN, registry=web.centre.registry, now=web.clock.now, record=False)
    assert before.item.status == "in_review", "nothing was decided by signing in"
    # the lease ran out as well: the case is taken again, and what was typed stands in its form
    refused = lan.client.post(address, data=sent)
    assert refused.status_code == 409
    assert f'data-dialog="{ {"plate": "correct"}.get(decision, decision) }"' in refused.text
    if decision == "reject":
        assert html.escape(NOTE, quote=False) in refused.text.replace("&#34;", '"')
    fresh = {k: v for k, v in hidden(refused.text).items() if k in ("csrf", "seen")}
    done = lan.client.post(address, data={**sent, **fresh})
    assert done.status_code == 200
    events = [e.action for e in _events(web, case_id)]
    assert {"reject": "reject", "confirm": "confirm", "plate": "correct_plate"}[decision] in events


def test_all_that_was_typed_for_a_draft_is_seen_before_it_is_sent(web: Web) -> None:
    case_id = confirmed(web.centre)
    hoa = web.person(HOA)
    token = hidden(hoa.get(f"/desk/approve/{case_id}").text)["csrf"]
    typed = {
        "owner_name": "Hợp tác xã <Ví Dụ>", "owner_id": "2800000009", "owner_address": "9 phố Ví Dụ",
        "second_place": "Công an phường Hạc Thành", "preventive": "Tạm giữ giấy tờ", "appear_at": "2026-12-07T08:30",
    }  # fmt: skip
    web.clock.forward(hours=11)
    address = f"/desk/approve/{case_id}/draft"
    asked = hoa.client.post(address, data={"csrf": token, **typed}, headers={"Sec-Fetch-Site": "same-origin"})
    again = hoa.client.post("/desk/sign-in", data={**hidden(asked.text), "username": "hoa", "password": PASSWORD})
    assert again.status_code == 200
    read = html.unescape(re.sub(r"<[^>]*>", " ", again.text))
    for words in {**typed, "appear_at": "08:30 07/12/2026"}.values():
        assert words in read, words
    assert "(Hồ sơ 1)" in read, "it says which case it is about"


def test_the_reason_to_issue_a_held_case_is_seen_before_it_is_sent(web: Web) -> None:
    case_id = prepared(web.centre)
    hoa = web.person(HOA)
    token = hidden(hoa.get(f"/desk/approve/{case_id}").text)["csrf"]
    web.clock.forward(hours=11)
    asked = hoa.client.post(
        f"/desk/approve/{case_id}/issue", data={"csrf": token, "word": "Đã so ảnh hai xe"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip
    again = hoa.client.post("/desk/sign-in", data={**hidden(asked.text), "username": "hoa", "password": PASSWORD})
    assert "Vì sao vẫn tiếp tục: Đã so ảnh hai xe" in re.sub(r"<[^>]*>", "", again.text)


def _events(web: Web, case_id: str) -> Any:
    with web.centre.db.read() as session:
        view = views.case_view(session, case_id, LAN, registry=web.centre.registry, now=web.clock.now, record=False)
    return view.events


def test_a_foreign_site_cannot_plant_a_decision_in_the_sign_in(web: Web) -> None:
    case_id = case_of(web.centre)
    visitor = web.visitor()
    answer = visitor.client.post(
        f"/desk/cases/{case_id}/reject", data={"reason": "other", "note": "x"}, follow_redirects=False,
        headers={"Sec-Fetch-Site": "cross-site"},
    )  # fmt: skip
    assert answer.status_code == 303
    web.account(LAN)
    planted = '["https://evil.example/", [["a", "b"]]]'
    token = visitor.token("/desk/sign-in")
    landed = visitor.client.post(
        "/desk/sign-in", data={"csrf": token, "username": "lan", "password": PASSWORD, "kept": planted}
    )
    assert "evil.example" not in landed.text


def test_an_address_with_a_filter_comes_back_after_signing_in(web: Web) -> None:
    web.account(LAN)
    visitor = web.visitor()
    page = visitor.get("/desk?act=red_light&state=all")
    fields = hidden(page.text)
    landed = visitor.client.post("/desk/sign-in", data={**fields, "username": "lan", "password": PASSWORD})
    assert str(landed.url).endswith("/desk?act=red_light&state=all")


@pytest.mark.parametrize("long", ["một ghi chú dài. " * 100, "dòng\n" * 199])
def test_a_note_that_is_too_long_is_still_there_and_new_lines_count_as_one(long: str, web: Web) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    page = lan.get(f"/desk/cases/{case_id}").text
    sent = {"csrf": hidden(page)["csrf"], "reason": "other", "note": long.replace("\n", "\r\n")}
    answer = lan.client.post(f"/desk/cases/{case_id}/reject", data=sent)
    if len(long.strip()) > 1000:
        assert answer.status_code == 409
        assert long.strip()[-40:] in answer.text
    else:
        assert answer.status_code == 200


def test_what_was_typed_is_shown_when_somebody_else_has_taken_the_case(web: Web) -> None:
    web.account(BINH)
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    page = lan.get(f"/desk/cases/{case_id}").text
    web.clock.forward(minutes=20)
    with web.centre.db.write() as session:
        actions.claim(session, case_id, BINH, now=web.clock.now, lease=web.centre.claim_lease)
    answer = lan.client.post(
        f"/desk/cases/{case_id}/reject",
        data={"csrf": hidden(page)["csrf"], "reason": "other", "note": "ghi chú của tôi"},
    )
    assert answer.status_code == 409
    assert 'data-mine="no"' in answer.text
    assert "ghi chú của tôi" in answer.text


# --- filter, notes of approvers, administrators, records -----------------------------------------------------------


def test_the_filter_goes_with_the_officer_from_case_to_case(web: Web) -> None:
    wanted = [case_of(web.centre, act=ActCode.RED_LIGHT) for _ in range(2)]
    other = case_of(web.centre, act=ActCode.WRONG_WAY, plate="36A00001")
    lan = web.person(LAN)
    queue = lan.get("/desk?act=red_light").text
    assert other not in queue
    link = re.search(rf'href="(/desk/cases/{wanted[0]}[^"]*)"', queue)
    assert link
    page = lan.get(html.unescape(link[1])).text
    assert 'href="/desk?act=red_light" id="back"' in page
    action = re.search(r'action="(/desk/cases/[^"]+/reject[^"]*)"', page)
    assert action
    fields = {"csrf": hidden(page)["csrf"], "reason": "lamp_unclear"}
    following = lan.client.post(html.unescape(action[1]), data=fields)
    assert f"/desk/cases/{wanted[1]}?act=red_light" in str(following.url), "the next of the same filter, not the oldest"
    fields["csrf"] = hidden(following.text)["csrf"]
    last = lan.client.post(f"/desk/cases/{wanted[1]}/reject?act=red_light", data=fields)
    assert "/desk?act=red_light" in str(last.url)
    assert "Không có hồ sơ nào khớp bộ lọc này" in last.text


def test_an_officer_sees_why_an_approver_sent_the_case_back_until_it_is_decided_again(web: Web) -> None:
    case_id = confirmed(web.centre, LAN)
    with web.centre.db.write() as session:
        actions.return_to_queue(session, case_id, HOA, "Không thấy đèn trong ảnh thứ hai", now=NOW)
    lan = web.person(LAN)
    web.account(HOA)
    page = lan.get(f"/desk/cases/{case_id}").text
    banner = re.search(r'id="returned">(.*?)</div>', page, re.S)
    assert banner
    assert "Lê Thị Hoa" in banner[1]
    assert "Không thấy đèn trong ảnh thứ hai" in banner[1]
    lan.post(f"/desk/cases/{case_id}/reject", at="/desk", reason="lamp_unclear")
    assert 'id="returned"' not in lan.get(f"/desk/cases/{case_id}").text


def test_an_administrator_lands_on_a_page_of_theirs_and_errors_keep_the_menu(web: Web) -> None:
    admin = web.person(ADMIN)
    landed = admin.get("/desk")
    assert landed.status_code == 200
    assert str(landed.url).endswith("/desk/unit")
    assert 'href="/desk/approve"' not in landed.text
    lan = web.person(LAN)
    for person, path, status in (
        (lan, "/desk/unit", 403),
        (lan, "/desk/cases/none", 404),
        (admin, "/desk/approve", 403),
    ):
        answer = person.get(path)
        assert answer.status_code == status
        assert "<nav " in answer.text, path


def test_a_record_tells_what_was_set_and_no_correction_that_was_none(web: Web) -> None:
    case_id = claimed(web.centre, LAN, colour="unknown")
    lan = web.person(LAN)
    sent = {"plate": "36A12345", "act": "red_light", "colour": "white", "kind": "car"}
    sent["seen"] = hidden(lan.get(f"/desk/cases/{case_id}").text)["seen"]
    assert lan.post(f"/desk/cases/{case_id}/confirm", at="/desk", **sent).status_code == 200
    said = [(e.action, e.before, e.after) for e in _events(web, case_id) if e.action.startswith("correct")]
    assert said == [("correct_details", {"plate_colour": "unknown"}, {"plate_colour": "white"})]
    page = re.sub(r"\s+", " ", lan.get(f"/desk/cases/{case_id}").text)
    assert "Chưa rõ màu → Nền trắng, chữ đen" in page
    assert "36A12345 → 36A12345" not in page


def test_without_javascript_every_decision_has_a_form_that_can_be_seen(web: Web) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    page = lan.get(f"/desk/cases/{case_id}").text
    assert '<noscript><link rel="stylesheet" href="/static/noscript.css"></noscript>' in page
    style = lan.get("/static/noscript.css").text
    assert re.search(r"dialog \{ display: block; position: static", style)
    assert "bằng chuột" not in page
    for decision in ("confirm", "plate", "reject", "release"):
        assert f'action="/desk/cases/{case_id}/{decision}"' in page


# --- owners --------------------------------------------------------------------------------------------------------


def test_a_statement_outlives_the_hour_of_the_evidence(web: Web) -> None:
    _, notice = issued(web.centre)
    owner = web.visitor()
    owner.post("/evidence", plate="36A12345", code=notice.code)
    text = "Xe đã bán từ năm 2024.\nXin xem giấy tờ."
    web.clock.forward(minutes=61)
    asked = owner.post("/evidence/contest", text=text)
    assert asked.status_code == 403
    assert text in asked.text
    assert "vẫn còn ở dưới" in asked.text
    wrong = owner.post("/evidence/contest", text=text, plate="36A-123.45", code="AAAA-AAAA-AAAA-AAAA")
    assert wrong.status_code == 404
    for kept in (text, 'value="36A-123.45"', 'value="AAAA-AAAA-AAAA-AAAA"'):
        assert kept in wrong.text
    sent = owner.post("/evidence/contest", text=text, plate="36A-123.45", code=notice.code)
    assert "Đã nhận ý kiến" in sent.text
    assert "Xe đã bán từ năm 2024." in web.person(LAN).get("/desk/contests").text


def test_a_statement_that_is_too_long_or_too_often_sent_is_kept(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre", web={"lookups_per_minute": 3})
    _, notice = issued(web.centre)
    owner = web.visitor()
    owner.post("/evidence", plate="36A12345", code=notice.code)
    long = "Tôi không điều khiển xe. " * 200
    answer = owner.post("/evidence/contest", at="/evidence", text=long)
    assert answer.status_code == 409
    assert long.strip() in answer.text
    for _ in range(4):
        answer = owner.post("/evidence/contest", at="/evidence", text="Nội dung của tôi")
    assert answer.status_code == 429
    assert "Nội dung của tôi</textarea>" in answer.text
    web.centre.db.dispose()


def _summary(page: str) -> tuple[str, str]:
    """(target of the link, text of the page before the summary)."""
    found = re.search(
        r'<div class="card fault" role="alert" id="summary" tabindex="-1" autofocus>.*?</div>', page, re.S
    )
    assert found, "no summary that takes the focus"
    link = re.search(r'href="#([\w-]+)"', found[0])
    main = page.index("<main")
    assert "<form" not in page[main : found.start()], "the summary stands before all forms"
    return (link[1] if link else ""), page


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("/evidence", {"plate": "36A-123.45", "code": "ABCD-EFGH-JKLM-NPQR"}, "code"),
        ("/look-up", {"plate": "xyz", "colour": "white", "kind": "car"}, "plate"),
        ("/look-up", {"plate": "36A-123.45", "colour": "", "kind": "car"}, "colour-white"),
        ("/look-up", {"plate": "36A-123.45", "colour": "white", "kind": ""}, "kind-motorcycle"),
    ],
)
def test_a_fault_is_told_on_top_leads_to_its_field_and_keeps_what_was_typed(
    path: str, fields: dict[str, str], field: str, web: Web
) -> None:
    answer = web.visitor().post(path, **fields)
    assert answer.status_code in (404, 422)
    target, page = _summary(answer.text)
    assert target == field
    assert f'id="{field}"' in page
    assert "<title>Lỗi: " in page
    for name, value in fields.items():
        if value and name in ("plate", "code"):
            assert f'value="{value}"' in page
        elif value:
            assert re.search(rf'name="{name}" value="{value}"[^>]* checked', page)


def test_too_many_tries_keep_what_was_typed(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre", web={"lookups_per_minute": 2})
    visitor = web.visitor()
    for path, fields in (
        ("/look-up", {"plate": "36A-123.45", "colour": "white", "kind": "car"}),
        ("/evidence", {"plate": "36A-123.45", "code": "ABCD-EFGH-JKLM-NPQR"}),
    ):
        answers = [visitor.post(path, **fields) for _ in range(6)]
        assert answers[-1].status_code == 429
        assert 'value="36A-123.45"' in answers[-1].text
    web.centre.db.dispose()


def test_the_hour_that_is_over_is_said(web: Web) -> None:
    _, notice = issued(web.centre)
    owner: Person = web.visitor()
    owner.post("/evidence", plate="36A12345", code=notice.code)
    web.clock.forward(minutes=61)
    page = owner.get("/evidence")
    assert "Đã quá một giờ" in page.text
