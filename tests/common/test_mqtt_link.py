"""The session that box and centre share, told as events by hand: what is tried again, when, what people are told."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.broker import BrokerError, BrokerSettings
from common.mqtt_client import Event, Role
from common.mqtt_link import TAKEN_OVER, Link
from tests.conftest import free_port

ROLE = Role(name="giaolo-test", topics="giaolo/v1/x/#", twin="is there a twin", most_bytes=1000)


class World:
    """A link at a port where nobody listens; its clock stands still unless moved."""

    def __init__(self, **settings: object) -> None:
        self.now_s = 1000.0
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        broker = BrokerSettings(port=free_port(), **settings)  # type: ignore[arg-type]
        self.link = Link(broker, ROLE, self.events.put, monotonic=lambda: self.now_s)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.link.close()


def test_a_broker_that_says_nothing_is_tried_in_the_other_version(world: World) -> None:
    world.link.take(Event("opened"))
    assert world.link.wait_s() == 4.0
    world.now_s += 4.0
    assert not world.link.tick()
    assert world.link.protocol == "3.1.1"
    assert world.link.wait_s() == 0.5


def test_a_version_that_was_asked_for_is_kept() -> None:
    world = World(protocol="5")
    world.link.take(Event("protocol_refused"))
    assert world.link.protocol == "5"
    assert "does not speak MQTT 5" in world.link.error


def test_a_line_that_breaks_after_it_worked_says_nothing_of_the_version(world: World) -> None:
    world.link.take(Event("connected"))
    assert world.link.tick() is False, "no client, no session"
    world.link.take(Event("lost", code=128, text="Unspecified error"))
    assert (world.link.protocol, world.link.connected) == ("5", False)
    assert "lost (Unspecified error)" in world.link.error
    assert world.link.wait_s() is None, "paho itself connects again"


def test_files_that_cannot_be_used_are_tried_again_as_they_may_be_mended(tmp_path: Path) -> None:
    """At the centre such a fault, met after the start, ended all further tries."""
    world = World(username="u", password_file=tmp_path / "password")
    with pytest.raises(BrokerError, match="password"):
        world.link.connect()
    assert "password" in world.link.error
    (tmp_path / "password").write_text("x")
    world.now_s += 29.0
    assert not world.link.tick()
    assert world.link.client is None
    world.now_s += 1.0
    world.link.tick()
    assert world.link.client is not None
    world.link.close()


def test_a_session_taken_over_goes_on_under_another_id_after_a_growing_pause(world: World) -> None:
    before = world.link.client_id
    for pause_s in (30.0, 60.0, 120.0, 240.0, 300.0, 300.0):
        world.link.take(Event("lost", code=TAKEN_OVER))
        assert world.link.wait_s() == pause_s
    assert before != world.link.client_id
    assert "is there a twin?" in world.link.error


def test_an_event_of_a_client_that_was_given_up_means_nothing(world: World) -> None:
    world.link.connect()
    old = world.link.client
    world.link.renew(1.0)
    assert not world.link.take(Event("connected", old))
    assert not world.link.connected


def test_rights_are_told_until_they_are_given(world: World) -> None:
    world.link.take(Event("connected"))
    world.link.take(Event("subscribed", code=135, text="Not authorized"))
    assert "giaolo/v1/x/#: Not authorized" in world.link.rights_error
    world.link.take(Event("subscribed"))
    assert world.link.rights_error == ""
