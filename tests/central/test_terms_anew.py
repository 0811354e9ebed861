"""Lists that were written by older rules: counted anew once, beside everything else, and never again for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from central.app import App
from central.cases import renewing
from central.cases.lifecycle import Action
from central.cases.renewing import renew, rules
from central.cases.terms import LENGTHS
from central.centre import Centre
from central.notices import issuing, proceedings
from central.store.case_tables import CaseRow, CounterRow, TermRow
from countries.here import HERE
from tests.central.build import HOA, NOW, HandClock, claimed, confirmed, issued, make_centre
from tests.waiting import eventually

TODAY = HERE.local_date(NOW)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Centre]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = make_centre(tmp_path / "centre", url=url, clock=HandClock(NOW))
    yield made
    made.db.dispose()


def listed(centre: Centre) -> set[tuple[str, str, date]]:
    with centre.db.read() as session:
        return {(row.case_id, row.code, row.due) for row in session.scalars(select(TermRow))}


def in_use(centre: Centre) -> tuple[str, str, str]:
    """One passed on to its own authority, one sent, one confirmed; and one that an officer looks at."""
    away, sent = (
        issued(centre, sequence=n, previous=f"{n:064x}" if n > 1 else None, plate=f"36A{n:05d}", typed=f"36A{n:05d}")[0]
        for n in (1, 2)
    )
    own = confirmed(centre, sequence=3, previous=f"{3:064x}", plate="36C33333", typed="36C-333.33")
    claimed(centre, sequence=4, previous=f"{4:064x}", plate="36D44444")
    with centre.db.write() as session:
        for case_id in (away, sent):
            issuing.publish(session, case_id, HOA, register=centre.registry, now=NOW)
    said = {"on": TODAY.isoformat(), "to": "Ban Chỉ huy quân sự"}
    proceedings.take(centre.db, away, HOA, Action.TRANSFER, said, desk=centre.notices, now=NOW)
    with centre.db.write() as session:
        for case_id in (away, own):  # found out later, when it was listed as any other
            row = session.get_one(CaseRow, case_id)
            row.plate, row.plate_colour = "TM1234", "red"
    return away, sent, own


def test_what_was_listed_by_older_rules_is_listed_anew_once(busy: Centre) -> None:
    away, sent, own = in_use(busy)
    before = listed(busy)
    assert {code for case_id, code, _ in before if case_id == away} == {"transfer_answer", "statute"}
    assert not {case_id for case_id, *_ in before} & {own}
    assert renew(busy.db, busy.notices.calendar, TODAY) == 3
    after = listed(busy)
    assert {(code, due) for case_id, code, due in after if case_id == away} >= {
        ("own_way_answer", TODAY + timedelta(days=30))
    }
    assert {code for case_id, code, _ in after if case_id == own} == {"pass_on", "statute"}
    assert {line for line in after if line[0] == sent} == {line for line in before if line[0] == sent}
    assert {case_id for case_id, *_ in after} == {away, sent, own}, "before a notice the queue is the list"
    assert renew(busy.db, busy.notices.calendar, TODAY) == 0
    # a week later nothing is counted otherwise; with a day more off something is
    assert renew(busy.db, busy.notices.calendar, TODAY + timedelta(days=7)) == 0
    day_off = busy.notices.calendar.corrected(rest=[TODAY + timedelta(days=20)])
    assert renew(busy.db, day_off, TODAY) == 3


def test_what_was_cut_short_is_begun_again(busy: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    away, *_ = in_use(busy)
    monkeypatch.setattr(renewing, "AT_ONCE", 1)
    goes = iter([True, False])
    assert renew(busy.db, busy.notices.calendar, TODAY, goes_on=lambda: next(goes)) == 1
    with busy.db.read() as session:
        assert session.get(CounterRow, "terms") is None
    assert renew(busy.db, busy.notices.calendar, TODAY) == 3
    assert "own_way_answer" in {code for case_id, code, _ in listed(busy) if case_id == away}


def test_a_centre_that_starts_counts_them_anew_while_it_runs(busy: Centre) -> None:
    away, *_ = in_use(busy)
    with busy.db.write() as session:
        session.execute(update(TermRow).values(due=date(2020, 1, 1)))
        session.execute(delete(TermRow).where(TermRow.code == "statute"))
    app = App(busy.config, centre=busy)
    app.start_beside()
    eventually(lambda: not [line for line in listed(busy) if line[2] == date(2020, 1, 1)], 10)
    app.stop_beside()
    assert {code for case_id, code, _ in listed(busy) if case_id == away} == {"own_way_answer", "statute"}


def test_every_length_that_a_term_is_counted_by_tells_of_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = HERE.calendar()
    first = rules(calendar, TODAY)
    assert all(HERE.terms.span(key, TODAY).key == key for key in LENGTHS)
    monkeypatch.setattr(renewing, "RULES", renewing.RULES + 1)
    assert rules(calendar, TODAY) != first
