"""A fine that is paid late: from which day on, what the days cost, and that it is shown and on no paper of an owner."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.cases.facts import Facts, Instalment
from central.cases.late import Late, late, pay_by
from central.cases.lifecycle import Action
from countries.here import HERE
from countries.vn.calendar import national
from tests.central.build import HOA, LAN
from tests.central.test_step_papers import begin
from tests.central.web_people import make_web

DECIDED = date(2026, 11, 23)
RECEIVED = date(2026, 11, 25)
DUE = date(2026, 12, 7)
"""Ten days after it was received is Saturday 05/12: the last day is the Monday."""
FINE = 19_000_000


def facts(*payments: tuple[date, int], parts: tuple[Instalment, ...] = (), received: date | None = RECEIVED) -> Facts:
    return Facts(
        decided=DECIDED, fine=FINE, decision_sent=DECIDED, decision_received=received, instalments=parts,
        paid=sum(amount for _, amount in payments), payments=payments,
    )  # fmt: skip


def day(n: int) -> date:
    """So many days after the last day in time."""
    return DUE + timedelta(days=n)


PARTS = (Instalment(date(2027, 1, 4), 9_000_000), Instalment(date(2027, 2, 4), 10_000_000))
A_DAY = 9_500
"""0.05 % of the fine."""
CASES = [
    pytest.param(facts(), day(0), None, id="the last day is in time"),
    pytest.param(facts(), day(1), (1, A_DAY), id="the day after it is one day late"),
    pytest.param(facts(), day(30), (30, 30 * A_DAY), id="each day costs the same"),
    pytest.param(facts((day(0), FINE)), day(30), None, id="paid on the last day"),
    pytest.param(facts((day(1), FINE)), day(30), (1, A_DAY), id="paid the day after: it does not grow any more"),
    pytest.param(facts((day(-3), 9_000_000)), day(2), (2, 2 * 5_000), id="of what is left unpaid alone"),
    pytest.param(
        facts((day(4), 9_000_000)), day(10), (10, 4 * A_DAY + 6 * 5_000), id="before and after a part that came late"
    ),
    pytest.param(facts((day(4), 9_000_000), (day(6), 10_000_000)), day(50), (6, 4 * A_DAY + 2 * 5_000), id="in two"),
    pytest.param(facts(received=None), day(100), None, id="nobody has received it: no term runs"),
    pytest.param(
        facts(parts=PARTS), date(2027, 2, 11), None, id="in parts: until the last, moved on over the holidays"
    ),
    pytest.param(
        facts((date(2027, 1, 4), 9_000_000), parts=PARTS), date(2027, 2, 12), (1, 5_000), id="and then of what is left"
    ),
]


@pytest.mark.parametrize(("known", "today", "owed"), CASES)
def test_late_is_what_comes_after_the_term(known: Facts, today: date, owed: tuple[int, int] | None) -> None:
    found = late(known, today, national())
    assert (found and (found.days, found.amount)) == owed


def test_the_day_to_pay_by_is_moved_on_from_a_rest_day() -> None:
    assert pay_by(facts(), national()) == DUE
    assert HERE.law.late_payment(DECIDED).reference.endswith("Điều 78.1")


def test_part_of_a_unit_is_not_asked_for() -> None:
    rule = HERE.law.late_payment(DECIDED)
    assert [rule.owed(unpaid) for unpaid in (0, 1_999, 2_000, 3_999, 500_001)] == [0, 0, 1, 1, 250]


@given(st.lists(st.tuples(st.integers(-5, 60), st.integers(1, 5_000_000)), max_size=4), st.integers(-5, 90))
def test_over_any_payments_it_is_the_sum_over_the_days(paid: list[tuple[int, int]], today: int) -> None:
    """Reckoned day by day, as a clerk would: what was unpaid when each late day began."""
    left, payments = FINE, []
    for n, amount in sorted(paid):
        if n <= today and amount < left:
            payments.append((day(n), amount))
            left -= amount
    known = facts(*payments)
    unpaid = [FINE - sum(a for d, a in payments if d < day(n)) for n in range(1, today + 1)]
    found = late(known, day(today), national())
    expected = int(sum(unpaid) * 5 // 10_000)
    assert (found.amount if found else 0) == expected
    assert (found.days if found else 0) == len(unpaid)


def test_the_page_says_what_late_payment_costs_until_it_is_paid(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre")
    life = begin(web.centre, web.clock)
    life.decided(number="1/QĐ")
    life.take(HOA, Action.SEND_DECISION, how="by_hand")
    life.take(LAN, Action.RECEIVE_DECISION)
    at = f"/desk/cases/{life.id}/steps"
    assert "Chậm nộp" not in web.person(LAN).get(at).text
    web.clock.forward(days=12)
    shown = web.person(LAN).get(at).text
    found = _late(web, life.id)
    assert f"Chậm nộp {found.days} ngày" in shown
    assert f"{found.amount:,}".replace(",", ".") + " đ (0,05 % mỗi ngày" in shown
    assert "Điều 78.1" in shown
    life.take(LAN, Action.PAY, amount=FINE, receipt="BL-1", days=0)
    web.clock.forward(days=30)
    after = web.person(LAN).get(at).text
    assert f"Chậm nộp {found.days} ngày" in after, "it grows no more"


def _late(web: object, case_id: str) -> Late:
    from central.cases import log as case_log
    from central.cases.life import life_of

    with web.centre.db.read() as session:  # type: ignore[attr-defined]
        known = life_of(case_log.events(session, case_id)).facts
    found = late(known, HERE.local_date(web.clock.now), national())  # type: ignore[attr-defined]
    assert found is not None
    return found
