"""The box's own page: what it answers and to whom, and that it costs the camera nothing while nobody looks."""

from __future__ import annotations

import io
import re
import shutil
import socket
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import av
import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from common.patient_http import Patience
from common.settings import ConfigError
from edge.camera import CameraWorker
from edge.config import CameraConfig, PageConfig, parse_config
from edge.delivery.packet_folder import PacketFolder
from edge.delivery.packet_table import Counts
from edge.explain.why_not import WhyNot
from edge.health import CameraState, NodeState
from edge.metrics import Metrics
from edge.page import plain
from edge.page.live import LOOKED_FOR_S, LiveView
from edge.page.recording import Recorder, RecordingError, RecordingFault
from edge.page.server import STATIC, Box, CameraOnPage, PageServer, create_app
from edge.plan import CameraPlan
from edge.rules.refusal import Refusal
from edge.types import Frame, SeenPicture, SeenVehicle
from edge.video.clip import ClipFault, RingPacket, StreamTemplate
from edge.video.ring import PacketRing
from edge.video.source_status import SourceStatus
from edge.watch.picture import PictureWatch
from edge.watch.report import PictureReport
from evidence.acts import ActCode, LampState, VehicleClass
from evidence.seal import SigningKey
from evidence.switches import FLAGS
from evidence.wire import (
    CameraStateName,
    HeadHealth,
    HeadStateName,
    PictureState,
    SubstreamHealth,
    SubstreamState,
    TestHealth,
    TestState,
    TrafficHealth,
    TrafficState,
)
from tests.edge.brokers import free_port
from tests.edge.media import make_video
from tests.edge.perception import ScriptedPerception, ScriptedPipeline
from tests.edge.roads import GREEN, drive, lamps, points, scene
from tests.evidence.test_switches import switch
from tests.waiting import eventually
from zones.load import LoadedScene, scene_digest
from zones.schema import Scene

NOW = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
SECRET = "mat-khau-dai-12"
RUNNING = SourceStatus("running", "", 100, 0, 0, 0, 25.0, 0.04, "", key_interval_s=2.0)
SWITCH_KINDS = (*FLAGS, "traffic_right")
UNUSUAL_TRAFFIC = tuple(sorted(set(get_args(TrafficState)) - {"usual", "learning"}))


def a_frame(index: int = 7, size: tuple[int, int] = (640, 480)) -> Frame:
    image = np.random.default_rng(index).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return Frame(index, index / 10, image, NOW + timedelta(seconds=index / 10), index)


def a_sight(index: int = 7) -> SeenPicture:
    near = SeenVehicle(3, VehicleClass.MOTORCYCLE, (200, 250, 260, 400), ((230, 470), (230, 400)), 41.5)
    far = SeenVehicle(4, VehicleClass.CAR, (300, 60, 360, 110), ((330, 90), (330, 110)), 12.0)
    return SeenPicture(index, (near, far), {"main": LampState.GREEN})


def a_list(here: Scene) -> WhyNot:
    listed = WhyNot(here)
    path = drive(here, points((0, 300, 450), (6, 300, 60)), from_s=0, to_s=6)
    refusal = Refusal("red_too_short", 2.5, 0.2, 0.5, "s", "line")
    listed.note(path, [(ActCode.RED_LIGHT, refusal)], (), lamps(here, [(0.0, GREEN)]))
    return listed


def state_of(*cameras: CameraState, **changes: Any) -> NodeState:
    told: dict[str, Any] = {
        "node": "nut-1", "cameras": cameras, "outbox": Counts(0, 0, 3), "disk_free_bytes": 2**33,
        "reserve_bytes": 2**28,
        "broker_connected": True, "problems": [], "uplink_errors": [], "warnings": [],
    }  # fmt: skip
    return NodeState(**told | changes)


def a_box(folder: Path, live: LiveView | None = None, ring: PacketRing | None = None, **changes: Any) -> Box:
    here = scene()
    heads = (HeadHealth(id="main", state="good"),)
    traffic = changes.pop("traffic", TrafficHealth(state="usual"))
    camera = CameraState(
        "cam-1", RUNNING, seen_fps=12.0, picture=PictureReport("in_place"), heads=heads, traffic=traffic
    )
    shown = CameraOnPage("cam-1", "Ngã tư Phú Sơn", here, live or LiveView(), a_list(here), ring)
    return Box("nut-1", lambda: state_of(camera, **changes), lambda: {"cam-1": shown}, Recorder(folder / "film", 0))


