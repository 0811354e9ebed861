"""An act becomes a packet that verifies offline, with the camera's own bitstream in it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edge.delivery.outbox_errors import OutboxFullError
from edge.delivery.packet_folder import PacketFolder
from edge.delivery.packing import CameraIdentity
from edge.delivery.recorder import Recorder
from edge.types import ActEvent, Still
from edge.video.ring import PacketRing
from edge.video.source import VideoSource
from evidence.acts import ActCode, VehicleClass
from evidence.canonical import sha256_hex
from evidence.container import open_packet, verify_packet
from evidence.packet import Manifest, Plate, Track, TrackPoint, Vehicle
from evidence.seal import SigningKey
from tests.edge.media import make_video
from zones.load import LoadedScene, scene_digest
from zones.schema import Picture, Scene

KEY = SigningKey.generate()
SCENE = Scene(schema_version=2, id="scene-1", place="Ngã tư Phú Sơn", picture=Picture(width=160, height=96))
BOX = (10.0, 10.0, 50.0, 60.0)


def identity() -> CameraIdentity:
    loaded = LoadedScene(SCENE, scene_digest(SCENE), Path("scene.yaml"))
    return CameraIdentity("node-1", KEY, "cam-1", "", "Đội 1", loaded, {"detector": "a" * 64}, "b" * 64)


def act(source_frames: list, at: int, **changes: object) -> ActEvent:
    t_s = source_frames[at].t_s
    stills = {
        role: Still(i, source_frames[i].t_s, source_frames[i].image)
        for role, i in (("still_before", at - 10), ("still_on", at), ("still_after", at + 20))
    }
    values = {
        "act": ActCode.RED_LIGHT,
        "frame": at,
        "t_s": t_s,
        "track_id": 3,
        "vehicle": Vehicle(cls=VehicleClass.MOTORCYCLE, confidence=0.9, box=BOX),
        "track": Track(id=3, points=[TrackPoint(frame=at, t_s=t_s, box=BOX, score=0.9)]),
        "lamps": [],
        "plate": Plate(),
        "reasons": {"red_for_s": 2.5},
        "flags": ["plate_unread"],
        "stills": stills,
        "plate_crop": source_frames[at].image[:20, :40],
        "clip_from_s": t_s - 1.5,
        "clip_to_s": t_s + 1.5,
    }
    return ActEvent(**(values | changes))  # type: ignore[arg-type]


class Scenario:
    def __init__(self, tmp_path: Path, start_at: datetime | None = None, ring: PacketRing | None = None) -> None:
        self.ring = ring or PacketRing(seconds=100)
        video = make_video(tmp_path / "a.mp4", frames=150)
        self.source = VideoSource(video, ring=self.ring, start_at=start_at)
        self.frames = list(self.source.frames())
        self.sink = PacketFolder(tmp_path / "out")
        self.recorder = Recorder(identity(), source=self.source, ring=self.ring, sink=self.sink)


def test_a_packet_holds_everything_and_verifies_offline(tmp_path: Path) -> None:
    scene = Scenario(tmp_path, start_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
    scene.recorder.submit(act(scene.frames, 75))
    (recorded,) = scene.recorder.advance()
    data = scene.sink.path(recorded.manifest).read_bytes()
    manifest = verify_packet(data, KEY.public)
    assert manifest == recorded.manifest
    assert [f.role for f in manifest.files] == [
        "still_before", "still_on", "still_after", "plate_crop", "clip", "scene",
    ]  # fmt: skip
    assert manifest.act.occurred_at == datetime(2026, 3, 1, 8, 0, 3, tzinfo=UTC)
    assert manifest.act.flags == ["plate_unread", "clock_from_file"]
    assert manifest.camera.place == "Ngã tư Phú Sơn"
    assert (manifest.camera.width, manifest.camera.height, manifest.camera.fps) == (160, 96, 25.0)
    assert manifest.scene.digest == scene_digest(SCENE)
    assert manifest.margins == "b" * 64
    files = open_packet(data).files
    assert sha256_hex(files["scene.json"]) == manifest.scene.digest
    still = cv2.imdecode(np.frombuffer(files["still_on.jpg"], np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(still.astype(int) - scene.frames[75].image).mean() < 3
    crop = cv2.imdecode(np.frombuffer(files["plate_crop.png"], np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(crop, scene.frames[75].image[:20, :40])


def test_the_clip_of_a_packet_shows_the_source_pixel_by_pixel(tmp_path: Path) -> None:
    scene = Scenario(tmp_path)
    scene.recorder.submit(act(scene.frames, 75))
    (recorded,) = scene.recorder.advance()
    clip = open_packet(scene.sink.path(recorded.manifest).read_bytes()).files["clip.mp4"]
    with av.open(io.BytesIO(clip)) as container:
        shown = [f.to_ndarray(format="bgr24") for f in container.decode(video=0)]
    assert recorded.manifest.file("clip").t_s == pytest.approx(1.0)  # type: ignore[union-attr]
    assert all(np.array_equal(a, f.image) for a, f in zip(shown, scene.frames[25:], strict=False))
    assert len(shown) == 113 - 25


def test_an_act_waits_for_the_end_of_its_clip_and_the_end_of_the_stream_makes_it(tmp_path: Path) -> None:
    scene = Scenario(tmp_path)
    scene.recorder.submit(act(scene.frames, 75, clip_to_s=9.0))
    assert scene.recorder.advance() == []
    (recorded,) = scene.recorder.finish()
    assert "clip_incomplete" in recorded.manifest.act.flags
    assert recorded.manifest.act.reasons["clip_note"] == ["clip_too_short"]


def test_without_a_clip_the_act_is_still_recorded_with_a_flag(tmp_path: Path) -> None:
    scene = Scenario(tmp_path, ring=PacketRing(seconds=100, max_bytes=100))
    scene.recorder.submit(act(scene.frames, 75))
    (recorded,) = scene.recorder.finish()
    assert "clip_missing" in recorded.manifest.act.flags
    assert recorded.manifest.file("clip") is None


class FullSink:
    def __init__(self, inner: PacketFolder) -> None:
        self.inner, self.full = inner, True

    def commit(self, build):  # type: ignore[no-untyped-def]
        if self.full:
            raise OutboxFullError("disk is full", where="x", remedy="free space")
        return self.inner.commit(build)


def test_a_full_outbox_is_tried_again_from_memory_up_to_a_bound(tmp_path: Path) -> None:
    scene = Scenario(tmp_path)
    sink = FullSink(scene.sink)
    now = [0.0]
    recorder = Recorder(
        identity(), source=scene.source, ring=scene.ring, sink=sink, max_kept=2, monotonic=lambda: now[0]
    )
    for at in (60, 70, 80):
        recorder.submit(act(scene.frames, at))
    assert recorder.advance() == []
    assert (recorder.kept_in_memory, recorder.lost) == (2, 1)
    assert "disk is full" in recorder.error
    sink.full = False
    assert recorder.advance() == []  # not before the pause is over
    now[0] = 6.0
    made: list[Manifest] = [r.manifest for r in recorder.advance()]
    assert [m.act.frame for m in made] == [60, 70]
    assert made[1].chain.previous == made[0].digest
    assert (recorder.kept_in_memory, recorder.error) == (0, "")


def test_more_acts_at_once_than_are_kept_in_memory_lose_none_while_the_outbox_has_room(tmp_path: Path) -> None:
    """A queue that sets off on red: their clips end together."""
    scene = Scenario(tmp_path)
    recorder = Recorder(identity(), source=scene.source, ring=scene.ring, sink=scene.sink, max_kept=2)
    for at in (60, 65, 70, 75, 80):
        recorder.submit(act(scene.frames, at))
    assert [r.manifest.act.frame for r in recorder.finish()] == [60, 65, 70, 75, 80]
    assert (recorder.lost, recorder.kept_in_memory) == (0, 0)


class BeingRead:
    """A plate whose reading goes on until somebody waits for it."""

    def __init__(self, while_waiting: Callable[[], object] = lambda: None) -> None:
        self.done, self.waited, self._while = False, 0, while_waiting

    def put(self, event: ActEvent) -> ActEvent:
        if not self.done:
            self.waited += 1
            self._while()
            self.done = True
        return replace(event, plate=Plate(text="36B123456"), flags=[], reading=None)


def test_an_act_is_packed_when_its_clip_is_whole_and_its_plate_read_and_is_told_so(tmp_path: Path) -> None:
    scene, told, reading = Scenario(tmp_path), list[ActEvent](), BeingRead()
    recorder = Recorder(identity(), source=scene.source, ring=scene.ring, sink=scene.sink, on_read=told.append)
    recorder.submit(act(scene.frames, 75, reading=reading))
    assert recorder.advance() == []
    reading.done = True
    (recorded,) = recorder.advance()
    assert verify_packet(scene.sink.path(recorded.manifest).read_bytes(), KEY.public).plate.text == "36B123456"
    assert told == [recorded.event]
    assert (recorded.event.reading, reading.waited) == (None, 0)


def test_the_end_of_the_stream_waits_for_the_plate(tmp_path: Path) -> None:
    scene, reading = Scenario(tmp_path), BeingRead()
    scene.recorder.submit(act(scene.frames, 75, clip_to_s=9.0, reading=reading))
    (recorded,) = scene.recorder.finish()
    assert (recorded.manifest.plate.text, reading.waited) == ("36B123456", 1)


def test_a_clip_that_is_about_to_leave_the_ring_is_cut_before_its_plate_is_waited_for(tmp_path: Path) -> None:
    scene = Scenario(tmp_path, ring=PacketRing(seconds=3.0))

    def forget() -> None:
        """What a camera does to its ring meanwhile."""
        scene.ring.seconds = 0.0
        while scene.ring.oldest_s != scene.ring.newest_s and len(scene.ring._groups) > 1:
            scene.ring._drop()

    early, late = BeingRead(forget), BeingRead()
    oldest_s = scene.ring.oldest_s
    assert oldest_s is not None
    scene.recorder.submit(act(scene.frames, 90, clip_from_s=oldest_s + 0.1, clip_to_s=4.5, reading=early))
    scene.recorder.submit(act(scene.frames, 120, clip_from_s=4.5, clip_to_s=5.5, reading=late))
    (recorded,) = scene.recorder.advance()
    assert (recorded.manifest.act.frame, early.waited, late.waited) == (90, 1, 0)
    assert "clip_incomplete" not in recorded.manifest.act.flags
    clip = recorded.manifest.file("clip")
    assert clip is not None
    assert clip.t_s == pytest.approx(oldest_s)
