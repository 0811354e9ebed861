"""What the centre says: which chunks it wants, its signed receipts, its switches.

Only a receipt that verifies settles a packet, and only a switch that verifies counts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from edge.delivery.centre_trust import CentreTrust
from edge.delivery.outbox import Outbox
from edge.delivery.switch_book import SwitchBook
from edge.delivery.transfer import Transfers
from evidence.errors import PacketError, WireError
from evidence.receipt import Receipt
from evidence.wire import Want, decode, down_topic, parse_topic

log = logging.getLogger(__name__)
_LOW_WATER = 64
"""With so few transfers known, the outbox is looked at again: it may hold more than was asked for at once."""
_SETTLED_S = 30.0
"""A connection must be so old before silence on it means anything."""


class Answers:
    """Brings outbox and transfers up to what the centre says.

    Parameters
    ----------
    trust: only receipts signed with a key that it believes count; with none everything stays in the outbox.
    on_delivered: called with the seconds from commit to receipt.
    unanswered_s: offers without any answer for so long are told as an error.
    switches: where those of the centre are kept; left out: nowhere.

    Attributes
    ----------
    error: why receipts are refused; "" since the last good one.
    """

    def __init__(
        self,
        node: str,
        outbox: Outbox,
        transfers: Transfers,
        trust: CentreTrust,
        on_delivered: Callable[[float], None],
        unanswered_s: float,
        switches: SwitchBook | None = None,
    ) -> None:
        self.error = ""
        self._node = node
        self._outbox = outbox
        self._transfers = transfers
        self._trust = trust
        self._on_delivered = on_delivered
        self._unanswered_s = unanswered_s
        self._switches = SwitchBook(node, trust) if switches is None else switches
        self._unbelieved = b""

    def take(self, topic: str, payload: bytes, now_s: float) -> bool:
        """Judge one message. True: the outbox holds something else to send now.

        Raises
        ------
        OutboxError: full or locked; the packet is still there, and is offered again.
        """
        kind = "message"
        try:
            _, _, kind = parse_topic(topic)
            if kind == "want":
                return self._want(decode(Want, payload, where=topic), now_s)
            if kind == "receipt":
                return self._receipt(self._trust.receipt(payload), now_s)
            if kind == "switches":
                return self._take_switches(payload)
            if kind == "keys" and self._trust.take(payload):
                self.error = ""
                if self._unbelieved:  # the broker keeps both messages, and may bring the keys last
                    self._take_switches(self._unbelieved)
                return True  # what was refused for its key is offered again
        except WireError as error:
            log.error("message dropped %s", error)
        except PacketError as error:
            self.error = f"{kind} refused: {error}; check centre_public_key"
            log.error("%s refused %s", kind, error)
        return False

    def silence(self, now_s: float, connected_s: float, *, after_s: float | None = None) -> str:
        """Offers that nobody answers, in words; "" while there are answers. `connected_s`: since when we are.

        `after_s`: so long nothing is said of it; `unanswered_s` when left out.
        """
        after_s = self._unanswered_s if after_s is None else min(after_s, self._unanswered_s)
        count, since_s = self._transfers.unanswered
        silent_s = now_s - since_s
        settled_s = min(_SETTLED_S, after_s)
        if not count or now_s - connected_s < settled_s or silent_s < after_s:
            return ""
        return (
            f"no answer from the centre to {count} offer(s) for {silent_s / 60:.0f} min: centre down, node "
            f"{self._node} unknown to it (giaolo central add-node), or the broker's ACL does not let us read "
            f"{down_topic(self._node, '#')} (docs/examples/broker)"
        )

    def _take_switches(self, payload: bytes) -> bool:
        self._unbelieved = payload
        self._switches.take(payload)
        self._unbelieved = b""
        return True  # health says so at once

    def _want(self, want: Want, now_s: float) -> bool:
        if self._transfers.want(want, now_s):
            return False
        head = self._outbox.newest()
        if head is not None and (head.packet_id, head.container_sha256) == (want.packet_id, want.container_sha256):
            # we hold its receipt, and it asks for the bytes: it has lost them
            log.error("the centre has lost a packet that it had receipted packet=%s: sending it again", want.packet_id)
            self._outbox.resend(head.sequence, head.sequence)
            return True
        log.debug("want for a packet that is not here packet=%s", want.packet_id)
        return False

    def _receipt(self, receipt: Receipt, now_s: float) -> bool:
        # packet-v1 step 20: a receipt of ours
        if receipt.node != self._node:
            log.error("receipt for another node node=%s packet=%s", receipt.node, receipt.packet_id)
            return False
        if not receipt.kept:
            log.error("the centre kept nothing packet=%s reason=%s", receipt.packet_id, receipt.reason)
            return False
        known = self._transfers.packet(receipt.packet_id)
        done = self._outbox.acknowledge(receipt) if receipt.delivered else self._outbox.refuse(receipt)
        if not done:
            log.error("receipt does not fit packet=%s status=%s", receipt.packet_id, receipt.status)
            return False
        self.error = ""
        self._transfers.receipt(receipt.packet_id, now_s)
        if not receipt.delivered:
            log.error("packet %s packet=%s reason=%s", receipt.status, receipt.packet_id, receipt.reason)
        elif known is not None:
            waited_s = (datetime.now(UTC) - datetime.fromisoformat(known.created_at)).total_seconds()
            self._on_delivered(waited_s)
            log.info("packet delivered packet=%s after_s=%.1f", receipt.packet_id, waited_s)
        return len(self._transfers) < _LOW_WATER
