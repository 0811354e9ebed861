"""`giaolo edge doctor`, `status`, `test-camera`, `snapshot`: each fault is told in one line with its remedy."""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import pytest
import yaml
from click.testing import CliRunner, Result

from common.broker import BrokerSettings
from edge.cli import edge
from edge.config import load_config
from edge.delivery.outbox import Outbox
from edge.doctor.box import examine
from edge.doctor.broker import try_broker
from edge.doctor.camera import Trial, told, trial, verdict
from edge.doctor.controllers import try_controllers
from edge.doctor.told import Told
from edge.types import Frame
from edge.video.source import VideoSource
from edge.video.source_status import StreamInfo
from evidence.seal import SigningKey
from tests.edge.brokers import FakeCentre, Mosquitto, eventually, free_port, needs_mosquitto
from tests.edge.media import make_video
from tests.edge.odd_camera import Odd, OddCamera
from tests.edge.packets import builder
from tests.edge.test_config import SCENE
from tests.edge.test_node import ROOT, Site, camera
from tests.edge.test_page import a_frame
from tests.zones.scenes import GOOD
from zones.schema import Picture

SECRET = "geheim-wort"


def box(folder: Path, **changes: Any) -> Path:
    """A box's files with nothing around them. Cameras are left out where none is given."""
    (folder / "scene.yaml").write_text(yaml.safe_dump(SCENE))
    SigningKey.load_or_create(folder / "centre.key")
    data = {
        "schema_version": 1, "node_id": "node-1", "key_file": "node.key", "data_dir": "data",
        "centre_public_key": "centre.key.pub", "broker": {"port": free_port()}, "outbox": {"min_free_mib": 0},
        "page": {"port": free_port()}, "cameras": [],
    }  # fmt: skip
    path = folder / "node.yaml"
    path.write_text(yaml.safe_dump(data | changes))
    return path


def examined(config: Path, **changes: Any) -> list[Told]:
    settings = {"cameras": False, "networks": False, "synchronised": lambda: True} | changes
    return list(examine(config, **settings))


def faults(lines: list[Told]) -> list[str]:
    """What is wrong; each in one line, with what to do, in both languages."""
    wrong = [line for line in lines if line.level == "fault"]
    for line in wrong:
        assert "\n" not in line.line
        assert line.do_vi, line.line
        assert line.do_en, line.line
    return [line.en for line in wrong]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(edge, [str(each) for each in arguments])


