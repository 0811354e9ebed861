"""Lines, lanes and halves of the road: solid line, wrong way, opposite half, wrong lane, the lane's direction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evidence.acts import ActCode, VehicleClass
from tools.simulate.junction import KERB_X, LANES_CHOSEN_Y, LEFT_LANE, STOP_LINE, STOP_LINE_WIDTH
from tools.simulate.truths.ways import Way, grade, step_s, stretches
from tools.simulate.world import TrueAct

LINE_Y = -STOP_LINE
OVERLAP = (0.2, 0.08, 0.28)
"""Share of the vehicle's width on the lesser side of a solid line."""
OVER_S = (0.3, 0.12, 0.45)
AGAINST_S = (1.0, 0.6, 1.6)
AGAINST_M = (1.5, 1.0, 4.0)
BEYOND_CENTRE_M = 0.15
"""Surely in the other half: all of the vehicle beyond the farther stripe of the double line, most of the time."""
LANE_BEFORE_M = 5.0
LANE_BEFORE_S = (0.3, 0.2, 0.5)
"""Seen so long in the lane on the last metres before the line."""
LEFT_S = (0.5, 0.25, 0.8)
"""Seen so long in the exit."""
IN_LANE_S = (2.0, 1.6, 2.7)
IN_LANE_M = (6.0, 5.0, 7.3)
"""The rear, so long and so far along the lane."""
IN_LANE_ROOM_M = (0.3, 0.05)
"""Room on both sides: surely in the lane, and less than which it is not wholly in it."""
CHANGING_M = (0.35, 0.7)
"""Who goes less far aside drives along it, who goes farther changes over it."""
_SOLID_Y = LINE_Y - STOP_LINE_WIDTH
MARKINGS = {"tim-duong": (-0.15, 0.15), "vach-lan": (3.5,)}


def solid_lines(way: Way) -> Iterator[TrueAct]:
    """The end of the footprint that the camera sees lies over a stripe."""
    near = np.where(np.sin(way.heading) > 0, -0.5, 0.5)
    x, y = (
        way.x + near * way.spec.length_m * np.cos(way.heading),
        way.y + near * way.spec.length_m * np.sin(way.heading),
    )
    half = way.spec.width_m / 2 * np.abs(np.sin(way.heading))
    beside = way.visible & (y < _SOLID_Y) & (half > 0.2)
    for marking, stripes in MARKINGS.items():
        share = np.max(
            [
                np.clip(np.minimum(at - (x - half), (x + half) - at) / np.maximum(2 * half, 1e-6), 0, 0.5)
                for at in stripes
            ],
            axis=0,
        )
        best: tuple[int, float, TrueAct] | None = None
        for first, last in stretches(beside & (share >= OVERLAP[1]), way.index):
            over = beside[first : last + 1] & (share[first : last + 1] >= OVERLAP[0])
            step_s = float(np.median(np.diff(way.t_s[first : last + 2]))) if last > first else 0.0
            firm = float(over.sum()) * step_s
            # surely only what lasts so long away from the edge of the picture
            if OVER_S[0] <= firm and float((over & way.well_visible[first : last + 1]).sum()) * step_s < OVER_S[2]:
                firm = min(firm, OVER_S[0])
            moved = float(np.hypot(x[last] - x[first], y[last] - y[first]))
            grades = [
                grade(float(share[first : last + 1].max()), OVERLAP),
                grade(firm, OVER_S),
                grade(moved, (0.8, 0.3, 1.5)),
            ]
            sure = all(grades) and None not in grades
            rank = (int(sure), firm)
            act = TrueAct(
                ActCode.SOLID_LINE, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), marking, sure=sure
            )
            if best is None or rank > best[:2]:
                best = (*rank, act)
        if best:
            yield best[2]


