"""The devices as the head sees them: which lacks what, what ends soon, and how many cases wait for it."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from pydantic import ValidationError
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from central.cases.stages import TO_ISSUE, among
from central.devices.book import all_records
from central.devices.dossier import Lack, Soon, Standing, ends_soon, standing, stretches
from central.devices.records import DeviceId, Record
from central.store.case_tables import CaseRow
from central.store.packet_tables import NodeRow
from central.units.book import cameras_of
from central.units.filtering import within
from central.units.tree import Scope
from countries.here import HERE
from evidence.wire import Health

Days = tuple[date, date]


@dataclass(frozen=True)
class DeviceLine:
    """A device today. `waiting`: cases whose notice waits for its papers; `waiting_for`: what it lacked at them."""

    device: DeviceId
    today: Standing
    soon: Soon | None
    in_service: bool
    waiting: int
    waiting_for: tuple[Lack, ...]

    @property
    def bad(self) -> bool:
        return bool(self.waiting) or (self.in_service and not self.today.lawful)


@dataclass(frozen=True)
class DeviceBoard:
    """All devices, those first for which cases wait. `waiting`: cases in all, each counted once."""

    lines: tuple[DeviceLine, ...]
    waiting: int

    @property
    def told(self) -> tuple[DeviceLine, ...]:
        """Those that the head has to see to."""
        return tuple(line for line in self.lines if line.bad or line.soon)


@dataclass
class _Wait:
    count: int = 0
    lacks: dict[str, Lack] = field(default_factory=dict)


def device_board(session: Session, now: datetime, *, scope: Scope) -> DeviceBoard:
    """Devices and cases of these units, read for each view of the page.

    No case is read but where a device had its papers on some of its days only.
    """
    records: dict[DeviceId, list[Record]] = defaultdict(list)
    for record in all_records(session):
        records[record.device].append(record)
    boxes = _boxes(session)
    spoken_of = {DeviceId(node, camera) for node, cameras in boxes.items() for camera in ("", *(cameras or ()))}
    waits: dict[DeviceId, _Wait] = defaultdict(_Wait)
    total = 0
    query = select(
        CaseRow.node_id, CaseRow.camera_id, func.min(CaseRow.occurred_at), func.max(CaseRow.occurred_at), func.count()
    ).where(among(TO_ISSUE), *within(CaseRow.unit_code, scope))
    for node, camera, first, last, n in session.execute(query.group_by(CaseRow.node_id, CaseRow.camera_id)):
        whole = (HERE.local_date(first), HERE.local_date(last))
        lacking: list[Days] = []
        for device in (DeviceId(node, camera), DeviceId(node)):
            for begin, end, found in stretches(device, records[device], *whole, known_at=now):
                if not found.lawful and (count := _cases(session, node, camera, [(begin, end)], whole, n, scope)):
                    waits[device].count += count
                    waits[device].lacks |= {lack.code: lack for lack in found.lacks}
                    lacking.append((begin, end))
        total += _cases(session, node, camera, lacking, whole, n, scope)
    cameras, today = cameras_of(session), HERE.local_date(now)
    lines = [
        DeviceLine(
            device,
            standing(device, records[device], now, known_at=now),
            ends_soon(device, records[device], now),
            _serves(device, boxes),
            waits[device].count,
            tuple(waits[device].lacks.values()) if waits[device].count else (),
        )
        for device in sorted({*records, *spoken_of, *waits})
        if scope.everything or cameras.seen(device.node, device.camera, scope, today)
    ]
    return DeviceBoard(tuple(sorted(lines, key=lambda line: (-line.waiting, not line.bad, line.device))), total)


def _boxes(session: Session) -> dict[str, set[str] | None]:
    """The cameras that each box which is let in last spoke of; None: it has not spoken yet."""
    found: dict[str, set[str] | None] = {}
    for row in session.scalars(select(NodeRow).where(NodeRow.enabled)):
        found[row.id] = None
        # a newer node may say more than this software knows
        with contextlib.suppress(ValidationError):
            if row.health:
                found[row.id] = {camera.id for camera in Health.model_validate(row.health).cameras}
    return found


def _serves(device: DeviceId, boxes: Mapping[str, set[str] | None]) -> bool:
    """A camera of which its box says nothing any more serves no longer, nor does any of a box that is switched off."""
    cameras = boxes.get(device.node)
    return device.node in boxes and (not device.camera or cameras is None or device.camera in cameras)


def _cases(session: Session, node: str, camera: str, days: Iterable[Days], whole: Days, n: int, scope: Scope) -> int:
    """How many of the `n` cases to issue of a camera, all on the days `whole`, fall on `days`."""
    spans = list(days)
    if not spans:
        return 0
    if whole in spans:
        return n
    on_days = [
        and_(CaseRow.occurred_at >= _midnight(first), CaseRow.occurred_at < _midnight(last + timedelta(days=1)))
        for first, last in spans
    ]
    query = select(func.count()).select_from(CaseRow).where(
        among(TO_ISSUE), CaseRow.node_id == node, CaseRow.camera_id == camera, or_(*on_days),
        *within(CaseRow.unit_code, scope),
    )  # fmt: skip
    return session.scalar(query) or 0


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), HERE.zone)
