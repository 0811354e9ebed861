"""The audit does not believe the database: who may write to it, but has no key of ours, is found."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from central.audit.stored import audit
from central.cases import log as case_log
from central.cases import opening
from central.centre import Centre
from central.desk import actions
from central.intake.ingest import Ingest
from central.intake.nodes import add_node
from central.ledger import merkle
from central.ledger.signing import Ledger, LedgerError, ledger_of
from central.notices import drafting, issuing
from central.store.alarms import open_alarms
from central.store.case_tables import CaseEventRow, CaseRow, CounterRow, NoticeRow
from central.store.packet_tables import CheckpointRow, LogNodeRow, PacketFileRow, PacketRow
from evidence.canonical import canonical_json
from evidence.centre_keys import CentreKeys
from evidence.container import open_packet
from evidence.seal import SigningKey
from tests.central.build import (
    HOA,
    LAN,
    NODE,
    NOW,
    NodeChain,
    case_of,
    claimed,
    confirmed,
    issued,
    make_centre,
    packet,
    seen,
)


def faults(centre: Centre, *, files: bool = True) -> tuple[str, ...]:
    with centre.db.read() as session:
        found = audit(session, centre.key.public, centre=centre.config.centre_id, files=centre.store if files else None)
    return found.faults


def without_guards(session: Session) -> None:
    """What somebody with the database does first."""
    if session.get_bind().dialect.name == "sqlite":
        names = session.execute(text("select name from sqlite_master where type = 'trigger'")).scalars().all()
        for name in names:
            session.execute(text(f"drop trigger {name}"))
    else:
        session.execute(text("set session_replication_role = replica"))


def rehash(session: Session, case_id: str) -> None:
    """Make every hash of a record fit again."""
    previous: str | None = None
    for event in case_log.events(session, case_id):
        event.previous = previous
        event.hash = previous = case_log.event_hash(event)
    case = session.get_one(CaseRow, case_id)
    case.events_head = previous


def signed_off(centre: Centre) -> None:
    with centre.db.write() as session:
        merkle.checkpoint(session, centre.key, centre=centre.config.centre_id, now=centre.clock())


def test_a_centre_in_full_use_passes(centre: Centre) -> None:
    issued(centre)
    confirmed(centre, sequence=2, previous="a" * 64, plate="36B22222", typed="36B-222.22")
    back = confirmed(centre, sequence=3, previous="b" * 64)
    with centre.db.write() as session:
        actions.return_to_queue(session, back, HOA, "nhìn lại biển số", now=centre.clock())
    rejected = claimed(centre, sequence=4, previous="c" * 64)
    with centre.db.write() as session:
        actions.reject(session, rejected, LAN, "lamp_unclear", now=centre.clock())
    signed_off(centre)
    assert faults(centre) == ()


def test_a_record_rewritten_with_fitting_hashes_is_found(centre: Centre) -> None:
    """Who confirmed, and the plate, of an issued case: in the case, in its events, with every hash made anew."""
    case_id, _ = issued(centre)
    with centre.db.write() as session:
        without_guards(session)
        case = session.get_one(CaseRow, case_id)
        case.plate, case.confirmed_by = "36A99999", "binh"
        for event in case_log.events(session, case_id):
            if event.actor == "lan":
                event.actor = "binh"
            if event.action == "confirm":
                event.after = {**event.after, "plate": "36A99999"}
        session.flush()
        rehash(session, case_id)
    found = faults(centre)
    assert any("was not written by this centre" in fault for fault in found), found
    assert any("when its notice was issued" in fault for fault in found), found


def test_a_record_signed_with_another_key_is_found(box: Centre) -> None:
    case_id = confirmed(box)
    own = SigningKey.generate()
    forger = Ledger(own, box.config.centre_id, box.config.data_dir / "elsewhere", CentreKeys(own.public))
    with box.db.write() as session:
        without_guards(session)
        for event in case_log.events(session, case_id):
            event.actor = "binh" if event.actor == "lan" else event.actor
        rehash(session, case_id)
        case = session.get_one(CaseRow, case_id)
        for event in case_log.events(session, case_id):
            event.signature = forger.sign_event(case_id, event.sequence, event.hash)
        case.events_signature = forger.sign_end(case_id, case.events_count, case.events_head or "")
    assert any("was not written by this centre" in fault for fault in faults(box))


@pytest.mark.parametrize("unsigned", [False, True], ids=["signatures kept", "signatures taken away"])
def test_a_record_cut_short_with_the_case_put_back_is_found(box: Centre, unsigned: bool) -> None:
    """The last events removed, count and head set to what they were then: each event left is truly signed."""
    case_id = confirmed(box)
    with box.db.write() as session:
        without_guards(session)
        kept = [e for e in case_log.events(session, case_id) if e.action in ("create", "claim")]
        session.execute(delete(CaseEventRow).where(CaseEventRow.case_id == case_id, CaseEventRow.sequence > len(kept)))
        case = session.get_one(CaseRow, case_id)
        case.status, case.confirmed_by, case.confirmed_at = "in_review", None, None
        case.events_count, case.events_head = len(kept), kept[-1].hash
        if unsigned:
            case.events_signature = None
    found = faults(box)
    assert any("events were removed" in fault for fault in found), found


def test_an_issued_case_put_back_as_a_whole_to_an_older_state_is_found(box: Centre) -> None:
    """With the true signature of that time, as somebody with an old copy of the database has it."""
    case_id = confirmed(box)
    with box.db.read() as session:
        old = session.get_one(CaseRow, case_id)
        then = (old.status, old.events_count, old.events_head, old.events_signature)
    drafting.prepare_notice(box.db, case_id, LAN, desk=box.notices, now=box.clock())
    issuing.issue(box.db, case_id, HOA, desk=box.notices, now=box.clock(), seen=seen(box, case_id))
    with box.db.write() as session:
        without_guards(session)
        session.execute(delete(NoticeRow).where(NoticeRow.case_id == case_id))
        session.execute(delete(CaseEventRow).where(CaseEventRow.case_id == case_id, CaseEventRow.sequence > then[1]))
        case = session.get_one(CaseRow, case_id)
        case.status, case.events_count, case.events_head, case.events_signature = then  # type: ignore[assignment]
    assert any("when its notice was issued" in fault for fault in faults(box))


def test_the_end_of_the_log_removed_with_its_checkpoint_is_found(box: Centre) -> None:
    chain = NodeChain()
    for _ in range(8):
        case_of(box, chain.next())
    signed_off(box)
    assert faults(box) == ()
    keep = 5
    with box.db.write() as session:
        without_guards(session)
        packets = session.scalars(select(PacketRow.id).where(PacketRow.log_index >= keep)).all()
        gone = session.scalars(select(CaseRow.id).where(CaseRow.packet_id.in_(packets))).all()
        session.execute(delete(CaseEventRow).where(CaseEventRow.case_id.in_(gone)))
        session.execute(delete(CaseRow).where(CaseRow.id.in_(gone)))
        session.execute(delete(PacketFileRow).where(PacketFileRow.packet_id.in_(packets)))
        session.execute(delete(PacketRow).where(PacketRow.id.in_(packets)))
        for level in range(4):
            session.execute(delete(LogNodeRow).where(LogNodeRow.level == level, LogNodeRow.index >= (keep >> level)))
        session.execute(delete(CheckpointRow).where(CheckpointRow.size > keep))
        session.execute(update(CounterRow).where(CounterRow.name.in_(["log", "case"])).values(value=keep))
    assert faults(box) == ("checkpoint kept outside the database: 3 entries of the log are missing",)
    # and it is told without an audit, as soon as the centre signs the next time; what was signed stays where it is
    Ingest.of(box).maintain()
    with box.db.read() as session:
        assert [a.kind for a in open_alarms(session)] == ["log_rewound"]
        ledger = ledger_of(session)
    assert ledger is not None
    assert ledger.newest().size == 8  # type: ignore[union-attr]
    for _ in range(4):
        case_of(box, packet(key=chain.key, sequence=chain.sequence + 1, previous="d" * 64))
        chain.sequence += 1
    Ingest.of(box).maintain()
    assert any("is not the one that was signed" in fault for fault in faults(box))


def forged(centre: Centre, key: SigningKey) -> None:
    """Insert a packet by hand, with all that belongs to it, as somebody with database and disk may."""
    data = packet(key=key, sequence=2, previous="b" * 64, plate="30A99999")
    opened = open_packet(data)
    manifest = opened.manifest
    for file in opened.files.values():
        centre.store.put(file)
    with centre.db.write() as session:
        row = PacketRow(
            id=manifest.packet_id,
            packet_id=manifest.packet_id,
            node_id=NODE, sequence=2, previous=manifest.chain.previous, digest=manifest.digest,
            container_sha256=opened.container_sha256, size=len(data), manifest=manifest.to_bytes().decode(),
            seal=canonical_json(opened.seal.model_dump(mode="json")).decode(), chain_state="ok",
            occurred_at=manifest.act.occurred_at, received_at=NOW, log_index=merkle.append(session, manifest.digest),
            files=[
                PacketFileRow(position=n, **f.model_dump(include={"name", "role", "media_type", "size", "sha256"}))
                for n, f in enumerate(manifest.files)
            ],
        )  # fmt: skip
        session.add(row)
        session.flush()
        opening.create_case(session, row, manifest, case_id=str(uuid.uuid4()), now=NOW)
    signed_off(centre)


def test_a_packet_sealed_with_a_key_that_its_node_never_had_is_found(box: Centre) -> None:
    case_of(box)
    stranger = SigningKey.generate()
    forged(box, stranger)
    (fault,) = faults(box)
    assert "its seal does not hold" in fault
    assert stranger.public.key_id in fault


def test_packets_sealed_with_a_key_that_was_replaced_are_sound(box: Centre) -> None:
    case_of(box)
    with box.db.write() as session:
        add_node(session, NODE, SigningKey.generate().public, now=box.clock())
    assert faults(box) == ()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"plate": "36A99999"}, "plate is 36A99999, its record says 36A12345"),
        ({"confirmed_by": "binh"}, "confirmed_by is binh, its record says lan"),
        ({"act": "wrong_way"}, "act is wrong_way, its record says red_light"),
        ({"status": "published"}, "status is published, its record says issued"),
        ({"place": "nơi khác"}, "place is nơi khác, the sealed packet says"),
        ({"plate_colour": "yellow"}, "plate_colour is yellow"),
    ],
)
def test_a_column_changed_past_the_program_is_found(change: dict[str, str], found: str, box: Centre) -> None:
    case_id, _ = issued(box)
    with box.db.write() as session:
        session.execute(update(CaseRow).where(CaseRow.id == case_id).values(**change))
    assert any(found in fault for fault in faults(box)), faults(box)


@pytest.mark.parametrize(
    ("change", "found"),
    [({"issued_by": "lan"}, "issued_by of its notice is lan"), ({"pdf_sha256": "0" * 64}, "pdf_sha256 of its notice")],
)
def test_a_notice_changed_past_the_program_is_found(change: dict[str, str], found: str, box: Centre) -> None:
    case_id, _ = issued(box)
    with box.db.write() as session:
        session.execute(update(NoticeRow).where(NoticeRow.case_id == case_id).values(**change))
    assert any(found in fault for fault in faults(box)), faults(box)


def edit(file: Path, change: Callable[[bytes], bytes]) -> None:
    data = file.read_bytes()
    os.chmod(file, 0o600)
    file.write_bytes(change(data))


@pytest.mark.parametrize("name", ["newest-checkpoint.json", "issued.jsonl", "signed-since.json"])
def test_files_of_the_ledger_that_were_altered_are_found(name: str, box: Centre) -> None:
    issued(box)
    signed_off(box)
    edit(
        box.config.ledger_dir / name, lambda data: data.replace(b'"centre"', b'"Centre"').replace(b'"case"', b'"Case"')
    )
    assert faults(box)


def test_records_from_before_signing_pass_and_new_events_on_them_are_signed(tmp_path: Path) -> None:
    old = make_centre(tmp_path / "centre")
    del old.db.info["ledger"]  # as the software before, which signed nothing
    case_id = claimed(old)
    (old.config.ledger_dir / "signed-since.json").unlink()
    old.db.dispose()
    centre = make_centre(tmp_path / "centre")
    assert faults(centre) == ()
    with centre.db.write() as session:
        actions.release(session, case_id, LAN, now=centre.clock())
    assert faults(centre) == ()
    with centre.db.write() as session:
        without_guards(session)
        session.execute(update(CaseEventRow).where(CaseEventRow.action == "release").values(signature=None))
    assert any("was not written by this centre" in fault for fault in faults(centre))
    centre.db.dispose()


def test_where_signing_began_is_written_once(tmp_path: Path) -> None:
    centre = make_centre(tmp_path / "centre")
    case_of(centre)
    before = (centre.config.ledger_dir / "signed-since.json").read_bytes()
    centre.db.dispose()
    again = make_centre(tmp_path / "centre")
    assert (again.config.ledger_dir / "signed-since.json").read_bytes() == before
    (again.config.ledger_dir / "signed-since.json").unlink()
    with pytest.raises(LedgerError), again.db.read() as session:
        ledger_of(session).unsigned_until()  # type: ignore[union-attr]
    again.db.dispose()


def test_what_was_rolled_back_is_not_written_down_outside_the_database(
    box: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = confirmed(box)
    drafting.prepare_notice(box.db, case_id, LAN, desk=box.notices, now=box.clock())
    written = issuing._write_issued

    class Stop(Exception):
        pass

    def written_and_undone(*args: Any) -> None:
        written(*args)
        raise Stop

    monkeypatch.setattr(issuing, "_write_issued", written_and_undone)
    with pytest.raises(Stop):
        issuing.issue(box.db, case_id, HOA, desk=box.notices, now=box.clock(), seen=seen(box, case_id))
    with box.db.read() as session:
        ledger = ledger_of(session)
    assert ledger is not None
    assert list(ledger.marks()) == []
