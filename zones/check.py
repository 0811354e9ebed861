"""Does a scene make sense? Pure; shapely for the shapes. What fields there are is `zones.schema`'s business."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from countries.here import HERE
from zones import check_facts as facts
from zones import shapes
from zones.advice import advice
from zones.faults import Fault, both, known
from zones.geometry import DirectedLine, points_in_polygon
from zones.needs import NEEDS, wanted
from zones.schema import Lane, Marking, Point, Scene, SignalHead, StopLine


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
        *(fault for i, head in enumerate(scene.signals) for fault in _head(scene, head, f"signals[{i}]")),
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
        yield Fault("picture", "all coordinates lie between 0 and 1", "write pixels of the full picture, not shares")
    elif np.mean((points[:, 0] > width) | (points[:, 1] > height)) > 0.25:
        what = f"coordinates reach {right:.0f} x {bottom:.0f} in a picture of {picture}"
        yield Fault("picture", what, "the scene was drawn on a larger picture: correct `picture` or scale the points")
    elif right < width / 2 and bottom < height / 2:
        what = f"nothing lies beyond {right:.0f} x {bottom:.0f} in a picture of {picture}"
        remedy = "perhaps the scene was drawn on a smaller picture: draw it on a still with `giaolo zones draw`"
        yield Fault("picture", what, remedy, "warning")


def _names(scene: Scene) -> Iterator[Fault]:
    for kind in (
        "stop_lines", "approaches", "exits", "roads", "lanes", "signs", "areas", "markings", "signals", "exclude"
    ):  # fmt: skip
        seen: dict[str, int] = {}
        for i, item in enumerate(getattr(scene, kind)):
            if item.id in seen:
                yield Fault(f"{kind}[{i}].id", f"{item.id!r} is also {kind}[{seen[item.id]}]", "give each its own id")
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
            what = f"approach {line.approach!r} lies on the junction side of the line"
            yield Fault(f"{path}.approach", what, "move `forward` to the other side, or correct the approach")
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
        remedy = "name the movements that its arrows allow, or leave the field out"
        yield Fault(f"{path}.movements", "is empty: nobody may leave the lane", remedy)
    yield from facts.lane(scene, lane, path)
    if lane.direction is None:
        return
    if np.hypot(*np.subtract(*lane.direction)) < 2:
        yield Fault(f"{path}.direction", "has no length", "give two points, from and to")
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
            yield Fault(f"{path}.second", "crosses the first stripe", "draw the two stripes side by side")
    if mark.kind in HERE.markings.one_sided and mark.crossable_from is None:
        remedy = "give `crossable_from`, a point on the side of the broken stripe"
        yield Fault(f"{path}.crossable_from", f"kind {mark.kind} may be crossed from one side: which?", remedy)
    if mark.crossable_from is not None:
        if mark.kind not in HERE.markings.one_sided:
            what = f"means nothing for kind {mark.kind}"
            yield Fault(
                f"{path}.crossable_from",
                what,
                f"take it out, or use kind {' or '.join(sorted(HERE.markings.one_sided))}",
                "warning",
            )
        elif shapely.LineString(mark.points).length >= 2:
            distance = DirectedLine.between(mark.points).distance([mark.crossable_from])
            if abs(float(distance[0])) < 1:
                yield Fault(f"{path}.crossable_from", "lies on the line", "put it well to the broken side")


def _head(scene: Scene, head: SignalHead, path: str) -> Iterator[Fault]:
    if not head.governs:
        what = both(f"đèn {head.id!r} không điều khiển gì", f"head {head.id!r} governs nothing")
        yield Fault(f"{path}.governs", what, known(scene.stop_lines))
    for i, name in enumerate(head.governs):
        if name not in {line.id for line in scene.stop_lines}:
            yield Fault(f"{path}.governs[{i}]", f"there is no stop line {name!r}", known(scene.stop_lines))
    for i, name in enumerate(head.lanes):
        if name not in {lane.id for lane in scene.lanes}:
            yield Fault(f"{path}.lanes[{i}]", f"there is no lane {name!r}", known(scene.lanes))
    for field in ("movements", "classes"):
        if not getattr(head, field):
            yield Fault(f"{path}.{field}", "is empty: the head governs nobody", "name some, or leave the field out")
    if head.source == "controller":
        what = both(
            f"đèn {head.id!r} lấy tín hiệu từ tủ điều khiển, nhưng chưa có gì đưa tín hiệu đó vào hộp: không bao giờ"
            " biết đèn sáng màu gì",
            f"head {head.id!r} takes its state from a controller, but nothing can feed that to a box: its state would"
            " never be known",
        )
        remedy = both(
            "xóa `source` và vẽ `lamps` (tốt nhất) hoặc `box` của đèn",
            "take out `source` and draw the head's `lamps` (best) or `box`",
        )
        yield Fault(f"{path}.source", what, remedy)
    if head.source == "pixels" and head.box is None and not head.lamps:
        remedy = both("vẽ từng đèn màu (tốt nhất) hoặc cả khung", "draw `lamps` (best) or `box`")
        what = both(f"đèn {head.id!r} chưa vẽ", f"head {head.id!r} has neither box nor lamps: it cannot be seen")
        yield Fault(path, what, remedy)
    for name, box in (("box", head.box), ("countdown", head.countdown)):
        if box is not None:
            yield from shapes.box(scene, box, f"{path}.{name}")
    colours: dict[str, int] = {}
    for i, lamp in enumerate(head.lamps):
        yield from shapes.box(scene, lamp.box, f"{path}.lamps[{i}].box")
        if lamp.colour in colours:
            what = f"a second {lamp.colour} lamp (the first is lamps[{colours[lamp.colour]}])"
            yield Fault(f"{path}.lamps[{i}].colour", what, "one lamp a colour; a second head is a head of its own")
        colours.setdefault(lamp.colour, i)
        if head.box is not None and not shapes.inside(lamp.box, head.box):
            remedy = both("sửa một trong hai", "correct the lamp, or draw the head's box around all its lamps")
            what = both("đèn màu nằm ngoài khung của đèn", "the lamp lies outside its head's box")
            yield Fault(f"{path}.lamps[{i}].box", what, remedy)
    red_wanted = any(needs.red_lens for needs in wanted(scene))
    if head.lamps and "red" not in colours and head.arrow is None and red_wanted:
        what = both("chưa có đèn đỏ: không thấy được đỏ", "there is no red lamp: red cannot be seen")
        yield Fault(f"{path}.lamps", what, both("vẽ đèn đỏ", "draw the red lens"), "warning")


def _acts(scene: Scene) -> Iterator[Fault]:
    for needs in wanted(scene):
        yield from needs.measured(scene)
    if not scene.acts:
        remedy = "name the acts to look for, or leave `acts` out for all"
        yield Fault("acts", "no act is looked for: this camera only watches", remedy, "warning")
    elif not any(needs.drawn(scene) for needs in wanted(scene)):
        drawings = list(dict.fromkeys(needs.to_draw.en for needs in wanted(scene)))
        remedy = f"draw {', or '.join(drawings)}; or name another act in `acts`"
        yield Fault("acts", "no act can follow from this scene", remedy)
    elif "acts" in scene.model_fields_set:
        for i, act in enumerate(scene.acts):
            if not NEEDS[act].drawn(scene):
                remedy = f"draw {NEEDS[act].to_draw.en}, or take the act out of `acts`"
                yield Fault(f"acts[{i}]", f"{act.value} can never be found in this scene", remedy, "warning")
