"""Switches on the box: signed by the centre or not believed, kept over a restart; acts of their time are flagged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.delivery.answers import Answers
from edge.delivery.centre_trust import CentreTrust
from edge.delivery.outbox import Outbox
from edge.delivery.recorder import Recorder
from edge.delivery.switch_book import SWITCHES_FILE, SwitchBook
from edge.delivery.transfer import Transfers
from evidence.centre_keys import change_key, write_changes
from evidence.errors import PacketError
from evidence.packet import utc_text
from evidence.seal import SigningKey
from evidence.switches import REMEMBERED, Switch, sign_switches
from evidence.wire import down_topic
from tests.edge.test_recorder import Scenario, act, identity
from tests.evidence.test_switches import AT, IDS, switch

CENTRE, NEW, THIEF = (SigningKey.generate() for _ in range(3))
ACT_AT = datetime(2026, 3, 1, 8, 0, 3, tzinfo=UTC)
"""When the recorder's act happens, whose film begins at eight."""


class Box:
    def __init__(self, folder: Path) -> None:
        self.file, self.now = folder / SWITCHES_FILE, AT

    def book(self, key: SigningKey = CENTRE) -> SwitchBook:
        """As after a start, with what lies on the disk."""
        return SwitchBook("node-1", CentreTrust(key.public), self.file, now=lambda: self.now)

    def holds(self) -> list[str]:
        return [s.id for s in found(self.book())]


def found(book: SwitchBook, at: datetime = AT, **options: Any) -> list[Switch]:
    asked = {"camera": "cam-1", "line": None, "unsure": False, **options}
    return book.concerning(first=at, last=at, **asked)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_a_switch_counts_ends_and_goes_on_counting_after_a_restart(box: Box) -> None:
    assert box.book().take(sign_switches([switch()], CENTRE))
    assert not box.book().take(sign_switches([switch()], CENTRE))  # told again
    assert box.holds() == [IDS[0]]
    assert found(box.book(), AT + timedelta(minutes=62)) == []
    assert len(found(box.book(), AT + timedelta(minutes=62), unsure=True)) == 1
    assert box.book().take(sign_switches([switch(0, 60, said_s=60)], CENTRE))  # somebody ended it
    assert not box.book().take(sign_switches([switch()], CENTRE))  # and the broker brings the old list again
    assert found(box.book(), AT + timedelta(minutes=10)) == []
    box.now = AT + REMEMBERED + timedelta(hours=1)
    assert box.book().known == {}


def test_two_at_once_are_both_told(box: Box) -> None:
    second = switch(600, 1200, id=IDS[1], kind="signal_out_of_order", camera=None)
    assert box.book().take(sign_switches([switch(), second], CENTRE))
    assert [s.kind for s in found(box.book(), AT + timedelta(minutes=12))] == [
        "officer_directs", "signal_out_of_order",
    ]  # fmt: skip


def test_nobody_but_the_centre_is_believed_and_one_that_is_forged_takes_no_other_with_it(box: Box) -> None:
    with pytest.raises(PacketError):
        box.book().take(sign_switches([switch()], THIEF))
    assert box.holds() == []
    theirs = sign_switches([switch(id=IDS[1])], THIEF)[1:-2]
    mixed = sign_switches([switch()], CENTRE)[:-2] + b"," + theirs + b"]\n"
    with pytest.raises(PacketError):
        box.book().take(mixed)
    assert box.holds() == [IDS[0]]
    assert not box.book().take(sign_switches([switch(node="node-2", id=IDS[2])], CENTRE))
    assert box.holds() == [IDS[0]]


def test_a_forged_statement_does_not_stand_in_the_place_of_a_good_one(box: Box) -> None:
    later = sign_switches([switch(0, 0, said_s=9)], THIEF)[1:-2]
    for both in ((b"[" + later + b"," + sign_switches([switch()], CENTRE)[1:-2] + b"]\n"),
                 (sign_switches([switch()], CENTRE)[:-2] + b"," + later + b"]\n")):  # fmt: skip
        book = SwitchBook("node-1", CentreTrust(CENTRE.public), now=lambda: AT)
        with pytest.raises(PacketError):
            book.take(both)
        assert len(found(book)) == 1


def test_a_list_of_long_ago_that_the_broker_still_keeps_is_no_fault_whoever_signed_it(box: Box) -> None:
    box.now = AT + REMEMBERED + timedelta(hours=1)
    assert not box.book().take(sign_switches([switch()], NEW))
    assert box.holds() == []


def test_a_file_that_rotted_is_told_and_a_disk_that_is_full_loses_nothing_before_the_restart(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.file.write_bytes(b"rubbish")
    assert box.holds() == []
    assert "cannot be read" in caplog.text
    box.file.unlink()
    box.file.mkdir()  # nothing can be written there
    book = box.book()
    assert book.take(sign_switches([switch()], CENTRE))
    assert len(found(book)) == 1
    assert "not kept" in book.warnings[0]


def test_a_list_signed_by_a_key_that_is_only_told_afterwards_counts_then(tmp_path: Path) -> None:
    trust = CentreTrust(CENTRE.public, now=lambda: AT)
    book = SwitchBook("node-1", trust, now=lambda: AT)
    outbox = Outbox(tmp_path / "outbox", min_free_bytes=0)
    answers = Answers("node-1", outbox, Transfers(), trust, lambda s: None, 300.0, book)
    answers.take(down_topic("node-1", "switches"), sign_switches([switch()], NEW), 0.0)
    assert found(book) == []
    assert "switches refused" in answers.error
    change = change_key("centre", CENTRE, NEW, at=AT, until=AT + timedelta(days=30))
    answers.take(down_topic("node-1", "keys"), write_changes([change]), 1.0)
    assert len(found(book)) == 1
    assert answers.error == ""
    outbox.close()


@pytest.mark.parametrize(
    ("times_s", "options", "flags"),
    [
        ((-600, 600), {}, ["officer_directs"]),
        ((-600, -61), {}, []),
        ((-600, 600), {"line": "vach-2"}, []),
        ((-600, 600), {"line": "vach-1", "kind": "signal_out_of_order"}, ["signal_out_of_order"]),
    ],
)
def test_the_packet_of_an_act_of_that_time_is_flagged_and_names_the_switch(
    tmp_path: Path, times_s: tuple[int, int], options: dict[str, Any], flags: list[str]
) -> None:
    scene = Scenario(tmp_path, start_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
    since, until = (utc_text(ACT_AT + timedelta(seconds=s)) for s in times_s)
    book = SwitchBook("node-1", CentreTrust(CENTRE.public), now=lambda: ACT_AT)
    book.take(sign_switches([switch(**options, since=since, until=until)], CENTRE))
    recorder = Recorder(identity(), source=scene.source, ring=scene.ring, sink=scene.sink, switches=book)
    recorder.submit(act(scene.frames, 75, reasons={"stop_line": "vach-1"}))
    (recorded,) = recorder.advance()
    told = recorded.manifest.act
    assert told.flags == ["plate_unread", *flags, "clock_from_file"]
    assert told.reasons.get("switches") == ([IDS[0]] if flags else None)
