"""Delivery through a real Mosquitto: every packet arrives once, whatever is killed on the way."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.broker import BrokerError, BrokerSettings
from edge.delivery.outbox import Outbox
from edge.delivery.transfer import Transfers
from edge.delivery.uplink import Uplink
from evidence.container import verify_packet
from evidence.packet import utc_text
from evidence.seal import SigningKey
from evidence.wire import Health
from tests.edge.brokers import FakeCentre, Mosquitto, eventually, needs_mosquitto
from tests.edge.packets import builder

pytestmark = [needs_mosquitto, pytest.mark.broker]
NODE_KEY = SigningKey.generate()
CENTRE_KEY = SigningKey.generate()


class World:
    """A node's outbox and uplink, a broker and a centre; each can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker = Mosquitto(folder)
        self.outbox = Outbox(folder / "outbox", min_free_bytes=0)
        self.uplink: Uplink | None = None
        self.centre: FakeCentre | None = None
        self.delivered_after: list[float] = []

    def start_uplink(self, **options: object) -> Uplink:
        transfers = Transfers(chunk_bytes=16 * 1024, first_s=0.5, longest_s=2.0)
        address = BrokerSettings(port=self.broker.port, **options)  # type: ignore[arg-type]
        self.uplink = Uplink(
            "node-1",
            address,
            self.outbox,
            CENTRE_KEY.public,
            health=self.health,
            transfers=transfers,
            heartbeat_s=0.5,
            on_delivered=self.delivered_after.append,
        )
        self.uplink.start()
        return self.uplink

    def start_centre(self, key: SigningKey = CENTRE_KEY, **options: object) -> FakeCentre:
        self.centre = FakeCentre(self.broker.port, key, **options)
        return self.centre

    def health(self) -> Health:
        counts = self.outbox.counts()
        return Health(node="node-1", status="running", at=utc_text(datetime.now(UTC)), outbox_pending=counts.pending)

    def commit(self, size: int = 100_000) -> str:
        packet_id = self.outbox.commit(builder(NODE_KEY, payload=os.urandom(size))).packet_id
        if self.uplink is not None:
            self.uplink.wake()
        return packet_id

    def all_delivered(self) -> bool:
        counts = self.outbox.counts()
        return counts.pending == 0 and counts.delivered > 0

    def close(self) -> None:
        if self.uplink is not None:
            self.uplink.stop()
        if self.centre is not None:
            self.centre.stop()
        self.broker.kill()
        self.outbox.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_packets_arrive_whole_and_leave_the_outbox_on_the_receipt(world: World) -> None:
    world.broker.start()
    centre = world.start_centre()
    uplink = world.start_uplink()
    ids = [world.commit() for _ in range(3)]
    eventually(world.all_delivered)
    assert sorted(centre.stored) == sorted(ids)
    for container in centre.stored.values():
        verify_packet(container, NODE_KEY.public)
    assert all(count == 1 for count in centre.chunk_count.values())
    assert uplink.link.protocol == "5"
    assert uplink.errors() == []
    eventually(lambda: len(world.delivered_after) == 3, 5)


def test_a_broker_that_is_down_at_the_start_is_waited_for(world: World) -> None:
    uplink = world.start_uplink()
    world.commit()
    eventually(lambda: any("does not answer" in e for e in uplink.errors()), what="it has tried")
    assert not uplink.connected
    world.broker.start()
    world.start_centre()
    eventually(world.all_delivered)


def test_without_a_centre_a_puback_is_not_delivery(world: World) -> None:
    world.broker.start()
    listener = world.start_centre(answers=False)
    world.start_uplink()
    packet_id = world.commit()
    eventually(lambda: listener.offer_count.get(packet_id, 0) >= 2, what="offered, and again for want of an answer")
    said = len(listener.health)
    # the box has its PUBACKs before it speaks again: what they do to the outbox they have done by then
    eventually(lambda: len(listener.health) >= said + 2, what="two heartbeats later")
    assert world.outbox.counts().pending == 1
    listener.stop()
    world.start_centre()
    eventually(world.all_delivered)


def test_only_missing_chunks_are_sent_again(world: World) -> None:
    world.broker.start()
    centre = world.start_centre(drop=lambda index: index in (1, 4))
    world.start_uplink()
    packet_id = world.commit()
    eventually(world.all_delivered)
    again = {index for (packet, index), count in centre.chunk_count.items() if count > 1}
    assert again == {1, 4}
    assert packet_id in centre.stored


def test_a_receipt_with_a_wrong_key_delivers_nothing_and_shows_in_health(world: World) -> None:
    world.broker.start()
    world.start_centre(SigningKey.generate())
    uplink = world.start_uplink()
    world.commit()
    eventually(lambda: any("centre_public_key" in e for e in uplink.errors()))
    assert world.outbox.counts().pending == 1


