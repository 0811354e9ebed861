"""Labelled plates of `../shared`, with the labels that a look has put right, split by plate."""

from __future__ import annotations

import csv
import hashlib
import re
import warnings
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from countries.vn.plate_look import civil_text
from models.plate_finder import PlateFinder
from models.plates import PlateReader

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
CORRECTIONS = Path(__file__).with_name("plate_corrections.csv")
GATE_TESTED = 0.35
TEXT_TESTED = 0.12
STREET_TESTED = 0.3
STREET_DIGEST = "4330be2a"
_LEAST_STREET_PX = 40
_LABEL_MARGIN = 0.07
_EDIT = re.compile(r"(\d+)(?:=(\w)|\+(\w)|(-))")
_USUAL = re.compile(r"\d{2}[A-Z][A-Z0-9]?\d?\d{4,5}|[A-Z]{2}\d{4}")
"""Civil and military."""


Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class LabelledPlate:
    """A crop and its text, no separators; `upper`: characters in the upper line, 0: one line, -1: unknown.

    `box`: the labelled box inside `image` (pixels; it may reach beyond), None where the crop is all that there is.
    """

    name: str
    image: NDArray[np.uint8]
    text: str
    upper: int = -1
    colour: str = ""
    box: Box | None = None


@cache
def corrections() -> dict[tuple[str, str], str]:
    """By set and file: edits, so that no one's whole plate stands in the repository.

    `4=3`: at place 4 stands 3; `5+8`: 8 is missing before place 5; `0-`: place 0 is too much; `unreadable`: left out.
    Places count from 0 in the label as it was.
    """
    with CORRECTIONS.open(encoding="utf-8") as stream:
        return {(row["set"], row["file"]): row["edits"] for row in csv.DictReader(stream)}


def corrected(text: str, edits: str) -> str:
    """The label after the edits. Raises ValueError for an edit that is none."""
    letters: list[str] = [*text, ""]
    for edit in edits.split():
        match = _EDIT.fullmatch(edit)
        if match is None:
            raise ValueError(f"{CORRECTIONS.name}: {edit!r} is no edit")
        place, put, added, _ = match.groups()
        at = int(place)
        if added:
            letters[at] = added + letters[at]
        else:
            letters[at] = letters[at][:-1] + (put or "")
    return "".join(letters)


