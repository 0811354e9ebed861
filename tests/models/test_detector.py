"""From a frame to vehicles: letterbox, decode, suppression, and the shipped weights."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from models import manifest
from models.detector import (
    STRIDES,
    VEHICLE_CLASSES,
    Detector,
    YoloxDetector,
    decode,
    letterbox,
    load_detector,
    suppress,
)
from models.detector_margins import DetectorMargins
from models.errors import ModelError
from tests.footage import FOOTAGE

SMALL = DetectorMargins(long_side=320)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector(threads=1, margins=SMALL)


@pytest.mark.parametrize(
    ("size", "long_side", "expected", "scale"),
    [
        ((480, 640), 416, (320, 416), 0.65),
        ((1080, 1920), 640, (384, 640), 1 / 3),
        ((640, 480), 416, (416, 320), 0.65),
        ((50, 100), 320, (160, 320), 3.2),
    ],
)
def test_letterbox_keeps_the_proportions_and_pads_to_whole_cells(
    size: tuple[int, int], long_side: int, expected: tuple[int, int], scale: float
) -> None:
    picture, factor = letterbox(np.full((*size, 3), 9, np.uint8), long_side)
    assert picture.shape == (1, 3, *expected)
    assert factor == pytest.approx(scale)
    assert picture[0, 0, 0, 0] == 9
    used = round(size[0] * scale)
    assert (picture[0, :, used:, :] == 114).all()


def raw_for(boxes: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Raw rows, each box encoded at one cell of the coarsest level, the inverse of what ``decode`` does."""
    cells = [(height // s) * (width // s) for s in STRIDES]
    raw = np.zeros((sum(cells), 6), np.float32)
    stride = STRIDES[2]
    for row, (x0, y0, x1, y1) in enumerate(boxes):
        column, line = row % (width // stride), row // (width // stride)
        centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) / stride - (column, line)
        raw[cells[0] + cells[1] + row] = [*centre, *np.log(np.array([x1 - x0, y1 - y0]) / stride), 1, 1]
    return raw


def test_decode_gives_back_the_boxes_that_were_encoded() -> None:
    boxes = np.array([[3, 4, 50, 90], [100, 20, 160, 44], [0, 0, 320, 256]], np.float32)
    table = decode(raw_for(boxes, 256, 320), 256, 320)
    assert table[table[:, 4] > 0][:, :4] == pytest.approx(boxes, abs=1e-2)


def test_rows_decoded_alone_are_those_of_the_whole_to_the_last_bit() -> None:
    rng = np.random.default_rng(7)
    raw = rng.normal(0, 2, (1680, 11)).astype(np.float32)
    rows = np.flatnonzero(rng.random(len(raw)) < 0.03)
    assert np.array_equal(decode(raw, 256, 320, rows), decode(raw, 256, 320)[rows])


class PersonBeside:
    """A network with a sixth class: it sees a motorcycle, and a person on foot that looks a little like one."""

    def __init__(self) -> None:
        raw = raw_for(np.array([[10, 20, 60, 120], [200, 30, 230, 140]], np.float32), 256, 320)
        rows = np.flatnonzero(raw[:, 4])
        self._raw = np.zeros((len(raw), 11), np.float32)
        self._raw[:, :5] = raw[:, :5]
        self._raw[rows[0], [5, 10]] = 0.8, 0.1
        self._raw[rows[1], [5, 10]] = 0.4, 0.7

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="images")]

    def run(self, outputs: None, inputs: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        return [self._raw[None]]


def test_a_person_on_foot_is_no_vehicle() -> None:
    seen = YoloxDetector(PersonBeside(), margins=SMALL).detect(np.zeros((256, 320, 3), np.uint8))
    assert seen.boxes == pytest.approx(np.array([[10, 20, 60, 120]]), abs=0.1)
    assert seen.scores == pytest.approx(np.array([0.8]))
    assert seen.classes.tolist() == [0]


def test_a_network_of_another_input_size_is_refused() -> None:
    with pytest.raises(ModelError, match="cells"):
        decode(np.zeros((100, 10), np.float32), 320, 320)


CAR = [100, 100, 200, 160]
CASES = [
    ("the same car twice is one", [(CAR, 0.9, 1), ([104, 102, 204, 162], 0.8, 1)], [0]),
    ("one vehicle called car and truck is one, by its better name", [(CAR, 0.6, 1), (CAR, 0.7, 3)], [1]),
    ("a motorcycle in front of a car stays", [(CAR, 0.9, 1), ([105, 100, 195, 160], 0.8, 0)], [0, 1]),
    (
        "two motorcycles side by side in a queue stay",
        [([100, 100, 140, 180], 0.9, 0), ([110, 104, 150, 184], 0.8, 0)],
        [0, 1],
    ),
    ("one two-wheeler called motorcycle and bicycle is one", [(CAR, 0.5, 4), (CAR, 0.9, 0)], [1]),
    ("nothing weaker than the threshold stays", [(CAR, 0.05, 1)], []),
    ("nothing in, nothing out", [], []),
]


@pytest.mark.parametrize(("rows", "kept"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_suppression(rows: list[tuple[list[int], float, int]], kept: list[int]) -> None:
    boxes = np.array([row[0] for row in rows], np.float32).reshape(-1, 4)
    scores = np.array([row[1] for row in rows], np.float32)
    classes = np.array([row[2] for row in rows], np.int64)
    assert suppress(boxes, scores, classes, DetectorMargins()).tolist() == kept


@pytest.mark.parametrize("size", [(240, 320), (352, 288), (33, 500), (1, 1)])
def test_any_frame_gives_well_formed_detections(detector: Detector, size: tuple[int, int]) -> None:
    frame = np.random.default_rng(1).integers(0, 255, (*size, 3)).astype(np.uint8)
    seen = detector.detect(frame)
    assert seen.boxes.shape == (len(seen), 4)
    assert (seen.boxes.dtype, seen.scores.dtype, seen.classes.dtype) == (np.float32, np.float32, np.int64)
    assert (np.diff(seen.scores) <= 0).all()
    assert ((seen.classes >= 0) & (seen.classes < len(VEHICLE_CLASSES))).all()
    assert (seen.boxes >= 0).all()
    assert (seen.boxes[:, 0::2] <= size[1]).all()


def test_an_empty_grey_frame_has_no_vehicle(detector: Detector) -> None:
    seen = detector.detect(np.full((240, 320, 3), 114, np.uint8))
    assert (seen.scores < 0.3).all()


def test_the_frame_is_not_changed(detector: Detector) -> None:
    frame = np.random.default_rng(2).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    before = frame.copy()
    detector.detect(frame)
    assert (frame == before).all()


@pytest.mark.footage
def test_motorcycles_that_ran_the_red_light_in_hanoi_are_found() -> None:
    pytest.importorskip("pycocotools")
    from tools.train.vehicle_eval import best_match, marked_vehicles

    wide = load_detector()
    marks = [m for m in marked_vehicles(FOOTAGE) if m.clip.stem == "hanoi_giang_vo" and m.name.startswith("K")]
    assert marks
    for mark in marks:
        assert best_match(wide, mark)[0] >= 0.4, mark.name


def test_each_size_is_a_network_of_its_own() -> None:
    frame = np.full((240, 320, 3), 128, np.uint8)
    paths = {manifest.resolve(model_id).path for model_id in manifest.detector_sizes().values()}
    assert len(paths) == 2
    for size in manifest.detector_sizes():
        assert len(load_detector(threads=1, margins=SMALL, size=size).detect(frame)) == 0


def test_a_detector_whose_decoder_is_not_known_here_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "detector_sizes", lambda *, manifest: {"nano": "plate-finder"})
    with pytest.raises(ModelError, match="decoder yolox-plate"):
        load_detector(size="nano")


def test_the_margins_that_are_handed_in_are_those_that_judge() -> None:
    boxes = np.array([[0, 0, 100, 100], [10, 0, 110, 100]], np.float32)
    scores, classes = np.array([0.9, 0.8], np.float32), np.array([1, 1])
    assert len(suppress(boxes, scores, classes, DetectorMargins())) == 1
    assert len(suppress(boxes, scores, classes, DetectorMargins(four_wheelers_double_iou=0.95))) == 2
    assert len(suppress(boxes, scores, classes, DetectorMargins(min_score=0.85))) == 1
