"""The papers of a case after its notice: the port that makes a PDF of a content (`countries/paper_contents.py`).

A paper without a number is a draft, and says so on every page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Protocol

from pydantic import Field, TypeAdapter

from countries.decision_contents import Amendment, Postponement, Relief, RequestRefused
from countries.law import VehicleKind
from countries.paper_contents import (
    Answer,
    Book,
    Correction,
    Decision,
    Delivery,
    Minutes,
    Points,
    Transfer,
    WarningLetter,
    WarningLifted,
    Withdrawal,
)
from countries.paper_parts import Line, StatedAct, Value
from countries.remedy_contents import ComplaintAnswer, ComplaintReceipt, Extension, HearingExtension, HearingRecord
from evidence.acts import ActCode

Paper = Annotated[
    Withdrawal
    | Correction
    | Answer
    | Minutes
    | Decision
    | Points
    | Transfer
    | Delivery
    | Book
    | WarningLetter
    | WarningLifted
    | HearingRecord
    | Extension
    | HearingExtension
    | ComplaintReceipt
    | ComplaintAnswer
    | Postponement
    | Relief
    | RequestRefused
    | Amendment,
    Field(discriminator="paper"),
]
PaperCode = Literal[
    "withdrawal", "correction", "answer", "minutes", "decision", "points", "transfer", "delivery", "book", "warning",
    "lifting", "hearing", "extension", "complaint_receipt", "complaint_answer",
    "postponement", "amendment", "hearing_extension", "relief", "request_refused",
]  # fmt: skip
Void = Literal["undone", "taken_back"]
"""Why a paper no longer holds: its step counts as not taken, or the notice that it rests on was taken back."""
PAPER: TypeAdapter[Paper] = TypeAdapter(Paper)
"""Reads a stored content: `PAPER.validate_json(text)`."""


class Origin(Value):
    """Where a paper's form comes from. `known`: `whole`, the form's own text was read; `partly`: an older text or its
    fields only; `none`: no form is known, layout and words are ours. `ours`: which pieces of it are, by name."""

    title: Line
    form: Line
    known: Literal["whole", "partly", "none"]
    reference: Line
    ours: tuple[str, ...] = ()


class Papers(Protocol):
    """Port: a country's papers. Pure: the same content gives the same bytes."""

    def render(self, paper: Paper) -> bytes:
        """The paper as tagged PDF with embedded fonts. What a font cannot draw becomes a square; nothing is markup."""
        ...

    def struck(self, pdf: bytes, why: Void) -> bytes:
        """The finished PDF of any paper of a case, or of a notice, with marks on every page that it no longer holds.

        What was signed stays in it as it is, with the marks behind it. The same bytes give the same picture."""
        ...

    def origin(self, code: PaperCode) -> Origin:
        """Title and source of a paper's form."""
        ...

    def number(self, code: PaperCode, number: int, suffix: str) -> str:
        """The number of a paper in full, as it stands on it."""
        ...

    def read_number(self, code: PaperCode, text: str) -> tuple[int, str] | None:
        """Number and letters of the unit in what `number` gives ("" where it has none); None: it is no such number."""
        ...

    def series(self, code: PaperCode) -> str:
        """Papers of one series are numbered in one row, year by year; that of notices is `notice`."""
        ...

    def state_act(
        self, act: ActCode, kind: VehicleKind, occurred_at: datetime, place: str,
        reasons: Mapping[str, object] | None = None,
    ) -> StatedAct:  # fmt: skip
        """The act as papers cite it, by the law of its day. Raises `LawError`."""
        ...
