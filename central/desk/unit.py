"""The unit's page as values: what waits, how often cameras are wrong, what the nodes say.

Decisions and sendings are kept by whole days (UTC, migration 0007). A period that begins within a day takes the rest of
that day from the rows themselves: some thousand of them, however many were ever stored.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from central.cases.lifecycle import UNSENT, Status
from central.cases.stages import ISSUED, OPEN, TO_ISSUE, among
from central.desk.worklist import late, status_counts
from central.store.case_tables import CaseRow, DecidedCountRow, NoticeRow, RejectedCountRow, SentCountRow
from central.store.packet_tables import AlarmRow, NodeRow, QuarantineRow
from central.store.test_act_tables import TestedCameraRow
from central.units.book import cameras_of
from central.units.filtering import within
from central.units.tree import ROOT, Scope
from countries.here import HERE
from evidence.wire import Health

SILENT = timedelta(minutes=5)
SOON_DAYS = 3
LISTED = 20
ALARMS_READ = 200
"""Alarms that are looked at for what is listed: many may say the same, and are one line."""
"""Alarms, and packets held back: the newest, and how many stand behind them."""
_MONTH = timedelta(days=30)


@dataclass(frozen=True)
class TestLine:
    """A camera's newest test act: when it was made, how long until its receipt, what an act would have been held for.

    `missing`: the day's has not come.
    """

    __test__ = False

    made_at: datetime | None
    took_s: float | None
    asked: bool
    doubts: tuple[str, ...]
    missing: bool


@dataclass(frozen=True)
class NodeLine:
    """A node as it last spoke; `silent_min` counts only once it has been silent too long."""

    id: str
    status: str
    level: str
    software: str
    heard_at: datetime | None
    silent_min: int
    cameras: tuple[Any, ...]
    pending: int
    disk: int | None
    errors: tuple[str, ...]
    tests: Mapping[str, TestLine]
    """By the id of a camera."""


@dataclass(frozen=True)
class Rate:
    """Of what a camera's place said of an act: how much was decided, how much of it rejected."""

    place: str
    act: str
    decided: int
    rejected: int


@dataclass(frozen=True)
class AlarmGroup:
    """What nobody has seen of one kind about one camera, or about one box as a whole (`camera` empty); newest first."""

    kind: str
    node_id: str | None
    camera: str
    alarms: tuple[AlarmRow, ...]


@dataclass(frozen=True)
class UnitView:
    """Numbers of the unit, straight from the tables."""

    waiting: int
    confirmed: int
    issued: int
    overdue: int
    due_soon: int
    long_sent: int
    quarantined: int
    nodes: tuple[NodeLine, ...]
    rates: tuple[Rate, ...]
    reasons: tuple[tuple[str, int], ...]
    quarantine: Sequence[QuarantineRow]
    alarms: Sequence[AlarmRow]
    open_alarms: int
    """All that nobody has seen; `alarms` are the newest of them."""

    @property
    def alarm_groups(self) -> tuple[AlarmGroup, ...]:
        """The newest of `alarms`, those that say the same of the same together: a box whose disk is damaged raises one
        for each packet."""
        groups: dict[tuple[str, str | None, str], list[AlarmRow]] = {}
        for alarm in self.alarms:
            groups.setdefault((alarm.kind, alarm.node_id, self._camera_of(alarm)), []).append(alarm)
        return tuple(AlarmGroup(*about, tuple(alarms)) for about, alarms in list(groups.items())[:LISTED])

    @property
    def alarms_unlisted(self) -> int:
        """How many nobody has seen and no line of `alarm_groups` holds."""
        return self.open_alarms - sum(len(group.alarms) for group in self.alarm_groups)

    def _camera_of(self, alarm: AlarmRow) -> str:
        """The one camera that an alarm is about, with whose id its text begins (`central.store.alarms`); else empty."""
        told = alarm.text.partition(": ")[0]
        known = {camera.id for node in self.nodes if node.id == alarm.node_id for camera in node.cameras}
        return told if told in known else ""


