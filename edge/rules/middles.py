"""Middles of a few numbers: numpy's to the last bit, which take twenty times as long to get going."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def middle(values: Floats) -> float:
    """As `numpy.median` of a few finite numbers `[N]`, at least one."""
    in_order = sorted(values.tolist())
    half = len(in_order) // 2
    at: float = in_order[half]
    return at if len(in_order) % 2 else (in_order[half - 1] + at) / 2


def middle_by_then(values: Floats, size: int) -> Floats:
    """`[N]` median of the last so many of finite `values` `[N]`; before the first one they were as that one."""
    padded = np.concatenate([np.full(size - 1, values[0]), values])
    windows = np.array([padded[at : at + len(values)] for at in range(size)])
    windows.sort(axis=0)
    half = size // 2
    middles: Floats = windows[half] if size % 2 else (windows[half - 1] + windows[half]) / 2
    return middles
