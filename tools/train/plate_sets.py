"""Labelled plates of `../shared`, with the labels that a look has put right, split by plate."""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.plate_pattern import civil_text
from models.plates import PlateFinder, PlateReader

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
CORRECTIONS = Path(__file__).with_name("plate_corrections.csv")
GATE_TESTED = 0.35
TEXT_TESTED = 0.12
_EDIT = re.compile(r"(\d+)(?:=(\w)|\+(\w)|(-))")
_CIVIL = re.compile(r"\d{2}[A-Z][A-Z0-9]?\d?\d{4,5}")


@dataclass(frozen=True)
class LabelledPlate:
    """A crop and its text, no separators; `upper`: characters in the upper line, 0: one line, -1: unknown."""

    name: str
    image: NDArray[np.uint8]
    text: str
    upper: int = -1
    colour: str = ""


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
        picture = cv2.imread(str(folder / "images" / row["file"]))
        if picture is None or text is None:
            continue
        x, y, w, h = (float(row[key]) for key in "xywh")
        upper = len(row["text"].split("-")[0]) if row["text"].count("-") == 1 else -1
        found = finder.find(picture) if finder else []
        crop = cut(picture, found[0].box if found else (x, y, x + w, y + h), margin)
        plates.append(LabelledPlate(row["file"], crop, text, upper if upper in (3, 4, 5) else -1, "white"))
    return plates


def text_plates() -> list[LabelledPlate]:
    """`train/plate_text`: crops of cars' and motorcycles' plates."""
    folder, plates = SHARED / "train" / "plate_text", []
    for row in _rows(folder):
        text = _text("plate_text", row["file"], row["text"].replace("Đ", "D"))
        crop = cv2.imread(str(folder / "crops" / row["file"]))
        if crop is None or text is None or not text.isascii() or not text.isalnum():
            continue
        upper = 0 if row["lines"] == "1" else 4 if len(text) == 9 else -1
        plates.append(LabelledPlate(row["file"], crop, text, upper, row["colour"]))
    return plates


def split() -> tuple[list[LabelledPlate], list[LabelledPlate], list[LabelledPlate]]:
    """Plates to train on, the gate's and the text crops' plates to test on; no text is on both sides."""
    gate, texts = gate_plates(), text_plates()
    gate_test = [p for p in gate if held_out(p.text, GATE_TESTED)]
    tested = {p.text for p in gate_test} | {p.text for p in texts if held_out(p.text, TEXT_TESTED)}
    train = [p for p in (*gate, *texts) if p.text not in tested]
    return train, gate_test, [p for p in texts if p.text in tested]


def proposed(reader: PlateReader, tested: set[str]) -> list[LabelledPlate]:
    """Vietnamese plates of `train/plates`, which have boxes but no text, where `reader` says the same of three cuts.

    Parameters
    ----------
    tested: texts that must not be trained on.
    """
    found = []
    for path in sorted((SHARED / "train" / "plates" / "images").glob("minhquang_*")):
        picture = cv2.imread(str(path))
        label = path.parents[1] / "labels" / f"{path.stem}.txt"
        if picture is None or not label.exists():
            continue
        height, width = picture.shape[:2]
        for row in label.read_text().splitlines():
            x, y, w, h = (float(v) for v in row.split()[1:5])
            if w * width < 40:
                continue
            box = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
            texts = {civil_text(reader.read(cut(picture, box, margin))) for margin in (0.03, 0.07, 0.12)}
            text = texts.pop()
            if not texts and _CIVIL.fullmatch(text) and text not in tested:
                found.append(LabelledPlate(path.name, cut(picture, box, 0.10), text))
    return found


def cut(picture: NDArray[np.uint8], box: tuple[float, float, float, float], margin: float) -> NDArray[np.uint8]:
    """The box (x0, y0, x1, y1, pixels) with so much of its width and height around."""
    x0, y0, x1, y1 = box
    dx, dy = margin * (x1 - x0), margin * (y1 - y0)
    return picture[max(0, round(y0 - dy)) : round(y1 + dy), max(0, round(x0 - dx)) : round(x1 + dx)]


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _text(name: str, file: str, label: str) -> str | None:
    edits = corrections().get((name, file), "")
    plain = label.replace("-", "").replace(".", "")
    return None if edits == "unreadable" else corrected(plain, edits)
