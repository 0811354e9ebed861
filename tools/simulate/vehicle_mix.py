"""Who drives: the Vietnamese mix of vehicles, their sizes, colours and plates (TT 79/2024, province code 36 mostly)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evidence.acts import VehicleClass
from evidence.plate_colours import KnownPlateColour
from tools.simulate.world import Body, VehicleSpec

_SERIES = "ABCDEFGHKLMNPSTUVXYZ"
_STATE_SERIES = "ABCDEFGHKLM"
_NEIGHBOURS = ("29", "30", "37", "35", "15", "18", "90")


@dataclass(frozen=True)
class BodyKind:
    """Size in metres (with rider), share in traffic, SUMO's class and how briskly it is driven."""

    body: Body
    cls: VehicleClass
    size: tuple[float, float, float]
    share: float
    v_class: str
    accel: float
    max_speed: float


M, C, B, T, Y = (
    VehicleClass.MOTORCYCLE,
    VehicleClass.CAR,
    VehicleClass.BUS,
    VehicleClass.TRUCK,
    VehicleClass.BICYCLE,
)
KINDS: tuple[BodyKind, ...] = (
    BodyKind("scooter", M, (1.87, 0.70, 1.62), 0.42, "motorcycle", 2.5, 12.5),
    BodyKind("underbone", M, (1.92, 0.68, 1.58), 0.33, "motorcycle", 2.5, 12.5),
    BodyKind("sedan", C, (4.45, 1.76, 1.46), 0.065, "passenger", 2.2, 14.0),
    BodyKind("hatchback", C, (3.75, 1.68, 1.50), 0.035, "passenger", 2.2, 14.0),
    BodyKind("suv", C, (4.70, 1.86, 1.72), 0.040, "passenger", 2.2, 14.0),
    BodyKind("pickup", C, (5.30, 1.86, 1.80), 0.015, "passenger", 2.0, 14.0),
    BodyKind("van", C, (4.95, 1.90, 2.00), 0.015, "passenger", 1.8, 13.0),
    BodyKind("bus", B, (9.00, 2.40, 3.05), 0.015, "bus", 1.2, 11.0),
    BodyKind("truck", T, (6.40, 2.10, 2.75), 0.025, "truck", 1.3, 11.0),
    BodyKind("bicycle", Y, (1.75, 0.60, 1.65), 0.040, "bicycle", 1.0, 4.5),
)
KIND = {k.body: k for k in KINDS}

_PAINT: dict[str, tuple[tuple[int, int, int], ...]] = {
    "two": ((25, 25, 28), (150, 20, 25), (235, 235, 235), (30, 50, 110), (90, 95, 100), (190, 150, 90), (40, 90, 70)),
    "four": (
        (240, 240, 240),
        (20, 20, 22),
        (150, 155, 160),
        (120, 20, 25),
        (30, 45, 90),
        (85, 85, 90),
        (170, 140, 100),
    ),
    "bus": ((210, 60, 40), (40, 110, 60), (235, 200, 60), (240, 240, 240)),
    "truck": ((40, 90, 160), (240, 240, 240), (30, 120, 80), (200, 60, 40)),
}


def draw_vehicle(
    name: str, rng: np.random.Generator, *, body: Body | None = None, priority: bool = False
) -> VehicleSpec:
    """One vehicle after the mix, or of a given body."""
    shares = np.array([k.share for k in KINDS])
    kind = KIND[body] if body else KINDS[int(rng.choice(len(KINDS), p=shares / shares.sum()))]
    length, width, height = kind.size
    if kind.cls in (M, Y):
        height *= float(rng.uniform(0.95, 1.04))
    paint = _PAINT["two" if kind.cls in (M, Y) else kind.body if kind.body in _PAINT else "four"]
    colour = paint[int(rng.integers(len(paint)))]
    plate, plate_colour = _plate(kind.cls, rng)
    riders = int(rng.choice([1, 2, 3], p=[0.68, 0.29, 0.03])) if kind.cls == M else 1
    if priority:
        colour, plate_colour = (245, 245, 245), "blue"
    return VehicleSpec(
        id=name, cls=kind.cls, body=kind.body, length_m=length, width_m=width, height_m=round(height, 3), colour=colour,
        plate=plate, plate_colour=plate_colour, riders=riders, priority=priority, seed=int(rng.integers(2**31)),
    )  # fmt: skip


def _plate(cls: VehicleClass, rng: np.random.Generator) -> tuple[str | None, KnownPlateColour]:
    if cls == Y:
        return None, "white"
    code = "36" if rng.random() < 0.85 else str(rng.choice(_NEIGHBOURS))
    number = f"{int(rng.integers(1, 100000)):05d}"

    def letter(series: str = _SERIES) -> str:
        return series[int(rng.integers(len(series)))]

    if cls == M:
        if rng.random() < 0.45:
            return f"{code}{letter()}{int(rng.integers(1, 10))}{number}", "white"
        return f"{code}{letter()}{letter()}{number}", "white"
    commercial = {C: 0.12, B: 0.9, T: 0.6}[cls]
    roll = float(rng.random())
    if roll < commercial:
        return f"{code}{letter()}{number}", "yellow"
    if roll > 0.97:
        return f"{code}{letter(_STATE_SERIES)}{number}", "blue"
    return f"{code}{letter()}{number}", "white"
