"""Meshes of vans, buses and trucks."""

from __future__ import annotations

import numpy as np

from tools.render.mesh import RGB, Builder, ring
from tools.render.parts import DARK, GLASS, METAL, TAIL, PlatePlace, wheel
from tools.simulate.world import VehicleSpec

CARGO: tuple[RGB, ...] = ((205, 208, 210), (225, 226, 224), (64, 96, 150), (150, 156, 160), (190, 120, 60))


def box_car(spec: VehicleSpec, b: Builder, lights: Builder, paint: RGB) -> PlatePlace:
    """Vans and buses: one hull with bands of windows."""
    length, width, height = spec.length_m, spec.width_m, spec.height_m
    half, w = length / 2, width / 2
    low = 0.26 if spec.body == "van" else 0.34
    nose = 0.55 if spec.body == "van" else 0.20
    b.loft(
        [
            ring(-half, w * 0.92, low + 0.05, height - 0.14, round_=0.24, top=0.92),
            ring(-half + 0.10, w, low, height - 0.03, round_=0.20, top=0.93),
            ring(0, w, low, height, round_=0.18, top=0.93),
            ring(half - nose - 0.25, w, low, height - 0.03, round_=0.20, top=0.92),
            ring(half - 0.10, w * 0.96, low, height * (0.55 if spec.body == "van" else 0.95), round_=0.26),
            ring(half, w * 0.88, low + 0.06, height * (0.50 if spec.body == "van" else 0.90), round_=0.32),
        ],
        paint, 0.6,
    )  # fmt: skip
    sill, head = height * 0.52, height * 0.86
    panes = 4 if spec.body == "van" else 8
    for side in (-1, 1):
        for i in range(panes):
            x = -half + 0.35 + (length - 1.0 - nose) * (i + 0.5) / panes
            b.box(
                (x, side * w * 0.975, (sill + head) / 2),
                ((length - 1.2 - nose) / panes * 0.9, 0.06, head - sill),
                GLASS,
                0.9,
            )
        b.box((half - 0.02, side * w * 0.70, low + 0.35), (0.10, w * 0.26, 0.16), (225, 230, 235), 0.95)
        mirror = (half - nose - 0.1, side * (w + 0.13), height * 0.62)
        b.tube((mirror[0], side * w * 0.9, height * 0.66), mirror, 0.03, DARK, 0.3)
        b.box(mirror, (0.06, 0.14, 0.26), DARK, 0.5)
        b.box((-half + 0.05, side * w * 0.5, low + 0.14), (0.14, 0.16, 0.06), (180, 30, 30), 0.7)
    if spec.body == "van":
        _van_rear(b, lights, half, w, height, sill, head)
    else:
        _bus_rear(b, lights, half, w, height, paint)
    b.box((-half - 0.01, 0, low - 0.02), (0.20, width * 0.94, 0.14), (28, 28, 29), 0.15)
    b.box((half - nose * 0.55, 0, height * 0.72), (nose * 0.5, width * 0.86, height * 0.26), GLASS, 0.9)
    b.box((-half, 0, low + 0.06), (0.12, width * 0.96, 0.20), DARK, 0.3)
    radius = 0.34 if spec.body == "van" else 0.48
    for x in (-length * 0.29, length * 0.31):
        for side in (-1, 1):
            b.tube((x, side * (w - 0.3), radius), (x, side * (w + 0.004), radius), radius + 0.06, DARK, 0.05)
            wheel(b, x, side * (w + 0.012), radius, 0.24)
    return PlatePlace(-half - 0.035, low + 0.34, 0.33, 0.165, 2)


