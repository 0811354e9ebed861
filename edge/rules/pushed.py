"""Whether a rider may have pushed his motorcycle or bicycle through an act: who walks beside it does not ride."""

from __future__ import annotations

from dataclasses import dataclass

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.rules.ways import TWO_WHEELS, paces_of, places
from evidence.acts import ActCode

PERHAPS_PUSHED = "perhaps_pushed"
RIDDEN = frozenset(
    {
        ActCode.RED_LIGHT, ActCode.SOLID_LINE, ActCode.BANNED_TURN, ActCode.BANNED_U_TURN, ActCode.LANE_DIRECTION,
        ActCode.WRONG_LANE,
    }
)  # fmt: skip
"""Acts of riding that ask for no pace themselves. Others refuse who is no faster than one walks, or are of standing."""


@dataclass(frozen=True)
class PushedMargins:
    """What tells riding from pushing."""

    walking_ms: float = margin(
        1.8, "m/s",
        "who is faster in some second of the act, or after it, rides; who is not may be pushing, or creep in a queue: "
        "that is told, and a person looks",
        source="as on the pavement (`PavementMargins.walking_ms`)",
    )  # fmt: skip
    pace_s: float = margin(
        1.0, "s", "that pace is the way of so long: over shorter times it is mostly what boxes tremble",
        source="as in areas (`InAreaMargins.pace_s`)", least=0.2,
    )  # fmt: skip
    smooth: int = margin(
        5, "pictures", "places are the middle of so many: a box that jumps once drives nowhere", least=1,
        source="as in the way of one vehicle (`OneVehicleMargins.excursion`)",
    )  # fmt: skip


def perhaps_pushed(finding: Finding, path: Trajectory, margins: PushedMargins) -> bool:
    """Of two wheels only, and on the road in metres: whether no second from the still before the act on, as far as it
    is known, is faster than one walks."""
    if finding.act not in RIDDEN or path.cls not in TWO_WHEELS:
        return False
    way = places(path, margins.smooth)
    if way is None:
        return False
    pace = paces_of(path.t_s[finding.before :], way[finding.before :], margins.pace_s)
    return bool(len(pace)) and float(pace.max()) < margins.walking_ms
