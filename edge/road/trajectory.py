"""Where each track was with respect to the scene, measured once a frame for all tracks together.

A `Trajectory` is what the rules look at: one entry an observation, the newest last. It holds numbers only, no pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countries.here import HERE
from edge.road.hidden_wheels import Foot, TallFoot
from edge.road.near_faces import NearFaces
from edge.road.vehicles import BUILDS, VehicleBuild
from edge.tracks.tracking import Observation, Track
from evidence.acts import VehicleClass
from zones.geometry import DirectedLine, GroundMap, Stripe, area, as_boxes, points_in_polygon, progress, stripes_of
from zones.schema import Lane, Marking, Scene, StopLine
from zones.upright import Uprights

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_DEPTH_SHARE = 0.3
"""Share of a box's height that its footprint takes, for views in which the rear is not the bottom edge."""
_SIDE_TOLERANCE_BOXES = 0.5


@dataclass(frozen=True)
class LineRun:
    """One stop line: signed distance of the rear contact, and of the front, and whether beside the painted part.

    `farthest_px`: the farthest on that the rear can be; more than `rear_px` where the wheels are hidden. `rear_m` and
    `farthest_m`: the same on the road, in metres; NaN without a ground plane.
    """

    rear_px: Floats
    front_px: Floats
    within: Bools
    farthest_px: Floats
    rear_m: Floats
    farthest_m: Floats


@dataclass(frozen=True)
class StripeRun:
    """One stripe: share of the bottom edge on its lesser side (0..0.5) and on its right side, and if paint is there."""

    least: Floats
    positive: Floats
    within: Bools


@dataclass(frozen=True)
class LaneRun:
    """One lane: inside it, and pixels travelled along its direction (NaN without one)."""

    inside: Bools
    progress_px: Floats


@dataclass(frozen=True)
class Trajectory:
    """A confirmed track as the rules see it. Arrays are `[N]`, one entry an observation, oldest first.

    `cut_off`: the stream ended while the vehicle was still in the picture, so what it did next will never be known.
    """

    track_id: int
    cls: VehicleClass
    build: VehicleBuild
    cls_share: float
    observations: Sequence[Observation]
    t_s: Floats
    boxes: Floats
    contacts: Floats
    lines: dict[str, LineRun]
    stripes: dict[str, list[StripeRun]]
    lanes: dict[str, LaneRun]
    in_junction: Bools
    in_approach: dict[str, Bools]
    in_exit: dict[str, Bools]
    exits: frozenset[str]
    ended: bool
    cut_off: bool
    ground: GroundMap | None = None
    lower_edge_px: float = np.inf
    """From this row on a box is cut off by the picture's lower edge, and its foot lies below."""
    known: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    """What rules found out of this path already, for the next rule that asks the same."""

    def way_m(self) -> tuple[Floats, Floats] | None:
        """Times `[M]` and places on the road `[M, 2]`, metres, where the foot is in the picture.

        None without a ground plane, or if the way leads beyond its horizon.
        """
        inside = self.boxes[:, 3] < self.lower_edge_px
        if self.ground is None or not inside.any():
            return None
        found = self.ground.to_metres(self.contacts[inside])
        return (self.t_s[inside], found) if np.isfinite(found).all() else None

    @property
    def size_px(self) -> Floats:
        """Geometric mean of width and height, the yardstick for how far is far."""
        size: Floats = np.sqrt((self.boxes[:, 2] - self.boxes[:, 0]) * (self.boxes[:, 3] - self.boxes[:, 1]))
        return size


_EDGE_SHARE = 0.015
_WAY_S = 0.5
_OWN_COLUMNS = 7
"""Time, box, contact; then what the scene's geometry measured."""


