"""Records of many devices from a CSV file: all lines or none, and every faulty line is named."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from central.cases.lifecycle import Refused
from central.devices.book import enter
from central.devices.entering import FIELDS, Entry, read
from central.devices.records import DeviceId
from countries.here import HERE
from evidence.errors import GiaoLoError

COLUMNS = ("device", *FIELDS)
MAX_FAULTS = 20
_HEADER = f"header: {','.join(COLUMNS)}"


class DeviceFileError(GiaoLoError):
    """A file of device records cannot be taken; `what` lists the lines."""


def import_devices(session: Session, file: Path, *, by: str, now: datetime) -> int:
    """Add the records of a CSV file (UTF-8, header `COLUMNS`), in its order. Raises `DeviceFileError`.

    `device` is NODE or NODE/CAMERA. A line that says what is in the file of its device already is a fault as well: the
    same file read twice changes nothing, and says so.
    """
    faults: list[str] = []
    count = 0
    for line, entry in _lines(file, faults, now):
        try:
            with session.begin_nested():
                enter(session, [entry], by=by, now=now)
            count += 1
        except Refused as refused:
            faults.append(_fault(line, refused))
    if faults:
        more = f" (and {len(faults) - MAX_FAULTS} more)" if len(faults) > MAX_FAULTS else ""
        raise DeviceFileError(
            "; ".join(faults[:MAX_FAULTS]) + more, where=str(file), remedy="correct these lines; nothing was taken"
        )
    return count


def _lines(file: Path, faults: list[str], now: datetime) -> list[tuple[int, Entry]]:
    """Each line that has a record's shape, with its number; the others go into `faults`."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DeviceFileError(f"cannot be read: {error.strerror}", where=str(file), remedy="check the name") from error
    except UnicodeDecodeError as error:
        raise DeviceFileError("is not UTF-8", where=str(file), remedy="save it as CSV UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
        if missing:
            raise DeviceFileError(f"columns are missing: {', '.join(missing)}", where=f"{file}, line 1", remedy=_HEADER)
        return _read(reader, faults, now)
    except csv.Error as error:
        raise DeviceFileError(str(error), where=f"{file}, line {reader.line_num}", remedy=_HEADER) from error


def _read(reader: csv.DictReader[str], faults: list[str], now: datetime) -> list[tuple[int, Entry]]:
    good: list[tuple[int, Entry]] = []
    today = HERE.local_date(now)
    for row in reader:
        line = reader.line_num
        if None in row:
            faults.append(f"line {line}: has more fields than the header (a comma in a text needs quotes)")
            continue
        device = DeviceId.parse((row["device"] or "").strip())
        if device is None:
            faults.append(f"line {line}: device: {row['device']!r} is neither NODE nor NODE/CAMERA")
            continue
        try:
            good.append((line, read(device, {name: row[name] or "" for name in FIELDS}, today=today)))
        except Refused as refused:
            faults.append(_fault(line, refused))
    return good


def _fault(line: int, refused: Refused) -> str:
    return f"line {line}: {refused.where}: {refused.what} ({refused.remedy})"
