"""Where each track was with respect to the scene, measured once a frame for all tracks together.

A `Path` is what the rules look at: one entry an observation, the newest last. It holds numbers only, no pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.tracking import Observation, Track
from evidence.acts import VehicleClass
from zones.geometry import DirectedLine, Stripe, area, as_boxes, points_in_polygon, progress, stripes_of
from zones.schema import Lane, Marking, Scene, StopLine

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_DEPTH_SHARE = 0.3
"""Share of a box's height that its footprint takes, for views in which the rear is not the bottom edge."""
_SIDE_TOLERANCE_BOXES = 0.5
_CLEAN_S = 2.0
_RISE_SHARE = 0.08
_LOST_SHARE = 0.7
_ASPECT_SHARE = 0.87


@dataclass(frozen=True)
class LineRun:
    """One stop line: signed distance of the rear contact, and of the front, and whether beside the painted part."""

    rear_px: Floats
    front_px: Floats
    within: Bools


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
class Path:
    """A confirmed track as the rules see it. Arrays are `[N]`, one entry an observation, oldest first.

    `cut_off`: the stream ended while the vehicle was still in the picture, so what it did next will never be known.
    """

    track_id: int
    cls: VehicleClass
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
    exits: frozenset[str]
    ended: bool
    cut_off: bool

    @property
    def size_px(self) -> Floats:
        """Geometric mean of width and height, the yardstick for how far is far."""
        size: Floats = np.sqrt((self.boxes[:, 2] - self.boxes[:, 0]) * (self.boxes[:, 3] - self.boxes[:, 1]))
        return size


@dataclass(frozen=True)
class _Clean:
    """The box as it was lately when the wheels were seen: time, height over width, height, lower edge."""

    t_s: float
    aspect: float
    height_px: float
    bottom_px: float

    @classmethod
    def of(cls, o: Observation) -> _Clean:
        height = o.box[3] - o.box[1]
        return cls(o.t_s, height / max(o.box[2] - o.box[0], 1.0), height, o.box[3])

    def hides_foot(self, now: _Clean) -> bool:
        """Driving away, a box shrinks on all sides; only a hidden foot takes from its height alone."""
        rise, lost = self.bottom_px - now.bottom_px, self.height_px - now.height_px
        risen = rise > _RISE_SHARE * self.height_px and lost > _LOST_SHARE * rise
        return risen and now.aspect < _ASPECT_SHARE * self.aspect

    def followed_by(self, now: _Clean) -> _Clean:
        share = 1.0 - float(np.exp(-max(now.t_s - self.t_s, 0.0) / _CLEAN_S))
        return _Clean(
            now.t_s,
            self.aspect + share * (now.aspect - self.aspect),
            self.height_px + share * (now.height_px - self.height_px),
            self.bottom_px + share * (now.bottom_px - self.bottom_px),
        )


@dataclass
class _Rows:
    """What was measured of one track; lists grow by one entry an observation."""

    observations: list[Observation] = field(default_factory=list)
    numbers: list[Floats] = field(default_factory=list)
    exits: set[str] = field(default_factory=set)
    contacts: list[tuple[float, float]] = field(default_factory=list)
    clean: _Clean | None = None

    def foot(self, o: Observation) -> float:
        """Lower edge of the box, or where it must be behind what hides it."""
        now = _Clean.of(o)
        if self.clean is not None and self.clean.hides_foot(now):
            return o.box[1] + self.clean.height_px
        self.clean = now if self.clean is None else self.clean.followed_by(now)
        return o.box[3]


