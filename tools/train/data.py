"""Pictures and boxes for training: reading, cleaning labels, splitting by scene, augmenting.

Boxes are ``[N, 4]`` float32 (x0, y0, x1, y1) in pixels; class 9 means "ignore": no loss there, no false alarm there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

IGNORE = 9
PAD = 114
Boxes = NDArray[np.float32]


@dataclass(frozen=True)
class Sample:
    """One labelled picture. ``scene`` is filled by :func:`group_scenes`; samples of one scene look alike."""

    name: str
    picture: NDArray[np.uint8]
    boxes: Boxes
    classes: NDArray[np.int64]
    scene: int = -1


def read_yolo(folder: Path, keep: Sequence[int]) -> list[Sample]:
    """All pictures under ``folder/images`` with their YOLO text labels; classes outside ``keep`` are dropped."""
    samples = []
    for path in sorted((folder / "images").rglob("*.jpg")):
        picture = cv2.imread(str(path))
        if picture is None:
            continue
        label = folder / "labels" / path.relative_to(folder / "images").with_suffix(".txt")
        rows = [line.split() for line in label.read_text().splitlines() if line.strip()] if label.exists() else []
        table = np.array([[float(cell) for cell in row[:5]] for row in rows if int(row[0]) in keep], np.float32)
        table = table.reshape(-1, 5)
        height, width = picture.shape[:2]
        centre, half = table[:, 1:3], table[:, 3:5] / 2
        boxes = np.concatenate([centre - half, centre + half], 1) * np.array([width, height] * 2, np.float32)
        name = f"{folder.name}/{path.name}"
        samples.append(
            Sample(name, np.asarray(picture, np.uint8), boxes.astype(np.float32), table[:, 0].astype(np.int64))
        )
    return samples


def inside(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """``[N, M]`` share of each first box that lies in each second one."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    inter = np.prod(np.clip(high - low, 0, None), axis=2)
    area_first = np.prod(first[:, 2:] - first[:, :2], axis=1)
    return np.asarray(inter / np.maximum(area_first[:, None], 1e-6), np.float32)


def difference_hash(picture: NDArray[np.uint8], size: int = 16) -> NDArray[np.bool_]:
    """Flat boolean difference hash, ``size * size`` bits."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (size + 1, size), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.asarray((small[:, 1:] > small[:, :-1]).reshape(-1))


def group_scenes(samples: Sequence[Sample], max_share: float) -> list[Sample]:
    """Give the same scene number to pictures whose hashes differ in at most ``max_share`` of the bits, transitively."""
    hashes = np.stack([difference_hash(item.picture) for item in samples]).astype(np.float32)
    ones = hashes @ hashes.T
    counts = hashes.sum(1)
    distance = (counts[:, None] + counts[None] - 2 * ones) / hashes.shape[1]
    scene = np.arange(len(samples))
    for row in range(len(samples)):
        for other in np.nonzero(distance[row, :row] <= max_share)[0]:
            a, b = scene[row], scene[other]
            if a != b:
                scene[scene == max(a, b)] = min(a, b)
    return [replace(item, scene=int(number)) for item, number in zip(samples, scene, strict=True)]


def split_by_scene(samples: Sequence[Sample], share: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Whole scenes to one side only; about ``share`` of the pictures go to the second side."""
    rng = np.random.default_rng(seed)
    sizes: dict[int, int] = {}
    for item in samples:
        sizes[item.scene] = sizes.get(item.scene, 0) + 1
    held: set[int] = set()
    count = 0
    for scene in rng.permutation(sorted(sizes)):
        # A scene larger than what is still wanted stays in training: one camera must not be the whole test.
        if count + sizes[int(scene)] <= share * len(samples):
            held.add(int(scene))
            count += sizes[int(scene)]
    return [s for s in samples if s.scene not in held], [s for s in samples if s.scene in held]


def one_per_likeness(samples: Sequence[Sample], max_share: float = 0.06) -> list[Sample]:
    """Drop near-duplicates: of pictures closer than ``max_share`` the first one stays."""
    kept: list[Sample] = []
    hashes: list[NDArray[np.bool_]] = []
    for item in samples:
        own = difference_hash(item.picture)
        if all(np.mean(own != other) > max_share for other in hashes):
            kept.append(item)
            hashes.append(own)
    return kept