def client_of(box: Box, *, token: str = "", header: str | None = "-") -> TestClient:
    headers = {} if header is None else {"X-Giaolo": header}
    return TestClient(create_app(box, token=token), headers=headers)


def test_a_switch_in_force_is_told_with_whose_word_it_is_and_so_is_traffic_that_jumped() -> None:
    directed = switch(camera="cam-1", line="vach-1", since="2026-11-25T09:00:00.000Z", until="2026-11-25T10:30:00.000Z")
    jumped = TrafficHealth(
        state="acts_jump", held_at="2026-11-25T09:20:00.000Z", act="red_light", acts=24, vehicles=230, usual_acts=31,
        usual_vehicles=5120, acts_held=17,
    )  # fmt: skip
    camera = CameraState("cam-1", RUNNING, traffic=jumped)
    told = plain.of_box(state_of(camera, in_force=[directed]))[-1]
    assert (told.level, told.en) == (
        "warning", "cam-1/vach-1: An officer directs the traffic until 17:30, said by lan: ùn tắc. Acts are flagged",
    )  # fmt: skip
    assert "17:30, lan ghi: ùn tắc" in told.vi
    (line,) = [each for each in plain.of_camera(camera) if each.level == "bad"]
    assert "24 among 230 vehicles, otherwise 31 among 5120. All are held (17 so far)" in line.en
    assert "24 lần trong 230 xe" in line.vi
    assert any("/desk/switches" in each for each in camera.warnings)


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("switch", SWITCH_KINDS),
        ("traffic", UNUSUAL_TRAFFIC),
        ("test", get_args(TestState)),
        ("substream", get_args(SubstreamState)),
        ("recording", (*get_args(RecordingFault), *get_args(ClipFault))),
    ],
)
def test_there_are_words_for_every_name_that_the_page_may_be_given(group: str, names: tuple[str, ...]) -> None:
    assert {name: set(word) for name, word in plain.words()[group].items()} == {name: {"vi", "en"} for name in names}


def test_a_technician_reads_how_the_small_stream_stands_to_the_main_one() -> None:
    for state, level in (("steady", "good"), ("measuring", "good"), ("wanders", "warning"), ("scatters", "warning")):
        told = SubstreamHealth.model_validate({"state": state, "offset_s": -0.41, "residual_s": 0.2, "wandered_s": 0.5})
        line = plain.of_camera(CameraState("cam-1", RUNNING, substream=told))[-1]
        assert line.level == level
        number = {"steady": "-0.41", "measuring": "", "wanders": "0.50", "scatters": "0.20"}[state]
        assert number in line.en
        assert number.replace(".", ",") in line.vi


@pytest.mark.parametrize("state", get_args(TestState))
def test_a_technician_reads_of_the_daily_test_when_it_went_and_whether_it_came_through(state: TestState) -> None:
    faults = {"unanswered", "refused", "no_pictures", "not_kept"}
    made = None if state in ("none_yet", "no_pictures", "not_kept") else "2026-11-26T19:07:00.000Z"
    test = TestHealth(daily=True, state=state, made_at=made, took_s=4.2 if state == "answered" else None)
    camera = CameraState("cam-1", RUNNING, test=test, test_fault="the disk is full")
    line = plain.of_camera(camera)[-1]
    assert (line.level == "bad") == (state in faults)
    assert ("02:07 27/11" in line.vi) == ("02:07 27/11" in line.en) == (made is not None)
    assert ("4 giây" in line.vi) == (state == "answered")
    warned = [each for each in camera.warnings if "test act" in each]
    assert len(warned) == (state in faults)
    assert all((" -> " in each) and ("disk is full" in each) == (state == "not_kept") for each in warned)