def _van_rear(b: Builder, lights: Builder, half: float, w: float, height: float, sill: float, head: float) -> None:
    """Two doors with a window each, tall lamps at the corners."""
    for side in (-1, 1):
        b.box(
            (-half + 0.01, side * w * 0.41, (sill + head) / 2 + 0.03),
            (0.08, w * 0.68, (head - sill) * 0.92),
            GLASS,
            1.0,
        )
        b.box((-half + 0.0, side * w * 0.85, height * 0.44), (0.08, w * 0.15, height * 0.26), TAIL, 0.8)
        b.box((-half - 0.005, side * w * 0.85, height * 0.36), (0.08, w * 0.13, height * 0.05), (225, 222, 215), 0.8)
        lights.box((-half - 0.01, side * w * 0.85, height * 0.50), (0.08, w * 0.13, height * 0.09), (255, 40, 40), 2.2)
        for z in (0.36, 0.60):
            b.box((-half - 0.01, side * w * 0.90, height * z), (0.06, 0.05, 0.10), DARK, 0.3)
        b.tube((-half - 0.03, side * 0.10, sill + 0.03), (-half - 0.03, side * w * 0.45, sill + 0.16), 0.012, DARK)
    b.box((-half + 0.005, 0, height * 0.56), (0.06, 0.025, height * 0.66), (30, 30, 32), 0.1)
    b.box((-half - 0.02, w * 0.10, height * 0.46), (0.06, 0.14, 0.05), DARK, 0.5)
    lights.box((-half + 0.03, 0, height * 0.94), (0.05, w * 0.5, 0.04), (255, 40, 40), 2.2)


def _bus_rear(b: Builder, lights: Builder, half: float, w: float, height: float, paint: RGB) -> None:
    """High window, destination board, engine grille, stacked lamps, an air conditioner on the roof."""
    band: RGB = (235, 235, 232) if sum(paint) < 480 else (40, 80, 150)
    b.box((-half - 0.02, 0, height * 0.47), (0.12, 2 * w * 0.94, height * 0.05), band, 0.5)
    for side in (-1, 1):
        b.box((0.0, side * w * 1.0, height * 0.42), (2 * half * 0.94, 0.03, height * 0.06), band, 0.5)
        for z, tone in ((0.41, TAIL), (0.355, (215, 130, 40)), (0.30, TAIL), (0.25, (228, 226, 220))):
            b.tube(
                (-half + 0.05, side * w * 0.80, height * z),
                (-half - 0.03, side * w * 0.80, height * z),
                0.075,
                tone,
                0.8,
            )
        lights.tube(
            (-half, side * w * 0.80, height * 0.41),
            (-half - 0.04, side * w * 0.80, height * 0.41),
            0.07,
            (255, 40, 40),
            2.2,
        )
        b.box((-half + 0.3, side * w * 0.86, 0.34), (0.03, 0.40, 0.40), (24, 24, 25), 0.05)
    b.box((-half + 0.0, 0, height * 0.665), (0.12, 2 * w * 0.88, height * 0.29), GLASS, 1.0)
    b.box((-half - 0.06, 0, height * 0.665), (0.01, 0.03, height * 0.28), (20, 20, 21), 0.2)
    for side in (-1, 1):
        b.ball((-half + 0.5, side * w * 0.40, height * 0.60), (0.12, 0.20, 0.22), (70, 60, 64), 0.1)
    b.box((-half - 0.03, 0, height * 0.855), (0.10, 2 * w * 0.46, height * 0.065), (20, 20, 22), 0.4)
    for i in range(7):
        y = (i - 3) * w * 0.11
        b.box((-half - 0.09, y, height * 0.855), (0.01, w * 0.07, height * 0.035), (255, 150, 40), 2.0)
    for i in range(7):
        b.box((-half - 0.02, 0, height * (0.25 + 0.025 * i)), (0.10, 2 * w * 0.56, height * 0.012), (26, 26, 28), 0.2)
    b.box((-half + 0.02, 0, height * 0.445), (0.11, 0.30, 0.05), METAL, 0.7)
    b.box((-half + 3.4, 0, height + 0.05), (2.0, w * 1.1, 0.18), (205, 208, 210), 0.3)
    lights.box((-half + 0.03, 0, height * 0.93), (0.06, w * 0.5, 0.05), (255, 40, 40), 2.2)


