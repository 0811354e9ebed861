"""What faults do to a picture: moved, hidden, spoilt, and lamps that show something else. Pure; chance is given in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import Image
from zones.schema import Scene

Matrix = NDArray[np.float64]
"""`[2, 3]`: a point of the true picture to where it lies now."""
Lens = tuple[int, int, int, int]
_LIT = {"red": (20, 20, 250), "yellow": (30, 220, 250), "green": (150, 240, 40)}
_DARK = (40, 40, 40)


def moved(width: int, height: int, dx: float, dy: float, turn_deg: float = 0.0, zoom: float = 1.0) -> Matrix:
    """Turned and zoomed about the middle, then shifted by pixels."""
    matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, zoom), np.float64)
    matrix[:, 2] += (dx, dy)
    return matrix


def warped(image: Image, matrix: Matrix) -> Image:
    """What comes in at the border is the street mirrored: a real camera shows more street there, and no edge."""
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def put_back(box: Sequence[float], matrix: Matrix) -> tuple[float, float, float, float]:
    """A box of the moved picture in pixels of the true one."""
    back = cv2.invertAffineTransform(matrix)
    x1, y1, x2, y2 = box
    corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]) @ back[:, :2].T + back[:, 2]
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return left, top, right, bottom


def black(image: Image) -> Image:
    return image // 12


def white(image: Image) -> Image:
    return 255 - (255 - image) // 6


def blurred(image: Image) -> Image:
    """Out of focus by two pixels of the small picture (640 wide) and more."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), image.shape[1] / 160), np.uint8)


def grey(image: Image) -> Image:
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2).astype(np.uint8)


def hooded(image: Image) -> Image:
    """A bag over the lens lets a little light through."""
    glow = cv2.resize(cv2.resize(image, (4, 3), interpolation=cv2.INTER_AREA), image.shape[1::-1])
    return np.asarray(glow // 4 + 60, np.uint8)


def dirt(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """`[h, w, 1]`: how much of the light comes through specks and streaks on the lens."""
    thin = np.ones((height // 4, width // 4), np.float32)
    for _ in range(int(rng.integers(4, 16))):
        centre = int(rng.integers(0, width // 4)), int(rng.integers(0, height // 4))
        axes = int(rng.integers(4, width // 40)), int(rng.integers(4, width // 24))
        cv2.ellipse(thin, centre, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0.25, 0.7)), -1)
    soft = cv2.GaussianBlur(thin, (0, 0), width / 320)
    return np.asarray(cv2.resize(soft, (width, height))[..., None], np.float32)


def soiled(image: Image, through: NDArray[np.float32]) -> Image:
    """Dirt is brown and glows a little itself."""
    return np.asarray(image * through + (1 - through) * np.array((45, 60, 70), np.float32), np.uint8)


def hidden(image: Image, share: float, side: str) -> Image:
    """A leaf, a banner, a bag: so large a share of the picture from one side on is one dark surface."""
    out = image.copy()
    height, width = image.shape[:2]
    x, y = round(width * share), round(height * share)
    part = {"left": out[:, :x], "right": out[:, width - x :], "top": out[:y], "bottom": out[height - y :]}[side]
    part[...] = (38, 48, 42)
    return out


def broken(image: Image, rng: np.random.Generator) -> Image:
    """Blocks of a damaged stream: grey, of another place, or a last row that is drawn down to the bottom."""
    out = image.copy()
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(3, 40))):
        w, h = (16 * int(rng.integers(1, 9)) for _ in range(2))
        x, y = (16 * int(rng.integers(0, max(1, (end - size) // 16))) for end, size in ((width, w), (height, h)))
        u, v = (16 * int(rng.integers(0, max(1, (end - size) // 16))) for end, size in ((width, w), (height, h)))
        into = out[y : y + h, x : x + w]
        into[...] = image[v : v + into.shape[0], u : u + into.shape[1]]
        if rng.random() < 0.3:
            into[...] = 128
    if rng.random() < 0.15:
        row = int(rng.integers(height // 3, height))
        out[row:] = out[row - 1]
    return out


def lenses(scene: Scene) -> Sequence[Mapping[str, Lens]]:
    """The lenses of each head that is read from the picture, by colour, in pixels."""
    heads: list[Mapping[str, Lens]] = []
    for head in scene.signals:
        if head.source == "pixels" and {"red", "green"} <= {lamp.colour for lamp in head.lamps}:
            heads.append({str(lamp.colour): _whole(lamp.box, scene) for lamp in head.lamps})
    return heads


def shown(image: Image, heads: Sequence[Mapping[str, Lens]], lit: str | None) -> Image:
    """All heads show one colour, or None of them: discs of light where the lenses are."""
    out = image.copy()
    for head in heads:
        for colour, (x1, y1, x2, y2) in head.items():
            out[y1:y2, x1:x2] = (22, 22, 22)
            centre, radius = ((x1 + x2) // 2, (y1 + y2) // 2), max(1, round(0.4 * min(x2 - x1, y2 - y1)))
            cv2.circle(out, centre, radius, _LIT[colour] if colour == lit else _DARK, -1, cv2.LINE_AA)
    return out


def exchanged(image: Image, heads: Sequence[Mapping[str, Lens]]) -> Image:
    """What the green lens shows stands in red's place, and the other way round."""
    out = image.copy()
    for head in heads:
        for into, of in (("red", "green"), ("green", "red")):
            (x1, y1, x2, y2), (a1, b1, a2, b2) = head[into], head[of]
            out[y1:y2, x1:x2] = cv2.resize(image[b1:b2, a1:a2], (x2 - x1, y2 - y1))
    return out


def _whole(box: Sequence[float], scene: Scene) -> Lens:
    x1, y1, x2, y2 = box
    return (
        max(0, int(x1)),
        max(0, int(y1)),
        min(scene.picture.width, int(x2) + 1),
        min(scene.picture.height, int(y2) + 1),
    )
