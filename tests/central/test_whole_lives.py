"""Whole lives of cases in a browser, on PostgreSQL, from the packet to the end: by the forms of the pages alone.

Each life is a row of the table: who does which step, with what is typed. Each paper is opened and read. Where a place
is named with `--basetemp`, pages and papers are left there as pictures, to be looked at.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from central.audit.stored import audit
from central.cases.lifecycle import Officer
from central.registry import import_registry
from central.store.case_tables import CaseRow, TermRow
from central.store.positions import set_position
from central.words.texts import texts
from countries.here import HERE
from evidence.acts import ActCode
from tests.central.build import CAMERA, HOA, LAN, NODE, TRUONG, HandClock, NodeChain, case_of, make_centre
from tests.central.web_people import PASSWORD, Web, served

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow(25)]
CODE = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b")
FAR_AWAY = "cam-2"
"""61 km from the other camera."""
WAIT_MS = 90_000


@dataclass(frozen=True)
class Days:
    """Time goes by."""

    n: int


@dataclass(frozen=True)
class Step:
    """`who` takes the step of that name on its page and types `said`; the state after it is `then`.

    `of`: which case of the life, from 0. `{n}` in a name of `said` is the number of the life's second case.
    """

    who: Officer
    action: str
    then: str
    said: dict[str, str] = field(default_factory=dict)
    of: int = 0


@dataclass(frozen=True)
class Writes:
    """The owner writes a statement with the code of the notice."""

    text: str


@dataclass(frozen=True)
class Reads:
    """The owner asks by plate, and is told this state, so many times; empty: that there is nothing."""

    state: str
    plate: str = ""
    times: int = 1


@dataclass(frozen=True)
class Opens:
    """The owner opens the evidence with the code, and reads this."""

    words: str


@dataclass(frozen=True)
class Issued:
    """Confirmed by one, issued, printed, sent by another; `plate`: as the officer corrects it. `of`: as of `Step`."""

    plate: str = ""
    of: int = 0


@dataclass(frozen=True)
class Copied:
    """The same plate passes far away within minutes; its case is held, sent back and rejected."""


@dataclass(frozen=True)
class Again:
    """The same vehicle does another act: its packet arrives, and is the life's next case."""

    act: ActCode


TODAY, IN_20_DAYS, IN_60_DAYS = "+0", "+20", "+60"
"""Days from the one on which the form is filled in."""
Act = Days | Step | Writes | Reads | Opens | Issued | Copied | Again


def comes(
    liable: str = "owner", name: str = "Lê Văn Chủ", *, minutes: str = "12/BB-VPHC", of: int = 0
) -> tuple[Act, ...]:
    """Somebody comes, it is written down who answers for the act, and nothing more is to be said. `minutes`: their
    number; empty: they are made here."""
    return (
        Step(LAN, "attend", "attended", {"name": name}, of),
        Step(LAN, "identify", "identified", {"liable": liable, "name": name}, of),
        Step(LAN, "make_minutes", "minutes_made", {"number": minutes} if minutes else {}, of),
    )


def decided(fine: int = 19_000_000, points: int = 4) -> tuple[Act, ...]:
    said = {"number": "45/QĐ-XPHC", "fine": str(fine), "points": str(points)}
    return (
        Step(HOA, "decide", "decided", said),
        Reads("Đã xử phạt"),
        Step(HOA, "send_decision", "decision_sent", {"how": "post", "reference": "RR 123 456"}),
        Days(3),
        Step(LAN, "receive_decision", "decision_sent"),
    )


def paid(fine: int = 19_000_000) -> tuple[Act, ...]:
    return (
        Step(LAN, "pay", "paid", {"amount": str(fine), "receipt": "BL-0001"}),
        Reads("Đã giải quyết"),
    )


WAIVED = Step(LAN, "waive_hearing", "minutes_made")
CLOSED = (Step(LAN, "close", "closed"), Reads("Đã giải quyết"))
TOLD = Step(LAN, "tell_owner", "", {"how": "post", "reference": "RR 9"})

