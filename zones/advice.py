"""What a scene cannot do as it is drawn, though nothing in it is wrong: warnings, in both languages. Pure.

Each of them cost acts, or accused somebody, on footage of junctions that were never seen before.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from countries.here import HERE
from zones.faults import Fault, both
from zones.geometry import DirectedLine, GroundMap, as_points
from zones.needs import wanted
from zones.schema import Marking, Movement, Point, Scene, SignalHead, StopLine

LEAST_LENS_PX = 7.0
"""Smaller boxes hold a lens of some 5 pixels, in which paint in the sun and a lit lamp look the same."""
LEAST_PLATE_PX = 34.0
"""Narrower plates cannot be read, and readers invent some."""
_BEYOND_SHARE = 0.15
"""Of the stop line's length: what lies farther beyond its end is road that it leaves out, not a loose drawing."""
_NEAR_SHARE, _EDGE_SHARE = 0.1, 0.04
"""Of the stop line's length: an area that ends so near the line lies before it, and so deep is the end that is
measured; nearer the camera the same road is wider in the picture."""


def advice(scene: Scene) -> Iterator[Fault]:
    """Warnings only, in the order of the file."""
    ground = GroundMap.of(scene.ground) if scene.ground and _usable(scene) else None
    for i, line in enumerate(scene.stop_lines):
        if shapely.LineString(line.points).length >= 2:
            yield from _road_before(scene, line, f"stop_lines[{i}]")
            yield from _to_the_kerb(scene, line, f"stop_lines[{i}]")
            if ground is not None:
                yield from _plate_width(line, ground, f"stop_lines[{i}]")
    for needs in wanted(scene):
        yield from needs.advice(scene)
    for i, head in enumerate(scene.signals):
        yield from _lenses(head, f"signals[{i}]")
        yield from _movements(scene, head, f"signals[{i}]")


def _usable(scene: Scene) -> bool:
    """Four corners of something: what is wrong with them is told by `zones.check`."""
    ground = scene.ground
    return ground is not None and all(
        shapely.Polygon(points).is_valid and shapely.Polygon(points).area > 1e-6
        for points in (ground.pixels, ground.metres)
    )


def _road_before(scene: Scene, line: StopLine, path: str) -> Iterator[Fault]:
    """Nothing drawn where vehicles come from: the box looks where the scene is drawn, and who is first seen at the line
    itself is accused of nothing. At Giảng Võ three of four runners were lost so."""
    directed = DirectedLine.of_stop_line(line)
    for polygon in [*(area.polygon for area in scene.approaches), *(lane.polygon for lane in scene.lanes)]:
        near = _near_line(directed, polygon)
        if near is not None and near[1] > 0 and near[0] < directed.length_px:
            return
    what = both(
        f"chưa vẽ đường vào trước vạch dừng {line.id!r}: hộp chỉ nhìn nơi có vẽ, xe chỉ thấy khi đã tới vạch thì"
        " không bị báo",
        f"no road is drawn before stop line {line.id!r}: the box looks where something is drawn, and who is first seen"
        " at the line is not reported",
    )
    remedy = both(
        "vẽ đường vào nút (`approaches`) từ vạch lùi lại, dài nhất có thể",
        "draw the approach (`approaches`) from the line backwards, as far as the road is seen",
    )
    yield Fault(path, what, remedy, "warning")