@dataclass
class _Rows:
    """What was measured of one track: a table with one row an observation, grown by doubling."""

    observations: list[Observation] = field(default_factory=list)
    exits: set[str] = field(default_factory=set)
    foot: Foot | TallFoot = field(default_factory=Foot)
    buffer: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    first: int = 0

    @property
    def table(self) -> Floats:
        return self.buffer[self.first : self.first + len(self.observations)]

    def before(self, t_s: float) -> tuple[float, float]:
        """The contact `_WAY_S` before a time, or the first; NaN without any."""
        table = self.table
        if not len(table):
            return np.nan, np.nan
        at = max(0, int(np.searchsorted(table[:, 0], t_s - _WAY_S, side="right")) - 1)
        return float(table[at, 5]), float(table[at, 6])

    def append(self, o: Observation, measured: Floats, contact: tuple[float, float]) -> None:
        end = self.first + len(self.observations)
        if end >= len(self.buffer):
            kept = self.table.copy()
            self.buffer = np.zeros((max(64, 2 * len(kept)), _OWN_COLUMNS + len(measured)))
            self.first, end = 0, len(kept)
            if end:
                self.buffer[:end] = kept
        self.buffer[end] = (o.t_s, *o.box, *contact, *measured)
        self.observations.append(o)

    def forget_before(self, frame: int) -> None:
        drop = next((i for i, o in enumerate(self.observations) if o.frame >= frame), len(self.observations))
        if drop:
            del self.observations[:drop]
            self.first += drop


@dataclass(frozen=True)
class Measured:
    """Boxes to be measured, one row each.

    `boxes` reach down to the wheels, even hidden ones; `seen_bottom` is where the box ended in the picture, `highest`
    the farthest up that the wheels can be. `widest_m`: as wide as a vehicle of its class can be. `way` `[N, 2]`: metres
    that the vehicle just came, NaN if unknown.
    """

    boxes: Floats
    seen_bottom: Floats
    highest: Floats
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
    """The scene's shapes, prepared for vectorised questions."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
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
        self.faces = NearFaces(scene.ground, scene.picture.width) if scene.ground else None
        self.uprights = Uprights.of(scene)
        self.excluded = [area(a.polygon) for a in scene.exclude]

    def foot(self) -> Foot | TallFoot:
        """For one new track."""
        if self.uprights is None:
            return Foot()
        edge_px = _EDGE_SHARE * self.scene.picture.height
        return TallFoot(self.uprights, edge_px, (edge_px, self.scene.picture.width - edge_px))

    def kept(self, boxes: Floats) -> Bools:
        """`[N]`: boxes whose foot is not in an excluded area."""
        contacts = as_boxes(boxes)
        feet = np.stack([(contacts[:, 0] + contacts[:, 2]) / 2, contacts[:, 3]], axis=1)
        keep: Bools = np.ones(len(feet), dtype=np.bool_)
        for polygon in self.excluded:
            keep &= ~points_in_polygon(feet, polygon)
        return keep

    def region(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The part of the picture that vehicles of interest can fill: x1, y1, x2, y2.

        Everything drawn on the road, with room above for what stands on it. The whole picture if little is gained.
        """
        scene = self.scene
        points = [p for a in scene.approaches for p in a.polygon]
        points += [p for e in scene.exits for p in e.polygon]
        points += [p for lane in scene.lanes for p in lane.polygon]
        points += [p for m in scene.markings for p in [*m.points, *(m.second or [])]]
        points += [p for line in scene.stop_lines for p in line.points]
        points += scene.junction or []
        if not points:
            return 0, 0, width, height
        xy = np.array(points)
        left, top = (float(v) for v in xy.min(axis=0))
        right, bottom = (float(v) for v in xy.max(axis=0))
        room = max(0.12 * (bottom - top), 0.08 * height)
        x1, x2 = max(0, int(left - 0.05 * width)), min(width, int(np.ceil(right + 0.05 * width)))
        y1, y2 = max(0, int(top - room)), min(height, int(np.ceil(bottom + 0.05 * height)))
        if (x2 - x1) * (y2 - y1) > 0.8 * width * height or x2 - x1 < 32 or y2 - y1 < 32:
            return 0, 0, width, height
        return x1, y1, x2, y2

    def measure(self, m: Measured) -> Floats:
        """`[N, M]`: everything the rules need of each box, in the order that `TrajectoryBook` takes apart."""
        b = as_boxes(m.boxes)
        as_seen = np.concatenate([b[:, :3], m.seen_bottom[:, None]], axis=1)
        at_farthest = np.concatenate([b[:, :3], m.highest[:, None]], axis=1)
        width = b[:, 2] - b[:, 0]
        columns: list[Floats] = []
        bottom = np.stack([(b[:, 0] + b[:, 2]) / 2, b[:, 3]], axis=1)
        for drawn in self.lines:
            line = drawn.line
            rear, front = _footprint(b, drawn.nx, drawn.ny)
            reading = line.read(rear)
            tolerance = _SIDE_TOLERANCE_BOXES * width
            within = (reading.along_px >= -tolerance) & (reading.along_px <= line.length_px + tolerance)
            farthest = _footprint(at_farthest, drawn.nx, drawn.ny)[0]
            columns += [reading.distance_px, line.distance(front), within.astype(np.float64), line.distance(farthest)]
            columns += np.split(self._metres_past(drawn, np.concatenate([rear, farthest])), 2)
        for _, stripes in self.markings:
            for stripe in stripes:
                straddle = stripe.straddle(self.faces.of(as_seen, m.widest_m, stripe, m.way) if self.faces else as_seen)
                within = straddle.within & self.faces.whole(b) if self.faces else straddle.within
                columns += [straddle.least, straddle.positive, within.astype(np.float64)]
        for lane, polygon in self.lanes:
            inside = points_in_polygon(bottom, polygon)  # type: ignore[arg-type]
            along = progress(bottom, lane.direction) if lane.direction else np.full(len(b), np.nan)
            columns += [inside.astype(np.float64), along]
        flat = np.zeros(len(b))
        columns.append(points_in_polygon(bottom, self.junction).astype(np.float64) if self.junction else flat)
        columns += [points_in_polygon(bottom, polygon).astype(np.float64) for polygon in self.approaches.values()]
        columns += [points_in_polygon(bottom, polygon).astype(np.float64) for polygon in self.exits.values()]
        return np.stack(columns, axis=1) if columns else np.zeros((len(b), 0))

    def _metres_past(self, drawn: _MeasuredLine, points: Floats) -> Floats:
        if self.ground is None or drawn.on_the_road is None:
            return np.full(len(points), np.nan)
        return drawn.on_the_road.distance(self.ground.to_metres(points))


