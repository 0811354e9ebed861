"""Values that travel between the parts of the node: a decoded picture, and an act as the pipeline states it.

`t_s` is seconds of stream time since the first frame of the stream; it never runs backwards, not across a reconnect
either. `frame` is the index of a picture in decode order, 0-based.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

import numpy as np

from edge.picture import BgrPicture, Picture
from edge.picture import Image as Image
from evidence.acts import ActCode, LampState, VehicleClass
from evidence.packet import LampTimeline, Plate, Reason, Track, Vehicle

StillRole = Literal["still_before", "still_on", "still_after"]


class Frame:
    """One decoded picture, given as a `Picture` or as `[height, width, 3]` BGR.

    `segment` grows where the stream is cut: at a new connection, a step of the camera's time, another picture. What was
    followed before is not followed across it.
    """

    def __init__(
        self, index: int, t_s: float, picture: Picture | Image, wall_at: datetime, pts: int, segment: int = 0
    ) -> None:
        self.index, self.t_s, self.wall_at, self.pts, self.segment = index, t_s, wall_at, pts, segment
        self.picture = BgrPicture(picture) if isinstance(picture, np.ndarray) else picture

    @property
    def image(self) -> Image:
        """The whole picture `[height, width, 3]` BGR, made when it is first asked for; not to be written to."""
        return self.picture.image()


@dataclass(frozen=True)
class SeenVehicle:
    """A vehicle in one picture. `box` x1 y1 x2 y2 in pixels; `way`: where it touched the road lately, pixels, oldest
    first. `plate_px`: how wide its plate is about, by the ground plane; None without one."""

    track: int
    cls: VehicleClass
    box: tuple[float, float, float, float]
    way: tuple[tuple[float, float], ...]
    plate_px: float | None


@dataclass(frozen=True)
class SeenPicture:
    """What was seen in one picture: for whoever looks at the box, and for nobody who judges. `lamps`: by head."""

    frame: int
    vehicles: tuple[SeenVehicle, ...] = ()
    lamps: Mapping[str, LampState] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Still:
    """A whole decoded picture that proves one moment of the act."""

    frame: int
    t_s: float
    image: Image


class PlateReadLater(Protocol):
    """A plate that is being read meanwhile."""

    @property
    def done(self) -> bool: ...

    def put(self, event: ActEvent) -> ActEvent:
        """The act with what was read, or with why it was not; waits for it, or reads it if nobody has begun."""
        ...


@dataclass(frozen=True, eq=False)
class ActEvent:
    """A suspected act with everything the recorder needs but the clip, which it cuts from the ring.

    It comes out when the after-still exists, some seconds after `t_s`. `clip_from_s`/`clip_to_s` are stream times.
    `lamp`: what the heads that govern the vehicle's movement showed at the act. `reading`: its plate is still being
    read, and nothing is said of it here yet. `withheld`: why it is not told after all, found while it was read; a guard
    as of `edge.rules.refusal`.
    """

    act: ActCode
    frame: int
    t_s: float
    track_id: int
    vehicle: Vehicle
    track: Track
    lamps: list[LampTimeline]
    plate: Plate
    reasons: Mapping[str, Reason]
    stills: Mapping[StillRole, Still]
    clip_from_s: float
    clip_to_s: float
    flags: list[str] = field(default_factory=list)
    lamp: LampState = LampState.UNKNOWN
    plate_crop: Image | None = None
    vehicle_crop: Image | None = None
    reading: PlateReadLater | None = None
    withheld: str = ""
