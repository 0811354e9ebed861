"""Fine-tune the vehicle detector: ``python -m tools.train.detector train`` / ``evaluate`` / ``scenes``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np

from tools.train.data import Recipe
from tools.train.loop import Schedule, train
from tools.train.network import Trunk, with_classes
from tools.train.vehicles import BASE, COCO_ROWS, load_split, sampling_weights

WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "weights" / "vehicle_nano.onnx"
CLASSES = ("motorcycle", "car", "bus", "truck", "bicycle")
SIZES_PX = (320, 352, 384, 416, 416, 448, 480, 544)


def dynamic_base(folder: Path) -> Path:
    """The untouched COCO network with free picture size."""
    path = folder / "coco.onnx"
    Trunk(with_classes(BASE, list(range(80)))).to_onnx(path, {})
    return path


@click.group()
def main() -> None:
    """Vehicle detector."""


@main.command("train")
@click.option("--minutes", default=24.0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=WEIGHTS, show_default=False)
@click.option("--start", type=click.Path(path_type=Path, exists=True), help="go on from this export")
@click.option("--rate", default=2e-3, show_default=True)
def train_command(minutes: float, out: Path, start: Path | None, rate: float) -> None:
    """Train and export."""
    with tempfile.TemporaryDirectory() as folder:
        split = load_split(dynamic_base(Path(folder)))
    counts = {name: int(sum((s.classes == i).sum() for s in split.train)) for i, name in enumerate(CLASSES)}
    print(f"training pictures {len(split.train)}, held back {len(split.held)}, boxes {counts}", flush=True)
    graph = with_classes(start, list(range(5))) if start else with_classes(BASE, COCO_ROWS)

    def export(trunk: Trunk, step: int) -> Path:
        notes = {"classes": ",".join(CLASSES), "steps": str(step), "base": "YOLOX-nano COCO (Megvii, Apache-2.0)"}
        trunk.to_onnx(out, notes)
        return out

    steps = train(
        Trunk(graph),
        split.train,
        np.asarray(sampling_weights(split.train)),
        Schedule(minutes=minutes, sizes_px=SIZES_PX, rate=rate),
        Recipe(),
        export,
    )
    print(f"{steps} steps")


if __name__ == "__main__":
    main()
