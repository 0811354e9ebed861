"""Nothing committed is lost, nothing unsent is evicted, the chain has no gap and no fork."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import edge.delivery.outbox_store
from edge.delivery.delivered_ring import Keep
from edge.delivery.outbox import Outbox
from edge.delivery.outbox_errors import OutboxError, OutboxFullError
from edge.delivery.packet_table import Pending
from evidence.container import open_packet
from evidence.packet import Chain, Manifest
from evidence.receipt import ReceiptStatus
from evidence.seal import SigningKey
from tests.edge.packets import builder, receipt_for

KEY = SigningKey.generate()
PLENTY = 2**40


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "box", free_bytes=lambda _: PLENTY)
    yield box
    box.close()


def reopen(box: Outbox) -> Outbox:
    box.close()
    return Outbox(box.folder, free_bytes=lambda _: PLENTY)


def answer(box: Outbox, packet: Pending, status: ReceiptStatus) -> bool:
    receipt = receipt_for(packet.packet_id, packet.digest, packet.container_sha256, status)
    return box.acknowledge(receipt) if receipt.delivered else box.refuse(receipt)


def assert_chain_is_whole(box: Outbox) -> None:
    rows = box._table.db.execute(
        "SELECT sequence, packet_id, digest, pruned, state FROM packet ORDER BY sequence"
    ).fetchall()
    assert [r[0] for r in rows] == list(range(1, len(rows) + 1))
    previous = None
    for sequence, packet_id, digest, pruned, state in rows:
        if not pruned and state != "damaged":
            manifest = open_packet(box.path(sequence, packet_id).read_bytes()).manifest
            assert manifest.digest == digest
            assert manifest.chain == Chain(sequence=sequence, previous=previous)
        assert not (pruned and state != "delivered"), "unsent evidence was evicted"
        previous = digest
    assert not list(box.packets.glob("*.part"))


def test_each_packet_names_the_one_before(outbox: Outbox) -> None:
    first = outbox.commit(builder(KEY))
    second = outbox.commit(builder(KEY))
    assert first.chain == Chain(sequence=1, previous=None)
    assert second.chain == Chain(sequence=2, previous=first.digest)
    assert [p.packet_id for p in outbox.pending()] == [first.packet_id, second.packet_id]
    assert open_packet(outbox.read(outbox.pending()[0])).manifest == first


def test_committed_packets_are_there_after_a_restart(outbox: Outbox) -> None:
    outbox.commit(builder(KEY))
    again = reopen(outbox)
    assert again.counts().pending == 1
    assert again.head.sequence == 2
    assert again.warnings == []
    again.close()


def test_only_a_fitting_receipt_acknowledges(outbox: Outbox) -> None:
    outbox.commit(builder(KEY))
    (packet,) = outbox.pending()
    wrong = [
        receipt_for(packet.packet_id, packet.digest, "0" * 64),
        receipt_for(packet.packet_id, "0" * 64, packet.container_sha256),
        receipt_for("00000000-0000-0000-0000-000000000000", packet.digest, packet.container_sha256),
    ]
    assert [outbox.acknowledge(r) for r in wrong] == [False, False, False]
    assert outbox.counts().pending == 1
    with pytest.raises(OutboxError, match="does not acknowledge"):
        outbox.acknowledge(receipt_for(packet.packet_id, None, packet.container_sha256, "conflict"))
    with pytest.raises(OutboxError, match="does not refuse"):
        outbox.refuse(receipt_for(packet.packet_id, packet.digest, packet.container_sha256))


def test_what_the_ring_does_not_keep_is_pruned_but_the_head_of_the_chain_stays(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "box", free_bytes=lambda _: PLENTY, keep=Keep(max_bytes=0))
    outbox.commit(builder(KEY))
    outbox.commit(builder(KEY))
    first, second = outbox.pending()
    assert answer(outbox, first, "stored")
    assert answer(outbox, second, "duplicate")
    assert [p.name[:12] for p in outbox.packets.iterdir()] == ["000000000002"]
    assert outbox.counts().delivered == 2


@pytest.mark.parametrize("status", ["quarantined", "conflict"])
def test_a_refused_packet_is_kept_and_counted_and_sent_no_more(outbox: Outbox, status: ReceiptStatus) -> None:
    outbox.commit(builder(KEY))
    (packet,) = outbox.pending()
    assert answer(outbox, packet, status)
    assert outbox.pending() == []
    assert outbox.counts().refused == 1
    assert outbox.refused()[0][2:] == (status, "does not verify")
    outbox.prune()
    assert outbox.path(packet.sequence, packet.packet_id).exists()


def test_a_full_disk_is_a_clear_error_and_the_chain_does_not_move(tmp_path: Path) -> None:
    free = [PLENTY]
    box = Outbox(tmp_path, min_free_bytes=1000, free_bytes=lambda _: free[0])
    box.commit(builder(KEY))
    free[0] = 999
    with pytest.raises(OutboxFullError, match="reserve") as raised:
        box.commit(builder(KEY))
    assert "never evicted" in raised.value.remedy
    free[0] = PLENTY
    assert box.commit(builder(KEY)).chain.sequence == 2
    assert_chain_is_whole(box)
    box.close()


def test_a_truly_full_file_system_leaves_nothing_half_written(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    outbox.commit(builder(KEY))
    monkeypatch.setattr(edge.delivery.outbox_store.os, "fsync", no_space)
    with pytest.raises(OutboxFullError, match="disk is full"):
        outbox.commit(builder(KEY))
    monkeypatch.undo()
    assert len(list(outbox.packets.iterdir())) == 1
    assert outbox.commit(builder(KEY)).chain.sequence == 2
    assert_chain_is_whole(outbox)


def test_a_build_that_fails_leaves_the_chain_as_it_was(outbox: Outbox) -> None:
    def broken(chain: Chain) -> tuple[Manifest, bytes]:
        raise ValueError("no picture")

    with pytest.raises(ValueError, match="no picture"):
        outbox.commit(broken)
    with pytest.raises(OutboxError, match="another place in the chain"):
        outbox.commit(lambda chain: builder(KEY)(Chain(sequence=7, previous="0" * 64)))
    assert outbox.head.sequence == 1


def test_threads_get_places_one_after_the_other(outbox: Outbox) -> None:
    threads = [threading.Thread(target=lambda: [outbox.commit(builder(KEY)) for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outbox.counts().pending == 20
    assert_chain_is_whole(outbox)


def test_a_second_process_is_kept_out(outbox: Outbox) -> None:
    with pytest.raises(OutboxError, match="in use by another process"):
        Outbox(outbox.folder)


@pytest.mark.parametrize("damage", ["overwritten", "cut", "middle", "text"])
def test_a_damaged_database_is_moved_aside_and_made_again(outbox: Outbox, damage: str) -> None:
    made = [outbox.commit(builder(KEY)) for _ in range(3)]
    answer(outbox, outbox.pending()[0], "stored")
    outbox.close()
    path = outbox.folder / "outbox.db"
    data = path.read_bytes()
    spoiled = {
        "overwritten": os.urandom(len(data)),
        "cut": data[: len(data) // 2 - 100],
        "middle": data[:4096] + b"\xff" * (len(data) - 4096),
        "text": b"not a database, but long enough to be looked at as one" * 100,
    }
    path.write_bytes(spoiled[damage])
    again = reopen(outbox)
    assert "was damaged" in again.warnings[0]
    assert list(outbox.folder.glob("outbox.db.damaged-*"))
    # the one that was delivered goes out again with the others: the centre answers that it has it
    assert [p.packet_id for p in again.pending()] == [m.packet_id for m in made]
    assert again.head == Chain(sequence=4, previous=made[2].digest)
    again.close()


def test_a_lost_database_is_made_again_from_the_packets(outbox: Outbox) -> None:
    made = [outbox.commit(builder(KEY)) for _ in range(2)]
    outbox.close()
    for file in outbox.folder.glob("outbox.db*"):
        file.unlink()
    again = reopen(outbox)
    assert again.head == Chain(sequence=3, previous=made[1].digest)
    assert "made again from 2 packet(s)" in again.warnings[0]
    again.close()


def test_a_container_without_a_row_is_adopted_if_it_continues_the_chain(outbox: Outbox) -> None:
    outbox.commit(builder(KEY))
    manifest, container = builder(KEY)(outbox.head)
    edge.delivery.outbox_store.write_durably(outbox.path(2, manifest.packet_id), container)
    again = reopen(outbox)
    assert again.counts().pending == 2
    assert_chain_is_whole(again)
    again.close()


def test_a_stray_file_is_moved_to_orphans_not_deleted(outbox: Outbox) -> None:
    outbox.commit(builder(KEY))
    (outbox.packets / "000000000009-x.glp").write_bytes(b"rubbish")
    again = reopen(outbox)
    assert (again.folder / "orphans" / "000000000009-x.glp").read_bytes() == b"rubbish"
    assert again.head.sequence == 2
    again.close()


def test_a_packet_that_the_disk_altered_is_kept_aside_as_damaged(outbox: Outbox) -> None:
    outbox.commit(builder(KEY))
    outbox.commit(builder(KEY))
    first, second = outbox.pending()
    outbox.path(first.sequence, first.packet_id).write_bytes(b"x")
    outbox.path(second.sequence, second.packet_id).unlink()
    with pytest.raises(OutboxError, match="SHA-256"):
        outbox.read(first)
    with pytest.raises(OutboxError, match="missing"):
        outbox.read(second)
    assert outbox.counts().refused == 2


CHILD = """
import sys, os
from pathlib import Path
from edge.delivery.outbox import Outbox
from evidence.seal import SigningKey
from tests.edge.packets import builder
box = Outbox(Path(sys.argv[1]), free_bytes=lambda _: 2**40)
key = SigningKey.generate()
print("open", flush=True)
while True:
    print(box.commit(builder(key, payload=os.urandom(200_000))).packet_id, flush=True)
