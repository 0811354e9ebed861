"""Delivered containers stay for a while, so that a centre that lost them can have them again; nothing grows."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

import edge.delivery.delivered_ring
from edge.cli import edge as edge_cli
from edge.delivery.delivered_ring import Keep
from edge.delivery.outbox import Outbox
from edge.delivery.outbox_tool import entries, resend
from evidence.container import open_packet
from evidence.seal import SigningKey
from tests.edge.packets import builder, receipt_for

KEY = SigningKey.generate()
PLENTY = 2**40


class HandClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def box_of(folder: Path, clock: HandClock | None = None, *, days: float = 14, max_bytes: int = PLENTY) -> Outbox:
    keep = Keep(days=days, max_bytes=max_bytes)
    return Outbox(folder, keep=keep, free_bytes=lambda _: PLENTY, now=clock or HandClock())


def deliver(box: Outbox, count: int = 1, size: int = 100) -> None:
    for _ in range(count):
        box.commit(builder(KEY, payload=os.urandom(size)))
        acknowledge(box)


def acknowledge(box: Outbox) -> None:
    for packet in box.pending():
        assert box.acknowledge(receipt_for(packet.packet_id, packet.digest, packet.container_sha256))


def on_disk(box: Outbox) -> list[int]:
    return sorted(int(p.name[:12]) for p in box.packets.iterdir())


def test_what_was_delivered_stays_for_the_days_of_the_ring(tmp_path: Path) -> None:
    clock = HandClock()
    box = box_of(tmp_path, clock, days=10)
    deliver(box, 3)
    clock.now += timedelta(days=9)
    deliver(box, 2)
    assert on_disk(box) == [1, 2, 3, 4, 5]
    clock.now += timedelta(days=2)
    box.prune()
    assert on_disk(box) == [4, 5]
    clock.now += timedelta(days=20)
    box.prune()
    assert on_disk(box) == [5], "the head of the chain stays"
    box.close()


def test_the_ring_is_bounded_in_bytes_and_the_oldest_goes_first(tmp_path: Path) -> None:
    box = box_of(tmp_path, max_bytes=100_000)
    deliver(box, 6, size=30_000)
    assert on_disk(box) == [5, 6] or on_disk(box) == [4, 5, 6]
    assert sum(p.stat().st_size for p in box.packets.iterdir()) <= 100_000 + 45_000
    box.close()


def test_nothing_unsent_or_refused_is_ever_evicted(tmp_path: Path) -> None:
    clock = HandClock()
    box = box_of(tmp_path, clock, days=0, max_bytes=0)
    for _ in range(4):
        box.commit(builder(KEY))
    waiting = box.pending()
    box.refuse(receipt_for(waiting[1].packet_id, waiting[1].digest, waiting[1].container_sha256, "quarantined"))
    box.acknowledge(receipt_for(waiting[2].packet_id, waiting[2].digest, waiting[2].container_sha256))
    clock.now += timedelta(days=1000)
    box.prune()
    assert on_disk(box) == [1, 2, 4]
    box.close()


def test_the_ring_gives_way_to_a_full_disk_and_the_packet_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    used = lambda: sum(f.stat().st_size for f in folder.rglob("*.glp"))  # noqa: E731
    box = Outbox(folder, min_free_bytes=0, free_bytes=lambda _: 200_000 - used())
    deliver(box, 12, size=40_000)
    assert box.head.sequence == 13
    assert used() <= 200_000
    box.close()


def test_a_clock_that_jumps_does_not_empty_the_ring_at_once(tmp_path: Path) -> None:
    clock = HandClock()
    box = box_of(tmp_path, clock, days=10)
    for _ in range(100):
        box.commit(builder(KEY))
    acknowledge(box)
    clock.now += timedelta(days=200)
    box.prune()
    assert 60 <= len(on_disk(box)) < 100
    box.close()


def test_what_is_sent_again_is_pending_again_and_whole(tmp_path: Path) -> None:
    box = box_of(tmp_path)
    deliver(box, 5)
    assert box.resend(2, 4) == [2, 3, 4]
    assert [p.sequence for p in box.pending()] == [2, 3, 4]
    assert [open_packet(box.read(p)).manifest.chain.sequence for p in box.pending()] == [2, 3, 4]
    assert (box.counts().pending, box.counts().delivered) == (3, 2)
    acknowledge(box)
    assert (box.counts().pending, box.counts().delivered) == (0, 5)
    box.close()


def node_file(folder: Path) -> Path:
    path = folder / "node.yaml"
    value = {
        "schema_version": 1,
        "node_id": "node-1",
        "key_file": "n.key",
        "centre_public_key": "c.pub",
        "data_dir": "d",
    }
    path.write_text(yaml.safe_dump(value))
    return path


def shell(folder: Path, *arguments: str) -> Result:
    command, *rest = arguments
    return CliRunner().invoke(edge_cli, ["outbox", command, "--config", str(node_file(folder)), *rest])


def test_an_outbox_is_listed_and_sent_again_from_the_command_line_while_its_box_runs(tmp_path: Path) -> None:
    box = box_of(tmp_path / "d" / "outbox", max_bytes=0)
    deliver(box, 2)
    box._ring.keep = Keep()
    deliver(box, 2)
    box.commit(builder(KEY))
    lines = [line.split()[:3:2] for line in shell(tmp_path, "list").output.splitlines()]
    assert lines == [["1", "delivered"], ["2", "delivered"], ["3", "delivered"], ["4", "delivered"], ["5", "pending"]]
    assert "gone" in shell(tmp_path, "list").output.splitlines()[0]
    assert len(shell(tmp_path, "list", "--last", "2").output.splitlines()) == 2
    sent = shell(tmp_path, "resend", "--from", "1")
    assert (sent.exit_code, "3 packet(s) will be sent again, 1 were waiting" in sent.output) == (1, True), sent.output
    assert "numbers 1" in sent.output
    assert [p.sequence for p in box.pending()] == [2, 3, 4, 5], "the running box sees it"
    acknowledge(box)
    one = shell(tmp_path, "resend", entries(tmp_path / "d" / "outbox")[2].packet_id)
    assert (one.exit_code, [p.sequence for p in box.pending()]) == (0, [3])
    for wrong in (("resend",), ("resend", "--from", "1", "x"), ("resend", "--from", "99"), ("resend", "nobody")):
        assert shell(tmp_path, *wrong).exit_code in (1, 2)
    box.close()


def test_a_folder_without_an_outbox_is_said_and_none_is_made(tmp_path: Path) -> None:
    found = shell(tmp_path, "list")
    assert (found.exit_code, "holds no outbox" in found.output) == (1, True)
    assert not (tmp_path / "d").exists()


def test_an_outbox_of_the_software_before_is_taken_over(tmp_path: Path) -> None:
    box = box_of(tmp_path)
    deliver(box, 2)
    box.commit(builder(KEY))
    box.close()
    import sqlite3

    old = sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)
    for name in ("packet_came", "packet_moved"):
        old.execute(f"DROP TRIGGER {name}")
    for name in ("packet_ring", "packet_past"):
        old.execute(f"DROP INDEX {name}")
    old.executescript("DROP TABLE tally; ALTER TABLE packet DROP COLUMN settled_at; PRAGMA user_version = 1;")
    old.close()
    again = box_of(tmp_path)
    assert (again.counts().pending, again.counts().delivered) == (1, 2)
    assert again.warnings == []
    deliver(again)
    again.close()


def steps(box: Outbox, work: object) -> int:
    """Steps of SQLite's machine: what a query costs, whatever else the computer does."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    box._table.db.set_progress_handler(step, 1)
    work()  # type: ignore[operator]
    box._table.db.set_progress_handler(None, 1)
    return count


