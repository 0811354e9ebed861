"""What goes into the papers of whoever defends themselves: heard, given or told of a longer term, complaining. As plain
data."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from countries.paper_contents import Witness
from countries.paper_parts import Letter, Line, Party, Prose, Reference, StatedAct, Vehicle


class HearingRecord(Letter):
    """Record of a hearing at which the violator explained themselves. Its hours, its sheets and what is planned are
    written in by hand.

    `requested_on`: the day of the request to be heard. `organiser`: whoever has the power to sanction; `recorder`: who
    writes it down. `said`: what the violator says.
    """

    paper: Literal["hearing"] = "hearing"
    minutes: Reference
    requested_on: date | None = None
    place: Line = ""
    organiser: Witness
    recorder: Line = ""
    violator: Party
    vehicle: Vehicle
    act: StatedAct
    planned: Prose = ""
    said: Prose = ""
    copies: int = Field(default=2, ge=1, le=20)


class Extension(Letter):
    """The violator is told that the decision takes longer: `until` its last day, and the reason."""

    paper: Literal["extension"] = "extension"
    to: Party
    minutes: Reference
    vehicle: Vehicle
    act: StatedAct
    reason: Prose
    until: date
    bases: tuple[Line, ...] = Field(default=(), max_length=10)


class HearingExtension(Letter):
    """The violator has longer to explain in writing: until `until`. `requested_on`: the day of the request."""

    paper: Literal["hearing_extension"] = "hearing_extension"
    to: Party
    minutes: Reference
    requested_on: date
    vehicle: Vehicle
    act: StatedAct
    reason: Prose
    until: date


class ComplaintReceipt(Letter):
    """A complaint was handed in. `against`: the decision, where there is one (`decided`), else the notice, else None.

    `answer_days`: how long an answer takes at most, `until`: its last day when it is taken up at once.
    """

    paper: Literal["complaint_receipt"] = "complaint_receipt"
    who: Party
    against: Reference | None
    decided: bool
    vehicle: Vehicle
    statement: Prose
    answer_days: int = Field(ge=1, le=400)
    until: date
    received_by: Line = ""


class ComplaintAnswer(Letter):
    """A complaint is not right and what it is against stands. `decider` as of `Decision`; `against` and `decided` as of
    `ComplaintReceipt`."""

    paper: Literal["complaint_answer"] = "complaint_answer"
    decider: Line = ""
    who: Party
    against: Reference | None
    decided: bool
    vehicle: Vehicle
    complained_on: date
    statement: Prose
    reasons: Prose
    bases: tuple[Line, ...] = Field(default=(), max_length=10)
