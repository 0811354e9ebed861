"""A made-up unit and its owners over some years, one working day after the other, by a clock that is turned.

People work from the lists that the desk shows them (`tools.bench.lives_desk`), never from what the program knows: a
case that stands on no list is worked on by nobody. Owners come, pay in parts, write, complain, or never show up.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from central.cases.lifecycle import Action, Officer, Role, Status
from central.centre import Centre
from tools.bench.lives_costs import T
from tools.bench.lives_packets import Arrivals
from tools.bench.lives_steps import Doors, refusal
from tools.bench.lives_watch import Watch

OFFICERS = tuple(Officer(f"officer-{n}", Role.OFFICER) for n in range(1, 7))
APPROVERS = tuple(Officer(f"approver-{n}", Role.APPROVER) for n in range(1, 4))
HEAD = Officer("head-1", Role.HEAD)
PEOPLE: dict[Role, tuple[Officer, ...]] = {Role.OFFICER: OFFICERS, Role.APPROVER: APPROVERS, Role.HEAD: (HEAD,)}


@dataclass
class Town:
    """Where it stands; `take` is how anybody in it takes a step."""

    centre: Centre
    doors: Doors
    arrivals: Arrivals
    watch: Watch
    chance: random.Random
    day: date
    refused: Counter[str] = field(default_factory=Counter)
    mistakes: int = 0
    """Steps that were tried though nobody may take them so."""
    now: datetime = datetime.min
    touched: set[str] = field(default_factory=set)
    coming: defaultdict[date, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    alive: list[str] = field(default_factory=list)
    empty: dict[str, date] = field(default_factory=dict)
    """Lists that were found empty, and when they are opened again."""

    # --- one step ------------------------------------------------------------------------------------------------

    def timed(self, name: str, door: Callable[[], T]) -> T:
        return self.doors.costs.timed(name, door)

    def take(self, action: Action, case_id: str, officer: Officer, **said: Any) -> str | None:
        """Code of the refusal, None when it was taken; what an owner does next follows from it."""
        self.now += timedelta(seconds=1)
        self.touched.add(case_id)
        self.empty.clear()
        door = lambda: self.doors.take(action, case_id, officer, self.now, **said)  # noqa: E731
        code = refusal(door)
        if code is None:
            self._then(action, case_id)
        else:
            self.refused[f"{action}: {code}"] += 1
        return code

    def _then(self, action: Action, case_id: str) -> None:
        happens = self.chance.random()
        if action is Action.PUBLISH:
            if happens < 0.70:
                self._comes(case_id, "attend", 2, 25)
            elif happens < 0.78:
                self._comes(case_id, "contest", 1, 15)
            elif happens < 0.81:
                self._comes(case_id, "complain", 3, 20)
        elif action is Action.WARN and happens < 0.6:
            self._comes(case_id, "attend" if happens < 0.5 else "pay", 3, 90)
        elif action in (Action.REFUSE_STATEMENT, Action.TRANSFER_RETURNED) and happens < 0.6:
            self._comes(case_id, "attend", 2, 30)
        elif action is Action.MAKE_MINUTES and happens < 0.7:
            self._comes(case_id, "waive" if happens < 0.5 else "ask", 0, 4)
        elif action is Action.RECEIVE_DECISION and happens < 0.8:
            self._comes(case_id, "pay" if happens < 0.78 else "complain", 1, 20)
        elif action is Action.PAY:
            self._comes(case_id, "pay", 3, 20)
        elif action is Action.UNDO:
            self._comes(case_id, "attend", 1, 3)

    def _comes(self, case_id: str, what: str, least: int, most: int) -> None:
        self.coming[self.day + timedelta(days=max(self.chance.randint(least, most), 1))].append((case_id, what))

    def somebody(self, role: Role) -> Officer:
        return self.chance.choice(PEOPLE[role])

    # --- owners --------------------------------------------------------------------------------------------------

    def owner(self, case_id: str, what: str) -> None:
        status, officer = self.watch.status.get(case_id), self.somebody(Role.OFFICER)
        if what == "contest":
            self.take(Action.CONTEST, case_id, officer)
            return
        if self.centre.notices.calendar.is_rest(self.day):
            self._comes(case_id, what, 1, 3)
            return
        match what:
            case "attend" if status is Status.PUBLISHED:
                if self.take(Action.ATTEND, case_id, officer) is None and self.chance.random() < 0.04:
                    self.take(Action.UNDO, case_id, officer)  # in the wrong case
                elif self.chance.random() < 0.7 and self.take(Action.IDENTIFY, case_id, officer) is None:
                    self.take(Action.MAKE_MINUTES, case_id, officer)
            case "waive" | "ask" if status is Status.MINUTES_MADE:
                self.take(Action.WAIVE_HEARING if what == "waive" else Action.ASK_HEARING, case_id, officer)
            case "pay" if status in (Status.DECIDED, Status.DECISION_SENT):
                self.take(Action.PAY, case_id, officer)
            case "complain":
                self.take(Action.COMPLAIN, case_id, officer)
