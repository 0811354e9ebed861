"""What a rule answers where it does not accuse a vehicle that came by: which guard refused, its number and its limit.

A vehicle that the act does not concern at all, that never came to the line say, gets no answer. What is listed of
vehicles that were not reported (`edge.why_not`) is made of these values and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from edge.rules.finding import Finding


@dataclass(frozen=True, slots=True)
class Refusal:
    """`guard`: its name, said in words in `edge/words/why_not.yaml`. `t_s`: stream time at which the vehicle passed or
    began to stand. `number` and `limit` are in `unit`; None where the guard weighs none. `what`: the line, marking,
    lane or area."""

    guard: str
    t_s: float
    number: float | None = None
    limit: float | None = None
    unit: str = ""
    what: str = ""


Answer = Finding | Refusal


def answers(asked: Iterable[tuple[str, Answer | None]]) -> list[Answer]:
    """What a rule answers about each line, marking, lane or area of a scene, by its id."""
    return [
        replace(answer, what=what) if isinstance(answer, Refusal) else answer
        for what, answer in asked
        if answer is not None
    ]
