"""What each act needs of a scene: what must be drawn, and which sign or fact of the road must be stated. Pure.

One entry an act. `zones.check` and `zones.advice` ask here and know no act by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import shapely

from countries.here import HERE
from evidence.acts import ActCode
from zones.faults import Fault, both
from zones.geometry import points_in_polygon
from zones.schema import Marking, Scene

Told = Callable[[Scene], Iterator[Fault]]


def _nothing(scene: Scene) -> Iterator[Fault]:
    """No fault."""
    return iter(())


@dataclass(frozen=True)
class Needs:
    """What one act needs.

    `drawn`: whether the scene holds it, so that the act can be found there at all, and `to_draw` what to draw if not.
    `governed_line`: it is found only at stop lines that a head governs. `junction`: it ends in the junction area.
    `red_lens`: it is told by a red lamp. `fact`: warns where a sign or fact of the road is not stated. `measured`:
    warns where the scene has no measure for it. `advice`: warns of drawings that are valid and would accuse somebody.
    """

    drawn: Callable[[Scene], bool]
    to_draw: str
    governed_line: bool = False
    junction: bool = False
    red_lens: bool = False
    fact: Told = _nothing
    measured: Told = _nothing
    advice: Told = _nothing


def wanted(scene: Scene) -> list[Needs]:
    """The needs of the acts that the scene looks for, in its order."""
    return [NEEDS[act] for act in dict.fromkeys(scene.acts)]


def _governed_line(scene: Scene) -> bool:
    governed = {name for head in scene.signals for name in head.governs}
    return any(line.id in governed for line in scene.stop_lines)


def _solid(scene: Scene) -> list[tuple[int, Marking]]:
    """Active solid markings with their places in the file."""
    return [(i, m) for i, m in enumerate(scene.markings) if m.active and m.kind in HERE.markings.solid]


def _way_out_of_banned_turn(scene: Scene) -> bool:
    ways_out = {way_out.movement for way_out in scene.exits}
    return bool({turn for line in scene.stop_lines for turn in line.banned_turns} & ways_out)


def _ground_for_wheels(scene: Scene) -> Iterator[Fault]:
    solid = _solid(scene)
    if scene.ground is not None or not solid:
        return
    what = both(
        "không nêu hành vi đè vạch liền khi chưa vẽ mặt đường (`ground`)",
        "no solid_line is found without a ground plane: nobody knows where the wheels are",
    )
    remedy = both(
        "thêm `ground`: bốn điểm trên mặt đường và tọa độ mét của chúng, hoặc bỏ solid_line khỏi `acts`",
        "add `ground`, four points of the road with their metres, or take solid_line out of `acts`",
    )
    yield Fault(f"markings[{solid[0][0]}]", what, remedy, "warning")


def _one_way_stated(scene: Scene) -> Iterator[Fault]:
    """Wrong way is wanted, lanes have directions, and nothing says that any of them is one-way: told, not guessed."""
    if any(lane.states_one_way for lane in scene.lanes):
        return
    open_ = [lane.id for lane in scene.lanes if lane.direction and lane.one_way is not False]
    if open_:
        names, sign = ", ".join(open_), HERE.one_way[0].sign
        what = both(
            f"không làn nào ghi là một chiều ({names}): không nêu hành vi đi ngược chiều ở đây",
            f"no lane says that it is one-way ({names}): wrong way is not stated here",
        )
        remedy = both(
            f"nếu là đường một chiều hoặc có biển {sign}: ghi `one_way_by` và `one_way_reference` (nơi đặt biển,"
            " số quyết định); nếu là đường hai chiều: bỏ wrong_way khỏi `acts`",
            f"if the road is one-way or sign {sign} stands there, write `one_way_by` and `one_way_reference` (where"
            " the sign stands, number of the order); on a two-way road take wrong_way out of `acts`",
        )
        yield Fault("lanes", what, remedy, "warning")


def _solid_lines_end_before_the_junction(scene: Scene) -> Iterator[Fault]:
    for place, mark in _solid(scene):
        yield from _ends_in_junction(scene, mark, f"markings[{place}]")


def _ends_in_junction(scene: Scene, mark: Marking, path: str) -> Iterator[Fault]:
    if scene.junction is None or not shapely.Polygon(scene.junction).is_valid:
        return
    inner = shapely.Polygon(scene.junction).buffer(-2)
    ends = [mark.points[0], mark.points[-1]]
    if (
        inner.is_empty
        or not points_in_polygon(ends, inner if isinstance(inner, shapely.Polygon) else inner.convex_hull).any()
    ):
        return
    what = both(
        f"vạch {mark.id!r} kết thúc trong nút giao: xe rẽ cắt qua đầu vạch sẽ bị coi là đè vạch",
        f"marking {mark.id!r} ends inside the junction: who turns over its very end counts as crossing it",
    )
    remedy = both(
        "cho vạch dừng lại trước nút giao, nơi xe bắt đầu rẽ", "end it before the junction, where turns begin"
    )
    yield Fault(f"{path}.points", what, remedy, "warning")


NEEDS: Mapping[ActCode, Needs] = {
    ActCode.RED_LIGHT: Needs(_governed_line, "a governed stop line", governed_line=True, junction=True, red_lens=True),
    ActCode.STOPPED_PAST_LINE: Needs(_governed_line, "a governed stop line", governed_line=True),
    ActCode.SOLID_LINE: Needs(
        lambda scene: bool(_solid(scene)),
        "an active solid line",
        measured=_ground_for_wheels,
        advice=_solid_lines_end_before_the_junction,
    ),
    # that the lane is one-way is told by `fact`: files from before `one_way_by` must go on loading
    ActCode.WRONG_WAY: Needs(
        lambda scene: any(lane.direction for lane in scene.lanes), "a lane with a direction", fact=_one_way_stated
    ),
    ActCode.BANNED_TURN: Needs(_way_out_of_banned_turn, "a stop line with a banned turn and the exit of that turn"),
}
