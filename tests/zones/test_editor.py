"""The local editor: its calls, its file handling, and a technician at work in a real browser."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import uvicorn
import yaml
from fastapi.testclient import TestClient

from tests.waiting import eventually
from tests.zones.scenes import GOOD, scene_data
from zones.editor import Editor, create_app, scene_yaml
from zones.facts import one_way
from zones.load import load_scene, parse_scene, scene_digest, scene_from_data

BAD = scene_data(**{"signals.0.governs": []})


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    path = tmp_path / "scene.yaml"
    path.write_text("# our own remark\n" + yaml.safe_dump(GOOD, allow_unicode=True))
    return Editor(path, np.full((480, 640, 3), 90, np.uint8), key="k")


@pytest.fixture
def client(editor: Editor) -> TestClient:
    return TestClient(create_app(editor), headers={"X-Key": "k"})


def test_the_page_and_its_parts_are_served(client):
    assert "Giao Lộ" in client.get("/").text
    for part in ("editor.js", "shapes.js", "editor.css"):
        assert client.get(f"/{part}").status_code == 200
    assert client.get("/..%2Feditor.py").status_code == 404
    assert client.get("/api/still").content.startswith(b"\x89PNG")


@pytest.mark.parametrize("headers", [{}, {"X-Key": "wrong"}, {"X-Key": "ké"}])
@pytest.mark.parametrize("call", ["scene", "still", "check", "save"])
def test_without_the_key_nothing_is_shown_or_changed(editor, headers, call):
    before = editor.path.read_bytes()
    stranger = TestClient(create_app(editor))
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = stranger.request("POST" if call in {"check", "save"} else "GET", f"/api/{call}", headers=raw, json={})
    assert answer.status_code == 403
    assert editor.path.read_bytes() == before


def test_check_answers_with_the_faults_as_one_types(client):
    assert client.post("/api/check", json=GOOD).json() == {"faults": []}
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
    editor.still = np.zeros((240, 320, 3), np.uint8)
    assert [f.severity for f in editor.faults(GOOD)] == ["warning"]


def test_what_is_written_reads_back_the_same():
    scene = scene_from_data(GOOD)
    assert scene_digest(parse_scene(scene_yaml(scene))) == scene_digest(scene)


@pytest.fixture
def address(editor: Editor) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(create_app(editor), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started, 2, "the editor listens")
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/?key=k"
    server.should_exit = True
    thread.join(10)


@pytest.mark.browser
def test_a_technician_draws_drags_and_saves(editor, address):
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 480})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        page.get_by_text("Không có lỗi").wait_for()

        # the canvas is 640 x 480 at (240, 0): a pixel of the scene is a pixel of the screen
        def at(x: float, y: float) -> tuple[float, float]:
            return 240 + x, y

        # what makes a lane one-way is asked for; a head that only a controller could tell is not offered
        page.locator("[data-add=roads]").click()
        page.locator("select[name=kind]").select_option("one_way")
        page.locator("select[name=by]").select_option("one_way_road")
        page.get_by_text("không có căn cứ").wait_for()
        page.locator("input[name=order]").fill("QĐ 12/2026")
        page.locator("input[name=order]").press("Tab")
        page.get_by_role("button", name="l1", exact=True).click()
        page.locator("select[name=road]").select_option("road1")

        # a sign with its hours
        page.locator("[data-add=signs]").click()
        page.mouse.click(*at(620, 200))
        page.locator("input[name='governs.s1']").check()
        page.locator("fieldset[name=source] input[name=place]").fill("trên cột đèn")
        page.locator("fieldset[name=source] input[name=place]").press("Tab")
        page.locator("[data-more=hours]").click()
        page.locator("input[name=end]").fill("08:30")
        page.locator("input[name=end]").press("Tab")
        page.locator("input[name='days.sun']").uncheck()
        page.get_by_role("button", name="h1", exact=True).click()
        page.locator("select[name=orientation]").wait_for()
        assert page.locator("select[name=source]").count() == 0

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
        page.get_by_text("crosses itself").wait_for()
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
        browser.close()
    assert problems == []
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
