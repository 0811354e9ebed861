"""Boxes against boxes. Arrays are `[N, 4]`: x1, y1, x2, y2 in pixels of the full picture, `y` downwards."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=np.floating[Any])

_NO_UNION_PX2 = 1e-9
"""Two boxes without any area overlap by nothing, not by 0/0."""


def iou(a: NDArray[F], b: NDArray[F]) -> NDArray[F]:
    """Intersection over union of `a` `[N, 4]` and `b` `[M, 4]`: `[N, M]`, 0..1, in the type of the boxes."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = np.prod(np.clip(bottom_right - top_left, 0, None), axis=2)
    area_a = np.prod(a[:, 2:] - a[:, :2], axis=1)
    area_b = np.prod(b[:, 2:] - b[:, :2], axis=1)
    overlap: NDArray[F] = inter / np.maximum(area_a[:, None] + area_b[None, :] - inter, _NO_UNION_PX2)
    return overlap


class PictureEdge(NamedTuple):
    """Where a picture cuts boxes off: one that reaches `left`, `top`, `right` or `bottom` may go on outside it.

    How far inside that begins is a margin of each use, with its reason: boxes of cut-off vehicles end short of the edge
    and tremble, and what is lost by a box that is taken for cut off differs.
    """

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, width: float, height: float, within_px: float) -> PictureEdge:
        """Of a picture of `width` by `height` pixels, for boxes that end `within_px` of its edge."""
        return cls(within_px, within_px, width - within_px, height - within_px)

    def or_inside(self, other: PictureEdge) -> PictureEdge:
        """Where one of the two begins, whichever lies farther inside."""
        return PictureEdge(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )
