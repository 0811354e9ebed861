"""What stands below a drawn scene: what each colour means, and what the road says. Only what is used."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from countries.here import HERE
from zones.road import RoadKind
from zones.schema import Scene

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
    "sign": (255, 154, 60),
    "area": (125, 220, 111),
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
    ("sign", "Biển báo, số hiệu"),
    ("area", "Vùng trên đường"),
    ("head", "Đèn tín hiệu"),
    ("exclude", "Vùng bỏ qua"),
    ("ground", "Mặt đường (4 điểm)"),
)
ROADS: dict[RoadKind, str] = {"one_way": "một chiều", "divided": "có dải phân cách giữa", "two_way": "hai chiều"}
_FONTS = (
    "NotoSans-Bold.ttf",
    "NotoSans-Regular.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    "Arial.ttf",
)


@cache
def label_font(size: int) -> Font:
    """A font with Vietnamese letters; Pillow's own as a last resort (it lacks some of the marks)."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def used(scene: Scene) -> set[str]:
    has = {
        "stop_line": scene.stop_lines,
        "approach": scene.approaches,
        "junction": scene.junction,
        "exit": scene.exits,
        "lane": scene.lanes,
        "marking": [m for m in scene.markings if m.active],
        "inactive": [m for m in scene.markings if not m.active],
        "sign": [sign for sign in scene.signs if sign.at],
        "area": scene.areas,
        "head": scene.signals,
        "exclude": scene.exclude,
        "ground": scene.ground,
    }
    return {name for name, items in has.items() if items}


def with_legend(image: Image.Image, scene: Scene, size: int) -> Image.Image:
    """The picture with a strip below that names scene and colours; it covers nothing of the picture."""
    font, row = label_font(size), size + 10
    probe, there = ImageDraw.Draw(image), used(scene)
    title = f"{scene.id}, bản {scene.version}" + (f" · {scene.place}" if scene.place else "")
    places: list[tuple[int, int, str, str]] = []
    x, y = 10, row
    for name, text in LEGEND:
        if name not in there:
            continue
        wide = size + 8 + int(probe.textlength(text, font=font)) + 22
        if x + wide > image.width and x > 10:
            x, y = 10, y + row
        places.append((x, y, name, text))
        x += wide
    told = [line for text in facts_told(scene) for line in _broken(text, font, image.width - 20)]
    bottom = y + row if places else row
    out = Image.new("RGB", (image.width, image.height + bottom + row * len(told) + 4), (20, 20, 24))
    out.paste(image)
    pen = ImageDraw.Draw(out)
    pen.text((10, image.height + 4), title, font=font, fill=(255, 255, 255))
    for x, y, name, text in places:
        top = image.height + y + 4
        pen.rectangle([x, top + 3, x + size, top + 3 + size], fill=COLOURS[name], outline=(255, 255, 255))
        pen.text((x + size + 8, top), text, font=font, fill=(255, 255, 255))
    for i, line in enumerate(told):
        pen.text((10, image.height + bottom + row * i + 4), line, font=font, fill=(210, 215, 225))
    return out


def facts_told(scene: Scene) -> Iterator[str]:
    """What the road says beyond shapes, a line each: roads with kind and source, signs with what they hold for."""
    by = {fact.code: fact.sign for fact in HERE.one_way}
    for road in scene.roads:
        lanes = ", ".join(lane.id for lane in scene.lanes if lane.road == road.id)
        facts = [ROADS[road.kind], by.get(road.by or ""), lanes and f"làn {lanes}", road.source.text]
        yield f"Đường {road.id}: {'; '.join(fact for fact in facts if fact)}"
    for sign in scene.signs:
        hours = ", ".join(f"{one.begin}–{one.end}" for one in sign.hours)
        facts = [f"cho {', '.join(sign.governs)}" if sign.governs else "", hours, sign.source.text]
        yield f"Biển {sign.number} {sign.id}: {'; '.join(fact for fact in facts if fact) or 'chưa ghi gì'}"


def _broken(text: str, font: Font, width: int) -> Iterator[str]:
    """The text in lines that are no wider."""
    line = ""
    for word in text.split():
        if line and font.getlength(f"{line} {word}") > width:
            yield line
            line = f"    {word}"
        else:
            line = f"{line} {word}" if line else word
    yield line
