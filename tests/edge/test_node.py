"""The node as a whole: cameras to centre, and everything that must not stop it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from edge.delivery.outbox import Outbox
from edge.node import Node, OpenPerception, run_node
from evidence.container import open_packet, verify_packet
from evidence.seal import SigningKey, VerifyKey
from evidence.wire import Health
from tests.edge.brokers import FakeCentre, Mosquitto, eventually, free_port, needs_mosquitto
from tests.edge.media import make_video
from tests.edge.perception import ScriptedPerception, open_scripted_perception
from tests.edge.test_config import CROSSED, SCENE

pytestmark = [needs_mosquitto, pytest.mark.broker]
ROOT = Path(__file__).parents[2]


class Site:
    """Files of a node, a broker and a centre."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker = Mosquitto(folder)
        self.broker.start()
        self.centre_key = SigningKey.load_or_create(folder / "centre.key")
        self.centre = FakeCentre(self.broker.port, self.centre_key)
        self.metrics_port, self.page_port = free_port(), free_port()
        self.config = folder / "node.yaml"
        (folder / "scene.yaml").write_text(yaml.safe_dump(SCENE))
        make_video(folder / "clip.mp4", frames=150)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.nodes: list[Node] = []

    def write(self, *cameras: dict[str, object], **changes: object) -> None:
        data: dict[str, object] = {
            "schema_version": 1,
            "node_id": "node-1",
            "key_file": "node.key",
            "data_dir": "data",
            "centre_public_key": "centre.key.pub",
            "broker": {"port": self.broker.port, "heartbeat_s": 1},
            "outbox": {"min_free_mib": 0},
            "metrics": {"port": self.metrics_port},
            "page": {"port": self.page_port},
            "cameras": list(cameras),
        }
        self.config.write_text(yaml.safe_dump(data | changes))

    def run(self, open_perception: OpenPerception = open_scripted_perception) -> None:
        self._thread = threading.Thread(
            target=run_node,
            args=(self.config,),
            kwargs={"open_perception": open_perception, "stop": self._stop, "on_node": self.nodes.append},
        )
        self._thread.start()

    def start_process(self) -> subprocess.Popen[bytes]:
        code = (
            "import sys; from pathlib import Path; from edge.node import run_node;"
            "from tests.edge.perception import open_scripted_perception;"
            "sys.exit(run_node(Path(sys.argv[1]), open_perception=open_scripted_perception))"
        )
        return subprocess.Popen([sys.executable, "-c", code, str(self.config)], cwd=ROOT)

    def health(self) -> Health | None:
        return self.centre.health[-1] if self.centre.health else None

    def healthy(self, check: Callable[[Health], object]) -> Callable[[], object]:
        return lambda: (health := self.health()) is not None and check(health)

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(30)
            assert not self._thread.is_alive()
        self.centre.stop()
        self.broker.kill()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.close()


def camera(name: str = "cam-1", **changes: object) -> dict[str, object]:
    return {"id": name, "url": "clip.mp4", "scene": "scene.yaml", "realtime": False} | changes


