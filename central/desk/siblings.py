"""Cases of the same plate as the desk shows them: side by side, those that cannot be the same vehicle first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.doubles import Between
from central.cases.siblings import Sibling
from central.desk.items import QueueItem, item
from central.store.packet_tables import PacketFileRow
from central.units.tree import Scope

SIDE_BY_SIDE = 3
"""With pictures, beside the case itself: so many fit on a desk screen; of the others there is a link."""


@dataclass(frozen=True)
class SiblingCase:
    """Another case of the plate. `crop`: name of its picture of the plate, None where the packet has none.

    `before`: whether its act came first. `doubts`: codes with its number, empty where it may be the same vehicle.
    """

    item: QueueItem
    vehicle_class: str
    between: Between
    doubts: tuple[str, ...]
    before: bool
    crop: str | None


def sibling_cases(
    session: Session, siblings: Sequence[Sibling], at: datetime, now: datetime, *, scope: Scope
) -> tuple[SiblingCase, ...]:
    """Those of these units, in the order given; `at`: when the act of the case itself was."""
    siblings = [sibling for sibling in siblings if scope.has(sibling.case.unit_code)]
    packets = [sibling.case.packet_id for sibling in siblings]
    crops = select(PacketFileRow.packet_id, PacketFileRow.name).where(
        PacketFileRow.packet_id.in_(packets), PacketFileRow.role == "plate_crop"
    )
    names = {row.packet_id: row.name for row in session.execute(crops)} if packets else {}
    return tuple(
        SiblingCase(
            item(s.case, now), s.case.vehicle_class, s.between, s.doubts, s.case.occurred_at < at,
            names.get(s.case.packet_id),
        )
        for s in siblings
    )  # fmt: skip
