"""A plate that two vehicles bear: both cases are held, never issued or sent without a person's word."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from central.cases.doubts import issue_doubts
from central.cases.lifecycle import Action, Refused
from central.cases.log import events
from central.centre import Centre
from central.cli import central
from central.desk import actions
from central.notices import issuing
from central.registry import import_registry
from central.store.case_tables import CaseRow
from central.store.positions import positions_of, set_position
from tests.central.build import HOA, LAN, NODE, NOW, case_of, claimed, issued, prepared, seen
from tests.central.web_people import Web, make_web

AT = NOW - timedelta(hours=2)
HERE, THERE = (19.8067, 105.7852), (19.2667, 105.7000)
"""61 km from each other."""


@pytest.fixture
def box(centre: Centre) -> Centre:
    """Two cameras on the map, on both databases."""
    return _placed(centre)


def _placed(centre: Centre) -> Centre:
    with centre.db.write() as session:
        set_position(session, NODE, "cam-1", *HERE, now=NOW)
        set_position(session, NODE, "cam-2", *THERE, now=NOW)
    return centre


def doubts(centre: Centre, case_id: str) -> set[str]:
    """Those that hold the case, without the number of the other one."""
    with centre.db.read() as session:
        found = issue_doubts(session, session.get_one(CaseRow, case_id), centre.clock(), centre.registry)
    return {code.partition(":")[0] for code in found} & {"too_fast", "at_once", "other_vehicle", "register_colour"}


def twin(centre: Centre, **options: Any) -> str:
    """The same plate at the other camera a minute later, read surely."""
    return case_of(centre, **{"camera": "cam-2", "at": AT + timedelta(minutes=1), "sure": 0.97, **options})


def issue(centre: Centre, case_id: str, **changes: Any) -> issuing.IssuedNotice:
    shown = seen(centre, case_id, **changes)
    return issuing.issue(centre.db, case_id, HOA, desk=centre.notices, now=centre.clock(), seen=shown)


def refusal(action: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(Refused) as caught:
        action(*args, **options)
    return caught.value.code


def test_a_plate_in_two_places_too_fast_is_issued_only_with_a_tick_for_it_and_a_word(box: Centre) -> None:
    case_id = prepared(box, at=AT)
    other = twin(box)
    assert doubts(box, case_id) == doubts(box, other) == {"too_fast"}
    ticked = [code for code in seen(box, case_id).accepted if not code.startswith("too_fast")]
    assert refusal(issue, box, case_id, accepted=ticked) == "doubts"
    assert refusal(issue, box, case_id, word=" ") == "word"
    issue(box, case_id, word="Xe kia là xe tải, đã gọi chủ xe")
    with box.db.read() as session:
        said = [e for e in events(session, case_id) if e.action == Action.ISSUE.value][-1]
    assert said.note == "Xe kia là xe tải, đã gọi chủ xe"
    assert any(code.startswith("too_fast:") for code in said.after["doubts"])


def test_a_case_that_was_confirmed_before_the_other_came_is_marked_and_its_open_pages_are_stale(box: Centre) -> None:
    case_id = prepared(box, at=AT)
    before = seen(box, case_id)
    other = twin(box)
    with box.db.read() as session:
        number = session.get_one(CaseRow, other).number
        told = [e for e in events(session, case_id) if e.action == Action.SIBLING.value]
    assert [e.after for e in told] == [{"case": number, "doubts": [f"too_fast:{number}"]}]
    assert refusal(issue, box, case_id, version=before.version, accepted=before.accepted) == "changed"


def test_a_third_case_is_a_doubt_of_its_own(box: Centre) -> None:
    case_id = prepared(box, at=AT)
    twin(box)
    before = seen(box, case_id).accepted
    twin(box, at=AT + timedelta(minutes=3))
    assert refusal(issue, box, case_id, accepted=before) == "doubts"


def test_what_is_found_between_issuing_and_sending_stops_the_sending(box: Centre) -> None:
    case_id, _ = issued(box, at=AT)
    twin(box)

    def send(**changes: Any) -> None:
        with box.db.read() as session:
            newly = issuing.held_since_issue(session, session.get_one(CaseRow, case_id), box.registry)
        shown = seen(box, case_id, **{"accepted": newly, **changes})
        with box.db.write() as session:
            issuing.publish(session, case_id, HOA, register=box.registry, now=box.clock(), seen=shown)

    assert refusal(send, accepted=()) == "doubts"
    assert refusal(send, word="") == "word"
    send()


def test_what_was_ticked_at_issuing_is_not_asked_again_at_sending(box: Centre) -> None:
    case_id = prepared(box, at=AT)
    twin(box)
    issue(box, case_id)
    with box.db.write() as session:
        issuing.publish(session, case_id, HOA, register=box.registry, now=box.clock())


@pytest.mark.parametrize(
    ("why", "options", "found"),
    [
        ("read surely, far away", {}, {"too_fast"}),
        ("the box was not sure of the plate", {"sure": 0.9}, set()),
        ("its clock is not sure", {"flags": ["clock_unsure"]}, set()),
        ("another plate", {"plate": "36A12346"}, set()),
        ("a camera that nobody put on the map", {"camera": "cam-9"}, set()),
        ("the same camera again", {"camera": "cam-1", "at": AT + timedelta(minutes=9)}, set()),
        ("one camera, at once, in another lane", {"camera": "cam-1", "at": AT, "box": (480.0, 120.0, 590.0, 180.0)},
         {"at_once"}),
        ("one camera, at once, the same vehicle: two acts", {"camera": "cam-1", "at": AT}, set()),
    ],
)  # fmt: skip
def test_which_other_case_holds_one(why: str, options: dict[str, Any], found: set[str], box: Centre) -> None:
    case_id = prepared(box, at=AT)
    other = twin(box, **options)
    assert doubts(box, case_id) == found, why
    assert doubts(box, other) == found, why


def test_the_order_in_which_the_two_arrive_does_not_matter(box: Centre) -> None:
    first = twin(box)
    second = prepared(box, at=AT)
    assert doubts(box, first) == doubts(box, second) == {"too_fast"}


def test_a_reading_that_an_officer_corrects_or_rejects_holds_nobody_any_more(box: Centre) -> None:
    case_id = prepared(box, at=AT)
    other = twin(box)
    with box.db.write() as session:
        actions.claim(session, other, LAN, now=box.clock(), lease=box.claim_lease)
        actions.correct_plate(session, other, LAN, "36A-123.48", now=box.clock())
    assert doubts(box, case_id) == set()
    third = claimed(box, camera="cam-2", at=AT + timedelta(minutes=2), sure=0.97)
    assert doubts(box, case_id) == {"too_fast"}
    with box.db.write() as session:
        actions.reject(session, third, LAN, "wrong_vehicle", now=box.clock())
    assert doubts(box, case_id) == set()


def test_a_case_rejected_for_its_act_was_there_all_the_same(box: Centre) -> None:
    case_id = prepared(box, at=AT)
    other = claimed(box, camera="cam-2", at=AT + timedelta(minutes=2), sure=0.97)
    with box.db.write() as session:
        actions.reject(session, other, LAN, "not_violation", now=box.clock())
    assert doubts(box, case_id) == {"too_fast"}


def test_a_plate_registered_in_another_colour_holds_its_case(box: Centre, tmp_path: Path) -> None:
    register = tmp_path / "xe.csv"
    register.write_text(
        "plate,colour,kind,owner_name,owner_type,id_number,address,valid_from,valid_to\n"
        "36A12345,yellow,car,Công ty vận tải Sông Mã,organisation,2800000001,Số 1 Lê Lợi,2020-01-01,\n",
        encoding="utf-8",
    )
    case_id = prepared(box, at=AT)
    assert doubts(box, case_id) == set()
    import_registry(box.db, register)
    assert doubts(box, case_id) == {"register_colour"}


def test_positions_are_set_put_right_and_listed_with_the_cameras_that_lack_one(tmp_path: Path) -> None:
    file = tmp_path / "central.yaml"
    file.write_text(
        f"schema_version: 1\ndata_dir: {tmp_path / 'data'}\noffice:\n  parent: A\n  unit: {{name: B}}\n"
        "  unit_in_text: b\n  town: C\n  number_suffix: D\n  signer_title: E\n  signer_name: F\n",
        encoding="utf-8",
    )

    def run(*words: str) -> Any:
        return CliRunner().invoke(central, ["camera", *words[:1], "--config", str(file), *words[1:]])

    assert run("set", NODE, "cam-1", "19.8", "105.7").exit_code == 0
    assert run("set", NODE, "cam-1", "19.8067", "105.7852").exit_code == 0
    wrong = run("set", NODE, "cam-2", "105.7852", "19.8067")
    assert wrong.exit_code == 1
    assert "latitude" in wrong.output
    listed = run("list").output
    assert f"{NODE}/cam-1  19.80670, 105.78520" in listed
    assert "1 positions, 0 cameras without" in listed


def test_positions_of_none_are_none(box: Centre) -> None:
    with box.db.read() as session:
        assert positions_of(session, []) == {}
        assert positions_of(session, [(NODE, "cam-1"), (NODE, "cam-9")]) == {(NODE, "cam-1"): HERE}


@pytest.fixture
def web(tmp_path: Path) -> Web:
    made = make_web(tmp_path / "centre")
    _placed(made.centre)
    return made


def test_both_pages_show_the_two_side_by_side_and_nothing_where_there_is_no_other(web: Web) -> None:
    case_id = prepared(web.centre, at=AT)
    hoa = web.person(HOA)
    for page in (f"/desk/cases/{case_id}", f"/desk/approve/{case_id}"):
        assert 'id="siblings"' not in hoa.get(page).text
        assert 'id="holding"' not in hoa.get(page).text
    other = twin(web.centre)
    for page in (f"/desk/cases/{case_id}", f"/desk/approve/{case_id}"):
        text = hoa.get(page).text
        assert f"/desk/cases/{other}/vehicle.jpg" in text
        assert f"/desk/cases/{other}/files/plate_crop.jpg" in text
        assert "61 km" in text
        assert "sau 1 phút" in text
        assert "Nhanh hơn mọi phương tiện có thể đi" in text
    assert "Tạm giữ: biển số" in hoa.get("/desk/approve").text
    assert hoa.get(f"/desk/cases/{other}/vehicle.jpg").headers["content-type"] == "image/jpeg"
    with web.centre.db.read() as session:
        looked = [e.after.get("how") for e in events(session, other) if e.action == Action.VIEW.value]
    assert "copy" in looked, "whoever looks at another case's picture is in its record"


def test_the_dialog_wants_a_tick_for_each_and_the_reason_in_words(web: Web) -> None:
    case_id = prepared(web.centre, at=AT)
    other = twin(web.centre)
    hoa, page = web.person(HOA), f"/desk/approve/{case_id}"
    with web.centre.db.read() as session:
        number = session.get_one(CaseRow, other).number
    known = seen(web.centre, case_id)
    form = {
        "draft": known.draft, "version": str(known.version), "doubts_read": "yes", "without_owner": "yes",
        "doubts": [code for code in known.accepted if not code.startswith("too_fast")],
    }  # fmt: skip
    without = hoa.post(f"{page}/issue", at=page, **form)
    assert without.status_code == 409
    silent = hoa.post(f"{page}/issue", at=page, **form, held=f"too_fast:{number}")
    assert silent.status_code == 409
    assert "chưa ghi lý do" in silent.text
    done = hoa.post(f"{page}/issue", at=page, **form, held=f"too_fast:{number}", word="Đã so ảnh: hai xe khác nhau")
    assert done.status_code == 200
    assert "Đã so ảnh: hai xe khác nhau" in done.text, "the word stands in the record"
