"""What was seen in one picture, as it is shown to whoever looks at the box's page. Nobody judges by it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countries.here import HERE
from edge.tracks.track import Track
from edge.types import SeenVehicle
from evidence.acts import VehicleClass
from zones.geometry import GroundMap, bottom_centres

_WAY = 15
"""Places of a vehicle that are shown: the last second."""


def seen_vehicle(track: Track, cls: VehicleClass, ground: GroundMap | None) -> SeenVehicle:
    """A track as it is now, with the way of its last second."""
    way = bottom_centres(np.array([seen.box for seen in track.observations[-_WAY:]]))
    points = tuple((round(float(x), 1), round(float(y), 1)) for x, y in way)
    return SeenVehicle(track.id, cls, track.last.box, points, _plate_px(cls, way[-1], ground))


def _plate_px(cls: VehicleClass, place: NDArray[np.float64], ground: GroundMap | None) -> float | None:
    """How wide the narrowest plate of its class is there, by the scale of the road; None where nobody knows."""
    if ground is None or cls == VehicleClass.BICYCLE:
        return None
    ends = ground.to_metres(place + np.array([[-0.5, 0.0], [0.5, 0.0]]))
    metre = float(np.hypot(*(ends[1] - ends[0])))
    wide_m = HERE.plate_width_m.get(cls.value, HERE.plate_width_m["car"])
    return round(wide_m / metre, 1) if np.isfinite(metre) and metre > 0 else None
