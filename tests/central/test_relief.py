"""Something is taken off a fine: how much of whose, what is left to pay, and where the case stands then."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.cases.facts import Facts, Instalment
from central.cases.late import late
from central.cases.life import end_of, facts_after
from central.cases.lifecycle import Action, CaseState, Refused, Status
from central.cases.relief import check, may_be_asked

DAY = date(2026, 11, 23)
FINE = 19_000_000
PARTS = (Instalment(DAY + timedelta(days=20), 10_000_000), Instalment(DAY + timedelta(days=80), 9_000_000))


def fined(fine: int = FINE, **known: object) -> Facts:
    return Facts(decided=DAY, decision_sent=DAY, decision_received=DAY, fine=fine, **known)  # type: ignore[arg-type]


PUT_OFF = {"postponed": DAY, "postponed_until": DAY + timedelta(days=60)}
ONE_PAID = {"paid": 10_000_000, "payments": ((DAY, 10_000_000),)}
LOWERED = {"relief": ((DAY, 4_000_000),)}
ORGANISATION = {"liable": "organisation"}
ROWS = [
    pytest.param(fined(), FINE, None, id="all of a person's fine of two million and more"),
    pytest.param(fined(), FINE - 1, "relief_part", id="no part of one that was not put off"),
    pytest.param(fined(1_999_999), 1_999_999, "relief_whole", id="not all of a small one"),
    pytest.param(fined(1_999_999, **PUT_OFF), 1_999_999, None, id="of one that was put off"),
    pytest.param(fined(**PUT_OFF), 1, None, id="a part of one that was put off"),
    pytest.param(fined(**PUT_OFF), FINE + 1, "relief_most", id="never more than is unpaid"),
    pytest.param(fined(**PUT_OFF, **ONE_PAID), 9_000_001, "relief_most", id="nor than is left"),
    pytest.param(fined(**PUT_OFF, **ONE_PAID), 9_000_000, "relief_rest", id="the rest of one that was never lowered"),
    pytest.param(fined(**PUT_OFF, **LOWERED), 15_000_000, None, id="the rest of one that was lowered"),
    pytest.param(fined(instalments=PARTS, **ONE_PAID), 9_000_000, None, id="the rest behind a first part"),
    pytest.param(fined(instalments=PARTS), FINE, None, id="all of it where no part was paid"),
    pytest.param(fined(200_000_000, **ORGANISATION), 200_000_000, "relief_whole", id="an organisation was not put off"),
    pytest.param(fined(200_000_000, **ORGANISATION, **PUT_OFF), 200_000_000, None, id="and then all of it"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "amount", "code"), ROWS)
def test_how_much_is_taken_off_whose_fine(facts: Facts, amount: int, code: str | None) -> None:
    refused = None
    try:
        check(amount, facts)
    except Refused as error:
        refused = error.code
    assert refused == code


@pytest.mark.parametrize(
    ("facts", "open_"),
    [
        pytest.param(fined(), True, id="a person's fine of two million and more"),
        pytest.param(fined(1_000_000), False, id="a small one"),
        pytest.param(fined(200_000_000, **ORGANISATION), False, id="an organisation's that was not put off"),
        pytest.param(fined(paid=FINE, payments=((DAY, FINE),)), False, id="nothing is left of it"),
        pytest.param(Facts(), False, id="nothing was decided"),
    ],
)
def test_nobody_asks_for_what_nobody_may_grant(facts: Facts, open_: bool) -> None:
    assert may_be_asked(facts) is open_


def test_who_has_nothing_left_to_pay_is_done_and_one_with_a_rest_is_not() -> None:
    facts = fined(**PUT_OFF)
    for amount, status in ((4_000_000, Status.DECISION_SENT), (15_000_000, Status.PAID)):
        facts = facts_after(facts, Action.RELIEVE, {"amount": amount, "on": DAY.isoformat()}, DAY)
        assert end_of(CaseState(Status.DECISION_SENT), Action.RELIEVE, facts) is status
    assert (facts.relieved, facts.unpaid, facts.relief_asked) == (FINE, 0, None)


def test_what_was_taken_off_costs_no_day_of_late_payment_from_then_on() -> None:
    due = DAY + timedelta(days=10)
    whole, lowered = fined(), fined(relief=((due + timedelta(days=10), 9_000_000),))
    before, after = (late(facts, due + timedelta(days=20)) for facts in (whole, lowered))
    assert before is not None
    assert after is not None
    assert before.amount == 20 * FINE * 5 // 10_000
    assert after.amount == (10 * FINE + 10 * (FINE - 9_000_000)) * 5 // 10_000


@given(st.lists(st.tuples(st.sampled_from([Action.PAY, Action.RELIEVE]), st.integers(1, FINE)), max_size=8))
def test_over_any_payments_and_reliefs_the_parts_hold_what_is_owed_and_no_more(
    steps: list[tuple[Action, int]],
) -> None:
    facts = fined(instalments=PARTS)
    for action, amount in steps:
        if amount > facts.unpaid:
            continue  # refused
        facts = facts_after(facts, action, {"amount": amount, "on": DAY.isoformat()}, DAY)
        assert sum(part.amount for part, _ in facts.covered) == FINE - facts.relieved
        assert sum(paid for _, paid in facts.covered) == facts.paid
        assert (facts.next_payment is None) == (facts.unpaid == 0)
