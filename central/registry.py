"""Who a vehicle was registered to at the time of the act.

`VehicleRegistry` is the port; the police-internal register has no public interface, so the adapter
here is fed from CSV files and kept in the centre's database.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Protocol, cast

from sqlalchemy import bindparam, delete, insert, literal, or_, select
from sqlalchemy.orm import Session

from central.cases import typed_plate
from central.cases.fitting import OnRegister
from central.cases.lifecycle import Refused
from central.store.db import Database
from central.store.people_tables import VehicleRow
from countries.here import HERE
from countries.law import OwnerType
from evidence.errors import GiaoLoError

COLUMNS = (
    "plate", "colour", "kind", "owner_name", "owner_type", "id_number", "address", "valid_from", "valid_to",
)  # fmt: skip
MAX_FAULTS = 20


class RegistryError(GiaoLoError):
    """A registry file cannot be taken; `what` lists the lines."""


@dataclass(frozen=True)
class Registration:
    """A vehicle and its owner over a stretch of days; `valid_to` is the last day, None while it runs."""

    plate: str
    colour: str
    kind: str
    owner_name: str
    owner_type: OwnerType
    id_number: str
    address: str
    valid_from: date
    valid_to: date | None


class VehicleRegistry(Protocol):
    """Port to a vehicle register."""

    def find(self, session: Session, *, plate: str, colour: str, kind: str, at: datetime) -> Registration | None:
        """The registration in force at `at`; None when there is none, or more than one fits."""

    def bearers(self, session: Session, *, plate: str, at: datetime) -> Sequence[OnRegister]:
        """Vehicles that bore the plate's text at `at`, of any colour and kind: what was seen is held against them."""


_THEN = (
    VehicleRow.plate == bindparam("text"),
    VehicleRow.valid_from <= bindparam("day"),
    or_(VehicleRow.valid_to.is_(None), VehicleRow.valid_to >= bindparam("day")),
)
_BEARERS = select(VehicleRow.colour, VehicleRow.kind).where(*_THEN)
_REGISTERED = (
    select(VehicleRow)
    .where(*_THEN, VehicleRow.kind == bindparam("kind"))
    .where(or_(literal("unknown") == bindparam("colour"), VehicleRow.colour == bindparam("colour")))
    .limit(2)
)


class TableRegistry:
    """The register in our own database, filled by `import_registry`."""

    def find(self, session: Session, *, plate: str, colour: str, kind: str, at: datetime) -> Registration | None:
        day = HERE.local_date(at)
        asked = {"text": HERE.plates.normalise(plate), "kind": kind, "colour": colour, "day": day}
        rows = session.scalars(_REGISTERED, asked).all()
        return _registration(rows[0]) if len(rows) == 1 else None

    def bearers(self, session: Session, *, plate: str, at: datetime) -> Sequence[OnRegister]:
        day = HERE.local_date(at)
        asked = {"text": HERE.plates.normalise(plate), "day": day}
        return [OnRegister(colour, kind) for colour, kind in session.execute(_BEARERS, asked)]


def import_registry(database: Database, file: Path) -> int:
    """Replace the register by a CSV file (UTF-8, header `COLUMNS`); all lines or none. Returns the number of lines.

    Raises `RegistryError`. The file is read and checked before the database is held: a province's takes a minute.
    """
    rows = [vars(r) for r in read_csv(file)]
    with database.write() as session:
        session.execute(delete(VehicleRow))
        session.execute(insert(VehicleRow), rows)
    return len(rows)


