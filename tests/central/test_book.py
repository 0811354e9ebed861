"""The book of form 05/73 over some days: a line for each case that came in, and what became of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from central.cases import log as case_log
from central.cases.lifecycle import Action, Refused
from central.centre import Centre
from central.desk import actions, book
from central.notices.step_papers import pdf_of
from central.units.tree import EVERYWHERE
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, NOW, TRUONG, HandClock, claimed, make_centre
from tests.central.test_step_papers import begin
from tests.central.web_people import Web
from tests.countries.papers_drawn import words

TODAY = date(2026, 11, 23)
RED, LINE = ActCode.RED_LIGHT, ActCode.SOLID_LINE


@pytest.fixture
def desk(tmp_path: Path) -> Centre:
    return make_centre(tmp_path / "centre", clock=HandClock())


def of(desk: Centre, since: date = TODAY, until: date = TODAY) -> book.BookOfDays:
    with desk.db.read() as session:
        return book.book_of(session, desk.config.office, since, until, now=NOW, scope=EVERYWHERE)


def test_a_line_says_what_came_in_and_what_became_of_it(desk: Centre) -> None:
    clock = HandClock(NOW)
    life = begin(desk, clock)
    life.decided()
    life.take(HOA, Action.SEND_DECISION, how="by_hand")
    life.take(LAN, Action.PAY, amount=9_000_000, receipt="BL-1")
    rejected = claimed(desk, plate=None)
    with desk.db.write() as session:
        actions.reject(session, rejected, LAN, "plate_unreadable", now=NOW)
    found = of(desk)
    assert set(found.cases) == {life.id, rejected}
    lines = dict(zip(found.cases, found.content.entries, strict=True))
    paid, refused = lines[life.id], lines[rejected]
    assert paid.record == "BB 01/BB-VPHC; QĐ 01/QĐ-XPHC"
    assert paid.violator.startswith("Nguyễn Thị Hường")
    assert paid.vehicle == "Ô tô 36A-123.45"
    assert (paid.fine, paid.additional, paid.done) == (19_000_000, "Trừ 4 điểm", "Đã nộp 9.000.000")
    assert (paid.no_violation, paid.note) == ("", "Thông báo 01/TB-PC08")
    assert (refused.no_violation, refused.fine, refused.record, refused.note) == (
        "Không đọc được biển số",
        None,
        "",
        "",
    )
    text = words(pdf_of(found.content))
    assert "Từ ngày 23 tháng 11 năm 2026 đến ngày 23 tháng 11 năm 2026" in text
    assert re.search(r"Quyển số: \.{12,}", text)
    life.take(TRUONG, Action.WITHDRAW, "sai", reason="other")
    assert of(desk).content.entries[found.cases.index(life.id)].no_violation == "Đã thu hồi thông báo"


def test_a_decision_over_two_acts_stands_in_the_line_of_each_with_points_once(desk: Centre) -> None:
    clock = HandClock(NOW)
    red, line = (begin(desk, clock, act=act, at=NOW - timedelta(hours=n)) for n, act in enumerate((RED, LINE), 2))
    for life in (red, line):
        life.with_minutes()
    red.take(LAN, Action.WAIVE_HEARING)
    red.take(HOA, Action.DECIDE, fine=19_000_000, points=4, together=[{"case": 2, "fine": 500_000}])
    second, first = of(desk).content.entries  # by the time of the act
    assert (first.record, second.record) == ("BB 01/BB-VPHC; QĐ 01/QĐ-XPHC", "BB 02/BB-VPHC; QĐ 01/QĐ-XPHC")
    assert [(e.fine, e.additional) for e in (first, second)] == [(19_000_000, "Trừ 4 điểm"), (500_000, "")]
    assert first.note.endswith("; Cùng một quyết định với hồ sơ 2")
    assert second.note.endswith("; Cùng một quyết định với hồ sơ 1")
    red.take(TRUONG, Action.WITHDRAW, "sai", reason="other")
    assert "Cùng một quyết định" not in of(desk).content.entries[0].note


def test_what_was_taken_off_a_fine_is_not_told_as_unpaid(desk: Centre) -> None:
    life = begin(desk, HandClock(NOW))
    life.decided()
    life.take(HOA, Action.SEND_DECISION, how="by_hand")
    life.take(LAN, Action.ASK_RELIEF, "Hộ nghèo.")
    life.take(HOA, Action.RELIEVE, amount=19_000_000, confirmed_by="UBND phường Hạc Thành")
    [line] = of(desk).content.entries
    assert (line.fine, line.done) == (19_000_000, ""), "nothing is left to pay"


def test_papers_of_a_notice_that_was_corrected_are_not_those_of_the_next_owner(desk: Centre) -> None:
    life = begin(desk, HandClock(NOW))
    life.with_minutes()
    assert of(desk).content.entries[0].record == "BB 01/BB-VPHC"
    life.take(HOA, Action.CORRECT, "xe khác", mistake="wrong_plate")
    [line] = of(desk).content.entries
    assert (line.record, line.violator) == ("", "")


def test_days_are_those_of_the_countrys_clock_and_too_many_lines_are_refused(
    desk: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = claimed(desk)
    assert of(desk).cases == (case_id,)
    assert of(desk, TODAY - timedelta(days=3), TODAY - timedelta(days=1)).cases == ()
    assert of(desk, TODAY + timedelta(days=1), TODAY + timedelta(days=3)).cases == ()
    with pytest.raises(Refused, match="before the first"):
        of(desk, TODAY, TODAY - timedelta(days=1))
    monkeypatch.setattr(book, "MOST_LINES", 0)
    with pytest.raises(Refused) as refused:
        of(desk)
    assert refused.value.code == "book_long"


def test_an_approver_prints_it_and_each_case_remembers(desk: Centre) -> None:
    web = Web(desk, HandClock())
    case_id = claimed(desk)
    hoa = web.person(HOA)
    assert 'action="/desk/book.pdf"' in hoa.get("/desk/book").text
    assert 'href="/desk/book"' in hoa.get("/desk/due").text
    made = hoa.get("/desk/book.pdf?since=2026-11-20&until=2026-11-23")
    assert made.headers["content-type"] == "application/pdf"
    with desk.db.read() as session:
        looks = [e.after for e in case_log.events(session, case_id) if e.actor == "hoa" and "file" in e.after]
    assert [look["file"] for look in looks] == ["book-2026-11-20-2026-11-23.pdf"]
    wrong = hoa.get("/desk/book.pdf?since=2026-11-23&until=2026-11-20")
    assert wrong.status_code == 409
    assert "Ngày cuối ở trước ngày đầu." in wrong.text
    lan = web.person(LAN)
    assert lan.get("/desk/book").status_code == 403
    assert lan.get("/desk/book.pdf?since=2026-11-20&until=2026-11-23").status_code == 403
    assert 'href="/desk/book"' not in lan.get("/desk/due").text
