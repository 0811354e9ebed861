"""A real junction over RTSP, cut for ten seconds in the middle: acts before and after, and the node says so."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.node import open_default_perception
from evidence.container import verify_packet
from evidence.packet import Manifest
from evidence.seal import VerifyKey
from tests.edge.brokers import eventually, needs_mosquitto
from tests.edge.rtsp import FFMPEG, RtspServer, needs_ffmpeg
from tests.edge.test_node import Site
from tests.footage import FOOTAGE

ROOT = Path(__file__).resolve().parents[2]
CLIP = FOOTAGE / "red_light" / "portland.mp4"
SCENE = ROOT / "zones" / "examples" / "portland.yaml"

pytestmark = [needs_mosquitto, needs_ffmpeg, pytest.mark.broker, pytest.mark.footage]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.close()


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[RtspServer]:
    """The clip four times in a row: a red light run about every 12 s, at 5.6, 17.7, 29.7 and 41.8 s."""
    (tmp_path / "list.txt").write_text(f"file '{CLIP}'\n" * 4)
    joined = tmp_path / "joined.mp4"
    command = [str(FFMPEG), "-loglevel", "error", "-f", "concat", "-safe", "0", "-i", str(tmp_path / "list.txt")]
    subprocess.run([*command, "-an", "-c", "copy", str(joined)], check=True, timeout=60)
    server = RtspServer(joined)
    yield server
    server.close()


def test_acts_before_and_after_a_cut_of_ten_seconds(site: Site, camera: RtspServer) -> None:
    site.write({"id": "cam-1", "url": camera.url, "scene": str(SCENE), "stall_s": 3, "open_timeout_s": 5})
    site.run(open_default_perception)
    eventually(site.healthy(lambda h: h.cameras and h.cameras[0].state == "running"), 20, "camera runs")
    eventually(lambda: site.centre.stored and camera.at_s() >= 13.0, 15, "an act before the cut")
    camera.cut()
    cut_s = camera.at_s()
    eventually(
        site.healthy(lambda h: h.status == "degraded" and h.cameras[0].state in ("reconnecting", "stalled")), 9,
        "health tells of the cut",
    )  # fmt: skip
    eventually(lambda: camera.at_s() >= cut_s + 10.0, 10, "ten seconds of the junction are missed")
    camera.restore()
    eventually(site.healthy(lambda h: h.cameras[0].state == "running" and h.cameras[0].reconnects >= 1), 15, "is back")
    had = len(site.centre.stored)
    eventually(lambda: len(site.centre.stored) > had, 40, "an act after the cut")
    key = VerifyKey.load(site.folder / "node.key.pub")
    found: list[Manifest] = sorted(
        (verify_packet(c, key) for c in site.centre.stored.values()), key=lambda m: m.chain.sequence
    )
    assert {m.act.code.value for m in found} == {"red_light"}
    before, after = found[0], found[-1]
    assert before.act.t_s < 13.0
    assert after.act.t_s > 22.0
    assert all(m.file("clip") is not None for m in found)
