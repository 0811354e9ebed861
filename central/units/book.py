"""Units and cameras in the database: the tree that holds now, whose a camera is on a day, and changes of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from central.store.unit_tables import CameraUnitRow, UnitRow
from central.units.tree import ROOT, Scope, Tree, Unit, UnitError

Camera = tuple[str, str]
"""Node and camera, as packets name them."""


_UNITS = select(UnitRow)  # built once: each paper asks


def tree_of(session: Session) -> Tree:
    """All units: some two hundred rows at a province."""
    return Tree.of(
        Unit(row.code, row.name, row.kind, row.parent, row.valid_from, row.valid_to)  # type: ignore[arg-type]
        for row in session.scalars(_UNITS)
    )


def change(session: Session, units: Iterable[Unit]) -> Tree:
    """Add these units, or put them right. Raises `UnitError` and changes nothing when the whole is no tree."""
    changed = list(units)
    tree = tree_of(session).with_(changed)
    # each behind the one it hangs on, as the foreign key asks
    order = [unit.code for _, unit in tree.walk()]
    for unit in sorted(changed, key=lambda unit: order.index(unit.code)):
        session.merge(
            UnitRow(
                code=unit.code, name=unit.name, kind=unit.kind, parent=unit.parent, valid_from=unit.valid_from,
                valid_to=unit.valid_to,
            )
        )  # fmt: skip
        session.flush()
    return tree


def working(tree: Tree, code: str, day: date) -> Unit:
    """The unit of that code, if it gets cameras, accounts and cases on that day. Raises `UnitError`."""
    unit = tree.units.get(code)
    if unit is None:
        raise UnitError("there is no such unit", where=code[:40], remedy="giaolo central unit list", code="unit_gone")
    if not unit.works_on(day):
        raise UnitError(f"does not work on {day}", where=code, remedy="name a unit that does", code="unit_gone")
    return unit


@dataclass(frozen=True)
class Cameras:
    """Whose each camera is: by camera, the days from which on, the newest first."""

    since: Mapping[Camera, tuple[tuple[date, str], ...]]

    def unit(self, node: str, camera: str, day: date) -> str:
        """The unit of a camera on a day: the root's before it was given to any."""
        return next((unit for first, unit in self.since.get((node, camera), ()) if first <= day), ROOT)

    def seen(self, node: str, camera: str, scope: Scope, day: date) -> bool:
        """Whether somebody sees a camera, or (camera empty) a box: that of a camera he sees.

        Boxes are kept by the root: whoever belongs to it sees all of them.
        """
        if camera:
            return scope.has(self.unit(node, camera, day))
        return scope.has(ROOT) or node in self.boxes(scope, day)

    def boxes(self, scope: Scope, day: date) -> frozenset[str]:
        """The boxes with a camera of these units."""
        return frozenset(node for node, camera in self.since if scope.has(self.unit(node, camera, day)))


def cameras_of(session: Session) -> Cameras:
    found: dict[Camera, list[tuple[date, str]]] = defaultdict(list)
    for row in session.scalars(select(CameraUnitRow).order_by(CameraUnitRow.since.desc())):
        found[row.node_id, row.camera_id].append((row.since, row.unit_code))
    return Cameras({camera: tuple(days) for camera, days in found.items()})


def give_camera(session: Session, node: str, camera: str, unit: str, *, since: date, now: datetime) -> None:
    """From that day on what the camera sees is this unit's; said again for the same day it is put right.

    Cases that came in already stay where they are. Raises `UnitError`.
    """
    if not node or not camera or len(node) > 64 or len(camera) > 64:
        raise UnitError("is no camera", where=f"{node}/{camera}"[:130], remedy="NODE/CAMERA, as packets name them")
    working(tree_of(session), unit, since)
    session.merge(CameraUnitRow(node_id=node, camera_id=camera, since=since, unit_code=unit, entered_at=now))
    session.flush()


_UNIT_THEN = (
    select(CameraUnitRow.unit_code)
    .where(
        CameraUnitRow.node_id == bindparam("node"), CameraUnitRow.camera_id == bindparam("camera"),
        CameraUnitRow.since <= bindparam("day"),
    )
    .order_by(CameraUnitRow.since.desc())
    .limit(1)
)  # fmt: skip


def unit_of_camera(session: Session, node: str, camera: str, day: date) -> str:
    """The unit of one camera on a day, asked for alone: for a case that begins."""
    return session.scalar(_UNIT_THEN, {"node": node, "camera": camera, "day": day}) or ROOT


def all_camera_units(session: Session) -> Sequence[CameraUnitRow]:
    keys = (CameraUnitRow.node_id, CameraUnitRow.camera_id, CameraUnitRow.since)
    return session.scalars(select(CameraUnitRow).order_by(*keys)).all()
