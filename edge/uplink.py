"""Delivery over MQTT: offer, wanted chunks, signed receipt. The outbox forgets a packet only on a verified receipt.

Paho's thread moves bytes; ours waits on one queue for messages, acknowledgements and wake-ups, with a time-out at which
the next offer or heartbeat is due. Nothing polls.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.outbox import Outbox, OutboxError, Pending
from edge.transfer import Transfers
from evidence.errors import GiaoLoError, PacketError, WireError
from evidence.packet import utc_text
from evidence.receipt import Receipt, read_receipt
from evidence.seal import VerifyKey
from evidence.wire import Health, Offer, Want, decode, down_topic, encode, encode_chunk, parse_topic, up_topic

log = logging.getLogger(__name__)
_MAX_DOWN_BYTES = 256 * 1024
_UNSUPPORTED_PROTOCOL = 132
_REFUSED_V311 = 1
_CONNACK_S = 4.0


class UplinkError(GiaoLoError):
    """The broker cannot be used as configured."""


@dataclass(frozen=True)
class BrokerAddress:
    """`protocol`: `auto` begins with MQTT 5 and falls back to 3.1.1 if the broker refuses it."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    keepalive_s: int = 30


@dataclass(frozen=True)
class _Event:
    kind: Literal["opened", "connected", "refused", "protocol_refused", "lost", "message", "published", "wake"]
    client: mqtt.Client | None = None
    topic: str = ""
    payload: bytes = b""
    mid: int = 0


