"""Train the plate reader: ``python -m tools.train.plate_reader train --minutes 35``.

A small convolutional trunk, two attention layers, and one learned query a place: the whole plate, one line or two, is
read at once. Trained on drawn plates and on real ones; plates that are tested are split off by their text.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.optim import swa_utils
from torch.utils.data import DataLoader, IterableDataset

from models.plate_corners import load_corner_finder
from models.plates import load_plate_reader
from tools.train.plate_drawing import draw_plate, spoil
from tools.train.plate_sets import LabelledPlate, proposed, split
from tools.train.plate_splice import halves, splice

OUT = Path(__file__).resolve().parents[2] / "models" / "weights" / "plate_slots.onnx"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PAD = len(ALPHABET)
PLACES = 10
BREAKS = 6
HEIGHT, WIDTH = 64, 128
IGNORED = -100
SMOOTHING = 0.005
"""Hardly any: the confidence must be able to say that it is sure."""


def prepare(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """BGR crop to `[3, 64, 128]`, -1..1; the crop is stretched, whatever its proportions."""
    method = cv2.INTER_AREA if image.shape[1] > WIDTH else cv2.INTER_CUBIC
    scaled = cv2.resize(image, (WIDTH, HEIGHT), interpolation=method).astype(np.float32)
    return np.ascontiguousarray((scaled / 127.5 - 1).transpose(2, 0, 1))


def jitter(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A real crop moved, turned, seen from farther away."""
    height, width = image.shape[:2]
    base = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    angle = np.radians(rng.normal(0, 4))
    spin = np.array([[np.cos(angle), -np.sin(angle) + rng.normal(0, 0.05)], [np.sin(angle), np.cos(angle)]])
    target = (base - base.mean(0)) @ spin.T * rng.uniform(0.92, 1.12) + base.mean(0)
    target = target + rng.normal(0, 0.03, 2) * [width, height] + rng.normal(0, 0.015, (4, 2)) * [width, height]
    matrix = cv2.getPerspectiveTransform(base, target.astype(np.float32))
    moved = cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return spoil(moved, rng) if rng.random() < 0.8 else moved


