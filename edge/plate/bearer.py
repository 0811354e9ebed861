"""Whose a plate is that was found in the crop of a vehicle: by what else drives there, and by its width.

A crop shows what stands behind and beside its vehicle too. A plate that hangs better in another vehicle's box is that
one's. A plate of another class than the vehicle's is the vehicle's only if nothing says otherwise: the class was seen
wrongly then, and the box must be one of the other class, by its shape, by its width on the road and by the width that
the plate has in it, and no vehicle of that class may stand there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from countries.here import HERE
from evidence.acts import VehicleClass
from zones.boxes import iou

CIVIL = (*HERE.plates.TWO_WHEELS, *HERE.plates.FOUR_WHEELS)
TWO_WHEELED = (VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE)
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class PlateBearerMargins:
    """When a plate cannot be the vehicle's own."""

    same_vehicle: float = margin(
        0.7, "intersection over union",
        "two boxes that cover each other so far are one vehicle, seen as two classes; a motorcycle and the car right "
        "behind it reach 0.6",
        source="geometry: 1.2 by 1.7 m before 1.7 by 1.45 m two metres behind, seen from 8 m and more", most=1.0,
    )  # fmt: skip
    better: float = margin(
        0.85, "share",
        "another vehicle's box holds a plate better if this one's worth of it is below so much of the other's: a plate "
        "0.43 of the half width aside against one in the middle",
        source="boxes of two vehicles tremble by some hundredths; `plate_read.at_the_side` stands at 0.6", most=1.0,
    )  # fmt: skip
    two_wheels_below: float = margin(
        0.7, "width by height of the vehicle's box", "whose plate of another class it is, the shape of the box says",
        source="where plates are seen a motorcycle with its rider shows 0.45 to 0.6, a bus 0.8, a car 0.9 and more",
    )  # fmt: skip
    narrowest_four_m: float = margin(
        1.4, "m",
        "no vehicle with four wheels is narrower, and no motorcycle of which a plate is seen is wider: its box on the "
        "road, and what the width of a plate in it makes of it",
        source="the smallest cars on the road are 1.48 m wide (kei cars) and 1.6 m (city cars), less what boxes err",
    )  # fmt: skip


@dataclass(frozen=True)
class Neighbour:
    """Another vehicle in the same picture, as it was called by then. `box`: pixels of the whole picture."""

    box: Box
    cls: VehicleClass


@dataclass(frozen=True)
class Hanging:
    """Where a plate was found, and on how many `lines` it was read.

    `share`: its width in widths of the vehicle's box; `shape`: width by height of that box; `width_m`: of the box, on
    the road; None: not known. `holders`: classes of the other vehicles in whose boxes the whole plate lies.
    """

    lines: int = 0
    share: float | None = None
    shape: float | None = None
    width_m: float | None = None
    holders: tuple[VehicleClass, ...] = ()


UNPLACED = Hanging()


def holders(plate: Box, own: Box, others: Sequence[Neighbour], m: PlateBearerMargins) -> list[Neighbour]:
    """The other vehicles in whose boxes the whole plate lies."""
    held = [o for o in others if _within(plate, o.box)]
    if not held:
        return []
    boxes = np.array([o.box for o in held], np.float64)
    same = iou(np.array([own], np.float64), boxes)[0] >= m.same_vehicle
    return [o for o, is_same in zip(held, same, strict=True) if not is_same]


def strange(kind: str, cls: VehicleClass, found: Sequence[Hanging]) -> bool:
    """Whether a vehicle of that class bears no such plate, found so: with two wheels none that is on a single line."""
    if cls in TWO_WHEELED:
        return kind in HERE.plates.FOUR_WHEELS or all(hanging.lines == 1 for hanging in found)
    return kind in HERE.plates.TWO_WHEELS


def may_bear(kind: str, cls: VehicleClass, found: Sequence[Hanging], m: PlateBearerMargins) -> bool:
    """Whether a plate of that kind, found so, may be the vehicle's although its class bears none such.

    Then the class was seen wrongly, and everything else has to look like one that does.
    """
    four = cls in TWO_WHEELED  # what it would have to be
    for hanging in found:
        if any((holder not in TWO_WHEELED) == four for holder in hanging.holders):
            return False
        if kind in CIVIL and hanging.shape is not None and (hanging.shape >= m.two_wheels_below) != four:
            return False
        if hanging.width_m is not None and (hanging.width_m >= m.narrowest_four_m) != four:
            return False
    widths = [hanging.share / _widest_m(hanging.lines) for hanging in found if hanging.share]
    # boxes and plates tremble: the middle of what all views say
    return not (four and widths and float(np.median(widths)) > 1 / m.narrowest_four_m)


def _widest_m(lines: int) -> float:
    """Of the plates of four wheels."""
    return HERE.long_plate_width_m if lines == 1 else HERE.plate_width_m["car"]


def _within(inner: Box, outer: Box) -> bool:
    return inner[0] >= outer[0] and inner[1] >= outer[1] and inner[2] <= outer[2] and inner[3] <= outer[3]
