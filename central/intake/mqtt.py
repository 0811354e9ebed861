"""The rim to the broker: paho moves bytes, one worker thread hands them to `Ingest` and publishes its replies.

MQTT 5, with a fall back to 3.1.1 for brokers that know no better (amqtt), never after a session that worked. Nothing
that arrives stops the process: what cannot be understood is logged, counted and forgotten. The session is clean, as no
step relies on the broker's memory.

After each connection one message goes out under the name of a node that does not exist. A broker that delivers it lets
us speak as any node, so it has no rules: that is told, and is an alarm where users are told apart at all.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from central.config import Broker, Limits
from central.intake.ingest import Ingest, Reply
from central.metrics import BROKER, MESSAGES, REFUSED
from central.store.blobs import StoreFull
from common.broker import LoginError, read_password
from common.settings import ConfigError
from evidence.errors import GiaoLoError, WireError
from evidence.wire import PREFIX, Health, Offer, all_up_topic, decode, decode_chunk, down_topic, parse_topic

log = logging.getLogger(__name__)
_UNSUPPORTED_PROTOCOL = (132, 1)
_TAKEN_OVER = 142
_BACK_OFF_S = (30.0, 300.0)
"""After a session was taken over: doubles from the first to the last."""
_PROBE_TOPIC = f"{PREFIX}/giaolo-acl-probe/up/probe"
_CONNACK_S = 4.0
_QUEUE = 256
_QUEUE_WAIT_S = 10.0
_MAINTAIN_S = 60.0
_RETRY_S = 1.0


@dataclass(frozen=True)
class _Event:
    kind: Literal["opened", "connected", "subscribed", "refused", "protocol_refused", "lost", "message", "stop"]
    client: mqtt.Client | None = None
    topic: str = ""
    payload: bytes = b""
    retained: bool = False
    code: int = 0
    text: str = ""


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
        self._connect_at_s: float | None = None
        self._worked = False
        self._takeovers = 0
        # two sessions of one id throw each other out: each process has its own, unless the owner wants it otherwise
        self._client_id = broker.client_id or f"giaolo-centre-{secrets.token_hex(4)}"
        self._probe = secrets.token_bytes(16)
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
        self._connect_at_s = None
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self._client_id, protocol=self._version)
        files = (broker.password_file, broker.tls_ca_file, broker.tls_cert_file, broker.tls_key_file)
        try:
            if broker.username is not None:
                client.username_pw_set(broker.username, read_password(broker.password_file))
            if broker.encrypted:
                ca, cert, key = (
                    str(f) if f else None for f in (broker.tls_ca_file, broker.tls_cert_file, broker.tls_key_file)
                )
                client.tls_set(ca_certs=ca, certfile=cert, keyfile=key)
        except LoginError as error:
            raise ConfigError(error.what, where=f"broker: {error.where}", remedy=error.remedy) from error
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
            # a broker that knows no MQTT 5 may just hang up on its CONNECT; one that did know it has a bad line
            refused = not answered.is_set() and not self._worked
            answered.clear()
            self._put(_Event("protocol_refused" if refused else "lost", c, code=reason.value, text=str(reason)))

        def on_subscribe(c: mqtt.Client, _: Any, __: Any, reasons: Any, ___: Any) -> None:
            bad = next((r for r in reasons if r.is_failure), None)
            self._put(_Event("subscribed", c, code=bad.value if bad else 0, text=str(bad) if bad else ""))

        def on_connect_fail(c: mqtt.Client, _: Any) -> None:
            why = " or fails the TLS check" if broker.encrypted else ""
            text = f"broker {broker.host}:{broker.port} does not answer{why}"
            if text != self.error:
                log.error("%s", text)
            self.error = text

        def on_message(c: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
            if len(message.payload) > self._limits.message_bytes:
                REFUSED.labels("message_too_large").inc()
                log.error("message dropped topic=%r bytes=%d: too large", message.topic[:200], len(message.payload))
                return
            self._put(_Event("message", c, message.topic, bytes(message.payload), message.retain))

        client.on_connect, client.on_disconnect, client.on_connect_fail = on_connect, on_disconnect, on_connect_fail
        client.on_message, client.on_subscribe = on_message, on_subscribe
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
                if self._connect_at_s is not None and time.monotonic() >= self._connect_at_s:
                    self._connect()
                if self._opened_s is not None and time.monotonic() - self._opened_s >= _CONNACK_S:
                    # a broker that knows no MQTT 5 may also wait for ever for the rest of its CONNECT
                    if self._worked:
                        self._renew(1.0)
                    else:
                        self._change_protocol()
                if time.monotonic() >= maintain_at_s:
                    maintain_at_s = time.monotonic() + self._maintain_s
                    self._ingest.maintain()
            except Exception:
                log.exception("ingest maintenance fault")
                self._stop.wait(_RETRY_S)

    def _wait_s(self, maintain_at_s: float) -> float:
        until = maintain_at_s - time.monotonic()
        for at_s in (None if self._opened_s is None else self._opened_s + _CONNACK_S, self._connect_at_s):
            if at_s is not None:
                until = min(until, at_s - time.monotonic())
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
        if event.kind == "subscribed":
            if event.code:
                self.error = f"broker does not let us read {all_up_topic()}: {event.text}; correct its ACL"
                log.error("%s", self.error)
            elif self._client is not None:
                self._client.publish(_PROBE_TOPIC, self._probe, qos=1)
            return
        self._opened_s = None
        if event.kind == "connected":
            self.connected, self.error, self._worked = True, "", True
            BROKER.set(1)
            log.info(
                "broker connected host=%s port=%d protocol=%s", self._broker.host, self._broker.port, self.protocol
            )
        elif event.kind in ("lost", "refused"):
            self.connected = False
            BROKER.set(0)
            if event.code == _TAKEN_OVER:
                self._taken_over()
            self.error = self.error or f"connection to broker {self._broker.host}:{self._broker.port} lost"
            log.warning("%s", self.error)
        elif event.kind == "protocol_refused":
            self._change_protocol()

    def _message(self, event: _Event) -> list[Reply]:
        if event.topic == _PROBE_TOPIC:
            if event.payload == self._probe:
                self._no_rules()
            return []  # that of another process is not ours to judge
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

    def _no_rules(self) -> None:
        """Our message under a node's name came back."""
        text = (
            "the broker lets the centre speak as any node: it has no access rules (docs/examples/broker/acl), so "
            "anybody with access to it may offer packets and say health in another node's name"
        )
        log.warning("%s", text)
        if self._broker.username is not None or self._broker.tls_cert_file is not None:
            self._ingest.alarm("broker_rules", text)

    def _taken_over(self) -> None:
        """Another process came with our id. Fighting helps neither; under an id of our own both can work."""
        pause_s = min(_BACK_OFF_S[0] * 2.0**self._takeovers, _BACK_OFF_S[1])
        self._takeovers += 1
        self.error = (
            f"another client took over our session at broker {self._broker.host}:{self._broker.port} (client id "
            f"{self._client_id}): does a second centre run with this client_id? Going on under another id"
        )
        self._client_id = f"giaolo-centre-{secrets.token_hex(4)}"
        self._renew(pause_s)

    def _renew(self, after_s: float) -> None:
        self.connected, self._opened_s = False, None
        self._close()
        self._connect_at_s = time.monotonic() + after_s

    def _publish(self, reply: Reply) -> None:
        if self._client is not None:
            self._client.publish(down_topic(reply.node, reply.kind), reply.payload, qos=1)

    def _change_protocol(self) -> None:
        self.connected, self._opened_s = False, None
        old = self.protocol
        v5 = self._version == MQTTProtocolVersion.MQTTv5
        self._version = MQTTProtocolVersion.MQTTv311 if v5 else MQTTProtocolVersion.MQTTv5
        what = "hangs up: is a client certificate missing, or does it" if self._broker.encrypted else "does"
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
