"""Which part of the picture is worth looking at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.margins import margin
from zones.schema import Scene

_OURS = "chosen so that nothing of the drawn scenes is lost; not measured"


@dataclass(frozen=True)
class RegionMargins:
    """Room around what is drawn, so that whole vehicles are seen there."""

    above_drawn: float = margin(
        0.12, "heights of what is drawn", "vehicles at its far end stand up above it", source=_OURS, most=1.0
    )
    above_picture: float = margin(
        0.08, "picture heights", "at least so much, where little is drawn", source=_OURS, most=1.0
    )
    beside: float = margin(
        0.05, "picture widths", "vehicles at its sides reach out of it; below it as many picture heights",
        source=_OURS, most=1.0,
    )  # fmt: skip
    worth_share: float = margin(
        0.8, "share of the picture", "a larger region gains less time than it costs in context", source=_OURS, most=1.0
    )
    least_px: float = margin(
        32, "px", "a smaller one holds no vehicle: then the scene is drawn wrongly and all is looked at", source=_OURS
    )


def region(
    scene: Scene, width: int, height: int, margins: RegionMargins = RegionMargins()
) -> tuple[int, int, int, int]:
    """The part of a picture of `width` by `height` pixels that vehicles of interest can fill: x1, y1, x2, y2.

    Everything drawn on the road, with room above for what stands on it. The whole picture if little is gained.
    """
    points = [p for a in scene.approaches for p in a.polygon]
    points += [p for e in scene.exits for p in e.polygon]
    points += [p for lane in scene.lanes for p in lane.polygon]
    points += [p for area in scene.areas for p in area.polygon]
    points += [p for m in scene.markings for p in [*m.points, *(m.second or [])]]
    points += [p for line in scene.stop_lines for p in line.points]
    points += scene.junction or []
    if not points:
        return 0, 0, width, height
    xy = np.array(points)
    left, top = (float(v) for v in xy.min(axis=0))
    right, bottom = (float(v) for v in xy.max(axis=0))
    above = max(margins.above_drawn * (bottom - top), margins.above_picture * height)
    x1, x2 = max(0, int(left - margins.beside * width)), min(width, int(np.ceil(right + margins.beside * width)))
    y1, y2 = max(0, int(top - above)), min(height, int(np.ceil(bottom + margins.beside * height)))
    too_large = (x2 - x1) * (y2 - y1) > margins.worth_share * width * height
    if too_large or x2 - x1 < margins.least_px or y2 - y1 < margins.least_px:
        return 0, 0, width, height
    return x1, y1, x2, y2
