"""Every page and dialog in a real browser at three sizes: shapes of pictures, contrast, overlaps, width, focus, axe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from central.desk import actions
from central.desk.switching import say
from central.devices.records import DeviceId
from central.intake.gate import Gate
from central.intake.ingest import Ingest
from central.store.alarms import raise_alarm
from central.units.book import change
from central.units.tree import EVERYWHERE, ROOT, Unit
from central.users import set_unit
from central.web import queries
from central.web.site import LANG_COOKIE, PASS_COOKIE
from evidence.acts import ActCode
from evidence.wire import CameraHealth, HeadHealth, Health, SubstreamHealth, TestHealth
from tests.central.build import HOA, LAN, NODE, NOW, TRUONG, case_of, claimed, issued, prepared
from tests.central.test_pictures import REASONS, SCENE
from tests.central.test_test_acts import made as marked_act
from tests.central.web_people import PASSWORD, Web, make_web, served

pytestmark = pytest.mark.browser
SIZES = {"desktop": (1440, 900), "laptop": (1366, 768), "narrow": (1024, 768), "phone": (390, 844)}
CHECKS = (Path(__file__).parent / "page_checks.js").read_text(encoding="utf-8")
# WCAG A and AA; contrast is also looked at by our own check, which sees into drawings
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


FOCUS = """() => {
  const el = document.activeElement;
  if (!el || el === document.body || el.tagName === "VIDEO") return null;
  const box = el.getBoundingClientRect(), style = getComputedStyle(el), bar = document.querySelector(".actions");
  const what = `${el.tagName} "${el.textContent.trim().slice(0, 30)}" at ${box.top.toFixed(0)}`;
  const fits = box.height < innerHeight - 120;
  if (fits && (box.top < -1 || box.bottom > innerHeight + 1)) return `${what} is off the screen`;
  const over = bar && !bar.contains(el) && getComputedStyle(bar).position === "fixed";
  if (over && fits && box.bottom > bar.getBoundingClientRect().top) return `${what} is under the bar`;
  return style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 1 ? `${what} shows no focus` : null;
}"""


@dataclass
class Site:
    url: str
    web: Web
    waiting: str
    wrong_way: str
    closed_road: str
    rejected: str
    prepared: str
    issued: str
    code: str
    military: str
    directed: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    web = make_web(tmp_path_factory.mktemp("pages") / "centre")
    centre = web.centre
    waiting = case_of(centre, colour="unknown")
    wrong_way = case_of(
        centre, act=ActCode.WRONG_WAY, plate=None, at=NOW - timedelta(days=12), scene=SCENE,
        reasons=REASONS[ActCode.WRONG_WAY],
    )  # fmt: skip
    closed_road = case_of(
        centre, act=ActCode.CLOSED_ROAD, at=NOW - timedelta(days=3), scene=SCENE, plate="36A55555",
        reasons=REASONS[ActCode.CLOSED_ROAD]
        | {"way_inside_m": 12.2, "way_inside_needed_m": 8.0, "sign_source": "đầu đường phía đông, " * 6},
    )  # fmt: skip
    rejected = claimed(centre)
    with centre.db.write() as session:
        actions.reject(session, rejected, LAN, "other", "Ghi chú của cán bộ", now=NOW)
    draft = prepared(centre, at=NOW - timedelta(days=12))
    done, notice = issued(centre)
    with centre.db.write() as session:
        queries.contest(session, done, "Xe đã bán từ năm 2024, tôi gửi kèm giấy tờ.", now=NOW)
        raise_alarm(session, "unknown_node", None, None, "node giao-lo-9 offers packets but is not registered", NOW)
    tested = TestHealth(daily=True, state="answered")
    heads = [HeadHealth(id="den-1", state="good", yellow_s=3.0), HeadHealth(id="den-2", state="yellow_short")]
    apart = SubstreamHealth(state="wanders", offset_s=0.4, residual_s=0.2, wandered_s=0.5)
    cameras = [
        CameraHealth(id="cam-1", state="running", fps=12.5, test=tested, heads=heads, substream=apart),
        CameraHealth(id="cam-2", state="reconnecting", test=tested),
    ]
    heard = Health(
        node=NODE, status="degraded", at="x", outbox_pending=1200, disk_free_bytes=45 * 10**9, cameras=cameras
    )
    Ingest.of(centre).health(NODE, heard)
    test, data = marked_act(sequence=50, previous="0" * 64, doubts=["picture_moved"])
    assert Gate.of(centre).accept(NODE, test.packet_id, data).status == "stored"
    directed = case_of(centre, plate="36A77777", at=NOW - timedelta(days=3))
    with centre.db.write() as session:
        for kind, camera, since in (("officer_directs", "cam-1", NOW - timedelta(days=3, minutes=10)),
                                    ("signal_out_of_order", "", NOW - timedelta(minutes=10))):  # fmt: skip
            say(
                session, centre.ledger, replace(LAN, scope=EVERYWHERE), DeviceId("giao-lo-1", camera), kind, line=None,
                since=since, until=since + timedelta(hours=2), why="ùn tắc kéo dài sau tai nạn ở ngã tư", now=NOW,
            )  # fmt: skip
    military = claimed(centre, plate=None, colour="red")
    with centre.db.write() as session:
        actions.confirm(session, military, LAN, plate="TM-12-34", act=ActCode.RED_LIGHT, now=NOW)
    for officer in (LAN, HOA, TRUONG):
        web.account(officer)
    with centre.db.write() as session:
        change(session, [Unit("doi-1", "Đội Cảnh sát giao thông số 1", "team", ROOT)])
        set_unit(session, LAN.username, "doi-1", now=NOW)
    with served(web) as address:
        yield Site(
            address, web, waiting, wrong_way, closed_road, rejected, draft, done, notice.code, military, directed
        )


@pytest.fixture(scope="module")
def officer(chromium: Any, site: Site) -> Iterator[Any]:
    """A page of the head of the unit, signed in."""
    page = chromium.new_context(locale="vi-VN", bypass_csp=True).new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{site.url}/desk")
    page.fill("#username", TRUONG.username)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/desk")
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def owner(chromium: Any) -> Iterator[Any]:
    page = chromium.new_context(locale="vi-VN", bypass_csp=True).new_page()
    page.set_default_timeout(60_000)
    yield page
    page.context.close()


def look(page: Any, what: str, *, axe: bool = True) -> list[str]:
    """Faults of what is shown now, at each size."""
    found = []
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(
            "() => Promise.all([...document.images].map((i) => {"
            " i.loading = 'eager'; return i.decode().catch(() => 0); }))"
        )
        found += [f"{what}, {size}: {fault}" for fault in page.evaluate(CHECKS)]
        if axe and size == "laptop":
            found += [f"{what}: {fault}" for fault in axe_faults(page)]
    return found


def axe_faults(page: Any) -> list[str]:
    sync = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed (extra `test`)")
    result = sync.Axe().run(page, options=AXE).response
    return [f"axe {v['id']}: {v['nodes'][0]['html'][:120]}" for v in result["violations"]]


OFFICER_PAGES = {
    "queue": "/desk",
    "all cases": "/desk?state=all",
    "no case fits": "/desk?act=banned_turn&state=mine",
    "case": "/desk/cases/{waiting}",
    "case of another act": "/desk/cases/{wrong_way}",
    "case of an act where a sign bans it": "/desk/cases/{closed_road}",
    "rejected case": "/desk/cases/{rejected}",
    "approval list": "/desk/approve",
    "approval": "/desk/approve/{prepared}",
    "issued": "/desk/approve/{issued}",
    "a vehicle that gets no notice": "/desk/cases/{military}",
    "its approval": "/desk/approve/{military}",
    "where it is passed on": "/desk/cases/{military}/steps?step=transfer",
    "steps after the notice": "/desk/cases/{issued}/steps",
    "what falls due": "/desk/due?whose=all",
    "unit": "/desk/unit",
    "units": "/desk/units",
    "one unit": "/desk/units/doi-1",
    "statements": "/desk/contests",
    "signals off": "/desk/switches",
    "a case of that time": "/desk/cases/{directed}",
    "devices": "/desk/devices",
    "a device with its history": "/desk/devices/giao-lo-1/cam-1",
    "a device without papers": "/desk/devices/giao-lo-1/cam-2",
    "no such case": "/desk/cases/none",
}


@pytest.mark.parametrize("what", list(OFFICER_PAGES))
def test_pages_of_the_desk(what: str, site: Site, officer: Any) -> None:
    officer.goto(site.url + OFFICER_PAGES[what].format(**vars(site)))
    assert look(officer, what) == []


@pytest.mark.parametrize("dialog", ["confirm", "correct", "reject", "help"])
def test_dialogs_of_a_case(dialog: str, site: Site, officer: Any) -> None:
    officer.goto(f"{site.url}/desk/cases/{site.waiting}")
    officer.evaluate("(id) => desk.open(id)", dialog)
    assert look(officer, dialog) == []


@pytest.mark.parametrize("dialog", ["issue", "return"])
def test_dialogs_of_an_approval(dialog: str, site: Site, officer: Any) -> None:
    officer.goto(f"{site.url}/desk/approve/{site.prepared}")
    officer.evaluate("(id) => desk.open(id)", dialog)
    assert look(officer, dialog) == []


@pytest.mark.parametrize(
    "path",
    [
        "/desk?state=all", "/desk/approve", "/desk/due?whose=all", "/desk/cases/{issued}/steps", "/desk/switches",
        "/desk/unit", "/desk/devices", "/desk/devices/giao-lo-1/cam-1", "/desk/contests",
    ],
)  # fmt: skip
def test_a_list_on_a_phone_hides_nothing_to_the_side_and_squeezes_nothing(path: str, site: Site, officer: Any) -> None:
    officer.set_viewport_size({"width": 390, "height": 844})
    officer.goto(site.url + path.format(**vars(site)))
    faults = officer.evaluate(
        "[...document.querySelectorAll('.list')].filter((l) => l.scrollWidth > l.clientWidth + 1"
        " || [...l.querySelectorAll('td')].some((td) => td.innerText.trim().length > 12 && td.offsetWidth < 70))"
        ".map((l) => l.innerText.slice(0, 60))"
    )
    assert officer.locator(".list.cards").count()
    assert faults == []


def test_of_the_camera_that_is_chosen_only_its_own_stop_lines_stand_there(site: Site, officer: Any) -> None:
    officer.goto(f"{site.url}/desk/switches")
    lines, every = officer.locator("#s-drawn"), "Mọi thứ camera nhìn thấy"
    for place, shown in (("giao-lo-1/cam-1", [every, "v1", "v2"]), ("giao-lo-1", [every])):
        officer.select_option("#s-place", place)
        assert lines.locator("option").all_text_contents() == shown
        assert (lines.is_enabled(), officer.locator("#s-line").is_visible()) == (len(shown) > 1, False)
    officer.select_option("#s-place", "giao-lo-1/cam-2")
    assert (lines.is_visible(), officer.locator("#s-line").is_enabled()) == (False, True)


def test_on_a_phone_the_lamps_can_be_read_and_the_moment_of_the_act_is_in_sight(site: Site, officer: Any) -> None:
    officer.set_viewport_size({"width": 390, "height": 844})
    officer.goto(f"{site.url}/desk/cases/{site.waiting}")
    px, at = officer.evaluate(
        "() => { const svg = document.querySelector('.timeline .lamps'), on = svg.querySelector('.mark.on');"
        " return [12 * svg.clientWidth / svg.viewBox.baseVal.width, on.getBoundingClientRect().x]; }"
    )
    assert px >= 8
    assert 20 < at < 370
    for scrolled in (0, 10_000):
        names = officer.evaluate(
            "(x) => { const strip = document.querySelector('.timeline .strip'); strip.scrollLeft = x;"
            " return [...strip.querySelectorAll('.name')].map((n) => n.getBoundingClientRect().x); }", scrolled
        )  # fmt: skip
        assert all(0 <= x < 60 for x in names), "the names of the heads stay in sight"
        assert names


@pytest.mark.parametrize("path", ["/desk", "/desk/unit", "/desk/approve/{prepared}"])
def test_on_a_phone_the_menu_leaves_the_screen_to_the_work(path: str, site: Site, officer: Any) -> None:
    """On four lines it took 190 of 844 px; now one is pushed aside, and where one is stands in sight."""
    officer.set_viewport_size({"width": 390, "height": 844})
    officer.goto(site.url + path.format(**vars(site)))
    assert officer.locator("header.bar").bounding_box()["height"] <= 100
    here = officer.locator(".bar nav [aria-current]").bounding_box()
    assert here["x"] >= 0
    assert here["x"] + here["width"] <= 390


def test_whoever_signs_sees_which_vehicle_it_is_in_each_picture(site: Site, officer: Any) -> None:
    officer.goto(f"{site.url}/desk/approve/{site.prepared}")
    drawn = officer.locator(".evidence-strip svg")
    assert drawn.count() == 3
    assert [drawn.nth(n).locator("image + .ov .vehicle").is_visible() for n in range(3)] == [True] * 3
    officer.set_viewport_size({"width": 390, "height": 844})
    assert drawn.first.bounding_box()["width"] > 300, "on a phone one below the other"


def test_whoever_signs_sees_what_the_reviewer_saw(site: Site, officer: Any) -> None:
    """Lamps, plate, reasons, doubts and clip on the page itself, and a picture as large as the screen."""
    panels = (".timeline", ".platecrop", ".platenow", ".reasons", ".flaglist, .panel:has(#flags-title)", ".clip")

    def told() -> list[str]:
        return [officer.locator(panel).first.inner_text() for panel in panels]

    officer.set_viewport_size({"width": 1280, "height": 900})
    officer.goto(f"{site.url}/desk/cases/{site.prepared}")
    lamps, *reviewed = told()
    officer.goto(f"{site.url}/desk/approve/{site.prepared}")
    assert told()[0] == lamps
    assert told()[1:4] == reviewed[:3]
    assert told()[5] == reviewed[4]
    crop, text = officer.locator(".platecrop img"), officer.locator(".platenow .plate")
    assert crop.evaluate("i => i.decode().then(() => i.naturalWidth)") > 0
    assert abs(crop.bounding_box()["y"] - text.bounding_box()["y"]) < 200, "the picture stands beside what it says"
    officer.keyboard.press("2")
    assert officer.locator("#enlarged[open] .ov .vehicle").is_visible()
    officer.keyboard.press("o")
    assert not officer.locator("#enlarged[open] .ov .vehicle").is_visible()


def test_what_cannot_be_undone_takes_more_than_the_key_that_corrects_a_plate(site: Site, officer: Any) -> None:
    officer.goto(f"{site.url}/desk/approve/{site.issued}")
    officer.locator("html[data-keys=on]").wait_for()
    officer.keyboard.press("p")
    focused(officer, "publish")
    assert officer.url == f"{site.url}/desk/approve/{site.issued}"
    assert "không hoàn tác được" in officer.inner_text(".panel:has(#publish)")


def test_a_long_reason_leaves_its_label_room(site: Site, officer: Any) -> None:
    officer.set_viewport_size({"width": 1440, "height": 900})
    officer.goto(f"{site.url}/desk/cases/{site.closed_road}")
    officer.evaluate("document.querySelectorAll('.reasons details').forEach((d) => { d.open = true; })")
    widths = officer.evaluate(
        "[...document.querySelectorAll('.reasons dt')].map((l) => l.clientWidth / l.parentElement.clientWidth)"
    )
    assert len(widths) > 3
    assert min(widths) > 0.4
    assert officer.locator(".still svg circle.sign").count() == 3
    assert "biển báo" in officer.inner_text("#legend")


def test_the_stills_of_a_case_stand_at_one_height(site: Site, officer: Any) -> None:
    """A caption on two lines does not push its picture below the others."""
    officer.set_viewport_size({"width": 1366, "height": 768})
    for case in (site.waiting, site.wrong_way):
        officer.goto(f"{site.url}/desk/cases/{case}")
        tops = officer.evaluate(
            "[...document.querySelectorAll('.still svg')].map((s) => s.getBoundingClientRect().top)"
        )
        assert len(tops) == 3
        assert len(set(tops)) == 1


def test_the_lane_of_a_wrong_way_and_its_lawful_direction_are_drawn(site: Site, officer: Any) -> None:
    officer.goto(f"{site.url}/desk/cases/{site.wrong_way}")
    assert officer.locator(".still .ov .area.act").count() == officer.locator(".still .ov .way").count() == 3
    assert officer.locator(".still .ov .stopline.act").count() == 0
    assert officer.locator("#legend i.way").count() == officer.locator("#legend i.area").count() == 1


@pytest.mark.parametrize("where", ["/desk/sign-in", "/desk/cases/{waiting}"])
def test_the_ring_of_focus_does_not_lie_over_the_label(where: str, site: Site, chromium: Any, officer: Any) -> None:
    """It hid the marks below the letters: "nhập" read "nhâp"."""
    page = officer if "waiting" in where else chromium.new_context(locale="vi-VN", bypass_csp=True).new_page()
    page.goto(site.url + where.format(**vars(site)))
    if page is officer:
        page.evaluate("desk.open('correct')")
    focused(page, "p-plate" if page is officer else "username")
    gap = page.evaluate(
        "() => { const el = document.activeElement, label = document.querySelector(`label[for=${el.id}]`);"
        " const ring = parseFloat(getComputedStyle(el).outlineWidth) + parseFloat(getComputedStyle(el).outlineOffset);"
        " return el.getBoundingClientRect().top - ring - label.getBoundingClientRect().bottom; }"
    )
    assert gap >= 0


def test_the_enlarged_picture_and_its_buttons(site: Site, officer: Any) -> None:
    officer.goto(f"{site.url}/desk/cases/{site.waiting}")
    officer.set_viewport_size({"width": 1440, "height": 900})
    officer.locator("[data-enlarge='1']").click()
    officer.locator("dialog#enlarged[open]").wait_for()
    assert look(officer, "enlarged") == []


def focused(page: Any, name: str) -> None:
    """A page gives `autofocus` its focus with its next picture, and not with its last line."""
    page.wait_for_function("name => document.activeElement.id === name", arg=name)


def test_pages_without_signing_in(site: Site, owner: Any) -> None:
    faults = []
    for what, path in (("form", "/"), ("sign-in", "/desk/sign-in"), ("no such page", "/no/such/page")):
        owner.goto(site.url + path)
        faults += look(owner, what)
    assert faults == []


def test_what_an_owner_sees(site: Site, owner: Any) -> None:
    faults = []
    owner.goto(site.url)
    owner.fill("#plate", "36A-123.45")
    owner.check("#colour-white")
    owner.check("#kind-car")
    owner.press("#plate", "Enter")
    owner.locator(".for").wait_for()
    faults += look(owner, "result")
    owner.fill("#code", "ABCD-EFGH-JKLM-NPQR")
    owner.press("#code", "Enter")
    owner.locator("#summary").wait_for()
    focused(owner, "summary")  # the fault has the focus
    box = owner.locator("#summary").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 400, "and stands on the screen"
    faults += look(owner, "bad code")
    owner.locator("#summary a").click()
    focused(owner, "code")
    assert owner.input_value("#code") == "ABCD-EFGH-JKLM-NPQR"
    owner.fill("#code", site.code)
    owner.press("#code", "Enter")
    owner.wait_for_url("**/evidence")
    assert owner.locator(".evidence img").count() >= 3
    faults += look(owner, "evidence")
    owner.context.clear_cookies(name=PASS_COOKIE)  # as after an hour
    owner.fill("#text", "Hôm đó tôi đã bán xe.")
    owner.locator("form:has(#text) button").click()
    owner.locator("#summary").wait_for()
    assert owner.input_value("#text") == "Hôm đó tôi đã bán xe.", "what was written is kept"
    faults += look(owner, "statement")
    assert faults == []


@pytest.mark.parametrize(("plate", "colour"), [("TM-12-34", "red"), ("80-441-NG-02", "white")])
def test_what_is_read_of_a_plate_that_is_not_looked_up_here(plate: str, colour: str, site: Site, owner: Any) -> None:
    for language in ("vi", "en"):
        owner.context.add_cookies([{"name": LANG_COOKIE, "value": language, "url": site.url}])
        owner.goto(site.url)
        owner.fill("#plate", plate)
        owner.check(f"#colour-{colour}")
        owner.check("#kind-car")
        owner.press("#plate", "Enter")
        owner.locator("#own-way").wait_for()
        assert look(owner, f"{plate}, {language}") == []
    owner.context.clear_cookies(name=LANG_COOKIE)


def test_the_focus_is_seen_wherever_it_goes_and_never_under_the_bar(site: Site, officer: Any) -> None:
    faults = []
    for size in ("laptop", "phone"):
        width, height = SIZES[size]
        officer.set_viewport_size({"width": width, "height": height})
        officer.goto(f"{site.url}/desk/cases/{site.waiting}")
        officer.locator("html[data-keys=on]").wait_for()
        for _ in range(35):
            officer.keyboard.press("Tab")
            fault = officer.evaluate(FOCUS)
            if fault:
                faults.append(f"{size}: {fault}")
    assert faults == []


def test_the_forms_of_a_case_are_seen_without_javascript(site: Site, chromium: Any, officer: Any) -> None:
    context = chromium.new_context(java_script_enabled=False, storage_state=officer.context.storage_state())
    page = context.new_page()
    page.goto(f"{site.url}/desk/cases/{site.waiting}")
    for form in ("confirm", "correct", "reject"):
        assert page.locator(f"dialog#{form} button.main, dialog#{form} button.bad").first.is_visible(), form
    context.close()
