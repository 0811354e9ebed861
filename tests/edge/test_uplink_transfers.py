"""Offers and chunks as bookkeeping: time is an argument."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from edge.delivery.packet_table import Pending
from edge.delivery.transfer import Transfers
from evidence.wire import Want

CHUNK = 1024


def pending(number: int, chunks: int = 4) -> Pending:
    packet_id = f"00000000-0000-0000-0000-{number:012d}"
    return Pending(number, packet_id, "d" * 64, f"{number:064x}", chunks * CHUNK, "2026-03-01T08:00:00Z")


def want(packet: Pending, *ranges: tuple[int, int]) -> Want:
    return Want(packet_id=packet.packet_id, container_sha256=packet.container_sha256, ranges=list(ranges))


def transfers(*packets: Pending, **options: float) -> Transfers:
    made = Transfers(chunk_bytes=CHUNK, first_s=3.0, longest_s=60.0, **options)  # type: ignore[arg-type]
    made.sync(packets)
    return made


def sent(made: Transfers, now_s: float) -> list[tuple[int, int]]:
    found = []
    while (chunk := made.next_chunk(now_s)) is not None:
        found.append((chunk[0].sequence, chunk[2]))
    return found


def test_an_unanswered_offer_is_repeated_with_growing_pauses() -> None:
    made = transfers(pending(1))
    times = [t / 10 for t in range(3000) if made.due_offers(t / 10)]
    pauses = [round(b - a) for a, b in itertools.pairwise(times)]
    assert pauses[:5] == [3, 6, 12, 24, 48]
    assert set(pauses[5:]) == {60}


def test_only_what_is_wanted_and_exists_is_sent() -> None:
    packet = pending(1)
    made = transfers(packet)
    made.due_offers(0)
    assert made.want(want(packet, (1, 1), (3, 900)), 0.1)
    assert sent(made, 0.1) == [(1, 1), (1, 3)]


def test_what_is_on_its_way_is_not_sent_twice_but_what_got_lost_is() -> None:
    packet = pending(1)
    made = transfers(packet)
    made.want(want(packet, (0, 3)), 0.0)
    assert len(sent(made, 0.0)) == 4
    made.want(want(packet, (0, 3)), 1.0)
    assert sent(made, 1.0) == []
    made.want(want(packet, (2, 2)), 4.0)
    assert sent(made, 4.0) == [(1, 2)]


def test_a_want_for_another_packet_or_content_is_refused() -> None:
    packet = pending(1)
    made = transfers(packet)
    assert not made.want(want(pending(2), (0, 0)), 0.0)
    assert not made.want(want(packet, (0, 0)).model_copy(update={"container_sha256": "0" * 64}), 0.0)


def test_packets_that_are_never_answered_do_not_hold_up_fresh_ones() -> None:
    made = transfers(*(pending(i) for i in range(1, 40)), max_open=4)
    assert [o.packet_id for o in made.due_offers(0.0)] == [pending(i).packet_id for i in range(1, 5)]
    assert made.due_offers(1.0) == []
    assert [o.packet_id for o in made.due_offers(3.0)] == [pending(i).packet_id for i in range(5, 9)]


def test_a_centre_that_comes_back_is_offered_everything_at_once() -> None:
    first, second = pending(1), pending(2)
    made = transfers(first, second)
    for now in (0.0, 3.0, 9.0, 21.0, 45.0):
        made.due_offers(now)
    assert made.due_offers(50.0) == []
    made.receipt(first.packet_id, 60.0)
    assert [o.packet_id for o in made.due_offers(60.0)] == [second.packet_id]


def test_after_a_reconnect_everything_is_offered_again() -> None:
    packet = pending(1)
    made = transfers(packet)
    made.due_offers(0.0)
    made.want(want(packet, (0, 3)), 0.1)
    made.reconnected()
    assert sent(made, 0.2) == []
    assert len(made.due_offers(0.2)) == 1


def test_nothing_to_deliver_waits_for_ever() -> None:
    assert transfers().wait_s(0.0) is None


@given(st.data())
def test_a_lossy_link_delivers_everything_without_hurry_or_end(data: st.DataObject) -> None:
    """Whatever is lost in the first minute, everything is delivered soon after; no chunk that was not asked for."""
    packets = [pending(i, chunks=data.draw(st.integers(1, 5))) for i in range(1, data.draw(st.integers(2, 6)))]
    made = transfers(*packets, max_open=3)
    missing = {p.packet_id: set(range(p.size // CHUNK)) for p in packets}
    by_id = {p.packet_id: p for p in packets}
    left = list(packets)
    now_s = 0.0
    while left:
        assert now_s < 400, "not delivered"
        lossy = now_s < 60

        def arrives(lossy: bool = lossy) -> bool:
            return not lossy or data.draw(st.booleans())

        for offer in made.due_offers(now_s):
            if arrives() and arrives():
                if not missing[offer.packet_id]:
                    made.receipt(offer.packet_id, now_s)
                    left = [p for p in left if p.packet_id != offer.packet_id]
                else:
                    ranges = [(i, i) for i in sorted(missing[offer.packet_id])]
                    made.want(want(by_id[offer.packet_id], *ranges), now_s)
        while (chunk := made.next_chunk(now_s)) is not None:
            if arrives():
                missing[chunk[0].packet_id].discard(chunk[2])
        wait_s = made.wait_s(now_s)
        if left:
            assert wait_s is not None
            now_s += max(wait_s, 0.1)
