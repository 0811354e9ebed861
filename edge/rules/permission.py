"""What the signal heads of a stop line say to one vehicle: class, lane, movement and arrows decide which of them count.

The movement is often not known yet when the vehicle is at the line. Then every movement it may still make must be
forbidden before anything is called an act: doubt permits. It follows from the way driven (`edge.rules.movement`) and
from what the arrows of the lane leave; exits have no say in it, as their size is the drawer's choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from common.margins import margin
from countries.here import HERE
from edge.road.trajectory import Trajectory
from edge.rules.movement import MovementMargins, begun, may_be_making
from edge.signals.history import LampHistory
from evidence.acts import LampState, VehicleClass
from zones.facts import free_on_red
from zones.schema import ALL_MOVEMENTS, Movement, Scene, SignalHead, StopLine


@dataclass(frozen=True)
class PermissionMargins:
    """Which lanes a vehicle counts as having been in last."""

    lane_points: int = margin(
        8,
        "pictures",
        "the lanes of the last so many in any lane count, all of them: a box on a lane's edge is in either now and "
        "then",
        source="the simulation: what crept over the line was of no lane at the line (docs/simulation.md); not tuned",
        least=1,
    )
    lane_within_s: float = margin(
        6.0,
        "s",
        "and none that is longer ago: by then it may have changed lanes unseen",
        source="chosen with the rule, November 2026; not measured",
    )
    class_doubt: float = margin(
        0.2,
        "share of votes",
        "whoever so many pictures show to be of another class may be of it: what that one's lamps or plates allow, he "
        "may do",
        source="the rest of what a sign for some kinds asks for (`ClosedRoadMargins.class_share`)",
        least=0.01,
        most=1.0,
    )


@dataclass(frozen=True)
class Governing:
    """The heads that count for one vehicle at one line, by the movements it may be making.

    `against_arrows`: the same for movements that its way leaves possible and the arrows of its lane alone do not: who
    breaks them makes one of these. `unsure`: movements for which other heads count if it is of another class, which it
    may be: nobody knows what those said to it.
    """

    movements: tuple[Movement, ...]
    heads: Mapping[Movement, tuple[SignalHead, ...]]
    against_arrows: Mapping[Movement, tuple[SignalHead, ...]] = field(default_factory=dict)
    unsure: frozenset[Movement] = frozenset()

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(h.id for heads in self.heads.values() for h in heads))

    def state(self, of: Callable[[SignalHead], LampState]) -> LampState:
        """The state that holds for every movement the vehicle may be making; unknown where they differ."""
        states = {self._of(movement, of) for movement in self.heads}
        return states.pop() if len(states) == 1 else LampState.UNKNOWN

    def _of(self, movement: Movement, of: Callable[[SignalHead], LampState]) -> LampState:
        return LampState.UNKNOWN if movement in self.unsure else _movement_state(self.heads[movement], movement, of)

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

    def red_until(self, lamps: Mapping[str, LampHistory], t_s: float) -> float | None:
        """When the red of `t_s` ends; None as long as it lasts."""
        starts = sorted({s for h in self.ids for s in lamps[h].starts if s > t_s + 1e-6})
        return next((s for s in starts if self.at(lamps, s) != LampState.RED), None)

    def any_free(self, lamps: Mapping[str, LampHistory], t_s: float) -> bool:
        """Whether a movement that it may be making is free then: green, or without a lamp."""
        return _any_free(self.heads, lamps, t_s)

    def any_free_against_arrows(self, lamps: Mapping[str, LampHistory], t_s: float) -> bool:
        """Whether a movement that only the arrows of its lane forbid is free then."""
        return _any_free(self.against_arrows, lamps, t_s)

    def ever_free_against_arrows(self, lamps: Mapping[str, LampHistory], from_s: float, to_s: float) -> bool:
        """The same at any moment between two times, both included."""
        heads = {h.id for some in self.against_arrows.values() for h in some}
        changes = {s for h in heads for s in lamps[h].starts if from_s < s < to_s}
        return any(self.any_free_against_arrows(lamps, t_s) for t_s in (from_s, *changes, to_s))

    def only_red(self, lamps: Mapping[str, LampHistory], t_s: float) -> Governing | None:
        """The same for those movements alone that are red at `t_s`; None if straight on is not among them."""
        red = {m: h for m, h in self.heads.items() if self._of(m, lambda x: lamps[x.id].at(t_s)) == LampState.RED}
        return Governing(tuple(red), red) if "straight" in red else None

    def red_throughout(self, lamps: Mapping[str, LampHistory], from_s: float, to_s: float) -> bool:
        since = self.red_since(lamps, to_s)
        return since is not None and since <= from_s + 1e-6

    def onset_seen(self, lamps: Mapping[str, LampHistory], t_s: float) -> bool:
        """Whether some head's change to red was seen, rather than red from the start of the stream."""
        return any(lamps[h].onset_seen(t_s) for h in self.ids if lamps[h].at(t_s) == LampState.RED)


