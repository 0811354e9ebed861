"""When a vehicle stands: shared by the acts at the stop line."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.middles import middle, middle_by_then

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StandingMargins:
    """What counts as standing."""

    still_boxes: float = margin(
        0.12,
        "box sizes",
        "a standing vehicle's box wanders by less than this share of its size",
        source="the first version of the rules, November 2026, held against queues of the simulation; not measured "
        "alone",
    )
    size_pictures: int = margin(
        5,
        "pictures",
        "its size is the middle of the last so many: what comes later, when it has driven off, must not undo a stand",
        source="stands came undone by a later size in the simulation (docs/simulation.md); the number was not tuned",
        least=1,
    )


def stands(path: Trajectory, from_: int, seconds: float, margins: StandingMargins) -> list[tuple[int, int]]:
    """First and last observation of every stretch of `seconds` of standing from observation `from_` on: throughout it
    the vehicle was where it is at its end."""
    if from_ >= len(path.t_s):
        return []
    asked = ("stands", float(path.t_s[from_]), seconds, id(margins))
    told = path.settled.get(asked)
    if told is None:
        told = path.settled[asked] = _Told(margins)
    new = len(path.t_s) - from_ - told.looked_at
    if new < 0:  # the path as it was before
        return _stands(path, from_, seconds, margins)
    if new > _MANY:
        told.ends += [(first - from_, last - from_) for first, last in _stands(path, from_, seconds, margins)
                      if last - from_ >= told.looked_at]  # fmt: skip
    else:
        told.ends += _next_stands(path, from_, told.looked_at, seconds, margins)
    told.looked_at += new
    return [(from_ + first, from_ + last) for first, last in told.ends]


_MANY = 8
"""For more new observations all are looked at again: that is quicker than one after the other."""


@dataclass
class _Told:
    """The stretches found among the first `looked_at` observations, counted from the one asked from: what comes after
    them does not change them."""

    margins: StandingMargins
    looked_at: int = 0
    ends: list[tuple[int, int]] = field(default_factory=list)


def _next_stands(
    path: Trajectory, from_: int, looked_at: int, seconds: float, margins: StandingMargins
) -> list[tuple[int, int]]:
    """Those stretches that end with one of the observations after the first `looked_at`."""
    found = []
    t_s, points, sizes = path.t_s[from_:], path.contacts[from_:], path.size_px[from_:]
    for last in range(looked_at, len(t_s)):
        first = int(np.searchsorted(t_s, t_s[last] - seconds + 1e-9, side="right")) - 1
        if first < 0:
            continue
        lately = sizes[max(last + 1 - margins.size_pictures, 0) : last + 1]
        size_px = middle(np.append(sizes[:1].repeat(margins.size_pictures - len(lately)), lately))
        ways = points[last] - points[first:last]
        if not (np.hypot(ways[:, 0], ways[:, 1]) > margins.still_boxes * size_px).any():
            found.append((first, last))
    return found


def _stands(path: Trajectory, from_: int, seconds: float, margins: StandingMargins) -> list[tuple[int, int]]:
    """All of them."""
    points, t_s = path.contacts[from_:], path.t_s[from_:]
    ends = np.arange(len(t_s))
    starts = np.searchsorted(t_s, t_s - seconds + 1e-9, side="right") - 1
    still = starts >= 0
    if not still.any():
        return []
    most = margins.still_boxes * middle_by_then(path.size_px[from_:], margins.size_pictures)
    for back in range(int((ends - starts)[still].max()), 0, -1):  # who drives is told by the longest first
        moved = np.hypot(*(points[back:] - points[:-back]).T) > most[back:]
        still[back:] &= ~(moved & (ends - back >= starts)[back:])
        if not still.any():
            return []
    return [(from_ + int(starts[last]), from_ + int(last)) for last in np.flatnonzero(still)]


def stood(path: Trajectory, from_s: float, to_s: float, seconds: float, margins: StandingMargins) -> bool:
    """Whether it stood for `seconds` at some time, the whole stretch between two times."""
    inside = np.flatnonzero((path.t_s >= from_s - 1e-6) & (path.t_s <= to_s + 1e-6))
    if not len(inside):
        return False
    return any(last <= inside[-1] for _, last in stands(path, int(inside[0]), seconds, margins))
