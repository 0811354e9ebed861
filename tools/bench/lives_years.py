"""The days of a made-up town, one after the other: who comes, what the desk does, and what is looked at by night."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from central.cases.lifecycle import ENDED
from tools.bench.batched import Batched
from tools.bench.lives_desk import Desk
from tools.bench.lives_town import PEOPLE, Town

_EMPTY_DAYS = 3
"""A list that was empty is opened again after so many days, or when something was done."""


@dataclass
class Years:
    """`lives` cases begin, evenly over `days`; then the desk works on until nothing runs, `after_days` at most."""

    town: Town

    def live(self, lives: int, days: int, after_days: int, tell: Callable[[str], None] = lambda _: None) -> None:
        born = 0
        for n in range(days + after_days):
            self.town.now = datetime.combine(self.town.day, datetime.min.time(), UTC) + timedelta(hours=1)
            wanted = lives * (n + 1) // days if n < days else lives
            self._day(wanted - born)
            born = wanted
            if self.town.day.day == 1:
                tell(f"{self.town.day}: {born} lives, {len(self.town.alive)} run, {len(self.town.watch.faults)} faults")
                self.town.alive = [c for c in self.town.alive if self.town.watch.status.get(c) not in ENDED]
            if born == lives and not self.town.coming and not self.town.watch.left_over():
                break
            self.town.day += timedelta(days=1)

    def _day(self, arriving: int) -> None:
        for _ in range(arriving):
            case_id = self.town.timed("arrive", lambda: self.town.arrivals.next(self.town.now - timedelta(minutes=5)))
            self.town.touched.add(case_id)
            self.town.empty.clear()
            self.town.alive.append(case_id)
        for case_id, what in self.town.coming.pop(self.town.day, ()):
            self.town.owner(case_id, what)
        if not self.town.centre.notices.calendar.is_rest(self.town.day):
            desk = Desk(self.town)
            for name, work in (("queue", desk.review), ("approve", desk.approve), ("send", desk.send)):
                self._open(name, work)
            for role in PEOPLE:
                self._open(role.value, partial(desk.fall_due, role))
            desk.mistakes()
        with self.town.centre.db.read() as session:
            self.town.watch.night(session, self.town.touched, self.town.now)
        self.town.touched.clear()
        assert isinstance(self.town.centre.db, Batched)
        self.town.centre.db.commit()

    def _open(self, name: str, work: Callable[[], bool]) -> None:
        """`work` off a list; it says whether there was a line."""
        if self.town.empty.get(name, self.town.day) <= self.town.day and not work():
            self.town.empty[name] = self.town.day + timedelta(days=_EMPTY_DAYS)
