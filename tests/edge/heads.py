"""Drawn signal heads of every bad kind: lamps, sun, lorries, haze, grey pictures, cameras that moved."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from edge.types import Image
from zones.schema import SignalHead

LENSES = {"red": (20, 10, 50, 40), "yellow": (20, 44, 50, 74), "green": (20, 78, 50, 108)}
LIT = {"red": (40, 40, 250), "yellow": (40, 220, 250), "green": (190, 235, 30)}
HEAD = SignalHead.model_validate({"id": "h", "lamps": [{"colour": c, "box": box} for c, box in LENSES.items()]})
_SIZE = (130, 80)


def drawn(
    *lit: str, background: float = 70, noise: float = 4, haze: float = 0.0, unlit: float = 40, seed: int = 1,
    glare: tuple[tuple[int, int], int, tuple[int, int, int]] | None = None, white_core: bool = False,
    arrow: bool = False, grey: str = "", moved: int = 0, digits: tuple[str, str, int] | None = None,
    dirt: tuple[int, int] | None = None,
) -> Image:  # fmt: skip
    """`[130, 80, 3]`: the head `HEAD`. `glare`: middle, radius and BGR of another light; `haze` 0..1 of white over all;
    `moved`: pixels down; `digits`: text, colour and foot of a countdown; `dirt`: on the pane before it."""
    image = np.full((*_SIZE, 3), background, np.float32)
    cv2.rectangle(image, (14, 4), (56, 114), (25.0,) * 3, -1)
    for colour, (x1, y1, x2, y2) in LENSES.items():
        x, y = (x1 + x2) // 2, (y1 + y2) // 2
        if colour in lit and arrow:
            cv2.arrowedLine(image, (x + 9, y), (x - 9, y), tuple(map(float, LIT[colour])), 4, tipLength=0.5)
        elif colour in lit:
            cv2.circle(image, (x, y), 12, tuple(map(float, LIT[colour])), -1)
            if white_core:
                cv2.circle(image, (x, y), 9, (255.0,) * 3, -1)
        else:
            glass = np.array(LIT[colour]) / 255 * unlit * 0.4 + unlit * 0.5
            cv2.circle(image, (x, y), 12, tuple(map(float, glass)), -1)
    if digits is not None:
        image = image.clip(0, 255).astype(np.uint8)
        cv2.putText(image, digits[0], (25, digits[2]), 0, 0.9, tuple(map(float, LIT[digits[1]])), 3)
        image = image.astype(np.float32)
    if glare is not None:
        cv2.circle(image, glare[0], glare[1], tuple(map(float, glare[2])), -1)
    image = cv2.GaussianBlur(image, (0, 0), 1.2)
    image = image * (1 - haze) + 255 * haze
    if dirt is not None:
        cv2.circle(image, dirt, 14, (90.0, 95.0, 100.0), -1)
        image = cv2.GaussianBlur(image, (0, 0), 2)
    if grey:
        image[:] = image.mean(axis=2, keepdims=True) if grey == "mean" else image.max(axis=2, keepdims=True)
    if moved:
        shift = np.array([[1, 0, 0], [0, 1, moved]], np.float32)
        image = cv2.warpAffine(image, shift, (_SIZE[1], _SIZE[0]), borderMode=cv2.BORDER_REPLICATE)
    image = image + np.random.default_rng(seed).normal(0, noise, image.shape)
    return image.clip(0, 255).astype(np.uint8)


def flat(colour: Sequence[int], *, upper: Sequence[int] | None = None) -> Image:
    """The side of a vehicle over the whole head, with another colour over its upper third."""
    image = np.full((*_SIZE, 3), colour, np.uint8)
    if upper is not None:
        image[:42] = upper
    return image
