"""Whether a vehicle that stood is the one that drives on: it sets off along its wheels, not to its side.

A track that is lost beside one that drives past may go on with that one. Both ways are such as a vehicle drives, and
so is the step between them; but nobody who stands comes away a vehicle's width beside where he stood.
"""

from __future__ import annotations

import numpy as np

from edge.road.trajectory import Trajectory
from edge.rules.ways import places

_AWAY_PICTURES = 3
"""Away for so many pictures: one or two are those of the neighbour's box."""


def set_off_aside_m(path: Trajectory, first: int, last: int, way_m: float, away_m: float, smooth: int) -> float | None:
    """How far beside the place of a stand the way on begins, metres, seen along that way.

    Parameters
    ----------
    first, last: observations of the stand.
    way_m: the way on is looked at for so long, metres.
    away_m: it has set off when it is so far from the place.
    smooth: pictures, as in `ways.places`.

    None if nobody knows: without a ground plane, or if it has not driven on so far.
    """
    way = places(path, smooth)
    if way is None:
        return None
    place = np.median(way[first : last + 1], axis=0)
    far = np.hypot(*(way[last:] - place).T)
    away = np.convolve(far > away_m, np.ones(_AWAY_PICTURES), "valid") == _AWAY_PICTURES
    if not away.any():
        return None
    begins = last + int(np.argmax(away))
    on = np.hypot(*(way[begins:] - way[begins]).T) >= way_m
    if not on.any():
        return None
    step = way[begins + int(np.argmax(on))] - way[begins]
    off = way[begins] - place
    return abs(float(step[0] * off[1] - step[1] * off[0])) / float(np.hypot(*step))
