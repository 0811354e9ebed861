"""Plates of a track: the best views are kept while it drives by, found and read only when there is an act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from countries.vn.plate_forms import FOUR_WHEELS, TWO_WHEELS
from countries.vn.plates import parse
from edge.plate.layout import layout_of
from edge.plate.vote import Outcome, PlateVote, decide
from edge.types import Image
from evidence.acts import VehicleClass
from evidence.packet import Plate, PlateReading
from evidence.plate_colours import PlateColour
from models.plate_colour import plate_colour
from models.plates import Corners, PlateBox
from models.plates import PlateReading as RawReading

_KEEP = 6
_READ = 5
VEHICLE_MARGIN = 0.06
"""Share of its box that is kept around a vehicle when its plate is looked for."""
_STEP_S = 0.25
_PLATE_MARGIN = 0.08
LEAST_WIDTH_PX = 34
"""Width of a plate below which it is not read: readers invent texts there and say 0.92 of them."""
_AT_THE_SIDE = 0.6
"""Share of the half width of a vehicle's crop: a plate whose middle lies beyond may be the neighbour's."""
_LEAST_CROP_PX = 6
"""A smaller crop shows nothing to anyone."""
_HIGH_SHARE = 0.3
_FULL_LINE_PX = 16.0
"""Height of a line of characters from which on a reading has full weight."""


class PlatePerception(Protocol):
    """Finder and readers behind one face."""

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]: ...

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> Sequence[RawReading]:
        """One reading of each reader: they fail differently, so that all of them have a vote."""
        ...


@dataclass(frozen=True, eq=False)
class View:
    """A crop of a vehicle. `origin`: pixels of its top left corner in the picture; `worth`: larger is better."""

    frame: int
    t_s: float
    image: Image
    origin: tuple[int, int]
    worth: float


class ViewBook:
    """The best views of each track."""

    def __init__(self) -> None:
        self._views: dict[int, list[View]] = {}

    def offer(self, track_id: int, frame: int, t_s: float, box: Sequence[float], image: Image) -> None:
        """Keep this view if it beats the worst one held. Views lie apart in time, so that they fail independently."""
        views = self._views.setdefault(track_id, [])
        height, width = image.shape[:2]
        area = (box[2] - box[0]) * (box[3] - box[1])
        # at the picture's edge the vehicle is cut off, and its plate with it
        cut = box[0] <= 1 or box[2] >= width - 1 or box[3] >= height - 1
        bound = area * (0.3 if cut else 1.0)
        near = next((v for v in views if abs(t_s - v.t_s) < _STEP_S), None)
        rival = near or (min(views, key=lambda v: v.worth) if len(views) >= _KEEP else None)
        if rival is not None and bound <= rival.worth:
            return  # sharpness only takes away, so there is no need to look
        crop, origin = cut_out(image, box, VEHICLE_MARGIN)
        if crop.size == 0:
            return
        worth = bound * _sharpness(crop)
        if rival is not None:
            if worth <= rival.worth:
                return
            views.remove(rival)
        views.append(View(frame, t_s, crop.copy(), origin, worth))

    def best(self, track_id: int) -> list[View]:
        return sorted(self._views.get(track_id, []), key=lambda v: -v.worth)

    def forget(self, track_id: int) -> None:
        self._views.pop(track_id, None)


@dataclass(frozen=True, eq=False)
class PlateEvidence:
    """What goes into the packet. `crop`: the view of the plate that was read best."""

    plate: Plate
    crop: Image | None
    flags: tuple[str, ...]


def read_plate(views: Sequence[View], eyes: PlatePerception, cls: VehicleClass) -> PlateEvidence:
    """Find and read the plate in each view, then let the readings decide."""
    plate_votes: list[PlateVote] = []
    readings: list[PlateReading] = []
    crops: list[tuple[float, Image]] = []
    colours: dict[PlateColour, float] = {}
    for view in views[:_READ]:
        found = _plate_in(view, eyes)
        if found is None:
            continue
        best_weight = 0.0
        for number, raw in enumerate(eyes.read(found.picture, found.corners) if found.legible else ()):
            if not raw.text:
                continue
            size = min(1.0, found.height_px / len(raw.lines) / _FULL_LINE_PX)
            weight = float(np.clip(found.score * size * raw.confidence, 0.0, 1.0))
            best_weight = max(best_weight, weight)
            readings.append(_said(raw, view.frame, found.box))
            plate_votes.append(ballot_of(raw, weight, reader=raw.reader or str(number), own=found.own))
        colour = plate_colour(found.picture)
        colours[colour] = colours.get(colour, 0.0) + best_weight + 1e-3
        crops.append((best_weight + 1e-3 * found.score, found.picture))
    if not crops:
        return PlateEvidence(Plate(), None, ("plate_not_found",))
    colour = max(colours, key=lambda c: colours[c])
    shape = float(np.median([view.image.shape[1] / view.image.shape[0] for view in views]))
    outcome = tally(plate_votes, cls, colour, shape)
    if outcome.text is not None and not parse(outcome.text, colour=colour).known:
        colour = "unknown"  # no such plate comes in it, so it was seen wrongly: somebody has to look
    plate_value = Plate(
        text=outcome.text,
        confidence=outcome.confidence,
        kind=outcome.kind,
        colour=colour,
        n_best=outcome.n_best,
        readings=readings,
    )
    return PlateEvidence(plate_value, max(crops, key=lambda c: c[0])[1], _doubts(outcome, plate_votes, cls))


def _doubts(outcome: Outcome, plate_votes: Sequence[PlateVote], cls: VehicleClass) -> tuple[str, ...]:
    """Flags: why there is no text, or what about it an officer has to look at."""
    if outcome.text is None:
        why = () if plate_votes else ("plate_too_small",)
        if plate_votes and not any(plate_vote.own for plate_vote in plate_votes):
            why = ("plate_at_the_side",)
        elif any(plate_vote.own and not plate_vote.layout.whole for plate_vote in plate_votes):
            why = ("plate_part_missing",)
        return ("plate_unread", *why)
    strange: tuple[str, ...] = {VehicleClass.BICYCLE: (), VehicleClass.MOTORCYCLE: FOUR_WHEELS}.get(cls, TWO_WHEELS)
    if outcome.kind in strange:
        return ("plate_of_other_class",)
    return ()


def _said(raw: RawReading, frame: int, box: tuple[float, float, float, float]) -> PlateReading:
    """A reading as it stands in the packet."""
    x1, y1, x2, y2 = (round(edge, 1) for edge in box)
    lines = [line.text for line in raw.lines]
    return PlateReading(frame=frame, lines=lines, confidence=round(min(raw.confidence, 1.0), 4), box=(x1, y1, x2, y2))


def tally(
    plate_votes: Sequence[PlateVote], cls: VehicleClass, colour: PlateColour, shape: float | None = None
) -> Outcome:
    """What the readings of one vehicle say together. `shape`: width by height of its box, None if not known."""
    return decide(plate_votes, cls=cls, colour=colour, shape=shape)


def cut_out(image: Image, box: Sequence[float], margin: float) -> tuple[Image, tuple[int, int]]:
    """The part of a picture in a box grown by `margin` of its size, and where its corner lies. A view, not a copy."""
    height, width = image.shape[:2]
    dx, dy = margin * (box[2] - box[0]), margin * (box[3] - box[1])
    x1, y1 = max(0, int(box[0] - dx)), max(0, int(box[1] - dy))
    x2, y2 = min(width, int(np.ceil(box[2] + dx))), min(height, int(np.ceil(box[3] + dy)))
    return image[y1:y2, x1:x2], (x1, y1)


@dataclass(frozen=True, eq=False)
class _Found:
    """The plate of a view. `box`: in the whole picture; `corners`: in `picture`; `own`: not so far aside that it may be
    the neighbour's."""

    picture: Image
    box: tuple[float, float, float, float]
    score: float
    corners: Corners | None
    own: bool

    @property
    def legible(self) -> bool:
        return self.box[2] - self.box[0] >= LEAST_WIDTH_PX

    @property
    def height_px(self) -> float:
        return self.box[3] - self.box[1]


