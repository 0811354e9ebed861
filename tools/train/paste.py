"""Copy and paste: vehicles and people of one picture put into the traffic of another.

Few pictures make many crowds, and people on foot, of whom the pictures show few near the camera, are learnt to be none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.train.data import IGNORE, Boxes, Sample, inside
from tools.train.vehicles import PERSON
from zones.boxes import iou

_LEAST_PX = 22.0
_HIDDEN = 0.65
"""A vehicle of which so much is covered by pasted ones is neither missed nor false any more."""
_SIDES = {2: {1: 1.8, 3: 1.0}, 3: {1: 1.6, 2: 1.0}}
"""A bus stands beside a car too, so many times as tall; so do trucks. Of these the pictures show few."""
_PAINTED = (1, 2, 3)
"""Cars, buses and trucks come in any colour; a pasted one changes its own in half of the cases."""
_TOO_NEAR = 0.55
_BESIDE = 0.5
_LEAST_SEEN = 0.25
"""Of a pasted person at least so much must lie in the picture."""
_PERSON_SPREAD = 0.25
"""Spread of the log of a pasted person's height about that of the vehicle beside which he stands."""


def crowded(
    sample: Sample, donor: Sample, most: int, rng: np.random.Generator, kinds: Sequence[int] = (0, 1, 2, 3, 4)
) -> Sample:
    """`sample` with up to `most` of the donor's whole vehicles beside its own ones, nearer ones over farther ones.

    Only vehicles of these `kinds` are taken. A pasted vehicle takes the size of the one beside which it is put, so that
    the view stays believable; the edge of its cut fades out. Without a vehicle to stand beside, nothing is pasted.
    """
    picture, boxes, classes = sample.picture.copy(), sample.boxes, sample.classes
    wanted = [row for row in _whole(donor) if donor.classes[row] in kinds]
    for row in rng.permutation(np.array(wanted, np.int64))[:most]:
        near = _SIDES.get(int(donor.classes[row]), {})
        fits = np.isin(sample.classes, [donor.classes[row], *near]) & (_sides(sample.boxes).min(1) >= _LEAST_PX / 2)
        beside = np.flatnonzero(fits)
        if not len(beside):
            continue
        chosen = int(rng.choice(beside))
        taller = near.get(int(sample.classes[chosen]), 1.0)
        place = _place_beside(sample.boxes[chosen], donor.boxes[row], rng, taller)
        shape = picture.shape
        if place[0] < 0 or place[1] < 0 or place[2] >= shape[1] or place[3] >= shape[0]:
            continue
        if len(boxes) and iou(place[None], boxes).max() > _TOO_NEAR:
            continue
        x0, y0, x1, y1 = (round(float(v)) for v in donor.boxes[row])
        cut = donor.picture[max(0, y0) : y1, max(0, x0) : x1]
        if donor.classes[row] in _PAINTED and rng.random() < 0.5:
            cut = _repainted(cut, rng)
        _paste(picture, cut, place, rng)
        covered = inside(boxes, place[None])[:, 0] > _HIDDEN
        classes = np.where(covered, IGNORE, classes)
        boxes = np.concatenate([boxes, place[None]])
        classes = np.append(classes, donor.classes[row])
    return replace(sample, picture=picture, boxes=boxes.astype(np.float32), classes=classes)


def with_people(sample: Sample, people: Sequence[NDArray[np.uint8]], most: int, rng: np.random.Generator) -> Sample:
    """`sample` with up to `most` of these cut-outs of people on foot: beside its vehicles, or anywhere and near the
    camera, where the picture's edge cuts them off as it does those who pass below it."""
    picture, boxes, classes = sample.picture.copy(), sample.boxes, sample.classes
    standing = np.flatnonzero(np.isin(sample.classes, (0, 1)) & (_sides(sample.boxes).min(1, initial=1e9) >= 12))
    if not people:
        return sample
    limits = np.array([picture.shape[1], picture.shape[0]] * 2, np.float32)
    for _ in range(int(rng.integers(1, most + 1))):
        own = people[int(rng.integers(len(people)))]
        shape = np.array([0, 0, own.shape[1], own.shape[0]], np.float32)
        if len(standing) and rng.random() < _BESIDE:
            row = int(rng.choice(standing))
            tall = 1.05 if sample.classes[row] == 0 else 1.15  # of a rider on his motorcycle, of a car
            place = _place_beside(sample.boxes[row], shape, rng, tall * float(np.exp(rng.normal(0, _PERSON_SPREAD))))
        else:
            place = _place_near(shape, picture.shape[:2], rng)
        seen = place.clip(0, limits)
        if (_sides(seen[None]) < 8).any() or np.prod(_sides(seen[None])) < _LEAST_SEEN * np.prod(_sides(place[None])):
            continue
        _paste(picture, own, place, rng)
        classes = np.append(np.where(inside(boxes, seen[None])[:, 0] > _HIDDEN, IGNORE, classes), PERSON)
        boxes = np.concatenate([boxes, seen[None]])
    return replace(sample, picture=picture, boxes=boxes.astype(np.float32), classes=classes)