def unit_view(session: Session, now: datetime, *, scope: Scope) -> UnitView:
    """All figures of the page, of these units. What grows with every case that ever was is kept by triggers, not
    counted here."""
    # what was detected before is late; it counts until the notice was sent
    late_before = HERE.terms.first_instant_in_time(now)
    month = now - _MONTH
    stand = status_counts(session, scope=scope)
    boxes = boxes_seen(session, scope, now)
    unseen = session.execute(
        select(AlarmRow, func.count().over())
        .where(AlarmRow.acknowledged_at.is_(None), *_of(AlarmRow.node_id, boxes))
        .order_by(AlarmRow.at.desc())
        .limit(ALARMS_READ)
    ).all()

    def unsent(*conditions: Any) -> int:
        mine = within(CaseRow.unit_code, scope)
        return session.scalar(select(func.count()).select_from(CaseRow).where(among(UNSENT), *mine, *conditions)) or 0

    held = _of(QuarantineRow.node_id, boxes)
    tests: dict[str, dict[str, TestLine]] = defaultdict(dict)
    for row in session.scalars(select(TestedCameraRow).where(*_of(TestedCameraRow.node_id, boxes))):
        asked = row.asked == "asked"
        tests[row.node_id][row.camera_id] = TestLine(
            row.made_at, row.took_s, asked, tuple(row.doubts), row.missing(now)
        )  # fmt: skip

    return UnitView(
        waiting=sum(stand[s] for s in OPEN),
        confirmed=sum(stand[s] for s in TO_ISSUE),
        issued=sum(stand[s] for s in ISSUED),
        overdue=unsent(*late(late_before)),
        due_soon=unsent(
            *late(late_before + timedelta(days=SOON_DAYS)),
            or_(CaseRow.detected_at >= late_before, CaseRow.corrected_at >= late_before),
        ),
        long_sent=_sent_before(session, HERE.terms.first_sending_in_time(now), scope),
        quarantined=session.scalar(select(func.count()).select_from(QuarantineRow).where(*held)) or 0,
        nodes=tuple(
            _node(n, now, tests[n.id])
            for n in session.scalars(select(NodeRow).where(*_of(NodeRow.id, boxes)).order_by(NodeRow.id))
        ),
        rates=_rates(session, month, scope),
        reasons=_reasons(session, month, scope),
        quarantine=session.scalars(
            select(QuarantineRow).where(*held).order_by(QuarantineRow.at.desc()).limit(LISTED)
        ).all(),
        alarms=[alarm for alarm, _ in unseen],
        open_alarms=unseen[0][1] if unseen else 0,
    )


def boxes_seen(session: Session, scope: Scope, now: datetime) -> frozenset[str] | None:
    """The boxes that somebody looks after; None: all of them, which those of the root do."""
    if scope.has(ROOT):
        return None
    return cameras_of(session).boxes(scope, HERE.local_date(now))


def _of(column: Any, boxes: frozenset[str] | None) -> tuple[ColumnElement[bool], ...]:
    return () if boxes is None else (column.in_(sorted(boxes)),)


def alarm_of(session: Session, alarm_id: int, scope: Scope, now: datetime) -> bool:
    """Whether there is such an alarm and it is about a box that somebody with this scope looks after."""
    boxes = boxes_seen(session, scope, now)
    if not 0 < alarm_id < 2**63 or (alarm := session.get(AlarmRow, alarm_id)) is None:
        return False
    return boxes is None or alarm.node_id in boxes