@pytest.mark.parametrize("ring", ["kept", "gone"])
def test_no_call_grows_with_what_was_delivered_before(tmp_path: Path, ring: str) -> None:
    """With 100 and with 9000 packets of history: the same steps."""
    cost: dict[int, list[int]] = {}
    for history in (100, 9_000):
        box = box_of(tmp_path / str(history))
        deliver(box, 2)
        with box._table.transaction():
            box._table.db.executemany(
                "INSERT INTO packet (sequence, packet_id, digest, container_sha256, size, created_at, state, pruned,"
                " settled_at) VALUES (?, ?, ?, ?, 1, '2026-01-01', 'delivered', ?, '2026-03-01T08:00:00.000Z')",
                [(n, f"p{n}", f"{n:064x}", f"c{n}", int(ring == "gone")) for n in range(3, history)],
            )
        for _ in range(2):
            box.commit(builder(KEY))
        packet = box.pending()[0]
        receipt = receipt_for(packet.packet_id, packet.digest, packet.container_sha256)
        cost[history] = [
            steps(box, lambda box=box, receipt=receipt: box.acknowledge(receipt)),
            steps(box, box.counts),
            steps(box, box.pending),
            steps(box, lambda box=box: box.head),
        ]
        box.close()
    for few, many in zip(cost[100], cost[9_000], strict=True):
        assert many <= few + 400, cost


def test_rows_of_packets_long_gone_are_forgotten_and_still_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge.delivery.delivered_ring, "_PAST_ROWS", 5)
    box = box_of(tmp_path, max_bytes=0)
    deliver(box, 20)
    assert len(entries(tmp_path)) <= 8
    assert box.counts().delivered == 20
    assert box.head.sequence == 21
    box.close()
    again = box_of(tmp_path)
    assert (again.head.sequence, again.warnings) == (21, [])
    again.close()


def test_nobody_else_on_the_box_reads_the_evidence(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        box = box_of(tmp_path / "box")
        box.commit(builder(KEY))
    finally:
        os.umask(before)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in [box.folder, *box.folder.rglob("*")]}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077 and name != "owner.lock"} == {}
    box.close()


def test_a_database_of_before_that_everybody_could_read_is_closed_at_the_next_start(tmp_path: Path) -> None:
    box = box_of(tmp_path)
    box.close()
    tmp_path.chmod(0o755)
    (tmp_path / "outbox.db").chmod(0o644)
    box_of(tmp_path).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "outbox.db").stat().st_mode) == 0o600


def test_the_tool_says_what_is_no_longer_there(tmp_path: Path) -> None:
    box = box_of(tmp_path, max_bytes=0)
    deliver(box, 3)
    sent = resend(tmp_path)
    assert (sent.queued, sent.gone) == ((3,), (1, 2))
    box.close()
