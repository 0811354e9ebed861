"""A real Mosquitto for a test, and a small centre that follows evidence/wire.py."""

from __future__ import annotations

import getpass
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from evidence.canonical import sha256_hex
from evidence.container import open_packet
from evidence.receipt import Receipt, ReceiptStatus, sign_receipt
from evidence.seal import SigningKey
from evidence.wire import Health, Offer, Want, all_up_topic, decode, decode_chunk, down_topic, encode, parse_topic
from tests import waiting

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(check: Callable[[], object], timeout_s: float = 15.0, what: str = "") -> None:
    waiting.eventually(check, timeout_s, what)


class Mosquitto:
    """Started and killed at will on one port; remembers nothing."""

    def __init__(self, folder: Path, extra: str = "allow_anonymous true\n") -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\npersistence false\nuser {getpass.getuser()}\n{extra}")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually(self._listens, what="mosquitto listens")

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5):
                return True
        except OSError:
            return False


class FakeCentre:
    """Collects chunks, answers with signed receipts. `drop` decides which chunks it pretends not to have seen."""

    def __init__(self, port: int, key: SigningKey, **options: Any) -> None:
        self.key = key
        self.status: ReceiptStatus = options.get("status", "stored")
        self.drop: Callable[[int], bool] = options.get("drop", lambda index: False)
        self.answers: bool = options.get("answers", True)
        self.received: dict[str, dict[int, bytes]] = {}
        self.offers: dict[str, Offer] = {}
        self.offer_count: dict[str, int] = {}
        self.chunk_count: dict[tuple[str, int], int] = {}
        self.stored: dict[str, bytes] = {}
        self.health: list[Health] = []
        self.retained: list[Health] = []
        self._lock = threading.Lock()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="centre")
        self._client.on_connect = lambda c, *_: c.subscribe(all_up_topic(), qos=1)
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def connected(self) -> bool:
        return self._client.is_connected()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        node, _, kind = parse_topic(message.topic)
        if kind == "health":
            self.health.append(decode(Health, message.payload, where=message.topic))
            if message.retain:  # said before we asked
                self.retained.append(self.health[-1])
        elif kind == "offer":
            offer = decode(Offer, message.payload, where=message.topic)
            if self.offers.get(offer.packet_id) != offer:
                self.received.pop(offer.packet_id, None)  # as the centre does: other chunks, another transfer
            self.offers[offer.packet_id] = offer
            self.offer_count[offer.packet_id] = self.offer_count.get(offer.packet_id, 0) + 1
            if self.answers:
                self._answer(node, offer)
        elif kind == "chunk":
            chunk = decode_chunk(message.payload, where=message.topic)
            place = (chunk.header.packet_id, chunk.header.index)
            self.chunk_count[place] = self.chunk_count.get(place, 0) + 1
            if self.drop(chunk.header.index) and self.chunk_count[place] == 1:
                return
            self.received.setdefault(place[0], {})[place[1]] = chunk.data
            offer = self.offers[place[0]]
            if self.answers and len(self.received[place[0]]) == offer.chunks:
                self._answer(node, offer)

    def _answer(self, node: str, offer: Offer) -> None:
        parts = self.received.get(offer.packet_id, {})
        missing = [i for i in range(offer.chunks) if i not in parts]
        if missing:
            want = Want(
                packet_id=offer.packet_id, container_sha256=offer.container_sha256, ranges=[(i, i) for i in missing]
            )
            self._client.publish(down_topic(node, "want"), encode(want), qos=1)
            return
        container = b"".join(parts[i] for i in range(offer.chunks))
        assert sha256_hex(container) == offer.container_sha256
        self.stored[offer.packet_id] = container
        receipt = Receipt(
            node=node,
            packet_id=offer.packet_id,
            packet_digest=open_packet(container).manifest.digest,
            container_sha256=offer.container_sha256,
            status=self.status,
            reason="" if self.status in ("stored", "duplicate") else "kept aside",
            centre="centre-1",
            at=datetime.now(UTC),
        )
        self._client.publish(down_topic(node, "receipt"), sign_receipt(receipt, self.key).to_bytes(), qos=1)
