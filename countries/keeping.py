"""How long what a centre stores is kept, and when it goes. `Keeping` is the port; judging is `central.retention`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from countries.terms import Count

Kept = Literal["rejected", "withdrawn", "expired", "closed", "look_ups", "throttles", "quarantine"]
"""What may go once its term is over: cases by the state they ended in, questions asked of the look-up, failed signings
in, packets that did not verify. What is not named here is never deleted."""


@dataclass(frozen=True)
class KeepRule:
    """How long one kind is kept after its end. `by`: `law`, or `unit` where no law says it; `reference`: where, why."""

    of: Kept
    length: int
    count: Count
    by: Literal["law", "unit"]
    reference: str


class Keeping(Protocol):
    """Port: the rules that a country's law, and where it is silent the unit, give. Pure."""

    def rules(self, day: date) -> tuple[KeepRule, ...]:
        """Those in force on a day; one for each kind at the most. A kind without one is kept."""
        ...

    def until(self, rule: KeepRule, since: date) -> date:
        """Last day, inclusive, on which what ended on `since` has to be there."""
        ...
