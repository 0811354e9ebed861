"""Driving in a motorway's emergency lane. Stopping there for a breakdown, and setting off again, is not it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evidence.acts import ActCode, VehicleClass
from tools.simulate.motorway import DRAWN_Y, EDGE_X, EMERGENCY, OUTER_X
from tools.simulate.truths.ways import Way, grade, stretches
from tools.simulate.world import TrueAct

ALONG_M = (35.0, 20.0, 60.0)
"""Along it in the picture. The law names no length; less is to avoid somebody."""
IN_LANE_S = (1.5, 1.0, 3.6)
CLEAR_OF_LINE_M = 0.15
"""Surely in it: all of the vehicle so far beyond the line, nearly throughout."""
STOPS_M_S = 0.5
"""One that stands in it at some time, in the picture or beyond, is there to stop."""
BRAKES = (0.75, 0.5)
"""Slowest to fastest in the picture: above the first its pace is even; below the second it brakes or sets off."""
SLOW_M_S = 4.0
"""Slower it crawls: it may be about to stand."""


def in_emergency_lane(way: Way) -> Iterator[TrueAct]:
    """A car, bus or lorry with all of it beyond the line, on and on."""
    if way.spec.cls in (VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE) or len(way.t_s) < 2:
        return
    reach = way.spec.width_m / 2 * np.abs(np.sin(way.heading)) + way.spec.length_m / 2 * np.abs(np.cos(way.heading))
    clear = np.minimum(way.x - reach - EDGE_X, OUTER_X - way.x - reach)
    rear_y = way.end(-0.5)[1]
    stands = (way.speed < STOPS_M_S) & (way.x > EDGE_X)
    inside = way.visible & (clear > 0.0) & (rear_y > DRAWN_Y[0]) & (rear_y < DRAWN_Y[1])
    for first, last in stretches(inside, way.index):
        part = slice(first, last + 1)
        far = grade(float(way.y[last] - way.y[first]), ALONG_M)
        lasted = grade(float(way.t_s[last] - way.t_s[first]), IN_LANE_S)
        pace = way.speed[part]
        even = float(pace.min() / max(float(pace.max()), 1e-6))
        if far is None or lasted is None or stands.any() or even < BRAKES[1]:
            continue
        sure = bool(far and lasted and even > BRAKES[0] and pace.min() > SLOW_M_S and not way.spec.priority)
        sure = sure and float(np.mean(clear[part] > CLEAR_OF_LINE_M)) > 0.9
        yield TrueAct(
            ActCode.EMERGENCY_LANE, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), EMERGENCY, sure=sure
        )