class TrajectoryBook:
    """Keeps the measurements of the tracks alive."""

    def __init__(
        self,
        geometry: SceneGeometry,
        classes: Sequence[VehicleClass],
        builds: Mapping[VehicleClass, VehicleBuild] = BUILDS,
    ) -> None:
        self.geometry = geometry
        self._classes = classes
        self._builds = builds
        self._rows: dict[int, _Rows] = {}

    def add(self, seen: Sequence[Track]) -> None:
        """Measure what is new of the tracks seen in this frame (a new track brings its first observations along)."""
        fresh: list[tuple[_Rows, Observation]] = []
        kinds: list[VehicleClass] = []
        for track in seen:
            if track.id not in self._rows:
                self._rows[track.id] = _Rows(foot=self.geometry.foot())
            rows = self._rows[track.id]
            known = rows.observations[-1].frame if rows.observations else -1
            old = len(track.observations)
            while old and track.observations[old - 1].frame > known:
                old -= 1
            fresh += [(rows, o) for o in track.observations[old:]]
            kinds += [self._classes[track.class_index]] * (len(track.observations) - old)
            rows.forget_before(track.observations[0].frame)
        if not fresh:
            return
        feet = [rows.foot.of(o, self._builds[kind]) for (rows, o), kind in zip(fresh, kinds, strict=True)]
        boxes = np.array([(*o.box[:3], row.foot) for (_, o), row in zip(fresh, feet, strict=True)])
        numbers = self.geometry.measure(
            Measured(
                boxes,
                np.array([o.box[3] for _, o in fresh]),
                np.array([row.highest for row in feet]),
                np.array([self._builds[kind].widest_m for kind in kinds]),
                self._ways(fresh, boxes),
            )
        )
        exits = list(self.geometry.exits)
        for (rows, observation), box, values in zip(fresh, boxes, numbers, strict=True):
            rows.append(observation, values, ((box[0] + box[2]) / 2, box[3]))
            rows.exits.update(name for name, hit in zip(exits, values[len(values) - len(exits) :], strict=True) if hit)

    def _ways(self, fresh: Sequence[tuple[_Rows, Observation]], boxes: Floats) -> Floats:
        """`[N, 2]` metres from where each vehicle was a moment ago to where it is now."""
        ground = self.geometry.ground
        if ground is None:
            return np.full((len(fresh), 2), np.nan)
        now = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
        return ground.to_metres(now) - ground.to_metres(np.array([rows.before(o.t_s) for rows, o in fresh]))

    def forget(self, track_id: int) -> None:
        self._rows.pop(track_id, None)

    def path(self, track: Track, *, cut_off: bool = False) -> Trajectory | None:
        """The track as the rules see it; None if nothing of it was measured. `cut_off`: see `Trajectory`."""
        rows = self._rows.get(track.id)
        if rows is None or not rows.observations:
            return None
        # a copy: the rows may be dropped while a path is still in use
        table = rows.table.T.copy()
        geometry = self.geometry
        column = _OWN_COLUMNS - 1

        def take() -> Floats:
            nonlocal column
            column += 1
            row: Floats = table[column]
            return row

        lines = {line.id: LineRun(take(), take(), take() > 0, take(), take(), take()) for line in geometry.lines}
        stripes = {m.id: [StripeRun(take(), take(), take() > 0) for _ in drawn] for m, drawn in geometry.markings}
        lanes = {lane.id: LaneRun(take() > 0, take()) for lane, _ in geometry.lanes}
        in_junction = take() > 0
        in_approach = {name: take() > 0 for name in geometry.approaches}
        in_exit = {name: take() > 0 for name in geometry.exits}
        cls = self._classes[track.class_index]
        return Trajectory(
            track_id=track.id,
            cls=cls,
            build=self._builds[cls],
            cls_share=track.class_share,
            observations=rows.observations,
            t_s=table[0],
            boxes=table[1:5].T,
            contacts=table[5:7].T,
            lines=lines,
            stripes=stripes,
            lanes=lanes,
            in_junction=in_junction,
            in_approach=in_approach,
            in_exit=in_exit,
            exits=frozenset(rows.exits),
            ended=track.state == "ended",
            cut_off=cut_off,
            ground=geometry.ground,
            lower_edge_px=(1.0 - _EDGE_SHARE) * geometry.scene.picture.height,
        )


