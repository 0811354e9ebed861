"""How well plates are read: ``python -m tools.train.plates evaluate``."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from models.plate_pattern import civil_text
from models.plates import PlateFinder, PlateReader, load_plate_finder, load_plate_reader, plate_colour

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
MARGIN = 0.06  # of the box's sides, around the labelled box


@dataclass(frozen=True)
class Plate:
    """A plate crop with what it says (no separators)."""

    name: str
    crop: NDArray[np.uint8]
    text: str
    lines: int
    colour: str = ""


def gate_plates(finder: PlateFinder | None = None) -> list[Plate]:
    """Two-line motorcycle plates, cut out along the labelled boxes, or where the finder says."""
    folder = SHARED / "plates" / "motorbike_gate"
    plates = []
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            picture = cv2.imread(str(folder / "images" / row["file"]))
            if picture is None:
                continue
            x, y, w, h = (float(row[key]) for key in "xywh")
            found = finder.find(picture) if finder else []
            if found:
                x, y, w, h = found[0].box[0], found[0].box[1], *np.subtract(found[0].box[2:], found[0].box[:2])
            x0, y0 = max(0, round(x - MARGIN * w)), max(0, round(y - MARGIN * h))
            crop = picture[y0 : round(y + h * (1 + MARGIN)), x0 : round(x + w * (1 + MARGIN))]
            plates.append(Plate(row["file"], crop, row["text"].replace("-", "").replace(".", ""), 2))
    return plates


def text_plates() -> list[Plate]:
    """The crops of train/plate_text, rows whose two transcriptions differ left out."""
    folder = SHARED / "train" / "plate_text"
    plates = []
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            crop = cv2.imread(str(folder / "crops" / row["file"]))
            if crop is not None and row["agrees_with_second_source"] != "no":
                plates.append(Plate(row["file"], crop, row["text"], int(row["lines"]), row["colour"]))
    return plates


def distance(first: str, second: str) -> int:
    """Edit distance."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def measure(label: str, reader: PlateReader, plates: list[Plate], show: int) -> None:
    """Print plate-exact share, character error and time per plate; list some failures."""
    begin, exact, placed, errors, wrong, sure = time.perf_counter(), 0, 0, 0, [], []
    for plate in plates:
        reading = reader.read(plate.crop)
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
    """Read every labelled plate and count the exact ones."""
    gate, crops = gate_plates(), text_plates()
    reader = load_plate_reader()

    def some(plates: list[Plate], count: int) -> list[Plate]:
        return plates[:: max(1, len(plates) // count)][:count] if count else plates

    measure("motorbike_gate", reader, some(gate, limit), show)
    measure("motorbike_gate, by plate-finder", reader, some(gate_plates(load_plate_finder()), limit), 0)
    for count in (1, 2):
        measure(f"plate_text, {count} line(s)", reader, some([p for p in crops if p.lines == count], limit), show)
    named = [p for p in crops if p.colour]
    right = sum(plate_colour(p.crop) == p.colour for p in named)
    print(f"colour: {right} of {len(named)} right")
    for plate in named:
        if show and plate_colour(plate.crop) != plate.colour:
            print("   ", plate.name, plate.colour, "named", plate_colour(plate.crop))
    if second:
        from models.easyocr_reader import EasyOcrReader

        sample = some(gate, 100)
        measure("100 of motorbike_gate, first reader", reader, sample, 0)
        measure("100 of motorbike_gate, EasyOCR", EasyOcrReader(), sample, show)


if __name__ == "__main__":
    main()
