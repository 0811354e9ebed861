"""The built wheel, installed alone in a fresh environment: a box that sees and a demo that plays."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONG_S = 1500
"""Not a limit on speed: packages of some hundred megabytes are downloaded, and other work may be going on."""
NO_SOURCES = ".git", ".venv", ".*_cache", "__pycache__", ".hypothesis", "out", "var", "build", "dist", "*.egg-info"
LEFT_OUT = shutil.ignore_patterns(*NO_SOURCES)
pytestmark = [pytest.mark.timeout(LONG_S), pytest.mark.wheel, pytest.mark.slow(80)]


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    own = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in own}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # a copy: a build leaves folders behind, and what lies in them would find its way into the next wheel
    tree = shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT)
    succeeded(run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(tree), cwd=folder))
    (built,) = folder.glob("giaolo-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a fresh environment with the wheel and what it names, nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder / "env", with_pip=True)
    succeeded(run(str(folder / "env/bin/python"), "-m", "pip", "install", "-q", str(wheel), cwd=folder))
    return folder


def test_tools_come_without_training_and_ask_for_their_extras(wheel: Path, installed: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.startswith(("tools/train", "tests/", "requirements/"))] == []
    rooms = {name.split("/")[1] for name in names if name.startswith("tools/") and name.count("/") > 1}
    assert rooms == {"bench", "clips", "command", "demo", "evaluate", "render", "simulate"}
    for room in ("evidence", "common", "countries", "zones", "models", "edge", "central", "tools"):
        assert f"{room}/py.typed" in names
    listed = succeeded(run(str(installed / "env/bin/giaolo"), "evaluate", "--help", cwd=installed))
    assert "suite" in listed
    assert "models" not in listed.split("Commands:")[1]
    (installed / "shared" / "footage").mkdir(parents=True)
    for command, told in (
        (("evaluate", "models", "--shared", "shared"), "run it in a checkout"),
        (("simulate", "--seconds", "1", "--out", "run.npz"), "giaolo[simulate]"),
    ):
        done = run(str(installed / "env/bin/giaolo"), *command, cwd=installed)
        assert done.returncode == 1
        assert told in done.stderr
        assert "Traceback" not in done.stderr


def test_one_build_of_opencv_and_no_checkout_is_needed(installed: Path) -> None:
    told = succeeded(run(str(installed / "env/bin/python"), "-m", "pip", "list", "--format=json", cwd=installed))
    names = {entry["name"].lower() for entry in json.loads(told)}
    assert {name for name in names if name.startswith("opencv")} == {"opencv-python"}
    assert "torch" not in names
    where = succeeded(run(str(installed / "env/bin/python"), "-c", "import edge; print(edge.__file__)", cwd=installed))
    assert str(installed) in where


def test_the_demo_plays_its_own_clip_and_its_cases_arrive(installed: Path) -> None:
    done = run(str(installed / "env/bin/giaolo"), "demo", "--once", "--port", "0", "--dir", "demo", cwd=installed)
    arrived = re.search(r"(\d+) vụ đã tới trung tâm", succeeded(done))
    assert arrived
    assert int(arrived[1]) >= 5


def test_a_box_of_the_wheel_finds_acts_in_a_video(installed: Path) -> None:
    shipped = next((installed / "env").glob("lib/*/site-packages/tools/clips/demo.mp4"))
    # a stretch with an act whose plate can be read; the demo above plays the whole clip
    cut = ("ffmpeg", "-loglevel", "error", "-ss", "36", "-i", str(shipped), "-t", "16", "-c", "copy", "-y", "clip.mp4")
    succeeded(run(*cut, cwd=installed))
    scene = str(shipped.with_suffix(".yaml"))
    done = run(
        str(installed / "env/bin/giaolo"), "edge", "replay", "clip.mp4", "--scene", scene, "--out", "found",
        cwd=installed,
    )  # fmt: skip
    succeeded(done)
    acts = (installed / "found" / "acts.jsonl").read_text("utf-8").splitlines()
    assert acts
    assert any(json.loads(act).get("plate") for act in acts), "every network that reads must have come along"