class Block(nn.Module):
    """Two convolutions with a shortcut (plain ones: grouped ones train slowly on a CPU)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.after = nn.BatchNorm2d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = functional.relu(self.norm(self.first(x)))
        return functional.relu(x + self.after(self.second(inner)))


def _shrink(into: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(into, out, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU())


class SlotReader(nn.Module):
    """`[N, 3, 64, 128]` to character logits `[N, 10, 37]` and line-break logits `[N, 6]`."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            _shrink(3, 24), _shrink(24, 48), Block(48), _shrink(48, width), Block(width), Block(width)
        )
        self.place = nn.Parameter(torch.randn(1, (HEIGHT // 8) * (WIDTH // 8), width) * 0.02)
        layer = lambda: nn.TransformerEncoderLayer(width, 4, width * 2, 0.05, "relu", batch_first=True, norm_first=True)  # noqa: E731
        self.mix = nn.ModuleList([layer(), layer()])
        self.queries = nn.Parameter(torch.randn(1, PLACES + 1, width) * 0.02)
        self.look = nn.MultiheadAttention(width, 4, batch_first=True)
        self.settle = layer()
        self.characters = nn.Linear(width, PAD + 1)
        self.breaks = nn.Linear(width, BREAKS)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = self.trunk(x).flatten(2).transpose(1, 2) + self.place
        for layer in self.mix:
            tokens = layer(tokens)
        queries = self.queries.expand(x.shape[0], -1, -1)
        found = queries + self.look(queries, tokens, tokens, need_weights=False)[0]
        found = self.settle(found)
        return self.characters(found[:, :PLACES]), self.breaks(found[:, PLACES])


def target_of(text: str, upper: int) -> tuple[list[int], int]:
    codes = [ALPHABET.index(c) for c in text[:PLACES]]
    return codes + [PAD] * (PLACES - len(codes)), upper if 0 <= upper < BREAKS else IGNORED


class Mixture(IterableDataset):  # type: ignore[type-arg]
    """Drawn, real and spliced plates without end: picture `[3, 64, 128]`, codes `[10]`, length of the upper line.

    Of the real ones `spliced_share` are put together from two: there are few, and each text alone would be learnt by
    heart.
    """

    def __init__(self, train: list[LabelledPlate], real_share: float, spliced_share: float, seed: int) -> None:
        self.train, self.real_share, self.spliced_share, self.seed = train, real_share, spliced_share, seed
        self.halves = halves(train, load_corner_finder(threads=1)) if spliced_share else []

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, int]]:
        cv2.setNumThreads(1)
        rng = np.random.default_rng(self.seed)
        while True:
            if rng.random() < self.real_share:
                if self.halves and rng.random() < self.spliced_share:
                    item = splice(self.halves, rng)
                else:
                    item = self.train[int(rng.integers(len(self.train)))]
                image, text, upper = jitter(item.image, rng), item.text, item.upper
            else:
                drawn = draw_plate(rng)
                image, text, upper = drawn.image, drawn.text, drawn.upper
            codes, where = target_of(text, upper)
            yield torch.from_numpy(prepare(image)), torch.tensor(codes), where


@torch.no_grad()
def exact(model: nn.Module, items: list[LabelledPlate]) -> tuple[float, float, float]:
    """Share read exactly; share of those at least 0.95 sure, and how many of these are exact."""
    model.eval()
    right, sure, sure_right = 0, 0, 0
    for start in range(0, len(items), 64):
        part = items[start : start + 64]
        logits, _ = model(torch.from_numpy(np.stack([prepare(i.image) for i in part])))
        chances = logits.softmax(-1)
        best, codes = chances.max(-1)
        for item, row, chance in zip(part, codes, best, strict=True):
            text = "".join(ALPHABET[c] for c in row.tolist() if c != PAD)
            good = text == item.text
            right += good
            if float(chance.prod()) >= 0.95:
                sure += 1
                sure_right += good
    model.train()
    n = max(len(items), 1)
    return right / n, sure / n, sure_right / max(sure, 1)


@click.group()
def main() -> None:
    """Plate reader."""


@main.command()
@click.option("--minutes", default=35.0, show_default=True)
@click.option("--batch", default=48, show_default=True)
@click.option("--rate", default=1.5e-3, show_default=True)
@click.option("--real-share", default=0.6, show_default=True)
@click.option("--spliced-share", default=0.0, show_default=True, help="of the real ones")
@click.option("--seed", default=11, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True)
@click.option("--checkpoint", type=click.Path(path_type=Path), default=None, help="begin from these weights")
def train(
    minutes: float, batch: int, rate: float, real_share: float, spliced_share: float, seed: int, out: Path,
    checkpoint: Path | None,
) -> None:  # fmt: skip
    """Train for so many minutes, keep an average of the weights, export to ONNX."""
    torch.manual_seed(seed)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)  # the other core draws
    items, gate, texts = split()
    more = proposed(load_plate_reader(threads=1), {p.text for p in (*gate, *texts)})
    print(f"to train: {len(items)} labelled plates, {len(more)} on which three readings agree", flush=True)
    print(f"to test: {len(gate)} gate plates, {len(texts)} text crops", flush=True)
    items += more
    model = SlotReader().to(memory_format=torch.channels_last)
    if checkpoint is not None:
        model.load_state_dict(torch.load(checkpoint))
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    average = swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    batches = iter(DataLoader(Mixture(items, real_share, spliced_share, seed), batch, num_workers=1, prefetch_factor=6))
    began, step, told = time.monotonic(), 0, 0.0
    while (spent := time.monotonic() - began) < minutes * 60:
        share = spent / (minutes * 60)
        warm = min(1.0, step / 200)
        for group in optimiser.param_groups:
            group["lr"] = rate * warm * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * share)))
        images, codes, breaks = next(batches)
        logits, where = model(images.contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(logits.flatten(0, 1), codes.flatten(), label_smoothing=SMOOTHING)
        if (breaks != IGNORED).any():
            loss = loss + 0.2 * functional.cross_entropy(where, breaks, ignore_index=IGNORED)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimiser.step()
        average.update_parameters(model)
        step += 1
        if spent - told > 120:
            told = spent
            scores = [f"{exact(average.module, s)[0]:.4f}" for s in (gate, texts)]
            print(
                f"{spent / 60:5.1f} min step {step} loss {loss.item():.3f} gate {scores[0]} text {scores[1]}",
                flush=True,
            )
            torch.save(average.module.state_dict(), out.with_suffix(".pt"))
    torch.save(average.module.state_dict(), out.with_suffix(".pt"))
    for name, part in (("gate", gate), ("text crops", texts)):
        right, sure, sure_right = exact(average.module, part)
        print(
            f"{name}: exact {right:.4f} of {len(part)}; at least 0.95 sure {sure:.3f}, of these exact {sure_right:.4f}"
        )
    export(average.module, out)


def export(model: nn.Module, out: Path) -> None:
    """ONNX with characters' and breaks' probabilities."""

    class Probabilities(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            characters, breaks = self.model(x)
            return characters.softmax(-1), breaks.softmax(-1)

    wrapped = Probabilities().eval()
    torch.onnx.export(
        wrapped, (torch.zeros(2, 3, HEIGHT, WIDTH),), str(out),
        input_names=["plates"], output_names=["characters", "breaks"], opset_version=17, dynamo=False,
        dynamic_axes={"plates": {0: "n"}, "characters": {0: "n"}, "breaks": {0: "n"}},
    )  # fmt: skip
    print(f"{out}: {out.stat().st_size} bytes, sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
