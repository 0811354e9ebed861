"""Pages of cases that are acts of one drive, in a real browser: as `test_pages` looks at all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from central.store.case_tables import CaseRow
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, TRUONG, case_of, claimed, prepared
from tests.central.test_drives import LANE, RED, act
from tests.central.test_pages import look
from tests.central.test_pictures import SCENE
from tests.central.test_together import waits
from tests.central.web_people import PASSWORD, make_web, served

pytestmark = pytest.mark.browser


@dataclass
class Site:
    url: str
    cases: Mapping[str, str]
    lane: int
    """Number of the case whose plate is offered."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    web = make_web(tmp_path_factory.mktemp("drives") / "centre")
    centre = web.centre
    between = case_of(centre, at=LANE["at"] + timedelta(seconds=1), plate="36C22222")
    lane = prepared(centre, typed="36A-123.48", **LANE, scene=SCENE)
    red = case_of(centre, **RED, scene=SCENE)
    one = {"stop_line": "le-loi"}
    stopped = prepared(centre, **act(5.0, ActCode.STOPPED_PAST_LINE, track=9, reasons=one), plate="36A54321",
                       typed="36A-543.21")  # fmt: skip
    went_on = case_of(centre, **act(9.0, track=9, reasons=one), plate="36A54321")
    held = claimed(centre, **act(5.0, ActCode.WRONG_LANE, track=10), plate="36A66666")
    other = case_of(centre, **act(9.0, track=10), plate="36A66666")
    ready = [
        waits(centre, web.clock, each["act"], typed="36A-777.77", plate="36A77777", track=11,
              **{key: each[key] for key in ("t_s", "at", "way")})
        for each in (RED, act(13.0, ActCode.SOLID_LINE))
    ]  # fmt: skip
    for officer in (LAN, HOA, TRUONG):
        web.account(officer)
    with centre.db.read() as session:
        number = session.get_one(CaseRow, lane).number
    cases = {"between": between, "lane": lane, "red": red, "stopped": stopped, "went_on": went_on, "held": held,
             "other": other, "ready": ready[0]}  # fmt: skip
    with served(web) as address:
        yield Site(address, cases, number)


@pytest.fixture(scope="module")
def officer(chromium: Any, site: Site) -> Iterator[Any]:
    page = chromium.new_context(locale="vi-VN", bypass_csp=True).new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{site.url}/desk")
    page.fill("#username", TRUONG.username)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/desk")
    yield page
    page.context.close()


PAGES = {
    "queue with drives": "/desk",
    "another plate in the same drive": "/desk/cases/{red}",
    "its plate filled in": "/desk/cases/{red}?offer={number}",
    "told twice": "/desk/cases/{went_on}",
    "another officer looks at the drive": "/desk/cases/{other}",
    "approvals with drives": "/desk/approve",
    "approval of one act": "/desk/approve/{lane}",
    "decided together": "/desk/cases/{ready}/steps",
}


@pytest.mark.parametrize("what", list(PAGES))
def test_pages_of_one_drive(what: str, site: Site, officer: Any) -> None:
    officer.goto(site.url + PAGES[what].format(**site.cases, number=site.lane))
    for step in officer.query_selector_all("#step-decide"):
        step.evaluate("(el) => { el.open = true; }")
    assert look(officer, what) == []


def test_the_form_for_the_plate_opens_filled_in_and_nothing_is_saved_by_itself(site: Site, officer: Any) -> None:
    officer.goto(f"{site.url}/desk/cases/{site.cases['red']}")
    officer.click("text=Dùng biển số này")
    officer.wait_for_selector("dialog#correct[open]")
    assert officer.input_value("#p-plate") == "36A-123.48"
    officer.keyboard.press("Escape")
    officer.goto(f"{site.url}/desk/cases/{site.cases['red']}")
    assert "36A-123.45" in officer.inner_text(".casehead")
