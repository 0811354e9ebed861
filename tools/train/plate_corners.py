"""Train the corner finder: ``python -m tools.train.plate_corners train --minutes 12`` / ``look OUT.png``.

Trained on drawn plates alone, whose corners are known exactly, in front of pieces of real pictures.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.optim import swa_utils
from torch.utils.data import DataLoader, IterableDataset

from models.plate_corners import INPUT_HEIGHT, INPUT_WIDTH, CornerFinder, prepare, surroundings
from models.runtime import open_session
from tools.train.plate_drawing import Picture, flat_plate, spoil
from tools.train.plate_finder_eval import load

OUT = Path(__file__).resolve().parents[2] / "models" / "weights" / "plate_corners.onnx"


class CornerNet(nn.Module):
    """`[N, 3, 64, 96]` to `[N, 8]`."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        into = 3
        for out, stride in ((16, 2), (32, 2), (32, 1), (48, 2), (48, 1), (64, 2)):
            layers += [nn.Conv2d(into, out, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            into = out
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64 * 4 * 6, 96), nn.ReLU(), nn.Linear(96, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        corners: torch.Tensor = self.head(self.trunk(x)) + 0.5
        return corners


def example(backs: list[Picture], rng: np.random.Generator) -> tuple[Picture, NDArray[np.float32]]:
    """A view as the network gets it, and the corners in it, 0..1."""
    plate: NDArray[Any] = flat_plate(rng)
    height, width = plate.shape[:2]
    wide = float(np.exp(rng.uniform(np.log(30), np.log(220))))
    tall = wide * height / width
    base = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * [wide, tall]
    turn, lean = np.radians(rng.normal(0, 7)), rng.normal(0, 0.14)
    squeeze = np.diag([rng.uniform(0.6, 1.0) if rng.random() < 0.4 else 1.0, 1.0])
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn) + lean, np.cos(turn)]]) @ squeeze
    quad = base @ spin.T + rng.normal(0, 0.035, (4, 2)) * [wide, tall]
    span = np.ptp(quad, axis=0)
    side = np.ceil(span * 1.9 + 8).astype(int)
    quad = (quad - quad.min(0) + (side - span) / 2).astype(np.float32)
    scene = _back(backs, int(side[0]), int(side[1]), rng)
    matrix = cv2.getPerspectiveTransform(np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32), quad)
    shrink = min(1.0, wide / width * 2)
    if shrink < 1:
        plate = cv2.resize(plate, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.diag([width / plate.shape[1], height / plate.shape[0], 1.0])
    size = (int(side[0]), int(side[1]))
    warped = cv2.warpPerspective(plate, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.ones(plate.shape[:2], np.float32), matrix, size)[..., None]
    if rng.random() < 0.5:  # a holder, or the shadow of a recess
        rim = cv2.dilate(mask, np.ones((3, 3)), iterations=int(rng.integers(1, 1 + max(1, round(wide / 40)))))[
            ..., None
        ]
        scene = scene * (1 - rim) + rng.uniform(0, 120) * rim
    picture = spoil(scene * (1 - mask) + warped * mask, rng)
    seen = np.array([picture.shape[1], picture.shape[0]], np.float32) / side
    quad = quad * seen.astype(np.float32)
    box = np.concatenate([quad.min(0), quad.max(0)])
    sides = box[2:] - box[:2]
    box = box + rng.normal(0, 0.045, 4) * np.tile(sides, 2)
    (corner, span_px), view = surroundings(picture, (float(box[0]), float(box[1]), float(box[2]), float(box[3])))
    return view, ((quad - corner) / span_px).astype(np.float32)


def _back(backs: list[Picture], width: int, height: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A piece of a real picture, of any scale."""
    picture = backs[int(rng.integers(len(backs)))]
    share = rng.uniform(0.15, 0.6)
    h, w = max(4, int(picture.shape[0] * share)), max(4, int(picture.shape[1] * share))
    y, x = int(rng.integers(0, picture.shape[0] - h + 1)), int(rng.integers(0, picture.shape[1] - w + 1))
    piece = cv2.resize(picture[y : y + h, x : x + w], (width, height), interpolation=cv2.INTER_LINEAR)
    return piece.astype(np.float32) * float(rng.uniform(0.3, 1.1))


class Examples(IterableDataset):  # type: ignore[type-arg]
    """Views and corners without end."""

    def __init__(self, backs: list[Picture], seed: int) -> None:
        self.backs, self.seed = backs, seed

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        cv2.setNumThreads(1)
        rng = np.random.default_rng(self.seed)
        while True:
            view, corners = example(self.backs, rng)
            yield torch.from_numpy(prepare(view)), torch.from_numpy(corners.reshape(-1))


@click.group()
def main() -> None:
    """Corner finder."""


@main.command("train")
@click.option("--minutes", default=12.0, show_default=True)
@click.option("--rate", default=2e-3, show_default=True)
@click.option("--seed", default=17, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=False)
def train_command(minutes: float, rate: float, seed: int, out: Path) -> None:
    """Train and export."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    backs = [item.picture for item in load()[0]]
    test = DataLoader(Examples(backs, seed + 1), 512)
    held, truth = next(iter(test))
    model = CornerNet()
    average = swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    batches = iter(DataLoader(Examples(backs, seed), 64, num_workers=1, prefetch_factor=4))
    began, step, told = time.monotonic(), 0, 0.0
    while (spent := time.monotonic() - began) < minutes * 60:
        for group in optimiser.param_groups:
            group["lr"] = rate * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * spent / (minutes * 60))))
        views, corners = next(batches)
        loss = functional.smooth_l1_loss(model(views), corners, beta=0.02)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        average.update_parameters(model)
        step += 1
        if spent - told > 60:
            told = spent
            print(
                f"{spent / 60:5.1f} min step {step} loss {loss.item():.4f} {_told(average.module, held, truth)}",
                flush=True,
            )
    print(_told(average.module, held, truth))
    torch.onnx.export(
        average.module.eval(), (torch.zeros(2, 3, INPUT_HEIGHT, INPUT_WIDTH),), str(out),
        input_names=["views"], output_names=["corners"], opset_version=17, dynamo=False,
        dynamic_axes={"views": {0: "n"}, "corners": {0: "n"}},
    )  # fmt: skip
    print(f"{out}: {out.stat().st_size} bytes, sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}")