LIVES: dict[str, tuple[Act, ...]] = {
    "paid at once": (
        Issued(), Reads("Chưa xử phạt"), Days(4), *comes(), WAIVED, *decided(), *paid(), *CLOSED,
    ),
    "ignored, then warned, then paid": (
        Issued(), Days(29), Step(HOA, "warn", "published", {"to": "inspection", "number": "7/TB"}), Days(40),
        *comes(), WAIVED, *decided(), *paid(), Step(HOA, "lift_warning", "paid"), *CLOSED,
    ),
    "driver named": (
        Issued(), Days(6), *comes("driver", "Trần Văn Lái"),
        Step(LAN, "ask_hearing", "minutes_made", {"manner": "written"}), Days(2),
        Step(LAN, "hear", "minutes_made", {"note": "Nói đèn đã chuyển vàng."}), *decided(18_000_000),
        *paid(18_000_000), *CLOSED,
    ),
    "organisation": (
        Issued(), Days(6), *comes("organisation", "Công ty TNHH Vận tải Ví Dụ"), WAIVED, *decided(38_000_000, 0),
        *paid(38_000_000), *CLOSED,
    ),
    "transferred and answered": (
        Issued(), Days(3),
        Step(HOA, "transfer", "transferred", {"to": "Phòng CSGT, Công an tỉnh Nghệ An", "number": "3/CV"}),
        Reads("chuyển"), Days(15),
        Step(HOA, "transfer_settled", "closed", {"note": "Nghệ An đã xử phạt ngày 12."}), Reads("Đã giải quyết"),
    ),
    "contested and withdrawn": (
        Issued(), Days(2), Writes("Xe đã bán từ năm 2024, có giấy tờ."), Days(1),
        Step(HOA, "withdraw", "withdrawn", {"reason": "sold", "note": "Đã xem hợp đồng bán xe."}), Reads(""),
        Opens("Thông báo này đã được thu hồi"), TOLD,
    ),
    "cloned plate": (
        Issued(), Days(1), Copied(), Writes("Biển số của tôi bị làm giả."),
        Step(HOA, "withdraw", "withdrawn", {"reason": "cloned_plate", "note": "Hai xe khác nhau cùng một biển số."}),
        Reads(""), TOLD,
    ),
    "corrected to another owner": (
        Issued(), Days(5), Step(HOA, "correct", "new", {"mistake": "wrong_plate", "note": "Chữ số cuối là 9."}),
        Opens("Thông báo này đã được thu hồi"), Reads(""), TOLD, Issued("36A-777.79"),
        Reads("Chưa xử phạt"), Days(4), *comes(), WAIVED, *decided(), *paid(),
        *CLOSED,
    ),
    "complaint": (
        Issued(), Days(4), *comes(), WAIVED, *decided(),
        Step(LAN, "complain", "decision_sent", {"note": "Cho rằng mức phạt quá cao."}), Days(5),
        Step(TRUONG, "refuse_complaint", "decision_sent", {"note": "Mức phạt trong khung."}), *paid(), *CLOSED,
    ),
    "paid in instalments": (
        Issued(), Days(4), *comes(), WAIVED, *decided(),
        Step(HOA, "agree_instalments", "decision_sent", {
            "number": "8/QĐ-NPNL", "confirmed_by": "UBND phường Hạc Thành", "requested": TODAY,
            "amount_1": "9000000", "due_1": IN_20_DAYS, "amount_2": "10000000", "due_2": IN_60_DAYS,
        }),
        Days(10), Step(LAN, "pay", "decision_sent", {"amount": "9000000", "receipt": "BL-0003"}), Reads("Đã xử phạt"),
        Days(30), *paid(10_000_000), *CLOSED,
    ),
    "two acts on one vehicle": (
        Again(ActCode.SOLID_LINE), Issued(), Issued(of=1), Reads("Chưa xử phạt", times=2), Days(4),
        *comes(minutes=""), *comes(minutes="", of=1), WAIVED,
        Step(HOA, "decide", "decided", {
            "fine": "18500000", "points": "4", "mitigating": "Thành thật khai báo", "with_{n}": "on",
            "fine_{n}": "500000",
        }),
        Reads("Đã xử phạt", times=2), Step(HOA, "send_decision", "decision_sent", {"how": "by_hand"}, of=1),
        Step(LAN, "receive_decision", "decision_sent"), Days(2),
        Step(LAN, "pay", "paid", {"amount": "500000", "receipt": "BL-0011"}, of=1),
        Step(LAN, "pay", "paid", {"amount": "18500000", "receipt": "BL-0012"}), Reads("Đã giải quyết", times=2),
        Step(LAN, "close", "closed"), Step(LAN, "close", "closed", of=1), Reads("Đã giải quyết", times=2),
    ),
    "put off, refused, then lowered": (
        Issued(), Days(4), *comes(), WAIVED, *decided(),
        Step(LAN, "ask_postponement", "decision_sent", {"note": "Nhà bị lũ cuốn trôi."}),
        Step(HOA, "postpone", "decision_sent", {"until": IN_60_DAYS, "confirmed_by": "UBND phường Hạc Thành"}),
        Days(3), Step(LAN, "ask_relief", "decision_sent", {"note": "Chưa có thu nhập."}),
        Step(HOA, "refuse_relief", "decision_sent", {"note": "Chưa có xác nhận của UBND phường."}), Days(2),
        Step(LAN, "ask_relief", "decision_sent", {"note": "Đã có xác nhận của UBND phường."}),
        Step(HOA, "relieve", "decision_sent", {"amount": "9000000", "confirmed_by": "UBND phường Hạc Thành"}),
        Reads("Đã xử phạt"), *paid(10_000_000), *CLOSED,
    ),
    "expired": (Issued(), Days(367), Step(HOA, "expire", "expired"), Reads(""), Opens("hết thời hiệu")),
}  # fmt: skip
VIETNAMESE = texts("vi")
PAPERS = {
    "contested and withdrawn": 1, "cloned plate": 1, "corrected to another owner": 1, "two acts on one vehicle": 5,
    "complaint": 2, "put off, refused, then lowered": 3,
}  # fmt: skip
"""Papers that a life leaves, at least: one over two cases is in the list of each."""
SAY = {
    "two acts on one vehicle": (
        "Biên bản vi phạm hành chính số 01/BB-VPHC", "Biên bản vi phạm hành chính số 02/BB-VPHC",
        "Hành vi 1: điểm b khoản 9 Điều 6", "Hành vi 2: điểm a khoản 1 Điều 6", "Hành vi 1: 18.500.000 đồng",
        "Hành vi 2: 500.000 đồng", "Tổng số tiền phạt: 19.000.000 đồng", "Hành vi 1: Thành thật khai báo",
        "04 điểm, của hành vi 1;", "Quyết định số 01/QĐ-XPHC",
    ),
    "put off, refused, then lowered": ("9.000.000 đồng", "10.000.000 đồng", "Chưa có xác nhận của UBND phường."),
}  # fmt: skip
"""What stands on the papers of a life."""
PLATES = {name: f"36A-777.{n:02d}" for n, name in enumerate(LIVES, start=60)}
OWNERS = [*PLATES.values(), "36A-777.79"]