class SceneGeometry:
    """The scene's shapes, prepared for vectorised questions."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.lines: list[tuple[StopLine, DirectedLine, float, float]] = []
        for stop_line in scene.stop_lines:
            line = DirectedLine.of_stop_line(stop_line)
            across = _forward(stop_line, line)
            self.lines.append((stop_line, line, *across))
        self.markings: list[tuple[Marking, list[Stripe]]] = [
            (m, stripes_of(m)) for m in scene.markings if m.active and m.kind not in ("1.1", "1.5", "2.1")
        ]
        self.lanes: list[tuple[Lane, object]] = [(lane, area(lane.polygon)) for lane in scene.lanes]
        self.junction = area(scene.junction) if scene.junction else None
        self.approaches = {a.id: area(a.polygon) for a in scene.approaches}
        self.exits = {e.id: area(e.polygon) for e in scene.exits}
        self.excluded = [area(a.polygon) for a in scene.exclude]

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

    def measure(self, boxes: Floats) -> Floats:
        """`[N, M]`: everything the rules need of each box, in the order that `PathBook` takes apart."""
        b = as_boxes(boxes)
        width = b[:, 2] - b[:, 0]
        columns: list[Floats] = []
        bottom = np.stack([(b[:, 0] + b[:, 2]) / 2, b[:, 3]], axis=1)
        for _, line, nx, ny in self.lines:
            rear, front = _footprint(b, nx, ny)
            reading = line.read(rear)
            tolerance = _SIDE_TOLERANCE_BOXES * width
            within = (reading.along_px >= -tolerance) & (reading.along_px <= line.length_px + tolerance)
            columns += [reading.distance_px, line.distance(front), within.astype(np.float64)]
        for _, stripes in self.markings:
            for stripe in stripes:
                straddle = stripe.straddle(b)
                columns += [straddle.least, straddle.positive, straddle.within.astype(np.float64)]
        for lane, polygon in self.lanes:
            inside = points_in_polygon(bottom, polygon)  # type: ignore[arg-type]
            along = progress(bottom, lane.direction) if lane.direction else np.full(len(b), np.nan)
            columns += [inside.astype(np.float64), along]
        flat = np.zeros(len(b))
        columns.append(points_in_polygon(bottom, self.junction).astype(np.float64) if self.junction else flat)
        columns += [points_in_polygon(bottom, polygon).astype(np.float64) for polygon in self.approaches.values()]
        columns += [points_in_polygon(bottom, polygon).astype(np.float64) for polygon in self.exits.values()]
        return np.stack(columns, axis=1) if columns else np.zeros((len(b), 0))


class PathBook:
    """Keeps the measurements of the tracks alive."""

    def __init__(self, geometry: SceneGeometry, classes: Sequence[VehicleClass]) -> None:
        self.geometry = geometry
        self._classes = classes
        self._rows: dict[int, _Rows] = {}

    def add(self, seen: Sequence[Track]) -> None:
        """Measure what is new of the tracks seen in this frame (a new track brings its first observations along)."""
        fresh: list[tuple[_Rows, Observation]] = []
        for track in seen:
            rows = self._rows.setdefault(track.id, _Rows())
            known = rows.observations[-1].frame if rows.observations else -1
            fresh += [(rows, o) for o in track.observations if o.frame > known]
            oldest = track.observations[0].frame
            drop = next((i for i, o in enumerate(rows.observations) if o.frame >= oldest), len(rows.observations))
            del rows.observations[:drop], rows.numbers[:drop], rows.contacts[:drop]
        if not fresh:
            return
        boxes = np.array([(*o.box[:3], rows.foot(o)) for rows, o in fresh])
        numbers = self.geometry.measure(boxes)
        exits = list(self.geometry.exits)
        for (rows, observation), box, values in zip(fresh, boxes, numbers, strict=True):
            rows.observations.append(observation)
            rows.contacts.append((float(box[0] + box[2]) / 2, float(box[3])))
            rows.numbers.append(values)
            rows.exits.update(name for name, hit in zip(exits, values[len(values) - len(exits) :], strict=True) if hit)

    def forget(self, track_id: int) -> None:
        self._rows.pop(track_id, None)

    def path(self, track: Track, *, cut_off: bool = False) -> Path | None:
        """The track as the rules see it; None if nothing of it was measured. `cut_off`: see `Path`."""
        rows = self._rows.get(track.id)
        if rows is None or not rows.observations:
            return None
        table = np.array(rows.numbers).reshape(len(rows.observations), -1)
        boxes = np.array([o.box for o in rows.observations])
        geometry = self.geometry
        column = 0

        def take() -> Floats:
            nonlocal column
            column += 1
            return table[:, column - 1]

        lines = {line.id: LineRun(take(), take(), take() > 0) for line, _, _, _ in geometry.lines}
        stripes = {m.id: [StripeRun(take(), take(), take() > 0) for _ in drawn] for m, drawn in geometry.markings}
        lanes = {lane.id: LaneRun(take() > 0, take()) for lane, _ in geometry.lanes}
        in_junction = take() > 0
        in_approach = {name: take() > 0 for name in geometry.approaches}
        return Path(
            track_id=track.id,
            cls=self._classes[track.class_index],
            cls_share=track.class_share,
            observations=rows.observations,
            t_s=np.array([o.t_s for o in rows.observations]),
            boxes=boxes,
            contacts=np.array(rows.contacts),
            lines=lines,
            stripes=stripes,
            lanes=lanes,
            in_junction=in_junction,
            in_approach=in_approach,
            exits=frozenset(rows.exits),
            ended=track.state == "ended",
            cut_off=cut_off,
        )


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
