"""Where a vehicle went at the junction, and the banned turn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evidence.acts import ActCode
from tools.simulate.junction import LEFT_EXIT, STOP_LINE
from tools.simulate.truths.ways import Way, grade
from tools.simulate.world import TrueAct

LINE_Y = -STOP_LINE
TURNED_S = (0.5, 0.25, 0.8)
"""Seen so long in the part of the junction through which only a left turn leads."""


def movement(way: Way) -> str:
    x, y = way.x, way.y
    if not (y < LINE_Y).any():
        return "other"
    if ((x > 9.6) & (y > -11.5) & (y < 1)).any():
        return "right"
    if ((x < -6.0) & (y > -6) & (y < 9)).any():
        return "left"
    return "straight"


def banned_turn(way: Way, movement: str) -> Iterator[TrueAct]:
    """The banned turn."""
    near_line = np.flatnonzero(way.visible & (way.y < LINE_Y) & (np.sin(way.heading) > 0.5))
    if not len(near_line):
        return
    last = int(near_line[-1])
    until_s = float(way.t_s[last])
    turned = np.flatnonzero(way.visible & (way.x < LEFT_EXIT[0]) & (way.y > LEFT_EXIT[1]) & (way.t_s > until_s))
    if movement == "left" and len(turned):
        seen_s = float(way.t_s[turned[-1]] - way.t_s[turned[0]])
        sure = grade(seen_s, TURNED_S)
        if sure is not None:
            yield TrueAct(ActCode.BANNED_TURN, way.spec.id, until_s, float(way.t_s[turned[-1]]), "vach-dung", sure=sure)
