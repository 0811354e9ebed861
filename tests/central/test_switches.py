"""Switches at the centre: who may say one, what it does to cases, and that it cannot be hidden."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from central.audit.stored import audit
from central.cases.doubts import issue_doubts
from central.cases.lifecycle import Action, Officer, Refused, Role
from central.cases.log import events
from central.centre import Centre
from central.desk.stop_lines import stop_lines
from central.desk.switching import AHEAD, LATEST, board, end, ending, places, say
from central.devices.records import DeviceId
from central.intake.ingest import Ingest
from central.notices import issuing
from central.notices.basis import Seen
from central.store.case_tables import CaseRow
from central.store.packet_tables import NodeRow, PacketFileRow
from central.store.switch_tables import SwitchRow
from central.units.book import change, give_camera
from central.units.tree import EVERYWHERE, ROOT, Scope, Unit
from countries.here import HERE
from evidence.packet import utc_text
from evidence.switches import LONGEST, Switch
from evidence.wire import CameraHealth, Health
from tests.central.build import BINH, CAMERA, HOA, LAN, NODE, NOW, HandClock, NodeChain, case_of, issued, prepared, seen
from tests.central.test_audit import without_guards
from tests.central.test_pictures import SCENE
from tests.central.test_siblings import issue, refusal
from tests.central.web_people import PASSWORD, Web, make_web
from tests.evidence.test_switches import switch

AT = NOW - timedelta(hours=2)
"""When the act of `build.packet` happens."""
OFFICER = Officer("lan", Role.OFFICER, "Nguyễn Thị Lan", scope=EVERYWHERE)


def directed(
    centre: Centre, officer: Officer = OFFICER, *, since: datetime = AT - timedelta(minutes=30),
    until: datetime = AT + timedelta(minutes=30), camera: str = CAMERA, line: str | None = None, **options: Any,
) -> Switch:  # fmt: skip
    with centre.db.write() as session:
        return say(
            session, centre.ledger, officer, DeviceId(NODE, camera), options.get("kind", "officer_directs"), line=line,
            since=since, until=until, why=options.get("why", "ùn tắc"), now=centre.clock(),
        )  # fmt: skip


def doubts(centre: Centre, case_id: str) -> list[str]:
    with centre.db.read() as session:
        found = issue_doubts(session, session.get_one(CaseRow, case_id), centre.clock(), centre.registry)
    return [code for code in found if "officer_directs" in code or "signal_out_of_order" in code]


def faults(centre: Centre) -> list[str]:
    with centre.db.read() as session:
        return list(audit(session, centre.keys, centre=centre.config.centre_id).faults)


# --- cases --------------------------------------------------------------------------------------------------------


def test_a_switch_that_is_said_late_holds_the_case_until_somebody_looks_and_says_why(centre: Centre) -> None:
    case_id = prepared(centre)  # the box knew nothing: it was away, or nobody had said it yet
    before = seen(centre, case_id)
    switch = directed(centre)
    assert doubts(centre, case_id) == [f"officer_directs:{switch.id}"]
    assert refusal(issue, centre, case_id, accepted=before.accepted) == "doubts"
    assert refusal(issue, centre, case_id, word=" ") == "word"
    issue(centre, case_id, word="cán bộ đã cho dừng, xe này vẫn đi")
    with centre.db.read() as session:
        said = [e for e in events(session, case_id) if e.action == Action.ISSUE.value][-1]
    assert f"officer_directs:{switch.id}" in said.after["doubts"]
    assert said.note == "cán bộ đã cho dừng, xe này vẫn đi"


def test_one_that_is_said_after_issuing_keeps_the_notice_from_being_sent_without_a_word(centre: Centre) -> None:
    case_id, _ = issued(centre)
    switch = directed(centre, kind="signal_out_of_order", camera="")

    def publish(shown: Seen | None) -> None:
        with centre.db.write() as session:
            issuing.publish(session, case_id, HOA, register=centre.registry, now=NOW, seen=shown)

    assert refusal(publish, None) == "doubts"
    code = f"signal_out_of_order:{switch.id}"
    assert refusal(publish, Seen("", accepted=(code,))) == "word"
    publish(Seen("", accepted=(code,), word="đèn hướng khác hỏng"))


@pytest.mark.parametrize(
    ("options", "packet", "held", "why"),
    [
        ({}, {}, True, "in its time"),
        ({"until": AT - timedelta(seconds=62)}, {}, False, "over a minute before its vehicle was seen"),
        ({"until": AT - timedelta(minutes=5)}, {"flags": ["clock_unsure"]}, True, "the box did not know its time"),
        ({"since": AT + timedelta(seconds=30)}, {}, True, "people name minutes"),
        ({"line": "vach-2"}, {"reasons": {"stop_line": "vach-1"}}, False, "another stop line"),
        ({"line": "vach-1"}, {"reasons": {"stop_line": "vach-1"}}, True, "its stop line"),
        ({"line": "vach-1"}, {}, True, "the act names no line"),
        ({"camera": ""}, {"camera": "cam-2"}, True, "all of the box"),
        ({}, {"camera": "cam-2"}, False, "another camera"),
    ],
)
def test_a_case_is_held_by_what_was_so_at_its_time_and_place(
    box: Centre, options: dict[str, Any], packet: dict[str, Any], held: bool, why: str
) -> None:
    case_id = case_of(box, **packet)
    directed(box, **options)
    assert bool(doubts(box, case_id)) == held, why


def test_two_that_overlap_are_each_ticked_and_what_the_box_flagged_is_not_ticked_twice(box: Centre) -> None:
    case_id = case_of(box, flags=["officer_directs"])
    assert doubts(box, case_id) == ["flag:officer_directs"]  # the centre lost what it had said: the packet says it
    first, second = directed(box), directed(box, since=AT - timedelta(minutes=5), kind="signal_out_of_order")
    assert doubts(box, case_id) == [f"officer_directs:{first.id}", f"signal_out_of_order:{second.id}"]


def test_what_was_so_stays_so_when_the_switch_ends(box: Centre) -> None:
    case_id = case_of(box)
    switch = directed(box, until=NOW + timedelta(hours=1))
    with box.db.write() as session:
        end(session, box.ledger, OFFICER, switch.id, NOW, now=NOW)
    assert doubts(box, case_id) == [f"officer_directs:{switch.id}"]
    assert isinstance(box.clock, HandClock)
    box.clock.forward(minutes=10)
    after = case_of(box, sequence=2, previous="0" * 64, at=NOW + timedelta(minutes=5))
    assert doubts(box, after) == []


@given(
    since_s=st.integers(-86400, 86400), lasts_s=st.integers(1, 86400),
    tries=st.lists(st.tuples(st.integers(0, 7200), st.integers(-90_000, 180_000)), max_size=6),
)  # fmt: skip
def test_whatever_is_changed_of_an_end_no_moment_of_the_past_is_ever_freed(
    since_s: int, lasts_s: int, tries: list[tuple[int, int]]
) -> None:
    now, held = NOW, switch(0, 1).model_copy(
        update={"since": utc_text(NOW + timedelta(seconds=since_s)), "at": utc_text(NOW),
                "until": utc_text(NOW + timedelta(seconds=since_s + lasts_s))}
    )  # fmt: skip
    for later_s, until_s in tries:
        now += timedelta(seconds=later_s)
        try:
            after = ending(held, now + timedelta(seconds=until_s), by="binh", now=now)
        except Refused:
            continue
        Switch.model_validate(after.model_dump(by_alias=True))
        assert after.at > held.at
        past_until = min(held.ends, now)  # what of it was so already
        assert after.ends >= past_until or past_until <= held.starts
        held = after


# --- who may, and what ------------------------------------------------------------------------------------------------


def test_each_says_it_of_the_cameras_of_his_units_alone(box: Centre) -> None:
    with box.db.write() as session:
        change(session, [Unit("doi-1", "Đội số 1", "team", ROOT)])
        give_camera(session, NODE, "cam-2", "doi-1", since=HERE.local_date(NOW), now=NOW)
    team = Officer("doi", Role.OFFICER, unit="doi-1", scope=Scope(frozenset({"doi-1"})))
    admin = Officer("quan-tri", Role.ADMIN, scope=EVERYWHERE)
    with box.db.read() as session:
        assert places(session, OFFICER, NOW) == (DeviceId(NODE), DeviceId(NODE, CAMERA), DeviceId(NODE, "cam-2"))
        assert places(session, team, NOW) == (DeviceId(NODE, "cam-2"),), "not of a box that has cameras of others"
        assert places(session, admin, NOW) == ()
    assert refusal(directed, box, team) == "switch_place"
    switch = directed(box)
    with box.db.write() as session:
        assert refusal(end, session, box.ledger, team, switch.id, NOW, now=NOW) == "switch_place"
        assert board(session, team, NOW) == []
    directed(box, team, camera="cam-2")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"why": " "}, "switch_why"),
        ({"why": "x" * 301}, "switch_why"),
        ({"until": AT - timedelta(hours=1)}, "switch_times"),
        ({"until": AT + LONGEST}, "switch_long"),
        ({"since": NOW - LATEST - timedelta(seconds=1), "until": NOW - LATEST + timedelta(hours=1)}, "switch_when"),
        ({"since": NOW + AHEAD + timedelta(hours=1), "until": NOW + AHEAD + timedelta(hours=2)}, "switch_when"),
        ({"line": "vạch 1"}, "switch_line"),
        ({"line": "vach-1", "camera": ""}, "switch_line"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason(box: Centre, options: dict[str, Any], code: str) -> None:
    assert refusal(directed, box, **options) == code


# --- the record -------------------------------------------------------------------------------------------------------


def test_statements_are_signed_in_the_log_and_only_added(centre: Centre) -> None:
    case_of(centre)
    directed(centre)
    case_of(centre, sequence=2, previous="0" * 64, at=AT + timedelta(minutes=1))
    assert [f for f in faults(centre) if "switch" in f or "log entry" in f] == []
    for statement in (update(SwitchRow).values(until=NOW), delete(SwitchRow)):
        with pytest.raises(DBAPIError, match="append-only"), centre.db.write() as session:
            session.execute(statement)
    assert [f for f in faults(centre) if "switch" in f] == []


def test_one_that_was_removed_or_rewritten_past_the_program_is_found(centre: Centre) -> None:
    directed(centre)
    with centre.db.write() as session:
        without_guards(session)
        session.execute(update(SwitchRow).values(until=AT))
    assert any("its row is not what was signed" in fault for fault in faults(centre))
    with centre.db.write() as session:
        session.execute(text("UPDATE switches SET record = replace(record, 'lan', 'kim')"))
    assert any("was not signed by this centre" in fault for fault in faults(centre))
    with centre.db.write() as session:
        session.execute(delete(SwitchRow))
    assert any("log entry 0" in fault for fault in faults(centre))


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return make_web(tmp_path / "centre")


def test_the_page_takes_one_shows_it_ends_it_and_the_case_tells_of_it_in_both_languages(web: Web) -> None:
    lan, page = web.person(LAN), "/desk/switches"
    case_id = case_of(web.centre, at=NOW - timedelta(minutes=10))
    local = (NOW - timedelta(minutes=30)).astimezone(HERE.zone)
    form = {"kind": "officer_directs", "place": f"{NODE}/{CAMERA}", "since": f"{local:%Y-%m-%dT%H:%M}"}
    refused = lan.post(page, at=page, **form, until=f"{NOW.astimezone(HERE.zone):%Y-%m-%dT%H:%M}", why="")
    assert refused.status_code == 409
    assert "Chưa ghi lý do" in refused.text
    assert f'value="{local:%Y-%m-%dT%H:%M}"' in refused.text, "what was typed stands there again"
    said = lan.post(page, at=page, **form, until="", why="tai nạn, <b>ùn tắc</b>")
    assert "Đã ghi nhận" in said.text
    assert "tai nạn, &lt;b&gt;ùn tắc&lt;/b&gt;" in said.text
    assert "Đang hiệu lực" in said.text
    binh = web.person(BINH)
    shown = binh.get(f"/desk/cases/{case_id}").text
    assert "Tạm giữ: lúc đó tín hiệu không có giá trị bình thường" in shown
    assert "Cán bộ điều khiển giao thông từ 09:30 23/11/2026 đến 10:30 23/11/2026 (lan ghi: tai nạn" in shown
    binh.post("/lang", at=page, to="en")
    shown = binh.get(f"/desk/cases/{case_id}").text
    assert "An officer directed the traffic from 09:30 23/11/2026 to 10:30 23/11/2026 (lan noted: tai nạn" in shown
    (line,) = lines(web)
    done = binh.post(f"{page}/{line.switch.id}", at=page)
    assert "The end is changed" in done.text
    (line,) = lines(web)
    assert (line.state, line.switch.by, line.switch.ends) == ("over", "binh", NOW)
    past = binh.post(f"{page}/{line.switch.id}", at=page, until="2026-11-23T08:00")
    assert (past.status_code, "cannot end in the past" in past.text) == (409, True)


def test_a_stop_line_is_chosen_of_those_that_the_cameras_scene_has_and_typed_where_no_scene_is_known(web: Web) -> None:
    """A line that the camera has not would hold nothing, while people believe it does."""
    chain, page, why = NodeChain(), "/desk/switches", {"kind": "officer_directs", "why": "ùn tắc"}
    case_of(web.centre, chain.next(scene=SCENE))
    with web.centre.db.write() as session:
        session.get_one(NodeRow, NODE).health = {"cameras": [{"id": CAMERA}, {"id": "cam-2"}]}
    lan = web.person(LAN)
    shown = lan.get(page).text
    here, there = f"{NODE}/{CAMERA}", f"{NODE}/cam-2"
    assert re.findall(r'<option value="([^"]+/v\d)">', shown) == [f"{here}/v1", f"{here}/v2"]
    assert f'data-places="{there}"' in shown, "of the other camera a line is typed"
    for fields, status, words in (
        ({"place": here, "drawn": f"{here}/v2"}, 200, "chỉ vạch v2"),
        ({"place": here, "drawn": f"{here}/v3"}, 409, "không có vạch dừng nào tên như vậy"),
        ({"place": here, "line": "v3"}, 409, "không có vạch dừng nào tên như vậy"),
        ({"place": there, "drawn": f"{here}/v1"}, 409, "không có vạch dừng nào tên như vậy"),
        ({"place": here, "line": "v1"}, 200, "chỉ vạch v1"),
        ({"place": there, "line": "vach-9"}, 200, "chỉ vạch vach-9"),
        ({"place": here, "drawn": ""}, 200, "Đã ghi nhận"),
    ):
        said = lan.post(page, at=page, **why, **fields)
        assert (said.status_code, words in said.text) == (status, True), fields
    assert {line.switch.line for line in lines(web)} == {"v2", "v1", "vach-9", None}


def test_of_a_camera_that_never_had_a_case_the_lines_are_those_that_its_box_tells(box: Centre) -> None:
    cameras = [DeviceId(NODE, name) for name in (CAMERA, "cam-2", "cam-3", "cam-4")]
    told = [
        CameraHealth(id=CAMERA, state="running", lines=["v1", "v9"]),
        CameraHealth(id="cam-2", state="reconnecting", lines=["dong", "bac"]),
        CameraHealth(id="cam-3", state="running", lines=[]),
        CameraHealth(id="cam-4", state="running"),
    ]
    case_of(box, scene=SCENE)
    Ingest.of(box).health(NODE, Health(node=NODE, status="running", at="x", cameras=told))
    with box.db.read() as session:
        known = stop_lines(session, box.store, cameras, NOW)
    assert known == {
        cameras[0]: ("v1", "v2", "v9"),  # of the packet and of the scene since
        cameras[1]: ("bac", "dong"),
        cameras[2]: (),  # its scene has none, so none is typed; an older box (cam-4) does not tell
    }


def test_of_a_scene_that_was_drawn_anew_old_and_new_lines_can_be_named_and_of_one_that_is_lost_any(box: Centre) -> None:
    chain, camera = NodeChain(), DeviceId(NODE, CAMERA)

    def known(at: datetime = NOW) -> Any:
        with box.db.read() as session:
            return stop_lines(session, box.store, [camera, DeviceId(NODE)], at)

    assert known() == {}
    case_of(box, chain.next(scene=SCENE, at=NOW - timedelta(days=2)))
    case_of(box, chain.next(scene=SCENE.replace(b"id: v2", b"id: v7"), at=NOW - timedelta(days=1)))
    assert known() == {camera: ("v1", "v2", "v7")}
    assert known(NOW + LATEST) == {camera: ("v1", "v7")}, "of the time of which one can still be said, and the newest"
    with box.db.read() as session:
        digests = session.scalars(select(PacketFileRow.sha256).where(PacketFileRow.role == "scene")).all()
    box.store.remove(digests[0])
    assert known() == {}


def lines(web: Web) -> list[Any]:
    with web.centre.db.read() as session:
        return board(session, OFFICER, NOW)


def test_the_page_names_notices_that_had_gone_out_before_it_was_said(web: Web) -> None:
    """Nothing holds them any more: a person has to look at them again, and may take them back."""
    sent, _ = issued(web.centre)
    with web.centre.db.write() as session:
        issuing.publish(session, sent, HOA, register=web.centre.registry, now=NOW)
        number = session.get_one(CaseRow, sent).number
    case_of(web.centre, sequence=2, previous="0" * 64, at=AT + timedelta(minutes=5))
    case_of(web.centre, sequence=3, previous="0" * 64, at=AT + timedelta(minutes=50))
    directed(web.centre)
    (line,) = lines(web)
    assert (line.held, line.sent) == (1, ((sent, number),))
    shown = web.person(LAN).get("/desk/switches").text
    assert "1 hồ sơ tạm giữ" in shown
    assert f'<a href="/desk/cases/{sent}">' in shown
    assert "cần xem lại" in shown


def test_the_list_of_those_to_issue_says_what_holds_them(web: Web) -> None:
    prepared(web.centre, reasons={"stop_line": "vach-1"})
    directed(web.centre, line="vach-1")
    assert "Tạm giữ: điều tiết, đèn hỏng" in web.person(HOA).get("/desk/approve").text


def test_an_administrator_has_no_such_page(web: Web) -> None:
    admin = web.person(Officer("quan-tri", Role.ADMIN, "Quản trị"))
    assert admin.get("/desk/switches").status_code == 403
    assert PASSWORD not in admin.get("/desk/unit").text


def test_of_many_switches_each_case_meets_its_own(box: Centre) -> None:
    """Back to back: each act meets its own, and its neighbour's at the edge."""
    chain = NodeChain()
    for n in range(4):
        directed(box, since=AT + timedelta(minutes=15 * n), until=AT + timedelta(minutes=15 * (n + 1)))
    for minute, met in [(-5, 0), (7, 1), (30, 2), (59, 1), (60.5, 1), (70, 0)]:
        case_id = case_of(box, chain.next(at=AT + timedelta(minutes=minute)))
        assert len(doubts(box, case_id)) == met, minute