def governing(
    scene: Scene,
    line: StopLine,
    path: Trajectory,
    upto: int,
    margins: PermissionMargins,
    movement: MovementMargins,
    until: int | None = None,
) -> Governing:
    """Heads that count for `path` at `line`; lanes are looked at up to observation `upto`, the crossing, and the way
    since up to `until` where that is given."""
    lanes = last_lanes(scene, path, upto, margins)
    possible, against = _movements(scene, path, upto, lanes, movement, until)
    # A movement that no head governs here is free of signals: it stays in the list and reads as unknown.
    heads, broken = (
        {each: _heads(scene, line, path.cls, lanes, each) for each in some} for some in (possible, against)
    )
    others = [cls for cls, share in path.other_shares.items() if share >= margins.class_doubt]
    unsure = {m for m in heads for cls in others if _heads(scene, line, cls, lanes, m) != heads[m]}
    return Governing(tuple(heads), heads, broken, frozenset(unsure))


def _any_free(heads: Mapping[Movement, tuple[SignalHead, ...]], lamps: Mapping[str, LampHistory], t_s: float) -> bool:
    return any(
        not mine or _movement_state(mine, movement, lambda head: lamps[head.id].at(t_s)) == LampState.GREEN
        for movement, mine in heads.items()
    )


def any_red(scene: Scene, line: StopLine, lamps: Mapping[str, LampHistory], t_s: float) -> bool:
    """Whether a head over `line` is red at all: where none is, no movement is, and the way need not be looked at."""
    return any(lamps[head.id].at(t_s) == LampState.RED for head in scene.signals if line.id in head.governs)


def _heads(
    scene: Scene, line: StopLine, cls: VehicleClass, lanes: set[str], movement: Movement
) -> tuple[SignalHead, ...]:
    mine = [
        head
        for head in scene.signals
        if line.id in head.governs and cls in head.classes and (not head.lanes or not lanes or lanes & set(head.lanes))
    ]
    if free_on_red(scene, line.id, movement, cls):
        return ()  # no lamp stops it: as a movement that none governs
    # a movement without lamps of its own obeys those of another, unless some head is said to be for it
    if not any(movement in head.movements for head in scene.signals):
        movement = HERE.signals.obeys_lamps_of.get(movement, movement)
    return tuple(head for head in mine if movement in head.movements)


def last_lanes(scene: Scene, path: Trajectory, upto: int, margins: PermissionMargins) -> set[str]:
    """The lanes it was in last; by time too, as one that creeps over the line is long between both."""
    inside = {lane.id: path.lanes[lane.id].inside[: upto + 1] for lane in scene.lanes}
    if not inside:
        return set()
    recent = path.t_s[: upto + 1] >= path.t_s[upto] - margins.lane_within_s
    last = np.flatnonzero(np.logical_or.reduce(list(inside.values())) & recent)[-margins.lane_points :]
    return {name for name, hits in inside.items() if hits[last].any()}


def _movements(
    scene: Scene, path: Trajectory, upto: int, lanes: set[str], margins: MovementMargins, until: int | None
) -> tuple[tuple[Movement, ...], tuple[Movement, ...]]:
    """What the way leaves, less what the lane's arrows forbid, and that; the way goes before the arrows, which are
    broken too."""
    driven = may_be_making(path, upto, margins, until)
    allowed = [set(lane.movements) for lane in scene.lanes if lane.id in lanes]
    lawful = driven & set().union(begun(path, upto, margins, until), *allowed) if allowed else driven
    possible = lawful or driven
    return tuple(m for m in ALL_MOVEMENTS if m in possible), tuple(m for m in ALL_MOVEMENTS if m in driven - possible)


def _movement_state(
    heads: tuple[SignalHead, ...], movement: Movement, of: Callable[[SignalHead], LampState]
) -> LampState:
    """A green arrow permits its movement even beside a red, where the law lets it; else heads must not contradict.

    An arrow that nobody sees may be green: what the others forbid is not known then. A dark one permits nothing.
    """
    signals = HERE.signals
    arrows = [h for h in heads if h.arrow in (movement, signals.obeys_lamps_of.get(movement, movement))]
    if signals.green_arrow_over_red and any(of(h) == LampState.GREEN for h in arrows):
        return LampState.GREEN
    lit_arrows = [h for h in arrows if of(h) not in (LampState.OFF, LampState.UNKNOWN)]
    counted = lit_arrows or [h for h in heads if h.arrow is None]
    states = {of(h) for h in counted} - {LampState.OFF, LampState.UNKNOWN}
    hidden = not lit_arrows and any(of(h) == LampState.UNKNOWN for h in arrows)
    if signals.green_arrow_over_red and hidden and states != {LampState.GREEN}:
        return LampState.UNKNOWN
    if len(states) == 1:
        return states.pop()
    if not states and counted and all(of(h) == LampState.OFF for h in counted):
        return LampState.OFF
    return LampState.UNKNOWN
