"""The plate in one view of a vehicle: found, cut out, and told whether it is that vehicle's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from edge.plate.bearer import Box, Hanging, PlateBearerMargins, holders
from edge.plate.views import View, cut_out
from edge.types import Image
from models.plate_corners import CROP_MARGIN
from models.plates import LEAST_SIDE_PX, Corners, PlateBox
from models.plates import PlateReading as RawReading


@dataclass(frozen=True)
class PlateReadMargins:
    """Which plate of a view is the vehicle's own, and how far its reading deserves to be believed."""

    views_read: int = margin(
        5, "views", "so many of the best are read: each costs about a tenth of a second",
        source="first plate reader; the time is in docs/figures.md, the number itself nobody measured", least=1,
    )  # fmt: skip
    plate_margin: float = margin(
        CROP_MARGIN, "share of the plate", "left around a plate when it is cut out: readers expect so much",
        source="`models.plate_corners.CROP_MARGIN`: what the corner finder takes any crop to have", most=1.0,
    )  # fmt: skip
    least_width_px: float = margin(
        34.0, "pixels", "a narrower plate is not read: readers invent texts there and say 0.92 of them",
        source="decision 18; docs/figures.md says what is read at which width",
    )  # fmt: skip
    at_the_side: float = margin(
        0.6, "share of the half width",
        "a plate whose middle lies farther from the middle of its vehicle's crop may be the neighbour's: it counts "
        "only where it was also read nearer the middle",
        source="decision 18", most=1.0,
    )  # fmt: skip
    least_crop_px: int = margin(
        LEAST_SIDE_PX, "pixels", "a smaller crop shows nothing to anyone", source="no reader looks at it", least=1,
    )  # fmt: skip
    high_share: float = margin(
        0.3, "share of the height",
        "plates hang low: what lies in the upper part of a vehicle's crop is likelier a badge or another's plate",
        source="tuned on the clips when the plate in the middle was chosen (e3b3cc4); no better source", most=1.0,
    )  # fmt: skip
    high_worth: float = margin(
        0.5, "share", "such a one counts half when the likeliest plate is chosen",
        source="tuned with `high_share`; no better source", most=1.0,
    )  # fmt: skip
    aside_loss: float = margin(
        0.8, "share", "at the very edge of the crop a plate loses so much, less towards the middle by the square",
        source="tuned with `high_share`; no better source", most=1.0,
    )  # fmt: skip
    full_line_px: float = margin(
        16.0, "pixels", "height of a line of characters from which on a reading has full weight",
        source="first plate reader, nobody measured 16; lines are read from 10 px on (docs/figures.md, 48 px wide)",
        least=1.0,
    )  # fmt: skip
    unread_weight: float = margin(
        1e-3, "weight", "a view of which nothing was read has still a say in the colour, and in which crop is shown",
        source="only breaks ties between views without a reading", most=1.0,
    )  # fmt: skip


class PlatePerception(Protocol):
    """Finder and readers behind one face."""

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]: ...

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> Sequence[RawReading]:
        """One reading of each reader: they fail differently, so that all of them have a vote."""
        ...


@dataclass(frozen=True, eq=False)
class FoundPlate:
    """The plate of a view. `box`: in the whole picture; `corners`: in `picture`; `own`: not so far aside that it may be
    the neighbour's, and in no other vehicle's box better; `legible`: wide enough to be read."""

    picture: Image
    box: tuple[float, float, float, float]
    score: float
    corners: Corners | None
    own: bool
    legible: bool
    hanging: Hanging

    @property
    def height_px(self) -> float:
        return self.box[3] - self.box[1]


def plate_in(
    view: View, perception: PlatePerception, m: PlateReadMargins, bearer: PlateBearerMargins
) -> FoundPlate | None:
    """The likeliest plate of a view: one that is not better in another vehicle's box, if there is such a one."""
    height, width = view.image.shape[:2]
    boxes = perception.find(view.image)
    if not boxes:
        return None
    mine = [found for found in boxes if not _better_elsewhere(found.box, view, m, bearer)]
    best = max(mine or boxes, key=lambda found: found.score * _likely_its_own(found.box, width, height, m))
    x1, y1, x2, y2 = best.box
    crop, (left, top) = cut_out(view.image, best.box, m.plate_margin)
    if min(crop.shape[:2]) < m.least_crop_px:
        return None
    corners: Corners | None = None
    if best.corners is not None:
        a, b, c, d = ((x - left, y - top) for x, y in best.corners)
        corners = (a, b, c, d)
    ox, oy = view.origin
    box = (x1 + ox, y1 + oy, x2 + ox, y2 + oy)
    own = bool(mine) and _aside(best.box, width) <= m.at_the_side
    legible = box[2] - box[0] >= m.least_width_px
    return FoundPlate(np.ascontiguousarray(crop), box, best.score, corners, own, legible, _hanging(box, view, bearer))


def _better_elsewhere(found: Box, view: View, m: PlateReadMargins, bearer: PlateBearerMargins) -> bool:
    """Whether another vehicle's box holds a plate of this crop better than its own vehicle's."""
    if view.box is None or not view.others:
        return False
    ox, oy = view.origin
    box = (found[0] + ox, found[1] + oy, found[2] + ox, found[3] + oy)
    own = _worth_in(view.box, box, m)
    rivals = holders(box, view.box, view.others, bearer)
    return any(own < bearer.better * _worth_in(rival.box, box, m) for rival in rivals)


def _worth_in(vehicle: Box, plate: Box, m: PlateReadMargins) -> float:
    x1, y1, x2, y2 = vehicle
    within = (plate[0] - x1, plate[1] - y1, plate[2] - x1, plate[3] - y1)
    return _likely_its_own(within, x2 - x1, y2 - y1, m)


def _hanging(plate: Box, view: View, bearer: PlateBearerMargins) -> Hanging:
    """`plate`: in the whole picture. The shape is of all views together."""
    if view.box is None:  # the crop is a little wider than the box, and the share a little less
        return Hanging(share=(plate[2] - plate[0]) / view.image.shape[1])
    rivals = holders(plate, view.box, view.others, bearer)
    share = (plate[2] - plate[0]) / max(view.box[2] - view.box[0], 1.0)
    return Hanging(share=share, width_m=view.width_m, holders=tuple(rival.cls for rival in rivals))


def _aside(box: Sequence[float], width: float) -> float:
    """How far a plate's middle lies from the middle of its vehicle's crop, 0..1 (the edge)."""
    return abs((box[0] + box[2]) / 2 - width / 2) / (width / 2)


def _likely_its_own(box: Sequence[float], width: float, height: float, m: PlateReadMargins) -> float:
    """0..1: plates hang near the middle and low; at the edge of a crop is a neighbour's."""
    aside = _aside(box, width)
    low = 1.0 if (box[1] + box[3]) / 2 > m.high_share * height else m.high_worth
    return low * (1.0 - m.aside_loss * min(1.0, aside) ** 2)