def test_its_end_may_be_moved_on_and_back_to_now_but_not_beyond_a_day(box: Centre) -> None:
    switch = directed(box, since=NOW, until=NOW + timedelta(hours=1))
    for clock_s, hours in enumerate((5, 2), start=1):
        now, until = NOW + timedelta(seconds=clock_s), NOW + timedelta(hours=hours)
        with box.db.write() as session:
            assert end(session, box.ledger, OFFICER, switch.id, until, now=now).ends == until
    with box.db.write() as session:
        later = NOW + timedelta(hours=25)
        assert refusal(end, session, box.ledger, OFFICER, switch.id, later, now=now) == "switch_long"


def test_the_queue_tells_of_a_case_whose_time_somebody_spoke_of_later(web: Web) -> None:
    case_of(web.centre, reasons={"stop_line": "vach-1"})
    lan = web.person(LAN)
    assert "Lúc đó có cán bộ điều khiển" not in lan.get("/desk").text
    directed(web.centre, line="vach-2")
    assert "Lúc đó có cán bộ điều khiển" not in lan.get("/desk").text, "of another stop line"
    directed(web.centre, line="vach-1")
    directed(web.centre, line="vach-1")
    assert lan.get("/desk").text.count("Lúc đó có cán bộ điều khiển") == 1, "once, however often it was said"


def test_what_the_packet_says_itself_is_not_tagged_twice(web: Web) -> None:
    case_of(web.centre, flags=["officer_directs"])
    directed(web.centre)
    assert web.person(LAN).get("/desk").text.count("Lúc đó có cán bộ điều khiển") == 1