def recount_figures(session: Session) -> None:
    """Count all anew what the triggers keep, after rows were filled in or restored past them."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    day = "CAST({} AT TIME ZONE 'UTC' AS date)" if postgresql else "substr({}, 1, 10)"
    detected, published = day.format("detected_at"), day.format("published_at")
    for table, columns, counted in (
        (
            "decided_counts", "day, place, act, unit_code, decided, rejected",
            f"{detected}, place, act_suspected, unit_code, count(*), sum(CASE WHEN status = 'rejected' THEN 1 ELSE 0"
            f" END) FROM cases WHERE status NOT IN ('new', 'in_review')"
            f" GROUP BY {detected}, place, act_suspected, unit_code",
        ),
        (
            "rejected_counts", "day, reason, unit_code, n",
            f"{detected}, coalesce(rejected_reason, ''), unit_code, count(*) FROM cases WHERE status = 'rejected'"
            f" GROUP BY {detected}, coalesce(rejected_reason, ''), unit_code",
        ),
        (
            "sent_counts", "day, unit_code, n",
            f"{published}, unit_code, count(*) FROM notices WHERE published_at IS NOT NULL"
            f" GROUP BY {published}, unit_code",
        ),
    ):  # fmt: skip
        session.execute(text(f"DELETE FROM {table}"))
        session.execute(text(f"INSERT INTO {table} ({columns}) SELECT {counted}"))


def _whole_day(at: datetime) -> tuple[date, datetime]:
    """The first day (UTC) that lies wholly after `at`, and the instant at which it begins."""
    midnight = datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    return midnight.date(), midnight


def _rates(session: Session, since: datetime, scope: Scope) -> tuple[Rate, ...]:
    """By place and suspected act, of what was detected since; what is rejected most often comes first."""
    day, begins = _whole_day(since)
    kept = select(
        DecidedCountRow.place,
        DecidedCountRow.act,
        func.sum(DecidedCountRow.decided),
        func.sum(DecidedCountRow.rejected),
    ).where(DecidedCountRow.day >= day, *within(DecidedCountRow.unit_code, scope))
    at_the_edge = select(
        CaseRow.place,
        CaseRow.act_suspected,
        func.count(),
        func.count().filter(CaseRow.status == Status.REJECTED.value),
    ).where(
        CaseRow.status.not_in([s.value for s in OPEN]), CaseRow.detected_at >= since, CaseRow.detected_at < begins,
        *within(CaseRow.unit_code, scope),
    )  # fmt: skip
    decided: Counter[tuple[str, str]] = Counter()
    rejected: Counter[tuple[str, str]] = Counter()
    for query in (
        kept.group_by(DecidedCountRow.place, DecidedCountRow.act),
        at_the_edge.group_by(CaseRow.place, CaseRow.act_suspected),
    ):
        for place, act, n, thrown_out in session.execute(query):
            decided[place, act] += int(n)
            rejected[place, act] += int(thrown_out)
    rates = [Rate(place, act, n, rejected[place, act]) for (place, act), n in decided.items() if n]
    return tuple(sorted(rates, key=lambda r: (-(r.rejected / r.decided), r.place, r.act)))


def _reasons(session: Session, since: datetime, scope: Scope) -> tuple[tuple[str, int], ...]:
    """Why cases detected since were rejected, the most frequent reason first."""
    day, begins = _whole_day(since)
    kept = (
        select(RejectedCountRow.reason, func.sum(RejectedCountRow.n))
        .where(RejectedCountRow.day >= day, *within(RejectedCountRow.unit_code, scope))
        .group_by(RejectedCountRow.reason)
    )
    at_the_edge = (
        select(CaseRow.rejected_reason, func.count())
        .where(
            CaseRow.status == Status.REJECTED.value,
            CaseRow.detected_at >= since,
            CaseRow.detected_at < begins,
            *within(CaseRow.unit_code, scope),
        )
        .group_by(CaseRow.rejected_reason)
    )
    found: Counter[str] = Counter()
    for query in (kept, at_the_edge):
        for reason, n in session.execute(query):
            found[reason or ""] += int(n)
    return tuple(sorted(((reason, n) for reason, n in found.items() if n), key=lambda line: (-line[1], line[0])))


def _sent_before(session: Session, instant: datetime, scope: Scope) -> int:
    """How many notices were sent before `instant`. The owner's days run from sending; whether somebody came is not in
    our books, nor in the words of the page."""
    midnight = datetime.combine(instant.astimezone(UTC).date(), datetime.min.time(), UTC)
    whole = (SentCountRow.day < midnight.date(), *within(SentCountRow.unit_code, scope))
    kept = session.scalar(select(func.sum(SentCountRow.n)).where(*whole))
    at_the_edge = select(func.count()).select_from(NoticeRow).where(
        NoticeRow.published_at >= midnight, NoticeRow.published_at < instant, *within(NoticeRow.unit_code, scope)
    )  # fmt: skip
    return int(kept or 0) + (session.scalar(at_the_edge) or 0)


def _node(row: NodeRow, now: datetime, tests: Mapping[str, TestLine]) -> NodeLine:
    health: Health | None = None
    # a newer node may say more than this software knows; its status column still counts
    with contextlib.suppress(ValidationError):
        health = Health.model_validate(row.health) if row.health else None
    if health and row.status == "lost":  # what it holds still counts; its cameras and errors were those of then
        health = health.model_copy(update={"cameras": [], "errors": []})
    silent = now - row.last_seen if row.last_seen else None
    silent_min = int(silent.total_seconds() // 60) if silent is not None and silent > SILENT else 0
    good = row.status == "running" and not silent_min
    return NodeLine(
        id=row.id,
        status=row.status,
        level="good" if good else "bad" if row.status in ("lost", "safe_mode") or silent_min else "doubt",
        software=health.software if health else "",
        heard_at=row.last_seen,
        silent_min=silent_min,
        cameras=tuple(health.cameras) if health else (),
        pending=health.outbox_pending if health else 0,
        disk=health.disk_free_bytes if health else None,
        errors=tuple(health.errors) + tuple(f"{c.id}: {c.error}" for c in health.cameras if c.error) if health else (),
        tests=tests,
    )
