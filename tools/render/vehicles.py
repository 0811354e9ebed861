"""Meshes of vehicles: cars of several bodies, bus, truck, motorcycles with their riders, bicycles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.render.mesh import RGB, Builder, Mesh, ring
from tools.simulate.world import VehicleSpec

GLASS: RGB = (26, 32, 38)
RUBBER: RGB = (22, 22, 23)
METAL: RGB = (120, 122, 126)
DARK: RGB = (34, 34, 36)
TAIL: RGB = (150, 12, 16)
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


CARGO: tuple[RGB, ...] = ((205, 208, 210), (225, 226, 224), (64, 96, 150), (150, 156, 160), (190, 120, 60))


@dataclass(frozen=True)
class PlatePlace:
    """Where the rear plate hangs: middle of the plate, width and height in metres; one or two lines."""

    x: float
    z: float
    width: float
    height: float
    lines: int


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
        plate = _box_car(spec, made, lights, paint)
    elif spec.body == "truck":
        plate = _truck(spec, made, lights, paint, rng)
    elif spec.body == "bicycle":
        _bicycle(spec, made, rng)
        lights.box((0, 0, -5), (0.01, 0.01, 0.01), TAIL)
        return Model(made.mesh(), lights.mesh(), lights.mesh(), None)
    else:
        plate = _motorcycle(spec, made, lights, paint, rng)
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


def _wheel(b: Builder, x: float, y: float, radius: float, width: float) -> None:
    side = 1.0 if y > 0 else -1.0
    b.tube((x, y - side * width, radius), (x, y, radius), radius, RUBBER, 0.05)
    b.tube((x, y - side * width * 0.3, radius), (x, y + side * 0.012, radius), radius * 0.62, METAL, 0.5)
    b.tube((x, y, radius), (x, y + side * 0.02, radius), radius * 0.2, DARK, 0.3)


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
            _wheel(b, x, side * (w + 0.012), radius, 0.2)
    if square:
        return PlatePlace(-half - 0.075, z, 0.33, 0.165, 2)
    return PlatePlace(-half - 0.075, z, 0.52, 0.11, 1)


def _box_car(spec: VehicleSpec, b: Builder, lights: Builder, paint: RGB) -> PlatePlace:
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
            _wheel(b, x, side * (w + 0.012), radius, 0.24)
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


def _truck(spec: VehicleSpec, b: Builder, lights: Builder, paint: RGB, rng: np.random.Generator) -> PlatePlace:
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
            _wheel(b, x, side * w * 0.96, 0.44, 0.32)
    return PlatePlace(-half - 0.03, 0.80, 0.33, 0.165, 2)


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


def _motorcycle(spec: VehicleSpec, b: Builder, lights: Builder, paint: RGB, rng: np.random.Generator) -> PlatePlace:
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


def _bicycle(spec: VehicleSpec, b: Builder, rng: np.random.Generator) -> None:
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
