"""A controller that speaks over MQTT: at the box's own broker or at another, in a session of its own."""

from __future__ import annotations

import logging
import queue
import threading
import time
from datetime import UTC, datetime

from common.broker import BrokerError, BrokerSettings
from common.mqtt_client import Event, Role
from common.mqtt_link import Link
from edge.feeds.flood import Flood
from edge.feeds.message import MOST_BYTES, MessageError, read_message
from edge.signals.controller import ControllerFeed

log = logging.getLogger(__name__)
_WAIT_S = 1.0
_WAITING = 1000


class MqttListener:
    """Puts what is published at `topic` into the feed. `start`, `stop`.

    Parameters
    ----------
    node: whose box it is; part of the session's name.
    """

    def __init__(self, node: str, broker: BrokerSettings, topic: str, feed: ControllerFeed) -> None:
        self._feed, self._topic = feed, topic
        self._inbox: queue.Queue[tuple[datetime, Event]] = queue.Queue(_WAITING)
        self._flood = Flood()
        role = Role(
            name=f"giaolo-{node}-signals",
            topics=topic,
            twin=f"does a second process or a copy of this box run as node {node}",
            most_bytes=MOST_BYTES,
            on_too_large=self._refuse,
        )
        # two sessions of one id throw each other out, so an id that is configured stays the uplink's
        self._link = Link(broker.model_copy(update={"client_id": None}), role, self._put)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"controller {feed.id}", daemon=True)

    def start(self) -> None:
        self._feed.error = self._link.error
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
        self._link.close()

    def _put(self, event: Event) -> None:
        """Of paho's thread: when it came counts, not when it is looked at."""
        self._inbox.put((datetime.now(UTC), event))

    def _refuse(self) -> None:
        self._feed.refused += 1

    def _run(self) -> None:
        self._link.connect_at_s = time.monotonic()
        while not self._stop.is_set():
            try:
                self._link.tick()
            except BrokerError as error:
                log.error("controller=%s %s", self._feed.id, error)
            due_s = self._link.wait_s()
            try:
                at, event = self._inbox.get(timeout=_WAIT_S if due_s is None else min(due_s, _WAIT_S))
            except queue.Empty:
                continue
            try:
                self._take(at, event)
            except Exception:
                log.exception("controller feed fault controller=%s", self._feed.id)

    def _take(self, at: datetime, event: Event) -> None:
        if not self._link.take(event):
            return
        self._feed.error = self._link.error or self._link.rights_error
        if event.kind != "message":
            return
        if event.retained:  # of when, nobody knows: the broker kept it
            return
        if self._flood.too_many(at):
            self._refuse()
            return
        try:
            self._feed.take(read_message(event.payload, at))
        except MessageError as error:
            self._refuse()
            log.warning("controller=%s message refused: %s", self._feed.id, error)
