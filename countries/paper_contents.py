"""What goes into each paper of a case after its notice, as plain data: numbers, days, names, statements.

The country puts it into the words of its forms. What is empty is a dotted line on a draft and a word on an issued
paper. Contents are stored with the case as JSON (`countries.papers.PAPER` reads them again).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime, Field

from countries.law import VehicleKind
from countries.paper_parts import Letter, Line, Office, Party, Prose, Reference, StatedAct, Value, Vehicle


class Withdrawal(Letter):
    """A notice is taken back: nothing is owed and the look-up no longer shows it.

    `bases`: what in law it rests on, each a line. `informed`: units that had been told of the case. `decision`: that
    was made in the case and falls with the notice. `punished`: whom that was against, where it was somebody else.
    """

    paper: Literal["withdrawal"] = "withdrawal"
    to: Party
    notice: Reference
    vehicle: Vehicle
    act: StatedAct
    reason: Prose
    decision: Reference | None = None
    punished: Line = ""
    bases: tuple[Line, ...] = Field(default=(), max_length=10)
    informed: tuple[Line, ...] = Field(default=(), max_length=10)


class Correction(Letter):
    """To somebody whom a notice reached by mistake. Says nothing of whom it should have reached.

    `mistake`: what was wrong on it.
    """

    paper: Literal["correction"] = "correction"
    to: Party
    notice: Reference
    vehicle: Vehicle
    act: StatedAct
    mistake: Literal["owner", "plate", "other"]
    reason: Prose
    bases: tuple[Line, ...] = Field(default=(), max_length=10)
    informed: tuple[Line, ...] = Field(default=(), max_length=10)


class Answer(Letter):
    """Answer to a statement. `decided`: the fine is decided already. `complain_to` and `complain_days`: what else the
    owner can do, and in what term from the day of this answer's receipt."""

    paper: Literal["answer"] = "answer"
    to: Party
    notice: Reference
    vehicle: Vehicle
    stated_on: date
    statement: Prose
    result: Literal["accepted", "partly", "refused"]
    reasons: tuple[Prose, ...] = Field(min_length=1, max_length=20)
    decided: bool = False
    follows: Prose = ""
    """What happens now, in words."""
    bases: tuple[Line, ...] = Field(default=(), max_length=10)
    complain_to: Line
    complain_days: int = Field(ge=1, le=1000)


class Witness(Value):
    """Somebody present. `work`: occupation, or title of one who stands for an authority; `of`: address or authority."""

    name: Line
    work: Line = ""
    of: Line = ""
    authority: bool = False


class Minutes(Letter):
    """Record of the violation. Its day is that of `started_at`; where the hour is not known it is `on`.

    `notice`: by which the violator was asked to come, after a device recorded the act.
    `refused`: why the violator does not sign; empty: signs. `witness_refused`: the same of the witness.
    `heard_by`: whom the violator may explain themselves to, where `may_be_heard`; the two last days are the caller's.
    `sheets`: how many sheets the record has; None: counted from its own pages.
    """

    paper: Literal["minutes"] = "minutes"
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    place: Line
    notice: Reference | None = None
    place_reason: Prose = ""
    bases: tuple[Line, ...] = Field(default=(), max_length=10)
    officer: Witness
    witnesses: tuple[Witness, ...] = Field(default=(), max_length=4)
    interpreter: Witness | None = None
    violator: Party
    vehicle: Vehicle
    acts: tuple[StatedAct, ...] = Field(min_length=1, max_length=10)
    harmed: Prose = ""
    said: Prose = ""
    """What the violator says of it, in their words."""
    witness_said: Prose = ""
    harmed_said: Prose = ""
    measures: tuple[Line, ...] = Field(default=(), max_length=10)
    may_be_heard: bool
    heard_by: Line = ""
    spoken_until: date | None = None
    written_until: date | None = None
    appear_at: AwareDatetime | None = None
    appear_place: Line = ""
    sheets: int | None = Field(default=None, ge=1)
    copies: int = Field(default=2, ge=1, le=20)
    refused: Prose = ""
    witness_refused: Prose = ""


class PunishedAct(Value):
    """One act and its fine, in whole units of the currency. `aggravating`, `mitigating`: what made it more or less."""

    act: StatedAct
    amount: int = Field(gt=0)
    aggravating: Prose = ""
    mitigating: Prose = ""


class Payment(Value):
    """Where and in what term a fine is paid; the codes are those of the state's budget. `late_per_cent`: of what is
    unpaid, for each day after that, in the country's figures."""

    treasury: Line
    bank: Line = ""
    account: Line = ""
    agency_code: Line = ""
    chapter: Line = ""
    item: Line = ""
    within_days: int = Field(ge=1, le=400)
    late_per_cent: Decimal = Field(gt=0, le=1)


