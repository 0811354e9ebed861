"""A fine paid in parts: what the law allows, what falls due, and that no đồng of it is lost."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.cases.facts import Facts, Instalment
from central.cases.instalments import check, limits
from central.cases.life import end_of, facts_after
from central.cases.lifecycle import Action, CaseState, Refused, Status
from central.cases.said import Paid
from central.cases.said import check as check_said
from central.cases.terms import passed, terms
from countries.here import HERE
from tests.central.build import NOW
from tests.central.test_life import OCCURRED, in_parts

DECIDED = date(2026, 11, 23)
LAST = date(2027, 5, 24)
"""Six months after it is Sunday 23/05/2027: an owner's last day moves on to Monday."""
FINE = 19_000_000
FIRST = 7_600_000
FACTS = Facts(decided=DECIDED, fine=FINE, liable="owner", decision_sent=DECIDED)


def schedule(*parts: tuple[int, date]) -> list[Instalment]:
    return [Instalment(due, amount) for amount, due in parts]


def test_the_limits_are_those_of_the_law() -> None:
    most = limits(FACTS)
    assert most is not None
    assert (most.first_least, most.last_day, most.rules.most) == (FIRST, LAST, 3)
    assert limits(Facts()) is None


@pytest.mark.parametrize(("fine", "first"), [(15_000_000, 6_000_000), (15_000_001, 6_000_001), (15_000_002, 6_000_001)])
def test_the_share_of_the_first_part_is_never_rounded_down(fine: int, first: int) -> None:
    most = limits(replace(FACTS, fine=fine))
    assert most is not None
    assert most.first_least == first


A, B = date(2026, 12, 10), date(2027, 2, 24)
SCHEDULES = [
    pytest.param(schedule((FIRST, A), (FINE - FIRST, B)), None, id="two parts, the first exactly two fifths"),
    pytest.param(schedule((FIRST - 1, A), (FINE - FIRST + 1, B)), "parts_first", id="the first one đồng too small"),
    pytest.param(schedule((9_000_000, A), (5_000_000, B), (5_000_000, LAST)), None, id="three parts, up to the end"),
    pytest.param(
        schedule((9_000_000, A), (5_000_000, B), (5_000_000, LAST + timedelta(days=1))), "parts_late",
        id="a day too late",
    ),
    pytest.param(schedule((FINE, A)), "parts_number", id="one part is none"),
    pytest.param(
        schedule((10_000_000, A), (3_000_000, B), (3_000_000, B + timedelta(days=1)), (3_000_000, LAST)),
        "parts_number", id="four parts",
    ),
    pytest.param(schedule((FIRST, A), (FINE - FIRST - 1, B)), "parts_sum", id="a đồng is missing"),
    pytest.param(schedule((FIRST, A), (FINE - FIRST + 1, B)), "parts_sum", id="a đồng too much"),
    pytest.param(schedule((FIRST, B), (FINE - FIRST, A)), "parts_order", id="the second before the first"),
    pytest.param(schedule((FIRST, A), (FINE - FIRST, A)), "parts_order", id="both on one day"),
    pytest.param(schedule((FIRST, DECIDED), (FINE - FIRST, B)), "parts_order", id="due before it was agreed"),
    pytest.param(
        schedule((FIRST, DECIDED + timedelta(days=1)), (FINE - FIRST, B)), None, id="due on the day it was agreed"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "code"), SCHEDULES)
def test_a_schedule_keeps_to_the_law(parts: list[Instalment], code: str | None) -> None:
    refused = None
    try:
        check(parts, FACTS, DECIDED + timedelta(days=1))
    except Refused as error:
        refused = error.code
    assert refused == code


def due_of(facts: Facts) -> dict[str, date]:
    state = CaseState(Status.DECISION_SENT, facts=facts)
    return {term.code: term.due for term in terms(state, occurred_at=OCCURRED, detected_at=NOW)}


def test_each_part_falls_due_by_itself_and_a_late_one_stays_on_the_list() -> None:
    saturday = date(2026, 12, 12)
    parts = schedule((FIRST, saturday), (FINE - FIRST, B))
    facts = replace(FACTS, instalments=tuple(parts))
    assert due_of(facts)["pay"] == date(2026, 12, 14), "a rest day moves on"
    part = facts_after(facts, Action.PAY, {"amount": FIRST - 1}, A)
    assert due_of(part)["pay"] == date(2026, 12, 14), "a đồng of it is open"
    first = facts_after(part, Action.PAY, {"amount": 1}, A)
    assert due_of(first)["pay"] == B
    state = CaseState(Status.DECISION_SENT, facts=part)
    running = terms(state, occurred_at=OCCURRED, detected_at=NOW)
    assert "pay" not in passed(running, date(2026, 12, 14))
    assert "pay" in passed(running, date(2026, 12, 15))
    warned = replace(part, warned=date(2026, 12, 15))
    assert due_of(warned)["pay"] == date(2026, 12, 14), "and while a warning is in force"
    whole = facts_after(first, Action.PAY, {"amount": FINE - FIRST}, B)
    assert end_of(state, Action.PAY, whole) is Status.PAID
    assert whole.next_payment is None


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(1, 25_000_000), min_size=1, max_size=20), st.booleans())
def test_over_any_payments_no_more_than_the_fine_is_taken_and_no_part_is_lost(
    seed: int, amounts: list[int], ending: bool
) -> None:
    chance = random.Random(seed)
    fine = chance.choice([15_000_000, 15_000_001, FINE, 75_000_000])
    facts = replace(FACTS, fine=fine)
    facts = replace(facts, instalments=tuple(in_parts(CaseState(Status.DECISION_SENT, facts=facts), chance)))
    check(facts.instalments, facts, DECIDED)
    booked = 0
    for amount in [*amounts, *([fine] if ending else [])]:
        state = CaseState(Status.DECISION_SENT, facts=facts)
        said = Paid(on=DECIDED, amount=amount, receipt="BL")
        if booked + amount > fine:
            with pytest.raises(Refused, match="more than is owed"):
                check_said(said, Action.PAY, state, "", today=DECIDED, law=None, since=None)
            continue
        check_said(said, Action.PAY, state, "", today=DECIDED, law=None, since=None)
        facts = facts_after(facts, Action.PAY, said.model_dump(mode="json"), DECIDED)
        booked += amount
        covered = facts.covered
        assert booked == facts.paid == sum(paid for _, paid in covered) <= fine
        assert all(0 <= paid <= part.amount for part, paid in covered)
        open_parts = [part for part, paid in covered if paid < part.amount]
        assert facts.next_payment == (open_parts[0] if open_parts else None)
        assert (end_of(state, Action.PAY, facts) is Status.PAID) == (not open_parts) == (booked == fine)


def test_the_last_day_is_that_of_the_units_calendar() -> None:
    closed = HERE.calendar().corrected(rest=[LAST])
    later = limits(FACTS, closed)
    assert later is not None
    assert later.last_day == LAST + timedelta(days=1)
