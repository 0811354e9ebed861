"""What papers of a case are made of: who writes, who signs, whom they go to, which vehicle and act. Frozen values."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from countries.law import OwnerType, VehicleKind

Line = Annotated[str, Field(max_length=500)]
"""A name, an address, a title: a few lines on paper at most."""
Prose = Annotated[str, Field(max_length=8000)]
"""A statement, a reason: a few pages at most."""


class Value(BaseModel):
    """A frozen value; what it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Office(Value):
    """Who writes. `parent` and `unit` as in a letterhead, `unit_in_text` as in a sentence; `suffix` of its numbers."""

    parent: Line
    unit: Line
    unit_in_text: Line
    town: Line
    suffix: Line
    address: Line = ""
    phone: Line = ""


class Signer(Value):
    """Who signs. `title`: the lines of the signature block as they stand, one below the other. `signed_at`: by key, and
    when; None: there is room for a signature by hand."""

    title: tuple[Line, ...] = Field(max_length=4)
    name: Line = ""
    signed_at: AwareDatetime | None = None


class Party(Value):
    """Who a paper is about or goes to. Of an organisation `representative` acts for it, with their title and sex."""

    name: Line
    type: OwnerType = "person"
    id_number: Line = ""
    id_on: date | None = None
    id_by: Line = ""
    address: Line = ""
    phone: Line = ""
    sex: Line = ""
    born: date | None = None
    nationality: Line = ""
    occupation: Line = ""
    licence: Line = ""
    """Of an organisation: its business licence; `id_number` is its business number."""
    representative: Line = ""
    representative_title: Line = ""
    representative_sex: Line = ""


class Vehicle(Value):
    """`plate` as the cases have it (letters and digits), `colour` one of the plate colours."""

    kind: VehicleKind
    plate: Line
    colour: Line
    registration: Line = ""


class Reference(Value):
    """Another paper: its number in full as it stands there, and its day."""

    number: Line
    on: date


class StatedAct(Value):
    """An act in the words of the law, with its clause and decree, when (the end of the act) and where."""

    wording: Prose
    clause: Line
    decree: Prose
    occurred_at: AwareDatetime
    place: Line


class Letter(Value):
    """What every paper has. Without `number` a draft. `on`: its day; `made_at`: the instant inside the PDF.

    `by_hand`: what is not known stays a dotted line on the issued paper too, to be filled in with a pen before it is
    signed; else the paper says in a word that it is not known.
    """

    office: Office
    signer: Signer
    number: int | None = Field(default=None, ge=1)
    on: date | None = None
    made_at: AwareDatetime
    by_hand: bool = False
