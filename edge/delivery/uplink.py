"""Delivery over MQTT: offer, wanted chunks, signed receipt. The outbox forgets a packet only on a verified receipt.

Paho's thread moves bytes (`common.mqtt_client`); ours waits on one queue for messages, acknowledgements and wake-ups,
with a time-out at which the next offer or heartbeat is due. Nothing polls. `edge.delivery.chunks` finds out how large
chunks may be, `edge.delivery.answers` does what the centre says. Offers that nobody answers are an error, not silence.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as mqtt

from common.broker import BrokerError, BrokerSettings
from common.mqtt_client import Event, Role
from common.mqtt_link import TAKEN_OVER, Link
from edge.delivery.answers import Answers
from edge.delivery.centre_trust import CentreTrust
from edge.delivery.chunks import ChunkStream
from edge.delivery.outbox import Outbox
from edge.delivery.outbox_errors import OutboxError
from edge.delivery.switch_book import SwitchBook
from edge.delivery.transfer import Transfers
from evidence.packet import utc_text
from evidence.seal import VerifyKey
from evidence.wire import Health, down_topic, encode, up_topic

log = logging.getLogger(__name__)
_MAX_DOWN_BYTES = 256 * 1024
"""No want or receipt is larger."""
_QUEUED = 64
"""Messages that paho holds while there is no connection: the outbox holds the packets."""
_QUIET_S = 60.0
"""Offers without an answer for so long are a line in the log; an error of health after `unanswered_s`."""
_SHORT_SESSIONS, _SHORT_S = 4, 5.0
"""So many sessions in a row, none longer than so many seconds: many brokers throw out without saying 142."""


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
    trust: which keys of the centre are believed; left out: `centre_key` alone.
    switches: where the centre's switches are kept; left out: nowhere.
    """

    def __init__(
        self,
        node: str,
        broker: BrokerSettings,
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
        trust: CentreTrust | None = None,
        switches: SwitchBook | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.node = node
        self._outbox = outbox
        self._health = health
        self._heartbeat_s = heartbeat_s
        self._monotonic = monotonic
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        role = Role(
            name=f"giaolo-{node}",
            topics=down_topic(node, "#"),
            twin=f"does a second process or a copy of this box run as node {node}",
            most_bytes=_MAX_DOWN_BYTES,
            prepare=self._prepare,
        )
        self.link = Link(broker, role, self._inbox.put, client_id=client_id, monotonic=monotonic)
        self._transfers = Transfers() if transfers is None else transfers
        self._chunks = ChunkStream(node, self.link, outbox, self._transfers, window)
        trust = trust or CentreTrust(centre_key)
        self._answers = Answers(node, outbox, self._transfers, trust, on_delivered, unanswered_s, switches)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)
        self._next_heartbeat_s = 0.0
        self._outbox_changed = True
        self._short = 0
        self._silent = False

    @property
    def connected(self) -> bool:
        return self.link.connected

    def errors(self) -> list[str]:
        """What a person should know about the link now; empty when all is well."""
        link = self.link
        silence = self._answers.silence(self._monotonic(), link.connected_s) if link.connected else ""
        told = ("" if link.connected else link.error, link.takeover_error, link.rights_error)
        return [text for text in (*told, self._chunks.error, silence, self._answers.error) if text]

    def start(self) -> None:
        """Connect in the background. Raises `BrokerError` for files that cannot be used; they are tried again."""
        try:
            self.link.connect()
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
        client = self.link.client
        if client is not None and self.link.connected:
            goodbye = self._health().model_copy(update={"status": "stopped"})
            topic = up_topic(self.node, "health")
            info = client.publish(topic, fitted(goodbye, self._chunks.limit), qos=1, retain=True)
            try:
                info.wait_for_publish(timeout=2.0)
            except (ValueError, RuntimeError):
                log.warning("broker lost while stopping")
        self.link.close()

    def _prepare(self, client: mqtt.Client) -> None:
        """A new client: its last will, and acknowledgements as events."""

        def on_publish(c: mqtt.Client, _: Any, mid: int, reason: Any, __: Any) -> None:
            self._inbox.put(
                Event("published", c, mid=mid, code=reason.value if reason.is_failure else 0, text=str(reason))
            )

        lost = Health(node=self.node, status="lost", at=utc_text(datetime.now(UTC)))
        client.will_set(up_topic(self.node, "health"), encode(lost), qos=1, retain=True)
        client.max_queued_messages_set(_QUEUED)
        client.on_publish = on_publish
        self._chunks.new_client()

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
            except BrokerError as error:
                log.error("%s", error)
            except Exception:
                log.exception("uplink fault")
                self._stop.wait(1.0)

    def _wait_s(self) -> float:
        link_s = self.link.wait_s()
        if link_s is not None:
            return link_s
        if not self.link.connected:
            return self._heartbeat_s
        now_s = self._monotonic()
        until_heartbeat = max(0.0, self._next_heartbeat_s - now_s)
        due = self._transfers.wait_s(now_s)
        if due is None or (due == 0.0 and self._chunks.full):
            return max(until_heartbeat, 0.01)
        return max(min(due, until_heartbeat), 0.01)

    def _handle(self, event: Event) -> None:
        was_connected = self.link.connected
        if not self.link.take(event):
            return
        if event.kind == "wake":
            self._outbox_changed = True
            self._next_heartbeat_s = 0.0
        elif event.kind == "published":
            if event.code:
                self.link.rights_error = f"broker refuses our messages: {event.text}; correct its ACL or limits"
                log.error("broker refused a message reason=%s", event.text)
            self._chunks.published(event.mid, failed=bool(event.code))
        elif event.kind == "connected":
            self._next_heartbeat_s = 0.0
            self._transfers.reconnected()
            self._chunks.connected(event.limit)
            self._ask_for_an_answer()
        elif event.kind == "lost":
            self._lost(event.code, was_connected)
        elif event.kind == "message" and self._answers.take(event.topic, event.payload, self._monotonic()):
            self._outbox_changed = True
            if event.topic == down_topic(self.node, "switches"):
                self._next_heartbeat_s = 0.0  # the centre sees at once that the box knows

    def _lost(self, code: int, was_connected: bool) -> None:
        short = was_connected and self._monotonic() - self.link.connected_s < _SHORT_S
        self._short = self._short + 1 if short else 0
        if code == TAKEN_OVER or self._chunks.lost(code) or self._short < _SHORT_SESSIONS:
            return
        self._short = 0
        self.link.error += " within seconds, again and again: does another client use our id? Taking a new one"
        log.warning("%s", self.link.error)
        self.link.renew(1.0, new_id=True)

    def _tick(self) -> None:
        client = self.link.client if self.link.tick() else None
        if client is None:
            return
        now_s = self._monotonic()
        if now_s >= self._next_heartbeat_s:
            self._next_heartbeat_s = now_s + self._heartbeat_s
            self._log_silence(now_s)
            self._outbox.prune()
            health = fitted(self._health(), self._chunks.limit)
            client.publish(up_topic(self.node, "health"), health, qos=1, retain=True)
            self._outbox_changed = True
        if self._outbox_changed:
            self._transfers.sync(self._outbox.pending())
            self._outbox_changed = False
        for offer in self._transfers.due_offers(now_s):
            client.publish(up_topic(self.node, "offer"), encode(offer), qos=1)
        if not self._chunks.send(self._monotonic()):
            self._outbox_changed = True

    def _log_silence(self, now_s: float) -> None:
        """One line when it begins: a broker that lets us subscribe and delivers nothing says nothing itself."""
        silence = self._answers.silence(now_s, self.link.connected_s, after_s=_QUIET_S)
        if silence and not self._silent:
            log.warning("%s", silence)
        elif self._silent and not silence:
            log.info("the centre answers again")
        self._silent = bool(silence)

    def _ask_for_an_answer(self) -> None:
        """Nothing waits: offer the newest delivered packet once. Its receipt shows that rights and centre are well."""
        head = self._outbox.newest() if not self._outbox.pending(1) else None
        if head is not None and self.link.client is not None:
            offer = self._transfers.probe(head, self._monotonic())
            self.link.client.publish(up_topic(self.node, "offer"), encode(offer), qos=1)


def fitted(health: Health, limit: int | None) -> bytes:
    """The heartbeat as the broker takes it: what matters least is left out of one that is too long."""
    data = encode(health)
    room = None if limit is None else limit - 512
    while room is not None and len(data) > room and (health.errors or health.cameras):
        part = "errors" if len(health.errors) > 1 or not health.cameras else "cameras"
        health = health.model_copy(update={part: getattr(health, part)[:-1]})
        data = encode(health)
    return data
