"""The papers that the steps of a case made, read back from its record, and which of them still hold. Pure.

A paper is drawn once and kept as it was: whoever opens it later sees what was true when the step was taken. A step that
was undone, and a notice that was taken back, leave their papers in the record, marked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from central.cases.life import Event
from central.cases.lifecycle import Action

Holds = Literal["holds", "undone", "taken_back", "in_part"]
"""`undone`: the step counts as not taken. `taken_back`: it rested on a notice that was withdrawn or corrected.
`in_part`: a decision over several acts, one of which was taken back."""
OF_THE_UNIT = frozenset({"withdrawal", "correction", "lifting", "answer", "complaint_receipt", "complaint_answer"})
"""Papers that hold though the notice was taken back: they say so, or answer to somebody."""
_KEYS = ("paper", "paper_number", "paper_sha256")
MORE = "more_papers"
"""A step's first paper stands in the event itself, others of the same step in a list beside it."""
_TAKES_BACK = frozenset({Action.WITHDRAW.value, Action.CORRECT.value})


@dataclass(frozen=True)
class Document:
    """`sequence`: of the event whose step made it, `action` that step; `place`: which of its papers, from 1.

    `code`: one of `countries.papers.PaperCode`. `number`: in full. `sha256`: of its PDF in the blob store.
    """

    sequence: int
    place: int
    action: str
    code: str
    number: str
    sha256: str
    holds: Holds

    @property
    def name(self) -> str:
        """Its name inside the case, without `.pdf`."""
        return f"{self.code}-{self.sequence}" + (f"-{self.place}" if self.place > 1 else "")


def said(papers: Sequence[tuple[str, str, str, Mapping[str, Any]]]) -> dict[str, Any]:
    """What the event of a step says of its papers, each code, number, SHA-256 and what is said of its signature."""
    named = [{**dict(zip(_KEYS, paper, strict=True)), **signature} for *paper, signature in papers]
    return {**(named[0] if named else {}), **({MORE: named[1:]} if named[1:] else {})}


def undone(record: Iterable[Event]) -> frozenset[int]:
    """Sequences of the events whose step counts as not taken."""
    return frozenset(int(e.after["undoes"]) for e in record if e.action == Action.UNDO.value)


def documents(record: Sequence[Event]) -> tuple[Document, ...]:
    """Every paper of a case's steps, in the order in which they were taken."""
    gone = undone(record)
    back = max((e.sequence for e in record if e.action in _TAKES_BACK and e.sequence not in gone), default=0)
    cut = max((e.sequence for e in record if e.action == Action.DECISION_CUT.value), default=0)
    return tuple(
        Document(e.sequence, place, e.action, code, number, sha256, _holds(e.sequence, code, gone, back, cut))
        for e in record
        for place, (code, number, sha256) in enumerate(_papers(e.after), start=1)
    )  # fmt: skip


def _holds(sequence: int, code: str, gone: Collection[int], back: int, cut: int) -> Holds:
    if sequence in gone:
        return "undone"
    if sequence < back and code not in OF_THE_UNIT:
        return "taken_back"
    return "in_part" if sequence < cut and code in ("decision", "amendment") else "holds"


def _papers(after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    found = named_papers(after)
    return [(str(p["paper"]), str(p.get("paper_number", "")), str(p["paper_sha256"])) for p in found if _KEYS[2] in p]


def named_papers(after: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What an event says of each paper of its step; of a deleted case without the digest."""
    return [said for said in (after, *after.get(MORE, ())) if "paper" in said]
