"""A box asks: is the traffic really so? The question as it last told it, and the answer that a person gives.

An answer is a switch (`evidence.switches`) of one of two kinds, so it is signed, in the log, and travels as they do.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.lifecycle import Officer, Refused
from central.desk.switching import begun, places
from central.devices.records import DeviceId
from central.ledger.signing import Ledger
from central.store.packet_tables import NodeRow
from central.switches.book import add, newest
from evidence.switches import LONGEST, Switch, says_right
from evidence.wire import TrafficHealth

Answer = Literal["traffic_right", "camera_doubted"]
ANSWERS: tuple[Answer, ...] = ("traffic_right", "camera_doubted")


@dataclass(frozen=True)
class TrafficQuestion:
    """`held_at`: since when the camera's acts are held; `since`: from when on what was told is doubtful too. `answer`:
    what somebody said already; with `traffic_right` the box has not heard of it yet."""

    place: DeviceId
    traffic: TrafficHealth
    held_at: datetime
    since: datetime
    answer: Switch | None

    @property
    def answered_at(self) -> datetime | None:
        return None if self.answer is None else datetime.fromisoformat(self.answer.at)


def questions(session: Session, officer: Officer, now: datetime) -> list[TrafficQuestion]:
    """Those of the cameras that are open to this person, the oldest first."""
    open_ = set(places(session, officer, now))
    found = []
    for row in session.scalars(select(NodeRow).where(NodeRow.enabled)):
        told = (row.health or {}).get("cameras")
        for camera in told if isinstance(told, list) else []:
            place = DeviceId(row.id, str(camera.get("id", "")))
            asked = _asked(camera) if place in open_ else None
            if asked is not None:
                found.append((place, *asked))
    if not found:
        return []
    known = newest(session, since=min(since for _, _, _, since in found) - LONGEST)
    asked_of = [TrafficQuestion(p, t, at, since, _answer(known, p, at, since)) for p, t, at, since in found]
    return sorted(asked_of, key=lambda q: (q.held_at, str(q.place)))


def answer(
    session: Session, ledger: Ledger, officer: Officer, place: DeviceId, kind: Answer, *, held_at: str, why: str,
    now: datetime,
) -> Switch:  # fmt: skip
    """What somebody says goes into the record. Right: for a day from the hold on, so that the box does not ask again at
    once. Doubted: of what was told from the beginning of that hour until the hold, which flags those cases.

    Raises `Refused`: `traffic_gone` where the box does not ask this (any more), and those of `begun`.
    """
    asked = next((q for q in questions(session, officer, now) if q.place == place), None)
    if asked is None or asked.traffic.held_at != held_at:
        raise Refused("traffic_gone", "is no question of this camera now", where=str(place), remedy="look again")
    since, until = (asked.held_at, asked.held_at + LONGEST)
    if kind == "camera_doubted":
        since, until = asked.since, asked.held_at + timedelta(seconds=1)
    switch = begun(
        id=uuid.uuid4(), centre=ledger.centre, kind=kind, node=place.node, camera=place.camera, line=None, since=since,
        until=until, by=officer.username, why=why, now=now, late=True,
    )  # fmt: skip
    return add(session, ledger, switch)


def _asked(camera: Mapping[str, Any]) -> tuple[TrafficHealth, datetime, datetime] | None:
    try:
        traffic = TrafficHealth.model_validate(camera.get("traffic") or {"state": "learning"})
        if traffic.held_at is None or traffic.counted_from is None:
            return None
        at, since = datetime.fromisoformat(traffic.held_at), datetime.fromisoformat(traffic.counted_from)
    except (ValidationError, ValueError):
        return None
    return (traffic, at, since) if since <= at and at - since < LONGEST - timedelta(minutes=1) else None


def _answer(known: list[Switch], place: DeviceId, held_at: datetime, since: datetime) -> Switch | None:
    mine = [s for s in known if (s.node, s.camera) == (place.node, place.camera)]
    right = [s for s in mine if says_right([s], node=place.node, camera=place.camera, at=held_at)]
    doubted = [s for s in mine if s.kind == "camera_doubted" and s.starts == since]
    return next(iter([*right, *doubted]), None)
