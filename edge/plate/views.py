"""The best views of each vehicle, kept while it drives by: its plate is looked for only when there is an act.

Two tracks may change over in a queue, and a track then goes on with another vehicle, whose plate it is from there on.
So views are kept by stretches: a new one begins where another vehicle may have taken the track over, and only the views
of the stretch in which an act lies are surely of whoever did it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from common.margins import margin
from edge.picture import BgrPicture, Image, Picture
from edge.plate.bearer import Box, Neighbour
from zones.boxes import PictureEdge
from zones.geometry import GroundMap


@dataclass(frozen=True)
class PlateViewMargins:
    """Which views of a vehicle are worth keeping."""

    kept: int = margin(
        6, "views a stretch", "a bound on memory: one more than are read",
        source="first plate reader; nobody wrote down why six", least=1,
    )  # fmt: skip
    stretches: int = margin(
        2, "stretches", "a bound on memory: of so many a track's views have room, and the oldest give way",
        source="the act's own, and one that began until the act was told", least=1,
    )  # fmt: skip
    apart_s: float = margin(
        0.25, "s", "views lie so far apart, so that they fail independently",
        source="first plate reader; an estimate, no better source",
    )  # fmt: skip
    edge_px: float = margin(
        1.0, "pixels", "a box that ends so near the picture's side or bottom is cut off there, and its plate with it",
        source="boxes are clipped to the picture (`models.detector`), and a pixel for rounding",
    )  # fmt: skip
    cut_off_worth: float = margin(
        0.3, "share", "a view that is cut off is worth so much of its size: kept only where there is no better one",
        source="first plate reader; an estimate, no better source", most=1.0,
    )  # fmt: skip
    vehicle_margin: float = margin(
        0.06, "share of the box", "kept around a vehicle when its plate is looked for: boxes are not exact",
        source="the finder is measured on such crops (tools/train/plate_finder_eval.py)", most=1.0,
    )  # fmt: skip
    sharp_side_px: int = margin(
        96, "pixels", "longer side at which sharpness is measured, so that views of different sizes compare",
        source="first plate reader; an estimate, no better source", least=8,
    )  # fmt: skip
    half_sharp: float = margin(
        150.0, "variance of the Laplacian", "a view with so much counts half: it sorts views, nothing is refused by it",
        source="first plate reader; an estimate, no better source", least=1.0,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class View:
    """A crop of a vehicle. `origin`: pixels of its top left corner in the picture; `worth`: larger is better.

    `box`: of the vehicle in the picture, `others`: the other vehicles whose boxes it meets there, `width_m`: how wide
    its box is on the road. None: not known.
    """

    frame: int
    t_s: float
    image: Image
    origin: tuple[int, int]
    worth: float
    box: Box | None = None
    others: tuple[Neighbour, ...] = ()
    width_m: float | None = None


@dataclass(frozen=True)
class TrackViews:
    """Views of one track, best first. `own`: of whoever drove there at the time asked for; `perhaps`: of a vehicle that
    may be another one."""

    own: Sequence[View] = ()
    perhaps: Sequence[View] = ()


class ViewBook:
    """The best views of each track."""

    def __init__(self, margins: PlateViewMargins | None = None) -> None:
        self._margins = margins or PlateViewMargins()
        self._views: dict[int, list[View]] = {}
        self._begun_s: dict[int, list[float]] = {}
        """When the stretches of a track began, but for the first."""

    def offer(
        self, track_id: int, frame: int, t_s: float, box: Sequence[float], picture: Picture | Image, *,
        others: Sequence[Neighbour] = (), ground: GroundMap | None = None, astray: bool = False,
    ) -> None:  # fmt: skip
        """Keep this view if it beats the worst one held of its stretch. Views lie apart in time, so that they fail
        independently.

        `others`: the vehicles in this picture; the one itself may be among them. `astray`: another vehicle may have
        taken the track over since the picture before.
        """
        m = self._margins
        kept = self._views.setdefault(track_id, [])
        begun = self._begun_s.setdefault(track_id, [])
        if astray:
            begun.append(t_s)
        views = [view for view in kept if not begun or view.t_s >= begun[-1]]
        picture = BgrPicture(picture) if isinstance(picture, np.ndarray) else picture
        area = (box[2] - box[0]) * (box[3] - box[1])
        # at the picture's edge the vehicle is cut off, and its plate with it
        edge = PictureEdge.of(picture.width, picture.height, m.edge_px)
        cut = box[0] <= edge.left or box[2] >= edge.right or box[3] >= edge.bottom
        bound = area * (m.cut_off_worth if cut else 1.0)
        near = next((v for v in views if abs(t_s - v.t_s) < m.apart_s), None)
        rival = near or (min(views, key=lambda v: v.worth) if len(views) >= m.kept else None)
        if rival is not None and bound <= rival.worth:
            return  # sharpness only takes away, so there is no need to look
        x1, y1, x2, y2 = _grown(box, m.vehicle_margin, picture.width, picture.height)
        if x2 <= x1 or y2 <= y1:
            return
        crop = self._crop(picture, (x1, y1, x2, y2))
        worth = bound * _sharpness(crop, m)
        if rival is not None:
            if worth <= rival.worth:
                return
            kept.remove(rival)
        own = float(box[0]), float(box[1]), float(box[2]), float(box[3])
        near_by = tuple(o for o in others if o.box != own and _meet(o.box, own))
        view = View(frame, t_s, crop, (x1, y1), worth, own, near_by, _width_m(own, ground))
        kept.append(self._view(view, (x1, y1, x2, y2)))
        if len(kept) > m.kept * m.stretches:
            kept.remove(min(kept, key=lambda view: (bisect_right(begun, view.t_s), view.worth)))

    def of(self, track_id: int, t_s: float) -> TrackViews:
        """The views of a track, as they belong to whoever it followed at the stream time `t_s`."""
        begun = self._begun_s.get(track_id, [])
        best = sorted(self._views.get(track_id, []), key=lambda view: -view.worth)
        stretch = bisect_right(begun, t_s)
        own = tuple(view for view in best if bisect_right(begun, view.t_s) == stretch)
        return TrackViews(own, tuple(view for view in best if bisect_right(begun, view.t_s) != stretch))

    def _crop(self, picture: Picture, part: tuple[int, int, int, int]) -> Image:
        """What a view is judged by."""
        return picture.part(*part)

    def _view(self, view: View, part: tuple[int, int, int, int]) -> View:
        """What is kept of it."""
        return replace(view, image=view.image.copy())

    def forget(self, track_id: int) -> None:
        self._views.pop(track_id, None)
        self._begun_s.pop(track_id, None)


def cut_out(image: Image, box: Sequence[float], margin: float) -> tuple[Image, tuple[int, int]]:
    """The part of a picture in a box grown by `margin` of its size, and where its corner lies. A view, not a copy."""
    x1, y1, x2, y2 = _grown(box, margin, image.shape[1], image.shape[0])
    return image[y1:y2, x1:x2], (x1, y1)


def _grown(box: Sequence[float], margin: float, width: int, height: int) -> tuple[int, int, int, int]:
    dx, dy = margin * (box[2] - box[0]), margin * (box[3] - box[1])
    x1, y1 = max(0, int(box[0] - dx)), max(0, int(box[1] - dy))
    return x1, y1, min(width, int(np.ceil(box[2] + dx))), min(height, int(np.ceil(box[3] + dy)))


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _width_m(box: Box, ground: GroundMap | None) -> float | None:
    """Between the lower corners of a box, on the road; None without a ground plane or beyond its horizon."""
    if ground is None:
        return None
    left, right = ground.to_metres([(box[0], box[3]), (box[2], box[3])])
    width_m = float(np.linalg.norm(right - left))
    return width_m if np.isfinite(width_m) else None


def _sharpness(crop: Image, m: PlateViewMargins) -> float:
    """0..1: high where edges are crisp. Small copies compare views of different sizes on equal terms."""
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
    scale = m.sharp_side_px / max(grey.shape)
    if scale < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    variance = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return variance / (variance + m.half_sharp)