def _place(
    sample: Sample, width: int, height: int, scale: float, squeeze: float, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Boxes, NDArray[np.int64]]:
    """The picture scaled (its long side becomes ``scale`` times the region's), flipped at random, cropped or padded."""
    source_h, source_w = sample.picture.shape[:2]
    factor = scale * max(width, height) / max(source_h, source_w)
    factor_x, factor_y = factor * squeeze**0.5, factor / squeeze**0.5
    wide, tall = source_w * factor_x, source_h * factor_y
    shift_x = rng.uniform(min(0.0, width - wide), max(0.0, width - wide))
    shift_y = rng.uniform(min(0.0, height - tall), max(0.0, height - tall))
    boxes = sample.boxes * np.array([factor_x, factor_y] * 2, np.float32)
    matrix = np.array([[factor_x, 0, shift_x], [0, factor_y, shift_y]], np.float64)
    if rng.random() < 0.5:
        matrix[0] = [-factor_x, 0, wide + shift_x]
        boxes = np.stack([wide - boxes[:, 2], boxes[:, 1], wide - boxes[:, 0], boxes[:, 3]], 1)
    source = sample.picture
    if factor < 0.6:  # bilinear alone would alias
        small = cv2.resize(source, None, fx=factor * 1.2, fy=factor * 1.2, interpolation=cv2.INTER_AREA)
        matrix[:, :2] @= np.diag([source_w / small.shape[1], source_h / small.shape[0]])
        source = np.asarray(small, np.uint8)
    picture = cv2.warpAffine(source, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(PAD, PAD, PAD))
    boxes = boxes + np.array([shift_x, shift_y] * 2, np.float32)
    clipped = boxes.copy()
    clipped[:, 0::2] = clipped[:, 0::2].clip(0, width)
    clipped[:, 1::2] = clipped[:, 1::2].clip(0, height)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    sides = clipped[:, 2:] - clipped[:, :2]
    seen = np.prod(sides, axis=1) / np.maximum(area, 1e-6)
    classes = sample.classes.copy()
    classes[(seen < 0.35) | (sides.min(1, initial=1e9) < 5)] = IGNORE
    keep = (seen > 0.02) & (sides.min(1, initial=1e9) > 1)
    return np.asarray(picture, np.uint8), clipped[keep].astype(np.float32), classes[keep]


def _weather(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Colour, darkness, blur, noise and compression of a cheap camera."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(-6, 6)) % 180
    hsv[..., 1] *= rng.uniform(0.4, 1.5)
    hsv[..., 2] *= rng.uniform(0.65, 1.35)
    if rng.random() < 0.2:
        hsv[..., 2] = 255 * (hsv[..., 2].clip(0, 255) / 255) ** rng.uniform(1.3, 2.6)
    out = cv2.cvtColor(hsv.clip(0, 255).astype(np.uint8), cv2.COLOR_HSV2BGR)
    if rng.random() < 0.25:  # dusk, street lamps, a camera without white balance
        cast = np.array([rng.uniform(0.7, 1.2), 1.0, rng.uniform(0.85, 1.3)], np.float32)
        out = (out * cast).clip(0, 255).astype(np.uint8)
    height, width = out.shape[:2]
    if rng.random() < 0.2:
        shrink = rng.uniform(0.45, 0.85)
        small = cv2.resize(out, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        out = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.12:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.6, 1.6))
    if rng.random() < 0.12:
        noise = rng.normal(0, rng.uniform(3, 12), (height, width, 1)).astype(np.float32)
        out = (out.astype(np.float32) + noise).clip(0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        _, packed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 70))])
        unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        assert unpacked is not None  # what was packed a line ago
        out = unpacked
    return np.asarray(out, np.uint8)


@dataclass(frozen=True)
class Recipe:
    """How pictures are varied: log-uniform ranges of scale and of width against height."""

    scale: tuple[float, float] = (0.55, 1.9)
    squeeze: tuple[float, float] = (0.75, 1.35)
    mosaic_scale: tuple[float, float] = (0.6, 1.7)
    change: Callable[[Callable[[], Sample], np.random.Generator], Sample] | None = None
    """How a picture is taken out of the samples, where it is not as it lies there (pasted crowds)."""


def _log_uniform(bounds: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(bounds[0]), np.log(bounds[1]))))


def draw(
    pick: Callable[[], Sample], size: tuple[int, int], mosaic: bool, recipe: Recipe, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Boxes, NDArray[np.int64]]:
    """One training picture ``[height, width, 3]`` of that ``size`` (width, height), with boxes and classes."""
    width, height = size
    take = pick if recipe.change is None else lambda: recipe.change(pick, rng)  # type: ignore[misc]
    if not mosaic:
        scale, squeeze = _log_uniform(recipe.scale, rng), _log_uniform(recipe.squeeze, rng)
        picture, boxes, classes = _place(take(), width, height, scale, squeeze, rng)
        return _weather(picture, rng), boxes, classes
    canvas = np.empty((height, width, 3), np.uint8)
    mid_x, mid_y = (int(side * rng.uniform(0.35, 0.65)) for side in size)
    all_boxes, all_classes = [], []
    for x0, y0, x1, y1 in (
        (0, 0, mid_x, mid_y),
        (mid_x, 0, width, mid_y),
        (0, mid_y, mid_x, height),
        (mid_x, mid_y, width, height),
    ):
        scale, squeeze = _log_uniform(recipe.mosaic_scale, rng), _log_uniform(recipe.squeeze, rng)
        picture, boxes, classes = _place(take(), x1 - x0, y1 - y0, scale, squeeze, rng)
        canvas[y0:y1, x0:x1] = picture
        all_boxes.append(boxes + np.array([x0, y0, x0, y0], np.float32))
        all_classes.append(classes)
    return _weather(canvas, rng), np.concatenate(all_boxes), np.concatenate(all_classes)
