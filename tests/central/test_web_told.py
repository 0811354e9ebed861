"""What a button did is told on the page that one comes back to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.store.alarms import raise_alarm
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
