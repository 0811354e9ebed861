"""A scene painted on a still, so that a person can see what the rules see. Works on a copy, never on the frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from zones.facts import one_way
from zones.schema import Point, Scene

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

COLOURS: dict[str, Colour] = {
    "stop_line": (255, 40, 40),
    "approach": (255, 170, 0),
    "junction": (190, 80, 255),
    "exit": (255, 110, 200),
    "lane": (60, 170, 255),
    "marking": (255, 240, 0),
    "inactive": (150, 150, 150),
    "head": (255, 255, 255),
    "exclude": (60, 60, 60),
    "ground": (0, 230, 180),
    "red": (255, 60, 60),
    "yellow": (255, 220, 0),
    "green": (40, 230, 90),
}
LEGEND: tuple[tuple[str, str], ...] = (
    ("stop_line", "Vạch dừng 7.1 (mũi tên: vào nút)"),
    ("approach", "Đường vào nút"),
    ("junction", "Trong nút giao"),
    ("exit", "Lối ra, hướng đi"),
    ("lane", "Làn đường, chiều đi"),
    ("marking", "Vạch dọc"),
    ("inactive", "Vạch không dùng"),
    ("head", "Đèn tín hiệu"),
    ("exclude", "Vùng bỏ qua"),
    ("ground", "Mặt đường (4 điểm)"),
)
_MOVEMENTS = {"straight": "đi thẳng", "left": "rẽ trái", "right": "rẽ phải", "u_turn": "quay đầu"}
_FONTS = (
    "NotoSans-Bold.ttf",
    "NotoSans-Regular.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    "Arial.ttf",
)
_MIN_WIDTH_PX = 1280
"""Smaller stills are enlarged, so that labels do not hide what they name."""


@cache
def label_font(size: int) -> Font:
    """A font with Vietnamese letters; Pillow's own as a last resort (it lacks some of the marks)."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


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
    brush.write_labels()
    painted = _with_legend(brush.image.convert("RGB"), scene, _used(scene), brush.size)
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
        self._taken: list[tuple[float, float, float, float]] = []

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

    def write_labels(self) -> None:
        """Each label is moved down until it covers no other and stays in the picture."""
        pen, font = ImageDraw.Draw(self.image), label_font(self.size)
        for (x, y), text, colour in self._labels:
            left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
            wide, high = right - left + 8, bottom - top + 6
            x = min(max(0, x - wide / 2), self.image.width - wide)
            y = min(max(0, y - high / 2), self.image.height - high)
            for _ in range(40):
                clash = [t for t in self._taken if x < t[2] and t[0] < x + wide and y < t[3] and t[1] < y + high]
                if not clash:
                    break
                y = clash[0][3] + 1 if clash[0][3] + high < self.image.height else max(0.0, clash[0][1] - high - 1)
            self._taken.append((x, y, x + wide, y + high))
            pen.rectangle([x, y, x + wide, y + high], fill=(0, 0, 0, 190))
            # dark colours are for areas: a label must be readable on its black ground
            pen.text(
                (x + 4 - left, y + 3 - top), text, font=font, fill=colour if max(colour) > 100 else (220, 220, 220)
            )


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
        brush.area(
            lane.polygon, COLOURS["lane"], f"làn {lane.id}{' (một chiều)' if one_way(scene, lane) else ''}", alpha=40
        )
        if lane.direction:
            brush.arrow(*lane.direction, COLOURS["lane"])
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


def _signals(brush: _Brush, scene: Scene) -> None:
    for head in scene.signals:
        label = f"đèn {head.id}: {', '.join(head.governs)}"
        if head.box:
            brush.box(head.box, COLOURS["head"], label)
        for i, lamp in enumerate(head.lamps):
            brush.box(lamp.box, COLOURS[lamp.colour], label if not head.box and i == 0 else "")
        if head.countdown:
            brush.box(head.countdown, COLOURS["head"])


def _used(scene: Scene) -> set[str]:
    has = {
        "stop_line": scene.stop_lines,
        "approach": scene.approaches,
        "junction": scene.junction,
        "exit": scene.exits,
        "lane": scene.lanes,
        "marking": [m for m in scene.markings if m.active],
        "inactive": [m for m in scene.markings if not m.active],
        "head": scene.signals,
        "exclude": scene.exclude,
        "ground": scene.ground,
    }
    return {name for name, items in has.items() if items}


def _with_legend(image: Image.Image, scene: Scene, used: set[str], size: int) -> Image.Image:
    """The picture with a strip below that names scene and colours; it covers nothing of the picture."""
    font, row = label_font(size), size + 10
    probe = ImageDraw.Draw(image)
    title = f"{scene.id}, bản {scene.version}" + (f" · {scene.place}" if scene.place else "")
    places: list[tuple[int, int, str, str]] = []
    x, y = 10, row
    for name, text in LEGEND:
        if name not in used:
            continue
        wide = size + 8 + int(probe.textlength(text, font=font)) + 22
        if x + wide > image.width and x > 10:
            x, y = 10, y + row
        places.append((x, y, name, text))
        x += wide
    out = Image.new("RGB", (image.width, image.height + y + row + 4), (20, 20, 24))
    out.paste(image)
    pen = ImageDraw.Draw(out)
    pen.text((10, image.height + 4), title, font=font, fill=(255, 255, 255))
    for x, y, name, text in places:
        top = image.height + y + 4
        pen.rectangle([x, top + 3, x + size, top + 3 + size], fill=COLOURS[name], outline=(255, 255, 255))
        pen.text((x + size + 8, top), text, font=font, fill=(255, 255, 255))
    return out
