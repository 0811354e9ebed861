"""What a controller said of one of its heads or phases, in the order of its saying: kept for a while, and dated."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from edge.signals.reading import Unclear
from evidence.acts import LampState

_STATEMENTS = 512
"""Of one head or phase: more than `keep_s` has of ten a second."""
_WORDS = 400


@dataclass(frozen=True)
class Statement:
    """What a controller said of one of its heads or phases. Times in seconds since 1970.

    `key`: `phase 2` or `head NAME`. `received_s`: by the box's clock. `said_s`: of which moment it speaks, by the
    controller's own; None where it states none. `asked_s`: when the box asked, where it did.
    """

    key: str
    state: LampState
    received_s: float
    said_s: float | None = None
    asked_s: float | None = None
    unclear: Unclear = ""


@dataclass(frozen=True)
class Dated:
    """A statement, true at some moment from `earliest_s` to `latest_s` by the box's clock."""

    said: Statement
    earliest_s: float
    latest_s: float

    @property
    def shows(self) -> tuple[LampState, Unclear]:
        return self.said.state, self.said.unclear


@dataclass
class Spoken:
    """Of one head or phase. `held`: dated, oldest first."""

    held: deque[Dated] = field(default_factory=lambda: deque(maxlen=_STATEMENTS))
    words: deque[Statement] = field(default_factory=lambda: deque(maxlen=_WORDS))
    """The first and the last of each stretch of one state."""

    def note(self, one: Statement) -> None:
        """Into the words: of a stretch of one state only its first and its last stay."""
        words = self.words
        if len(words) > 1 and words[-1].state == words[-2].state == one.state:
            words[-1] = one
        else:
            words.append(one)


def comes_after(one: Statement, last: Statement) -> bool:
    """By the controller's own time where both state it, else as they came."""
    if one.said_s is not None and last.said_s is not None:
        return one.said_s > last.said_s
    return one.received_s > last.received_s
