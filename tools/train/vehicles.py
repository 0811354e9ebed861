"""The vehicle pictures: read, relabelled with the help of the base model, grouped by scene, split.

Two faults of the Vietnamese set are repaired as far as the base model allows: a motorcycle box that cuts off its rider
is raised to the top of the person found on it, and vehicles that the base model sees but nobody boxed become "ignore".
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detector import Detections, Detector, decode, letterbox
from models.runtime import open_session
from tools.train.cameras import listed
from tools.train.data import IGNORE, Boxes, Sample, group_scenes, inside, read_yolo, split_by_scene
from zones.boxes import iou

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
BASE = SHARED / "weights" / "yolox_nano.onnx"
COCO_PERSON = 0
COCO_ROWS = [3, 2, 5, 7, 1]  # motorcycle, car, bus, truck, bicycle
PERSON = 5
"""Learnt beside the vehicles so that people on foot are not taken for riders; the detector never reports them."""
_PERSON_SOURCES = ("nepal", "highway")
CHECKS = Path(__file__).with_name("vehicle_checks.csv")
HEAVY = Path(__file__).with_name("plate_vehicles.csv")
HEAVY_KINDS = {"bus": 2, "truck": 3}
"""Which other cameras' pictures show in more shapes than those that are labelled."""
SCENE_BITS = 0.22  # share of differing hash bits up to which two pictures count as one scene
_WEIGHT = {"vehicles_vn_lanes": 1.6, "nepal": 1.1, "rf100": 0.6, "highway": 0.4, "drawn": 1.2}
_SURE = {0: 0.4, 1: 0.5, 2: 0.5, 3: 0.5}
"""By class: the lower of two networks' scores from which their common find counts as a label."""
_MOVED = (0.45, 0.62)
"""A motorcycle's label that overlaps the common find so much, and no more, is the same vehicle, badly outlined."""
_RARE, _RARE_FACTOR = (2, 4), 1.5  # buses and bicycles
_DRAWN_HELD = 3
"""Of the drawn runs so many, the last, are kept for testing."""


@dataclass(frozen=True)
class Split:
    train: list[Sample]
    held: list[Sample]
    drawn: list[Sample]
    """Drawn pictures of runs that training does not see."""


def source_of(sample: Sample) -> str:
    """The set a picture came from."""
    folder, name = sample.name.split("/", 1)
    return folder if folder == "vehicles_vn_lanes" else name.split("_", 1)[0]


def sampling_weights(samples: list[Sample]) -> np.ndarray:
    """More of the Vietnamese and Nepali streets, of buses and bicycles; less of large scenes of look-alikes."""
    sizes: dict[int, int] = {}
    for item in samples:
        sizes[item.scene] = sizes.get(item.scene, 0) + 1
    rare = [_RARE_FACTOR if np.isin(item.classes, _RARE).any() else 1.0 for item in samples]
    shares = [_WEIGHT[source_of(item)] / max(1.0, sizes[item.scene] / 40) ** 0.5 for item in samples]
    weights: np.ndarray = np.array(rare) * np.array(shares)
    return weights


class BaseModel:
    """The COCO network on every class it knows, for relabelling only."""

    def __init__(self, graph: Path, long_side: int) -> None:
        self._session = open_session(graph, threads=2)
        self._long_side = long_side

    def detect(self, sample: Sample, min_score: float) -> tuple[Boxes, np.ndarray, np.ndarray]:
        picture, scale = letterbox(sample.picture, self._long_side)
        raw = self._session.run(None, {"images": picture})[0][0]
        table = decode(raw, picture.shape[2], picture.shape[3])
        products = table[:, 4:5] * table[:, 5:]
        scores, classes = products.max(1), products.argmax(1)
        strong = np.nonzero(scores >= min_score)[0]
        strong = strong[np.argsort(-scores[strong])]
        kept: list[int] = []
        for index in strong:
            rivals = [other for other in kept if classes[other] == classes[index]]
            if not rivals or iou(table[index : index + 1, :4], table[rivals, :4]).max() < 0.6:
                kept.append(int(index))
        return table[kept, :4] / np.float32(scale), scores[kept], classes[kept]


