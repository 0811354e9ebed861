"""Who stands or creeps in the way of a vehicle that stands past a line: then it may be held, whatever its lamp shows.

Places are where vehicles touch the road, hidden wheels included. A vehicle hides what is before it, so what was seen
there is remembered for a while.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.ahead import Floats, anything_ahead

_CHOSEN = "chosen for who waits past the line beside a free arrow (docs/simulation.md), November 2026; not tuned"


@dataclass(frozen=True)
class InTheWayMargins:
    """What keeps a vehicle from setting off."""

    slow_m_s: float = margin(
        1.5,
        "m/s",
        "no faster, it stands or creeps: what drives through before another gives the way free",
        source=_CHOSEN,
    )
    before_m: float = margin(
        8.0,
        "m",
        "beyond its own length: what stands so near before it keeps it from driving on",
        source="as in standing where it is banned (`BeforeMargins.before_m`)",
    )
    aside_m: float = margin(
        2.0, "m", "and no farther aside: half of two cars, and what a way bends that turns off", source=_CHOSEN
    )
    itself_share: float = margin(
        0.3, "lengths", "what is nearer is the vehicle itself, under another track", source=_CHOSEN
    )
    came_m: float = margin(
        2.0, "m", "a shorter way tells no direction: then what is near on any side is in the way", source=_CHOSEN
    )
    remembered_s: float = margin(
        5.0, "s", "what stood there and is hidden now may stand there for so long", source=_CHOSEN
    )


@dataclass(frozen=True)
class Moving:
    """One vehicle at one moment: its track, where it touches the road `[2]` and touched it first, how fast it is
    (metres a second; NaN: not known), how long vehicles of its class are, and whether it is asked about."""

    track: int
    t_s: float
    place_m: Floats
    first_m: Floats
    pace_m_s: float
    length_m: float
    asked: bool


class InTheWay:
    """The slow vehicles of one camera. `add` in order of time."""

    def __init__(self, margins: InTheWayMargins = InTheWayMargins()) -> None:
        self._margins = margins
        self._slow: dict[int, tuple[float, Floats]] = {}

    def add(self, one: Moving) -> bool:
        """Whether somebody is in its way; False of one that nobody asks about."""
        m = self._margins
        if one.pace_m_s > m.slow_m_s or not np.isfinite(one.place_m).all():
            self._slow.pop(one.track, None)
            return False
        self._slow = {k: v for k, v in self._slow.items() if one.t_s - v[0] <= m.remembered_s}
        self._slow[one.track] = (one.t_s, one.place_m)
        others = [place for track, (_, place) in self._slow.items() if track != one.track]
        if not one.asked or not others:
            return False
        steps = np.array(others) - one.place_m
        near, far = m.itself_share * one.length_m, m.before_m + one.length_m
        came = one.place_m - one.first_m
        way_m = float(np.hypot(*came))
        ahead = came / way_m if way_m >= m.came_m else None  # not a number is no direction either
        return anything_ahead(steps, ahead, near=near, far=far, aside=m.aside_m)

    def clear(self) -> None:
        """The stream was cut."""
        self._slow = {}