class Uplink:
    """Delivers one outbox. `start`, `wake` after each commit, `stop`.

    Parameters
    ----------
    centre_key: only receipts signed with it count; None: none does, everything stays in the outbox.
    health: makes the heartbeat.
    on_delivered: called with the seconds from commit to receipt.
    window: chunks that may wait for the broker's acknowledgement at a time.
    """

    def __init__(
        self,
        node: str,
        broker: BrokerAddress,
        outbox: Outbox,
        centre_key: VerifyKey | None,
        *,
        health: Callable[[], Health],
        transfers: Transfers | None = None,
        on_delivered: Callable[[float], None] = lambda seconds: None,
        heartbeat_s: float = 15.0,
        window: int = 4,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.node = node
        self._broker = broker
        self._outbox = outbox
        self._centre_key = centre_key
        self._health = health
        self._transfers = transfers or Transfers()
        self._on_delivered = on_delivered
        self._heartbeat_s = heartbeat_s
        self._window = window
        self._monotonic = monotonic
        self._inbox: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)
        self._version = MQTTProtocolVersion.MQTTv311 if broker.protocol == "3.1.1" else MQTTProtocolVersion.MQTTv5
        self._client: mqtt.Client | None = None
        self._in_flight: set[int] = set()
        self._loaded: tuple[str, bytes] | None = None
        self._next_heartbeat_s = 0.0
        self._outbox_changed = True
        self._opened_s: float | None = None
        self.connected = False
        self._link_error = "broker has not answered yet"
        self._receipt_error = ""

    @property
    def protocol(self) -> str:
        return "5" if self._version == MQTTProtocolVersion.MQTTv5 else "3.1.1"

    def errors(self) -> list[str]:
        """What a person should know about the link now; empty when all is well."""
        return [text for text in ("" if self.connected else self._link_error, self._receipt_error) if text]

    def start(self) -> None:
        self._connect()
        self._thread.start()

    def wake(self) -> None:
        """Something is new in the outbox, or health has changed."""
        self._inbox.put(_Event("wake"))

    def stop(self, timeout_s: float = 5.0) -> None:
        """Say `stopped` and leave. Unsent packets stay in the outbox."""
        self._stop.set()
        self._inbox.put(_Event("wake"))
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self._client is not None:
            if self.connected:
                goodbye = self._health().model_copy(update={"status": "stopped"})
                topic = up_topic(self.node, "health")
                info = self._client.publish(topic, encode(goodbye), qos=1, retain=True)
                try:
                    info.wait_for_publish(timeout=2.0)
                except (ValueError, RuntimeError):
                    log.warning("broker lost while stopping")
            self._client.disconnect()
            self._client.loop_stop()

    # --- paho's thread -------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        broker = self._broker
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"giaolo-{self.node}", protocol=self._version)
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            try:
                ca, cert, key = (str(f) if f else None for f in (broker.ca_file, broker.cert_file, broker.key_file))
                client.tls_set(ca_certs=ca, certfile=cert, keyfile=key)
            except (OSError, ValueError) as error:
                raise UplinkError(
                    f"TLS files cannot be used: {error}",
                    where=str(broker.ca_file or broker.cert_file),
                    remedy="correct broker.ca_file, cert_file and key_file",
                ) from error
        lost = Health(node=self.node, status="lost", at=utc_text(datetime.now(UTC)))
        client.will_set(up_topic(self.node, "health"), encode(lost), qos=1, retain=True)
        client.reconnect_delay_set(1, 30)
        client.max_queued_messages_set(64)
        answered = threading.Event()

        def on_connect(c: mqtt.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
            answered.set()
            if not reason.is_failure:
                c.subscribe(down_topic(self.node, "#"), qos=1)
                self._inbox.put(_Event("connected", c))
            elif reason.value in (_UNSUPPORTED_PROTOCOL, _REFUSED_V311):
                self._inbox.put(_Event("protocol_refused", c))
            else:
                self._link_error = f"broker {broker.host}:{broker.port} refuses: {reason}"
                self._inbox.put(_Event("refused", c))

        def on_disconnect(c: mqtt.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
            # A broker that knows no MQTT 5 may just hang up on its CONNECT.
            refused = not answered.is_set()
            answered.clear()
            self._inbox.put(_Event("protocol_refused" if refused else "lost", c))

        def on_connect_fail(c: mqtt.Client, _: Any) -> None:
            self._link_error = f"broker {broker.host}:{broker.port} does not answer"

        def on_message(c: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
            self._inbox.put(_Event("message", c, message.topic, bytes(message.payload)))

        def on_publish(c: mqtt.Client, _: Any, mid: int, reason: Any, __: Any) -> None:
            if reason.is_failure:
                self._link_error = f"broker refuses our messages: {reason}"
                log.error("broker refused a message reason=%s", reason)
            self._inbox.put(_Event("published", c, mid=mid))

        client.on_connect, client.on_disconnect, client.on_connect_fail = on_connect, on_disconnect, on_connect_fail
        client.on_message, client.on_publish = on_message, on_publish
        client.on_socket_open = lambda c, _, __: self._inbox.put(_Event("opened", c))
        self._client = client
        self._in_flight.clear()
        properties = None
        if self._version == MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = 2 * _MAX_DOWN_BYTES  # the broker keeps larger messages to itself
        client.connect_async(broker.host, broker.port, keepalive=broker.keepalive_s, properties=properties)
        client.loop_start()

    # --- our thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._handle(self._inbox.get(timeout=self._wait_s()))
            except queue.Empty:
                pass
            except Exception:
                # Whatever a message or the disk did: the uplink goes on, the packet is still in the outbox.
                log.exception("uplink fault")
            try:
                self._tick()
            except Exception:
                log.exception("uplink fault")
                self._stop.wait(1.0)

    def _wait_s(self) -> float:
        now = self._monotonic()
        if self._opened_s is not None:
            return max(self._opened_s + _CONNACK_S - now, 0.01)
        until_heartbeat = max(0.0, self._next_heartbeat_s - now) if self.connected else self._heartbeat_s
        due = self._transfers.wait_s(now)
        if not self.connected or due is None or (due == 0.0 and len(self._in_flight) >= self._window):
            return max(until_heartbeat, 0.01)
        return max(min(due, until_heartbeat), 0.01)

    def _handle(self, event: _Event) -> None:
        if event.client is not None and event.client is not self._client:
            return  # a client that we gave up
        if event.kind in ("connected", "refused", "protocol_refused", "lost"):
            self._opened_s = None
        if event.kind == "wake":
            self._outbox_changed = True
            self._next_heartbeat_s = 0.0
        elif event.kind == "opened":
            self._opened_s = self._monotonic()
        elif event.kind == "published":
            self._in_flight.discard(event.mid)
        elif event.kind == "connected":
            self.connected, self._link_error = True, ""
            self._next_heartbeat_s = 0.0
            self._in_flight.clear()
            self._transfers.reconnected()
            log.info("broker connected host=%s protocol=%s", self._broker.host, self.protocol)
        elif event.kind == "lost":
            if self.connected:
                self._link_error = f"connection to broker {self._broker.host}:{self._broker.port} lost"
            self.connected = False
            log.warning("broker lost host=%s %s", self._broker.host, self._link_error)
        elif event.kind == "protocol_refused":
            self._change_protocol()
        elif event.kind == "message":
            self._message(event.topic, event.payload)

    def _change_protocol(self) -> None:
        self.connected = False
        self._link_error = f"broker {self._broker.host}:{self._broker.port} does not speak MQTT {self.protocol}"
        if self._broker.protocol != "auto":
            log.error("%s", self._link_error)
            return
        v5 = self._version == MQTTProtocolVersion.MQTTv5
        self._version = MQTTProtocolVersion.MQTTv311 if v5 else MQTTProtocolVersion.MQTTv5
        log.warning("%s: trying MQTT %s", self._link_error, self.protocol)
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
        self._stop.wait(0.5)
        if not self._stop.is_set():
            self._connect()

    def _message(self, topic: str, payload: bytes) -> None:
        if len(payload) > _MAX_DOWN_BYTES:
            log.error("message dropped topic=%s bytes=%d: too large for want or receipt", topic, len(payload))
            return
        try:
            _, _, kind = parse_topic(topic)
            if kind == "want":
                want = decode(Want, payload, where=topic)
                if not self._transfers.want(want, self._monotonic()):
                    log.debug("want for a packet that is not here packet=%s", want.packet_id)
            elif kind == "receipt":
                if self._centre_key is None:
                    raise PacketError("there is no key to verify it with", where="receipt")
                self._receipt(read_receipt(payload, self._centre_key))
        except WireError as error:
            log.error("message dropped %s", error)
        except PacketError as error:
            self._receipt_error = f"receipt refused: {error}; check centre_public_key"
            log.error("receipt refused %s", error)

    def _receipt(self, receipt: Receipt) -> None:
        if receipt.node != self.node:
            log.error("receipt for another node node=%s packet=%s", receipt.node, receipt.packet_id)
            return
        known = {p.packet_id: p for p in self._outbox.pending()}.get(receipt.packet_id)
        done = self._outbox.acknowledge(receipt) if receipt.delivered else self._outbox.refuse(receipt)
        if not done:
            log.error("receipt does not fit packet=%s status=%s", receipt.packet_id, receipt.status)
            return
        self._receipt_error = ""
        self._transfers.receipt(receipt.packet_id, self._monotonic())
        self._outbox_changed = True
        if not receipt.delivered:
            log.error("packet %s packet=%s reason=%s", receipt.status, receipt.packet_id, receipt.reason)
        elif known is not None:
            waited_s = (datetime.now(UTC) - datetime.fromisoformat(known.created_at)).total_seconds()
            self._on_delivered(waited_s)
            log.info("packet delivered packet=%s after_s=%.1f", receipt.packet_id, waited_s)

    def _tick(self) -> None:
        now = self._monotonic()
        if self._opened_s is not None and now - self._opened_s >= _CONNACK_S:
            # A broker that knows no MQTT 5 may also wait for ever for the rest of its CONNECT.
            self._opened_s = None
            self._change_protocol()
        client = self._client
        if not self.connected or client is None:
            return
        if now >= self._next_heartbeat_s:
            self._next_heartbeat_s = now + self._heartbeat_s
            client.publish(up_topic(self.node, "health"), encode(self._health()), qos=1, retain=True)
            self._outbox_changed = True
        if self._outbox_changed:
            self._transfers.sync(self._outbox.pending())
            self._outbox_changed = False
        for offer in self._transfers.due_offers(now):
            client.publish(up_topic(self.node, "offer"), encode(offer), qos=1)
        while len(self._in_flight) < self._window:
            chunk = self._transfers.next_chunk(self._monotonic())
            if chunk is None:
                break
            self._send_chunk(client, *chunk)

    def _send_chunk(self, client: mqtt.Client, packet: Pending, offer: Offer, index: int) -> None:
        if self._loaded is None or self._loaded[0] != packet.packet_id:
            try:
                self._loaded = (packet.packet_id, self._outbox.read(packet))
            except OutboxError as error:
                log.error("packet cannot be sent %s", error)
                self._outbox_changed = True
                return
        info = client.publish(up_topic(self.node, "chunk"), encode_chunk(offer, self._loaded[1], index), qos=1)
        if info.rc in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            self._in_flight.add(info.mid)
        if index == offer.chunks - 1:
            self._loaded = None