def _to_the_kerb(scene: Scene, line: StopLine, path: str) -> Iterator[Fault]:
    """Road that is drawn as lane or approach beside the line, or a centre line at its end, beyond which it goes on."""
    directed = DirectedLine.of_stop_line(line)
    length = directed.length_px
    beyond: list[tuple[str, str]] = []
    drawn = [((f"làn {lane.id}", f"lane {lane.id}"), lane.polygon) for lane in scene.lanes]
    drawn += [((f"đường vào {a.id}", f"approach {a.id}"), a.polygon) for a in scene.approaches if a.id == line.approach]
    for names, polygon in drawn:
        near = _near_line(directed, polygon)
        if near is not None and (near[0] < -_BEYOND_SHARE * length or near[1] > (1 + _BEYOND_SHARE) * length):
            beyond.append(names)
    for mark in scene.markings:
        if mark.kind in HERE.markings.opposite and _at_end(directed, mark):
            beyond.append((f"vạch tim {mark.id}", f"centre line {mark.id}"))
    if not beyond:
        return
    vi, en = (", ".join(names) for names in zip(*beyond, strict=True))
    what = both(
        f"vạch dừng {line.id!r} không kéo tới lề đường bên kia: còn mặt đường ở ngoài đầu vạch ({vi}), xe vượt ở đó"
        " không được thấy là vượt vạch",
        f"stop line {line.id!r} does not reach the far kerb: there is road beyond its end ({en}), and who passes"
        " there is not seen to pass the line",
    )
    remedy = both(
        "vẽ vạch dừng tiếp tới lề bên kia, kể cả chỗ không có sơn; để nguyên nếu phần đường đó không theo đèn này",
        "draw the line on to the far kerb, where there is no paint too; leave it where no head governs that part",
    )
    yield Fault(f"{path}.points", what, remedy, "warning")


def _near_line(line: DirectedLine, polygon: list[Point]) -> tuple[float, float] | None:
    """Least and most along the line of the part of an area that lies before the line and beside it."""
    shape = shapely.Polygon(polygon)
    if not shape.is_valid or shape.is_empty:
        return None
    outline = shape.exterior
    steps = np.linspace(0.0, 1.0, 200)
    points = shapely.get_coordinates(shapely.line_interpolate_point(outline, steps, normalized=True))
    reading = line.read(points)
    before = reading.distance_px <= 0
    if not before.any():
        return None
    nearest = float(reading.distance_px[before].max())
    end = before & (reading.distance_px >= nearest - _EDGE_SHARE * line.length_px)
    if nearest < -_NEAR_SHARE * line.length_px:
        return None
    return float(reading.along_px[end].min()), float(reading.along_px[end].max())


def _at_end(line: DirectedLine, mark: Marking) -> bool:
    """The marking meets the line at one of its ends and comes from before it."""
    ends = as_points([mark.points[0], mark.points[-1]])
    reading = line.read(ends)
    reach = _BEYOND_SHARE * line.length_px
    for k in range(2):
        at_an_end = min(abs(reading.along_px[k]), abs(reading.along_px[k] - line.length_px)) <= reach
        if at_an_end and abs(reading.distance_px[k]) <= reach and reading.distance_px[1 - k] < -reach:
            return True
    return False


def px_a_metre(line: StopLine, ground: GroundMap) -> float | None:
    """How many pixels wide a metre is at a stop line; None beyond the ground's horizon."""
    points = np.asarray(line.points, dtype=np.float64)
    middle, way = points.mean(axis=0), points[-1] - points[0]
    step = way / np.hypot(*way)
    ends = ground.to_metres([middle - step, middle + step])
    metres = float(np.hypot(*(ends[1] - ends[0])))
    return 2.0 / metres if np.isfinite(metres) and metres > 0 else None


def _plate_width(line: StopLine, ground: GroundMap, path: str) -> Iterator[Fault]:
    """How wide a plate is where its rear is read, from the scale of the road there."""
    scale = px_a_metre(line, ground)
    if scale is None:
        return
    narrowest_m = HERE.plate_width_m["motorcycle"]
    motorcycle, car = scale * narrowest_m, scale * HERE.plate_width_m["car"]
    if motorcycle >= LEAST_PLATE_PX:
        return
    needed = LEAST_PLATE_PX / narrowest_m
    cars_vi = "" if car >= LEAST_PLATE_PX else f", biển ô tô hai dòng {car:.0f} px"
    cars_en = "" if car >= LEAST_PLATE_PX else f", a car's two-line plate {car:.0f} px"
    what = both(
        f"tại vạch dừng {line.id!r} một mét chỉ rộng {scale:.0f} px: biển xe máy rộng khoảng {motorcycle:.0f} px"
        f"{cars_vi}; dưới {LEAST_PLATE_PX:.0f} px không đọc được gì",
        f"at stop line {line.id!r} a metre is only {scale:.0f} px wide: a motorcycle's plate about {motorcycle:.0f} px"
        f"{cars_en}; below {LEAST_PLATE_PX:.0f} px nothing can be read",
    )
    remedy = both(
        f"cần khoảng {needed:.0f} px mỗi mét cho biển xe máy: độ phân giải cao hơn, ống kính dài hơn hoặc đặt gần hơn",
        f"about {needed:.0f} px a metre are needed for motorcycle plates: more pixels, a longer lens, a nearer camera",
    )
    yield Fault(f"{path}.points", what, remedy, "warning")


