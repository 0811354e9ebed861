"""Chunks on their way to the broker: so many at a time, and of a size that it takes.

A broker tells its largest message itself (CONNACK, DISCONNECT 149), or connections drop while a chunk is on its way:
then chunks become smaller, and the connection is made anew, as paho would send what did not fit again and again.
"""

from __future__ import annotations

import logging

from common.mqtt_client import sent
from common.mqtt_link import Link
from edge.delivery.outbox import Outbox
from edge.delivery.outbox_errors import OutboxError
from edge.delivery.packet_table import Pending
from edge.delivery.transfer import Transfers
from evidence.wire import Offer, encode_chunk, up_topic

log = logging.getLogger(__name__)
_TOO_LARGE = 149
"""MQTT 5 reason code "packet too large"."""
_CHUNK_MARGIN = 4 * 1024
"""Topic, properties and header of a chunk message: 600 bytes; the rest is room for what brokers add."""
_DROPS = 2
"""Connections lost in a row while a chunk was on its way and before any had arrived: then it is the size."""


class ChunkStream:
    """Sends the chunks that `transfers` names, and finds out how large they may be.

    Parameters
    ----------
    window: chunks that may wait for the broker's acknowledgement at a time.

    Attributes
    ----------
    limit: the broker's largest message in bytes; None: it told none.
    error: what a person should do about the broker's limit; "" when nothing.
    """

    def __init__(self, node: str, link: Link, outbox: Outbox, transfers: Transfers, window: int) -> None:
        self.limit: int | None = None
        self.error = ""
        self._topic = up_topic(node, "chunk")
        self._link = link
        self._outbox = outbox
        self._transfers = transfers
        self._window = window
        self._in_flight: set[int] = set()
        self._unacked: set[int] = set()  # as above, also those that paho repeats after a reconnect
        self._loaded: tuple[str, bytes] | None = None
        self._arrived = False
        self._drops = 0

    @property
    def full(self) -> bool:
        """Whether the window is: acknowledgements have to come before more can go."""
        return len(self._in_flight) >= self._window

    def new_client(self) -> None:
        """A client of paho's that has sent nothing yet."""
        self._in_flight.clear()
        self._unacked.clear()

    def connected(self, limit: int | None) -> None:
        """The broker answered, and told its limit or not."""
        self.limit = limit
        self._in_flight.clear()
        if limit is not None:
            self._transfers.limit_chunks(limit - _CHUNK_MARGIN)
            small = limit < 2 * Transfers.SMALLEST
            name = self._link.broker.name
            self.error = f"broker {name} takes messages of {limit} bytes only: raise it" if small else ""

    def published(self, mid: int, *, failed: bool) -> None:
        """The broker acknowledged or refused a message of ours."""
        if not failed and mid in self._unacked:
            self._arrived, self._drops = True, 0
        self._in_flight.discard(mid)
        self._unacked.discard(mid)

    def lost(self, code: int) -> bool:
        """Whether chunks may be what ended the connection; if it was their size, the link is being made anew."""
        if code != _TOO_LARGE and (self._arrived or not self._unacked):
            return False
        self._drops += 1
        if code == _TOO_LARGE or self._drops >= _DROPS:
            self._smaller("as it says" if code == _TOO_LARGE else "it drops the connection after each chunk")
        return True

    def send(self, now_s: float) -> bool:
        """Publish what fits into the window. False: a packet could not be read, the outbox has changed."""
        whole = True
        while not self.full:
            chunk = self._transfers.next_chunk(now_s)
            if chunk is None:
                break
            whole = self._send(*chunk) and whole
        return whole

    def _send(self, packet: Pending, offer: Offer, index: int) -> bool:
        if self._loaded is None or self._loaded[0] != packet.packet_id:
            try:
                self._loaded = (packet.packet_id, self._outbox.read(packet))
            except OutboxError as error:
                log.error("packet cannot be sent %s", error)
                return False
        assert self._link.client is not None
        info = self._link.client.publish(self._topic, encode_chunk(offer, self._loaded[1], index), qos=1)
        if sent(info.rc):
            self._in_flight.add(info.mid)
            self._unacked.add(info.mid)
        if index == offer.chunks - 1:
            self._loaded = None
        return True

    def _smaller(self, why: str) -> None:
        self._drops, self._arrived, self._loaded = 0, False, None
        name, before = self._link.broker.name, self._transfers.chunk_bytes
        if self._transfers.limit_chunks(before // 2):
            self._link.error = f"broker {name} does not take chunks of {before} bytes, {why}"
            log.warning("%s: chunks of %d bytes now", self._link.error, self._transfers.chunk_bytes)
        else:
            self.error = f"broker {name} does not even take chunks of {before} bytes, {why}"
            log.error("%s", self.error)
        self._link.renew(1.0)
