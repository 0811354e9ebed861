"""What boxes say of signal heads reaches people: in words on the unit's page, and as an alarm that ends by itself."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from central.centre import Centre
from central.intake.ingest import Ingest
from central.store.alarms import acknowledge, open_alarms
from central.words.texts import LANGUAGES, texts
from evidence.acts import LampState
from evidence.packet import ControllerTimeline, ControllerWord, LampSpan, LampTimeline
from evidence.wire import CameraHealth, HeadHealth, HeadStateName, Health
from tests.central.build import LAN, NODE, TRUONG, case_of, packet
from tests.central.web_people import make_web


def say(centre: Centre, **states: str) -> None:
    """The node's heartbeat: one camera with these heads."""
    heads = [HeadHealth(id=name, state=state, yellow_s=2.4) for name, state in states.items()]
    camera = CameraHealth(id="cam", state="running", heads=heads)
    Ingest.of(centre).health(NODE, Health(node=NODE, status="running", at="x", cameras=[camera]))


def alarms(centre: Centre) -> list[tuple[str, str]]:
    with centre.db.read() as session:
        return [(row.kind, row.text) for row in open_alarms(session)]


@pytest.mark.parametrize("state", [name for name in get_args(HeadStateName) if name not in ("watching", "good")])
def test_what_is_wrong_with_a_head_is_one_alarm_that_ends_when_it_is_right_again(box: Centre, state: str) -> None:
    say(box, main="watching", left="good")
    assert alarms(box) == []
    say(box, main=state, left="good")
    assert alarms(box) == [("signal_fault", f"cam main: {state}")]
    say(box, main=state, left="dark")
    assert alarms(box) == [("signal_fault", f"cam left: dark; cam main: {state}")]
    say(box, main="good", left="good")
    assert alarms(box) == []


def test_who_has_seen_it_is_not_told_again_until_something_else_is_wrong(box: Centre) -> None:
    say(box, main="dark")
    with box.db.write() as session:
        (row,) = open_alarms(session)
        acknowledge(session, row.id, by="head", now=box.clock())
    say(box, main="dark")
    assert alarms(box) == []
    say(box, main="yellow_short")
    assert alarms(box) == [("signal_fault", "cam main: yellow_short")]


def test_the_units_page_says_how_each_head_is_in_words(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre")
    say(web.centre, main="yellow_short")
    page = web.person(TRUONG).get("/desk/unit").text
    web.centre.db.dispose()
    assert "đèn main: đèn vàng quá ngắn, vàng 2,4 giây" in page
    assert "Cụm đèn tín hiệu có bất thường" in page
    for language in LANGUAGES:
        assert all(texts(language).has(f"unit.head_{state}") for state in get_args(HeadStateName))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("pixels", ["Đèn den-1 đã đối chiếu với tủ điều khiển tu-1 (phase 2, NTCIP). Tủ báo:"]),
        ("controller", ["Đèn den-1 theo tủ điều khiển tu-1 (phase 2, NTCIP); thời điểm có thể lệch 0,9 giây. Tủ báo:"]),
    ],
)
def test_an_officer_reads_what_the_controller_said_and_when_by_both_clocks(
    tmp_path: Path, source: Any, words: list[str]
) -> None:
    at = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
    said = [(LampState.GREEN, 0.0), (LampState.GREEN, 19.5), (LampState.RED, 23.25), (LampState.RED, 30.0)]
    told = ControllerTimeline(
        controller="tu-1", way="ntcip", told_as="phase 2", offset_s=3600.0, doubt_s=0.9,
        words=[
            ControllerWord(
                state=state, received_at=at + timedelta(seconds=s), said_at=at + timedelta(hours=-1, seconds=s)
            )
            for state, s in said
        ],
    )  # fmt: skip
    span = LampSpan(state=LampState.RED, from_frame=0, to_frame=200, from_s=0, to_s=8, confidence=0.99)
    lamps = [LampTimeline(head="den-1", source=source, governs=True, spans=[span], controller=told)]
    web = make_web(tmp_path / "centre")
    case_id = case_of(web.centre, packet(lamps=lamps))
    page = web.person(LAN).get(f"/desk/cases/{case_id}").text
    web.centre.db.dispose()
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())
    (line,) = words
    green, red = (
        "Xanh 08:00:00.00 (theo đồng hồ của tủ 07:00:00.00)",
        "Đỏ 08:00:23.25 (theo đồng hồ của tủ 07:00:23.25)",
    )
    assert f"{line} {green}; {red}" in text
