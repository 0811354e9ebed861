"""What each act needs of a scene: what must be drawn, and which sign or fact of the road must be stated. Pure.

One entry an act. `zones.check` and `zones.advice` ask here and know no act by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import shapely

from countries.here import HERE
from countries.road import SignSays
from evidence.acts import ActCode
from zones.facts import (
    areas,
    banned_turns,
    kept_lanes,
    lane_movements,
    lanes_for_classes,
    one_way,
    road_of,
    signs,
    two_way,
)
from zones.faults import Fault, both
from zones.geometry import points_in_polygon
from zones.road import AreaKind
from zones.schema import Marking, Scene

Told = Callable[[Scene], Iterator[Fault]]


def _nothing(scene: Scene) -> Iterator[Fault]:
    """No fault."""
    return iter(())


class Drawing(NamedTuple):
    """What has to stand in the scene, in both languages."""

    vi: str
    en: str


@dataclass(frozen=True)
class Needs:
    """What one act needs.

    `drawn`: whether the scene holds it, so that the act can be found there at all, and `to_draw` what to draw if not.
    `governed_line`: it is found only at stop lines that a head governs. `junction`: it ends in the junction area.
    `red_lens`: it is told by a red lamp. `fact`: warns where a sign or fact of the road is not stated. `measured`:
    warns where the scene has no measure for it. `advice`: warns of drawings that are valid and would accuse somebody.
    """

    drawn: Callable[[Scene], bool]
    to_draw: Drawing
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
    return any(banned_turns(scene, line.id).keys() & ways_out - {"u_turn"} for line in scene.stop_lines)


def _way_out_of_banned_u_turn(scene: Scene) -> bool:
    seen = scene.ground is not None or any(way_out.movement == "u_turn" for way_out in scene.exits)
    return seen and any("u_turn" in banned_turns(scene, line.id) for line in scene.stop_lines)


def _way_out_that_a_lane_does_not_allow(scene: Scene) -> bool:
    stated = [said for said in (lane_movements(scene, lane) for lane in scene.lanes) if said is not None]
    ways_out = {way_out.movement for way_out in scene.exits}
    return bool(scene.stop_lines) and any(ways_out - said.allowed for said in stated)


def _kerb(scene: Scene, says: SignSays) -> bool:
    return any(signs(scene, says, area.id) for area in areas(scene, "kerbside"))


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


def _ground_for_lanes(scene: Scene) -> Iterator[Fault]:
    if scene.ground is None and lanes_for_classes(scene):
        what = both(
            "không nêu hành vi đi sai làn khi chưa vẽ mặt đường (`ground`)",
            "no wrong lane is found without a ground plane: nobody knows whether all wheels are in the lane",
        )
        remedy = both("thêm `ground`: bốn điểm trên mặt đường và tọa độ mét của chúng", "add `ground`")
        yield Fault("ground", what, remedy, "warning")


def _lane_change_stated(scene: Scene) -> Iterator[Fault]:
    """Before a junction lanes are chosen, whatever they are kept for: where, has to be drawn."""
    if lanes_for_classes(scene) and not kept_lanes(scene):
        what = both(
            "chưa vẽ chỗ được chuyển làn trước nút giao: không nêu hành vi đi sai làn ở đây",
            "nobody says where lanes may be chosen before the junction: no wrong lane is stated here",
        )
        remedy = both("vẽ vùng `lane_change` trong `areas`", "draw an area of kind `lane_change` in `areas`")
        yield Fault("areas", what, remedy, "warning")


def _ground_for_area(kind: AreaKind, scene: Scene) -> Iterator[Fault]:
    if scene.ground is not None:
        return
    for i, area in enumerate(scene.areas):
        if area.kind == kind:
            what = both(
                f"chưa vẽ mặt đường (`ground`): không nêu hành vi nào ở {area.id!r}",
                f"without a ground plane (`ground`) nothing is stated in {area.id!r}: it is judged in metres",
            )
            remedy = both(
                "thêm `ground`: bốn điểm trên mặt đường và tọa độ mét của chúng",
                "add `ground`, four points of the road with their metres",
            )
            yield Fault(f"areas[{i}]", what, remedy, "warning")


def _motorway_stated(scene: Scene) -> Iterator[Fault]:
    for i, area in enumerate(scene.areas):
        if area.kind == "emergency_lane" and not area.source.stated:
            what = both(
                f"không có căn cứ rằng {area.id!r} là làn dừng xe khẩn cấp của đường cao tốc: không nêu hành vi ở đây",
                f"nothing says that {area.id!r} is the emergency lane of a motorway: nothing is stated there",
            )
            remedy = both(
                "ghi `place` (biển đường cao tốc, lý trình) hoặc `order` (số quyết định)",
                "write `place` (the motorway's sign, its kilometre) or `order` (number of the decision)",
            )
            yield Fault(f"areas[{i}].source", what, remedy, "warning")


def _one_way_stated(scene: Scene) -> Iterator[Fault]:
    """Wrong way is wanted, lanes have directions, and nothing says that any of them is one-way: told, not guessed."""
    if any(one_way(scene, lane) for lane in scene.lanes):
        return
    roads = [road_of(scene, lane) for lane in scene.lanes]
    open_ = [
        lane.id
        for lane, road in zip(scene.lanes, roads, strict=True)
        if lane.direction and (road is None or road.kind != "two_way")
    ]
    if open_:
        names, sign = ", ".join(open_), HERE.one_way[0].sign
        what = both(
            f"không làn nào thuộc đường một chiều ({names}): không nêu hành vi đi ngược chiều ở đây",
            f"no lane belongs to a one-way road ({names}): wrong way is not stated here",
        )
        remedy = both(
            f"nếu là đường một chiều hoặc có biển {sign}: ghi đường đó trong `roads` với `by` và `source` (nơi đặt"
            " biển, số quyết định), và `road` của làn; nếu là đường hai chiều: ghi `kind: two_way`",
            f"if the road is one-way or sign {sign} stands there, write it in `roads` with `by` and `source` (where the"
            " sign stands, number of the order), and the lane's `road`; of a two-way road write `kind: two_way`",
        )
        yield Fault("lanes", what, remedy, "warning")


def _one_way_on_a_motorway(scene: Scene) -> Iterator[Fault]:
    """Driving against a motorway is another, heavier act with a clause of its own, and a packet cannot say that."""
    ways = [f"lanes[{i}].road" for i, lane in enumerate(scene.lanes) if one_way(scene, lane)]
    if not ways or not areas(scene, "emergency_lane"):
        return
    what = both(
        "đi ngược chiều trên đường cao tốc là hành vi khác, nặng hơn; thông báo từ đây sẽ dẫn điều khoản đường khác",
        "driving against a motorway is another, heavier act; a notice from here would cite the clause of other roads",
    )
    remedy = both(
        "bỏ `road` của các làn đường cao tốc; đi ngược chiều ở đây do cán bộ xử lý ngoài hệ thống",
        "leave `road` out of lanes of the motorway; who drives against it is dealt with by officers outside",
    )
    yield Fault(ways[0], what, remedy, "warning")


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


_GOVERNED_LINE = Drawing("vạch dừng có đèn điều khiển", "a governed stop line")

NEEDS: Mapping[ActCode, Needs] = {
    ActCode.RED_LIGHT: Needs(_governed_line, _GOVERNED_LINE, governed_line=True, junction=True, red_lens=True),
    ActCode.STOPPED_PAST_LINE: Needs(_governed_line, _GOVERNED_LINE, governed_line=True),
    ActCode.SOLID_LINE: Needs(
        lambda scene: bool(_solid(scene)),
        Drawing("vạch liền đang dùng", "an active solid line"),
        measured=_ground_for_wheels,
        advice=_solid_lines_end_before_the_junction,
    ),
    # that the lane is one-way is told by `fact`: files that never said it must go on loading
    ActCode.WRONG_WAY: Needs(
        lambda scene: any(lane.direction for lane in scene.lanes),
        Drawing("làn đường có chiều đi", "a lane with a direction"),
        fact=_one_way_stated,
        advice=_one_way_on_a_motorway,
    ),
    ActCode.BANNED_TURN: Needs(
        _way_out_of_banned_turn,
        Drawing(
            "vạch dừng có biển cấm rẽ (`signs`) và lối ra của hướng rẽ đó",
            "a stop line for which a sign (`signs`) bans a turn, and the exit of that turn",
        ),
    ),
    ActCode.OPPOSITE_HALF: Needs(
        lambda scene: any(two_way(scene, lane) for lane in scene.lanes),
        Drawing(
            "làn đường có chiều đi thuộc đường hai chiều (`roads`: `kind: two_way`, có căn cứ) mà vạch tim không được"
            " đi qua",
            "a lane with a direction of a two-way road (`roads`: `kind: two_way`, with its source) whose centre line"
            " nobody may cross",
        ),
    ),
    ActCode.WRONG_LANE: Needs(
        lambda scene: bool(lanes_for_classes(scene)),
        Drawing(
            "làn đường có chiều đi và biển dành làn cho loại xe (`signs`)",
            "a lane with a direction that a sign (`signs`) keeps for some vehicles",
        ),
        fact=_lane_change_stated,
        measured=_ground_for_lanes,
    ),
    ActCode.LANE_DIRECTION: Needs(
        _way_out_that_a_lane_does_not_allow,
        Drawing(
            "vạch dừng, làn đường có mũi tên (`arrows`) hoặc biển chỉ hướng của làn, và lối ra của hướng không được đi",
            "a stop line, a lane with stated `arrows` or a sign of its directions, and an exit that it does not allow",
        ),
    ),
    ActCode.BANNED_U_TURN: Needs(
        _way_out_of_banned_u_turn,
        Drawing(
            "vạch dừng có biển cấm quay đầu (`signs`), và lối ra của hướng quay đầu hoặc mặt đường (`ground`)",
            "a stop line for which a sign (`signs`) bans U-turns, and the exit of a U-turn or a ground plane",
        ),
    ),
    ActCode.CLOSED_ROAD: Needs(
        lambda scene: any(signs(scene, "no_entry", area.id) for area in areas(scene, "closed_road")),
        Drawing(
            "khu vực đường cấm (`areas`: `closed_road`) có biển cấm đi vào (`signs`) kèm nơi đặt",
            "a closed road (`areas`: `closed_road`) with the sign that bans entry (`signs`) and where it stands",
        ),
    ),
    ActCode.PAVEMENT: Needs(
        lambda scene: bool(areas(scene, "pavement")),
        Drawing("vỉa hè (`areas`: `pavement`)", "a pavement (`areas`: `pavement`)"),
        measured=partial(_ground_for_area, "pavement"),
    ),
    ActCode.EMERGENCY_LANE: Needs(
        lambda scene: bool(areas(scene, "emergency_lane")),
        Drawing(
            "làn dừng xe khẩn cấp của đường cao tốc (`areas`: `emergency_lane`, có căn cứ)",
            "a motorway's emergency lane (`areas`: `emergency_lane`, with its source)",
        ),
        fact=_motorway_stated,
        measured=partial(_ground_for_area, "emergency_lane"),
    ),
    ActCode.BLOCKING_JUNCTION: Needs(
        lambda scene: bool(areas(scene, "keep_clear")),
        Drawing(
            "ô vạch mắt võng cấm dừng (`areas`, `kind: keep_clear`)",
            "a yellow box in which nobody may stop (`areas`, `kind: keep_clear`)",
        ),
    ),
    ActCode.STOPPING_BANNED: Needs(
        lambda scene: _kerb(scene, "no_stopping"),
        Drawing(
            "đoạn lề đường (`areas`, `kind: kerbside`) có biển cấm dừng xe và đỗ xe (`signs`)",
            "a kerb (`areas`, `kind: kerbside`) for which a sign (`signs`) bans stopping",
        ),
    ),
    ActCode.PARKING_BANNED: Needs(
        lambda scene: _kerb(scene, "no_parking"),
        Drawing(
            "đoạn lề đường (`areas`, `kind: kerbside`) có biển cấm đỗ xe (`signs`)",
            "a kerb (`areas`, `kind: kerbside`) for which a sign (`signs`) bans parking",
        ),
    ),
}
