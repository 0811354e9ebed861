"""The demo starts everything, tells where it is, and leaves nothing running."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import waiting
from tests.edge.media import make_video
from tools.demo.processes import ProcessError, Processes, free_port, port_is_taken
from tools.demo.site import MADE_UP_OWNERS, SHIPPED, DemoError, choose_clip, fresh_folder, registry_csv

ROOT = Path(__file__).parents[2]
SCENE = ROOT / "zones" / "examples" / "hanoi_giang_vo.yaml"


def start_demo(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "tools.command.cli",
        "demo",
        "--dir",
        str(folder),
        "--port",
        str(free_port()),
        *arguments,
    ]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def alive(marker: str) -> list[int]:
    """Processes whose command line names `marker`, the demo itself left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if marker in words and "\0demo\0" not in words:
                found.append(int(entry.name))
    return found


def ended(parts: Processes) -> bool:
    try:
        parts.check()
    except ProcessError:
        return True
    return False


HANGS_S = 1200
"""Nothing is judged by its speed: who takes so long hangs."""


def until(check: Callable[[], object], timeout_s: float, what: str) -> None:
    waiting.eventually(check, timeout_s, what, every_s=0.1)


@pytest.fixture(scope="module")
def quiet_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video in the size of the scene, in which nothing happens, long enough to be interrupted."""
    folder = tmp_path_factory.mktemp("quiet")
    small, clip = make_video(folder / "small.mp4", frames=25), folder / "quiet.mp4"
    ffmpeg("-stream_loop", "20", "-i", str(small), "-vf", "scale=640:480", "-preset", "ultrafast", str(clip))
    return clip


def ffmpeg(*arguments: str) -> None:
    try:
        subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *arguments], check=True)
    except FileNotFoundError:
        pytest.skip("ffmpeg is not installed")


def test_the_demos_register_knows_the_vehicles_of_a_drawn_clip(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(registry_csv(SHIPPED))))
    drawn = {a["plate"] for a in json.loads(SHIPPED.with_suffix(".json").read_text(encoding="utf-8"))["acts"]}
    assert drawn - {None} <= {row["plate"] for row in rows}
    assert len({row["plate"] for row in rows}) == len(rows)
    assert {row["kind"] for row in rows} <= {"motorcycle", "car"}
    assert registry_csv(tmp_path / "filmed.mp4").count("\n") == 1 + len(MADE_UP_OWNERS)


@pytest.mark.crash
@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_demo(tmp_path: Path, quiet_clip: Path, signal_: signal.Signals) -> None:
    folder = tmp_path / "demo"
    demo = start_demo(folder, "--clip", str(quiet_clip), "--scene", str(SCENE))
    assert demo.stdout is not None
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(demo.stdout), daemon=True)  # type: ignore[arg-type]
    reader.start()
    until(lambda: len(alive(str(folder))) == 2, 60, "centre and box run")
    until(lambda: any("/desk" in line for line in lines), 30, "the address is told")
    address = next(found.group() for line in lines if (found := re.search(r"http://\S+(?=/desk)", line)))
    assert urllib.request.urlopen(f"{address}/healthz", timeout=100).status == 200
    demo.send_signal(signal_)
    demo.wait(HANGS_S)
    assert demo.returncode == (0 if signal_ != signal.SIGKILL else -signal.SIGKILL)
    until(lambda: alive(str(folder)) == [], 45, "all parts have ended")
    port = int(address.rpartition(":")[2])
    assert not port_is_taken(port)


def test_a_clip_without_acts_ends_with_a_clear_word(tmp_path: Path, quiet_clip: Path) -> None:
    clip = tmp_path / "short.mp4"
    ffmpeg("-i", str(quiet_clip), "-t", "2", "-c", "copy", str(clip))
    demo = start_demo(tmp_path / "demo", "--once", "--clip", str(clip), "--scene", str(SCENE))
    output, _ = demo.communicate(timeout=HANGS_S)
    assert demo.returncode == 1
    assert "no case has reached the centre" in output
    assert "Traceback" not in output


def test_a_video_that_is_none_is_told_and_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"not a video" * 100)
    demo = start_demo(tmp_path / "demo", "--clip", str(tmp_path / "broken.mp4"), "--scene", str(SCENE))
    output, _ = demo.communicate(timeout=HANGS_S)
    assert demo.returncode == 1
    assert "camera failed" in output
    assert "Traceback" not in output
    assert alive(str(tmp_path / "demo")) == []


def test_a_part_that_dies_is_named_with_its_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as parts:
        parts.start("edge", [sys.executable, "-c", "print('disk on fire'); raise SystemExit(3)"])
        until(lambda: ended(parts), 10, "its end is known")
        with pytest.raises(ProcessError, match=r"edge has ended with status 3: .*disk on fire"):
            parts.check()


def test_a_part_that_does_not_listen_to_sigterm_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.demo.processes._STOP_S", 0.3)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    with Processes(tmp_path) as parts:
        parts.start("deaf", [sys.executable, "-c", code])
        until(lambda: "up" in parts.log("deaf").read_text(), 10, "it runs")
        pid = parts.pid("deaf")
    assert not Path(f"/proc/{pid}").exists()


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        demo = start_demo(tmp_path / "demo", "--port", str(port), "--clip", str(SCENE), "--scene", str(SCENE))
        output, _ = demo.communicate(timeout=HANGS_S)
    assert demo.returncode == 1
    assert f"port {port} is taken" in output


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(DemoError, match="no demo made it"):
        fresh_folder(tmp_path)
    assert (tmp_path / "thesis.doc").exists()
    again = fresh_folder(fresh_folder(tmp_path / "demo"))
    assert [p.name for p in again.iterdir()] == [".giaolo-demo"]


def test_a_clip_and_its_scene_come_together(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="give both"):
        choose_clip(tmp_path / "a.mp4", None)
    assert choose_clip(None, None) == (SHIPPED, SHIPPED.with_suffix(".yaml"))
    with pytest.raises(DemoError, match="no such video"):
        choose_clip(tmp_path / "a.mp4", SCENE)


def test_without_any_clip_the_demo_says_what_to_pass(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tools.demo.site.SHIPPED", tmp_path / "none.mp4")
    with pytest.raises(DemoError, match="giaolo demo --clip VIDEO --scene"):
        choose_clip(None, None)
