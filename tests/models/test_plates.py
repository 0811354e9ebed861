"""Plates: reading one drawn here, its doubts, its colour, the cutting into lines, the finder."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from common.margins import explained
from countries.vn.plate_look import civil_text
from models import manifest
from models.detector_margins import DetectorMargins
from models.easyocr_reader import SecondReaderMargins
from models.line_reader import LineReaderMargins, RapidPlateReader, decode_ctc, load_plate_reader, straightened
from models.plate_colour import PlateColourMargins, plate_colour
from models.plate_finder import PlateFinderMargins, load_plate_finder
from models.plate_geometry import PlateGeometryMargins, find_quad, level, line_counts, split_lines
from models.plates import PLATE_ALPHABET, LineReading, PlateReading
from models.slot_reader import SlotReaderMargins
from tests.footage import SHARED

WHITE, YELLOW, BLUE, RED, BLACK = (235, 235, 235), (40, 200, 235), (170, 70, 20), (30, 30, 190), (20, 20, 20)


def plate(
    *lines: str, ground: tuple[int, int, int] = WHITE, ink: tuple[int, int, int] = BLACK, slant_deg: float = 0.0
) -> NDArray[np.uint8]:
    """A plate with these lines, a grey surrounding of a few pixels, turned by ``slant_deg``."""
    font, size, thick = cv2.FONT_HERSHEY_DUPLEX, 1.5, 3
    widths = [cv2.getTextSize(line, font, size, thick)[0][0] for line in lines]
    width, height = max(widths) + 40, 62 * len(lines) + 14
    picture = np.full((height, width, 3), ground, np.uint8)
    for row, (line, wide) in enumerate(zip(lines, widths, strict=True)):
        cv2.putText(picture, line, ((width - wide) // 2, 55 + 62 * row), font, size, ink, thick, cv2.LINE_AA)
    framed = cv2.copyMakeBorder(picture, 9, 9, 9, 9, cv2.BORDER_CONSTANT, value=(90, 90, 90))
    middle = (framed.shape[1] / 2, framed.shape[0] / 2)
    turn = cv2.getRotationMatrix2D(middle, slant_deg, 1.0)
    turned = cv2.warpAffine(framed, turn, framed.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


@pytest.fixture(scope="module")
def reader() -> RapidPlateReader:
    return load_plate_reader(threads=1)


@pytest.mark.parametrize(
    ("crop", "text", "lines"),
    [
        (plate("30A-123.45"), "30A12345", 1),
        (plate("36A-456.78", slant_deg=6), "36A45678", 1),
        (plate("59-X3", "248.67"), "59X324867", 2),
        (plate("36-B5", "129.04", slant_deg=-7), "36B512904", 2),
        (plate("51H-777.21", ground=YELLOW), "51H77721", 1),
        (plate("80A-319.68", ground=BLUE, ink=WHITE), "80A31968", 1),
    ],
    ids=["long", "long, slanted", "motorcycle", "motorcycle, slanted", "yellow", "bright on blue"],
)
def test_a_drawn_plate_is_read(reader: RapidPlateReader, crop: NDArray[np.uint8], text: str, lines: int) -> None:
    reading = reader.read(crop)
    assert reading.text == text
    assert len(reading.lines) == lines
    assert reading.confidence > 0.6


def test_every_character_carries_its_doubts(reader: RapidPlateReader) -> None:
    for line in reader.read(plate("59-X3", "248.67")).lines:
        assert len(line.text) == len(line.confidences) == len(line.alternatives)
        for char, choices in zip(line.text, line.alternatives, strict=True):
            assert choices[0][0] == char
            assert sum(share for _, share in choices) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (40, 5), (6, 6), (300, 20), (20, 600)])
def test_a_crop_of_any_size_is_survived(reader: RapidPlateReader, size: tuple[int, int]) -> None:
    assert isinstance(reader.read(np.full((*size, 3), 128, np.uint8)), PlateReading)


def test_ctc_merges_repeats_parts_by_blanks_and_keeps_the_runner_up() -> None:
    steps = np.full((7, 1 + len(PLATE_ALPHABET)), 1e-4, np.float32)
    eight, bee = PLATE_ALPHABET.index("8") + 1, PLATE_ALPHABET.index("B") + 1
    for step, (first, second) in enumerate([(0, 0), (8, 2), (7, 3), (0, 0), (6, 4), (0, 0), (0, 0)]):
        steps[step, 0] = 1.0 if first == 0 else 0.0
        if first:
            steps[step, eight], steps[step, bee] = first / 10, second / 10
    line = decode_ctc(steps)
    assert line.text == "88"
    assert line.confidences == pytest.approx((0.8, 0.6))
    assert [char for char, _ in line.alternatives[0][:2]] == ["8", "B"]
    assert line.alternatives[0][1][1] == pytest.approx(0.25, abs=0.01)


def read_as(text: str, **doubts: str) -> PlateReading:
    """A reading of one line; ``p2="UD"`` says that place 2 could also be U or, less likely, D."""
    choices = tuple(
        ((char, 0.9), *((other, 0.05 / rank) for rank, other in enumerate(doubts.get(f"p{index}", ""), 1)))
        for index, char in enumerate(text)
    )
    return PlateReading((LineReading(text, (0.9,) * len(text), choices),))


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        (read_as("590165072", p2="8UD"), "59U165072"),
        (read_as("59U1S6141", p4="56"), "59U156141"),
        (read_as("590165072"), "590165072"),
        (read_as("59AB12345", p3="8"), "59AB12345"),
        (read_as("TM1234", p0="7"), "TM1234"),
        (read_as("TM12345", p0="7"), "TM12345"),
        (read_as("5901", p2="U"), "5901"),
    ],
    ids=[
        "the series place holds a letter, the likeliest one",
        "the number holds digits",
        "nothing is invented without an alternative",
        "the place after the series may be either",
        "a short plate is left alone",
        "a military plate is left alone",
        "a torn reading is left alone",
    ],
)
def test_letters_and_digits_by_their_place(reading: PlateReading, text: str) -> None:
    assert civil_text(reading) == text


@pytest.mark.parametrize(
    ("crop", "colour"),
    [
        (plate("30A-123.45"), "white"),
        (plate("51H-777.21", ground=YELLOW), "yellow"),
        (plate("80A-319.68", ground=BLUE, ink=WHITE), "blue"),
        (plate("TM-36-05", ground=RED, ink=WHITE), "red"),
        (np.full((40, 100, 3), 12, np.uint8), "unknown"),
        (np.zeros((0, 0, 3), np.uint8), "unknown"),
    ],
    ids=["white", "yellow", "blue", "red", "night", "nothing"],
)
def test_colour_of_the_ground(crop: NDArray[np.uint8], colour: str) -> None:
    assert plate_colour(crop) == colour


def test_another_margin_names_another_colour() -> None:
    pale = plate("51H-777.21", ground=(180, 215, 235))
    assert plate_colour(pale) == "white"
    assert plate_colour(pale, PlateColourMargins(coloured=40)) == "yellow"


@pytest.mark.parametrize(
    "margins",
    [
        PlateColourMargins(),
        PlateFinderMargins(),
        LineReaderMargins(),
        SlotReaderMargins(),
        DetectorMargins(),
        PlateGeometryMargins(),
        SecondReaderMargins(),
    ],
    ids=lambda m: type(m).__name__,
)
def test_every_number_of_the_models_says_its_unit_reason_and_source(margins: object) -> None:
    assert all(m.unit and m.why and m.source for m in explained(margins))


def test_two_lines_are_parted_between_the_lines() -> None:
    crop = plate("59-X3", "248.67")
    upper, lower = split_lines(crop, 2)
    assert abs(upper.shape[0] - crop.shape[0] / 2) < 0.15 * crop.shape[0]
    assert lower.shape[1] == crop.shape[1]


@pytest.mark.parametrize(
    ("size", "counts"),
    [((140, 190), (2,)), ((110, 520), (1,)), ((165, 330), (1, 2)), ((100, 300), (1, 2))],
    ids=["motorcycle", "car, long", "car, short: both are tried", "loose crop: both are tried"],
)
def test_proportions_say_how_many_lines_to_try(size: tuple[int, int], counts: tuple[int, ...]) -> None:
    assert line_counts(np.zeros((*size, 3), np.uint8)) == counts


def test_the_corners_of_a_turned_plate_are_found() -> None:
    picture = np.full((160, 240, 3), 40, np.uint8)
    corners = np.array([[30, 40], [200, 20], [210, 120], [40, 140]], np.float32)
    cv2.fillPoly(picture, [corners.astype(np.int32)], (230, 230, 230))
    quad = find_quad(picture)
    assert quad is not None
    assert np.abs(quad - corners).max() < 6


def test_a_level_plate_is_left_alone() -> None:
    crop = plate("30A-123.45")
    assert level(crop) is crop


needs_finder = pytest.mark.skipif("plate-finder" not in manifest.model_ids(), reason="no plate finder in the manifest")


@needs_finder
@pytest.mark.parametrize("size", [(0, 0), (3, 3), (40, 20), (200, 300)])
def test_the_finder_survives_any_crop(size: tuple[int, int]) -> None:
    for found in load_plate_finder(threads=1).find(np.full((*size, 3), 114, np.uint8)):
        assert 0 <= found.box[0] <= found.box[2] <= size[1]


@needs_finder
@pytest.mark.footage("plates")
def test_plates_at_a_gate_are_found_and_read(reader: RapidPlateReader) -> None:
    folder = SHARED / "plates" / "motorbike_gate"
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))[::45]
    finder = load_plate_finder(threads=1)
    hit = 0
    for row in rows:
        picture = np.asarray(cv2.imread(str(folder / "images" / row["file"])), np.uint8)
        found = finder.find(picture)
        if found:
            x0, y0, x1, y1 = (round(value) for value in found[0].box)
            reading = reader.read(picture[max(0, y0 - 4) : y1 + 4, max(0, x0 - 4) : x1 + 4])
            hit += reading.text == row["text"].replace("-", "").replace(".", "")
    assert hit >= 0.75 * len(rows)


def test_where_edges_are_unclear_the_corners_given_make_it_flat() -> None:
    grey = np.full((90, 160, 3), 128, np.uint8)  # no edges at all
    assert find_quad(grey) is None
    assert len(straightened(grey)) == 1
    upright, flat = straightened(grey, ((20.0, 10.0), (140.0, 30.0), (140.0, 80.0), (20.0, 60.0)))
    assert upright.shape != flat.shape
    wide, tall = flat.shape[1], flat.shape[0]
    assert wide / tall == pytest.approx(np.hypot(120, 20) / 50, rel=0.1)
