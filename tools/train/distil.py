"""What a trained network teaches another one: its own scores and outlines, at every place of the picture.

A label says "bus" or nothing; a larger network also says how much a far minibus resembles a car, and sees vehicles that
nobody labelled. Teacher and pupil look at the same picture at the same size and share the grid, so each place has its
lesson (Hinton et al. 2015; for detectors Chen et al. 2017, "Learning efficient object detection models with knowledge
distillation").
"""

from __future__ import annotations

import torch
from torch.nn import functional

from tools.train.network import Trunk, box_iou, boxes_of

LEAST_SCORE = 0.05
"""Where the teacher sees less than this, it has nothing to say about box and class."""
_BOX = 5.0


@torch.no_grad()
def lesson(teacher: Trunk, pictures: torch.Tensor) -> torch.Tensor:
    """The teacher's raw predictions ``[B, A, 5+C]`` (boxes on the grid, logits)."""
    with torch.autocast("cpu", torch.bfloat16):
        raw: torch.Tensor = teacher(pictures)[0]
    return raw.float()


def distance(raw: torch.Tensor, taught: torch.Tensor, grid: torch.Tensor, stride: torch.Tensor) -> torch.Tensor:
    """How far predictions `raw` are from those `taught`, both ``[B, A, 5+C]``, per place where the teacher sees one.

    Nought where both are the same. `grid` ``[A, 2]`` in cells, `stride` ``[A]`` in pixels.
    """
    presence = taught[..., 4].sigmoid()
    total = _apart(raw[..., 4], presence).sum()
    seen = presence > LEAST_SCORE
    weight = presence[seen]
    kinds = _apart(raw[..., 5:][seen], taught[..., 5:][seen].sigmoid()).sum(-1)
    fit = box_iou(boxes_of(raw, grid, stride)[seen], boxes_of(taught, grid, stride)[seen])
    total = total + (weight * (kinds + _BOX * (1 - fit**2))).sum()
    return total / weight.sum().clamp(min=1)


def _apart(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Cross entropy beyond what `wanted` itself has."""
    sure = wanted.clamp(1e-6, 1 - 1e-6)
    own = -(sure * sure.log() + (1 - sure) * (1 - sure).log())
    return functional.binary_cross_entropy_with_logits(logits, sure, reduction="none") - own
