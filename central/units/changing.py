"""Changes of units that people make, each with its record: who, when, before and after.

`central.units.book` changes without a record, for what is read back from files of the centre itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.config import Office
from central.store.unit_tables import UnitEventRow
from central.units.book import change, give_camera, tree_of, unit_of_camera
from central.units.letterheads import Letterhead, enter_letterhead, letterhead_of
from central.units.tree import Tree, Unit

TOLD = 100
"""Changes of a unit that its page lists, the newest first."""
_UNIT_SAYS = ("name", "kind", "parent", "valid_from", "valid_to")


def save_units(session: Session, units: Iterable[Unit], *, by: str, now: datetime) -> Tree:
    """Add these units or put them right. Raises `UnitError`, and changes nothing."""
    changed, was = list(units), tree_of(session).units
    tree = change(session, changed)
    for unit in changed:
        before = was.get(unit.code)
        said = _differing(_of_unit(before) if before else {}, _of_unit(unit))
        if said[1]:
            note(session, unit.code, "changed" if before else "created", *said, by=by, now=now)
    return tree


def save_letterhead(session: Session, unit: str, head: Letterhead, office: Office, *, by: str, now: datetime) -> None:
    """Enter what a unit's papers bear, or put it right. Raises `UnitError`."""
    before = letterhead_of(session, unit)
    enter_letterhead(session, unit, head, office)
    said = _differing(asdict(before) if before else {}, asdict(head))
    if said[1]:
        note(session, unit, "letterhead", *said, by=by, now=now)


def save_camera(session: Session, node: str, camera: str, unit: str, *, since: date, by: str, now: datetime) -> None:
    """From that day on what the camera sees is this unit's. Raises `UnitError`."""
    before = unit_of_camera(session, node, camera, since)
    give_camera(session, node, camera, unit, since=since, now=now)
    after = {"unit": unit, "since": since.isoformat()}
    note(session, unit, "camera", {"unit": before}, after, subject=f"{node}/{camera}", by=by, now=now)


def note(
    session: Session, unit: str, what: str, before: Mapping[str, Any], after: Mapping[str, Any], *, by: str,
    now: datetime, subject: str = "",
) -> None:  # fmt: skip
    """Add to the record of a unit."""
    session.add(
        UnitEventRow(
            at=now, actor=by, unit_code=unit, what=what, subject=subject, before=dict(before), after=dict(after)
        )
    )
    session.flush()


def changes_of(session: Session, unit: str) -> Sequence[UnitEventRow]:
    """What was changed of a unit, the newest first."""
    mine = select(UnitEventRow).where(UnitEventRow.unit_code == unit)
    return session.scalars(mine.order_by(UnitEventRow.id.desc()).limit(TOLD)).all()


def _of_unit(unit: Unit) -> dict[str, Any]:
    found = {name: getattr(unit, name) for name in _UNIT_SAYS}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in found.items()}


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    # what was empty and still is says nothing
    names = [name for name, value in after.items() if (before.get(name) or None) != (value or None)]
    return {n: before[n] for n in names if n in before}, {n: after[n] for n in names}
