"""What a button did is told on the page that one comes back to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from central.store.alarms import open_alarms, raise_alarm
from tests.central.build import HOA, LAN, NOW, TRUONG, case_of, prepared
from tests.central.web_people import Web, make_web


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


def test_every_button_says_what_it_did(web: Web) -> None:
    """Given back, corrected, returned, seen: each came back to a page that said nothing."""
    case_id, returned = case_of(web.centre, plate="36A55555"), prepared(web.centre)
    lan, hoa, truong = web.person(LAN), web.person(HOA), web.person(TRUONG)
    at = f"/desk/cases/{case_id}"
    lan.get(at)
    corrected = lan.post(f"{at}/plate", at=at, plate="36A-999.99", colour="white", kind="car").text
    released = lan.post(f"{at}/release", at=at).text
    sent_back = hoa.post(f"/desk/approve/{returned}/return", at=f"/desk/approve/{returned}", note="xem lại ảnh").text
    with web.centre.db.write() as session:
        raise_alarm(session, "unknown_node", None, None, "node giao-lo-9", NOW)
    action = re.search(r'action="(/desk/alarms/\d+/seen)"', truong.get("/desk/unit").text)
    assert action
    noted = truong.post(action[1], at="/desk/unit").text
    for page, words, no in (
        (corrected, "Đã ghi: sửa biển số", "hồ sơ tiếp theo"),
        (released, "Đã ghi: trả lại hàng chờ", "Hàng chờ đã hết"),
        (sent_back, "Đã ghi: trả lại người xử lý", "hồ sơ tiếp theo"),
        (noted, "anh/chị đã xem cảnh báo", "hồ sơ tiếp theo"),
    ):
        told = re.search(r'<p class="banner good" role="status">(.*?)</p>', page)
        assert told, words
        assert words in told[1]
        assert no not in told[1]
    for changed in ("", "done=nothing&number=1", "done=return&number=999999999999999999999"):
        assert hoa.get(f"/desk/approve?{changed}").status_code in (200, 422)


def test_alarms_that_say_the_same_of_the_same_are_one_line_seen_together(web: Web) -> None:
    """A box whose disk is damaged raises one for each packet: eight lines hid the one about a camera."""
    truong = web.person(TRUONG)
    with web.centre.db.write() as session:
        for number in range(8):
            raise_alarm(session, "fork", None, f"packet-{number}", f"chain of box {number}", NOW)
        raise_alarm(session, "unknown_node", None, None, "node giao-lo-9", NOW)
    with web.centre.db.write() as session:
        for number in range(30):
            raise_alarm(session, "seal_invalid", None, f"packet-{number}", "x", NOW + timedelta(minutes=1))
    page = truong.get("/desk/unit").text
    rows = re.findall(r"<tr>.*?</tr>", page.split('id="alarms"')[1].split("</section>")[0], re.S)
    (many,) = [row for row in rows if "chain of box" in row]
    assert len(rows) == 3, "however many there are of one kind, the others are on the page"
    assert "\u00d7 8" in many
    assert all(f"chain of box {number}" in many for number in range(8)), "each can be read"
    ids = re.findall(r'name="alarm" value="(\d+)"', many)
    with web.centre.db.write() as session:
        raise_alarm(session, "fork", None, "packet-9", "chain of box 9", NOW)
    for wrong in ([*ids, "99"], ["-1"], ["x"], [], ids * 30):
        assert truong.post("/desk/alarms/seen", at="/desk/unit", alarm=wrong).status_code in (404, 422), wrong
    with web.centre.db.read() as session:
        assert len(open_alarms(session)) == 40, "all or none"
    assert "anh/chị đã xem" in truong.post("/desk/alarms/seen", at="/desk/unit", alarm=ids).text
    with web.centre.db.read() as session:
        left = {alarm.text for alarm in open_alarms(session)}
    assert left == {"chain of box 9", "node giao-lo-9", "x"}
    assert web.person(LAN).post("/desk/alarms/seen", at="/desk", alarm=ids).status_code == 403
