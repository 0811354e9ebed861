"""Lamp timeline as shapes: one row a head, seconds counted from the act (0 is the moment at the line)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import permutations

from evidence.acts import LampState, StillMoment
from evidence.packet import ControllerTimeline, Manifest

from .stills import StillView

WIDTH = 1000.0
WORD = 230.0
"""Room for the longest name of a moment, in timeline units: 34 letters, 6.7 units each at 12 px in bold, and air."""
AIR = 4.0
"""Between a word and a line of another, in the same units: as a word keeps from its own."""
FEW = 4
"""Of more stills than acts have, which a packet may bring, not each order is tried."""
_STEPS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)


@dataclass(frozen=True)
class Segment:
    """A coloured stretch; `x` and `width` in timeline units (0..WIDTH)."""

    x: float
    width: float
    state: LampState
    seconds: float
    confidence: float


@dataclass(frozen=True)
class Said:
    """From when on a signal controller said a state: `at` by the node's clock, `own` by its own where it states one."""

    state: LampState
    at: datetime
    own: datetime | None


@dataclass(frozen=True)
class Row:
    """One head. `controller`: which one has a word in it, and as what it knows the head; `said`: its changes."""

    head: str
    governs: bool
    source: str
    segments: tuple[Segment, ...]
    controller: ControllerTimeline | None = None
    said: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Mark:
    """A still's moment. `row` and `side` (before, over, behind the line) keep its word off its neighbours'."""

    x: float
    moment: StillMoment
    row: int = 0
    side: str = "over"

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where its word may lie."""
        left = self.x - {"behind": 0, "over": WORD / 2, "before": WORD}[self.side]
        return left, left + WORD


@dataclass(frozen=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True)
class Timeline:
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    from_s: float
    to_s: float

    @property
    def mark_rows(self) -> int:
        """Rows of words above the lamps."""
        return 1 + max((mark.row for mark in self.marks), default=0)

    @property
    def act_x(self) -> float:
        return WIDTH * -self.from_s / (self.to_s - self.from_s)


def timeline(manifest: Manifest, stills: tuple[StillView, ...], *, reach_s: float = 8.0) -> Timeline | None:
    """The window around the act, at most `reach_s` to each side beyond the stills; None when no head was seen."""
    spans = [span for line in manifest.lamps for span in line.spans]
    if not spans:
        return None
    act_s = manifest.act.t_s
    times = [act_s, *(s.t_s for s in stills if s.t_s is not None)]
    first = max(min(s.from_s for s in spans), min(times) - reach_s)
    last = min(max(s.to_s for s in spans), max(times) + reach_s)
    first, last = min(first, min(times) - 0.5), max(last, max(times) + 0.5)

    def x(t_s: float) -> float:
        return round((min(max(t_s, first), last) - first) / (last - first) * WIDTH, 2)

    rows = tuple(
        Row(
            line.head,
            line.governs,
            line.source,
            tuple(
                Segment(x(s.from_s), round(x(s.to_s) - x(s.from_s), 2), s.state, s.to_s - s.from_s, s.confidence)
                for s in line.spans
                if s.to_s >= first and s.from_s <= last
            ),
            line.controller,
            _said(line.controller),
        )
        for line in sorted(manifest.lamps, key=lambda line: not line.governs)
    )
    marks = _apart([Mark(x(s.t_s), s.moment) for s in stills if s.t_s is not None])
    step = next((s for s in _STEPS_S if (last - first) / s <= 12), _STEPS_S[-1])
    ticks = tuple(
        Tick(x(act_s + n * step), f"{n * step:+g}".replace("-", "−") if n else "0")
        for n in range(int((first - act_s) / step), int((last - act_s) / step) + 1)
    )
    return Timeline(rows, marks, ticks, first - act_s, last - act_s)


def _apart(marks: list[Mark]) -> tuple[Mark, ...]:
    """Words of stills that lie close together go one below the other; at the ends they stay inside.

    From each word a line goes down to the lamps, so a word lies beside the lines of those above it: of the orders in
    which they may be placed the first with the fewest rows counts, earlier ones above.
    """
    across = sorted(marks, key=lambda m: m.x)
    orders = permutations(across) if len(across) <= FEW else (tuple(across), tuple(reversed(across)))
    plans = (_placed(order) for order in orders)
    best = min(plans, key=lambda plan: (plan.crossed, plan.rows), default=_Plan((), 0, 0))
    return tuple(sorted(best.marks, key=lambda m: m.x))


@dataclass(frozen=True)
class _Plan:
    marks: tuple[Mark, ...]
    crossed: int
    rows: int


def _placed(order: tuple[Mark, ...]) -> _Plan:
    """Each in turn in the highest row in which its word touches no other and no line crosses a word."""
    placed: list[Mark] = []
    for mark in order:
        tries = (replace(mark, row=row, side=side) for row in range(len(placed) + 1) for side in _sides(mark.x))
        lowest = replace(mark, row=len(placed), side=_sides(mark.x)[0])
        placed.append(next((each for each in tries if not _crossings(each, placed)), lowest))
    crossed = sum(_crossings(mark, placed[:index]) for index, mark in enumerate(placed))
    return _Plan(tuple(placed), crossed, 1 + max((mark.row for mark in placed), default=0))


def _sides(x: float) -> tuple[str, ...]:
    """Where a word may lie so that it stays inside, the best first."""
    if x < WORD / 2:
        return ("behind",)
    if x > WIDTH - WORD / 2:
        return ("before",)
    return ("over", *(("behind",) if x <= WIDTH - WORD else ()), *(("before",) if x >= WORD else ()))


def _crossings(one: Mark, others: list[Mark]) -> int:
    """Others whose word touches its word, or of which one's line goes through the other's word."""
    return sum(_crosses(one, other) or _crosses(other, one) for other in others)


def _crosses(one: Mark, other: Mark) -> bool:
    """Whether the word of `one` touches the word of `other` in the same row, or the line of one above."""
    left, right = one.reach
    if one.row == other.row:
        return left < other.reach[1] and other.reach[0] < right
    return other.row < one.row and left - AIR < other.x < right + AIR


def _said(told: ControllerTimeline | None) -> tuple[Said, ...]:
    """The first word of each stretch of one state."""
    words = told.words if told is not None else []
    return tuple(
        Said(word.state, word.received_at, word.said_at)
        for i, word in enumerate(words)
        if i == 0 or words[i - 1].state != word.state
    )