@pytest.mark.parametrize("status", ["quarantined", "conflict"])
def test_a_refused_packet_is_kept_aside_and_the_next_is_delivered(world: World, status: str) -> None:
    world.broker.start()
    centre = world.start_centre(status=status)
    world.start_uplink()
    world.commit()
    eventually(lambda: world.outbox.counts().refused == 1)
    centre.status = "stored"
    world.commit()
    eventually(world.all_delivered)
    assert world.outbox.counts().refused == 1


@pytest.mark.crash
def test_kill_9_of_the_broker_in_the_middle_of_transfers(world: World) -> None:
    world.broker.start()
    centre = world.start_centre()
    uplink = world.start_uplink()
    ids = [world.commit(1_500_000) for _ in range(4)]
    for seen in (30, 120):
        eventually(lambda seen=seen: len(centre.chunk_count) >= seen)
        world.broker.kill()
        eventually(lambda: not uplink.connected, what="the box has seen it")
        world.broker.start()
    eventually(world.all_delivered, 40)
    assert sorted(centre.stored) == sorted(ids)


def test_a_centre_that_was_away_gets_everything_that_waited(world: World) -> None:
    world.broker.start()
    listener = world.start_centre(answers=False)
    world.start_uplink()
    ids = [world.commit(20_000) for _ in range(30)]
    eventually(lambda: len(listener.offers) >= 10, what="offers have gone out")
    listener.stop()
    centre = world.start_centre()
    eventually(world.all_delivered, 30)
    assert sorted(centre.stored) == sorted(ids)


def test_health_is_retained_and_the_last_will_says_lost(world: World) -> None:
    world.broker.start()
    uplink = world.start_uplink()
    listener = world.start_centre()
    eventually(lambda: any(h.status == "running" for h in listener.health))
    listener.stop()
    centre = world.start_centre()
    eventually(lambda: [h.status for h in centre.retained] == ["running"], what="said before this centre came")
    # the process dies: the socket closes without a DISCONNECT
    assert uplink.link.client is not None
    uplink.link.client._sock_close()
    eventually(lambda: any(h.status == "lost" for h in centre.health))
    eventually(lambda: centre.health[-1].status == "running")
    uplink.stop()
    eventually(lambda: centre.health[-1].status == "stopped")


def test_rubbish_on_our_topics_changes_nothing(world: World) -> None:
    world.broker.start()
    centre = world.start_centre(answers=False)
    uplink = world.start_uplink()
    eventually(lambda: uplink.connected)
    for payload in (b"", b"{", b"[" * 10_000, b"\xff" * 1000, b'{"packet_id": 1}', bytes(300_000)):
        for kind in ("want", "receipt", "other"):
            centre._client.publish(f"giaolo/v1/node-1/down/{kind}", payload, qos=1)
    centre.answers = True
    world.commit()
    eventually(world.all_delivered)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_message_of_50_mb_stops_nothing(world: World, protocol: str) -> None:
    world.broker.start()
    centre = world.start_centre()
    uplink = world.start_uplink(protocol=protocol)
    eventually(lambda: uplink.connected)
    centre._client.publish("giaolo/v1/node-1/down/receipt", bytes(50_000_000), qos=1).wait_for_publish(20)
    world.commit()
    eventually(world.all_delivered, 30)
    assert uplink.errors() == []


def test_user_and_password(world: World) -> None:
    import subprocess

    passwords = world.folder / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "node-1", "secret"], check=True)
    passwords.chmod(0o644)
    world.broker = Mosquitto(world.folder, f"allow_anonymous false\npassword_file {passwords}\n")
    world.broker.start()
    (world.folder / "wrong").write_text("wrong")
    (world.folder / "secret").write_text("secret")
    refused = world.start_uplink(username="node-1", password_file=world.folder / "wrong")
    eventually(lambda: any("refuses" in e for e in refused.errors()))
    refused.stop()
    accepted = world.start_uplink(username="node-1", password_file=world.folder / "secret")
    eventually(lambda: accepted.connected)


def test_missing_tls_files_are_a_clear_error(world: World) -> None:
    with pytest.raises(BrokerError, match="TLS files"):
        world.start_uplink(tls_ca_file=Path("/no/such/ca.pem"))


def test_a_broker_of_mqtt_3_1_1_is_spoken_to_in_its_own_version(world: World) -> None:
    amqtt_broker = pytest.importorskip("amqtt.broker")
    import asyncio

    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{world.broker.port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def run() -> object:
        broker = amqtt_broker.Broker(config)
        await broker.start()
        return broker

    broker = asyncio.run_coroutine_threadsafe(run(), loop).result(10)
    try:
        centre = world.start_centre()
        uplink = world.start_uplink()
        packet_id = world.commit()
        eventually(world.all_delivered, 30)
        assert packet_id in centre.stored
        assert uplink.link.protocol == "3.1.1"
        uplink.stop()
        centre.stop()
    finally:
        asyncio.run_coroutine_threadsafe(broker.shutdown(), loop).result(10)  # type: ignore[attr-defined]
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
