"""The model of a vehicle, by its body; meshes of cars. Larger ones: `heavy`, motorcycles and bicycles: `two_wheels`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.render.heavy import box_car, truck
from tools.render.mesh import RGB, Builder, Mesh, ring
from tools.render.parts import DARK, GLASS, METAL, RUBBER, TAIL, PlatePlace, wheel
from tools.render.two_wheels import bicycle, motorcycle
from tools.simulate.world import VehicleSpec


@dataclass(frozen=True, eq=False)
class Model:
    """`brake`: what shines when braking, `front`: the headlamps when they are on (both already bright)."""

    body: Mesh
    brake: Mesh
    front: Mesh
    plate: PlatePlace | None


def build(spec: VehicleSpec) -> Model:
    """The model of one vehicle; its seed settles clothes and details."""
    rng = np.random.default_rng(spec.seed)
    made, lights = Builder(), Builder()
    paint: RGB = spec.colour
    if spec.body in ("sedan", "hatchback", "suv", "pickup"):
        plate = _car(spec, made, lights, paint, rng)
    elif spec.body in ("van", "bus"):
        plate = box_car(spec, made, lights, paint)
    elif spec.body == "truck":
        plate = truck(spec, made, lights, paint, rng)
    elif spec.body == "bicycle":
        bicycle(spec, made, rng)
        lights.box((0, 0, -5), (0.01, 0.01, 0.01), TAIL)
        return Model(made.mesh(), lights.mesh(), lights.mesh(), None)
    else:
        plate = motorcycle(spec, made, lights, paint, rng)
    return Model(made.mesh(), lights.mesh(), _headlamps(spec), plate)


_LAMP_HEIGHTS = {"sedan": 0.62, "hatchback": 0.66, "suv": 0.82, "pickup": 0.84, "van": 0.72, "bus": 0.72, "truck": 0.80}


def _headlamps(spec: VehicleSpec) -> Mesh:
    b, half = Builder(), spec.length_m / 2
    shine: RGB = (255, 248, 226)
    if spec.body in _LAMP_HEIGHTS:
        for side in (-1, 1):
            at = (half - 0.06, side * spec.width_m * 0.34, _LAMP_HEIGHTS[spec.body])
            b.box(at, (0.18, spec.width_m * 0.13, 0.13), shine, 2.2)
    else:
        b.ball((half - 0.36, 0, 0.98), (0.13, 0.10, 0.08), shine, 2.2)
    return b.mesh()


# base and top of the rear window, top and base of the windscreen, as shares of the length from the middle; then
# bonnet, boot and roof as shares of the height
_SHAPES = {
    "sedan": (-0.37, -0.20, 0.08, 0.26, 0.62, 0.68, 1.0),
    "hatchback": (-0.45, -0.36, 0.10, 0.30, 0.64, 0.66, 1.0),
    "suv": (-0.46, -0.40, 0.08, 0.25, 0.62, 0.64, 1.0),
    "pickup": (-0.12, -0.09, 0.12, 0.27, 0.58, 0.56, 1.0),
}

# half width of the tail's end and just before it, as shares of the car's, and how round it is
_TAILS = {
    "sedan": (0.82, 0.92, 0.45),
    "hatchback": (0.86, 0.94, 0.36),
    "suv": (0.90, 0.96, 0.30),
    "pickup": (0.92, 0.97, 0.24),
}


def _car(spec: VehicleSpec, b: Builder, lights: Builder, paint: RGB, rng: np.random.Generator) -> PlatePlace:
    length, width, height = spec.length_m, spec.width_m, spec.height_m
    rear_base, rear_top, front_top, front_base, bonnet, boot, roof = _SHAPES[spec.body]
    half, w = length / 2, width / 2
    low = 0.20 if spec.body in ("sedan", "hatchback") else 0.28
    boot_z, bonnet_z, waist = boot * height, bonnet * height, max(boot, bonnet) * height
    tail = _TAILS[spec.body]
    b.loft(
        [
            ring(-half, w * tail[0], low + 0.20, boot_z - 0.12, round_=tail[2]),
            ring(-half + 0.05, w * tail[1], low + 0.06, boot_z - 0.05, round_=tail[2] - 0.05),
            ring(-half + 0.22, w * 0.98, low, boot_z - 0.01, round_=tail[2] - 0.08, top=0.95),
            ring(length * rear_base, w, low, boot_z + 0.01, round_=0.42, top=0.93),
            ring(0, w, low, waist + 0.01, round_=0.40, top=0.93),
            ring(length * front_base, w, low, bonnet_z + 0.01, round_=0.42, top=0.93),
            ring(half - 0.45, w * 0.96, low, bonnet_z - 0.05, round_=0.45, top=0.93),
            ring(half - 0.14, w * 0.86, low + 0.04, bonnet_z - 0.15, round_=0.50),
            ring(half, w * 0.70, low + 0.14, bonnet_z - 0.26, round_=0.55),
        ],
        paint, 0.8,
    )  # fmt: skip
    base, top = waist - 0.10, roof * height
    glass = [
        ring(length * rear_base, w * 0.70, base, base + 0.10, round_=0.35, top=0.95),
        ring(length * rear_top, w * 0.84, base, top - 0.03, round_=0.30, top=0.80),
        ring(length * (rear_top + front_top) / 2, w * 0.88, base, top, round_=0.30, top=0.80),
        ring(length * front_top, w * 0.85, base, top - 0.03, round_=0.30, top=0.80),
        ring(length * front_base, w * 0.70, base, base + 0.09, round_=0.35, top=0.95),
    ]
    b.loft(glass, GLASS, 1.0)
    b.loft(
        [
            ring(length * rear_top - 0.06, w * 0.62, top - 0.10, top - 0.015, round_=0.5),
            ring(length * rear_top + 0.10, w * 0.69, top - 0.08, top + 0.005, round_=0.5),
            ring(length * (rear_top + front_top) / 2, w * 0.71, top - 0.08, top + 0.02, round_=0.5),
            ring(length * front_top + 0.02, w * 0.67, top - 0.09, top - 0.005, round_=0.5),
        ],
        paint, 0.8,
    )  # fmt: skip
    for side in (-1, 1):  # pillars, in paint
        for a, c in ((rear_base, rear_top), (front_base, front_top)):
            thick = 0.085 if a == rear_base and spec.body in ("suv", "hatchback") else 0.055
            b.tube(
                (length * a, side * w * 0.76, base + 0.04), (length * c, side * w * 0.67, top - 0.03), thick, paint, 0.7
            )
        middle = length * (rear_top + front_top) / 2
        b.tube((middle, side * w * 0.88, base), (middle, side * w * 0.70, top - 0.03), 0.035, DARK, 0.4)
        b.ball((length * front_base - 0.10, side * (w + 0.07), base + 0.06), (0.08, 0.11, 0.08), paint, 0.7)
        b.box((0.05 * length, side * w * 0.992, low + 0.06), (length * 0.5, 0.03, 0.08), DARK, 0.2)
        lamp_z = boot_z - (0.16 if spec.body == "sedan" else 0.10)
        tall = 0.16 if spec.body == "sedan" else 0.30
        x = -half + (0.07 if spec.body != "pickup" else 0.03)
        b.box((x, side * w * 0.74, lamp_z), (0.10, w * 0.26, tall), TAIL, 0.8)
        lights.box((x - 0.012, side * w * 0.74, lamp_z), (0.10, w * 0.24, tall * 0.8), (255, 40, 40), 2.2)
        b.box((x - 0.006, side * w * 0.66, lamp_z - tall * 0.2), (0.10, w * 0.07, tall * 0.35), (230, 220, 210), 0.8)
        b.box((half - 0.14, side * w * 0.66, bonnet_z - 0.20), (0.16, w * 0.30, 0.13), (225, 230, 235), 0.95)
        b.box((-half + 0.02, side * w * 0.62, low + 0.16), (0.06, 0.18, 0.05), (170, 30, 30), 0.8)
    lights.box((length * rear_top - 0.12, 0, top - 0.06), (0.03, w * 0.5, 0.03), (255, 40, 40), 2.2)
    square = spec.body in ("suv", "pickup") or rng.random() < 0.35
    z = low + 0.27 if spec.body == "sedan" else boot_z - 0.36
    bumper = paint if rng.random() < 0.75 else DARK
    b.loft(
        [
            ring(-half - 0.05, w * (tail[0] + 0.04), low + 0.10, low + 0.36, round_=tail[2]),
            ring(-half + 0.20, w * 0.97, low + 0.06, low + 0.38, round_=tail[2]),
        ],
        bumper,
        0.6,
    )
    b.loft(
        [
            ring(-half - 0.06, w * (tail[0] - 0.02), low - 0.02, low + 0.17, round_=tail[2]),
            ring(-half + 0.24, w * 0.94, low - 0.03, low + 0.17, round_=tail[2]),
        ],
        (30, 30, 31),
        0.15,
    )
    b.box((-half + 0.03, 0, boot_z - 0.13), (0.07, width * 0.40, 0.03), METAL, 0.9)
    b.box((-half + 0.13, 0, boot_z - 0.015), (0.02, width * 0.74, 0.02), (18, 18, 19), 0.1)
    b.tube((-half - 0.01, w * 0.55, low + 0.02), (-half + 0.2, w * 0.55, low + 0.02), 0.035, METAL, 0.6)
    b.tube(
        (length * rear_base + 0.02, 0.1, boot_z + 0.05),
        (length * (rear_base * 0.6 + rear_top * 0.4), -0.25, boot_z + (top - boot_z) * 0.45),
        0.012,
        DARK,
    )
    for side in (-1, 1):
        b.box((0.10, side * w * 0.955, waist - 0.16), (0.16, 0.03, 0.03), METAL, 0.6)
    b.box((half - 0.04, 0, low + 0.18), (0.10, width * 0.60, 0.20), DARK, 0.3)
    if spec.body == "suv":
        for side in (-1, 1):  # roof rails
            b.tube(
                (length * rear_top, side * w * 0.60, top + 0.05),
                (length * front_top, side * w * 0.60, top + 0.05),
                0.022,
                METAL,
                0.7,
            )
    seam = half + (0.005 if spec.body != "sedan" else -0.01)
    top_z = boot_z - (0.06 if spec.body == "sedan" else 0.02)
    for side in (-1, 1):  # the lid's edges, the pattern on the rear window, head rests behind it, tyres below
        b.tube((-seam, side * w * 0.60, low + 0.36), (-seam + 0.03, side * w * 0.64, top_z), 0.011, (12, 12, 13))
        b.ball((length * (rear_top + 0.08), side * w * 0.36, base + 0.20), (0.05, 0.13, 0.11), (52, 52, 56), 0.1)
        b.box((-length * 0.31, side * (w - 0.12), 0.07), (0.30, 0.20, 0.14), RUBBER, 0.05)
    b.tube((-seam, -w * 0.60, low + 0.37), (-seam, w * 0.60, low + 0.37), 0.011, (12, 12, 13))
    b.ball((-seam + 0.01, 0, boot_z - 0.20 if square else boot_z - 0.16), (0.02, 0.06, 0.05), (225, 226, 228), 0.9)
    if square:  # the hollow in which the plate hangs
        b.box((-half - 0.035, 0, z + 0.02), (0.05, 0.50, 0.24), (20, 20, 21), 0.1)
    if spec.body == "pickup":
        b.box((-half + 0.86, 0, boot_z + 0.01), (1.46, width * 0.80, 0.05), (28, 28, 30), 0.1)
        for side in (-1, 1):
            b.box((-half + 0.85, side * w * 0.86, boot_z + 0.03), (1.56, 0.10, 0.10), paint, 0.7)
        b.box((-half + 0.09, 0, boot_z + 0.03), (0.10, width * 0.82, 0.10), paint, 0.7)
    radius = 0.31 if spec.body in ("sedan", "hatchback") else 0.37
    for x in (-length * 0.31, length * 0.31):
        for side in (-1, 1):
            b.tube((x, side * (w - 0.24), radius), (x, side * (w + 0.004), radius), radius + 0.05, DARK, 0.05)
            wheel(b, x, side * (w + 0.012), radius, 0.2)
    if square:
        return PlatePlace(-half - 0.075, z, 0.33, 0.165, 2)
    return PlatePlace(-half - 0.075, z, 0.52, 0.11, 1)
