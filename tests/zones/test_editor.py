"""The local editor: its calls, its file handling, and a technician at work in a real browser."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import yaml
from fastapi.testclient import TestClient

from countries.here import HERE
from evidence.acts import ActCode
from tests.waiting import eventually
from tests.zones.editing import at, scene_of
from tests.zones.scenes import GOOD, scene_data
from zones.editor import STATIC, Editor, SaveError, create_app, scene_yaml
from zones.facts import one_way
from zones.geometry import GroundMap
from zones.load import load_scene, parse_scene, scene_digest, scene_from_data
from zones.schema import GroundPlane
from zones.trying import Trying

BAD = scene_data(**{"signals.0.governs": []})


@pytest.fixture
def client(editor: Editor) -> TestClient:
    return TestClient(create_app(editor), headers={"X-Key": "k"})


def test_the_page_and_its_parts_are_served(client):
    assert "Giao Lộ" in client.get("/").text
    for part in (*STATIC.glob("*.js"), *STATIC.glob("*.css")):
        assert client.get(f"/{part.name}").status_code == 200
    assert client.get("/..%2Feditor.py").status_code == 404
    red, green = (client.get(f"/api/still?n={n}").content for n in (0, 1))
    assert red.startswith(b"\x89PNG")
    assert green.startswith(b"\x89PNG")
    assert red != green
    assert client.get("/api/still?n=2").status_code == 404


@pytest.mark.parametrize("headers", [{}, {"X-Key": "wrong"}, {"X-Key": "ké"}])
@pytest.mark.parametrize("call", ["scene", "still", "check", "save", "ground", "trial"])
def test_without_the_key_nothing_is_shown_or_changed(editor, headers, call):
    before = editor.path.read_bytes()
    stranger = TestClient(create_app(editor))
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = stranger.request(
        "POST" if call in {"check", "save", "ground"} else "GET", f"/api/{call}", headers=raw, json={}
    )
    assert answer.status_code == 403
    assert editor.path.read_bytes() == before


def test_check_answers_with_the_faults_as_one_types(client):
    assert client.post("/api/check", json=GOOD).json()["faults"] == []
    found = {fault["path"]: fault["severity"] for fault in client.post("/api/check", json=BAD).json()["faults"]}
    assert found["signals[0].governs"] == "error"
    assert client.post("/api/check", json={"id": 3}).json()["faults"]


def test_saving_writes_the_next_version_and_keeps_the_last(client, editor):
    before = editor.path.read_bytes()
    opened = client.get("/api/scene").json()
    scene = opened["scene"] | {"place": "Ngã tư Bưu điện"}
    saved = client.post("/api/save", json={"scene": scene, "base": opened["base"]}).json()
    assert saved["version"] == 2
    loaded = load_scene(editor.path).scene
    assert (loaded.version, loaded.place) == (2, "Ngã tư Bưu điện")
    assert editor.path.with_name("scene.yaml.bak").read_bytes() == before
    again = client.post("/api/save", json={"scene": scene | {"version": 2}, "base": saved["base"]})
    assert again.json()["version"] == 3
    assert sorted(p.name for p in editor.path.parent.iterdir()) == ["scene.yaml", "scene.yaml.bak"]


def test_a_scene_with_errors_is_not_saved_one_with_warnings_is(client, editor):
    before, base = editor.path.read_bytes(), editor.mark()
    refused = client.post("/api/save", json={"scene": BAD, "base": base})
    assert refused.status_code == 422
    assert refused.json()["faults"][0]["path"] == "signals[0].governs"
    assert editor.path.read_bytes() == before
    assert client.post("/api/save", json={"scene": scene_data(acts=[]), "base": base}).status_code == 200


def test_a_change_by_somebody_else_is_not_overwritten(client, editor):
    opened = client.get("/api/scene").json()
    editor.path.write_text(yaml.safe_dump(scene_data(place="by hand")))
    refused = client.post("/api/save", json={"scene": GOOD, "base": opened["base"]})
    assert refused.status_code == 409
    assert "changed since" in refused.json()["what"]
    assert load_scene(editor.path).scene.place == "by hand"


def test_a_place_where_nothing_can_be_written_is_told(client, editor):
    base = editor.mark()
    shutil.rmtree(editor.path.parent)
    editor.path = editor.path.parent / "scene.yaml"
    refused = client.post("/api/save", json={"scene": GOOD, "base": ""})
    assert (refused.status_code, base != "") == (409, True)
    assert "cannot be written" in refused.json()["what"]


def test_a_file_with_faults_opens_and_a_new_one_begins_with_the_size_of_the_still(client, editor):
    editor.path.write_text(yaml.safe_dump(BAD))
    assert "signals[0].governs" in {fault["path"] for fault in client.get("/api/scene").json()["faults"]}
    editor.path.unlink()
    assert client.get("/api/scene").json()["scene"]["picture"] == {"width": 640, "height": 480}


def test_a_still_of_another_size_is_a_warning(editor):
    editor.stills = (("small", np.zeros((240, 320, 3), np.uint8)),)
    assert [f.severity for f in editor.faults(GOOD)] == ["warning"]


def test_what_is_written_reads_back_the_same():
    scene = scene_from_data(GOOD)
    assert scene_digest(parse_scene(scene_yaml(scene))) == scene_digest(scene)


@pytest.mark.browser
def test_a_technician_draws_drags_and_saves(editor, page):
    # what makes a lane one-way is asked for; a head may be told by its controller's phase
    page.locator("[data-add=roads]").click()
    page.locator("select[name=kind]").select_option("one_way")
    page.locator("select[name=by]").select_option("one_way_road")
    page.get_by_text("không có căn cứ").wait_for()
    page.locator("input[name=order]").fill("QĐ 12/2026")
    page.locator("input[name=order]").press("Tab")
    page.get_by_role("button", name="l1", exact=True).click()
    page.locator("select[name=road]").select_option("road1")

    # a sign with its hours; the list says what each number means
    page.locator("[data-add=signs]").click()
    page.mouse.click(*at(620, 200))
    offered = page.locator("select[name=number] option").all_inner_texts()
    assert {"P.123a: cấm rẽ trái", "P.104: cấm đi vào (xe máy)", "R.412a: làn dành cho xe khách, buýt"} <= set(offered)
    page.locator("input[name='governs.s1']").check()
    page.locator("fieldset[name=source] input[name=place]").fill("trên cột đèn")
    page.locator("fieldset[name=source] input[name=place]").press("Tab")
    page.locator("[data-more=hours]").click()
    page.locator("input[name=end]").fill("08:30")
    page.locator("input[name=end]").press("Tab")
    page.locator("input[name='days.sun']").uncheck()
    page.get_by_role("button", name="h1", exact=True).click()
    page.locator("select[name=orientation]").wait_for()
    page.locator("input[name=phase]").fill("2")
    page.locator("input[name=phase]").press("Tab")
    assert scene_of(page)["signals"][0]["phase"] == 2
    assert page.locator("select[name=source] option").all_inner_texts() == ["khung hình", "tủ điều khiển"]

    page.get_by_role("button", name="s1", exact=True).click()
    page.mouse.move(*at(50, 340))
    page.mouse.down()
    page.mouse.move(*at(60, 330), steps=4)
    page.mouse.up()
    page.get_by_text("có thể lưu").wait_for()

    # a crossed area is told at once and cannot be saved
    page.locator("[data-add=exclude]").click()
    for corner in ((100, 20), (200, 100), (200, 20), (100, 100)):
        page.mouse.click(*at(*corner))
    page.keyboard.press("Enter")
    page.get_by_text("đường viền tự cắt").wait_for()
    assert page.locator("#save").is_disabled()
    page.get_by_role("button", name="Xóa mục này").click()
    page.get_by_text("Không có lỗi").wait_for()

    page.locator("[data-add=markings]").click()
    page.mouse.click(*at(450, 470))
    page.mouse.click(*at(440, 350))
    page.keyboard.press("Enter")
    page.locator("select[name=kind]").select_option("2.2")
    page.get_by_role("button", name="Camera").click()
    page.locator("input[name=place]").fill("Ngã ba Bia")
    page.locator("input[name=place]").press("Tab")
    page.get_by_text("có thể lưu").wait_for()
    page.locator("#save").click()
    page.get_by_text("đã lưu bản 2").wait_for()
    scene = load_scene(editor.path).scene
    assert (scene.version, scene.place) == (2, "Ngã ba Bia")
    assert scene.stop_lines[0].points[0] == (60, 330)
    road = one_way(scene, scene.lanes[0])
    assert road is not None
    assert (road.id, road.by, road.source.text) == ("road1", "one_way_road", "QĐ 12/2026")
    (sign,) = scene.signs
    assert (sign.governs, sign.source.text, sign.at) == (["s1"], "trên cột đèn", (620, 200))
    assert [(h.begin, h.end, "sun" in h.days, "sat" in h.days) for h in sign.hours] == [("06:00", "08:30", False, True)]
    drawn = scene.markings[1]
    assert (drawn.kind, drawn.points) == ("2.2", [(450, 470), (440, 350)])
    assert scene.exclude == []


@pytest.mark.browser
def test_which_acts_the_scene_can_state_stands_beside_it_and_follows_each_change(page):
    row = page.locator("[data-act=wrong_way]")
    assert row.inner_text().startswith("✓")
    page.get_by_role("button", name="r1", exact=True).click()
    page.locator("fieldset[name=source] input[name=place]").fill("")
    page.locator("[data-act=wrong_way]", has_text="✗").locator(".why").wait_for()
    page.keyboard.press("Escape")
    page.locator("#undo").click()
    page.locator("[data-act=wrong_way]", has_text="✓").wait_for()
    assert page.locator("[data-act]").count() == len(ActCode)


@pytest.mark.browser
def test_steps_go_back_and_forth_and_nothing_typed_is_lost(editor, page):
    was = scene_of(page)
    page.get_by_role("button", name="Camera").click()
    page.locator("input[name=place]").fill("Ngã tư Môi")  # not left, and in the scene all the same
    assert scene_of(page)["place"] == "Ngã tư Môi"
    page.get_by_role("button", name="m1", exact=True).click()
    page.get_by_role("button", name="Xóa mục này").click()
    page.locator("#canvas").focus()
    assert scene_of(page)["markings"] == []
    page.keyboard.press("Control+z")
    assert scene_of(page)["markings"] == was["markings"]
    page.keyboard.press("Control+z")
    assert scene_of(page) == was
    page.get_by_text("đã lưu", exact=True).wait_for()  # nothing is left to save
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+Shift+z")
    assert (scene_of(page)["place"], scene_of(page)["markings"]) == ("Ngã tư Môi", [])
    page.get_by_role("button", name="Hoàn tác").click()
    page.get_by_text("có thể lưu").wait_for()

    # the page is left without saving: the next one offers what was typed
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_role("button", name="Lấy lại").click()
    page.get_by_text("có thể lưu").wait_for()
    page.keyboard.press("Control+s")
    page.get_by_text("đã lưu bản 2").wait_for()
    # after saving, steps go back past it; the version goes on
    page.locator("#canvas").focus()
    page.keyboard.press("Control+z")
    page.get_by_text("có thể lưu").wait_for()
    page.keyboard.press("Control+s")
    page.get_by_text("đã lưu bản 3").wait_for()
    assert load_scene(editor.path).scene.place == was["place"]


@pytest.mark.browser
def test_all_of_a_thing_can_be_done_by_keyboard(page):
    page.locator("#canvas").focus()
    names = []
    for _ in range(4):
        page.keyboard.press("Tab")
        names.append(page.locator(".item.on").inner_text())
    assert names == ["s1", "a1", "Trong nút giao", "e1"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")

    def first() -> list[float]:
        return list(scene_of(page)["stop_lines"][0]["points"][0])

    page.keyboard.press("Space")  # its first point
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert first() == [51, 330]
    assert scene_of(page)["stop_lines"][0]["points"][1] == [590, 340]
    page.keyboard.press("Control+z")  # the way of the arrow keys was one step
    assert first() == [50, 340]
    page.keyboard.press("Escape")  # no point: the whole thing
    page.keyboard.press("ArrowDown")
    assert scene_of(page)["stop_lines"][0]["points"] == [[50, 341], [590, 341]]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "id"
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    assert scene_of(page)["stop_lines"] == []
    page.locator("[data-add=markings]").click()
    page.mouse.click(*at(400, 470))
    page.mouse.click(*at(420, 400))
    page.keyboard.press("Backspace")
    page.mouse.click(*at(410, 350))
    page.keyboard.press("Enter")
    assert scene_of(page)["markings"][1]["points"] == [[400, 470], [410, 350]]


@pytest.mark.browser
def test_the_language_chosen_is_that_of_every_text_and_stays(page):
    page.get_by_role("button", name="h1", exact=True).click()
    page.locator("input[name='governs.s1']").uncheck()
    page.locator("#faults li.error").wait_for()
    vi = page.locator("body").inner_text()
    page.get_by_role("button", name="English").click()
    page.reload()
    page.get_by_role("button", name="Take them back").click()
    page.locator(".item", has_text="h1").click()  # its name bears a warning as soon as the check has answered
    page.locator("#faults li.error").wait_for()
    en = page.locator("body").inner_text()
    words = ["ă", "ạ", "ả", "ã", "ầ", "ấ", "ậ", "đ", "ề", "ế", "ệ", "ọ", "ố", "ộ", "ờ", "ợ", "ứ", "ừ", "ữ", "ự", "ị"]
    without_switch = en.replace("Tiếng Việt", "").replace("Giao Lộ", "")
    assert [w for w in words if w in without_switch.lower()] == []
    assert [text for text in ("Signal heads", "Governs stop lines", "Delete this") if text not in en] == []
    assert [text for text in ("Đèn tín hiệu", "Điều khiển vạch dừng", "Xóa mục này") if text not in vi] == []
    for module in STATIC.glob("*.js"):
        code = re.sub(r"//.*", "", module.read_text(encoding="utf-8"))
        assert module.name in {"words.js", "shapes.js"} or not re.search("[À-ỹ]", code), module.name


@pytest.mark.browser
def test_lamps_are_drawn_on_the_still_that_shows_them_lit(page):
    """Middle of the picture, where nothing is drawn: how bright it is."""
    grey = "document.getElementById('canvas').getContext('2d').getImageData(560, 60, 1, 1).data[0]"
    page.get_by_role("button", name="h1", exact=True).click()
    assert (page.locator("#still_name").inner_text(), page.evaluate(grey)) == ("1/2 red.png", 90)
    page.get_by_role("button", name="›").click()
    assert (page.locator("#still_name").inner_text(), page.evaluate(grey)) == ("2/2 green.png", 60)
    page.get_by_role("button", name="Vẽ đèn xanh").click()
    page.mouse.click(*at(604, 152))
    page.mouse.click(*at(626, 176))
    page.keyboard.press("1")  # flips back while the head stays chosen
    assert page.evaluate(grey) == 90
    lamps = {lamp["colour"]: lamp["box"] for lamp in scene_of(page)["signals"][0]["lamps"]}
    assert (lamps["green"], lamps["red"]) == ([604, 152, 626, 176], [602, 102, 628, 126])


@pytest.mark.browser
def test_the_ground_is_drawn_measured_and_mended(editor, page):
    page.get_by_role("button", name="Mặt đường", exact=True).click()
    page.get_by_role("button", name="Xóa mục này").click()
    page.locator("#grid:disabled").wait_for()
    page.locator("[data-add=ground]").click()
    for corner in ((490, 345), (40, 470), (600, 470), (150, 345)):  # in any order
        page.mouse.click(*at(*corner))
    page.locator("input[name='ground.width']").fill("14")
    page.locator("input[name='ground.length']").fill("20")
    page.get_by_text("có thể lưu").wait_for()
    found = scene_of(page)["ground"]
    assert found["pixels"] == [[40, 470], [600, 470], [490, 345], [150, 345]]
    assert found["metres"] == [[0, 0], [14, 0], [14, 20], [0, 20]]

    # the page reckons as the box does
    ours = GroundMap.of(GroundPlane.model_validate(found))
    theirs = page.evaluate("import('./ground.js').then(({ map }) => [map().metres([300, 400]), map().pixels([3, 4])])")
    assert theirs[0] == pytest.approx(ours.to_metres([300, 400])[0], abs=1e-3)
    assert theirs[1] == pytest.approx(ours.to_pixels([3, 4])[0], abs=1e-2)
    above = page.evaluate("import('./ground.js').then(({ map }) => map().metres([300, 1]))")
    assert (above is None) == bool(np.isnan(ours.to_metres([300, 1])).any())

    # plates at the line with the verdict, and the width of the lane
    table = page.locator("table.measures").inner_text()
    scale = 2 / np.hypot(*np.diff(ours.to_metres([[319, 340], [321, 340]]), axis=0)[0])
    assert f"Biển số xe máy tại vạch s1\t{round(scale * HERE.plate_width_m['motorcycle'])} px ✗" in table
    (lane,) = re.findall(r"Làn l1 rộng\t([\d.]+) m", table)
    assert 7 < float(lane) < 11

    # a sample vehicle is dragged along the road, and its plate follows
    def samples() -> list[dict[str, Any]]:
        return cast(list[dict[str, Any]], page.evaluate("import('./ground.js').then((g) => g.ground.samples)"))

    car = samples()[1]
    x, y = ours.to_pixels(car["place"])[0]
    page.mouse.move(*at(x, y - 3))
    page.mouse.down()
    page.mouse.move(*at(x, y + 60), steps=5)
    page.mouse.up()
    assert samples()[1]["place"][1] < car["place"][1] - 2
    assert scene_of(page)["ground"] == found

    # a corner is dragged; arrow keys, undo
    page.mouse.click(*at(490, 345))
    page.keyboard.press("Shift+ArrowRight")
    assert scene_of(page)["ground"]["pixels"][2] == [500, 345]
    page.keyboard.press("Control+z")
    page.keyboard.press("g")
    assert page.locator("#grid").get_attribute("aria-pressed") == "false"
    page.get_by_text("có thể lưu").wait_for()
    page.keyboard.press("Control+s")
    page.get_by_text("đã lưu bản 2").wait_for()
    assert load_scene(editor.path).scene.ground == GroundPlane.model_validate(found)


@pytest.mark.browser
def test_the_ground_is_proposed_from_edges_with_known_distance_and_its_doubt_told(page):
    page.get_by_role("button", name="Mặt đường", exact=True).click()
    page.get_by_role("button", name="+ Hai mép dọc đường").click()
    for point in ((180, 470), (250, 300), (460, 470), (390, 300)):
        page.mouse.click(*at(*point))
    page.locator("input[name='gap.0']").fill("7")
    page.get_by_role("button", name="Đề xuất", exact=True).click()
    page.get_by_text("nhưng chưa chắc").wait_for()
    page.get_by_role("button", name="+ Hai mép ngang đường").click()
    for point in ((150, 400), (500, 400), (170, 350), (480, 350)):
        page.mouse.click(*at(*point))
    page.locator("input[name='gap.1']").fill("5")
    page.get_by_role("button", name="Đề xuất", exact=True).click()
    page.get_by_text("Đã đặt lưới. Sai số ước chừng").wait_for()
    ground = GroundMap.of(GroundPlane.model_validate(scene_of(page)["ground"]))
    left, right = ground.to_metres([[208.8, 400], [431.2, 400]])
    assert np.hypot(*(right - left)) == pytest.approx(7, abs=0.3)
    page.get_by_role("button", name="Hoàn tác").click()
    page.get_by_role("button", name="Hoàn tác").click()
    assert scene_of(page)["ground"] == GOOD["ground"]


@pytest.mark.parametrize(
    ("why", "gaps"),
    [
        ("nothing", []),
        ("no distance", [{"way": "along", "first": [[1, 9], [5, 1]], "second": [[9, 9], [7, 1]], "metres": 0}]),
        ("one point", [{"way": "along", "first": [[5, 5], [5, 5]], "second": [[5, 5], [5, 5]], "metres": 3}]),
    ],
)
def test_marks_from_which_no_plane_follows_are_told_in_both_languages(client, why, gaps):
    answer = client.post("/api/ground", json={"picture": {"width": 640, "height": 480}, "gaps": gaps})
    assert answer.status_code == 409
    assert " / " in answer.json()["what"]


def test_no_module_of_the_page_grows_beyond_reading():
    assert {f.name: n for f in STATIC.glob("*.js") if (n := len(f.read_text().splitlines())) > 300} == {}


class SlowEyes:
    """Stands in for the box's eyes: looks until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.scene = ""

    def __call__(
        self, scene: Path, video: Path, *, seconds: float, go_on: Callable[[float], bool]
    ) -> dict[str, list[str]]:
        self.scene = scene.read_text(encoding="utf-8")
        seen = 0
        while go_on(float(seen)) and not self.let_go.wait(0.01):
            seen += 1
        if "xấu" in self.scene:
            raise SaveError("hỏng / broken", remedy="sửa / mend")
        return {"vi": [f"Đã xem {video.name}.", "  một dòng"], "en": [f"Looked at {video.name}.", "  a line"]}


