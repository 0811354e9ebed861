"""Does a scene make sense? Pure; shapely for the shapes. What fields there are is `zones.schema`'s business."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from countries.here import HERE
from zones import check_facts as facts
from zones import check_heads as heads
from zones import shapes
from zones.advice import advice
from zones.faults import Fault, both, known
from zones.geometry import DirectedLine, points_in_polygon
from zones.needs import NEEDS, wanted
from zones.schema import Lane, Marking, Point, Scene, StopLine

_TOLD_AT_ONCE = 3
"""So many drawings are named to somebody who has drawn nothing: nobody reads fifteen."""


def check(scene: Scene) -> list[Fault]:
    """All faults, errors and warnings, in the order of the file; an empty list is a scene one can use."""
    return [
        *_size(scene),
        *_names(scene),
        *(fault for i, line in enumerate(scene.stop_lines) for fault in _stop_line(scene, line, f"stop_lines[{i}]")),
        *_areas(scene),
        *_junction(scene),
        *(fault for i, lane in enumerate(scene.lanes) for fault in _lane(scene, lane, f"lanes[{i}]")),
        *(fault for needs in wanted(scene) for fault in needs.fact(scene)),
        *(fault for i, mark in enumerate(scene.markings) for fault in _marking(scene, mark, f"markings[{i}]")),
        *(fault for i, head in enumerate(scene.signals) for fault in heads.head(scene, head, f"signals[{i}]")),
        *heads.ungoverned(scene),
        *(shapes.ground(scene, scene.ground) if scene.ground else ()),
        *facts.check(scene),
        *_acts(scene),
        *advice(scene),
    ]


def scene_schema_json() -> dict[str, Any]:
    """JSON schema of a scene file, for the editor's forms and for the documentation."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Scene.model_json_schema()}


def _everything(scene: Scene) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Every coordinate of the scene, `[N, 2]`."""
    found: list[Point] = [*(scene.junction or ())]
    for line in scene.stop_lines:
        found += [*line.points, line.forward]
    for polygon in [
        a.polygon for kind in (scene.approaches, scene.exits, scene.exclude, scene.lanes, scene.areas) for a in kind
    ]:
        found += polygon
    for mark in scene.markings:
        found += [*mark.points, *(mark.second or ())]
    for head in scene.signals:
        for box in (head.box, head.countdown, *(lamp.box for lamp in head.lamps)):
            found += [(box[0], box[1]), (box[2], box[3])] if box else []
    found += [sign.at for sign in scene.signs if sign.at]
    found += scene.ground.pixels if scene.ground else ()
    return np.array(found, dtype=np.float64).reshape(-1, 2)


def _size(scene: Scene) -> Iterator[Fault]:
    points = _everything(scene)
    if not len(points):
        return
    width, height = scene.picture.width, scene.picture.height
    (right, bottom), picture = points.max(axis=0), f"{width} x {height}"
    if right <= 1 and bottom <= 1:
        yield Fault(
            "picture",
            both("mọi tọa độ nằm trong khoảng 0 đến 1", "all coordinates lie between 0 and 1"),
            both("ghi điểm ảnh của cả khung hình, không ghi tỷ lệ", "write pixels of the full picture, not shares"),
        )
    elif np.mean((points[:, 0] > width) | (points[:, 1] > height)) > 0.25:
        reach = f"{right:.0f} x {bottom:.0f}"
        what = both(
            f"tọa độ tới {reach} trong khung hình {picture}", f"coordinates reach {reach} in a picture of {picture}"
        )
        remedy = both(
            "cảnh được vẽ trên khung hình lớn hơn: sửa `picture` hoặc thu nhỏ các điểm",
            "the scene was drawn on a larger picture: correct `picture` or scale the points",
        )
        yield Fault("picture", what, remedy)
    elif right < width / 2 and bottom < height / 2:
        reach = f"{right:.0f} x {bottom:.0f}"
        what = both(
            f"không có gì ngoài {reach} trong khung hình {picture}",
            f"nothing lies beyond {reach} in a picture of {picture}",
        )
        remedy = both(
            "có lẽ cảnh được vẽ trên khung hình nhỏ hơn: vẽ thử lên một khung hình bằng `giaolo zones draw`",
            "perhaps the scene was drawn on a smaller picture: draw it on a still with `giaolo zones draw`",
        )
        yield Fault("picture", what, remedy, "warning")


def _names(scene: Scene) -> Iterator[Fault]:
    for kind in (
        "stop_lines", "approaches", "exits", "roads", "lanes", "signs", "areas", "markings", "signals", "exclude"
    ):  # fmt: skip
        seen: dict[str, int] = {}
        for i, item in enumerate(getattr(scene, kind)):
            if item.id in seen:
                first = f"{kind}[{seen[item.id]}]"
                what = both(f"{item.id!r} cũng là tên của {first}", f"{item.id!r} is also {first}")
                yield Fault(f"{kind}[{i}].id", what, both("đặt tên riêng cho từng mục", "give each its own id"))
            seen.setdefault(item.id, i)


def _usable(line: StopLine) -> DirectedLine | None:
    return DirectedLine.of_stop_line(line) if shapely.LineString(line.points).length >= 2 else None


def _past(line: StopLine, polygon: list[Point]) -> float | None:
    """Signed distance of a polygon's inner point to the line; None where one of the two is broken."""
    directed, shape = _usable(line), shapely.Polygon(polygon)
    if directed is None or not shape.is_valid or shape.is_empty:
        return None
    inner = shape.representative_point()
    return float(directed.distance([(inner.x, inner.y)])[0])


