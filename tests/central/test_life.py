"""Random lives of cases: nothing stuck, no term lost, the record says all of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.cases.facts import Facts, Instalment
from central.cases.instalments import limits
from central.cases.life import end_of, facts_after, life_of, with_life
from central.cases.lifecycle import ENDED, Action, CaseState, Officer, Status
from central.cases.steps import MOVES, allowed, step
from central.cases.terms import SETTLED_BY, Term, passed, terms
from countries.here import HERE
from countries.plates import NoNotice
from tests.central.build import BINH, HOA, LAN, NOW, TRUONG

OFFICERS = (LAN, BINH, HOA, TRUONG)
OCCURRED = NOW - timedelta(hours=1)


@dataclass(frozen=True)
class Line:
    """An event as the fold reads it."""

    sequence: int
    at: datetime
    action: str
    after: Mapping[str, Any]


@dataclass
class Case:
    """A case that is moved as `central.notices.proceedings` moves it, without a database."""

    state: CaseState = field(default_factory=lambda: CaseState(Status.NEW))
    record: list[Line] = field(default_factory=list)
    undone: int = 0

    def terms(self) -> tuple[Term, ...]:
        return terms(self.state, occurred_at=OCCURRED, detected_at=NOW)

    def passed(self, now: datetime) -> frozenset[str]:
        return passed(self.terms(), HERE.local_date(now), undo_until=self.state.undo_until)

    def may(self, officer: Officer, now: datetime) -> frozenset[Action]:
        return allowed(self.state, officer, now=now, passed=self.passed(now))

    def take(self, action: Action, officer: Officer, now: datetime, said: Mapping[str, Any]) -> None:
        after = step(
            self.state, action, officer, now=now, claim_until=now + timedelta(minutes=15), passed=self.passed(now)
        )
        said = {"on": HERE.local_date(now).isoformat(), **said}
        if action is Action.UNDO:
            self._undo(officer, now)
            return
        if action is Action.TRANSFER:
            said["left_from"] = self.state.status.value
        facts = facts_after(after.facts, action, said, HERE.local_date(now))
        after = replace(after, facts=facts)
        status = end_of(replace(self.state, status=after.status), action, facts)
        self._write(action, now, {**said, "status": status.value})
        self.state = with_life(replace(after, status=status), life_of(self.record))

    def _undo(self, officer: Officer, now: datetime) -> None:
        life = life_of(self.record)
        assert life.last_step is not None
        self._write(Action.UNDO, now, {"undoes": life.last_step})
        back = life_of(self.record)
        assert back.status is not None
        self.undone += 1
        self.state = with_life(replace(self.state, status=back.status), back)

    def _write(self, action: Action, now: datetime, after: Mapping[str, Any]) -> None:
        self.record.append(Line(len(self.record) + 1, now, action.value, after))


def in_parts(state: CaseState, chance: random.Random) -> list[Instalment]:
    """Any schedule that the law allows, its limits included."""
    most = limits(state.facts)
    assert most is not None
    assert state.facts.decided is not None
    fine, n = state.facts.fine, chance.randint(2, most.rules.most)
    first = chance.choice([most.first_least, chance.randint(most.first_least, fine - n + 1)])
    cuts = sorted(chance.sample(range(1, fine - first), n - 2)) if n > 2 else []
    amounts = [first, *(b - a for a, b in pairwise([0, *cuts, fine - first]))]
    span = (most.last_day - state.facts.decided).days
    days = sorted(chance.sample(range(span // 2, span + 1), n))
    return [Instalment(state.facts.decided + timedelta(days=d), a) for d, a in zip(days, amounts, strict=True)]


def said_of(action: Action, state: CaseState, chance: random.Random, now: datetime) -> dict[str, Any]:
    match action:
        case Action.IDENTIFY:
            return {"liable": chance.choice(["owner", "driver", "owner_not_shown", "organisation"])}
        case Action.MAKE_MINUTES:
            return {"may_be_heard": chance.random() < 0.5}
        case Action.ASK_HEARING:
            return {"manner": chance.choice(["written", "oral"])}
        case Action.DECIDE:
            return {"fine": 1_000_000 * chance.choice([1, 15, 19, 38, 150]), "points": chance.choice([0, 2, 4])}
        case Action.AGREE_INSTALMENTS:
            return {"instalments": [{"due": p.due.isoformat(), "amount": p.amount} for p in in_parts(state, chance)]}
        case Action.POSTPONE:
            today = HERE.local_date(now)
            span = (HERE.terms.until("postponement", today) - today).days
            return {"until": (today + timedelta(days=chance.choice([1, span, chance.randint(1, span)]))).isoformat()}
        case Action.RELIEVE:
            return {"amount": chance.choice([state.facts.unpaid, max(state.facts.unpaid // 3, 1)])}
        case Action.PAY:
            return {"amount": chance.choice([state.facts.fine, state.facts.fine // 2, 100_000])}
    return {}


_RARELY = {
    Action.WITHDRAW: 0.05, Action.CORRECT: 0.05, Action.TRANSFER: 0.1, Action.RETURN: 0.1, Action.RELEASE: 0.2,
    Action.REJECT: 0.2, Action.COMPLAIN: 0.1, Action.HAND_OVER: 0.05, Action.CORRECT_PLATE: 0.2, Action.UNDO: 0.2,
    Action.HOLD: 0.05,
}  # fmt: skip
"""Else few lives would get beyond the notice."""


OWN = NoNotice("own_plate", "gets no notice", "pass the results on")


def live(seed: int, *, days: int = 500) -> tuple[Case, Counter[str]]:
    """One life: at random hours somebody takes a random step that he may take; the owner writes now and then.

    Some are of a vehicle that gets no notice, and of some of these that is only found out on the way.
    """
    chance, case, now, seen = random.Random(seed), Case(), NOW, Counter[str]()
    end = NOW + timedelta(days=days)
    found = NOW + timedelta(days=chance.choice([0, 0, 30])) if chance.random() < 0.15 else end
    while now < end:
        if now >= found:
            case.state = replace(case.state, own_way=OWN)
            assert not {term.code for term in case.terms()} & {"notify", "answer", "transfer_answer"}
        # whoever may be heard and asks for nothing is decided within seven working days, or never
        pace = 2 if case.state.status is Status.MINUTES_MADE else 6
        now += timedelta(days=chance.expovariate(1 / pace), minutes=chance.randint(0, 600))
        officer = chance.choice(OFFICERS)
        for anybody in OFFICERS:
            offered_is_true(case, case.may(anybody, now))
        if case.state.facts.decision_sent and case.state.facts.amended is None and chance.random() < 0.1:
            case._write(Action.DECISION_CUT, now, {"case": 0, "amended": True})  # another act of it is taken back
            case.state = with_life(case.state, life_of(case.record))
        if case.state.status in MOVES[Action.CONTEST].start and case.state.facts.issued and chance.random() < 0.05:
            said = {"status": case.state.status.value}
            case._write(Action.CONTEST, now, said)
            seen[Action.CONTEST.value] += 1
            case.state = with_life(case.state, life_of(case.record))
        if Action.CLAIM in case.may(officer, now):
            case.take(Action.CLAIM, officer, now, {})  # and decides while he holds it
        if case.state.status is Status.TRANSFERRED and chance.random() < 0.6:
            continue  # nothing has come back yet
        may = sorted(case.may(officer, now) - {Action.VIEW, Action.EXPORT, Action.CLAIM, Action.PRINT})
        if not may:
            continue
        action = chance.choices(may, [_RARELY.get(one, 1.0) for one in may])[0]
        case.take(action, officer, now, said_of(action, case.state, chance, now))
        seen[action.value] += 1
        assert case.terms() or case.state.status in ENDED, f"nobody waits for a case that is {case.state.status}"
    check(case)
    return case, seen


RESTS_ON: dict[Action, tuple[frozenset[str], frozenset[str]]] = {
    action: (frozenset(begun), frozenset(ended))
    for action, begun, ended in (
        (Action.PRINT, {"issue"}, {"correct"}),
        (Action.PUBLISH, {"issue"}, {"correct", "publish"}),
        (Action.WITHDRAW, {"issue"}, {"correct", "withdraw"}),
        (Action.CORRECT, {"issue"}, {"correct", "withdraw"}),
        (Action.COMPLAIN, {"issue"}, {"correct", "withdraw"}),
        (Action.ATTEND, {"publish"}, {"correct", "attend"}),
        (Action.IDENTIFY, {"publish"}, {"correct", "identify"}),
        (Action.MAKE_MINUTES, {"identify"}, {"correct", "make_minutes"}),
        (Action.WAIVE_HEARING, {"make_minutes"}, {"correct", "waive_hearing", "ask_hearing"}),
        (Action.ASK_HEARING, {"make_minutes"}, {"correct", "waive_hearing", "ask_hearing"}),
        (Action.HEAR, {"ask_hearing"}, {"correct", "hear"}),
        (Action.EXTEND_HEARING, {"make_minutes"}, {"correct", "extend_hearing", "waive_hearing", "ask_hearing"}),
        (Action.EXTEND, {"make_minutes"}, {"correct", "extend"}),
        (Action.DECIDE, {"make_minutes"}, {"correct", "decide"}),
        (Action.SEND_DECISION, {"decide"}, {"send_decision"}),
        (Action.RECEIVE_DECISION, {"send_decision"}, {"receive_decision"}),
        (Action.AGREE_INSTALMENTS, {"send_decision"}, {"agree_instalments"}),
        (
            Action.ASK_POSTPONEMENT,
            {"send_decision", "refuse_postponement"},
            {"ask_postponement", "postpone", "agree_instalments"},
        ),
        (Action.POSTPONE, {"ask_postponement"}, {"postpone", "refuse_postponement", "agree_instalments"}),
        (Action.REFUSE_POSTPONEMENT, {"ask_postponement"}, {"postpone", "refuse_postponement"}),
        (Action.ASK_RELIEF, {"send_decision", "relieve", "refuse_relief"}, {"ask_relief"}),
        (Action.RELIEVE, {"ask_relief"}, {"relieve", "refuse_relief"}),
        (Action.REFUSE_RELIEF, {"ask_relief"}, {"relieve", "refuse_relief"}),
        (Action.SEND_AMENDMENT, {"decision_cut"}, {"send_amendment"}),
        (Action.PAY, {"decide"}, {"close"}),
        (Action.CLOSE, {"pay", "relieve"}, {"close"}),
        (Action.LIFT_WARNING, {"warn"}, {"lift_warning"}),
        (Action.TRANSFER_SETTLED, {"transfer"}, {"transfer_settled", "transfer_returned"}),
        (Action.TRANSFER_RETURNED, {"transfer"}, {"transfer_settled", "transfer_returned"}),
        (Action.REMIND, {"transfer"}, {"transfer_settled", "transfer_returned"}),
        (Action.REFUSE_STATEMENT, {"contest"}, {"refuse_statement", "withdraw", "correct"}),
        (Action.REFUSE_COMPLAINT, {"complain"}, {"refuse_complaint", "withdraw", "correct"}),
        (Action.TELL_OWNER, {"withdraw", "correct"}, {"tell_owner"}),
        (Action.REOPEN, {"reject"}, {"reopen"}),
        (Action.LIFT_HOLD, {"hold"}, {"lift_hold"}),
    )
}
"""What the name of a step says has been: one of the first was taken, and none of the second since."""


def offered_is_true(case: Case, offered: Collection[Action]) -> None:
    """Reads the record only, and not the facts that the machine itself asks."""
    undone = {line.after["undoes"] for line in case.record if line.action == "undo"}
    taken = [line.action for line in case.record if line.action != "undo" and line.sequence not in undone]
    for action in offered:
        begun, ended = RESTS_ON.get(action, (frozenset(), frozenset()))
        if begun:
            last = next((name for name in reversed(taken) if name in begun | ended), None)
            assert last in begun, f"{action} is offered after {taken}"
    if Action.CLOSE in offered:
        assert "send_decision" in taken, "whoever was punished has the decision, and the points are told"
    if "commune" in case.state.facts.to_warn and Action.WARN in offered:
        assert "publish" in taken, "police of a commune deliver a notice"


def check(case: Case) -> None:
    told = life_of(case.record)
    assert told.facts == case.state.facts, "the record says all that is known"
    assert told.status in (None, case.state.status)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_in_any_life_a_running_case_has_a_term_and_its_record_tells_all_of_it(seed: int) -> None:
    live(seed)


def test_random_lives_reach_every_step_and_every_end() -> None:
    steps, ends = Counter[str](), Counter[Status]()
    for seed in range(180):
        case, seen = live(seed)
        steps += seen
        ends.update(Status(line.after["status"]) for line in case.record if "status" in line.after)
    assert {a.value for a in MOVES} - set(steps) <= {
        Action.VIEW, Action.EXPORT, Action.CLAIM, Action.PRINT,
    }, "a step that no life takes"  # fmt: skip
    assert set(ENDED) <= set(ends)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 400))
def test_from_wherever_a_case_stands_somebody_can_bring_it_to_an_end(seed: int, days: int) -> None:
    """By diligent people: the nearest term is settled by the step that it names, or by the one that leads on."""
    case, _ = live(seed, days=days)
    now = NOW + timedelta(days=days)
    for _ in range(60):
        if case.state.status in ENDED and not case.terms():
            return
        now += timedelta(days=3)
        if not _move_on(case, now):
            now += timedelta(days=40)  # until the term that hinders has passed
    raise AssertionError(f"stuck as {case.state.status} with {[t.code for t in case.terms()]}")


_ONWARD = (
    Action.REFUSE_STATEMENT, Action.REFUSE_COMPLAINT, Action.TELL_OWNER, Action.EXPIRE, Action.TRANSFER_SETTLED,
    Action.ISSUE, Action.PREPARE_NOTICE, Action.PUBLISH, Action.IDENTIFY, Action.MAKE_MINUTES,
    Action.WAIVE_HEARING, Action.HEAR, Action.DECIDE, Action.SEND_DECISION, Action.RECEIVE_DECISION, Action.PAY,
    Action.REFUSE_POSTPONEMENT, Action.REFUSE_RELIEF, Action.SEND_AMENDMENT,
    Action.LIFT_HOLD, Action.LIFT_WARNING, Action.CLOSE, Action.TRANSFER, Action.CLAIM,
)  # fmt: skip


def _move_on(case: Case, now: datetime) -> bool:
    for action in _ONWARD:
        if action is Action.LIFT_WARNING and not any(t.code == "lift_warning" for t in case.terms()):
            continue
        for officer in OFFICERS:
            if action in case.may(officer, now):
                if action is Action.CLAIM:
                    case.take(action, officer, now, {})
                    action = Action.REJECT
                case.take(action, officer, now, {"amount": case.state.facts.fine, "fine": 500_000, "liable": "owner"})
                return True
    return False


RUNNING = [
    pytest.param(Status.PUBLISHED, Facts(sent=NOW.date()), {"answer", "statute"}, id="sent: the owner's twenty days"),
    pytest.param(Status.PUBLISHED, Facts(sent=NOW.date(), warned=NOW.date()), {"statute"}, id="warned"),
    pytest.param(Status.ATTENDED, Facts(attended=NOW.date()), {"identify", "statute"}, id="attended"),
    pytest.param(Status.IDENTIFIED, Facts(identified=NOW.date()), {"minutes", "statute"}, id="identified"),
    pytest.param(
        Status.MINUTES_MADE,
        Facts(minutes=NOW.date(), may_be_heard=True),
        {"hearing", "decision", "statute"},
        id="minutes",
    ),
    pytest.param(Status.MINUTES_MADE, Facts(minutes=NOW.date()), {"decision", "statute"}, id="minutes, no hearing"),
    pytest.param(Status.DECIDED, Facts(decided=NOW.date()), {"send_decision", "enforce"}, id="decided"),
    pytest.param(
        Status.DECISION_SENT,
        Facts(decided=NOW.date(), decision_sent=NOW.date()),
        {"receipt", "enforce"},
        id="sent",
    ),
    pytest.param(
        Status.DECISION_SENT, Facts(decided=NOW.date(), decision_received=NOW.date()), {"pay", "enforce"}, id="received"
    ),
    pytest.param(
        Status.DECISION_SENT,
        Facts(decided=NOW.date(), decision_received=NOW.date(), postponement_asked=NOW.date()),
        {"pay", "postponement_answer", "enforce"},
        id="asked to pay later",
    ),
    pytest.param(
        Status.DECISION_SENT,
        Facts(decided=NOW.date(), decision_sent=NOW.date(), postponed=NOW.date(), postponed_until=date(2027, 2, 23)),
        {"pay", "enforce"},
        id="put off",
    ),
    pytest.param(
        Status.PAID, Facts(decided=NOW.date(), decision_sent=NOW.date(), settled=NOW.date()), {"close"}, id="paid"
    ),
    pytest.param(
        Status.PAID, Facts(decided=NOW.date(), settled=NOW.date()), {"send_decision"}, id="paid before it was sent"
    ),
    pytest.param(Status.TRANSFERRED, Facts(transferred=NOW.date()), {"transfer_answer", "statute"}, id="elsewhere"),
    pytest.param(Status.WITHDRAWN, Facts(to_tell=NOW.date()), {"tell_owner"}, id="withdrawn, the owner not told"),
    pytest.param(Status.WITHDRAWN, Facts(), set(), id="withdrawn before it was sent"),
    pytest.param(
        Status.CLOSED,
        Facts(warned=NOW.date(), settled=NOW.date()),
        {"lift_warning"},
        id="warned, settled elsewhere",
    ),
    pytest.param(Status.NEW, Facts(), {"notify", "statute"}, id="new"),
]
AWAY = NOW.date() + timedelta(days=8)
ITS_OWN_WAY = [
    pytest.param(Status.NEW, Facts(), "pass_on", 10, id="new"),
    pytest.param(Status.CONFIRMED, Facts(), "pass_on", 10, id="confirmed: the same ten days"),
    pytest.param(Status.NOTICE_PREPARED, Facts(), "pass_on", 10, id="drafted before it was known"),
    pytest.param(Status.ISSUED, Facts(issued=NOW.date()), "take_back", 10, id="issued before it was known, not sent"),
    pytest.param(
        Status.PUBLISHED, Facts(issued=NOW.date(), sent=NOW.date()), "take_back", 4, id="sent: three working days"
    ),
    pytest.param(Status.TRANSFERRED, Facts(transferred=AWAY), "own_way_answer", 38, id="with its authority: a month"),
    pytest.param(
        Status.TRANSFERRED, Facts(transferred=NOW.date(), reminded=AWAY), "own_way_answer", 38, id="asked again",
    ),
    pytest.param(
        Status.CONFIRMED, Facts(came_back=True, returned=AWAY), "pass_on", 18, id="came back: its days begin anew",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("status", "facts", "code", "days"), ITS_OWN_WAY)
def test_a_vehicle_that_gets_no_notice_has_terms_of_its_own(status: Status, facts: Facts, code: str, days: int) -> None:
    state = CaseState(status, confirmed_by="lan", facts=facts, own_way=OWN)
    running = {term.code: term for term in terms(state, occurred_at=OCCURRED, detected_at=NOW)}
    assert set(running) == {code, "statute"}
    assert running[code].due == NOW.date() + timedelta(days=days)
    # whoever has it on his list may take the step it names, on its last day or once it is over
    over = {code}
    assert SETTLED_BY[code] in allowed(state, HOA, now=NOW, passed=over) or status in (Status.NEW,)


@pytest.mark.parametrize(("status", "facts", "codes"), RUNNING)
def test_each_state_has_its_terms(status: Status, facts: Facts, codes: set[str]) -> None:
    running = terms(CaseState(status, facts=facts), occurred_at=OCCURRED, detected_at=NOW)
    assert {term.code for term in running} == codes
    assert [t.due for t in running] == sorted(t.due for t in running)


MINUTES = date(2026, 11, 9)
TO_DECIDE = [
    pytest.param(Facts(), "decision", date(2026, 11, 18), id="no right to be heard: seven working days"),
    pytest.param(
        Facts(may_be_heard=True), "decision", date(2026, 11, 18),
        id="a right that nobody has used yet, or lets pass: no day more",
    ),
    pytest.param(Facts(may_be_heard=True, hearing="waived"), "decision", date(2026, 11, 18), id="waived"),
    pytest.param(
        Facts(may_be_heard=True, hearing="written"), "decision_heard", date(2026, 12, 9), id="asked for: a month"
    ),
    pytest.param(
        Facts(may_be_heard=True, hearing_longer=MINUTES), "decision_heard", date(2026, 12, 9),
        id="longer to explain was asked for: a month",
    ),
    pytest.param(
        Facts(may_be_heard=True, complex_case=True), "decision_complex", date(2027, 1, 9), id="complex: two months"
    ),
    pytest.param(Facts(may_be_heard=True, came_back=True), "decision_came_back", date(2026, 11, 23), id="came back"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "key", "due"), TO_DECIDE)
def test_the_month_to_decide_is_for_who_asked_to_be_heard(facts: Facts, key: str, due: date) -> None:
    state = CaseState(Status.MINUTES_MADE, facts=replace(facts, minutes=MINUTES))
    running = {term.code: term for term in terms(state, occurred_at=OCCURRED, detected_at=NOW)}
    assert (running["decision"].key, running["decision"].due) == (key, due)
    if "hearing" in running:
        assert running["hearing"].due < due, "who may be heard and does not ask is decided in the days that are left"


def test_every_term_names_a_step_that_somebody_of_its_role_may_take() -> None:
    for code, action in SETTLED_BY.items():
        assert MOVES[action].roles, code


def test_a_statement_or_complaint_stands_on_a_list_whatever_the_state() -> None:
    for status in MOVES[Action.CONTEST].start:
        running = terms(
            CaseState(status, facts=Facts(sent=NOW.date(), statement=NOW.date(), complaint=NOW.date())),
            occurred_at=OCCURRED, detected_at=NOW,
        )  # fmt: skip
        assert {"statement_answer", "complaint_answer"} <= {t.code for t in running}


def recorded(*lines: tuple[str, date, dict[str, Any]]) -> list[Line]:
    return [
        Line(i, datetime(day.year, day.month, day.day, 3, tzinfo=UTC), action, after)
        for i, (action, day, after) in enumerate(lines, start=1)
    ]


def test_a_step_that_was_undone_counts_as_never_taken() -> None:
    day = date(2026, 11, 25)
    record = recorded(
        ("publish", day, {"status": "published"}), ("attend", day, {"status": "attended", "on": "2026-11-24"}),
        ("view", day, {}), ("undo", day, {"undoes": 2}),
    )  # fmt: skip
    life = life_of(record)
    assert (life.status, life.facts, life.last_step) == (Status.PUBLISHED, Facts(sent=day), None)
    attended = life_of(record[:3])
    assert (attended.last_step, attended.undo_until) == (2, date(2026, 12, 2))


def test_what_a_newer_version_wrote_into_a_record_is_passed_over() -> None:
    life = life_of(
        recorded(("publish", date(2026, 11, 25), {"status": "published"}), ("levitate", date(2026, 11, 26), {}))
    )
    assert life.status is Status.PUBLISHED


def test_a_fine_is_paid_when_all_of_it_is() -> None:
    state = CaseState(Status.DECISION_SENT, facts=Facts(fine=300))
    for paid, status in (
        (100, Status.DECISION_SENT),
        (299, Status.DECISION_SENT),
        (300, Status.PAID),
        (301, Status.PAID),
    ):
        facts = facts_after(state.facts, Action.PAY, {"amount": paid}, NOW.date())
        assert end_of(state, Action.PAY, facts) is status


def test_a_file_that_comes_back_stands_where_it_left_from() -> None:
    for status in (Status.CONFIRMED, Status.ATTENDED):
        state = CaseState(Status.TRANSFERRED, facts=Facts(left_from=status.value))
        facts = facts_after(state.facts, Action.TRANSFER_RETURNED, {}, NOW.date())
        assert end_of(state, Action.TRANSFER_RETURNED, facts) is status
        assert facts.came_back


def test_a_corrected_notice_has_terms_of_its_own_and_its_former_owner_is_to_be_told() -> None:
    corrected = NOW.date() + timedelta(days=40)
    facts = facts_after(Facts(sent=NOW.date(), attended=NOW.date()), Action.CORRECT, {}, corrected)
    assert facts == Facts(to_tell=corrected, corrected=corrected, settled=corrected)
    running = {t.code: t for t in terms(CaseState(Status.NEW, facts=facts), occurred_at=OCCURRED, detected_at=NOW)}
    assert set(running) == {"notify", "statute", "tell_owner"}
    assert running["notify"].due == corrected + timedelta(days=10)


def test_a_step_is_undone_behind_a_hold_as_if_none_had_been_put() -> None:
    day = date(2026, 11, 25)
    record = recorded(
        ("publish", day, {"status": "published"}), ("attend", day, {"status": "attended"}),
        ("hold", day, {"status": "attended", "review": "2027-01-04"}), ("undo", day, {"undoes": 2}),
    )  # fmt: skip
    life = life_of(record)
    assert (life.status, life.facts.attended, life.facts.held) == (Status.PUBLISHED, None, date(2027, 1, 4))
