"""Cameras as the field has them, over a real connection: none is lost from sight without a word."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from edge.camera import CameraWorker
from edge.config import CameraConfig
from edge.metrics import Metrics
from edge.plan import CameraPlan
from edge.types import Frame
from edge.video.ring import PacketRing
from edge.video.source import VideoSource
from edge.video.source_status import SourceSettings
from evidence.seal import SigningKey
from tests.edge.brokers import eventually
from tests.edge.media import make_video
from tests.edge.odd_camera import Odd, OddCamera
from tests.edge.perception import ScriptedPerception
from tests.waiting import PATIENCE
from zones.load import LoadedScene, scene_digest
from zones.schema import Picture, Scene

FAST = SourceSettings(open_timeout_s=4, read_timeout_s=2, backoff_first_s=0.3, backoff_max_s=1.0)
Open = Callable[..., OddCamera]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("odd") / "a.mp4", frames=100, gop=10)


@pytest.fixture
def camera(clip: Path) -> Iterator[Open]:
    made: list[OddCamera] = []

    def make(odd: Odd, of: Path = clip) -> OddCamera:
        made.append(OddCamera(of, odd))
        return made[-1]

    yield make
    for each in made:
        each.close()


def until(source: VideoSource, done: Callable[[list[Frame]], bool]) -> list[Frame]:
    """Frames until `done`."""
    frames: list[Frame] = []
    end = time.monotonic() + 60 * PATIENCE
    while not done(frames):
        assert time.monotonic() < end, (len(frames), source.status())
        frame = source.next(0.2)
        if frame is not None:
            frames.append(frame)
    return frames


@pytest.mark.parametrize("by_s", [37600.0, -9800.0])
def test_slips_of_a_recorder_leave_no_trace_in_time(camera: Open, by_s: float) -> None:
    ring = PacketRing()
    source = VideoSource(camera(Odd(slip_every=30, slip_by_s=by_s)).url, ring=ring, settings=FAST)
    frames = until(source, lambda f: bool(f) and f[-1].t_s > 6)
    status = source.status()
    source.stop(5)
    assert frames[-1].t_s < 10
    assert min(b.t_s - a.t_s for a, b in pairwise(frames)) > 0.01
    assert (status.time_steps, status.restamped > 2) == (0, True)
    assert {f.segment for f in frames} == {0}
    assert ring.cut(1.0, 5.0, holding_s=3.0).complete


@pytest.mark.parametrize("by_s", [-4.0, 3600.0])
def test_a_step_of_the_cameras_time_is_told_and_followed_by_arrival(camera: Open, by_s: float) -> None:
    source = VideoSource(camera(Odd(jump_at_s=3, jump_by_s=by_s)).url, settings=FAST)
    frames = until(source, lambda f: bool(f) and f[-1].t_s > 5)
    status = source.status()
    flags = source.clock.state(2.9, 0.0, 5.0)[1]
    source.stop(5)
    assert frames[-1].t_s < 10
    assert status.time_steps == 1
    assert [f.segment for f in frames] == sorted(f.segment for f in frames)
    assert {f.segment for f in frames} == {0, 1}
    assert {"stream_time_step", "clock_unsure"} <= set(flags)


def test_a_camera_whose_video_stops_while_sound_goes_on_is_opened_again(camera: Open) -> None:
    served = camera(Odd(audio=True, video_stops_s=1.5))
    source = VideoSource(served.url, settings=FAST)
    until(source, bool)
    seen: set[str] = set()

    def again(_: list[Frame]) -> bool:
        seen.add(source.status().state)
        return served.connections >= 2

    until(source, again)
    source.stop(5)
    assert seen & {"stalled", "reconnecting"}


def test_a_camera_with_rare_key_frames_is_waited_for_and_told_of(tmp_path: Path, camera: Open) -> None:
    served = camera(Odd(skip_key=True), make_video(tmp_path / "rare.mp4", frames=250, gop=250))
    source = VideoSource(served.url, settings=FAST)
    told: set[str] = set()

    def first(frames: list[Frame]) -> bool:
        told.add(source.status().error.partition(",")[0])
        return bool(frames)

    until(source, first)
    until(source, lambda f: bool(f) and (source.status().key_interval_s or 0) > 3)
    source.stop(5)
    assert served.connections == 1
    assert "waits for a key frame" in told


def test_a_camera_without_any_key_frame_is_told_of_by_name(tmp_path: Path, camera: Open) -> None:
    served = camera(Odd(skip_key=True), make_video(tmp_path / "rare.mp4", frames=1000, gop=1000))
    settings = SourceSettings(open_timeout_s=4, read_timeout_s=1, key_wait_s=2, backoff_first_s=5)
    source = VideoSource(served.url, settings=settings)
    source.start()
    eventually(lambda: "no key frame" in source.status().error, 30)
    state, error = source.status().state, source.status().error
    source.stop(5)
    assert state == "stalled"
    assert "interval" in error


def test_a_camera_that_refuses_tcp_is_told_how_to_be_asked(camera: Open) -> None:
    source = VideoSource(camera(Odd(udp_only=True)).url, settings=FAST)
    source.start()
    eventually(lambda: "461" in source.status().error, 20)
    assert "transport" in source.status().error
    source.stop(5)


class NoSink:
    def commit(self, build):  # type: ignore[no-untyped-def]
        raise AssertionError("no act was expected")


def larger(path: Path) -> Path:
    """As `make_video`, 160 x 128."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "10", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 128, "yuv420p"
        for index in range(100):
            image = np.full((128, 160, 3), index, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def test_a_picture_of_another_size_is_told_once_and_taken_up_again_when_right(
    tmp_path: Path, camera: Open, caplog: pytest.LogCaptureFixture
) -> None:
    served = camera(Odd(then=larger(tmp_path / "b.mp4"), then_at_s=3, back_at_s=6))
    scene = Scene(schema_version=2, id="s", place="p", picture=Picture(width=160, height=96))
    config = CameraConfig(id="cam-1", url=served.url, scene=tmp_path / "s.yaml", stall_s=5, open_timeout_s=5)
    worker = CameraWorker(
        CameraPlan(config, LoadedScene(scene, scene_digest(scene), tmp_path / "s.yaml")),
        node="n", key=SigningKey.generate(), perception=ScriptedPerception(every=10**9), sink=NoSink(),
        metrics=Metrics(lambda: None), kept_in_memory=1, state_dir=tmp_path, on_commit=lambda: None,
    )  # fmt: skip
    worker.start()
    try:
        eventually(lambda: worker.state().health.state == "running", 30)
        eventually(lambda: worker.state().health.state == "wrong_size", 30)
        health = worker.state().health
        assert "160 x 128" in health.error
        assert "160 x 96" in health.error
        eventually(lambda: worker.state().health.state == "running", 30)
        status = worker.state().source
        assert status.size_changes == 2
        assert status.reconnects == 0
    finally:
        worker.ask_to_stop()
        worker.join(10)
    lines = [r for r in caplog.records if "picture size" in r.getMessage()]
    assert [r.exc_info for r in lines] == [None, None]
    assert not [r for r in caplog.records if r.exc_info]


def test_no_clip_spans_two_sizes(tmp_path: Path, camera: Open) -> None:
    ring = PacketRing()
    served = camera(Odd(then=larger(tmp_path / "b.mp4"), then_at_s=3))
    source = VideoSource(served.url, ring=ring, settings=FAST)
    frames = until(source, lambda f: bool(f) and f[-1].t_s > 6)
    source.stop(5)
    change_s = next(f.t_s for f in frames if f.image.shape[0] == 128)
    for holding_s in (change_s - 0.5, change_s + 0.5):
        cut = ring.cut(change_s - 2, change_s + 2, holding_s=holding_s)
        assert not cut.complete
        assert cut.from_s - 1e-6 <= holding_s <= cut.to_s
        assert (cut.from_s >= change_s - 1e-3) == (holding_s > change_s)
    sizes = {(f.segment, f.image.shape[0]) for f in frames}
    assert len({s for s, _ in sizes}) == len(sizes) == 2
