"""First light: a clip goes in at one side; at the other an officer decides in a browser, an owner finds the case."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.chain.town import PASSWORDS, Town, eventually
from tests.edge.rtsp import FFMPEG, needs_ffmpeg
from tests.footage import FOOTAGE
from tools.demo.site import MADE_UP_OWNERS

pytestmark = [
    needs_ffmpeg, pytest.mark.footage, pytest.mark.broker, pytest.mark.postgres, pytest.mark.browser,
    pytest.mark.slow(40),
]  # fmt: skip
CLIP = FOOTAGE / "red_light" / "hanoi_giang_vo.mp4"
PASSAGE_S = 25
"""The first seconds of the clip, in which the lamp turns red and four run it; `test_replay.py` plays the rest too."""
RUNNERS = 4
PLATE, OWNER = "36-B1 234.56", MADE_UP_OWNERS[0][3]


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[[], Any]]:
    """A page of somebody new; a fault in any page's scripts fails the test."""
    faults: list[str] = []

    def make() -> Any:
        page = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="vi-VN").new_page()
        page.set_default_timeout(200_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("response", lambda r: faults.append(f"{r.status} {r.url}") if r.status >= 500 else None)
        return page

    yield make
    assert faults == []


def passage(folder: Path) -> Path:
    made = folder / "passage.mp4"
    cut = [str(FFMPEG), "-loglevel", "error", "-i", str(CLIP), "-t", str(PASSAGE_S), "-an", "-c", "copy", str(made)]
    subprocess.run(cut, check=True)
    return made


def sign_in(page: Any, town: Town, username: str) -> None:
    page.goto(f"{town.setup.web_url}/desk")
    page.fill("#username", username)
    page.fill("#password", PASSWORDS[username])
    page.press("#password", "Enter")
    page.wait_for_url("**/desk")


def press_key(page: Any, key: str) -> None:
    """Hit a key of the page once its scripts hear it: the text of a page stands before its scripts run."""
    page.locator("html[data-keys=on]").wait_for()
    page.keyboard.press(key)


def confirm_first_case(page: Any) -> str:
    """By keyboard alone: open, look, correct the plate, confirm. The id of the case."""
    page.locator("tr.row a.open").first.press("Enter")
    page.wait_for_selector("#case")
    assert page.locator("#case").get_attribute("data-mine") == "yes"
    assert page.locator(".still svg image").count() == 3
    widths = page.evaluate(
        "Promise.all([...document.querySelectorAll('.still svg image')].map(async i => {"
        " const p = new Image(); p.src = i.href.baseVal; await p.decode(); return p.naturalWidth; }))"
    )
    assert widths == [640, 640, 640]
    eventually(lambda: page.evaluate("document.getElementById('clip').readyState") >= 2, 20, "the clip plays")
    assert page.locator(".timeline rect.red").count() >= 1
    assert "36-B1" not in page.locator(".platenow").inner_text()
    case_id = str(page.locator("#case").get_attribute("data-id"))
    press_key(page, "p")
    page.fill("#p-plate", PLATE)
    page.locator("#p-grammar.ok").wait_for()
    page.select_option("#p-colour", "white")
    page.select_option("#p-kind", "motorcycle")
    page.press("#p-plate", "Enter")
    page.get_by_text(OWNER).wait_for()
    press_key(page, "c")
    page.locator("dialog#confirm[open]").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("done=confirm"))
    page.locator(".banner.good").wait_for()
    return case_id


CODE = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b")


