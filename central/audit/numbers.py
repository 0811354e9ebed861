"""Has every book of numbers given each of its numbers to one paper, from 1 to its last without a gap?

A book is one a unit, series of papers and year (`central.notices.numbering`). What was given stands on notices and in
the records of cases, those that were deleted included; a step that was undone leaves its number used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.documents import named_papers
from central.notices.numbering import NOTICE
from central.store.case_tables import CaseEventRow, CaseRow, NumberBookRow
from central.store.unit_tables import LetterheadRow
from central.units.tree import ROOT
from countries.here import HERE

Key = tuple[str, str, int]
"""Unit, series, year."""


@dataclass
class NumberAudit:
    """Takes the numbers of one case after the other, then holds them against the books.

    `letters`: which unit's numbers end in which letters. Records name the unit of a paper since books are by unit; an
    older paper without letters may be of any unit that had a book of its series in its year.
    """

    letters: dict[str, str]
    _given: defaultdict[Key, defaultdict[int, dict[str, str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    _somewhere: defaultdict[tuple[str, int], list[tuple[int, str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    @classmethod
    def of(cls, session: Session, root_letters: str) -> NumberAudit:
        rows = session.execute(select(LetterheadRow.unit_code, LetterheadRow.abbreviation)).all()
        return cls({root_letters: ROOT, **{letters: unit for unit, letters in rows}})

    def add(self, case: CaseRow, events: Sequence[CaseEventRow]) -> None:
        """Every number of a case: of its notices, and of the papers of its steps."""
        for notice in [*case.replaced_notices, *([case.notice] if case.notice else [])]:
            if notice.number is not None and notice.year is not None:
                self._take((notice.book, NOTICE, notice.year), notice.number, f"notice {notice.id}", case)
        for event in events:
            for paper in named_papers(event.after):
                self._add(event, paper, case)

    def _add(self, event: CaseEventRow, paper: Mapping[str, Any], case: CaseRow) -> None:
        code = paper["paper"]
        found = HERE.papers().read_number(code, str(paper.get("paper_number", "")))
        if found is None:
            return
        number, letters = found
        series, year = HERE.papers().series(code), _year(event)
        # a decision over several acts is one paper in the record of each of its cases
        paper_id = str(paper.get("paper_sha256") or f"{case.id}/{event.sequence}")
        unit = event.after.get("paper_book") or self.letters.get(letters)
        if unit is None:
            self._somewhere[series, year].append((number, paper_id, f"case {case.number}"))
        else:
            self._take((str(unit), series, year), number, paper_id, case)

    def _take(self, key: Key, number: int, paper_id: str, case: CaseRow) -> None:
        self._given[key][number].setdefault(paper_id, f"case {case.number}")

    def faults(self, session: Session) -> Iterator[str]:
        """A sentence for each book with a gap, and for each number that stands twice or was never given."""
        books = {
            (row.unit_code, row.series, row.year): row.value for row in session.scalars(select(NumberBookRow)).all()
        }
        self._settle(books)
        for key in sorted({*books, *self._given}):
            given, last = self._given[key], books.get(key, 0)
            book = f"book of {key[0]}, {key[1]} {key[2]}"
            if missing := [number for number in range(1, last + 1) if number not in given]:
                yield f"{book}: {_in_words(missing)} given, and on no paper"
            for number, papers in sorted(given.items()):
                cases = ", ".join(papers.values())
                if len(papers) > 1:
                    yield f"{book}: number {number} stands on {len(papers)} papers ({cases})"
                if number > last:
                    yield f"{book}: number {number} stands on a paper of {cases}, and was not given"

    def _settle(self, books: dict[Key, int]) -> None:
        """Give what names no unit to the book that lacks it: with one book of its series and year, to that."""
        for (series, year), found in self._somewhere.items():
            keys = [key for key in sorted(books) if key[1:] == (series, year)] or [(ROOT, series, year)]
            for number, paper_id, case in found:
                known = next((k for k in keys if paper_id in self._given[k].get(number, {})), None)
                lacks = [k for k in keys if number <= books.get(k, 0) and number not in self._given[k]]
                key = known or (lacks or keys)[0]
                self._given[key][number].setdefault(paper_id, case)
        self._somewhere.clear()


def _year(event: CaseEventRow) -> int:
    """Of the day that the step states; of its writing where a record states none that can be read."""
    stated = str(event.after.get("on", ""))[:4]
    return int(stated) if len(stated) == 4 and stated.isdigit() else HERE.local_date(event.at).year


def _in_words(numbers: Iterable[int]) -> str:
    """`numbers 3, 7 to 9 were`: runs together."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    said = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
    one = len(runs) == 1 and len(runs[0]) == 1
    return f"number {said} was" if one else f"numbers {said} were"
