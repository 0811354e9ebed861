"""A scene painted on a still, so that a person can see what the rules see. Works on a copy, never on the frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from zones.facts import road_of
from zones.legend import COLOURS, ROADS, Colour, label_font, with_legend
from zones.road import AreaKind
from zones.schema import Point, Scene

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]

_MOVEMENTS = {"straight": "đi thẳng", "left": "rẽ trái", "right": "rẽ phải", "u_turn": "quay đầu"}
_AREAS: dict[AreaKind, str] = {
    "closed_road": "đường cấm",
    "pavement": "vỉa hè",
    "emergency_lane": "làn dừng khẩn cấp",
    "kerbside": "cấm dừng, đỗ",
    "keep_clear": "cấm dừng trong ô",
    "crosswalk": "vạch sang đường",
    "lane_change": "được chuyển làn",
    "turn_waiting": "chờ rẽ trái",
}
_MIN_WIDTH_PX = 1280
"""Smaller stills are enlarged, so that labels do not hide what they name."""


def draw_scene(frame_bgr: NDArray[Any], scene: Scene) -> Picture:
    """The still (`[H, W, 3]` BGR, any size) with the scene on it and a legend below, BGR.

    The scene is scaled from its own picture size to the still; small stills are enlarged first.
    """
    height, width = frame_bgr.shape[:2]
    zoom = max(1, math.ceil(_MIN_WIDTH_PX / width))
    image = Image.fromarray(np.ascontiguousarray(frame_bgr[:, :, ::-1])).resize(
        (width * zoom, height * zoom), Image.Resampling.BICUBIC
    )
    scale = (image.width / scene.picture.width, image.height / scene.picture.height)
    brush = _Brush(image.convert("RGBA"), scale)
    _areas(brush, scene)
    _lines(brush, scene)
    _signals(brush, scene)
    _signs(brush, scene)
    brush.write_labels()
    painted = with_legend(brush.image.convert("RGB"), scene, brush.size)
    return np.ascontiguousarray(np.asarray(painted)[:, :, ::-1])


@dataclass
class _Brush:
    """Draws in the scene's pixels; keeps the labels for the end, so that nothing is painted over them."""

    image: Image.Image
    scale: tuple[float, float]

    def __post_init__(self) -> None:
        self.size = max(13, self.image.width // 90)
        self.stroke = max(3, self.image.width // 400)
        self._labels: list[tuple[Point, str, Colour]] = []
        self.taken: list[Box] = []
        """Where labels stand: left, top, right, bottom."""

    def at(self, point: Point) -> Point:
        return point[0] * self.scale[0], point[1] * self.scale[1]

    def area(self, polygon: Sequence[Point], colour: Colour, label: str, *, alpha: int = 50) -> None:
        points = [self.at(p) for p in polygon]
        layer = Image.new("RGBA", self.image.size)
        pen = ImageDraw.Draw(layer)
        pen.polygon(points, fill=(*colour, alpha))
        pen.line([*points, points[0]], fill=(*colour, 200), width=max(1, self.stroke // 2))
        self.image = Image.alpha_composite(self.image, layer)
        middle = np.mean(points, axis=0)
        self._labels.append(((float(middle[0]), float(middle[1])), label, colour))

    def line(self, points: Sequence[Point], colour: Colour, label: str = "") -> None:
        placed = [self.at(p) for p in points]
        pen = ImageDraw.Draw(self.image)
        pen.line(placed, fill=(0, 0, 0, 255), width=self.stroke + 1)
        pen.line(placed, fill=(*colour, 255), width=self.stroke)
        if label:
            x, y = placed[len(placed) // 2]
            self._labels.append(((x, y + self.size * 1.5), label, colour))

    def arrow(self, start: Point, end: Point, colour: Colour, *, scene_pixels: bool = True) -> None:
        (x1, y1), (x2, y2) = (self.at(start), self.at(end)) if scene_pixels else (start, end)
        angle, tip = math.atan2(y2 - y1, x2 - x1), self.stroke * 5
        pen = ImageDraw.Draw(self.image)
        pen.line([(x1, y1), (x2, y2)], fill=(*colour, 255), width=self.stroke)
        wings = [(x2 - tip * math.cos(angle + turn), y2 - tip * math.sin(angle + turn)) for turn in (-0.45, 0.45)]
        pen.polygon([(x2, y2), *wings], fill=(*colour, 255))

    def box(self, box: Sequence[float], colour: Colour, label: str = "") -> None:
        (x1, y1), (x2, y2) = self.at((box[0], box[1])), self.at((box[2], box[3]))
        ImageDraw.Draw(self.image).rectangle([x1, y1, x2, y2], outline=(*colour, 255), width=max(1, self.stroke // 2))
        if label:
            self._labels.append(((x1, y2 + self.size), label, colour))

    def dot(self, point: Point, colour: Colour, label: str) -> None:
        (x, y), reach = self.at(point), self.stroke * 2
        ImageDraw.Draw(self.image).ellipse(
            [x - reach, y - reach, x + reach, y + reach], fill=(*colour, 255), outline=(0, 0, 0, 255)
        )
        self._labels.append(((x, y + reach + self.size), label, colour))

    def write_labels(self) -> None:
        """Each label stands as near to what it names as it can without covering another."""
        pen, font = ImageDraw.Draw(self.image), label_font(self.size)
        for (x, y), text, colour in self._labels:
            left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
            wide, high = right - left + 8, bottom - top + 6
            x = min(max(0, x - wide / 2), self.image.width - wide)
            y = min(max(0, y - high / 2), self.image.height - high)
            y = free_height((x, y, wide, high), self.taken, self.image.height)
            self.taken.append((x, y, x + wide, y + high))
            pen.rectangle([x, y, x + wide, y + high], fill=(0, 0, 0, 190))
            # dark colours are for areas: a label must be readable on its black ground
            pen.text(
                (x + 4 - left, y + 3 - top), text, font=font, fill=colour if max(colour) > 100 else (220, 220, 220)
            )


def free_height(box: Box, taken: Sequence[Box], height: float) -> float:
    """The top nearest to that of a box (left, top, width, height) at which it covers none of `taken` (left, top, right,
    bottom); its own where the column is full."""
    x, y, wide, high = box
    column = [t for t in taken if x < t[2] and t[0] < x + wide]
    tops = [y, *(t[3] + 1 for t in column), *(t[1] - high - 1 for t in column)]
    free = [
        top for top in tops if 0 <= top <= height - high and not any(top < t[3] and t[1] < top + high for t in column)
    ]
    return min(free, key=lambda top: abs(top - y), default=y)


def _areas(brush: _Brush, scene: Scene) -> None:
    for area in scene.exclude:
        brush.area(area.polygon, COLOURS["exclude"], f"bỏ qua: {area.id}", alpha=130)
    if scene.junction:
        brush.area(scene.junction, COLOURS["junction"], "trong nút giao")
    for area in scene.approaches:
        brush.area(area.polygon, COLOURS["approach"], f"đường vào: {area.id}", alpha=35)
    for way_out in scene.exits:
        brush.area(way_out.polygon, COLOURS["exit"], f"{way_out.id}: {_MOVEMENTS[way_out.movement]}", alpha=70)
    for lane in scene.lanes:
        road = road_of(scene, lane)
        kind = f" ({ROADS[road.kind]})" if road else ""
        brush.area(lane.polygon, COLOURS["lane"], f"làn {lane.id}{kind}", alpha=40)
        if lane.direction:
            brush.arrow(*lane.direction, COLOURS["lane"])
    for piece in scene.areas:
        brush.area(piece.polygon, COLOURS["area"], f"{_AREAS[piece.kind]}: {piece.id}", alpha=60)
    if scene.ground:
        brush.area(scene.ground.pixels, COLOURS["ground"], "mặt đường", alpha=30)


def _lines(brush: _Brush, scene: Scene) -> None:
    for mark in scene.markings:
        colour = COLOURS["marking" if mark.active else "inactive"]
        brush.line(mark.points, colour, f"vạch {mark.kind}: {mark.id}")
        if mark.second:
            brush.line(mark.second, colour)
        if mark.crossable_from:
            middle = mark.points[len(mark.points) // 2]
            brush.arrow(mark.crossable_from, middle, colour)
    for stop in scene.stop_lines:
        brush.line(stop.points, COLOURS["stop_line"], f"vạch dừng: {stop.id}")
        _junction_arrow(brush, stop.points, stop.forward)


def _junction_arrow(brush: _Brush, points: Sequence[Point], forward: Point) -> None:
    """A short arrow across the middle of a stop line, to the junction side."""
    a, b = (np.array(brush.at(p)) for p in (points[(len(points) - 1) // 2], points[(len(points) - 1) // 2 + 1]))
    along, middle = b - a, (a + b) / 2
    normal = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
    if normal @ (np.array(brush.at(forward)) - middle) < 0:
        normal = -normal
    tip = middle + normal * brush.size * 3
    brush.arrow((middle[0], middle[1]), (tip[0], tip[1]), COLOURS["stop_line"], scene_pixels=False)


def _signs(brush: _Brush, scene: Scene) -> None:
    for sign in scene.signs:
        if sign.at:
            brush.dot(sign.at, COLOURS["sign"], f"biển {sign.number}: {', '.join(sign.governs) or sign.id}")


def _signals(brush: _Brush, scene: Scene) -> None:
    for head in scene.signals:
        label = f"đèn {head.id}: {', '.join(head.governs)}"
        if head.box:
            brush.box(head.box, COLOURS["head"], label)
        lowest = max(head.lamps, key=lambda lamp: lamp.box[3], default=None)  # its label covers no lens
        for lamp in head.lamps:
            brush.box(lamp.box, COLOURS[lamp.colour], label if not head.box and lamp is lowest else "")
        if head.countdown:
            brush.box(head.countdown, COLOURS["head"])
