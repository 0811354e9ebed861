"""Do the facts of a scene make sense? Roads, signs, areas and the lanes that name them. Pure.

A fact that is begun must be whole: an act rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from countries.here import HERE
from countries.road import SignSays
from zones import shapes
from zones.facts import areas, marking, turn_waiting
from zones.faults import Fault, Severity, both, known
from zones.road import AreaKind, Road, RoadArea, Sign
from zones.schema import Lane, Scene
from zones.upgrade import OLD_FILE

_AREA_OF: dict[SignSays, AreaKind] = {
    "no_entry": "closed_road", "no_stopping": "kerbside", "no_parking": "kerbside"
}  # fmt: skip
"""Signs that hold for an area, and the kind it has to be."""


def check(scene: Scene) -> Iterator[Fault]:
    """Faults of roads, signs and areas, in the order of the file."""
    for i, road in enumerate(scene.roads):
        yield from _road(scene, road, f"roads[{i}]")
    for i, sign in enumerate(scene.signs):
        yield from _sign(scene, sign, f"signs[{i}]")
    for i, area in enumerate(scene.areas):
        yield from shapes.polygon(scene, area.polygon, f"areas[{i}].polygon")
        yield from _area(scene, area, f"areas[{i}]")


def lane(scene: Scene, one: Lane, path: str) -> Iterator[Fault]:
    """What a lane names must be there, and a lane of a one-way road must have a direction."""
    road = next((road for road in scene.roads if road.id == one.road), None)
    if one.road is not None and road is None:
        yield Fault(
            f"{path}.road", both(f"không có đường {one.road!r}", f"there is no road {one.road!r}"), known(scene.roads)
        )
    if one.edge is not None and marking(scene, one.edge) is None:
        yield Fault(
            f"{path}.edge",
            both(f"không có vạch {one.edge!r}", f"there is no marking {one.edge!r}"),
            known(scene.markings),
        )
    if one.arrows is not None and not one.arrows.stated:
        yield _no_source(f"{path}.arrows", "mũi tên trên mặt đường", "the arrows on the road")
    if road is not None and road.by is not None and one.direction is None:
        what = both(
            "thiếu chiều đi, nên không thể nói xe nào đi ngược chiều", "is missing, so wrong way cannot be told"
        )
        yield Fault(f"{path}.direction", what, both("vẽ `direction` của làn", "draw the lane's `direction`"))


def _road(scene: Scene, road: Road, path: str) -> Iterator[Fault]:
    if road.centre is not None:
        line = marking(scene, road.centre)
        if line is None:
            yield Fault(
                f"{path}.centre",
                both(f"không có vạch {road.centre!r}", f"there is no marking {road.centre!r}"),
                known(scene.markings),
            )
        elif line.kind not in HERE.markings.opposite:
            what = both(
                f"vạch {line.id!r} kiểu {line.kind} không phân chia hai chiều xe chạy",
                f"marking {line.id!r} of kind {line.kind} does not part opposite directions",
            )
            yield Fault(f"{path}.centre", what, _one_of(sorted(HERE.markings.opposite)))
    if road.kind == "two_way":
        if road.by is not None:
            what = both("đường hai chiều không thể là một chiều", "a two-way road is not one-way by anything")
            yield Fault(f"{path}.by", what, both("bỏ `by`, hoặc sửa `kind`", "take out `by`, or correct `kind`"))
        if road.centre is None:
            what = both(
                "không ghi vạch tim đường: không nêu hành vi đi sang nửa đường ngược chiều ở đây",
                "has no centre line: driving in the other half is not stated here",
            )
            remedy = both("ghi `centre`: vạch giữa hai chiều", "write `centre`: the marking between both halves")
            yield Fault(path, what, remedy, "warning")
        if not road.source.stated:
            yield _no_source(f"{path}.source", "đường hai chiều", "the two-way road", "warning")
        return
    if road.centre is not None:
        what = both("chỉ đường hai chiều mới có vạch tim", "only a two-way road has a centre line")
        yield Fault(f"{path}.centre", what, both("bỏ `centre`, hoặc sửa `kind`", "take it out, or correct `kind`"))
    if road.by is not None and not road.source.stated:
        yield _no_source(f"{path}.source", f"đường một chiều ({road.by})", f"the one-way road ({road.by})")
    elif road.by is None and road.source.stated:
        what = both("có căn cứ nhưng không ghi một chiều theo gì", "there is a source, but not what it is of")
        yield Fault(f"{path}.by", what, _one_of([fact.code for fact in HERE.one_way]))


def _sign(scene: Scene, sign: Sign, path: str) -> Iterator[Fault]:
    meaning = HERE.signs.meaning(sign.number)
    if not sign.source.stated:
        yield _no_source(f"{path}.source", f"biển {sign.number}", f"sign {sign.number}")
    elif sign.source.place == OLD_FILE and not sign.source.order:
        what = both(
            f"biển {sign.number} lấy từ tệp phiên bản 1: chưa ai ghi số hiệu và nơi đặt",
            f"sign {sign.number} comes from a file of version 1: nobody has said its number and where it stands",
        )
        remedy = both("sửa `number`, ghi `source.place`", "correct `number`, write `source.place`")
        yield Fault(f"{path}.source.place", what, remedy, "warning")
    if not sign.named:
        what = both(
            f"biển {sign.number} không ghi cho loại xe nào", f"sign {sign.number} does not say which classes it names"
        )
        remedy = both("ghi `classes` như trên biển", "write `classes` as on the sign")
        yield Fault(f"{path}.classes", what, remedy)
    if not sign.governs:
        what = both(f"biển {sign.number} không có hiệu lực với gì", f"sign {sign.number} holds for nothing")
        yield Fault(f"{path}.governs", what, known(_governable(scene, meaning.says)))
    for i, name in enumerate(sign.governs):
        if name not in {thing.id for thing in _governable(scene, meaning.says)}:
            what = both(
                f"biển {sign.number} không thể có hiệu lực với {name!r}", f"sign {sign.number} cannot hold for {name!r}"
            )
            yield Fault(f"{path}.governs[{i}]", what, known(_governable(scene, meaning.says)))
    if sign.at is not None:
        yield from shapes.outside(scene, [sign.at], f"{path}.at")


def _governable(scene: Scene, says: SignSays) -> Iterable[Any]:
    """The things of the scene that such a sign can hold for."""
    if says in ("no_turn", "free_on_red"):
        return scene.stop_lines
    return areas(scene, _AREA_OF[says]) if says in _AREA_OF else scene.lanes


def _area(scene: Scene, area: RoadArea, path: str) -> Iterator[Fault]:
    if area.kind == "turn_waiting" and not any(area in turn_waiting(scene, line) for line in scene.stop_lines):
        what = both(
            f"vùng chờ rẽ trái {area.id!r} không nằm sau vạch dừng nào",
            f"{area.id!r}, where left turns wait, lies past no stop line",
        )
        remedy = both(
            "vẽ vùng này sau vạch dừng thứ nhất, tới vạch dừng thứ hai của nó",
            "draw it past the first stop line, up to the second, which is its own",
        )
        yield Fault(f"{path}.polygon", what, remedy)
    needed = [says for says, kind in _AREA_OF.items() if kind == area.kind]
    if needed and not any(
        area.id in sign.governs and HERE.signs.meaning(sign.number).says in needed for sign in scene.signs
    ):
        numbers = [sign.code for sign in HERE.signs.all if sign.says in needed]
        what = both(
            f"không biển nào có hiệu lực với {area.id!r}: không nêu hành vi nào ở đây",
            f"no sign holds for {area.id!r}: nothing is stated there",
        )
        remedy = both(
            f"ghi biển ({', '.join(numbers)}) trong `signs`", f"write the sign ({', '.join(numbers)}) in `signs`"
        )
        yield Fault(path, what, remedy, "warning")


def _one_of(codes: Iterable[str]) -> str:
    *others, last = codes
    return both(f"một trong: {', '.join(others)} hoặc {last}", f"one of {', '.join(others)} or {last}")


def _no_source(path: str, of_vi: str, of_en: str, severity: Severity = "error") -> Fault:
    return Fault(
        path,
        both(f"không có căn cứ của {of_vi}", f"there is no source of {of_en}"),
        both(
            "ghi `place` (nơi đặt biển hoặc vạch) hoặc `order` (số quyết định)",
            "write `place` (where it stands) or `order` (number of the decision)",
        ),
        severity,
    )