def against(way: Way, act_code: ActCode) -> Iterator[TrueAct]:
    """Towards the camera on our side, or away from it on the other: what it is called follows from the road."""
    north = np.sin(way.heading)
    near = np.where(north > 0, -0.5, 0.5)
    x, y = way.x + near * way.spec.length_m * np.cos(way.heading), way.y + near * way.spec.length_m * north
    on_road = way.visible & (y < _SOLID_Y)
    lanes = {
        "lan-nguoc": (x > -7.0) & (x < 0.0) & (north > 0.5),
        "lan-trai": (x > LEFT_LANE[0]) & (x < LEFT_LANE[1]) & (north < -0.5),
        "lan-phai": (x > LEFT_LANE[1]) & (x < KERB_X) & (north < -0.5),
    }
    for lane, wrongly in lanes.items():
        longest: TrueAct | None = None
        for first, last in stretches(on_road & wrongly & (way.speed > 0.3), way.index):
            lasted, way_m = float(way.t_s[last] - way.t_s[first]), float(abs(y[last] - y[first]))
            grades = [grade(lasted, AGAINST_S), grade(way_m, AGAINST_M)]
            if None in grades:
                continue
            # mostly on the double line: one may say that it rode on it
            beyond = -x[first : last + 1] > BEYOND_CENTRE_M + way.spec.width_m / 2
            sure = all(grades) and (act_code != ActCode.OPPOSITE_HALF or lane != "lan-nguoc" or beyond.mean() > 0.6)
            act = TrueAct(act_code, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), lane, sure=sure)
            if longest is None or (act.sure, act.until_s - act.t_s) > (longest.sure, longest.until_s - longest.t_s):
                longest = act
        if longest:
            yield longest


def wrong_lane(way: Way) -> Iterator[TrueAct]:
    """A lorry or bus along the left lane, which is for others, before the part where lanes are chosen."""
    if way.spec.cls not in (VehicleClass.BUS, VehicleClass.TRUCK):
        return
    x, y = way.end(-0.5)
    reach = way.spec.width_m / 2 * np.abs(np.sin(way.heading)) + way.spec.length_m / 2 * np.abs(np.cos(way.heading))
    room = np.minimum(way.x - reach - LEFT_LANE[0], LEFT_LANE[1] - way.x - reach)
    there = way.visible & (np.sin(way.heading) > 0.5) & (y < LANES_CHOSEN_Y) & (room > IN_LANE_ROOM_M[1])
    best: TrueAct | None = None
    for first, last in stretches(there, way.index):
        aside = float(np.ptp(x[first : last + 1]))
        grades = [
            grade(float(way.t_s[last] - way.t_s[first]), IN_LANE_S),
            grade(float(y[last] - y[first]), IN_LANE_M),
        ]
        if None in grades or aside > CHANGING_M[1]:
            continue
        steady = bool(room[first : last + 1].min() > IN_LANE_ROOM_M[0] and aside < CHANGING_M[0])
        sure = all(grades) and steady
        act = TrueAct(
            ActCode.WRONG_LANE, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), "lan-trai", sure=sure
        )
        if best is None or (act.sure, act.until_s - act.t_s) > (best.sure, best.until_s - best.t_s):
            best = act
    if best:
        yield best


def lane_direction(way: Way, movement: str) -> Iterator[TrueAct]:
    """Over the stop line out of the left lane, whose arrows lead straight on, then right through the exit there.

    Who was seen there for too short has driven so all the same, and so has who stood over the line in that lane when
    the run began: not sure, and nobody is told falsely of it.
    """
    _, rear_y = way.end(-0.5)
    in_lane = LEFT_LANE[0] < way.x[0] < LEFT_LANE[1] and np.sin(way.heading[0]) > 0.5
    on_it = way.index[0] == 0 and in_lane and movement == "other" and way.y[0] > LINE_Y
    if on_it and (way.visible & (way.x > 9.6) & (way.y < -1.0)).any():
        yield TrueAct(ActCode.LANE_DIRECTION, way.spec.id, 0.0, float(way.t_s[-1]), "vach-dung", sure=False)
        return
    if movement != "right" or not (rear_y > LINE_Y).any():
        return
    at = int(np.argmax(rear_y > LINE_Y))
    before = np.flatnonzero(way.visible[:at] & (rear_y[:at] > LINE_Y - LANE_BEFORE_M))
    out = np.flatnonzero(way.visible & (np.arange(len(way.x)) > at) & (way.x > 9.6) & (way.y > -11.0) & (way.y < -1.0))
    if not len(before) or not len(out):
        return
    x, half = way.x[before], way.spec.width_m / 2
    if (x > LEFT_LANE[1]).any() or (x < LEFT_LANE[0]).any():
        return
    t_s, until_s = float(way.t_s[at]), float(way.t_s[out[-1]])
    grades = [grade(until_s - float(way.t_s[out[0]]), LEFT_S), grade(float(x.size) * step_s(way), LANE_BEFORE_S)]
    sure = all(grades) and bool((x + half < LEFT_LANE[1]).all() and (x - half > LEFT_LANE[0]).all())
    yield TrueAct(ActCode.LANE_DIRECTION, way.spec.id, t_s, until_s, "vach-dung", sure=sure)
