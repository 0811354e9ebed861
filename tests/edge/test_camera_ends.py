"""A camera whose plates are read apart: however it ends, its acts are whole, and it waits for no other camera's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.camera import CameraWorker
from edge.config import CameraConfig
from edge.delivery.packet_folder import PacketFolder
from edge.events import ReadLater
from edge.metrics import Metrics
from edge.plan import CameraPlan
from edge.plate.apart import PlatesApart
from edge.plate.reading import PlateEvidence
from edge.types import ActEvent, Frame
from edge.video.source import VideoSource
from edge.video.source_errors import SourceError
from edge.watch.picture import PictureWatch
from edge.watch.traffic import Jump
from edge.watch.traffic_book import TRAFFIC_FILE, Hold, TrafficBook
from evidence.container import verify_packet
from evidence.packet import Plate
from evidence.seal import SigningKey
from tests.edge.media import make_video
from tests.edge.perception import ScriptedPerception, ScriptedPipeline
from tests.waiting import eventually
from zones.load import LoadedScene, scene_digest
from zones.schema import Scene

KEY = SigningKey.generate()
READ = PlateEvidence(Plate(text="36B123456", confidence=0.9), None, ())


class Looks(ScriptedPerception):
    """`reading`: what reads the plates of its acts, apart."""

    def __init__(self, reading: Callable[[], PlateEvidence], most_waiting: int = 8) -> None:
        super().__init__()
        self._reading, self._apart = reading, PlatesApart(most_waiting)

    def pipeline(
        self, scene: LoadedScene, watch: PictureWatch | None = None, feed: object = None, film: object = None
    ) -> ScriptedPipeline:
        return _Pipeline(self, scene.scene)

    def later(self, event: ActEvent) -> ActEvent:
        return replace(event, reading=ReadLater(self._apart.ask(self._reading), 0))


class _Pipeline(ScriptedPipeline):
    def __init__(self, perception: Looks, scene: Scene) -> None:
        super().__init__(50, range(0), scene)
        self._perception = perception

    def process(self, frame: Frame) -> list[ActEvent]:
        return [self._perception.later(event) for event in super().process(frame)]

    def finish(self) -> list[ActEvent]:
        return [self._perception.later(event) for event in super().finish()]


def a_camera(folder: Path, perception: ScriptedPerception, **changes: object) -> CameraWorker:
    here = Scene.model_validate({"schema_version": 2, "id": "s", "picture": {"width": 160, "height": 96}})
    url = str(make_video(folder / "v.mp4", frames=150))
    config = CameraConfig.model_validate(
        {"id": "cam-1", "url": url, "scene": folder / "s.yaml", "realtime": False} | changes
    )
    return CameraWorker(
        CameraPlan(config, LoadedScene(here, scene_digest(here), folder / "s.yaml")),
        node="n", key=KEY, perception=perception, sink=PacketFolder(folder), metrics=Metrics(lambda: None),
        kept_in_memory=8, state_dir=folder, on_commit=lambda: None,
    )  # fmt: skip


def plates(folder: Path) -> list[str | None]:
    packets = [verify_packet(path.read_bytes(), KEY.public) for path in folder.glob("*.glp")]
    return [packet.plate.text for packet in sorted(packets, key=lambda packet: packet.act.frame)]


@pytest.mark.parametrize("most_waiting", [8, 1], ids=["all wait", "more than may wait"])
def test_a_stream_that_ends_while_plates_are_read_loses_none(tmp_path: Path, most_waiting: int) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def read() -> PlateEvidence:
        if threading.current_thread().name == "plates":
            begun.set()
            assert go_on.wait(60)
        return READ

    worker = a_camera(tmp_path, Looks(read, most_waiting))
    worker.start()
    assert begun.wait(60)
    eventually(lambda: worker.state().source.state == "ended", 20)
    eventually(lambda: any(act.plate_read is None for act in worker.live.acts), 10)
    go_on.set()
    worker.join(60)
    assert plates(tmp_path) == ["36B123456"] * 3
    assert [act.plate_read for act in worker.live.acts] == [True] * 3
    assert (worker.state().lost, worker.state().kept) == (0, 0)


def test_a_camera_that_is_stopped_reads_its_own_plates_and_waits_for_nobody_elses(tmp_path: Path) -> None:
    """The box's thread is at the plate of another camera, which does not end."""
    another, begun = threading.Event(), threading.Event()

    def others() -> PlateEvidence:
        begun.set()
        assert another.wait(60)
        return READ

    eyes = Looks(lambda: READ)
    asked = eyes._apart.ask(others)
    assert begun.wait(60)
    worker = a_camera(tmp_path, eyes, loop=True)
    worker.start()
    eventually(lambda: worker.live.acts, 20)
    worker.ask_to_stop()
    assert worker.join(60)
    assert not asked.done
    another.set()
    told = plates(tmp_path)
    assert told == ["36B123456"] * len(told)
    assert len(told) == len(worker.live.acts) > 0


