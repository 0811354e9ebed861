"""Vietnamese plates that nobody owns: drawn after TT 79/2024 in many states of wear, light and distance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from countries.vn.plate_forms import OLD_SERIES, PROVINCES, SERIES_11, SERIES_20

Picture = NDArray[np.uint8]
Glyphs = dict[str, list[NDArray[np.float32]]]
LETTERS = "ABCDEFGHKLMNPQRSTUVXYZ"
FONTS = (
    "liberation/LiberationSansNarrow-Bold.ttf", "liberation/LiberationSans-Bold.ttf",
    "dejavu/DejaVuSansCondensed-Bold.ttf", "dejavu/DejaVuSans-Bold.ttf", "dejavu/DejaVuSansMono-Bold.ttf",
    "liberation/LiberationMono-Bold.ttf", "noto/NotoSans-Bold.ttf",
)  # fmt: skip
FONT_FOLDER = Path("/usr/share/fonts/truetype")
COLOURS = {"white": ((235, 238, 238), (25, 25, 28)), "yellow": ((40, 190, 240), (20, 20, 20)),
           "blue": ((170, 80, 20), (240, 240, 240)), "red": ((40, 30, 180), (240, 240, 240))}  # fmt: skip

CONFUSED = "MNHUDBVYTXKPF"
FORMS = {
    "moto5": 0.27, "moto4": 0.09, "moto_two": 0.10, "moped": 0.02, "car2": 0.14, "car1": 0.22, "car4": 0.08,
    "special": 0.03, "military": 0.05,
}  # fmt: skip
_GLYPHS_ASPECT = 0.47
"""How wide a glyph of the official font is, of its height, where it fills its cell."""
_REAL_GLYPHS = 0.7
"""Share of the plates that are written with glyphs of real plates, where those are given."""


@dataclass(frozen=True)
class Drawn:
    """A drawn plate crop, its text without separators, and after how many characters the upper line ends (0: one)."""

    image: Picture
    text: str
    upper: int


def random_plate(rng: np.random.Generator) -> tuple[str, str, str, str]:
    """Upper line, lower line (empty: one line), colour, form."""
    province = str(rng.choice(sorted(PROVINCES)))

    # the letters that are taken for one another come up more often
    def letter(pool: Iterable[str] = SERIES_20) -> str:
        return str(rng.choice(list(CONFUSED if rng.random() < 0.35 else pool)))

    def digits(n: int) -> str:
        return "".join(str(d) for d in rng.integers(0, 10, n))

    form = str(rng.choice(list(FORMS), p=list(FORMS.values())))
    colour = str(rng.choice(["white", "yellow", "blue"], p=[0.78, 0.12, 0.10])) if form.startswith("car") else "white"
    five = f"{(d := digits(5))[:3]}.{d[3:]}"
    pool = SERIES_11 if colour == "blue" else SERIES_20
    if form == "moto5":
        return f"{province}-{letter()}{rng.integers(1, 10)}", five, colour, "moto"
    if form == "moto4":
        return f"{province}-{letter(OLD_SERIES)}{rng.integers(1, 10)}", digits(4), colour, "moto"
    if form == "moto_two":
        return f"{province}-{letter()}{letter('ABCDEFGHKLMNPSTUVXYZ')}", five, colour, "moto"
    if form == "moped":
        return f"{province}-{letter()}{letter()}", digits(4), colour, "moto"
    if form == "military":
        upper, lower = f"{letter(LETTERS)}{letter(LETTERS)}", f"{digits(2)}-{digits(2)}"
        return (upper, lower, "red", "square") if rng.random() < 0.5 else (f"{upper}-{lower}", "", "red", "long")
    if form == "car2":
        return f"{province}{letter(pool)}", five, colour, "square"
    if form == "car4":
        first, four = f"{province}{letter(pool)}", digits(4)
        return (first, four, colour, "square") if rng.random() < 0.4 else (f"{first}-{four}", "", colour, "long")
    if form == "special":
        return f"{province}{rng.choice(['LD', 'DA', 'NN', 'CD', 'MK'])}", five, colour, "square"
    return f"{province}{letter(pool)}-{five}", "", colour, "long"


def draw_plate(rng: np.random.Generator, glyphs: Glyphs | None = None) -> Drawn:
    """A plate as a camera might see it, cut out with a slight margin. `glyphs`: out of `tools.train.plate_glyphs`."""
    plate, ink, text, upper = _painted(rng, glyphs)
    _frame(plate, rng, ink)
    return Drawn(_photograph(wear(plate, rng), rng, 44 if upper == 0 else 26), text, upper)


def flat_plate(rng: np.random.Generator) -> NDArray[np.float32]:
    """A worn plate straight on, edge to edge, BGR 0..255."""
    plate, ink, _, _ = _painted(rng)
    _frame(plate, rng, ink)
    return wear(plate, rng).clip(0, 255).astype(np.float32)


def clean_plate(rng: np.random.Generator) -> Drawn:
    """A new plate seen straight on, large, with a rim of dark body around it."""
    plate, ink, text, upper = _painted(rng)
    _frame(plate, rng, ink)
    rim = round(0.06 * plate.shape[0])
    framed = cv2.copyMakeBorder(plate, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(45, 45, 45))
    return Drawn(framed.clip(0, 255).astype(np.uint8), text, upper)


def seen_at(plate: Drawn, width_px: int, rng: np.random.Generator) -> Picture:
    """The plate so wide in the picture of a common camera: the optics' blur, some noise, JPEG."""
    height_px = max(6, round(width_px * plate.image.shape[0] / plate.image.shape[1]))
    small = cv2.resize(plate.image, (width_px, height_px), interpolation=cv2.INTER_AREA).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), 0.5) + rng.normal(0, 4, small.shape)
    _, data = cv2.imencode(".jpg", small.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 80])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _painted(rng: np.random.Generator, glyphs: Glyphs | None = None) -> tuple[NDArray[np.float32], list[int], str, int]:
    """The plate, the colour of its ink, its text, the length of its upper line (0: one line)."""
    upper, lower, colour, form = random_plate(rng)
    width, height = {"moto": (190, 140), "square": (330, 165), "long": (520, 110)}[form]
    if form == "square" and rng.random() < 0.4:
        width, height = 280, 200
    scale = 128 / height if form != "long" else 72 / height
    width, height = int(width * scale), int(height * scale)
    ground, ink = (
        [c + int(v) for c, v in zip(part, rng.integers(-22, 15, 3), strict=True)] for part in COLOURS[colour]
    )
    plate = np.empty((height, width, 3), np.float32)
    plate[:] = ground
    font = str(rng.choice(FONTS))
    real = glyphs if glyphs and rng.random() < _REAL_GLYPHS else {}
    lines = [upper, lower] if lower else [upper]
    top = height * 0.07
    for index, line in enumerate(lines):
        line_height = height * (0.40 if len(lines) == 2 else 0.72)
        y = top + index * height * 0.46 if len(lines) == 2 else height * 0.14
        _write(plate, line, y, line_height, width, font, real, ink, rng)
    return plate, ink, _clean(upper) + _clean(lower), len(_clean(upper)) if lower else 0


