"""How well plates are found: recall on the gate's pictures and on pictures held back from training."""

from __future__ import annotations

import csv
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.plate.views import PlateViewMargins, cut_out
from models.detector import Detector
from models.plate_finder import PlateFinder
from tools.train.data import Sample, group_scenes, inside, one_per_likeness, read_yolo, split_by_scene
from tools.train.plate_sets import SHARED
from zones.boxes import iou

SOURCES = ("minhquang", "abbysgud", "chirag", "techkhid")
Pictures = list[tuple[NDArray[np.uint8], NDArray[np.float32]]]


def source_of(sample: Sample) -> str:
    """The set a picture of `train/plates` came from."""
    return sample.name.split("/", 1)[1].split("_", 1)[0]


def load() -> tuple[list[Sample], list[Sample]]:
    """Training pictures and held-back ones, look-alikes on one side only."""
    return split_by_scene(group_scenes(read_yolo(SHARED / "train" / "plates", [0]), 0.15), 0.1, seed=5)


def test_sets() -> list[tuple[str, Pictures]]:
    """Pictures with the boxes of their plates `[N, 4]`; the gate was never trained on."""
    folder = SHARED / "plates" / "motorbike_gate"
    gate: dict[str, list[list[float]]] = {}
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            x, y, w, h = (float(row[key]) for key in "xywh")
            gate.setdefault(row["file"], []).append([x, y, x + w, y + h])
    read = [(cv2.imread(str(folder / "images" / name)), np.array(boxes, np.float32)) for name, boxes in gate.items()]
    pictures = [(np.asarray(picture, np.uint8), boxes) for picture, boxes in read if picture is not None]
    sets: list[tuple[str, Pictures]] = [("motorbike_gate", pictures)]
    _, held = load()
    for source in SOURCES:
        own = one_per_likeness([item for item in held if source_of(item) == source])
        sets.append((f"held back, {source}", [(item.picture, item.boxes) for item in own]))
    return sets


def vehicle_crops(detector: Detector, least_px: float = 40.0) -> list[tuple[str, Pictures]]:
    """What the finder sees at run time: the held-back pictures cut to the vehicle that carries the plate.

    Two sets: plates at least `least_px` wide, and narrower ones.
    """
    wide: Pictures = []
    narrow: Pictures = []
    _, held = load()
    for sample in one_per_likeness(held):
        vehicles = detector.detect(sample.picture).boxes
        for box in sample.boxes:
            around = vehicles[inside(box[None], vehicles)[0] > 0.9] if len(vehicles) else vehicles
            if not len(around):
                continue
            vehicle = around[np.argmin(np.prod(around[:, 2:] - around[:, :2], axis=1))]
            crop, (left, top) = cut_out(sample.picture, vehicle, PlateViewMargins().vehicle_margin)
            own = np.array([box - np.array([left, top, left, top], np.float32)])
            (wide if box[2] - box[0] >= least_px else narrow).append((np.ascontiguousarray(crop), own))
    return [(f"vehicles, {least_px:.0f} px and wider", wide), ("vehicles, narrower", narrow)]


def recall_line(
    label: str, finder: PlateFinder, pictures: Sequence[tuple[NDArray[np.uint8], NDArray[np.float32]]]
) -> str:
    """Share of the plates found at IoU 0.5, whether the best box is one, and how many boxes are none."""
    wanted = hit = first = false = 0
    for picture, boxes in pictures:
        plates = finder.find(picture)
        table = iou(np.asarray(boxes, np.float32), np.array([p.box for p in plates], np.float32).reshape(-1, 4))
        wanted += len(boxes)
        hit += int((table.max(1, initial=0) >= 0.5).sum())
        first += bool(len(plates) and len(boxes) and table[:, 0].max() >= 0.5)
        false += int((table.max(0, initial=0) < 0.5).sum())
    return (
        f"{label:22s} {len(pictures):4d} pictures  recall at IoU 0.5 {hit / max(wanted, 1):.3f} ({hit} of {wanted})  "
        f"best box right {first / max(len(pictures), 1):.3f}  other boxes {false}"
    )
