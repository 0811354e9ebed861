"""Promise 1 and 2 at the centre: nothing lost, nothing altered, nothing that stops it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select

from central.cases import QueueFilter, queue
from central.centre import Centre
from central.db import AlarmRow, CaseRow, NodeRow, PacketRow, QuarantineRow
from central.ingest import Ingest, Reply
from central.packets import container_of
from central.store import StoreError, StoreFull
from evidence.container import open_packet, verify_packet
from evidence.receipt import Receipt, read_receipt
from evidence.seal import SigningKey
from evidence.wire import Health, Want, decode
from tests.central.build import NODE, NODE_KEY, NOW, NodeChain, chunks_of, make_centre, offer_of, packet


def send(ingest: Ingest, data: bytes, *, node: str = NODE, packet_id: str | None = None) -> list[Reply]:
    offer = offer_of(data, packet_id=packet_id)
    replies = ingest.offer(node, offer)
    if replies and replies[0].kind == "want":
        replies = [r for chunk in chunks_of(data, offer) for r in ingest.chunk(node, chunk)]
    return replies


def receipt(centre: Centre, replies: list[Reply]) -> Receipt:
    assert [r.kind for r in replies] == ["receipt"]
    return read_receipt(replies[0].payload, centre.key.public)


def rows(centre: Centre, table: type) -> list:  # type: ignore[type-arg]
    with centre.db.read() as session:
        return list(session.scalars(select(table)))


def test_a_packet_becomes_blobs_rows_and_one_case_and_is_receipted_after_the_commit(centre: Centre) -> None:
    data = NodeChain().next(pad=200_000)
    answer = receipt(centre, send(Ingest.of(centre), data))
    manifest = open_packet(data).manifest
    assert (answer.status, answer.packet_digest, answer.node) == ("stored", manifest.digest, NODE)
    stored, case = rows(centre, PacketRow)[0], rows(centre, CaseRow)[0]
    assert (stored.id, stored.chain_state, stored.log_index) == (manifest.packet_id, "ok", 0)
    assert (case.packet_id, case.number, case.status, case.plate) == (manifest.packet_id, 1, "new", "36A12345")
    with centre.db.read() as session:
        again = container_of(session, centre.store, manifest.packet_id)
    assert again == data
    verify_packet(again, NODE_KEY.public)


def test_the_same_packet_twice_is_one_case_and_a_duplicate_receipt(centre: Centre) -> None:
    ingest, data = Ingest.of(centre), NodeChain().next()
    send(ingest, data)
    answer = receipt(centre, send(ingest, data))
    assert (answer.status, answer.delivered) == ("duplicate", True)
    assert len(rows(centre, CaseRow)) == 1


def test_the_same_packet_id_with_another_digest_is_a_conflict_with_an_alarm_and_its_bytes_are_kept(
    centre: Centre,
) -> None:
    ingest, name = Ingest.of(centre), str(uuid.uuid4())
    first, second = packet(packet_id=name), packet(packet_id=name, plate="36B99999")
    assert receipt(centre, send(ingest, first)).status == "stored"
    answer = receipt(centre, send(ingest, second))
    assert answer.status == "conflict"
    assert not answer.delivered
    kept = rows(centre, QuarantineRow)[0]
    assert (centre.config.quarantine_dir / kept.path).read_bytes() == second
    assert "conflict" in {a.kind for a in rows(centre, AlarmRow)}
    assert rows(centre, CaseRow)[0].plate == "36A12345"


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


NAME = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(flipped(packet(packet_id=NAME), 20_000), "altered", id="one byte flipped in a picture"),
        pytest.param(flipped(packet(packet_id=NAME), 700), "", id="one byte flipped in the manifest"),
        pytest.param(packet(packet_id=NAME, key=SigningKey.generate()), "sealed with key", id="another key"),
        pytest.param(packet(packet_id=NAME, node="giao-lo-2"), "names node giao-lo-2", id="of another node"),
        pytest.param(b"junk" * 1000, "packet", id="no packet at all"),
        pytest.param(packet(), "was offered as", id="offered under another id"),
    ],
)
def test_what_does_not_verify_is_quarantined_with_its_reason(data: bytes, reason: str, box: Centre) -> None:
    answer = receipt(box, send(Ingest.of(box), data, packet_id=NAME))
    assert answer.status == "quarantined"
    assert reason in answer.reason
    kept = rows(box, QuarantineRow)[0]
    assert (box.config.quarantine_dir / kept.path).read_bytes() == data
    assert rows(box, PacketRow) == []
    assert receipt(box, send(Ingest.of(box), data, packet_id=answer.packet_id)).status == "quarantined"
    assert len(rows(box, QuarantineRow)) == 1


def test_a_stranger_gets_no_answer_until_it_is_registered_so_it_keeps_its_packets(box: Centre) -> None:
    key = SigningKey.generate()
    data = packet(node="moi", key=key)
    ingest = Ingest.of(box)
    assert send(ingest, data, node="moi") == []
    assert send(ingest, data, node="moi") == []
    assert [a.kind for a in rows(box, AlarmRow)] == ["unknown_node"]
    from central.nodes import add_node

    with box.db.write() as session:
        add_node(session, "moi", key.public, now=box.clock())
    assert receipt(box, send(ingest, data, node="moi")).status == "stored"


def test_a_transfer_goes_on_after_the_centre_was_killed_in_the_middle(box: Centre) -> None:
    data = NodeChain().next(pad=400_000)
    offer = offer_of(data)
    chunks = chunks_of(data, offer)
    first = Ingest.of(box)
    want = decode(Want, first.offer(NODE, offer)[0].payload, where="test")
    assert want.ranges == [(0, offer.chunks - 1)]
    for index in (0, 1, 3):
        assert first.chunk(NODE, chunks[index]) == []
    second = Ingest.of(box)  # nothing but the disk is left of the first
    want = decode(Want, second.offer(NODE, offer)[0].payload, where="test")
    assert want.ranges == [(2, 2), (4, offer.chunks - 1)]
    replies = [
        r for first_, last in want.ranges for i in range(first_, last + 1) for r in second.chunk(NODE, chunks[i])
    ]
    assert receipt(box, replies).status == "stored"
    assert list(box.config.transfer_dir.glob("*/*")) == []


def test_a_transfer_whose_bytes_rotted_on_disk_starts_again(box: Centre) -> None:
    data = NodeChain().next(pad=200_000)
    offer, ingest = offer_of(data), Ingest.of(box)
    chunks = chunks_of(data, offer)
    ingest.offer(NODE, offer)
    for chunk in chunks[:-1]:
        ingest.chunk(NODE, chunk)
    file = next(box.config.transfer_dir.glob("*/*/data"))
    file.write_bytes(flipped(file.read_bytes(), 100))
    want = ingest.chunk(NODE, chunks[-1])
    assert decode(Want, want[0].payload, where="test").ranges == [(0, offer.chunks - 1)]
    assert receipt(box, send(ingest, data)).status == "stored"


def test_a_full_disk_gives_no_receipt_and_the_packet_is_stored_once_there_is_room(box: Centre, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    ingest, data = Ingest.of(box), NodeChain().next()
    with monkeypatch.context() as full:
        full.setattr(box.store, "reserve_bytes", 10**18)
        with pytest.raises(StoreFull, match="disk is full"):
            send(ingest, data)
        assert rows(box, PacketRow) == []
    assert receipt(box, ingest.offer(NODE, offer_of(data))).status == "stored"


@pytest.mark.parametrize(
    ("order", "states", "forks"),
    [
        ((0, 1, 2), ("ok", "ok", "ok"), 0),
        ((2, 0, 1), ("ok", "ok", "ok"), 0),
        ((0, 2), ("ok", None, "gap"), 0),
        ((2, 1, 0), ("ok", "ok", "ok"), 0),
    ],
)
def test_gaps_are_shown_and_close_when_the_missing_packet_comes(order, states, forks, box: Centre) -> None:  # type: ignore[no-untyped-def]
    chain, ingest = NodeChain(), Ingest.of(box)
    made = [chain.next() for _ in range(3)]
    for index in order:
        assert receipt(box, send(ingest, made[index])).status == "stored"
    found = {r.sequence - 1: r.chain_state for r in rows(box, PacketRow)}
    assert tuple(found.get(i) for i in range(3)) == states
    assert sum(a.kind == "fork" for a in rows(box, AlarmRow)) == forks


def test_two_packets_with_one_number_are_a_fork_that_is_stored_shown_and_alarmed(box: Centre) -> None:
    chain, ingest = NodeChain(), Ingest.of(box)
    first = chain.next()
    digest = open_packet(first).manifest.digest
    twins = [packet(sequence=2, previous=digest), packet(sequence=2, previous=digest)]
    for data in (first, *twins):
        assert receipt(box, send(ingest, data)).status == "stored"
    assert sorted((r.sequence, r.chain_state) for r in rows(box, PacketRow)) == [(1, "ok"), (2, "fork"), (2, "fork")]
    assert [a.kind for a in rows(box, AlarmRow)] == ["fork"]


def test_open_transfers_are_bounded_and_the_longest_idle_one_makes_room(tmp_path: Path) -> None:
    centre = make_centre(tmp_path, limits={"open_transfers_per_node": 2})
    ingest = Ingest.of(centre)
    for _ in range(5):
        centre.clock.forward(seconds=1)  # type: ignore[attr-defined]
        assert ingest.offer(NODE, offer_of(packet()))[0].kind == "want"
    assert len(list(centre.config.transfer_dir.glob("*/*"))) == 2


def test_a_packet_over_the_nodes_share_is_refused_with_an_alarm(tmp_path: Path) -> None:
    centre = make_centre(tmp_path, limits={"open_bytes_per_node": 1024**2})
    assert Ingest.of(centre).offer(NODE, offer_of(packet(pad=2_000_000))) == []
    assert [a.kind for a in rows(centre, AlarmRow)] == ["too_large"]


def test_dead_transfers_age_out(box: Centre) -> None:
    ingest = Ingest.of(box)
    ingest.offer(NODE, offer_of(packet()))
    box.clock.forward(days=8)  # type: ignore[attr-defined]
    ingest.maintain()
    assert list(box.config.transfer_dir.glob("*/*")) == []


def test_the_quarantine_is_bounded_and_says_so(tmp_path: Path) -> None:
    centre = make_centre(tmp_path, limits={"quarantine_items_per_node": 2, "quarantine_bytes": 5_000})
    ingest = Ingest.of(centre)
    for n in range(5):
        answer = receipt(centre, send(ingest, bytes([n]) * 4_000, packet_id=str(uuid.uuid4())))
        assert answer.status == "quarantined"
    kept = rows(centre, QuarantineRow)
    assert len(kept) == 2
    assert [bool(k.path) for k in kept] == [True, False]
    assert "quarantine_full" in {a.kind for a in rows(centre, AlarmRow)}


def test_a_chunk_that_nobody_offered_is_dropped(box: Centre) -> None:
    data = packet()
    assert Ingest.of(box).chunk(NODE, chunks_of(data, offer_of(data))[0]) == []


def test_health_is_kept_and_a_last_will_does_not_count_as_seen(box: Centre) -> None:
    ingest = Ingest.of(box)
    ingest.health(NODE, Health(node=NODE, status="running", at="x", outbox_pending=3))
    seen = rows(box, NodeRow)[0].last_seen
    box.clock.forward(hours=1)  # type: ignore[attr-defined]
    ingest.health(NODE, Health(node=NODE, status="lost", at="x"))
    row = rows(box, NodeRow)[0]
    assert (row.status, row.last_seen) == ("lost", seen)
    ingest.health(NODE, Health(node="other", status="running", at="x"))
    assert rows(box, NodeRow)[0].status == "lost"


def test_a_blob_altered_on_disk_is_found_when_read(box: Centre) -> None:
    data = packet()
    send(Ingest.of(box), data)
    sha = open_packet(data).manifest.files[0].sha256
    path = box.store.path(sha)  # type: ignore[attr-defined]
    path.chmod(0o644)
    path.write_bytes(flipped(path.read_bytes(), 10))
    with pytest.raises(StoreError, match="altered"):
        box.store.read(sha)


@pytest.mark.parametrize(
    ("at", "status"),
    [
        pytest.param(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), "quarantined", id="the year 1"),
        pytest.param(datetime(1969, 12, 31, tzinfo=UTC), "quarantined", id="before clocks of computers"),
        pytest.param(datetime(1970, 1, 2, tzinfo=UTC), "stored", id="a clock without a battery"),
        pytest.param(NOW + timedelta(hours=3), "stored", id="a clock three hours ahead"),
        pytest.param(NOW + timedelta(days=2), "quarantined", id="the day after tomorrow"),
        pytest.param(datetime(9999, 12, 31, tzinfo=UTC) - timedelta(days=1), "quarantined", id="the year 9999"),
    ],
)
def test_times_that_cannot_be_are_kept_aside_and_the_queue_still_opens(
    at: datetime, status: str, centre: Centre
) -> None:
    answer = receipt(centre, send(Ingest.of(centre), packet(at=at)))
    assert answer.status == status
    with centre.db.read() as session:
        shown = queue(session, QueueFilter(), now=centre.clock())
    assert len(shown) == (status == "stored")


@pytest.mark.parametrize(("ahead_s", "flagged"), [(-60.0, False), (0.5, False), (2.0, True)])
def test_an_act_in_the_future_is_flagged_whatever_the_node_thinks_of_its_clock(
    ahead_s: float, flagged: bool, box: Centre
) -> None:
    send(Ingest.of(box), packet(at=NOW + timedelta(seconds=ahead_s)))
    assert ("clock_unsure" in rows(box, CaseRow)[0].flags) is flagged
