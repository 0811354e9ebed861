"""The sets that training and figures rest on: corrected labels, splits by plate, counts by points."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from tools.evaluate.model_figures import matched, models
from tools.train.data import IGNORE, Sample
from tools.train.plate_drawing import clean_plate, draw_plate, seen_at
from tools.train.plate_sets import corrected, corrections, held_out, split
from tools.train.vehicles import checked

needs_plates = pytest.mark.footage("plates")


@pytest.mark.parametrize(
    ("label", "edits", "text"),
    [
        ("59A12345", "", "59A12345"),
        ("59A12345", "4=9", "59A19345"),
        ("59A1235", "6+4", "59A12345"),
        ("559A12345", "0-", "59A12345"),
        ("59A15345", "5+2 6-", "59A15235"),
        ("59A1234", "7+5", "59A12345"),
        ("59A22345", "3=1 2=B", "59B12345"),
    ],
)
def test_a_label_is_edited_place_by_place(label: str, edits: str, text: str) -> None:
    assert corrected(label, edits) == text


@pytest.mark.parametrize("edits", ["x", "4", "=3", "4=", "unreadable"])
def test_an_edit_that_is_none_is_refused(edits: str) -> None:
    with pytest.raises(ValueError, match="is no edit"):
        corrected("59A12345", edits)


def test_no_whole_plate_stands_in_the_corrections() -> None:
    assert corrections()
    assert all(len(edits.split()) <= 4 for edits in corrections().values() if edits != "unreadable")


def test_the_split_is_by_text_and_the_same_every_time() -> None:
    texts = [f"59A{n:05d}" for n in range(4000)]
    tested = [t for t in texts if held_out(t, 0.35)]
    assert tested == [t for t in texts if held_out(t, 0.35)]
    assert 0.32 < len(tested) / len(texts) < 0.38
    assert {t for t in texts if held_out(t, 0.12)} <= set(tested)


@needs_plates
def test_no_plate_that_is_tested_is_trained_on() -> None:
    train, gate, texts = split()
    assert len(train) > 1000
    assert len(gate) > 200
    assert len(texts) > 200
    assert not {p.text for p in train} & ({p.text for p in gate} | {p.text for p in texts})


def test_the_test_pictures_carry_what_the_look_found() -> None:
    from tools.train.vehicles import CHECKS

    rows = [line.split(",") for line in CHECKS.read_text(encoding="utf-8").splitlines()[1:]]
    by_verdict = {verdict: next(r for r in rows if r[5] == verdict) for verdict in ("unlabelled", "cut", "none")}
    picture = np.zeros((512, 512, 3), np.uint8)
    far = np.array([[400, 400, 500, 500]], np.float32)

    row = by_verdict["unlabelled"]
    (seen,) = checked([Sample(row[0], picture, far, np.array([0]))])
    assert (seen.classes[:1] == 0).all()
    assert seen.classes[1:].tolist() == [IGNORE] * (len(seen.boxes) - 1)
    assert [float(v) for v in row[1:5]] in seen.boxes.tolist()

    row = by_verdict["cut"]
    box = np.array([[float(v) for v in row[1:5]]], np.float32)
    (seen,) = checked([Sample(row[0], picture, box - 2, np.array([0]))])
    assert seen.classes[0] == IGNORE

    row = by_verdict["none"]
    box = np.array([[float(v) for v in row[1:5]]], np.float32)
    (seen,) = checked([Sample(row[0], picture, np.concatenate([far, box]), np.array([1, 0]))])
    assert box[0].tolist() not in seen.boxes.tolist()
    (other,) = checked([Sample("vehicles/unknown.jpg", picture, far, np.array([1]))])
    assert other.boxes.tolist() == far.tolist()


@pytest.mark.parametrize(
    ("points", "boxes", "count"),
    [
        ([], [[0, 0, 9, 9]], 0),
        ([[5, 5]], [], 0),
        ([[5, 5], [6, 6]], [[0, 0, 9, 9]], 1),  # one box is not two vehicles
        ([[5, 5], [15, 5]], [[0, 0, 20, 9], [0, 0, 9, 9]], 2),  # the wide box must be left to the second
        ([[50, 50]], [[0, 0, 20, 9]], 0),
    ],
)
def test_each_point_needs_a_box_of_its_own(points: list[list[float]], boxes: list[list[float]], count: int) -> None:
    found = matched(np.array(points, float).reshape(-1, 2), np.array(boxes, np.float32).reshape(-1, 4))
    assert found == count


def test_drawn_plates_say_what_they_show_and_shrink_to_the_width_asked_for() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        plate = clean_plate(rng)
        assert plate.text.isalnum()
        assert 6 <= len(plate.text) <= 9
        assert seen_at(plate, 40, rng).shape[1] == 40
        assert 0 <= plate.upper < len(plate.text)
        assert min(draw_plate(rng).image.shape[:2]) >= 8


def test_figures_without_the_labelled_pictures_say_what_is_missing(tmp_path: object) -> None:
    result = CliRunner().invoke(models, ["--shared", str(tmp_path)])
    assert result.exit_code == 1
    assert "labelled pictures and clips are not here" in result.output
