"""Whether a vehicle may be of a class for which the detector mistakes it: a lane's sign speaks of classes.

A pick-up is seen as a lorry, a minibus as a car, an electric bicycle as a motorcycle. Where one of the classes that it
may be is let in, nobody is accused; how tall it is on the road tells the tall from the low.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.trajectory import Trajectory
from evidence.acts import VehicleClass
from zones.schema import Scene
from zones.upright import Uprights

_CAR, _BUS, _TRUCK = VehicleClass.CAR, VehicleClass.BUS, VehicleClass.TRUCK
_TALL = frozenset({_BUS, _TRUCK})
_ALIKE: Mapping[VehicleClass, frozenset[VehicleClass]] = {
    VehicleClass.MOTORCYCLE: frozenset({VehicleClass.BICYCLE}),
    VehicleClass.BICYCLE: frozenset({VehicleClass.MOTORCYCLE}),
    _BUS: frozenset({_TRUCK}),
    _TRUCK: frozenset({_BUS}),
    _CAR: frozenset(),
}
"""What no height tells apart."""
_BUILT = "heights of common models, rounded by us: sports utility 1.8, pick-up 1.9, van 2.0, light lorry 2.0 to 2.3"


@dataclass(frozen=True)
class LookAlikeMargins:
    """When a class is sure."""

    least_class_share: float = margin(
        0.9,
        "share of the detector's votes",
        "fewer, and the detector wavered between classes: nobody is accused by its class then",
        source="wrong classes of single pictures are 2 % in the simulation and on footage; the value is not measured",
        most=1.0,
    )
    no_car_from_m: float = margin(
        2.4, "m", "whatever is so tall is neither car, pick-up nor van, whose lanes cars' lanes are too", source=_BUILT
    )
    no_lorry_to_m: float = margin(
        1.8, "m", "whatever is so low is neither lorry, minibus nor coach", source=_BUILT
    )  # fmt: skip
    seen_top_px: float = margin(
        2.0, "px", "a box that ends nearer to the picture's upper edge is cut off there", source="what boxes tremble"
    )


def surely_none_of(
    classes: Collection[str], path: Trajectory, scene: Scene, during: slice, margins: LookAlikeMargins
) -> float | None:
    """How tall the vehicle is, metres, if it is surely of none of the classes; None in doubt."""
    named = frozenset(VehicleClass(c) for c in classes)
    if path.cls_share < margins.least_class_share or path.cls in named or _ALIKE[path.cls] & named:
        return None
    height_m = _height_m(path, scene, during, margins)
    if height_m is None:
        return None
    if path.cls in _TALL and _CAR in named and height_m < margins.no_car_from_m:
        return None
    if path.cls == _CAR and _TALL & named and height_m > margins.no_lorry_to_m:
        return None
    return height_m


def _height_m(path: Trajectory, scene: Scene, during: slice, margins: LookAlikeMargins) -> float | None:
    uprights = Uprights.of(scene)
    boxes, feet = path.boxes[during], path.contacts[during]
    whole = np.flatnonzero(boxes[:, 1] > margins.seen_top_px)
    if uprights is None or not len(whole):
        return None
    deep_m = path.build.deep_m
    tall = [uprights.height(float(feet[i, 0]), float(feet[i, 1]), float(boxes[i, 1]), deep_m) for i in whole]
    return float(np.median(tall))