def _clean(text: str) -> str:
    return text.replace("-", "").replace(".", "")


def _write(
    plate: NDArray[np.float32], line: str, y: float, height: float, width: int, font: str, real: Glyphs,
    ink: list[int], rng: np.random.Generator,
) -> None:  # fmt: skip
    """Glyphs in the cells of the line, of a free font (stretched) or of real plates; narrow separators."""
    weight = rng.uniform(0.7, 1.5)
    shares = [0.30 if c in "-." else 1.0 for c in line]
    pitch = min((width * 0.93) / sum(shares), height * rng.uniform(0.56, 0.70))
    x = (width - pitch * sum(shares)) / 2
    fill = rng.uniform(0.80, 0.94)
    for char, share in zip(line, shares, strict=True):
        w, h = max(2, int(pitch * share * fill)), int(height)
        if char in "-.":
            cy = y + height * 0.5
            r = max(1, int(height * 0.045))
            x0, x1 = int(x + pitch * share * 0.15), int(x + pitch * share * 0.85)
            if char == "-":
                plate[int(cy - r) : int(cy + r), x0:x1] = ink
            else:
                cv2.circle(plate, (int((x0 + x1) / 2), int(cy)), r + 1, ink, -1)
        else:
            shape = _glyph(char, font)
            if char in real:
                shape = real[char][int(rng.integers(len(real[char])))] ** weight
                w = max(2, round(w * min(1.1, shape.shape[1] / shape.shape[0] / _GLYPHS_ASPECT)))
            mask = cv2.resize(shape, (w, h), interpolation=cv2.INTER_AREA)[..., None]
            yy, xx = int(y), max(0, int(x + (pitch * share - w) / 2))
            part = plate[yy : yy + h, xx : xx + w]
            mask = mask[: part.shape[0], : part.shape[1]]
            part[:] = part * (1 - mask) + np.array(ink, np.float32) * mask
        x += pitch * share


