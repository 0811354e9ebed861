"""Proofs leave the centre as files, and whoever has packet, file and public key needs nothing else to check them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from sqlalchemy import select

from central.centre import Centre
from central.intake.gate import Gate
from central.intake.ingest import Ingest
from central.intake.nodes import add_node
from central.ledger import merkle
from central.ledger.proofs import ProofError, find_packet, prove
from central.store.case_tables import CaseRow
from evidence.container import open_packet
from evidence.errors import GiaoLoError
from evidence.log_proof import Checkpoint, LogError, read_checkpoint, read_proof
from evidence.seal import SigningKey
from tests.central.build import NODE_KEY, NOW, OFFICE, NodeChain, case_of, make_centre
from tools.command.cli import cli


def stored(centre: Centre, chain: NodeChain, packets: int) -> None:
    for _ in range(packets):
        case_of(centre, chain.next())


def checkpoint(centre: Centre, key: SigningKey | None = None) -> Checkpoint:
    with centre.db.write() as session:
        return merkle.checkpoint(session, key or centre.key, centre=centre.config.centre_id, now=centre.clock())


def test_every_packet_is_proven_on_either_database_and_from_any_older_checkpoint(centre: Centre) -> None:
    chain = NodeChain()
    older = [checkpoint(centre)]
    for _ in range(5):
        stored(centre, chain, 1)
        older.append(checkpoint(centre))
    for data in chain.made:
        digest = open_packet(data).manifest.digest
        for kept in older:
            with centre.db.write() as session:
                packet = find_packet(session, digest)
                made = prove(session, packet, centre.key, centre="centre", now=centre.clock(), older=kept)
            again = read_proof(made.to_bytes(), where="proof")
            assert again.verify(digest, centre.key.public, older=kept).size == 5


def test_a_packet_is_found_by_its_case_its_id_and_its_digest(box: Centre) -> None:
    chain = NodeChain()
    stored(box, chain, 2)
    manifest = open_packet(chain.made[1]).manifest
    with box.db.read() as session:
        case = session.scalars(select(CaseRow).where(CaseRow.packet_id == manifest.packet_id)).one()
        for name in (str(case.number), case.id, manifest.packet_id, manifest.digest):
            assert find_packet(session, name).digest == manifest.digest
        for name in ("", "0", "99", "9" * 40, "²", "nothing", "0" * 64, "0" * 63, "../x"):
            with pytest.raises(ProofError, match="no case and no packet"):
                find_packet(session, name)


def test_an_id_that_two_nodes_used_is_not_guessed(box: Centre) -> None:
    with box.db.write() as session:
        add_node(session, "other", NODE_KEY.public, now=NOW)
    taken = "0a1b2c3d-0000-4000-8000-00000000abcd"
    chains = NodeChain(), NodeChain(node="other")
    for chain in chains:
        data = chain.next(packet_id=taken)
        assert Gate.of(box).accept(chain.node, taken, data).status == "stored"
    with box.db.read() as session, pytest.raises(ProofError, match="several nodes"):
        find_packet(session, taken)


def test_a_centre_whose_log_was_rewritten_gives_out_no_proof(box: Centre) -> None:
    chain = NodeChain()
    stored(box, chain, 3)
    kept = checkpoint(box)
    stored(box, chain, 1)
    forged = Checkpoint(kept.centre, kept.size, "0" * 64, kept.at, kept.key_id, "")
    forged = Checkpoint(**{**vars(forged), "signature": box.key.sign(forged.statement())})
    with box.db.write() as session:
        packet = find_packet(session, "1")
        with pytest.raises(LogError, match="does not contain the older one"):
            prove(session, packet, box.key, centre="centre", now=NOW, older=forged)
        session.expunge(packet)
        packet.log_index = 2
        with pytest.raises(LogError, match="does not lead to the root"):
            prove(session, packet, box.key, centre="centre", now=NOW)


@dataclass
class Desk:
    """A centre with four packets, a checkpoint of two of them, and what a court was given: files."""

    centre: Centre
    folder: Path
    packets: list[Path]

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(cli, [str(a) for a in arguments])

    def proof(self, *arguments: object, out: str = "proof.json") -> Result:
        file = self.folder / "central.yaml"
        return self("central", "proof", "--config", file, "--out", self.folder / out, *arguments)

    def verify(self, packet: int, *arguments: object, proof: str = "proof.json") -> Result:
        keys = ("--key", self.folder / "node.pub", "--centre-key", self.folder / "centre.pub")
        return self("verify", self.packets[packet], *keys, "--proof", self.folder / proof, *arguments)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    centre = make_centre(tmp_path / "data", centre_id="thanh-hoa")
    chain = NodeChain()
    stored(centre, chain, 2)
    (tmp_path / "old.json").write_bytes(checkpoint(centre).to_bytes())
    stored(centre, chain, 2)
    packets = []
    for number, data in enumerate(chain.made, start=1):
        packets.append(tmp_path / f"{number}.glp")
        packets[-1].write_bytes(data)
    (tmp_path / "node.pub").write_bytes(NODE_KEY.public.pem())
    (tmp_path / "centre.pub").write_bytes(centre.key.public.pem())
    settings = {
        "schema_version": 1, "data_dir": "data", "centre_id": "thanh-hoa", "second_reader": False, "office": OFFICE,
    }  # fmt: skip
    (tmp_path / "central.yaml").write_text(yaml.safe_dump(settings))
    yield Desk(centre, tmp_path, packets)
    centre.db.dispose()


def test_a_court_checks_the_proof_of_a_packet_offline(desk: Desk) -> None:
    written = desk.proof("2")
    assert written.exit_code == 0, written.output
    assert "is entry 2 of 4" in written.output
    checked = desk.verify(1)
    assert checked.exit_code == 0, checked.output
    assert "entry 2 of 4 in the log of thanh-hoa at 20" in checked.output.splitlines()[1]


def test_who_kept_a_checkpoint_sees_that_the_log_goes_on_from_it(desk: Desk) -> None:
    old = desk.folder / "old.json"
    written = desk.proof("3", "--older", old)
    assert written.output.endswith("goes on from 2 entries\n"), written.output
    checked = desk.verify(2, "--older", old)
    assert checked.exit_code == 0, checked.output
    assert "which goes on from 2 entries" in checked.output
    # an old proof holds a checkpoint too
    case_of(desk.centre, NodeChain().next(packet_id="0a1b2c3d-0000-4000-8000-00000000abcd"))
    assert desk.proof("3", "--older", desk.folder / "proof.json", out="new.json").exit_code == 0
    checked = desk.verify(2, "--older", desk.folder / "proof.json", "--json", proof="new.json")
    told = json.loads(checked.output)
    assert told["log"] | {"file": "", "root": "", "at": ""} == {
        "file": "", "ok": True, "entry": 3, "centre": "thanh-hoa", "size": 5, "root": "", "at": "", "older_size": 4,
    }  # fmt: skip


def altered(desk: Desk, name: str, **changes: Any) -> None:
    file = desk.folder / name
    file.write_text(json.dumps(json.loads(file.read_text()) | changes, sort_keys=True, separators=(",", ":")))


def test_what_does_not_hold_is_told_in_a_line_with_what_to_do(desk: Desk) -> None:
    old = desk.folder / "old.json"
    assert desk.proof("2").exit_code == 0

    def fault(result: Result) -> str:
        assert result.exit_code == 1, result.output
        packet, log = result.output.splitlines()
        assert packet.startswith("OK "), packet
        assert log.startswith("BAD "), log
        return log

    assert "is the proof of packet" in fault(desk.verify(0))
    assert "central proof --older" in fault(desk.verify(1, "--older", old))
    assert "cannot be read" in fault(desk.verify(1, proof="nowhere.json"))
    assert "nothing.json" in fault(desk.verify(1, "--older", desk.folder / "nothing.json"))
    (desk.folder / "centre.pub").write_bytes(SigningKey.generate().public.pem())
    assert "does not match key" in fault(desk.verify(1))


def test_a_log_that_was_rewritten_is_found_by_who_kept_a_checkpoint(desk: Desk) -> None:
    """The centre itself, with its key, cannot take back what it has signed."""
    forged = Checkpoint("thanh-hoa", 2, "0" * 64, NOW, desk.centre.key.public.key_id, "")
    signed = Checkpoint(**{**vars(forged), "signature": desk.centre.key.sign(forged.statement())})
    assert desk.proof("2", "--older", desk.folder / "old.json").exit_code == 0
    (desk.folder / "old.json").write_bytes(signed.to_bytes())
    checked = desk.verify(1, "--older", desk.folder / "old.json")
    assert checked.exit_code == 1
    assert "entries were changed or removed -> keep the older checkpoint" in checked.output


def test_a_checkpoint_of_another_centre_or_key_is_no_older_one(desk: Desk) -> None:
    assert desk.proof("2", "--older", desk.folder / "old.json").exit_code == 0
    altered(desk, "old.json", centre="elsewhere")
    assert "is of centre elsewhere" in desk.verify(1, "--older", desk.folder / "old.json").output
    altered(desk, "old.json", centre="thanh-hoa", key_id="0" * 16)
    assert "names key 0000000000000000" in desk.verify(1, "--older", desk.folder / "old.json").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("2", "--older", "nothing.json"), "nothing.json: No such file"),
        (("2", "--older", "central.yaml"), "central.yaml: is not JSON"),
        (("99",), "99: is no case and no packet here -> give the number"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_line(
    desk: Desk, arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    result = desk.proof(*arguments)
    assert result.exit_code == 1
    assert said in result.output
    assert len(result.output.splitlines()) == 1
    assert not (desk.folder / "proof.json").exists()


@pytest.mark.parametrize("options", [("--proof", "p"), ("--centre-key", "k"), ("--older", "o")])
def test_options_that_belong_together_are_asked_for(desk: Desk, options: tuple[str, ...]) -> None:
    result = desk("verify", desk.packets[0], "--key", desk.folder / "node.pub", *options)
    assert result.exit_code == 2
    assert "belong together" in result.output


def test_a_proof_is_of_one_packet(desk: Desk) -> None:
    assert desk.proof("2").exit_code == 0
    keys = ("--key", desk.folder / "node.pub", "--centre-key", desk.folder / "centre.pub")
    result = desk("verify", desk.folder, *keys, "--proof", desk.folder / "proof.json")
    assert (result.exit_code, "of one packet, here are 4" in result.output) == (2, True)


def test_the_file_beside_the_database_is_such_a_checkpoint(desk: Desk) -> None:
    Ingest.of(desk.centre).maintain()
    kept = desk.centre.config.ledger_dir / "newest-checkpoint.json"
    read_checkpoint(kept.read_bytes(), where=str(kept)).verify(desk.centre.key.public)
    assert desk.proof("1", "--older", kept).exit_code == 0
    assert desk.verify(0, "--older", kept).exit_code == 0


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"null", b"[" * 5000, b"x" * 70_000, b'{"checkpoint":{}}', b'{"checkpoint":1}\n\n', b"\xff\n"],
)
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    for read in (read_proof, read_checkpoint):
        with pytest.raises(GiaoLoError, match="given"):
            read(data, where="given")
