"""The desk's services over the database: claims, decisions, the second person, the record that cannot be rewritten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from central.cases.lifecycle import Action, Officer, Refused, Role, Status
from central.cases.log import CaseNotFound, LogBroken, events, verify_log
from central.centre import Centre
from central.desk import actions as desk
from central.desk import views, worklist
from central.desk.views import CaseView
from central.desk.worklist import QueueFilter
from central.notices import drafting, issuing
from central.registry import import_registry
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow
from central.units.tree import EVERYWHERE
from countries.vn.deadlines import VIETNAM
from evidence.acts import ActCode
from tests.central.build import (
    BINH,
    HOA,
    LAN,
    NOW,
    TRUONG,
    case_of,
    claimed,
    confirmed,
    issued,
    make_centre,
    prepared,
    seen,
)


def do(centre: Centre, action: Callable[..., Any], *args: Any, **options: Any) -> Any:
    with centre.db.write() as session:
        return action(session, *args, **options, now=centre.clock())


def refused(centre: Centre, action: Callable[..., Any], *args: Any, **options: Any) -> str:
    with pytest.raises(Refused) as caught:
        do(centre, action, *args, **options)
    return caught.value.code


def draft(centre: Centre, case_id: str, officer: Officer = LAN, **options: Any) -> None:
    drafting.prepare_notice(centre.db, case_id, officer, desk=centre.notices, now=centre.clock(), **options)


def issue(centre: Centre, case_id: str, officer: Officer = HOA, **changes: Any) -> issuing.IssuedNotice:
    shown = seen(centre, case_id, **changes)
    return issuing.issue(centre.db, case_id, officer, desk=centre.notices, now=centre.clock(), seen=shown)


def code_of(action: Callable[..., Any], *args: Any, **options: Any) -> str:
    with pytest.raises(Refused) as caught:
        action(*args, **options)
    return caught.value.code


def claim(centre: Centre, case_id: str, officer: Officer) -> None:
    do(centre, desk.claim, case_id, officer, lease=centre.claim_lease)


def view(centre: Centre, case_id: str, officer: Officer = LAN) -> CaseView:
    with centre.db.write() as session:
        return views.case_view(session, case_id, officer, registry=centre.registry, now=centre.clock())


def row(centre: Centre, case_id: str) -> CaseRow:
    with centre.db.read() as session:
        return session.get_one(CaseRow, case_id)


def actions(centre: Centre, case_id: str) -> list[str]:
    with centre.db.read() as session:
        return [e.action for e in events(session, case_id)]


def test_from_camera_to_notice_by_two_persons(centre: Centre) -> None:
    case_id, notice = issued(centre)
    do(centre, issuing.publish, case_id, HOA, register=centre.registry)
    assert row(centre, case_id).status == Status.PUBLISHED
    assert notice.number_text == "01/TB-PC08"
    assert actions(centre, case_id) == ["create", "claim", "confirm", "prepare_notice", "issue", "publish"]
    with centre.db.read() as session:
        verify_log(session.get_one(CaseRow, case_id), events(session, case_id))


def test_the_one_who_confirmed_cannot_issue_whatever_the_rank(centre: Centre) -> None:
    for officer in (HOA, TRUONG):
        case_id = prepared(centre, officer)
        assert code_of(issue, centre, case_id, officer) == "same_person"
        assert row(centre, case_id).status == Status.NOTICE_PREPARED


def test_two_officers_never_hold_one_case(centre: Centre) -> None:
    case_id = claimed(centre, LAN)
    assert refused(centre, desk.claim, case_id, BINH, lease=centre.claim_lease) == "held"
    assert refused(centre, desk.confirm, case_id, BINH, plate="36A12345", act=ActCode.RED_LIGHT) == "not_held"
    assert refused(centre, desk.reject, case_id, BINH, "not_violation") == "not_held"
    assert refused(centre, desk.correct_plate, case_id, BINH, "36A99999") == "not_held"
    assert row(centre, case_id).claimed_by == "lan"


def test_of_many_who_claim_at_the_same_moment_one_gets_the_case(centre: Centre) -> None:
    case_id = case_of(centre)
    officers = [Officer(f"can-bo-{n}", Role.OFFICER) for n in range(6)]
    start = threading.Barrier(len(officers))
    got: list[str] = []
    turned_away: list[str] = []

    def try_it(officer: Officer) -> None:
        start.wait()
        try:
            claim(centre, case_id, officer)
        except Refused as error:
            turned_away.append(error.code)
        else:
            got.append(officer.username)

    threads = [threading.Thread(target=try_it, args=(o,)) for o in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert got == [row(centre, case_id).claimed_by]
    assert turned_away == ["held"] * 5
    assert actions(centre, case_id) == ["create", "claim"]


def test_a_lease_that_ran_out_lets_another_take_over_and_stops_the_first(centre: Centre) -> None:
    case_id = claimed(centre, LAN)
    centre.clock.forward(minutes=15)  # type: ignore[attr-defined]
    claim(centre, case_id, BINH)
    assert refused(centre, desk.confirm, case_id, LAN, plate="36A12345", act=ActCode.RED_LIGHT) == "not_held"


def test_keeping_a_case_open_extends_the_lease_without_filling_the_record(centre: Centre) -> None:
    case_id = claimed(centre, LAN)
    for _ in range(3):
        centre.clock.forward(minutes=10)  # type: ignore[attr-defined]
        claim(centre, case_id, LAN)
    assert row(centre, case_id).claimed_until == centre.clock() + centre.claim_lease
    assert actions(centre, case_id) == ["create", "claim"]


def test_a_released_case_is_open_to_the_next(centre: Centre) -> None:
    case_id = claimed(centre, LAN)
    do(centre, desk.release, case_id, LAN)
    claim(centre, case_id, BINH)
    do(centre, desk.release, case_id, TRUONG)  # the head frees what somebody left lying
    assert row(centre, case_id).status == Status.NEW


def test_a_corrected_plate_stands_beside_the_machines_reading(centre: Centre) -> None:
    case_id = claimed(centre, plate="36A12345")
    do(centre, desk.correct_plate, case_id, LAN, "36a-123.46", colour="yellow", kind="car")
    found = view(centre, case_id)
    assert (found.plate_machine, found.plate_colour_machine) == ("36A12345", "white")
    assert (found.item.plate, found.item.plate_colour, found.item.plate_text) == ("36A12346", "yellow", "36A-123.46")
    event = found.events[2]
    assert (event.action, event.before["plate"], event.after["plate"]) == ("correct_plate", "36A12345", "36A12346")


def test_correcting_to_the_same_plate_is_no_correction(centre: Centre) -> None:
    case_id = claimed(centre, plate="36A12345")
    do(centre, desk.correct_plate, case_id, LAN, "36A 123.45")
    assert actions(centre, case_id) == ["create", "claim"]


def test_a_confirmation_states_act_plate_and_person(centre: Centre) -> None:
    case_id = claimed(centre, plate=None)
    do(centre, desk.confirm, case_id, LAN, plate="36A-777.77", act=ActCode.STOPPED_PAST_LINE, note="dừng quá vạch")
    found = row(centre, case_id)
    assert (found.act_suspected, found.act) == ("red_light", "stopped_past_line")
    assert (found.plate_machine, found.plate) == (None, "36A77777")
    assert (found.confirmed_by, found.confirmed_at, found.claimed_by) == ("lan", centre.clock(), None)
    assert view(centre, case_id).law.clause == "điểm a khoản 1 Điều 6"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        pytest.param({}, {"plate": "36"}, "plate", id="too short a plate"),
        pytest.param({}, {"plate": "biển số bị che"}, "plate", id="words"),
        pytest.param({}, {"plate": ""}, "plate", id="no plate"),
        pytest.param({}, {"kind": "tank"}, "kind", id="no kind of vehicle"),
        pytest.param({}, {"colour": "pink"}, "colour", id="no colour of plates"),
        pytest.param({"colour": "unknown"}, {}, "colour", id="colour still unknown"),
        pytest.param({"at": NOW - timedelta(days=366)}, {}, "statute", id="more than a year old"),
    ],
)
def test_what_cannot_become_a_notice_cannot_be_confirmed(
    options: dict[str, Any], said: dict[str, Any], code: str, box: Centre
) -> None:
    case_id = claimed(box, **options)
    given = {"plate": "36A12345", "act": ActCode.RED_LIGHT, **said}
    assert refused(box, desk.confirm, case_id, LAN, **given) == code
    assert row(box, case_id).status == Status.IN_REVIEW
    assert "correct_plate" not in actions(box, case_id)


def test_a_rejection_keeps_its_reason(centre: Centre) -> None:
    case_id = claimed(centre)
    do(centre, desk.reject, case_id, LAN, "priority_vehicle", "xe cứu thương đang làm nhiệm vụ")
    found = row(centre, case_id)
    assert (found.status, found.rejected_reason) == (Status.REJECTED, "priority_vehicle")
    assert refused(centre, desk.claim, case_id, BINH, lease=centre.claim_lease) == "status"


@pytest.mark.parametrize(("reason", "note", "code"), [("because", "x", "reason"), ("other", "  ", "note")])
def test_a_rejection_without_a_reason_is_refused(reason: str, note: str, code: str, box: Centre) -> None:
    assert refused(box, desk.reject, claimed(box), LAN, reason, note) == code


def test_a_returned_case_loses_its_draft_and_is_judged_again(centre: Centre) -> None:
    case_id = prepared(centre, LAN)
    assert refused(centre, desk.return_to_queue, case_id, HOA, " ") == "note"
    do(centre, desk.return_to_queue, case_id, HOA, "xem lại biển số")
    found = row(centre, case_id)
    assert (found.status, found.confirmed_by, found.confirmed_at) == (Status.NEW, None, None)
    with centre.db.read() as session:
        assert session.scalars(select(NoticeRow)).all() == []
    claim(centre, case_id, BINH)
    do(centre, desk.confirm, case_id, BINH, plate="36A12345", act=ActCode.RED_LIGHT)
    draft(centre, case_id, BINH)
    assert issue(centre, case_id, HOA).number_text == "01/TB-PC08"


def test_an_act_that_grew_too_old_since_it_was_confirmed_is_not_issued(box: Centre) -> None:
    case_id = prepared(box)
    box.clock.forward(days=366)  # type: ignore[attr-defined]
    assert code_of(issue, box, case_id, HOA) == "statute"


def test_notices_are_numbered_without_gaps_and_anew_each_year(centre: Centre) -> None:
    assert issued(centre)[1].number_text == "01/TB-PC08"
    failing = prepared(centre, HOA)
    assert code_of(issue, centre, failing, HOA) == "same_person"
    assert issued(centre)[1].number_text == "02/TB-PC08"
    centre.clock.forward(days=60)  # type: ignore[attr-defined]
    assert issued(centre)[1].number_text == "01/TB-PC08"


def test_an_appointment_in_the_past_is_refused(box: Centre) -> None:
    case_id = confirmed(box)
    past = box.clock() - timedelta(hours=1)
    assert code_of(draft, box, case_id, LAN, appear_at=past) == "appointment"


@pytest.mark.parametrize("day", [date(2026, 11, 28), date(2027, 1, 1), date(2027, 2, 8), date(2026, 12, 4)])
def test_nobody_is_called_to_a_closed_office(day: date, tmp_path: Path) -> None:
    unit = make_centre(tmp_path, calendar={"rest": ["2026-12-04"]})
    case_id = confirmed(unit)
    at = datetime.combine(day, time(9), VIETNAM)
    assert code_of(draft, unit, case_id, LAN, appear_at=at) == "appointment_rest"
    far = {"second_place": "Công an xã Mường Lát", "second_appear_at": at}
    assert code_of(draft, unit, case_id, LAN, **far) == "appointment_rest"


def test_an_appointment_that_passed_while_the_draft_waited_is_not_issued(box: Centre) -> None:
    case_id = prepared(box)
    box.clock.forward(days=11)  # type: ignore[attr-defined]
    assert code_of(issue, box, case_id, HOA) == "appointment"


def test_default_appointments_are_not_all_at_one_hour(box: Centre) -> None:
    made = [prepared(box, at=NOW - timedelta(hours=h + 2)) for h in range(3)]
    with box.db.read() as session:
        found = [session.get_one(CaseRow, i).notice.appear_at for i in made]  # type: ignore[union-attr]
    assert [f"{at.astimezone(VIETNAM):%d/%m %H:%M}" for at in found if at] == [
        "03/12 08:00",
        "03/12 09:00",
        "03/12 10:00",
    ]


def test_the_owner_is_found_as_of_the_act_and_an_organisation_sees_its_double_band(centre: Centre, tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "registry.csv"
    header = "plate,colour,kind,owner_name,owner_type,id_number,address,valid_from,valid_to\n"
    file.write_text(
        header + "36A12345,white,car,Nguyễn Văn Cũ,person,1,Thanh Hóa,2020-01-01,2026-11-22\n"
        "36A12345,white,car,Công ty TNHH Sông Mã,organisation,2,Thanh Hóa,2026-11-23,\n"
    )
    import_registry(centre.db, file)
    old, new = case_of(centre, at=NOW - timedelta(days=1)), case_of(centre, at=NOW - timedelta(hours=1))
    assert view(centre, old).owner.owner_name == "Nguyễn Văn Cũ"  # type: ignore[union-attr]
    found = view(centre, new)
    assert found.owner.owner_name == "Công ty TNHH Sông Mã"  # type: ignore[union-attr]
    assert (found.law.ordinary, found.law.points) == (38_000_000, 0)  # type: ignore[union-attr]


def test_every_view_is_recorded(centre: Centre) -> None:
    case_id = case_of(centre)
    view(centre, case_id, LAN)
    view(centre, case_id, TRUONG)
    with centre.db.read() as session:
        assert [(e.actor, e.action) for e in events(session, case_id)][1:] == [("lan", "view"), ("truong", "view")]


def test_a_note_with_any_characters_is_kept_and_the_record_still_holds(centre: Centre) -> None:
    case_id = claimed(centre)
    do(centre, desk.reject, case_id, LAN, "other", "dòng một\ndòng hai \0 'x'; -- 🚦")
    assert view(centre, case_id).log_fault == ""


TAMPERING: dict[str, Callable[[Session, str], None]] = {
    "a name is changed": lambda s, c: _sql(s, "UPDATE case_events SET actor = 'binh' WHERE sequence = 3", c),
    "what was said is changed": lambda s, c: _sql(s, "UPDATE case_events SET note = 'x' WHERE sequence = 2", c),
    "an event is removed": lambda s, c: _sql(s, "DELETE FROM case_events WHERE sequence = 2", c),
    "the last event is removed": lambda s, c: _sql(s, "DELETE FROM case_events WHERE sequence = 3", c),
    "all events are removed": lambda s, c: _sql(s, "DELETE FROM case_events WHERE sequence > 0", c),
}


def _sql(session: Session, statement: str, case_id: str) -> None:
    session.execute(text(f"{statement} AND case_id = :case"), {"case": case_id})


def without_guard(centre: Centre) -> None:
    """What somebody with all rights over the database can do."""
    with centre.db.write() as session:
        if centre.db.dialect == "postgresql":
            session.execute(text("ALTER TABLE case_events DISABLE TRIGGER ALL"))
            return
        for verb in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER case_events_no_{verb}"))


@pytest.mark.parametrize("how", list(TAMPERING))
def test_the_database_refuses_to_rewrite_the_record(how: str, centre: Centre) -> None:
    case_id = confirmed(centre)
    with pytest.raises(DBAPIError, match="append-only"), centre.db.write() as session:
        TAMPERING[how](session, case_id)


@pytest.mark.parametrize("how", list(TAMPERING))
def test_a_record_rewritten_behind_its_back_is_found_and_shown(how: str, centre: Centre) -> None:
    case_id = confirmed(centre)
    without_guard(centre)
    with centre.db.write() as session:
        TAMPERING[how](session, case_id)
    with centre.db.read() as session, pytest.raises(LogBroken):
        verify_log(session.get_one(CaseRow, case_id), events(session, case_id))
    with centre.db.write() as session:
        shown = views.case_view(session, case_id, LAN, registry=centre.registry, now=centre.clock(), record=False)
    assert shown.log_fault != ""


def test_the_queue_lists_the_oldest_act_first_and_filters(centre: Centre) -> None:
    young = case_of(centre, at=NOW - timedelta(hours=1), plate="36B99999")
    old = case_of(centre, at=NOW - timedelta(days=11), plate="36A12345", act=ActCode.WRONG_WAY)
    gone = claimed(centre, plate="36C55555")
    do(centre, desk.reject, gone, LAN, "not_violation")
    held = claimed(centre, BINH, at=NOW - timedelta(days=2))

    def found(**filters: Any) -> list[str]:
        with centre.db.read() as session:
            return [i.id for i in worklist.queue(session, QueueFilter(**filters), now=centre.clock())]

    assert found() == [old, held, young]
    assert found(newest_first=True) == [young, held, old]
    assert found(status=(Status.REJECTED,)) == [gone]
    assert found(plate="b-999") == [young]
    assert found(act=ActCode.WRONG_WAY) == [old]
    assert found(holder="binh") == [held]
    assert found(overdue_only=True) == [old]
    assert found(limit=1) == [old]
    assert found(place="%", plate="%") == []
    assert found(place="x\0") == []
    with centre.db.read() as session:
        assert worklist.status_counts(session, scope=EVERYWHERE)[Status.NEW] == 2


def test_the_queue_calls_overdue_what_its_lines_call_overdue(centre: Centre) -> None:
    for hours in range(225, 280, 5):
        case_of(centre, at=NOW - timedelta(hours=hours))
    with centre.db.read() as session:
        lines = worklist.queue(session, QueueFilter(), now=centre.clock())
        overdue = worklist.queue(session, QueueFilter(overdue_only=True), now=centre.clock())
    assert [i.id for i in overdue] == [i.id for i in lines if i.urgency == "overdue"]
    assert 0 < len(overdue) < len(lines)


def test_a_notice_that_was_issued_but_not_sent_keeps_its_clock(box: Centre) -> None:
    case_id, _ = issued(box, at=NOW - timedelta(days=12))
    everything = QueueFilter(status=tuple(Status), overdue_only=True)
    with box.db.read() as session:
        (late,) = worklist.queue(session, everything, now=box.clock())
    assert (late.id, late.status, late.urgency) == (case_id, Status.ISSUED, "overdue")
    assert view(box, case_id).deadlines.answer_by is None
    do(box, issuing.publish, case_id, HOA, register=box.registry)
    with box.db.read() as session:
        assert worklist.queue(session, everything, now=box.clock()) == []
    assert view(box, case_id).item.urgency == "none"
    assert view(box, case_id).deadlines.answer_by == date(2026, 12, 14), "20 days from 23/11 end on a Sunday"


def test_a_case_that_does_not_exist_is_said_to_be_missing(box: Centre) -> None:
    with pytest.raises(CaseNotFound):
        claim(box, "00000000-0000-4000-8000-000000000000", LAN)


def test_the_packet_of_a_case_is_never_touched_by_decisions(box: Centre) -> None:
    case_id = prepared(box, typed="36A-999.99")
    found = view(box, case_id)
    assert found.manifest.plate.text == "36A12345"
    assert found.digest == found.manifest.digest


def test_events_of_one_case_are_numbered_without_gaps(centre: Centre) -> None:
    case_id, _ = issued(centre)
    with centre.db.read() as session:
        rows = session.scalars(select(CaseEventRow).where(CaseEventRow.case_id == case_id)).all()
    assert sorted(r.sequence for r in rows) == list(range(1, len(rows) + 1))
    assert Action.ISSUE.value in {r.action for r in rows}
