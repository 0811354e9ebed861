"""Stretches of one head's time: pictures that show the same, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from edge.signals.reading import LampReading
from evidence.acts import LampState

DARK = (LampState.OFF, LampState.UNKNOWN)


@dataclass(frozen=True)
class Onset:
    """How a colour came.

    `way`: `seen`, out of another colour of the head; `hidden`, while nobody could see the head; `start`, it was there
    when we began to look; `dark`, out of a head that was out, or with another colour in its place.
    `until_s`: to when it is believed at most. Of a red that came out of green or yellow: `yellow_s`, how long yellow
    was shown in its own lens, from its first picture to that of red; `yellow_most_s`, from the last picture of green
    to the first of red: no yellow between them can be longer.
    """

    at_s: float
    way: Literal["seen", "hidden", "start", "dark"]
    until_s: float
    yellow_s: float | None = None
    yellow_most_s: float | None = None

    @property
    def seen(self) -> bool:
        return self.way == "seen"

    @property
    def believed(self) -> bool:
        return self.way != "dark"


class Told(NamedTuple):
    """A state as it may be told, with its first and last picture."""

    state: LampState
    from_frame: int
    from_s: float
    to_frame: int
    to_s: float
    confidence: float


@dataclass
class Run:
    """A state that was held, or one that is not believed yet."""

    state: LampState
    from_frame: int
    from_s: float
    to_frame: int
    to_s: float
    confidence: float
    count: int = 1
    seen_s: float = 0.0
    """Time of its pictures taken together: flicker takes nothing away from a steady lamp but adds nothing either."""
    onset: Onset | None = None
    """Of a colour that was held."""
    expired: tuple[int, float] | None = None
    """Frame and time from which on it is no longer believed."""

    @classmethod
    def begun(cls, frame: int, t_s: float, reading: LampReading) -> Run:
        return cls(reading.state, frame, t_s, frame, t_s, reading.confidence)

    def extend(self, frame: int, t_s: float, step_s: float, confidence: float) -> None:
        self.to_frame, self.to_s = frame, t_s
        self.confidence += (confidence - self.confidence) / (self.count + 1)
        self.count += 1
        self.seen_s += step_s

    @property
    def shown(self) -> LampState:
        """What may be said of it: a colour that nobody can believe is unknown."""
        return self.state if self.onset is None or self.onset.believed else LampState.UNKNOWN

    def told(self) -> Iterator[Told]:
        """What may be said of it, newest first: unknown from when on it is no longer believed."""
        shown, to_frame, to_s = self.shown, self.to_frame, max(self.to_s, self.from_s)
        if self.expired is not None:
            frame, t_s = self.expired
            yield Told(LampState.UNKNOWN, frame, t_s, max(to_frame, frame), max(to_s, t_s), 0.0)
            to_frame, to_s = frame, t_s
        confidence = self.confidence if shown == self.state else 0.0
        yield Told(shown, self.from_frame, self.from_s, to_frame, to_s, confidence)

    @property
    def proper(self) -> bool:
        """A colour that this head showed by its own light, as far as anybody can tell."""
        return self.state not in DARK and (self.onset is None or self.onset.believed)


@dataclass
class Stretch:
    """Pictures without any light, one after the other: dark ones, and ones in which the head was not seen."""

    from_s: float
    from_frame: int
    to_s: float
    kinds: dict[LampState, Run] = field(default_factory=dict)

    def commonest(self) -> Run:
        """Unknown when there are as many of both."""
        return max(self.kinds.values(), key=lambda run: (run.count, run.state == LampState.UNKNOWN))
