"""Several acts of one vehicle in one decision: a fine for each, points once, each case with a life of its own."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases.documents import Document, documents
from central.cases.facts import Facts
from central.cases.lifecycle import Action, CaseState, Officer, Refused, Role, Status
from central.cases.together import Act, same_violator, shares
from central.centre import Centre
from central.desk.falling_due import falling_due
from central.intake import committing
from central.notices import issuing, proceedings, together
from central.store.case_tables import CaseRow
from central.units.book import change, tree_of
from central.units.tree import EVERYWHERE, ROOT, Unit
from countries.here import HERE
from countries.law import OwnerType
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, NOW, TRUONG, HandClock, issued
from tests.countries.papers_drawn import words

DAY = NOW.date()


def state(liable: Any) -> CaseState:
    return CaseState(Status.MINUTES_MADE, facts=Facts(liable=liable))


def act(number: int, code: ActCode, kind: str = "car", *, liable: Any = "owner") -> Act:
    owner: OwnerType = "organisation" if liable == "organisation" else "person"
    law = HERE.law.proposal(code, kind, NOW, owner_type=owner)
    return Act(number, state(liable), law, law.ordinary)


RED, WAY, LINE = ActCode.RED_LIGHT, ActCode.WRONG_WAY, ActCode.SOLID_LINE
DECISIONS = [
    pytest.param([act(1, RED)], 4, [4], id="one act"),
    pytest.param([act(1, RED), act(2, LINE)], 4, [4, 0], id="of two acts the one with points bears them"),
    pytest.param([act(1, LINE), act(2, RED)], 4, [0, 4], id="in whatever order"),
    pytest.param([act(1, RED), act(2, WAY)], 4, [4, 0], id="of equal ones the first, and not both"),
    pytest.param(
        [act(1, WAY, "motorcycle"), act(2, RED, "motorcycle"), act(3, LINE, "motorcycle")], 4, [0, 4, 0],
        id="of two and four points the four",
    ),
    pytest.param([act(1, LINE), act(2, LINE)], 0, [0, 0], id="none where no act takes any"),
    pytest.param([act(1, RED, liable="owner_not_shown"), act(2, RED)], 4, [0, 4], id="none of who did not drive"),
    pytest.param([act(1, RED, liable="organisation"), act(2, WAY, liable="organisation")], 0, [0, 0], id="or a firm"),
]  # fmt: skip


@pytest.mark.parametrize(("acts", "most", "taken"), DECISIONS)
def test_points_are_taken_once_for_the_act_with_the_most(acts: list[Act], most: int, taken: list[int]) -> None:
    found = shares(acts, most, DAY)
    assert [s.points for s in found] == taken
    assert [s.fine for s in found] == [a.fine for a in acts]
    assert all(s.mitigating == s.aggravating == "" for s in found)
    with pytest.raises(Refused) as refused:
        shares(acts, most + 1, DAY)
    assert refused.value.code == "points_most"
    bears = next((s.number for s in found if s.points), None)
    assert {s.points_with for s in found if s.number != bears} <= {bears}
    for share in found:
        assert {o["case"] for o in share.together} == {a.number for a in acts} - {share.number}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(("Lê Văn Chủ", "01"), ("LÊ  VĂN CHỦ", "01"), True, id="one number"),
        pytest.param(("Lê Văn Chủ", "01"), ("Lê Văn Chủ", "02"), False, id="two people of one name"),
        pytest.param(("Lê Văn Chủ", ""), ("lê văn chủ ", "01"), True, id="by name where one has no number"),
        pytest.param(("Lê Văn Chủ", ""), ("Lê Văn Khác", ""), False, id="two names"),
        pytest.param(("", ""), ("", ""), False, id="nobody is not the same as nobody"),
    ],
)
def test_who_is_the_same_violator(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    facts = [Facts(violator=name, violator_id=number, liable="owner") for name, number in (one, other)]
    assert same_violator(*facts) is same
    firm = Facts(violator=one[0], violator_id=one[1], liable="organisation")
    assert not same_violator(firm, facts[1])


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


def take(
    centre: Centre, clock: HandClock, case_id: str, officer: Officer, action: Action, note: str = "", **said: Any
) -> Status:
    today = HERE.local_date(clock.now).isoformat()
    return proceedings.take(
        centre.db, case_id, officer, action, {"on": today, **said}, note, desk=centre.notices, now=clock.now
    )


def waits(centre: Centre, clock: HandClock, code: ActCode, *, name: str = "Lê Văn Chủ", **options: Any) -> str:
    """A case with minutes that waits for its decision."""
    case_id, _ = issued(centre, act=code, **options)
    with centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=centre.registry, now=clock.now)
    take(centre, clock, case_id, LAN, Action.IDENTIFY, liable="owner", name=name)
    take(centre, clock, case_id, LAN, Action.MAKE_MINUTES, number="1/BB")
    if code in (RED, WAY):
        take(centre, clock, case_id, LAN, Action.WAIVE_HEARING)
    return case_id


def look(centre: Centre, clock: HandClock, case_id: str) -> tuple[CaseRow, Facts, set[str]]:
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        here = proceedings.standing(session, row, TRUONG, calendar=centre.notices.calendar, now=clock.now)
        case_log.verify_log(row, case_log.events(session, case_id))
        return row, here.state.facts, {t.code for t in here.terms}


@pytest.fixture
def two(centre: Centre, clock: HandClock) -> tuple[str, str]:
    """A red light and a solid line of one vehicle, two hours apart, minutes made of both."""
    red = waits(centre, clock, RED)
    return red, waits(centre, clock, LINE, at=NOW - timedelta(hours=4))


BOTH: dict[str, Any] = {"number": "1/QĐ", "fine": 19_000_000, "points": 4}


def test_two_acts_are_decided_at_once_and_each_case_lives_on_by_itself(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    red, line = two
    numbers = [look(centre, clock, case_id)[0].number for case_id in two]
    too = [{"case": numbers[1], "fine": 500_000}]
    assert take(centre, clock, red, HOA, Action.DECIDE, **BOTH, together=too) is Status.DECIDED
    (_, first, _), (row, second, codes) = (look(centre, clock, case_id) for case_id in two)
    assert row.status == "decided"
    assert (first.fine, first.points, first.together) == (19_000_000, 4, ((numbers[1], 500_000),))
    assert (second.fine, second.points, second.together) == (500_000, 0, ((numbers[0], 19_000_000),))
    assert (second.points_with, first.points_with) == (numbers[0], None)
    assert first.decision_fine == second.decision_fine == 19_500_000
    assert codes == {"send_decision", "enforce"}
    with centre.db.read() as session:
        events = [case_log.events(session, case_id)[-1] for case_id in two]
    assert {(e.action, e.after["number"], e.actor) for e in events} == {("decide", "1/QĐ", "hoa")}
    # one paper is sent and received once
    take(centre, clock, line, HOA, Action.SEND_DECISION, how="by_hand")
    take(centre, clock, red, LAN, Action.RECEIVE_DECISION)
    for case_id in two:
        assert look(centre, clock, case_id)[2] == {"pay", "enforce"}
    # and each fine is paid where it stands
    assert take(centre, clock, line, LAN, Action.PAY, amount=500_000, receipt="BL") is Status.PAID
    assert look(centre, clock, red)[0].status == "decision_sent"
    assert take(centre, clock, line, LAN, Action.CLOSE) is Status.CLOSED


def test_its_cases_are_locked_by_number_as_everybody_locks_them(
    centre: Centre, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens one act of a drive, or sends another, waits then; in another order each would wait for the other."""
    ids = (uuid.UUID(int=2**100 - n) for n in range(1000))
    monkeypatch.setattr(committing.uuid, "uuid4", lambda: next(ids))
    red, line = waits(centre, clock, RED), waits(centre, clock, LINE, at=NOW - timedelta(hours=4))
    monkeypatch.undo()
    assert line < red
    locked: list[str] = []

    def lock(session: Session, case_id: str) -> CaseRow:
        locked.append(case_id)
        return case_log.lock_case(session, case_id)

    monkeypatch.setattr(proceedings, "lock_case", lock)
    decided(centre, clock, (red, line))
    assert locked == [red, line]