@torch.no_grad()
def _told(model: nn.Module, views: torch.Tensor, truth: torch.Tensor) -> str:
    """Error of a corner as a share of the view's diagonal, on drawn plates not trained on."""
    model.eval()
    apart = (model(views) - truth).reshape(-1, 4, 2).norm(dim=2) / 2**0.5
    return (
        f"corner error, share of the view: median {apart.median().item():.4f}, 95 % {apart.quantile(0.95).item():.4f}"
    )


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--weights", type=click.Path(path_type=Path, exists=True), default=OUT, show_default=False)
def look(out: Path, weights: Path) -> None:
    """Draw the corners found on held-back real plates into OUT, to look at."""
    finder = CornerFinder(open_session(weights))
    tiles = []
    for sample in load()[1]:
        for box in sample.boxes:
            if box[2] - box[0] < 36:
                continue
            edges = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
            (corner, size), _ = surroundings(sample.picture, edges)
            quad = finder.find(sample.picture, edges)
            x0, y0 = np.floor(corner).astype(int).clip(0)
            x1, y1 = np.ceil(corner + size).astype(int)
            part = sample.picture[y0:y1, x0:x1]
            scale = np.array([216 / part.shape[1], 130 / part.shape[0]])
            tile = cv2.resize(part, (216, 130), interpolation=cv2.INTER_CUBIC)
            line = ((quad - [x0, y0]) * scale).round().astype(np.int32)
            tiles.append(cv2.polylines(tile, [line], isClosed=True, color=(0, 0, 255), thickness=1))
    tiles = tiles[:70] + [np.zeros((130, 216, 3), np.uint8)] * (-len(tiles[:70]) % 7)
    cv2.imwrite(str(out), np.vstack([np.hstack(tiles[i : i + 7]) for i in range(0, len(tiles), 7)]))


if __name__ == "__main__":
    main()
