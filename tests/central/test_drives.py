"""Several acts of one drive: found by the ways of their packets, looked at by one officer, none punished twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select, text, update

from central.audit.stored import audit
from central.cases.doubts import identity_doubts
from central.cases.drives import link_stored
from central.cases.lifecycle import Action, Officer, Refused, Status
from central.cases.log import events
from central.centre import Centre
from central.desk import actions
from central.desk.views import case_view
from central.desk.worklist import QueueFilter, next_free, queue
from central.notices import issuing, proceedings
from central.store.case_tables import CaseRow
from central.store.packet_tables import PacketRow
from central.units.book import change
from central.units.tree import ROOT, Unit
from evidence.acts import ActCode, VehicleClass
from evidence.packet import Box
from tests.central.build import BINH, HOA, LAN, NOW, TRUONG, case_of, confirmed, prepared, seen

START = NOW - timedelta(hours=2)
"""When the stream began."""
FPS = 12.5


def way(first_s: float, last_s: float, *, x: float = 60.0) -> list[tuple[int, float, Box]]:
    """Across the picture, as it is looked at twelve times a second."""
    frames = range(round(first_s * FPS), round(last_s * FPS))
    return [(f, round(f / FPS, 4), (x + 4 * f, 150.0, x + 4 * f + 60, 200.0)) for f in frames]


def act(t_s: float, code: ActCode = ActCode.RED_LIGHT, *, track: int = 7, **options: Any) -> dict[str, Any]:
    """A packet of the drive that passes from 0 s to 16 s; what it shows goes from 6 s before its act to 2 s after."""
    return {
        "act": code, "track": track, "t_s": t_s, "at": START + timedelta(seconds=t_s),
        "way": way(max(0.0, t_s - 6), t_s + 2), **options,
    }  # fmt: skip


ALONE = "it is kept as standing alone, its record names another act of its drive"
LANE, RED = act(5.0, ActCode.WRONG_LANE), act(9.0)
OTHERS_LANE = act(9.2, track=8, way=way(3.2, 11.2, x=300.0), plate="36A99999")


def numbers(centre: Centre, cases: Sequence[str]) -> list[int]:
    with centre.db.read() as session:
        return [session.get_one(CaseRow, case_id).number for case_id in cases]


def drives(centre: Centre, cases: Sequence[str]) -> list[int | None]:
    with centre.db.read() as session:
        return [session.get_one(CaseRow, case_id).drive for case_id in cases]


def told(centre: Centre, case_id: str) -> list[object]:
    """Cases that the record of one names as acts of its drive."""
    with centre.db.read() as session:
        return [e.after["case"] for e in events(session, case_id) if e.action == Action.SAME_DRIVE.value]


def doubts(centre: Centre, case_id: str) -> tuple[str, ...]:
    with centre.db.read() as session:
        return identity_doubts(session, session.get_one(CaseRow, case_id), centre.registry)


def take(centre: Centre, case_id: str, officer: Officer = LAN) -> None:
    with centre.db.write() as session:
        actions.claim(session, case_id, officer, now=centre.clock(), lease=centre.claim_lease)


def holders(centre: Centre, cases: Sequence[str]) -> list[str | None]:
    with centre.db.read() as session:
        return [item.holder for case_id in cases for item in queue(session, QueueFilter(), now=centre.clock())
                if item.id == case_id]  # fmt: skip


def test_two_acts_of_one_drive_are_linked_and_in_the_record_of_both(centre: Centre) -> None:
    lane, other, red = (case_of(centre, **each) for each in (LANE, OTHERS_LANE, RED))
    first, _, second = numbers(centre, [lane, other, red])
    assert drives(centre, [lane, other, red]) == [first, None, first]
    assert told(centre, lane) == [second]
    assert told(centre, red) == [first]
    assert told(centre, other) == []


def test_the_order_of_arrival_does_not_matter_and_one_between_joins_what_was_apart(box: Centre) -> None:
    """Three acts of which the first and the last share no way: the middle one joins them, whenever it comes."""
    for n, order in enumerate(permutations([2.0, 8.0, 15.0])):
        cases = [case_of(box, **act(t_s, track=100 + n)) for t_s in order]
        found = drives(box, cases)
        assert len(set(found)) == 1, order
        assert found[0] is not None


def test_a_packet_that_arrives_days_late_joins_and_makes_open_pages_stale(centre: Centre) -> None:
    red = prepared(centre, **RED)
    before = seen(centre, red)
    centre.clock.forward(days=5)  # type: ignore[attr-defined]
    lane = case_of(centre, **LANE)
    assert len({*drives(centre, [red, lane])}) == 1
    with pytest.raises(Refused, match="changed"):
        issuing.issue(centre.db, red, HOA, desk=centre.notices, now=centre.clock(), seen=before)


def test_a_box_that_began_anew_gives_its_numbers_to_others(centre: Centre) -> None:
    again = {**RED, "at": RED["at"] + timedelta(minutes=2)}
    cases = [case_of(centre, **each) for each in (LANE, again)]
    assert drives(centre, cases) == [None, None]


def test_cases_of_before_are_asked_once_and_linked_with_each_other_and_with_new_ones(centre: Centre) -> None:
    lane, red = (case_of(centre, **each) for each in (LANE, RED))
    alone = case_of(centre, **OTHERS_LANE)
    with centre.db.write() as session:  # as an older version left them
        session.execute(update(CaseRow).values(track=None, drive=None))
    late = case_of(centre, **act(13.0, ActCode.SOLID_LINE))
    assert link_stored(centre.db, centre.clock()) == 3
    assert len({*drives(centre, [lane, red, late])}) == 1
    assert drives(centre, [alone]) == [None]
    # the record is never taken back: what was found before stands there, and is told once more
    first, second, third = numbers(centre, [lane, red, late])
    assert told(centre, late) == [second]
    assert told(centre, lane) == [second, second]
    assert told(centre, red) == [first, first, third]
    assert link_stored(centre.db, centre.clock()) == 0


def test_a_case_whose_packet_was_deleted_is_left_out(box: Centre) -> None:
    lane = case_of(box, **LANE, plate=None)
    with box.db.write() as session:
        row = session.get_one(CaseRow, lane)
        session.execute(update(PacketRow).where(PacketRow.id == row.packet_id).values(manifest=""))
        row.track = None
    assert drives(box, [case_of(box, **RED)]) == [None]
    assert link_stored(box.db, box.clock(), goes_on=iter([True, False]).__next__) == 1


def test_who_opens_one_act_holds_the_others_and_nobody_else_opens_one(centre: Centre) -> None:
    lane, red = (case_of(centre, **each) for each in (LANE, RED))
    take(centre, red)
    assert holders(centre, [lane, red]) == ["lan", "lan"]
    with pytest.raises(Refused) as refused:
        take(centre, lane, BINH)
    assert refused.value.code == "held"
    late = case_of(centre, **act(13.0, ActCode.SOLID_LINE))
    with pytest.raises(Refused) as refused:
        take(centre, late, BINH)
    assert (refused.value.code, refused.value.values["name"]) == ("drive_held", "lan")
    take(centre, red)
    assert holders(centre, [late]) == ["lan"], "who goes on looking takes what came meanwhile"
    with centre.db.write() as session:
        actions.release(session, red, LAN, now=centre.clock())
    assert holders(centre, [lane, red, late]) == [None, None, None]
    take(centre, lane, BINH)
    assert holders(centre, [red]) == ["binh"]
    with centre.db.write() as session:
        actions.release(session, red, TRUONG, now=centre.clock())
    assert holders(centre, [lane, red, late]) == [None, None, None], "the head frees the drive"


def test_after_one_act_the_next_of_its_drive_comes_before_older_cases_and_nobody_gets_what_another_holds(
    centre: Centre,
) -> None:
    older = case_of(centre, at=START - timedelta(days=1))
    lane, red = (case_of(centre, **each) for each in (LANE, RED))
    take(centre, lane)
    with centre.db.write() as session:
        actions.reject(session, lane, LAN, "not_violation", now=centre.clock())

    def after(officer: Officer) -> str | None:
        with centre.db.read() as session:
            return next_free(session, QueueFilter(), officer.username, now=centre.clock(), after=lane)

    assert after(LAN) == red
    assert after(BINH) == older


def test_acts_of_one_drive_stand_below_each_other_and_say_so(centre: Centre) -> None:
    lane, between, red = (case_of(centre, **each) for each in (LANE, {**OTHERS_LANE, "at": LANE["at"]}, RED))
    first, _, second = numbers(centre, [lane, between, red])
    with centre.db.read() as session:
        listed = queue(session, QueueFilter(), now=centre.clock())
    assert [(i.id, i.drive) for i in listed] == [(lane, (second,)), (red, (first,)), (between, ())]


@pytest.mark.parametrize(
    ("why", "options", "typed", "found"),
    [
        ("the same plate", {}, "36A-123.45", ()),
        ("another plate, as an officer states it", {"plate": "36A12346"}, "36A-123.46", ("drive_plate",)),
        ("another plate, as the machine reads it", {"plate": "36A12346", "sure": 0.6}, "", ("drive_plate",)),
        ("no plate was read", {"plate": None}, "", ()),
        ("another kind of vehicle", {"plate": None, "cls": VehicleClass.MOTORCYCLE}, "", ("drive_kind",)),
        ("a bus that the detector called a car", {"cls": VehicleClass.BUS}, "", ()),
    ],
)
def test_acts_that_contradict_each_other_are_issued_only_with_a_tick(
    why: str, options: dict[str, Any], typed: str, found: tuple[str, ...], centre: Centre
) -> None:
    red = prepared(centre, **RED)
    other = confirmed(centre, typed=typed, **LANE, **options) if typed else case_of(centre, **LANE, **options)
    number = numbers(centre, [other])[0]
    codes = tuple(f"{code}:{number}" for code in found)
    assert doubts(centre, red) == codes, why
    shown = seen(centre, red)
    assert {*codes} <= {*shown.accepted}
    if codes:
        ticked = seen(centre, red, accepted=[code for code in shown.accepted if code not in codes])
        with pytest.raises(Refused) as refused:
            issuing.issue(centre.db, red, HOA, desk=centre.notices, now=centre.clock(), seen=ticked)
        assert refused.value.code == "doubts"
    issuing.issue(centre.db, red, HOA, desk=centre.notices, now=centre.clock(), seen=shown)


def test_a_case_rejected_for_its_vehicle_contradicts_nobody(centre: Centre) -> None:
    red = prepared(centre, **RED)
    lane = case_of(centre, **LANE, plate="36A12346")
    take(centre, lane)
    with centre.db.write() as session:
        actions.reject(session, lane, LAN, "plate_unreadable", now=centre.clock())
    assert doubts(centre, red) == ()


STOPPED = act(5.0, ActCode.STOPPED_PAST_LINE, reasons={"stop_line": "A"})


@pytest.mark.parametrize(
    ("why", "one", "other", "same"),
    [
        ("it stopped past the line and went on", STOPPED, act(9.0, reasons={"stop_line": "A"}), True),
        ("at another line", STOPPED, act(9.0, reasons={"stop_line": "B"}), False),
        ("a line that nobody names", act(5.0, ActCode.STOPPED_PAST_LINE, reasons={}), act(9.0, reasons={}), False),
        ("the same act at the same place", act(5.0, reasons={"stop_line": "A"}), act(9.0, reasons={"stop_line": "A"}),
         True),
        ("two acts", LANE, RED, False),
        ("one turn", act(5.0, ActCode.BANNED_TURN, reasons={"exit": "N"}),
         act(9.0, ActCode.LANE_DIRECTION, reasons={"exit": "N"}), True),
    ],
)  # fmt: skip
def test_of_one_behaviour_nobody_is_accused_twice_without_a_persons_word(
    why: str, one: dict[str, Any], other: dict[str, Any], same: bool, centre: Centre
) -> None:
    first, second = prepared(centre, **one), case_of(centre, **other)
    assert doubts(centre, first) == (), f"{why}: nobody has stated the other act yet"
    with centre.db.read() as session:
        view = case_view(session, second, LAN, registry=centre.registry, now=centre.clock(), record=False)
    assert [d.behaviour is not None for d in view.drive] == [same], why
    assert doubts(centre, second) == ((f"one_behaviour:{view.drive[0].item.number}",) if same else ())


def test_a_plate_that_an_officer_stated_is_offered_and_nothing_is_taken_over_by_itself(centre: Centre) -> None:
    lane, red = (case_of(centre, **each, plate=plate) for each, plate in ((LANE, "36A12345"), (RED, "36A12346")))

    def offered(case_id: str) -> list[bool]:
        with centre.db.read() as session:
            view = case_view(session, case_id, LAN, registry=centre.registry, now=centre.clock(), record=False)
        return [each.offered for each in view.drive]

    assert offered(red) == [False], "what a machine read is no offer"
    take(centre, lane)
    with centre.db.write() as session:
        actions.correct_plate(session, lane, LAN, "36A-123.48", now=centre.clock())
    assert offered(red) == [True]
    assert offered(lane) == [False]
    with centre.db.read() as session:
        assert session.scalar(select(CaseRow.plate).where(CaseRow.id == red)) == "36A12346"


def test_why_an_act_was_rejected_is_not_told_of_one_that_was_opened_again(centre: Centre) -> None:
    lane, red = case_of(centre, **LANE), case_of(centre, **RED)
    take(centre, lane)
    with centre.db.write() as session:
        actions.reject(session, lane, LAN, "not_violation", now=centre.clock())

    def reason() -> str | None:
        with centre.db.read() as session:
            view = case_view(session, red, LAN, registry=centre.registry, now=centre.clock(), record=False)
        return view.drive[0].reject_reason

    assert reason() == "not_violation"
    on = {"on": NOW.date().isoformat()}
    proceedings.take(centre.db, lane, TRUONG, Action.REOPEN, on, "có vi phạm", desk=centre.notices, now=centre.clock())
    assert reason() is None


def test_another_units_act_is_counted_and_neither_shown_nor_named(centre: Centre) -> None:
    with centre.db.write() as session:
        change(session, [Unit("doi-2", "Đội 2", "team", ROOT)])
    lane = case_of(centre, **LANE)
    with centre.db.write() as session:
        session.get_one(CaseRow, lane).unit_code = "doi-2"
    red = case_of(centre, **RED, plate="36A12346")
    with centre.db.read() as session:
        view = case_view(session, red, LAN, registry=centre.registry, now=centre.clock(), record=False)
    assert (view.drive, view.drive_elsewhere) == ((), 1)
    assert told(centre, red) == [""]
    assert [code.startswith("drive_plate:@") for code in view.holding] == [True]
    take(centre, red)
    with centre.db.read() as session:
        assert session.get_one(CaseRow, lane).status == Status.NEW


def test_the_owner_is_asked_to_come_once_for_the_acts_of_a_drive(centre: Centre) -> None:
    """As long as both name one vehicle, and the hour leaves time enough."""
    lane = prepared(centre, **LANE)
    for _ in range(centre.config.office.appear_per_time):
        prepared(centre, at=START - timedelta(hours=3))  # others are given the hours around it

    def hour(case_id: str) -> datetime | None:
        with centre.db.read() as session:
            notice = session.get_one(CaseRow, case_id).notice
            return notice.appear_at if notice is not None else None

    assert hour(prepared(centre, **RED)) == hour(lane)
    other_plate = prepared(centre, **act(11.0, ActCode.SOLID_LINE), plate="36A99999", typed="36A-999.99")
    assert hour(other_plate) != hour(lane)
    centre.clock.forward(days=8)  # type: ignore[attr-defined]
    assert hour(prepared(centre, **act(13.0, ActCode.WRONG_WAY))) != hour(lane)


def test_a_case_taken_out_of_its_drive_or_put_into_another_track_past_the_program_is_found(centre: Centre) -> None:
    lane, red, alone = (case_of(centre, **each) for each in (LANE, RED, OTHERS_LANE))

    def faults(**columns: Any) -> list[str]:
        case_id = columns.pop("case")
        with centre.db.write() as session:
            before = {name: getattr(session.get_one(CaseRow, case_id), name) for name in columns}
            session.execute(update(CaseRow).where(CaseRow.id == case_id).values(**columns))
        with centre.db.read() as session:
            found = audit(session, centre.key.public, centre=centre.config.centre_id).faults
        with centre.db.write() as session:
            session.execute(update(CaseRow).where(CaseRow.id == case_id).values(**before))
        return [fault for fault in found if "drive" in fault or "track" in fault]

    assert faults(case=red, drive=None) == [f"case 2: {ALONE}"]
    assert faults(case=alone, drive=1) == ["case 3: it is kept as one act of a drive, its record names no other"]
    assert len(faults(case=lane, track=9)) == 1
    assert faults(case=lane, track=7) == []


def test_each_question_is_answered_by_an_index(box: Centre) -> None:
    """However many cases there are: while a packet is stored nothing is looked through."""
    questions = {
        "ix_cases_track": "node_id = 'n' AND camera_id = 'c' AND track = 7 AND occurred_at BETWEEN 'a' AND 'b'",
        "ix_cases_drive": "drive IN (1, 2)",
        "ix_cases_unasked": "track IS NULL AND deleted_at IS NULL",
    }
    with box.db.read() as session:
        for index, asked in questions.items():
            plan = session.execute(text(f"EXPLAIN QUERY PLAN SELECT * FROM cases WHERE {asked} ORDER BY number")).all()
            assert index in str(plan), plan
