"""The box's page in a real browser at three sizes and in both languages: shapes, contrast, overlaps, width, axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.config import PageConfig
from edge.page.live import LiveView
from edge.page.server import PageServer
from evidence.wire import TrafficHealth
from tests.central.test_pages import CHECKS, axe_faults
from tests.edge.brokers import free_port
from tests.edge.test_page import a_box, a_frame, a_sight
from tests.evidence.test_switches import switch

pytestmark = pytest.mark.browser
SIZES = {"desktop": (1440, 900), "laptop": (1366, 768), "phone": (390, 844)}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    live = LiveView(lambda: 0.0)
    live.picture()
    live.offer(a_frame(), a_sight())
    folder: Path = tmp_path_factory.mktemp("page")
    settings = PageConfig(port=free_port())
    said = switch(camera="cam-1", why="ùn tắc kéo dài sau tai nạn ở ngã tư", by="nguyen.thi.lan")
    traffic = TrafficHealth(state="acts_jump", held_at=said.since, acts=24, vehicles=230, usual_acts=31, acts_held=17)
    box = a_box(
        folder, live, broker_connected=False, uplink_errors=["broker 127.0.0.1:1883 does not answer"], in_force=[said],
        traffic=traffic,
    )  # fmt: skip
    server = PageServer(settings, box)
    server.start()
    yield f"http://127.0.0.1:{settings.port}/"
    server.close()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_shows_the_picture_what_was_seen_and_how_the_box_is(
    language: str, address: str, chromium: Any
) -> None:
    page = chromium.new_context(bypass_csp=True).new_page()
    page.set_default_timeout(60_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.add_init_script(f"localStorage.setItem('giaolo.lang', '{language}')")
    page.goto(address)
    page.wait_for_selector("#why_list li")
    page.wait_for_selector("#over .vehicle")
    faults = []
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("() => document.querySelectorAll('#over text').length >= 3")
        faults += [f"{size}: {fault}" for fault in page.evaluate(CHECKS)]
    faults += axe_faults(page)
    assert faults == []
    assert said == [], "nothing is refused or breaks"
    assert page.locator("#over .vehicle").count() == 2
    assert page.locator("#over .vehicle.small").count() == 1, "the plate of the far one is too small to be read"
    assert page.locator("#over .head.green").count() == 1
    whole = page.locator("body").inner_text()
    assert not re.search(r"undefined|null|NaN|\[object", whole)
    other = {"vi": "The box runs", "en": "Hộp chạy"}[language]
    assert other not in whole
    page.click("#language")
    assert other in page.locator("body").inner_text()
    page.context.close()


def test_what_is_not_wanted_is_not_drawn_and_a_box_that_is_gone_is_told(
    address: str, chromium: Any, tmp_path: Path
) -> None:
    page = chromium.new_context().new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector("#over .vehicle")
    page.click("#vehicles")
    assert page.locator("#over .vehicle").count() == 0
    assert page.locator("#over .stop_line").count() == 1
    page.route("**/api/**", lambda route: route.abort())
    page.wait_for_selector("#offline:not([hidden])")
    page.context.close()
