"""How well vehicles are found: AP50 on held-back scenes, and vehicles marked by eye in clips never trained on."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from models.detector import VEHICLE_CLASSES, Detections, Detector, YoloxDetector, decode, letterbox, suppress
from tools.train.data import IGNORE, Sample
from tools.train.vehicles import COCO_ROWS
from zones.boxes import iou

CLIP_BOXES = Path(__file__).with_name("clip_boxes.json")
FOUND_IOU = 0.35  # the boxes of the clips are rough, +-8 px
COLOURS = ((0, 200, 255), (0, 255, 0), (255, 80, 0), (255, 0, 255), (255, 255, 0))


class CocoPeer(YoloxDetector):
    """The untouched COCO network, its five vehicle classes renamed to ours."""

    def detect(self, frame_bgr: np.ndarray) -> Detections:
        picture, scale = letterbox(frame_bgr, self.margins.long_side)
        raw = self._session.run(None, {self._input: picture})[0][0]
        table = decode(raw, picture.shape[2], picture.shape[3])
        products = table[:, 4:5] * table[:, 5:][:, COCO_ROWS]
        scores, classes = products.max(1).astype(np.float32), products.argmax(1).astype(np.int64)
        boxes = table[:, :4] / np.float32(scale)
        kept = suppress(boxes, scores, classes, self.margins)
        return Detections(boxes[kept], scores[kept], classes[kept])


def average_precision(detector: Detector, samples: Sequence[Sample]) -> dict[str, tuple[float, int]]:
    """AP50 and number of boxes per class, by pycocotools; areas marked "ignore" are neither missed nor false."""
    truth: list[dict[str, object]] = []
    found: list[dict[str, object]] = []
    for number, sample in enumerate(samples, 1):
        for box, kind in zip(sample.boxes, sample.classes, strict=True):
            for category in range(len(VEHICLE_CLASSES)) if kind == IGNORE else [int(kind)]:
                truth.append(_row(number, box, category) | {"id": len(truth) + 1, "iscrowd": int(kind == IGNORE)})
        seen = detector.detect(sample.picture)
        for box, score, kind in zip(seen.boxes, seen.scores, seen.classes, strict=True):
            found.append(_row(number, box, int(kind)) | {"score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        book = COCO()
        book.dataset = {
            "images": [{"id": i} for i in range(1, len(samples) + 1)],
            "annotations": truth,
            "categories": [{"id": i} for i in range(len(VEHICLE_CLASSES))],
        }
        book.createIndex()
        judge = COCOeval(book, book.loadRes(found), "bbox")
        judge.params.iouThrs = np.array([0.5])
        judge.params.maxDets = [1, 10, 200]
        judge.evaluate()
        judge.accumulate()
    table = judge.eval["precision"][0, :, :, 0, 2]  # [recall, class], all areas, 200 boxes a picture
    counts = [sum(1 for row in truth if row["category_id"] == i and not row["iscrowd"]) for i in range(5)]
    return {
        name: (float(table[:, i].mean()) if counts[i] else float("nan"), counts[i])
        for i, name in enumerate(VEHICLE_CLASSES)
    }


def _row(picture: int, box: np.ndarray, category: int) -> dict[str, object]:
    x0, y0, x1, y1 = (float(value) for value in box)
    sides = [x1 - x0, y1 - y0]
    return {"image_id": picture, "category_id": category, "bbox": [x0, y0, *sides], "area": sides[0] * sides[1]}


@dataclass(frozen=True)
class Marked:
    """A vehicle marked by eye in one frame of a clip."""

    clip: Path
    name: str
    frame: int
    box: tuple[float, float, float, float]
    two_wheels: bool


def marked_vehicles(footage: Path) -> list[Marked]:
    """Every violator and non-violator of footage/red_light that has a box."""
    marks = []
    for listing in sorted((footage / "red_light").glob("*.json")):
        truth = json.loads(listing.read_text("utf-8"))
        for item in truth["violators"] + truth["non_violators"]:
            if item.get("box") and item.get("box_frame") is not None:
                x0, y0, x1, y1 = (float(value) for value in item["box"])
                two_wheels = "motor" in item.get("type", "")
                clip = listing.with_name(truth["video"])
                marks.append(Marked(clip, str(item["id"]), int(item["box_frame"]), (x0, y0, x1, y1), two_wheels))
    return marks


def frame_at(clip: Path, number: int) -> np.ndarray:
    """Frame ``number`` (0-based, decode order)."""
    return frames_at(clip, [number])[number]


def frames_at(clip: Path, numbers: Collection[int]) -> dict[int, np.ndarray]:
    """Those frames (0-based, decode order) by number, the clip decoded once. Raises ValueError if it ends before."""
    capture, found = cv2.VideoCapture(str(clip)), {}
    for number in range(max(numbers) + 1):
        if not capture.grab():
            raise ValueError(f"{clip} ends before frame {number}")
        if number in numbers:
            found[number] = np.asarray(capture.retrieve()[1], np.uint8)
    return found


def other_cameras(footage: Path) -> list[Sample]:
    """Pictures of the clips, whose cameras training never saw, with the vehicles that a look found in them."""
    table = json.loads(CLIP_BOXES.read_text(encoding="utf-8"))["pictures"]
    clips = {entry["clip"]: [other["frame"] for other in table if other["clip"] == entry["clip"]] for entry in table}
    pictures = {clip: frames_at(footage / clip, numbers) for clip, numbers in clips.items()}
    samples = []
    for entry in table:
        rows = [(box[:4], VEHICLE_CLASSES.index(box[4])) for box in entry["boxes"]]
        rows += [(box, IGNORE) for box in entry["unsure"]]
        boxes = np.array([box for box, _ in rows], np.float32).reshape(-1, 4)
        kinds = np.array([kind for _, kind in rows], np.int64)
        picture = pictures[entry["clip"]][entry["frame"]]
        samples.append(Sample(f"{entry['clip']}#{entry['frame']}", picture, boxes, kinds))
    return samples


def best_match(detector: Detector, mark: Marked) -> tuple[float, float, str]:
    """Score, overlap and class of the detection that fits a marked vehicle best; zeros where none does."""
    seen = detector.detect(frame_at(mark.clip, mark.frame))
    overlaps = iou(np.array([mark.box], np.float32), seen.boxes)[0] if len(seen) else np.zeros(0, np.float32)
    fits = (overlaps >= FOUND_IOU) & (np.isin(seen.classes, (0, 4)) == mark.two_wheels)
    if not fits.any():
        return 0.0, float(overlaps.max(initial=0)), "-"
    row = int(np.where(fits, seen.scores, -1).argmax())
    return float(seen.scores[row]), float(overlaps[row]), VEHICLE_CLASSES[seen.classes[row]]


def draw(frame: np.ndarray, seen: Detections, min_score: float) -> np.ndarray:
    """A copy with boxes; for looking at, never for evidence."""
    picture = frame.copy()
    for box, score, kind in zip(seen.boxes, seen.scores, seen.classes, strict=True):
        if score >= min_score:
            x0, y0, x1, y1 = (round(float(value)) for value in box)
            cv2.rectangle(picture, (x0, y0), (x1, y1), COLOURS[kind], 1)
            text = f"{VEHICLE_CLASSES[kind][:2]}{score * 100:.0f}"
            cv2.putText(picture, text, (x0, max(9, y0 - 2)), cv2.FONT_HERSHEY_SIMPLEX, 0.35, COLOURS[kind], 1)
    return picture
