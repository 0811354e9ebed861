"""The rim to the broker: paho moves bytes, one worker thread hands them to `Ingest` and publishes its replies.

MQTT 5, with a fall back to 3.1.1 for brokers that know no better (amqtt). Nothing that arrives stops the process: what
cannot be understood is logged, counted and forgotten. The session is clean, as no step relies on the broker's memory.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from dataclasses import dataclass
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from central.config import Broker, ConfigError, Limits
from central.ingest import Ingest, Reply
from central.metrics import BROKER, MESSAGES, REFUSED
from central.store import StoreFull
from evidence.errors import GiaoLoError, WireError
from evidence.wire import Health, Offer, all_up_topic, decode, decode_chunk, down_topic, parse_topic

log = logging.getLogger(__name__)
_UNSUPPORTED_PROTOCOL = (132, 1)
_CONNACK_S = 4.0
_QUEUE = 256
_QUEUE_WAIT_S = 10.0
_MAINTAIN_S = 60.0
_RETRY_S = 1.0


@dataclass(frozen=True)
class _Event:
    kind: Literal["opened", "connected", "refused", "protocol_refused", "lost", "message", "stop"]
    client: mqtt.Client | None = None
    topic: str = ""
    payload: bytes = b""
    retained: bool = False


class MqttIngest:
    """Runs until `stop`. `connected` and `error` are for the health page."""

    def __init__(self, broker: Broker, limits: Limits, ingest: Ingest, *, maintain_s: float = _MAINTAIN_S) -> None:
        self._broker, self._limits, self._ingest, self._maintain_s = broker, limits, ingest, maintain_s
        self._events: queue.Queue[_Event] = queue.Queue(maxsize=_QUEUE)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._version = MQTTProtocolVersion.MQTTv5
        self._client: mqtt.Client | None = None
        self._opened_s: float | None = None
        self.connected = False
        self.error = "broker has not answered yet"

    @property
    def protocol(self) -> str:
        return "5" if self._version == MQTTProtocolVersion.MQTTv5 else "3.1.1"

    def start(self) -> None:
        """Connect in the background, for ever. Raises `ConfigError` for TLS or password files that cannot be used."""
        self._connect()
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the message in hand and leave; partial transfers stay on disk."""
        self._stop.set()
        with contextlib.suppress(queue.Full):  # then the worker is awake anyway
            self._events.put_nowait(_Event("stop"))
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self._close()
        BROKER.set(0)

    # --- paho's thread -------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        broker = self._broker
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=broker.client_id, protocol=self._version)
        files = (broker.password_file, broker.tls_ca_file, broker.tls_cert_file, broker.tls_key_file)
        try:
            if broker.username is not None:
                password = broker.password_file.read_text().strip() if broker.password_file else None
                client.username_pw_set(broker.username, password)
            if broker.tls_ca_file is not None:
                cert, key = (str(f) if f else None for f in (broker.tls_cert_file, broker.tls_key_file))
                client.tls_set(ca_certs=str(broker.tls_ca_file), certfile=cert, keyfile=key)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"cannot be used: {error}",
                where="broker: " + ", ".join(str(f) for f in files if f is not None),
                remedy="check these files",
            ) from error
        client.reconnect_delay_set(1, 15)
        answered = threading.Event()

        def on_connect(c: mqtt.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
            answered.set()
            if not reason.is_failure:
                c.subscribe(all_up_topic(), qos=1)
                self._put(_Event("connected", c))
            elif reason.value in _UNSUPPORTED_PROTOCOL:
                self._put(_Event("protocol_refused", c))
            else:
                self.error = f"broker {broker.host}:{broker.port} refuses: {reason}"
                self._put(_Event("refused", c))

        def on_disconnect(c: mqtt.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
            # a broker that knows no MQTT 5 may just hang up on its CONNECT
            refused = not answered.is_set()
            answered.clear()
            self._put(_Event("protocol_refused" if refused else "lost", c))

        def on_connect_fail(c: mqtt.Client, _: Any) -> None:
            why = " or fails the TLS check" if broker.tls_ca_file is not None else ""
            text = f"broker {broker.host}:{broker.port} does not answer{why}"
            if text != self.error:
                log.error("%s", text)
            self.error = text

        def on_message(c: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
            if len(message.payload) > self._limits.message_bytes:
                REFUSED.labels("message_too_large").inc()
                log.error("message dropped topic=%s bytes=%d: too large", message.topic[:200], len(message.payload))
                return
            self._put(_Event("message", c, message.topic, bytes(message.payload), message.retain))

        client.on_connect, client.on_disconnect, client.on_connect_fail = on_connect, on_disconnect, on_connect_fail
        client.on_message = on_message
        client.on_socket_open = lambda c, _, __: self._put(_Event("opened", c))
        self._client = client
        properties = None
        if self._version == MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            # the broker keeps larger messages to itself
            properties.MaximumPacketSize = self._limits.message_bytes + 4096
        client.connect_async(broker.host, broker.port, keepalive=broker.keepalive_s, properties=properties)
        client.loop_start()

    def _put(self, event: _Event) -> None:
        """Waiting here lets TCP hold back a flood; what waits too long is dropped, its node offers it again."""
        try:
            self._events.put(event, timeout=_QUEUE_WAIT_S)
        except queue.Full:
            REFUSED.labels("overload").inc()

    # --- the worker ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        maintain_at_s = time.monotonic()
        while not self._stop.is_set():
            try:
                self._handle(self._events.get(timeout=self._wait_s(maintain_at_s)))
            except queue.Empty:
                pass
            except GiaoLoError as error:
                REFUSED.labels("no_room" if isinstance(error, StoreFull) else "fault").inc()
                log.error("%s", error)
            except Exception:
                log.exception("ingest fault")  # e.g. the database is away: no receipt, the node offers again
            try:
                if self._opened_s is not None and time.monotonic() - self._opened_s >= _CONNACK_S:
                    # a broker that knows no MQTT 5 may also wait for ever for the rest of its CONNECT
                    self._change_protocol()
                if time.monotonic() >= maintain_at_s:
                    maintain_at_s = time.monotonic() + self._maintain_s
                    self._ingest.maintain()
            except Exception:
                log.exception("ingest maintenance fault")
                self._stop.wait(_RETRY_S)

    def _wait_s(self, maintain_at_s: float) -> float:
        until = maintain_at_s - time.monotonic()
        if self._opened_s is not None:
            until = min(until, self._opened_s + _CONNACK_S - time.monotonic())
        return max(until, 0.01)

    def _handle(self, event: _Event) -> None:
        if event.client is not None and event.client is not self._client:
            return  # a client that was given up
        if event.kind == "opened":
            self._opened_s = time.monotonic()
            return
        if event.kind == "message":
            for reply in self._message(event):
                self._publish(reply)
            return
        self._opened_s = None
        if event.kind == "connected":
            self.connected, self.error = True, ""
            BROKER.set(1)
            log.info(
                "broker connected host=%s port=%d protocol=%s", self._broker.host, self._broker.port, self.protocol
            )
        elif event.kind in ("lost", "refused"):
            self.connected = False
            BROKER.set(0)
            self.error = self.error or f"connection to broker {self._broker.host}:{self._broker.port} lost"
            log.warning("%s", self.error)
        elif event.kind == "protocol_refused":
            self._change_protocol()

    def _message(self, event: _Event) -> list[Reply]:
        try:
            node, direction, kind = parse_topic(event.topic)
            if direction != "up":
                raise WireError("is not a topic for the centre", where=event.topic[:200])
            MESSAGES.labels(kind).inc()
            if kind == "offer":
                return self._ingest.offer(node, decode(Offer, event.payload, where=event.topic))
            if kind == "chunk":
                return self._ingest.chunk(node, decode_chunk(event.payload, where=event.topic))
            if kind == "health":
                self._ingest.health(node, decode(Health, event.payload, where=event.topic), retained=event.retained)
                return []
            raise WireError("is not a topic for the centre", where=event.topic[:200])
        except WireError as error:
            REFUSED.labels("malformed").inc()
            log.error("message dropped %s", str(error)[:500])
            return []

    def _publish(self, reply: Reply) -> None:
        if self._client is not None:
            self._client.publish(down_topic(reply.node, reply.kind), reply.payload, qos=1)

    def _change_protocol(self) -> None:
        self.connected, self._opened_s = False, None
        old = self.protocol
        v5 = self._version == MQTTProtocolVersion.MQTTv5
        self._version = MQTTProtocolVersion.MQTTv311 if v5 else MQTTProtocolVersion.MQTTv5
        what = "hangs up: is a client certificate missing, or does it" if self._broker.tls_ca_file else "does"
        self.error = f"broker {self._broker.host}:{self._broker.port} {what} not speak MQTT {old}"
        log.warning("%s: trying MQTT %s", self.error, self.protocol)
        self._close()
        self._stop.wait(0.5)
        if not self._stop.is_set():
            self._connect()

    def _close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            client.disconnect()
            client.loop_stop()
