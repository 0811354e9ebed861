"""How a controller's word comes to the box, with real parts: a broker, HTTP, SNMP; and that rubbish costs nothing."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import paho.mqtt.client as mqtt
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from common.broker import BrokerSettings
from edge.config import NodeConfig
from edge.feeds.feeds import Feeds, unfed, warnings
from edge.feeds.http import create_app
from edge.feeds.message import MOST_BYTES, MessageError, read_message
from edge.feeds.ntcip import GROUPS, NtcipError, groups_of, oids, statements
from edge.health import CameraState
from edge.page import plain
from edge.signals.controller import ControllerFeed, FeedReport
from edge.signals.controller_margins import ControllerMargins
from edge.signals.statements import Statement
from edge.watch.picture import PictureWatch
from evidence.acts import LampState
from tests.edge.brokers import Mosquitto, eventually, free_port, needs_mosquitto
from tests.edge.perception import ScriptedPerception, ScriptedPipeline
from tests.edge.roads import scene
from tests.edge.test_health import RUNNING, node
from tests.edge.test_node import Site, camera, metrics
from zones.load import LoadedScene
from zones.schema import Scene

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
TOKEN = "a-token-of-some-length"
CAMERA = {"id": "cam-1", "url": "v.mp4", "scene": "s.yaml"}


def config(folder: Path, *controllers: dict[str, Any], **more: Any) -> NodeConfig:
    (folder / "token").write_text(f"{TOKEN}\n")
    data = {"schema_version": 1, "node_id": "box-1", "key_file": "k", "centre_public_key": "c", "cameras": [CAMERA]}
    return NodeConfig.model_validate(data | {"controllers": list(controllers)} | more).anchored(folder)


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ('{"phase": 2, "state": "red"}', Statement("phase 2", LampState.RED, AT.timestamp())),
        (
            '{"head": "K1", "state": "green", "at": "2026-03-01T14:59:58.5+07:00"}',
            Statement("head K1", LampState.GREEN, AT.timestamp(), AT.timestamp() - 1.5),
        ),
        (
            '[{"phase": 4, "state": "flashing"}]',
            Statement("phase 4", LampState.UNKNOWN, AT.timestamp(), unclear="flashing"),
        ),
    ],
)
def test_a_message_is_read(text: str, statement: Statement) -> None:
    assert read_message(text.encode(), AT) == [statement]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 9000, "JSON"),
        (b"[]", "at least 1"),
        (b'{"phase": 2}', "state"),
        (b'{"phase": 2, "state": "blue"}', "state"),
        (b'{"phase": "2", "state": "red"}', "phase"),
        (b'{"phase": 0, "state": "red"}', "phase"),
        (b'{"state": "red"}', "phase"),
        (b'{"phase": 2, "head": "h", "state": "red"}', "one of them"),
        (b'{"phase": 2, "state": "red", "at": "2026-03-01T08:00:00"}', "at"),
        (b'{"phase": 2, "state": "red", "at": 5}', "at"),
        (b'{"phase": 2, "state": "red", "at": NaN}', "at"),
        (b'{"phase": 2, "state": "red", "is": "else"}', "is"),
        (json.dumps([{"phase": 2, "state": "red"}] * 65).encode(), "64"),
        (b" " * (MOST_BYTES + 1), "limit"),
    ],
)
def test_what_is_no_message_is_refused_with_the_field(data: bytes, named: str) -> None:
    with pytest.raises(MessageError) as caught:
        read_message(data, AT)
    assert named in str(caught.value)


@given(st.one_of(st.binary(max_size=200), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["phase", "head", "state", "at"]), x), max_leaves=6).map(lambda v: json.dumps(v).encode())))  # fmt: skip  # noqa: E501
def test_rubbish_is_never_more_than_a_refusal(data: bytes) -> None:
    with suppress(MessageError):
        read_message(data, AT)


def told_scene() -> Scene:
    data = scene().model_dump(mode="json")
    data["signals"][0] |= {"phase": 2, "source": "controller"}
    return Scene.model_validate(data)


@contextmanager
def running(made: NodeConfig, margins: ControllerMargins | None = None) -> Iterator[Feeds]:
    made_scene = told_scene()
    quick = margins or ControllerMargins(learn_s=0.0, learn_statements=1)
    feeds = Feeds(made, quick, lambda: {"cam-1": made_scene})
    feeds.start()
    try:
        yield feeds
    finally:
        feeds.stop()


def report(feeds: Feeds) -> FeedReport:
    (one,) = feeds.reports()
    return one


class Said:
    """A controller that says `payload` again and again, until it is told to stop."""

    def __init__(self, port: int, topic: str) -> None:
        self.payload: bytes | None = None
        self._stop = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self._topic = topic
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            self.client.publish(self._topic, self.payload or now("red"), qos=0)

    def stop(self) -> None:
        self._stop.set()
        self.client.disconnect()
        self.client.loop_stop()


def now(state: str) -> bytes:
    return json.dumps({"phase": 2, "state": state, "at": datetime.now(UTC).isoformat()}).encode()


def shows(feeds: Feeds) -> LampState:
    feed = feeds._feeds["tu-1"]
    return feed.reading("phase 2", time.time())[0].state


@needs_mosquitto
@pytest.mark.broker
def test_a_controller_is_heard_over_mqtt_rubbish_and_what_the_broker_kept_count_nothing(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    topic = "giaolo/v1/box-1/signals/tu-1"
    made = config(tmp_path, {"id": "tu-1", "mqtt": {}}, broker={"port": broker.port})
    kept = mqtt.Client(CallbackAPIVersion.VERSION2)
    kept.connect("127.0.0.1", broker.port)
    kept.loop_start()
    kept.publish(topic, now("red"), qos=1, retain=True).wait_for_publish(10)
    sender = None
    try:
        with running(made) as feeds:
            eventually(lambda: not report(feeds).error)
            kept.publish(topic, b"rubbish", qos=1).wait_for_publish(10)
            eventually(lambda: report(feeds).refused == 1)
            assert report(feeds).state == "waiting", "what the broker kept is of nobody knows when"
            assert "has said nothing yet" in warnings(feeds.reports())[0]
            sender = Said(broker.port, topic)
            eventually(lambda: shows(feeds) == LampState.RED)
            assert report(feeds).state == "good"
            assert warnings(feeds.reports()) == []
            sender.stop()
            eventually(lambda: report(feeds).state == "silent")
            assert shows(feeds) == LampState.UNKNOWN
            broker.kill()
            eventually(lambda: "broker" in report(feeds).error)
    finally:
        kept.loop_stop()
        if sender is not None:
            sender.stop()
        broker.kill()


def post(port: int, data: bytes, *, token: str = TOKEN, path: str = "/signals/tu-1") -> tuple[int, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=data, headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_controller_posts_with_its_token_and_is_told_what_is_wrong_with_a_message(tmp_path: Path) -> None:
    port = free_port()
    made = config(tmp_path, {"id": "tu-1", "http": {"port": port, "token_file": "token"}})
    with running(made) as feeds:
        assert post(port, now("red")) == (200, {"taken": 1, "ignored": 0})
        assert report(feeds).state == "good"
        old = now("green")
        assert post(port, old)[1]["taken"] == 1
        assert post(port, old)[1]["ignored"] == 1, "the same again"
        assert post(port, now("red"), token="another-token-of-length")[0] == 401
        assert post(port, b"x" * (MOST_BYTES + 1))[0] == 413
        assert post(port, b'{"phase": 2, "state": "blue"}')[0] == 400
        assert post(port, now("red"), path="/signals/other")[0] == 404
        assert report(feeds).refused == 2
        codes = [post(port, now("red"))[0] for _ in range(3)]
        assert codes == [200] * 3
    flooded = config(tmp_path, {"id": "tu-1", "http": {"port": port, "token_file": "token"}})
    (tmp_path / "token").write_text("short\n")
    with running(flooded) as feeds:
        assert "token of 12 letters" in report(feeds).error


@pytest.mark.parametrize(
    ("controllers", "named"),
    [
        ([{"id": "a"}], "one of mqtt, http and ntcip"),
        ([{"id": "a", "mqtt": {}, "http": {"token_file": "t"}}], "one of mqtt, http and ntcip"),
        ([{"id": "a", "mqtt": {}}, {"id": "a", "mqtt": {}}], "one id"),
        ([{"id": "a", "mqtt": {}}, {"id": "b", "mqtt": {}}], "two controllers"),
        ([{"id": "a", "mqtt": {}, "cameras": ["cam-9"]}], "cam-9"),
        ([{"id": "a", "mqtt": {"topic": "a/#"}}], "topic"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, controllers: list[Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        config(tmp_path, *controllers)


def test_a_head_that_names_a_phase_where_no_controller_is_configured_is_told(tmp_path: Path) -> None:
    assert unfed(config(tmp_path), "cam-1", told_scene()) == ["main"]
    assert unfed(config(tmp_path, {"id": "a", "mqtt": {}}), "cam-1", told_scene()) == []


def test_a_broker_of_its_own_and_a_topic_of_its_own_may_be_named(tmp_path: Path) -> None:
    made = config(tmp_path, {"id": "a", "mqtt": {"topic": "tu/1", "broker": {"host": "192.0.2.7"}}})
    (one,) = made.controllers
    assert (one.topic("box-1"), one.mqtt and one.mqtt.broker) == ("tu/1", BrokerSettings(host="192.0.2.7"))


class SimulatedController:
    """Answers SNMP as NTCIP 1202 has it: `groups` by OID; what it does not know it refuses as a real one does."""

    def __init__(self, community: str = "doc-only") -> None:
        self.groups: dict[str, int] = {}
        self.community, self.asked = community, 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.port = int(self._socket.getsockname()[1])
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def show(self, red: int, yellow: int, green: int, group: int = 1) -> None:
        """Bytes of phases 1 to 8 of a group."""
        self.groups |= {f"{GROUPS}.{c}.{group}": v for c, v in ((2, red), (3, yellow), (4, green))}

    def stop(self) -> None:
        self._over.set()
        self._thread.join(5)
        self._socket.close()

    def _run(self) -> None:
        from pyasn1.codec.ber import decoder, encoder
        from pysnmp.proto import api

        pmod = api.PROTOCOL_MODULES[api.SNMP_VERSION_1]
        while not self._over.is_set():
            try:
                data, sender = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            self.asked += 1
            message, _ = decoder.decode(data, asn1Spec=pmod.Message())
            if bytes(pmod.apiMessage.get_community(message)) != self.community.encode():
                continue  # as a real one: no answer
            answer = pmod.apiMessage.get_response(message)
            asked, reply = pmod.apiMessage.get_pdu(message), pmod.apiMessage.get_pdu(answer)
            found = []
            for index, (oid, _value) in enumerate(pmod.apiPDU.get_varbinds(asked)):
                if str(oid) in self.groups:
                    found.append((oid, pmod.Integer(self.groups[str(oid)])))
                    continue
                pmod.apiPDU.set_error_status(reply, 2)  # noSuchName
                pmod.apiPDU.set_error_index(reply, index + 1)
                found = pmod.apiPDU.get_varbinds(asked)
                break
            pmod.apiPDU.set_varbinds(reply, found)
            self._socket.sendto(encoder.encode(answer), sender)


@pytest.fixture
def simulated() -> Iterator[SimulatedController]:
    pytest.importorskip("pysnmp")
    made = SimulatedController()
    yield made
    made.stop()


def asked(folder: Path, port: int, **more: Any) -> NodeConfig:
    (folder / "community").write_text("doc-only\n")
    ntcip = {"host": "127.0.0.1", "port": port, "community_file": "community", "poll_s": 0.1}
    return config(folder, {"id": "tu-1", "ntcip": ntcip | more})


def test_a_controller_is_asked_by_ntcip_and_its_silence_and_nonsense_are_told(
    tmp_path: Path, simulated: SimulatedController
) -> None:
    simulated.show(red=0b0000_0010, yellow=0, green=0b0000_1000)
    with running(asked(tmp_path, simulated.port)) as feeds:
        eventually(lambda: shows(feeds) == LampState.RED, what="phase 2 is red")
        assert (report(feeds).state, report(feeds).error) == ("good", "")
        simulated.show(red=0, yellow=0b0000_0010, green=0)
        eventually(lambda: shows(feeds) == LampState.YELLOW)
        simulated.show(red=0, yellow=0, green=0)
        eventually(lambda: shows(feeds) == LampState.OFF)
        simulated.show(red=0b10, yellow=0, green=0b10)
        eventually(lambda: shows(feeds) == LampState.UNKNOWN)
        assert report(feeds).state == "good"
        simulated.groups = {}
        eventually(lambda: "noSuchName" in report(feeds).error)
        simulated.show(red=400, yellow=0, green=0)
        eventually(lambda: report(feeds).refused > 0)
        simulated.show(red=0b10, yellow=0, green=0)
        eventually(lambda: shows(feeds) == LampState.RED)
        simulated.community = "changed"
        eventually(lambda: report(feeds).state == "silent" and "timeout" in report(feeds).error)
        assert shows(feeds) == LampState.UNKNOWN
        assert "changed" not in report(feeds).error


@pytest.mark.parametrize(
    ("phase", "values", "shows"),
    [
        (1, (1, 0, 0), LampState.RED),
        (8, (128, 0, 0), LampState.RED),
        (2, (1, 0, 2), LampState.GREEN),
        (3, (0, 4, 0), LampState.YELLOW),
        (3, (0, 0, 0), LampState.OFF),
        (3, (4, 4, 0), LampState.UNKNOWN),
        (9, (1, 0, 0), LampState.RED),
        (255, (64, 0, 0), LampState.RED),
    ],
)
def test_a_phase_is_its_bit_of_its_group(phase: int, values: tuple[int, int, int], shows: LampState) -> None:
    (group,) = groups_of([phase])
    answered = dict(zip(oids([group]), values, strict=True))
    (one,) = statements([phase], answered, 10.0, 10.2)
    assert (one.key, one.state, one.asked_s, one.received_s) == (f"phase {phase}", shows, 10.0, 10.2)
    with pytest.raises(NtcipError):
        statements([phase], {}, 10.0, 10.2)


class Listening(ScriptedPerception):
    """Keeps the feed that each camera is given."""

    def __init__(self) -> None:
        super().__init__()
        self.feeds: list[Any] = []

    def pipeline(
        self, scene: LoadedScene, watch: PictureWatch | None = None, feed: object = None, film: object = None
    ) -> ScriptedPipeline:
        self.feeds.append(feed)
        return super().pipeline(scene, watch)


@needs_mosquitto
@pytest.mark.broker
def test_a_running_box_gives_its_cameras_the_feed_and_tells_how_it_is(tmp_path: Path) -> None:
    site, perception, sender = Site(tmp_path), Listening(), None
    site.write(camera("cam-1"), controllers=[{"id": "tu-1", "mqtt": {}}])
    site.run(lambda settings, judging: perception)
    try:
        eventually(site.healthy(lambda h: any("controller tu-1" in e and "said nothing" in e for e in h.errors)), 20)
        sender = Said(site.broker.port, "giaolo/v1/node-1/signals/tu-1")
        eventually(site.healthy(lambda h: h.status == "running"), 30)
        eventually(lambda: 'giaolo_controller_good{controller="tu-1",state="good"} 1.0' in metrics(site))
        head = told_scene().signals[0]
        eventually(lambda: perception.feeds[0].state(head, 5.0, datetime.now(UTC)).state == LampState.RED)
    finally:
        if sender is not None:
            sender.stop()
        site.close()


@pytest.mark.parametrize(
    ("one", "level", "vi", "en"),
    [
        (FeedReport("tu-1", "mqtt", "waiting"), "warning", "chưa gửi gì", "has said nothing yet"),
        (FeedReport("tu-1", "mqtt", "learning", 0.1, 0.0), "good", "đang học giờ", "is being learnt"),
        (FeedReport("tu-1", "mqtt", "good", 0.1, 0.0), "good", "đang gửi", "tells what"),
        (FeedReport("tu-1", "mqtt", "silent", 65.0, 0.0), "bad", "im lặng 1 phút", "silent for 1 minutes"),
        (FeedReport("tu-1", "ntcip", "good", 0.1, -7.25, True), "warning", "-7,2 giây", "-7.2 s off"),
        (FeedReport("tu-1", "ntcip", "silent", 9.0, error="no"), "bad", "không nghe được", "cannot be heard"),
    ],
)
def test_the_page_says_how_a_controller_is_in_both_languages(one: FeedReport, level: str, vi: str, en: str) -> None:
    line = plain.of_box(replace(node(CameraState("cam-1", RUNNING)), controllers=[one]))[-1]
    assert (line.level, vi in line.vi, en in line.en) == (level, True, True), line


def test_a_statement_came_when_the_last_of_its_request_did() -> None:
    """Who opens a request and speaks later would else seem to have a clock that is fast, and its red be dated early."""
    opened = datetime(2026, 11, 27, 8, 0, 0, tzinfo=UTC)
    now, taken = [opened], []

    class Feed:
        id, refused = "tu-dieu-khien", 0

        def take(self, statements: list[Statement]) -> int:
            taken.extend(statements)
            return len(statements)

    def body() -> Iterator[bytes]:
        yield b'{"phase": 2, '
        now[0] = opened + timedelta(seconds=4)
        yield b'"state": "red", "at": "2026-11-27T08:00:04+00:00"}'

    client = TestClient(create_app(cast(ControllerFeed, Feed()), "k", clock=lambda: now[0]))
    answer = client.post("/signals/tu-dieu-khien", content=body(), headers={"Authorization": "Bearer k"})
    assert answer.status_code == 200
    assert taken[0].received_s == (opened + timedelta(seconds=4)).timestamp()
