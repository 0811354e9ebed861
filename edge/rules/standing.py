"""When a vehicle stands: shared by the acts at the stop line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from edge.road.trajectory import Trajectory

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
    points, t_s = path.contacts[from_:], path.t_s[from_:]
    ends = np.arange(len(t_s))
    starts = np.searchsorted(t_s, t_s - seconds + 1e-9, side="right") - 1
    still = starts >= 0
    if not still.any():
        return []
    most = margins.still_boxes * _size_by_then(path.size_px[from_:], margins.size_pictures)
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


def _size_by_then(size_px: Floats, pictures: int) -> Floats:
    """`[N]` middle of the last so many sizes."""
    padded = np.concatenate([np.full(pictures - 1, size_px[0]), size_px])
    middle: Floats = np.median(np.lib.stride_tricks.sliding_window_view(padded, pictures), axis=1)
    return middle
