"""What the pages of the desk say of several acts of one drive, and what is done from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.store.case_tables import CaseRow
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, TRUONG, case_of, prepared, seen
from tests.central.test_drives import LANE, RED, STOPPED, act
from tests.central.test_together import waits
from tests.central.web_people import Web, make_web


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return make_web(tmp_path / "centre")


def number(web: Web, case_id: str) -> int:
    with web.centre.db.read() as session:
        return session.get_one(CaseRow, case_id).number


def test_a_case_shows_the_other_acts_of_its_drive_and_one_that_stands_alone_shows_none(web: Web) -> None:
    lane, red, alone = (case_of(web.centre, **each) for each in (LANE, RED, {"plate": "36C22222"}))
    lan = web.person(LAN)
    text = lan.get(f"/desk/cases/{red}").text
    assert f'href="/desk/cases/{lane}"' in text
    assert "trước 4 giây" in text
    assert 'id="siblings"' not in text, "the same plate, and the same vehicle: said once"
    assert 'id="drive"' not in lan.get(f"/desk/cases/{alone}").text
    assert f"Cùng lượt đi với {number(web, red)}" in lan.get("/desk").text


def test_the_second_act_of_a_drive_is_not_taken_while_another_officer_has_the_first(web: Web) -> None:
    lane, red = (case_of(web.centre, **each) for each in (LANE, RED))
    web.person(LAN).get(f"/desk/cases/{lane}")
    late = case_of(web.centre, **act(13.0, ActCode.SOLID_LINE))
    head, page = web.person(TRUONG), f"/desk/cases/{late}"
    text = head.get(page).text
    assert "Nguyễn Thị Lan đang xem hành vi khác của lượt đi này" in text
    assert 'action="/desk/cases/' not in text.split('class="actions"')[1]
    refused = head.post(f"{page}/claim", at=page)
    assert refused.status_code == 409
    assert "một cán bộ xem một xe" in refused.text
    with web.centre.db.read() as session:
        assert {session.get_one(CaseRow, each).claimed_by for each in (lane, red)} == {"lan"}


def test_a_plate_stated_in_one_act_is_filled_in_and_saved_by_the_officer_alone(web: Web) -> None:
    lane = prepared(web.centre, typed="36A-123.48", **LANE)
    red = case_of(web.centre, **RED)
    lan, page = web.person(LAN), f"/desk/cases/{red}"
    offer = f"?offer={number(web, lane)}"
    assert f'href="{page}{offer}"' in lan.get(page).text
    filled = lan.get(page + offer).text
    assert 'data-dialog="correct"' in filled
    assert 'value="36A-123.48"' in filled
    assert f"lấy từ hồ sơ số {number(web, lane)}" in filled
    with web.centre.db.read() as session:
        assert session.get_one(CaseRow, red).plate == "36A12345"
    assert lan.get(f"{page}?offer=999").status_code == 200
    done = lan.post(f"{page}/plate", at=page, plate="36A-123.48", colour="white", kind="car")
    assert 'id="holding"' not in done.text, "nothing contradicts any more"


def test_two_acts_on_one_behaviour_are_said_to_be_so_before_confirming_and_before_issuing(web: Web) -> None:
    one = act(9.0, reasons={"stop_line": "A"})
    stopped, red = prepared(web.centre, **STOPPED), case_of(web.centre, **one)
    lan = web.person(LAN)
    text = lan.get(f"/desk/cases/{red}").text
    assert "Tạm giữ: hồ sơ khác của lượt đi này có thể về cùng một hành vi" in text
    assert "Cùng một lần vượt vạch dừng khi đèn đỏ: dừng quá vạch rồi đi tiếp" in text
    assert "Điều 3.1.d" in text
    assert "Một hành vi không bị xử phạt hai lần" in text, "in the dialog that confirms"
    done = lan.post(f"/desk/cases/{red}/confirm", at=f"/desk/cases/{red}", plate="36A-123.45", act="red_light",
                    colour="white", kind="car", seen=str(seen(web.centre, red).version))  # fmt: skip
    assert done.status_code == 200
    hoa, page = web.person(HOA), f"/desk/approve/{stopped}"
    assert "Tạm giữ: trùng hành vi" in hoa.get("/desk/approve").text
    text = hoa.get(page).text
    assert f'name="held" value="one_behaviour:{number(web, red)}"' in text
    known = seen(web.centre, stopped)
    form = {"draft": known.draft, "version": str(known.version), "doubts_read": "yes", "without_owner": "yes",
            "doubts": [code for code in known.accepted if not code.startswith("one_")]}  # fmt: skip
    assert hoa.post(f"{page}/issue", at=page, **form).status_code == 409


def test_acts_of_one_drive_are_decided_together_unless_somebody_takes_that_away(web: Web) -> None:
    line = act(13.0, ActCode.SOLID_LINE)
    red, solid = (waits(web.centre, web.clock, each.pop("act"), **each) for each in (RED.copy(), line))
    apart = waits(web.centre, web.clock, ActCode.WRONG_WAY)
    form = web.person(HOA).get(f"/desk/cases/{red}/steps").text
    ticked = [n for n in (number(web, solid), number(web, apart)) if f'name="with_{n}" value="1" checked' in form]
    assert ticked == [number(web, solid)]
    assert form.index(f"with_{number(web, solid)}") < form.index(f"with_{number(web, apart)}")
    assert "cùng lượt đi" in form


def test_two_acts_on_one_behaviour_are_not_offered_to_be_punished_together(web: Web) -> None:
    first, second = (
        waits(
            web.centre, web.clock, each["act"], **{key: each[key] for key in ("track", "t_s", "at", "way", "reasons")}
        )
        for each in (STOPPED, act(9.0, reasons={"stop_line": "A"}))
    )
    form = web.person(HOA).get(f"/desk/cases/{first}/steps").text
    assert f'name="with_{number(web, second)}" value="1"> ' in form
    assert "chỉ bị xử phạt một lần" in form
