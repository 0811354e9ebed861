"""A notice says what the person saw who issued it, goes to somebody, and holds nobody up while it is drawn."""

from __future__ import annotations

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from central.cases.lifecycle import Action, Refused, Status
from central.cases.log import events
from central.centre import Centre
from central.desk import actions, views
from central.notices import basis, drafting, issuing
from central.notices.basis import Seen
from central.owners import lookup
from central.registry import Registration
from central.store.case_tables import CaseRow, NoticeRow
from central.store.people_tables import LookupRow
from countries.notice import NoticeContent
from countries.vn.deadlines import VIETNAM
from countries.vn.forms import notice as form
from countries.vn.forms.notice import render
from evidence.acts import ActCode
from tests.central.build import (
    BINH,
    HOA,
    LAN,
    NOW,
    TRUONG,
    HandClock,
    case_of,
    claimed,
    confirmed,
    issued,
    make_centre,
    picture,
    prepared,
    seen,
)
from tests.central.test_notice import words

OWNER = Registration("", "", "", "Trần Thị Sáu", "person", "038000000001", "Thôn 3, xã Mường Lát", NOW.date(), None)


def draft(centre: Centre, case_id: str, officer: Any = HOA, **options: Any) -> basis.NoticeDesk | Any:
    return drafting.prepare_notice(centre.db, case_id, officer, desk=centre.notices, now=centre.clock(), **options)


def issue(centre: Centre, case_id: str, shown: Seen, officer: Any = HOA) -> issuing.IssuedNotice:
    return issuing.issue(centre.db, case_id, officer, desk=centre.notices, now=centre.clock(), seen=shown)


