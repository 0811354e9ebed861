"""A node's chain at the centre: gaps close, forks stay, whatever the order of arrival."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.intake.chain import ChainState, Link, place


def digest(name: str) -> str:
    return name * 8


def arrive(links: list[Link]) -> dict[str, ChainState]:
    """States by digest after all have arrived in that order."""
    stored: dict[str, Link] = {}
    states: dict[str, ChainState] = {}
    for link in links:
        neighbours = [n for n in stored.values() if abs(n.sequence - link.sequence) <= 1]
        state, changes = place(link, neighbours)
        states[link.digest] = state
        states.update(changes)
        stored[link.digest] = link
    return states


A, B, C = (Link(n, digest(x), p) for n, x, p in ((1, "a", None), (2, "b", digest("a")), (3, "c", digest("b"))))
TWIN = Link(2, digest("t"), digest("a"))
STRAY = Link(3, digest("s"), digest("x"))


@pytest.mark.parametrize("order", list(permutations([A, B, C])))
def test_a_whole_chain_is_good_in_any_order(order: tuple[Link, ...]) -> None:
    assert set(arrive(list(order)).values()) == {"ok"}


def test_a_missing_packet_leaves_a_gap_behind_it() -> None:
    assert arrive([A, C]) == {A.digest: "ok", C.digest: "gap"}


@pytest.mark.parametrize("order", list(permutations([A, B, TWIN])))
def test_two_packets_with_one_number_are_a_fork_in_any_order(order: tuple[Link, ...]) -> None:
    assert arrive(list(order)) == {A.digest: "ok", B.digest: "fork", TWIN.digest: "fork"}


@pytest.mark.parametrize("order", list(permutations([A, B, STRAY])))
def test_a_packet_that_names_another_predecessor_is_a_fork_in_any_order(order: tuple[Link, ...]) -> None:
    assert arrive(list(order))[STRAY.digest] == "fork"


@given(st.integers(1, 12), st.randoms())
def test_any_long_chain_ends_good_in_any_order(length: int, random) -> None:  # type: ignore[no-untyped-def]
    links = [Link(n, f"{n:064}", f"{n - 1:064}" if n > 1 else None) for n in range(1, length + 1)]
    random.shuffle(links)
    assert set(arrive(links).values()) == {"ok"}