def read_csv(file: Path) -> list[Registration]:
    """Parse and check a registry file. Raises `RegistryError` naming every faulty line (up to 20)."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RegistryError(f"cannot be read: {error.strerror}", where=str(file), remedy="check the name") from error
    except UnicodeDecodeError as error:
        raise RegistryError("is not UTF-8", where=str(file), remedy="save it as CSV UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
    except csv.Error as error:
        raise RegistryError(str(error), where=f"{file}, line 1", remedy=f"header: {','.join(COLUMNS)}") from error
    if missing:
        raise RegistryError(
            f"columns are missing: {', '.join(missing)}", where=f"{file}, line 1", remedy=f"header: {','.join(COLUMNS)}"
        )
    faults: list[str] = []
    good: list[Registration] = []
    lines: dict[int, int] = {}
    try:
        for row in reader:
            try:
                lines[len(good)] = reader.line_num
                good.append(_parse_row(row))
            except ValueError as error:
                faults.append(f"line {reader.line_num}: {error}")
    except csv.Error as error:
        faults.append(f"line {reader.line_num + 1}: {error}")  # the line after the last good one
    faults += _overlaps(good, lines)
    if faults:
        more = f" (and {len(faults) - MAX_FAULTS} more)" if len(faults) > MAX_FAULTS else ""
        raise RegistryError(
            "; ".join(faults[:MAX_FAULTS]) + more, where=str(file), remedy="correct these lines; nothing was imported"
        )
    if not good:
        raise RegistryError(
            "holds no registration, the register would be emptied", where=str(file), remedy="export it again"
        )
    return good


def _parse_row(row: dict[str, str | None]) -> Registration:
    value = {c: (row.get(c) or "").strip() for c in COLUMNS}
    if None in row:
        raise ValueError("has more fields than the header (a comma in an address needs quotes)")
    for name in COLUMNS:
        if not value[name].isprintable():
            raise ValueError(f"{name}: holds a line break or a control character")
    try:
        plate = typed_plate.take(value["plate"])
    except Refused as refused:
        raise ValueError(f"plate: {value['plate']!r}: {refused.what}; {refused.remedy}") from refused
    choices_of = {"colour": HERE.plates.COLOURS, "kind": HERE.law.KINDS, "owner_type": ("person", "organisation")}
    for name, choices in choices_of.items():
        if value[name] not in choices:
            raise ValueError(f"{name}: {value[name]!r} is not one of {', '.join(choices)}")
    if not value["owner_name"]:
        raise ValueError("owner_name: is empty")
    for name, longest in (("owner_name", 300), ("id_number", 40), ("address", 500)):
        if len(value[name]) > longest:
            raise ValueError(f"{name}: is longer than {longest} characters")
    valid_from = _day("valid_from", value["valid_from"])
    valid_to = _day("valid_to", value["valid_to"]) if value["valid_to"] else None
    if valid_to is not None and valid_to < valid_from:
        raise ValueError("valid_to: lies before valid_from")
    return Registration(
        plate=plate,
        colour=value["colour"],
        kind=value["kind"],
        owner_name=value["owner_name"],
        owner_type=cast(OwnerType, value["owner_type"]),
        id_number=value["id_number"],
        address=value["address"],
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _day(name: str, text: str) -> date:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise ValueError(f"{name}: {text!r} is not a day (2026-01-31 or 31/01/2026)")


def _overlaps(registrations: list[Registration], lines: dict[int, int]) -> list[str]:
    """One plate in one colour and kind has one owner at a time."""
    faults = []
    by_key: dict[tuple[str, str, str], list[tuple[Registration, int]]] = {}
    for position, found in enumerate(registrations):
        by_key.setdefault((found.plate, found.colour, found.kind), []).append((found, lines[position]))
    for group in by_key.values():
        group.sort(key=lambda entry: entry[0].valid_from)
        for (first, first_line), (second, second_line) in pairwise(group):
            if first.valid_to is None or first.valid_to >= second.valid_from:
                faults.append(f"line {second_line}: {second.plate} overlaps in time with line {first_line}")
    return faults


def _registration(row: VehicleRow) -> Registration:
    return Registration(
        row.plate, row.colour, row.kind, row.owner_name, cast(OwnerType, row.owner_type), row.id_number, row.address,
        row.valid_from, row.valid_to,
    )  # fmt: skip
