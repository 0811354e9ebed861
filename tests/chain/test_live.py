"""A live camera that is cut for ten seconds: the box says so, comes back, and finds the acts before and after, each
with its clip and under the box's seal."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chain.town import SCENE, Town, eventually
from tests.edge.rtsp import FFMPEG, RtspServer, needs_ffmpeg
from tests.footage import FOOTAGE

pytestmark = [needs_ffmpeg, pytest.mark.footage, pytest.mark.broker, pytest.mark.postgres, pytest.mark.slow(60)]
PASSAGE_S = 25
"""The first seconds of the clip, in which the lamp turns red and four run it; the camera shows them again and again."""


@pytest.fixture
def video(tmp_path: Path) -> Path:
    assert FFMPEG is not None
    clip = FOOTAGE / "red_light" / "hanoi_giang_vo.mp4"
    ffmpeg = [FFMPEG, "-loglevel", "error", "-y"]
    once, often = tmp_path / "once.mp4", tmp_path / "often.mp4"
    subprocess.run([*ffmpeg, "-i", str(clip), "-t", str(PASSAGE_S), "-an", "-c", "copy", str(once)], check=True)
    subprocess.run([*ffmpeg, "-stream_loop", "4", "-i", str(once), "-c", "copy", str(often)], check=True)
    return often


def test_acts_before_and_after_a_cut_of_ten_seconds(make_town: Callable[..., Town], video: Path) -> None:
    server = RtspServer(video)
    camera = {"id": "cam-01", "url": server.url, "scene": str(SCENE), "stall_s": 3.0, "open_timeout_s": 5.0}
    town = make_town(camera=camera)
    town.start_centre()
    town.start_edge()

    def state() -> str:
        health = town.health()
        return health.cameras[0].state if health is not None and health.cameras else ""

    try:
        eventually(lambda: state() == "running", 30, "the camera is watched")
        eventually(lambda: len(town.acts_at()) >= 2, 60, "runners before the cut", every_s=0.5)
        before = town.acts_at()
        server.cut()
        cut_s = server.at_s()
        eventually(
            lambda: (health := town.health()) is not None and health.status == "degraded"
            and health.cameras[0].state in ("reconnecting", "stalled"), 9, "the box says that the camera is away",
        )  # fmt: skip
        eventually(lambda: server.at_s() >= cut_s + 10, 10, "ten seconds of the junction are missed")
        server.restore()
        eventually(lambda: state() == "running", 30, "the box is back")
        health = town.health()
        assert health is not None
        assert health.cameras[0].reconnects >= 1
        # stream time goes on during the cut: what was still on its way when it came lies less than ten seconds later
        eventually(
            lambda: sum(t_s > before[-1] + 10 for t_s in town.acts_at()) >= 2, 75, "runners after the cut", every_s=0.5
        )
        found = town.verified()
        assert all(manifest.file("clip") is not None for manifest in found)
        assert sum(manifest.act.code.value == "red_light" for manifest in found) >= 4
    finally:
        server.close()
