"""The audit counts the books of numbers: a number that is missing, stands twice or was never given is told by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from central.audit.numbers import NumberAudit
from central.audit.stored import audit
from central.cases import log as case_log
from central.cases.lifecycle import Action
from central.centre import Centre
from central.notices import issuing
from central.retention.records import _left
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow, NumberBookRow
from central.units.tree import ROOT
from tests.central.build import HOA, NOW, HandClock, make_centre
from tests.central.test_audit import without_guards
from tests.central.test_number_books import drafted, issue, of, take, with_units


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def province(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Centre]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = make_centre(tmp_path / "centre", url=url, clock=HandClock(NOW))
    with_units(made)
    yield made
    made.db.dispose()


def lived(centre: Centre) -> list[str]:
    """Two cases of the root and two of a commune: notices, minutes of which one are undone, one withdrawal each."""
    cases = [drafted(centre, unit, n) for n, unit in enumerate((ROOT, "xa-1") * 2, start=1)]
    for case_id in cases:
        issue(centre, case_id)
        with centre.db.write() as session:
            row = session.get_one(CaseRow, case_id)
            issuing.publish(session, case_id, of(HOA, row.unit_code), register=centre.registry, now=NOW)
        take(centre, case_id, Action.IDENTIFY, "", liable="owner", name="Lê Văn Chủ")
        take(centre, case_id, Action.MAKE_MINUTES, "")
    take(centre, cases[0], Action.UNDO, "nhầm")
    take(centre, cases[0], Action.MAKE_MINUTES, "")
    take(centre, cases[2], Action.WITHDRAW, "Xe khác.", reason="cloned_plate")
    return cases


def found(centre: Centre) -> list[str]:
    with centre.db.read() as session:
        told = audit(
            session, centre.key.public, centre=centre.config.centre_id, letters=centre.config.office.number_suffix
        )
    return [fault for fault in told.faults if fault.startswith("book of ")]


def test_each_book_of_a_centre_in_use_is_whole(province: Centre) -> None:
    lived(province)
    assert found(province) == []
    with province.db.read() as session:
        books = {(r.unit_code, r.series): r.value for r in session.query(NumberBookRow)}
    assert books == {(ROOT, "notice"): 3, ("xa-1", "notice"): 2, (ROOT, "minutes"): 3, ("xa-1", "minutes"): 2}


def number_more(session: Session, _cases: list[str]) -> None:
    session.execute(update(NumberBookRow).where(NumberBookRow.series == "minutes").values(value=6))


def book_gone(session: Session, _cases: list[str]) -> None:
    session.execute(text("DELETE FROM number_books WHERE series = 'minutes' AND unit_code = 'root'"))


def notice_renumbered(session: Session, cases: list[str]) -> None:
    session.execute(update(NoticeRow).where(NoticeRow.case_id == cases[1]).values(number=9))


def minutes_twice(session: Session, cases: list[str]) -> None:
    for event in case_log.events(session, cases[3]):
        if event.action == Action.MAKE_MINUTES.value:
            said = {**event.after, "paper_number": "01/BB-VPHC"}
            session.execute(update(CaseEventRow).where(CaseEventRow.id == event.id).values(after=said))


CHANGES: dict[str, tuple[Callable[[Session, list[str]], Any], list[str]]] = {
    "given and on no paper": (
        number_more,
        ["book of root, minutes 2026: numbers 4 to 6 were given, and on no paper",
         "book of xa-1, minutes 2026: numbers 3 to 6 were given, and on no paper"],
    ),
    "never given": (
        book_gone,
        [f"book of root, minutes 2026: number {n} stands on a paper of case {c}, and was not given"
         for n, c in ((1, 1), (2, 3), (3, 1))],
    ),
    "a number was changed": (
        notice_renumbered,
        ["book of xa-1, notice 2026: number 1 was given, and on no paper",
         "book of xa-1, notice 2026: number 9 stands on a paper of case 2, and was not given"],
    ),
    "a number stands twice": (
        minutes_twice,
        ["book of xa-1, minutes 2026: number 2 was given, and on no paper",
         "book of xa-1, minutes 2026: number 1 stands on 2 papers (case 2, case 4)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_which_number_is_missing_stands_twice_or_was_never_given_is_told(province: Centre, name: str) -> None:
    change, told = CHANGES[name]
    cases = lived(province)
    with province.db.write() as session:
        without_guards(session)
        change(session, cases)
    assert found(province) == told


def whole(centre: Centre, cases: list[str], left: Callable[[dict[str, Any]], dict[str, Any]]) -> list[str]:
    """What is told of records of which only `left` is there."""
    with centre.db.read() as session:
        numbers = NumberAudit.of(session, centre.config.office.number_suffix)
        for case_id in cases:
            events = case_log.events(session, case_id)
            session.expunge_all()
            for event in events:
                event.after = left(dict(event.after))
            numbers.add(session.get_one(CaseRow, case_id), events)
        return list(numbers.faults(session))


def test_a_paper_of_before_books_by_unit_is_of_the_book_that_lacks_it(province: Centre) -> None:
    cases = lived(province)
    without = lambda after: {k: v for k, v in after.items() if k != "paper_book"}  # noqa: E731
    assert whole(province, cases, without) == []


def test_of_a_deleted_case_the_numbers_are_left(province: Centre) -> None:
    assert whole(province, lived(province), _left) == []
