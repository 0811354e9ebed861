"""Somebody who never saw the editor draws a scene from nothing: what the page says next and must not do meanwhile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidence.acts import ActCode
from tests.zones.editing import SlowSurveyor, at, scene_of
from zones.editor import STATIC, Editor
from zones.load import load_scene
from zones.statable import statable


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    """No scene yet."""
    red, green = np.full((480, 640, 3), 90, np.uint8), np.full((480, 640, 3), 60, np.uint8)
    return Editor(tmp_path / "new.yaml", ("red.png", red), ("green.png", green), key="k")


def draw(page: Any, *points: tuple[float, float], end: bool = False) -> None:
    for point in points:
        page.mouse.click(*at(*point))
    if end:
        page.keyboard.press("Enter")


def do(page: Any, step: str) -> None:
    """The button of the step that the page names, which must be this one."""
    page.locator(f"#next[data-step={step}] .go").click()


LINE, APPROACH = [(50, 340), (590, 340)], [(50, 345), (590, 345), (639, 470), (1, 470)]
JUNCTION, RIGHT = [(50, 330), (590, 330), (500, 150), (100, 150)], [(600, 200), (635, 200), (635, 330), (600, 330)]
HEAD = [(600, 20), (630, 110)]
LAMPS = [[602, 22, 628, 46], [602, 50, 628, 74], [602, 80, 628, 104]]


@pytest.mark.browser
def test_the_page_leads_from_nothing_to_a_saved_scene_in_its_own_words(editor: Editor, page: Any) -> None:
    seen = []
    do(page, "stop_lines")
    assert "từ lề này tới lề kia" in page.locator("#hint").inner_text()
    draw(page, LINE[0], end=True)  # too early: told, not ignored
    assert page.locator("#hint").inner_text().startswith("Cần thêm 1 điểm")
    draw(page, LINE[1], end=True)
    page.get_by_text("chưa vẽ đường vào trước vạch dừng").wait_for()
    seen.append(page.locator("#right").inner_text())
    page.locator("#right").evaluate("(panel) => { panel.scrollTop = 9999; }")
    do(page, "approaches")
    draw(page, *APPROACH, end=True)
    assert page.locator("#right").evaluate("(panel) => panel.scrollTop") == 0  # its form is what one sees
    assert scene_of(page)["stop_lines"][0]["approach"] == "approach1"
    do(page, "junction")
    draw(page, *JUNCTION, end=True)
    do(page, "signals")
    draw(page, *HEAD)
    do(page, "lamps")  # one after the other, and stills flipped between
    for x1, y1, x2, y2 in LAMPS:
        draw(page, (x1, y1), (x2, y2))
        page.keyboard.press("2")
    assert [(lamp["colour"], lamp["box"]) for lamp in scene_of(page)["signals"][0]["lamps"]] == [
        ("red", LAMPS[0]), ("yellow", LAMPS[1]), ("green", LAMPS[2])
    ]  # fmt: skip
    page.locator("#next[data-step=ground]").get_by_role("button", name="Bỏ qua").click()
    do(page, "exits")
    draw(page, *RIGHT, end=True)
    assert page.locator("select[name=movement]").input_value() == "right"
    seen.append(page.locator("#right").inner_text())
    page.get_by_role("button", name="English").click()
    seen.append(page.locator("#right").inner_text())
    assert "Step 9 of 9: save" in seen[-1]
    page.get_by_text("can be saved").wait_for()
    do(page, "save")
    page.locator("#next").wait_for(state="hidden")
    scene = load_scene(editor.path).scene
    assert {one.act for one in statable(scene) if not one.lacks} == {ActCode.RED_LIGHT, ActCode.STOPPED_PAST_LINE}
    # not the file's: fields in backticks, codes of acts
    assert [re.findall(r"`\w+|\b[a-z]+_[a-z]+\b", text) for text in seen] == [[], [], []]


WAYS_OUT = [
    ("beside the line's right end", RIGHT, "right"),
    ("beside its left end", [(5, 200), (40, 200), (40, 330), (5, 330)], "left"),
    ("far ahead", [(200, 60), (400, 60), (400, 100), (200, 100)], "straight"),
    ("behind the line", [(5, 400), (60, 400), (60, 470), (5, 470)], "u_turn"),
]


@pytest.mark.browser
def test_an_exit_is_first_taken_for_the_way_out_that_it_lies_at(page: Any) -> None:
    line = {"points": LINE, "forward": (320, 280)}
    call = """([points, line]) => import('./shapes.js')
        .then(({ fresh }) => fresh('exits', points, { stop_lines: [line] }))"""
    for shows, area, movement in WAYS_OUT:
        assert page.evaluate(call, [area, line])["movement"] == movement, shows


@pytest.mark.browser
def test_every_thing_that_can_be_drawn_says_how_in_both_languages(page: Any) -> None:
    kinds = (
        "import('./shapes.js').then(({ KINDS }) => Object.keys(KINDS).filter((kind) => KINDS[kind].draw !== 'none'))"
    )
    told = "(names) => import('./words.js').then(({ t }) => names.map((name) => t(`draw_${name}`)))"
    names = [*page.evaluate(kinds), *re.findall(r'add\("(\w+)", "', (STATIC / "form.js").read_text(encoding="utf-8"))]
    names += ["lamp_red", "lamp_yellow", "lamp_green", "tape", "gap_along", "gap_across"]
    texts = page.evaluate(told, names)
    page.locator("#language").click()
    texts += page.evaluate(told, names)
    assert len(set(texts)) == len(texts) == 2 * len(names)
    assert len(names) > 20


@pytest.mark.browser
def test_a_step_skipped_stays_skipped_and_keys_go_on_after_a_button(page: Any) -> None:
    page.locator("#next").get_by_role("button", name="Bỏ qua").click()
    page.locator("#next[data-step=approaches]").wait_for()
    page.get_by_role("button", name="Vừa khung").click()
    page.keyboard.press("2")
    assert page.locator("#still_name").inner_text() == "2/2 green.png"
    page.reload()
    page.locator("#next[data-step=approaches]").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("meanwhile", ["drawing", "typing"])
def test_while_vehicles_are_looked_at_nothing_is_taken_from_whoever_draws_or_types(
    surveyor: SlowSurveyor, page: Any, meanwhile: str
) -> None:
    page.get_by_role("button", name="Mặt đường", exact=True).click()
    page.get_by_role("button", name="Xem xe cộ trong phim").click()
    page.get_by_text("Đang xem phim").wait_for()
    if meanwhile == "drawing":
        page.locator("[data-add=stop_lines]").click()
        draw(page, LINE[0])
    else:
        page.get_by_role("button", name="Camera").click()
        page.locator("input[name=place]").fill("Ngã tư")
    surveyor.let_go.set()
    page.wait_for_function("import('./state.js').then(({ at }) => !!at.scene.ground)")
    if meanwhile == "drawing":
        draw(page, LINE[1], end=True)
        assert scene_of(page)["stop_lines"][0]["points"] == [list(point) for point in LINE]
    else:
        page.keyboard.type(" Môi")
        assert scene_of(page)["place"] == "Ngã tư Môi"


@pytest.mark.browser
def test_nothing_of_the_bar_or_a_hint_is_cut_off_in_either_language(page: Any) -> None:
    for width, height in ((1024, 700), (1200, 564), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        right = page.locator("main").evaluate("(main) => main.getBoundingClientRect().right")
        for _ in range(2):
            ends = page.locator("#tools").evaluate(
                "(bar) => [...bar.querySelectorAll('button')].map((one) => one.getBoundingClientRect().right)"
            )
            assert max(ends) <= right, width
            cut = page.evaluate("""import('./words.js').then(({ t, HINTS }) => HINTS.filter((name) => {
                const hint = document.getElementById('hint');
                hint.className = 'drawing';
                hint.textContent = `${t('draw_short', { n: 2 })} ${t(name)} ${t('draw_ends')}`;
                return hint.scrollHeight > hint.clientHeight;
            }))""")
            assert cut == [], width
            page.locator("#language").click()
