"""Promise 1 and 2 at the centre: nothing lost, nothing altered, nothing that stops it."""

from __future__ import annotations

import contextlib
import re
import shutil
import tracemalloc
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import select

import central.intake.transfers
import central.pictures.opening
from central.cases.opening import times_can_be
from central.centre import Centre
from central.desk.unit import unit_view
from central.desk.worklist import QueueFilter, queue
from central.intake.ingest import Ingest, Reply
from central.intake.nodes import NodeError, add_node, end_key
from central.store.blobs import StoreError, StoreFull
from central.store.case_tables import CaseRow
from central.store.packet_tables import AlarmRow, NodeRow, PacketRow, QuarantineRow
from central.store.packets import container_of
from central.units.tree import EVERYWHERE
from evidence.container import open_packet, verify_packet
from evidence.errors import PacketError, WireError
from evidence.receipt import Receipt, read_receipt
from evidence.seal import SigningKey
from evidence.wire import CameraHealth, Health, Want, decode, parse_topic
from tests.central.build import NODE, NODE_KEY, NOW, NodeChain, chunks_of, make_centre, offer_of, packet, picture


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
    from central.intake.nodes import add_node

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


@pytest.mark.parametrize("good", [True, False], ids=["stored", "quarantined"])
def test_a_large_container_is_judged_and_kept_without_being_held_in_memory(good: bool, box: Centre) -> None:
    clip_bytes = 40_000_000
    data = NodeChain().next(pad=clip_bytes)
    packet_id = open_packet(data).manifest.packet_id
    data = data if good else flipped(data, clip_bytes // 2)
    offer, ingest = offer_of(data, packet_id=packet_id), Ingest.of(box)
    ingest.offer(NODE, offer)
    folder = next(box.config.transfer_dir.glob("*/*"))
    (folder / "data").write_bytes(data)
    (folder / "have").write_bytes(b"\x01" * (offer.chunks - 1) + b"\x00")
    last = chunks_of(data, offer)[-1]
    del data
    tracemalloc.start()
    try:
        replies = ingest.chunk(NODE, last)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert receipt(box, replies).status == ("stored" if good else "quarantined")
    assert peak_bytes < clip_bytes / 4


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
    """A receipt says that the bytes are kept: without room there is none, so the node keeps its packet."""
    settings = {"items": {"quarantine_items_per_node": 2}, "bytes of a node": {"quarantine_bytes_per_node": 9_000},
                "bytes of all": {"quarantine_bytes": 9_000 * 4}}  # fmt: skip
    for name, bound in settings.items():
        centre = make_centre(tmp_path / name, limits=bound)
        ingest, made = Ingest.of(centre), [bytes([n]) * 4_000 for n in range(5)]
        for data in made[:2]:
            assert receipt(centre, send(ingest, data, packet_id=str(uuid.uuid4()))).kept
        for data in made[2:]:
            with pytest.raises(StoreFull, match="quarantine has no room"):
                send(ingest, data, packet_id=str(uuid.uuid4()))
        kept = rows(centre, QuarantineRow)
        assert [(centre.config.quarantine_dir / k.path).read_bytes() for k in kept] == made[:2]
        assert "quarantine_full" in {a.kind for a in rows(centre, AlarmRow)}


def test_a_rogue_node_cannot_use_up_the_quarantine_of_the_others(tmp_path: Path) -> None:
    centre = make_centre(tmp_path, limits={"quarantine_bytes": 40_000})
    with centre.db.write() as session:
        add_node(session, "giao-lo-2", SigningKey.generate().public, now=NOW)
    ingest, kept = Ingest.of(centre), 0
    for n in range(20):
        with contextlib.suppress(StoreFull):
            send(ingest, bytes([n]) * 4_000, packet_id=str(uuid.uuid4()))
            kept += 1
    assert 0 < kept < 10
    assert receipt(centre, send(ingest, b"y" * 4_000, node="giao-lo-2", packet_id=str(uuid.uuid4()))).kept


def test_what_the_quarantine_had_no_room_for_comes_again_once_the_key_is_right(box: Centre) -> None:
    """The whole way of a wrongly registered key: no packet is without a trace."""
    centre = make_centre(box.config.data_dir.parent / "small", limits={"quarantine_items_per_node": 3})
    with centre.db.write() as session:
        add_node(session, NODE, SigningKey.generate().public, now=NOW - timedelta(days=1))
    ingest, node = Ingest.of(centre), NodeChain()
    waiting = []
    for data in [node.next() for _ in range(8)]:
        try:
            send(ingest, data)
        except StoreFull:
            waiting.append(data)
    assert len(waiting) == 5
    with centre.db.write() as session:
        add_node(session, NODE, NODE_KEY.public, now=NOW)
    assert [o.status for _, o in ingest.gate.rejudge()] == ["stored"] * 3
    assert [receipt(centre, ingest.offer(NODE, offer_of(data))).status for data in waiting] == ["stored"] * 5
    assert len(rows(centre, PacketRow)) == 8


def test_an_entry_of_the_quarantine_whose_bytes_are_gone_asks_for_them_again(box: Centre) -> None:
    ingest, data, name = Ingest.of(box), b"junk" * 1000, str(uuid.uuid4())
    assert receipt(box, send(ingest, data, packet_id=name)).status == "quarantined"
    file = box.config.quarantine_dir / rows(box, QuarantineRow)[0].path
    file.unlink()
    assert ingest.offer(NODE, offer_of(data, packet_id=name))[0].kind == "want"
    assert receipt(box, send(ingest, data, packet_id=name)).kept
    assert file.read_bytes() == data
    assert len(rows(box, QuarantineRow)) == 1


@pytest.mark.parametrize("harm", ["gone", "emptied", "altered", "a whole folder gone"])
def test_a_duplicate_receipt_is_given_only_while_every_blob_is_there(harm: str, box: Centre) -> None:
    ingest, data = Ingest.of(box), NodeChain().next()
    assert receipt(box, send(ingest, data)).status == "stored"
    manifest = open_packet(data).manifest
    blob = box.store.path(manifest.files[1].sha256)  # type: ignore[attr-defined]
    blob.chmod(0o600)
    if harm == "gone":
        blob.unlink()
    elif harm == "emptied":
        blob.write_bytes(b"")
    elif harm == "altered":
        blob.write_bytes(flipped(blob.read_bytes(), 10))
    else:
        shutil.rmtree(box.config.blob_dir)
        (box.config.blob_dir / "tmp").mkdir(parents=True)
    assert ingest.offer(NODE, offer_of(data))[0].kind == "want"
    assert receipt(box, send(ingest, data)).status == "duplicate"
    with box.db.read() as session:
        assert container_of(session, box.store, manifest.packet_id) == data
    assert receipt(box, ingest.offer(NODE, offer_of(data))).status == "duplicate"
    assert len(rows(box, CaseRow)) == 1


def second_node(centre: Centre) -> SigningKey:
    key = SigningKey.generate()
    with centre.db.write() as session:
        add_node(session, "giao-lo-2", key.public, now=NOW)
    return key


def test_a_node_cannot_take_the_packet_ids_of_another(centre: Centre) -> None:
    key, true = second_node(centre), NodeChain().next()
    name = open_packet(true).manifest.packet_id
    fake = packet(key=key, node="giao-lo-2", packet_id=name, plate="30A99999")
    ingest = Ingest.of(centre)
    assert receipt(centre, send(ingest, fake, node="giao-lo-2")).status == "stored"
    assert receipt(centre, send(ingest, true)).status == "stored"
    assert receipt(centre, send(ingest, true)).status == "duplicate"
    assert receipt(centre, send(ingest, fake, node="giao-lo-2")).status == "duplicate"
    with centre.db.read() as session:
        stored = {r.node_id: container_of(session, centre.store, r.id) for r in session.scalars(select(PacketRow))}
    assert stored == {NODE: true, "giao-lo-2": fake}
    assert {r.packet_id for r in rows(centre, PacketRow)} == {name}
    assert {c.plate for c in rows(centre, CaseRow)} == {"36A12345", "30A99999"}
    assert "shared_id" in {a.kind for a in rows(centre, AlarmRow)}


def test_an_offer_of_another_nodes_packet_is_not_settled_with_its_receipt(box: Centre) -> None:
    second_node(box)
    data = NodeChain().next()
    send(Ingest.of(box), data)
    (answer,) = Ingest.of(box).offer("giao-lo-2", offer_of(data))
    assert (answer.node, answer.kind) == ("giao-lo-2", "want")
    assert receipt(box, send(Ingest.of(box), data, node="giao-lo-2")).status == "quarantined"


def test_a_packet_sealed_with_a_key_that_the_node_had_then_is_taken(centre: Centre) -> None:
    """Five waited on the box while its key was changed; one was made with the new key before the centre knew it."""
    node, new = NodeChain(), SigningKey.generate()
    waiting = [node.next() for _ in range(5)]
    node.key = new
    early = node.next()
    ingest = Ingest.of(centre)
    assert receipt(centre, send(ingest, early)).status == "quarantined"
    with centre.db.write() as session:
        add_node(session, NODE, new.public, now=NOW)
    assert [receipt(centre, send(ingest, data)).status for data in waiting] == ["stored"] * 5
    assert [o.status for _, o in ingest.gate.rejudge()] == ["stored"]
    late = packet(at=NOW + timedelta(minutes=1), sequence=9, previous="a" * 64)
    answer = receipt(centre, send(ingest, late))
    assert answer.status == "quarantined"
    assert "ended for giao-lo-1" in answer.reason


def test_a_stolen_key_is_ended_with_a_date_and_the_end_can_be_moved(centre: Centre) -> None:
    key_id = NODE_KEY.public.key_id
    before, after = packet(at=NOW - timedelta(hours=5)), packet(at=NOW - timedelta(hours=2))
    with centre.db.write() as session:
        end_key(session, NODE, key_id, NOW - timedelta(hours=3))
    ingest = Ingest.of(centre)
    assert receipt(centre, send(ingest, before)).status == "stored"
    assert receipt(centre, send(ingest, after)).status == "quarantined"
    with centre.db.write() as session:
        end_key(session, NODE, key_id, NOW - timedelta(hours=1))
    assert [o.status for _, o in ingest.gate.rejudge()] == ["stored"]
    with pytest.raises(NodeError, match="never had"), centre.db.write() as session:
        end_key(session, NODE, "0" * 16, NOW)


def test_a_key_of_another_node_opens_nothing(box: Centre) -> None:
    key = second_node(box)
    answer = receipt(box, send(Ingest.of(box), packet(key=key)))
    assert answer.status == "quarantined"
    assert "never had" in answer.reason


PNG_BOMB = bytes(cv2.imencode(".png", np.zeros((20_000, 20_000), np.uint8))[1])


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param({"still_on.png": PNG_BOMB}, "20000 x 20000", id="gigabytes when unfolded"),
        pytest.param({"plate_crop.png": PNG_BOMB}, "20000 x 20000", id="the same as a crop"),
        pytest.param({"other.png": PNG_BOMB}, "20000 x 20000", id="the same in no role"),
        pytest.param({"still_on.jpg": picture(1280, 720)}, "1280 x 720", id="a still of another size"),
        pytest.param({"vehicle_crop.jpg": picture(641, 100)}, "641 x 100", id="a crop wider than the picture"),
    ],
)
def test_a_picture_of_absurd_size_is_refused_before_it_is_unfolded(
    files: dict[str, bytes], reason: str, box: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unfold(*_: object) -> None:
        raise AssertionError("the picture was unfolded")

    monkeypatch.setattr(central.pictures.opening.cv2, "imdecode", unfold)
    answer = receipt(box, send(Ingest.of(box), packet(files={"clip.mp4": b"x", **files})))
    assert answer.status == "quarantined"
    assert reason in answer.reason


@pytest.mark.parametrize("data", [PNG_BOMB, b"", b"x" * 300, b"II*\0" + bytes(100)])
def test_nothing_is_decoded_that_is_no_picture_of_a_camera(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[object] = []
    monkeypatch.setattr(central.pictures.opening.cv2, "imdecode", lambda *a: called.append(a))
    assert central.pictures.opening.decode(data) is None
    assert called == []


def test_only_one_place_at_the_centre_decodes_pictures() -> None:
    folder = Path(central.pictures.opening.__file__).parents[1]
    found = {f.name for f in folder.rglob("*.py") if re.search(r"imdecode|Image\.open", f.read_text("utf-8"))}
    assert found == {"opening.py"}


def alarms(centre: Centre) -> dict[str, str]:
    return {a.kind: a.text for a in rows(centre, AlarmRow) if a.acknowledged_at is None}


def test_a_gap_is_an_alarm_until_it_closes(centre: Centre) -> None:
    node, ingest = NodeChain(), Ingest.of(centre)
    ingest.health(NODE, Health(node=NODE, status="running", at="x", outbox_pending=0))
    made = [node.next() for _ in range(8)]
    send(ingest, made[0])
    assert alarms(centre) == {}
    send(ingest, made[4])
    assert "2-4" in alarms(centre)["gap"]
    send(ingest, made[7])
    assert "2-4, 6-7" in alarms(centre)["gap"]
    for data in (made[1], made[2], made[5], made[6]):
        send(ingest, data)
    assert "1 packet(s) of giao-lo-1 are missing: 4" in alarms(centre)["gap"]
    send(ingest, made[3])
    assert alarms(centre) == {}
    other = NodeChain(sequence=9, previous="a" * 64)
    send(ingest, other.next())
    assert len([a for a in rows(centre, AlarmRow) if a.kind == "gap"]) == 1, "one alarm a node, opened again"


def test_what_the_node_still_holds_is_on_its_way_and_no_gap(box: Centre) -> None:
    node, ingest = NodeChain(), Ingest.of(box)
    made = [node.next() for _ in range(5)]
    ingest.health(NODE, Health(node=NODE, status="running", at="x", outbox_pending=5))
    send(ingest, made[4])
    assert alarms(box) == {}
    ingest.health(NODE, Health(node=NODE, status="running", at="x", outbox_pending=0))
    assert "1-4" in alarms(box)["gap"]


HOLDS_FIVE = Health(node=NODE, status="running", at="x", outbox_pending=5)
HOLDS_NONE = Health(node=NODE, status="running", at="x", outbox_pending=0)
LAST_WILL = Health(node=NODE, status="lost", at="x")


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([], id="the node has not spoken yet"),
        pytest.param([LAST_WILL], id="nor has it when the broker says that it is lost"),
        pytest.param([HOLDS_FIVE, LAST_WILL], id="the will of a cut connection comes after the node's new word"),
    ],
)
def test_a_later_packet_that_comes_first_is_no_gap_as_long_as_the_node_may_hold_the_others(
    told: list[Health], box: Centre
) -> None:
    """After an outage the newest come first, and the will of the old connection, which knows no numbers, comes late."""
    node, ingest = NodeChain(), Ingest.of(box)
    made = [node.next() for _ in range(5)]
    for health in told:
        ingest.health(NODE, health)
    send(ingest, made[4])
    assert alarms(box) == {}
    ingest.health(NODE, HOLDS_NONE)
    assert "1-4" in alarms(box)["gap"], "then it is one"


