"""How each step of the one table (`central.cases.steps.MOVES`) is taken through its door, and what is said with it.

A step that a later version adds needs no line here when it has a value in `central.cases.said.SAID`: what its form asks
for is filled in by name where a name is known, by type where not.
"""

from __future__ import annotations

import random
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases import said as saying
from central.cases.doubts import issue_doubts
from central.cases.facts import Facts
from central.cases.life import life_of
from central.cases.lifecycle import Action, Officer, Refused
from central.cases.said import NEEDS_NOTE, SAID
from central.cases.steps import MOVES
from central.centre import Centre
from central.desk import actions, views
from central.notices import drafting, issuing, printing, proceedings, together
from central.notices.basis import Seen, look
from central.store.case_tables import CaseRow
from central.web import queries
from countries.here import HERE
from countries.law import LawError, OwnerType, Proposal
from evidence.acts import ActCode
from tools.bench.lives_costs import Costs

LOOKS = frozenset({Action.VIEW, Action.EXPORT, Action.HAND_OVER})
"""They change no case; a page is looked at now and then, so that its cost is known. With one unit nothing is handed
over."""
_WORD = "đã so ảnh hai xe"


@dataclass
class Doors:
    """The doors of one centre. Each call is one step as the page that offers it takes it; `now` is given."""

    centre: Centre
    chance: random.Random
    numbers: int = 0
    costs: Costs = field(default_factory=Costs)

    def has(self, action: Action) -> bool:
        return action in _DOORS or action in SAID

    def take(self, action: Action, case_id: str, officer: Officer, now: datetime, **said: Any) -> None:
        """Raises `Refused`. `said` goes before what is made up."""
        door = _DOORS.get(action)
        if door is not None:
            door(self, case_id, officer, now, said)
            return
        typed, version = self.costs.timed("page: form", lambda: self._form(action, case_id, officer, now, said))
        # a decision that leaves another case of the violator out says why
        note = "ghi chú của cán bộ" if action in NEEDS_NOTE or action is Action.DECIDE else ""
        take = lambda: proceedings.take(  # noqa: E731
            self.centre.db, case_id, officer, action, typed, note, desk=self.centre.notices, now=now, seen=version
        )
        self.costs.timed(action.value, take)

    def _form(
        self, action: Action, case_id: str, officer: Officer, now: datetime, said: Mapping[str, Any]
    ) -> tuple[dict[str, Any], int]:
        """What is typed, and the version of the case on the screen."""
        with self.centre.db.read() as session:
            row = look(session, case_id)
            record = case_log.events(session, case_id)
            facts = life_of(record).facts
            typed = {**self.typed(action, row, facts, HERE.local_date(now)), **said}
            if action is Action.DECIDE and "together" not in said:
                typed["together"] = self._too(session, row, facts, officer, now)
            return typed, case_log.version_of(record)

    def _too(
        self, session: Session, row: CaseRow, facts: Facts, officer: Officer, now: datetime
    ) -> list[dict[str, Any]]:
        """Some of the cases that the page offers to decide with this one."""
        waiting = together.waiting(session, row, facts, officer, self.centre.notices.calendar, now)
        return [
            {"case": w.row.number, "fine": w.law.ordinary, "seen": w.seen}
            for w in waiting
            if w.refused is None and w.law is not None and self.chance.random() < 0.7
        ][: saying.MOST_TOGETHER]

    def typed(self, action: Action, row: CaseRow, facts: Facts, today: date) -> dict[str, Any]:
        """A value for each field of the step's form."""
        law = law_of(row, facts)
        return self._filled(SAID[action], facts, law, today)

    def _filled(self, model: type[BaseModel], facts: Facts, law: Proposal | None, today: date) -> dict[str, Any]:
        found = {n: self._value(n, info.annotation, facts, law, today) for n, info in model.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, name: str, kind: Any, facts: Facts, law: Proposal | None, today: date) -> Any:
        owed = facts.unpaid
        match name:
            case "on":
                return today.isoformat()
            case "fine":
                return str(self.chance.choice([law.least, law.most, (law.least + law.most) // 2])) if law else "1"
            case "points":
                takes = facts.liable in ("owner", "driver") and law is not None
                return str(law.points if takes and law else 0)
            case "instalments":  # half of it soon, half within the months that the law leaves
                half = facts.fine // 2
                return [{"due": (today + timedelta(days=days)).isoformat(), "amount": str(amount)}
                        for days, amount in ((20, facts.fine - half), (70, half))]  # fmt: skip
            case "together":  # other cases of the same vehicle: each is decided by itself here
                return None
            case "requested":
                return today.isoformat()
            case "amount":
                return str(owed if self.chance.random() < 0.85 else max(owed // 2, 1))
        if get_origin(kind) in (Union, types.UnionType):
            kind = get_args(kind)[0]
        if get_origin(kind) is Literal:
            return str(self.chance.choice(get_args(kind)))
        if get_origin(kind) in (list, tuple, set, frozenset):
            return [self._value(name, get_args(kind)[0], facts, law, today) for _ in range(2)]
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return self._filled(kind, facts, law, today)
        if kind is date:
            return (today + timedelta(days=self.chance.randint(1, 60))).isoformat()
        if kind is bool:
            return self.chance.random() < 0.5
        if kind is int:
            return str(self.chance.randint(1, 3))
        self.numbers += 1
        return f"{name[:20]} {self.numbers}"


def law_of(row: CaseRow, facts: Facts) -> Proposal | None:
    """Band and points of a case for whoever answers for it."""
    owner: OwnerType = "organisation" if facts.liable == "organisation" else "person"
    with suppress(LawError):
        return HERE.law.proposal(ActCode(row.act), row.kind, row.occurred_at, owner_type=owner)
    return None


_Door = Callable[[Doors, str, Officer, datetime, Mapping[str, Any]], None]


def _steps(action: Action, door: _Door) -> _Door:
    """A door in which nothing is looked at before the step: all of it is the step."""
    return lambda doors, *how: doors.costs.timed(action.value, lambda: door(doors, *how))


def _claim(doors: Doors, case_id: str, officer: Officer, now: datetime, _said: Mapping[str, Any]) -> None:
    with doors.centre.db.write() as session:
        actions.claim(session, case_id, officer, now=now, lease=doors.centre.claim_lease)


def _release(doors: Doors, case_id: str, officer: Officer, now: datetime, _said: Mapping[str, Any]) -> None:
    with doors.centre.db.write() as session:
        actions.release(session, case_id, officer, now=now)


def _plate(doors: Doors, case_id: str, officer: Officer, now: datetime, said: Mapping[str, Any]) -> None:
    with doors.centre.db.write() as session:
        plate = said.get("plate") or session.get_one(CaseRow, case_id).plate or "36A-123.45"
        actions.correct_plate(session, case_id, officer, plate, now=now)


def _confirm(doors: Doors, case_id: str, officer: Officer, now: datetime, said: Mapping[str, Any]) -> None:
    with doors.centre.db.write() as session:
        row = look(session, case_id)
        actions.confirm(
            session, case_id, officer, plate=said.get("plate") or row.plate or "36A-123.45", act=ActCode(row.act),
            colour="white", seen=case_log.seen_version(session, case_id), now=now,
        )  # fmt: skip


def _reject(doors: Doors, case_id: str, officer: Officer, now: datetime, said: Mapping[str, Any]) -> None:
    with doors.centre.db.write() as session:
        reason = said.get("reason") or doors.chance.choice(actions.REJECT_REASONS)
        actions.reject(session, case_id, officer, reason, "không rõ", now=now)


def _draft(doors: Doors, case_id: str, officer: Officer, now: datetime, _said: Mapping[str, Any]) -> None:
    drafting.prepare_notice(doors.centre.db, case_id, officer, desk=doors.centre.notices, now=now)


def _seen(doors: Doors, case_id: str, now: datetime) -> Seen:
    """What the approver's page shows, with all that is doubtful read and ticked."""

    def shown() -> Seen:
        with doors.centre.db.read() as session:
            row = look(session, case_id)
            draft = (row.notice.pdf_sha256 if row.notice else None) or ""
            doubts = issue_doubts(session, row, now, doors.centre.registry)
            return Seen(draft, case_log.seen_version(session, case_id), doubts, without_owner=True, word=_WORD)

    return doors.costs.timed("page: doubts", shown)


def _issue(doors: Doors, case_id: str, officer: Officer, now: datetime, _said: Mapping[str, Any]) -> None:
    centre, seen = doors.centre, _seen(doors, case_id, now)
    issue = lambda: issuing.issue(centre.db, case_id, officer, desk=centre.notices, now=now, seen=seen)  # noqa: E731
    doors.costs.timed(Action.ISSUE.value, issue)


def _print(doors: Doors, case_id: str, officer: Officer, now: datetime, _said: Mapping[str, Any]) -> None:
    printing.print_copy(doors.centre.db, case_id, officer, desk=doors.centre.notices, now=now)


def _publish(doors: Doors, case_id: str, officer: Officer, now: datetime, _said: Mapping[str, Any]) -> None:
    centre, seen = doors.centre, _seen(doors, case_id, now)

    def publish() -> None:
        with centre.db.write() as session:
            issuing.publish(session, case_id, officer, register=centre.registry, now=now, seen=seen)

    doors.costs.timed(Action.PUBLISH.value, publish)


def _return(doors: Doors, case_id: str, officer: Officer, now: datetime, _said: Mapping[str, Any]) -> None:
    with doors.centre.db.write() as session:
        actions.return_to_queue(session, case_id, officer, "xem lại biển số", now=now)


def _contest(doors: Doors, case_id: str, officer: Officer, now: datetime, _said: Mapping[str, Any]) -> None:
    with doors.centre.db.write() as session:
        queries.contest(session, case_id, "Hôm đó xe không ở đây.", now=now)


def _view(doors: Doors, case_id: str, officer: Officer, now: datetime, _said: Mapping[str, Any]) -> None:
    centre = doors.centre
    with centre.db.write() as session:
        views.case_view(session, case_id, officer, registry=centre.registry, now=now, calendar=centre.notices.calendar)


_DOORS: dict[Action, _Door] = {
    Action.VIEW: _view,
    Action.ISSUE: _issue,
    Action.PUBLISH: _publish,
    **{action: _steps(action, door) for action, door in (
        (Action.CLAIM, _claim),
        (Action.RELEASE, _release),
        (Action.CORRECT_PLATE, _plate),
        (Action.CONFIRM, _confirm),
        (Action.REJECT, _reject),
        (Action.PREPARE_NOTICE, _draft),
        (Action.RETURN, _return),
        (Action.PRINT, _print),
        (Action.CONTEST, _contest),
    )},
}  # fmt: skip


def without_a_door() -> tuple[Action, ...]:
    """Steps of the table that nobody can take: their page is missing."""
    return tuple(action for action in MOVES if action not in LOOKS and action not in _DOORS and action not in SAID)


def refusal(attempt: Callable[[], None]) -> str | None:
    """Code of the refusal; None when the step was taken."""
    try:
        attempt()
    except Refused as refused:
        return refused.code
    return None