@cache
def _glyph(char: str, font: str) -> NDArray[np.float32]:
    """The glyph's own box, 0..1."""
    loaded = ImageFont.truetype(str(FONT_FOLDER / font), 120)
    canvas = Image.new("L", (220, 220))
    ImageDraw.Draw(canvas).text((50, 30), char, font=loaded, fill=255)
    box = canvas.getbbox() or (0, 0, 1, 1)
    if char in "1I":  # a thin one keeps its slimness instead of filling the cell
        middle, half = (box[0] + box[2]) // 2, max(box[2] - box[0], int((box[3] - box[1]) * 0.42)) // 2
        box = (middle - half, box[1], middle + half, box[3])
    return np.asarray(canvas.crop(box), np.float32) / np.float32(255)


def recoloured(plate: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A white plate as one of the light-on-dark ones: of these there are few, and how they blur cannot be drawn."""
    grey = plate @ np.array([0.114, 0.587, 0.299], np.float32)
    low, high = np.percentile(grey, (4, 85))
    ink_share = ((high - grey) / max(float(high - low), 1.0)).clip(-0.2, 1)[..., None]
    kind = str(rng.choice(["red", "blue", "blue"]))
    ground = np.array(COLOURS[kind][0], np.float32) * rng.uniform(0.5, 1.4) + rng.normal(0, 12, 3)
    return np.asarray(ground + ink_share * (rng.uniform(170, 250) - ground), np.float32).clip(0, 255)


def _frame(plate: NDArray[np.float32], rng: np.random.Generator, ink: list[int]) -> None:
    height, width = plate.shape[:2]
    if rng.random() < 0.8:
        inset = int(height * rng.uniform(0.01, 0.03))
        cv2.rectangle(plate, (inset, inset), (width - inset, height - inset), ink, max(1, int(height * 0.012)))
    for _ in range(int(rng.integers(0, 5))):  # bolts
        centre = (int(rng.uniform(0.1, 0.9) * width), int(rng.choice([0.06, 0.5, 0.94]) * height))
        grey = float(rng.uniform(40, 170))
        cv2.circle(plate, centre, int(height * rng.uniform(0.015, 0.035)), (grey, grey, grey), -1)


def wear(plate: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    height, width = plate.shape[:2]
    if rng.random() < 0.5:  # shadow or a lamp's light from one side
        direction = rng.uniform(-1, 1, 2)
        yy, xx = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
        ramp = 1 + rng.uniform(0.1, 0.5) * ((xx - 0.5) * direction[0] + (yy - 0.5) * direction[1])
        plate = plate * ramp[..., None]
    if rng.random() < 0.25:  # a hard shadow
        points = rng.uniform(-0.3, 1.3, (4, 2)) * [width, height]
        mask = np.zeros((height, width), np.float32)
        cv2.fillPoly(mask, [points.astype(np.int32)], 1.0)
        plate = plate * (1 - rng.uniform(0.2, 0.6) * cv2.GaussianBlur(mask, (0, 0), 3)[..., None])
    if rng.random() < 0.35:  # dirt
        noise = cv2.resize(rng.random((6, 9)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        dirt = np.clip((noise - rng.uniform(0.55, 0.8)) * 3, 0, 1)[..., None] * rng.uniform(0.3, 0.8)
        plate = plate * (1 - dirt) + np.array([60, 80, 95], np.float32) * dirt
    if rng.random() < 0.2:  # glare
        spot = np.zeros((height, width), np.float32)
        cv2.circle(
            spot,
            (int(rng.uniform(0, width)), int(rng.uniform(0, height))),
            int(height * rng.uniform(0.1, 0.35)),
            1.0,
            -1,
        )
        plate = plate + 180 * cv2.GaussianBlur(spot, (0, 0), height * 0.08)[..., None]
    return plate


def _photograph(plate: NDArray[np.float32], rng: np.random.Generator, least_px: float = 26) -> Picture:
    """Perspective, surroundings, distance, blur, light, noise, compression."""
    height, width = plate.shape[:2]
    room_x, room_y = rng.uniform(0.0, 0.12, 2)
    out_w, out_h = int(width * (1 + 2 * room_x)), int(height * (1 + 2 * room_y))
    base = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    target = base + np.array([width * room_x, height * room_y])
    aslant = 2.2 if rng.random() < 0.2 else 1.0  # a motorcycle on its stand, a camera far aside
    angle = np.radians(rng.normal(0, 5 * aslant))
    shear = rng.normal(0, 0.08 * aslant)
    centre = target.mean(0)
    spin = np.array([[np.cos(angle), -np.sin(angle) + shear], [np.sin(angle), np.cos(angle)]])
    target = (target - centre) @ spin.T * rng.uniform(0.86, 1.02) + centre
    target = target + rng.normal(0, 0.025, (4, 2)) * [width, height]
    matrix = cv2.getPerspectiveTransform(base, target.astype(np.float32))
    back = rng.uniform(10, 160, 3) + rng.normal(0, 6, 3)
    scene = cv2.warpPerspective(
        plate, matrix, (out_w, out_h), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=tuple(float(v) for v in back),
    )  # fmt: skip
    return spoil(np.asarray(scene, np.float32), rng, least_px)


def spoil(scene: NDArray[np.float32] | Picture, rng: np.random.Generator, least_px: float = 26) -> Picture:
    """What distance, optics, sensor and coder do to a crop; real crops go through it as well.

    `least_px`: how narrow distance may make it.
    """
    image: NDArray[Any] = scene.astype(np.float32)
    height, width = image.shape[:2]
    seen_w = float(np.exp(rng.uniform(np.log(least_px), np.log(180))))
    if seen_w < width:
        image = cv2.resize(image, (int(seen_w), max(8, int(height * seen_w / width))), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 0.012 * image.shape[1] + 0.35))
    if rng.random() < 0.2:
        size = int(rng.integers(2, max(3, image.shape[1] // 22) + 1))
        kernel = np.zeros((size, size), np.float32)
        cv2.line(kernel, (0, int(rng.integers(0, size))), (size - 1, int(rng.integers(0, size))), 1.0)
        image = cv2.filter2D(image, -1, kernel / max(kernel.sum(), 1))
    gain, lift = np.exp(rng.normal(0, 0.28)), rng.normal(0, 15)
    if rng.random() < 0.12:
        gain *= rng.uniform(0.3, 0.6)  # night
    gain = min(gain, 320 / max(float(np.percentile(image[::2, ::2], 70)), 1.0))  # a white picture teaches nothing
    image = np.clip(image * gain + lift, 0, 255)
    image = 255 * (image / 255) ** np.exp(rng.normal(0, 0.2))
    image = image + rng.normal(0, rng.uniform(0, 9), image.shape)
    image = image * (1 + rng.normal(0, 0.05, 3))
    picture: Picture = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8) if done else picture
    return picture
