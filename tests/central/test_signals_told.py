"""What boxes say of signal heads reaches people: in words on the unit's page, and as an alarm that ends by itself."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from central.centre import Centre
from central.intake.ingest import Ingest
from central.store.alarms import acknowledge, open_alarms
from central.words.texts import LANGUAGES, texts
from evidence.wire import CameraHealth, HeadHealth, HeadStateName, Health
from tests.central.build import NODE, TRUONG
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
