"""What one network teaches another: scores everywhere, boxes and kinds where it sees something."""

from __future__ import annotations

import numpy as np
import pytest

from models import manifest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from tools.train.distil import LEAST_SCORE, distance, lesson  # noqa: E402
from tools.train.network import Trunk, boxes_of, with_classes  # noqa: E402

PLACES = 6
GRID = torch.tensor([[x, y] for y in (0.0, 1.0) for x in (0.0, 1.0, 2.0)])
STRIDE = torch.full((PLACES,), 8.0)


def predictions(presence: float, seed: int) -> torch.Tensor:
    raw = 0.5 * torch.randn((2, PLACES, 9), generator=torch.Generator().manual_seed(seed))
    raw[..., 4] = float(np.log(presence / (1 - presence)))
    return raw


def test_who_predicts_what_was_taught_is_at_no_distance() -> None:
    taught = predictions(0.7, 1)
    assert float(distance(taught.clone(), taught, GRID, STRIDE)) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("part", [slice(0, 4), slice(4, 5), slice(5, 9)], ids=["box", "presence", "kind"])
def test_each_part_of_a_lesson_counts_where_the_teacher_sees_a_vehicle(part: slice) -> None:
    taught, raw = predictions(0.7, 1), predictions(0.7, 1)
    raw[..., part] += 0.8
    assert float(distance(raw, taught, GRID, STRIDE)) > 0.05


def test_box_and_kind_do_not_count_where_the_teacher_sees_nothing() -> None:
    taught, raw = predictions(LEAST_SCORE / 2, 1), predictions(LEAST_SCORE / 2, 2)
    assert float(distance(raw, taught, GRID, STRIDE)) == pytest.approx(0, abs=1e-4)


def test_a_pupil_comes_to_predict_what_it_is_taught() -> None:
    taught, raw = predictions(0.7, 1), predictions(0.1, 2)
    raw[..., :4] = taught[..., :4] + 0.3  # boxes that do not touch have no slope
    raw.requires_grad_()
    steps = torch.optim.Adam([raw], lr=0.1)
    for _ in range(200):
        steps.zero_grad()
        distance(raw, taught, GRID, STRIDE).backward()
        steps.step()
    torch.testing.assert_close(raw[..., 4:].sigmoid(), taught[..., 4:].sigmoid(), atol=0.02, rtol=0)
    torch.testing.assert_close(boxes_of(raw, GRID, STRIDE), boxes_of(taught, GRID, STRIDE), atol=0.5, rtol=0)


def test_a_lesson_has_the_pupils_shape_and_carries_no_gradient() -> None:
    trunk = Trunk(with_classes(manifest.resolve("vehicle-nano").path, [0, 1, 2, 3, 4, 0])).eval()
    taught = lesson(trunk, torch.full((2, 3, 64, 96), 114.0))
    assert taught.shape == (2, 8 * 12 + 4 * 6 + 2 * 3, 11)
    assert taught.dtype == torch.float32
    assert not taught.requires_grad
