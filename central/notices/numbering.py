"""Numbers of papers: from the book of the unit that writes them, of their series and year, without a gap, none twice.

A paper bears its number, so it is drawn with the one that is next; the transaction that writes it down takes that
number, or is rolled back when somebody else took it meanwhile. The year is that of the day the paper bears.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from sqlalchemy.orm import Session

from central.store.db import last_in_book, next_in_book
from countries.here import HERE
from countries.paper_contents import Book
from countries.papers import Paper

NOTICE = "notice"
"""The series of notices, in which papers are numbered too that end alike."""
TRIES = 8
"""Another process of the same centre may take the number that this one drew; each try draws the next."""


class NumberTaken(Exception):
    """Another process wrote a paper between drawing and writing."""


class Drawing:
    """A lock for each unit that writes: who draws a paper while another thread draws one for the same book would find
    its number taken, and draw again."""

    def __init__(self) -> None:
        self._locks: dict[str, threading.Lock] = {}

    def of(self, unit: str) -> threading.Lock:
        return self._locks.setdefault(unit, threading.Lock())


def take_number(session: Session, unit: str, series: str, year: int, *, drawn: int) -> None:
    """The number that stands on the drawn paper. Raises `NumberTaken` when it is another's: roll back, draw again."""
    if next_in_book(session, unit, series, year) != drawn:
        raise NumberTaken


def numbered(session: Session, papers: Sequence[Paper], unit: str, year: int) -> tuple[Paper, ...]:
    """The same papers with the numbers that the books of `unit` give next."""
    given: Counter[str] = Counter()
    found = []
    for paper in papers:
        series = HERE.papers().series(paper.paper)
        given[series] += 1
        number = last_in_book(session, unit, series, year) + given[series]
        found.append(paper.model_copy(update={"number": number}))
    return tuple(found)


def number_of(paper: Paper) -> int:
    """The number that a paper bears; a book of days has none, and no step makes one."""
    assert not isinstance(paper, Book)
    assert paper.number is not None
    return paper.number


def take_numbers(session: Session, papers: Sequence[Paper], unit: str, year: int) -> None:
    """The numbers that stand on these papers. Raises `NumberTaken`."""
    # in one order of the books, so that no two people wait for each other
    for series, number in sorted((HERE.papers().series(paper.paper), number_of(paper)) for paper in papers):
        take_number(session, unit, series, year, drawn=number)
