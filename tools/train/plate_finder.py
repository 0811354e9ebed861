"""Train the plate finder: ``python -m tools.train.plate_finder train`` / ``evaluate``.

The trunk of the vehicle detector's base with one class. At run time it sees the crop of one vehicle, so each training
picture is first cut around a plate, with so much around it that the plate is 5 to 60 % of the cut's width.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from models.plate_finder import PlateFinder, PlateFinderMargins
from models.runtime import open_session
from tools.train.data import Recipe, Sample
from tools.train.loop import Schedule, train
from tools.train.network import Trunk, with_classes
from tools.train.plate_finder_eval import SOURCES, load, recall_line, source_of, test_sets
from tools.train.vehicles import BASE

WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "weights" / "plate_finder.onnx"
SIZES_PX = (256, 288, 320, 352)
COCO_CAR = 2  # the row the one class starts from
CUTS_A_PICTURE = 3
SHARE_OF_WIDTH = (0.05, 0.6)
_WEIGHT = dict(zip(SOURCES, (1.5, 1.0, 0.6, 1.0), strict=True))


def cuts(sample: Sample, rng: np.random.Generator) -> list[Sample]:
    """The picture and cuts of it around its plates, of random width and position."""
    made = [sample]
    height, width = sample.picture.shape[:2]
    for number in range(CUTS_A_PICTURE if len(sample.boxes) else 0):
        x0, y0, x1, y1 = sample.boxes[rng.integers(len(sample.boxes))]
        share = float(np.exp(rng.uniform(*np.log(SHARE_OF_WIDTH))))
        wide = min(float(width), max((x1 - x0) / share, 24.0))
        tall = min(float(height), max(wide * rng.uniform(0.7, 1.6), (y1 - y0) * 1.3))
        left = float(np.clip(rng.uniform(x1 - wide, x0), 0, width - wide))
        top = float(np.clip(rng.uniform(y1 - tall, y0), 0, height - tall))
        corner = np.array([round(left), round(top)] * 2, np.float32)
        picture = sample.picture[round(top) : round(top + tall), round(left) : round(left + wide)]
        boxes = sample.boxes - corner
        limits = np.array([picture.shape[1], picture.shape[0]] * 2, np.float32)
        clipped = boxes.clip(0, limits)
        areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        seen = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1) / np.maximum(areas, 1e-6)
        made.append(
            Sample(
                f"{sample.name}#{number}", picture.copy(), clipped[seen > 0.7], sample.classes[seen > 0.7], sample.scene
            )
        )
    return made


@click.group()
def main() -> None:
    """Plate finder."""


@main.command("train")
@click.option("--minutes", default=12.0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=WEIGHTS, show_default=False)
@click.option("--rate", default=2e-3, show_default=True)
def train_command(minutes: float, out: Path, rate: float) -> None:
    """Train and export."""
    first, held = load()
    rng = np.random.default_rng(11)
    samples = [cut for item in first for cut in cuts(item, rng)]
    print(f"training pictures {len(first)} ({len(samples)} with cuts), held back {len(held)}", flush=True)

    def export(trunk: Trunk, step: int) -> Path:
        trunk.to_onnx(out, {"classes": "plate", "steps": str(step), "base": "YOLOX-nano COCO (Megvii, Apache-2.0)"})
        return out

    steps = train(
        Trunk(with_classes(BASE, [COCO_CAR])),
        samples,
        np.array([_WEIGHT[source_of(item)] for item in samples]),
        Schedule(minutes=minutes, sizes_px=SIZES_PX, rate=rate, mosaic_share=0.25, exports=3),
        Recipe(scale=(0.7, 1.25), squeeze=(0.75, 1.35), mosaic_scale=(0.8, 1.3)),
        export,
    )
    print(f"{steps} steps")


@main.command()
@click.option("--weights", type=click.Path(path_type=Path, exists=True), default=WEIGHTS, show_default=False)
@click.option("--min-score", default=0.15, show_default=True)
def evaluate(weights: Path, min_score: float) -> None:
    """Recall at IoU 0.5 and false boxes on the gate pictures (never trained on) and on held-back pictures."""
    finder = PlateFinder(open_session(weights), margins=PlateFinderMargins(min_score=min_score))
    for label, pictures in test_sets():
        print(recall_line(label, finder, pictures))


if __name__ == "__main__":
    main()
