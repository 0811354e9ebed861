"""What a person may say of a place's signals, and change of it later; and the page on which he does.

What was said of the past stays: an act of that time is flagged for good, so an end is never put into the past.
"""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.lifecycle import ENDED, UNSENT, Officer, Refused, Role
from central.devices.book import all_records
from central.devices.records import DeviceId
from central.ledger.signing import Ledger
from central.store.case_tables import CaseRow
from central.store.packet_tables import NodeRow
from central.switches.book import add, cases_of, going_on, newest, of_id
from central.units.book import Cameras, cameras_of
from central.units.filtering import within
from countries.here import HERE
from evidence.packet import utc_text
from evidence.switches import LONGEST, MOST, REMEMBERED, Switch, SwitchKind

LATEST = timedelta(days=7)
"""So long afterwards it may still be said: the letter about an act of then is on its way within ten days."""
AHEAD = timedelta(days=30)
"""So long before: works and processions are known weeks ahead."""
LONGEST_WHY = 300
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def begun(
    *, id: uuid.UUID, centre: str, kind: SwitchKind, node: str, camera: str | None, line: str | None,
    since: datetime, until: datetime, by: str, why: str, now: datetime, late: bool = False,
) -> Switch:  # fmt: skip
    """A new switch. `late`: however long ago it began.

    Raises `Refused`: `switch_why`, `switch_line`, `switch_times`, `switch_long`, `switch_when`."""
    words = " ".join(why.split())
    if not words or len(words) > LONGEST_WHY or not words.isprintable():
        raise Refused("switch_why", "nobody says why, or in too many words", where="why", remedy="write a short reason")
    if line is not None and (camera is None or not _NAME.fullmatch(line)):
        raise Refused("switch_line", "is no stop line of one camera", where="line", remedy="as the scene names it")
    if until <= since:
        raise Refused("switch_times", "ends before it begins", where="until", remedy="correct the times")
    if until - since > LONGEST:
        raise Refused("switch_long", "lasts longer than a day", where="until", remedy="look again after a day")
    if not late and not now - LATEST <= since <= now + AHEAD:
        raise Refused("switch_when", "begins too long ago, or too far ahead", where="since", remedy="correct the times")
    return Switch(
        centre=centre, id=str(id), kind=kind, node=node, camera=camera, line=line, since=utc_text(since),
        until=utc_text(until), by=by, why=words, at=utc_text(now),
    )  # fmt: skip


def ending(switch: Switch, until: datetime, *, by: str, now: datetime) -> Switch:
    """The same switch with another end: now, or later than it was. Raises `Refused`: `switch_past`, `switch_long`,
    `switch_times`."""
    if until < min(switch.ends, now):
        raise Refused("switch_past", "would end in the past", where="until", remedy="end it now")
    if until - switch.starts > LONGEST:
        raise Refused("switch_long", "lasts longer than a day", where="until", remedy="say it anew after a day")
    if until < switch.starts:  # it has not begun: ended before that it never holds
        until = switch.starts
    # said later than before, whatever the clock did: of two statements the later one counts
    at = max(now, datetime.fromisoformat(switch.at) + timedelta(milliseconds=1))
    return switch.model_copy(update={"until": utc_text(until), "by": by, "at": utc_text(at)})


# --- places, rights, the database ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SwitchLine:
    """A switch on the page. `told`: whether the box knows it as it was said last; None: the box knows no switches, or
    has not been heard of since. `held`: how many cases that are not sent it holds; `sent`: id and number of those whose
    notice had gone out before it was said, so that somebody has to look at them again."""

    switch: Switch
    state: Literal["ahead", "now", "over"]
    told: bool | None
    held: int
    sent: tuple[tuple[str, int], ...]


def places(session: Session, officer: Officer, now: datetime) -> tuple[DeviceId, ...]:
    """The cameras of whose signals this person may say something, and the boxes all of whose cameras these are."""
    if officer.role is Role.ADMIN:  # keeps accounts, and nothing of evidence
        return ()
    cameras, today = cameras_of(session), HERE.local_date(now)
    found: list[DeviceId] = []
    for node, ids in sorted(_known(session, cameras).items()):
        open_ = [camera for camera in sorted(ids) if cameras.seen(node, camera, officer.scope, today)]
        if officer.scope.everything or (open_ and len(open_) == len(ids)):
            found.append(DeviceId(node))
        found += [DeviceId(node, camera) for camera in open_]
    return tuple(found)


