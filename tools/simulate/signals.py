"""The signal programme of the junction: which stream has which colour when, and what the heads then show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from evidence.acts import LampState
from tools.simulate.junction import ARROW, MAIN
from tools.simulate.world import HeadState

RED, YELLOW, GREEN = LampState.RED, LampState.YELLOW, LampState.GREEN


@dataclass(frozen=True)
class Phase:
    """`north_south`, `east`, `west`: the arms' main heads; `right`: the arrow head of the southern right turn."""

    seconds: float
    north_south: LampState
    east: LampState
    west: LampState
    right: LampState


# The right turn from the south runs with the eastern arm too: nothing then meets it on the way east.
PHASES = (
    Phase(28, GREEN, RED, RED, GREEN),
    Phase(3, YELLOW, RED, RED, GREEN),
    Phase(2, RED, RED, RED, GREEN),
    Phase(13, RED, GREEN, RED, GREEN),
    Phase(3, RED, YELLOW, RED, YELLOW),
    Phase(2, RED, RED, RED, RED),
    Phase(14, RED, RED, GREEN, RED),
    Phase(3, RED, RED, YELLOW, RED),
    Phase(2, RED, RED, RED, RED),
)
CYCLE_S = sum(p.seconds for p in PHASES)


@dataclass(frozen=True)
class Programme:
    """Repeats for ever. `offset_s`: how far into the cycle the run begins."""

    offset_s: float = 0.0

    def phase(self, t_s: float) -> Phase:
        into = (t_s + self.offset_s + 1e-6) % CYCLE_S
        for phase in PHASES:
            if into < phase.seconds:
                return phase
            into -= phase.seconds
        return PHASES[-1]

    def lamp(self, stream: str, t_s: float) -> LampState:
        """`stream`: S, N, E, W (main heads) or `right` (the arrow)."""
        return _of(self.phase(t_s), stream)

    def remaining_s(self, stream: str, t_s: float) -> float:
        """Until the stream's colour changes."""
        into = (t_s + self.offset_s + 1e-6) % CYCLE_S
        return next(at for at in _changes(stream) if at > into) - into

    def heads(self, t_s: float) -> Mapping[str, HeadState]:
        """All heads, with the seconds that their countdowns show."""
        streams = {MAIN: "S", "N-main": "N", "E-main": "E", "W-main": "W", ARROW: "right"}
        return {
            head: HeadState(
                self.lamp(stream, t_s),
                None if head == ARROW else max(1, -int(-self.remaining_s(stream, t_s) // 1)),
            )
            for head, stream in streams.items()
        }


@cache
def _changes(stream: str) -> tuple[float, ...]:
    """When the stream's colour changes, in seconds of the cycle, over two cycles."""
    twice = [*PHASES, *PHASES]
    ends = np.cumsum([p.seconds for p in twice])
    pairs = zip(twice[:-1], twice[1:], ends[:-1], strict=True)
    return tuple(float(end) for now, then, end in pairs if _of(now, stream) != _of(then, stream))


def _of(phase: Phase, stream: str) -> LampState:
    if stream in ("S", "N"):
        return phase.north_south
    return {"E": phase.east, "W": phase.west, "right": phase.right}[stream]
