"""The scene editor in a real browser. A module that overrides `editor` opens another scene."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
import yaml

from tests.waiting import eventually
from tests.zones.editing import SlowSurveyor
from tests.zones.scenes import GOOD
from zones.editor import Editor, create_app
from zones.trying import Surveying


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    path = tmp_path / "scene.yaml"
    path.write_text("# our own remark\n" + yaml.safe_dump(GOOD, allow_unicode=True))
    red, green = np.full((480, 640, 3), 90, np.uint8), np.full((480, 640, 3), 60, np.uint8)
    return Editor(path, ("red.png", red), ("green.png", green), key="k")


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


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    """The editor in a browser, as a Vietnamese technician opens it; a script error fails the test."""
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 564})
        page.set_default_timeout(60_000)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        page.locator("#faults li").first.wait_for()
        yield page
        browser.close()
    assert problems == []


@pytest.fixture
def surveyor(editor: Editor) -> SlowSurveyor:
    surveyor = SlowSurveyor()
    editor.surveying = Surveying(surveyor, Path("phut.mp4"))
    return surveyor
