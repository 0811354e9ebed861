"""What happened, from positions, sizes and lamps in metres and seconds alone; it knows nothing of boxes or rules.

What an act is (docs/simulation.md has the table): an act that its definition holds by a clear margin is `sure`; one so
near the edge that two officers might differ is written down as not sure, and is neither missed nor falsely reported.
Only what happens on the piece of road that the camera sees is an act here.
"""

from __future__ import annotations

from dataclasses import replace

from evidence.acts import ActCode
from tools.simulate.junction import ARROW, MAIN, is_divided
from tools.simulate.motorway import CLOSE as BESIDE
from tools.simulate.motorway import is_motorway
from tools.simulate.street import CLOSED_ROAD, KERBSIDE, LEFT_LANE_ID, is_street
from tools.simulate.street_roles import CLOSE
from tools.simulate.truths.areas import into_closed_street, on_pavement, why_it_may_enter
from tools.simulate.truths.at_line import Lamps, at_the_line
from tools.simulate.truths.lanes import against, lane_direction, solid_lines, wrong_lane
from tools.simulate.truths.motorway import in_emergency_lane
from tools.simulate.truths.standing import (
    blocks_the_box,
    stands_at_kerb,
    why_it_is_in_the_box,
    why_it_stands_at_kerb,
)
from tools.simulate.truths.turned import banned_turn, banned_u_turn, movement
from tools.simulate.truths.ways import ways
from tools.simulate.world import Run, TrueAct


def find_truth(run: Run) -> None:
    """Fill `run.acts` and `run.innocents`."""
    if is_motorway(run.ground):
        acts = _on_the_motorway(run)
    else:
        acts = _in_the_street(run) if is_street(run.ground) else _on_the_approach(run)
        if is_street(run.ground) and any(sign.area == LEFT_LANE_ID for sign in run.ground.signs):
            acts += _on_the_approach(run)  # it says what the approach's lanes are for, too
    run.acts = sorted((replace(a, t_s=round(a.t_s, 3), until_s=round(a.until_s, 3)) for a in acts), key=lambda a: a.t_s)


def _on_the_motorway(run: Run) -> list[TrueAct]:
    acts = [act for way in ways(run).values() for act in in_emergency_lane(way)]
    guilty = {act.vehicle for act in acts}
    run.innocents = {name: BESIDE[role] for name, role in run.roles.items() if role in BESIDE and name not in guilty}
    return acts


def _on_the_approach(run: Run) -> list[TrueAct]:
    """What the enforcement camera is there for."""
    lamps = {"main": Lamps.of(run, MAIN), "right": Lamps.of(run, ARROW)}
    acts: list[TrueAct] = []
    divided = is_divided(run.ground)
    for name, way in ways(run).items():
        moved = movement(way)
        acts += at_the_line(way, moved, lamps, run)
        acts += (a for a in solid_lines(way) if not divided or a.what != "tim-duong")
        acts += against(way, ActCode.WRONG_WAY if divided else ActCode.OPPOSITE_HALF)
        acts += wrong_lane(way)
        acts += lane_direction(way, moved)
        acts += banned_turn(way, moved)
        if run.roles.get(name) == "stalled":
            run.innocents[name] = "stalled"
    return acts


def _in_the_street(run: Run) -> list[TrueAct]:
    """What the signs and areas of the street make an act, and whose part there only comes close to one."""
    signs = run.ground.signs
    closed = next(sign for sign in signs if sign.area == CLOSED_ROAD)
    kerb = next((sign for sign in signs if sign.area == KERBSIDE), None)
    round_ = next((sign for sign in signs if sign.number == "P.124a"), None)
    acts: list[TrueAct] = []
    close = {name: CLOSE[role] for name, role in run.roles.items() if role in CLOSE}
    for name, way in ways(run).items():
        acts += on_pavement(way)
        acts += into_closed_street(way, closed)
        acts += stands_at_kerb(way, run, kerb) if kerb else ()
        acts += blocks_the_box(way, run)
        acts += banned_u_turn(way, round_) if round_ else ()
        held = why_it_stands_at_kerb(way, run, kerb) if kerb else None
        reasons = (held, why_it_is_in_the_box(way, run), why_it_may_enter(way, closed))
        why = next((why for why in reasons if why is not None), None)
        if why is not None:
            close.setdefault(name, why)
    guilty = {act.vehicle for act in acts}
    run.innocents = {name: why for name, why in close.items() if name not in guilty}
    return acts