@pytest.fixture
def eyes(editor: Editor) -> SlowEyes:
    eyes = SlowEyes()
    editor.trying = Trying(eyes, Path("phut.mp4"))
    return eyes


def test_the_scene_as_drawn_is_tried_once_at_a_time_and_saved_nowhere(client, editor, eyes):
    before = editor.path.read_bytes()
    assert client.get("/api/scene").json()["trial"] == {"video": "phut.mp4", "seconds": 60.0}
    assert client.get("/api/trial").json()["state"] == "none"
    assert client.post("/api/trial", json=BAD).status_code == 422
    drawn = scene_data(place="Đang vẽ")
    assert client.post("/api/trial", json=drawn).json()["state"] == "running"
    assert client.post("/api/trial", json=drawn).status_code == 409
    eventually(lambda: client.get("/api/trial").json()["seen_s"] > 0, 10, "it tells how far it is")
    eyes.let_go.set()
    eventually(lambda: client.get("/api/trial").json()["state"] == "done", 10, "it ends")
    assert client.get("/api/trial").json()["lines"]["en"] == ["Looked at phut.mp4.", "  a line"]
    assert parse_scene(eyes.scene).place == "Đang vẽ"
    assert editor.path.read_bytes() == before


def test_a_run_that_is_stopped_tells_what_it_saw_and_one_that_fails_tells_why(client, eyes):
    client.post("/api/trial", json=GOOD)
    client.post("/api/trial/stop")
    eventually(lambda: client.get("/api/trial").json()["state"] == "done", 10, "it stops")
    eyes.let_go.set()
    client.post("/api/trial", json=scene_data(place="xấu"))
    eventually(lambda: client.get("/api/trial").json()["state"] == "failed", 10, "it fails")
    assert client.get("/api/trial").json()["why"] == "hỏng / broken -> sửa / mend"


