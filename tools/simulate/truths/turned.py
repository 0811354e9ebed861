"""Where a vehicle went at the junction, the banned turn and the banned U-turn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evidence.acts import ActCode
from tools.simulate.junction import LEFT_EXIT, STOP_LINE
from tools.simulate.truths.ways import Way, grade, stretches
from tools.simulate.world import GroundSign, TrueAct

LINE_Y = -STOP_LINE
TURNED_S = (0.5, 0.25, 0.8)
"""Seen so long in the part of the junction through which only a left turn leads."""

HALF_ROUND_RAD = 0.5
"""Who has turned left by so much there and is not round, being stuck or the run being over, turns for all one sees."""
BACK_M = (4.0, 2.0, 8.0)
"""So far back in the picture after it turned round: who has not come so far may yet go elsewhere."""
BACK_DEG = 25.0
"""Off due south: back the way it came."""
AT_THE_HOUR_S = 1.5
"""So near to the minute at which the ban ends nobody can say which came first."""


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
    """The banned turn. Who was seen in it for too short has turned all the same, and so has who stood past the line
    when the run began, or never came farther than half round: not sure."""
    north = np.sin(way.heading) > 0.5
    near_line = np.flatnonzero(way.visible & (way.y < LINE_Y) & north)
    past_it = way.index[0] == 0 and way.x[0] > 0 and way.y[0] > LINE_Y and bool(north[0])
    if not len(near_line) and not past_it:
        return
    last = int(near_line[-1]) if len(near_line) else 0
    until_s = float(way.t_s[last])
    turned = np.flatnonzero(way.visible & (way.x < LEFT_EXIT[0]) & (way.y > LEFT_EXIT[1]) & (way.t_s > until_s))
    if past_it and len(turned):
        yield TrueAct(ActCode.BANNED_TURN, way.spec.id, until_s, float(way.t_s[turned[-1]]), "vach-dung", sure=False)
    elif movement == "left" and len(turned):
        seen_s = float(way.t_s[turned[-1]] - way.t_s[turned[0]])
        sure = bool(grade(seen_s, TURNED_S))
        yield TrueAct(ActCode.BANNED_TURN, way.spec.id, until_s, float(way.t_s[turned[-1]]), "vach-dung", sure=sure)
    elif movement == "straight" and len(turned) and way.heading[turned[-1]] - np.pi / 2 > HALF_ROUND_RAD:
        ends_s = float(way.t_s[turned[-1]])
        yield TrueAct(ActCode.BANNED_TURN, way.spec.id, until_s, ends_s, "vach-dung", "half round", sure=False)


def turned_round(way: Way) -> tuple[int, int, bool] | None:
    """When its rear passed the stop line, the last picture of its way back in the other half of the road, and whether
    both are surely so; None if it did not turn round over the line."""
    north, rear_y = np.sin(way.heading), way.end(-0.5)[1]
    over = np.flatnonzero((rear_y[:-1] < LINE_Y) & (rear_y[1:] >= LINE_Y) & (north[1:] > 0.5))
    if not len(over):
        return None
    at = int(over[0]) + 1
    south = way.visible & (north < -np.cos(np.radians(BACK_DEG))) & (way.x < 0.0) & (np.arange(len(way.x)) > at)
    back = [(a, b, float(way.y[a] - way.y[b])) for a, b in stretches(south, way.index)]
    if not back:
        return None
    _, last, far_m = max(back, key=lambda piece: piece[2])
    seen_to = grade(far_m, BACK_M)
    return None if seen_to is None else (at, last, bool(seen_to and way.visible[max(0, at - 6) : at + 1].all()))


def banned_u_turn(way: Way, sign: GroundSign) -> Iterator[TrueAct]:
    """Over the stop line and back south in the other half, while the sign's hours last."""
    turned = turned_round(way)
    if turned is None:
        return
    at, last, sure = turned
    t_s, until_s = float(way.t_s[at]), float(way.t_s[last])
    if sign.until_s is not None:
        if t_s > sign.until_s:
            return
        sure = sure and until_s < sign.until_s - AT_THE_HOUR_S
    sure = sure and not way.spec.priority
    yield TrueAct(ActCode.BANNED_U_TURN, way.spec.id, t_s, until_s, "vach-dung", sure=sure)