def say(
    session: Session, ledger: Ledger, officer: Officer, place: DeviceId, kind: SwitchKind, *, line: str | None,
    since: datetime, until: datetime, why: str, now: datetime, drawn: Collection[str] | None = None,
) -> Switch:  # fmt: skip
    """A new switch goes into the record. `drawn`: the stop lines of the camera, where they are known: of a line that it
    has not, a switch would hold nothing while people believe it does.

    Raises `Refused`: those of `begun`, `switch_place`, `switch_no_line`, `switch_many`."""
    if place not in places(session, officer, now):
        raise Refused("switch_place", "is no camera of this officer's units", where=str(place), remedy="choose another")
    if line is not None and drawn is not None and line not in drawn:
        raise Refused("switch_no_line", "is no stop line of this camera", where="line", remedy="choose one of its own")
    switch = begun(
        id=uuid.uuid4(), centre=ledger.centre, kind=kind, node=place.node, camera=place.camera or None, line=line,
        since=since, until=until, by=officer.username, why=why, now=now,
    )  # fmt: skip
    if len(going_on(session, place.node, now)) >= MOST:
        raise Refused("switch_many", "has too many switches at once", where=place.node, remedy="name all of the box")
    return add(session, ledger, switch)


def end(session: Session, ledger: Ledger, officer: Officer, id: str, until: datetime, *, now: datetime) -> Switch:
    """Another end of a switch goes into the record. Raises `Refused`: those of `ending`, `switch_place`."""
    switch = of_id(session, id)
    if switch is None or DeviceId(switch.node, switch.camera or "") not in places(session, officer, now):
        raise Refused("switch_place", "is no switch of this officer's units", where=id[:40], remedy="look again")
    return add(session, ledger, ending(switch, until, by=officer.username, now=now))


def board(session: Session, officer: Officer, now: datetime) -> list[SwitchLine]:
    """The switches of the places that are open to this person, those that hold now first."""
    open_ = set(places(session, officer, now))
    heard = {row.id: _told(row) for row in session.scalars(select(NodeRow))}
    found = []
    for switch in newest(session, since=now - LATEST - LONGEST):
        if DeviceId(switch.node, switch.camera or "") not in open_:
            continue
        known = heard.get(switch.node)
        over = now >= switch.ends + REMEMBERED  # the box has forgotten it, as it should
        told = None if known is None or over else known.get(switch.id) == switch.at
        state: Literal["ahead", "now", "over"] = (
            "over" if now >= switch.ends else "ahead" if now < switch.starts else "now"
        )
        cases = cases_of(session, switch, within(CaseRow.unit_code, officer.scope))
        held = sum(row.status in UNSENT for row in cases)
        sent = tuple((row.id, row.number) for row in cases if row.status not in (*UNSENT, *ENDED))
        found.append(SwitchLine(switch, state, told, held, sent))
    order = {"now": 0, "ahead": 1, "over": 2}
    return sorted(found, key=lambda s: (order[s.state], -s.switch.starts.timestamp()))


def _told(node: NodeRow) -> Mapping[str, str] | None:
    told = (node.health or {}).get("switches")
    return told if isinstance(told, dict) else None


def _known(session: Session, cameras: Cameras) -> Mapping[str, set[str]]:
    """The cameras of each box that is let in: those of which it, its papers or a unit speaks."""
    found: dict[str, set[str]] = defaultdict(set)
    for node, camera in cameras.since:
        found[node].add(camera)
    for record in all_records(session):
        if record.device.camera:
            found[record.device.node].add(record.device.camera)
    known: dict[str, set[str]] = {}
    for row in session.scalars(select(NodeRow).where(NodeRow.enabled)):
        told = (row.health or {}).get("cameras")
        spoken = {str(c.get("id")) for c in told if isinstance(c, dict)} if isinstance(told, list) else set()
        known[row.id] = found[row.id] | spoken
    return known
