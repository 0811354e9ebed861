"""Fine-tune the vehicle detector: ``python -m tools.train.detector train`` / ``evaluate`` / ``scenes``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import cv2
import numpy as np
import onnx

from models.detector import YoloxDetector
from models.detector_margins import DetectorMargins
from models.runtime import open_session
from tools.train.data import Recipe, Sample, one_per_likeness
from tools.train.loop import Schedule, train
from tools.train.network import Trunk, classes_of, with_classes
from tools.train.paste import crowded, holding, with_people
from tools.train.vehicle_eval import CocoPeer, average_precision, best_match, draw, frames_at, marked_vehicles
from tools.train.vehicles import (
    BASE,
    COCO_PERSON,
    COCO_ROWS,
    HEAVY_KINDS,
    SHARED,
    BaseModel,
    agreed,
    heavy_vehicles,
    load_split,
    masked,
    people,
    sampling_weights,
    source_of,
    with_walkers,
)
from tools.train.widen import between, widened, width_of

FOLDER = Path(__file__).resolve().parents[2] / "models" / "weights"
WEIGHTS = FOLDER / "vehicle_nano.onnx"
CLASSES = ("motorcycle", "car", "bus", "truck", "bicycle")
LEARNT = (*CLASSES, "person")
SIZES_PX = (352, 384, 416, 416, 448, 480, 544, 640)
SMALL_SIZES_PX = (416, 448, 512, 576, 640)
HEIGHTS = (0.5625, 0.65, 0.75)
SMALL_FACTOR = 1.5
"""`small` has so many times the channels of `nano`, from which it starts (`widen.py`)."""
_NOISE = 0.03
TEACHER_PX = 768


def dynamic_base(folder: Path) -> Path:
    """The untouched COCO network with free picture size."""
    path = folder / "coco.onnx"
    Trunk(with_classes(BASE, list(range(80)))).to_onnx(path, {})
    return path


def _begin(start: Path | None) -> onnx.ModelProto:
    """The graph that training goes on from, with a class output for everything in `LEARNT`."""
    if start is None:
        return with_classes(BASE, [*COCO_ROWS, COCO_PERSON])
    rows = list(range(classes_of(onnx.load(str(start)))))
    # without people among its classes: what it calls a motorcycle is the nearest to a person that it knows
    return with_classes(start, rows if len(rows) == len(LEARNT) else [*range(len(CLASSES)), 0])


@click.group()
def main() -> None:
    """Vehicle detector."""


@main.command("train")
@click.option("--minutes", default=24.0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="default: where the weights of this size lie")
@click.option("--start", type=click.Path(path_type=Path, exists=True), help="go on from this export")
@click.option("--rate", default=2e-3, show_default=True)
@click.option("--drawn", type=click.Path(path_type=Path, exists=True), help="pictures out of tools.train.drawn")
@click.option("--size", type=click.Choice(["nano", "small"]), default="nano", show_default=True)
@click.option("--crowds", default=0.0, show_default=True, help="share of the pictures that get vehicles of another")
@click.option("--heavy", "heavier", default=0.0, show_default=True, help="share that gets buses; so many get trucks")
@click.option(
    "--people", "on_foot", default=0.0, show_default=True, help="share of the pictures that get people on foot"
)
@click.option(
    "--teacher", type=click.Path(path_type=Path, exists=True), help="label what this export and --start both see"
)
@click.option("--distil", type=click.Path(path_type=Path, exists=True), help="learn from this export beside the labels")
@click.option("--mask/--no-mask", default=False, help="what --start sees and nobody labelled is left out of the loss")
def train_command(
    minutes: float, out: Path | None, start: Path | None, rate: float, drawn: Path | None, size: str, crowds: float,
    heavier: float, on_foot: float, teacher: Path | None, distil: Path | None, mask: bool,
) -> None:  # fmt: skip
    """Train and export. `small` begins as `--start` (the shipped nano) made wider."""
    start = start or (WEIGHTS if size == "small" else None)
    goal = out or FOLDER / f"vehicle_{size}.onnx"
    with tempfile.TemporaryDirectory() as folder:
        base = dynamic_base(Path(folder))
        split = load_split(base, drawn)
        pictures = split.train
        if teacher is not None and start is not None:
            pairs = [
                YoloxDetector(open_session(path, threads=2), margins=DetectorMargins(long_side=TEACHER_PX))
                for path in (start, teacher)
            ]
            pictures = agreed(pictures, *pairs)
        pictures = with_walkers(pictures, BaseModel(base, 640))
    walkers = people(pictures)
    if mask and start is not None:
        pictures = masked(pictures, YoloxDetector(open_session(start), margins=DetectorMargins(long_side=640)))
    counts = {name: int(sum((s.classes == i).sum() for s in pictures)) for i, name in enumerate(LEARNT)}
    print(f"training pictures {len(split.train)}, held back {len(split.held)}, boxes {counts}", flush=True)
    graph = _begin(start)
    sizes: tuple[int, ...] = SIZES_PX
    if size == "small":
        sizes = SMALL_SIZES_PX
        if width_of(graph) == width_of(onnx.load(str(BASE))):  # else it goes on from a small one
            graph = widened(graph, SMALL_FACTOR, _NOISE)

    def export(trunk: Trunk, step: int) -> Path:
        notes = {"classes": ",".join(LEARNT), "steps": str(step), "base": "YOLOX-nano COCO (Megvii, Apache-2.0)"}
        trunk.to_onnx(goal, notes)
        return goal

    near = heavy_vehicles() if heavier else []
    heavy = {kind: (holding(pictures, kind), holding(near, kind)) for kind in HEAVY_KINDS.values()}

    def change(pick: Callable[[], Sample], rng: np.random.Generator) -> Sample:
        sample = crowded(pick(), pick(), int(rng.integers(1, 7)), rng) if rng.random() < crowds else pick()
        for kind, sources in heavy.items():
            donors = sources[int(rng.integers(2))]
            if donors and rng.random() < heavier:
                sample = crowded(sample, donors[int(rng.integers(len(donors)))], 2, rng, [kind])
        return with_people(sample, walkers, 4, rng) if rng.random() < on_foot else sample

    steps = train(
        Trunk(graph),
        pictures,
        np.asarray(sampling_weights(pictures)),
        Schedule(minutes=minutes, sizes_px=sizes, heights=HEIGHTS, rate=rate),
        Recipe(mosaic_scale=(0.4, 1.7), change=change if crowds or on_foot or heavier else None),
        export,
        Trunk(_begin(distil)).eval() if distil is not None else None,
    )
    print(f"{steps} steps")


@main.command()
@click.argument("weights", type=click.Path(path_type=Path, exists=True))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--share", default=0.2, show_default=True, help="how much of every weight is the other network's")
@click.option("--base", type=click.Path(path_type=Path, exists=True), help="the other export, if not the COCO one")
def blend(weights: Path, out: Path, share: float, base: Path | None) -> None:
    """Write WEIGHTS, taken a step back towards the network it began as, to OUT."""
    tuned = onnx.load(str(weights))
    rows = [*COCO_ROWS, COCO_PERSON][: classes_of(tuned)]
    other = _begin(base) if base else with_classes(BASE, rows)
    factor = width_of(tuned) / width_of(other)
    onnx.save(between(tuned, widened(other, factor) if factor > 1 else other, share), str(out))


@main.command()
@click.option("--weights", type=click.Path(path_type=Path, exists=True), default=WEIGHTS, show_default=False)
@click.option("--long-side", default=512, show_default=True)
@click.option("--clips-long-side", default=640, show_default=True)
@click.option("--drawn", type=click.Path(path_type=Path, exists=True), help="pictures out of tools.train.drawn")
def evaluate(weights: Path, long_side: int, clips_long_side: int, drawn: Path | None) -> None:
    """AP50 on the held-back scenes and marked vehicles of the clips, beside the COCO network, in one run."""
    with tempfile.TemporaryDirectory() as folder:
        base = dynamic_base(Path(folder))
        split = load_split(base, drawn)
        sessions = {"vehicle-nano": (YoloxDetector, weights), "COCO base": (CocoPeer, base)}
        opened = {name: (kind, open_session(path)) for name, (kind, path) in sessions.items()}
    detectors = {
        name: kind(session, margins=DetectorMargins(long_side=long_side, min_score=0.01))
        for name, (kind, session) in opened.items()
    }
    unlike = one_per_likeness(split.held)
    streets = [item for item in unlike if source_of(item) == "vehicles_vn_lanes"]
    nepal = [item for item in unlike if source_of(item) == "nepal"]
    print(f"AP50 at {long_side} px, cameras never trained on, near-duplicates counted once, labels repaired")
    for label, samples in _sets(unlike, streets, nepal, split.drawn):
        for name, detector in detectors.items():
            row = average_precision(detector, samples)
            cells = "  ".join(f"{kind} {value:.2f} ({n})" for kind, (value, n) in row.items() if n)
            print(f"{label:17s} {len(samples):4d} pictures  {name:13s} {cells}")
    marks = marked_vehicles(SHARED / "footage")
    print(f"vehicles marked by eye in clips never trained on, at {clips_long_side} px: score (overlap, class)")
    hits = dict.fromkeys(opened, 0)
    for mark in marks:
        told = []
        for name, (kind, session) in opened.items():
            score, overlap, seen = best_match(kind(session, margins=DetectorMargins(long_side=clips_long_side)), mark)
            hits[name] += score >= 0.3
            told.append(f"{name} {score:.2f} ({overlap:.2f}, {seen})")
        print(f"  {mark.clip.stem:18s} {mark.name:14s} frame {mark.frame:4d}  " + "   ".join(told))
    print("found with a score of 0.3 or more: " + ", ".join(f"{n} {h} of {len(marks)}" for n, h in hits.items()))


def _sets(
    unlike: list[Sample], streets: list[Sample], nepal: list[Sample], drawn: list[Sample]
) -> list[tuple[str, list[Sample]]]:
    sets = [("all sets", unlike), ("Vietnamese roads", streets), ("Nepali streets", nepal)]
    return [*sets, ("drawn, other runs", drawn)] if drawn else sets


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--weights", type=click.Path(path_type=Path, exists=True), default=WEIGHTS, show_default=False)
@click.option("--long-side", default=640, show_default=True)
@click.option("--min-score", default=0.3, show_default=True)
@click.argument("clips", nargs=-1, type=click.Path(path_type=Path, exists=True))
def scenes(out: Path, weights: Path, long_side: int, min_score: float, clips: tuple[Path, ...]) -> None:
    """Write four frames of each clip with boxes into OUT, to look at."""
    detector = YoloxDetector(open_session(weights), margins=DetectorMargins(long_side=long_side))
    out.mkdir(parents=True, exist_ok=True)
    for clip in clips:
        frames = int(cv2.VideoCapture(str(clip)).get(cv2.CAP_PROP_FRAME_COUNT))
        shown = frames_at(clip, [round(frames * share) for share in (0.1, 0.35, 0.6, 0.85)])
        drawn = [draw(frame, detector.detect(frame), min_score) for frame in shown.values()]
        sheet = np.vstack([np.hstack(drawn[:2]), np.hstack(drawn[2:])])
        cv2.imwrite(str(out / f"{clip.stem}.jpg"), sheet)


if __name__ == "__main__":
    main()
