"""What a rule answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.road.trajectory import Trajectory
from evidence.acts import ActCode, LampState
from evidence.packet import Reason


@dataclass(frozen=True)
class Finding:
    """A suspected act on one path. Indices count the path's observations.

    `at`: the observation of the act itself; `before`/`after`: those that the two other stills shall show. `what` tells
    the line or lane apart from others, so that one track is not accused of the same thing twice. `moment_s`: the time
    of the act, where it lies between two observations; None: that of `at`. `red_until_s`: when the red of the act
    ended, None if it did not: the still after the act is taken before that if there is one. `signs`: ids of the signs
    by which it is an act: it stands if one of them is in force at its moment (`in_force`); none: it rests on no sign.
    `before_s`: when the act began, where that is longer ago than the path remembers: the still before is of then, and
    the sign was in force then too. `rests_from`: the first observation on which the act rests, where that lies before
    `before`: from it on the vehicle must be one, and what of it was not seen is told.
    """

    act: ActCode
    what: str
    before: int
    at: int
    after: int
    reasons: Mapping[str, Reason]
    heads: tuple[str, ...] = ()
    lamp: LampState = LampState.UNKNOWN
    flags: tuple[str, ...] = field(default=())
    moment_s: float | None = None
    red_until_s: float | None = None
    signs: tuple[str, ...] = ()
    before_s: float | None = None
    rests_from: int | None = None

    def time_s(self, path: Trajectory) -> float:
        """Of the act, in the stream's time. `path`: that on which it was found."""
        return float(path.t_s[self.at]) if self.moment_s is None else self.moment_s
