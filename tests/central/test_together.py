"""Several acts of one vehicle in one decision: a fine for each, points once, each case with a life of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from central.cases import log as case_log
from central.cases.facts import Facts
from central.cases.lifecycle import Action, CaseState, Officer, Refused, Status
from central.cases.together import Act, same_violator, shares
from central.centre import Centre
from central.notices import issuing, proceedings, together
from central.store.case_tables import CaseRow
from countries.here import HERE
from countries.law import OwnerType
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, NOW, TRUONG, HandClock, issued

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
