"""Our own plate reader: what its table of probabilities means, and the shipped weights on drawn plates."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.slot_reader import ALPHABET, SlotPlateReader, decode_slots, load_slot_reader
from tools.train.plate_drawing import FONT_FOLDER, clean_plate, seen_at

PAD = len(ALPHABET)


def table(text: str, share: float = 0.98, end: float = 0.98) -> NDArray[np.float32]:
    """Ten places, of which those after the text say "none"."""
    rows = np.full((10, PAD + 1), (1 - share) / PAD, np.float32)
    for place in range(10):
        code = ALPHABET.index(text[place]) if place < len(text) else PAD
        rows[place, code] = share
    if len(text) < 10:
        rows[len(text)] = (1 - end) / PAD
        rows[len(text), PAD] = end
    return rows


def line_break(after: int) -> NDArray[np.float32]:
    return np.eye(6, dtype=np.float32)[after]


@pytest.mark.parametrize(
    ("text", "upper", "lines"),
    [
        ("36A12345", 0, ["36A12345"]),
        ("36A12345", 3, ["36A", "12345"]),
        ("29X112345", 4, ["29X1", "12345"]),
        ("36A1", 5, ["36A1"]),  # a break behind the end is none
        ("", 0, []),
    ],
)
def test_the_text_is_cut_where_the_network_says(text: str, upper: int, lines: list[str]) -> None:
    reading = decode_slots(table(text), line_break(upper))
    assert [line.text for line in reading.lines] == lines
    assert reading.text == text


def test_doubt_where_the_text_ends_makes_the_plate_unsure() -> None:
    sure = decode_slots(table("36A1234", end=0.99), line_break(0))
    unsure = decode_slots(table("36A1234", end=0.55), line_break(0))
    assert sure.text == unsure.text
    assert unsure.certainty == pytest.approx(sure.certainty * 0.55 / 0.99, rel=1e-4)
    full = decode_slots(table("36A1234567"), line_break(0))
    assert full.certainty == pytest.approx(0.98**10, rel=1e-4)


def test_every_place_keeps_what_else_it_could_be() -> None:
    rows = table("36A12345")
    rows[2] = 0
    rows[2, ALPHABET.index("A")], rows[2, ALPHABET.index("4")] = 0.7, 0.3
    (line,) = decode_slots(rows, line_break(0)).lines
    assert [char for char, _ in line.alternatives[2]][:2] == ["A", "4"]
    assert [share for _, share in line.alternatives[2]][:2] == pytest.approx([0.7, 0.3])


@pytest.fixture(scope="module")
def reader() -> SlotPlateReader:
    return load_slot_reader(threads=1)


@pytest.mark.skipif(not FONT_FOLDER.is_dir(), reason="the fonts of the drawn plates are not installed")
def test_drawn_plates_of_every_form_are_read(reader: SlotPlateReader) -> None:
    rng = np.random.default_rng(12)
    plates = [clean_plate(rng) for _ in range(60)]
    read = [reader.read(seen_at(plate, 110, rng)).text for plate in plates]
    assert sum(text == plate.text for text, plate in zip(read, plates, strict=True)) >= 57
    assert {plate.upper for plate in plates} >= {0, 3, 4}


@pytest.mark.parametrize("size", [(4, 4), (6, 200), (300, 8), (64, 144), (700, 900)])
def test_a_crop_of_any_size_is_survived(reader: SlotPlateReader, size: tuple[int, int]) -> None:
    reading = reader.read(np.random.default_rng(1).integers(0, 255, (*size, 3)).astype(np.uint8))
    assert reading.certainty <= 1.0
