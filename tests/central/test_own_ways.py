"""Vehicles that get no notice, military and of foreign missions: no door leads to an owner, wherever the case stands
and whenever it was found out; the file goes to their authority, and is waited for by terms of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from central.cases.lifecycle import Action, Refused, Status
from central.centre import Centre
from central.desk import actions
from central.desk.falling_due import Due, falling_due
from central.desk.unit import unit_view
from central.desk.views import case_view
from central.notices import drafting, issuing, proceedings
from central.notices.printing import print_copy
from central.owners.lookup import owner_lookup
from central.store.case_tables import CaseRow
from central.store.people_tables import LookupRow
from central.units.tree import EVERYWHERE
from countries.here import HERE
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, NOW, TRUONG, HandClock, claimed, confirmed, issued, prepared, seen
from tests.central.web_people import Web, make_web

OTHERS = [
    pytest.param("TM1234", "red", "military_plate", id="military"),
    pytest.param("36A12345", "red", "military_plate", id="red, whatever it reads"),
    pytest.param("80441NG02", "white", "foreign_plate", id="diplomatic"),
]


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


def drafts(centre: Centre, case_id: str) -> None:
    drafting.prepare_notice(centre.db, case_id, HOA, desk=centre.notices, now=centre.clock())


def issues(centre: Centre, case_id: str) -> None:
    shown = seen(centre, case_id)
    issuing.issue(centre.db, case_id, HOA, desk=centre.notices, now=centre.clock(), seen=shown)


def prints(centre: Centre, case_id: str) -> None:
    print_copy(centre.db, case_id, HOA, desk=centre.notices, now=centre.clock())


def publishes(centre: Centre, case_id: str) -> None:
    with centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=centre.registry, now=centre.clock())


def warns(centre: Centre, case_id: str) -> None:
    late = centre.clock() + timedelta(days=40)
    said = {"on": HERE.local_date(late).isoformat(), "to": "inspection"}
    proceedings.take(centre.db, case_id, HOA, Action.WARN, said, desk=centre.notices, now=late)


def issued_case(centre: Centre) -> str:
    return issued(centre)[0]


def sent_case(centre: Centre) -> str:
    case_id = issued_case(centre)
    publishes(centre, case_id)
    return case_id


DOORS: dict[Action, tuple[Callable[[Centre], str], Callable[[Centre, str], None]]] = {
    Action.PREPARE_NOTICE: (confirmed, drafts),
    Action.ISSUE: (prepared, issues),
    Action.PRINT: (issued_case, prints),
    Action.PUBLISH: (issued_case, publishes),
    Action.WARN: (sent_case, warns),
}
"""From where, and how, something of a case reaches an owner, or others about him."""


@pytest.mark.parametrize("door", list(DOORS))
@pytest.mark.parametrize(("plate", "colour", "code"), OTHERS)
def test_a_case_found_to_be_another_vehicles_passes_no_door_to_an_owner(
    plate: str, colour: str, code: str, door: Action, centre: Centre
) -> None:
    arrive, go = DOORS[door]
    case_id = arrive(centre)
    with centre.db.write() as session:
        row = session.get_one(CaseRow, case_id)
        row.plate, row.plate_colour = plate, colour
    with pytest.raises(Refused) as refused:
        go(centre, case_id)
    assert refused.value.code == code
    assert "03/73" in refused.value.remedy
    with centre.db.write() as session:
        view = case_view(session, case_id, HOA, registry=centre.registry, now=centre.clock() + timedelta(days=40))
        assert door not in view.actions, "what the screen offers is what is taken"
        here = proceedings.standing(
            session, session.get_one(CaseRow, case_id), HOA, calendar=centre.notices.calendar, now=centre.clock()
        )
    assert door not in here.actions
    assert not {term.code for term in here.terms} & {"notify", "answer", "transfer_answer"}


@pytest.mark.parametrize("door", list(DOORS))
def test_the_same_doors_are_open_to_everybody_else(door: Action, centre: Centre) -> None:
    arrive, go = DOORS[door]
    go(centre, arrive(centre))


def on_list(centre: Centre, case_id: str, clock: HandClock) -> list[Due]:
    with centre.db.read() as session:
        found = falling_due(
            session, None, today=HERE.local_date(clock.now), near=HERE.local_date(clock.now), now=clock.now,
            scope=EVERYWHERE,
        )  # fmt: skip
    return [line for line in found.lines if line.item.id == case_id]


def test_a_military_case_is_passed_on_asked_about_and_closed_and_stands_on_a_list_all_the_way(
    centre: Centre, clock: HandClock
) -> None:
    def take(action: Action, note: str = "", **said: Any) -> Status:
        said = {"on": HERE.local_date(clock.now).isoformat(), **said}
        return proceedings.take(centre.db, case_id, HOA, action, said, note, desk=centre.notices, now=clock.now)

    def stands() -> tuple[str, date, str]:
        (line,) = on_list(centre, case_id, clock)
        return line.code, line.due, line.makes or (line.paper.code if line.paper else "")

    today = HERE.local_date(NOW)
    case_id = claimed(centre, plate=None, colour="red")
    with centre.db.write() as session:
        actions.confirm(session, case_id, LAN, plate="TM-12-34", act=ActCode.RED_LIGHT, now=clock.now)
    assert stands() == ("pass_on", today + timedelta(days=10), "transfer")
    clock.forward(days=3)
    assert take(Action.TRANSFER, to="Ban Chỉ huy quân sự tỉnh") == Status.TRANSFERRED
    assert stands() == ("own_way_answer", today + timedelta(days=33), "transfer")
    clock.forward(days=25)  # longer than an owner, or another unit of the police, has
    with centre.db.read() as session:
        figures = unit_view(session, clock.now, scope=EVERYWHERE)
        assert (figures.overdue, figures.due_soon, figures.long_sent) == (0, 0, 0)
    assert on_list(centre, case_id, clock)[0].left == 5
    with pytest.raises(Refused) as early:
        take(Action.REMIND)
    assert early.value.code == "too_early"
    clock.forward(days=6)
    with pytest.raises(Refused) as warned:
        take(Action.WARN, to="registration")
    assert warned.value.code == "military_plate"
    assert take(Action.REMIND, number="9/CV") == Status.TRANSFERRED
    assert stands() == ("own_way_answer", HERE.local_date(clock.now) + timedelta(days=30), "transfer")
    clock.forward(days=2)
    assert take(Action.TRANSFER_SETTLED, "Đơn vị đã xử lý kỷ luật.", number="77/KSQS") == Status.CLOSED
    assert on_list(centre, case_id, clock) == []


def test_a_file_that_comes_back_has_days_to_go_elsewhere(centre: Centre, clock: HandClock) -> None:
    case_id = claimed(centre, plate=None)
    with centre.db.write() as session:
        actions.confirm(session, case_id, LAN, plate="80-441-NG-02", act=ActCode.RED_LIGHT, now=clock.now)
    for days, action, said, note in (
        (1, Action.TRANSFER, {"to": "Cục Lễ tân Nhà nước"}, ""),
        (30, Action.TRANSFER_RETURNED, {"number": "5/LT"}, "Xe đã chuyển cho Sở Ngoại vụ."),
    ):
        clock.forward(days=days)
        said["on"] = HERE.local_date(clock.now).isoformat()
        proceedings.take(centre.db, case_id, HOA, action, said, note, desk=centre.notices, now=clock.now)
    (line,) = on_list(centre, case_id, clock)
    assert (line.code, line.left, line.item.status) == ("pass_on", 10, Status.CONFIRMED)


def shown(centre: Centre, case_id: str) -> list[str]:
    with centre.db.write() as session:
        row = session.get_one(CaseRow, case_id)
        found = owner_lookup(
            session, row.plate or "", row.plate_colour, row.kind, office=centre.config.office, client="x", now=NOW
        )
    return [case.status_vi for case in found]


@pytest.mark.parametrize(
    ("arrive", "settled", "says"),
    [
        pytest.param(confirmed, False, [], id="passed on before a notice"),
        pytest.param(confirmed, True, [], id="and settled there"),
        pytest.param(prepared, False, [], id="a draft is no notice"),
        pytest.param(sent_case, False, ["Đã chuyển đơn vị khác giải quyết"], id="passed on after its notice"),
        pytest.param(sent_case, True, ["Đã giải quyết"], id="settled after its notice"),
    ],
)
def test_the_look_up_knows_what_a_notice_was_issued_for_and_nothing_else(
    arrive: Callable[[Centre], str], settled: bool, says: list[str], centre: Centre
) -> None:
    case_id = arrive(centre)
    today = HERE.local_date(NOW).isoformat()
    steps: list[tuple[Action, dict[str, str], str]] = [(Action.TRANSFER, {"to": "Công an tỉnh Nghệ An"}, "")]
    steps += [(Action.TRANSFER_SETTLED, {}, "xong")] if settled else []
    for action, said, note in steps:
        proceedings.take(
            centre.db, case_id, HOA, action, {"on": today, **said}, note, desk=centre.notices, now=centre.clock()
        )
    assert shown(centre, case_id) == says


@pytest.mark.parametrize(
    ("plate", "colour", "says"),
    [("TM-12-34", "red", "biển số quân sự"), ("80-441-NG-02", "white", "NG, QT, CV, NN")],
)
def test_whoever_asks_of_such_a_plate_reads_the_same_whether_there_is_a_case_or_none(
    plate: str, colour: str, says: str, web: Web
) -> None:
    def asked() -> str:
        owner = web.visitor()
        text: str = owner.post("/look-up", at="/", plate=plate, colour=colour, kind="car").text
        return text.partition("<main")[2].partition("</main")[0]

    before = asked()
    assert says in before
    for untrue in ("Không có thông báo vi phạm nào", "Ngã tư", "Vượt đèn"):
        assert untrue not in before
    # one that is passed on, and one whose notice went out before it was known
    case_id = claimed(web.centre, plate=None, colour=colour)
    with web.centre.db.write() as session:
        actions.confirm(session, case_id, LAN, plate=plate, act=ActCode.RED_LIGHT, now=web.centre.clock())
    said = {"on": HERE.local_date(NOW).isoformat(), "to": "cơ quan của xe"}
    proceedings.take(
        web.centre.db, case_id, HOA, Action.TRANSFER, said, desk=web.centre.notices, now=web.centre.clock()
    )
    old = sent_case(web.centre)
    with web.centre.db.write() as session:
        row = session.get_one(CaseRow, old)
        row.plate, row.plate_colour = HERE.plates.normalise(plate), colour
    assert asked() == before
    with web.centre.db.read() as session:
        assert session.scalar(select(func.sum(LookupRow.shown))) == 0


@pytest.mark.parametrize(("plate", "colour", "code"), OTHERS)
def test_the_desk_says_where_it_goes_and_offers_no_way_to_the_owner(
    plate: str, colour: str, code: str, web: Web
) -> None:
    draft, ready = prepared(web.centre), issued_case(web.centre)
    with web.centre.db.write() as session:
        for case_id in (draft, ready):
            row = session.get_one(CaseRow, case_id)
            row.plate, row.plate_colour = plate, colour
    head = web.person(TRUONG)
    for case_id, link in ((draft, "step=transfer"), (ready, "step=correct")):
        page = head.get(f"/desk/approve/{case_id}").text
        assert "03/73" in page
        assert link in page
        for way in ("/draft", "/print", "/publish"):
            assert f'action="/desk/approve/{case_id}{way}"' not in page
        assert "Quá hạn" not in head.get(f"/desk/cases/{case_id}/steps").text
    assert "chuyển, không thông báo" in head.get("/desk/approve").text
    assert head.post(f"/desk/approve/{ready}/publish", at="/desk", draft="", version="0").status_code == 409
