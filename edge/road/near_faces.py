"""How wide a vehicle really stands on the road.

A box's lower edge is the vehicle's near end only where the camera looks straight along it. Beside that, its flank shows
too, and the box reaches past the near end, always towards the point where the lines of the road meet: a bus in its lane
seems to stand over the line. With the ground plane the edge has a width in metres, and what is wider than any vehicle
of its class is flank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from zones.boxes import PictureEdge
from zones.geometry import GroundMap, Stripe
from zones.schema import GroundPlane, Picture

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NearFaceMargins:
    """When a vehicle's own way tells how it stands, and when a box shows both corners of its near end."""

    moves_m: float = margin(
        0.5, "m", "a vehicle that came less far just before is taken to look along the stripe; the way of a trembling "
        "box has any direction", source="tuned on the simulation, November 2026; no better source",
    )  # fmt: skip
    cut_off_share: float = margin(
        0.006, "picture widths", "a box that ends so near a side of the picture may be cut off by it and hide a corner "
        "of the near end; less than where heads and wheels are asked for: what is refused here is a solid line missed",
        source="tuned on the simulation, November 2026: 2 px were too few for boxes that tremble", most=0.2,
    )  # fmt: skip
    cut_off_px: float = margin(
        2.0, "px", "and at least so near, in a small picture", source="a box's corner is not told more exactly"
    )


class Seen(NamedTuple):
    """Boxes `[N, 4]`; `kept_px` `[N]`: how much of each lower edge can be the near end; `way` `[N, 2]`: metres that the
    vehicle came, and whether it `moves` by them."""

    boxes: Floats
    kept_px: Floats
    moves: NDArray[np.bool_] | None
    way: Floats | None


class NearFaces:
    """Cuts the flank off boxes, for the stripes of one scene."""

    def __init__(self, ground: GroundPlane, picture: Picture, margins: NearFaceMargins = NearFaceMargins()) -> None:
        self._margins = margins
        within_px = max(margins.cut_off_px, margins.cut_off_share * picture.width)
        self.edge = PictureEdge.of(picture.width, picture.height, within_px)
        self._map = GroundMap.of(ground)
        self._to_pixels = np.linalg.inv(self._map.matrix)

    def whole(self, boxes: Floats) -> NDArray[np.bool_]:
        """`[N]`: not cut off at a side of the picture, where the near end's other corner is not to be seen."""
        uncut: NDArray[np.bool_] = (boxes[:, 0] > self.edge.left) & (boxes[:, 2] < self.edge.right)
        return uncut

    def seen(self, boxes: Floats, widest_m: Floats, way: Floats | None = None) -> Seen:
        """Lower edges measured on the road, once for all stripes.

        `widest_m` `[N]`: as wide as a vehicle of its class can be. `way` `[N, 2]`: metres that it came.
        """
        left, right = self._map.to_metres(boxes[:, [0, 3]]), self._map.to_metres(boxes[:, [2, 3]])
        width_m = np.hypot(*(right - left).T)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(np.isfinite(width_m) & (width_m > widest_m), widest_m / width_m, 1.0)
        moves = None if way is None else np.hypot(*way.T) > self._margins.moves_m
        return Seen(boxes, share * (boxes[:, 2] - boxes[:, 0]), moves, None if way is None else np.nan_to_num(way))

    def of(self, seen: Seen, stripe: Stripe) -> Floats:
        """`[N, 4]` boxes with the lower edge cut to the widest that the vehicle can be, at the end away from the near
        end.

        The flank shows on the side of the point where lines parallel to the vehicle meet: it looks along the way that
        it came, or along the stripe if it hardly moved.
        """
        boxes = seen.boxes
        middle = (boxes[:, 0] + boxes[:, 2]) / 2
        ends = self._map.to_metres(stripe.line.points[[0, -1]])
        along = np.repeat((ends[1] - ends[0])[None, :], len(boxes), axis=0)
        if seen.moves is not None and seen.way is not None:
            along = np.where(seen.moves[:, None], seen.way, along)
        flank_right = middle < self._meeting_x(along)
        out = boxes.copy()
        out[:, 2] = np.where(flank_right, boxes[:, 0] + seen.kept_px, boxes[:, 2])
        out[:, 0] = np.where(flank_right, boxes[:, 0], boxes[:, 2] - seen.kept_px)
        return out

    def _meeting_x(self, along: Floats) -> Floats:
        """`[N]`: where lines in the directions `along` `[N, 2]`, metres, meet in the picture."""
        x, _, w = self._to_pixels @ np.concatenate([along, np.zeros((len(along), 1))], axis=1).T
        far: Floats = np.where(np.abs(w) > 1e-12, x / np.where(np.abs(w) > 1e-12, w, 1.0), np.sign(x) * 1e9)
        return far
