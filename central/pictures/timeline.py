"""Lamp timeline as shapes: one row a head, seconds counted from the act (0 is the moment at the line)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evidence.acts import LampState, StillMoment
from evidence.packet import ControllerTimeline, Manifest

from .stills import StillView

WIDTH = 1000.0
WORD = 230.0
"""Room for the longest name of a moment, in timeline units: 34 letters, 6.7 units each at 12 px in bold, and air."""
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
    """Words of stills that lie close together go one below the other; at the ends they stay inside."""
    ends: list[float] = []
    placed = []
    for mark in sorted(marks, key=lambda m: m.x):
        side = "behind" if mark.x < WORD / 2 else "before" if mark.x > WIDTH - WORD / 2 else "over"
        left = mark.x - {"behind": 0, "over": WORD / 2, "before": WORD}[side]
        row = next((n for n, end in enumerate(ends) if end <= left), len(ends))
        ends[row : row + 1] = [left + WORD]
        placed.append(Mark(mark.x, mark.moment, row, side))
    return tuple(placed)


def _said(told: ControllerTimeline | None) -> tuple[Said, ...]:
    """The first word of each stretch of one state."""
    words = told.words if told is not None else []
    return tuple(
        Said(word.state, word.received_at, word.said_at)
        for i, word in enumerate(words)
        if i == 0 or words[i - 1].state != word.state
    )