def repair(sample: Sample, base: BaseModel) -> Sample:
    """Raise motorcycle boxes over their riders, ignore what the base model sees and nobody labelled."""
    found, scores, kinds = base.detect(sample, 0.3)
    boxes, classes = sample.boxes.copy(), sample.classes.copy()
    people = found[(kinds == COCO_PERSON) & (scores >= 0.35)]
    for row in np.nonzero(classes == 0)[0]:
        x0, y0, x1, y1 = boxes[row]
        for px0, py0, px1, py1 in people:
            across = (min(x1, px1) - max(x0, px0)) / max(1.0, px1 - px0)
            sits = py1 > y0 + 0.15 * (y1 - y0) and py1 < y1 + 0.05 * (y1 - y0)
            if across > 0.7 and sits and py0 < y0 and y0 - py0 < 0.9 * (y1 - y0) and px1 - px0 < 1.4 * (x1 - x0):
                boxes[row, 1] = py0
    vehicles = found[np.isin(kinds, COCO_ROWS) & (scores >= 0.35)]
    if len(vehicles):
        known = (iou(vehicles, boxes).max(1, initial=0) > 0.25) | (inside(vehicles, boxes).max(1, initial=0) > 0.6)
        covers = inside(boxes, vehicles).max(0, initial=0) > 0.8
        extra = vehicles[~known & ~covers]
        boxes = np.concatenate([boxes, extra])
        classes = np.concatenate([classes, np.full(len(extra), IGNORE, np.int64)])
    return replace(sample, boxes=boxes.astype(np.float32), classes=classes)


def masked(samples: list[Sample], detector: Detector, least: float = 0.4) -> list[Sample]:
    """Training pictures in which what `detector` sees and nobody labelled is neither rewarded nor punished.

    A network trained on these labels sees more than the COCO network that :func:`repair` asks.
    """
    done = []
    for sample in samples:
        seen = detector.detect(sample.picture)
        boxes = seen.boxes[seen.scores >= least]
        known = (iou(boxes, sample.boxes).max(1, initial=0) > 0.3) | (
            inside(boxes, sample.boxes).max(1, initial=0) > 0.6
        )
        extra = boxes[~known]
        done.append(
            replace(
                sample,
                boxes=np.concatenate([sample.boxes, extra]).astype(np.float32),
                classes=np.concatenate([sample.classes, np.full(len(extra), IGNORE, np.int64)]),
            )
        )
    return done


def agreed(samples: list[Sample], first: Detector, second: Detector) -> list[Sample]:
    """Training pictures with what two trained networks both see: vehicles nobody labelled, and better outlines.

    Where both name the same kind at nearly the same place, and surely (`_SURE`; looks at samples set these bounds),
    a vehicle without a label gets one, on Vietnamese roads and the toll road; in the Nepali streets both take
    three-wheelers and tractors for vehicles, so there nothing is added. A Vietnamese motorcycle's label that fits
    their common outline badly takes that: such labels are mostly cut at the rider or moved aside.
    """
    return [_agreed(item, _common(first.detect(item.picture), second.detect(item.picture))) for item in samples]


def _common(seen: Detections, other: Detections) -> tuple[Boxes, NDArray[np.int64]]:
    """Boxes halfway between those of two networks, and kinds, where the two agree."""
    boxes: list[NDArray[Any]] = [np.zeros((0, 4), np.float32)]
    kinds: list[int] = []
    overlaps = iou(seen.boxes, other.boxes)
    for row in range(len(seen) if len(other) else 0):
        near = int(overlaps[row].argmax())
        kind, score = int(seen.classes[row]), float(min(seen.scores[row], other.scores[near]))
        if overlaps[row, near] > 0.6 and kind == other.classes[near] and score >= _SURE.get(kind, 2.0):
            boxes.append((seen.boxes[row : row + 1] + other.boxes[near : near + 1]) / 2)
            kinds.append(kind)
    return np.concatenate(boxes).astype(np.float32), np.array(kinds, np.int64)