def test_a_node_that_holds_receipts_for_what_is_not_here_raises_an_alarm(box: Centre) -> None:
    """As after the restore of a backup: nothing else tells that the newest packets are gone."""
    node, ingest = NodeChain(), Ingest.of(box)
    for _ in range(3):
        send(ingest, node.next())
    well = Health(node=NODE, status="running", at="x", delivered_sequence=3, newest_sequence=3)
    ingest.health(NODE, well)
    assert alarms(box) == {}
    ingest.health(NODE, well.model_copy(update={"delivered_sequence": 40}))
    assert "resend --from 4" in alarms(box)["behind_node"]
    ingest.health(NODE, well)
    assert alarms(box) == {}


def test_a_packet_that_waits_too_long_on_its_box_is_an_alarm(box: Centre) -> None:
    ingest = Ingest.of(box)
    told = Health(node=NODE, status="running", at="x", outbox_pending=1, oldest_pending_s=7 * 3600.0)
    ingest.health(NODE, told)
    assert "7 hours" in alarms(box)["old_packets"]
    ingest.health(NODE, told.model_copy(update={"oldest_pending_s": 20.0}))
    assert alarms(box) == {}


def test_gaps_are_found_without_reading_the_whole_chain(box: Centre) -> None:
    with box.db.engine.connect() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT sequence FROM packets"
            " WHERE node_id = 'n' AND chain_state = 'gap' ORDER BY sequence"
        ).all()
    assert "ix_packets_gaps" in str(plan)


