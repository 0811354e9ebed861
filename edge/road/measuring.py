"""Boxes measured against the scene: once a frame, for all tracks together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from countries.here import HERE
from edge.road.columns import JUNCTION, Columns, Sheet, Thing
from edge.road.hidden_wheels import HiddenWheels
from edge.road.near_faces import NearFaceMargins, NearFaces
from edge.road.wheels_by_height import HeightMargins, WheelsByHeight
from edge.road.wheels_by_upper_edge import UpperEdgeMargins, WheelsByUpperEdge
from zones.boxes import PictureEdge
from zones.geometry import (
    DirectedLine,
    GroundMap,
    Stripe,
    area,
    as_boxes,
    bottom_centres,
    points_in_polygon,
    progress,
    side_by_side,
    stripes_of,
)
from zones.schema import Lane, Marking, Scene, StopLine
from zones.upright import Uprights

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class MeasuringMargins:
    """Where the rear of a vehicle is, given its box."""

    depth_share: float = margin(
        0.3,
        "box heights",
        "so much of a box's height is its footprint, for views in which the rear is not the lower edge",
        source="chosen for cameras that look 15 to 30 degrees down; not measured",
        most=1.0,
    )
    straight: float = margin(
        0.7,
        "cosine",
        "a way up or down the picture within 45 degrees ends in the middle of an edge; more aslant, in a corner",
        source="geometry: cosine of 45 degrees, rounded",
        most=1.0,
    )
    beside_boxes: float = margin(
        0.5,
        "box widths",
        "so far beyond the end of a painted line the middle of the rear may be while a wheel is still on it",
        source="geometry: the other half of the rear lies on the line's side",
    )
    cut_off_share: float = margin(
        0.015,
        "picture heights",
        "a box that ends so near an edge of the picture is taken to be cut off by it, its wheels or its head to lie "
        "outside: boxes of cut-off vehicles end some pixels short of the edge and tremble",
        source="tuned on the simulation, November 2026; no better source",
        most=0.2,
    )


@dataclass(frozen=True)
class Measured:
    """Boxes to be measured, one row each.

    `boxes` reach down to the wheels, even hidden ones; `seen_bottom` is where the box ended in the picture, `highest`
    the farthest up that the wheels can be, `lowest` the farthest down. `widest_m`: as wide as a vehicle of its class
    can be. `way` `[N, 2]`: metres that the vehicle just came, NaN if unknown.
    """

    boxes: Floats
    seen_bottom: Floats
    highest: Floats
    lowest: Floats
    widest_m: Floats
    way: Floats


@dataclass(frozen=True)
class _MeasuredLine:
    """A stop line in the picture, the direction over it there, and the line on the road in metres."""

    id: str
    line: DirectedLine
    nx: float
    ny: float
    on_the_road: DirectedLine | None


class SceneGeometry:
    """The scene's shapes, prepared for vectorised questions. `columns`: the layout of what `measure` answers."""

    def __init__(
        self,
        scene: Scene,
        margins: MeasuringMargins = MeasuringMargins(),
        *,
        near_faces: NearFaceMargins | None = None,
        by_height: HeightMargins | None = None,
        by_upper_edge: UpperEdgeMargins | None = None,
    ) -> None:
        self.scene = scene
        self._margins = margins
        self._by_height = by_height or HeightMargins()
        self._by_upper_edge = by_upper_edge or UpperEdgeMargins()
        self.ground = GroundMap.of(scene.ground) if scene.ground else None
        self.lines: list[_MeasuredLine] = []
        for stop_line in scene.stop_lines:
            line = DirectedLine.of_stop_line(stop_line)
            across = _forward(stop_line, line)
            self.lines.append(_MeasuredLine(stop_line.id, line, *across, _on_the_road(stop_line, self.ground)))
        self.markings: list[tuple[Marking, list[Stripe]]] = [
            (m, stripes_of(m)) for m in scene.markings if m.active and m.kind in HERE.markings.solid
        ]
        self.lanes: list[tuple[Lane, object]] = [(lane, area(lane.polygon)) for lane in scene.lanes]
        self.junction = area(scene.junction) if scene.junction else None
        self.approaches = {a.id: area(a.polygon) for a in scene.approaches}
        self.exits = {e.id: area(e.polygon) for e in scene.exits}
        self.areas = {a.id: area(a.polygon) for a in scene.areas}
        self.faces = NearFaces(scene.ground, scene.picture, near_faces or NearFaceMargins()) if scene.ground else None
        self.uprights = Uprights.of(scene)
        self.edge = PictureEdge.of(
            scene.picture.width, scene.picture.height, margins.cut_off_share * scene.picture.height
        )
        self.cuts_off = self.edge if self.faces is None else self.edge.or_inside(self.faces.edge)
        """Within this a box is taken for cut off by one use or another."""
        self.excluded = [area(a.polygon) for a in scene.exclude]
        self.columns = Columns.of(scene, {m.id: len(stripes) for m, stripes in self.markings})

    def hidden_wheels(self) -> HiddenWheels:
        """A model for one new track: by its height with a ground plane, else by its upper edge."""
        if self.uprights is None:
            return WheelsByUpperEdge(self._by_upper_edge)
        return WheelsByHeight(self.uprights, self.edge, self._by_height)

    def kept(self, boxes: Floats) -> Bools:
        """`[N]`: boxes whose lower edge's middle is not in an excluded area."""
        contacts = bottom_centres(boxes)
        keep: Bools = np.ones(len(contacts), dtype=np.bool_)
        for polygon in self.excluded:
            keep &= ~points_in_polygon(contacts, polygon)
        return keep

    def measure(self, m: Measured) -> Sheet:
        """Everything the rules need of each box: `[N, len(columns)]`; what is `seen` is left for the book to put."""
        b = as_boxes(m.boxes)
        sheet = Sheet(self.columns, len(b))
        bottom = bottom_centres(b)
        self._lines(sheet, m, b)
        self._stripes(sheet, m, b)
        for lane, polygon in self.lanes:
            inside = points_in_polygon(bottom, polygon)  # type: ignore[arg-type]
            along = progress(bottom, lane.direction) if lane.direction else np.full(len(b), np.nan)
            sheet.put(Thing("lane", lane.id), inside=inside, progress_px=along)
        nowhere = np.zeros(len(b))
        sheet.put(JUNCTION, inside=points_in_polygon(bottom, self.junction) if self.junction else nowhere)
        for name, polygon in self.approaches.items():
            sheet.put(Thing("approach", name), inside=points_in_polygon(bottom, polygon))
        for name, polygon in self.exits.items():
            sheet.put(Thing("exit", name), inside=points_in_polygon(bottom, polygon))
        for name, polygon in self.areas.items():
            sheet.put(Thing("area", name), inside=points_in_polygon(bottom, polygon))
        return sheet

    def _lines(self, sheet: Sheet, m: Measured, b: Floats) -> None:
        reaching_to = [np.concatenate([b[:, :3], rows[:, None]], axis=1) for rows in (m.highest, m.lowest)]
        tolerance = self._margins.beside_boxes * (b[:, 2] - b[:, 0])
        for drawn in self.lines:
            rear, front = _footprint(b, drawn.nx, drawn.ny, self._margins)
            farthest, nearest = (_footprint(boxes, drawn.nx, drawn.ny, self._margins)[0] for boxes in reaching_to)
            # asked at once: what is asked costs little, and asking much
            points = np.concatenate([rear, front, farthest, nearest])
            reading = drawn.line.read(points, tolerance_px=np.concatenate([tolerance] * 4))
            rear_px, front_px, farthest_px, nearest_px = reading.distance_px.reshape(4, -1)
            in_metres = self._metres_past(drawn, np.concatenate([rear, farthest, nearest]))
            rear_m, farthest_m, nearest_m = in_metres.reshape(3, -1)
            # who comes towards the camera is the farther on the lower in the picture his wheels are
            farthest_px, nearest_px = np.maximum(farthest_px, nearest_px), np.minimum(farthest_px, nearest_px)
            farthest_m, nearest_m = np.maximum(farthest_m, nearest_m), np.minimum(farthest_m, nearest_m)
            sheet.put(
                Thing("line", drawn.id),
                rear_px=rear_px,
                front_px=front_px,
                within=reading.within[: len(b)],
                farthest_px=farthest_px,
                nearest_px=nearest_px,
                rear_m=rear_m,
                farthest_m=farthest_m,
                nearest_m=nearest_m,
            )

    def _stripes(self, sheet: Sheet, m: Measured, b: Floats) -> None:
        if not self.markings:
            return
        as_seen = np.concatenate([b[:, :3], m.seen_bottom[:, None]], axis=1)
        seen = self.faces.seen(as_seen, m.widest_m, m.way) if self.faces else None
        whole = self.faces.whole(b) if self.faces else True
        for marking, stripes in self.markings:
            for part, stripe in enumerate(stripes):
                straddle = stripe.straddle(self.faces.of(seen, stripe) if self.faces and seen else as_seen)
                within = straddle.within & whole
                sheet.put(
                    Thing("stripe", marking.id, part), least=straddle.least, positive=straddle.positive, within=within
                )

    def _metres_past(self, drawn: _MeasuredLine, points: Floats) -> Floats:
        if self.ground is None or drawn.on_the_road is None:
            return np.full(len(points), np.nan)
        return drawn.on_the_road.distance(self.ground.to_metres(points))


