"""What was sealed yesterday verifies for ever: frozen packets, receipts and proofs of every released format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evidence.container import SUFFIX, open_packet, rebuild, verify_packet
from evidence.errors import GiaoLoError
from evidence.log_proof import read_checkpoint, read_proof
from evidence.receipt import read_receipt
from evidence.seal import VerifyKey
from evidence.wire import Offer, Want, decode, decode_chunk, encode
from tests.evidence.build import flipped
from tools.command.cli import cli

SETS = sorted(p for p in (Path(__file__).parent / "samples").iterdir() if p.is_dir())
PACKETS = [p for folder in SETS for p in sorted(folder.glob(f"*{SUFFIX}"))]
every_set = pytest.mark.parametrize("folder", SETS, ids=lambda p: p.name)
every_packet = pytest.mark.parametrize("packet", PACKETS, ids=lambda p: f"{p.parent.name}/{p.name}")


def node_key(folder: Path) -> VerifyKey:
    return VerifyKey.load(folder / "node.pub")


def centre_key(folder: Path) -> VerifyKey:
    return VerifyKey.load(folder / "centre.pub")


def verify(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["verify", *map(str, arguments)])


def test_there_are_samples_of_the_first_format() -> None:
    assert "v1-2026-11-25" in [folder.name for folder in SETS]
    assert len(PACKETS) >= 3


@every_packet
def test_a_packet_of_then_verifies_today(packet: Path) -> None:
    data = packet.read_bytes()
    manifest = verify_packet(data, node_key(packet.parent))
    assert manifest.to_bytes() in data


@every_packet
def test_a_centre_of_today_gives_it_out_as_it_came(packet: Path) -> None:
    data = packet.read_bytes()
    opened = open_packet(data)
    seal = data[data.index(b'{"alg"') :].partition(b"\0")[0]
    assert rebuild(opened.manifest, seal, opened.files) == data


@every_set
def test_the_command_says_that_the_chain_is_good(folder: Path) -> None:
    result = verify(folder, "--key", folder / "node.pub")
    assert result.exit_code == 0, result.output
    assert result.output.count("OK ") == len(list(folder.glob(f"*{SUFFIX}")))


@every_set
def test_the_receipt_is_the_centres_and_fits_the_packet(folder: Path) -> None:
    receipt = read_receipt((folder / "receipt.json").read_bytes(), centre_key(folder))
    opened = open_packet((folder / "packet-1.glp").read_bytes())
    assert receipt.delivered
    told = (receipt.node, receipt.packet_id, receipt.packet_digest, receipt.container_sha256)
    manifest = opened.manifest
    assert told == (manifest.node.id, manifest.packet_id, manifest.digest, opened.container_sha256)


@every_set
def test_the_messages_carry_the_packet(folder: Path) -> None:
    data = (folder / "packet-1.glp").read_bytes()
    offer = decode(Offer, (folder / "offer.json").read_bytes(), where="offer")
    want = decode(Want, (folder / "want.json").read_bytes(), where="want")
    chunk = decode_chunk((folder / "chunk.bin").read_bytes(), where="chunk")
    assert (offer.size, encode(offer)) == (len(data), (folder / "offer.json").read_bytes())
    assert want.ranges == [(0, offer.chunks - 1)]
    assert chunk.data == data[chunk.header.index * offer.chunk_bytes :][: offer.chunk_bytes]


@every_set
def test_the_proof_holds_and_goes_on_from_the_older_checkpoint(folder: Path) -> None:
    proof = read_proof((folder / "proof.json").read_bytes(), where="proof")
    older = read_checkpoint((folder / "checkpoint.json").read_bytes(), where="older")
    digest = open_packet((folder / "packet-2.glp").read_bytes()).manifest.digest
    newer = proof.verify(digest, centre_key(folder), older=older)
    assert newer.size > older.size
    assert read_checkpoint((folder / "proof.json").read_bytes(), where="proof") == newer
    assert older.to_bytes() == (folder / "checkpoint.json").read_bytes()
    assert proof.to_bytes() == (folder / "proof.json").read_bytes()


@every_set
@pytest.mark.parametrize("name", ["proof.json", "checkpoint.json"])
def test_every_flipped_byte_of_a_proof_or_a_checkpoint_is_found(folder: Path, name: str) -> None:
    good = {n: (folder / n).read_bytes() for n in ("proof.json", "checkpoint.json")}
    digest = read_proof(good["proof.json"], where="proof").packet
    key = centre_key(folder)
    survived = []
    for place in range(len(good[name])):
        changed = good | {name: flipped(good[name], place, place % 8)}
        try:
            proof = read_proof(changed["proof.json"], where="proof")
            proof.verify(digest, key, older=read_checkpoint(changed["checkpoint.json"], where="older"))
        except GiaoLoError:
            continue
        survived.append(place)
    assert survived == []
