"""What was seen from a mast that swings, as it would have been seen from one at rest.

Eight pixels of wind are two metres of road far from the camera: whoever stands seems to roll, and a way bends as no
vehicle can drive. So the swing is taken off before anything is measured against the scene. What goes into a packet, its
boxes and pictures, stays as the camera saw it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.tracks.track import Observation
from zones.boxes import PictureEdge

Lie = NDArray[np.float64]
"""`[2, 3]`: a point of a picture, in pixels, to where it lies in the scene's."""
_FRAMES = 256
"""So many are remembered: a track brings along what was seen of it before it was believed, a second at most."""


class Steadied:
    """How the pictures of one camera lay, and what was seen in them put back. `edge`: where the picture cuts boxes off:
    moved inwards from there they would seem whole, and end where no wheel is."""

    def __init__(self, edge: PictureEdge) -> None:
        self._edge = edge
        self._lies: OrderedDict[int, Lie] = OrderedDict()

    def note(self, frame: int, lie: Lie | None) -> None:
        """How a picture lies; None: in its place, as far as anybody knows."""
        if lie is not None:
            self._lies[frame] = lie
        while len(self._lies) > _FRAMES:
            self._lies.popitem(last=False)

    def clear(self) -> None:
        self._lies.clear()

    def all(self, seen: Sequence[Observation]) -> Sequence[Observation]:
        """Each where it would have been seen. A box is shifted as the road below it: it keeps its size, but for sides
        that the picture cuts off: they stay."""
        if not self._lies:
            return seen
        return [self._put_back(o) for o in seen]

    def _put_back(self, o: Observation) -> Observation:
        lie = self._lies.get(o.frame)
        if lie is None:
            return o
        x1, y1, x2, y2 = o.box
        at = np.array(((x1 + x2) / 2, y2))
        dx, dy = (lie[:, :2] @ at + lie[:, 2] - at).tolist()
        left = x1 if x1 <= self._edge.left else x1 + dx
        top = y1 if y1 <= self._edge.top else y1 + dy
        right = x2 if x2 >= self._edge.right else x2 + dx
        bottom = y2 if y2 >= self._edge.bottom else y2 + dy
        return replace(o, box=(left, top, right, bottom))
