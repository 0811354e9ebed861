"""What goes into the papers about a decision on a fine: put off, lowered or not, or of fewer acts. As plain data."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from countries.paper_contents import PunishedAct
from countries.paper_parts import Letter, Line, Party, Prose, Reference, Vehicle


class Postponement(Letter):
    """The fine of a decision may be paid later: until `until`, its last day.

    `amount`: what is put off, in the country's currency. `requested_on`: the day of the request; `confirmed_by`: who
    confirmed on it that the violator is in hardship, `reason`: which. `decider` as of `Decision`.
    """

    paper: Literal["postponement"] = "postponement"
    decider: Line = ""
    decision: Reference
    violator: Party
    vehicle: Vehicle
    amount: int = Field(gt=0)
    requested_on: date
    confirmed_by: Line
    reason: Prose = ""
    until: date


class Relief(Letter):
    """Something is taken off the fine of a decision: `amount` of it; `left` is what there is still to pay.

    `requested_on`, `confirmed_by`, `reason` as of `Postponement`; `decider` as of `Decision`.
    """

    paper: Literal["relief"] = "relief"
    decider: Line = ""
    decision: Reference
    violator: Party
    vehicle: Vehicle
    amount: int = Field(gt=0)
    left: int = Field(ge=0)
    requested_on: date
    confirmed_by: Line
    reason: Prose = ""


class RequestRefused(Letter):
    """A request to pay later, or less, is not granted: what was decided stands. `asked`: for which of them."""

    paper: Literal["request_refused"] = "request_refused"
    to: Party
    decision: Reference
    asked: Literal["postponement", "relief"]
    requested_on: date
    vehicle: Vehicle
    reason: Prose


class Amendment(Letter):
    """A decision over several acts of which some were taken back.

    `gone`: the acts that fall away; `acts`: those that are left, each with its fine; `points` of the licence, taken
    once for the act `points_of` of those left, counted from 1; `points_before`: taken until now. `decider` as of
    `Decision`.
    """

    paper: Literal["amendment"] = "amendment"
    decider: Line = ""
    decision: Reference
    violator: Party
    vehicle: Vehicle
    gone: tuple[PunishedAct, ...] = Field(min_length=1, max_length=10)
    acts: tuple[PunishedAct, ...] = Field(min_length=1, max_length=10)
    points: int = Field(default=0, ge=0)
    points_of: int = Field(default=1, ge=1, le=10)
    points_before: int = Field(default=0, ge=0)
    reason: Prose

    @property
    def amount(self) -> int:
        """The whole fine of what is left."""
        return sum(each.amount for each in self.acts)
