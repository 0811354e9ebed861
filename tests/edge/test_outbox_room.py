"""A full or a locked disk: the box starts, keeps its database, and goes on delivering."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import edge.delivery.outbox_schema
import edge.delivery.outbox_store
from edge.delivery.delivered_ring import Keep
from edge.delivery.outbox import Outbox
from edge.delivery.outbox_errors import OutboxBusyError, OutboxError, OutboxFullError, is_damage
from evidence.seal import SigningKey
from tests.edge.packets import builder, receipt_for

KEY = SigningKey.generate()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB that can be filled to its last block."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("only root may mount a file system that can be filled")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    path = folder / "foreign"
    with contextlib.suppress(OSError), path.open("ab") as file:
        while True:
            file.write(os.urandom(4096))
            file.flush()
    with contextlib.suppress(OSError), path.open("ab", buffering=0) as file:
        while file.write(b"x"):
            pass
    return path


def opened(folder: Path) -> Outbox:
    return Outbox(folder / "box", min_free_bytes=0)


def commit_until_full(box: Outbox) -> list[str]:
    made = []
    with contextlib.suppress(OutboxFullError):
        while True:
            made.append(box.commit(builder(KEY, payload=os.urandom(120_000))).packet_id)
    return made


def acknowledge_all(box: Outbox) -> int:
    for packet in box.pending():
        assert box.read(packet)
        assert box.acknowledge(receipt_for(packet.packet_id, packet.digest, packet.container_sha256))
    return box.counts().delivered


def die(box: Outbox) -> None:
    """As kill -9 leaves it: the log of the database is not folded in, the lock is free."""
    box._owner.release()


def damaged(folder: Path) -> list[Path]:
    return [*folder.rglob("*damaged*"), *folder.rglob("orphans")]


def test_everything_is_delivered_though_the_disk_is_full_to_its_last_block(small_disk: Path) -> None:
    box = opened(small_disk)
    made = commit_until_full(box)
    fill(small_disk)
    assert acknowledge_all(box) == len(made)
    assert damaged(small_disk) == []
    box.close()


@pytest.mark.parametrize("ballast", ["there", "gone"])
@pytest.mark.parametrize("end", ["closed", "killed"])
def test_a_box_starts_on_a_full_disk_and_goes_on_delivering(small_disk: Path, end: str, ballast: str) -> None:
    box = opened(small_disk)
    made = commit_until_full(box)
    first = box.pending()[0]
    box.acknowledge(receipt_for(first.packet_id, first.digest, first.container_sha256))
    if ballast == "gone":
        (small_disk / "box" / "ballast").unlink()
    if end == "closed":
        box.close()
    else:
        die(box)
    fill(small_disk)
    again = opened(small_disk)
    assert (again.counts().pending, again.counts().delivered) == (len(made) - 1, 1)
    assert again.warnings == []
    assert acknowledge_all(again) == len(made)
    again.close()
    third = opened(small_disk)
    assert (third.counts().pending, third.counts().delivered) == (0, len(made))
    assert damaged(small_disk) == []
    third.close()


def test_new_packets_are_refused_on_the_full_disk_and_taken_when_the_ring_has_given_way(small_disk: Path) -> None:
    box = opened(small_disk)
    made = commit_until_full(box)
    fill(small_disk)
    with pytest.raises(OutboxFullError, match="never evicted"):
        box.commit(builder(KEY, payload=bytes(120_000)))
    acknowledge_all(box)
    assert box.commit(builder(KEY, payload=os.urandom(120_000))).chain.sequence == len(made) + 1
    box.close()


def test_a_receipt_that_a_full_disk_let_nobody_write_down_is_remembered_by_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Outbox(tmp_path / "box", min_free_bytes=0, keep=Keep())
    for _ in range(3):
        box.commit(builder(KEY))
    first = box.pending()[0]
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    @contextlib.contextmanager
    def no_room() -> Iterator[None]:
        raise full
        yield

    receipt = receipt_for(first.packet_id, first.digest, first.container_sha256)
    with monkeypatch.context() as patched:
        patched.setattr(box._table, "transaction", no_room)
        with pytest.raises(OutboxFullError):
            box.acknowledge(receipt)
        assert not (tmp_path / "box" / "ballast").exists()
    with pytest.raises(OutboxFullError, match="too full to say so"):
        box.read(first)
    assert box.counts().refused == 0, "it is no damage"
    die(box)
    again = Outbox(tmp_path / "box", min_free_bytes=0)
    assert (again.counts().pending, again.counts().delivered, again.warnings) == (2, 1, [])
    assert again.acknowledge(receipt)
    assert list(again.packets.glob("*.done")) == []
    again.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge.delivery.outbox_schema, "_BUSY_S", 0.05)


def test_a_lock_of_another_program_keeps_nobody_from_starting_and_loses_nothing(tmp_path: Path, hurried: None) -> None:
    box = Outbox(tmp_path, min_free_bytes=0)
    for _ in range(4):
        box.commit(builder(KEY))
    first, second, third, _ = box.pending()
    box.acknowledge(receipt_for(first.packet_id, first.digest, first.container_sha256))
    box.refuse(receipt_for(second.packet_id, second.digest, second.container_sha256, "quarantined"))
    before = box.counts()
    box.close()
    foreign = sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)
    foreign.execute("BEGIN EXCLUSIVE")
    again = Outbox(tmp_path, min_free_bytes=0)
    assert (again.counts(), again.warnings) == (before, [])
    assert again.read(again.pending()[0])
    receipt = receipt_for(third.packet_id, third.digest, third.container_sha256)
    with pytest.raises(OutboxBusyError, match="another program"):
        again.acknowledge(receipt)
    with pytest.raises(OutboxBusyError):
        again.commit(builder(KEY))
    foreign.execute("ROLLBACK")
    assert again.acknowledge(receipt)
    assert again.commit(builder(KEY)).chain.sequence == 5
    assert damaged(tmp_path) == []
    again.close()


def test_a_lock_that_lets_nobody_read_is_waited_for(tmp_path: Path, hurried: None) -> None:
    box = Outbox(tmp_path, min_free_bytes=0)
    box.commit(builder(KEY))
    box.close()
    foreign = sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)
    foreign.execute("PRAGMA locking_mode = EXCLUSIVE")
    foreign.execute("BEGIN EXCLUSIVE")
    foreign.execute("UPDATE packet SET reason = reason")
    for _ in range(2):
        with pytest.raises(OutboxBusyError, match="another program"):
            Outbox(tmp_path, min_free_bytes=0)
    foreign.execute("ROLLBACK")
    foreign.close()
    again = Outbox(tmp_path, min_free_bytes=0)
    assert again.counts().pending == 1
    assert damaged(tmp_path) == []
    again.close()


@pytest.mark.parametrize("code", ["FULL", "BUSY", "LOCKED", "IOERR", "CANTOPEN", "READONLY", "PERM", "NOMEM", "ERROR"])
def test_only_sqlites_own_word_for_damage_counts(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Outbox(tmp_path, min_free_bytes=0)
    box.commit(builder(KEY))
    box.close()
    error = sqlite3.OperationalError(code)
    error.sqlite_errorcode = getattr(sqlite3, f"SQLITE_{code}")

    def fails(path: Path, *, alone: bool) -> tuple[sqlite3.Connection, bool]:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(edge.delivery.outbox_store, "open_database", fails)
        with pytest.raises(OutboxError):
            Outbox(tmp_path, min_free_bytes=0)
    assert damaged(tmp_path) == []
    again = Outbox(tmp_path, min_free_bytes=0)
    assert again.counts().pending == 1
    again.close()


def test_corruption_and_foreign_files_count_as_damage() -> None:
    for code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT_INDEX):
        error = sqlite3.DatabaseError("x")
        error.sqlite_errorcode = code
        assert is_damage(error)


def test_a_database_that_cannot_be_asked_is_told_as_the_outboxs_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever commits keeps the packet then and tries again; anything else would end the camera."""
    outbox = Outbox(tmp_path / "outbox", min_free_bytes=0)

    def fails() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(outbox._table, "head", fails)
        with pytest.raises(OutboxError, match="disk I/O error"):
            outbox.commit(builder(KEY))
    assert outbox.commit(builder(KEY)).chain.sequence == 1
    outbox.close()
