"""Meshes of motorcycles and bicycles with their riders."""

from __future__ import annotations

import numpy as np

from tools.render.mesh import RGB, Builder, ring
from tools.render.parts import DARK, GLASS, METAL, RUBBER, TAIL, PlatePlace
from tools.simulate.world import VehicleSpec

SKIN: RGB = (176, 128, 98)
CLOTHES: tuple[RGB, ...] = (
    (60, 80, 130), (190, 60, 60), (230, 225, 210), (40, 42, 48), (90, 140, 100), (210, 160, 60), (150, 90, 150),
    (120, 150, 190), (200, 110, 130), (75, 75, 80), (235, 235, 235), (30, 60, 90),
)  # fmt: skip
TROUSERS: tuple[RGB, ...] = ((35, 40, 60), (50, 50, 52), (90, 80, 65), (25, 25, 27), (70, 90, 120))
HELMETS: tuple[RGB, ...] = (
    (200, 40, 40),
    (240, 240, 240),
    (30, 30, 34),
    (50, 90, 160),
    (230, 180, 50),
    (180, 120, 150),
)


def _rider(
    b: Builder, x: float, seat: float, height: float, rng: np.random.Generator, *, hands: tuple[float, float] | None,
    feet: tuple[float, float],
) -> None:  # fmt: skip
    """A person on a seat at `x`. `hands`: x and z of the handlebar; `feet`: x and z of the footrest."""
    shirt, trousers = CLOTHES[rng.integers(len(CLOTHES))], TROUSERS[rng.integers(len(TROUSERS))]
    helmet = HELMETS[rng.integers(len(HELMETS))]
    shoulder = height - 0.30
    lean = 0.05 if hands else 0.02
    wide = float(rng.uniform(0.17, 0.21))
    b.loft(
        [
            np.roll(ring(0, wide * 0.86, -0.11, 0.11, round_=0.7), 0, axis=0)[:, [2, 1, 0]] + [x, 0, seat - 0.02],
            np.roll(ring(0, wide * 0.92, -0.12, 0.12, round_=0.7), 0, axis=0)[:, [2, 1, 0]] + [x + lean * 0.3, 0, seat + 0.20],
            np.roll(ring(0, wide * 1.10, -0.11, 0.11, round_=0.7), 0, axis=0)[:, [2, 1, 0]] + [x + lean, 0, shoulder - 0.07],
            np.roll(ring(0, wide * 0.75, -0.08, 0.08, round_=0.8), 0, axis=0)[:, [2, 1, 0]] + [x + lean, 0, shoulder + 0.01],
        ],
        shirt, 0.05,
    )  # fmt: skip
    b.tube((x + lean, 0, shoulder - 0.02), (x + lean + 0.01, 0, shoulder + 0.10), 0.055, SKIN, 0.05)
    b.ball((x + lean + 0.02, 0, height - 0.13), (0.135, 0.125, 0.14), helmet, 0.7)
    b.ball((x + lean + 0.06, 0, height - 0.17), (0.10, 0.10, 0.11), SKIN if rng.random() < 0.5 else GLASS, 0.3)
    b.box((x + lean + 0.13, 0, height - 0.09), (0.10, 0.20, 0.02), helmet, 0.5)
    for side in (-1, 1):
        start = (x + lean, side * wide * 1.02, shoulder - 0.07)
        if hands:
            elbow = ((x + hands[0]) / 2, side * (wide + 0.12), (shoulder + hands[1]) / 2 - 0.08)
            end = (hands[0], side * 0.30, hands[1])
        else:
            elbow = (x + 0.12, side * (wide + 0.08), shoulder - 0.30)
            end = (x + 0.30, side * 0.12, seat + 0.15)
        b.tube(start, elbow, 0.055, shirt, 0.05, taper=0.85)
        b.tube(elbow, end, 0.045, shirt if rng.random() < 0.5 else SKIN, 0.05, taper=0.8)
        knee = (x + 0.42, side * 0.20, seat + 0.04)
        b.tube((x + 0.02, side * 0.11, seat + 0.03), knee, 0.085, trousers, 0.05, taper=0.8)
        b.tube(knee, (feet[0], side * 0.19, feet[1] + 0.05), 0.062, trousers, 0.05, taper=0.75)
        b.box((feet[0] + 0.05, side * 0.19, feet[1] + 0.03), (0.24, 0.09, 0.08), DARK, 0.2)


