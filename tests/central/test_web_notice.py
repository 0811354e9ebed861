"""The screens around a notice: doubts are said first, a stale page decides nothing, the owner knows when to come."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from central.cases import lifecycle
from central.cases.lifecycle import Status
from central.notices import drafting, issuing
from central.registry import TableRegistry, import_registry
from central.store.case_tables import CaseRow
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, NOW, TRUONG, claimed, confirmed, issued, picture, prepared, seen
from tests.central.test_pictures import REASONS, SCENE
from tests.central.web_people import Person, Web, make_web

PLATE = {"plate": "36A-123.45", "colour": "white", "kind": "car"}
REGISTER = (
    "plate,colour,kind,owner_name,owner_type,id_number,address,valid_from,valid_to\n"
    "36A12345,white,car,Nguyễn Thị Hường,person,038085001234,Số 5 Bà Triệu,2020-01-01,\n"
)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    file = tmp_path / "r.csv"
    file.write_text(REGISTER)
    import_registry(made.centre.db, file)
    yield made
    made.centre.db.dispose()


def status(web: Web, case_id: str) -> str:
    with web.centre.db.read() as session:
        return session.get_one(CaseRow, case_id).status


def owner(web: Web, code: str) -> Person:
    visitor = web.visitor()
    answer = visitor.post("/evidence", at="/", code=code, plate=PLATE["plate"])
    assert answer.status_code == 200
    return visitor


def test_a_draft_swapped_under_an_open_page_is_refused_in_words(web: Web) -> None:
    case_id = prepared(web.centre)
    hoa, truong = web.person(HOA), web.person(TRUONG)
    page = hoa.get(f"/desk/approve/{case_id}").text
    form = re.search(r'<form[^>]*/issue".*?</form>', page, re.S)
    assert form
    sent = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))
    swapped = truong.post(
        f"/desk/approve/{case_id}/draft", at=f"/desk/approve/{case_id}", preventive="Tạm giữ phương tiện 30 ngày"
    )
    assert swapped.status_code == 200
    answer = hoa.client.post(f"/desk/approve/{case_id}/issue", data={**sent, "doubts_read": "yes"})
    assert answer.status_code == 409
    assert "đã thay đổi sau khi anh/chị mở trang" in answer.text
    assert status(web, case_id) == Status.NOTICE_PREPARED


def test_the_officer_who_confirmed_does_not_draft_again(web: Web) -> None:
    case_id = prepared(web.centre)
    lan = web.person(LAN)
    assert f'action="/desk/approve/{case_id}/draft"' not in lan.get(f"/desk/approve/{case_id}").text
    answer = lan.client.post(
        f"/desk/approve/{case_id}/draft",
        data={"csrf": lan.token(f"/desk/approve/{case_id}"), "preventive": "Tạm giữ"},
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("what", ["issue", "return"])
def test_a_form_that_names_no_draft_decides_nothing(what: str, web: Web) -> None:
    case_id = prepared(web.centre)
    hoa = web.person(HOA)
    token = hoa.token(f"/desk/approve/{case_id}")
    answer = hoa.client.post(f"/desk/approve/{case_id}/{what}", data={"csrf": token, "note": "xem lại"})
    assert answer.status_code == 409
    assert status(web, case_id) == Status.NOTICE_PREPARED


def test_a_confirmation_from_a_stale_page_is_refused_in_words(web: Web) -> None:
    case_id = claimed(web.centre)
    lan = web.person(LAN)
    page = f"/desk/cases/{case_id}"
    seen = re.search(r'name="seen" value="(\d+)"', lan.get(page).text)
    assert seen
    assert lan.post(f"{page}/plate", at=page, plate="36A-999.99").status_code == 200
    for sent in ({"seen": seen[1]}, {"seen": "-1"}):
        answer = lan.post(f"{page}/confirm", at=page, plate="36A-123.45", act="red_light", **sent)
        assert answer.status_code == 409
        assert "đã thay đổi sau khi anh/chị mở trang" in answer.text
    assert lan.post(f"{page}/confirm", at=page, plate="36A-999.99", act="red_light").status_code == 200
    assert status(web, case_id) == Status.NOTICE_PREPARED


def test_the_dialog_lists_what_is_late_or_doubtful_and_enter_alone_does_nothing(web: Web) -> None:
    case_id = prepared(
        web.centre, typed="36B-999.99", at=NOW - timedelta(days=13), flags=["clock_unsure", "a_new_doubt"]
    )
    hoa = web.person(HOA)
    page = f"/desk/approve/{case_id}"
    dialog = re.search(r'<dialog id="issue".*?</dialog>', hoa.get(page).text, re.S)
    assert dialog
    for line in (
        "Đã quá hạn 10 ngày", "Chưa xác định được chủ xe", "Cán bộ đã sửa biển số", "Đồng hồ chưa chắc đúng giờ",
        "a_new_doubt",
    ):  # fmt: skip
        assert line in dialog[0], line
    before = hoa.get(page).text.partition("<dialog")[0]
    flags = re.search(r'<ul class="flaglist">.*?</ul>', before, re.S)
    assert flags
    for line in re.findall(r"<li>(.*?)</li>", dialog[0]):
        assert f"<li>{line}</li>" in flags[0], "what has to be considered stands on the page before the dialog opens"
    assert re.search(r"<button class=\"btn main\">", dialog[0]), "the focus is on the tick, not on the button"
    assert dialog[0].count("required") == 2
    assert hoa.post(f"{page}/issue", at=page).status_code == 409
    assert hoa.post(f"{page}/issue", at=page, doubts_read="yes").status_code == 409
    assert "chưa có người nhận" in hoa.post(f"{page}/issue", at=page, doubts_read="yes").text
    assert status(web, case_id) == Status.NOTICE_PREPARED
    assert hoa.post(f"{page}/issue", at=page, doubts_read="yes", without_owner="yes").status_code == 200
    assert status(web, case_id) == Status.ISSUED


@pytest.mark.parametrize(
    "flags",
    [["two words", 'a "third", <b>bold</b>'], [f"flag_{i:02d}_{'x' * 40}" for i in range(64)]],
    ids=["no plain word", "as many as a packet may have"],
)
def test_whatever_a_box_flags_can_be_read_and_ticked(flags: list[str], web: Web) -> None:
    case_id = prepared(web.centre, flags=flags)
    page = f"/desk/approve/{case_id}"
    done = web.person(HOA).post(f"{page}/issue", at=page, doubts_read="yes", without_owner="yes")
    assert done.status_code == 200
    assert status(web, case_id) == Status.ISSUED


def test_a_case_without_doubts_is_issued_by_enter(web: Web) -> None:
    case_id = prepared(web.centre, scene=SCENE, reasons=REASONS[ActCode.RED_LIGHT])
    hoa = web.person(HOA)
    page = f"/desk/approve/{case_id}"
    dialog = re.search(r'<dialog id="issue".*?</dialog>', hoa.get(page).text, re.S)
    assert dialog
    assert "required" not in dialog[0]
    assert "autofocus" in dialog[0]
    assert hoa.post(f"{page}/issue", at=page).status_code == 200
    assert status(web, case_id) == Status.ISSUED


def test_drafting_again_changes_only_what_is_typed(web: Web) -> None:
    case_id = prepared(web.centre, typed="36B-999.99")
    hoa, page = web.person(HOA), f"/desk/approve/{case_id}"
    typed = {
        "appear_at": "2026-12-09T14:00", "second_place": "Công an xã Mường Lát", "second_appear_at": "2026-12-10T09:00",
        "owner_name": "Trần Thị Sáu", "owner_id": "038000000001", "owner_address": "Thôn 3", "owner_type": "person",
    }  # fmt: skip
    assert hoa.post(f"{page}/draft", at=page, **typed).status_code == 200
    shown = hoa.get(page).text
    for name, value in typed.items():
        assert re.search(rf'name="{name}"[^>]* value="{re.escape(value)}"', shown) or name == "owner_type", name
    assert "Chủ xe do cán bộ nhập" in shown
    with web.centre.db.read() as session:
        notice = session.get_one(CaseRow, case_id).notice
        assert notice is not None
        text = "".join(
            p.extract_text() for p in PdfReader(io.BytesIO(web.centre.store.read(notice.pdf_sha256 or ""))).pages
        )
    assert "Kính gửi: Trần Thị Sáu" in text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"appear_at": "2026-12-05T08:00"}, "ngày nghỉ"),
        ({"appear_at": "2027-01-01T08:00"}, "ngày nghỉ"),
        ({"appear_at": "2026-11-22T08:00"}, "Giờ hẹn đã qua"),
        ({"second_place": "Xã", "second_appear_at": "2027-02-08T08:00"}, "ngày nghỉ"),
        ({"second_appear_at": "2026-12-08T08:00"}, "chưa có nơi hẹn"),
        ({"owner_address": "Thôn 3"}, "Chưa ghi tên chủ xe"),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused_in_words(typed: dict[str, str], says: str, web: Web) -> None:
    case_id = prepared(web.centre)
    hoa, page = web.person(HOA), f"/desk/approve/{case_id}"
    answer = hoa.post(f"{page}/draft", at=page, **{"second_place": "", "second_appear_at": "", **typed})
    assert answer.status_code == 409
    assert says in answer.text


@pytest.mark.parametrize(
    ("plate", "colour", "says"),
    [
        ("80-441-NG-02", "white", "KHÔNG lập thông báo vì là biển số nước ngoài"),
        ("TM-12-34", "red", "KHÔNG lập thông báo vì là biển số quân sự"),
    ],
)
def test_no_notice_for_a_plate_that_goes_elsewhere_and_the_officer_is_told_where(
    plate: str, colour: str, says: str, web: Web
) -> None:
    case_id = claimed(web.centre, plate=None, colour=colour)
    lan, page = web.person(LAN), f"/desk/cases/{case_id}"
    answer = lan.post(f"{page}/confirm", at=page, plate=plate, act="red_light")
    assert answer.status_code == 200
    assert says in answer.text
    waiting = web.person(HOA).get(f"/desk/approve/{case_id}").text
    assert "mẫu 03/73" in waiting
    assert "/draft" not in waiting
    for untrue in ("Xem trước thông báo", "Lập lại dự thảo"):
        assert untrue not in waiting
    assert status(web, case_id) == Status.CONFIRMED


@pytest.mark.parametrize("fault", [OSError("disk"), lifecycle.Refused("changed", "x")])
def test_a_draft_that_fails_at_confirmation_is_logged_and_told(
    fault: Exception, web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_a: object, **_k: object) -> None:
        raise fault

    monkeypatch.setattr("central.notices.drafting.prepare_notice", fail)
    case_id = claimed(web.centre)
    lan, page = web.person(LAN), f"/desk/cases/{case_id}"
    answer = lan.post(f"{page}/confirm", at=page, plate="36A-123.45", act="red_light")
    assert answer.status_code == 200
    assert "CHƯA lập được dự thảo" in answer.text
    assert case_id in caplog.text
    assert status(web, case_id) == Status.CONFIRMED


def test_what_was_issued_and_not_sent_waits_in_sight_with_its_clock(web: Web) -> None:
    case_id, _ = issued(web.centre, at=NOW - timedelta(days=12))
    hoa = web.person(HOA)
    for page in ("/desk/approve", "/desk?state=to_send", "/desk?state=overdue"):
        shown = hoa.get(page).text
        assert case_id in shown, page
        assert "quá hạn 2 ngày" in shown, page
    hoa.post(f"/desk/approve/{case_id}/publish", at=f"/desk/approve/{case_id}")
    assert case_id not in hoa.get("/desk/approve").text
    assert "14/12/2026" in hoa.get(f"/desk/approve/{case_id}").text, "20 days from sending, moved on from a Sunday"


def test_the_approver_sees_the_originals_beside_the_draft_and_the_next_case_after_it(web: Web) -> None:
    first = prepared(web.centre)
    second = prepared(web.centre, at=NOW - timedelta(hours=5))
    hoa, page = web.person(HOA), f"/desk/approve/{first}"
    shown = hoa.get(page).text
    for still in ("still_before.jpg", "still_on.jpg", "still_after.jpg"):
        assert f'<image href="/desk/cases/{first}/files/{still}"' in shown
    assert "Tại vạch dừng, 08:00:00.00. Đèn đỏ đã ít nhất 4,0 giây" in shown
    done = hoa.post(f"{page}/issue", at=page, doubts_read="yes")
    assert f'href="/desk/approve/{second}"' in done.text


def test_an_owner_with_the_code_sees_when_and_where_to_come_and_by_when(web: Web) -> None:
    case_id, made = issued(web.centre)
    visitor = owner(web, made.code)
    shown = visitor.get("/evidence").text
    assert "08 giờ 00 phút ngày 03/12/2026" in shown
    assert made.number_text in shown
    assert "20 ngày kể từ ngày thông báo được gửi" in shown
    with web.centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=TableRegistry(), now=web.centre.clock())
    assert "14/12/2026" in visitor.get("/evidence").text


def test_an_english_reader_is_told_the_hour_in_figures_not_in_the_words_of_the_notice(web: Web) -> None:
    case_id = confirmed(web.centre)
    drafting.prepare_notice(
        web.centre.db, case_id, HOA, desk=web.centre.notices, now=NOW, second_place="Công an xã Mường Lát",
        second_appear_at=NOW + timedelta(days=15, hours=4),
    )  # fmt: skip
    made = issuing.issue(web.centre.db, case_id, HOA, desk=web.centre.notices, now=NOW, seen=seen(web.centre, case_id))
    visitor = owner(web, made.code)
    visitor.post("/lang", to="en", back="/")
    shown = visitor.get("/evidence").text
    assert "08:00, 03/12/2026" in shown
    assert "14:00, 08/12/2026" in shown
    assert "giờ" not in shown.partition('id="summons"')[2].partition("</section>")[0]


def test_from_an_issued_notice_it_is_one_press_to_the_steps_that_answer_its_owner(web: Web) -> None:
    case_id, _ = issued(web.centre)
    waiting = prepared(web.centre, at=NOW - timedelta(hours=5))
    hoa = web.person(HOA)
    assert f'href="/desk/cases/{case_id}/steps"' in hoa.get(f"/desk/approve/{case_id}").text
    assert "/steps" not in hoa.get(f"/desk/approve/{waiting}").text, "there are none before it is issued"


@pytest.mark.parametrize(
    ("act", "heard"),
    [(ActCode.RED_LIGHT, True), (ActCode.WRONG_WAY, True), (ActCode.SOLID_LINE, False), (ActCode.BANNED_TURN, False)],
)
def test_the_right_to_be_heard_is_told_only_where_it_exists(act: ActCode, heard: bool, web: Web) -> None:
    _, made = issued(web.centre, act=act)
    for shown in (web.visitor().post("/look-up", **PLATE).text, owner(web, made.code).get("/evidence").text):
        assert "trình bày ý kiến và xem chứng cứ" in shown
        assert ("giải trình" in shown) is heard


def test_the_owners_pictures_are_made_once_and_say_what_they_show(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    _, made = issued(web.centre, act=ActCode.SOLID_LINE, scene=SCENE, reasons=REASONS[ActCode.SOLID_LINE])
    visitor = owner(web, made.code)
    shown = visitor.get("/evidence").text
    assert "Khi xe đè vạch liền" in shown
    assert "vạch dừng" not in shown
    assert "nét vàng là vạch kẻ đường liên quan" in shown
    monkeypatch.setattr("central.pictures.for_owners.owner_copies", lambda *a, **k: pytest.fail("made anew"))
    for moment in ("before", "on", "after", "on-near"):
        answer = visitor.get(f"/evidence/{moment}.jpg")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/jpeg"
    for moment in ("on-far", "x", "-near", "near"):
        assert visitor.get(f"/evidence/{moment}.jpg").status_code == 404


def test_an_altered_still_is_not_shown_to_the_owner_and_is_logged(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    files = {"still_before.jpg": picture(), "still_on.jpg": b"junk", "still_after.jpg": picture()}
    _, made = issued(web.centre, files=files)
    assert owner(web, made.code).get("/evidence/on.jpg").status_code == 404
    assert "still_on.jpg" in caplog.text


def test_a_case_of_another_officer_waits_without_a_draft_form_for_the_officer(web: Web) -> None:
    case_id = confirmed(web.centre)
    assert "/draft" in web.person(LAN).get(f"/desk/approve/{case_id}").text, "the first draft is hers"
