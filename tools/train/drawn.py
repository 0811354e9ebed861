"""Drawn pictures for training: ``python -m tools.train.drawn OUT``.

Simulated traffic seen from cameras at random places, by day, dusk and night, with labels that are exact. They add what
the labelled pictures lack: motorcycles near the camera, queues at a line, bicycles, headlights. Nothing of them is
committed; the same command makes them again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import cv2
import numpy as np

from tools.render.scene import Studio, is_drawn
from tools.render.weather import WEATHER, photograph
from tools.simulate.demand import CROWDS
from tools.simulate.seen import look
from tools.simulate.traffic import simulate
from tools.simulate.world import Camera
from tools.train.data import IGNORE

SIZE = (800, 450)
CLASSES = ("motorcycle", "car", "bus", "truck", "bicycle")
FIRST_SEED = 7_000_001
"""Far from the seeds of evaluations and of the clips that ship."""
_LEAST_PX = 9.0
_SECONDS = 140.0
_LIGHT = ("day", "day", "day", "day", "dusk", "night")


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--runs", default=18, show_default=True, help="stretches of traffic, each of two minutes")
@click.option("--pictures", default=27, show_default=True, help="pictures of each")
def main(out: Path, runs: int, pictures: int) -> None:
    """Write OUT/images/*.jpg and OUT/labels/*.txt (YOLO rows; class 9: hardly to be seen, neither right nor wrong)."""
    for folder in ("images", "labels"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    written = 0
    for number in range(runs):
        rng = np.random.default_rng([FIRST_SEED, number])
        flow, habits = CROWDS["shown" if number % 2 else "road"]
        run = simulate(FIRST_SEED + number, _SECONDS, flow=flow, habits=habits)
        weather = _LIGHT[number % len(_LIGHT)]
        studio = Studio(replace(run, camera=camera(rng)), weather=weather)
        for index in rng.choice(len(run.moments), pictures, replace=False).tolist():
            moment = run.moments[index]
            studio.look_from(camera(rng))
            rows = []
            for sight in look(studio.camera, run.specs, [v for v in moment.vehicles if is_drawn(v)]):
                box = sight.box if sight.visible >= 0.5 else sight.shown
                if sight.visible < 0.08 or min(box[2] - box[0], box[3] - box[1]) < _LEAST_PX:
                    continue
                kind = CLASSES.index(run.specs[sight.id].cls.value) if sight.visible >= 0.3 else IGNORE
                x, y = (box[0] + box[2]) / 2 / SIZE[0], (box[1] + box[3]) / 2 / SIZE[1]
                rows.append(
                    f"{kind} {x:.6f} {y:.6f} {(box[2] - box[0]) / SIZE[0]:.6f} {(box[3] - box[1]) / SIZE[1]:.6f}"
                )
            name = f"drawn_{number:02d}_{index:04d}"
            picture = photograph(studio.draw(moment), WEATHER[weather], rng)
            cv2.imwrite(str(out / "images" / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 88])
            (out / "labels" / f"{name}.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
            written += 1
        print(f"run {number + 1} of {runs}: {written} pictures", flush=True)


def camera(rng: np.random.Generator) -> Camera:
    """On a mast somewhere before the junction, behind the traffic or facing it, with some lens."""
    from_south = rng.random() < 0.75
    y, z = float(rng.uniform(-46.0, -30.0)), float(rng.uniform(4.2, 9.0))
    position = (float(rng.uniform(-7.0, 9.0)), y, z) if from_south else (float(rng.uniform(-9.0, 9.0)), 14.0, z)
    target = (float(rng.uniform(-2.0, 6.0)), float(rng.uniform(-25.0, -8.0)), 0.0)
    return Camera(position, target, float(rng.uniform(22.0, 46.0)), *SIZE)


if __name__ == "__main__":
    main()
