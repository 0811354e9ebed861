"""Parking where a sign bans parking: stopping is allowed there, so it takes minutes, and two pictures so far apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.refusal import Answer
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.rules.stands_where_banned import StandsWhereBannedMargins, stands_where_banned
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.schema import Scene


@dataclass(frozen=True)
class ParkingBannedMargins(StandsWhereBannedMargins):
    """How long it has to stand, beside what it takes that no traffic held it."""

    least_s: float = margin(
        300.0,
        "s",
        "it stood for so long, from the first picture to the one of the act: who lets people in or out is gone",
        source="chosen with the rule, November 2026: five minutes; the law names no time",
        least=60.0,
    )


def parking_banned(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: ParkingBannedMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding an area. No queue stands for minutes before a lamp that nobody saw to be red."""
    return stands_where_banned(
        ActCode.PARKING_BANNED, "no_parking", margins.least_s, path, scene, lamps, margins, unknown_holds=False
    )


RULE = Rule(ActCode.PARKING_BANNED, parking_banned, ParkingBannedMargins())
