"""What boxes say of their cameras' pictures reaches people: raised once, brought up to date, taken back."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from central.centre import Centre
from central.desk.unit import unit_view
from central.intake.ingest import Ingest
from central.store.alarms import acknowledge, open_alarms
from central.units.tree import EVERYWHERE
from evidence.wire import CameraHealth, Health, PictureState
from tests.central.build import NODE


def say(centre: Centre, **cameras: dict[str, Any]) -> None:
    told = [CameraHealth(id=name, state="running", **what) for name, what in cameras.items()]
    Ingest.of(centre).health(NODE, Health(node=NODE, status="running", at="x", cameras=told))


def alarms(centre: Centre) -> list[tuple[str, str]]:
    with centre.db.read() as session:
        return sorted((row.kind, row.text.split(":")[0]) for row in open_alarms(session))


MOVED = {"picture": "moved", "picture_off_px": 12.0, "picture_since": "2026-11-26T10:00:00Z", "acts_held": 2}


@pytest.mark.parametrize("state", sorted(set(get_args(PictureState)) - {"learning", "in_place", "shaking"}))
def test_each_camera_has_its_own_alarm_and_it_ends_by_itself(box: Centre, state: str) -> None:
    say(box, a={"picture": "in_place"}, b={"picture": "in_place"})
    assert alarms(box) == []
    say(box, a=MOVED | {"picture": state}, b=MOVED | {"picture": state})
    say(box, a=MOVED | {"picture": state, "acts_held": 5}, b=MOVED | {"picture": state})
    assert alarms(box) == [(f"camera_{state}", "a"), (f"camera_{state}", "b")]
    with box.db.read() as session:
        assert any("since the box's start: 5" in row.text for row in open_alarms(session))
    say(box, a={"picture": "in_place"}, b=MOVED | {"picture": state})
    assert alarms(box) == [(f"camera_{state}", "b")]


def test_who_has_seen_it_is_not_told_again_until_it_happens_again(box: Centre) -> None:
    say(box, a=MOVED)
    with box.db.write() as session:
        (row,) = open_alarms(session)
        acknowledge(session, row.id, by="head", now=box.clock())
    say(box, a=MOVED)
    assert alarms(box) == []
    say(box, a={"picture": "in_place"})
    say(box, a=MOVED)
    assert alarms(box) == [("camera_moved", "a")]


def test_one_state_after_the_other_leaves_the_last(box: Centre) -> None:
    say(box, a=MOVED)
    say(box, a={"picture": "other_view"})
    assert alarms(box) == [("camera_other_view", "a")]


def test_the_units_page_has_the_state_and_a_box_that_says_nothing_of_it_raises_nothing(box: Centre) -> None:
    say(box, a=MOVED)
    with box.db.read() as session:
        (line,) = unit_view(session, box.clock(), scope=EVERYWHERE).nodes
    assert [(c.picture, c.acts_held) for c in line.cameras] == [("moved", 2)]
    say(box, b={})
    assert ("camera_moved", "b") not in alarms(box)
