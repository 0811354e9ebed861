"""Whatever arrives on the broker, the centre goes on and good packets still get in (promises 2 and 6)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from central.store.packet_tables import QuarantineRow
from evidence.canonical import sha256_hex
from evidence.container import open_packet
from evidence.packet import Chain
from evidence.seal import SigningKey
from evidence.wire import CHUNK_BYTES, PREFIX, Offer, Want, decode, down_topic, encode, encode_chunk, up_topic
from tests.chain.town import Town, eventually
from tests.edge.packets import builder
from tools.demo.site import NODE

pytestmark = [pytest.mark.broker, pytest.mark.postgres]
_MAGIC_ONLY = (
    encode_chunk(
        Offer(packet_id="0" * 8 + "-0000-0000-0000-" + "0" * 12, size=1, container_sha256="0" * 64, chunk_bytes=1024),
        b"x",
        0,
    )[:4]
    + b"\xff\xff\xff\xff"
)


class Sender:
    """Somebody on the broker who may say anything."""

    def __init__(self, town: Town) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="somebody")
        self._heard: set[str] = set()
        self._client.on_message = lambda _client, _data, message: self._hear(message)
        self._client.on_connect = lambda client, *_: client.subscribe(down_topic(NODE, "want"), qos=1)
        self._client.connect(town.broker.host, town.broker.port)
        self._client.loop_start()

    def _hear(self, message: mqtt.MQTTMessage) -> None:
        self._heard.add(decode(Want, message.payload, where=message.topic).packet_id)

    def offer(self, offer: Offer, node: str = NODE) -> None:
        """Until the centre asks for chunks: as a box does, and the only way to know that it listens."""
        self._heard.discard(offer.packet_id)

        def wanted() -> bool:
            self.say(up_topic(node, "offer"), encode(offer))
            return offer.packet_id in self._heard

        eventually(wanted, 20, "the centre opens the transfer", every_s=0.2)

    def say(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(30)

    def send(self, data: bytes, packet_id: str, node: str = NODE) -> None:
        """A whole packet without waiting to be asked."""
        offer = Offer(packet_id=packet_id, size=len(data), container_sha256=sha256_hex(data), chunk_bytes=CHUNK_BYTES)
        self.offer(offer, node)
        for index in range(offer.chunks):
            self.say(up_topic(node, "chunk"), encode_chunk(offer, data, index))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def town(make_town: Callable[..., Town]) -> Town:
    made = make_town()
    made.start_centre()
    return made


@pytest.fixture
def sender(town: Town) -> Iterator[Sender]:
    made = Sender(town)
    never_sent = Offer(packet_id=str(uuid.uuid4()), size=1, container_sha256="0" * 64, chunk_bytes=CHUNK_BYTES)
    made.offer(never_sent)  # the centre has subscribed
    yield made
    made.close()


def quarantined(town: Town) -> list[Any]:
    with town.centre.db.read() as session:
        return list(session.scalars(select(QuarantineRow)))


def good_packet(town: Town) -> tuple[str, bytes]:
    key = SigningKey.load(town.setup.folder / "node.key")
    manifest, data = builder(key, node=NODE)(Chain(sequence=1, previous=None))
    return manifest.packet_id, data


def test_rubbish_of_every_kind_and_size_does_not_stop_the_centre(town: Town, sender: Sender) -> None:
    for kind in ("offer", "chunk", "health", "nothing"):
        for payload in (b"", b"\x00" * 100, b"{", b"[" * 50_000, b'{"packet_id": 1}', _MAGIC_ONLY):
            sender.say(f"{PREFIX}/{NODE}/up/{kind}", payload)
            sender.say(f"{PREFIX}/stranger/up/{kind}", payload)
    sender.say(up_topic(NODE, "chunk"), b"\x00" * 50 * 1024 * 1024)
    sender.say(up_topic(NODE, "offer"), b"\x00" * 50 * 1024 * 1024)
    packet_id, data = good_packet(town)
    sender.send(data, packet_id)
    eventually(lambda: town.packet_ids() == [packet_id], 30, "a good packet gets in after all that")
    town.parts.check()


def test_a_flipped_byte_and_a_wrong_key_are_kept_aside_with_the_reason(town: Town, sender: Sender) -> None:
    packet_id, data = good_packet(town)
    middle = data.index(b"picture") + 3
    sender.send(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :], packet_id)
    eventually(lambda: len(quarantined(town)) == 1, 20, "the altered packet is in quarantine")
    stranger, forged = builder(SigningKey.generate(), node=NODE)(Chain(sequence=1, previous=None))
    sender.send(forged, stranger.packet_id)
    eventually(lambda: len(quarantined(town)) == 2, 20, "the forged packet is in quarantine")
    reasons = sorted(row.reason for row in quarantined(town))
    assert "altered" in reasons[1] or "altered" in reasons[0]
    assert any("key" in reason for reason in reasons)
    sender.send(data, packet_id)
    eventually(lambda: town.packet_ids() == [packet_id], 20, "the good packet gets in")
    assert town.packets() == {packet_id: open_packet(data).container_sha256}
    town.parts.check()
