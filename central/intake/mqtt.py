"""Ingest from the broker: paho's thread fills a bounded queue, one worker hands what is in it to `Ingest` and replies.

Nothing that arrives stops the process: what cannot be understood is logged, counted and forgotten. The session
(`common.mqtt_link`) is clean, as no step relies on the broker's memory.

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

from central.config import Broker, Limits
from central.intake.ingest import Ingest, Reply
from central.metrics import BROKER, MESSAGES, REFUSED
from central.store.blobs import StoreFull
from common.broker import BrokerError
from common.mqtt_client import Event, Role
from common.mqtt_link import Link
from evidence.errors import GiaoLoError, WireError
from evidence.wire import PREFIX, Health, Offer, all_up_topic, decode, decode_chunk, down_topic, parse_topic

log = logging.getLogger(__name__)
_PROBE_TOPIC = f"{PREFIX}/giaolo-acl-probe/up/probe"
_QUEUE = 256
_QUEUE_WAIT_S = 10.0
_MAINTAIN_S = 60.0
_RETRY_S = 1.0
_SWITCHES_S = 2.0
"""So soon after it was said a switch is on its way, whichever process of the centre took it."""
_LONGEST_PAUSE_S = 15
"""Between two tries to reach the broker: half of a box's, as there is one centre and it is waited for."""


class MqttIngest:
    """Runs until `stop`. `connected` and `error` are for the health page."""

    def __init__(self, broker: Broker, limits: Limits, ingest: Ingest, *, maintain_s: float = _MAINTAIN_S) -> None:
        self._ingest, self._maintain_s = ingest, maintain_s
        self._events: queue.Queue[Event] = queue.Queue(maxsize=_QUEUE)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._switches_at_s = 0.0
        self._switches_told: int | None = None
        """The newest statement that boxes were told of; None: they are told again."""
        self._probe = secrets.token_bytes(16)
        role = Role(
            name="giaolo-centre",
            topics=all_up_topic(),
            twin="does a second centre run with this client_id",
            most_bytes=limits.message_bytes,
            longest_pause_s=_LONGEST_PAUSE_S,
            on_too_large=REFUSED.labels("message_too_large").inc,
        )
        self.link = Link(broker, role, self._put)

    @property
    def connected(self) -> bool:
        return self.link.connected

    @property
    def error(self) -> str:
        """What a person should know about the link now; "" when all is well."""
        return self.link.error or self.link.rights_error

    def start(self) -> None:
        """Connect in the background, for ever. Raises `BrokerError` for TLS or password files that cannot be used."""
        self.link.connect()
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the message in hand and leave; partial transfers stay on disk."""
        self._stop.set()
        with contextlib.suppress(queue.Full):  # then the worker is awake anyway
            self._events.put_nowait(Event("wake"))
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self.link.close()
        BROKER.set(0)

    def _put(self, event: Event) -> None:
        """Waiting here lets TCP hold back a flood; what waits too long is dropped, its node offers it again."""
        try:
            self._events.put(event, timeout=_QUEUE_WAIT_S)
        except queue.Full:
            REFUSED.labels("overload").inc()

    # --- the worker ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        maintain_at_s = self._switches_at_s = time.monotonic()
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
                self.link.tick()
                if time.monotonic() >= maintain_at_s:
                    maintain_at_s = time.monotonic() + self._maintain_s
                    self._ingest.maintain()
                    self._tell_keys()
                    self._switches_told = None
                if time.monotonic() >= self._switches_at_s:
                    self._switches_at_s = time.monotonic() + _SWITCHES_S
                    self._tell_switches()
            except BrokerError as error:
                log.error("%s", error)
            except Exception:
                log.exception("ingest maintenance fault")
                self._stop.wait(_RETRY_S)

    def _wait_s(self, maintain_at_s: float) -> float:
        until_s, link_s = min(maintain_at_s, self._switches_at_s) - time.monotonic(), self.link.wait_s()
        return max(until_s if link_s is None else min(until_s, link_s), 0.01)

    def _handle(self, event: Event) -> None:
        taken = self.link.take(event)
        BROKER.set(float(self.link.connected))
        if not taken:
            return
        if event.kind == "message":
            for reply in self._message(event):
                self._publish(reply)
        elif event.kind == "subscribed" and not event.code and self.link.client is not None:
            self.link.client.publish(_PROBE_TOPIC, self._probe, qos=1)
            self._tell_keys()
            self._switches_told, self._switches_at_s = None, time.monotonic()

    def _tell_switches(self) -> None:
        """Kept by the broker for boxes that are away; said again where it may have lost them."""
        if not self.link.connected:
            return
        said = self._ingest.switches_said()
        if said == self._switches_told:
            return
        for reply in self._ingest.switches():
            self._publish(reply, retain=True)
        self._switches_told = said

    def _tell_keys(self) -> None:
        """Kept by the broker for boxes that come later; said again, as it may lose it and boxes may be added."""
        for reply in self._ingest.key_changes():
            self._publish(reply, retain=True)

    def _message(self, event: Event) -> list[Reply]:
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
        if self.link.broker.username is not None or self.link.broker.tls_cert_file is not None:
            self._ingest.alarm("broker_rules", text)

    def _publish(self, reply: Reply, *, retain: bool = False) -> None:
        if self.link.client is not None:
            self.link.client.publish(down_topic(reply.node, reply.kind), reply.payload, qos=1, retain=retain)
