"""Plates of a track: the best views are kept while it drives by, found and read only when there is an act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.ballot import Ballot, Colour, Outcome, count
from edge.types import Image
from evidence.acts import VehicleClass
from evidence.packet import Plate, PlateReading
from models.plates import Corners, PlateBox, plate_colour
from models.plates import PlateReading as RawReading

_KEEP = 6
_READ = 5
VEHICLE_MARGIN = 0.06
"""Share of its box that is kept around a vehicle when its plate is looked for."""
_STEP_S = 0.25
_PLATE_MARGIN = 0.08
_LEAST_PLATE_PX = (14, 6)
_HIGH_SHARE = 0.3
_FULL_LINE_PX = 16.0
"""Height of a line of characters from which on a reading has full weight."""


class PlateEyes(Protocol):
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


def read_plate(views: Sequence[View], eyes: PlateEyes, cls: VehicleClass) -> PlateEvidence:
    """Find and read the plate in each view, then let the readings vote."""
    ballots: list[Ballot] = []
    readings: list[PlateReading] = []
    crops: list[tuple[float, Image]] = []
    colours: dict[Colour, float] = {}
    for view in views[:_READ]:
        found = _plate_in(view, eyes)
        if found is None:
            continue
        plate, box, score, corners = found
        colour = plate_colour(plate)
        best_weight = 0.0
        for raw in eyes.read(plate, corners):
            if not raw.text:
                continue
            size = min(1.0, (box[3] - box[1]) / len(raw.lines) / _FULL_LINE_PX)
            weight = float(np.clip(score * size * raw.confidence, 0.0, 1.0))
            best_weight = max(best_weight, weight)
            readings.append(
                PlateReading(
                    frame=view.frame,
                    lines=[line.text for line in raw.lines],
                    confidence=round(min(raw.confidence, 1.0), 4),
                    box=(round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1)),
                )
            )
            ballots.append(ballot_of(raw, weight))
        colours[colour] = colours.get(colour, 0.0) + best_weight + 1e-3
        crops.append((best_weight + 1e-3 * score, plate))
    if not crops:
        return PlateEvidence(Plate(), None, ("plate_not_found",))
    colour = max(colours, key=lambda c: colours[c])
    outcome = tally(ballots, cls, colour)
    plate_value = Plate(
        text=outcome.text,
        confidence=outcome.confidence,
        kind=outcome.kind,
        colour=colour,
        n_best=outcome.n_best,
        readings=readings,
    )
    flags = () if outcome.text is not None else ("plate_unread",)
    return PlateEvidence(plate_value, max(crops, key=lambda c: c[0])[1], flags)


def tally(ballots: Sequence[Ballot], cls: VehicleClass, colour: Colour) -> Outcome:
    """The vote within the forms that come in this colour; one seen wrongly at night must not veto a clear text."""
    outcome = count(ballots, cls=cls, colour=colour)
    if outcome.text is None and colour not in ("unknown", "white"):
        outcome = max(outcome, count(ballots, cls=cls), key=lambda o: o.text is not None)
    return outcome


def cut_out(image: Image, box: Sequence[float], margin: float) -> tuple[Image, tuple[int, int]]:
    """The part of a picture in a box grown by `margin` of its size, and where its corner lies. A view, not a copy."""
    height, width = image.shape[:2]
    dx, dy = margin * (box[2] - box[0]), margin * (box[3] - box[1])
    x1, y1 = max(0, int(box[0] - dx)), max(0, int(box[1] - dy))
    x2, y2 = min(width, int(np.ceil(box[2] + dx))), min(height, int(np.ceil(box[3] + dy)))
    return image[y1:y2, x1:x2], (x1, y1)


def _plate_in(
    view: View, eyes: PlateEyes
) -> tuple[Image, tuple[float, float, float, float], float, Corners | None] | None:
    """The plate of a view: its picture, its box in the whole picture, the finder's score, corners in its picture."""
    height, width = view.image.shape[:2]
    boxes = eyes.find(view.image)
    if not boxes:
        return None
    best = max(boxes, key=lambda found: found.score * _likely_its_own(found.box, width, height))
    x1, y1, x2, y2 = best.box
    if x2 - x1 < _LEAST_PLATE_PX[0] or y2 - y1 < _LEAST_PLATE_PX[1]:
        return None
    crop, (left, top) = cut_out(view.image, best.box, _PLATE_MARGIN)
    corners: Corners | None = None
    if best.corners is not None:
        a, b, c, d = ((x - left, y - top) for x, y in best.corners)
        corners = (a, b, c, d)
    ox, oy = view.origin
    return np.ascontiguousarray(crop), (x1 + ox, y1 + oy, x2 + ox, y2 + oy), best.score, corners


def _likely_its_own(box: Sequence[float], width: int, height: int) -> float:
    """0..1: plates hang near the middle and low; at the edge of a crop is a neighbour's."""
    aside = abs((box[0] + box[2]) / 2 - width / 2) / (width / 2)
    low = 1.0 if (box[1] + box[3]) / 2 > _HIGH_SHARE * height else 0.5
    return low * (1.0 - 0.8 * min(1.0, aside) ** 2)


def ballot_of(raw: RawReading, weight: float) -> Ballot:
    """What a reading says at each place, separators left out; `weight` 0..1."""
    characters = [
        votes
        for line in raw.lines
        for char, votes in zip(line.text, line.alternatives, strict=True)
        if char not in "-."
    ]
    clean = [tuple((c, p) for c, p in votes if c not in "-.") for votes in characters]
    lines = tuple(len(line.text.replace("-", "").replace(".", "")) for line in raw.lines)
    return Ballot(clean, lines, weight)


def _sharpness(crop: Image) -> float:
    """0..1: high where edges are crisp. Small copies compare views of different sizes on equal terms."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    scale = 96 / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    variance = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return variance / (variance + 150.0)
