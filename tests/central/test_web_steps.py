"""The page of the steps after the notice: every step that is open has its form, and no other."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from central.cases.lifecycle import Action
from central.cases.said import SAID
from central.notices import issuing
from central.store.case_tables import CaseRow
from central.web.proceedings import fields_of
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, NOW, TRUONG, issued
from tests.central.test_printing import words
from tests.central.web_people import PASSWORD, Web, make_web
from tests.countries.papers_drawn import words as paper_words


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return make_web(tmp_path / "centre")


def sent(web: Web) -> str:
    case_id, _ = issued(web.centre)
    with web.centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=web.centre.registry, now=web.clock.now)
    return case_id


def test_a_notice_is_withdrawn_from_the_page_with_its_paper_and_its_owner_reads_so(web: Web) -> None:
    case_id, notice = issued(web.centre)
    with web.centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=web.centre.registry, now=web.clock.now)
    web.clock.now += timedelta(days=1)
    hoa, at = web.person(HOA), f"/desk/cases/{case_id}/steps"
    why = "Biển số giả, xe trong ảnh là xe khác."
    page = hoa.post(f"{at}/withdraw", at=at, on="2026-11-24", reason="cloned_plate", note=why)
    assert page.status_code == 200
    assert "Đã thu hồi thông báo" in page.text
    assert why in page.text
    link = re.search(r'href="([^"]+/papers/[^"]+)"', page.text)
    assert link
    paper = hoa.get(link[1])
    assert paper.headers["content-type"] == "application/pdf"
    owner = web.visitor()
    found = owner.post("/lookup", at="/", plate="36A-123.45", colour="white", kind="car")
    assert "Đèn đỏ" not in found.text
    opened = owner.post("/evidence", at="/", plate="36A-123.45", code=notice.code)
    assert "Thông báo này đã được thu hồi" in opened.text
    assert 'id="contest"' not in opened.text
    assert 'id="summons"' not in opened.text


def test_the_minutes_are_seen_as_a_draft_then_made_and_struck_out_when_undone(web: Web) -> None:
    case_id = sent(web)
    web.clock.now += timedelta(days=1)
    lan, at = web.person(LAN), f"/desk/cases/{case_id}/steps"
    lan.post(f"{at}/identify", at=at, on="2026-11-24", liable="owner", name="Lê Văn Chủ")
    page = lan.get(f"{at}?step=make_minutes").text
    assert re.search(r'id="step-make_minutes" open', page)
    assert 'value="Phòng Cảnh sát giao thông, Công an tỉnh Thanh Hóa"' in page, "where it is made, most often"
    assert f'formaction="{at}/make_minutes/draft"' in page
    draft = lan.post(f"{at}/make_minutes/draft", at=at, on="2026-11-24")
    assert draft.headers["content-type"] == "application/pdf"
    refused = lan.post(f"{at}/make_minutes/draft", at=at, on="2027-11-24")
    assert refused.status_code == 409
    assert "Ngày ghi nằm trong tương lai" in refused.text
    page = lan.post(f"{at}/make_minutes", at=at, on="2026-11-24", place="Trạm CSGT số 2").text
    link = re.search(rf'href="(/desk/cases/{case_id}/papers/minutes-\d+\.pdf)"[^>]*>([^<]+)<', page)
    assert link
    assert link[2] == "Biên bản vi phạm hành chính số 01/BB-VPHC"
    assert "Thông báo vi phạm số 01/TB-PC08" in page
    made = lan.get(link[1])
    assert made.headers["content-type"] == "application/pdf"
    page = lan.post(f"{at}/undo", at=at, on="2026-11-24", note="nhầm hồ sơ").text
    assert "<s>Biên bản vi phạm hành chính số 01/BB-VPHC</s>" in page
    assert "Bước đã hủy, giấy không có giá trị" in page
    void = lan.get(link[1]).content
    assert void.startswith(made.content), "it is still there as it was made"
    assert "KHÔNG CÒN GIÁ TRỊ" in words(void)
    assert "KHÔNG CÒN GIÁ TRỊ" not in words(made.content)
    due = lan.get("/desk/due?whose=all").text
    assert f'href="{at}?step=make_minutes#step-make_minutes"' in due


def test_no_paper_of_a_case_is_an_owners_to_open(web: Web) -> None:
    case_id, notice = issued(web.centre)
    with web.centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=web.centre.registry, now=web.clock.now)
    web.clock.now += timedelta(days=1)
    lan, at = web.person(LAN), f"/desk/cases/{case_id}/steps"
    lan.post(f"{at}/identify", at=at, on="2026-11-24", liable="driver", name="Trần Văn Lái")
    page = lan.post(f"{at}/make_minutes", at=at, on="2026-11-24").text
    link = re.search(r'href="(/desk/cases/[^"]+/papers/minutes[^"]+)"', page)
    assert link
    owner = web.visitor()
    found = owner.post("/lookup", at="/", plate="36A-123.45", colour="white", kind="car").text
    opened = owner.post("/evidence", at="/", plate="36A-123.45", code=notice.code).text
    for text in (found, opened):
        assert "BB-VPHC" not in text
        assert "Trần Văn Lái" not in text
    assert "Trần Văn Lái" not in owner.get(link[1]).text
    assert owner.get(link[1]).headers["content-type"] != "application/pdf"


def test_the_code_of_a_corrected_notice_opens_one_sentence_and_nothing_of_the_case(web: Web) -> None:
    case_id, notice = issued(web.centre)
    with web.centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=web.centre.registry, now=web.clock.now)
    early = web.visitor()
    assert "/evidence/before.jpg" in early.post("/evidence", at="/", plate="36A-123.45", code=notice.code).text
    web.clock.now += timedelta(minutes=5)
    hoa, at = web.person(HOA), f"/desk/cases/{case_id}/steps"
    page = hoa.post(f"{at}/correct", at=at, on="2026-11-23", mistake="wrong_plate", note="Chữ số cuối đọc sai.")
    assert page.status_code == 200
    assert "Thông báo đính chính số" in page.text
    # whoever looked at it a moment ago sees no more of it, nor writes to it
    assert "/evidence/" not in early.get("/evidence").text
    assert early.get("/evidence/before.jpg").status_code == 404
    owner = web.visitor()
    opened = owner.post("/evidence", at="/", plate="36A-123.45", code=notice.code)
    assert opened.status_code == 200
    assert "Thông báo này đã được thu hồi" in opened.text
    for what in ("/evidence/", 'id="contest"', 'id="summons"', "Vượt đèn đỏ"):
        assert what not in opened.text
    again = owner.post("/evidence/contest", at="/", plate="36A-123.45", code=notice.code, text="Không phải xe tôi")
    assert "Thông báo này đã được thu hồi" in again.text
    assert "Không tìm thấy" not in again.text
    wrong = owner.post("/evidence", at="/", plate="36A-123.46", code=notice.code)
    assert wrong.status_code == 404


def test_what_was_typed_stays_when_a_step_is_refused(web: Web) -> None:
    case_id = sent(web)
    at = f"/desk/cases/{case_id}/steps"
    page = web.person(LAN).post(f"{at}/attend", at=at, on="2027-01-01", name="Lê Văn Chủ")
    assert page.status_code == 409
    assert "Ngày ghi nằm trong tương lai" in page.text
    assert 'value="Lê Văn Chủ"' in page.text


def test_a_form_stands_for_each_step_that_is_open_to_this_person(web: Web) -> None:
    case_id = sent(web)
    for officer, steps in (
        (LAN, {"attend", "identify", "complain"}),
        (HOA, {"attend", "identify", "complain", "transfer", "correct", "withdraw"}),
        (TRUONG, {"attend", "identify", "complain", "transfer", "correct", "withdraw", "hold"}),
    ):
        page = web.person(officer).get(f"/desk/cases/{case_id}/steps").text
        assert {a.value for a in SAID if f'id="step-{a.value}"' in page} == steps


def test_an_empty_list_of_one_role_does_not_say_that_no_term_runs_at_all(web: Web) -> None:
    sent(web)
    truong = web.person(TRUONG)
    assert "Hồ sơ 1" in truong.get("/desk/due?whose=all").text
    assert "Không có thời hạn nào trong danh sách này" in truong.get("/desk/due?whose=head").text


def test_a_decided_case_is_in_the_queue_under_its_state(web: Web) -> None:
    case_id = sent(web)
    at = f"/desk/cases/{case_id}/steps"
    lan = web.person(LAN)
    assert lan.post(f"{at}/attend", at=at, on="2026-11-23", name="Chủ").status_code == 200
    assert case_id in lan.get("/desk?state=under_way").text
    assert case_id not in lan.get("/desk?state=issued").text


def test_a_step_that_is_none_or_an_unknown_case_is_answered_in_words(web: Web) -> None:
    case_id = sent(web)
    lan = web.person(LAN)
    at = f"/desk/cases/{case_id}/steps"
    assert lan.post(f"{at}/levitate", at=at).status_code == 404
    assert lan.post(f"{at}/withdraw", at=at, on="2026-11-23", reason="other", note="x").status_code == 403
    assert lan.get("/desk/cases/none/steps").status_code == 404
    assert lan.get(f"/desk/cases/{case_id}/papers/1.pdf").status_code == 404


def test_the_form_of_payment_in_parts_says_its_limits_keeps_what_was_typed_and_shows_the_parts(web: Web) -> None:
    case_id, day = sent(web), "2026-11-23"
    at = f"/desk/cases/{case_id}/steps"
    lan, hoa = web.person(LAN), web.person(HOA)
    lan.post(f"{at}/identify", at=at, on=day, liable="owner", name="Chủ")
    lan.post(f"{at}/make_minutes", at=at, on=day, number="1/BB")
    lan.post(f"{at}/waive_hearing", at=at, on=day)
    hoa.post(f"{at}/decide", at=at, on=day, number="1/QĐ", fine="19000000", points="4")
    shown = hoa.post(f"{at}/send_decision", at=at, on=day, how="by_hand").text
    assert "Tối đa 3 lần, lần đầu ít nhất 7.600.000 đ (40%), lần cuối không sau ngày 24/05/2027" in shown
    assert 'id="step-agree_instalments"' not in lan.get(at).text
    typed = {
        "on": day, "number": "4/QĐ", "requested": day, "confirmed_by": "UBND phường", "amount_1": "7000000",
        "due_1": "2026-12-10", "amount_2": "12000000", "due_2": "2027-01-20", "amount_3": "", "due_3": "",
    }  # fmt: skip
    refused = hoa.post(f"{at}/agree_instalments", at=at, **typed)
    assert refused.status_code == 409
    assert "Lần đầu phải nộp ít nhất 40% mức phạt" in refused.text
    assert 'value="7000000"' in refused.text
    assert 'value="2027-01-20"' in refused.text
    done = hoa.post(f"{at}/agree_instalments", at=at, **{**typed, "amount_1": "8000000", "amount_2": "11000000"})
    assert done.status_code == 200
    assert "cho nộp phạt nhiều lần" in done.text
    lan.post(f"{at}/pay", at=at, on=day, amount="8500000", receipt="BL1")
    after = lan.get(at).text
    for said in ("Lần 1", "Đã nộp đủ", "Lần 2", "Chưa đến hạn", "500.000 đ"):
        assert said in after
    web.clock.now += timedelta(days=90)
    later = web.person(LAN)  # signed in anew
    assert "Quá hạn" in later.get(at).text
    assert "Nộp phạt" in later.get("/desk/due?whose=all").text


def test_two_cases_are_decided_together_from_the_page_of_one(web: Web) -> None:
    day, ids = "2026-11-23", []
    lan, hoa = web.person(LAN), web.person(HOA)
    for act, hours in ((ActCode.RED_LIGHT, 2), (ActCode.SOLID_LINE, 4)):
        case_id, _ = issued(web.centre, act=act, at=NOW - timedelta(hours=hours))
        with web.centre.db.write() as session:
            issuing.publish(session, case_id, HOA, register=web.centre.registry, now=web.clock.now)
        at = f"/desk/cases/{case_id}/steps"
        lan.post(f"{at}/identify", at=at, on=day, liable="owner", name="Chủ")
        lan.post(f"{at}/make_minutes", at=at, on=day, number="1/BB")
        lan.post(f"{at}/waive_hearing", at=at, on=day)
        ids.append(case_id)
    at = f"/desk/cases/{ids[0]}/steps"
    shown = hoa.get(at).text
    assert "nhiều nhất 4 điểm (168/2024/NĐ-CP Điều 50.1.b)" in shown
    assert 'name="with_2"' in shown
    assert 'name="fine_2" type="text" inputmode="numeric" pattern="[0-9]*" maxlength="13" value="500000"' in shown
    assert "Ở đây chỉ có hồ sơ của các đơn vị bạn xem được" not in shown, "there is one unit"
    typed = {"on": day, "fine": "19000000", "points": "4", "fine_2": "550000", "aggravating_2": "Tái phạm"}
    draft = hoa.post(f"{at}/decide/draft", at=at, **typed, with_2="1")
    assert "Hành vi 2: Tái phạm" in paper_words(draft.content)
    alone = hoa.post(f"{at}/decide", at=at, **typed)
    assert alone.status_code == 409
    assert "Hồ sơ khác của cùng người vi phạm bị quyết định riêng: 2" in alone.text
    wrong = hoa.post(f"{at}/decide", at=at, **{**typed, "points": "9"}, with_2="1")
    assert wrong.status_code == 409
    assert 'name="aggravating_2" type="text" maxlength="300" value="Tái phạm"' in wrong.text
    done = hoa.post(f"{at}/decide", at=at, **typed, with_2="1")
    assert done.status_code == 200
    assert "Tổng mức phạt của quyết định: 19.550.000 đ" in done.text
    other = hoa.get(f"/desk/cases/{ids[1]}/steps").text
    for page in (done.text, other):
        assert "Quyết định xử phạt số 01/QĐ-XPHC" in page
    assert "Điểm đã trừ một lần, ở hồ sơ 1" in other
    assert f'href="/desk/cases/{ids[0]}/steps"' in other
    web.person(TRUONG).post(f"{at}/withdraw", at=at, on=day, reason="other", note="Sai người.")
    cut = hoa.get(f"/desk/cases/{ids[1]}/steps").text
    assert "Chỉ còn giá trị với các hành vi còn lại" in cut
    assert "một hành vi trong cùng quyết định đã được thu hồi (hồ sơ 1)" in cut


def test_every_step_has_inputs_that_its_value_takes() -> None:
    for action, said in SAID.items():
        fields = fields_of(said)
        assert [f.name for f in fields] == list(said.model_fields), action
        assert all(f.choices or f.kind != "choice" for f in fields)
    assert {f.name: f.kind for f in fields_of(SAID[Action.DECIDE])} == {
        "on": "date", "number": "text", "fine": "number", "points": "number", "together": "cases",
        "mitigating": "text", "aggravating": "text",
    }  # fmt: skip


def test_what_was_typed_into_a_step_is_shown_again_after_signing_in_and_sent_by_hand(web: Web) -> None:
    case_id = sent(web)
    at = f"/desk/cases/{case_id}/steps"
    lan = web.person(LAN)
    form = fields_in(lan.get(at).text, f"{at}/identify")
    web.clock.now += timedelta(days=5)  # over a week-end
    typed = {"on": "2026-11-28", "liable": "driver", "name": "Trần Văn Lái", "note": "có mặt"}
    asked = lan.client.post(f"{at}/identify", data={**form, **typed})
    assert asked.status_code == 401
    again = {**fields_in(asked.text, "/desk/sign-in"), "username": LAN.username, "password": PASSWORD}
    shown = lan.client.post("/desk/sign-in", data=again)
    assert "Trần Văn Lái" in shown.text
    assert "2026-11-28" not in re.sub(r"<input[^>]*>", "", shown.text), "a day is said as people say it"
    assert "lái" in shown.text.lower()
    kept = fields_in(shown.text, f"{at}/identify")
    done = lan.client.post(f"{at}/identify", data={**kept, "note": typed["note"]})
    assert done.status_code == 200
    with web.centre.db.read() as session:
        assert session.get_one(CaseRow, case_id).status == "identified"


def fields_in(html: str, action: str) -> dict[str, str]:
    """What the form of that action sends unseen."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', html, re.S)
    assert form, f"no form for {action}"
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    return {name: unescape(value) for name, value in found}


def test_the_record_tells_the_numbers_and_amounts_that_were_typed_and_no_name(web: Web) -> None:
    case_id = sent(web)
    at = f"/desk/cases/{case_id}/steps"
    lan = web.person(LAN)
    lan.post(f"{at}/identify", at=at, on="2026-11-23", liable="driver", name="Trần Văn Lái")
    shown = lan.post(f"{at}/make_minutes", at=at, on="2026-11-23", number="12/BB-VPHC").text
    record = shown[shown.index("<table><tr><th>") :]
    assert "lập biên bản vi phạm hành chính (Số văn bản: 12/BB-VPHC)" in record
    assert "(Ai chịu trách nhiệm: Người lái được nêu tên)" in record
    assert "Trần Văn Lái" not in record
