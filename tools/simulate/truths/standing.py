"""Standing where it is banned: at a kerb with a sign, and in the yellow box of the junction."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from countries.here import HERE
from evidence.acts import ActCode, VehicleClass
from tools.simulate.junction import STOP_LINE
from tools.simulate.street import BOX_AREA, KERB, KERB_Y_FROM_TO, KERBSIDE, YELLOW_BOX
from tools.simulate.truths.neighbours import ahead_of
from tools.simulate.truths.ways import STILL_M_S, Bools, Way, grade, pace, step_s, stretches
from tools.simulate.world import GroundSign, Run, TrueAct

STOPPED_S = (8.0, 3.0, 25.0)
"""Where stopping is banned every stop is one, whatever a rule takes for worth a case; a shorter one lets others by."""
PARKED_S = (180.0, 120.0, 240.0)
"""Where parking is banned: the law names no minute at which a stop becomes parking. In four nobody only gets out."""
LONG_S = 10.0
"""Of those who stood there so long it is told what made it lawful."""
FREE_S = (10.0, 4.0, 20.0)
"""For so long the road before it was free, and it stood on: nothing held it. Less than the second: traffic held it."""
FREE_M = 8.0
"""Room to the next in its corridor in which one sets off."""
AT_LINE_M = 4.0
"""One whose front stands so near before the stop line waits there for green."""
WITHIN_M = 0.5
"""Surely in the area: the rear so far inside its ends, its middle so far inside the strip."""
LOOK_S = 0.4

IN_BOX_S = (8.0, 4.0, 10.0)
"""Standing in the box: shorter is letting somebody by."""
STOPPED_M_S = 0.5
CRAWLS_M_S = 4.0
"""Nobody slower before it: the way out was surely free."""
FREE_BEYOND_M = 10.0
CLEAR_OF_BOX_M = (1.0, -1.0)
"""Room beyond the box and one's own length: more than the first: it was free; less than the second: it was not."""
STRAIGHT_DEG = 25.0
SEEN_ENTERING_S = 0.5
ROLLS_S = 6.0


def _parking(sign: GroundSign) -> bool:
    """Whether it bans parking alone."""
    return HERE.signs.meaning(sign.number).says == "no_parking"


def stands_at_kerb(way: Way, run: Run, sign: GroundSign) -> Iterator[TrueAct]:
    """In the area of the sign, for long, though the road before it was free."""
    if way.spec.cls is VehicleClass.BICYCLE or len(way.t_s) < 2:
        return
    parking = _parking(sign)
    limits, act = (PARKED_S, ActCode.PARKING_BANNED) if parking else (STOPPED_S, ActCode.STOPPING_BANNED)
    _, rear_y = way.end(-0.5)
    room = np.minimum(rear_y - KERB_Y_FROM_TO[0], KERB_Y_FROM_TO[1] - rear_y)
    inside = way.visible & (way.x > KERB[0]) & (way.x < KERB[1]) & (room > -WITHIN_M)
    still = inside & _still(way)
    best: TrueAct | None = None
    for first, last in stretches(still, way.index):
        lasted = grade(float(way.t_s[last] - way.t_s[first]), limits)
        if lasted is None:
            continue
        free = grade(_free_s(way, run, first, last), FREE_S)
        if free is None:
            continue
        well = float(room[first]) > WITHIN_M and float(way.x[first]) > KERB[0] + WITHIN_M
        sure = bool(lasted and free and well and not way.spec.priority)
        told = TrueAct(act, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), KERBSIDE, sure=sure)
        if best is None or (told.sure, told.until_s - told.t_s) > (best.sure, best.until_s - best.t_s):
            best = told
    if best:
        yield best


def why_it_stands_at_kerb(way: Way, run: Run, sign: GroundSign) -> str | None:
    """Of a vehicle that stood for long near the sign's area, or in it: what makes that lawful."""
    if len(way.t_s) < 2:
        return None
    _, rear_y = way.end(-0.5)
    still = way.visible & (way.x > KERB[0]) & _still(way) & (rear_y < -STOP_LINE - AT_LINE_M)
    long = [(a, b) for a, b in stretches(still, way.index) if way.t_s[b] - way.t_s[a] >= LONG_S]
    if not long:
        return None
    first, last = max(long, key=lambda ends: ends[1] - ends[0])
    if float(rear_y[first]) > KERB_Y_FROM_TO[1] + WITHIN_M:
        return "stands at the kerb beyond the sign's area"
    if grade(_free_s(way, run, first, last), FREE_S) is None:
        return "waits at the kerb in traffic that holds it"
    return "stops where only parking is banned" if _parking(sign) else None


def _free_s(way: Way, run: Run, first: int, last: int) -> float:
    """For how long without a break the road before it was free while it stood."""
    every = max(1, round(LOOK_S / step_s(way)))
    longest = now = 0.0
    _, front_y = way.end(0.5)
    for i in range(first, last + 1, every):
        before = ahead_of(run, way, i)
        near = bool((before.room_m < FREE_M).any())
        at_line = -STOP_LINE - AT_LINE_M < float(front_y[i]) < -STOP_LINE
        now = 0.0 if near or at_line else now + every * step_s(way)
        longest = max(longest, now)
    return longest


