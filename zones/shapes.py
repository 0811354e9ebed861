"""Is what was drawn a shape at all? Areas, lines, boxes and the ground plane, told as faults. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import shapely

from zones.faults import Fault, both
from zones.schema import GroundPlane, Point, Scene

Box = tuple[float, float, float, float]


def outside(scene: Scene, points: Iterable[Point], path: str) -> Iterator[Fault]:
    """Points that lie outside the picture."""
    width, height = scene.picture.width, scene.picture.height
    for i, (x, y) in enumerate(points):
        if not (0 <= x <= width and 0 <= y <= height):
            what = both(
                f"({x:g}, {y:g}) nằm ngoài khung hình {width} x {height}",
                f"({x:g}, {y:g}) lies outside the picture of {width} x {height}",
            )
            yield Fault(f"{path}[{i}]", what, both("dời điểm vào trong khung hình", "move the point into the picture"))


def polygon(scene: Scene, points: list[Point], path: str) -> Iterator[Fault]:
    """An area that is none: outside the picture, empty, crossing itself."""
    yield from outside(scene, points, path)
    shape = shapely.Polygon(points)
    if shape.convex_hull.area < 4:
        what = both("vùng không có diện tích", "the area is empty")
        yield Fault(path, what, both("vẽ một đa giác có diện tích", "draw a polygon with an area"))
    elif not shape.is_valid:
        where = shapely.is_valid_reason(shape)
        at = f" near {where[where.index('[') :]}" if "[" in where else ""
        what = both(f"đường viền tự cắt{at.replace(' near ', ' gần ')}", f"the outline crosses itself{at}")
        remedy = both("đặt các góc lần lượt quanh vùng", "put the corners in order around the area, each once")
        yield Fault(path, what, remedy)


def polyline(scene: Scene, points: list[Point], path: str) -> Iterator[Fault]:
    """A line that is none: outside the picture, without length, crossing itself."""
    yield from outside(scene, points, path)
    shape = shapely.LineString(points)
    if shape.length < 2:
        what = both("đường không có chiều dài", "the line has no length")
        yield Fault(path, what, both("cho hai điểm khác nhau", "give two different points"))
    elif not shape.is_simple:
        remedy = both("đặt các điểm lần lượt từ đầu đến cuối", "put the points in order from one end to the other")
        yield Fault(path, both("đường tự cắt", "the line crosses itself"), remedy)


def box(scene: Scene, box: Box, path: str) -> Iterator[Fault]:
    """A box that is none: turned over, or outside the picture."""
    x1, y1, x2, y2 = box
    if x2 - x1 < 2 or y2 - y1 < 2:
        size = f"{x2 - x1:g} x {y2 - y1:g}"
        what = both(f"khung {size} quá nhỏ hoặc bị lật", f"the box {size} is too small or turned over")
        remedy = both("vẽ lại, mỗi chiều ít nhất 2 px", "write [left, top, right, bottom], at least 2 pixels each way")
        yield Fault(path, what, remedy)
    elif x1 < 0 or y1 < 0 or x2 > scene.picture.width or y2 > scene.picture.height:
        size = f"{scene.picture.width} x {scene.picture.height}"
        what = both(f"khung nằm ngoài khung hình {size}", f"the box lies outside the picture of {size}")
        yield Fault(path, what, both("dời vào trong khung hình", "move the box into the picture"))


def inside(inner: Box, outer: Box, slack: float = 1.0) -> bool:
    """Whether a box lies in another, but for `slack` pixels."""
    low = inner[0] >= outer[0] - slack and inner[1] >= outer[1] - slack
    return low and inner[2] <= outer[2] + slack and inner[3] <= outer[3] + slack


def ground(scene: Scene, ground: GroundPlane) -> Iterator[Fault]:
    """Four points that are no rectangle seen from above."""
    yield from outside(scene, ground.pixels, "ground.pixels")
    for name, points in (("pixels", ground.pixels), ("metres", ground.metres)):
        corners = np.array(points)
        turns = [_turn(corners[i], corners[(i + 1) % 4], corners[(i + 2) % 4]) for i in range(4)]
        if min(abs(turn) for turn in turns) < 0.01:
            what = both("ba điểm nằm trên một đường thẳng", "three of the points lie on one line")
            remedy = both("lấy bốn góc của một hình chữ nhật", "take four corners of a rectangle")
            yield Fault(f"ground.{name}", what, remedy)
            return
        if not (all(turn > 0 for turn in turns) or all(turn < 0 for turn in turns)):
            what = both("bốn điểm bắt chéo nhau", "the four points cross over")
            remedy = both("đi quanh hình chữ nhật, từng góc một", "go around the rectangle, corner by corner")
            yield Fault(f"ground.{name}", what, remedy)
            return
    # pixels have y down, metres have y away from the camera: the sense of rotation must differ
    if (_turn(*np.array(ground.pixels[:3])) > 0) == (_turn(*np.array(ground.metres[:3])) > 0):
        remedy = both(
            "mét: x sang phải, y ra xa camera; hai danh sách cùng thứ tự",
            "metres: x to the right, y away from the camera; both lists in the same order",
        )
        yield Fault("ground.metres", both("các điểm bị lật gương", "the points are mirrored"), remedy)


def _turn(a: Any, b: Any, c: Any) -> float:
    """Sine of the turn at b on the way a-b-c, so that it does not depend on the unit; 0 = straight on."""
    (ux, uy), (vx, vy) = b - a, c - b
    length = float(np.hypot(ux, uy) * np.hypot(vx, vy))
    return float(ux * vy - uy * vx) / length if length else 0.0