class Decision(Letter):
    """Decision on the fine, over one act or several. `decider`: title and unit of who decides, as a heading.

    `minutes`: the record of each act, `hearings`: those that were held. `points` of the licence, taken once for the act
    `points_of`, counted from 1. `valid_from`: None, the day of signing. `held`: what is kept until it is paid.
    `executes`: who sees to it.
    """

    paper: Literal["decision"] = "decision"
    decider: Line
    bases: tuple[Line, ...] = Field(default=(), max_length=10)
    minutes: tuple[Reference, ...] = Field(min_length=1, max_length=10)
    hearings: tuple[Reference, ...] = Field(default=(), max_length=10)
    verification: Reference | None = None
    delegation: Reference | None = None
    violator: Party
    vehicle: Vehicle
    acts: tuple[PunishedAct, ...] = Field(min_length=1, max_length=10)
    additional: Prose = ""
    remedy: Prose = ""
    remedy_days: int | None = Field(default=None, ge=1)
    points: int = Field(default=0, ge=0)
    points_of: int = Field(default=1, ge=1, le=10)
    valid_from: date | None = None
    payment: Payment
    held: Prose = ""
    executes: Line
    informed: tuple[Line, ...] = Field(default=(), max_length=10)

    @property
    def amount(self) -> int:
        """The whole fine."""
        return sum(each.amount for each in self.acts)


class Points(Letter):
    """Notice of points taken off a licence. `licence_of`: which kind of vehicles it is for. `before` and `taken_on` are
    of the register of licences; None: not known here."""

    paper: Literal["points"] = "points"
    decision: Reference
    driver: Party
    vehicle: Vehicle
    act: StatedAct
    licence_of: VehicleKind
    licence_number: Line = ""
    licence_class: Line = ""
    licence_on: date | None = None
    licence_by: Line = ""
    before: int | None = Field(default=None, ge=0)
    taken: int = Field(ge=1)
    taken_on: date | None = None

    @property
    def left(self) -> int | None:
        """Never below nought."""
        return None if self.before is None else max(0, self.before - self.taken)


class Transfer(Letter):
    """What a camera saw is handed to the unit `to`, where the owner lives. `notice`: None where none was sent."""

    paper: Literal["transfer"] = "transfer"
    to: Line
    owner: Party
    vehicle: Vehicle
    act: StatedAct
    notice: Reference | None


class Delivery(Letter):
    """A notice is sent to the unit `to`, which hands it to the owner and sends the lower part back."""

    paper: Literal["delivery"] = "delivery"
    to: Line
    owner: Party
    vehicle: Vehicle
    act: StatedAct
    notice: Reference


class BookEntry(Value):
    """One line of the book of what people and media report. `kind`: picture, film, words."""

    received_at: AwareDatetime
    who: Prose
    address: Line = ""
    kind: Line
    brought_by: Line = ""
    received_by: Line
    record: Line = ""
    violator: Prose = ""
    vehicle: Line = ""
    occurred: Line = ""
    measures: Line = ""
    fine: int | None = Field(default=None, ge=0)
    additional: Line = ""
    done: Line = ""
    no_violation: Line = ""
    note: Line = ""


class Book(Value):
    """The book itself, from `since`, or of the days until `until`. `volume`: which one, None: written in by hand;
    `users`: the team that keeps it."""

    paper: Literal["book"] = "book"
    office: Office
    users: Line
    volume: int | None = Field(default=None, ge=1)
    since: date
    until: date | None = None
    entries: tuple[BookEntry, ...] = Field(max_length=5000)
    made_at: AwareDatetime


class WarningLetter(Letter):
    """The unit `to` (inspection, registration) is asked to warn of a vehicle.

    `because`: its owner did not come until `answer_by`; the unit `passed_to`, which got the file on `passed_on`, gave
    no result; or `decision` was not carried out until `answer_by`. `notice` and `sent_on`: None where none was sent.
    `to_kind`: which service it is.
    """

    paper: Literal["warning"] = "warning"
    to: Line
    to_kind: Literal["inspection", "registration"]
    owner: Party
    vehicle: Vehicle
    act: StatedAct
    notice: Reference | None
    sent_on: date | None = None
    because: Literal["not_come", "no_result", "not_paid"] = "not_come"
    answer_by: date | None = None
    passed_to: Line = ""
    passed_on: date | None = None
    decision: Reference | None = None
    bases: tuple[Line, ...] = Field(default=(), max_length=10)


class WarningLifted(Letter):
    """The warning is taken back. `because`: why."""

    paper: Literal["lifting"] = "lifting"
    to: Line
    to_kind: Literal["inspection", "registration"]
    owner: Party
    vehicle: Vehicle
    notice: Reference | None
    warning: Reference
    because: Literal["resolved", "withdrawn", "other"]
    reason: Prose = ""
    bases: tuple[Line, ...] = Field(default=(), max_length=10)
