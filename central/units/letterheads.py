"""Under whose name a unit's papers go out, and in whose books they are numbered.

A unit writes under its own name once its letterhead was entered: the letters behind its numbers, its town, who signs.
Until then, and once it has ended, the nearest unit above it writes for it; at last the root, whose letterhead is
`office` of the configuration. Letters that stand behind a number are one unit's for ever: no two papers have the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from central.config import Office
from central.config import Unit as OfficeUnit
from central.store.case_tables import NumberBookRow
from central.store.unit_tables import LetterheadRow
from central.units.book import tree_of
from central.units.tree import ROOT, Tree, Unit, UnitError

LONGEST: Mapping[str, int] = {"abbreviation": 40, "address": 500, "phone": 60}
"""Characters; of all others 300, as in the configuration."""
REQUIRED = ("abbreviation", "town", "signer_title", "signer_name")


@dataclass(frozen=True)
class Letterhead:
    """What a unit's papers bear beside its name. `abbreviation`: the letters behind its numbers. `parent`: the body
    above it in the first line; empty: the unit above it. `in_text`: the unit in the middle of a sentence; empty: its
    name, and that of the unit above. `signer_title`: the lines of the signature's block. The last four as in `office`
    of the configuration: what is empty is a dotted line."""

    abbreviation: str
    town: str
    signer_title: str
    signer_name: str
    parent: str = ""
    in_text: str = ""
    address: str = ""
    phone: str = ""
    decided_by: str = ""
    heard_by: str = ""
    executed_by: str = ""
    complaints_to: str = ""


FIELDS = tuple(field.name for field in fields(Letterhead))


@dataclass(frozen=True)
class Writer:
    """Who writes. `unit`: in whose books papers are numbered; `office`: as they are printed."""

    unit: str
    office: Office


@dataclass(frozen=True)
class Letterheads:
    """All that there are on a day. `office`: that of the root."""

    tree: Tree
    heads: Mapping[str, Letterhead]
    office: Office
    day: date

    def writer(self, unit: str) -> Writer:
        """Who writes the papers of this unit's cases."""
        for code in self.tree.line(unit) if self.heads else ():
            if code in self.heads and self.tree.units[code].works_on(self.day):
                return Writer(code, self._office(self.tree.units[code], self.heads[code]))
        return Writer(ROOT, self.office)

    def name(self, code: str) -> str:
        """A unit's name as it is shown."""
        unit = self.tree.units.get(code)
        return (unit.name if unit else code) or self.office.unit.name

    def _office(self, unit: Unit, head: Letterhead) -> Office:
        root, above = self.office, unit.parent or ROOT
        above_in_text = root.unit_in_text if above == ROOT else self.tree.units[above].name
        fines = {"decided_by": head.decided_by, "heard_by": head.heard_by, "executed_by": head.executed_by}
        return root.model_copy(
            update={
                "parent": head.parent or (root.unit.name if above == ROOT else self.tree.units[above].name.upper()),
                "unit": OfficeUnit(name=unit.name.upper(), address=head.address, phone=head.phone),
                "unit_in_text": head.in_text or f"{unit.name}, {above_in_text}",
                "device_owner": root.device_owner or root.unit_in_text,
                "town": head.town,
                "number_suffix": head.abbreviation,
                "signer_title": head.signer_title,
                "signer_name": head.signer_name,
                "resolving": [],
                "fines": root.fines.model_copy(update=fines),
                "complaints_to": head.complaints_to,
            }
        )


_HEADS = select(LetterheadRow)  # built once: each paper asks


def writer_of(session: Session, office: Office, day: date, unit: str) -> Writer:
    """Who writes the papers of one unit's cases; the tree is read only where a unit has a letterhead."""
    rows = session.scalars(_HEADS).all()
    if not rows:
        return Writer(ROOT, office)
    return Letterheads(tree_of(session), {row.unit_code: _head(row) for row in rows}, office, day).writer(unit)


def letterheads_of(session: Session, office: Office, day: date) -> Letterheads:
    """`office`: of the configuration."""
    rows = session.scalars(_HEADS).all()
    return Letterheads(tree_of(session), {row.unit_code: _head(row) for row in rows}, office, day)


def letterhead_of(session: Session, unit: str) -> Letterhead | None:
    row = session.get(LetterheadRow, unit)
    return _head(row) if row is not None else None


def enter_letterhead(session: Session, unit: str, head: Letterhead, office: Office) -> None:
    """From now on the unit writes under its own name; said again it is put right. Raises `UnitError`.

    Letters that stand behind a number already are not changed: end the unit, and begin another.
    """
    if unit == ROOT:
        raise UnitError("has its letterhead in the configuration", where=ROOT, remedy="change `office` there")
    if unit not in tree_of(session).units:
        raise UnitError("there is no such unit", where=unit[:40], remedy="giaolo central unit list")
    _check(unit, head)
    row = session.get(LetterheadRow, unit)
    others = session.execute(
        select(LetterheadRow.unit_code, LetterheadRow.abbreviation).where(LetterheadRow.unit_code != unit)
    )
    letters = head.abbreviation.casefold()
    for code, taken in [(ROOT, office.number_suffix), *others]:
        if taken.casefold() == letters:
            raise UnitError(f"{taken} stands behind the numbers of {code}", where=unit, remedy="take other letters",
                            code="head_letters", letters=taken, unit=code)  # fmt: skip
    if row is not None and row.abbreviation != head.abbreviation and _has_numbers(session, unit):
        raise UnitError(
            f"{row.abbreviation} stands behind numbers already", where=unit,
            remedy="keep these letters, or end the unit and begin another", code="head_used", letters=row.abbreviation,
        )  # fmt: skip
    session.merge(LetterheadRow(unit_code=unit, **{name: getattr(head, name) for name in FIELDS}))
    session.flush()


def _has_numbers(session: Session, unit: str) -> bool:
    return bool(session.scalar(select(exists().where(NumberBookRow.unit_code == unit))))


def _check(unit: str, head: Letterhead) -> None:
    for name in FIELDS:
        value, most = getattr(head, name), LONGEST.get(name, 300)
        if len(value) > most or not value.replace("\n", "").isprintable():
            raise UnitError(f"{name} is longer than {most} characters, or no text", where=unit, remedy="shorten it",
                            code="head_long", most=str(most))  # fmt: skip
        if name in REQUIRED and not value.strip():
            raise UnitError(f"{name} is missing", where=unit, remedy="a paper bears it: give it",
                            code="head_missing")  # fmt: skip
    if "/" in head.abbreviation or " " in head.abbreviation:
        raise UnitError(f"{head.abbreviation!r} cannot stand behind a number", where=unit, remedy="no / and no blank",
                            code="head_form")  # fmt: skip


def _head(row: LetterheadRow) -> Letterhead:
    return Letterhead(**{name: getattr(row, name) for name in FIELDS})
