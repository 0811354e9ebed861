"""Promise 1 over the whole chain: kill -9 of any part in the middle of a transfer loses and doubles nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evidence.seal import SigningKey
from tests.chain.town import Town, eventually
from tests.edge.brokers import FakeCentre

pytestmark = [pytest.mark.broker, pytest.mark.postgres, pytest.mark.crash, pytest.mark.slow(25)]
PACKETS = 5
SIZE = 6 * 1024 * 1024


@pytest.mark.parametrize("victim", ["edge", "broker", "centre"])
def test_kill_9_in_the_middle_of_a_transfer_every_packet_arrives_once(
    make_town: Callable[..., Town], victim: str
) -> None:
    town = make_town()
    made = town.fill_outbox(PACKETS, SIZE)
    town.start_centre()
    town.start_edge()
    held: tuple[int, ...] = ()
    for _ in range(2):  # the second time it is hit while it takes up what the first one interrupted
        eventually(lambda held=held: town.under_way() not in ((), held), 30, "a packet is under way", every_s=0.002)
        town.kill(victim)
        held = town.under_way()
        before = len(town.packet_ids())
        assert before < PACKETS
        town.start(victim)
    eventually(lambda: len(town.packet_ids()) == PACKETS, 60, "all packets have arrived")
    assert town.packets() == made
    assert sorted(town.cases()) == sorted(made)
    assert town.chain_states() == [(n, "ok") for n in range(1, PACKETS + 1)]
    eventually(lambda: (health := town.health()) is not None and health.outbox_pending == 0, 20, "the last receipt")
    town.parts.stop("edge")
    assert town.outbox_counts() == (0, 0, PACKETS)


def test_a_centre_that_was_away_while_packets_were_made_gets_them_all_later(make_town: Callable[..., Town]) -> None:
    town = make_town()
    made = town.fill_outbox(PACKETS, 50_000)
    listener = FakeCentre(town.broker.port, SigningKey.generate(), answers=False)
    town.start_edge()
    eventually(lambda: set(listener.offers) == set(made), 30, "the box has offered them all, to nobody")
    listener.stop()
    assert town.packet_ids() == []
    town.start_centre()
    eventually(lambda: len(town.packet_ids()) == PACKETS, 60, "all packets have arrived")
    assert town.packets() == made
