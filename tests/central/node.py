"""A node as the wire sees it: it offers, answers wants, keeps receipts. No part of `edge`."""

from __future__ import annotations

import queue
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from evidence.receipt import Receipt, read_receipt
from evidence.seal import VerifyKey
from evidence.wire import Want, decode, down_topic, encode, encode_chunk, parse_topic, up_topic
from tests import waiting
from tests.central.build import NODE, offer_of


def eventually(check: Callable[[], object], timeout_s: float = 20.0, what: str = "") -> None:
    waiting.eventually(check, timeout_s, what)


class WireNode:
    """`with WireNode(port) as node:`; `certificate` is (CA, certificate, key) for TLS."""

    def __init__(self, port: int, *, node: str = NODE, certificate: tuple[Path, Path, Path] | None = None) -> None:
        self.node = node
        self._heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._ready = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        if certificate is not None:
            ca, cert, key = map(str, certificate)
            self.client.tls_set(ca_certs=ca, certfile=cert, keyfile=key, cert_reqs=ssl.CERT_REQUIRED)

        def on_connect(client: mqtt.Client, *_: Any) -> None:
            client.subscribe(down_topic(node, "#"), qos=1)

        self.client.on_connect = on_connect
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_disconnect = lambda *_: self._ready.clear()
        self.client.on_message = lambda _, __, m: self._heard.put((parse_topic(m.topic)[2], bytes(m.payload)))
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)

    def __enter__(self) -> WireNode:
        self.client.loop_start()
        self.wait_connected()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def wait_connected(self) -> None:
        assert self._ready.wait(200), "the broker does not answer"

    def say(self, kind: str, payload: bytes) -> None:
        self.client.publish(up_topic(self.node, kind), payload, qos=1).wait_for_publish(20)  # type: ignore[arg-type]

    def hear(self, timeout_s: float = 20.0) -> tuple[str, bytes] | None:
        """The next message of the centre as (kind, payload); None when there is none in time."""
        try:
            return self._heard.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def offer(self, data: bytes, *, packet_id: str | None = None, chunk_bytes: int = 64 * 1024) -> None:
        self.say("offer", encode(offer_of(data, packet_id=packet_id, chunk_bytes=chunk_bytes)))

    def want(self, timeout_s: float = 20.0) -> Want:
        heard = self.hear(timeout_s)
        assert heard is not None
        assert heard[0] == "want"
        return decode(Want, heard[1], where="test")

    def chunks(self, data: bytes, indexes: list[int], *, packet_id: str | None = None) -> None:
        offer = offer_of(data, packet_id=packet_id)
        for index in indexes:
            self.say("chunk", encode_chunk(offer, data, index))

    def deliver(self, data: bytes, key: VerifyKey, *, packet_id: str | None = None, timeout_s: float = 60.0) -> Receipt:
        """Do as the centre asks until it gives its receipt; the offer is repeated, as a node repeats it."""
        end = time.monotonic() + timeout_s
        self.offer(data, packet_id=packet_id)
        while time.monotonic() < end:
            heard = self.hear(2.0)
            if heard is None:
                self.offer(data, packet_id=packet_id)
            elif heard[0] == "receipt":
                return read_receipt(heard[1], key)
            else:
                want = decode(Want, heard[1], where="test")
                wanted = [i for first, last in want.ranges for i in range(first, last + 1)]
                self.chunks(data, wanted, packet_id=packet_id)
        raise AssertionError("no receipt")