def _cargo_box(b: Builder, lights: Builder, x0: float, x1: float, width: float, height: float, paint: RGB) -> None:
    """A closed body from `x0` (rear) to `x1`: ribbed sides, two doors with bars and hinges, reflecting tape."""
    w, floor = width / 2, 0.85
    middle, tall = (floor + height) / 2, height - floor
    b.box(((x0 + x1) / 2 - 0.05, 0, middle), (x1 - x0 - 0.1, width, tall), paint, 0.25)
    dark: RGB = (paint[0] * 0.62, paint[1] * 0.62, paint[2] * 0.62)
    for i in range(14):
        x = x0 + 0.2 + i * (x1 - x0 - 0.3) / 13
        for side in (-1, 1):
            b.box((x, side * (w + 0.012), middle), (0.05, 0.03, tall - 0.10), dark, 0.2)
    frame: RGB = (92, 94, 98)
    for side in (-1, 1):  # door frame, hinges, locking bars with their handles
        b.box((x0 - 0.02, side * (w - 0.05), middle), (0.06, 0.10, tall), frame, 0.4)
        for z in (0.12, 0.5, 0.88):
            b.box((x0 - 0.05, side * (w - 0.12), floor + z * tall), (0.05, 0.20, 0.07), METAL, 0.5)
        for y in (0.16, w * 0.58):
            b.tube(
                (x0 - 0.06, side * y, floor + 0.06), (x0 - 0.06, side * y, height - 0.08), 0.022, (205, 207, 210), 0.6
            )
            b.box((x0 - 0.08, side * (y + 0.09), floor + tall * 0.36), (0.03, 0.26, 0.05), METAL, 0.6)
            for z in (0.08, 0.94):
                b.box((x0 - 0.07, side * y, floor + tall * z), (0.05, 0.10, 0.08), DARK, 0.3)
        lights.box((x0 - 0.05, side * (w - 0.14), height - 0.06), (0.03, 0.12, 0.05), (255, 60, 40), 2.2)
    for z in (floor + 0.04, height - 0.04):
        b.box((x0 - 0.03, 0, z), (0.07, width, 0.09), frame, 0.4)
    b.box((x0 - 0.012, 0, middle), (0.02, 0.03, tall - 0.1), (40, 40, 42), 0.1)
    for i in range(8):  # red and white tape
        y = -w + (i + 0.5) * width / 8
        b.box((x0 - 0.075, y, floor + 0.05), (0.01, width / 8, 0.06), (205, 30, 30) if i % 2 else (235, 235, 235), 0.6)


def truck(spec: VehicleSpec, b: Builder, lights: Builder, paint: RGB, rng: np.random.Generator) -> PlatePlace:
    length, width, height = spec.length_m, spec.width_m, spec.height_m
    half, w = length / 2, width / 2
    cab = 1.75
    b.loft(
        [ring(half - cab, w * 0.95, 0.5, height * 0.80, round_=0.22), ring(half - 0.25, w * 0.95, 0.5, height * 0.80, round_=0.24),
         ring(half, w * 0.90, 0.55, height * 0.55, round_=0.28)],
        paint, 0.6,
    )  # fmt: skip
    b.box((half - 0.20, 0, height * 0.64), (0.28, width * 0.84, height * 0.22), GLASS, 0.9)
    for side in (-1, 1):
        b.box((half - cab * 0.5, side * w * 0.95, height * 0.62), (cab * 0.5, 0.05, height * 0.20), GLASS, 0.9)
        b.box((-half + 0.02, side * w * 0.80, 0.72), (0.08, 0.24, 0.14), TAIL, 0.8)
        lights.box((-half + 0.005, side * w * 0.80, 0.72), (0.08, 0.22, 0.12), (255, 40, 40), 2.2)
    _cargo_box(b, lights, -half, half - cab, width, height, CARGO[int(rng.integers(len(CARGO)))])
    b.box((0, 0, 0.68), (length * 0.94, width * 0.5, 0.22), DARK, 0.1)
    b.box((-half + 0.10, 0, 0.48), (0.08, width * 0.86, 0.10), (70, 72, 76), 0.3)
    for side in (-1, 1):  # mudguards behind the wheels
        b.box((-length * 0.28 - 0.52, side * w * 0.80, 0.42), (0.03, 0.46, 0.44), (24, 24, 25), 0.05)
    for x in (-length * 0.28, half - 0.85):
        for side in (-1, 1):
            wheel(b, x, side * w * 0.96, 0.44, 0.32)
    return PlatePlace(-half - 0.03, 0.80, 0.33, 0.165, 2)
