"""What is known of a case after its notice was issued: days and amounts that the law counts from. Pure.

Facts are folded from the record of the case (`central.cases.life`), never kept beside it: what the record does not say
did not happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from countries.law import OwnerType

Liable = Literal["owner", "driver", "owner_not_shown", "organisation"]
"""Who answers for the act: the owner who drove, a driver named, the owner who cannot show that somebody else drove, the
organisation that names no driver."""
Recipient = Literal["inspection", "registration", "commune"]
"""Offices that can be warned: inspection of vehicles, registration, police of the commune."""
Hearing = Literal["waived", "written", "oral"]


@dataclass(frozen=True)
class Instalment:
    """A part of the fine and its last day."""

    due: date
    amount: int


@dataclass(frozen=True)
class Facts:
    """Days are those of the country's calendar; None: it has not happened. Amounts in the country's currency.

    `issued`, `sent`: the notice that is in force. `came_back`: another unit had the file. `complex_case`: the term to
    decide was extended.
    `warned`: a warning is in force since; `warned_to`: at which offices. `statement`, `complaint`: the oldest that
    nobody has answered.
    `violator`, `violator_id`: name and number of whoever answers for the act. `together`: number and fine of the other
    cases that the same decision is about; `points_with`: the one of them that its points stand in.
    `paid`: all of it; `payments`: day and amount of each.
    `postponement_asked`: since when a request to pay later waits for an answer; `postponed`, `postponed_until`: the day
    on which that was allowed, and the last day to pay. `relief_asked`: since when a request to pay less waits for an
    answer; `relief`: day and amount of each part of the fine that was taken off it.
    `hearing_longer`: the day on which the days to explain in writing were made longer. `amended`: since when what is
    left of a decision that was sent has to be sent too.
    `to_tell`: since when an owner must be told that his notice no longer holds. `corrected`: since when the case runs
    again for another owner or plate. `decided_by`: the account, None in records of before it was kept. `left_from`: the
    state in which the file went to another unit. `reminded`: since when that unit was last asked again; `returned`: the
    day on which it gave the file back. `settled`: the last day on which it was paid, ended or taken back:
    from then on no warning may stand. `held`: the day on which a legal hold is to be looked at again; it holds until it
    is lifted.
    """

    issued: date | None = None
    sent: date | None = None
    attended: date | None = None
    identified: date | None = None
    liable: Liable | None = None
    violator: str = ""
    violator_id: str = ""
    minutes: date | None = None
    may_be_heard: bool = False
    hearing: Hearing | None = None
    hearing_asked: date | None = None
    hearing_longer: date | None = None
    heard: date | None = None
    complex_case: bool = False
    decided: date | None = None
    decided_by: str | None = None
    fine: int = 0
    points: int = 0
    together: tuple[tuple[int, int], ...] = ()
    points_with: int | None = None
    decision_sent: date | None = None
    decision_received: date | None = None
    paid: int = 0
    payments: tuple[tuple[date, int], ...] = ()
    instalments: tuple[Instalment, ...] = ()
    postponement_asked: date | None = None
    postponed: date | None = None
    postponed_until: date | None = None
    relief_asked: date | None = None
    relief: tuple[tuple[date, int], ...] = ()
    amended: date | None = None
    warned: date | None = None
    warned_to: tuple[str, ...] = ()
    transferred: date | None = None
    left_from: str | None = None
    reminded: date | None = None
    came_back: bool = False
    returned: date | None = None
    statement: date | None = None
    complaint: date | None = None
    to_tell: date | None = None
    corrected: date | None = None
    settled: date | None = None
    held: date | None = None

    @property
    def hearing_done(self) -> bool:
        """Whether nothing of the right to be heard is left to wait for."""
        return not self.may_be_heard or self.hearing == "waived" or self.heard is not None

    @property
    def to_warn(self) -> tuple[Recipient, ...]:
        """Offices that can still be warned. Police of a commune get the notice to deliver: not where none was sent."""
        offices: tuple[Recipient, ...] = get_args(Recipient)
        return tuple(
            each for each in offices if each not in self.warned_to and (each != "commune" or self.sent is not None)
        )

    @property
    def relieved(self) -> int:
        """What was taken off the fine."""
        return sum(amount for _, amount in self.relief)

    @property
    def unpaid(self) -> int:
        """What is left to pay of the fine."""
        return self.fine - self.relieved - self.paid

    @property
    def decision_fine(self) -> int:
        """The whole fine of the decision, over all its acts."""
        return self.fine + sum(fine for _, fine in self.together)

    @property
    def owner_type(self) -> OwnerType:
        """As what whoever answers for the act is fined."""
        return "organisation" if self.liable == "organisation" else "person"

    @property
    def covered(self) -> tuple[tuple[Instalment, int], ...]:
        """Each part, and how much of it is paid: what comes in covers the first part that is open. What was taken off
        the fine is taken off the last parts."""
        left, owed, found = self.paid, self.fine - self.relieved, []
        for agreed in self.instalments:
            part = agreed if agreed.amount <= owed else Instalment(agreed.due, owed)
            owed -= part.amount
            found.append((part, min(left, part.amount)))
            left -= found[-1][1]
        return tuple(found)

    @property
    def next_payment(self) -> Instalment | None:
        """The first part that what was paid does not cover."""
        return next((part for part, paid in self.covered if paid < part.amount), None)