def motorcycle(spec: VehicleSpec, b: Builder, lights: Builder, paint: RGB, rng: np.random.Generator) -> PlatePlace:
    length, height = spec.length_m, spec.height_m
    half = length / 2
    radius = 0.23 if spec.body == "scooter" else 0.29
    rear, front = -half + radius + 0.02, half - radius - 0.02
    for x in (rear, front):
        b.tube((x, -0.055, radius), (x, 0.055, radius), radius, RUBBER, 0.05)
        b.tube((x, -0.065, radius), (x, 0.065, radius), radius * 0.55, METAL, 0.5)
    seat = 0.76
    b.loft(
        [
            ring(-half + 0.04, 0.06, 0.62, 0.74, round_=0.6),
            ring(-half + 0.22, 0.14, 0.46, 0.76, round_=0.5),
            ring(-half + 0.55, 0.17, 0.34, 0.74, round_=0.5),
            ring(0.0, 0.15, 0.30, 0.62, round_=0.5),
        ],
        paint, 0.75,
    )  # fmt: skip
    b.loft(
        [
            ring(-half + 0.12, 0.11, 0.72, 0.80, round_=0.5),
            ring(-0.35, 0.15, 0.70, 0.79, round_=0.5),
            ring(0.12, 0.10, 0.66, 0.74, round_=0.5),
        ],
        (26, 26, 28),
        0.2,
    )
    if spec.body == "scooter":
        b.box((0.22, 0, 0.29), (0.42, 0.30, 0.08), DARK, 0.2)
    else:
        b.loft([ring(-0.05, 0.10, 0.42, 0.62, round_=0.5), ring(0.40, 0.09, 0.55, 0.78, round_=0.5)], paint, 0.75)
        b.ball((0.02, 0, 0.34), (0.20, 0.13, 0.15), METAL, 0.4)
    b.loft([ring(0.42, 0.17, 0.34, 0.86, round_=0.5), ring(0.52, 0.13, 0.45, 0.98, round_=0.5)], paint, 0.75)
    b.tube((front, 0, radius), (front - 0.22, 0, 0.98), 0.035, METAL, 0.5)
    b.loft(
        [
            ring(front - 0.24, 0.08, radius + 0.02, radius + 0.30, round_=0.5),
            ring(front + 0.12, 0.07, radius + 0.14, radius + 0.28, round_=0.5),
        ],
        paint,
        0.7,
    )
    bar = (front - 0.30, 1.02)
    b.tube((bar[0], -0.34, bar[1]), (bar[0], 0.34, bar[1]), 0.018, DARK, 0.4)
    b.ball((bar[0] + 0.06, 0, bar[1] - 0.02), (0.11, 0.13, 0.10), paint, 0.7)
    for side in (-1, 1):
        b.tube((bar[0], side * 0.26, bar[1]), (bar[0] - 0.02, side * 0.33, bar[1] + 0.20), 0.008, DARK)
        b.ball((bar[0] - 0.02, side * 0.36, bar[1] + 0.22), (0.02, 0.06, 0.04), DARK, 0.6)
    b.tube((rear + 0.42, 0.16, 0.30), (rear - 0.12, 0.17, 0.42), 0.05, METAL, 0.5)
    b.box((-half + 0.04, 0, 0.68), (0.08, 0.17, 0.09), TAIL, 0.8)
    lights.box((-half + 0.03, 0, 0.68), (0.08, 0.16, 0.08), (255, 40, 40), 2.2)
    b.tube((-half + 0.10, 0, 0.64), (-half - 0.02, 0, 0.40), 0.03, DARK, 0.2)
    feet = (0.24, 0.33) if spec.body == "scooter" else (0.12, 0.27)
    riders = min(spec.riders, 3)
    for i in range(riders):
        at = -0.12 - 0.33 * i + (0.05 if riders > 1 else 0)
        size = height + 0.02 * float(rng.normal()) - (0.02 if i else 0)
        _rider(
            b, at, seat + 0.03 * i, size, rng, hands=bar if i == 0 else None, feet=feet if i == 0 else (at + 0.18, 0.36)
        )
    return PlatePlace(-half - 0.035, 0.50, 0.19, 0.14, 2)


def bicycle(spec: VehicleSpec, b: Builder, rng: np.random.Generator) -> None:
    half, radius = spec.length_m / 2, 0.33
    rear, front = -half + radius, half - radius
    for x in (rear, front):
        for a in np.linspace(0, 2 * np.pi, 21)[:-1]:
            c = a + 2 * np.pi / 20
            b.tube(
                (x + radius * np.cos(a), 0, radius + radius * np.sin(a)),
                (x + radius * np.cos(c), 0, radius + radius * np.sin(c)),
                0.018,
                RUBBER,
            )
        for a in np.linspace(0, np.pi, 5)[:-1]:
            b.tube(
                (x - radius * np.cos(a), 0, radius - radius * np.sin(a)),
                (x + radius * np.cos(a), 0, radius + radius * np.sin(a)),
                0.004,
                METAL,
            )
    saddle, crank, head = (-0.22, 0, 0.88), (-0.08, 0, 0.30), (0.38, 0, 0.86)
    for a, c in (
        (saddle, crank),
        (crank, head),
        (head, (front, 0, radius)),
        (crank, (rear, 0, radius)),
        (saddle, (rear, 0, radius)),
        ((-0.19, 0, 0.76), head),
    ):
        b.tube(a, c, 0.018, spec.colour, 0.6)
    b.box((-0.22, 0, 0.90), (0.24, 0.13, 0.05), DARK, 0.1)
    b.tube((0.36, -0.26, 0.98), (0.36, 0.26, 0.98), 0.014, METAL, 0.5)
    b.tube((0.38, 0, 0.86), (0.36, 0, 0.98), 0.016, METAL, 0.5)
    _rider(b, -0.20, 0.92, max(spec.height_m, 1.6), rng, hands=(0.36, 0.98), feet=(-0.02, 0.18))
