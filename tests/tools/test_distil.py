"""What one network teaches another: scores everywhere, boxes and kinds where it sees something."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models import manifest

if TYPE_CHECKING:  # seconds that only the process which runs these tests shall spend
    import torch

pytestmark = pytest.mark.skipif(not (find_spec("torch") and find_spec("onnx")), reason="the extra `train` is not there")
PLACES = 6


def places() -> tuple[torch.Tensor, torch.Tensor]:
    """Grid and stride."""
    import torch

    grid = torch.tensor([[x, y] for y in (0.0, 1.0) for x in (0.0, 1.0, 2.0)])
    return grid, torch.full((PLACES,), 8.0)


def apart(raw: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    from tools.train.distil import distance

    return distance(raw, taught, *places())


def predictions(presence: float, seed: int) -> torch.Tensor:
    import torch

    raw = 0.5 * torch.randn((2, PLACES, 9), generator=torch.Generator().manual_seed(seed))
    raw[..., 4] = float(np.log(presence / (1 - presence)))
    return raw


def test_who_predicts_what_was_taught_is_at_no_distance() -> None:
    taught = predictions(0.7, 1)
    assert float(apart(taught.clone(), taught)) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("part", [slice(0, 4), slice(4, 5), slice(5, 9)], ids=["box", "presence", "kind"])
def test_each_part_of_a_lesson_counts_where_the_teacher_sees_a_vehicle(part: slice) -> None:
    taught, raw = predictions(0.7, 1), predictions(0.7, 1)
    raw[..., part] += 0.8
    assert float(apart(raw, taught)) > 0.05


def test_box_and_kind_do_not_count_where_the_teacher_sees_nothing() -> None:
    from tools.train.distil import LEAST_SCORE

    taught, raw = predictions(LEAST_SCORE / 2, 1), predictions(LEAST_SCORE / 2, 2)
    assert float(apart(raw, taught)) == pytest.approx(0, abs=1e-4)


def test_a_pupil_comes_to_predict_what_it_is_taught() -> None:
    import torch

    from tools.train.network import boxes_of

    taught, raw = predictions(0.7, 1), predictions(0.1, 2)
    raw[..., :4] = taught[..., :4] + 0.3  # boxes that do not touch have no slope
    raw.requires_grad_()
    steps = torch.optim.Adam([raw], lr=0.1)
    for _ in range(200):
        steps.zero_grad()
        apart(raw, taught).backward()
        steps.step()
    torch.testing.assert_close(raw[..., 4:].sigmoid(), taught[..., 4:].sigmoid(), atol=0.02, rtol=0)
    torch.testing.assert_close(boxes_of(raw, *places()), boxes_of(taught, *places()), atol=0.5, rtol=0)


def test_a_lesson_has_the_pupils_shape_and_carries_no_gradient() -> None:
    import torch

    from tools.train.distil import lesson
    from tools.train.network import Trunk, with_classes

    trunk = Trunk(with_classes(manifest.resolve("vehicle-nano").path, [0, 1, 2, 3, 4, 0])).eval()
    taught = lesson(trunk, torch.full((2, 3, 64, 96), 114.0))
    assert taught.shape == (2, 8 * 12 + 4 * 6 + 2 * 3, 11)
    assert taught.dtype == torch.float32
    assert not taught.requires_grad