CALLS = ["state", "scene/cam-1", "live/cam-1", "why/cam-1", "snapshot/cam-1", "record/cam-1", "recording/x.mp4"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("token", "header"), [("", None), (SECRET, None), (SECRET, "-"), (SECRET, SECRET[:-1])])
def test_without_the_header_or_the_token_nothing_is_shown(
    call: str, token: str, header: str | None, tmp_path: Path
) -> None:
    client = client_of(a_box(tmp_path), token=token, header=header)
    answer = client.post(f"/api/{call}") if call.startswith("record/") else client.get(f"/api/{call}")
    assert answer.status_code == 403
    assert "nut-1" not in answer.text


def test_with_the_token_it_is_and_the_page_itself_holds_nothing_of_the_box(tmp_path: Path) -> None:
    client = client_of(a_box(tmp_path), token=SECRET, header=SECRET)
    assert client.get("/api/state").json()["node"] == "nut-1"
    for file in ("", *(part.name for part in STATIC.iterdir() if part.suffix != ".html")):
        told = client.get(f"/{file}", headers={"X-Giaolo": ""})
        assert told.status_code == 200
        assert "nut-1" not in told.text
        assert "frame-ancestors 'none'" in told.headers["Content-Security-Policy"]
    assert client.get("/..%2Fserver.py").status_code == 404


def test_a_page_of_another_name_that_leads_here_gets_nothing(tmp_path: Path) -> None:
    app = create_app(a_box(tmp_path), hosts=frozenset({"127.0.0.1"}))
    for name, status in (("http://127.0.0.1:9465", 200), ("http://evil.example", 421)):
        assert TestClient(app, base_url=name).get("/").status_code == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_changes_nothing(method: str, tmp_path: Path) -> None:
    client = client_of(a_box(tmp_path))
    for call in ("state", "scene/cam-1", "live/cam-1", "why/cam-1", "snapshot/cam-1"):
        assert client.request(method, f"/api/{call}").status_code == 405


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ({"host": "0.0.0.0"}, "token_file"),
        ({"host": "192.0.2.4", "enabled": True}, "token_file"),
        ({"host": "0.0.0.0", "enabled": False}, None),
        ({"host": "0.0.0.0", "token_file": "t"}, None),
        ({}, None),
    ],
)
def test_who_can_reach_it_from_elsewhere_needs_a_token(page: dict[str, Any], why: str | None, tmp_path: Path) -> None:
    data = {"schema_version": 1, "node_id": "n", "key_file": "k", "centre_public_key": "c", "page": page}
    if why is None:
        parse_config(data, tmp_path / "node.yaml")
        return
    with pytest.raises(ConfigError, match=why):
        parse_config(data, tmp_path / "node.yaml")


def test_the_live_picture_comes_with_what_was_seen_in_that_very_one(tmp_path: Path) -> None:
    live = LiveView()
    client = client_of(a_box(tmp_path, live))
    assert client.get("/api/live/cam-1").json() == {"frame": None}
    live.offer(a_frame(), a_sight())
    told = client.get("/api/live/cam-1").json()
    assert told["frame"] == 7
    assert told["lamps"] == {"main": "green"}
    assert [(v["track"], v["cls"], v["plate_px"]) for v in told["vehicles"]] == [
        (3, "motorcycle", 41.5),
        (4, "car", 12.0),
    ]
    kinds = {shape["kind"] for shape in client.get("/api/scene/cam-1").json()["shapes"]}
    assert {"stop_line", "junction", "lane", "marking", "exit", "head"} <= kinds


def test_the_still_for_the_editor_is_the_whole_picture_to_the_pixel(tmp_path: Path) -> None:
    live = LiveView()
    client = client_of(a_box(tmp_path, live))
    frame = a_frame(size=(1920, 1080))
    live.offer(frame, a_sight())
    answer = client.get("/api/snapshot/cam-1")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="cam-1-2026')
    shown = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(shown, frame.image)


