"""Two plates become a third: text and picture stay together."""

import numpy as np
import pytest

from models.plate_corners import load_corner_finder
from tools.train.plate_drawing import FONT_FOLDER, clean_plate
from tools.train.plate_sets import LabelledPlate
from tools.train.plate_splice import HEIGHT, WIDTH, halves, splice

pytestmark = pytest.mark.skipif(not FONT_FOLDER.is_dir(), reason="the fonts of the drawn plates are not installed")


def drawn(count: int) -> list[LabelledPlate]:
    rng = np.random.default_rng(5)
    made = [clean_plate(rng) for _ in range(count)]
    return [LabelledPlate(str(n), plate.image, plate.text, plate.upper) for n, plate in enumerate(made)]


def test_only_plates_of_two_lines_are_cut_and_their_text_at_the_same_place() -> None:
    plates = drawn(80)
    parts = halves(plates, load_corner_finder(threads=1))
    whole = {(p.text[: p.upper], p.text[p.upper :]) for p in plates if p.upper}
    assert len(parts) >= 5  # drawn lines stand close, and a doubtful gap is not cut
    assert {(p.upper_text, p.lower_text) for p in parts} <= whole
    assert all(0.4 < p.upper.shape[0] / HEIGHT < 0.6 for p in parts)


def test_a_spliced_plate_holds_the_upper_line_of_one_and_the_lower_line_of_another() -> None:
    parts = halves(drawn(40), load_corner_finder(threads=1))
    made = [splice(parts, np.random.default_rng(seed)) for seed in range(20)]
    for plate in made:
        assert plate.image.shape[1:] == (WIDTH, 3)
        assert 0.8 < plate.image.shape[0] / HEIGHT < 1.2
        assert any(plate.text[: plate.upper] == p.upper_text for p in parts)
        assert any(plate.text[plate.upper :] == p.lower_text for p in parts)
    assert {p.text for p in made} - {p.upper_text + p.lower_text for p in parts}


def test_lines_that_run_into_one_another_are_not_cut() -> None:
    striped = np.tile(np.array([[30] * 4 + [220] * 4], np.uint8).repeat(3).reshape(1, 8, 3), (90, 15, 1))
    assert halves([LabelledPlate("striped", striped, "36A112345", 4)], load_corner_finder(threads=1)) == []
