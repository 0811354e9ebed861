"""The life of a case: who may do what, when. Pure, so every illegal move is tried."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from central.cases.lifecycle import Action, CaseState, Officer, Refused, Role, Status, allowed, step
from tests.central.build import BINH, HOA, LAN, NOW, TRUONG

ADMIN = Officer("quan-tri", Role.ADMIN)
EVERYONE = (LAN, BINH, HOA, TRUONG, ADMIN)
LATER = NOW + timedelta(minutes=15)
HELD = CaseState(Status.IN_REVIEW, "lan", LATER)
STATES = {
    Status.NEW: CaseState(Status.NEW),
    Status.IN_REVIEW: HELD,
    Status.CONFIRMED: CaseState(Status.CONFIRMED, confirmed_by="lan"),
    Status.REJECTED: CaseState(Status.REJECTED),
    Status.NOTICE_PREPARED: CaseState(Status.NOTICE_PREPARED, confirmed_by="lan"),
    Status.ISSUED: CaseState(Status.ISSUED, confirmed_by="lan"),
    Status.PUBLISHED: CaseState(Status.PUBLISHED, confirmed_by="lan"),
}
LEGAL = {
    (Status.NEW, Action.CLAIM): {"lan", "binh", "hoa", "truong"},
    (Status.IN_REVIEW, Action.CLAIM): {"lan"},
    (Status.IN_REVIEW, Action.RELEASE): {"lan", "truong"},
    (Status.IN_REVIEW, Action.CORRECT_PLATE): {"lan"},
    (Status.IN_REVIEW, Action.CONFIRM): {"lan"},
    (Status.IN_REVIEW, Action.REJECT): {"lan"},
    # the first draft is the officer's who confirmed; after that nobody changes it unseen by those who sign
    (Status.CONFIRMED, Action.PREPARE_NOTICE): {"lan", "hoa", "truong"},
    (Status.CONFIRMED, Action.RETURN): {"hoa", "truong"},
    (Status.NOTICE_PREPARED, Action.PREPARE_NOTICE): {"hoa", "truong"},
    (Status.NOTICE_PREPARED, Action.RETURN): {"hoa", "truong"},
    (Status.NOTICE_PREPARED, Action.ISSUE): {"hoa", "truong"},
    (Status.ISSUED, Action.PRINT): {"hoa", "truong"},
    (Status.ISSUED, Action.PUBLISH): {"hoa", "truong"},
    **{(status, Action.VIEW): {o.username for o in EVERYONE} for status in Status},
    # a case goes to a court from whatever state it is in
    **{(status, Action.EXPORT): {"hoa", "truong"} for status in Status},
}


def take(state: CaseState, action: Action, actor: Officer, now: datetime = NOW) -> CaseState:
    return step(state, action, actor, now=now, claim_until=now + timedelta(minutes=15))


@pytest.mark.parametrize(("status", "action"), list(product(Status, Action)))
def test_each_move_is_open_to_exactly_those_who_may_make_it(status: Status, action: Action) -> None:
    may = set()
    for officer in EVERYONE:
        try:
            take(STATES[status], action, officer)
        except Refused:
            continue
        may.add(officer.username)
    assert may == LEGAL.get((status, action), set())


@pytest.mark.parametrize("status", list(Status))
def test_what_a_screen_offers_is_what_would_be_taken(status: Status) -> None:
    for officer in EVERYONE:
        offered = {a.value for a in allowed(STATES[status], officer, now=NOW)}
        assert offered == {a.value for (s, a), who in LEGAL.items() if s is status and officer.username in who}


@pytest.mark.parametrize(
    ("state", "action", "actor", "code"),
    [
        pytest.param(HELD, Action.CLAIM, BINH, "held", id="a case that another holds"),
        pytest.param(HELD, Action.CONFIRM, BINH, "not_held", id="deciding a case that another holds"),
        pytest.param(STATES[Status.NEW], Action.CONFIRM, LAN, "status", id="deciding without claiming"),
        pytest.param(STATES[Status.REJECTED], Action.CLAIM, LAN, "status", id="a closed case"),
        pytest.param(STATES[Status.NOTICE_PREPARED], Action.ISSUE, LAN, "role", id="an officer issues"),
        pytest.param(
            CaseState(Status.NOTICE_PREPARED, confirmed_by="hoa"), Action.ISSUE, HOA, "same_person",
            id="who confirmed issues",
        ),
        pytest.param(
            CaseState(Status.NOTICE_PREPARED, confirmed_by="truong"), Action.ISSUE, TRUONG, "same_person",
            id="even the head",
        ),
        pytest.param(HELD, Action.CONFIRM, ADMIN, "role", id="the administrator decides nothing"),
        pytest.param(HELD, Action.CREATE, TRUONG, "role", id="nobody creates a case by hand"),
    ],
)  # fmt: skip
def test_a_refusal_says_which_rule_it_is(state: CaseState, action: Action, actor: Officer, code: str) -> None:
    with pytest.raises(Refused) as refused:
        take(state, action, actor)
    assert refused.value.code == code


def test_a_lease_that_ran_out_frees_the_case_and_stops_its_holder() -> None:
    with pytest.raises(Refused) as refused:
        take(HELD, Action.CONFIRM, LAN, now=LATER)
    assert refused.value.code == "not_held"
    assert take(HELD, Action.CLAIM, BINH, now=LATER).claimed_by == "binh"
    assert take(HELD, Action.CONFIRM, LAN, now=LATER - timedelta(seconds=1)).status is Status.CONFIRMED


def test_a_returned_case_starts_anew_so_that_its_former_judge_may_issue_for_another() -> None:
    returned = take(STATES[Status.NOTICE_PREPARED], Action.RETURN, HOA)
    assert returned == CaseState(Status.NEW)


class Desk(RuleBasedStateMachine):
    """Any sequence of moves by five people over hours."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.now = CaseState(Status.NEW), NOW
        self.issuer: str | None = None
        self.confirmed: str | None = None

    @rule(minutes=st.integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(action=st.sampled_from(list(Action)), actor=st.sampled_from(EVERYONE))
    def try_a_move(self, action: Action, actor: Officer) -> None:
        before, holder = self.state, self.state.held_by(self.now)
        try:
            after = take(before, action, actor, self.now)
        except Refused:
            assert action not in allowed(before, actor, now=self.now)
            return
        if holder is not None and actor.username != holder and actor.role is not Role.HEAD:
            assert after == before, "nobody but the holder moves a case that is held"
        if action is Action.CONFIRM:
            assert holder == actor.username
            self.confirmed = actor.username
        if action is Action.ISSUE:
            self.issuer = actor.username
        self.state = after

    @invariant()
    def two_persons_stand_behind_a_notice(self) -> None:
        if self.state.status in (Status.ISSUED, Status.PUBLISHED):
            assert self.issuer is not None
            assert self.issuer != self.state.confirmed_by == self.confirmed

    @invariant()
    def a_case_without_a_decision_names_nobody_as_its_judge(self) -> None:
        decided = self.state.status in (Status.CONFIRMED, Status.NOTICE_PREPARED, Status.ISSUED, Status.PUBLISHED)
        assert (self.state.confirmed_by is not None) is decided

    @invariant()
    def only_a_case_in_review_has_a_holder(self) -> None:
        if self.state.status is not Status.IN_REVIEW:
            assert self.state.held_by(self.now) is None


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
