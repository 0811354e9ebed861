"""Units, their letterheads, or whose cameras are, from a CSV file: all lines or none, and the faulty line is named."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import cast

from sqlalchemy.orm import Session

from central.config import Office
from central.units.changing import save_camera, save_letterhead, save_units
from central.units.letterheads import FIELDS, Letterhead
from central.units.tree import Kind, Unit, UnitError

UNIT_COLUMNS = ("code", "name", "kind", "parent", "from", "until")
LETTERHEAD_COLUMNS = ("unit", *FIELDS)
LINE_END = "|"
"""In a signer's title: here the next line of the signature's block begins."""
CAMERA_COLUMNS = ("node", "camera", "unit", "from")
MOST_BYTES = 4 * 1024 * 1024
"""A province has some two hundred units and some thousand cameras: a larger file is another one."""


def day_of(text: str) -> date | None:
    """2026-01-31 or 31/01/2026; None when empty. Raises `UnitError`."""
    text = text.strip()
    if not text:
        return None
    try:
        if "/" in text:
            day, month, year = (int(part) for part in text.split("/"))
            return date(year, month, day)
        return date.fromisoformat(text)
    except ValueError as error:
        raise UnitError(f"{text[:20]!r} is no day", remedy="2026-01-31 or 31/01/2026", code="unit_day") from error


def import_units(session: Session, file: Path, *, now: datetime, by: str = "machine") -> int:
    """Add or put right the units of a CSV file (UTF-8, header `UNIT_COLUMNS`), in any order. Raises `UnitError`."""
    units = []
    for line, row in _lines(file, UNIT_COLUMNS):
        try:
            first, last = day_of(row["from"]), day_of(row["until"])
        except UnitError as error:
            raise UnitError(error.what, where=f"{file}, line {line}", remedy=error.remedy) from error
        units.append(Unit(row["code"], row["name"], cast(Kind, row["kind"]), row["parent"] or None, first, last))
    try:
        save_units(session, units, by=by, now=now)
    except UnitError as error:
        raise UnitError(f"{error.where}: {error.what}", where=str(file), remedy=error.remedy) from error
    return len(units)


def import_letterheads(session: Session, file: Path, office: Office, *, now: datetime, by: str = "machine") -> int:
    """Enter or put right what units' papers bear, from a CSV file (UTF-8, header `LETTERHEAD_COLUMNS`). Raises
    `UnitError`."""
    count = 0
    for line, row in _lines(file, LETTERHEAD_COLUMNS):
        unit = row.pop("unit")
        row["signer_title"] = lines_of(row["signer_title"])
        try:
            save_letterhead(session, unit, Letterhead(**row), office, by=by, now=now)
        except UnitError as error:
            raise UnitError(
                f"{error.where}: {error.what}", where=f"{file}, line {line}", remedy=error.remedy
            ) from error
        count += 1
    return count


def lines_of(title: str) -> str:
    """The title of a signer as its lines stand below one another."""
    return "\n".join(part.strip() for part in title.split(LINE_END) if part.strip())


def import_cameras(session: Session, file: Path, *, now: datetime, by: str = "machine") -> int:
    """Say whose cameras are, from a CSV file (UTF-8, header `CAMERA_COLUMNS`). Raises `UnitError`."""
    count = 0
    for line, row in _lines(file, CAMERA_COLUMNS):
        try:
            first = day_of(row["from"])
            if first is None:
                raise UnitError("the day is missing", remedy="say from which day on the camera is this unit's")
            save_camera(session, row["node"], row["camera"], row["unit"], since=first, by=by, now=now)
        except UnitError as error:
            said = f"{error.where}: {error.what}" if error.where else error.what
            raise UnitError(said, where=f"{file}, line {line}", remedy=error.remedy) from error
        count += 1
    return count


def _lines(file: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        data = file.read_bytes()
        if len(data) > MOST_BYTES:
            raise UnitError("is too large", where=str(file), remedy="is it the right file?")
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise UnitError(f"cannot be read: {error.strerror}", where=str(file), remedy="check the name") from error
    except UnicodeDecodeError as error:
        raise UnitError("is not UTF-8", where=str(file), remedy="save it as CSV UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if tuple(reader.fieldnames or ()) != columns:
            raise UnitError("has another header", where=str(file), remedy=f"header: {','.join(columns)}")
        for row in reader:
            if None in row or None in row.values():
                raise UnitError("has more or fewer fields", where=f"{file}, line {reader.line_num}",
                                remedy=f"fields: {','.join(columns)}")  # fmt: skip
            yield reader.line_num, {name: " ".join(row[name].split()) for name in columns}
    except csv.Error as error:
        raise UnitError(
            f"is no CSV: {error}", where=f"{file}, line {reader.line_num}", remedy="save it again"
        ) from error