def _agreed(sample: Sample, common: tuple[Boxes, NDArray[np.int64]]) -> Sample:
    source = source_of(sample)
    boxes, classes = sample.boxes.copy(), sample.classes.copy()
    labelled = np.flatnonzero(classes != IGNORE)
    new, kinds = common
    if source not in ("vehicles_vn_lanes", "rf100") or not len(new):
        return sample
    overlaps = iou(new, boxes[labelled])
    if source == "vehicles_vn_lanes" and len(labelled):
        for at, row in enumerate(labelled):
            best = int(overlaps[:, at].argmax())
            if classes[row] == 0 == kinds[best] and _MOVED[0] <= overlaps[best, at] < _MOVED[1]:
                boxes[row] = new[best]
    unknown = (overlaps.max(1, initial=0) <= 0.3) & (inside(new, boxes[labelled]).max(1, initial=0) <= 0.6)
    # what was "neither right nor wrong" there gives way to the label
    gone = (classes == IGNORE) & (iou(boxes, new[unknown]).max(1, initial=0) > 0.5)
    boxes = np.concatenate([boxes[~gone], new[unknown]])
    return replace(sample, boxes=boxes.astype(np.float32), classes=np.concatenate([classes[~gone], kinds[unknown]]))


def with_walkers(samples: list[Sample], base: BaseModel) -> list[Sample]:
    """People on foot as a class of their own, where the base model is sure of one and nothing on two wheels is near.

    Only in the Nepali streets and on the highway: of those found so there a sample was looked at, and nearly all are
    on foot (a few are mirrors of buses or sit on a vehicle). In a sample of the Vietnamese roads many ride motorcycles
    that nobody labelled, so there, and where the outline does not fit a person standing, they are neither rewarded nor
    punished.
    """
    done = []
    for sample in samples:
        if source_of(sample) == "drawn":
            done.append(sample)
            continue
        found, scores, kinds = base.detect(sample, 0.04)
        two_wheels = np.concatenate([sample.boxes[np.isin(sample.classes, (0, 4))], found[np.isin(kinds, (1, 3))]])
        boxes, classes = [sample.boxes], [sample.classes]
        for box in found[(kinds == COCO_PERSON) & (scores >= 0.3)]:
            wide, tall = box[2:] - box[:2]
            seat = np.array([[box[0], box[1] + 0.5 * tall, box[2], box[3] + 0.15 * tall]], np.float32)
            near = max(inside(seat, two_wheels).max(initial=0), inside(two_wheels, box[None]).max(initial=0))
            aboard = inside(box[None], sample.boxes).max(initial=0) > 0.6
            if near >= 0.1 or aboard or tall < 16:
                continue
            walks = source_of(sample) in _PERSON_SOURCES and tall >= 1.9 * wide
            boxes.append(box[None])
            classes.append(np.array([PERSON if walks else IGNORE]))
        done.append(replace(sample, boxes=np.concatenate(boxes).astype(np.float32), classes=np.concatenate(classes)))
    return done


def people(samples: list[Sample], least_px: float = 48.0) -> list[NDArray[np.uint8]]:
    """Cut-outs of the people on foot that :func:`with_walkers` found, one at a time, near enough to see them well."""
    cuts = []
    for sample in samples:
        walkers = sample.boxes[sample.classes == PERSON]
        for row, box in enumerate(walkers):
            others = np.delete(walkers, row, 0)
            x0, y0, x1, y1 = (max(0, round(float(v))) for v in box)
            if y1 - y0 >= least_px and inside(others, box[None]).max(initial=0) < 0.3:
                cuts.append(sample.picture[y0:y1, x0:x1])
    return cuts


def heavy_vehicles() -> list[Sample]:
    """Buses and trucks near the camera, mostly Vietnamese, out of the pictures with labelled plates; one a sample.

    The COCO network proposed the boxes, a look chose them (`plate_vehicles.csv`). Nothing else in those pictures is
    labelled, so they are only good for cutting these out.
    """
    folder = SHARED / "train" / "plates" / "images"
    samples = []
    with HEAVY.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            picture = cv2.imread(str(folder / row["picture"]))
            if picture is not None:
                box = np.array([[float(row[key]) for key in ("x0", "y0", "x1", "y1")]], np.float32)
                kind = np.array([HEAVY_KINDS[row["kind"]]], np.int64)
                samples.append(Sample(f"plates/{row['picture']}", np.asarray(picture, np.uint8), box, kind))
    return samples