def blocks_the_box(way: Way, run: Run) -> Iterator[TrueAct]:
    """It drove into the yellow box though there was no room beyond it, stood there, and then went straight on."""
    stood = _stands_in_box(way)
    if stood is None:
        return
    entered, first, last = stood
    lasted = grade(float(way.t_s[last] - way.t_s[first]), IN_BOX_S)
    straight = _straight(way, entered, last)
    blocked = _way_out_blocked(way, run, entered)
    if lasted is None or straight is False or blocked is False:
        return
    came = way.visible[max(0, entered - round(SEEN_ENTERING_S / step_s(way))) : entered + 1]
    sure = bool(lasted and straight and blocked and came.all() and entered > 0 and _well_in_box(way, first))
    sure = sure and not way.spec.priority
    yield TrueAct(
        ActCode.BLOCKING_JUNCTION, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), BOX_AREA, sure=sure
    )


def why_it_is_in_the_box(way: Way, run: Run) -> str | None:
    """Of a vehicle that stood in the box, or crept through it: what makes that lawful."""
    stood = _stands_in_box(way)
    if stood is None:
        inside = way.visible & _in_box(*way.end(-0.5))
        slow = inside & (way.speed < 2.5)
        return "rolls slowly through the box" if float(slow.sum()) * step_s(way) >= ROLLS_S else None
    entered, first, last = stood
    if way.t_s[last] - way.t_s[first] < IN_BOX_S[1]:
        return "stands in the box for a moment"
    if _straight(way, entered, last) is False:
        return "waits in the box to turn"
    return "drove into the box while the way out was free" if _way_out_blocked(way, run, entered) is False else None


def _stands_in_box(way: Way) -> tuple[int, int, int] | None:
    """When its front came into the box, and the longest stand there: its first and last moment."""
    if len(way.t_s) < 2:
        return None
    front, rear = _in_box(*way.end(0.5)), _in_box(*way.end(-0.5))
    found = stretches(way.visible & (front | rear) & _still(way), way.index)
    if not found or not front.any():
        return None
    first, last = max(found, key=lambda ends: ends[1] - ends[0])
    return int(np.argmax(front)), first, last


def _well_in_box(way: Way, at: int) -> bool:
    """Its middle and the end that the camera sees are within the paint."""
    seen = -0.5 if math.sin(float(way.heading[at])) > 0 else 0.5
    x, y = way.end(seen)
    return bool(_in_box(x, y)[at] and _in_box(way.x, way.y)[at])


def _straight(way: Way, entered: int, last: int) -> bool | None:
    """Whether it left the box as it had come in; None if nobody knows."""
    out = np.flatnonzero(~_in_box(way.x, way.y) & (np.arange(len(way.x)) > last))
    if not len(out):
        return None
    leaves = min(int(out[0]) + 12, len(way.x) - 1)
    turned = math.remainder(float(way.heading[leaves] - way.heading[entered]), 2 * math.pi)
    return abs(math.degrees(turned)) < STRAIGHT_DEG


def _way_out_blocked(way: Way, run: Run, entered: int) -> bool | None:
    """Whether there was no room beyond the box as its front came to it; None if one may say either."""
    to_edge_m = _through_m(way, entered)
    before = ahead_of(run, way, entered)
    needed_m = to_edge_m + way.spec.length_m
    crawling = (before.speed_m_s < CRAWLS_M_S) & (before.room_m < needed_m + FREE_BEYOND_M)
    if not crawling.any():
        return False
    stopped = np.flatnonzero(before.speed_m_s < STOPPED_M_S)
    if not len(stopped):
        return None
    end = int(stopped[0])
    left_m = float(before.room_m[end] - before.length_m[:end].sum()) - needed_m
    return True if left_m < CLEAR_OF_BOX_M[1] else False if left_m > CLEAR_OF_BOX_M[0] else None


def _through_m(way: Way, entered: int) -> float:
    """From its front straight on to the box's far edge."""
    x, y = (float(v[entered]) for v in way.end(0.5))
    c, s = math.cos(float(way.heading[entered])), math.sin(float(way.heading[entered]))
    west, south, east, north = YELLOW_BOX
    ends = [((east if c > 0 else west) - x) / c] if abs(c) > 1e-6 else []
    ends += [((north if s > 0 else south) - y) / s] if abs(s) > 1e-6 else []
    return max(0.0, min(ends))


def _in_box(x: np.ndarray[tuple[int], np.dtype[np.float64]], y: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Bools:
    west, south, east, north = YELLOW_BOX
    inside: Bools = (x > west) & (x < east) & (y > south) & (y < north)
    return inside


def _still(way: Way) -> Bools:
    still: Bools = (way.speed < STILL_M_S[1]) & (pace(way, step_s(way)) < STILL_M_S[0])
    return still
