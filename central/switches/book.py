"""Switches in the database: statements are added, the last of each switch holds, each stands in the log."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from central.ledger import merkle
from central.ledger.signing import Ledger
from central.store.case_tables import CaseRow
from central.store.packet_tables import PacketRow
from central.store.switch_tables import SwitchRow
from evidence.canonical import sha256_hex
from evidence.switches import LONGEST, REMEMBERED, UNSURE_FLAGS, Switch, order_of, seen_between

_SLACK = timedelta(hours=1)
"""Longer than what a packet saw of a vehicle before or after its act, with what a doubtful clock adds."""
_NEAR = (
    select(SwitchRow)
    .where(
        SwitchRow.node_id.in_(bindparam("nodes", expanding=True)),
        SwitchRow.since >= bindparam("first"), SwitchRow.since <= bindparam("last"),
    )
    .order_by(SwitchRow.id)
)  # fmt: skip


@dataclass(frozen=True)
class _Seen:
    """From when to when a packet saw the vehicle, and the stop line that its act names."""

    first: datetime
    last: datetime
    line: str | None


def add(session: Session, ledger: Ledger, switch: Switch) -> Switch:
    """A statement more, signed by the centre, and in its log."""
    statement = switch.statement()
    digest = sha256_hex(statement)
    session.add(
        SwitchRow(
            switch_id=switch.id, node_id=switch.node, since=switch.starts, until=switch.ends,
            record=statement.decode(), digest=digest, signature=ledger.key.sign(statement),
            log_index=merkle.append(session, digest),
        )
    )  # fmt: skip
    session.flush()
    return switch


def of_id(session: Session, switch_id: str) -> Switch | None:
    """The switch as it was said last."""
    rows = session.scalars(select(SwitchRow).where(SwitchRow.switch_id == switch_id)).all()
    return next(iter(_last(rows).values()), None)


def newest(session: Session, *, since: datetime) -> list[Switch]:
    """Every switch that begins at `since` or later, as it was said last."""
    return list(_last(session.scalars(select(SwitchRow).where(SwitchRow.since >= since)).all()).values())


def going_on(session: Session, node: str, now: datetime) -> list[Switch]:
    """Those that a box has to know: that hold now, will, or did a short while ago."""
    rows = select(SwitchRow).where(SwitchRow.node_id == node, SwitchRow.since >= now - LONGEST - REMEMBERED)
    return [switch for switch in _last(session.scalars(rows).all()).values() if now < switch.ends + REMEMBERED]


def last_said(session: Session) -> int:
    """A number that grows with each statement: 0 before the first."""
    return session.scalar(select(func.max(SwitchRow.id))) or 0


def nodes_told(session: Session, now: datetime) -> Sequence[str]:
    """The boxes for which there is something to say."""
    recent = select(SwitchRow.node_id).where(SwitchRow.since >= now - LONGEST - REMEMBERED).distinct()
    return session.scalars(recent).all()


def concerning(session: Session, rows: Sequence[CaseRow]) -> Mapping[str, tuple[Switch, ...]]:
    """By the id of each case the switches in whose time its vehicle was seen; whether the box knew them or not."""
    if not rows:
        return {}
    near = {
        "nodes": sorted({row.node_id for row in rows}),
        "first": min(row.occurred_at for row in rows) - LONGEST - _SLACK,
        "last": max(row.occurred_at for row in rows) + _SLACK,
    }
    switches = _last(session.scalars(_NEAR, near).all()).values()
    if not switches:
        return {}
    found = {row.id: _of_case(session, row, [s for s in switches if s.node == row.node_id]) for row in rows}
    return {case_id: those for case_id, those in found.items() if those}


def statements_of(session: Session, row: CaseRow, named: Collection[str]) -> tuple[SwitchRow, ...]:
    """Everything that was said of the switches that concern a case, oldest first. `named`: ids of those that its record
    names, which are looked for too."""
    ids = {switch.id for switch in concerning(session, [row]).get(row.id, ())}.union(named)
    rows = session.scalars(select(SwitchRow).where(SwitchRow.switch_id.in_(sorted(ids)))).all() if ids else ()
    return tuple(sorted(rows, key=lambda one: order_of(Switch.model_validate_json(one.record))))


def cases_of(session: Session, switch: Switch, units: Sequence[ColumnElement[bool]]) -> list[CaseRow]:
    """The cases that a switch concerns, the oldest first. `units`: the condition for those that somebody sees."""
    if switch.starts == switch.ends:
        return []
    place = [CaseRow.node_id == switch.node]
    if switch.camera is not None:
        place.append(CaseRow.camera_id == switch.camera)
    near = CaseRow.occurred_at.between(switch.starts - _SLACK, switch.ends + _SLACK)
    query = select(CaseRow).where(*place, near, CaseRow.deleted_at.is_(None), *units)
    rows = session.scalars(query.order_by(CaseRow.occurred_at, CaseRow.number)).all()
    return [row for row in rows if _of_case(session, row, [switch])]


def _of_case(session: Session, row: CaseRow, switches: Sequence[Switch]) -> tuple[Switch, ...]:
    if not switches:
        return ()
    seen, unsure = _seen(session, row), not UNSURE_FLAGS.isdisjoint(row.flags)
    those = [
        s
        for s in switches
        if s.concerns(
            node=row.node_id, camera=row.camera_id, line=seen.line, first=seen.first, last=seen.last, unsure=unsure
        )
    ]
    return tuple(sorted(those, key=lambda s: (s.since, s.id)))


def _seen(session: Session, row: CaseRow) -> _Seen:
    """From the packet's manifest, which is only opened where a switch is near: lists come without it."""
    manifest = session.scalar(select(PacketRow.manifest).where(PacketRow.id == row.packet_id))
    if not manifest:  # deleted at the end of its term
        return _Seen(row.occurred_at, row.occurred_at, None)
    told = json.loads(manifest)
    act, points = told["act"], told["track"]["points"]
    line = act["reasons"].get("stop_line")
    first, last = seen_between(row.occurred_at, act["t_s"], points[0]["t_s"], points[-1]["t_s"])
    return _Seen(first, last, line if isinstance(line, str) else None)


def _last(rows: Sequence[SwitchRow]) -> dict[str, Switch]:
    found: dict[str, Switch] = {}
    for row in rows:
        switch = Switch.model_validate_json(row.record)
        before = found.get(switch.id)
        if before is None or order_of(before) < order_of(switch):
            found[switch.id] = switch
    return found
