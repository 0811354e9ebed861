"""Train the plate reader: ``python -m tools.train.plate_reader train --minutes 60``.

The whole plate, one line or two, is read at once (`plate_network.py`). Trained on drawn plates and on real ones
(`plate_mixture.py`); plates that are tested are split off by their text (`plate_sets.py`).
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim import swa_utils
from torch.utils.data import DataLoader

from models.line_reader import load_plate_reader
from models.plate_corners import load_corner_finder
from models.slot_reader import ALPHABET
from tools.train.plate_glyphs import harvest
from tools.train.plate_mixture import IGNORED, WIDE_MARGIN, Mixture, prepare
from tools.train.plate_network import PAD, SlotReader, export
from tools.train.plate_sets import LabelledPlate, proposed, recut, split, street_tests

OUT = Path(__file__).resolve().parents[2] / "models" / "weights" / "plate_slots.onnx"
SMOOTHING = 0.005
"""Hardly any: the confidence must be able to say that it is sure."""
_TOLD_EVERY_S = 180


@torch.no_grad()
def exact(model: nn.Module, items: list[LabelledPlate]) -> tuple[float, float, float]:
    """Share read exactly; share of those at least 0.95 sure, and how many of these are exact."""
    model.eval()
    right, sure, sure_right = 0, 0, 0
    for start in range(0, len(items), 64):
        part = items[start : start + 64]
        logits, _ = model(torch.from_numpy(np.stack([prepare(recut(i, 0.08)) for i in part])))
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
@click.option("--minutes", default=60.0, show_default=True)
@click.option("--batch", default=64, show_default=True)
@click.option("--rate", default=1.5e-3, show_default=True)
@click.option("--real-share", default=0.5, show_default=True)
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
    items, gate, texts = split(WIDE_MARGIN)
    lines = load_plate_reader(threads=1)
    streets = street_tests(lines, {p.text for p in items})
    more = proposed(lines, {p.text for p in (*gate, *texts, *streets)}, WIDE_MARGIN)
    print(f"to train: {len(items)} labelled plates, {len(more)} on which three readings agree", flush=True)
    tested = {"gate": gate, "text crops": texts, "street": streets}
    print("to test: " + ", ".join(f"{len(part)} {name}" for name, part in tested.items()), flush=True)
    items += more
    glyphs = harvest(items, load_corner_finder(threads=1))
    print("glyphs of real plates: " + " ".join(f"{c}{len(g)}" for c, g in glyphs.items()), flush=True)
    model = SlotReader().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in its stubs
    if checkpoint is not None:
        model.load_state_dict(torch.load(checkpoint))
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    average = swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    mixture = Mixture(items, glyphs, real_share, spliced_share, seed)
    batches = iter(DataLoader(mixture, batch, num_workers=1, prefetch_factor=6))
    began, step, told, smooth = time.monotonic(), 0, 0.0, 0.0
    while (spent := time.monotonic() - began) < minutes * 60:
        share = spent / (minutes * 60)
        warm = min(1.0, step / 300)
        for group in optimiser.param_groups:
            group["lr"] = rate * warm * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * share)))
        images, codes, breaks = next(batches)
        with torch.autocast("cpu", torch.bfloat16):
            logits, where = model(images.contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(
            logits.float().flatten(0, 1), codes.flatten(), label_smoothing=SMOOTHING
        )  # fmt: skip
        if (breaks != IGNORED).any():
            loss = loss + 0.2 * functional.cross_entropy(where.float(), breaks, ignore_index=IGNORED)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimiser.step()
        average.update_parameters(model)
        step += 1
        smooth = loss.item() if step == 1 else 0.99 * smooth + 0.01 * loss.item()
        if spent - told > _TOLD_EVERY_S:
            told = spent
            scores = "  ".join(f"{name} {exact(average.module, part)[0]:.4f}" for name, part in tested.items())
            print(f"{spent / 60:5.1f} min step {step} loss {smooth:.3f} {scores}", flush=True)
            torch.save(average.module.state_dict(), out.with_suffix(".pt"))
    torch.save(average.module.state_dict(), out.with_suffix(".pt"))
    for name, part in tested.items():
        right, sure, sure_right = exact(average.module, part)
        print(
            f"{name}: exact {right:.4f} of {len(part)}; at least 0.95 sure {sure:.3f}, of these exact {sure_right:.4f}"
        )
    export(average.module, out)


@main.command()
@click.argument("first", type=click.Path(path_type=Path, exists=True))
@click.argument("second", type=click.Path(path_type=Path, exists=True))
@click.option("--share", default=0.5, show_default=True, help="of the second")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True)
def blend(first: Path, second: Path, share: float, out: Path) -> None:
    """The mean of two checkpoints of one training, which reads better than either, to ONNX."""
    a, b = torch.load(first), torch.load(second)
    mean = {k: a[k].lerp(b[k], share) if a[k].is_floating_point() else a[k] for k in a}
    model = SlotReader()
    model.load_state_dict(mean)
    torch.save(mean, out.with_suffix(".pt"))
    export(model.eval(), out)


if __name__ == "__main__":
    main()
