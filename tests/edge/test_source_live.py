"""A live camera over RTSP: it is cut, it stalls, it comes back; time goes on, clips stay the camera's own."""

from __future__ import annotations

import io
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from edge.types import Frame
from edge.video.ring import PacketRing
from edge.video.source import VideoSource
from edge.video.source_status import SourceSettings
from tests.edge.brokers import eventually
from tests.edge.media import make_video
from tests.edge.rtsp import FFMPEG, RtspServer, needs_ffmpeg

pytestmark = needs_ffmpeg
FAST = SourceSettings(open_timeout_s=5, read_timeout_s=1.5, backoff_first_s=0.3, backoff_max_s=1.0)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("live") / "camera.mp4", frames=1500, gop=10)


@pytest.fixture
def camera(video: Path) -> Iterator[RtspServer]:
    server = RtspServer(video)
    yield server
    server.close()


def take(source: VideoSource, seconds: float) -> list[Frame]:
    frames: list[Frame] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        frame = source.next(0.2)
        if frame is not None:
            frames.append(frame)
    return frames


def take_count(source: VideoSource, count: int, *, from_s: float = 0.0) -> list[Frame]:
    """So many frames, and until stream time `from_s`, however slow the machine is; a minute at most."""
    frames: list[Frame] = []
    end = time.monotonic() + 60
    while len(frames) < count or frames[-1].t_s < from_s:
        assert time.monotonic() < end, (len(frames), source.status())
        frame = source.next(0.2)
        if frame is not None:
            frames.append(frame)
    return frames


def test_frames_come_with_the_cameras_own_time(camera: RtspServer) -> None:
    source = VideoSource(camera.url, settings=FAST)
    frames = take_count(source, 31, from_s=2.5)
    status = source.status()
    clock, _ = source.clock.state(frames[-1].t_s)
    source.stop(5)
    assert status.state == "running"
    assert len(frames) > 30
    assert [b.t_s - a.t_s for a, b in pairwise(frames)] == pytest.approx(
        [0.04 * (b.index - a.index) for a, b in pairwise(frames)], abs=0.005
    )
    assert clock.source == "camera"
    assert clock.offset_s is not None
    assert abs(clock.offset_s) < 1.0
    assert abs((frames[-1].wall_at - datetime.now(UTC)).total_seconds()) < 2.5


@pytest.fixture(scope="module")
def coded(video: Path) -> Callable[[str], Path]:
    """The same film in another codec."""

    @cache
    def make(codec: str) -> Path:
        made = video.with_name(f"{codec}.mp4")
        if codec == "libx265":
            return make_video(made, frames=300, codec=codec, gop=10)
        as_cameras_do = [
            "-c:v",
            "mjpeg",
            "-huffman",
            "default",
            "-pix_fmt",
            "yuvj420p",
            "-q:v",
            "3",
            "-frames:v",
            "300",
        ]
        subprocess.run([str(FFMPEG), "-loglevel", "error", "-i", str(video), *as_cameras_do, str(made)], check=True)
        return made

    return lambda codec: video if codec == "libx264" else make(codec)


@pytest.mark.parametrize(
    ("transport", "only", "codec", "over"),
    [
        ("tcp", None, "libx264", "tcp"),
        ("udp", None, "libx264", "udp"),
        ("udp", "udp", "libx264", "udp"),
        ("http", None, "libx264", "http"),
        ("auto", "udp", "libx264", "udp"),
        ("udp", None, "libx265", "udp"),
        ("http", None, "mjpeg", "http"),
        ("tcp", None, "libx265", "tcp"),
        ("tcp", None, "mjpeg", "tcp"),
    ],
)
def test_pictures_come_by_each_way_of_sending_and_in_each_codec(
    transport: Any, only: str | None, codec: str, over: str, coded: Callable[[str], Path]
) -> None:
    camera = RtspServer(coded(codec), only=only)
    ring = PacketRing(seconds=20)
    source = VideoSource(camera.url, ring=ring, settings=replace(FAST, transport=transport))
    try:
        frames = take_count(source, 12)
        status = source.status()
    finally:
        source.stop(5)
        camera.close()
    assert (status.state, camera.asked[-1]) == ("running", over)
    for frame in frames[2:]:  # the first may be as a stream begins: in the middle of a picture
        image = frame.image.astype(int)
        assert image.shape == (96, 160, 3)
        assert np.abs(image[70:, :, 0].mean(0) - np.linspace(0, 255, 160)).mean() < 12, "the gradient of the film"
    assert ring.whole_s is not None, "and its packets are kept for a clip"