def _on_the_road(stop_line: StopLine, ground: GroundMap | None) -> DirectedLine | None:
    """The line in metres; None without a ground plane, or where it is drawn beyond the plane's horizon."""
    if ground is None:
        return None
    points, forward = ground.to_metres(stop_line.points), ground.to_metres([stop_line.forward])[0]
    if not np.isfinite(points).all():
        return None
    line = DirectedLine(points)
    if not np.isfinite(forward).all():
        # so far up the picture that it has no place on the road: a small step from the line towards it has
        middle = np.mean(stop_line.points, axis=0)
        forward = ground.to_metres([middle + 0.05 * (np.asarray(stop_line.forward) - middle)])[0]
    return line if float(line.distance([forward])[0]) >= 0 else DirectedLine(line.points, -1.0)


def _forward(stop_line: StopLine, line: DirectedLine) -> tuple[float, float]:
    """Unit vector in the picture from the line towards the junction."""
    first, last = line.points[0], line.points[-1]
    dx, dy = last - first
    length = float(np.hypot(dx, dy))
    nx, ny = -dy / length, dx / length
    side = (np.asarray(stop_line.forward) - (first + last) / 2) @ np.array([nx, ny])
    return (float(nx), float(ny)) if side >= 0 else (float(-nx), float(-ny))


def _footprint(boxes: Floats, nx: float, ny: float, margins: MeasuringMargins) -> tuple[Floats, Floats]:
    """Rear and front contact `[N, 2]` of boxes that drive in direction (nx, ny).

    Away from the camera the rear is the middle of the bottom edge, as the definition of a crossing has it. Towards the
    camera it is the far edge of the footprint, across the picture the trailing end of it.
    """
    depth = margins.depth_share * (boxes[:, 3] - boxes[:, 1])
    centre, half = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 2] - boxes[:, 0]) / 2
    lean = 0.0 if abs(ny) >= margins.straight else nx
    low = 1.0 if ny < 0 else 0.0
    rear = side_by_side(centre - lean * half, boxes[:, 3] - (1 - low) * depth)
    front = side_by_side(centre + lean * half, boxes[:, 3] - low * depth)
    return rear, front
