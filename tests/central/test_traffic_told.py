"""What boxes say of their traffic reaches people, who answer; the answer is a switch like any other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from central.cases.doubts import holds, switch_doubts
from central.cases.lifecycle import Refused
from central.centre import Centre
from central.desk.switching import board, end
from central.desk.traffic import Answer, TrafficQuestion, answer, questions
from central.devices.records import DeviceId
from central.intake.ingest import Ingest
from central.store.case_tables import CaseRow
from central.switches.book import going_on
from evidence.packet import utc_text
from evidence.switches import LONGEST, Switch, says_right
from evidence.wire import CameraHealth, Health
from tests.central.build import CAMERA, LAN, NODE, NOW, case_of, prepared, seen
from tests.central.test_pictures_watched import alarms
from tests.central.test_siblings import issue, refusal
from tests.central.test_switches import OFFICER, faults
from tests.central.web_people import Web, make_web

HELD_AT = NOW - timedelta(minutes=95)
JUMP = {
    "state": "acts_jump", "held_at": utc_text(HELD_AT), "counted_from": utc_text(NOW - timedelta(minutes=135)),
    "act": "red_light", "acts": 24, "vehicles": 230, "usual_acts": 31, "usual_vehicles": 5120, "days": 9,
    "day_kind": "workday", "acts_held": 17,
}  # fmt: skip


def say(centre: Centre, traffic: dict[str, Any], camera: str = CAMERA) -> None:
    told = CameraHealth.model_validate({"id": camera, "state": "running", "traffic": traffic})
    Ingest.of(centre).health(NODE, Health(node=NODE, status="running", at="x", cameras=[told]))


def asked(centre: Centre) -> list[TrafficQuestion]:
    with centre.db.read() as session:
        return questions(session, OFFICER, NOW)


def told(centre: Centre, kind: Answer, *, camera: str = CAMERA, held_at: str = JUMP["held_at"]) -> Switch:
    with centre.db.write() as session:
        return answer(
            session, centre.ledger, OFFICER, DeviceId(NODE, camera), kind, held_at=held_at, why="lễ hội", now=NOW
        )


@pytest.mark.parametrize("state", ["acts_jump", "few_vehicles", "plates_unread"])
def test_an_alarm_is_raised_once_and_ends_by_itself(box: Centre, state: str) -> None:
    changed = JUMP if state == "acts_jump" else {"state": state}
    for traffic in ({"state": "usual"}, changed, changed):
        say(box, traffic)
    assert alarms(box) == [(f"traffic_{state}", CAMERA)]
    say(box, {"state": "usual"})
    assert alarms(box) == []


def test_a_box_that_holds_acts_asks_and_what_is_right_frees_them_and_flags_nothing(centre: Centre) -> None:
    case_id = prepared(centre)
    say(centre, JUMP)
    (question,) = asked(centre)
    assert (question.place, question.held_at, question.answer) == (DeviceId(NODE, CAMERA), HELD_AT, None)
    switch = told(centre, "traffic_right")
    assert says_right([switch], node=NODE, camera=CAMERA, at=HELD_AT)
    assert switch.ends - switch.starts == LONGEST
    assert not doubts_of(centre, case_id)
    with centre.db.read() as session:
        assert going_on(session, NODE, NOW) == [switch], "it goes to the box"
        assert [line.switch.kind for line in board(session, OFFICER, NOW)] == ["traffic_right"]
    assert asked(centre)[0].answer == switch
    say(centre, {"state": "usual"})
    assert asked(centre) == []
    assert faults(centre) == []
    with centre.db.write() as session:
        assert end(session, centre.ledger, OFFICER, switch.id, NOW, now=NOW).ends == NOW, "it asks again from then on"


def doubts_of(centre: Centre, case_id: str) -> list[str]:
    return [code for code in seen(centre, case_id).accepted if holds(code)]


def test_where_the_camera_must_be_looked_at_its_cases_of_that_hour_are_held_for_a_persons_word(centre: Centre) -> None:
    case_id = prepared(centre)  # its act is two hours old: after `counted_from`, before the hold
    before = seen(centre, case_id)
    say(centre, JUMP)
    switch = told(centre, "camera_doubted")
    assert doubts_of(centre, case_id) == [f"camera_doubted:{switch.id}"]
    assert refusal(issue, centre, case_id, accepted=before.accepted) == "doubts"
    assert refusal(issue, centre, case_id, word="") == "word"
    assert not says_right([switch], node=NODE, camera=CAMERA, at=HELD_AT), "it frees nothing"
    assert asked(centre)[0].answer == switch
    right = told(centre, "traffic_right")
    assert asked(centre)[0].answer == right, "mended"
    assert doubts_of(centre, case_id) == [f"camera_doubted:{switch.id}"], "what was doubtful stays so"


def test_what_was_told_outside_that_hour_is_not_held(box: Centre) -> None:
    say(box, JUMP)
    told(box, "camera_doubted")
    for minutes, held in ((140, False), (134, True), (100, True), (90, False)):
        case_id = case_of(box, at=NOW - timedelta(minutes=minutes), sequence=minutes, previous="0" * 64)
        with box.db.read() as session:
            found = switch_doubts(session, [session.get_one(CaseRow, case_id)])
        assert bool(found) == held, minutes


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"held_at": utc_text(NOW)}, "another question than the one shown"),
        ({"camera": "cam-2"}, "a camera that asks nothing"),
    ],
)
def test_nobody_answers_what_is_not_asked(box: Centre, changed: dict[str, str], why: str) -> None:
    say(box, JUMP)
    with pytest.raises(Refused) as refused:
        told(box, "traffic_right", **changed)
    assert refused.value.code == "traffic_gone", why


@pytest.mark.parametrize(
    "spoilt", [{"held_at": "yesterday"}, {"counted_from": None}, {"counted_from": "2020-01-01T00:00:00Z"}]
)
def test_a_box_that_asks_nonsense_is_not_asked_about(box: Centre, spoilt: dict[str, Any]) -> None:
    say(box, JUMP | spoilt)
    assert asked(box) == []


def test_the_page_shows_the_question_and_takes_the_answer_in_both_languages(tmp_path: Any) -> None:
    web: Web = make_web(tmp_path / "centre")
    lan, page = web.person(LAN), "/desk/switches"
    say(web.centre, JUMP)
    shown = lan.get(page).text
    assert "24 lần trong 230 xe" in shown
    assert "31 lần trong 5.120 xe, gộp 9 ngày làm việc" in shown
    form = {"place": f"{NODE}/{CAMERA}", "held_at": JUMP["held_at"]}
    assert lan.post(f"{page}/traffic", at=page, **form, kind="officer_directs", why="x").status_code == 409
    done = lan.post(f"{page}/traffic", at=page, **form, kind="camera_doubted", why="đèn mới thay")
    assert "phải kiểm tra camera (đèn mới thay)" in done.text
    assert done.text.count('name="kind" value="camera_doubted"') == 0
    lan.post("/lang", at=page, to="en")
    done = lan.post(f"{page}/traffic", at=page, **form, kind="traffic_right", why="đã sửa")
    assert "that the traffic is right (đã sửa)" in done.text
    assert lan.get("/desk/unit").status_code in (200, 403)