def _stop_line(scene: Scene, line: StopLine, path: str) -> Iterator[Fault]:
    yield from shapes.polyline(scene, line.points, f"{path}.points")
    directed = _usable(line)
    if directed is not None and abs(float(directed.distance([line.forward])[0])) < 2:
        remedy = both("đặt phía nút giao hẳn qua vạch", "put `forward` well past the line, in the junction")
        what = both(
            "điểm nằm trên vạch: vạch không có hướng", "the point lies on the line, so the line has no direction"
        )
        yield Fault(f"{path}.forward", what, remedy)
    if line.approach is not None:
        area = next((a for a in scene.approaches if a.id == line.approach), None)
        if area is None:
            what = both(f"không có đường vào {line.approach!r}", f"there is no approach {line.approach!r}")
            yield Fault(f"{path}.approach", what, known(scene.approaches))
        elif (past := _past(line, area.polygon)) is not None and past > 0:
            what = both(
                f"đường vào {line.approach!r} nằm phía nút giao của vạch",
                f"approach {line.approach!r} lies on the junction side of the line",
            )
            remedy = both(
                "đặt lại phía nút giao của vạch, hoặc sửa đường vào",
                "move `forward` to the other side, or correct the approach",
            )
            yield Fault(f"{path}.approach", what, remedy)
    governed = any(line.id in head.governs for head in scene.signals)
    if not governed and any(needs.governed_line for needs in wanted(scene)):
        found_there = " and ".join(act.value for act, needs in NEEDS.items() if needs.governed_line)
        remedy = both(
            f"đánh dấu vạch ở một đèn (`governs`), hoặc bỏ {found_there.replace(' and ', ', ')} khỏi `acts`",
            f"name it in `governs` of a head, or take {found_there} out of `acts`",
        )
        what = both(
            f"không đèn nào điều khiển vạch dừng {line.id!r}: không tìm được gì ở đó",
            f"no head governs stop line {line.id!r}: nothing can be found there",
        )
        yield Fault(path, what, remedy, "warning")


def _areas(scene: Scene) -> Iterator[Fault]:
    for kind in ("approaches", "exits", "exclude"):
        for i, area in enumerate(getattr(scene, kind)):
            yield from shapes.polygon(scene, area.polygon, f"{kind}[{i}].polygon")
    for i, way_out in enumerate(scene.exits):
        if way_out.movement == "u_turn":
            continue  # it leads back beside the approach, past no line
        distances = [_past(line, way_out.polygon) for line in scene.stop_lines]
        if distances and all(d is not None and d <= 0 for d in distances):
            what = both(
                f"lối ra {way_out.id!r} nằm trước mọi vạch dừng", f"exit {way_out.id!r} lies before every stop line"
            )
            remedy = both("lối ra nằm sau vạch", "an exit lies past the line, where the movement leaves")
            yield Fault(f"exits[{i}].polygon", what, remedy)


def _junction(scene: Scene) -> Iterator[Fault]:
    if scene.junction is None:
        if scene.stop_lines and any(needs.junction for needs in wanted(scene)):
            remedy = both("vẽ vùng sau vạch", "draw the area past the line in which a runner drives on")
            what = both("chưa vẽ", "is missing: nobody can be seen to drive on into the junction")
            yield Fault("junction", what, remedy)
        return
    yield from shapes.polygon(scene, scene.junction, "junction")
    distances = [_past(line, scene.junction) for line in scene.stop_lines]
    if distances and all(d is not None and d <= 0 for d in distances):
        remedy = both(
            "vẽ ở phía sau vạch, hoặc đặt lại phía nút giao của vạch",
            "draw it past the line, or move `forward` of the line to the other side",
        )
        yield Fault("junction", both("không nằm sau vạch dừng nào", "lies past no stop line"), remedy)