def metrics(site: Site) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{site.metrics_port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def test_acts_of_two_cameras_reach_the_centre_sealed_and_chained(site: Site) -> None:
    site.write(camera("cam-1", start_at="2026-03-01T08:00:00+07:00"), camera("cam-2", place="Ngã ba Bia"))
    site.run()
    eventually(lambda: len(site.centre.stored) == 6, 20)
    public = VerifyKey.load(site.folder / "node.key.pub")
    manifests = sorted((verify_packet(c, public) for c in site.centre.stored.values()), key=lambda m: m.chain.sequence)
    assert [m.chain.sequence for m in manifests] == [1, 2, 3, 4, 5, 6]
    assert all(b.chain.previous == a.digest for a, b in pairwise(manifests))
    assert {m.camera.id for m in manifests} == {"cam-1", "cam-2"}
    assert {m.camera.place for m in manifests} == {"Ngã tư Phú Sơn", "Ngã ba Bia"}
    for container in site.centre.stored.values():
        assert {"clip.mp4", "scene.json", "still_on.jpg"} <= set(open_packet(container).files)
    eventually(site.healthy(lambda h: h.outbox_pending == 0 and h.status == "running"), 10)
    text = metrics(site)
    assert 'giaolo_acts_total{act="wrong_way",camera="cam-1"} 3.0' in text
    assert 'giaolo_source_frames_total{camera="cam-2"} 150.0' in text
    assert "giaolo_delivery_seconds_count 6.0" in text
    assert 'giaolo_outbox_packets{state="delivered"} 6.0' in text


def test_a_camera_that_fails_leaves_the_others_alone_and_says_so(site: Site) -> None:
    (site.folder / "empty.mp4").touch()
    site.write(camera("good"), camera("empty", url="empty.mp4"), camera("gone", url="rtsp://127.0.0.1:1/x"))
    site.run()
    eventually(lambda: len(site.centre.stored) == 3, 20)
    eventually(site.healthy(lambda h: {c.id: c.state for c in h.cameras}.get("empty") == "failed"))
    health = site.health()
    assert health is not None
    states = {c.id: c for c in health.cameras}
    assert health.status == "degraded"
    assert "0 bytes" in states["empty"].error
    assert states["gone"].state == "reconnecting"
    assert states["good"].state == "ended"


def test_a_fault_of_the_pipeline_costs_frames_not_the_camera(site: Site) -> None:
    site.write(camera())
    site.run(lambda settings, judging: ScriptedPerception(every=50, faulty=range(60, 63)))
    eventually(lambda: len(site.centre.stored) >= 2, 20)
    assert 'giaolo_pipeline_faults_total{camera="cam-1"} 3.0' in metrics(site)


def test_networks_that_cannot_be_loaded_leave_uplink_and_health_alive(site: Site) -> None:
    def broken(settings: object, judging: object) -> ScriptedPerception:
        raise OSError("weights are missing")

    site.write(camera())
    site.run(broken)
    eventually(site.healthy(lambda h: h.status == "safe_mode" and "weights are missing" in h.errors[0]))


def test_a_typo_while_running_stops_nothing_and_is_told_and_healed(site: Site) -> None:
    site.write(camera(realtime=True, loop=True))
    site.run()
    eventually(site.healthy(lambda h: h.cameras and h.cameras[0].state == "running"))
    good = site.config.read_text()
    site.config.write_text(good.replace("cameras:", "kameras:"))
    eventually(site.healthy(lambda h: h.status == "safe_mode"), 10)
    health = site.health()
    assert health is not None
    assert "kameras" in health.errors[0]
    assert health.cameras[0].state == "running"
    assert len(site.nodes) == 1
    site.config.write_text(good)
    eventually(site.healthy(lambda h: h.status == "running"), 10)
    assert len(site.nodes) == 1


def test_a_crossed_polygon_while_running_keeps_the_camera_on_its_last_good_scene(site: Site) -> None:
    site.write(camera(realtime=True, loop=True))
    site.run()
    eventually(site.healthy(lambda h: h.cameras and h.cameras[0].state == "running"))
    (site.folder / "scene.yaml").write_text(yaml.safe_dump(CROSSED))
    eventually(site.healthy(lambda h: h.status == "safe_mode" and "scene.yaml" in h.errors[0]), 10)
    health = site.health()
    assert health is not None
    assert health.cameras[0].state == "running"


def test_a_broken_first_configuration_is_told_to_the_centre_and_taken_up_when_fixed(site: Site) -> None:
    site.write(camera(fps_limit="fast"))
    site.run()
    eventually(site.healthy(lambda h: h.status == "safe_mode" and "fps_limit" in h.errors[0]))
    health = site.health()
    assert health is not None
    assert health.cameras == []
    site.write(camera())
    eventually(lambda: len(site.centre.stored) == 3, 20)


def test_cameras_come_and_go_with_the_configuration(site: Site) -> None:
    site.write(camera("cam-1", realtime=True, loop=True))
    site.run()
    eventually(site.healthy(lambda h: [c.id for c in h.cameras] == ["cam-1"]))
    site.write(camera("cam-1", realtime=True, loop=True), camera("cam-2", realtime=True, loop=True))
    eventually(site.healthy(lambda h: [c.id for c in h.cameras] == ["cam-1", "cam-2"]), 10)
    site.write(camera("cam-2", realtime=True, loop=True))
    eventually(site.healthy(lambda h: [c.id for c in h.cameras] == ["cam-2"]), 10)
    assert len(site.nodes) == 1


def test_cameras_make_a_test_act_each_day_and_films_none(site: Site) -> None:
    def daily() -> dict[str, bool | None]:
        health = site.health()
        cameras = health.cameras if health is not None else []
        return {c.id: None if c.test is None else c.test.daily for c in cameras}

    cameras = (camera("cam-1"), camera("cam-2", url="rtsp://127.0.0.1:9/none"))
    site.write(*cameras)
    site.run()
    eventually(lambda: daily() == {"cam-1": None, "cam-2": True}, 20)
    site.write(*cameras, daily_test={"enabled": False})
    eventually(lambda: daily() == {"cam-1": None, "cam-2": None}, 20)


def test_sigterm_finishes_commits_and_says_stopped(site: Site) -> None:
    site.write(camera(realtime=True))
    process = site.start_process()
    eventually(site.healthy(lambda h: h.cameras and h.cameras[0].state == "running"), 20)
    stated = 'giaolo_acts_total{act="wrong_way",camera="cam-1"} 1.0'
    eventually(lambda: stated in metrics(site), 20, "an act is stated; its clip is not complete yet")
    process.send_signal(signal.SIGTERM)
    assert process.wait(200) == 0
    eventually(site.healthy(lambda h: h.status == "stopped"))
    outbox = Outbox(site.folder / "data" / "outbox")
    counts = outbox.counts()
    outbox.close()
    assert counts.pending + counts.delivered >= 1


@pytest.mark.crash
def test_kill_9_of_the_node_in_the_middle_of_transfers(site: Site) -> None:
    site.write(camera(realtime=True, loop=True))
    for _ in range(3):
        process = site.start_process()
        had = len(site.centre.stored)
        eventually(lambda had=had: len(site.centre.stored) > had, 25)
        process.kill()
        process.wait()
    outbox = Outbox(site.folder / "data" / "outbox", min_free_bytes=0)
    rows = outbox._table.db.execute("SELECT sequence, packet_id, state FROM packet ORDER BY sequence").fetchall()
    outbox.close()
    assert [r[0] for r in rows] == list(range(1, len(rows) + 1))
    site.write()  # no cameras: only what waits is delivered
    told = len(site.centre.health)
    process = site.start_process()
    eventually(lambda: len(site.centre.health) > told + 1, 20)
    eventually(lambda: {r[1] for r in rows} <= set(site.centre.stored), 25)
    process.send_signal(signal.SIGTERM)
    assert process.wait(200) == 0
    assert len(site.centre.stored) == len(rows)


def test_a_full_disk_degrades_the_node_and_keeps_the_acts(site: Site) -> None:
    free_mib = os.statvfs(site.folder).f_bavail * os.statvfs(site.folder).f_frsize // 2**20
    site.write(camera(), outbox={"min_free_mib": free_mib + 100_000})
    site.run()
    eventually(site.healthy(lambda h: h.status == "degraded" and any("reserve" in e for e in h.errors)), 10)
    eventually(lambda: site.nodes and site.nodes[0].state().cameras[0].kept == 3)
    assert site.centre.stored == {}
    site.nodes[0].outbox._ring.min_free_bytes = 0  # room again
    eventually(lambda: len(site.centre.stored) == 3, 20)
