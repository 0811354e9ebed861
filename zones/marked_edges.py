"""Edges on the road with a known distance, as a technician marks them: lanes, crosswalks, stripes. Pure; own code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zones.faults import both
from zones.geometry import as_points
from zones.road_camera import Floats, GroundUnknown, mapped, picture_to_road
from zones.schema import Picture, Point

MARKED_PX = 1.5
"""How far off the paint a click lands; standard deviation, of a technician on the zoomed picture."""
WORST_RMS_PX = 8.0
"""Marks that miss their edges by more do not belong to one plane, or a distance is wrong."""
_SHORTEST_PX = 10.0
"""Of a shorter edge a click tells no direction."""


@dataclass(frozen=True)
class KnownGap:
    """Two parallel edges on the road, two pixels each, and the metres between them.

    `along`: they run the way of the road, as the edges of a lane; `across`: athwart, as those of a crosswalk.
    """

    way: Literal["along", "across"]
    first: tuple[Point, Point]
    second: tuple[Point, Point]
    metres: float


def _ordered(gap: KnownGap) -> KnownGap:
    """The second edge lies to the right of the first, or farther away."""
    axis, sign = (0, 1) if gap.way == "along" else (1, -1)
    if sign * (np.mean(gap.second, axis=0)[axis] - np.mean(gap.first, axis=0)[axis]) >= 0:
        return gap
    return KnownGap(gap.way, gap.second, gap.first, gap.metres)


class MarkedEdges:
    """What the marks say of a camera. Unknown besides it: where the first edge of each gap lies, in metres."""

    def __init__(self, picture: Picture, gaps: Sequence[KnownGap]) -> None:
        self._picture, self._gaps = picture, [_ordered(gap) for gap in gaps]
        self.marked = as_points([point for gap in self._gaps for point in (*gap.first, *gap.second)])
        """`[4 gaps, 2]` pixels."""

    @property
    def unknowns(self) -> int:
        return len(self._gaps)

    def check(self) -> None:
        """Raises `GroundUnknown` for a distance that is none, or an edge too short to have a direction."""
        if not all(gap.metres > 0 for gap in self._gaps):
            what = both("khoảng cách phải lớn hơn 0", "a distance is not more than 0")
            raise GroundUnknown(what, where="ground", remedy=both("ghi số mét đo được", "write the metres as measured"))
        edges = self.marked.reshape(-1, 2, 2)
        if not np.all(np.hypot(*(edges[:, 1] - edges[:, 0]).T) > _SHORTEST_PX):
            what = both("một mép quá ngắn", "an edge is too short")
            remedy = both("nhấp hai điểm xa nhau trên mép đó", "click two points far apart on that edge")
            raise GroundUnknown(what, where="ground", remedy=remedy)

    def start(self, camera: Floats) -> Floats:
        """Where the first edges lie by that camera."""
        places = mapped(picture_to_road(self._picture, camera), self.marked).reshape(len(self._gaps), 4, 2)
        axes = [0 if gap.way == "along" else 1 for gap in self._gaps]
        edges = [np.mean(places[i, :2, axis]) for i, axis in enumerate(axes)]
        return np.clip(np.nan_to_num(np.array(edges, np.float64)), -100, 300)

    def in_pixels(self, camera: Floats, offsets: Floats) -> Floats:
        """How far each marked point lies from its edge."""
        back = picture_to_road(self._picture, camera).T
        out = [np.empty(0)]
        for i, (gap, offset) in enumerate(zip(self._gaps, offsets, strict=True)):
            for place, first in ((offset, 4 * i), (offset + gap.metres, 4 * i + 2)):
                edge = back @ np.array([1.0, 0.0, -place] if gap.way == "along" else [0.0, 1.0, -place])
                points = self.marked[first : first + 2]
                out.append((points @ edge[:2] + edge[2]) / max(float(np.hypot(edge[0], edge[1])), 1e-12))
        return np.concatenate(out)

    def rms_px(self, camera: Floats, offsets: Floats) -> float:
        return float(np.sqrt(np.mean(self.in_pixels(camera, offsets) ** 2)))
