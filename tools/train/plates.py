"""How well plates are read: ``python -m tools.train.plates evaluate``."""

from __future__ import annotations

import time

import click
import numpy as np

from countries.vn.plate_look import civil_text
from models.line_reader import load_plate_reader
from models.plate_colour import plate_colour
from models.plate_finder import load_plate_finder
from models.plates import PlateReader
from tools.train.plate_sets import LabelledPlate, gate_plates, text_plates

MARGIN = 0.06  # of the box's sides, around the labelled box


def distance(first: str, second: str) -> int:
    """Edit distance."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def measure(label: str, reader: PlateReader, plates: list[LabelledPlate], show: int) -> None:
    """Print plate-exact share, character error and time per plate; list some failures."""
    begin, exact, placed, errors, wrong, sure = time.perf_counter(), 0, 0, 0, [], []
    for plate in plates:
        reading = reader.read(plate.image)
        exact += reading.text == plate.text
        placed += civil_text(reading) == plate.text
        errors += distance(reading.text, plate.text)
        sure.append((reading.confidence, reading.text == plate.text))
        if reading.text != plate.text:
            wrong.append(f"{plate.name} {plate.text} read {'/'.join(line.text for line in reading.lines)}")
    spent = (time.perf_counter() - begin) / max(len(plates), 1)
    letters = sum(len(plate.text) for plate in plates)
    print(
        f"{label:34s} n={len(plates):4d} plate-exact {exact / max(len(plates), 1):.3f} "
        f"(letters and digits by place {placed / max(len(plates), 1):.3f}) "
        f"character-error {errors / max(letters, 1):.4f} {spent * 1000:.0f} ms/plate"
    )
    confident = [right for value, right in sure if value >= 0.95]
    if confident:
        print(f"{'':34s} confidence >= 0.95: {len(confident)} plates, of these exact {np.mean(confident):.3f}")
    for line in wrong[:show]:
        print("   ", line)


@click.group()
def main() -> None:
    """Plate readers."""


@main.command()
@click.option("--limit", default=0, help="only so many of each set, evenly spread; 0 = all")
@click.option("--show", default=0, help="list so many failures of each set")
@click.option("--second/--no-second", default=True, help="EasyOCR on 100 plates as well")
def evaluate(limit: int, show: int, second: bool) -> None:
    """Read every labelled plate, labels corrected by eye, and count the exact ones."""
    gate, crops = gate_plates(MARGIN), text_plates()
    reader = load_plate_reader()

    def some(plates: list[LabelledPlate], count: int) -> list[LabelledPlate]:
        return plates[:: max(1, len(plates) // count)][:count] if count else plates

    measure("motorbike_gate", reader, some(gate, limit), show)
    measure("motorbike_gate, by plate-finder", reader, some(gate_plates(MARGIN, load_plate_finder()), limit), 0)
    for count in (1, 2):
        measure(
            f"plate_text, {count} line(s)",
            reader,
            some([p for p in crops if (p.upper != 0) == (count == 2)], limit),
            show,
        )
    named = [p for p in crops if p.colour]
    right = sum(plate_colour(p.image) == p.colour for p in named)
    print(f"colour: {right} of {len(named)} right")
    for plate in named:
        if show and plate_colour(plate.image) != plate.colour:
            print("   ", plate.name, plate.colour, "named", plate_colour(plate.image))
    if second:
        from models.easyocr_reader import EasyOcrReader

        sample = some(gate, 100)
        measure("100 of motorbike_gate, first reader", reader, sample, 0)
        measure("100 of motorbike_gate, EasyOCR", EasyOcrReader(), sample, show)


if __name__ == "__main__":
    main()