def test_without_a_video_nothing_is_tried(client, page):
    assert client.get("/api/scene").json()["trial"] is None
    assert client.post("/api/trial", json=GOOD).status_code == 404
    assert page.locator("#try").is_hidden()


def test_a_technician_sees_what_would_be_found_in_his_language_and_that_it_is_old_after_a_change(eyes, page):
    page.get_by_role("button", name="Thử", exact=True).click()
    page.locator("#trial").get_by_text("Đang xem:").wait_for()
    page.locator("#next[data-step=try]").get_by_text("Đang xem:").wait_for()
    assert page.locator("#next .go").count() == 0  # a second press would stop it
    eyes.let_go.set()
    page.get_by_text("Đã xem phut.mp4.").wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_text("Looked at phut.mp4.").wait_for()
    assert page.get_by_text("Đã xem").count() == 0
    assert page.get_by_text("was changed after this run").count() == 0
    page.evaluate("import('./state.js').then(({ at, changed }) => { at.scene.place = 'khác'; changed(); })")
    page.get_by_text("was changed after this run").wait_for()


def test_vehicles_are_looked_at_once_and_ground_is_proposed_by_them_as_often_as_asked(client, surveyor):
    asked = {"picture": {"width": 640, "height": 480}, "gaps": [], "vehicles": True}
    assert client.post("/api/ground", json=asked).status_code == 409
    assert client.post("/api/survey").json()["state"] == "running"
    assert client.post("/api/survey").status_code == 409
    surveyor.let_go.set()
    eventually(lambda: client.get("/api/survey").json()["state"] == "done", 10, "it ends")
    assert client.post("/api/survey").json()["vehicles"] == 10
    first, again = (client.post("/api/ground", json=asked).json() for _ in range(2))
    assert first == again
    assert first["height_m"] > 0
    assert surveyor.looks == 1
    other = client.post("/api/ground", json={**asked, "picture": {"width": 800, "height": 600}})
    assert other.status_code == 409
    assert "640 x 480" in other.json()["what"]


@pytest.mark.browser
def test_a_technician_lays_the_ground_by_the_vehicles_of_the_video(surveyor, page):
    page.get_by_role("button", name="Mặt đường", exact=True).click()
    page.get_by_role("button", name="Xem xe cộ trong phim").click()
    page.get_by_text("Đang xem phim").wait_for()
    surveyor.let_go.set()
    page.get_by_text("Đã đặt lưới").wait_for()
    assert scene_of(page)["ground"] != GOOD["ground"]
    page.get_by_role("button", name="Hoàn tác").click()
    assert scene_of(page)["ground"] == GOOD["ground"]