def test_offers_in_a_nodes_name_do_not_push_out_a_transfer_that_has_begun(box: Centre) -> None:
    ingest, data = Ingest.of(box), packet(pad=300_000)
    offer = offer_of(data)
    ingest.offer(NODE, offer)
    ingest.chunk(NODE, chunks_of(data, offer)[0])
    for n in range(50):
        box.clock.forward(seconds=1)  # type: ignore[attr-defined]
        ingest.offer(NODE, offer_of(bytes([n]) * 5000, packet_id=str(uuid.uuid4())))
    want = decode(Want, ingest.offer(NODE, offer)[0].payload, where="test")
    assert want.ranges == [(1, offer.chunks - 1)]


def test_a_transfer_is_not_opened_into_the_reserve_of_the_disk(box: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = box.config.limits.disk_reserve_bytes
    data = packet(pad=1_000_000)
    size = len(data)
    for free, opened in ((reserve + 2 * size - 1, False), (reserve + 2 * size, True)):
        monkeypatch.setattr(central.intake.transfers.shutil, "disk_usage", lambda _, free=free: Usage(free))
        if opened:
            assert Ingest.of(box).offer(NODE, offer_of(data))[0].kind == "want"
        else:
            with pytest.raises(StoreFull, match="disk is full"):
                Ingest.of(box).offer(NODE, offer_of(data))


class Usage:
    def __init__(self, free: int) -> None:
        self.free = free


def test_what_nodes_say_cannot_write_lines_of_its_own_into_the_log() -> None:
    with pytest.raises(WireError) as caught:
        parse_topic("giaolo/v1/a/up/offer\nINFO central.intake.ingest receipt node=a status=stored")
    assert "\n" not in str(caught.value)
    assert str(PacketError("is\r\nnot", where="đèn\x1b[2J.jpg")) == "đèn\\x1b[2J.jpg: is\\r\\nnot"


def test_a_chunk_that_nobody_offered_is_dropped(box: Centre) -> None:
    data = packet()
    assert Ingest.of(box).chunk(NODE, chunks_of(data, offer_of(data))[0]) == []


def unit_view_of(centre: Centre) -> tuple[str, int, tuple[CameraHealth, ...]]:
    """Status, waiting packets and cameras of the one node, as the unit's page shows them."""
    with centre.db.read() as session:
        (line,) = unit_view(session, centre.clock(), scope=EVERYWHERE).nodes
    return line.status, line.pending, line.cameras


def test_health_is_kept_and_a_last_will_does_not_count_as_seen(box: Centre) -> None:
    ingest = Ingest.of(box)
    running = [CameraHealth(id="c", state="running")]
    ingest.health(NODE, Health(node=NODE, status="running", at="x", outbox_pending=3, cameras=running))
    seen = rows(box, NodeRow)[0].last_seen
    box.clock.forward(hours=1)  # type: ignore[attr-defined]
    ingest.health(NODE, Health(node=NODE, status="lost", at="x"))
    row = rows(box, NodeRow)[0]
    assert (row.status, row.last_seen) == ("lost", seen)
    assert unit_view_of(box) == ("lost", 3, ()), "what it holds stands; cameras are those of then"
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


IMPOSSIBLE = [
    # what it shows, seconds from act to packet, from packet to receipt, clock of the packet -> flagged
    ("as it should be", 8, 1, "ntp", False),
    ("an act that took long to tell", 55, 1, "ntp", False),
    ("the box's clock was set forward by an hour between act and packet", 3608, 1, "ntp", True),
    ("set back by a minute", -52, 1, "ntp", True),
    ("the box had no network for two days", 8, 2 * 86400, "ntp", False),
    ("made long before it came", 8, 30 * 86400, "ntp", True),
    ("made after it came", 8, -60, "ntp", True),
    ("a recording looked at a year later", 365 * 86400, 1, "file", False),
]


@pytest.mark.parametrize(
    ("what", "making_s", "coming_s", "source", "flagged"), IMPOSSIBLE, ids=[c[0] for c in IMPOSSIBLE]
)
def test_times_that_cannot_have_followed_each_other_are_flagged(
    what: str, making_s: float, coming_s: float, source: str, flagged: bool
) -> None:
    made_at = NOW - timedelta(seconds=coming_s)
    told = open_packet(packet(at=made_at - timedelta(seconds=making_s))).manifest
    clock = told.clock.model_copy(update={"source": source})
    assert times_can_be(told.model_copy(update={"created_at": made_at, "clock": clock}), NOW) is not flagged


def test_a_case_whose_times_cannot_be_says_so(centre: Centre) -> None:
    send(Ingest.of(centre), packet(at=NOW - timedelta(days=40)))
    assert "clock_unsure" in rows(centre, CaseRow)[0].flags