@dataclass
class Town:
    """One centre, one browser; a page for each person. `at`: whose page shows the case of now; `cases`: of the life."""

    url: str
    web: Web
    chromium: Any
    looked: Path | None
    boxes: NodeChain = field(default_factory=NodeChain)
    pages: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    plate: str = ""
    at: tuple[str, str] = ("", "")
    cases: list[str] = field(default_factory=list)

    @property
    def clock(self) -> HandClock:
        return self.web.clock

    def page(self, name: str) -> Any:
        if name not in self.pages:
            page = self.chromium.new_context(viewport={"width": 1366, "height": 900}, locale="vi-VN").new_page()
            page.set_default_timeout(WAIT_MS)
            self.pages[name] = page
        return self.pages[name]

    def _go(self, page: Any, address: str) -> None:
        """A page left open overnight leaves for the sign-in by itself, perhaps just now: then again."""
        from playwright.sync_api import Error

        for last in (False, False, True):
            try:
                page.goto(address)
                return
            except Error as error:
                if last or not any(why in str(error) for why in ("interrupted by another", "ERR_ABORTED")):
                    raise
                page.wait_for_load_state()

    def desk(self, who: Officer, path: str) -> Any:
        """The page of somebody at the desk, who signs in again when a night has passed."""
        page = self.page(who.username)
        self._go(page, f"{self.url}{path}")
        if "/desk/sign-in" in page.url:
            page.fill("#username", who.username)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_url(lambda url: "/sign-in" not in url)
            if urlparse(page.url).path != urlparse(path).path:
                page.goto(f"{self.url}{path}")
        return page

    def keep(self, page: Any, name: str) -> None:
        if self.looked is not None:
            page.screenshot(path=self.looked / f"{name}.png", full_page=True)


@pytest.fixture(scope="module")
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, chromium: Any, postgres_server: str
) -> Iterator[Town]:
    import psycopg

    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE whole_lives")
    folder = tmp_path_factory.mktemp("lives")
    clock = HandClock()
    centre = make_centre(
        folder / "centre", url=f"{postgres_server}/whole_lives", clock=clock,
        web={"lookups_per_minute": 1000, "session_hours": 72, "idle_minutes": 24 * 60},
    )  # fmt: skip
    lines = ["plate,colour,kind,owner_name,owner_type,id_number,address,valid_from,valid_to"]
    for plate in OWNERS:
        company = plate == PLATES["organisation"]
        name, kind = (
            ("Công ty TNHH Vận tải Ví Dụ", "organisation") if company else (f"Ngô Thị Kín {plate[-2:]}", "person")
        )
        lines.append(f'{plate},white,car,{name},{kind},038090001234,"12 Lê Lợi, phường Hạc Thành",2024-01-01,')
    (folder / "owners.csv").write_text("\n".join(lines), encoding="utf-8")
    import_registry(centre.db, folder / "owners.csv")
    with centre.db.write() as session:
        set_position(session, NODE, CAMERA, 19.8067, 105.7852, now=clock.now)
        set_position(session, NODE, FAR_AWAY, 19.2667, 105.7000, now=clock.now)
    web = Web(centre, clock)
    for officer in (LAN, HOA, TRUONG):
        web.account(officer)
    with served(web) as address:
        # in several processes each is told a place by the first, whether anybody named one or not
        named = request.config.option.basetemp is not None and not hasattr(request.config, "workerinput")
        yield Town(address, web, chromium, folder if named else None)


