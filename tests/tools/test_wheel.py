"""The built wheel, installed alone in a fresh environment: it has all it names, and its demo plays."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Set
from email.message import Message
from email.parser import Parser
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sqlalchemy import select

from central.store.db import Database
from central.store.packet_tables import PacketRow
from evidence.packet import Manifest
from tests.tools.test_demo import alive
from tools.evaluate.acts import Reported, score
from tools.evaluate.cli import load_truth

ROOT = Path(__file__).resolve().parents[2]
LONG_S = 1500
"""Not a limit on speed: other work may be going on."""
NO_SOURCES = ".git", ".venv", ".*_cache", "__pycache__", ".hypothesis", "out", "var", "build", "dist", "*.egg-info"
LEFT_OUT = shutil.ignore_patterns(*NO_SOURCES)
pytestmark = [pytest.mark.timeout(LONG_S), pytest.mark.wheel, pytest.mark.slow(30)]


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    own = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in own}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def pip(environment: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """The pip of these tests, at work in that environment; no package is fetched."""
    there = ("--disable-pip-version-check", "--python", str(environment / "bin/python"))
    return run(sys.executable, "-m", "pip", *there, *command, cwd=environment)


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # a copy: a build leaves folders behind, and what lies in them would find its way into the next wheel
    tree = shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT)
    options = ("-q", "--no-deps", "--no-build-isolation", "-w", str(folder))  # built by the setuptools of the lock
    succeeded(run(sys.executable, "-m", "pip", "wheel", *options, str(tree), cwd=folder))
    (built,) = folder.glob("giaolo-*.whl")
    return built


def told_by(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def named(lines: list[str], extras: Set[str]) -> Iterator[Requirement]:
    """Those of the requirements that hold here with these extras."""
    for line in lines:
        one = Requirement(line)
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            yield one


def all_that(wheel: Path) -> dict[str, metadata.Distribution]:
    """What the wheel names without any extra, what that names, and so on: as it is installed beside these tests."""
    found: dict[str, metadata.Distribution] = {}
    asked = list(named(told_by(wheel).get_all("Requires-Dist", []), set()))
    seen = set()
    while asked:
        one = asked.pop()
        name, extras = canonicalize_name(one.name), frozenset(one.extras)
        if (name, extras) not in seen:
            seen.add((name, extras))
            found[name] = metadata.distribution(name)
            asked += named(found[name].requires or [], extras)
    return found


def lay(distribution: metadata.Distribution, site_packages: Path) -> None:
    """Each of its files where an installation would have it, as a link to that of the environment of these tests."""
    for file in distribution.files or ():
        here = Path(str(distribution.locate_file(file)))
        if ".." not in file.parts and here.exists():  # above: commands, and nobody calls those of other packages
            target = site_packages / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(here.resolve())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a fresh environment with the wheel and what it names, nothing else.

    What it names is not fetched again: it is here in the versions of the lock (`tests/test_lock.py`). That the wheel
    names all that it needs is shown all the same: pip finds each requirement met, and nothing else can be imported.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder / "env", with_pip=False)
    (site_packages,) = (folder / "env").glob("lib/*/site-packages")
    for distribution in all_that(wheel).values():
        lay(distribution, site_packages)
    succeeded(pip(folder / "env", "install", "-q", "--no-index", str(wheel)))
    succeeded(pip(folder / "env", "check"))
    return folder


def test_the_wheel_names_what_the_project_needs_and_pip_refuses_it_where_one_is_missing(
    wheel: Path, installed: Path, tmp_path: Path
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [Requirement(line) for line in project["dependencies"]]
    told = list(named(told_by(wheel).get_all("Requires-Dist", []), set()))
    assert {(one.name, one.specifier) for one in told} == {(one.name, one.specifier) for one in asked}
    assert set(told_by(wheel).get_all("Provides-Extra", [])) == set(project["optional-dependencies"])
    venv.create(tmp_path / "env", with_pip=False)
    refused = pip(tmp_path / "env", "install", "-q", "--no-index", str(wheel))
    assert refused.returncode != 0
    assert "No matching distribution found" in refused.stderr


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
    names = {entry["name"].lower() for entry in json.loads(succeeded(pip(installed / "env", "list", "--format=json")))}
    assert {name for name in names if name.startswith("opencv")} == {"opencv-python"}
    assert not names & {"torch", "pytest"}
    where = succeeded(run(str(installed / "env/bin/python"), "-c", "import edge; print(edge.__file__)", cwd=installed))
    assert str(installed) in where


def test_a_box_of_the_wheel_replays_a_video(installed: Path) -> None:
    shipped = next((installed / "env").glob("lib/*/site-packages/tools/clips/demo.mp4"))
    # two seconds are enough to see that it plays; the demo below finds and reads what is in the whole clip
    cut = ("ffmpeg", "-loglevel", "error", "-i", str(shipped), "-t", "2", "-c", "copy", "-y", "clip.mp4")
    succeeded(run(*cut, cwd=installed))
    scene = str(shipped.with_suffix(".yaml"))
    replay = ("edge", "replay", "clip.mp4", "--scene", scene, "--out", "found")
    succeeded(run(str(installed / "env/bin/giaolo"), *replay, cwd=installed))
    assert (installed / "found" / "acts.jsonl").read_text("utf-8") == ""


CLIP_OF = {"cam-01": "demo", "cam-02": "ten-acts"}


def test_the_demo_plays_its_own_clips_and_each_of_their_acts_becomes_a_case_and_nothing_else(installed: Path) -> None:
    folder = installed / "demo"
    done = run(str(installed / "env/bin/giaolo"), "demo", "--once", "--port", "0", "--dir", "demo", cwd=installed)
    output = succeeded(done)
    arrived = re.search(r"(\d+) vụ đã tới trung tâm", output)
    assert arrived, output
    assert int(arrived[1]) >= 15
    assert "canbo1" in output
    assert "/desk" in output
    assert "broker connected" in (folder / "log" / "centre.log").read_text("utf-8")
    assert alive(str(folder)) == []
    packets = manifests(folder / "centre" / "centre.sqlite3")
    assert len(packets) == int(arrived[1])
    assert any(reported(one).line["plate"] for one in packets), "every network that reads must have come along"
    assert {one.camera.id for one in packets} == set(CLIP_OF)
    for camera, clip in CLIP_OF.items():
        found = [reported(one) for one in packets if one.camera.id == camera]
        result = score(load_truth(ROOT / "tools" / "clips" / f"{clip}.json", None), found)
        assert [(t.id, t.act) for t in result.missed] == []
        assert [(f.reported.act, f.reported.t_s) for f in result.false] == []
        assert result.plates[1] == 0


def manifests(database: Path) -> list[Manifest]:
    """Those of the packets that a centre holds."""
    kept = Database(f"sqlite:///{database}")
    with kept.read() as session:
        found = [Manifest.from_bytes(m.encode()) for m in session.scalars(select(PacketRow.manifest))]
    kept.dispose()
    return found


def reported(manifest: Manifest) -> Reported:
    """What its packet says of an act, as a replay would write it down."""
    act, vehicle, plate = manifest.act, manifest.vehicle, manifest.plate
    track = tuple((point.t_s, point.box) for point in manifest.track.points)
    line = {"plate": plate.text, "plate_colour": plate.colour, "flags": act.flags}
    return Reported(act.code.value, act.frame, act.t_s, vehicle.box, line, track)
