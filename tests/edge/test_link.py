"""Brokers as they are: limits, sessions taken over, rights that are missing, lines that break before CONNACK."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from common.broker import BrokerError, BrokerSettings
from common.mqtt_client import Event
from common.settings import ConfigError
from edge.config import parse_config
from edge.delivery.client_id import client_id
from edge.delivery.outbox import Outbox
from edge.delivery.transfer import Transfers
from edge.delivery.uplink import Uplink, fitted
from evidence.receipt import Receipt, sign_receipt
from evidence.wire import CHUNK_BYTES, Health
from tests.edge.brokers import Mosquitto, eventually, free_port, needs_mosquitto
from tests.edge.packets import builder, receipt_for
from tests.edge.test_uplink import CENTRE_KEY, NODE_KEY, World, world

__all__ = ["world"]


def limited(world: World, lines: str) -> None:
    world.broker = Mosquitto(world.folder, f"allow_anonymous true\n{lines}\n")
    world.broker.start()


def uplink_of(world: World, **options: Any) -> Uplink:
    """With chunks of the size that boxes use."""
    address = BrokerSettings(port=world.broker.port, **options)
    world.uplink = Uplink(
        "node-1", address, world.outbox, CENTRE_KEY.public, health=world.health, heartbeat_s=0.5,
        transfers=Transfers(first_s=0.5, longest_s=2.0),
    )  # fmt: skip
    world.uplink.start()
    return world.uplink


@needs_mosquitto
@pytest.mark.broker
@pytest.mark.parametrize(
    ("protocol", "lines"),
    [
        pytest.param("auto", "max_packet_size 100000", id="the broker tells its limit"),
        pytest.param("5", "message_size_limit 60000", id="it tells nothing and disconnects"),
        pytest.param("3.1.1", "max_packet_size 70000", id="it hangs up on MQTT 3.1.1"),
    ],
)
def test_chunks_fit_what_the_broker_takes(world: World, protocol: str, lines: str) -> None:
    limited(world, lines)
    centre = world.start_centre()
    uplink = uplink_of(world, protocol=protocol)
    packet_id = world.commit(400_000)
    eventually(world.all_delivered, 90)
    assert packet_id in centre.stored
    assert centre.offers[packet_id].chunk_bytes <= int(lines.split()[1])
    assert uplink.link.protocol == ("3.1.1" if protocol == "3.1.1" else "5"), (
        "the size is no reason to change the version"
    )
    assert uplink.errors() == []


@needs_mosquitto
@pytest.mark.broker
def test_the_limit_that_connack_tells_is_kept_with_room_for_the_header(world: World) -> None:
    limited(world, "max_packet_size 100000")
    uplink = uplink_of(world)
    eventually(lambda: uplink.connected)
    assert uplink._transfers.chunk_bytes == 100_000 - 4096


def alone(tmp_path: Path, **options: Any) -> Uplink:
    """An uplink without a broker: events are given by hand."""
    box = Outbox(tmp_path / "outbox", min_free_bytes=0)
    health = Health(node="node-1", status="running", at="x")
    return Uplink("node-1", BrokerSettings(port=free_port()), box, CENTRE_KEY.public, health=lambda: health, **options)


def say_receipt(uplink: Uplink, receipt: Receipt) -> None:
    payload = sign_receipt(receipt, CENTRE_KEY).to_bytes()
    uplink._handle(Event("message", topic="giaolo/v1/node-1/down/receipt", payload=payload))


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def lone(tmp_path: Path, clock: list[float]) -> Iterator[Uplink]:
    made = alone(tmp_path, monotonic=lambda: clock[0])
    yield made
    made.stop()
    made._outbox.close()


def test_packet_too_large_halves_the_chunks_and_says_so(lone: Uplink) -> None:
    lone._handle(Event("connected"))
    lone._handle(Event("lost", code=149, text="Packet too large"))
    assert lone._transfers.chunk_bytes == CHUNK_BYTES // 2
    assert "does not take chunks of 131072 bytes" in lone.errors()[0]


def test_a_drop_after_each_chunk_halves_them_but_a_bad_line_does_not(lone: Uplink) -> None:
    for _ in range(2):
        lone._handle(Event("connected"))
        lone._chunks._unacked = {7}
        lone._handle(Event("lost", code=128, text="Unspecified error"))
    assert lone._transfers.chunk_bytes == CHUNK_BYTES // 2
    lone._handle(Event("connected"))
    lone._chunks._unacked = {8}
    lone._handle(Event("published", mid=8))  # this size arrives: from now on it is the line
    for _ in range(5):
        lone._handle(Event("connected"))
        lone._chunks._unacked = {9}
        lone._handle(Event("lost", code=128, text="Unspecified error"))
    assert lone._transfers.chunk_bytes == CHUNK_BYTES // 2


def test_a_broker_that_takes_nothing_is_named(lone: Uplink) -> None:
    for _ in range(12):
        lone._handle(Event("connected"))
        lone._handle(Event("lost", code=149, text="Packet too large"))
    assert lone._transfers.chunk_bytes == 1024
    assert any("does not even take chunks of 1024 bytes" in e for e in lone.errors())


def test_a_session_taken_over_is_told_in_words_and_backed_off_from(lone: Uplink, clock: list[float]) -> None:
    before = lone.link.client_id
    lone._handle(Event("connected"))
    lone._handle(Event("lost", code=142, text="Session taken over"))
    assert before != lone.link.client_id
    assert lone.link.connect_at_s is not None
    assert lone.link.connect_at_s - clock[0] >= 30
    assert any("copy of this box" in e and before in e for e in lone.errors())
    lone._handle(Event("lost", code=142, text="Session taken over"))
    assert lone.link.connect_at_s - clock[0] >= 60


@needs_mosquitto
@pytest.mark.broker
def test_a_second_client_of_the_same_id_does_not_start_a_fight(world: World) -> None:
    world.broker.start()
    uplink = world.start_uplink()
    eventually(lambda: uplink.connected)
    other = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=uplink.link.client_id, protocol=MQTTProtocolVersion.MQTTv5
    )
    lost: list[object] = []
    other.on_disconnect = lambda *_: lost.append(1)
    other.connect("127.0.0.1", world.broker.port)
    other.loop_start()
    first = uplink.link.client_id
    eventually(lambda: uplink.link.client_id != first, 60)
    eventually(lambda: uplink.connected and other.is_connected(), 60)
    thrown_out = len(lost)
    world.commit(1000)
    world.start_centre()
    eventually(world.all_delivered, 60)
    assert len(lost) == thrown_out, "we threw it out again"
    other.disconnect()
    other.loop_stop()


@needs_mosquitto
@pytest.mark.broker
def test_two_boxes_of_one_name_both_stay_connected(world: World) -> None:
    world.broker.start()
    first = world.start_uplink()
    second = alone(world.folder / "second")
    second.link.broker = BrokerSettings(port=world.broker.port)
    second.start()
    eventually(lambda: first.connected and second.connected)
    assert first.link.client_id != second.link.client_id
    second.stop()
    second._outbox.close()


def test_the_client_id_stays_over_a_restart_and_is_of_this_box(tmp_path: Path) -> None:
    def config(folder: Path, **broker: object) -> Any:
        folder.mkdir(exist_ok=True)
        value = {"schema_version": 1, "node_id": "n", "key_file": "k", "centre_public_key": "c", "data_dir": ".", "broker": broker}  # fmt: skip  # noqa: E501
        return parse_config(value, folder / "node.yaml")

    first = client_id(config(tmp_path / "a"))
    assert first == client_id(config(tmp_path / "a"))
    assert first != client_id(config(tmp_path / "b"))
    assert client_id(config(tmp_path / "a", client_id="fixed")) == "fixed"


def test_a_line_that_breaks_before_connack_does_not_change_the_version_once_it_worked(lone: Uplink) -> None:
    assert lone.link.protocol == "5"
    lone._handle(Event("connected"))
    lone._handle(Event("lost"))
    lone._handle(Event("opened"))
    lone.link.opened_s = -10_000.0  # no CONNACK for a long time
    lone._tick()
    assert lone.link.protocol == "5"
    assert lone.link.connect_at_s is not None, "it is tried again"


class CuttingBroker:
    """Hands the connection through to a broker; `cut` closes each new one before CONNACK can come back."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.cut = False
        self.cuts = 0
        self._pairs: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def drop_all(self) -> None:
        for one in self._pairs:
            with_error_ignored(one.close)
        self._pairs.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self.cut:
                client.recv(1)
                client.close()
                self.cuts += 1
                continue
            target = socket.create_connection(("127.0.0.1", self._target))
            self._pairs += [client, target]
            for a, b in ((client, target), (target, client)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            with_error_ignored(lambda one=one: one.shutdown(socket.SHUT_RDWR))

    def close(self) -> None:
        self._server.close()
        self.drop_all()


def with_error_ignored(call: Any) -> None:
    with contextlib.suppress(OSError):
        call()


@needs_mosquitto
@pytest.mark.broker
def test_cuts_before_connack_of_a_real_broker_do_not_change_the_version(world: World) -> None:
    world.broker.start()
    line = CuttingBroker(world.broker.port)
    world.start_centre()
    world.uplink = Uplink(
        "node-1", BrokerSettings(port=line.port), world.outbox, CENTRE_KEY.public, health=world.health,
        transfers=Transfers(first_s=0.5, longest_s=2.0),
    )  # fmt: skip
    world.uplink.start()
    eventually(lambda: world.uplink is not None and world.uplink.connected)
    line.cut = True
    if world.uplink.link.client is not None:
        world.uplink.link.client._sock_close()
    eventually(lambda: line.cuts >= 2, 30)
    line.cut = False
    world.commit(1000)
    eventually(world.all_delivered, 60)
    assert world.uplink.link.protocol == "5"
    line.close()


def test_a_subscription_that_the_broker_refuses_is_told(lone: Uplink) -> None:
    lone._handle(Event("connected"))
    lone._handle(Event("subscribed", code=135, text="Not authorized"))
    assert any("giaolo/v1/node-1/down/#" in e and "Not authorized" in e and "ACL" in e for e in lone.errors())
    lone._handle(Event("subscribed"))
    assert lone.errors() == []


def test_the_codes_of_suback_are_looked_at(lone: Uplink) -> None:
    lone.link.connect()
    assert lone.link.client is not None
    not_authorized = ReasonCode(PacketTypes.SUBACK, "Not authorized")
    lone.link.client.on_subscribe(lone.link.client, None, 1, [not_authorized], None)  # type: ignore[misc]
    event = lone._inbox.get(timeout=5)
    while event.kind != "subscribed":
        event = lone._inbox.get(timeout=5)
    assert (event.code, event.text) == (135, "Not authorized")


def test_offers_that_nobody_answers_are_an_error(lone: Uplink, clock: list[float]) -> None:
    lone._outbox.commit(builder(NODE_KEY))
    lone._handle(Event("connected"))
    lone._transfers.sync(lone._outbox.pending())
    assert lone._transfers.due_offers(clock[0])
    clock[0] += 299
    assert lone.errors() == []
    clock[0] += 2
    (told,) = lone.errors()
    assert all(word in told for word in ("centre down", "unknown", "ACL", "giaolo/v1/node-1/down/#"))
    (packet,) = lone._outbox.pending()
    receipt = receipt_for(packet.packet_id, packet.digest, packet.container_sha256)
    say_receipt(lone, receipt)
    assert lone.errors() == []


@needs_mosquitto
@pytest.mark.broker
def test_a_box_with_nothing_to_send_asks_once_whether_it_is_heard(world: World) -> None:
    world.broker.start()
    centre = world.start_centre()
    uplink = world.start_uplink()
    packet_id = world.commit(1000)
    eventually(world.all_delivered)
    uplink.stop()
    centre.offer_count.clear()
    centre.answers = False
    again = Uplink(
        "node-1", BrokerSettings(port=world.broker.port), world.outbox, CENTRE_KEY.public, health=world.health,
        unanswered_s=0.2,
    )  # fmt: skip
    world.uplink = again
    again.start()
    eventually(lambda: centre.offer_count.get(packet_id) == 1)
    eventually(lambda: any("no answer from the centre" in e for e in again.errors()))


def test_a_silent_centre_is_one_line_in_the_log_after_a_minute_with_what_to_do(
    lone: Uplink, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> list[str]:
        return [r.getMessage() for r in caplog.records if "answer" in r.getMessage()]

    lone._outbox.commit(builder(NODE_KEY))
    lone._handle(Event("connected"))
    lone._transfers.sync(lone._outbox.pending())
    assert lone._transfers.due_offers(clock[0])
    with caplog.at_level(logging.INFO, logger="edge.delivery.uplink"):
        for passed_s, lines in ((59, 0), (2, 1), (60, 1)):
            clock[0] += passed_s
            lone._log_silence(clock[0])
            assert len(told()) == lines
        (line,) = told()
        assert all(word in line for word in ("1 min", "add-node", "ACL", "giaolo/v1/node-1/down/#", "docs/examples"))
        (packet,) = lone._outbox.pending()
        say_receipt(lone, receipt_for(packet.packet_id, packet.digest, packet.container_sha256))
        lone._log_silence(clock[0])
    assert told()[1:] == ["the centre answers again"]


def test_a_centre_that_lost_the_newest_packet_gets_it_again(lone: Uplink) -> None:
    """As after a restored backup: it asks for bytes of which we hold its receipt."""
    from evidence.wire import Want, encode

    lone._outbox.commit(builder(NODE_KEY))
    (packet,) = lone._outbox.pending()
    lone._outbox.acknowledge(receipt_for(packet.packet_id, packet.digest, packet.container_sha256))
    want = Want(packet_id=packet.packet_id, container_sha256=packet.container_sha256, ranges=[(0, 0)])
    lone._handle(Event("message", topic="giaolo/v1/node-1/down/want", payload=encode(want)))
    assert [p.packet_id for p in lone._outbox.pending()] == [packet.packet_id]


def test_a_receipt_for_another_node_changes_nothing(lone: Uplink) -> None:
    lone._outbox.commit(builder(NODE_KEY))
    (packet,) = lone._outbox.pending()
    for node, left in (("node-2", 1), ("node-1", 0)):
        receipt = receipt_for(packet.packet_id, packet.digest, packet.container_sha256, node=node)
        say_receipt(lone, receipt)
        assert lone._outbox.counts().pending == left


def test_a_receipt_that_says_that_nothing_was_kept_settles_nothing(lone: Uplink) -> None:
    lone._outbox.commit(builder(NODE_KEY))
    (packet,) = lone._outbox.pending()
    for status in ("stored", "quarantined"):
        receipt = receipt_for(packet.packet_id, packet.digest, packet.container_sha256, status)  # type: ignore[arg-type]
        receipt = receipt.model_copy(update={"kept": False})
        say_receipt(lone, receipt)
    assert lone._outbox.counts().pending == 1


def test_health_is_cut_to_what_the_broker_takes() -> None:
    long = Health(node="n", status="degraded", at="x", errors=["e" * 500] * 20)
    assert len(fitted(long, 3000)) <= 3000 - 512
    assert fitted(long, None) == fitted(long, 100_000)


@pytest.mark.parametrize(
    ("broker", "said"),
    [
        pytest.param({"tls_cert_file": "c", "tls_key_file": "k"}, "in clear", id="a certificate and no TLS"),
        pytest.param({"tls_cert_file": "c", "tls_ca_file": "a"}, "belong together", id="a certificate without its key"),
        pytest.param({"tls_key_file": "k"}, "belong together", id="a key alone"),
        pytest.param({"tls": False, "tls_ca_file": "a"}, "in clear", id="TLS files and TLS off"),
        pytest.param({"password_file": "p"}, "user name", id="a password and no user"),
    ],
)
def test_a_box_never_talks_in_clear_or_without_its_login(broker: dict[str, object], said: str, tmp_path: Path) -> None:
    value = {"schema_version": 1, "node_id": "n", "key_file": "k", "centre_public_key": "c", "broker": broker}
    with pytest.raises(ConfigError, match=said):
        parse_config(value, tmp_path / "node.yaml")


@pytest.mark.parametrize(
    "broker", [{"tls_ca_file": "a"}, {"tls": True}, {"tls": True, "tls_cert_file": "c", "tls_key_file": "k"}]
)
def test_tls_settings_that_fit_are_taken(broker: dict[str, object], tmp_path: Path) -> None:
    value = {"schema_version": 1, "node_id": "n", "key_file": "k", "centre_public_key": "c", "broker": broker}
    assert parse_config(value, tmp_path / "node.yaml").broker.encrypted


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_password_that_cannot_be_read_is_an_error_and_not_an_anonymous_login(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    box = Outbox(tmp_path / "outbox", min_free_bytes=0)
    address = BrokerSettings(port=free_port(), username="node-1", password_file=file)
    uplink = Uplink("node-1", address, box, None, health=lambda: Health(node="node-1", status="running", at="x"))
    with pytest.raises(BrokerError, match="password"):
        uplink.start()
    assert uplink.link.client is None
    assert "password" in uplink.errors()[0]
    assert uplink.link.connect_at_s is not None, "it is tried again: the file may be mended"
    uplink.stop()
    box.close()


def test_tls_files_without_tls_are_refused_at_the_last_door_too(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox", min_free_bytes=0)
    address = BrokerSettings.model_construct(port=free_port(), tls_cert_file=tmp_path / "own.pem")
    uplink = Uplink("node-1", address, box, None, health=lambda: Health(node="node-1", status="running", at="x"))
    with pytest.raises(BrokerError, match="in clear"):
        uplink.start()
    uplink.stop()
    box.close()
