"""Place of a packet in its node's chain: gaps may close later, forks never do; both are shown, nothing is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ChainState = Literal["ok", "gap", "fork"]


@dataclass(frozen=True)
class Link:
    """What the chain needs to know of a packet."""

    sequence: int
    digest: str
    previous: str | None


def place(new: Link, neighbours: Sequence[Link]) -> tuple[ChainState, dict[str, ChainState]]:
    """State of `new` among the stored packets of the node with sequence -1, 0, +1; and changed states by digest.

    A packet is a `fork` when another one has its number, or when its predecessor is not the one it names. It is a `gap`
    while the predecessor has not arrived.
    """
    before = [n for n in neighbours if n.sequence == new.sequence - 1]
    level = [new, *(n for n in neighbours if n.sequence == new.sequence and n.digest != new.digest)]
    after = [n for n in neighbours if n.sequence == new.sequence + 1]
    changes: dict[str, ChainState] = {twin.digest: "fork" for twin in level[1:]}
    changes |= {follower.digest: _state(follower, level, len(after)) for follower in after}
    return _state(new, before, len(level)), changes


def _state(link: Link, before: Sequence[Link], with_its_number: int) -> ChainState:
    # packet-v1 steps 13-15: told, never refused
    if with_its_number > 1:
        return "fork"
    if link.sequence == 1:
        return "ok"
    if not before:
        return "gap"
    return "ok" if any(n.digest == link.previous for n in before) else "fork"
