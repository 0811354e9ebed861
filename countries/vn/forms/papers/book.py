"""The book of form 05/73: a cover, and a table over as many pages as it takes, its head on each."""

from __future__ import annotations

from countries.paper_contents import Book, BookEntry
from countries.vn.amounts import figures
from countries.vn.deadlines import VIETNAM
from countries.vn.forms.official import in_head
from countries.vn.forms.papers.setting import LONGEST_IN_BOOK, drawable, one_line
from countries.vn.forms.papers.sheet import Sheet

_WIDTHS = (10, 19, 27, 27, 18, 26, 24, 22, 28, 24, 24, 22, 20, 24, 22, 24, 16)
"""Of the 17 columns of the form, in parts of the page."""


def book(c: Book) -> bytes:
    """The book, A3 across as the form asks."""
    sheet = Sheet("book", c.office, c.made_at, draft=False)
    say = sheet.words.say
    sheet.add(
        "cover",
        state=say("state"),
        motto=say("motto"),
        ministry=say("ministry"),
        parent=in_head(one_line(c.office.parent)),
        unit=in_head(one_line(c.office.unit)),
        title=say("title"),
        lines=[
            say("users", users=c.users),
            say("since", day=c.since) + (say("until", day=c.until) if c.until else ""),
            say("volume", volume=c.volume or say("unknown")),
        ],
        made=say("made", day=c.made_at.astimezone(VIETNAM), count=len(c.entries)),
    )
    rows = [[drawable(cell, LONGEST_IN_BOOK) for cell in _row(n, each)] for n, each in enumerate(c.entries, 1)]
    sheet.add(
        "book",
        widths=_WIDTHS,
        groups=[say("group_source"), say("group_result")],
        columns=[say(f"c{n}") for n in range(1, 18)],
        rows=rows,
        empty=say("empty"),
    )
    return sheet.pdf(size="a3", landscape=True)


def _row(number: int, e: BookEntry) -> list[str]:
    received = f"{e.received_at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    fine = "" if e.fine is None else figures(e.fine)
    said = (
        e.who, e.address, e.kind, e.brought_by, e.received_by, e.record, e.violator, e.vehicle, e.occurred, e.measures,
        fine, e.additional, e.done, e.no_violation, e.note,
    )  # fmt: skip
    return [str(number), received, *(one_line(each) for each in said)]
