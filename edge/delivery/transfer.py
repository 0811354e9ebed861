"""What to offer and which chunks to send next: the bookkeeping of deliveries, without network, clock or disk.

A packet is offered again with growing pauses until its receipt comes. Few offers are open at a time, fresh packets
first, so that one which the centre never answers does not hold up the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.delivery.packet_table import Pending
from evidence.wire import CHUNK_BYTES, Offer, Want


@dataclass
class _Transfer:
    packet: Pending
    offer: Offer
    attempts: int = 0
    next_offer_s: float = 0.0
    open: bool = False
    chunks: deque[int] = field(default_factory=deque)
    sent_s: dict[int, float] = field(default_factory=dict)


class Transfers:
    """All times are seconds of one monotonic clock, given by the caller.

    Parameters
    ----------
    first_s, longest_s: pause before an unanswered offer is repeated; it doubles from the first to the longest.
    max_open: so many offers wait for an answer at a time.
    """

    def __init__(
        self,
        *,
        chunk_bytes: int = CHUNK_BYTES,
        first_s: float = 3.0,
        longest_s: float = 60.0,
        max_open: int = 16,
        quiet_s: float = 10.0,
    ) -> None:
        self._chunk_bytes = chunk_bytes
        self._first_s, self._longest_s, self._max_open, self._quiet_s = first_s, longest_s, max_open, quiet_s
        self._transfers: dict[str, _Transfer] = {}
        self._heard_s = 0.0
        self._unanswered = 0
        self._unanswered_since_s = 0.0

    SMALLEST = 1024
    """Chunks are never smaller (the wire's own limit)."""

    def __len__(self) -> int:
        return len(self._transfers)

    @property
    def chunk_bytes(self) -> int:
        return self._chunk_bytes

    @property
    def unanswered(self) -> tuple[int, float]:
        """Offers published since the centre was last heard, and the time of the first of them."""
        return self._unanswered, self._unanswered_since_s

    def limit_chunks(self, most: int) -> bool:
        """Make chunks of at most so many bytes from now on; what is under way starts again. False if they were."""
        size = max(self.SMALLEST, most)
        if size >= self._chunk_bytes:
            return False
        self._chunk_bytes = size
        for transfer in self._transfers.values():
            transfer.offer = transfer.offer.model_copy(update={"chunk_bytes": size})
            self._forget(transfer)
        return True

    def packet(self, packet_id: str) -> Pending | None:
        """The packet of a transfer."""
        transfer = self._transfers.get(packet_id)
        return None if transfer is None else transfer.packet

    def probe(self, packet: Pending, now_s: float) -> Offer:
        """An offer of a packet that is delivered already, only for the answer."""
        self._asked(1, now_s)
        return self._offer(packet)

    def sync(self, pending: Sequence[Pending]) -> None:
        """Take up what is new in the outbox and forget what has left it."""
        now_pending = {p.packet_id: p for p in pending}
        for packet_id in [i for i in self._transfers if i not in now_pending]:
            del self._transfers[packet_id]
        for packet_id, packet in now_pending.items():
            if packet_id not in self._transfers:
                self._transfers[packet_id] = _Transfer(packet, self._offer(packet))

    def reconnected(self) -> None:
        """A new connection: what was under way may be lost, so everything is offered again at once."""
        for transfer in self._transfers.values():
            self._forget(transfer)

    def due_offers(self, now_s: float) -> list[Offer]:
        """Offers to publish now; they count as published."""
        due = [t for t in self._transfers.values() if t.next_offer_s <= now_s and not t.chunks]
        for transfer in due:
            transfer.open = False
        room = self._max_open - sum(t.open for t in self._transfers.values())
        offers = []
        for transfer in sorted(due, key=lambda t: (t.attempts, t.packet.sequence))[: max(room, 0)]:
            pause_s = min(self._first_s * 2.0 ** min(transfer.attempts, 16), self._longest_s)
            transfer.attempts += 1
            transfer.next_offer_s = now_s + pause_s
            transfer.open = True
            offers.append(transfer.offer)
        self._asked(len(offers), now_s)
        return offers

    def want(self, want: Want, now_s: float) -> bool:
        """The centre asks for chunks. False if it asks for what we do not have."""
        self._hear(now_s)
        transfer = self._transfers.get(want.packet_id)
        if transfer is None or want.container_sha256 != transfer.offer.container_sha256:
            return False
        last = transfer.offer.chunks - 1
        wanted = {i for a, b in want.ranges for i in range(max(a, 0), min(b, last) + 1)}
        # What was sent a moment ago is on its way, not missing; if it is lost, the next offer will tell.
        under_way = {i for i, sent_s in transfer.sent_s.items() if now_s - sent_s < self._first_s}
        transfer.chunks = deque(sorted(wanted - under_way))
        self._answered(transfer, now_s)
        return True

    def receipt(self, packet_id: str, now_s: float) -> None:
        """The packet has its receipt."""
        self._hear(now_s)
        self._transfers.pop(packet_id, None)

    def next_chunk(self, now_s: float) -> tuple[Pending, Offer, int] | None:
        """The next chunk to publish, oldest packet first; it counts as published."""
        ready = [t for t in self._transfers.values() if t.chunks]
        if not ready:
            return None
        transfer = min(ready, key=lambda t: t.packet.sequence)
        index = transfer.chunks.popleft()
        transfer.sent_s[index] = now_s
        self._answered(transfer, now_s)
        return transfer.packet, transfer.offer, index

    def wait_s(self, now_s: float) -> float | None:
        """How long until something is due; None: nothing to deliver."""
        if any(t.chunks for t in self._transfers.values()):
            return 0.0
        if not self._transfers:
            return None
        waiting = [t for t in self._transfers.values() if t.open]
        if len(waiting) < self._max_open:
            waiting = list(self._transfers.values())
        return max(0.0, min(t.next_offer_s for t in waiting) - now_s)

    def _hear(self, now_s: float) -> None:
        """The centre lives, and we may read it. After a silence, what waits in a long pause is offered at once."""
        if now_s - self._heard_s > self._quiet_s:
            for transfer in self._transfers.values():
                if transfer.next_offer_s - now_s > self._first_s:
                    self._forget(transfer)
        self._heard_s = now_s
        self._unanswered = 0

    def _asked(self, offers: int, now_s: float) -> None:
        if offers and not self._unanswered:
            self._unanswered_since_s = now_s
        self._unanswered += offers

    def _offer(self, packet: Pending) -> Offer:
        return Offer(
            packet_id=packet.packet_id,
            size=packet.size,
            container_sha256=packet.container_sha256,
            chunk_bytes=self._chunk_bytes,
        )

    def _answered(self, transfer: _Transfer, now_s: float) -> None:
        """Something moves: the next offer, which asks for what is still missing, comes after a short pause."""
        transfer.attempts = 1
        transfer.next_offer_s = now_s + self._first_s
        transfer.open = True

    @staticmethod
    def _forget(transfer: _Transfer) -> None:
        transfer.attempts, transfer.next_offer_s, transfer.open = 0, 0.0, False
        transfer.chunks.clear()
        transfer.sent_s.clear()
