"""What several kinds of vehicles share: materials, wheels, the place of the rear plate."""

from __future__ import annotations

from dataclasses import dataclass

from tools.render.mesh import RGB, Builder

GLASS: RGB = (26, 32, 38)
RUBBER: RGB = (22, 22, 23)
METAL: RGB = (120, 122, 126)
DARK: RGB = (34, 34, 36)
TAIL: RGB = (150, 12, 16)


@dataclass(frozen=True)
class PlatePlace:
    """Where the rear plate hangs: middle of the plate, width and height in metres; one or two lines."""

    x: float
    z: float
    width: float
    height: float
    lines: int


def wheel(b: Builder, x: float, y: float, radius: float, width: float) -> None:
    side = 1.0 if y > 0 else -1.0
    b.tube((x, y - side * width, radius), (x, y, radius), radius, RUBBER, 0.05)
    b.tube((x, y - side * width * 0.3, radius), (x, y + side * 0.012, radius), radius * 0.62, METAL, 0.5)
    b.tube((x, y, radius), (x, y + side * 0.02, radius), radius * 0.2, DARK, 0.3)
