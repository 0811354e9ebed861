"""The rim to a real Mosquitto: packet in, signed receipt out; nothing that arrives or breaks stops the centre."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from central.centre import Centre, open_centre
from central.config import Broker, load_config
from central.intake.ingest import Ingest
from central.intake.mqtt import MqttIngest
from central.intake.nodes import add_node
from central.store.case_tables import CaseRow
from central.store.packet_tables import AlarmRow, NodeRow, PacketRow, QuarantineRow
from central.store.packets import container_of
from evidence.seal import SigningKey
from evidence.wire import Health, Want, decode, encode
from tests.central.build import NODE, NODE_KEY, NOW, OFFICE, NodeChain, offer_of, packet
from tests.central.node import WireNode, eventually
from tests.conftest import MosquittoServer
from tests.waiting import PATIENCE

pytestmark = pytest.mark.broker


def rim(centre: Centre, broker: MosquittoServer) -> MqttIngest:
    config = centre.config.broker.model_copy(update={"port": broker.port})
    made = MqttIngest(config, centre.config.limits, Ingest.of(centre), maintain_s=0.5)
    made.start()
    eventually(lambda: made.connected, what="centre connects")
    return made


@pytest.fixture
def running(box: Centre, mosquitto: MosquittoServer) -> Iterator[MqttIngest]:
    made = rim(box, mosquitto)
    yield made
    made.stop()


def rows(centre: Centre, table: type) -> list:  # type: ignore[type-arg]
    with centre.db.read() as session:
        return list(session.scalars(select(table)))


@pytest.mark.postgres
def test_a_packet_comes_in_and_its_receipt_goes_out_after_the_commit(
    centre: Centre, mosquitto: MosquittoServer
) -> None:
    made = rim(centre, mosquitto)
    try:
        chain = NodeChain()
        with WireNode(mosquitto.port) as node:
            for _ in range(3):
                data = chain.next(pad=300_000)
                receipt = node.deliver(data, centre.key.public)
                assert (receipt.status, receipt.centre) == ("stored", "centre")
                # whoever holds the receipt can have the packet back at once
                with centre.db.read() as session:
                    assert container_of(session, centre.store, receipt.packet_id) == data
        assert [c.number for c in rows(centre, CaseRow)] == [1, 2, 3]
        assert made.link.protocol == "5"
    finally:
        made.stop()


def test_duplicates_of_chunks_offers_and_packets_collapse(
    running: MqttIngest, box: Centre, mosquitto: MosquittoServer
) -> None:
    data = NodeChain().next(pad=200_000)
    with WireNode(mosquitto.port) as node:
        for _ in range(3):
            node.offer(data)
        wanted = [i for first, last in node.want().ranges for i in range(first, last + 1)]
        node.chunks(data, wanted[:-1] * 3)
        assert node.deliver(data, box.key.public).status in ("stored", "duplicate")
        node.chunks(data, wanted)
        assert node.deliver(data, box.key.public).status == "duplicate"
    assert len(rows(box, PacketRow)) == len(rows(box, CaseRow)) == 1


def test_the_same_id_with_another_digest_raises_an_alarm(
    running: MqttIngest, box: Centre, mosquitto: MosquittoServer
) -> None:
    name = str(uuid.uuid4())
    with WireNode(mosquitto.port) as node:
        assert node.deliver(packet(packet_id=name), box.key.public).status == "stored"
        assert node.deliver(packet(packet_id=name, plate="36B99999"), box.key.public).status == "conflict"
    assert "conflict" in {a.kind for a in rows(box, AlarmRow)}
    assert [c.plate for c in rows(box, CaseRow)] == ["36A12345"]


def test_a_packet_sealed_with_a_wrong_key_is_quarantined_and_the_next_one_taken(
    running: MqttIngest, box: Centre, mosquitto: MosquittoServer
) -> None:
    with WireNode(mosquitto.port) as node:
        receipt = node.deliver(packet(key=SigningKey.generate()), box.key.public)
        assert receipt.status == "quarantined"
        assert "sealed with key" in receipt.reason
        assert node.deliver(packet(), box.key.public).status == "stored"
    assert len(rows(box, QuarantineRow)) == 1


def test_an_unknown_node_gets_no_answer_and_keeps_its_packets(
    running: MqttIngest, box: Centre, mosquitto: MosquittoServer
) -> None:
    key = SigningKey.generate()
    data = packet(node="la", key=key)
    with WireNode(mosquitto.port, node="la") as node:
        node.offer(data)
        assert node.hear(1.5) is None
        assert [a.kind for a in rows(box, AlarmRow)] == ["unknown_node"]
        with box.db.write() as session:
            add_node(session, "la", key.public, now=NOW)
        assert node.deliver(data, box.key.public).status == "stored"


HOSTILE = [
    b"", b"\0", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 50_000, b"GLC1" + b"\xff" * 8, b'{"packet_id":"\\u0000"}',
]  # fmt: skip


def test_messages_without_sense_are_forgotten(running: MqttIngest, box: Centre, mosquitto: MosquittoServer) -> None:
    with WireNode(mosquitto.port) as node:
        for kind in ("offer", "chunk", "health", "nonsense", "offer/x"):
            for payload in HOSTILE:
                node.say(kind, payload)
        assert node.deliver(packet(), box.key.public).status == "stored"
    assert running.connected


def test_a_message_of_50_mb_is_kept_away_and_does_not_stop_the_centre(
    running: MqttIngest, box: Centre, mosquitto: MosquittoServer
) -> None:
    with WireNode(mosquitto.port) as node:
        node.client.publish(f"giaolo/v1/{NODE}/up/chunk", bytes(50 * 1024 * 1024), qos=1).wait_for_publish(60)
        assert node.deliver(packet(), box.key.public).status == "stored"
    assert running.connected


def test_the_health_of_a_node_is_kept_and_its_last_will_too(
    running: MqttIngest, box: Centre, mosquitto: MosquittoServer
) -> None:
    with WireNode(mosquitto.port) as node:
        node.say("health", encode(Health(node=NODE, status="running", at="x", outbox_pending=4)))
        eventually(lambda: rows(box, NodeRow)[0].status == "running", what="health is kept")
        assert rows(box, NodeRow)[0].health["outbox_pending"] == 4
        node.say("health", encode(Health(node=NODE, status="lost", at="x")))
        eventually(lambda: rows(box, NodeRow)[0].status == "lost", what="the last will is kept")


def test_a_transfer_goes_on_after_the_broker_was_killed_in_the_middle(
    running: MqttIngest, box: Centre, mosquitto: MosquittoServer
) -> None:
    data = NodeChain().next(pad=600_000)
    total = offer_of(data).chunks
    with WireNode(mosquitto.port) as node:
        node.offer(data)
        node.want()
        node.chunks(data, [0, 1, 2])
        eventually(lambda: _held(box.config.transfer_dir) == 3, what="three chunks are on disk")
        mosquitto.kill()
        eventually(lambda: not running.connected, what="the centre sees the broker go")
        mosquitto.start()
        node.wait_connected()
        eventually(lambda: running.connected, what="the centre comes back")
        node.offer(data)
        assert node.want().ranges == [(3, total - 1)]
        assert node.deliver(data, box.key.public).status == "stored"
    assert len(rows(box, CaseRow)) == 1


def test_without_a_broker_the_centre_waits_and_says_so(box: Centre, mosquitto: MosquittoServer) -> None:
    mosquitto.kill()
    config = Broker(port=mosquitto.port)
    made = MqttIngest(config, box.config.limits, Ingest.of(box))
    made.start()
    try:
        eventually(lambda: "does not answer" in made.error, what="the fault is said")
        assert not made.connected
        mosquitto.start()
        eventually(lambda: made.connected, what="it connects once there is a broker")
        assert made.error == ""
    finally:
        made.stop()


def test_checkpoints_are_signed_while_the_centre_runs(
    running: MqttIngest, box: Centre, mosquitto: MosquittoServer
) -> None:
    from central.store.packet_tables import CheckpointRow

    with WireNode(mosquitto.port) as node:
        node.deliver(packet(), box.key.public)
    eventually(lambda: 1 in {c.size for c in rows(box, CheckpointRow)}, what="a checkpoint over one packet")


def _held(transfers: Path) -> int:
    return sum(f.read_bytes().count(1) for f in transfers.glob("*/*/have"))


class CentreProcess:
    """`giaolo central run` as a process of its own."""

    def __init__(self, config: Path) -> None:
        code = "from central.cli import central; central()"
        self._command = [sys.executable, "-c", code, "run", "--config", str(config)]
        self._log = (config.parent / "centre.log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=self._log, stderr=self._log)

    def end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(300)


@pytest.mark.crash
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_transfer_goes_on_after_kill_9_of_the_centre_in_the_middle(
    database: str, request: pytest.FixtureRequest, tmp_path: Path, mosquitto: MosquittoServer
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else ""
    file = tmp_path / "central.yaml"
    settings = {
        "schema_version": 1, "data_dir": "centre", "database_url": url, "second_reader": False, "office": OFFICE,
        "broker": {"port": mosquitto.port}, "web": {"enabled": False},
    }  # fmt: skip
    file.write_text(yaml.safe_dump(settings))
    centre = open_centre(load_config(file))
    with centre.db.write() as session:
        add_node(session, NODE, NODE_KEY.public, now=NOW)
    chain = NodeChain()
    made = [chain.next(pad=500_000) for _ in range(2)]
    process = CentreProcess(file)
    process.start()
    try:
        with WireNode(mosquitto.port) as node:
            assert node.deliver(made[0], centre.key.public).status == "stored"
            node.offer(made[1])
            node.want()
            node.chunks(made[1], [0, 1, 4])
            eventually(lambda: _held(centre.config.transfer_dir) == 3, what="three chunks are on disk")
            assert process.end(signal.SIGKILL) == -signal.SIGKILL
            process.start()
            heard = None
            while heard is None:  # until the new process listens
                node.offer(made[1])
                heard = node.hear(1.0)
            assert decode(Want, heard[1], where="test").ranges[0] == (2, 3)  # what it had, it still has
            assert node.deliver(made[1], centre.key.public).status == "stored"
            assert node.deliver(made[0], centre.key.public).status == "duplicate"
        assert process.end(signal.SIGTERM) == 0
    finally:
        if process.process is not None and process.process.poll() is None:
            process.process.kill()
    assert sorted(c.packet_id for c in rows(centre, CaseRow)) == sorted(p.id for p in rows(centre, PacketRow))
    assert [p.chain_state for p in rows(centre, PacketRow)] == ["ok", "ok"]
    with centre.db.read() as session:
        stored = [container_of(session, centre.store, p.id) for p in session.scalars(select(PacketRow))]
    assert sorted(stored) == sorted(made)
    centre.db.dispose()


def test_the_centre_stops_within_seconds_also_in_the_middle_of_a_flood(
    running: MqttIngest, mosquitto: MosquittoServer
) -> None:
    data = packet(pad=1_000_000)
    with WireNode(mosquitto.port) as node:
        for _ in range(50):
            node.offer(data)
        started = time.monotonic()
        running.stop()
        assert time.monotonic() - started < 5 * PATIENCE
