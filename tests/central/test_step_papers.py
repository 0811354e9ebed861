"""Each step with its paper: what it says is what the case knew then, and what nobody knows is a dotted line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from central.casefile.gathering import gather
from central.cases import log as case_log
from central.cases.documents import Document, documents
from central.cases.late import late
from central.cases.life import life_of
from central.cases.lifecycle import Action, Officer, Refused
from central.cases.said import SAID, Postponed, check_postponed
from central.centre import Centre
from central.desk import actions
from central.desk.falling_due import falling_due
from central.notices import drafting, issuing, proceedings
from central.notices.step_papers import STEP_PAPERS
from central.registry import COLUMNS, import_registry
from central.store.case_tables import CaseRow
from central.units.tree import EVERYWHERE
from central.web import queries
from countries.here import HERE
from countries.law import OwnerType
from evidence.acts import ActCode, VehicleClass
from tests.central.build import HOA, LAN, NOW, TRUONG, HandClock, issued, make_centre, seen
from tests.countries.papers_drawn import words

OWNER = "Nguyễn Thị Hường"
FIRM = "Công ty TNHH Sông Mã"
REGISTER = f"36A12345,white,car,{OWNER},person,038085001234,Số 5 Đường Bà Triệu,2020-01-01,\n" + (
    "36AA12345,white,motorcycle,Lê Văn Mô,person,038085009999,Số 9 Đường Lê Lai,2020-01-01,\n"
)
FINES = {"decided_by": "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG", "treasury": "Khu vực XI"}
DOTS = r"\.{12,}"


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
def desk(tmp_path: Path, clock: HandClock) -> Centre:
    """A centre whose register knows the owners, and whose office says where fines are paid."""
    centre = make_centre(tmp_path / "centre", clock=clock, office={"fines": FINES})
    file = tmp_path / "register.csv"
    file.write_text(",".join(COLUMNS) + "\n" + REGISTER, encoding="utf-8")
    import_registry(centre.db, file)
    return centre


@dataclass
class Life:
    """One case and its days."""

    centre: Centre
    clock: HandClock
    id: str

    def take(self, officer: Officer, action: Action, note: str = "", days: int = 1, **said: Any) -> str:
        self.clock.forward(days=days)
        said = {"on": HERE.local_date(self.clock.now).isoformat(), **said}
        centre = self.centre
        status = proceedings.take(
            centre.db, self.id, officer, action, said, note, desk=centre.notices, now=self.clock.now
        )
        return status.value

    def says(self, words_: str) -> None:
        with self.centre.db.write() as session:
            queries.contest(session, self.id, words_, now=self.clock.now)

    def papers(self) -> tuple[Document, ...]:
        with self.centre.db.read() as session:
            return documents(case_log.events(session, self.id))

    def text(self, code: str) -> str:
        """The latest paper of that kind, as one line."""
        found = [d for d in self.papers() if d.code == code]
        assert found, f"no {code} among {[d.code for d in self.papers()]}"
        return words(self.centre.store.read(found[-1].sha256))

    def identified(self, liable: str = "owner", name: str = OWNER, **told: Any) -> None:
        self.take(LAN, Action.IDENTIFY, liable=liable, name=name, **told)

    def with_minutes(self, **told: Any) -> None:
        self.identified(**told)
        self.take(LAN, Action.MAKE_MINUTES, place="trụ sở Phòng Cảnh sát giao thông")

    def decided(self, **told: Any) -> None:
        self.with_minutes()
        self.take(LAN, Action.WAIVE_HEARING)
        self.take(HOA, Action.DECIDE, **{"fine": 19_000_000, "points": 4, **told})


def begin(desk: Centre, clock: HandClock, *, sent: bool = True, **options: Any) -> Life:
    case_id, _ = issued(desk, **options)
    if sent:
        with desk.db.write() as session:
            issuing.publish(session, case_id, HOA, register=desk.registry, now=clock.now)
    return Life(desk, clock, case_id)


MOTORCYCLE = {"plate": "36AA12345", "cls": VehicleClass.MOTORCYCLE, "typed": "36-AA 123.45"}


@dataclass(frozen=True)
class Row:
    """`life`: what happens until the paper is there. `said`: stands on it; `dotted`: labels followed by dots."""

    step: Action
    code: str
    life: Callable[[Life], Any]
    number: str
    said: tuple[str, ...]
    dotted: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def warned(life: Life, to: str = "inspection", office: str = "Trung tâm Đăng kiểm 36-01S") -> None:
    life.take(HOA, Action.WARN, days=22, to=to, office=office)


def lifted(life: Life) -> None:
    warned(life)
    life.take(HOA, Action.WITHDRAW, "Biển số bị làm giả.", reason="cloned_plate")
    life.take(HOA, Action.LIFT_WARNING)


def unpaid(life: Life) -> None:
    life.decided()
    life.take(HOA, Action.SEND_DECISION, how="by_hand")
    life.take(LAN, Action.RECEIVE_DECISION)
    warned(life)


def answered(life: Life) -> None:
    life.says("Xe tôi đã bán từ tháng trước.")
    life.take(HOA, Action.REFUSE_STATEMENT, "Giấy bán xe ghi ngày sau vi phạm.")


def heard(life: Life) -> None:
    life.with_minutes()
    life.take(LAN, Action.ASK_HEARING, manner="oral")
    life.take(LAN, Action.HEAR, "Nói là đang vội.", place="trụ sở Phòng Cảnh sát giao thông")


def extended(life: Life) -> None:
    life.with_minutes()
    life.take(TRUONG, Action.EXTEND, "Phải trưng cầu giám định.")


def complained(life: Life) -> None:
    life.decided()
    life.take(HOA, Action.SEND_DECISION, how="by_hand")
    life.take(LAN, Action.COMPLAIN, "Mức phạt quá cao.")


def complaint_refused(life: Life) -> None:
    complained(life)
    life.take(TRUONG, Action.REFUSE_COMPLAINT, "Mức phạt nằm trong khung.")


def passed_on(life: Life) -> None:
    life.take(HOA, Action.TRANSFER, to="Công an xã Mường Lát")
    warned(life)


def put_off(life: Life) -> None:
    life.decided()
    life.take(HOA, Action.SEND_DECISION, how="by_hand")
    life.take(LAN, Action.RECEIVE_DECISION)
    life.take(LAN, Action.PAY, amount=4_000_000, receipt="BL-1")
    life.take(LAN, Action.ASK_POSTPONEMENT, "Nhà bị cháy ngày 20/11.")
    day = HERE.local_date(life.clock.now) + timedelta(days=60)
    life.take(HOA, Action.POSTPONE, until=day.isoformat(), confirmed_by="UBND phường Hạc Thành")


def several(life: Life) -> None:
    life.with_minutes()
    life.take(LAN, Action.ASK_HEARING, manner="oral")
    life.take(LAN, Action.HEAR, "Nói là đang vội.")
    life.take(HOA, Action.DECIDE, fine=18_500_000, points=4, mitigating="Thành thật khai báo")


def longer_to_explain(life: Life) -> None:
    life.with_minutes()
    day = HERE.local_date(life.clock.now).isoformat()
    life.take(HOA, Action.EXTEND_HEARING, "Phải xin trích hình của trạm khác.", requested=day)


def not_put_off(life: Life) -> None:
    life.decided()
    life.take(HOA, Action.SEND_DECISION, how="by_hand")
    life.take(LAN, Action.ASK_POSTPONEMENT, "Bị tai nạn.")
    life.take(HOA, Action.REFUSE_POSTPONEMENT, "Đơn chưa có xác nhận.")


def lowered(life: Life) -> None:
    put_off(life)
    life.take(LAN, Action.ASK_RELIEF, "Vẫn chưa dựng lại được nhà.")
    life.take(HOA, Action.RELIEVE, amount=5_000_000, confirmed_by="UBND phường Hạc Thành")


def not_lowered(life: Life) -> None:
    put_off(life)
    life.take(LAN, Action.ASK_RELIEF, "Vẫn chưa dựng lại được nhà.")
    life.take(HOA, Action.REFUSE_RELIEF, "Không còn khó khăn.")


ROWS = [
    Row(
        Action.MAKE_MINUTES, "minutes", lambda life: life.with_minutes(), "01/BB-VPHC",
        (
            "Hôm nay, hồi .... giờ .... phút ngày 25/11/2026, tại trụ sở Phòng Cảnh sát giao thông", "Nguyễn Thị Lan",
            f"1. Họ và tên: {OWNER}", "Nơi ở hiện tại: Số 5 Đường Bà Triệu", "038085001234", "36A-123.45",
            "điểm b khoản 9 Điều 6", "Thông báo vi phạm hành chính số 01/TB-PC08", "lập biên bản này (đến hết ngày",
            "phát hiện qua phương tiện, thiết bị kỹ thuật",
        ),
        ("Chức vụ:", "Giới tính:", "Ngày, tháng, năm sinh:", "Quốc tịch:", "4. Cá nhân/tổ chức bị thiệt hại (nếu có):",
         "5. Ý kiến trình bày của cá nhân vi phạm:"),
    ),
    Row(
        Action.MAKE_MINUTES, "minutes",
        lambda life: life.with_minutes(liable="driver", name="Trần Văn Lái", id_number="038090001111"), "01/BB-VPHC",
        ("1. Họ và tên: Trần Văn Lái", "038090001111"), ("Nơi ở hiện tại:",),
    ),
    Row(
        Action.MAKE_MINUTES, "minutes",
        lambda life: life.with_minutes(liable="organisation", name="Công ty TNHH Sông Mã"), "01/BB-VPHC",
        ("1. Tên của tổ chức: Công ty TNHH Sông Mã", "NGƯỜI ĐẠI DIỆN"),
        ("Địa chỉ trụ sở chính:", "Người đại diện theo pháp luật:"),
    ),
    Row(
        Action.DECIDE, "decision", lambda life: life.decided(), "01/QĐ-XPHC",
        (
            "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG Căn cứ", "Biên bản vi phạm hành chính số 01/BB-VPHC lập ngày 25/11/2026",
            f"Họ và tên: {OWNER}", "19.000.000 đồng", "Trừ điểm giấy phép lái xe: 04 điểm",
            "Kho bạc Nhà nước Khu vực XI", "trong thời hạn 10 ngày", "4. Các tình tiết tăng nặng (nếu có): Không",
        ),
        ("Giới tính:", "Mã chương:", "Gửi cho"),
    ),
    Row(
        Action.DECIDE, "decision", several, "01/QĐ-XPHC",
        ("18.500.000 đồng", "5. Các tình tiết giảm nhẹ (nếu có): Thành thật khai báo",
         "Biên bản phiên giải trình trực tiếp số 01/BB-GTTT lập ngày 27/11/2026"),
    ),
    Row(
        Action.HEAR, "hearing", heard, "01/BB-GTTT",
        ("số 01/BB-VPHC lập ngày 25/11/2026", "yêu cầu được giải trình trực tiếp ngày 26/11/2026 của ông (bà)",
         "ngày 27/11/2026, tại trụ sở Phòng Cảnh sát giao thông", f"Họ và tên: {OWNER}", "điểm b khoản 9 Điều 6",
         "cá nhân vi phạm: Nói là đang vội.", "Nguyễn Thị Lan"),
        ("Chức vụ:", "dự kiến áp dụng đối với hành vi vi phạm:", "không ký biên bản (nếu có):"),
    ),
    Row(
        Action.EXTEND, "extension", extended, "02/TB-PC08",
        (f"Kính gửi: {OWNER}", "số 01/BB-VPHC ngày 25/11/2026", "Lý do: Phải trưng cầu giám định.",
         "đến hết ngày 25/01/2027"),
    ),
    Row(
        Action.COMPLAIN, "complaint_receipt", complained, "01/BN-PC08",
        (OWNER, "Quyết định xử phạt vi phạm hành chính số 01/QĐ-XPHC ngày 27/11/2026",
         "Nội dung khiếu nại: Mức phạt quá cao.", "30 ngày, kể từ ngày thụ lý", "đến hết ngày 29/12/2026",
         "Nguyễn Thị Lan"),
        ("Giấy tờ, tài liệu kèm theo:",),
    ),
    Row(
        Action.REFUSE_COMPLAINT, "complaint_answer", complaint_refused, "01/QĐ-GQKN",
        ("TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG", f"khiếu nại ngày 29/11/2026 của {OWNER}", "Mức phạt quá cao.",
         "Mức phạt nằm trong khung.", "giữ nguyên Quyết định xử phạt vi phạm hành chính số 01/QĐ-XPHC"),
    ),
    Row(
        Action.SEND_DECISION, "points",
        lambda life: (life.decided(), life.take(HOA, Action.SEND_DECISION, how="by_hand")), "02/TB-PC08",
        ("Quyết định số 01/QĐ-XPHC ngày 27/11/2026", f"Ông (bà): {OWNER}", "4 điểm của giấy phép lái xe ô tô"),
        ("loại ô tô, số", "hạng", "Số điểm còn lại (ghi rõ điểm của giấy phép lái xe ô tô hoặc mô tô):"),
    ),
    Row(
        Action.WARN, "warning", warned, "01/PC08",
        ("Kính gửi: Trung tâm Đăng kiểm 36-01S", "Ngày 23/11/2026", "số 01/TB-PC08 ngày 23/11/2026",
         "Đến hết ngày 14/12/2026, chủ phương tiện", "hoạt động kiểm định", OWNER),
    ),
    Row(
        Action.WARN, "warning", lambda life: warned(life, "registration", ""), "01/PC08",
        ("công tác đăng ký, quản lý xe",), ("Kính gửi:",),
    ),
    Row(
        Action.WARN, "warning", unpaid, "01/PC08",
        ("Quyết định xử phạt vi phạm hành chính số 01/QĐ-XPHC ngày 27/11/2026 chưa được chấp hành xong",
         "Đến hết ngày 09/12/2026"),
    ),
    Row(
        Action.WARN, "warning", passed_on, "01/PC08",
        ("Ngày 24/11/2026", "đã chuyển kết quả thu thập được đến Công an xã Mường Lát", "chưa nhận được kết quả"),
    ),
    Row(
        Action.WARN, "delivery", lambda life: warned(life, "commune", "Công an xã Mường Lát"), "01/PG-PC08",
        ("Kính gửi: Công an xã Mường Lát", "Đối với: Lê Văn Mô", "36-AA 123.45", "PHIẾU BÁO"),
        ("Số điện thoại (nếu có):",), MOTORCYCLE,
    ),
    Row(
        Action.LIFT_WARNING, "lifting", lifted, "02/PC08",
        ("Công văn số 01/PC08 ngày 15/12/2026", "số 01/TB-PC08 ngày 23/11/2026 đã được thu hồi",
         "Trung tâm Đăng kiểm 36-01S gỡ bỏ cảnh báo"),
    ),
    Row(
        Action.TRANSFER, "transfer", lambda life: life.take(HOA, Action.TRANSFER, to="Công an xã Mường Lát"),
        "01/PC-PC08",
        ("Kính gửi: Công an xã Mường Lát", OWNER, "Ngày 23/11/2026", "đã gửi thông báo số 01/TB-PC08", "(Kèm theo"),
    ),
    Row(
        Action.REFUSE_STATEMENT, "answer", answered, "02/TB-PC08",
        ("Ngày 23/11/2026", "Nội dung ý kiến: Xe tôi đã bán từ tháng trước.", "- Giấy bán xe ghi ngày sau vi phạm.",
         "trong thời hạn 90 ngày"),
        ("quyền khiếu nại đến",),
    ),
    Row(
        Action.POSTPONE, "postponement", put_off, "01/QĐ-HTHPT",
        (
            f"Cá nhân, tổ chức bị xử phạt: {OWNER}", "số 01/QĐ-XPHC", "15.000.000 đồng", "Nhà bị cháy ngày 20/11.",
            "có xác nhận của UBND phường Hạc Thành", "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG",
        ),
    ),
    Row(
        Action.EXTEND_HEARING, "hearing_extension", longer_to_explain, "02/TB-PC08",
        ("số 01/BB-VPHC", "Phải xin trích hình của trạm khác.", "được gia hạn đến hết ngày 09/12/2026"),
    ),
    Row(
        Action.REFUSE_POSTPONEMENT, "request_refused", not_put_off, "03/TB-PC08",
        (OWNER, "đề nghị hoãn thi hành quyết định phạt tiền", "số 01/QĐ-XPHC", "Đơn chưa có xác nhận."),
    ),
    Row(
        Action.RELIEVE, "relief", lowered, "01/QĐ-GMTP",
        (OWNER, "5.000.000 đồng", "còn phải nộp: 10.000.000 đồng", "Vẫn chưa dựng lại được nhà.", "số 01/QĐ-XPHC",
         "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG"),
    ),
    Row(
        Action.REFUSE_RELIEF, "request_refused", not_lowered, "03/TB-PC08",
        (OWNER, "đề nghị giảm, miễn tiền phạt", "Không còn khó khăn."),
    ),
    Row(
        Action.WITHDRAW, "withdrawal",
        lambda life: (warned(life), life.take(HOA, Action.WITHDRAW, "Xe khác.", reason="cloned_plate")), "02/TB-PC08",
        ("Lý do thu hồi: Xe khác.", "- Trung tâm Đăng kiểm 36-01S;"),
    ),
    Row(
        Action.CORRECT, "correction",
        lambda life: life.take(HOA, Action.CORRECT, "Chữ số cuối.", mistake="wrong_plate"), "02/TB-PC08",
        ("đính chính", "biển số phương tiện"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.step}-{row.code}-{n}" for n, row in enumerate(ROWS)])
def test_each_step_makes_its_paper_of_what_was_said_and_known(desk: Centre, clock: HandClock, row: Row) -> None:
    life = begin(desk, clock, **row.options)
    row.life(life)
    made = [d for d in life.papers() if d.code == row.code]
    assert [(d.action, d.number, d.holds) for d in made] == [(row.step.value, row.number, "holds")]
    text = life.text(row.code)
    for part in (*row.said, f"Số: {row.number}"):
        assert part in text, part
    for label in row.dotted:
        assert re.search(re.escape(label) + r"\s*" + DOTS, text), label
    assert "Không có thông tin" not in text
    assert "DỰ THẢO" not in text


def test_every_paper_of_a_step_stands_in_the_table() -> None:
    assert {row.step for row in ROWS} == set(STEP_PAPERS)
    assert set(STEP_PAPERS) <= set(SAID)
    made = {code for step in STEP_PAPERS.values() for code in step.codes}
    assert {row.code for row in ROWS} == made - {"amendment"}, "of several cases: tests/central/test_together.py"


ELSEWHERE = [
    (Action.MAKE_MINUTES, lambda life: (life.identified(), life.take(LAN, Action.MAKE_MINUTES, number="12/BB"))),
    (Action.TRANSFER, lambda life: life.take(HOA, Action.TRANSFER, to="Công an xã", number="7/PC")),
    (Action.WARN, lambda life: life.take(HOA, Action.WARN, days=22, to="inspection", number="9/CV")),
    (Action.DECIDE, lambda life: life.decided(number="5/QĐ")),
]


@pytest.mark.parametrize(("step", "live"), ELSEWHERE, ids=[step.value for step, _ in ELSEWHERE])
def test_a_number_that_is_typed_is_of_a_paper_made_elsewhere(
    desk: Centre, clock: HandClock, step: Action, live: Callable[[Life], Any]
) -> None:
    life = begin(desk, clock)
    live(life)
    assert not [d for d in life.papers() if d.action == step.value]


def test_who_decides_elsewhere_takes_the_points_off_there(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)
    life.decided(number="5/QĐ")
    life.take(HOA, Action.SEND_DECISION, how="post")
    assert [d.code for d in life.papers()] == ["minutes"]


def test_who_pays_before_the_decision_is_sent_gets_it_all_the_same_with_the_notice_of_points(
    desk: Centre, clock: HandClock
) -> None:
    life = begin(desk, clock)
    warned(life)
    life.decided()
    assert life.take(LAN, Action.PAY, amount=19_000_000, receipt="BL-1") == "paid"
    assert [d.code for d in life.papers() if d.code == "points"] == []
    life.take(HOA, Action.LIFT_WARNING, days=0)
    with pytest.raises(Refused) as refused:
        life.take(LAN, Action.CLOSE)
    assert refused.value.code == "decision_unsent"
    today = HERE.local_date(clock.now)
    with desk.db.read() as session:
        lines = falling_due(session, None, today=today, near=today, now=clock.now, scope=EVERYWHERE).lines
    assert [line.code for line in lines] == ["send_decision"]
    assert life.take(HOA, Action.SEND_DECISION, how="by_hand") == "paid"
    assert "01/QĐ-XPHC" in life.text("points")
    # a slip of the keyboard is taken back, and it is paid still
    assert life.take(HOA, Action.UNDO, "chưa gửi", days=0) == "paid"
    assert life.take(HOA, Action.SEND_DECISION, how="post", days=0) == "paid"
    assert life.take(LAN, Action.CLOSE) == "closed"


def test_who_was_put_off_pays_by_that_day_and_is_late_only_after_it(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)
    put_off(life)

    def running() -> dict[str, date]:
        with desk.db.read() as session:
            row = session.get_one(CaseRow, life.id)
            here = proceedings.standing(session, row, HOA, calendar=desk.notices.calendar, now=clock.now)
            return {term.code: term.due for term in here.terms}

    today = HERE.local_date(clock.now)
    assert running()["pay"] == HERE.terms.named_day(today + timedelta(days=60))
    assert "postponement_answer" not in running()
    for until, code in ((today, "postponed_short"), (HERE.terms.until("postponement", today), None)):
        with desk.db.read() as session:
            state = proceedings.standing(
                session, session.get_one(CaseRow, life.id), HOA, calendar=desk.notices.calendar, now=clock.now
            ).state
        said = Postponed(on=today, until=until, confirmed_by="UBND")
        for later in (0, 1):
            refused = None
            try:
                check_postponed(said.model_copy(update={"until": until + timedelta(days=later)}), state)
            except Refused as error:
                refused = error.code
            assert refused == (code if not later else "postponed_long" if code is None else None)
    with desk.db.read() as session:
        facts = life_of(case_log.events(session, life.id)).facts
    due = HERE.terms.named_day(today + timedelta(days=60))
    assert late(facts, due) is None
    found = late(facts, due + timedelta(days=2))
    assert found is not None
    assert (found.pay_by, found.days) == (due, 2)
    with pytest.raises(Refused) as again:
        life.take(LAN, Action.ASK_POSTPONEMENT, "vẫn khó khăn")
    assert again.value.code == "postponed"


def test_a_request_that_is_refused_leaves_the_term_as_it_was(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)
    life.decided()
    life.take(HOA, Action.SEND_DECISION, how="by_hand")
    life.take(LAN, Action.RECEIVE_DECISION)
    received = HERE.local_date(clock.now)
    life.take(LAN, Action.ASK_POSTPONEMENT, "Bị tai nạn.")
    life.take(HOA, Action.REFUSE_POSTPONEMENT, "Không có xác nhận.", number="12/CV")
    with desk.db.read() as session:
        row = session.get_one(CaseRow, life.id)
        here = proceedings.standing(session, row, HOA, calendar=desk.notices.calendar, now=clock.now)
    terms = {term.code: (term.key, term.due) for term in here.terms}
    assert terms["pay"] == ("pay", HERE.terms.until("pay", received))
    assert {"postponement_answer", "receipt"}.isdisjoint(terms)


def test_a_file_that_left_before_any_notice_says_of_none_that_it_was_sent(desk: Centre, clock: HandClock) -> None:
    from tests.central.build import prepared

    life = Life(desk, clock, prepared(desk))
    life.take(HOA, Action.TRANSFER, to="Phòng Cảnh sát giao thông tỉnh Nghệ An")
    text = life.text("transfer")
    assert "đã gửi thông báo" not in text
    assert f"Chủ phương tiện: {OWNER}" in text
    life.take(HOA, Action.WARN, days=25, to="registration", office="")
    assert "đang giải quyết vụ việc" in life.text("warning")


def test_an_undone_step_leaves_its_paper_marked_and_its_number_used(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)
    life.with_minutes()
    first = life.text("minutes")
    life.take(LAN, Action.UNDO, "ghi nhầm ngày")
    assert [(d.number, d.holds) for d in life.papers()] == [("01/BB-VPHC", "undone")]
    life.take(LAN, Action.MAKE_MINUTES)
    assert [(d.number, d.holds) for d in life.papers()] == [("01/BB-VPHC", "undone"), ("02/BB-VPHC", "holds")]
    life.take(LAN, Action.WAIVE_HEARING)
    life.take(HOA, Action.DECIDE, fine=19_000_000, points=4)
    assert "số 02/BB-VPHC" in life.text("decision")
    with desk.db.read() as session:
        old = documents(case_log.events(session, life.id))[0]
        kept = {p.name: p.holds for p in gather(session, life.id, centre=desk.config.centre_id).papers}
    assert words(desk.store.read(old.sha256)) == first
    assert kept[f"documents/{old.name}.pdf"] == "undone"


def test_what_rested_on_a_withdrawn_notice_no_longer_holds(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)
    life.decided()
    life.take(TRUONG, Action.WITHDRAW, "Biển số giả.", reason="cloned_plate")
    assert [(d.code, d.holds) for d in life.papers()] == [
        ("minutes", "taken_back"), ("decision", "taken_back"), ("withdrawal", "holds"),
    ]  # fmt: skip
    with desk.db.read() as session:
        found = gather(session, life.id, centre=desk.config.centre_id).papers
    assert [p.holds for p in found if p.what in ("notice", "minutes", "withdrawal")] == [
        "taken_back", "taken_back", "holds",
    ]  # fmt: skip
    # whoever was punished reads that he owes nothing any more, not only that the notice is gone
    told = life.text("withdrawal")
    assert "Quyết định xử phạt vi phạm hành chính số 01/QĐ-XPHC" in told
    assert "cũng không còn giá trị" in told


@pytest.mark.parametrize(
    ("owner", "liable", "name", "code"),
    [
        pytest.param("organisation", "owner", FIRM, "liable_organisation", id="a firm that drove"),
        pytest.param("organisation", "driver", FIRM, "liable_organisation", id="a firm as the driver"),
        pytest.param("organisation", "owner_not_shown", FIRM.upper(), "liable_organisation", id="a firm as a person"),
        pytest.param("organisation", "organisation", FIRM, "", id="a firm that names no driver"),
        pytest.param("organisation", "driver", "Trần Văn Lái", "", id="the driver whom it names"),
        pytest.param("organisation", "owner", "Trần Văn Mua", "", id="who bought it and is not registered yet"),
        pytest.param("person", "organisation", FIRM, "liable_person", id="a person twice as high"),
        pytest.param("person", "owner", FIRM, "", id="a person"),
    ],
)
def test_who_the_owner_is_decides_as_what_he_is_fined(
    desk: Centre, clock: HandClock, owner: OwnerType, liable: str, name: str, code: str
) -> None:
    life = begin(desk, clock)
    with desk.db.write() as session:
        notice = session.get_one(CaseRow, life.id).notice
        assert notice is not None
        notice.content = {**notice.content, "owner_name": FIRM, "owner_type": owner, "owner_source": "register"}
    refused = ""
    try:
        life.identified(liable, name)
    except Refused as error:
        refused = error.code
    assert refused == code


def test_the_police_of_a_commune_bring_no_notice_of_a_car(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)
    with pytest.raises(Refused) as refused:
        warned(life, "commune", "Công an xã Mường Lát")
    assert (refused.value.code, refused.value.where) == ("not_by_commune", "to")
    for to in ("inspection", "registration"):
        life.take(HOA, Action.WARN, to=to)
    with desk.db.read() as session:
        row = session.get_one(CaseRow, life.id)
        here = proceedings.standing(session, row, HOA, calendar=desk.notices.calendar, now=clock.now)
    assert Action.WARN not in here.actions, "every office that can be warned of a car was"


def test_a_withdrawal_before_any_decision_speaks_of_none(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)
    life.with_minutes()
    life.take(TRUONG, Action.WITHDRAW, "Biển số giả.", reason="cloned_plate")
    assert "Quyết định" not in life.text("withdrawal")


def test_a_paper_says_what_was_true_when_the_step_was_taken(desk: Centre, clock: HandClock, tmp_path: Path) -> None:
    life = begin(desk, clock)
    life.with_minutes()
    before = [d.sha256 for d in life.papers()]
    file = tmp_path / "later.csv"
    file.write_text(",".join(COLUMNS) + "\n" + REGISTER.replace(OWNER, "Người Khác"), encoding="utf-8")
    import_registry(desk.db, file)
    assert [d.sha256 for d in life.papers()] == before
    life.take(LAN, Action.WAIVE_HEARING)
    life.take(HOA, Action.DECIDE, fine=19_000_000, points=4)
    assert "Người Khác" not in life.text("decision")


def test_each_office_is_warned_once_and_each_is_told_that_it_is_lifted(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)
    warned(life)
    with pytest.raises(Refused) as refused:
        life.take(HOA, Action.WARN, to="inspection")
    assert refused.value.code == "warned_there"
    life.take(HOA, Action.WARN, to="registration", office="Phòng đăng ký xe")
    life.take(HOA, Action.LIFT_WARNING, "Theo văn bản của đơn vị khác.")
    assert [(d.code, d.number, d.place) for d in life.papers()] == [
        ("warning", "01/PC08", 1), ("warning", "02/PC08", 1), ("lifting", "03/PC08", 1), ("lifting", "04/PC08", 2),
    ]  # fmt: skip
    assert "Công văn số 02/PC08" in life.text("lifting")
    assert "Theo văn bản của đơn vị khác." in life.text("lifting")


def test_a_warning_of_a_corrected_notice_is_lifted_for_the_plate_that_stood_on_it(
    desk: Centre, clock: HandClock
) -> None:
    life = begin(desk, clock)
    warned(life)
    life.take(HOA, Action.CORRECT, "Chữ số cuối đọc sai.", mistake="wrong_plate")
    with desk.db.write() as session:
        actions.claim(session, life.id, LAN, now=clock.now, lease=desk.claim_lease)
        actions.confirm(session, life.id, LAN, plate="36A12346", colour="white", act=ActCode.RED_LIGHT, now=clock.now)
    life.take(HOA, Action.LIFT_WARNING)
    text = life.text("lifting")
    assert "36A-123.45" in text
    assert "36A-123.46" not in text
    assert "đã được thu hồi" in text


def test_papers_of_the_next_owner_say_nothing_of_the_one_before(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)
    for _ in range(queries.MAX_CONTESTS):
        life.says("Tôi đã bán xe cho anh Trần Văn Mua, điện thoại 0912345678.")
    life.identified(name="Lê Thị Trước", address="5 Phố Cũ", id_number="038012345678")
    life.take(HOA, Action.CORRECT, "Chữ số cuối đọc sai.", mistake="wrong_plate")
    with desk.db.write() as session:
        actions.claim(session, life.id, LAN, now=clock.now, lease=desk.claim_lease)
        actions.confirm(session, life.id, LAN, plate="36A12346", colour="white", act=ActCode.RED_LIGHT, now=clock.now)
    drafting.prepare_notice(desk.db, life.id, LAN, desk=desk.notices, now=clock.now)
    issuing.issue(desk.db, life.id, HOA, desk=desk.notices, now=clock.now, seen=seen(desk, life.id))
    with desk.db.write() as session:
        issuing.publish(session, life.id, HOA, register=desk.registry, now=clock.now)
    life.says("Xe tôi ở nhà.")
    life.take(HOA, Action.REFUSE_STATEMENT, "Ảnh rõ biển.")
    life.take(LAN, Action.COMPLAIN, "Không phải xe tôi.")
    life.take(TRUONG, Action.REFUSE_COMPLAINT, "Ảnh rõ biển.")
    assert "Xe tôi ở nhà." in life.text("answer")
    for code in ("answer", "complaint_receipt", "complaint_answer"):
        for said in ("Trần Văn Mua", "0912345678", "Lê Thị Trước", "5 Phố Cũ", "038012345678"):
            assert said not in life.text(code), (code, said)


def test_numbers_are_of_the_year_of_the_papers_day_and_of_their_own_row(desk: Centre, clock: HandClock) -> None:
    lives = [begin(desk, clock, plate=plate, typed=plate) for plate in ("36A12345", "36A99999", "36A88888")]
    for life, minutes_on, entered in zip(
        lives, ("2026-12-31", "2026-12-31", "2027-01-04"), ("2026-12-31", "2027-01-04", "2027-01-04"), strict=True
    ):
        life.identified()
        clock.now = NOW.replace(year=int(entered[:4]), month=int(entered[5:7]), day=int(entered[8:]))
        life.take(LAN, Action.MAKE_MINUTES, on=minutes_on, days=0)
        clock.now = NOW
    assert [life.papers()[0].number for life in lives] == ["01/BB-VPHC", "02/BB-VPHC", "01/BB-VPHC"]


def test_a_draft_is_marked_takes_no_number_and_leaves_no_trace(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)
    life.identified()
    with desk.db.read() as session:
        before = len(case_log.events(session, life.id))
    said = {"on": HERE.local_date(clock.now).isoformat()}
    pdfs = proceedings.draft(
        desk.db, life.id, LAN, Action.MAKE_MINUTES, said, desk=desk.notices, now=clock.now
    )  # fmt: skip
    assert len(pdfs) == 1
    assert "THẢO" in words(pdfs[0])
    assert re.search(r"Số: \.{8}/BB-VPHC", words(pdfs[0]))
    sent = begin(desk, clock, plate="36A99999", typed="36A-999.99")
    for case_id, action, more, code in (
        (sent.id, Action.ATTEND, {}, "no_paper"),
        (life.id, Action.TELL_OWNER, {"how": "post"}, "nobody_to_tell"),
    ):
        with pytest.raises(Refused) as refused:
            proceedings.draft(desk.db, case_id, LAN, action, said | more, desk=desk.notices, now=clock.now)
        assert refused.value.code == code
    with desk.db.read() as session:
        assert len(case_log.events(session, life.id)) == before
    life.take(LAN, Action.MAKE_MINUTES)
    assert life.papers()[0].number == "01/BB-VPHC"


def test_of_an_explanation_in_writing_no_record_is_made_and_one_typed_is_made_elsewhere(
    desk: Centre, clock: HandClock
) -> None:
    written, typed = begin(desk, clock), begin(desk, clock, plate="36A99999", typed="36A-999.99")
    for life, manner, said in ((written, "written", {}), (typed, "oral", {"number": "7/BB"})):
        life.with_minutes()
        life.take(LAN, Action.ASK_HEARING, manner=manner)
        life.take(LAN, Action.HEAR, "Nói là đang vội.", **said)
        assert [d.code for d in life.papers()] == ["minutes"]
        life.take(HOA, Action.DECIDE, fine=19_000_000, points=4)
    assert "giải trình trực tiếp" not in written.text("decision")
    assert "Biên bản phiên giải trình trực tiếp số 7/BB lập ngày" in typed.text("decision")


def test_a_complaint_before_any_decision_is_about_the_notice_and_its_receipt_is_struck_out_when_undone(
    desk: Centre, clock: HandClock
) -> None:
    life = begin(desk, clock)
    life.take(LAN, Action.COMPLAIN, "Không phải xe tôi.")
    text = life.text("complaint_receipt")
    assert "Thông báo vi phạm hành chính về trật tự, an toàn giao thông đường bộ số 01/TB-PC08 ngày 23/11/2026" in text
    assert "vẫn phải được chấp hành" not in text
    life.take(LAN, Action.UNDO, "nhầm hồ sơ")
    assert [(d.code, d.holds) for d in life.papers()] == [("complaint_receipt", "undone")]
    life.take(LAN, Action.COMPLAIN, "Không phải xe tôi.")
    life.take(TRUONG, Action.REFUSE_COMPLAINT, "Ảnh rõ biển số.")
    assert "Không chấp nhận khiếu nại; Thông báo vi phạm hành chính số 01/TB-PC08" in life.text("complaint_answer")
    life.take(HOA, Action.WITHDRAW, "Biển giả.", reason="complaint_upheld")
    assert {d.holds for d in life.papers()[1:]} == {"holds"}, "they say what was said then"


def test_the_list_of_terms_leads_to_the_paper_that_is_next(desk: Centre, clock: HandClock) -> None:
    life = begin(desk, clock)

    def next_papers() -> dict[str, tuple[str, str]]:
        today = HERE.local_date(clock.now)
        with desk.db.read() as session:
            lines = falling_due(session, None, today=today, near=today, now=clock.now, scope=EVERYWHERE).lines
        return {line.code: (line.paper.code if line.paper else "", line.makes) for line in lines}

    assert next_papers()["answer"] == ("", "warn")
    life.identified()
    assert next_papers()["minutes"] == ("", "make_minutes")
    life.take(LAN, Action.MAKE_MINUTES)
    life.take(LAN, Action.WAIVE_HEARING)
    assert next_papers()["decision"] == ("", "decide")
    life.take(HOA, Action.DECIDE, fine=19_000_000, points=4)
    assert next_papers()["send_decision"] == ("decision", "")
    life.take(HOA, Action.SEND_DECISION, how="post")
    assert next_papers()["receipt"] == ("decision", "")
    life.take(TRUONG, Action.WITHDRAW, "sai", reason="other")
    assert next_papers()["tell_owner"] == ("withdrawal", "")
