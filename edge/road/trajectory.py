"""What the rules look at: where one vehicle was with respect to the scene, at each observation.

Numbers only, no pictures. `edge.road.measuring` measures them, `edge.road.book` keeps them while the track lives.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.road.stays import Stay
from edge.road.vehicles import VehicleBuild
from edge.tracks.track import Observation
from evidence.acts import VehicleClass
from zones.geometry import GroundMap

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class LineRun:
    """One stop line: signed distance of the rear contact, and of the front, and whether beside the painted part.

    `farthest_px`: the farthest on that the rear can be, `nearest_px` the least far; more and less than `rear_px` where
    the wheels are hidden. `rear_m`, `farthest_m`, `nearest_m`: the same on the road, in metres; NaN without a ground
    plane.
    """

    rear_px: Floats
    front_px: Floats
    within: Bools
    farthest_px: Floats
    nearest_px: Floats
    rear_m: Floats
    farthest_m: Floats
    nearest_m: Floats


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

    `boxes` `[N, 4]` are the detector's, less a swing of the mast (those of `observations` are as they were seen),
    `contacts` `[N, 2]` where the vehicle touches the road; pixels. `build`: what vehicles of its class are like.
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
    held: Bools
    """Whether another one stood in its way, asked where it stands past a line; on the road only."""
    in_junction: Bools
    in_approach: dict[str, Bools]
    in_exit: dict[str, Bools]
    in_area: dict[str, Bools]
    exits: frozenset[str]
    ended: bool
    cut_off: bool
    ground: GroundMap | None = None
    other_shares: Mapping[VehicleClass, float] = field(default_factory=dict)
    """Share of the votes for each other class that it was taken for."""
    stays: tuple[Stay, ...] = ()
    """Where it stands, or last stood, in areas in which that may be an act: since before the path begins, it may be."""
    lower_edge_px: float = np.inf
    """From this row on a box is cut off by the picture's lower edge, and its wheels lie below."""
    forgotten: bool = False
    """Whether it was seen before the path begins, longer ago than is remembered: its first sight is not in it."""
    began_in: frozenset[str] = frozenset()
    """The areas in which it was first seen, where that is forgotten."""
    known: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    """What rules found out of this trajectory already, for the next rule that asks the same."""
    settled: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    """The same of the way that is over: what no later observation can change. It goes on from one trajectory of a track
    to the next. Keys: what it is, the time of the oldest observation that it rests on, and whatever else it does."""

    def share_of(self, classes: Collection[VehicleClass]) -> float:
        """Share of the votes for any of the classes, 0..1."""
        own = self.cls_share if self.cls in classes else 0.0
        return own + sum(share for cls, share in self.other_shares.items() if cls in classes)

    def way_m(self) -> tuple[Floats, Floats] | None:
        """Times `[M]` and places on the road `[M, 2]`, metres, where the wheels are in the picture.

        None without a ground plane, or if the way leads beyond its horizon.
        """
        if "way_m" not in self.known:
            self.known["way_m"] = self._way_m()
        found: tuple[Floats, Floats] | None = self.known["way_m"]
        return found

    def _way_m(self) -> tuple[Floats, Floats] | None:
        inside = self.boxes[:, 3] < self.lower_edge_px
        if self.ground is None or not inside.any():
            return None
        found = self.ground.to_metres(self.contacts[inside])
        return (self.t_s[inside], found) if np.isfinite(found).all() else None

    @property
    def size_px(self) -> Floats:
        """Geometric mean of width and height, the yardstick for how far is far."""
        if "size_px" not in self.known:
            boxes = self.boxes
            self.known["size_px"] = np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
        size: Floats = self.known["size_px"]
        return size