def _lenses(head: SignalHead, path: str) -> Iterator[Fault]:
    if head.source != "pixels":
        return
    sizes = {f"{path}.lamps[{i}].box": lamp.box for i, lamp in enumerate(head.lamps)}
    thirds = 1.0
    if not sizes and head.box is not None:
        sizes, thirds = {f"{path}.box": head.box}, 3.0
    for place, (x1, y1, x2, y2) in sizes.items():
        width, height = x2 - x1, y2 - y1
        if thirds > 1:
            width, height = (width / 3, height) if head.orientation == "horizontal" else (width, height / 3)
        if 2 <= min(width, height) < LEAST_LENS_PX:
            what = both(
                f"bóng đèn chỉ {width:.0f} x {height:.0f} px: nắng trên vỏ đèn và đèn sáng trông như nhau",
                f"the lens is only {width:.0f} x {height:.0f} px: sun on the housing and a lit lamp look the same",
            )
            remedy = both(
                "dùng đèn gần hơn, độ phân giải cao hơn hoặc ống kính dài hơn; nếu không, đèn thường sẽ là không rõ",
                "use a nearer head, more pixels or a longer lens; otherwise the lamp will often be unknown",
            )
            yield Fault(place, what, remedy, "warning")


def _movements(scene: Scene, head: SignalHead, path: str) -> Iterator[Fault]:
    """A head for some movements only: what tells these apart from the others has to be in the scene."""
    if head.arrow is not None and head.arrow not in head.movements:
        what = both(
            f"đèn mũi tên {head.arrow} nhưng `movements` không có hướng đó",
            f"an arrow for {head.arrow}, but `movements` lacks it",
        )
        yield Fault(f"{path}.movements", what, both("ghi hướng đó", "name it there"), "warning")
    elif head.arrow is not None and len(head.movements) > 1 and "movements" not in head.model_fields_set:
        what = both(
            f"đèn mũi tên {head.arrow} đang điều khiển mọi hướng đi", f"the {head.arrow} arrow governs every movement"
        )
        remedy = both(f"ghi `movements: [{head.arrow}]`", f"write `movements: [{head.arrow}]`")
        yield Fault(f"{path}.movements", what, remedy, "warning")
    governed: set[Movement] = set(head.movements)
    ways_out = {way_out.movement for way_out in scene.exits}
    if scene.ground is not None or not head.governs or governed >= {"straight", "left", "right"}:
        return
    others = {m for m in ("straight", "left", "right") if m not in governed}
    missing = sorted((others | governed - {"u_turn"}) - ways_out)
    if missing:
        names = ", ".join(missing)
        what = both(
            f"đèn {head.id!r} chỉ dành cho một số hướng, nhưng không có `ground` và thiếu lối ra ({names}): khó biết xe"
            " nào đi hướng nào",
            f"head {head.id!r} is for some movements only, but there is no `ground` and no exit for {names}: who goes"
            " which way can hardly be told",
        )
        remedy = both(
            "ghi `ground` (tốt nhất) hoặc vẽ lối ra của các hướng đó", "write `ground` (best), or draw these exits"
        )
        yield Fault(f"{path}.movements", what, remedy, "warning")
