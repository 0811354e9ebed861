"""What the plate reader is trained on: glyphs off real plates, cuts with real surroundings, no plate of the test."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.plate_corners import load_corner_finder
from models.plates import Corners, LineReading, PlateReading
from tools.train.plate_drawing import FONT_FOLDER, LETTERS, clean_plate, draw_plate
from tools.train.plate_glyphs import harvest, pieces, usual
from tools.train.plate_sets import (
    LabelledPlate,
    alike,
    cut_with_box,
    proposed,
    recut,
    split,
    street_tested,
    street_tests,
)

# what brings torch is imported where it is used: each process collects this file, one runs it
needs_fonts = pytest.mark.skipif(not FONT_FOLDER.is_dir(), reason="the fonts of the drawn plates are not installed")
needs_plates = pytest.mark.footage("plates")


def bars(widths: list[int], height: int = 90) -> NDArray[np.uint8]:
    """A bright line with dark bars of these widths for characters."""
    line = np.full((120, 420, 3), 230, np.uint8)
    x = 25
    for width in widths:
        line[15 : 15 + height, x : x + width] = 20
        x += width + 18
    return line


@pytest.mark.parametrize(
    ("line", "count", "found"),
    [
        pytest.param(bars([30, 30, 12, 30]), 4, 4, id="as many pieces as characters"),
        pytest.param(bars([30, 30, 30]), 4, 0, id="two characters run into one"),
        pytest.param(bars([30, 30, 30], height=40), 3, 0, id="low pieces are no characters"),
        pytest.param(np.full((120, 420, 3), 128, np.uint8), 3, 0, id="nothing to be seen"),
    ],
)
def test_a_line_falls_into_its_characters_or_is_left_alone(line: NDArray[np.uint8], count: int, found: int) -> None:
    masks = pieces(line, count)
    assert len(masks) == found
    assert all(mask.shape[0] == 64 and mask.min() >= 0 and mask.max() <= 1 for mask in masks)


def test_the_glyph_that_differs_from_all_others_is_dropped() -> None:
    same = [np.eye(64, 30, dtype=np.float32) for _ in range(7)]
    wrong = np.ones((64, 30), np.float32)
    kept = usual([*same, wrong])
    assert len(kept) == 6
    assert all(mask.mean() < 0.5 for mask in kept)
    assert usual([wrong]) == []


@needs_fonts
def test_glyphs_of_plates_write_new_plates() -> None:
    from tools.train.plate_network import ALPHABET

    rng = np.random.default_rng(3)
    made = [clean_plate(rng) for _ in range(60)]
    plates = [LabelledPlate(str(n), plate.image, plate.text, plate.upper) for n, plate in enumerate(made)]
    glyphs = harvest(plates, load_corner_finder(threads=1))
    assert len(set(glyphs) & set("0123456789")) >= 8
    drawn = [draw_plate(rng, glyphs) for _ in range(30)]
    assert all(set(plate.text) <= set(ALPHABET) for plate in drawn)
    assert {char for plate in drawn for char in plate.text} & set(LETTERS)


def test_a_cut_keeps_the_place_of_its_box_even_at_the_edge_of_the_picture() -> None:
    picture = np.arange(100 * 120 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 120, 3)
    for box in ((30.0, 40.0, 70.0, 60.0), (0.0, 2.0, 40.0, 22.0), (90.0, 80.0, 120.0, 100.0)):
        crop, inner = cut_with_box(picture, box, 0.25)
        x0, y0, x1, y1 = (round(v) for v in inner)
        assert np.array_equal(crop[y0:y1, x0:x1], picture[round(box[1]) : round(box[3]), round(box[0]) : round(box[2])])
        assert recut(LabelledPlate("p", crop, "", box=inner), 0.0).shape[:2] == (20, round(box[2] - box[0]))


def test_a_real_plate_is_cut_anew_without_losing_its_middle() -> None:
    from tools.train.plate_mixture import jitter, prepare, recut_at_random
    from tools.train.plate_network import HEIGHT, WIDTH

    rng = np.random.default_rng(1)
    image = np.full((90, 150, 3), 40, np.uint8)
    cv2.rectangle(image, (25, 15), (125, 75), (240, 240, 240), -1)
    plate = LabelledPlate("p", image, "36A12345", 0, box=(25.0, 15.0, 125.0, 75.0))
    for _ in range(50):
        cut = recut_at_random(plate, rng)
        assert 90 <= cut.shape[1] <= 140
        middle = cut[cut.shape[0] // 3 : -cut.shape[0] // 3, cut.shape[1] // 4 : -cut.shape[1] // 4]
        assert middle.mean() > 230
        assert prepare(jitter(plate, rng)).shape == (3, HEIGHT, WIDTH)


def test_the_goal_of_a_plate_is_its_text_filled_up() -> None:
    from tools.train.plate_mixture import target_of
    from tools.train.plate_network import ALPHABET, PAD

    codes, upper = target_of("36A12345", 3)
    assert "".join(ALPHABET[c] for c in codes if c != PAD) == "36A12345"
    assert (len(codes), upper) == (10, 3)
    assert target_of("36A12345", -1)[1] < 0


@needs_fonts
def test_the_mixture_holds_drawn_and_real_plates_and_repeats_with_its_seed() -> None:
    from tools.train.plate_mixture import Mixture, target_of
    from tools.train.plate_network import HEIGHT, WIDTH

    real = [LabelledPlate("r", clean_plate(np.random.default_rng(2)).image, "00A00000", 0)]
    first, second = (iter(Mixture(real, {}, 0.5, 0.0, 9)) for _ in range(2))
    texts = set()
    for _ in range(30):
        (image, codes, _), (again, _, _) = next(first), next(second)
        assert image.shape == (3, HEIGHT, WIDTH)
        assert bool((image == again).all())
        texts.add(tuple(codes.tolist()))
    assert tuple(target_of("00A00000", 0)[0]) in texts
    assert len(texts) > 5


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [("36A12345", "36A12345", True), ("36A12345", "36B12346", True), ("36A12345", "36B12999", False),
     ("36A12345", "36A1234", False)],
)  # fmt: skip
def test_readings_of_one_vehicle_are_alike(first: str, second: str, same: bool) -> None:
    assert alike(first, second) is same


class Reads:
    """A reader that reads the same everywhere."""

    def __init__(self, text: str) -> None:
        ones = tuple(((char, 1.0),) for char in text)
        self._reading = PlateReading((LineReading(text, tuple(1.0 for _ in text), ones),))

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> PlateReading:
        return self._reading


class ReadsOn(Reads):
    """Every plate another: what it reads goes round `texts`."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = cycle(texts)

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> PlateReading:
        return Reads(next(self._texts)).read(plate_bgr, corners)


@needs_plates
def test_street_plates_that_are_tested_are_apart_from_training() -> None:
    """Whatever is read of them. The labels of PP-OCR that were looked at are held against it by `evaluate models`."""
    train, _, _ = split()
    trained = {p.text for p in train}
    known, near = sorted(trained)[0], sorted(trained)[1]
    near = near[:-1] + ("1" if near[-1] != "1" else "2")
    with pytest.warns(UserWarning, match="not those that were looked at"):
        tests = street_tests(ReadsOn([known, near, "99Z99999", "98Z88888"]), trained)
    assert {"99Z99999", "98Z88888"} & {p.text for p in tests}
    assert not any(alike(p.text, text) for p in tests for text in trained)
    assert all(street_tested(p.name) for p in tests)


@needs_plates
def test_a_street_plate_like_one_that_is_tested_is_not_proposed_for_training() -> None:
    found = proposed(Reads("36A12345"), {"99A99999"})
    assert len(found) > 300
    assert not any(street_tested(p.name) for p in found)
    assert {p.text for p in found} == {"36A12345"}
    assert proposed(Reads("36A12345"), {"36A12389"}) == []
    assert proposed(Reads("SALE"), {"99A99999"}) == []