def _on_the_road(stop_line: StopLine, ground: GroundMap | None) -> DirectedLine | None:
    """The line in metres; None without a ground plane, or where it is drawn beyond the plane's horizon."""
    if ground is None:
        return None
    points, forward = ground.to_metres(stop_line.points), ground.to_metres([stop_line.forward])[0]
    if not np.isfinite(points).all():
        return None
    line = DirectedLine(points)
    if not np.isfinite(forward).all():
        # so far up the picture that it has no place on the road: a step from the line towards it has
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


def _footprint(boxes: Floats, nx: float, ny: float) -> tuple[Floats, Floats]:
    """Rear and front contact `[N, 2]` of boxes that drive in direction (nx, ny).

    Away from the camera the rear is the middle of the bottom edge, as the definition of a crossing has it. Towards the
    camera it is the far edge of the footprint, across the picture the trailing end of it.
    """
    depth = _DEPTH_SHARE * (boxes[:, 3] - boxes[:, 1])
    centre, half = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 2] - boxes[:, 0]) / 2
    # mostly up or down: the middle counts, only steep views across need the corners
    lean = 0.0 if abs(ny) >= 0.7 else nx
    low = 1.0 if ny < 0 else 0.0
    rear = np.stack([centre - lean * half, boxes[:, 3] - (1 - low) * depth], axis=1)
    front = np.stack([centre + lean * half, boxes[:, 3] - low * depth], axis=1)
    return rear, front