@pytest.fixture
def broker(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Mosquitto]:
    acl = getattr(request, "param", "")
    extra = "allow_anonymous true\n"
    if acl:
        (tmp_path / "acl").write_text(acl)
        extra += f"acl_file {tmp_path / 'acl'}\n"
    made = Mosquitto(tmp_path, extra)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A box that has delivered a packet to a centre, and runs."""
    made = Site(tmp_path)
    made.write(camera(start_at="2026-03-01T08:00:00+07:00"))
    made.run()
    try:
        eventually(lambda: len(made.centre.stored) == 3, 20)
        eventually(made.healthy(lambda health: health.outbox_pending == 0), 20)
        yield made
    finally:
        made.close()


@needs_mosquitto
@pytest.mark.broker
def test_of_a_box_that_is_well_nothing_is_wrong_and_the_centres_key_is_proved(site: Site) -> None:
    lines = examined(site.config)
    assert faults(lines) == []
    assert any("its receipt is signed by the right key" in line.en for line in lines)
    assert any("may publish giaolo/v1/node-1/up/offer" in line.en for line in lines)
    assert site.centre.offer_count, "it was asked with a packet that the centre has"
    assert len(site.centre.stored) == 3, "and nothing new came to it"
    assert site.nodes[0].uplink.connected, "the session of the box is left alone"


@needs_mosquitto
@pytest.mark.broker
def test_status_says_how_the_running_box_is(site: Site, tmp_path: Path) -> None:
    told_of_it = run("status", "--config", site.config)
    assert told_of_it.exit_code == 0, told_of_it.output
    assert "The centre has taken every packet" in told_of_it.output
    assert "camera cam-1" in told_of_it.output


@needs_mosquitto
@pytest.mark.broker
def test_a_wrong_key_of_the_centre_is_told(site: Site) -> None:
    SigningKey.generate().save(site.folder / "other.key")
    (site.folder / "centre.key.pub").write_bytes((site.folder / "other.key.pub").read_bytes())
    (wrong,) = faults(examined(site.config))
    assert "the receipt is not signed by the key that the box believes" in wrong


@needs_mosquitto
@pytest.mark.broker
@pytest.mark.parametrize(
    ("broker", "wrong"),
    [
        ("topic read giaolo/v1/node-1/down/#\n", "may not publish giaolo/v1/node-1/up/chunk (code 135)"),
    ],
    indirect=["broker"],
)
def test_rights_that_the_broker_does_not_give_are_told(broker: Mosquitto, wrong: str, tmp_path: Path) -> None:
    (found,) = faults(examined(box(tmp_path, broker={"port": broker.port})))
    assert found.startswith(wrong)


SAYS_BUT_HEARS_NOTHING = "topic readwrite giaolo/v1/+/up/#\ntopic write giaolo/v1/+/down/#\n"
"""Mosquitto grants such a subscription, and then delivers nothing: only the silence tells."""


@needs_mosquitto
@pytest.mark.broker
@pytest.mark.parametrize(
    ("broker", "answers", "well"),
    [("", True, True), ("", False, False), (SAYS_BUT_HEARS_NOTHING, True, False)],
    ids=["answers", "silent", "not heard"],
    indirect=["broker"],
)
def test_whether_the_centre_answers_is_told(broker: Mosquitto, answers: bool, well: bool, tmp_path: Path) -> None:
    key = SigningKey.generate()
    centre = FakeCentre(broker.port, key, answers=answers)
    outbox = Outbox(tmp_path / "outbox", min_free_bytes=0)
    outbox.commit(builder(SigningKey.generate()))
    eventually(centre.connected, 10)
    lines = try_broker("node-1", BrokerSettings(port=broker.port), tmp_path / "outbox", key.public, answer_s=2.0)
    assert [each.startswith("the centre does not answer within 2 s") for each in faults(lines)] == (
        [] if well else [True]
    )
    assert well == any("the centre answers" in line.en for line in lines)
    outbox.close()
    centre.stop()


@needs_mosquitto
@pytest.mark.broker
def test_a_new_box_says_that_its_key_is_not_proved_yet(broker: Mosquitto, tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    lines = examined(box(folder, broker={"port": broker.port}))
    assert faults(lines) == []
    assert any("no packet yet to try the centre" in line.en for line in lines)


@needs_mosquitto
@pytest.mark.broker
def test_tls_to_a_port_that_speaks_none_is_told(broker: Mosquitto, tmp_path: Path) -> None:
    (found,) = faults(examined(box(tmp_path, broker={"port": broker.port, "tls": True})))
    assert "TLS fails" in found


def test_a_broker_that_is_not_there_is_told_and_so_is_a_box_that_does_not_run(tmp_path: Path) -> None:
    config = box(tmp_path)
    (found,) = faults(examined(config))
    assert "cannot be reached" in found
    stopped = run("status", "--config", config)
    assert stopped.exit_code == 1
    assert "the box does not answer" in stopped.output


def test_a_disk_that_takes_nothing_is_told_with_an_exit_status(tmp_path: Path) -> None:
    config = box(tmp_path)
    code = (
        "import sys; from pathlib import Path; from edge.doctor.box import examine;"
        "[print(t.line) for t in examine(Path(sys.argv[1]), cameras=False, networks=False) if 'disk' in t.en]"
    )
    full = subprocess.run(
        [sys.executable, "-c", code, str(config)], cwd=ROOT, capture_output=True, text=True, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )  # fmt: skip
    assert "cannot be written (File too large) -> " in full.stdout, full.stderr
    assert "free some room" in full.stdout
    assert not list((tmp_path / "data").iterdir()), "nothing is left behind"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"outbox": {"min_free_mib": 2**40}}, "below the reserve"),
        ({"centre_public_key": "none.pub"}, "the centre's key cannot be used"),
        ({"node_id": "has space"}, "configuration"),
    ],
)
def test_what_is_wrong_in_the_files_is_told(changes: dict[str, Any], wrong: str, tmp_path: Path) -> None:
    found = faults(examined(box(tmp_path, **changes)))
    assert any(wrong in each for each in found), found


def test_a_clock_that_nobody_keeps_is_noted_with_what_to_install(tmp_path: Path) -> None:
    for synchronised in (False, None):
        lines = examined(box(tmp_path), synchronised=lambda synchronised=synchronised: synchronised)
        (clock,) = [line for line in lines if "clock" in line.en]
        assert clock.level == "warning"
        assert "chrony" in clock.do_vi


def test_a_dead_camera_is_told_and_its_password_never(tmp_path: Path) -> None:
    (tmp_path / "word").write_text(SECRET)
    one = {
        "id": "cam-1", "url": f"rtsp://127.0.0.1:{free_port()}/x", "scene": "scene.yaml", "username": "u",
        "password_file": "word", "open_timeout_s": 2,
    }  # fmt: skip
    lines = examined(box(tmp_path, cameras=[one]), cameras=True, seconds=1.0)
    assert "camera cam-1: over tcp: no picture (cannot be opened: Connection refused)" in faults(lines)
    assert SECRET not in "".join(line.line for line in lines)


def test_a_camera_of_another_size_than_its_scene_is_told(tmp_path: Path) -> None:
    make_video(tmp_path / "v.mp4", frames=60)
    other = SCENE | {"picture": {"width": 320, "height": 192}}
    config = box(tmp_path, cameras=[{"id": "cam-1", "url": "v.mp4", "scene": "scene.yaml"}])
    (tmp_path / "scene.yaml").write_text(yaml.safe_dump(other))
    assert any("the scene was drawn for 320 x 192" in each for each in faults(examined(config, cameras=True)))


def test_a_live_camera_is_looked_at_over_rtsp(tmp_path: Path) -> None:
    served = OddCamera(make_video(tmp_path / "v.mp4", frames=250), Odd())
    try:
        found = trial(served.url, "tcp", seconds=4.0, open_s=5.0)
    finally:
        served.close()
    assert found.works
    assert found.info is not None
    assert (found.info.codec, found.info.width, found.info.height) == ("h264", 160, 96)
    assert found.fps == pytest.approx(25, abs=3)
    assert found.key_interval_s == pytest.approx(1.0, abs=0.2)
    assert not [line for line in verdict([found]) if line.level == "fault"]


def test_what_a_busy_box_drops_is_not_held_against_the_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = VideoSource.next

    def one_of_five(self: VideoSource, timeout_s: float) -> Frame | None:
        return [taken(self, timeout_s) for _ in range(5)][-1]

    monkeypatch.setattr(VideoSource, "next", one_of_five)
    served = OddCamera(make_video(tmp_path / "v.mp4", frames=250), Odd())
    try:
        found = trial(served.url, "tcp", seconds=3.0, open_s=5.0)
    finally:
        served.close()
    assert found.fps == pytest.approx(25, abs=3)


INFO = StreamInfo(1920, 1080, 25.0, "h264")


@pytest.mark.parametrize(
    ("changes", "level", "said"),
    [
        ({}, "good", "camera good"),
        ({"fps": 4.0}, "warning", "only 4.0 frames a second"),
        ({"key_interval_s": 5.0}, "warning", "a key frame every 5.0 s"),
        ({"key_interval_s": 20.0}, "fault", "a key frame every 20.0 s"),
        ({"key_interval_s": None}, "warning", "a key frame every ? s"),
        ({"corrupt": 7}, "warning", "7 damaged pictures"),
        ({"info": StreamInfo(1920, 1080, 25.0, "mpeg4")}, "warning", "codec mpeg4"),
        ({"clock_wrong": True, "clock_off_s": None}, "warning", "clock (RTCP) is wrong"),
        ({"clock_off_s": None}, "warning", "tells no time"),
    ],
)
def test_the_verdict_on_a_camera(changes: dict[str, Any], level: str, said: str) -> None:
    one: dict[str, Any] = {
        "way": "tcp", "info": INFO, "fps": 25.0, "key_interval_s": 2.0, "clock_off_s": 0.02, "frame": a_frame()
    }  # fmt: skip
    lines = verdict([Trial(**one | changes)], Picture(width=1920, height=1080))
    assert any(line.level == level and said in line.en for line in lines), [line.line for line in lines]


def test_the_way_that_works_is_named_and_the_others_are_no_faults() -> None:
    dead = Trial("udp", "rtsp://x: does not answer in time -> check address, cable and the camera's power")
    lives = Trial("tcp", "", INFO, 25.0, 2.0, 0, 0.02, False, a_frame())
    assert [line.level for line in told(dead, only=False)] == ["warning"]
    last = verdict([dead, lives])[-1]
    assert last.en == "camera good: set transport: tcp (works: tcp)"
    assert [line.level for line in verdict([dead])] == ["fault"]


def test_a_still_in_full_size_is_written_and_what_is_no_camera_is_one_clear_error(tmp_path: Path) -> None:
    make_video(tmp_path / "v.mp4", frames=60)
    done = run("snapshot", tmp_path / "v.mp4", tmp_path / "still.png")
    assert done.exit_code == 0, done.output
    assert cv2.imread(str(tmp_path / "still.png")).shape == (96, 160, 3)
    none = run("snapshot", tmp_path / "none.mp4", tmp_path / "still.png")
    assert none.exit_code == 1
    assert "no such video file" in none.output
    config = box(tmp_path, cameras=[{"id": "cam-1", "url": "v.mp4", "scene": "scene.yaml"}])
    assert run("snapshot", "cam-1", tmp_path / "b.png", "--config", config).exit_code == 0
    assert "has no camera cam-9" in run("snapshot", "cam-9", tmp_path / "b.png", "--config", config).output


def test_a_controller_that_says_nothing_is_told_and_so_is_a_head_that_none_tells(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of-some-length-at-least\n")
    path = box(tmp_path, controllers=[{"id": "tu-1", "http": {"port": free_port(), "token_file": "token"}}])
    (line,) = try_controllers(load_config(path), seconds=0.2)
    assert (line.level, line.do_en) == ("fault", "see that it sends, address and rights (docs/controller.md)")
    assert "no statement within" in line.en
    alone = {"id": "cam-1", "url": "v.mp4", "scene": "told.yaml"}
    signals = [GOOD["signals"][0] | {"id": "den-1", "phase": 2}]
    path = box(tmp_path, cameras=[alone])
    (tmp_path / "told.yaml").write_text(yaml.safe_dump(GOOD | {"signals": signals}))
    (line,) = try_controllers(load_config(path))
    assert (line.level, "signal den-1 is told by a controller" in line.en) == ("fault", True)


def test_a_controller_that_speaks_is_told_with_its_clock(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of-some-length-at-least\n")
    port = free_port()
    path = box(tmp_path, controllers=[{"id": "tu-1", "http": {"port": port, "token_file": "token"}}])
    stop = threading.Event()

    def speak() -> None:
        while not stop.wait(0.3):
            at = (datetime.now(UTC) - timedelta(hours=7)).isoformat()
            asked = urllib.request.Request(
                f"http://127.0.0.1:{port}/signals/tu-1",
                data=json.dumps({"phase": 2, "state": "red", "at": at}).encode(),
                headers={"Authorization": "Bearer of-some-length-at-least"},
            )
            with contextlib.suppress(OSError):
                urllib.request.urlopen(asked, timeout=5).close()

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        (line,) = try_controllers(load_config(path), seconds=60)
    finally:
        stop.set()
        speaker.join()
    assert line.level == "warning"
    assert "its clock is +25200" in line.en
