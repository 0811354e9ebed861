"""The detector's training: a wider network that computes the same, crowds put together, doubtful vehicles left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models import manifest
from models.detector import Detections
from models.runtime import open_session
from tools.train.data import IGNORE, Boxes, Recipe, Sample, draw
from tools.train.paste import crowded, holding, with_people
from tools.train.vehicle_eval import CLIP_BOXES, other_cameras
from tools.train.vehicles import (
    HEAVY,
    HEAVY_KINDS,
    PERSON,
    SHARED,
    agreed,
    heavy_vehicles,
    masked,
    people,
    with_walkers,
)

onnx = pytest.importorskip("onnx")


def sample(boxes: list[tuple[float, float, float, float]], classes: list[int], grey: int = 90) -> Sample:
    picture = np.full((200, 300, 3), grey, np.uint8)
    for x0, y0, x1, y1 in boxes:
        picture[int(y0) : int(y1), int(x0) : int(x1)] = (20, 60, 200)
    return Sample("set/x.jpg", picture, np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, np.int64))


@pytest.mark.parametrize("factor", [1.0, 1.5, 2.0])
def test_a_wider_network_computes_what_the_narrow_one_does(factor: float, tmp_path: Path) -> None:
    from tools.train.widen import widened, width_of

    narrow = manifest.resolve("vehicle-nano").path
    onnx.save(widened(onnx.load(str(narrow)), factor), str(tmp_path / "wide.onnx"))
    picture = np.random.default_rng(4).integers(0, 255, (1, 3, 96, 128)).astype(np.float32)
    before, after = (open_session(p).run(None, {"images": picture})[0] for p in (narrow, tmp_path / "wide.onnx"))
    np.testing.assert_allclose(after, before, atol=2e-4)
    assert width_of(onnx.load(str(tmp_path / "wide.onnx"))) == round(16 * factor)
    if factor > 1:
        assert (tmp_path / "wide.onnx").stat().st_size > narrow.stat().st_size * factor


def test_noise_lets_the_copies_part_ways_and_leaves_the_outputs_alone(tmp_path: Path) -> None:
    from tools.train.widen import widened

    narrow = onnx.load(str(manifest.resolve("vehicle-nano").path))
    plain, noisy = widened(narrow, 1.5), widened(narrow, 1.5, noise=0.05)
    changed = {a.name for a, b in zip(plain.graph.initializer, noisy.graph.initializer, strict=True) if a != b}
    assert changed
    assert not any("_preds." in name for name in changed)


def test_a_tuned_network_goes_back_towards_the_one_it_began_as() -> None:
    from tools.train.widen import between, widened

    tuned = onnx.load(str(manifest.resolve("vehicle-nano").path))
    base = widened(tuned, 1.0, noise=0.5)
    values = [
        {item.name: onnx.numpy_helper.to_array(item) for item in model.graph.initializer}
        for model in (tuned, base, between(tuned, base, 0.25), between(tuned, base, 0.0))
    ]
    for name, value in values[0].items():
        if value.dtype == np.float32:
            np.testing.assert_allclose(values[2][name], 0.75 * value + 0.25 * values[1][name], atol=1e-5)
        np.testing.assert_array_equal(values[3][name], value)
    with pytest.raises(ValueError, match="no such weights"):
        between(widened(tuned, 1.5), tuned, 0.2)


def test_buses_and_trucks_stand_beside_cars_and_taller_than_they() -> None:
    here = sample([(100, 100, 140, 130)], [1])
    for kind, taller in ((2, 1.8), (3, 1.6)):
        there = sample([(20, 30, 100, 130), (200, 40, 240, 100)], [kind, 1])
        made = [crowded(here, there, 3, np.random.default_rng(seed), [kind]) for seed in range(80)]
        heights = [float(m.boxes[1, 3] - m.boxes[1, 1]) for m in made if len(m.boxes) > 1]
        assert len(heights) > 20
        assert {int(k) for m in made for k in m.classes[1:]} == {kind}
        assert np.median(heights) == pytest.approx(30 * taller, rel=0.15)
    colours = {tuple(m.picture.reshape(-1, 3).max(0)) for m in made if len(m.boxes) > 1}
    assert len(colours) > 5  # some are painted anew


def test_donors_are_those_with_a_whole_vehicle_of_the_kind() -> None:
    small = sample([(10, 10, 20, 18)], [2])
    hidden = sample([(50, 50, 120, 120), (60, 60, 125, 125)], [2, 1])
    good = sample([(50, 50, 120, 120), (150, 60, 220, 125)], [2, 1])
    assert holding([small, hidden, good], 2) == [good]
    assert holding([small, hidden, good], 3) == []


def test_vehicles_of_another_picture_stand_beside_those_of_the_same_kind() -> None:
    here = sample([(100, 80, 140, 140)], [0])
    there = sample([(20, 30, 60, 90), (200, 40, 280, 100)], [0, 1], grey=120)
    for seed in range(30):
        made = crowded(here, there, 6, np.random.default_rng(seed))
        assert np.array_equal(here.boxes, made.boxes[:1])
        assert set(made.classes.tolist()) <= {0, IGNORE}  # no car to stand beside, so no car is pasted
        for x0, y0, x1, y1 in made.boxes:
            assert x0 >= 0
            assert y0 >= 0
            assert x1 <= 300
            assert y1 <= 200
        assert len(made.boxes) == 1 or not np.array_equal(made.picture, here.picture)
    assert np.array_equal(here.picture, sample([(100, 80, 140, 140)], [0]).picture)  # the original is untouched


def test_a_vehicle_that_a_pasted_one_hides_is_neither_missed_nor_false() -> None:
    here = sample([(120, 100, 130, 125), (100, 80, 150, 150)], [0, 0])
    there = sample([(20, 30, 80, 120)], [0])
    results = [crowded(here, there, 1, np.random.default_rng(seed)) for seed in range(200)]
    hidden = [m for m in results if len(m.boxes) > 2 and m.classes[0] == IGNORE]
    assert hidden
    assert all((m.boxes[2, :2] <= m.boxes[0, 2:]).all() for m in hidden)


def test_without_a_fitting_vehicle_nothing_is_pasted() -> None:
    empty = sample([], [])
    for donor in (empty, sample([(20, 30, 60, 90)], [2])):
        made = crowded(empty, donor, 6, np.random.default_rng(0))
        assert len(made.boxes) == 0
        assert np.array_equal(made.picture, empty.picture)


def test_people_on_foot_stand_beside_vehicles_as_a_class_of_their_own() -> None:
    here = sample([(100, 80, 140, 140), (128, 100, 138, 130)], [0, 1])
    walker = np.full((90, 40, 3), 250, np.uint8)
    changed = hidden = low = 0
    for seed in range(60):
        made = with_people(here, [walker], 3, np.random.default_rng(seed))
        assert np.array_equal(made.boxes[:2], here.boxes)
        assert set(made.classes[2:].tolist()) <= {PERSON, IGNORE}
        assert (made.boxes >= 0).all()
        assert (made.boxes <= [300, 200, 300, 200]).all()
        low += int((made.boxes[2:, 3] == 200).sum())
        changed += not np.array_equal(made.picture, here.picture)
        hidden += made.classes[:2].tolist() != [0, 1]
        assert set(made.classes[:2].tolist()) <= {0, 1, IGNORE}
    assert changed > 40
    assert low > 5  # cut off by the picture's edge, as those are who pass below the camera
    assert hidden
    assert with_people(here, [], 3, np.random.default_rng(0)) is here
    alone = with_people(sample([], []), [walker], 3, np.random.default_rng(0))
    assert len(alone.boxes)
    assert set(alone.classes.tolist()) == {PERSON}


@pytest.mark.footage
def test_the_boxes_of_other_cameras_lie_in_their_pictures() -> None:
    pictures = other_cameras(SHARED / "footage")
    assert len({p.name.split("#")[0] for p in pictures}) >= 9
    for item in pictures:
        height, width = item.picture.shape[:2]
        assert (item.boxes[:, 2:] > item.boxes[:, :2]).all()
        assert (item.boxes[:, :2] >= 0).all()
        assert (item.boxes[:, 2:] <= [width, height]).all(), item.name
    assert CLIP_BOXES.stat().st_size < 40_000


@pytest.mark.footage("train/plates")
def test_buses_and_trucks_cut_out_of_plate_pictures_lie_in_them() -> None:
    found = heavy_vehicles()
    with HEAVY.open(encoding="utf-8") as stream:
        assert len(found) == sum(1 for _ in stream) - 1
    for kind in HEAVY_KINDS.values():
        assert len(holding(found, kind)) > 30
    for item in found:
        tall, wide = item.picture.shape[:2]
        assert (item.boxes >= 0).all()
        assert (item.boxes <= [wide, tall, wide, tall]).all()


class Base:
    """The base model on one picture: boxes, scores, COCO classes."""

    def __init__(self, *seen: tuple[tuple[float, float, float, float], float, int]) -> None:
        self._seen = seen

    def detect(self, item: Sample, least: float) -> tuple[Boxes, NDArray[np.float32], NDArray[np.int64]]:
        strong = [s for s in self._seen if s[1] >= least]
        boxes = np.array([box for box, _, _ in strong], np.float32).reshape(-1, 4)
        return boxes, np.array([s for _, s, _ in strong], np.float32), np.array([k for _, _, k in strong], np.int64)


@pytest.mark.parametrize(
    ("name", "box", "score", "expected"),
    [
        ("vehicles_cc_by/nepal_1.jpg", (10, 20, 40, 110), 0.7, [PERSON]),
        ("vehicles_vn_lanes/a.jpg", (10, 20, 40, 110), 0.7, [IGNORE]),  # there half of them ride
        ("vehicles_cc_by/nepal_1.jpg", (10, 20, 80, 110), 0.7, [IGNORE]),  # too broad for a person standing
        ("vehicles_cc_by/nepal_1.jpg", (10, 20, 40, 110), 0.2, []),
        ("vehicles_cc_by/nepal_1.jpg", (105, 70, 135, 130), 0.7, []),  # rides the motorcycle that is labelled
        ("vehicles_cc_by/nepal_1.jpg", (210, 60, 240, 120), 0.7, []),  # sits in the car
        ("vehicles_cc_by/nepal_1.jpg", (250, 150, 280, 199), 0.7, []),  # on what may be a bicycle
        ("drawn/drawn_1_2.jpg", (10, 20, 40, 110), 0.7, []),
    ],
)
def test_who_walks_is_learnt_as_a_person(
    name: str, box: tuple[float, float, float, float], score: float, expected: list[int]
) -> None:
    own = replace(sample([(100, 80, 140, 140), (200, 50, 290, 130)], [0, 1]), name=name)
    base = Base((box, score, 0), ((248, 170, 285, 200), 0.05, 1))
    (done,) = with_walkers([own], base)  # type: ignore[arg-type]
    assert done.classes.tolist() == [0, 1, *expected]
    cuts = people([done])
    assert [c.shape[:2] for c in cuts] == ([(90, 30)] if expected == [PERSON] else [])


def test_training_may_go_on_from_a_network_that_knows_no_people(tmp_path: Path) -> None:
    from tools.train.detector import LEARNT, _begin
    from tools.train.network import Trunk, classes_of

    old = manifest.resolve("vehicle-nano").path
    graph = _begin(old)
    assert classes_of(graph) == len(LEARNT)
    Trunk(graph).to_onnx(tmp_path / "six.onnx", {})
    picture = np.random.default_rng(4).integers(0, 255, (1, 3, 96, 128)).astype(np.float32)
    before, after = (open_session(p).run(None, {"images": picture})[0] for p in (old, tmp_path / "six.onnx"))
    np.testing.assert_allclose(after[..., :10], before[..., :10], atol=1e-5)
    assert after.shape[2] == 5 + len(LEARNT)
    assert classes_of(_begin(tmp_path / "six.onnx")) == len(LEARNT)


def test_the_network_that_is_trained_computes_what_the_published_graph_does(tmp_path: Path) -> None:
    import torch

    from tools.train.network import Trunk

    path = manifest.resolve("vehicle-nano").path
    trunk = Trunk(onnx.load(str(path)))
    picture = np.random.default_rng(4).integers(0, 255, (1, 3, 96, 128)).astype(np.float32)
    with torch.no_grad():
        raw = trunk(torch.from_numpy(picture))[0].numpy()
    published = open_session(path).run(None, {"images": picture})[0]
    np.testing.assert_allclose(raw[..., :4], published[..., :4], atol=1e-3)
    np.testing.assert_allclose(1 / (1 + np.exp(-raw[..., 4:])), published[..., 4:], atol=1e-4)


class Sees:
    """A detector that sees what it is told to."""

    def __init__(self, boxes: list[tuple[float, float, float, float]], scores: list[float]) -> None:
        self._seen = Detections(
            np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), np.zeros(len(boxes), np.int64)
        )

    def detect(self, frame_bgr: NDArray[np.uint8]) -> Detections:
        return self._seen


def test_what_the_trained_network_sees_and_nobody_labelled_is_left_out_of_the_loss() -> None:
    labelled = sample([(100, 80, 140, 140)], [0])
    seen = Sees([(102, 82, 139, 141), (10, 10, 50, 60), (200, 100, 240, 160)], [0.9, 0.8, 0.2])
    (done,) = masked([labelled], seen)
    assert done.classes.tolist() == [0, IGNORE]
    assert done.boxes[1].tolist() == [10, 10, 50, 60]


@pytest.mark.parametrize(
    ("name", "seen", "other", "boxes", "classes"),
    [
        # a rider nobody labelled gets a label, once both see him, halfway between the two; the doubtful box there goes
        ("vehicles_vn_lanes/x.jpg", (0, 0.6), (0, 0.5), [(20, 20, 40, 80), (201, 40, 221, 100)], [0, 0]),
        # one of the two is not sure, or takes it for something else: it stays doubtful
        ("vehicles_vn_lanes/x.jpg", (0, 0.6), (0, 0.3), [(20, 20, 40, 80), (200, 42, 222, 100)], [0, IGNORE]),
        ("vehicles_vn_lanes/x.jpg", (0, 0.6), (4, 0.6), [(20, 20, 40, 80), (200, 42, 222, 100)], [0, IGNORE]),
        # in the Nepali streets many of these are no vehicles of ours
        ("vehicles_cc_by/nepal_x.jpg", (0, 0.6), (0, 0.6), [(20, 20, 40, 80), (200, 42, 222, 100)], [0, IGNORE]),
    ],
)
def test_what_two_networks_agree_on_becomes_a_label(
    name: str, seen: tuple[int, float], other: tuple[int, float], boxes: list[tuple[float, ...]], classes: list[int]
) -> None:
    given = replace(sample([(20, 20, 40, 80), (200, 42, 222, 100)], [0, IGNORE]), name=name)
    first, second = Says([(200, 40, 220, 100)], [seen]), Says([(202, 40, 222, 100)], [other])
    (made,) = agreed([given], first, second)
    np.testing.assert_allclose(made.boxes, np.array(boxes, np.float32))
    assert made.classes.tolist() == classes


@pytest.mark.parametrize(
    ("found", "outline"),
    [
        ((20, 30, 40, 80), (20, 40, 40, 80)),  # near enough as labelled
        ((20, 0, 40, 80), (20, 0, 40, 80)),  # the label cuts off the rider
        ((20, -40, 40, 80), (20, 40, 40, 80)),  # too far off: two riders behind one another, perhaps
    ],
)
def test_a_motorcycle_badly_outlined_takes_what_both_see(
    found: tuple[float, float, float, float], outline: tuple[float, float, float, float]
) -> None:
    given = replace(sample([(20, 40, 40, 80), (200, 42, 222, 100)], [0, 1]), name="vehicles_vn_lanes/x.jpg")
    (made,) = agreed([given], Says([found], [(0, 0.7)]), Says([found], [(0, 0.7)]))
    assert made.boxes[1].tolist() == [200, 42, 222, 100]
    assert made.boxes[0].tolist() == [*outline]
    assert len(made.boxes) == 2


class Says:
    """A network that always sees the same."""

    def __init__(self, boxes: list[tuple[float, float, float, float]], kinds: list[tuple[int, float]]) -> None:
        self._seen = Detections(
            np.array(boxes, np.float32),
            np.array([score for _, score in kinds], np.float32),
            np.array([kind for kind, _ in kinds], np.int64),
        )

    def detect(self, frame_bgr: NDArray[np.uint8]) -> Detections:
        return self._seen


def test_a_recipe_may_change_how_pictures_are_taken() -> None:
    plain, other = sample([(100, 80, 140, 140)], [0]), sample([(10, 10, 90, 90)], [1])
    recipe = Recipe(change=lambda pick, rng: other)
    for mosaic in (False, True):
        _, _, classes = draw(lambda: plain, (256, 192), mosaic, recipe, np.random.default_rng(3))
        assert set(classes.tolist()) <= {1, IGNORE}
