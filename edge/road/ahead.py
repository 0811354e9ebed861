"""Whether something is in the way of a vehicle: before it, and no farther aside than half of two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def anything_ahead(
    steps: Floats, ahead: Floats | None, *, near: float, far: float, aside: float, either_way: bool = False
) -> bool:
    """`steps` `[K, 2]` lead to what stands about; between `near` and `far` along `ahead`, a unit vector, and less than
    `aside` across it something is in the way. `either_way`: at its other end as well. Without a direction: on any
    side, and so as far as `far` only. All in one unit."""
    if ahead is None:
        away = np.hypot(*steps.T)
        return bool(((away > near) & (away < far)).any())
    along, across = steps @ ahead, np.abs(steps @ np.array([-ahead[1], ahead[0]]))
    if either_way:
        along = np.abs(along)
    return bool(((along > near) & (along < far) & (across < aside)).any())
