"""SimOTA loss and the training loop that both networks share.

The schedule runs on wall time, not on epochs, so that a run ends when it was told to, whatever else the machine does.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional

from tools.train.data import IGNORE, Recipe, Sample, draw
from tools.train.distil import distance, lesson
from tools.train.network import Trunk, box_iou, boxes_of

CENTRE_RADIUS = 1.5
TOP_IOUS = 10


@dataclass(frozen=True)
class Schedule:
    """One training run."""

    minutes: float
    sizes_px: tuple[int, ...]
    """Widths; a batch takes one of them."""
    heights: tuple[float, ...] = (1.0,)
    """Heights, as shares of the width: a camera's wide picture needs no square, which costs time."""
    batch: int = 16
    rate: float = 2e-3
    mosaic_share: float = 0.4
    plain_tail: float = 0.2  # share of the time, at the end, without mosaic and with the L1 term
    exports: int = 5
    seed: int = 7


Target = tuple[torch.Tensor, torch.Tensor]  # boxes [G, 4], classes [G]
Batch = tuple[torch.Tensor, list[Target]]


@torch.no_grad()
def _assign(
    boxes: torch.Tensor, scores: torch.Tensor, gt: torch.Tensor, kinds: torch.Tensor,
    anchors: torch.Tensor, stride: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
    """SimOTA: anchors chosen, the object each one answers for, and their overlap with it."""
    in_box = ((anchors[None] > gt[:, None, :2]) & (anchors[None] < gt[:, None, 2:])).all(-1)
    middle = (gt[:, :2] + gt[:, 2:]) / 2
    in_centre = ((anchors[None] - middle[:, None]).abs() < CENTRE_RADIUS * stride[None, :, None]).all(-1)
    candidate = (in_box | in_centre).any(0).nonzero()[:, 0]
    overlap = box_iou(gt[:, None], boxes[candidate][None])
    wanted = functional.one_hot(kinds, scores.shape[1]).float()
    guess = scores[candidate].clamp(1e-6, 1 - 1e-6)
    cost = -(wanted @ guess.log().T + (1 - wanted) @ (1 - guess).log().T)
    cost = cost - 3 * (overlap + 1e-8).log() + 1e5 * ~(in_box & in_centre)[:, candidate]
    top = overlap.topk(min(TOP_IOUS, overlap.shape[1]), dim=1).values
    match = torch.zeros_like(cost, dtype=torch.bool)
    for row, count in enumerate(top.sum(1).int().clamp(min=1).tolist()):
        match[row, cost[row].topk(min(count, cost.shape[1]), largest=False).indices] = True
    crowded = match.sum(0) > 1
    if crowded.any():
        best = cost[:, crowded].argmin(0)
        match[:, crowded] = False
        match[best, crowded.nonzero()[:, 0]] = True
    taken = match.any(0)
    owner = match[:, taken].float().argmax(0)
    return candidate[taken], owner, overlap[owner, taken.nonzero()[:, 0]]


def loss_of(
    raw: torch.Tensor, grid: torch.Tensor, stride: torch.Tensor, targets: Sequence[Target], with_l1: bool
) -> torch.Tensor:
    """Box + objectness + class loss over one batch, per matched anchor."""
    boxes = boxes_of(raw, grid, stride)
    anchors = (grid + 0.5) * stride[:, None]
    obj_target = torch.zeros_like(raw[..., 4])
    obj_weight = torch.ones_like(obj_target)
    total = raw.new_zeros(())
    matched = 0
    for index, (gt_all, kinds_all) in enumerate(targets):
        blind, real = gt_all[kinds_all == IGNORE], kinds_all != IGNORE
        gt, kinds = gt_all[real], kinds_all[real]
        if len(blind):
            covered = ((anchors[:, None] > blind[None, :, :2]) & (anchors[:, None] < blind[None, :, 2:])).all(-1)
            obj_weight[index][covered.any(1)] = 0
        if not len(gt):
            continue
        with torch.no_grad():
            scores = (raw[index, :, 5:].sigmoid() * raw[index, :, 4:5].sigmoid()).sqrt()
        chosen, owner, overlap = _assign(boxes[index].detach(), scores, gt, kinds, anchors, stride)
        matched += len(chosen)
        obj_target[index, chosen] = 1
        obj_weight[index, chosen] = 1
        total = total + 5 * (1 - box_iou(boxes[index, chosen], gt[owner]) ** 2).sum()
        wanted = functional.one_hot(kinds[owner], raw.shape[2] - 5).float() * overlap[:, None]
        total = total + functional.binary_cross_entropy_with_logits(raw[index, chosen, 5:], wanted, reduction="sum")
        if with_l1:
            step = stride[chosen][:, None]
            centre = (gt[owner, :2] + gt[owner, 2:]) / 2 / step - grid[chosen]
            sides = ((gt[owner, 2:] - gt[owner, :2]) / step).clamp(min=1e-3).log()
            total = total + (raw[index, chosen, :4] - torch.cat([centre, sides], 1)).abs().sum()
    obj = functional.binary_cross_entropy_with_logits(raw[..., 4], obj_target, reduction="none")
    return (total + (obj * obj_weight).sum()) / max(matched, 1)


def _feed(
    samples: Sequence[Sample], weights: np.ndarray, schedule: Schedule, recipe: Recipe,
    plain: Callable[[], bool], out: queue.Queue[Batch], stop: threading.Event,
) -> None:  # fmt: skip
    rng = np.random.default_rng(schedule.seed)
    odds = weights / weights.sum()

    def pick() -> Sample:
        return samples[int(rng.choice(len(samples), p=odds))]

    while not stop.is_set():
        width = int(rng.choice(schedule.sizes_px))
        size = width, round(width * float(rng.choice(schedule.heights)) / 32) * 32
        mosaic = not plain() and bool(rng.random() < schedule.mosaic_share)
        drawn = [draw(pick, size, mosaic, recipe, rng) for _ in range(schedule.batch)]
        pictures = torch.from_numpy(np.stack([item[0] for item in drawn])).permute(0, 3, 1, 2).float()
        targets = [(torch.from_numpy(item[1]), torch.from_numpy(item[2])) for item in drawn]
        while not stop.is_set():
            try:
                out.put((pictures, targets), timeout=1)
                break
            except queue.Full:
                continue


def train(
    trunk: Trunk, samples: Sequence[Sample], weights: np.ndarray, schedule: Schedule, recipe: Recipe,
    export: Callable[[Trunk, int], Path], teacher: Trunk | None = None,
) -> int:  # fmt: skip
    """Train for ``schedule.minutes``; returns the number of steps. ``export`` gets the averaged weights.

    A `teacher` with the same outputs is listened to beside the labels (`distil.py`).
    """
    cv2.setNumThreads(1)
    torch.manual_seed(schedule.seed)
    rng = np.random.default_rng(schedule.seed + 1)
    odds = weights / weights.sum()

    def pick() -> Sample:
        return samples[int(rng.choice(len(samples), p=odds))]

    calm = [draw(pick, (416, 416), False, recipe, rng)[0] for _ in range(96)]
    pictures = torch.from_numpy(np.stack(calm)).permute(0, 3, 1, 2).float()
    trunk.unfold(pictures.split(16))
    trunk.train()
    decayed = [p for p in trunk.parameters() if p.ndim > 1]
    plain_values = [p for p in trunk.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": plain_values, "weight_decay": 0.0}]
    optimiser = torch.optim.SGD(groups, lr=0.0, momentum=0.9, nesterov=True)
    values = [*trunk.parameters(), *(b for b in trunk.buffers() if b.is_floating_point())]
    average = [value.detach().clone() for value in values]
    batches: queue.Queue[Batch] = queue.Queue(maxsize=6)
    stop = threading.Event()
    begin = time.monotonic()

    def done() -> float:
        return (time.monotonic() - begin) / (schedule.minutes * 60)

    def in_tail() -> bool:
        return done() > 1 - schedule.plain_tail

    feeder = threading.Thread(
        target=_feed, args=(samples, weights, schedule, recipe, in_tail, batches, stop), daemon=True
    )
    feeder.start()
    trunk = trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in its stubs
    step, exported, smooth = 0, 0, 0.0
    try:
        while done() < 1:
            pictures, targets = batches.get()
            decay = 0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * min(1, done())))
            rate = schedule.rate * min(1.0, (step + 1) / 80) * decay
            for group in optimiser.param_groups:
                group["lr"] = rate
            with torch.autocast("cpu", torch.bfloat16):
                raw, grid, stride = trunk(pictures.contiguous(memory_format=torch.channels_last))
            loss = loss_of(raw.float(), grid, stride, targets, in_tail())
            if teacher is not None:
                loss = loss + distance(raw.float(), lesson(teacher, pictures), grid, stride)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trunk.parameters(), 40.0)
            optimiser.step()
            step += 1
            keep = min(0.998, (1 + step) / (10 + step))
            with torch.no_grad():
                for mean, now in zip(average, values, strict=True):
                    mean.lerp_(now, 1 - keep)
            smooth = float(loss.detach()) if step == 1 else 0.98 * smooth + 0.02 * float(loss.detach())
            if step % 50 == 0:
                print(f"step {step} pictures {step * schedule.batch} done {done():.2f} loss {smooth:.3f}", flush=True)
            if done() * schedule.exports >= exported + 1 and exported + 1 < schedule.exports:
                exported += 1
                _export_average(trunk, values, average, export, step)
        _export_average(trunk, values, average, export, step)
    finally:
        stop.set()
        feeder.join(timeout=10)
    return step


def _export_average(
    trunk: Trunk, values: list[torch.Tensor], average: list[torch.Tensor],
    export: Callable[[Trunk, int], Path], step: int,
) -> None:  # fmt: skip
    """Write the averaged weights, then go on with the current ones."""
    current = [value.detach().clone() for value in values]
    with torch.no_grad():
        for value, mean in zip(values, average, strict=True):
            value.copy_(mean)
        print(f"step {step}: wrote {export(trunk, step)}", flush=True)
        for value, now in zip(values, current, strict=True):
            value.copy_(now)
