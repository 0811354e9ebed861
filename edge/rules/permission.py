"""What the signal heads of a stop line say to one vehicle: class, lane, movement and arrows decide which of them count.

The movement is often not known yet when the vehicle is at the line. Then every movement it may still make must be
forbidden before anything is called an act: doubt permits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from edge.lamps import LampHistory
from edge.paths import Path
from evidence.acts import LampState
from zones.schema import ALL_MOVEMENTS, Movement, Scene, SignalHead, StopLine

_EXIT_POINTS = 3
_LANE_POINTS = 8
_LANE_WITHIN_S = 6.0


@dataclass(frozen=True)
class Governing:
    """The heads that count for one vehicle at one line, by the movements it may be making."""

    movements: tuple[Movement, ...]
    heads: Mapping[Movement, tuple[SignalHead, ...]]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(h.id for heads in self.heads.values() for h in heads))

    def state(self, of: Callable[[SignalHead], LampState]) -> LampState:
        """The state that holds for every movement the vehicle may be making; unknown where they differ."""
        states = {_movement_state(heads, movement, of) for movement, heads in self.heads.items()}
        return states.pop() if len(states) == 1 else LampState.UNKNOWN

    def at(self, lamps: Mapping[str, LampHistory], t_s: float) -> LampState:
        return self.state(lambda head: lamps[head.id].at(t_s))

    def red_since(self, lamps: Mapping[str, LampHistory], t_s: float) -> float | None:
        """Since when the state has been red without a break, seen from `t_s`; None if it is not red there."""
        if self.at(lamps, t_s) != LampState.RED:
            return None
        starts = sorted({s for h in self.ids for s in lamps[h].starts if s <= t_s + 1e-6}, reverse=True)
        since = t_s
        for start in starts:
            if self.at(lamps, start) != LampState.RED:
                break
            since = start
        return since

    def red_throughout(self, lamps: Mapping[str, LampHistory], from_s: float, to_s: float) -> bool:
        since = self.red_since(lamps, to_s)
        return since is not None and since <= from_s + 1e-6

    def onset_seen(self, lamps: Mapping[str, LampHistory], t_s: float) -> bool:
        """Whether some head's change to red was seen, rather than red from the start of the stream."""
        return any(lamps[h].onset_seen(t_s) for h in self.ids if lamps[h].at(t_s) == LampState.RED)


def governing(scene: Scene, line: StopLine, path: Path, upto: int) -> Governing:
    """Heads that count for `path` at `line`; lanes are looked at up to observation `upto`, the crossing."""
    lanes = _lanes(scene, path, upto)
    movements = _movements(scene, path, lanes)
    heads = {
        movement: tuple(
            head
            for head in scene.signals
            if line.id in head.governs
            and path.cls in head.classes
            and movement in head.movements
            and (not head.lanes or not lanes or lanes & set(head.lanes))
        )
        for movement in movements
    }
    # A movement that no head governs here is free of signals: it stays in the list and reads as unknown.
    return Governing(movements, heads)


def _lanes(scene: Scene, path: Path, upto: int) -> set[str]:
    """The lanes it was in last: not by the count of observations, as who creeps over the line is long between both."""
    inside = {lane.id: path.lanes[lane.id].inside[: upto + 1] for lane in scene.lanes}
    if not inside:
        return set()
    recent = path.t_s[: upto + 1] >= path.t_s[upto] - _LANE_WITHIN_S
    last = np.flatnonzero(np.logical_or.reduce(list(inside.values())) & recent)[-_LANE_POINTS:]
    return {name for name, hits in inside.items() if hits[last].any()}


def _movements(scene: Scene, path: Path, lanes: Iterable[str]) -> tuple[Movement, ...]:
    # one trembling box in an exit's area is no movement made
    made = {e.movement for e in scene.exits if np.count_nonzero(path.in_exit[e.id]) >= _EXIT_POINTS}
    if made:
        return tuple(m for m in ALL_MOVEMENTS if m in made)
    governed = {m for head in scene.signals for m in head.movements}
    allowed = [set(lane.movements) for lane in scene.lanes if lane.id in lanes]
    possible = set().union(*allowed) if allowed else governed
    return tuple(m for m in ALL_MOVEMENTS if m in possible) or ALL_MOVEMENTS


def _movement_state(
    heads: tuple[SignalHead, ...], movement: Movement, of: Callable[[SignalHead], LampState]
) -> LampState:
    """QCVN 41:2024 6.4: a green arrow permits its movement even beside a red; else the heads must not contradict."""
    arrows = [h for h in heads if h.arrow == movement or (h.arrow == "left" and movement == "u_turn")]
    if any(of(h) == LampState.GREEN for h in arrows):
        return LampState.GREEN
    lit_arrows = [h for h in arrows if of(h) not in (LampState.OFF, LampState.UNKNOWN)]
    counted = lit_arrows or [h for h in heads if h.arrow is None]
    states = {of(h) for h in counted} - {LampState.OFF, LampState.UNKNOWN}
    if len(states) == 1:
        return states.pop()
    if not states and counted and all(of(h) == LampState.OFF for h in counted):
        return LampState.OFF
    return LampState.UNKNOWN
