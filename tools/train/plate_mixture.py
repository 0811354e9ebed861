"""What the plate reader is trained on: drawn, real and spliced plates without end, never twice the same picture."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import IterableDataset

from models.plate_corners import load_corner_finder
from models.slot_reader import ALPHABET, prepared
from tools.train.plate_drawing import Drawn, draw_plate, recoloured, spoil, wear
from tools.train.plate_glyphs import Glyphs
from tools.train.plate_network import BREAKS, HEIGHT, PAD, PLACES, WIDTH
from tools.train.plate_sets import LabelledPlate
from tools.train.plate_splice import halves, splice

Picture = NDArray[np.uint8]
IGNORED = -100
WIDE_MARGIN = 0.25
"""So much around a plate is read from its picture, so that cuts of many kinds have real surroundings."""
_MARGINS = (-0.03, 0.17)
_MARGINS_OF_CROPS = (-0.04, 0.07)
_RECOLOURED = 0.07
_POOL = 6000
_AFRESH = 0.45
"""Share of the drawn plates that are drawn anew; the others come out of the last so many, moved and spoiled again."""


def prepare(image: Picture) -> NDArray[np.float32]:
    """BGR crop to `[3, 64, 144]`, as at run time."""
    return prepared(image, (WIDTH, HEIGHT))


def target_of(text: str, upper: int) -> tuple[list[int], int]:
    codes = [ALPHABET.index(c) for c in text[:PLACES]]
    return codes + [PAD] * (PLACES - len(codes)), upper if 0 <= upper < BREAKS else IGNORED


def recut_at_random(plate: LabelledPlate, rng: np.random.Generator) -> NDArray[np.float32]:
    """A real plate cut anew: another margin on each side, turned, sheared, seen from elsewhere."""
    height, width = plate.image.shape[:2]
    x0, y0, x1, y1 = plate.box or (0.0, 0.0, float(width), float(height))
    wide, tall = x1 - x0, y1 - y0
    left, top, right, bottom = rng.uniform(*(_MARGINS if plate.box else _MARGINS_OF_CROPS), 4)
    source = np.array([[x0 - left * wide, y0 - top * tall], [x1 + right * wide, y0 - top * tall],
                       [x1 + right * wide, y1 + bottom * tall], [x0 - left * wide, y1 + bottom * tall]])  # fmt: skip
    aslant = 2.2 if rng.random() < 0.15 else 1.0
    angle, shear = np.radians(rng.normal(0, 3.5 * aslant)), rng.normal(0, 0.05 * aslant)
    spin = np.array([[np.cos(angle), -np.sin(angle) + shear], [np.sin(angle), np.cos(angle)]])
    source = (source - source.mean(0)) @ spin.T * rng.uniform(0.97, 1.06) + source.mean(0)
    source = source + rng.normal(0, 0.015, (4, 2)) * [wide, tall]
    out_w, out_h = max(16, round(wide * (1 + left + right))), max(12, round(tall * (1 + top + bottom)))
    goal = np.array([[0, 0], [out_w, 0], [out_w, out_h], [0, out_h]], np.float32)
    matrix = cv2.getPerspectiveTransform(source.astype(np.float32), goal)
    moved = cv2.warpPerspective(
        plate.image, matrix, (out_w, out_h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.float32)


def jitter(plate: LabelledPlate, rng: np.random.Generator) -> Picture:
    """A real plate as another camera might have seen it on another day."""
    moved = recut_at_random(plate, rng)
    if plate.colour in ("", "white") and rng.random() < _RECOLOURED:
        moved = recoloured(moved, rng)
    if rng.random() < 0.3:
        moved = wear(moved, rng)
    if rng.random() < 0.12:  # infrared
        moved = np.repeat(moved @ np.array([[0.114], [0.587], [0.299]], np.float32), 3, axis=2)
    if rng.random() < 0.85:
        return spoil(moved, rng, 44 if plate.upper == 0 else 26)
    return moved.clip(0, 255).astype(np.uint8)


def _odds(plate: LabelledPlate) -> float:
    """Most of the labelled plates are white ones of motorcycles; the others are shown more often."""
    return 2.5 if plate.upper == 0 or plate.colour in ("yellow", "blue", "red") or "#" in plate.name else 1.0


class Mixture(IterableDataset):  # type: ignore[type-arg]
    """Without end: picture `[3, 64, 144]`, codes `[10]`, length of the upper line.

    Of the real ones `spliced_share` are put together from two: there are few, and each text alone would be learnt by
    heart.
    """

    def __init__(
        self, train: list[LabelledPlate], glyphs: Glyphs, real_share: float, spliced_share: float, seed: int
    ) -> None:  # fmt: skip
        self.train, self.glyphs = train, glyphs
        self.real_share, self.spliced_share, self.seed = real_share, spliced_share, seed
        odds = np.array([_odds(plate) for plate in train])
        self.odds = odds / max(odds.sum(), 1e-9)
        self.halves = halves(train, load_corner_finder(threads=1)) if spliced_share else []

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, int]]:
        cv2.setNumThreads(1)
        rng = np.random.default_rng(self.seed)
        pool: list[Drawn] = []
        while True:
            if rng.random() < self.real_share:
                if self.halves and rng.random() < self.spliced_share:
                    item = splice(self.halves, rng)
                else:
                    item = self.train[int(rng.choice(len(self.train), p=self.odds))]
                image, text, upper = jitter(item, rng), item.text, item.upper
            else:
                image, text, upper = self._drawn(pool, rng)
            codes, where = target_of(text, upper)
            yield torch.from_numpy(prepare(image)), torch.tensor(codes), where

    def _drawn(self, pool: list[Drawn], rng: np.random.Generator) -> tuple[Picture, str, int]:
        if len(pool) < 200 or rng.random() < _AFRESH:
            drawn = draw_plate(rng, self.glyphs)
            if len(pool) < _POOL:
                pool.append(drawn)
            else:
                pool[int(rng.integers(_POOL))] = drawn
            return drawn.image, drawn.text, drawn.upper
        drawn = pool[int(rng.integers(len(pool)))]
        again = recut_at_random(LabelledPlate("drawn", drawn.image, drawn.text, drawn.upper), rng)
        light = np.exp(rng.normal(0, 0.15)) * again + rng.normal(0, 8) + rng.normal(0, rng.uniform(0, 6), again.shape)
        return light.clip(0, 255).astype(np.uint8), drawn.text, drawn.upper