def _lane(scene: Scene, lane: Lane, path: str) -> Iterator[Fault]:
    yield from shapes.polygon(scene, lane.polygon, f"{path}.polygon")
    if not lane.movements:
        remedy = both(
            "nêu các hướng mà mũi tên cho phép, hoặc bỏ trường này",
            "name the movements that its arrows allow, or leave the field out",
        )
        what = both("để trống: không xe nào được ra khỏi làn", "is empty: nobody may leave the lane")
        yield Fault(f"{path}.movements", what, remedy)
    yield from facts.lane(scene, lane, path)
    if lane.direction is None:
        return
    if np.hypot(*np.subtract(*lane.direction)) < 2:
        yield Fault(
            f"{path}.direction",
            both("không có độ dài", "has no length"),
            both("cho hai điểm: từ đâu, tới đâu", "give two points, from and to"),
        )
    elif shapely.Polygon(lane.polygon).is_valid:
        inside = points_in_polygon(lane.direction, lane.polygon)
        for i in np.flatnonzero(~inside):
            remedy = both("vẽ chiều đi trong làn", "draw the direction inside its lane")
            yield Fault(f"{path}.direction[{i}]", both("nằm ngoài làn", "lies outside the lane"), remedy)


def _marking(scene: Scene, mark: Marking, path: str) -> Iterator[Fault]:
    yield from shapes.polyline(scene, mark.points, f"{path}.points")
    if mark.second is not None:
        yield from shapes.polyline(scene, mark.second, f"{path}.second")
        if shapely.LineString(mark.points).crosses(shapely.LineString(mark.second)):
            yield Fault(
                f"{path}.second",
                both("cắt vạch thứ nhất", "crosses the first stripe"),
                both("vẽ hai vạch song song", "draw the two stripes side by side"),
            )
    if mark.kind in HERE.markings.one_sided and mark.crossable_from is None:
        remedy = both(
            "thêm `crossable_from`: một điểm phía nét đứt",
            "give `crossable_from`, a point on the side of the broken stripe",
        )
        what = both(
            f"vạch kiểu {mark.kind} được cắt qua từ một phía: phía nào?",
            f"kind {mark.kind} may be crossed from one side: which?",
        )
        yield Fault(f"{path}.crossable_from", what, remedy)
    if mark.crossable_from is not None:
        if mark.kind not in HERE.markings.one_sided:
            kinds = " / ".join(sorted(HERE.markings.one_sided))
            what = both(f"không có nghĩa với vạch kiểu {mark.kind}", f"means nothing for kind {mark.kind}")
            yield Fault(
                f"{path}.crossable_from",
                what,
                both(f"bỏ đi, hoặc dùng kiểu {kinds}", f"take it out, or use kind {kinds}"),
                "warning",
            )
        elif shapely.LineString(mark.points).length >= 2:
            distance = DirectedLine.between(mark.points).distance([mark.crossable_from])
            if abs(float(distance[0])) < 1:
                yield Fault(
                    f"{path}.crossable_from",
                    both("nằm trên vạch", "lies on the line"),
                    both("đặt hẳn sang phía nét đứt", "put it well to the broken side"),
                )


def _acts(scene: Scene) -> Iterator[Fault]:
    for needs in wanted(scene):
        yield from needs.measured(scene)
    if not scene.acts:
        remedy = both(
            "nêu các hành vi cần tìm, hoặc bỏ `acts` để tìm tất cả",
            "name the acts to look for, or leave `acts` out for all",
        )
        what = both("không tìm hành vi nào: camera này chỉ quan sát", "no act is looked for: this camera only watches")
        yield Fault("acts", what, remedy, "warning")
    elif not any(needs.drawn(scene) for needs in wanted(scene)):
        all_vi, all_en = (
            list(dict.fromkeys(drawn)) for drawn in zip(*(needs.to_draw for needs in wanted(scene)), strict=True)
        )
        others = len(all_vi) - _TOLD_AT_ONCE
        more = both("; hành vi khác cần gì: `giaolo zones acts`", "; what other acts need: `giaolo zones acts`")
        more_vi, more_en = more.split(" / ") if others > 0 else ("", "")
        remedy = both(
            f"vẽ {', hoặc '.join(all_vi[:_TOLD_AT_ONCE])}{more_vi}; hoặc nêu hành vi khác trong `acts`",
            f"draw {', or '.join(all_en[:_TOLD_AT_ONCE])}{more_en}; or name another act in `acts`",
        )
        what = both("không nêu được hành vi nào từ cảnh này", "no act can follow from this scene")
        yield Fault("acts", what, remedy)
    elif "acts" in scene.model_fields_set:
        for i, act in enumerate(scene.acts):
            if not NEEDS[act].drawn(scene):
                vi, en = NEEDS[act].to_draw
                remedy = both(f"vẽ {vi}, hoặc bỏ hành vi khỏi `acts`", f"draw {en}, or take the act out of `acts`")
                what = both(
                    f"{act.value} không bao giờ tìm được ở cảnh này", f"{act.value} can never be found in this scene"
                )
                yield Fault(f"acts[{i}]", what, remedy, "warning")
