"""The append-only log: proofs hold for what is there and for nothing else; tampering is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from central.audit.stored import audit
from central.centre import Centre
from central.intake.ingest import Ingest
from central.ledger import merkle
from central.ledger.merkle import consistency_proof, inclusion_proof, root_of
from evidence.errors import PacketError
from evidence.log_proof import EMPTY_ROOT, LogError, leaf_hash, node_hash, verify_consistency, verify_inclusion
from evidence.seal import SigningKey
from tests.central.build import NodeChain, case_of, confirmed


def digest(n: int) -> str:
    return hashlib.sha256(str(n).encode()).hexdigest()


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


LEAVES = [leaf_hash(digest(n)) for n in range(70)]


def subtree(level: int, index: int) -> bytes:
    return plain_root(LEAVES[index << level : (index + 1) << level])


def test_the_tree_is_that_of_rfc_6962() -> None:
    for size in range(len(LEAVES)):
        assert root_of(subtree, 0, size) == plain_root(LEAVES[:size])


def test_every_entry_of_every_log_is_proven_and_no_other_one() -> None:
    for size in range(1, 40):
        root = plain_root(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(subtree, index, size)
            verify_inclusion(LEAVES[index], index, size, proof, root)
            for wrong in ((LEAVES[index], (index + 1) % size), (LEAVES[size], index)):
                if wrong == (LEAVES[index], index):
                    continue
                with pytest.raises(LogError):
                    verify_inclusion(*wrong, size, proof, root)


def test_every_log_is_proven_to_be_the_beginning_of_every_later_one() -> None:
    for new in range(40):
        for old in range(new + 1):
            proof = consistency_proof(subtree, old, new)
            verify_consistency(old, new, plain_root(LEAVES[:old]), plain_root(LEAVES[:new]), proof)


@given(st.integers(1, 60), st.data())
def test_a_log_in_which_one_early_entry_was_changed_is_not_consistent(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    changed = data.draw(st.integers(0, old - 1))
    forged = [*LEAVES[:changed], leaf_hash(digest(1000)), *LEAVES[changed + 1 :]]
    proof = consistency_proof(lambda lv, i: plain_root(forged[i << lv : (i + 1) << lv]), old, new)
    with pytest.raises(LogError):
        verify_consistency(old, new, plain_root(LEAVES[:old]), plain_root(forged[:new]), proof)


@given(st.integers(2, 60), st.data())
def test_a_proof_with_one_hash_changed_added_or_missing_does_not_hold(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(subtree, index, size)
    place = data.draw(st.integers(0, len(proof) - 1))
    for wrong in (
        [*proof[:place], EMPTY_ROOT, *proof[place + 1 :]], [*proof[:place], *proof[place + 1 :]], [*proof, EMPTY_ROOT],
    ):  # fmt: skip
        with pytest.raises(LogError):
            verify_inclusion(LEAVES[index], index, size, wrong, plain_root(LEAVES[:size]))


def test_impossible_questions_are_refused() -> None:
    for call in (lambda: inclusion_proof(subtree, 3, 3), lambda: consistency_proof(subtree, 4, 3),
                 lambda: verify_consistency(4, 3, b"", b"", []), lambda: verify_consistency(2, 3, LEAVES[0], b"", []),
                 lambda: verify_consistency(0, 3, LEAVES[0], b"", [])):  # fmt: skip
        with pytest.raises(LogError):
            call()


def append(centre: Centre, *numbers: int) -> None:
    for n in numbers:
        with centre.db.write() as session:
            merkle.append(session, digest(n))


def test_what_is_stored_gives_roots_and_proofs(centre: Centre) -> None:
    append(centre, *range(11))
    with centre.db.write() as session:
        old = merkle.checkpoint(session, centre.key, centre="centre", now=centre.clock())
    append(centre, *range(11, 20))
    with centre.db.write() as session:
        new = merkle.checkpoint(session, centre.key, centre="centre", now=centre.clock())
        assert merkle.size(session) == 20
        assert (old.root, new.root) == (plain_root(LEAVES[:11]).hex(), plain_root(LEAVES[:20]).hex())
        verify_inclusion(LEAVES[6], 6, 20, merkle.prove_inclusion(session, 6, 20), bytes.fromhex(new.root))
        proof = merkle.prove_consistency(session, 11, 20)
        verify_consistency(11, 20, bytes.fromhex(old.root), bytes.fromhex(new.root), proof)


def test_a_checkpoint_is_signed_and_stays_while_the_log_does(centre: Centre) -> None:
    append(centre, 1)
    with centre.db.write() as session:
        first = merkle.checkpoint(session, centre.key, centre="centre", now=centre.clock())
    centre.clock.forward(hours=1, microseconds=123_456)  # type: ignore[attr-defined]
    with centre.db.write() as session:
        assert merkle.checkpoint(session, centre.key, centre="centre", now=centre.clock()) == first
    first.verify(centre.key.public)
    with pytest.raises(PacketError):
        first.verify(SigningKey.generate().public)
    append(centre, 2)
    with centre.db.write() as session:
        merkle.checkpoint(session, centre.key, centre="centre", now=centre.clock()).verify(centre.key.public)


def test_an_entry_that_was_not_committed_leaves_no_trace(centre: Centre) -> None:
    with centre.db.write() as session:
        merkle.append(session, digest(1))
        session.rollback()
    append(centre, 0)
    with centre.db.read() as session:
        assert merkle.size(session) == 1
        assert merkle.prove_inclusion(session, 0, 1) == []


def filled(centre: Centre) -> None:
    chain = NodeChain()
    for _ in range(5):
        case_of(centre, chain.next())
    Ingest.of(centre).maintain()
    confirmed(centre, plate="36B22222")
    Ingest.of(centre).maintain()


def faults(centre: Centre, *, files: bool = False) -> tuple[str, ...]:
    with centre.db.read() as session:
        return audit(
            session, centre.key.public, centre=centre.config.centre_id, files=centre.store if files else None
        ).faults


def test_an_untouched_centre_passes_the_audit(centre: Centre) -> None:
    filled(centre)
    with centre.db.read() as session:
        found = audit(session, centre.key.public, centre=centre.config.centre_id, files=centre.store)
    assert (found.packets, found.checkpoints, found.cases, found.faults) == (6, 2, 6, ())


def test_an_empty_centre_passes_the_audit(box: Centre) -> None:
    Ingest.of(box).maintain()
    assert faults(box, files=True) == ()


def sql(*statements: str) -> Callable[[Session], None]:
    def run(session: Session) -> None:
        for statement in statements:
            session.execute(text(statement))

    return run


GUARDED = ("case_events", "log_nodes", "log_checkpoints")
_LEAF = leaf_hash("0" * 64).hex()


@pytest.mark.parametrize("table", GUARDED)
def test_the_database_refuses_to_change_the_log(table: str, centre: Centre) -> None:
    filled(centre)
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET hash = 'x'"):
        if table == "log_checkpoints":
            statement = statement.replace("hash", "root")
        with pytest.raises(DBAPIError, match="append-only"), centre.db.write() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        pytest.param(sql("UPDATE packets SET manifest = replace(manifest, '36A12345', '36A12346') WHERE log_index = 2"),
                     "its manifest was altered", id="a plate changed in a stored manifest"),
        pytest.param(sql(f"UPDATE log_nodes SET hash = '{_LEAF}' WHERE level = 0 AND \"index\" = 2"),
                     "is not entry 2 of the log", id="a leaf exchanged"),
        pytest.param(sql("UPDATE log_nodes SET hash = '00' WHERE level = 1 AND \"index\" = 1"),
                     "log hash 1/1", id="an inner hash changed"),
        pytest.param(sql("DELETE FROM log_nodes WHERE level = 0 AND \"index\" = 5"),
                     "entries of the log are missing", id="the log cut short"),
        pytest.param(sql("UPDATE log_checkpoints SET root = '00' WHERE size = 5"), "was not signed",
                     id="a checkpoint changed"),
        pytest.param(sql("UPDATE cases SET events_count = events_count - 1 WHERE number = 6"), "case 6",
                     id="a case record"),
        pytest.param(sql("UPDATE packets SET log_index = 99 WHERE log_index = 0"),
                     "log entry 0: what it stands for is missing", id="a packet moved"),
    ],
)  # fmt: skip
def test_what_was_changed_behind_the_centres_back_is_found(
    tamper: Callable[[Session], None], found: str, box: Centre
) -> None:
    filled(box)
    with box.db.write() as session:
        for table in GUARDED:
            sql(*(f"DROP TRIGGER {table}_no_{verb}" for verb in ("update", "delete")))(session)
        tamper(session)
    assert any(found in fault for fault in faults(box)), faults(box)


def test_a_log_rewritten_as_a_whole_is_found_by_the_signed_checkpoint(box: Centre) -> None:
    """Somebody with the database but without the centre's key changes a packet and makes every hash fit again."""
    filled(box)
    with box.db.write() as session:
        for table in GUARDED:
            sql(*(f"DROP TRIGGER {table}_no_{verb}" for verb in ("update", "delete")))(session)
        digests = [digest(n) for n in range(6)]
        for n, new in enumerate(digests):
            session.execute(
                text("UPDATE packets SET digest = :d, manifest = :m WHERE log_index = :i"),
                {"d": new, "m": str(n), "i": n},
            )
        sql("DELETE FROM log_nodes", "UPDATE counters SET value = 0 WHERE name = 'log'")(session)
        for new in digests:
            merkle.append(session, new)
    assert {
        "checkpoint 5: the log up to there is not the one that was signed",
        "checkpoint 6: the log up to there is not the one that was signed",
        "checkpoint kept outside the database: the log up to entry 6 is not the one that was signed",
    } <= set(faults(box))


def test_a_picture_changed_on_disk_is_found_by_the_audit_of_files(box: Centre) -> None:
    filled(box)
    blob = sorted(p for p in box.config.blob_dir.glob("*/*/*") if p.is_file())[0]
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes() + b"x")
    assert faults(box) == ()
    assert any("altered on disk" in fault for fault in faults(box, files=True))