def test_a_cut_camera_is_opened_again_and_time_goes_on(camera: RtspServer) -> None:
    source = VideoSource(camera.url, settings=FAST)
    before = take_count(source, 20)
    seen_s = time.monotonic()
    camera.cut()
    eventually(lambda: source.status().state == "reconnecting", 5)
    assert source.status().error
    before_s = camera.at_s()
    queued: list[Frame] = []  # what was queued may still come

    def nothing_new() -> bool:
        queued.extend(take(source, 0.2))
        return camera.refused >= 2 and camera.at_s() > before_s + 2.5

    eventually(nothing_new, 5, "tried again in vain, for longer than the gap that is asked for below")
    assert queued[FAST.queue_frames :] == []
    camera.restore()
    first = next(frame for frame in iter(lambda: source.next(10), None))
    without_s = time.monotonic() - seen_s
    after = take_count(source, 60)[8:]
    status = source.status()
    source.stop(5)
    assert status.state == "running"
    assert status.error == ""
    assert status.reconnects >= 1
    gap_s = after[0].t_s - before[-1].t_s
    wall_gap_s = (after[0].wall_at - before[-1].wall_at).total_seconds()
    assert gap_s > 2
    # As long as by the wall clock; a camera that has not told its time yet costs the time to open it, and no more.
    # By arrival the gap is shorter by as much as the last frame before it came late, on a busy machine.
    assert wall_gap_s - 1.0 < gap_s < without_s + (after[0].t_s - first.t_s) + 0.5
    assert after[0].index > before[-1].index


def test_a_camera_that_stalls_is_opened_again(camera: RtspServer) -> None:
    source = VideoSource(camera.url, settings=FAST)
    take_count(source, 5)
    camera.stall()
    eventually(lambda: source.status().state == "stalled", 6)
    assert "no packet" in source.status().error or "no decodable frame" in source.status().error
    camera.flow()
    eventually(lambda: take(source, 0.5) and source.status().state == "running", 10)
    source.stop(5)


def test_a_camera_that_is_away_at_the_start_is_waited_for(camera: RtspServer) -> None:
    camera.cut()
    source = VideoSource(camera.url, settings=FAST)
    came: list[Frame] = []

    def refused_twice() -> bool:
        came.extend(take(source, 0.2))
        return camera.refused >= 2

    eventually(refused_twice, 5, "tried in vain, and again")
    assert came == []
    assert source.status().state == "reconnecting"
    camera.restore()
    eventually(lambda: take(source, 0.5), 10)
    source.stop(5)


def test_a_slow_consumer_loses_the_oldest_frames_and_they_are_counted(camera: RtspServer) -> None:
    source = VideoSource(camera.url, settings=FAST)
    first = source.next(5)
    eventually(lambda: source.status().dropped > 20, 3, "nobody takes the frames")
    late = source.next(1)
    status = source.status()
    source.stop(5)
    assert first is not None
    assert late is not None
    assert status.dropped > 20
    assert late.index > max(first.index, 20)  # on a busy machine some are dropped before the first is taken


def test_a_clip_of_a_live_camera_has_its_pixels(camera: RtspServer) -> None:
    ring = PacketRing()
    source = VideoSource(camera.url, ring=ring, settings=FAST)
    frames = take_count(source, 30, from_s=3.5)
    source.stop(5)
    middle = frames[len(frames) // 2].t_s
    clip = ring.cut(middle - 0.8, middle + 0.8)
    assert clip.from_s <= middle <= clip.to_s
    with av.open(io.BytesIO(clip.data)) as container:
        shown = {round(f.time + clip.from_s, 2): f.to_ndarray(format="bgr24") for f in container.decode(video=0)}
    seen = [f for f in frames if round(f.t_s, 2) in shown]
    assert len(seen) > 5  # a busy machine drops frames, the clip has them all the same
    assert all(np.array_equal(f.image, shown[round(f.t_s, 2)]) for f in seen)