@pytest.mark.parametrize("name", list(LIVES))
def test_a_life(name: str, town: Town) -> None:
    town.plate, town.code, town.at = PLATES[name], "", ("", "")
    town.cases = [arrives(town, town.plate)]
    for act in LIVES[name]:
        town.clock.now += timedelta(minutes=20)
        play(town, act)
    papers: list[str] = []
    for n, case_id in enumerate(town.cases):
        page = town.desk(HOA, f"/desk/cases/{case_id}/steps")
        kept = name.replace(" ", "-").replace(",", "") + (f"-{n + 1}" if n else "")
        town.keep(page, kept)
        papers += papers_are_readable(town, page, kept)
    assert len(papers) >= PAPERS.get(name, 0)
    assert all(PLATES[name] in words for words in papers)
    for words in SAY.get(name, ()):
        assert any(words in paper for paper in papers), words
    with town.web.centre.db.read() as session:
        assert session.scalars(select(TermRow.code).where(TermRow.case_id.in_(town.cases))).all() == []
        assert not audit(session, town.web.centre.key.public, centre=town.web.centre.config.centre_id).faults


def arrives(
    town: Town, plate: str, *, camera: str = CAMERA, at: datetime | None = None, act: ActCode = ActCode.RED_LIGHT
) -> str:
    data = town.boxes.next(
        plate=plate.replace("-", "").replace(".", ""), at=at or town.clock.now - timedelta(minutes=3), camera=camera,
        sure=0.99, act=act,
    )  # fmt: skip
    return case_of(town.web.centre, data)


def play(town: Town, act: Act) -> None:
    match act:
        case Days(n):
            town.clock.now += timedelta(days=n)
            town.at = ("", "")  # a page is not left open over days
        case Issued(plate, of):
            town.plate = plate or town.plate
            confirm(town, town.cases[of], plate)
            issue_and_send(town, town.cases[of])
        case Step():
            take(town, act)
        case Reads(state, plate, times):
            look_up(town, plate or town.plate, state, times)
        case Again(what):
            town.cases.append(arrives(town, town.plate, act=what))
        case Writes(text):
            page = evidence(town)
            page.fill("#text", text)
            page.locator("#contest button").click()
            page.wait_for_url("**/evidence?sent=1")
            assert text in town.desk(HOA, "/desk/contests").locator("main").inner_text()
        case Opens(words):
            assert words in evidence(town).locator("main").inner_text()
        case Copied():
            a_copy_passes(town)


def confirm(town: Town, case_id: str, plate: str) -> None:
    page = town.desk(LAN, f"/desk/cases/{case_id}")
    page.locator("html[data-keys=on]").wait_for()
    assert page.locator("#case").get_attribute("data-mine") == "yes"
    if plate:
        page.evaluate("desk.open('correct')")
        page.fill("#p-plate", plate)
        page.locator("dialog#correct button.main").click()
        page.locator(".platenow", has_text=plate.split("-")[1]).wait_for()
        page.locator("html[data-keys=on]").wait_for()
    page.evaluate("desk.open('confirm')")
    page.locator("dialog#confirm button.main").click()
    page.wait_for_url(re.compile("done=confirm"))
    page.locator(".banner.good").wait_for()


def issue_and_send(town: Town, case_id: str) -> None:
    """The owner's copy is printed, and its code is what the owner has from now on."""
    page = town.desk(HOA, f"/desk/approve/{case_id}")
    page.locator("html[data-keys=on]").wait_for()
    page.evaluate("desk.open('issue')")
    for tick in page.locator("dialog#issue input[type=checkbox]").all():
        tick.check()
    page.locator("dialog#issue button.main").click()
    page.wait_for_url("**?done=issue")
    with page.expect_download() as copy:
        page.locator("#print").click()
    words = words_of(Path(copy.value.path()).read_bytes())
    found = CODE.search(words)
    assert found, words
    assert town.plate in words
    town.code = found[0]
    page.locator("#publish").click()
    page.wait_for_url("**?done=publish")


