"""Stopping where a sign bans stopping and parking: letting somebody out is stopping too."""

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
class StoppingBannedMargins(StandsWhereBannedMargins):
    """How long it has to stand, beside what it takes that no traffic held it."""

    least_s: float = margin(
        60.0,
        "s",
        "it stood for so long: longer than somebody is let by, or a way out is waited for",
        source="chosen with the rule, November 2026; the law names no time",
        least=10.0,
    )


def stopping_banned(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: StoppingBannedMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding an area."""
    return stands_where_banned(
        ActCode.STOPPING_BANNED, "no_stopping", margins.least_s, path, scene, lamps, margins, unknown_holds=True
    )


RULE = Rule(ActCode.STOPPING_BANNED, stopping_banned, StoppingBannedMargins())