def load_split(dynamic_base: Path, drawn: Path | None = None) -> Split:
    """All vehicle pictures, repaired, split by camera; the same every time. `drawn`: out of `tools.train.drawn`.

    Scenes are drawn by likeness of whole pictures first, which takes other traffic before the same camera for another
    scene; those whose camera stays in training go back to it. So no picture held back has ever been of a camera that
    training knew, not even before cameras were told apart.
    """
    keep = (0, 1, 2, 3, 4, IGNORE)
    streets = read_yolo(SHARED / "train" / "vehicles_vn_lanes", keep)
    mixed = read_yolo(SHARED / "train" / "vehicles_cc_by", keep)
    base = BaseModel(dynamic_base, 512)
    streets, mixed = [repair(item, base) for item in streets], [repair(item, base) for item in mixed]
    samples = group_scenes(streets + mixed, SCENE_BITS)
    train, held = [], []
    for name in ("vehicles_vn_lanes", "nepal", "rf100", "highway"):
        first, second = split_by_scene([item for item in samples if source_of(item) == name], 0.12, seed=3)
        train += first
        held += second
    unseen = of_unseen_cameras(held, train)
    names = {item.name for item in unseen}
    train += checked([item for item in held if item.name not in names])
    ours = read_yolo(drawn, keep) if drawn else []
    runs = sorted({_run(item) for item in ours})
    test = set(runs[-_DRAWN_HELD:])
    # every run a scene of its own, so that none of them outweighs the labelled streets
    numbered = [replace(item, scene=1_000_000 + runs.index(_run(item))) for item in ours]
    train += [item for item in numbered if _run(item) not in test]
    return Split(train, unseen, [item for item in numbered if _run(item) in test])


def of_unseen_cameras(held: Sequence[Sample], train: Sequence[Sample]) -> list[Sample]:
    """Those of the pictures held back whose camera gave no picture to training (`cameras.py`).

    Of pictures nobody gave a camera none is counted.
    """
    camera = listed()
    seen = {camera[item.name] for item in train if item.name in camera}
    return [item for item in held if item.name in camera and camera[item.name] not in seen]


def checked(samples: list[Sample]) -> list[Sample]:
    """The test pictures as a look corrected them (`vehicle_checks.csv`), where detectors and labels disagreed.

    On cameras never trained on each box that fits no label, of both sizes and of the COCO network from a score of 0.12,
    was looked at. unlabelled: a vehicle that nobody boxed, or a blur that may be one. cut: its label covers half of it.
    Both are then neither missed nor false. none: there is no such vehicle; the label goes.
    """
    with CHECKS.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    verdicts: dict[str, list[tuple[Boxes, str]]] = {}
    for row in rows:
        box = np.array([[float(row[key]) for key in ("x0", "y0", "x1", "y1")]], np.float32)
        verdicts.setdefault(row["picture"], []).append((box, row["verdict"]))
    return [_with_verdicts(item, verdicts.get(item.name, [])) for item in samples]


def _with_verdicts(sample: Sample, verdicts: list[tuple[Boxes, str]]) -> Sample:
    boxes, classes = sample.boxes.copy(), sample.classes.copy()
    for box, verdict in verdicts:
        near = int(np.argmax(iou(box, boxes)[0])) if len(boxes) else -1
        if verdict == "unlabelled":
            boxes = np.concatenate([boxes, box])
            classes = np.append(classes, IGNORE)
        elif verdict == "cut" and near >= 0:
            boxes[near] = np.concatenate(
                [np.minimum(boxes[near, :2], box[0, :2]), np.maximum(boxes[near, 2:], box[0, 2:])]
            )
            classes[near] = IGNORE
        elif verdict == "none":
            kept = np.abs(boxes - box).max(1) > 1.0
            boxes, classes = boxes[kept], classes[kept]
    return replace(sample, boxes=boxes, classes=classes)


def _run(sample: Sample) -> str:
    """Drawn pictures are called drawn_RUN_MOMENT."""
    return sample.name.split("/", 1)[1].split("_")[1]
