"""Delivery over MQTT: offer, wanted chunks, signed receipt. The outbox forgets a packet only on a verified receipt.

Paho's thread moves bytes (`edge.delivery.link`); ours waits on one queue for messages, acknowledgements and wake-ups,
with a time-out at which the next offer or heartbeat is due. Nothing polls.

Brokers as they are: chunks fit what the broker takes, as it says itself (CONNACK, DISCONNECT 149) or as drops show; a
session taken over is told and backed off from; a broker that once spoke a version of MQTT is not tried with another one
because a line broke; offers that nobody answers are an error, not silence.
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTProtocolVersion

from edge.delivery.link import (
    MAX_DOWN_BYTES,
    TAKEN_OVER,
    TOO_LARGE,
    BrokerAddress,
    Event,
    UplinkError,
    close_client,
    open_client,
    sent,
)
from edge.delivery.outbox import Outbox, OutboxError, Pending
from edge.delivery.transfer import Transfers
from evidence.errors import PacketError, WireError
from evidence.receipt import Receipt, read_receipt
from evidence.seal import VerifyKey
from evidence.wire import Health, Offer, Want, decode, down_topic, encode, encode_chunk, parse_topic, up_topic

__all__ = ["BrokerAddress", "Uplink", "UplinkError", "fitted"]

log = logging.getLogger(__name__)
_CONNACK_S = 4.0
_CHUNK_MARGIN = 4 * 1024
"""Topic, properties and header of a chunk message: 600 bytes; the rest is room for what brokers add."""
_DROPS = 2
"""Connections lost in a row while a chunk was on its way and before any had arrived: then it is the size."""
_BACK_OFF_S = (30.0, 300.0)
"""After a session was taken over: doubles from the first to the last."""
_SHORT_SESSIONS, _SHORT_S = 4, 5.0
"""So many sessions in a row, none longer than so many seconds: many brokers throw out without saying 142."""
_RETRY_FILES_S = 30.0
_SETTLED_S = 30.0
"""A connection must be so old before silence on it means anything."""
_LOW_WATER = 64
"""With so few transfers known, the outbox is looked at again: it may hold more than was asked for at once."""


class Uplink:
    """Delivers one outbox. `start`, `wake` after each commit, `stop`.

    Parameters
    ----------
    centre_key: only receipts signed with it count; None: none does, everything stays in the outbox.
    health: makes the heartbeat.
    on_delivered: called with the seconds from commit to receipt.
    window: chunks that may wait for the broker's acknowledgement at a time.
    client_id: of the MQTT session; two sessions of one id throw each other out. None: a new one.
    unanswered_s: offers without any answer for so long are told as an error.
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
        client_id: str | None = None,
        unanswered_s: float = 300.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.node = node
        self._broker = broker
        self._outbox = outbox
        self._centre_key = centre_key
        self._health = health
        self._transfers = Transfers() if transfers is None else transfers
        self._on_delivered = on_delivered
        self._heartbeat_s = heartbeat_s
        self._window = window
        self._client_id = client_id or f"giaolo-{node}-{secrets.token_hex(4)}"
        self._unanswered_s = unanswered_s
        self._monotonic = monotonic
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)
        self._version = MQTTProtocolVersion.MQTTv311 if broker.protocol == "3.1.1" else MQTTProtocolVersion.MQTTv5
        self._client: mqtt.Client | None = None
        self._in_flight: set[int] = set()
        self._unacked: set[int] = set()  # as above, also those that paho repeats after a reconnect
        self._loaded: tuple[str, bytes] | None = None
        self._next_heartbeat_s = 0.0
        self._outbox_changed = True
        self._opened_s: float | None = None
        self._connect_at_s: float | None = None
        self._connected_s = 0.0
        self._worked = False
        self._limit: int | None = None
        self._chunk_arrived = False
        self._drops = 0
        self._takeovers = self._short = 0
        self.connected = False
        self._link_error = "broker has not answered yet"
        self._receipt_error = self._rights_error = self._size_error = self._takeover_error = ""

    @property
    def protocol(self) -> str:
        return "5" if self._version == MQTTProtocolVersion.MQTTv5 else "3.1.1"

    def errors(self) -> list[str]:
        """What a person should know about the link now; empty when all is well."""
        link = "" if self.connected else self._link_error
        told = (link, self._takeover_error, self._rights_error, self._size_error, self._silence(), self._receipt_error)
        return [text for text in told if text]

    def start(self) -> None:
        """Connect in the background. Raises `UplinkError` for files that cannot be used; they are tried again."""
        try:
            self._connect()
        finally:
            self._thread.start()

    def wake(self) -> None:
        """Something is new in the outbox, or health has changed."""
        self._inbox.put(Event("wake"))

    def stop(self, timeout_s: float = 5.0) -> None:
        """Say `stopped` and leave. Unsent packets stay in the outbox."""
        self._stop.set()
        self._inbox.put(Event("wake"))
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self._client is not None:
            if self.connected:
                goodbye = self._health().model_copy(update={"status": "stopped"})
                topic = up_topic(self.node, "health")
                info = self._client.publish(topic, fitted(goodbye, self._limit), qos=1, retain=True)
                try:
                    info.wait_for_publish(timeout=2.0)
                except (ValueError, RuntimeError):
                    log.warning("broker lost while stopping")
            close_client(self._client)

    # --- the connection ------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        def unreachable() -> None:
            self._link_error = f"broker {self._broker.name} does not answer"

        self._connect_at_s = None
        try:
            self._client = open_client(
                self.node,
                self._client_id,
                self._broker,
                self._version,
                self._inbox,
                may_change_protocol=lambda: not self._worked,
                on_unreachable=unreachable,
            )
        except UplinkError as error:
            self._link_error = str(error)
            self._connect_at_s = self._monotonic() + _RETRY_FILES_S
            raise
        self._in_flight.clear()
        self._unacked.clear()

    def _renew(self, after_s: float) -> None:
        """Give up this connection with all that paho holds for it, and make another one later."""
        self.connected, self._opened_s = False, None
        if self._client is not None:
            client, self._client = self._client, None
            close_client(client)
        self._connect_at_s = self._monotonic() + after_s

    def _change_protocol(self) -> None:
        self._link_error = f"broker {self._broker.name} does not speak MQTT {self.protocol}"
        if self._broker.protocol != "auto":
            self.connected = False
            log.error("%s", self._link_error)
            return
        v5 = self._version == MQTTProtocolVersion.MQTTv5
        self._version = MQTTProtocolVersion.MQTTv311 if v5 else MQTTProtocolVersion.MQTTv5
        log.warning("%s: trying MQTT %s", self._link_error, self.protocol)
        self._renew(0.5)

    def _opened(self, limit: int | None) -> None:
        self.connected, self._link_error, self._worked = True, "", True
        self._limit = limit
        self._connected_s = self._monotonic()
        self._next_heartbeat_s = 0.0
        self._in_flight.clear()
        self._transfers.reconnected()
        if limit is not None:
            self._transfers.limit_chunks(limit - _CHUNK_MARGIN)
            small = limit < 2 * Transfers.SMALLEST
            self._size_error = (
                f"broker {self._broker.name} takes messages of {limit} bytes only: raise it" if small else ""
            )
        log.info("broker connected host=%s protocol=%s limit=%s", self._broker.host, self.protocol, limit)
        self._ask_for_an_answer()

    def _lost(self, code: int, text: str) -> None:
        if self.connected:
            why = f" ({text})" if code else ""
            self._link_error = f"connection to broker {self._broker.name} lost{why}"
        short = self.connected and self._monotonic() - self._connected_s < _SHORT_S
        self._short = self._short + 1 if short else 0
        was_sending = bool(self._unacked)
        self.connected = False
        if code == TAKEN_OVER:
            self._taken_over()
        elif code == TOO_LARGE or (was_sending and not self._chunk_arrived):
            self._drops += 1
            if code == TOO_LARGE or self._drops >= _DROPS:
                self._smaller_chunks("as it says" if code == TOO_LARGE else "it drops the connection after each chunk")
        elif self._short >= _SHORT_SESSIONS:
            self._short = 0
            self._link_error += " within seconds, again and again: does another client use our id? Taking a new one"
            self._client_id = f"giaolo-{self.node}-{secrets.token_hex(4)}"
            self._renew(1.0)
        log.warning("broker lost host=%s %s", self._broker.host, self._link_error)

    def _taken_over(self) -> None:
        """Somebody else came with our id: a copy of this box, or a second process. Fighting helps neither."""
        pause_s = min(_BACK_OFF_S[0] * 2.0**self._takeovers, _BACK_OFF_S[1])
        self._takeovers += 1
        self._takeover_error = (
            f"another client took over our session at broker {self._broker.name} (client id {self._client_id}): does a "
            f"second process or a copy of this box run as node {self.node}? Going on under another id"
        )
        self._link_error = self._takeover_error
        self._client_id = f"giaolo-{self.node}-{secrets.token_hex(4)}"
        self._renew(pause_s)

    def _smaller_chunks(self, why: str) -> None:
        self._drops, self._chunk_arrived, self._loaded = 0, False, None
        before = self._transfers.chunk_bytes
        if self._transfers.limit_chunks(before // 2):
            self._link_error = f"broker {self._broker.name} does not take chunks of {before} bytes, {why}"
            log.warning("%s: chunks of %d bytes now", self._link_error, self._transfers.chunk_bytes)
        else:
            self._size_error = f"broker {self._broker.name} does not even take chunks of {before} bytes, {why}"
            log.error("%s", self._size_error)
        # paho would send the chunk that did not fit again and again
        self._renew(1.0)

    # --- our thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._handle(self._inbox.get(timeout=self._wait_s()))
            except queue.Empty:
                pass
            except OutboxError as error:
                log.error("%s", error)  # full or locked: the packet is still there and is offered again
            except Exception:
                # Whatever a message or the disk did: the uplink goes on, the packet is still in the outbox.
                log.exception("uplink fault")
            try:
                self._tick()
            except UplinkError as error:
                log.error("%s", error)
            except Exception:
                log.exception("uplink fault")
                self._stop.wait(1.0)

    def _wait_s(self) -> float:
        now = self._monotonic()
        if self._connect_at_s is not None:
            return max(self._connect_at_s - now, 0.01)
        if self._opened_s is not None:
            return max(self._opened_s + _CONNACK_S - now, 0.01)
        until_heartbeat = max(0.0, self._next_heartbeat_s - now) if self.connected else self._heartbeat_s
        due = self._transfers.wait_s(now)
        if not self.connected or due is None or (due == 0.0 and len(self._in_flight) >= self._window):
            return max(until_heartbeat, 0.01)
        return max(min(due, until_heartbeat), 0.01)

    def _handle(self, event: Event) -> None:
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
            self._published(event)
        elif event.kind == "connected":
            self._opened(event.limit)
        elif event.kind == "subscribed":
            topic = down_topic(self.node, "#")
            self._rights_error = (
                f"broker does not let us read {topic}: {event.text}; correct its ACL" if event.code else ""
            )
        elif event.kind == "refused":
            self._link_error = f"broker {self._broker.name} refuses: {event.text}"
        elif event.kind == "lost":
            self._lost(event.code, event.text)
        elif event.kind == "protocol_refused":
            self._change_protocol()
        elif event.kind == "message":
            self._message(event.topic, event.payload)

    def _published(self, event: Event) -> None:
        if event.code:
            self._rights_error = f"broker refuses our messages: {event.text}; correct its ACL or limits"
            log.error("broker refused a message reason=%s", event.text)
        elif event.mid in self._unacked:
            self._chunk_arrived, self._drops = True, 0
        self._in_flight.discard(event.mid)
        self._unacked.discard(event.mid)

    def _message(self, topic: str, payload: bytes) -> None:
        if len(payload) > MAX_DOWN_BYTES:
            log.error("message dropped topic=%r bytes=%d: too large for want or receipt", topic[:200], len(payload))
            return
        try:
            _, _, kind = parse_topic(topic)
            if kind == "want":
                self._want(decode(Want, payload, where=topic))
            elif kind == "receipt":
                if self._centre_key is None:
                    raise PacketError("there is no key to verify it with", where="receipt")
                self._receipt(read_receipt(payload, self._centre_key))
        except WireError as error:
            log.error("message dropped %s", error)
        except PacketError as error:
            self._receipt_error = f"receipt refused: {error}; check centre_public_key"
            log.error("receipt refused %s", error)

    def _want(self, want: Want) -> None:
        if self._transfers.want(want, self._monotonic()):
            return
        head = self._outbox.newest()
        if head is not None and (head.packet_id, head.container_sha256) == (want.packet_id, want.container_sha256):
            # we hold its receipt, and it asks for the bytes: it has lost them
            log.error("the centre has lost a packet that it had receipted packet=%s: sending it again", want.packet_id)
            self._outbox.resend(head.sequence, head.sequence)
            self._outbox_changed = True
            return
        log.debug("want for a packet that is not here packet=%s", want.packet_id)

    def _receipt(self, receipt: Receipt) -> None:
        if receipt.node != self.node:
            log.error("receipt for another node node=%s packet=%s", receipt.node, receipt.packet_id)
            return
        if not receipt.kept:
            log.error("the centre kept nothing packet=%s reason=%s", receipt.packet_id, receipt.reason)
            return
        known = self._transfers.packet(receipt.packet_id)
        done = self._outbox.acknowledge(receipt) if receipt.delivered else self._outbox.refuse(receipt)
        if not done:
            log.error("receipt does not fit packet=%s status=%s", receipt.packet_id, receipt.status)
            return
        self._receipt_error = ""
        self._transfers.receipt(receipt.packet_id, self._monotonic())
        self._outbox_changed = self._outbox_changed or len(self._transfers) < _LOW_WATER
        if not receipt.delivered:
            log.error("packet %s packet=%s reason=%s", receipt.status, receipt.packet_id, receipt.reason)
        elif known is not None:
            waited_s = (datetime.now(UTC) - datetime.fromisoformat(known.created_at)).total_seconds()
            self._on_delivered(waited_s)
            log.info("packet delivered packet=%s after_s=%.1f", receipt.packet_id, waited_s)

    def _silence(self) -> str:
        """Offers that nobody answers, in words; "" while there are answers."""
        now = self._monotonic()
        count, since_s = self._transfers.unanswered
        if not self.connected or not count or now - self._connected_s < min(_SETTLED_S, self._unanswered_s):
            return ""
        silent_s = now - since_s
        if silent_s < self._unanswered_s:
            return ""
        return (
            f"no answer from the centre to {count} offer(s) for {silent_s / 60:.0f} min: centre down, node {self.node} "
            f"unknown to it, or the broker's ACL does not let us read {down_topic(self.node, '#')}"
        )

    def _ask_for_an_answer(self) -> None:
        """Nothing waits: offer the newest delivered packet once. Its receipt shows that rights and centre are well."""
        head = self._outbox.newest() if not self._outbox.pending(1) else None
        if head is not None and self._client is not None:
            offer = self._transfers.probe(head, self._monotonic())
            self._client.publish(up_topic(self.node, "offer"), encode(offer), qos=1)

    def _tick(self) -> None:
        now = self._monotonic()
        if self._connect_at_s is not None:
            if now >= self._connect_at_s:
                self._connect()
            return
        if self._opened_s is not None and now - self._opened_s >= _CONNACK_S:
            # A broker that knows no MQTT 5 may also wait for ever for the rest of its CONNECT.
            self._opened_s = None
            if self._worked:
                self._renew(1.0)
            else:
                self._change_protocol()
            return
        client = self._client
        if not self.connected or client is None:
            return
        if now >= self._next_heartbeat_s:
            self._next_heartbeat_s = now + self._heartbeat_s
            self._outbox.prune()
            health = fitted(self._health(), self._limit)
            client.publish(up_topic(self.node, "health"), health, qos=1, retain=True)
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
        if sent(info.rc):
            self._in_flight.add(info.mid)
            self._unacked.add(info.mid)
        if index == offer.chunks - 1:
            self._loaded = None


def fitted(health: Health, limit: int | None) -> bytes:
    """The heartbeat as the broker takes it: what matters least is left out of one that is too long."""
    data = encode(health)
    room = None if limit is None else limit - 512
    while room is not None and len(data) > room and (health.errors or health.cameras):
        part = "errors" if len(health.errors) > 1 or not health.cameras else "cameras"
        health = health.model_copy(update={part: getattr(health, part)[:-1]})
        data = encode(health)
    return data
