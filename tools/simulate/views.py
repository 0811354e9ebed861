"""Whose the views are by which a plate would be read: a track may have followed another vehicle before its act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.picture import Picture
from edge.plate.views import TrackViews, View, ViewBook
from edge.types import Image
from tools.simulate.seen import Sight
from zones.boxes import iou

_NOTHING: Image = np.zeros((1, 1, 3), np.uint8)
_APART_S = 0.25
_SAME_IOU = 0.4
"""A box that lies less on any vehicle is not counted."""


@dataclass
class ViewCount:
    """Views of the tracks that were accused. `own`: taken as those of who did it, `perhaps`: as perhaps another's;
    `right`: truly his, `wrong`: truly another's."""

    own_right: int = 0
    own_wrong: int = 0
    perhaps_right: int = 0
    perhaps_wrong: int = 0

    def __add__(self, other: ViewCount) -> ViewCount:
        return ViewCount(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))


class SeenViews(ViewBook):
    """Every view of a track four times a second, without its picture; a plate is read of none."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[tuple[int, float], TrackViews] = {}

    def offer(
        self, track_id: int, frame: int, t_s: float, box: Sequence[float], picture: Picture | Image, *,
        astray: bool = False, **around: Any,
    ) -> None:  # fmt: skip
        views = self._views.setdefault(track_id, [])
        begun = self._begun_s.setdefault(track_id, [])
        if astray:
            begun.append(t_s)
        if astray or not views or t_s >= views[-1].t_s + _APART_S:
            x1, y1, x2, y2 = (float(edge) for edge in box)
            views.append(View(frame, t_s, _NOTHING, (0, 0), 1.0, (x1, y1, x2, y2)))

    def of(self, track_id: int, t_s: float) -> TrackViews:
        self.asked[track_id, t_s] = super().of(track_id, t_s)
        return TrackViews()


def count_views(views: TrackViews, vehicle: str, book: Mapping[int, Sequence[Sight]]) -> ViewCount:
    """Against the truth. `vehicle`: who did it; `book`: who was to be seen in each picture."""
    own = [_whose(view, book) == vehicle for view in views.own if _whose(view, book)]
    perhaps = [_whose(view, book) == vehicle for view in views.perhaps if _whose(view, book)]
    return ViewCount(sum(own), len(own) - sum(own), sum(perhaps), len(perhaps) - sum(perhaps))


def _whose(view: View, book: Mapping[int, Sequence[Sight]]) -> str | None:
    sights = book[view.frame]
    if not sights or view.box is None:
        return None
    box = np.array([view.box])
    shown, whole = (iou(box, np.array(boxes))[0] for boxes in ([s.shown for s in sights], [s.box for s in sights]))
    overlap = np.maximum(shown, whole)
    best = int(np.argmax(overlap))
    return sights[best].id if overlap[best] >= _SAME_IOU else None
