"""How wide a vehicle really stands on the road.

A box's lower edge is the vehicle's near end only where the camera looks straight along it. Beside that, its flank shows
too, and the box reaches past the near end, always towards the point where the lines of the road meet: a bus in its lane
seems to stand over the line. With the ground plane the edge has a width in metres, and what is wider than any vehicle
of its class is flank.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zones.geometry import GroundMap, Stripe
from zones.schema import GroundPlane

Floats = NDArray[np.float64]

_MOVES_M = 0.5
_EDGE_SHARE = 0.006
"""Of the picture's width: so near its side a trembling box may be one that is cut off."""


class NearFaces:
    """Cuts the flank off boxes, for the stripes of one scene."""

    def __init__(self, ground: GroundPlane, picture_width: int) -> None:
        self._picture_width = picture_width
        self._map = GroundMap.of(ground)
        self._to_pixels = np.linalg.inv(self._map.matrix)

    def whole(self, boxes: Floats) -> NDArray[np.bool_]:
        """`[N]`: not cut off at a side of the picture, where the near end's other corner is not to be seen."""
        edge_px = max(2.0, _EDGE_SHARE * self._picture_width)
        uncut: NDArray[np.bool_] = (boxes[:, 0] > edge_px) & (boxes[:, 2] < self._picture_width - edge_px)
        return uncut

    def of(self, boxes: Floats, widest_m: Floats, stripe: Stripe, way: Floats | None = None) -> Floats:
        """`[N, 4]` boxes with the lower edge cut to `widest_m` `[N]`, at the end away from the near end.

        The flank shows on the side of the point where lines parallel to the vehicle meet: it looks along `way`
        `[N, 2]`, metres that it came, or along the stripe if it hardly moved.
        """
        left, right = self._map.to_metres(boxes[:, [0, 3]]), self._map.to_metres(boxes[:, [2, 3]])
        width_m = np.hypot(*(right - left).T)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(np.isfinite(width_m) & (width_m > widest_m), widest_m / width_m, 1.0)
        middle = (boxes[:, 0] + boxes[:, 2]) / 2
        kept = share * (boxes[:, 2] - boxes[:, 0])
        ends = self._map.to_metres(stripe.line.points[[0, -1]])
        along = np.repeat((ends[1] - ends[0])[None, :], len(boxes), axis=0)
        if way is not None:
            moves = np.hypot(*way.T) > _MOVES_M
            along = np.where(moves[:, None], np.nan_to_num(way), along)
        flank_right = middle < self._meeting_x(along)
        out = boxes.copy()
        out[:, 2] = np.where(flank_right, boxes[:, 0] + kept, boxes[:, 2])
        out[:, 0] = np.where(flank_right, boxes[:, 0], boxes[:, 2] - kept)
        return out

    def _meeting_x(self, along: Floats) -> Floats:
        """`[N]`: where lines in the directions `along` `[N, 2]`, metres, meet in the picture."""
        x, _, w = self._to_pixels @ np.concatenate([along, np.zeros((len(along), 1))], axis=1).T
        far: Floats = np.where(np.abs(w) > 1e-12, x / np.where(np.abs(w) > 1e-12, w, 1.0), np.sign(x) * 1e9)
        return far
