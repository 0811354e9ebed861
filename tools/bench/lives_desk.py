"""The desk of a made-up unit: what its people do in a day about the lines of the lists that they open.

Some are slow, some do what they may not, some take back what they did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from central.cases.lifecycle import UNSENT, Action, Officer, Role, Status
from central.cases.stages import OPEN
from central.cases.steps import MOVES
from central.cases.terms import SETTLED_BY
from central.desk.falling_due import NEAR_DAYS, Due, falling_due
from central.desk.worklist import QueueFilter, queue_page
from central.notices import proceedings
from central.notices.basis import look
from central.store.case_tables import CaseRow
from central.units.tree import EVERYWHERE
from central.web import queries
from central.web.approve import to_send
from tools.bench.lives_steps import LOOKS
from tools.bench.lives_town import HEAD, PEOPLE, Town

_OWNERS = frozenset({
    Action.ATTEND, Action.PAY, Action.COMPLAIN, Action.CONTEST, Action.ASK_HEARING, Action.WAIVE_HEARING,
})  # fmt: skip
"""Recorded because an owner came, paid or wrote: nobody at the desk chooses them."""
_NEVER_CHOSEN = _OWNERS | LOOKS | {Action.CLAIM, Action.RELEASE, Action.PRINT}
_RARELY = {
    Action.WITHDRAW: 0.02, Action.CORRECT: 0.02, Action.TRANSFER: 0.02, Action.UNDO: 0.02, Action.EXTEND: 0.1,
    Action.RETURN: 0.05, Action.IDENTIFY: 0.3, Action.TRANSFER_SETTLED: 1.0, Action.TRANSFER_RETURNED: 0.7,
}  # fmt: skip
_WAITS_FOR_THE_OWNER = frozenset({"answer", "pay", "statute", "enforce"})
"""Nothing is done about these until their last day is over."""
_AT_ONCE = 6
"""Times a day that a list is opened anew."""


@dataclass
class Desk:
    """One day of it."""

    town: Town

    # --- before the notice ---------------------------------------------------------------------------------------

    def review(self) -> bool:
        town, found, filters = self.town, False, QueueFilter(status=OPEN, limit=50)
        while True:
            with town.centre.db.read() as session:
                page = town.timed("list: queue", partial(queue_page, session, filters, now=town.now))
            found |= bool(page.items)
            for item in page.items:
                if town.chance.random() < 0.85:
                    self._decide(item.id)
            if page.later is None:
                return found
            filters = replace(filters, after=page.later)

    def _decide(self, case_id: str) -> None:
        officer = self.town.somebody(Role.OFFICER if self.town.chance.random() < 0.95 else Role.APPROVER)
        if self.town.take(Action.CLAIM, case_id, officer) is not None:
            return
        happens = self.town.chance.random()
        if happens < 0.03:
            return  # the lease runs out
        if happens < 0.06:
            self.town.take(Action.RELEASE, case_id, officer)
        elif happens < 0.16:
            self.town.take(Action.REJECT, case_id, officer)
        elif self._confirm(case_id, officer) == "statute":
            self.town.take(Action.REJECT, case_id, officer, reason="statute_passed")

    def _confirm(self, case_id: str, officer: Officer) -> str | None:
        if self.town.chance.random() < 0.05:
            self.town.take(Action.CORRECT_PLATE, case_id, officer, plate=self.town.arrivals.plate())
        code = self.town.take(Action.CONFIRM, case_id, officer)
        if code is None and self.town.chance.random() < 0.98:
            self.town.take(Action.PREPARE_NOTICE, case_id, officer)
        return code

    def approve(self) -> bool:
        with self.town.centre.db.read() as session:
            waiting = self.town.timed("list: to approve", lambda: queries.confirmed(session, self.town.now, EVERYWHERE))
        for line in waiting:
            if self.town.chance.random() < 0.25:
                continue
            approver, happens = self.town.somebody(Role.APPROVER), self.town.chance.random()
            if happens < 0.02:
                self.town.take(Action.RETURN, line.item.id, approver)
            elif happens < 0.03:
                self.town.take(Action.TRANSFER, line.item.id, approver)
            elif line.item.status is Status.CONFIRMED:
                self.town.take(Action.PREPARE_NOTICE, line.item.id, approver)
            elif (code := self.town.take(Action.ISSUE, line.item.id, approver)) == "statute":
                self.town.take(Action.RETURN, line.item.id, approver)
            elif code == "appointment":
                self.town.take(Action.PREPARE_NOTICE, line.item.id, approver)
        return bool(waiting)

    def send(self) -> bool:
        with self.town.centre.db.read() as session:
            unsent = self.town.timed("list: to send", lambda: to_send(session, self.town.now, EVERYWHERE))
        for item, _ in unsent:
            if self.town.chance.random() < 0.3:
                continue
            approver = self.town.somebody(Role.APPROVER)
            if self.town.chance.random() < 0.5:
                self.town.take(Action.PRINT, item.id, approver)
            self.town.take(Action.PUBLISH, item.id, approver)
        return bool(unsent)

    # --- what falls due ------------------------------------------------------------------------------------------

    def fall_due(self, role: Role) -> bool:
        seen: set[tuple[str, str]] = set()
        today, near = self.town.day, self.town.day + timedelta(days=NEAR_DAYS)
        for _ in range(_AT_ONCE):
            with self.town.centre.db.read() as session:
                found = self.town.timed(
                    "list: falling due",
                    lambda: falling_due(session, role, today=today, near=near, now=self.town.now, scope=EVERYWHERE),
                )
            new = [line for line in found.lines if (line.item.id, line.code) not in seen]
            worked = sum(self._line(line, role) for line in new)
            seen |= {(line.item.id, line.code) for line in new}
            if not found.more or not worked:
                break
        return bool(seen)

    def _line(self, line: Due, role: Role) -> bool:
        """Whether something was done about it."""
        if line.code in _WAITS_FOR_THE_OWNER and line.left >= 0:
            return False
        if line.item.status in UNSENT and line.item.status is not Status.ISSUED and line.code != "tell_owner":
            return False  # worked off in the queue and the list of approvals
        ready = 0.3 if line.left > 3 else 0.6 if line.left >= 0 else 0.25
        if self.town.chance.random() > ready:
            return False
        officer = self.town.somebody(role)
        actions = self._allowed(line.item.id, officer)
        wanted = SETTLED_BY.get(line.code)
        if line.code == "statement_answer" and self.town.chance.random() < 0.5:
            wanted = self.town.chance.choice([Action.WITHDRAW, Action.WITHDRAW, Action.CORRECT])
        if wanted not in actions or wanted in _OWNERS or self.town.chance.random() < 0.04:
            others = sorted(actions - _NEVER_CHOSEN)
            if not others:
                return False
            wanted = self.town.chance.choices(others, [_RARELY.get(one, 1.0) for one in others])[0]
        if wanted is Action.PUBLISH:
            return False
        assert wanted is not None
        return self.town.take(wanted, line.item.id, officer) is None

    def _allowed(self, case_id: str, officer: Officer) -> frozenset[Action]:
        """What the page of the case offers."""
        centre = self.town.centre
        with centre.db.read() as session:
            row = look(session, case_id)
            return self.town.timed("page: steps", lambda: proceedings.standing(
                session, row, officer, calendar=centre.notices.calendar, now=self.town.now
            )).actions  # fmt: skip

    # --- mistakes ------------------------------------------------------------------------------------------------

    def mistakes(self) -> None:
        """Now and then somebody tries what no page offers, or opens a case only to look."""
        town = self.town
        for case_id in self._some(1 / 40):
            officer = town.somebody(town.chance.choice(list(PEOPLE)))
            allowed = self._allowed(case_id, officer)
            action = town.chance.choice(sorted(set(MOVES) - LOOKS - {Action.CONTEST, *allowed}))
            if not town.doors.has(action):
                continue
            if town.take(action, case_id, officer) is None:
                town.watch.fault(f"{town.day}: {officer.username} took {action} in {case_id}, which no page offers")
            town.mistakes += 1
        for case_id in self._some(1 / 40):
            town.timed("page: case", partial(town.doors.take, Action.VIEW, case_id, HEAD, town.now))
            town.touched.add(case_id)
        self._reopen()

    def _some(self, share: float) -> list[str]:
        """Cases that run, about as many as this share of those in which something was done today."""
        wanted = len(self.town.touched) * share
        n = int(wanted) + (self.town.chance.random() < wanted % 1)
        return self.town.chance.sample(self.town.alive, min(len(self.town.alive), n))

    def _reopen(self) -> None:
        """The head looks again at one that was rejected."""
        if not self._some(1 / 1000):
            return
        with self.town.centre.db.read() as session:
            query = select(CaseRow.id).where(CaseRow.status == Status.REJECTED.value).limit(50)
            found = list(session.scalars(query))
        for case_id in self.town.chance.sample(found, min(len(found), 1)):
            self.town.take(Action.REOPEN, case_id, HEAD)
