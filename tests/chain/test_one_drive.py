"""Two acts of one vehicle, as a box sees and packs them, are one drive to the centre; two vehicles are two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central.cases.one_drive import Way, one_drive, way_of
from edge.pipeline import CameraPipeline
from edge.types import ActEvent
from evidence.acts import ActCode
from tests.edge.roads import points, scene, sign
from tests.edge.test_pipeline import KnownDetector, KnownPlates, play

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def told(route: object, *more: object, seconds: float) -> list[ActEvent]:
    banned = scene(signs=[sign("P.123b", "line")])
    return play(CameraPipeline(banned, KnownDetector(), KnownPlates()), [route, *more], seconds=seconds)[0]


def way(event: ActEvent, began: datetime = BEGAN) -> Way:
    act = {"occurred_at": (began + timedelta(seconds=event.t_s)).isoformat(), "t_s": event.t_s, "flags": []}
    track = event.track.model_dump(mode="json")
    return way_of({"act": act, "track": track, "node": {"id": "giao-lo-1"}, "camera": {"id": "cam-1"}})


@pytest.mark.parametrize("waits_s", [0.0, 14.0, 45.0], ids=["at once", "after a while", "after most of a minute"])
def test_a_red_light_and_the_banned_turn_behind_it_are_one_drive(waits_s: float) -> None:
    """However long it waits in the junction, as long as the box remembers where it came from."""
    route = points((0, 400, 460), (3, 400, 240), (3 + waits_s, 400, 240), (6 + waits_s, 600, 150),
                   (8 + waits_s, 620, 145))  # fmt: skip
    red, turn = told(route, seconds=12 + waits_s)
    assert (red.act, turn.act) == (ActCode.RED_LIGHT, ActCode.BANNED_TURN)
    assert one_drive(way(red), way(turn))
    assert len(turn.track.points) <= 400
    assert not one_drive(way(red), way(turn, BEGAN + timedelta(minutes=10))), "a box that began anew counts from one"


def test_two_vehicles_one_after_the_other_are_two_drives() -> None:
    follows = points((5, 420, 460), (11, 420, 60))
    acts = told(points((0, 200, 460), (6, 200, 60)), lambda t_s: follows(t_s) if t_s >= 5 else None, seconds=14)
    assert [each.act for each in acts] == [ActCode.RED_LIGHT] * 2
    assert not one_drive(*(way(each) for each in acts))