def issue_and_publish(page: Any, town: Town, case_id: str) -> bytes:
    """The second person: reads the draft, issues, publishes. The owner's copy as PDF."""
    page.goto(f"{town.setup.web_url}/desk/approve")
    page.locator(f"tr.row[data-id='{case_id}'] a.open").press("Enter")
    first = page.locator(".papers img").first
    first.wait_for()
    assert page.request.get(town.setup.web_url + str(first.get_attribute("src"))).body().startswith(b"\x89PNG")
    notice_url = f"{town.setup.web_url}/desk/approve/{case_id}/notice.pdf"
    assert page.request.get(notice_url).body().startswith(b"%PDF")
    proposal = page.locator(".proposal").inner_text()  # for the officer only, by the time of the act
    assert "điểm c khoản 7 Điều 7" in proposal
    assert "238/2026" in proposal
    press_key(page, "i")
    page.locator("dialog#issue[open]").wait_for()
    for tick in page.locator("dialog#issue input[type=checkbox]").all():  # what is late or doubtful is read first
        tick.check()
    page.locator("dialog#issue button.main").press("Enter")
    page.wait_for_url("**?done=issue")
    # what every officer may open has no code; the owner's copy is made for the one who issued
    assert not CODE.search(words_of(page.request.get(notice_url).body()))
    with page.expect_download() as copy:
        page.locator("#print").click()
    printed = Path(copy.value.path()).read_bytes()
    page.locator("form[action$='/publish'] button").click()
    page.wait_for_url("**?done=publish")
    page.locator(".banner.good").wait_for()
    return printed


def words_of(pdf: bytes) -> str:
    pypdf = pytest.importorskip("pypdf")
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.split())


def check_notice(pdf: bytes, folder: Path) -> str:
    """What a person reads on the notice, and that it is drawn with real letters. The owner's code."""
    words = words_of(pdf)
    assert "THÔNG BÁO" in words
    assert PLATE in words
    assert OWNER in words
    assert "Giảng Võ" in words
    assert "đồng" not in words.lower().replace("hội đồng", "")  # the form names no amount
    code = CODE.search(words)
    assert code, words
    if shutil.which("pdftoppm"):
        (folder / "notice.pdf").write_bytes(pdf)
        subprocess.run(["pdftoppm", "-r", "60", "-png", "notice.pdf", "notice"], cwd=folder, check=True)
        first = cv2.imread(str(min(folder.glob("notice-*.png"))), cv2.IMREAD_GRAYSCALE)
        assert first is not None
        assert 0.01 < float(np.mean(first < 128)) < 0.3  # ink on paper
    return code.group()


def look_up(page: Any, town: Town, plate: str) -> Any:
    page.goto(town.setup.web_url)
    page.fill("#plate", plate)
    page.check("input[name=colour][value=white]")
    page.check("input[name=kind][value=motorcycle]")
    page.press("#plate", "Enter")
    page.locator(".for").wait_for()
    return page.locator("main")


def test_from_the_camera_to_the_owners_screen(
    make_town: Callable[..., Town], open_page: Callable[[], Any], tmp_path: Path
) -> None:
    town = make_town(clip=passage(tmp_path), second_reader=True)
    town.start_centre()
    town.start_edge()
    eventually(lambda: len(town.cases()) == RUNNERS, 120, "all runners of the clip are cases", every_s=0.5)
    # what it says changes a case: nobody decides on a page that was opened before
    eventually(lambda: town.unread() == 0, 120, "the second reader has read", every_s=0.5)

    officer = open_page()
    sign_in(officer, town, "canbo1")
    case_id = confirm_first_case(officer)
    officer.goto(f"{town.setup.web_url}/desk/approve/{case_id}")
    assert officer.locator("[data-open=issue]").is_disabled()  # whoever confirmed does not issue

    second = open_page()
    sign_in(second, town, "canbo2")
    pdf = issue_and_publish(second, town, case_id)
    code = check_notice(pdf, tmp_path)

    owner = open_page()
    assert look_up(owner, town, "36B1 23456").locator("dl.facts").count() == 1
    assert "Giảng Võ" in owner.locator("dl.facts").inner_text()
    assert OWNER not in owner.locator("body").inner_text()  # the look-up names no person
    owner.fill("#code", code)
    owner.press("#code", "Enter")
    owner.wait_for_url("**/evidence")
    assert owner.locator(".evidence img").count() == 6  # three frames, each with its close-up
    stranger = open_page()
    assert look_up(stranger, town, "36B1 99999").locator("dl.facts").count() == 0

    town.parts.check()
    packets = town.packets()
    town.parts.stop("edge")
    assert town.outbox_counts() == (0, 0, RUNNERS)
    assert len(packets) == RUNNERS
    assert len(town.verified()) == RUNNERS
