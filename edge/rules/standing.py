"""When a vehicle stands: shared by the acts at the stop line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.paths import Path

Floats = NDArray[np.float64]
STILL_BOXES = 0.12
"""A standing vehicle's box wanders by less than this share of its size."""
_WINDOW = 5


def stands(path: Path, from_: int, seconds: float) -> list[tuple[int, int]]:
    """Every stretch of standing from observation `from_` on, each as far as its first `seconds`: first and last
    observation. A stretch begins anew after each observation that was too far from where the vehicle stands now."""
    points, t_s = path.contacts[from_:], path.t_s[from_:]
    sizes = _size_by_then(path.size_px[from_:])
    found: list[tuple[int, int]] = []
    start = 0
    for last in range(len(t_s)):
        away = np.flatnonzero(np.hypot(*(points[start : last + 1] - points[last]).T) > STILL_BOXES * sizes[last])
        if len(away):
            start += int(away[-1]) + 1
        if t_s[last] - t_s[start] >= seconds:
            found.append((from_ + start, from_ + last))
    return found


def stood(path: Path, from_s: float, to_s: float, seconds: float) -> bool:
    """Whether it stood for `seconds` at some time, the whole stretch between two times."""
    inside = np.flatnonzero((path.t_s >= from_s - 1e-6) & (path.t_s <= to_s + 1e-6))
    if not len(inside):
        return False
    return any(last <= inside[-1] for _, last in stands(path, int(inside[0]), seconds))


def _size_by_then(size_px: Floats) -> Floats:
    """Middle of the last five sizes: what comes later, when it has driven off, must not make a stand undone."""
    padded = np.concatenate([np.full(_WINDOW - 1, size_px[0]), size_px])
    middle: Floats = np.median(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW), axis=1)
    return middle
