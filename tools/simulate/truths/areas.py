"""The acts that areas make: driving on the pavement, entering a street that a sign closes to one's kind of vehicle."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evidence.acts import ActCode, VehicleClass
from tools.simulate.junction import KERB_Y
from tools.simulate.street import CLOSED_ROAD, CLOSED_TO, MOUTH_X, PAVED, PAVEMENT, PAVEMENT_Y
from tools.simulate.truths.ways import Bools, Way, grade, pace, step_s, stretches
from tools.simulate.world import GroundSign, TrueAct

ALONG_M = (10.0, 6.0, 14.0)
"""Along the pavement: less is on the way to a house or gate, or from one."""
ON_PAVEMENT_S = (2.0, 1.2, 2.7)
RIDES_M_S = (2.2, 1.7, 2.8)
"""At its fastest, over 0.4 s: who pushes a motorcycle walks."""
CLEAR_OF_KERB_M = 0.15
"""Surely on the pavement: all of the vehicle so far beyond the kerb, nearly throughout."""
IN_STREET_M = (6.0, 2.0, 10.0)
"""The rear so far into the closed street, in the picture: less may be to turn round in its mouth."""
SEEN_COMING_S = (0.4, 0.2, 0.8)
"""Seen before it, as it comes from elsewhere."""
AT_THE_HOUR_S = 1.5
"""So near to the minute at which the ban ends nobody can say which came first."""


def on_pavement(way: Way) -> Iterator[TrueAct]:
    """A motor vehicle with all of it beyond the kerb, along the pavement and not across it, faster than one walks."""
    if way.spec.cls is VehicleClass.BICYCLE or len(way.t_s) < 2:
        return
    reach = way.spec.width_m / 2 * np.abs(np.sin(way.heading)) + way.spec.length_m / 2 * np.abs(np.cos(way.heading))
    clear = np.minimum(way.x - reach - PAVEMENT[0], PAVEMENT[1] - way.x - reach)
    beside: Bools = way.visible & (clear > 0.0) & (way.y > PAVEMENT_Y[0]) & (way.y < PAVEMENT_Y[1])
    rides = pace(way, step_s(way))
    best: TrueAct | None = None
    for first, last in stretches(beside, way.index):
        part = slice(first, last + 1)
        along, across = (abs(float(v[last] - v[first])) for v in (way.y, way.x))
        grades = [
            grade(along, ALONG_M),
            grade(float(way.t_s[last] - way.t_s[first]), ON_PAVEMENT_S),
            grade(float(rides[part].max()), RIDES_M_S),
        ]
        if None in grades or across > along:
            continue
        sure = all(grades) and float(np.mean(clear[part] > CLEAR_OF_KERB_M)) > 0.9 and not way.spec.priority
        act = TrueAct(ActCode.PAVEMENT, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), PAVED, sure=sure)
        if best is None or (act.sure, act.until_s - act.t_s) > (best.sure, best.until_s - best.t_s):
            best = act
    if best:
        yield best


def why_it_may_enter(way: Way, sign: GroundSign) -> str | None:
    """Of a vehicle that drove into the street: what makes it lawful; None if nothing does, or it did not."""
    rear_x, _ = way.end(-0.5)
    inside = way.visible & (rear_x > MOUTH_X + IN_STREET_M[0]) & (np.abs(way.y) < KERB_Y)
    if not inside.any() or way.x[0] > MOUTH_X or way.x[-1] < way.x[0]:
        return None
    if way.spec.cls not in CLOSED_TO:
        return "enters the closed street, which is not closed to its kind"
    ahead_x, _ = way.end(0.5)
    entered_s = float(way.t_s[int(np.argmax(ahead_x > MOUTH_X))])
    late = sign.until_s is not None and entered_s > sign.until_s
    return "enters the street after the sign's hours" if late else None


def into_closed_street(way: Way, sign: GroundSign) -> Iterator[TrueAct]:
    """A vehicle of a kind that the sign bans, seen to come from elsewhere, all of it in the street and on into it."""
    if way.spec.cls not in CLOSED_TO:
        return
    ahead_x, ahead_y = way.end(0.5)
    rear_x, _ = way.end(-0.5)
    front_in = (ahead_x > MOUTH_X) & (np.abs(ahead_y) < KERB_Y)
    if not front_in.any() or not (rear_x > MOUTH_X).any():
        return
    entered, at = int(np.argmax(front_in)), int(np.argmax(rear_x > MOUTH_X))
    if at < entered or entered == 0:
        return  # it was there from the beginning
    coming = grade(float(way.visible[:entered].sum()) * step_s(way), SEEN_COMING_S)
    seen = np.flatnonzero(way.visible & (np.arange(len(rear_x)) >= at))
    if coming is None or not len(seen):
        return
    out = np.flatnonzero(ahead_x[at:] < MOUTH_X)
    stays = int(at + out[0]) if len(out) else len(rear_x)
    deep = grade(float(rear_x[seen[seen < stays]].max(initial=MOUTH_X)) - MOUTH_X, IN_STREET_M)
    if deep is None or (len(out) and not deep):
        return
    notes = ["came out again"] if len(out) else []
    sure = bool(coming and deep and not len(out) and not way.spec.priority)
    if sign.until_s is not None:
        if float(way.t_s[entered]) > sign.until_s:
            return
        if float(way.t_s[at]) > sign.until_s - AT_THE_HOUR_S:
            sure, notes = False, ["at the end of the sign's hours"]
    until_s = float(way.t_s[seen[-1]])
    yield TrueAct(
        ActCode.CLOSED_ROAD, way.spec.id, float(way.t_s[entered]), until_s, CLOSED_ROAD, "; ".join(notes), sure
    )
