"""What happened, from positions, sizes and lamps in metres and seconds alone; it knows nothing of boxes or rules.

What an act is (docs/simulation.md has the table): an act that its definition holds by a clear margin is `sure`; one so
near the edge that two officers might differ is written down as not sure, and is neither missed nor falsely reported.
Only what happens on the piece of road that the camera sees is an act here.
"""

from __future__ import annotations

from dataclasses import replace

from evidence.acts import ActCode
from tools.simulate.junction import ARROW, MAIN, is_divided
from tools.simulate.truths.at_line import Lamps, at_the_line
from tools.simulate.truths.lanes import against, lane_direction, solid_lines, wrong_lane
from tools.simulate.truths.turned import banned_turn, movement
from tools.simulate.truths.ways import ways
from tools.simulate.world import Run, TrueAct


def find_truth(run: Run) -> None:
    """Fill `run.acts` and `run.innocents`."""
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
    run.acts = sorted((replace(a, t_s=round(a.t_s, 3), until_s=round(a.until_s, 3)) for a in acts), key=lambda a: a.t_s)