def _whole(donor: Sample) -> NDArray[np.int64]:
    """Vehicles large enough and not hidden by others."""
    if not len(donor.boxes):
        return np.zeros(0, np.int64)
    overlap = iou(donor.boxes, donor.boxes) - np.eye(len(donor.boxes), dtype=np.float32)
    good = (donor.classes != IGNORE) & (_sides(donor.boxes).min(1) >= _LEAST_PX) & (overlap.max(1) < 0.08)
    return np.flatnonzero(good)


def holding(samples: Sequence[Sample], kind: int) -> list[Sample]:
    """Those with a vehicle of that kind that can be pasted elsewhere."""
    return [item for item in samples if (item.classes[_whole(item)] == kind).any()]


def _repainted(cut: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    hsv = cv2.cvtColor(cut, cv2.COLOR_BGR2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + int(rng.integers(180))) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), np.uint8)


def _sides(boxes: Boxes) -> Boxes:
    return np.asarray(boxes[:, 2:] - boxes[:, :2], np.float32)


def _place_beside(near: Boxes, own: Boxes, rng: np.random.Generator, taller: float = 1.0) -> Boxes:
    """On the same ground as `near`, to its left or right, as tall as it is, somewhat nearer or farther."""
    wide, tall = near[2:] - near[:2]
    height = taller * tall * np.exp(rng.normal(0, 0.12))
    width = height * (own[2] - own[0]) / (own[3] - own[1])
    side = rng.choice([-1, 1]) * rng.uniform(0.45, 1.3) * (wide + width) / 2
    middle, foot = (near[0] + near[2]) / 2 + side, near[3] + rng.uniform(-0.3, 0.3) * tall
    return np.array([middle - width / 2, foot - height, middle + width / 2, foot], np.float32)


def _place_near(own: Boxes, size: tuple[int, int], rng: np.random.Generator) -> Boxes:
    """Anywhere in a picture of `size` (height, width), a tenth to two thirds as tall as it, feet perhaps below it."""
    tall = size[0] * float(np.exp(rng.uniform(np.log(0.12), np.log(0.65))))
    tall = min(tall, 3.0 * own[3])  # a small cut-out does not become a large person
    wide = tall * own[2] / own[3]
    middle, foot = rng.uniform(0, size[1]), rng.uniform(0.35, 1.0) * size[0] + rng.uniform(0, 0.6) * tall
    return np.array([middle - wide / 2, foot - tall, middle + wide / 2, foot], np.float32)


def _paste(picture: NDArray[np.uint8], cut: NDArray[np.uint8], place: Boxes, rng: np.random.Generator) -> None:
    left, top, right, bottom = (round(float(v)) for v in place)
    width, height = right - left, bottom - top
    if min(cut.shape[:2]) < 4 or min(width, height) < 4:
        return
    method = cv2.INTER_AREA if cut.shape[0] > height else cv2.INTER_LINEAR
    cut = cv2.resize(cut, (width, height), interpolation=method).astype(np.float32)
    if rng.random() < 0.5:
        cut = cut[:, ::-1]
    ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    edge = ((np.abs(xs) ** 4 + np.abs(ys) ** 4 - 0.8) / 0.5).clip(0, 1)[..., None]
    x0, y0 = max(0, -left), max(0, -top)  # what hangs over the picture's edge is cut off
    x1, y1 = width - max(0, right - picture.shape[1]), height - max(0, bottom - picture.shape[0])
    cut, edge = cut[y0:y1, x0:x1], edge[y0:y1, x0:x1]
    place_in = np.s_[top + y0 : top + y1, left + x0 : left + x1]
    under = picture[place_in].astype(np.float32)
    light = (under.mean() + 20) / (cut.mean() + 20)
    cut = cut * np.clip(light, 0.6, 1.5)
    picture[place_in] = (cut * (1 - edge) + under * edge).clip(0, 255).astype(np.uint8)