def test_what_was_found_before_a_fault_of_the_pipeline_is_told(tmp_path: Path) -> None:
    """The act of picture 49 waits for what comes after it, and the fault comes first."""
    worker = a_camera(tmp_path, ScriptedPerception(every=50, faulty=range(60, 63)))
    worker.start()
    assert worker.join(60)
    packets = [verify_packet(path.read_bytes(), KEY.public) for path in tmp_path.glob("*.glp")]
    assert sorted(packet.act.frame for packet in packets) == [49, 99, 149]
    assert worker.state().error == ""


def test_what_was_found_before_a_source_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, take = [0], VideoSource.next

    def fails(source: VideoSource, timeout_s: float) -> Frame | None:
        taken[0] += 1
        if taken[0] > 60:
            raise SourceError("failed", where="v.mp4")
        return take(source, timeout_s)

    monkeypatch.setattr(VideoSource, "next", fails)
    worker = a_camera(tmp_path, ScriptedPerception(every=50))
    worker.start()
    eventually(lambda: list(tmp_path.glob("*.glp")), 20)
    worker.ask_to_stop()
    assert worker.join(60)
    assert "failed" in worker.state().error


def test_an_act_whose_plate_cannot_be_read_for_a_fault_is_told_and_says_so(tmp_path: Path) -> None:
    def fault() -> PlateEvidence:
        raise ZeroDivisionError("scripted")

    worker = a_camera(tmp_path, Looks(fault))
    worker.start()
    worker.join(60)
    packets = [verify_packet(path.read_bytes(), KEY.public) for path in tmp_path.glob("*.glp")]
    assert len(packets) == 3
    assert all("plate_unread" in p.act.flags and "scripted" in str(p.act.reasons["plate_note"]) for p in packets)
    assert [act.plate_read for act in worker.live.acts] == [False] * 3


def test_a_camera_whose_traffic_jumped_before_a_restart_tells_no_act_and_lists_each(tmp_path: Path) -> None:
    at = datetime(2026, 11, 25, 8, 20, tzinfo=UTC)
    jump = Jump("wrong_way", 24, 230, 31, 5120, 9, "workday", 1e-9)
    TrafficBook(tmp_path / TRAFFIC_FILE).hold(Hold(at, at - timedelta(minutes=20), jump))
    worker = a_camera(tmp_path, Looks(lambda: READ))
    assert worker.state().health.traffic.held_at == "2026-11-25T08:20:00.000Z", "before its first picture"
    worker.start()
    assert worker.join(60)
    assert plates(tmp_path) == []
    assert worker.live.acts == []
    assert worker.state().traffic.acts_held == 3
    assert worker.why_not is not None
    assert [one.refusals[0][1].guard for one in worker.why_not.listed] == ["traffic_held"] * 3
    record = (tmp_path / "record.jsonl").read_text()
    assert record.count('"why": "traffic"') == 3