def _plate_in(view: View, eyes: PlatePerception) -> _Found | None:
    """The likeliest plate of a view."""
    height, width = view.image.shape[:2]
    boxes = eyes.find(view.image)
    if not boxes:
        return None
    best = max(boxes, key=lambda found: found.score * _likely_its_own(found.box, width, height))
    x1, y1, x2, y2 = best.box
    crop, (left, top) = cut_out(view.image, best.box, _PLATE_MARGIN)
    if min(crop.shape[:2]) < _LEAST_CROP_PX:
        return None
    corners: Corners | None = None
    if best.corners is not None:
        a, b, c, d = ((x - left, y - top) for x, y in best.corners)
        corners = (a, b, c, d)
    ox, oy = view.origin
    box = (x1 + ox, y1 + oy, x2 + ox, y2 + oy)
    return _Found(np.ascontiguousarray(crop), box, best.score, corners, _aside(best.box, width) <= _AT_THE_SIDE)


def _aside(box: Sequence[float], width: int) -> float:
    """How far a plate's middle lies from the middle of its vehicle's crop, 0..1 (the edge)."""
    return abs((box[0] + box[2]) / 2 - width / 2) / (width / 2)


def _likely_its_own(box: Sequence[float], width: int, height: int) -> float:
    """0..1: plates hang near the middle and low; at the edge of a crop is a neighbour's."""
    aside = _aside(box, width)
    low = 1.0 if (box[1] + box[3]) / 2 > _HIGH_SHARE * height else 0.5
    return low * (1.0 - 0.8 * min(1.0, aside) ** 2)


def ballot_of(raw: RawReading, weight: float, *, reader: str = "", own: bool = True) -> PlateVote:
    """What a reading says at each place, separators left out; `weight` 0..1."""
    characters = [
        votes
        for line in raw.lines
        for char, votes in zip(line.text, line.alternatives, strict=True)
        if char not in "-."
    ]
    clean = [tuple((c, p) for c, p in votes if c not in "-.") for votes in characters]
    lines = tuple(len(line.text.replace("-", "").replace(".", "")) for line in raw.lines)
    return PlateVote(clean, lines, weight, reader or raw.reader, layout_of(raw), own)


def _sharpness(crop: Image) -> float:
    """0..1: high where edges are crisp. Small copies compare views of different sizes on equal terms."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    scale = 96 / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    variance = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return variance / (variance + 150.0)