def test_it_says_in_both_languages_what_is_well_and_why_somebody_was_not_reported(tmp_path: Path) -> None:
    client = client_of(
        a_box(tmp_path, broker_connected=False, uplink_errors=["broker rtsp://u:HUNTER2@b does not answer"])
    )
    told = client.get("/api/state").json()
    assert [line["level"] for line in told["box"]] == ["warning", "bad", "good", "good"]
    assert told["cameras"][0]["lines"][1] == {
        "level": "good", "vi": "xem 12,0 trong 25,0 hình/giây", "en": "looks at 12.0 of 25.0 frames a second",
    }  # fmt: skip
    assert "HUNTER2" not in client.get("/api/state").text
    (one,) = client.get("/api/why/cam-1").json()["vehicles"]
    assert "cần 0,50 giây" in one["vi"]
    assert "0.50 s are needed" in one["en"]


def test_who_was_not_reported_has_the_time_of_day_where_pictures_come(tmp_path: Path) -> None:
    live = LiveView()
    client = client_of(a_box(tmp_path, live))
    (before,) = client.get("/api/why/cam-1").json()["vehicles"]
    live.offer(a_frame(), a_sight())
    (one,) = client.get("/api/why/cam-1").json()["vehicles"]
    passed = re.search(r"At (\d+):([\d.]+),", before["en"])
    assert passed, "the time of the stream"
    at = NOW + timedelta(minutes=int(passed[1]), seconds=float(passed[2]))
    assert f"Lúc {at + timedelta(hours=7):%H:%M:%S}, " in one["vi"]


def test_every_state_that_a_heartbeat_may_tell_has_its_words() -> None:
    said = plain.words()
    for kind, states in (("camera", CameraStateName), ("picture", PictureState), ("head", HeadStateName)):
        assert set(said[kind]) == set(get_args(states)), kind
        assert all(word["vi"] and word["en"] for word in said[kind].values())


class FakeClock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nobody_looks_nothing_is_kept_and_however_many_look_it_is_drawn_once() -> None:
    clock = FakeClock()
    live = LiveView(clock)
    assert not live.wanted
    assert live.picture() is None
    assert live.wanted
    live.offer(a_frame(), a_sight())
    first = live.picture()
    assert first is not None
    assert live.picture() is first
    live.offer(a_frame(8), a_sight(8))
    assert live.picture() is first, "it is too soon for another"
    clock.now += 0.3
    second = live.picture()
    assert second is not None
    assert second.seen.frame == 8
    clock.now += LOOKED_FOR_S + 0.1
    assert not live.wanted
    assert live.picture() is None, "what was kept is let go"


class Counted(ScriptedPerception):
    """Counts how often somebody asks what was seen."""

    asked = 0

    def pipeline(
        self, scene: LoadedScene, watch: PictureWatch | None = None, feed: object = None, film: object = None
    ) -> ScriptedPipeline:
        made, perception = super().pipeline(scene, watch), self

        def seen() -> SeenPicture:
            perception.asked += 1
            return SeenPicture(made._frame)

        made.seen = seen  # type: ignore[method-assign]
        return made


def test_a_camera_that_nobody_looks_at_prepares_nothing_and_one_that_is_looked_at_does(tmp_path: Path) -> None:
    here = Scene.model_validate({"schema_version": 2, "id": "s", "picture": {"width": 160, "height": 96}})
    url = str(make_video(tmp_path / "v.mp4", frames=120))
    for looks in (False, True):
        perception = Counted()
        config = CameraConfig(id="cam-1", url=url, scene=tmp_path / "s.yaml", realtime=False)
        worker = CameraWorker(
            CameraPlan(config, LoadedScene(here, scene_digest(here), tmp_path / "s.yaml")),
            node="n", key=SigningKey.generate(), perception=perception, sink=PacketFolder(tmp_path),
            metrics=Metrics(lambda: None), kept_in_memory=1, state_dir=tmp_path, on_commit=lambda: None,
        )  # fmt: skip
        if looks:
            worker.live.picture()
        worker.start()
        eventually(lambda worker=worker: worker.state().health.state == "ended", 30)
        worker.join(10)
        assert perception.asked == (120 if looks else 0)
        assert len(worker.live.acts) == 2, "acts are listed whether anybody looks or not"
        assert (worker.live.full() is not None) == looks