def test_a_decision_that_leaves_a_waiting_case_out_says_why(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    red, line = two
    number = look(centre, clock, line)[0].number
    with pytest.raises(Refused) as refused:
        take(centre, clock, red, HOA, Action.DECIDE, **BOTH)
    assert (refused.value.code, refused.value.values) == ("apart", {"cases": str(number)})
    take(centre, clock, red, HOA, Action.DECIDE, "hành vi kia còn phải xác minh", **BOTH)
    with pytest.raises(Refused) as refused:  # on the same day it would be the same time
        take(centre, clock, line, HOA, Action.DECIDE, number="2/QĐ", fine=500_000, points=0)
    assert refused.value.code == "apart"
    clock.now += timedelta(days=1)
    assert take(centre, clock, line, HOA, Action.DECIDE, number="2/QĐ", fine=500_000, points=0) is Status.DECIDED
    assert look(centre, clock, line)[1].together == ()


def test_what_does_not_belong_together_is_refused_and_changes_nothing(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    red, line = two
    number = look(centre, clock, line)[0].number
    stranger = look(centre, clock, waits(centre, clock, LINE, name="Người Khác", at=NOW - timedelta(hours=6)))[0].number
    other = look(
        centre, clock, waits(centre, clock, LINE, plate="36A54321", typed="36A-543.21", at=NOW - timedelta(hours=7))
    )[0].number
    for too, code in (
        ([{"case": stranger, "fine": 500_000}], "together"),
        ([{"case": other, "fine": 500_000}], "together"),
        ([{"case": 999, "fine": 500_000}], "together"),
        ([{"case": number, "fine": 500_000}] * 2, "together"),
        ([{"case": number, "fine": 399_999}], "fine_band"),
        ([{"case": number, "fine": 500_000, "seen": 1}], "changed"),
        ([{"case": number}], "field"),
    ):
        with pytest.raises(Refused) as refused:
            take(centre, clock, red, HOA, Action.DECIDE, **BOTH, together=too)
        assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        take(
            centre,
            clock,
            red,
            HOA,
            Action.DECIDE,
            **{**BOTH, "points": 5},
            together=[{"case": number, "fine": 500_000}],
        )
    assert refused.value.code == "points_most"
    assert [look(centre, clock, case_id)[0].status for case_id in two] == ["minutes_made"] * 2


def test_a_case_that_cannot_be_decided_yet_is_shown_with_its_reason(centre: Centre, clock: HandClock) -> None:
    red = waits(centre, clock, RED)
    later, _ = issued(centre, act=WAY, at=NOW - timedelta(hours=4))
    with centre.db.write() as session:
        issuing.publish(session, later, HOA, register=centre.registry, now=clock.now)
    take(centre, clock, later, LAN, Action.IDENTIFY, liable="owner", name="Lê Văn Chủ")
    take(centre, clock, later, LAN, Action.MAKE_MINUTES, number="2/BB")  # the term to be heard runs
    with centre.db.read() as session:
        row = session.get_one(CaseRow, red)
        facts = proceedings.standing(session, row, HOA, calendar=centre.notices.calendar, now=clock.now).state.facts
        found = together.waiting(session, row, facts, HOA, centre.notices.calendar, clock.now)
        assert [(w.row.id, w.refused.code if w.refused else "") for w in found] == [(later, "hearing_open")]
        number = found[0].row.number
    with pytest.raises(Refused) as refused:
        take(centre, clock, red, HOA, Action.DECIDE, **BOTH, together=[{"case": number, "fine": 19_000_000}])
    assert refused.value.code == "hearing_open"


def test_whether_a_fine_may_be_paid_in_parts_is_asked_of_the_whole_decision() -> None:
    small = Facts(decided=DAY, fine=9_000_000, decided_by="hoa", liable="owner")
    with_other = Facts(decided=DAY, fine=9_000_000, decided_by="hoa", liable="owner", together=((2, 6_000_000),))
    assert (small.decision_fine, with_other.decision_fine) == (9_000_000, 15_000_000)


# --- its paper -------------------------------------------------------------------------------------------------------


def papers(centre: Centre, case_id: str) -> tuple[Document, ...]:
    with centre.db.read() as session:
        return documents(case_log.events(session, case_id))


def decided(centre: Centre, clock: HandClock, two: tuple[str, str], officer: Officer = HOA, **changed: Any) -> None:
    """Both acts in one decision that is made here: the first of the two is the red light."""
    too = [{"case": look(centre, clock, two[1])[0].number, "fine": 550_000, "aggravating": "Tái phạm"}]
    said = {"fine": 18_500_000, "points": 4, "mitigating": "Thành thật khai báo", "together": too, **changed}
    take(centre, clock, two[0], officer, Action.DECIDE, **said)


def test_a_decision_over_two_acts_is_one_paper_in_both_cases(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    decided(centre, clock, two)
    first, second = (papers(centre, case_id)[-1] for case_id in two)
    assert (first.code, first.number, first.sha256) == ("decision", "01/QĐ-XPHC", second.sha256)
    assert (first.number, first.holds) == (second.number, second.holds) == ("01/QĐ-XPHC", "holds")
    text = words(centre.store.read(first.sha256))
    for part in (
        "Số: 01/QĐ-XPHC", "Hành vi 1: Không chấp hành hiệu lệnh của đèn",
        "Hành vi 2: Không chấp hành hiệu lệnh, chỉ dẫn",
        "Hành vi 1: điểm b khoản 9 Điều 6", "Hành vi 2: điểm a khoản 1 Điều 6", "Hành vi 1: 18.500.000 đồng",
        "Hành vi 2: 550.000 đồng", "Tổng số tiền phạt: 19.050.000 đồng", "04 điểm, của hành vi 1",
        "tăng nặng (nếu có): Hành vi 2: Tái phạm", "giảm nhẹ (nếu có): Hành vi 1: Thành thật khai báo",
        "trong thời hạn 10 ngày",
    ):  # fmt: skip
        assert part in text, part
    with centre.db.read() as session:
        events = [case_log.events(session, case_id)[-1].after for case_id in two]
    assert [(e["fine"], e["mitigating"], e["aggravating"]) for e in events] == [
        (18_500_000, "Thành thật khai báo", ""), (550_000, "", "Tái phạm"),
    ]  # fmt: skip
    # the next decision has the next number
    other = waits(centre, clock, LINE, plate="36A54321", typed="36A-543.21", at=NOW - timedelta(hours=7))
    take(centre, clock, other, HOA, Action.DECIDE, fine=500_000, points=0)
    assert papers(centre, other)[-1].number == "02/QĐ-XPHC"


def test_it_is_seen_as_a_draft_first_whichever_case_it_is_made_from(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    too = [{"case": look(centre, clock, two[0])[0].number, "fine": 19_000_000}]
    said = {"on": HERE.local_date(clock.now).isoformat(), "fine": 500_000, "points": 4, "together": too}
    (pdf,) = proceedings.draft(
        centre.db, two[1], HOA, Action.DECIDE, said, desk=centre.notices, now=clock.now
    )  # fmt: skip
    text = words(pdf)
    assert "THẢO" in text
    assert "04 điểm, của hành vi 2" in text, "the red light bears them, though it is the other case's"
    assert [papers(centre, case_id) for case_id in two] == [(), ()]


def test_the_notice_of_points_goes_to_the_case_that_bears_them_whichever_sends(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    decided(centre, clock, two)
    take(centre, clock, two[1], HOA, Action.SEND_DECISION, how="post")
    assert [[d.code for d in papers(centre, case_id)] for case_id in two] == [["decision", "points"], ["decision"]]
    text = words(centre.store.read(papers(centre, two[0])[-1].sha256))
    assert "Quyết định số 01/QĐ-XPHC" in text
    assert "điểm b khoản 9 Điều 6" in text


@pytest.mark.parametrize("by", [0, 1])
def test_a_sending_that_is_undone_is_undone_in_both_and_its_notice_of_points_struck_out(
    centre: Centre, clock: HandClock, two: tuple[str, str], by: int
) -> None:
    decided(centre, clock, two)
    clock.forward(minutes=5)
    take(centre, clock, two[1], HOA, Action.SEND_DECISION, how="post")
    clock.forward(minutes=5)
    take(centre, clock, two[by], HOA, Action.UNDO, "gửi nhầm")
    assert [look(centre, clock, case_id)[0].status for case_id in two] == ["decided", "decided"]
    assert [d.holds for d in papers(centre, two[0])] == ["holds", "undone"]
    take(centre, clock, two[0], HOA, Action.SEND_DECISION, how="by_hand")
    assert [look(centre, clock, case_id)[0].status for case_id in two] == ["decision_sent"] * 2
    assert [(d.code, d.holds) for d in papers(centre, two[0])][1:] == [("points", "undone"), ("points", "holds")]


def test_what_the_other_case_did_since_is_not_undone_with_a_sending(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    decided(centre, clock, two)
    take(centre, clock, two[0], HOA, Action.SEND_DECISION, how="post")
    clock.forward(minutes=5)
    take(centre, clock, two[1], LAN, Action.PAY, amount=550_000, receipt="BL")
    take(centre, clock, two[0], HOA, Action.UNDO, "gửi nhầm")
    assert [look(centre, clock, case_id)[0].status for case_id in two] == ["decided", "paid"]


def test_an_act_that_is_taken_back_leaves_the_decision_for_the_other(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    decided(centre, clock, two)
    red, line = two
    take(centre, clock, red, TRUONG, Action.WITHDRAW, "Biển số giả.", reason="cloned_plate")
    assert [(d.code, d.number, d.holds) for d in papers(centre, red)] == [
        ("decision", "01/QĐ-XPHC", "taken_back"), ("withdrawal", "03/TB-PC08", "holds"),
        ("amendment", "01/QĐ-SĐXPHC", "holds"),
    ]  # fmt: skip
    assert [(d.code, d.number, d.holds) for d in papers(centre, line)] == [
        ("decision", "01/QĐ-XPHC", "in_part"), ("amendment", "01/QĐ-SĐXPHC", "holds"),
    ]  # fmt: skip
    assert papers(centre, red)[-1].sha256 == papers(centre, line)[-1].sha256, "one paper in both"
    text = words(centre.store.read(papers(centre, line)[-1].sha256))
    for part in (
        "Sửa đổi Quyết định xử phạt vi phạm hành chính số 01/QĐ-XPHC", "Xét thấy: Biển số giả.",
        "mức phạt đã ghi: 18.500.000 đồng", "3. Tổng số tiền phạt còn lại: 550.000 đồng",
        "Không trừ điểm giấy phép lái xe (trước khi sửa đổi: 04 điểm)",
    ):  # fmt: skip
        assert part in text, part
    row, facts, _ = look(centre, clock, line)
    assert (row.status, facts.together, facts.points_with, facts.decision_fine) == ("decided", (), None, 550_000)
    with centre.db.read() as session:
        told = case_log.events(session, line)[-1]
    number = look(centre, clock, red)[0].number
    assert (told.action, told.actor, told.after["case"]) == ("decision_cut", "truong", number)
    assert (told.after["points"], told.after["points_with"], told.after["paper_number"]) == (0, None, "01/QĐ-SĐXPHC")
    # the one that is left is sent by itself, and is its own to take back
    take(centre, clock, line, HOA, Action.SEND_DECISION, how="post")
    assert [d.code for d in papers(centre, line)] == ["decision", "amendment"], "no points: they were the other act's"
    take(centre, clock, line, TRUONG, Action.WITHDRAW, "cũng vậy", reason="cloned_plate")
    assert [(d.code, d.holds) for d in papers(centre, line)] == [
        ("decision", "taken_back"), ("amendment", "taken_back"), ("withdrawal", "holds"),
    ], "nothing is left to amend"  # fmt: skip


@pytest.mark.parametrize("sent", [False, True])
def test_points_of_what_is_left_are_those_of_its_highest_act_and_told_once_it_was_sent(
    centre: Centre, clock: HandClock, sent: bool
) -> None:
    red, way = waits(centre, clock, RED), waits(centre, clock, WAY, at=NOW - timedelta(hours=4))
    number = look(centre, clock, way)[0].number
    too = [{"case": number, "fine": 19_000_000}]
    take(centre, clock, red, HOA, Action.DECIDE, fine=19_000_000, points=4, together=too)
    if sent:
        take(centre, clock, red, HOA, Action.SEND_DECISION, how="by_hand")
    assert [look(centre, clock, each)[1].points for each in (red, way)] == [4, 0]
    take(centre, clock, red, TRUONG, Action.WITHDRAW, "Xe khác.", reason="cloned_plate")
    _, facts, _ = look(centre, clock, way)
    assert (facts.points, facts.points_with, facts.decision_fine) == (4, None, 19_000_000)
    amended = next(d for d in papers(centre, way) if d.code == "amendment")
    text = words(centre.store.read(amended.sha256))
    assert "4. Trừ điểm giấy phép lái xe: 04 điểm (trước khi sửa đổi: 04 điểm)" in text
    assert [d.code for d in papers(centre, red)] == (
        ["decision", "points", "withdrawal", "amendment"] if sent else ["decision", "withdrawal", "amendment"]
    )
    if not sent:
        take(centre, clock, way, HOA, Action.SEND_DECISION, how="by_hand")
    assert [d.code for d in papers(centre, way)] == ["decision", "amendment", "points"]
    assert [d.holds for d in papers(centre, red) if d.code == "points"] == (["taken_back"] if sent else [])


def test_what_is_left_of_a_decision_that_was_sent_is_sent_too(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    decided(centre, clock, two)
    red, line = two
    take(centre, clock, red, HOA, Action.SEND_DECISION, how="by_hand")
    take(centre, clock, red, TRUONG, Action.WITHDRAW, "Biển số giả.", reason="cloned_plate")
    today = HERE.local_date(clock.now)
    row, facts, _ = look(centre, clock, line)
    assert (row.status, facts.amended) == ("decision_sent", today)
    with centre.db.read() as session:
        found = falling_due(session, None, today=today, near=today, now=clock.now, scope=EVERYWHERE)
    due = next(each for each in found.lines if each.code == "send_amendment")
    assert (due.item.id, due.due) == (line, HERE.terms.until("send_decision", today))
    assert due.paper is not None
    assert due.paper.code == "amendment"
    take(centre, clock, line, LAN, Action.PAY, amount=550_000, receipt="BL-1")
    with pytest.raises(Refused) as refused:
        take(centre, clock, line, LAN, Action.CLOSE)
    assert refused.value.code == "amendment_unsent"
    take(centre, clock, line, HOA, Action.SEND_AMENDMENT, how="post", reference="EE1VN")
    assert look(centre, clock, line)[1].amended is None
    with pytest.raises(Refused, match="by who may take it"):
        take(centre, clock, line, LAN, Action.UNDO, "chưa gửi")
    take(centre, clock, line, HOA, Action.UNDO, "chưa gửi")
    assert look(centre, clock, line)[1].amended == today
    take(centre, clock, line, HOA, Action.SEND_AMENDMENT, how="by_hand")
    take(centre, clock, line, LAN, Action.CLOSE)
    assert look(centre, clock, line)[0].status == "closed"


def test_where_the_sending_is_undone_what_is_left_of_the_decision_goes_with_it(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    decided(centre, clock, two)
    red, line = two
    take(centre, clock, red, HOA, Action.SEND_DECISION, how="by_hand")
    take(centre, clock, red, TRUONG, Action.WITHDRAW, "Biển số giả.", reason="cloned_plate")
    take(centre, clock, line, HOA, Action.UNDO, "chưa gửi")
    row, facts, _ = look(centre, clock, line)
    assert (row.status, facts.decision_sent, facts.amended) == ("decided", None, None)
    take(centre, clock, line, HOA, Action.SEND_DECISION, how="post")
    assert look(centre, clock, line)[1].amended is None


def test_what_was_decided_elsewhere_is_amended_elsewhere(
    centre: Centre, clock: HandClock, two: tuple[str, str]
) -> None:
    red, line = two
    too = [{"case": look(centre, clock, line)[0].number, "fine": 500_000}]
    take(centre, clock, red, HOA, Action.DECIDE, **BOTH, together=too)
    take(centre, clock, red, TRUONG, Action.WITHDRAW, "Biển số giả.", reason="cloned_plate")
    assert [d.code for d in papers(centre, red)] == ["withdrawal"]
    assert papers(centre, line) == ()
    assert look(centre, clock, line)[1].points == 0


# --- cases of several units ------------------------------------------------------------------------------------------


def somebody(centre: Centre, unit: str, role: Role) -> Officer:
    with centre.db.read() as session:
        scope = tree_of(session).scope(unit, below=role is Role.HEAD)
    return Officer(f"{unit}-{role}", role, "", unit, scope)


@pytest.fixture
def apart(centre: Centre, clock: HandClock, two: tuple[str, str]) -> tuple[str, str]:
    """The same two, the second in the hands of another unit."""
    with centre.db.write() as session:
        change(session, [Unit("doi-1", "Đội số 1", "team", ROOT), Unit("doi-2", "Đội số 2", "team", ROOT)])
    root = somebody(centre, ROOT, Role.HEAD)
    for case_id, unit in zip(two, ("doi-1", "doi-2"), strict=True):
        take(centre, clock, case_id, root, Action.HAND_OVER, "thuộc địa bàn", unit=unit)
    return two


def test_cases_of_two_units_are_decided_at_once_by_the_head_above_both(
    centre: Centre, clock: HandClock, apart: tuple[str, str]
) -> None:
    decided(centre, clock, apart, somebody(centre, ROOT, Role.HEAD))
    assert [look(centre, clock, case_id)[0].status for case_id in apart] == ["decided", "decided"]
    assert len({papers(centre, case_id)[-1].sha256 for case_id in apart}) == 1
    # the paper is one: whichever unit sends it, it is sent for both
    take(centre, clock, apart[1], somebody(centre, "doi-2", Role.APPROVER), Action.SEND_DECISION, how="post")
    assert [look(centre, clock, case_id)[0].status for case_id in apart] == ["decision_sent"] * 2
    # but each fine is paid where it is
    with pytest.raises(Refused) as refused:
        take(centre, clock, apart[0], somebody(centre, "doi-2", Role.OFFICER), Action.PAY, amount=1, receipt="x")
    assert refused.value.code == "other_unit"


def test_who_sees_one_of_the_units_is_shown_nothing_of_the_other_and_told_who_decides_both(
    centre: Centre, clock: HandClock, apart: tuple[str, str]
) -> None:
    here = somebody(centre, "doi-1", Role.APPROVER)
    with centre.db.read() as session:
        row = session.get_one(CaseRow, apart[0])
        facts = proceedings.standing(session, row, here, calendar=centre.notices.calendar, now=clock.now).state.facts
        assert together.waiting(session, row, facts, here, centre.notices.calendar, clock.now) == ()
    said = []
    for number in (look(centre, clock, apart[1])[0].number, 999):
        with pytest.raises(Refused) as refused:
            take(centre, clock, apart[0], here, Action.DECIDE, **BOTH, together=[{"case": number, "fine": 500_000}])
        said.append((refused.value.code, refused.value.remedy))
    assert said == [("together", "decide it by itself, or ask who sees both units")] * 2, "there or not, it is the same"
    # by itself it is decided as ever, and nobody is asked about what he does not see
    take(centre, clock, apart[0], here, Action.DECIDE, fine=19_000_000, points=4)
    assert look(centre, clock, apart[0])[1].together == ()
