"""The life of a case: who may do what, when. Pure, so every illegal move is tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from central.cases.facts import Facts, Instalment
from central.cases.lifecycle import ENDED, Action, CaseState, Officer, Refused, Role, Status
from central.cases.steps import allowed, step
from countries.plates import NoNotice
from tests.central.build import BINH, HOA, LAN, NOW, TRUONG

ADMIN = Officer("quan-tri", Role.ADMIN)
MAI = Officer("mai", Role.APPROVER)
EVERYONE = (LAN, BINH, HOA, TRUONG, ADMIN)
LATER = NOW + timedelta(minutes=15)
HELD = CaseState(Status.IN_REVIEW, "lan", LATER)
DAY = NOW.date()
LATER_THAN_NOTICE = frozenset(Status) - {
    Status.NEW, Status.IN_REVIEW, Status.REJECTED, Status.CONFIRMED, Status.NOTICE_PREPARED,
}  # fmt: skip
NOTICED = Facts(issued=DAY)
STATES = {
    Status.NEW: CaseState(Status.NEW),
    Status.IN_REVIEW: HELD,
    Status.REJECTED: CaseState(Status.REJECTED),
    **{
        status: CaseState(status, confirmed_by="lan", facts=NOTICED if status in LATER_THAN_NOTICE else Facts())
        for status in Status
        if status not in (Status.NEW, Status.IN_REVIEW, Status.REJECTED)
    },
}
REVIEW = {"lan", "binh", "hoa", "truong"}
APPROVE = {"hoa", "truong"}
HEAD = {"truong"}
SENT = (Status.PUBLISHED, Status.ATTENDED, Status.IDENTIFIED, Status.MINUTES_MADE)
AFTER = (*SENT, Status.DECIDED, Status.DECISION_SENT, Status.PAID, Status.TRANSFERRED)
LEGAL = {
    (Status.NEW, Action.CLAIM): REVIEW,
    (Status.IN_REVIEW, Action.CLAIM): {"lan"},
    (Status.IN_REVIEW, Action.RELEASE): {"lan", "truong"},
    (Status.IN_REVIEW, Action.CORRECT_PLATE): {"lan"},
    (Status.IN_REVIEW, Action.CONFIRM): {"lan"},
    (Status.IN_REVIEW, Action.REJECT): {"lan"},
    (Status.REJECTED, Action.REOPEN): HEAD,
    # the first draft is the officer's who confirmed; after that nobody changes it unseen by those who sign
    (Status.CONFIRMED, Action.PREPARE_NOTICE): {"lan", "hoa", "truong"},
    (Status.CONFIRMED, Action.RETURN): APPROVE,
    (Status.NOTICE_PREPARED, Action.PREPARE_NOTICE): APPROVE,
    (Status.NOTICE_PREPARED, Action.RETURN): APPROVE,
    (Status.NOTICE_PREPARED, Action.ISSUE): APPROVE,
    (Status.ISSUED, Action.PRINT): APPROVE,
    (Status.ISSUED, Action.PUBLISH): APPROVE,
    (Status.PUBLISHED, Action.ATTEND): REVIEW,
    (Status.PUBLISHED, Action.IDENTIFY): REVIEW,
    (Status.ATTENDED, Action.IDENTIFY): REVIEW,
    (Status.IDENTIFIED, Action.MAKE_MINUTES): REVIEW,
    (Status.MINUTES_MADE, Action.EXTEND): HEAD,
    (Status.MINUTES_MADE, Action.DECIDE): APPROVE,
    (Status.DECIDED, Action.SEND_DECISION): APPROVE,
    (Status.DECIDED, Action.PAY): REVIEW,
    (Status.DECISION_SENT, Action.PAY): REVIEW,
    (Status.DECISION_SENT, Action.RECEIVE_DECISION): REVIEW,
    (Status.PAID, Action.SEND_DECISION): APPROVE,
    **{(s, Action.TRANSFER): APPROVE for s in (*SENT, Status.CONFIRMED, Status.NOTICE_PREPARED)},
    (Status.IN_REVIEW, Action.HAND_OVER): HEAD,  # somebody is looking at it
    # inside the tree of units; not while an issued notice has not been sent
    **{
        (s, Action.HAND_OVER): APPROVE
        for s in (
            Status.NEW,
            Status.CONFIRMED,
            Status.NOTICE_PREPARED,
            *SENT,
            Status.DECIDED,
            Status.DECISION_SENT,
            Status.PAID,
        )
    },
    (Status.TRANSFERRED, Action.TRANSFER_SETTLED): APPROVE,
    (Status.TRANSFERRED, Action.TRANSFER_RETURNED): APPROVE,
    **{(s, Action.COMPLAIN): REVIEW for s in AFTER},
    # what was issued can be taken back from every state that follows
    **{(s, Action.WITHDRAW): APPROVE for s in (Status.ISSUED, *AFTER, Status.CLOSED, Status.EXPIRED)},
    **{(s, Action.CORRECT): APPROVE for s in (Status.ISSUED, *SENT)},
    **{(status, Action.VIEW): REVIEW for status in Status},
    **{(status, Action.EXPORT): APPROVE for status in Status},
    # nothing of a case that waits at the desk is ever deleted
    **{(s, Action.HOLD): HEAD for s in (Status.ISSUED, *AFTER, *ENDED)},
}
"""Steps that need nothing but state and person. What needs more is in `FACTS` below."""


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
        pytest.param(HELD, Action.HAND_OVER, HOA, "held", id="handing over what an officer is looking at"),
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


def away(**facts: Any) -> CaseState:
    return CaseState(Status.TRANSFERRED, confirmed_by="lan", facts=Facts(transferred=DAY, **facts))


def sent(**facts: Any) -> CaseState:
    return CaseState(Status.PUBLISHED, confirmed_by="lan", facts=Facts(issued=DAY, sent=DAY, **facts))


def minutes(**facts: Any) -> CaseState:
    return CaseState(Status.MINUTES_MADE, confirmed_by="lan", facts=Facts(issued=DAY, sent=DAY, minutes=DAY, **facts))


def decided(status: Status = Status.DECISION_SENT, **facts: Any) -> CaseState:
    return CaseState(status, confirmed_by="lan", facts=Facts(issued=DAY, sent=DAY, decided=DAY, fine=500, **facts))


def large(fine: int, **facts: Any) -> CaseState:
    return CaseState(Status.DECISION_SENT, confirmed_by="lan", facts=Facts(decided=DAY, fine=fine, **facts))


FACTS = [
    pytest.param(away(), Action.WITHDRAW, HOA, (), "no_notice_issued", id="no notice, nothing to withdraw"),
    pytest.param(away(), Action.COMPLAIN, LAN, (), "no_notice_issued", id="nor to complain about"),
    pytest.param(away(issued=DAY), Action.WITHDRAW, HOA, (), None, id="passed on with its notice"),
    pytest.param(
        replace(away(), status=Status.CLOSED), Action.WITHDRAW, TRUONG, (), "no_notice_issued", id="settled elsewhere"
    ),
    pytest.param(
        away(warned=DAY, warned_to=("inspection", "registration")), Action.WARN, HOA, ("transfer_answer",), "warned",
        id="police of a commune deliver no notice that was not sent",
    ),
    pytest.param(decided(Status.PAID), Action.CLOSE, LAN, (), "decision_unsent", id="paid before it was sent"),
    pytest.param(decided(Status.PAID), Action.SEND_DECISION, HOA, (), None, id="and sent after"),
    pytest.param(decided(Status.PAID, decision_sent=DAY), Action.SEND_DECISION, HOA, (), "decision_sent", id="once"),
    pytest.param(decided(Status.PAID, decision_sent=DAY), Action.CLOSE, LAN, (), None, id="sent and paid: closed"),
    pytest.param(sent(), Action.WARN, HOA, (), "too_early", id="a warning before the twenty days are over"),
    pytest.param(sent(), Action.WARN, HOA, ("answer",), None, id="a warning after them"),
    pytest.param(sent(warned=DAY, warned_to=("inspection",)), Action.WARN, HOA, (), None, id="a second office warned"),
    pytest.param(
        sent(warned=DAY, warned_to=("inspection", "registration", "commune")), Action.WARN, HOA, ("answer",), "warned",
        id="a warning where all were warned",
    ),
    pytest.param(sent(statement=DAY), Action.WARN, HOA, ("answer",), "statement_open", id="a warning to one who wrote"),
    pytest.param(sent(held=DAY), Action.LIFT_HOLD, TRUONG, (), None, id="the head lifts a hold"),
    pytest.param(sent(held=DAY), Action.LIFT_HOLD, HOA, (), "role", id="nobody else does"),
    pytest.param(sent(), Action.LIFT_HOLD, TRUONG, (), "no_hold", id="lifting no hold"),
    pytest.param(sent(warned=DAY), Action.LIFT_WARNING, HOA, (), None, id="lifting a warning"),
    pytest.param(sent(), Action.LIFT_WARNING, HOA, (), "no_warning", id="lifting no warning"),
    pytest.param(sent(statement=DAY), Action.REFUSE_STATEMENT, HOA, (), None, id="a statement is answered"),
    pytest.param(sent(statement=DAY), Action.REFUSE_STATEMENT, LAN, (), "role", id="by no officer alone"),
    pytest.param(sent(), Action.REFUSE_STATEMENT, HOA, (), "no_statement", id="no statement"),
    pytest.param(minutes(may_be_heard=True), Action.DECIDE, HOA, (), "hearing_open", id="the term to be heard runs"),
    pytest.param(minutes(may_be_heard=True), Action.DECIDE, HOA, ("hearing",), None, id="and is over"),
    pytest.param(minutes(may_be_heard=True, hearing="waived"), Action.DECIDE, HOA, (), None, id="or was waived"),
    pytest.param(
        minutes(may_be_heard=True, hearing="oral"), Action.DECIDE, HOA, ("hearing",), "not_heard", id="asked, not held"
    ),
    pytest.param(minutes(may_be_heard=True), Action.ASK_HEARING, LAN, ("hearing",), None, id="entered a day later"),
    pytest.param(
        minutes(may_be_heard=True), Action.ASK_HEARING, LAN, ("decision",), "decision_late", id="and no month more"
    ),
    pytest.param(minutes(), Action.ASK_HEARING, LAN, (), "no_hearing", id="no right to a hearing"),
    pytest.param(minutes(complex_case=True), Action.EXTEND, TRUONG, (), "extended", id="the term is extended once"),
    pytest.param(minutes(statement=DAY), Action.DECIDE, HOA, (), "statement_open", id="over a statement"),
    pytest.param(minutes(), Action.DECIDE, HOA, ("statute",), "statute", id="nor after a year"),
    pytest.param(minutes(), Action.DECIDE, HOA, ("decision",), "decision_late", id="nor behind the term to decide"),
    pytest.param(minutes(), Action.EXTEND, TRUONG, ("decision",), "decision_late", id="which is not extended then"),
    pytest.param(minutes(), Action.EXPIRE, HOA, ("decision",), None, id="then the case ends"),
    pytest.param(minutes(may_be_heard=True), Action.EXTEND_HEARING, HOA, (), None, id="longer days to explain"),
    pytest.param(minutes(may_be_heard=True), Action.EXTEND_HEARING, LAN, (), "role", id="by who may sanction"),
    pytest.param(minutes(), Action.EXTEND_HEARING, HOA, (), "no_hearing", id="where there is a right to explain"),
    pytest.param(
        minutes(may_be_heard=True), Action.EXTEND_HEARING, HOA, ("hearing",), "hearing_late", id="while the term runs"
    ),
    pytest.param(
        minutes(may_be_heard=True, hearing_longer=DAY), Action.EXTEND_HEARING, HOA, (), "hearing_longer", id="once"
    ),
    pytest.param(decided(amended=DAY), Action.SEND_AMENDMENT, HOA, (), None, id="what is left of a decision is sent"),
    pytest.param(decided(), Action.SEND_AMENDMENT, HOA, (), "nothing_amended", id="where something was amended"),
    pytest.param(
        decided(Status.PAID, decision_sent=DAY, amended=DAY), Action.CLOSE, LAN, (), "amendment_unsent",
        id="and before the case is closed",
    ),
    pytest.param(large(2_000_000), Action.ASK_RELIEF, LAN, (), None, id="less is asked for"),
    pytest.param(large(1_999_999), Action.ASK_RELIEF, LAN, (), "relief_never", id="of a fine that is large enough"),
    pytest.param(
        large(2_000_000, postponement_asked=DAY), Action.ASK_RELIEF, LAN, (), "postponement_open", id="one by one"
    ),
    pytest.param(large(2_000_000), Action.RELIEVE, TRUONG, (), "no_relief", id="nothing is taken off unasked"),
    pytest.param(large(2_000_000, relief_asked=DAY), Action.RELIEVE, TRUONG, (), None, id="something is taken off"),
    pytest.param(
        large(2_000_000, relief_asked=DAY, decided_by="truong"), Action.RELIEVE, HOA, (), "role",
        id="by whoever decided the fine, or the head",
    ),
    pytest.param(
        large(2_000_000, relief_asked=DAY), Action.WARN, HOA, ("pay",), "relief_open", id="nobody is warned meanwhile"
    ),
    pytest.param(
        CaseState(Status.MINUTES_MADE, confirmed_by="hoa", facts=Facts(minutes=DAY)), Action.DECIDE, HOA, (),
        "same_person", id="nor whoever confirmed it",
    ),
    pytest.param(decided(), Action.WITHDRAW, HOA, (), "role", id="a decision is taken back by the head"),
    pytest.param(decided(), Action.WITHDRAW, TRUONG, (), None, id="the head takes a decision back"),
    pytest.param(decided(paid=100), Action.AGREE_INSTALMENTS, TRUONG, (), "instalments", id="paid in part already"),
    pytest.param(decided(), Action.AGREE_INSTALMENTS, TRUONG, (), "parts_fine", id="a small fine is paid at once"),
    pytest.param(large(14_999_999), Action.AGREE_INSTALMENTS, TRUONG, (), "parts_fine", id="one đồng too small"),
    pytest.param(large(15_000_000), Action.AGREE_INSTALMENTS, TRUONG, (), None, id="from fifteen million on in parts"),
    pytest.param(large(15_000_000, decided_by="hoa"), Action.AGREE_INSTALMENTS, HOA, (), None, id="by who decided"),
    pytest.param(large(15_000_000, decided_by="truong"), Action.AGREE_INSTALMENTS, HOA, (), "role", id="not another"),
    pytest.param(
        large(149_999_999, liable="organisation"), Action.AGREE_INSTALMENTS, TRUONG, (), "parts_fine",
        id="an organisation's is too small up to ten times that",
    ),
    pytest.param(
        large(150_000_000, liable="organisation"), Action.AGREE_INSTALMENTS, TRUONG, (), None, id="ten times as large"
    ),
    pytest.param(large(1_999_999), Action.ASK_POSTPONEMENT, LAN, (), "postponed_fine", id="one đồng too small"),
    pytest.param(large(2_000_000), Action.ASK_POSTPONEMENT, LAN, (), None, id="from two million on put off"),
    pytest.param(
        large(99_999_999, liable="organisation"), Action.ASK_POSTPONEMENT, LAN, (), "postponed_fine",
        id="an organisation's from a hundred million on",
    ),
    pytest.param(large(100_000_000, liable="organisation"), Action.ASK_POSTPONEMENT, LAN, (), None, id="from there on"),
    pytest.param(large(2_000_000), Action.POSTPONE, TRUONG, (), "no_postponement", id="put off unasked"),
    pytest.param(large(2_000_000, postponement_asked=DAY), Action.POSTPONE, TRUONG, (), None, id="put off"),
    pytest.param(
        large(2_000_000, postponement_asked=DAY, decided_by="truong"), Action.POSTPONE, HOA, (), "role",
        id="by whoever decided it, or the head",
    ),
    pytest.param(
        large(2_000_000, postponement_asked=DAY), Action.WARN, HOA, ("pay",), "postponement_open",
        id="no warning over a request",
    ),
    pytest.param(
        large(2_000_000, postponed=DAY), Action.ASK_POSTPONEMENT, LAN, (), "postponed", id="it is put off once"
    ),
    pytest.param(
        large(20_000_000, instalments=(Instalment(DAY, 1),)), Action.ASK_POSTPONEMENT, LAN, (), "instalments",
        id="nor what is paid in parts",
    ),
    pytest.param(decided(decision_received=DAY), Action.RECEIVE_DECISION, LAN, (), "received", id="received twice"),
    pytest.param(decided(), Action.EXPIRE, HOA, ("statute",), None, id="expired"),
    pytest.param(decided(), Action.EXPIRE, HOA, (), "too_early", id="not expired yet"),
    pytest.param(
        decided(Status.PAID, decision_sent=DAY, warned=DAY), Action.CLOSE, LAN, (), "warned",
        id="closed while a warning stands",
    ),
    pytest.param(
        decided(Status.PAID, decision_sent=DAY, complaint=DAY), Action.CLOSE, LAN, (), "complaint_open",
        id="over a complaint",
    ),
    pytest.param(sent(complaint=DAY), Action.COMPLAIN, LAN, (), "complaint_open", id="one complaint at a time"),
    pytest.param(CaseState(Status.WITHDRAWN, facts=Facts(to_tell=DAY)), Action.TELL_OWNER, LAN, (), None, id="told"),
    pytest.param(CaseState(Status.WITHDRAWN), Action.TELL_OWNER, LAN, (), "nobody_to_tell", id="nobody to tell"),
    pytest.param(
        CaseState(Status.ATTENDED, undo_until=DAY), Action.UNDO, LAN, (), None, id="the last step is undone in time"
    ),
    pytest.param(CaseState(Status.ATTENDED, undo_until=DAY), Action.UNDO, LAN, ("undo",), "undo_late", id="too late"),
    pytest.param(CaseState(Status.ISSUED), Action.UNDO, LAN, (), "nothing_to_undo", id="a step that stays"),
    *(
        pytest.param(
            replace(decided(decided_by="hoa"), undo_until=DAY, undoes=action), Action.UNDO, officer, (), code,
            id=f"{action} is undone by who may take it, {officer.username}",
        )
        for action, officer, code in (
            (Action.SEND_DECISION, LAN, "role"), (Action.SEND_DECISION, HOA, None), (Action.PAY, LAN, None),
            (Action.RELIEVE, LAN, "role"), (Action.RELIEVE, MAI, "role"), (Action.RELIEVE, HOA, None),
            (Action.POSTPONE, MAI, "role"), (Action.REFUSE_RELIEF, LAN, "role"), (Action.POSTPONE, TRUONG, None),
        )
    ),
]  # fmt: skip


OWN = NoNotice("own_plate", "gets no notice", "pass the results on")
TO_AN_OWNER = frozenset({Action.PREPARE_NOTICE, Action.ISSUE, Action.PRINT, Action.PUBLISH, Action.WARN})
"""Every step that tells an owner, or others of him, by a notice of ours."""


@pytest.mark.parametrize(("status", "action"), list(product(Status, Action)))
def test_no_door_to_a_notice_is_open_where_none_goes_out_and_no_other_is_shut(status: Status, action: Action) -> None:
    over = ("answer", "transfer_answer", "pay")
    for officer in EVERYONE:
        usual = action in allowed(STATES[status], officer, now=NOW, passed=over)
        own = replace(STATES[status], own_way=OWN)
        assert (action in allowed(own, officer, now=NOW, passed=over)) is (usual and action not in TO_AN_OWNER)
        if usual and action in TO_AN_OWNER:
            with pytest.raises(Refused) as refused:
                step(own, action, officer, now=NOW, passed=over)
            assert (refused.value.code, refused.value.what) == (OWN.code, OWN.what)


def test_what_is_sent_back_goes_its_own_way_still() -> None:
    for status, action in ((Status.NOTICE_PREPARED, Action.RETURN), (Status.PUBLISHED, Action.CORRECT)):
        assert take(replace(STATES[status], own_way=OWN), action, HOA).own_way == OWN


def test_an_authority_is_asked_again_once_its_days_are_over() -> None:
    away = replace(STATES[Status.TRANSFERRED], own_way=OWN)
    assert Action.REMIND not in allowed(away, HOA, now=NOW)
    assert Action.REMIND in allowed(away, HOA, now=NOW, passed=("own_way_answer",))
    assert Action.REMIND not in allowed(away, LAN, now=NOW, passed=("own_way_answer",))


@pytest.mark.parametrize(("state", "action", "actor", "passed", "code"), FACTS)
def test_what_happened_before_opens_and_closes_a_step(
    state: CaseState, action: Action, actor: Officer, passed: tuple[str, ...], code: str | None
) -> None:
    refused = None
    try:
        step(state, action, actor, now=NOW, passed=passed)
    except Refused as error:
        refused = error.code
    assert refused == code
    assert (action in allowed(state, actor, now=NOW, passed=passed)) is (code is None)


ISSUED = frozenset(Status) - {
    Status.NEW, Status.IN_REVIEW, Status.REJECTED, Status.CONFIRMED, Status.NOTICE_PREPARED, Status.TRANSFERRED,
    Status.CLOSED, Status.EXPIRED, Status.WITHDRAWN,
}  # fmt: skip
"""Past a notice for certain: a file may leave before it, for the military, and end elsewhere."""


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

    @rule(way=st.sampled_from((None, OWN)))
    def the_plate_is_seen_to_be_another(self, way: NoNotice | None) -> None:
        self.state = replace(self.state, own_way=way)

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
        assert before.own_way is None or action not in TO_AN_OWNER
        assert action in allowed(before, actor, now=self.now)
        if action is Action.CONFIRM:
            assert holder == actor.username
            self.confirmed = actor.username
        if action is Action.ISSUE:
            self.issuer = actor.username
        self.state = after

    @invariant()
    def two_persons_stand_behind_a_notice(self) -> None:
        if self.state.status in ISSUED:
            assert self.issuer is not None
            assert self.issuer != self.state.confirmed_by == self.confirmed

    @invariant()
    def a_case_without_a_decision_names_nobody_as_its_judge(self) -> None:
        decided = self.state.status not in (Status.NEW, Status.IN_REVIEW, Status.REJECTED)
        assert (self.state.confirmed_by is not None) is decided

    @invariant()
    def only_a_case_in_review_has_a_holder(self) -> None:
        if self.state.status is not Status.IN_REVIEW:
            assert self.state.held_by(self.now) is None


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