def feed(ring: PacketRing, folder: Path, seconds: float, from_s: float) -> None:
    """Packets of a small film, 25 a second, pushed as a source does."""
    path = make_video(folder / "feed.mp4", frames=round(25 * (from_s + seconds)))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if from_s == 0:
            ring.start_segment(StreamTemplate(stream))
        for packet in container.demux(stream):
            if packet.pts is None or packet.time_base is None:
                continue
            t_s = float(packet.pts * packet.time_base)
            if t_s >= from_s - 1e-6:
                data, lasts = bytes(packet), packet.duration or 0
                ring.push(RingPacket(data, packet.pts, packet.dts, lasts, packet.is_keyframe, t_s))


@pytest.fixture
def ring(tmp_path: Path) -> PacketRing:
    made = PacketRing(seconds=2.0, max_bytes=2**20)
    feed(made, tmp_path, 3, 0)
    return made


def test_a_minute_is_cut_from_what_comes_and_can_be_fetched_and_played(ring: PacketRing, tmp_path: Path) -> None:
    box = a_box(tmp_path, ring=ring)
    box = Box(box.node, box.state, box.cameras, Recorder(tmp_path / "film", 0, seconds=4.0))
    client = client_of(box)
    assert client.post("/api/record/cam-1").json()["state"] == "running"
    again = client.post("/api/record/cam-1")
    assert (again.status_code, again.json()["why"]["vi"]) == (409, "đang ghi camera khác, đợi ghi xong"), (
        "one at a time"
    )
    feed(ring, tmp_path, 5, 3.0)
    eventually(lambda: client.get("/api/state").json()["recording"]["state"] == "done", 10)
    done = client.get("/api/state").json()["recording"]
    assert done["why"] == {"vi": "", "en": ""}
    film = client.get(f"/api/recording/{done['file']}").content
    with av.open(io.BytesIO(film)) as container:
        shown = [frame.pts for frame in container.decode(video=0)]
    assert len(shown) >= 4 * 25
    assert ring.seconds == 2.0, "as before"
    assert client.get("/api/recording/..%2Fnode.key").status_code == 404


def test_recordings_keep_off_the_room_of_packets_and_only_the_newest_stay(ring: PacketRing, tmp_path: Path) -> None:
    full = Recorder(tmp_path / "film", shutil.disk_usage(tmp_path).free)
    with pytest.raises(RecordingError, match="no room"):
        full.start("cam-1", ring)
    folder = tmp_path / "film"
    for i in range(5):
        (folder / f"old-{i}.mp4").write_bytes(b"x")
    recorder = Recorder(folder, 0, seconds=0.0)
    recorder.start("cam-1", ring)
    eventually(lambda: recorder.now.state == "done", 10)
    assert len(list(folder.glob("*.mp4"))) == 3
    assert recorder.path(recorder.now.file) is not None


def test_a_camera_that_sends_nothing_is_not_recorded(tmp_path: Path) -> None:
    answer = client_of(a_box(tmp_path, ring=PacketRing())).post("/api/record/cam-1")
    assert answer.status_code == 409
    assert answer.json()["why"] == {
        "vi": "camera không gửi hình nào giữ được. Xem tình trạng camera",
        "en": "the camera sends nothing that can be kept. See its state",
    }


def test_what_a_recording_lacks_is_told_in_both_languages(ring: PacketRing, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "film", 0, seconds=3.0)
    recorder.start("cam-1", ring)
    feed(ring, tmp_path, 3, 4.5)
    eventually(lambda: recorder.now.state == "done", 10)
    assert "có lúc không có hình" in plain.why_no_film(*recorder.now.faults)["vi"]


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def test_clients_that_never_finish_are_cut_off_and_the_page_answers_again(tmp_path: Path) -> None:
    settings = PageConfig(port=free_port())
    server = PageServer(settings, a_box(tmp_path), patience=Patience(headers_s=0.5, body_s=0.5, unread_s=0.5))
    server.start()
    try:
        eventually(lambda: listens(settings.port), 20)
        halves = []
        for _ in range(40):
            half = socket.create_connection(("127.0.0.1", settings.port), timeout=5)
            half.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            halves.append(half)

        def answers() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{settings.port}/", timeout=5) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        eventually(answers, 20)
        for half in halves:
            half.close()
    finally:
        server.close()