def held_out(text: str, share: float) -> bool:
    """Split by plate, not by picture: the same plate is never on both sides."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32 < share


def gate_plates(margin: float = 0.10, finder: PlateFinder | None = None) -> list[LabelledPlate]:
    """`plates/motorbike_gate`: two-line motorcycle plates, cut out along the labelled boxes, or where `finder` says."""
    folder, plates = SHARED / "plates" / "motorbike_gate", []
    for row in _rows(folder):
        text = _text("motorbike_gate", row["file"], row["text"])
        picture = _picture(folder / "images" / row["file"])
        if picture is None or text is None:
            continue
        x, y, w, h = (float(row[key]) for key in "xywh")
        upper = len(row["text"].split("-")[0]) if row["text"].count("-") == 1 else -1
        found = finder.find(picture) if finder else []
        box = found[0].box if found else (x, y, x + w, y + h)
        crop, inner = cut_with_box(picture, box, margin)
        plates.append(LabelledPlate(row["file"], crop, text, upper if upper in (3, 4, 5) else -1, "white", inner))
    return plates


def text_plates() -> list[LabelledPlate]:
    """`train/plate_text`: crops of cars' and motorcycles' plates."""
    folder, plates = SHARED / "train" / "plate_text", []
    for row in _rows(folder):
        text = _text("plate_text", row["file"], row["text"].replace("Đ", "D"))
        crop = _picture(folder / "crops" / row["file"])
        if crop is None or text is None or not text.isascii() or not text.isalnum():
            continue
        upper = 0 if row["lines"] == "1" else 4 if len(text) == 9 else -1
        plates.append(LabelledPlate(row["file"], crop, text, upper, row["colour"]))
    return plates


def split(margin: float = 0.10) -> tuple[list[LabelledPlate], list[LabelledPlate], list[LabelledPlate]]:
    """Plates to train on, the gate's and the text crops' plates to test on; no text is on both sides."""
    gate, texts = gate_plates(margin), text_plates()
    gate_test = [p for p in gate if held_out(p.text, GATE_TESTED)]
    tested = {p.text for p in gate_test} | {p.text for p in texts if held_out(p.text, TEXT_TESTED)}
    train = [p for p in (*gate, *texts) if p.text not in tested]
    return train, gate_test, [p for p in texts if p.text in tested]


def street_plates(margin: float = 0.10, *, tested: bool) -> list[LabelledPlate]:
    """Vietnamese plates of `train/plates` at least 40 px wide: boxes, no text. Named by picture and row.

    `tested`: those that are kept for testing, else all others.
    """
    found = []
    for path in sorted((SHARED / "train" / "plates" / "images").glob("minhquang_*")):
        if street_tested(path.stem) is not tested:
            continue
        picture = _picture(path)
        label = path.parents[1] / "labels" / f"{path.stem}.txt"
        if picture is None or not label.exists():
            continue
        height, width = picture.shape[:2]
        for number, row in enumerate(label.read_text().splitlines()):
            x, y, w, h = (float(v) for v in row.split()[1:5])
            if w * width < _LEAST_STREET_PX:
                continue
            box = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
            crop, inner = cut_with_box(picture, box, margin)
            found.append(LabelledPlate(f"{path.stem}#{number}", crop, "", -1, "", inner))
    return found


def street_tested(name: str) -> bool:
    """Whether this plate of :func:`street_plates` is kept for testing; all plates of one picture are or none."""
    return held_out(name.split("#")[0], STREET_TESTED)


def read_alike(plate: LabelledPlate, reader: PlateReader) -> str:
    """The text that `reader` reads in three cuts of the plate; empty where they differ."""
    texts = {civil_text(reader.read(recut(plate, margin))) for margin in (0.03, 0.07, 0.12)}
    text = texts.pop()
    return text if not texts and _USUAL.fullmatch(text) else ""


def street_tests(reader: PlateReader, trained: set[str]) -> list[LabelledPlate]:
    """Street plates kept for testing, most of them cars' of all colours; one picture for each text.

    None that is alike to one of `trained`: some of the text crops come from the same pictures.

    Their labels are what PP-OCR read, put right by a look at every one of them. `reader` must be PP-OCR: what it reads
    is where the corrections start, so that no one's plate stands in the repository.
    """
    found: dict[str, LabelledPlate] = {}
    for plate in street_plates(tested=True):
        text = _text("street", plate.name, civil_text(reader.read(recut(plate, _LABEL_MARGIN))))
        if text is not None:
            found.setdefault(text, replace(plate, text=text))
    told = hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:8]
    if told != STREET_DIGEST:
        warnings.warn(
            f"the labels of the street plates are not those that were looked at ({told}, not {STREET_DIGEST}): "
            "another version of PP-OCR reads otherwise",
            stacklevel=2,
        )
    return [p for text, p in found.items() if not any(alike(text, other) for other in trained)]


def proposed(reader: PlateReader, tested: set[str], margin: float = 0.10) -> list[LabelledPlate]:
    """Street plates to train on: those where `reader` says the same of three cuts.

    Parameters
    ----------
    tested: texts that must not be trained on. Neither may those that differ from a tested one in two places or less:
        the same vehicle may have been read wrongly in one of the two pictures.
    """
    found = []
    for plate in street_plates(max(margin, 0.12), tested=False):
        text = read_alike(plate, reader)
        if text and not any(alike(text, other) for other in tested):
            found.append(replace(plate, text=text))
    return found


def alike(first: str, second: str, most: int = 2) -> bool:
    """As long as one another, and different in at most so many places."""
    return len(first) == len(second) and sum(a != b for a, b in zip(first, second, strict=True)) <= most


def recut(plate: LabelledPlate, margin: float) -> NDArray[np.uint8]:
    """The plate with so much around its box, as far as its crop holds that."""
    return plate.image if plate.box is None else cut(plate.image, plate.box, margin)


def cut(picture: NDArray[np.uint8], box: Box, margin: float) -> NDArray[np.uint8]:
    """The box (x0, y0, x1, y1, pixels) with so much of its width and height around."""
    return cut_with_box(picture, box, margin)[0]


def cut_with_box(picture: NDArray[np.uint8], box: Box, margin: float) -> tuple[NDArray[np.uint8], Box]:
    """As :func:`cut`, with the place of the box in what is cut out."""
    x0, y0, x1, y1 = box
    dx, dy = margin * (x1 - x0), margin * (y1 - y0)
    left, top = max(0, round(x0 - dx)), max(0, round(y0 - dy))
    crop = picture[top : round(y1 + dy), left : round(x1 + dx)]
    return crop, (x0 - left, y0 - top, x1 - left, y1 - top)


def _picture(path: Path) -> NDArray[np.uint8] | None:
    found = cv2.imread(str(path))
    return None if found is None else np.asarray(found, np.uint8)


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _text(name: str, file: str, label: str) -> str | None:
    edits = corrections().get((name, file), "")
    plain = label.replace("-", "").replace(".", "")
    return None if edits == "unreadable" else corrected(plain, edits)