def take(town: Town, step: Step) -> None:
    """As the page offers it: what it asks for and the table does not say is filled in."""
    case_id, who = town.cases[step.of], step.who.username
    path = f"/desk/cases/{case_id}/steps"
    page = town.page(who)
    if town.at != (who, case_id) or urlparse(page.url).path != path:
        page = town.desk(step.who, path)
    form = page.locator(f"#step-{step.action}")
    form.locator("summary").click()
    for name, typed in step.said.items():
        value = day_from(town.clock.now, typed) if typed.startswith("+") else typed
        field_ = form.locator(f"[name={name.format(n=number_of(town, town.cases[-1]))}]")
        if typed == "on":
            field_.check()
        elif field_.evaluate("(e) => e.tagName") == "SELECT":
            field_.select_option(value)
        else:
            field_.fill(value)
    form.locator("button:not([formaction])").click()
    page.wait_for_url(f"**?done={step.action}")
    if step.then:
        assert page.locator(".casehead small").inner_text().lower().endswith(VIETNAMESE(f"state.{step.then}").lower())
    town.at = (who, case_id)


def number_of(town: Town, case_id: str) -> int:
    with town.web.centre.db.read() as session:
        return session.scalars(select(CaseRow.number).where(CaseRow.id == case_id)).one()


def day_from(now: datetime, days: str) -> str:
    return (HERE.local_date(now) + timedelta(days=int(days))).isoformat()


def look_up(town: Town, plate: str, state: str, times: int = 1) -> None:
    page = town.page("owner")
    page.goto(town.url)
    page.fill("#plate", plate)
    page.check("#colour-white")
    page.check("#kind-car")
    page.press("#plate", "Enter")
    page.locator(".for").wait_for()
    shown = page.locator("main").inner_text()
    assert (shown.count(state) >= times) if state else page.locator("dl.facts").count() == 0, shown
    assert "Ngô Thị Kín" not in shown, "nobody is named"


def evidence(town: Town) -> Any:
    page = town.page("owner")
    page.goto(town.url)
    page.fill("#code-plate", town.plate)
    page.fill("#code", town.code)
    page.press("#code", "Enter")
    page.locator("#have-code").wait_for(state="detached")
    return page


def a_copy_passes(town: Town) -> None:
    with town.web.centre.db.read() as session:
        text = town.plate.replace("-", "").replace(".", "")
        first = session.scalars(select(CaseRow.occurred_at).where(CaseRow.plate == text)).one()
    other = arrives(town, town.plate, camera=FAR_AWAY, at=first + timedelta(minutes=4))
    page = town.desk(LAN, f"/desk/cases/{other}")
    page.locator("html[data-keys=on]").wait_for()
    town.keep(page, "copy-at-the-desk")
    page.evaluate("desk.open('confirm')")
    assert page.locator("dialog#confirm .banner.bad").is_visible(), "whoever confirms is told"
    page.locator("dialog#confirm button.main").click()
    page.locator(".banner.good").wait_for()
    page = town.desk(HOA, f"/desk/approve/{other}")
    assert page.locator("#holding").is_visible()
    town.keep(page, "copy-is-held")
    page.locator("html[data-keys=on]").wait_for()
    page.evaluate("desk.open('return')")
    page.fill("#b-note", "Xe trong ảnh không phải xe trong đăng ký.")
    page.locator("dialog#return button.main").click()
    page.wait_for_url("**/desk/approve?done=return*")
    page = town.desk(LAN, f"/desk/cases/{other}")
    page.locator("html[data-keys=on]").wait_for()
    page.evaluate("desk.open('reject')")
    page.check("dialog#reject input[value=wrong_vehicle]")
    page.locator("dialog#reject button.bad").click()
    page.locator(".banner.good").wait_for()


def papers_are_readable(town: Town, page: Any, name: str) -> list[str]:
    """What each paper of the case says: it opens, and is kept as a picture where somebody wants to look."""
    links = [str(link.get_attribute("href")) for link in page.locator(".steps a[href*='/papers/']").all()]
    said = []
    for n, link in enumerate(links):
        pdf = page.request.get(town.url + link).body()
        said.append(words_of(pdf))
        if town.looked is not None and shutil.which("pdftoppm"):
            file = town.looked / f"{name}-paper-{n}.pdf"
            file.write_bytes(pdf)
            subprocess.run(["pdftoppm", "-r", "90", "-png", file, file.with_suffix("")], check=True)
    return said


def words_of(pdf: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
