"""Plates read apart: the camera goes on, and an act waits for its plate and not the other way round."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace

import pytest

import edge.perception
from edge.events import ReadLater
from edge.perception import TURNS_S, open_perception
from edge.pipeline import CameraPipeline
from edge.plate.apart import PlateAsked, PlatesApart
from edge.plate.reading import PlateEvidence
from edge.types import ActEvent
from evidence.packet import Plate
from tests.edge.roads import points, scene
from tests.edge.test_pipeline import KnownDetector, KnownPlates, play
from tests.waiting import eventually

RUNNER = points((0, 200, 460), (6, 200, 60))
READ = PlateEvidence(Plate(text="36B123456", confidence=0.9), None, ("plate_of_other_class",))


class Gate:
    """A plate whose reading goes on until somebody lets it end."""

    def __init__(self) -> None:
        self.begun, self._open = threading.Event(), threading.Event()

    def __call__(self) -> PlateEvidence:
        self.begun.set()
        assert self._open.wait(60)
        return READ

    def open(self) -> None:
        self._open.set()


def _said(event: ActEvent) -> dict[str, object]:
    """Without what is a picture: those are compared by themselves."""
    pictures = {"stills", "plate_crop", "vehicle_crop", "reading"}
    return {k: v for k, v in vars(event).items() if k not in pictures}


def test_an_act_read_apart_is_the_act_that_was_read_at_once() -> None:
    at_once, _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [RUNNER], seconds=9)
    apart = PlatesApart()
    later, _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates(), apart=apart), [RUNNER], seconds=9)
    assert len(at_once) == len(later) == 1
    assert all(event.reading is not None and event.plate == Plate() for event in later)
    whole = [event.reading.put(event) for event in later if event.reading is not None]
    assert [_said(event) for event in whole] == [_said(event) for event in at_once]
    for a, b in zip(whole, at_once, strict=True):
        assert {role: still.frame for role, still in a.stills.items()} == {r: s.frame for r, s in b.stills.items()}
        assert (a.plate_crop == b.plate_crop).all()


def test_while_a_plate_is_read_nobody_waits_and_the_next_is_read_after_it() -> None:
    apart, gate = PlatesApart(), Gate()
    first, second = apart.ask(gate), apart.ask(lambda: READ)
    assert (first.done, second.done) == (False, False)
    gate.open()
    assert first.result() is second.result() is READ


def test_who_needs_a_plate_that_waits_reads_it_himself_and_it_is_read_once() -> None:
    apart, gate, readers = PlatesApart(), Gate(), list[str]()

    def read() -> PlateEvidence:
        readers.append(threading.current_thread().name)
        return READ

    apart.ask(gate)
    assert gate.begun.wait(60)
    mine, next_one = apart.ask(read), apart.ask(lambda: READ)
    assert mine.result() is READ, "the box stops, or the film leaves the ring: nobody waits for the plates before"
    gate.open()
    assert next_one.result() is READ
    assert readers == [threading.current_thread().name]


def test_a_reader_that_was_idle_is_there_again_for_the_next_plate() -> None:
    apart = PlatesApart(idle_s=0.01)
    for _ in range(3):
        asked = apart.ask(lambda: READ)
        eventually(lambda asked=asked: asked.done, 5)
        eventually(lambda: apart._thread is None, 5)


def test_where_too_many_wait_the_camera_reads_its_own_and_nothing_is_lost() -> None:
    apart, gate = PlatesApart(most_waiting=1), Gate()
    first = apart.ask(gate)
    assert gate.begun.wait(60)
    waits = apart.ask(lambda: READ)
    own = apart.ask(lambda: READ)
    assert own.done
    assert not waits.done
    gate.open()
    assert first.result() is waits.result() is own.result() is READ


def test_a_plate_that_cannot_be_read_for_a_fault_leaves_the_next_plate_alone_and_the_act_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fault() -> PlateEvidence:
        raise ZeroDivisionError("scripted")

    apart = PlatesApart()
    bad, good = apart.ask(fault), apart.ask(lambda: READ)
    (event,), _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [RUNNER], seconds=9)
    event = replace(event, flags=["of the rule", "few_pictures"], plate=Plate())
    told = ReadLater(bad, 1).put(event)
    assert (told.plate.text, told.flags) == (None, ["of the rule", "plate_unread", "few_pictures"])
    assert told.reasons["plate_note"] == ["plate_reader_failed", "ZeroDivisionError('scripted')"]
    assert event.reasons.items() < told.reasons.items()
    assert ReadLater(good, 1).put(event).flags == ["of the rule", "plate_of_other_class", "few_pictures"]


def test_what_a_plate_was_read_of_is_let_go() -> None:
    asked = PlateAsked(lambda: READ)
    asked.read()
    asked.read()
    assert asked.done
    assert asked._work is None


def test_cameras_that_share_the_interpreter_let_go_of_it_soon_and_one_alone_leaves_it_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(**_: object) -> object:
        return object()

    for load in ("load_detector", "load_plate_finder", "load_plate_reader", "load_slot_reader"):
        monkeypatch.setattr(edge.perception, load, nothing)
    before = sys.getswitchinterval()
    try:
        open_perception()
        assert sys.getswitchinterval() == before
        open_perception(several=True)
        assert sys.getswitchinterval() == pytest.approx(TURNS_S)
    finally:
        sys.setswitchinterval(before)