"""


@pytest.mark.crash
def test_kill_9_in_the_middle_of_commits_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    chance = random.Random(7)
    folder = tmp_path / "box"
    told: list[str] = []
    for _ in range(12):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        lines = [child.stdout.readline() for _ in range(chance.randrange(4))]
        time.sleep(chance.uniform(0.0, 0.02))  # somewhere in the middle of the next one
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.read().splitlines(keepends=True)
        child.wait()
        told += [line.strip() for line in lines if line.endswith("\n")]
    box = Outbox(folder, free_bytes=lambda _: PLENTY)
    assert_chain_is_whole(box)
    kept = {p.packet_id for p in box.pending(10**6)}
    assert told
    assert set(told) <= kept
    assert not (folder / "orphans").exists()
    box.close()


class OutboxLife(RuleBasedStateMachine):
    """Any order of commits, receipts, restarts, full disks, cut-off commits and lost databases."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.free = PLENTY
        self.box = self.open()
        self.model: dict[str, str] = {}

    def open(self) -> Outbox:
        return Outbox(self.folder, min_free_bytes=10_000_000, free_bytes=lambda _: self.free)

    @rule(size=st.integers(0, 3000))
    def commit(self, size: int) -> None:
        before = self.box.head
        if self.free < 10_000_000:
            with pytest.raises(OutboxFullError):
                self.box.commit(builder(KEY, payload=bytes(size)))
            assert self.box.head == before
        else:
            self.model[self.box.commit(builder(KEY, payload=bytes(size))).packet_id] = "pending"

    @precondition(lambda self: "pending" in self.model.values())
    @rule(data=st.data(), status=st.sampled_from(["stored", "duplicate", "quarantined", "conflict"]))
    def receipt(self, data: st.DataObject, status: ReceiptStatus) -> None:
        packet = data.draw(st.sampled_from(self.box.pending()))
        assert answer(self.box, packet, status)
        self.model[packet.packet_id] = "delivered" if status in ("stored", "duplicate") else status

    @rule(free=st.sampled_from([0, PLENTY]))
    def disk(self, free: int) -> None:
        self.free = free

    @rule()
    def restart(self) -> None:
        self.box.close()
        self.box = self.open()

    @rule()
    def crash_between_file_and_row(self) -> None:
        manifest, container = builder(KEY)(self.box.head)
        edge.delivery.outbox_store.write_durably(self.box.path(manifest.chain.sequence, manifest.packet_id), container)
        (self.box.packets / "half.glp.part").write_bytes(b"half")
        self.model[manifest.packet_id] = "pending"
        self.restart()

    @invariant()
    def chain_is_whole_and_every_packet_in_its_state(self) -> None:
        assert_chain_is_whole(self.box)
        rows = dict(self.box._table.db.execute("SELECT packet_id, state FROM packet").fetchall())
        assert rows == self.model

    def teardown(self) -> None:
        self.box.close()
        shutil.rmtree(self.folder)


TestOutboxLife = OutboxLife.TestCase
TestOutboxLife.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_the_database_is_in_the_mode_that_survives_a_power_cut(outbox: Outbox) -> None:
    assert outbox._table.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert outbox._table.db.execute("PRAGMA synchronous").fetchone() == (2,)
    with pytest.raises(sqlite3.IntegrityError):
        outbox._table.db.execute("UPDATE packet SET state = 'forgotten'") if outbox.commit(builder(KEY)) else None