def code_of(action: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(Refused) as caught:
        action(*args, **options)
    return caught.value.code


def event(centre: Centre, case_id: str, action: Action) -> dict[str, Any]:
    with centre.db.read() as session:
        return [e.after for e in events(session, case_id) if e.action == action.value][-1]


def content(centre: Centre, case_id: str) -> dict[str, Any]:
    with centre.db.read() as session:
        return dict(session.scalars(select(NoticeRow).where(NoticeRow.case_id == case_id)).one().content)


def test_another_draft_than_the_one_seen_is_not_issued(box: Centre) -> None:
    case_id = prepared(box)
    shown = seen(box, case_id)
    draft(box, case_id, TRUONG, preventive="Tạm giữ phương tiện 30 ngày", second_place="Quán cà phê, 12 Lê Lợi")
    assert code_of(issue, box, case_id, shown) == "changed"
    again = seen(box, case_id)
    made = issue(box, case_id, again)
    said = event(box, case_id, Action.ISSUE)
    assert (said["draft_sha256"], said["seen_version"]) == (again.draft, again.version)
    assert "Tạm giữ" in words(box.store.read(made.pdf_sha256))


@pytest.mark.parametrize("shown", [Seen(""), Seen("0" * 64), Seen("-", -1)])
def test_nothing_seen_is_nothing_issued(shown: Seen, box: Centre) -> None:
    assert code_of(issue, box, prepared(box), shown) == "changed"


def test_only_those_who_sign_change_a_draft_once_it_is_made(box: Centre) -> None:
    case_id = prepared(box)
    assert code_of(draft, box, case_id, LAN) == "redraft"
    assert code_of(draft, box, case_id, BINH) == "redraft"
    assert code_of(draft, box, confirmed(box, at=NOW - timedelta(hours=3)), BINH) == "redraft"
    draft(box, case_id, HOA)


def test_a_case_that_changed_since_it_was_opened_is_not_confirmed(box: Centre) -> None:
    case_id = claimed(box)
    version = seen(box, case_id).version
    with box.db.write() as session:
        actions.correct_plate(session, case_id, LAN, "36A-999.99", now=box.clock())

    def confirm(version: int | None) -> None:
        with box.db.write() as session:
            actions.confirm(
                session, case_id, LAN, plate="36A-123.45", act=ActCode.RED_LIGHT, seen=version, now=box.clock()
            )

    assert code_of(confirm, version) == "changed"
    assert code_of(confirm, -1) == "changed"
    now = seen(box, case_id).version
    with box.db.write() as session:  # looking, and taking it once more, change nothing
        views.case_view(session, case_id, BINH, registry=box.registry, now=box.clock())
        actions.claim(session, case_id, LAN, now=box.clock(), lease=box.claim_lease)
    confirm(now)
    assert event(box, case_id, Action.CONFIRM)["seen_version"] == now


def test_another_draft_than_the_one_seen_is_not_returned(box: Centre) -> None:
    case_id = prepared(box)
    shown = seen(box, case_id)
    draft(box, case_id, preventive="Khác")

    def give_back(shown: Seen) -> None:
        with box.db.write() as session:
            actions.return_to_queue(session, case_id, HOA, "biển số mờ", now=box.clock(), seen=shown)

    assert code_of(give_back, shown) == "changed"
    again = seen(box, case_id)
    give_back(again)
    assert event(box, case_id, Action.RETURN)["draft_sha256"] == again.draft


def test_a_notice_to_nobody_needs_a_tick_and_says_so(box: Centre) -> None:
    case_id = prepared(box)
    assert content(box, case_id)["addressee"] == ""
    assert code_of(issue, box, case_id, seen(box, case_id, without_owner=False)) == "no_owner"
    made = issue(box, case_id, seen(box, case_id))
    assert event(box, case_id, Action.ISSUE)["without_owner"] is True
    text = words(box.store.read(made.pdf_sha256), 0)
    assert "Kính gửi: Chủ phương tiện mang biển số 36A-123.45" in text
    assert "Chủ phương tiện: Chưa xác định được" in text
    assert "....." not in text


def test_an_owner_found_elsewhere_is_typed_and_recorded(box: Centre) -> None:
    case_id = prepared(box)
    draft(box, case_id, owner=OWNER)
    assert content(box, case_id)["owner_source"] == "typed"
    assert event(box, case_id, Action.PREPARE_NOTICE)["owner"] == "Trần Thị Sáu"
    made = issue(box, case_id, seen(box, case_id, without_owner=False))
    assert "Kính gửi: Trần Thị Sáu" in words(box.store.read(made.pdf_sha256), 0)


@pytest.mark.parametrize(
    ("typed", "colour", "code"),
    [("80-441-NG-02", "white", "foreign_plate"), ("TM-12-34", "red", "military_plate")],
)
def test_a_diplomatic_or_military_plate_gets_no_notice_whoever_asks(
    typed: str, colour: str, code: str, box: Centre
) -> None:
    case_id = claimed(box, plate=None, colour=colour)
    with box.db.write() as session:
        actions.confirm(session, case_id, LAN, plate=typed, act=ActCode.RED_LIGHT, now=box.clock())
    assert code_of(draft, box, case_id, LAN) == code
    assert code_of(draft, box, case_id, HOA, owner=OWNER) == code


def test_a_draft_of_before_the_plate_was_known_to_be_military_is_not_issued(box: Centre) -> None:
    case_id = prepared(box)
    with box.db.write() as session:
        session.get_one(CaseRow, case_id).plate_colour = "red"
    assert code_of(issue, box, case_id, seen(box, case_id)) == "military_plate"


def test_what_is_late_or_doubtful_is_ticked_before_it_is_issued_and_kept(box: Centre) -> None:
    case_id = prepared(box, at=NOW - timedelta(days=12), flags=["clock_unsure"], plate="36A12346")
    doubts = seen(box, case_id).accepted
    assert set(doubts) == {"late", "no_owner", "pictures", "plate_corrected", "flag:clock_unsure"}
    for left_out in doubts:
        some = [d for d in doubts if d != left_out]
        assert code_of(issue, box, case_id, seen(box, case_id, accepted=some)) == "doubts", left_out
    issue(box, case_id, seen(box, case_id))
    assert set(event(box, case_id, Action.ISSUE)["doubts"]) == set(doubts)


def test_a_deadline_that_passes_while_the_dialog_is_open_is_told_first(box: Centre) -> None:
    case_id = prepared(box, at=NOW - timedelta(days=9))
    shown = seen(box, case_id)
    box.clock.forward(days=2)  # type: ignore[attr-defined]
    assert code_of(issue, box, case_id, shown) == "doubts"


def test_no_paper_without_a_signer(box: Centre) -> None:
    case_id = prepared(box)
    with box.db.write() as session:
        notice = session.scalars(select(NoticeRow)).one()
        notice.content = {**notice.content, "signer_name": " "}
    assert code_of(issue, box, case_id, seen(box, case_id)) == "no_signer"


def test_a_paragraph_without_a_place_is_left_out_and_one_with_a_place_is_whole(box: Centre) -> None:
    case_id = prepared(box)
    made = issue(box, case_id, seen(box, case_id))
    assert "Nếu việc đi lại gặp khó khăn" not in words(box.store.read(made.pdf_sha256), 0)
    other = prepared(box, at=NOW - timedelta(hours=4))
    day = datetime(2026, 12, 8, 14, tzinfo=VIETNAM)
    draft(box, other, second_place="Công an xã Mường Lát", second_appear_at=day)
    text = words(box.store.read(issue(box, other, seen(box, other)).pdf_sha256), 0)
    assert "thì đúng 14 giờ 00 phút ngày 08/12/2026 có mặt tại trụ sở Công an xã Mường Lát" in text
    assert code_of(draft, box, confirmed(box, at=NOW - timedelta(hours=5)), second_appear_at=day) == "second_place"


def test_an_issued_paper_has_no_blank_to_fill_in_afterwards(box: Centre) -> None:
    bare = Registration("", "", "", "Công ty X", "organisation", "", "", NOW.date(), None)
    case_id = prepared(box)
    draft(box, case_id, owner=bare)
    text = words(box.store.read(issue(box, case_id, seen(box, case_id)).pdf_sha256))
    assert "....." not in text
    assert "Địa chỉ: Không có thông tin" in text


def test_the_date_inside_the_pdf_is_the_date_on_it(box: Centre) -> None:
    case_id, made = issued(box)
    info = PdfReader(io.BytesIO(box.store.read(made.pdf_sha256))).metadata
    assert info is not None
    assert info.creation_date == NOW.astimezone(VIETNAM).replace(microsecond=0)
    assert content(box, case_id)["made_at"].startswith("2026-11-23T10:00:00")


@pytest.mark.parametrize(("movement", "says"), [("left", "Rẽ trái"), ("right", "Rẽ phải"), (None, "Rẽ trái (phải)")])
def test_a_banned_turn_says_which(movement: str | None, says: str, box: Centre) -> None:
    case_id, _ = issued(box, act=ActCode.BANNED_TURN, reasons={"movement": movement} if movement else {})
    assert content(box, case_id)["act"].startswith(f"{says} tại nơi có biển báo hiệu cấm")
    with box.db.write() as session:
        (found,) = lookup.owner_lookup(
            session, "36A12345", "white", "car", office=box.config.office, client="x", now=box.clock()
        )
    assert found.act_vi == content(box, case_id)["act"]


@pytest.mark.parametrize("act", list(ActCode))
def test_the_annex_says_of_no_other_act_that_it_was_at_the_stop_line(act: ActCode, box: Centre) -> None:
    annex = words(box.store.read(issued(box, act=act)[1].pdf_sha256), 1)
    assert ("Tại vạch dừng" in annex) is (act is ActCode.RED_LIGHT)
    assert ("Sau vạch dừng" in annex) is (act is ActCode.RED_LIGHT)


def test_a_picture_that_cannot_be_shown_is_told_on_the_paper_and_doubted_at_the_desk(box: Centre) -> None:
    files = {"still_before.jpg": picture(), "still_on.jpg": b"junk", "still_after.jpg": picture()}
    case_id = prepared(box, files=files)
    assert "“Tại vạch dừng”" in " ".join(content(box, case_id)["missing"])
    assert "pictures" in seen(box, case_id).accepted
    made = issue(box, case_id, seen(box, case_id))
    assert "Không lập được bản sao ảnh “Tại vạch dừng”" in words(box.store.read(made.pdf_sha256), 1)


def test_pictures_that_are_lost_after_the_draft_stop_the_notice(box: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = prepared(box)
    lost = Path(str(box.config.blob_dir))
    with box.db.read() as session:
        sha256 = next(f.sha256 for f in session.get_one(CaseRow, case_id).packet.files if f.role == "still_on")
    box.notices.copies._kept.clear()
    next(lost.rglob(sha256)).write_bytes(b"altered")
    assert code_of(issue, box, case_id, seen(box, case_id)) == "pictures_changed"


class Held:
    """Rendering that waits in the middle, so that a test can look at what else goes on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        monkeypatch.setattr(form, "render", self)

    def __call__(self, *args: Any) -> bytes:
        self.reached.set()
        assert self.go_on.wait(600)
        return render(*args)


@pytest.mark.parametrize("what", ["draft", "issue"])
def test_others_write_while_a_paper_is_drawn(what: str, centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = confirmed(centre) if what == "draft" else prepared(centre)
    shown = seen(centre, case_id)
    held = Held(monkeypatch)
    work = (lambda: draft(centre, case_id, LAN)) if what == "draft" else (lambda: issue(centre, case_id, shown))
    with ThreadPoolExecutor() as pool:
        drawing = pool.submit(work)
        assert held.reached.wait(600)
        # a whole write transaction begins and commits, and the case itself can be looked at, in the middle of it
        with centre.db.write() as session:
            session.add(LookupRow(at=NOW, client="x", plate="36A1", colour="white", kind="car", shown=0))
            views.case_view(session, case_id, BINH, registry=centre.registry, now=centre.clock())
        assert not drawing.done()
        held.go_on.set()
        drawing.result(60)


@pytest.mark.parametrize("what", ["draft", "issue"])
def test_what_changes_while_a_paper_is_drawn_stops_it(what: str, box: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = prepared(box)
    shown = seen(box, case_id)
    held = Held(monkeypatch)
    with ThreadPoolExecutor() as pool:
        drawing = pool.submit(draft, box, case_id) if what == "draft" else pool.submit(issue, box, case_id, shown)
        assert held.reached.wait(600)
        with box.db.write() as session:
            actions.return_to_queue(session, case_id, HOA, "xem lại", now=box.clock())
        held.go_on.set()
        with pytest.raises(Refused):
            drawing.result(60)
    with box.db.read() as session:
        assert session.get_one(CaseRow, case_id).status == Status.NEW


def test_notices_issued_at_once_get_numbers_without_a_gap(centre: Centre) -> None:
    made = [prepared(centre, at=NOW - timedelta(hours=h + 2)) for h in range(4)]
    shown = {i: seen(centre, i) for i in made}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: issue(centre, i, shown[i]).number_text, made))
    assert sorted(found) == [f"{n:02d}/TB-PC08" for n in (1, 2, 3, 4)]


def test_a_number_that_another_process_took_is_drawn_again(box: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = prepared(box), prepared(box, at=NOW - timedelta(hours=3))
    shown, others = seen(box, first), seen(box, second)
    elsewhere = make_centre(box.config.data_dir / "other", url=box.config.resolved_database_url, clock=HandClock())
    desk = basis.NoticeDesk(box.config.office, box.store, box.registry, box.notices.calendar)
    taken: list[str] = []

    def slow(*args: Any) -> bytes:
        if not taken:
            taken.append("")
            monkeypatch.setattr(form, "render", render)
            taken[0] = issuing.issue(
                elsewhere.db, second, HOA, desk=desk, now=box.clock(), seen=others
            ).number_text  # fmt: skip
        return render(*args)

    monkeypatch.setattr(form, "render", slow)
    made = issue(box, first, shown)
    assert (taken[0], made.number_text) == ("01/TB-PC08", "02/TB-PC08")
    assert "Số: 02/TB-PC08" in words(box.store.read(made.pdf_sha256), 0)


def test_the_copies_of_the_draft_serve_the_notice(box: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    stills = {f"still_{m}.jpg": picture(shade=s) for m, s in (("before", 90), ("on", 120), ("after", 150))}
    case_id = prepared(box, files=stills)
    monkeypatch.setattr("central.pictures.for_owners.owner_copies", lambda *_a, **_k: pytest.fail("made anew"))
    issue(box, case_id, seen(box, case_id))


def test_processor_time_of_a_confirmation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not judged: a machine may be slow. That nobody waits for it is tested above."""
    unit = make_centre(tmp_path)
    street = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (1080, 1920, 3), np.uint8), (0, 0), 3)
    spent = []
    for n in range(2):  # the first one loads the fonts
        stills = {f"still_{m}.jpg": bytes(cv2.imencode(".jpg", street + np.uint8(n * 3 + k))[1])
                  for k, m in enumerate(("before", "on", "after"))}  # fmt: skip
        case_id = claimed(unit, files=stills, size=(1920, 1080), at=NOW - timedelta(hours=2 + n))
        began = time.thread_time()
        with unit.db.write() as session:
            actions.confirm(session, case_id, LAN, plate="36A-123.45", act=ActCode.RED_LIGHT, now=unit.clock())
        draft(unit, case_id, LAN)
        spent.append((time.thread_time() - began) * 1000)
    with capsys.disabled():
        print(f"\nconfirm and draft, three 1080p stills: {spent[-1]:.0f} ms of processor time")


def test_old_contents_without_the_new_fields_stay_readable() -> None:
    old = {name: "x" for name, f in NoticeContent.model_fields.items() if f.is_required() and name != "draft"}
    assert NoticeContent.model_validate({**old, "answer_by": "2026-12-13", "draft": False}).missing == ()


def test_a_case_without_a_notice_cannot_be_issued(box: Centre) -> None:
    assert code_of(issue, box, case_of(box), Seen("")) == "status"
